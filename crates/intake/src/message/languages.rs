//! Exceptions of language run-times that carry no errno or name the call in their own way.

use super::rules::{From, Rule};
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::refine(&["rb_sysopen"]).call(Call::Open),
    Rule::refine(&["dir_s_mkdir"]).call(Call::Mkdir).kind(K::Directory),
    Rule::refine(&["apply2files"]).call_if_none(Call::Chmod),
    Rule::refine(&["rb_file_s_rename"]).call(Call::Rename),
    Rule::refine(&["dir_initialize"]).call(Call::Readdir).kind(K::Directory),
    Rule::refine(&["rb_file_s_symlink"]).call(Call::Symlink),
    Rule::refine(&["java.io.filenotfoundexception"])
        .call_if_none(Call::Open)
        .object(From::After("filenotfoundexception:")),
    Rule::refine(&["java.nio.file.accessdeniedexception"])
        .call_if_none(Call::Open)
        .object(From::After("accessdeniedexception:")),
    Rule::on(&["java.nio.file.accessdeniedexception"])
        .call_if_none(Call::Open)
        .errno(Errno::EACCES)
        .object(From::After("accessdeniedexception:")),
    Rule::on(&["java.nio.file.readonlyfilesystemexception"]).call_if_none(Call::Create).errno(Errno::EROFS),
    Rule::refine(&["cannot run program"])
        .call(Call::Exec)
        .kind(K::Executable)
        .object(From::After("run program")),
    Rule::refine(&["java.net.bindexception"]).call(Call::Bind),
    Rule::refine(&["java.net.socketexception: permission denied"]).call_if_none(Call::Bind),
    Rule::refine(&["unixexception"]).call_if_none(Call::Open),
    Rule::on(&["system.unauthorizedaccessexception", "access to the path", "denied"])
        .call_if_none(Call::Open)
        .errno(Errno::EACCES)
        .object(From::After("to the path")),
    Rule::on(&["access to the path", "is denied"])
        .call_if_none(Call::Open)
        .errno(Errno::EACCES)
        .object(From::After("to the path")),
    Rule::refine(&["failed to open stream"]).call(Call::Open),
    Rule::refine(&["file_put_contents("]).call(Call::Open).object(From::After("file_put_contents(")),
    Rule::refine(&["file_get_contents("]).call(Call::Open).object(From::After("file_get_contents(")),
    Rule::refine(&["proc_open()"]).call(Call::Exec),
    Rule::refine(&["erl_child_setup"]).call(Call::Exec),
    Rule::on(&["spawn_init: 13"]).call(Call::Socketpair).errno(Errno::EACCES).kind(K::UnixSocket),
    Rule::on(&["spawn_init: 1"])
        .call(Call::Socketpair)
        .errno(Errno::EPERM)
        .kind(K::UnixSocket)
        .without(&["spawn_init: 13", "spawn_init: 11"]),
    Rule::refine(&["{error,eacces}"]).call_if_none(Call::Open),
    Rule::refine(&["createfile eacces"]).call(Call::Create),
    Rule::refine(&["spawn", "eacces"]).call(Call::Exec).kind(K::Executable),
    Rule::refine(&["listen eacces"]).call(Call::Bind),
    Rule::refine(&["bind eacces"]).call(Call::Bind),
    Rule::refine(&["syscall: 'listen'"]).call(Call::Bind),
    Rule::refine(&["connect eacces"]).call(Call::Connect),
    Rule::refine(&["syscall: 'connect'"]).call(Call::Connect),
    Rule::refine(&["error while attempting to bind on address"]).call(Call::Bind),
    Rule::refine(&["_semlock"]).call(Call::Open).kind(K::Path).object(From::Fixed("/dev/shm")),
    Rule::refine(&["failed to create cuse"]).call_if_none(Call::Open),
    Rule::refine(&["uv_cwd"]).call(Call::Readdir).kind(K::Directory),
    Rule::refine(&["getcwd"]).call_if_none(Call::Stat).kind(K::Directory),
];
