//! Messages of real programs, in words of our own making, and what each must be read as.

use super::*;
use crate::segment::document;
use whodenied_case::{Evidence, Origin};
use whodenied_kernel::{Call, Errno};
use whodenied_text::SourceId;

fn claims(text: &str) -> Vec<Claim> {
    let origin = Origin::Paste { name: "-".to_owned() };
    let doc = document(&Evidence::new(SourceId(0), origin, text.to_owned()));
    let mut out = Vec::new();
    recognise(&doc, &mut out);
    out
}

fn failures(text: &str) -> Vec<Failure> {
    claims(text)
        .into_iter()
        .filter_map(|c| if let Says::Failure(f) = c.says { Some(*f) } else { None })
        .collect()
}

fn states(text: &str, id: &str) -> bool {
    claims(text).iter().any(|c| c.says == Says::Fact(Predicate::Statement(statement(id))))
}

fn statement(id: &str) -> &'static str {
    statements::ALL.iter().find(|(known, _)| *known == id).map(|(known, _)| *known).unwrap()
}

struct Row(&'static str, Call, &'static str, Option<Errno>, Phase);

const P: Phase = Phase::Program;
const R: Phase = Phase::RuntimeSetup;
const E: Phase = Phase::Engine;
const S: Phase = Phase::ServiceSetup;

/// Text, call, object ("" where none is named), errno, phase.
const ROWS: &[Row] = &[
    Row(
        "OCI runtime create failed: runc create failed: unable to start container process: error during container init: open sysctl net.ipv4.ip_local_port_range file: reopen fd 9: permission denied: unknown",
        Call::SysctlWrite,
        "net.ipv4.ip_local_port_range",
        Some(Errno::EACCES),
        R,
    ),
    Row(
        "ERRO[0000] unable to signal init: permission denied",
        Call::Kill,
        "",
        Some(Errno::EACCES),
        Phase::Stop,
    ),
    Row(
        "Error response from daemon: cannot stop container: web: permission denied",
        Call::Kill,
        "",
        Some(Errno::EACCES),
        Phase::Stop,
    ),
    Row(
        "docker: Error response from daemon: OCI runtime create failed: container_linux.go:380: starting container process caused: apply apparmor profile: apparmor failed to apply profile: write /proc/self/attr/exec: permission denied: unknown.",
        Call::LabelChange,
        "/proc/self/attr/exec",
        Some(Errno::EACCES),
        R,
    ),
    Row(
        "Error: crun: mount `proc` to `proc`: Operation not permitted: OCI permission denied",
        Call::Mount,
        "/proc",
        Some(Errno::EPERM),
        R,
    ),
    Row(
        "crun: setrlimit `RLIMIT_NOFILE`: Operation not permitted: OCI permission denied",
        Call::Setrlimit,
        "",
        Some(Errno::EPERM),
        R,
    ),
    Row(
        "runc create failed: unable to start container process: error setting rlimit type 7: invalid argument",
        Call::Setrlimit,
        "",
        Some(Errno::EINVAL),
        R,
    ),
    Row(
        "standard_init_linux.go:228: exec user process caused: permission denied",
        Call::Exec,
        "",
        Some(Errno::EACCES),
        R,
    ),
    Row(
        "failed to register layer: mkdir /snap: permission denied",
        Call::Mkdir,
        "/snap",
        Some(Errno::EACCES),
        E,
    ),
    Row(
        "failed to extract layer sha256:1a: lchown /etc/x: invalid argument",
        Call::Chown,
        "/etc/x",
        Some(Errno::EINVAL),
        E,
    ),
    Row(
        "Error: rootlessport cannot expose privileged port 443, you can add 'net.ipv4.ip_unprivileged_port_start=443' to /etc/sysctl.conf (currently 1024), or choose a larger port number (>= 1024): listen tcp 0.0.0.0:443: bind: permission denied",
        Call::Bind,
        "0.0.0.0:443",
        Some(Errno::EACCES),
        E,
    ),
    Row(
        "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)",
        Call::Bind,
        "0.0.0.0:80",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "nginx: [emerg] open() \"/var/run/nginx.pid\" failed (13: Permission denied)",
        Call::Open,
        "/var/run/nginx.pid",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "(13)Permission denied: AH00072: make_sock: could not bind to address 0.0.0.0:80",
        Call::Bind,
        "0.0.0.0:80",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "initdb: error: could not change permissions of directory \"/var/lib/postgresql/data\": Operation not permitted",
        Call::Chmod,
        "/var/lib/postgresql/data",
        Some(Errno::EPERM),
        P,
    ),
    Row(
        "[Warning] mariadbd: io_uring_queue_init() failed with errno 1",
        Call::IoUring,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row(
        "*** FATAL CONFIG FILE ERROR *** Can't chdir to '/data': Permission denied",
        Call::Chdir,
        "/data",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "web.service: Failed at step EXEC spawning /opt/web/run: Permission denied",
        Call::Exec,
        "/opt/web/run",
        Some(Errno::EACCES),
        S,
    ),
    Row(
        "web.service: Failed to set up mount namespacing: /run/systemd/unit-root/proc: Permission denied",
        Call::Mount,
        "/run/systemd/unit-root/proc",
        Some(Errno::EACCES),
        S,
    ),
    Row("web.service: Main process exited, code=exited, status=226/NAMESPACE", Call::Mount, "", None, S),
    Row(
        "bwrap: Creating new namespace failed: Operation not permitted",
        Call::UsernsCreate,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row(
        "bwrap: No permissions to create a new namespace, likely because the kernel does not allow non-privileged user namespaces.",
        Call::UsernsCreate,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row(
        "unshare: write failed /proc/self/uid_map: Operation not permitted",
        Call::IdMap,
        "/proc/self/uid_map",
        Some(Errno::EPERM),
        P,
    ),
    Row(
        "[1:1:0101/000000.1:FATAL:zygote_host_impl_linux.cc(117)] No usable sandbox! Update your kernel.",
        Call::UsernsCreate,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row(
        "Failed to move to new namespace: PID namespaces supported, Network namespace supported, but failed: errno = Operation not permitted",
        Call::UsernsCreate,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row("ptrace: Operation not permitted.", Call::Ptrace, "", Some(Errno::EPERM), P),
    Row(
        "strace: attach: ptrace(PTRACE_SEIZE, 4711): Operation not permitted",
        Call::Ptrace,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row(
        "warning: Error disabling address space randomization: Operation not permitted",
        Call::Personality,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row("fusermount3: mount failed: Operation not permitted", Call::Mount, "", Some(Errno::EPERM), P),
    Row(
        "mount.nfs: access denied by server while mounting 10.0.0.5:/export/data",
        Call::Mount,
        "10.0.0.5:/export/data",
        Some(Errno::EACCES),
        P,
    ),
    Row("mount: /mnt/data: permission denied.", Call::Mount, "/mnt/data", Some(Errno::EACCES), P),
    Row(
        "sudo: effective uid is not 0, is /usr/bin/sudo on a file system with the 'nosuid' option set or an NFS file system without root privileges?",
        Call::Exec,
        "/usr/bin/sudo",
        None,
        P,
    ),
    Row("fatal: detected dubious ownership in repository at '/src/app'", Call::Stat, "/src/app", None, P),
    Row("ping: socket: Operation not permitted", Call::Socket, "", Some(Errno::EPERM), P),
    Row(
        "sysctl: setting key \"net.core.somaxconn\": Read-only file system",
        Call::SysctlWrite,
        "net.core.somaxconn",
        Some(Errno::EROFS),
        P,
    ),
    Row(
        "/tmp/jna-1/jna2.tmp: failed to map segment from shared object: Operation not permitted",
        Call::Mmap,
        "/tmp/jna-1/jna2.tmp",
        Some(Errno::EPERM),
        P,
    ),
    Row(
        "error while loading shared libraries: libfoo.so.1: cannot enable executable stack as shared object requires: Permission denied",
        Call::Mprotect,
        "libfoo.so.1",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "error while loading shared libraries: libbar.so.2: cannot open shared object file: Permission denied",
        Call::Open,
        "libbar.so.2",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "runtime/cgo: pthread_create failed: Operation not permitted",
        Call::Clone,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row("RuntimeError: can't start new thread", Call::Clone, "", None, P),
    Row("Failed to allocate directory watch: Too many open files", Call::Inotify, "", Some(Errno::EMFILE), P),
    Row("Failed to initialize NVML: Unknown Error", Call::Open, "/dev/nvidiactl", None, P),
    Row(
        "error: restricting filesystem access failed because the Landlock ruleset could not be applied: Operation not permitted",
        Call::LandlockRestrict,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row("mbind: Operation not permitted", Call::Mempolicy, "", Some(Errno::EPERM), P),
    Row(
        "create keyring ___abc: Operation not permitted: OCI permission denied",
        Call::Keyctl,
        "",
        Some(Errno::EPERM),
        R,
    ),
    Row("RTNETLINK answers: Operation not permitted", Call::Netlink, "", Some(Errno::EPERM), P),
    Row(
        "Error: listen EACCES: permission denied 0.0.0.0:80",
        Call::Bind,
        "0.0.0.0:80",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "Error: spawn /usr/lib/app/bin/tool EACCES",
        Call::Exec,
        "/usr/lib/app/bin/tool",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "java.nio.file.AccessDeniedException: /usr/share/elasticsearch/data/nodes",
        Call::Open,
        "/usr/share/elasticsearch/data/nodes",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "java.io.FileNotFoundException: /var/log/app.log (Permission denied)",
        Call::Open,
        "/var/log/app.log",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "System.UnauthorizedAccessException: Access to the path '/app/keys' is denied.",
        Call::Open,
        "/app/keys",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "Warning: file_put_contents(/var/www/cache/x): Failed to open stream: Permission denied in /var/www/x.php on line 12",
        Call::Open,
        "/var/www/cache/x",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "thread 'main' panicked at src/main.rs:7:5: called `Result::unwrap()` on an `Err` value: Os { code: 13, kind: PermissionDenied, message: \"Permission denied\" }",
        Call::Open,
        "",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "level=error msg=\"Error opening query log file\" file=/prometheus/queries.active err=\"open /prometheus/queries.active: permission denied\"",
        Call::Open,
        "/prometheus/queries.active",
        Some(Errno::EACCES),
        P,
    ),
    Row(
        "insmod: ERROR: could not insert module x.ko: Operation not permitted",
        Call::Module,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row(
        "tar: etc/x: Cannot change ownership to uid 100, gid 100: Operation not permitted",
        Call::Chown,
        "",
        Some(Errno::EPERM),
        P,
    ),
    Row(
        "iptables v1.8.7 (legacy): can't initialize iptables table `filter': Permission denied (you must be root)",
        Call::Netlink,
        "",
        Some(Errno::EPERM),
        P,
    ),
];

#[test]
fn one_message_one_failure() {
    let mut wrong = Vec::new();
    for Row(text, call, object, errno, phase) in ROWS {
        let found = failures(text);
        // A panic of Rust names no call; all other rows do.
        let call_ok = found
            .first()
            .is_some_and(|f| f.call == Some(*call) || (text.contains("panicked") && f.call.is_none()));
        let object_ok =
            object.is_empty() || found.first().is_some_and(|f| f.object.as_deref() == Some(object));
        // A bare status of the service manager stands for the usual error of its step.
        let errno_ok = |f: &Failure| f.errno == *errno || (errno.is_none() && f.errno_inferred);
        let rest = found.first().is_some_and(|f| errno_ok(f) && f.phase == *phase);
        if found.len() != 1 || !call_ok || !object_ok || !rest {
            wrong.push(format!("{text}\n   {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lines_that_are_no_failure() {
    let rows = [
        "check that the permissions are right",
        "If you get permission denied, run chmod +x",
        "dial tcp 10.0.0.1:5432: connect: connection refused",
        "open /etc/app.toml: no such file or directory",
        "write /data/x: no space left on device",
        "git@github.com: Permission denied (publickey).",
        "ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: YES)",
        "psql: error: permission denied for table users",
        "denied: requested access to the resource is denied",
        "bind: address already in use",
        "accept4: Too many open files",
        "SyntaxError: invalid syntax",
        "java.lang.OutOfMemoryError: Java heap space",
        "socket.gaierror: [Errno -2] Name or service not known",
        "Error response from daemon: No such container: web",
        "x.service: Main process exited, code=exited, status=1/FAILURE",
        "this fixes the permission denied error",
        "chmod: cannot access 'x': No such file or directory",
    ];
    for text in rows {
        assert_eq!(failures(text), vec![], "{text}");
    }
}

#[test]
fn a_wrong_guess_of_a_port() {
    let text =
        "Port 80 is already in use. Please check the flag --http-port\nsecurityContext:\n  runAsUser: 101\n";
    let found = failures(text);
    assert_eq!((found[0].call, found[0].object.as_deref()), (Some(Call::Bind), Some("80")));
    assert_eq!(failures("Port 80 is already in use"), vec![]);
}

#[test]
fn a_traceback_gives_the_call() {
    let text = "Traceback (most recent call last):\n  File \"/usr/lib/python3.12/asyncio/selector_events.py\", line 120, in _make_self_pipe\n    self._ssock, self._csock = socket.socketpair()\n                               ^^^^^^^^^^^^^^^^^^^\n  File \"/usr/lib/python3.12/socket.py\", line 620, in socketpair\n    a, b = _socket.socketpair(family, type, proto)\nPermissionError: [Errno 13] Permission denied\n";
    let found = failures(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].call, found[0].errno, found[0].kind),
        (Some(Call::Socketpair), Some(Errno::EACCES), ObjectKind::UnixSocket)
    );
    let text = "  File \"/usr/lib/python3.12/os.py\", line 225, in makedirs\n    mkdir(name, mode)\nPermissionError: [Errno 13] Permission denied: '/config/logs'\n";
    let found = failures(text);
    assert_eq!((found[0].call, found[0].object.as_deref()), (Some(Call::Mkdir), Some("/config/logs")));
}

#[test]
fn a_pasted_call_tells_what_failed() {
    let text = "PermissionError: [Errno 13] Permission denied\n\n# this call fails\nsocketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0)\n";
    let found = failures(text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].call, found[0].arg("domain")), (Some(Call::Socketpair), Some("AF_UNIX")));
    let text = "ERRNO==libc::EPERM\nif unsafe { libc::setrlimit(libc::RLIMIT_MEMLOCK, &rlimit) } != 0 {\n";
    assert_eq!(failures(text)[0].call, Some(Call::Setrlimit));
}

#[test]
fn helpers_of_snaps_pings_and_tracers() {
    let one = |text: &str| failures(text).into_iter().next().unwrap_or_else(|| panic!("{text}"));
    let home = one("cannot create user data directory: /data/ann/snap/x/1: Permission denied");
    assert_eq!((home.call, home.errno), (Some(Call::Mkdir), Some(Errno::EACCES)));
    assert_eq!(one("error pinging: socket: permission denied").kind, ObjectKind::PingSocket);
    let traced = one("strace: ptrace(PTRACE_TRACEME, ...): Operation not permitted");
    assert_eq!(traced.arg("request"), Some("PTRACE_TRACEME"));
    let asked = one("Failed to determine whether /sys is a mount point: Operation not permitted");
    assert_eq!(asked.call, Some(Call::Stat));
    let bind =
        one("failed to mount /tmp/b: [{Type:bind Source:/x Options:[rbind ro]}]: operation not permitted");
    assert_eq!(bind.call, Some(Call::Mount));
    let zone = one("Oct  1 10:00:00 h named[812]: /srv/zones/db.example: open: permission denied");
    assert_eq!(zone.program.as_deref(), Some("named"));
    assert_eq!(zone.object.as_deref(), Some("/srv/zones/db.example"));
    assert!(states("ExecStart=/usr/bin/foo (code=dumped, signal=SYS)", "sigsys"));
}

#[test]
fn statements() {
    assert!(states(
        "potentially insufficient UIDs or GIDs available in user namespace (requested 70000:70000 for /x): lchown /x: invalid argument",
        "ids-insufficient"
    ));
    assert!(states("WARN[0000] using rootless single mapping into the namespace.", "single-id-mapping"));
    assert!(states("Bad system call (core dumped)", "sigsys"));
    assert!(states(
        "error: restricting filesystem access failed because Landlock is not supported by the kernel!",
        "landlock-unsupported"
    ));
    let nnp =
        claims("sudo: The \"no new privileges\" flag is set, which prevents sudo from running as root.");
    assert!(nnp.iter().any(|c| c.says == Says::Fact(Predicate::NoNewPrivs(true))));
    let own = failures("fatal: detected dubious ownership in repository at '/x'");
    assert!(own[0].own_refusal);
}

#[test]
fn hostile_text_does_no_harm() {
    let mut texts = vec![
        "(".repeat(20_000),
        "\"".repeat(20_000),
        "é: Permission denied: '".repeat(2000),
        "open /".repeat(9000),
    ];
    texts.push(format!("{}: Permission denied", "x/".repeat(40_000)));
    texts.push("Permission denied\n".repeat(20_000));
    for text in texts {
        let _ = claims(&text);
    }
}
