//! Memory: shared segments, NUMA policy, io_uring, userfaultfd.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::refine(&["unable to create shm segment"])
        .call_if_none(Call::Mmap)
        .kind(K::Memory)
        .args(&[("flags", "MAP_SHARED")]),
    Rule::on(&["io_uring", "enosys"]).call(Call::IoUring).errno(Errno::ENOSYS).states(s::IO_URING_FAILED),
    Rule::on(&["io_uring", "eperm"]).call(Call::IoUring).errno(Errno::EPERM).states(s::IO_URING_FAILED),
    Rule::refine(&["io_uring"]).call(Call::IoUring).states(s::IO_URING_FAILED),
    Rule::on(&["io_uring_queue_init", "fail"])
        .call(Call::IoUring)
        .errno(Errno::EPERM)
        .states(s::IO_URING_FAILED),
    Rule::on(&["io_uring", "not supported"])
        .call(Call::IoUring)
        .errno(Errno::ENOSYS)
        .states(s::IO_URING_FAILED),
    Rule::on(&["io_uring", "not available"])
        .call(Call::IoUring)
        .errno(Errno::ENOSYS)
        .states(s::IO_URING_FAILED),
    Rule::on(&["io_uring", "unavailable"])
        .call(Call::IoUring)
        .errno(Errno::ENOSYS)
        .states(s::IO_URING_FAILED),
    Rule::on(&["io_uring", "disabled"])
        .call(Call::IoUring)
        .states(s::IO_URING_FAILED)
        .without(&["io_uring_disabled ="]),
    Rule::on(&["could not setup io_uring"])
        .call(Call::IoUring)
        .errno(Errno::EPERM)
        .states(s::IO_URING_FAILED),
    Rule::on(&["create_uring failed"]).call(Call::IoUring).errno(Errno::EPERM).states(s::IO_URING_FAILED),
    Rule::on(&["liburing disabled"]).call(Call::IoUring).states(s::IO_URING_FAILED),
    Rule::refine(&["mbind"]).call(Call::Mempolicy).kind(K::Memory),
    Rule::refine(&["set_mempolicy"]).call(Call::Mempolicy).kind(K::Memory),
    Rule::refine(&["get_mempolicy"]).call(Call::Mempolicy).kind(K::Memory),
    Rule::refine(&["move_pages"]).call(Call::Mempolicy).kind(K::Memory),
    Rule::refine(&["userfaultfd"]).call(Call::Userfaultfd),
    Rule::refine(&["memfd_create"]).call(Call::Create).kind(K::Memory),
    Rule::refine(&["shm_open"]).call(Call::Open).kind(K::Path),
    Rule::refine(&["/dev/shm"]).kind(K::Path),
    Rule::refine(&["semlock"]).call(Call::Open).kind(K::Path).object(From::Fixed("/dev/shm")),
];
