//! Files and directories in the words of shells and small programs.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

/// Servers with lists of their own by that name.
const ACLS_OF_SERVERS: &[&str] = &[
    "redis",
    "consul",
    "kafka",
    "squid",
    "haproxy",
    "vault",
    "nomad",
    "zookeeper",
    "mosquitto",
    "tailscale",
    "--acls",
    "grant it",
];

pub(crate) const RULES: &[Rule] = &[
    // PHP keeps the error of rename(2) to itself here.
    Rule::on(&["move_uploaded_file(): unable to move"])
        .call(Call::Rename)
        .errno(Errno::EACCES)
        .object(From::After("\" to ")),
    // pam_loginuid writes /proc/self/loginuid, for which the kernel wants CAP_AUDIT_CONTROL.
    Rule::on(&["set_loginuid failed"])
        .call(Call::Write)
        .errno(Errno::EPERM)
        .args(&[("capability", "AUDIT_CONTROL")])
        .object(From::Fixed("/proc/self/loginuid")),
    Rule::on(&["cannot execute binary"])
        .call(Call::Exec)
        .errno(Errno::EACCES)
        .object(From::After("cannot execute binary"))
        .without(&["no such file", "exec format", "file: exec"]),
    // Apache names the file behind the address, and both in its own words.
    Rule::refine(&["permission denied", "(filesystem path"])
        .call(Call::Open)
        .kind(K::Path)
        .object(From::After("(filesystem path")),
    Rule::refine(&["permission denied", "file permissions deny server access"])
        .call(Call::Open)
        .kind(K::Path)
        .object(From::After("deny server access")),
    // apt asks whether its user may read a key of the image.
    Rule::on(&["are ignored as the file is not readable by user"])
        .call(Call::Access)
        .kind(K::Path)
        .errno(Errno::EACCES)
        .object(From::After("in the keyring")),
    Rule::refine(&["couldn't open network namespace"])
        .call(Call::Open)
        .phase(whodenied_case::Phase::RuntimeSetup),
    Rule::fact(&["nfsv4 acl"], s::ACL_MENTIONED),
    Rule::fact(&["nfs4 acl"], s::ACL_MENTIONED),
    Rule::fact(&["posix acl"], s::ACL_MENTIONED),
    Rule::fact(&["default acl"], s::ACL_MENTIONED),
    Rule::fact(&["the acl"], s::ACL_MENTIONED).without(ACLS_OF_SERVERS),
    Rule::fact(&["acls"], s::ACL_MENTIONED).without(ACLS_OF_SERVERS),
    Rule::fact(&["acltype"], s::ACL_MENTIONED),
    Rule::fact(&["aclmode"], s::ACL_MENTIONED),
    Rule::fact(&["synoacl"], s::ACL_MENTIONED),
    Rule::fact(&["nfs4_getfacl"], s::ACL_MENTIONED),
    Rule::fact(&["access control list"], s::ACL_MENTIONED).without(ACLS_OF_SERVERS),
    Rule::refine(&["permission denied while trying to connect to the docker"])
        .call(Call::Connect)
        .kind(K::UnixSocketPath)
        .object(From::After("socket at")),
    Rule::on(&["permission denied while trying to connect to the docker api at"])
        .call(Call::Connect)
        .kind(K::UnixSocketPath)
        .errno(Errno::EACCES)
        .object(From::After("api at")),
    Rule::on(&["is the docker daemon running", "permission denied"])
        .call(Call::Connect)
        .kind(K::UnixSocketPath)
        .errno(Errno::EACCES)
        .object(From::Fixed("/var/run/docker.sock")),
    Rule::on(&["is not writable"]).call_if_none(Call::Access).states(s::ACCESS_CHECK),
    Rule::on(&["not writable by"]).call_if_none(Call::Access).states(s::ACCESS_CHECK),
    Rule::on(&["is not readable"]).call_if_none(Call::Access).states(s::ACCESS_CHECK),
    Rule::on(&["unable to write to"]).call_if_none(Call::Write).without(&[
        "broken pipe",
        "no space",
        "timed out",
        "connection",
        "input/output",
        "no such file",
    ]),
    Rule::refine(&["cannot write to"]).call_if_none(Call::Write),
    Rule::on(&["could not lock config file", "permission denied"]).call(Call::Create).errno(Errno::EACCES),
    Rule::on(&["e212: can't open file for writing"]).call(Call::Open).errno(Errno::EACCES),
    Rule::on(&["readonly database"]).call(Call::Open).states(s::ACCESS_CHECK),
    Rule::on(&["unable to open database file"])
        .call(Call::Open)
        .states(s::ACCESS_CHECK)
        .without(&["no such"]),
    Rule::refine(&["cannot open crontab"]).call(Call::Open),
    Rule::refine(&["you (", "are not allowed to access to (crontab)"]).call(Call::Open).own(),
    // Git says so of EACCES on the directory of an object.
    Rule::refine(&["insufficient permission for adding an object"])
        .call(Call::Create)
        .errno(Errno::EACCES)
        .object(From::After("database")),
];
