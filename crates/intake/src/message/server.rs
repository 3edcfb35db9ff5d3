//! Servers with a message format of their own: nginx, Apache, PostgreSQL, MySQL and MariaDB, Redis.

use super::rules::{From, Rule};
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::on(&["oops: cannot change directory"])
        .call(Call::Chdir)
        .kind(K::Directory)
        .errno(Errno::EACCES)
        .object(From::After("cannot change directory:")),
    Rule::refine(&["bind() to"]).call(Call::Bind).object(From::After("bind() to")),
    Rule::refine(&["socketpair() failed while spawning"]).call(Call::Socketpair).kind(K::UnixSocket),
    Rule::refine(&["(13)permission denied: ah"]).call_if_none(Call::Open),
    Rule::refine(&["could not bind to address"]).call(Call::Bind).object(From::After("bind to address")),
    Rule::refine(&["stat() \"", "failed"]).call(Call::Stat),
    Rule::refine(&["while connecting to upstream"]).call_if_none(Call::Connect),
    Rule::refine(&["connect() to"]).call(Call::Connect),
    Rule::refine(&["could not open temporary statistics file"]).call(Call::Create),
    Rule::refine(&["can't create/write to file"]).call(Call::Create).object(From::After("write to file")),
    Rule::refine(&["can't create test file"]).call(Call::Create).object(From::After("test file")),
    Rule::refine(&["operating system error number 13"]).errno(Errno::EACCES).call_if_none(Call::Open),
    Rule::on(&["operating system error number 13"]).errno(Errno::EACCES).call_if_none(Call::Open),
    Rule::on(&["the error means mysqld does not have the access rights"])
        .errno(Errno::EACCES)
        .call_if_none(Call::Open),
    Rule::on(&["the error means mariadbd does not have the access rights"])
        .errno(Errno::EACCES)
        .call_if_none(Call::Open),
    Rule::refine(&["can't open the append-only file"]).call(Call::Open),
    Rule::refine(&["failed opening the temp rdb file"]).call(Call::Create),
    Rule::refine(&["failed opening the rdb file"]).call(Call::Create),
    Rule::refine(&["can't chdir to"]).call(Call::Chdir).kind(K::Directory),
    Rule::refine(&["can't open the log file"]).call(Call::Open),
    Rule::refine(&["opening unix socket"]).call(Call::Bind).kind(K::UnixSocketPath),
    Rule::refine(&["could not create lock file"]).call(Call::Create).object(From::After("lock file")),
    Rule::refine(&["could not create any unix-domain sockets"]).call(Call::Bind).kind(K::UnixSocketPath),
    Rule::refine(&["could not set permissions of"]).call(Call::Chmod),
    Rule::refine(&["could not create ipv4 socket"]).call(Call::Socket),
    Rule::refine(&["could not create unix socket for address"])
        .call(Call::Socket)
        .kind(K::UnixSocket)
        .args(&[("domain", "AF_UNIX")])
        .object(From::Nothing),
    Rule::refine(&["could not map anonymous shared memory"]).call(Call::Mmap).kind(K::Memory),
    Rule::refine(&["mail_queue_enter"]).call_if_none(Call::Create),
    Rule::on(&["the user that this process is running as needs to have write permission"]).call(Call::Open),
    // Apache keeps the error of the walk down the path to itself.
    Rule::on(&["search permissions are missing on a component"])
        .call(Call::Open)
        .errno(Errno::EACCES)
        .object(From::After("access to")),
];
