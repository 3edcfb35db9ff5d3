//! The tracer on real programs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test")]

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use whodenied_kernel::Errno;
use whodenied_sources::trace::{
    Call, DecodedCall, Ending, Errnos, Event, Flow, Observer, Options, Outcome, Status, Tracer, Until, decode,
};

/// What happened, in order.
#[derive(Default)]
struct Log {
    failed: Vec<(Call, DecodedCall)>,
    events: Vec<Event>,
    decoding: bool,
}

impl Observer for Log {
    fn event(&mut self, event: Event) -> Flow {
        match event {
            Event::Failed(call) if self.decoding => self.failed.push((call, decode(&call))),
            Event::Failed(_) => {}
            other => self.events.push(other),
        }
        Flow::Continue
    }
}

impl Log {
    /// The failed calls on paths that start with `prefix`, as `name errno path`.
    fn on(&self, prefix: &str) -> Vec<String> {
        self.failed
            .iter()
            .filter_map(|(call, decoded)| {
                let path = decoded.object.as_ref()?.path()?.to_str()?.to_owned();
                path.starts_with(prefix).then(|| format!("{} {} {path}", call.name, call.errno().unwrap()))
            })
            .collect()
    }
}

fn trace_with(argv: &[&str], options: Options) -> (Outcome, Log) {
    let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
    let mut log = Log { decoding: true, ..Log::default() };
    let tracer = Tracer::launch(&argv, options).unwrap();
    let outcome = tracer.run(&mut log).unwrap();
    (outcome, log)
}

/// Traces, and again in the way of architectures whose registers tell less, and with acceleration
/// where that is allowed: all must see the same.
fn trace(argv: &[&str]) -> (Outcome, Log) {
    let (first, log) = trace_with(argv, Options::default());
    let (second, other) = trace_with(argv, Options { portable: true, ..Options::default() });
    assert_eq!(first.ending, second.ending);
    assert_eq!(log.on("/nonexistent").len(), other.on("/nonexistent").len());
    let (third, other) = trace_with(argv, Options { accelerate: true, ..Options::default() });
    assert_eq!(first.ending, third.ending);
    assert_eq!(log.on("/nonexistent").len(), other.on("/nonexistent").len());
    let kinds = |log: &Log| {
        let kind =
            |e: &Event| matches!(e, Event::FilterInstalled(_) | Event::Trapped { .. } | Event::TracedByUs(_));
        log.events.iter().filter(|e| kind(e)).count()
    };
    assert_eq!(kinds(&log), kinds(&other));
    let denied = |log: &Log| log.failed.iter().filter(|(c, _)| c.errno() == Some(Errno::EPERM)).count();
    assert_eq!(denied(&log), denied(&other));
    (first, log)
}

fn code(code: i32) -> Ending {
    Ending::Ended(Status::Code(code))
}

fn directory() -> &'static Path {
    static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();
    DIRECTORY.get_or_init(|| {
        let path = std::env::temp_dir().join(format!("whodenied-trace-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    })
}

/// Compiles a program of `programs/`; `None`, said, where that is not possible.
fn compiled(name: &str, flags: &[&str]) -> Option<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/programs/{name}.c"));
    let out = directory().join(name);
    let status = Command::new("cc").args(flags).arg("-w").arg("-o").arg(&out).arg(source).status();
    if status.is_ok_and(|s| s.success()) {
        return Some(out.to_str().unwrap().to_owned());
    }
    eprintln!("skipped: no compiler for {name}.c");
    None
}

fn have(program: &str) -> bool {
    let found = Command::new("sh").args(["-c", &format!("command -v {program} >/dev/null")]).status();
    let found = found.is_ok_and(|s| s.success());
    if !found {
        eprintln!("skipped: no {program}");
    }
    found
}

#[test]
fn exit_statuses_and_signals_are_told() {
    assert_eq!(trace(&["true"]).0.ending, code(0));
    assert_eq!(trace(&["sh", "-c", "exit 37"]).0.ending, code(37));
    let killed = |signal| Ending::Ended(Status::Signal { signal, core: false });
    assert_eq!(trace(&["sh", "-c", "kill -9 $$"]).0.ending, killed(9));
    assert_eq!(trace(&["sh", "-c", "kill -TERM $$"]).0.ending, killed(15));
}

#[test]
fn a_failed_open_is_told_with_path_and_errno() {
    let (outcome, log) = trace(&["cat", "/nonexistent/file"]);
    assert_eq!(outcome.ending, code(1));
    assert_eq!(log.on("/nonexistent"), ["openat ENOENT /nonexistent/file"]);
    let (call, decoded) =
        log.failed.iter().find(|(_, d)| d.arg("pathname") == Some("\"/nonexistent/file\"")).unwrap();
    assert_eq!(decoded.arg("dirfd"), Some("AT_FDCWD"));
    assert_eq!(decoded.arg("flags"), Some("O_RDONLY"));
    assert!(!call.launching);
}

#[test]
fn a_forbidden_file_in_python() {
    if !have("python3") || !have("setpriv") {
        return;
    }
    let secret = directory().join("secret");
    std::fs::write(&secret, "x").unwrap();
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    std::fs::set_permissions(directory(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let script = format!("import os; os.chdir({:?}); open('secret')", directory().to_str().unwrap());
    let root = std::fs::metadata("/proc/self").map(|m| std::os::unix::fs::MetadataExt::uid(&m)).unwrap() == 0;
    let mut argv = vec!["/usr/bin/python3", "-c", &script];
    if root {
        argv.splice(0..0, ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    if !Path::new("/usr/bin/python3").exists() {
        return;
    }
    let (outcome, log) = trace(&argv);
    assert_eq!(outcome.ending, code(1));
    let found = log.failed.iter().find(|(_, d)| d.arg("pathname") == Some("\"secret\"")).unwrap();
    assert_eq!(found.0.errno(), Some(Errno::EACCES));
    assert_eq!(found.1.object.as_ref().unwrap().path(), Some(secret.as_path()));
}

#[test]
fn a_command_that_can_not_start() {
    let (outcome, log) = trace(&["whodenied-no-such-command"]);
    assert_eq!(outcome.ending, Ending::NotStarted(Errno::ENOENT));
    assert!(log.failed.iter().all(|(call, _)| call.launching));

    let plain = directory().join("not-executable");
    std::fs::write(&plain, "x").unwrap();
    let (outcome, log) = trace(&[plain.to_str().unwrap()]);
    assert_eq!(outcome.ending, Ending::NotStarted(Errno::EACCES));
    let (call, decoded) = log.failed.first().unwrap();
    assert_eq!((call.name, call.errno()), ("execve", Some(Errno::EACCES)));
    assert_eq!(decoded.object.as_ref().unwrap().path(), Some(plain.as_path()));

    let script = directory().join("lost-interpreter");
    std::fs::write(&script, "#!/nonexistent/interpreter\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(trace(&[script.to_str().unwrap()]).0.ending, Ending::NotStarted(Errno::ENOENT));

    // As execvp does: without an interpreter line it is a shell's.
    std::fs::write(directory().join("shell-script"), "exit $1\n").unwrap();
    let script = directory().join("shell-script");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(trace(&[script.to_str().unwrap(), "12"]).0.ending, code(12));
}

#[test]
fn forks_sessions_and_pipelines_are_followed() {
    let script = "cat /nonexistent/a | cat; (cat /nonexistent/b) & wait; setsid sh -c 'cat /nonexistent/c'";
    let (outcome, log) = trace(&["sh", "-c", script]);
    assert!(matches!(outcome.ending, Ending::Ended(Status::Code(_))));
    let mut found = log.on("/nonexistent");
    found.sort();
    assert_eq!(
        found,
        ["openat ENOENT /nonexistent/a", "openat ENOENT /nonexistent/b", "openat ENOENT /nonexistent/c"]
    );
    let forks = log.events.iter().filter(|e| matches!(e, Event::Fork { thread: false, .. })).count();
    let exits = log.events.iter().filter(|e| matches!(e, Event::Exit { .. })).count();
    assert_eq!(exits, forks + 1);
    let scripts = |e: &&Event| matches!(e, Event::Exec(x) if x.asked.as_deref().is_some_and(|a| a.to_str().unwrap().ends_with("/cat")));
    assert_eq!(log.events.iter().filter(scripts).count(), 4);
}

#[test]
fn threads_by_the_hundred() {
    let Some(program) = compiled("threads", &["-pthread"]) else { return };
    let (outcome, log) = trace(&[&program]);
    assert_eq!(outcome.ending, code(5));
    assert_eq!(log.on("/nonexistent").len(), 300);
    assert!(outcome.threads > 200, "{}", outcome.threads);
    let threads = log.events.iter().filter(|e| matches!(e, Event::Fork { thread: true, .. })).count();
    assert_eq!(threads, 300);
    let pid = log.failed.last().unwrap().0.pid;
    assert!(log.failed.iter().all(|(call, _)| call.pid == pid));
}

#[test]
fn a_thread_that_executes_takes_over_the_process() {
    let Some(program) = compiled("exec_thread", &["-pthread"]) else { return };
    let (outcome, log) = trace(&[&program]);
    assert_eq!(outcome.ending, code(6));
    assert_eq!(
        log.on("/nonexistent"),
        ["execve ENOENT /nonexistent/program", "openat ENOENT /nonexistent/after"]
    );
    let changed = |e: &&Event| matches!(e, Event::Exec(x) if x.former != x.tid);
    assert_eq!(log.events.iter().filter(changed).count(), 1);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn filters_are_captured_and_their_answers_told() {
    let Some(program) = compiled("filters", &[]) else { return };
    let (outcome, log) = trace(&[&program]);
    assert_eq!(outcome.ending, code(4));
    let filters: Vec<_> = log
        .events
        .iter()
        .filter_map(|e| if let Event::FilterInstalled(f) = e { Some(f) } else { None })
        .collect();
    assert_eq!(filters.iter().map(|f| f.program.len()).collect::<Vec<_>>(), [4, 4, 4]);
    assert_eq!(filters.iter().map(|f| f.flags).collect::<Vec<_>>(), [0, 2, 2]);
    // ret ERRNO|EPERM; the number compared is mkdir's.
    let (first, [_, compare, ret, _]) = (filters[0], [0, 1, 2, 3].map(|i| filters[0].program[i]));
    assert_eq!((compare.k, ret.code, ret.k), (83, 6, 0x0005_0001));
    assert_eq!(first.call.name, "prctl");
    assert!(log.on("/tmp/filtered").contains(&"mkdir EPERM /tmp/filtered".to_owned()));
    let traps: Vec<_> = log
        .events
        .iter()
        .filter_map(|e| match e {
            Event::Trapped { call, signal, killed } => Some((call.name, signal.map(|s| s.errno), *killed)),
            _ => None,
        })
        .collect();
    assert_eq!(traps, [("rmdir", Some(7), false), ("chroot", None, true)]);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn restarted_calls_and_returns_from_handlers_are_no_failures() {
    let Some(program) = compiled("restart", &[]) else { return };
    let (outcome, log) = trace(&[&program]);
    assert_eq!(outcome.ending, code(8));
    let wrong: Vec<_> = log.failed.iter().filter(|(c, _)| c.errno() != Some(Errno::ENOENT)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn killed_stopped_and_continued() {
    let Some(program) = compiled("killed", &[]) else { return };
    let (outcome, log) = trace(&[&program]);
    assert_eq!(outcome.ending, code(11));
    let killed = |e: &&Event| matches!(e, Event::Exit { status: Status::Signal { signal: 9, .. }, .. });
    assert_eq!(log.events.iter().filter(killed).count(), 50);
}

#[test]
#[cfg(target_arch = "x86_64")]
fn a_program_of_32_bits() {
    let flags = ["-m32", "-nostdlib", "-static", "-fno-pic", "-no-pie"];
    let Some(program) = compiled("compat", &flags) else { return };
    let (outcome, log) = trace(&[&program]);
    assert_eq!(outcome.ending, code(3));
    let calls: Vec<String> =
        log.failed.iter().filter(|(c, _)| !c.launching).map(|(_, d)| d.to_string()).collect();
    assert_eq!(
        calls,
        [
            "open(pathname=\"/nonexistent/compat\", flags=O_WRONLY|O_CREAT, mode=0640)",
            "socket(domain=47, type=SOCK_STREAM, protocol=0)",
            "chown32(pathname=\"/nonexistent/owner\", owner=-1, group=7)",
        ]
    );
}

#[test]
#[cfg(target_arch = "x86_64")]
fn calls_of_32_bits_from_a_program_of_64() {
    // Addresses below 4 GiB, as the entry for 32 bits takes no longer ones.
    let Some(program) = compiled("int80", &["-static", "-no-pie", "-fno-pic"]) else { return };
    let (outcome, log) = trace(&[&program]);
    assert_eq!(outcome.ending, code(3));
    let calls: Vec<String> = log
        .failed
        .iter()
        .filter(|(c, _)| !c.launching && c.audit_arch == 0x4000_0003)
        .map(|(_, d)| d.to_string())
        .collect();
    assert_eq!(
        calls,
        [
            "open(pathname=\"/nonexistent/int80\", flags=O_WRONLY|O_CREAT, mode=0640)",
            "chown32(pathname=\"/nonexistent/owner\", owner=-1, group=7)",
        ]
    );
}

#[test]
fn a_tracer_hears_that_it_is_our_doing() {
    let Some(program) = compiled("tracer", &[]) else { return };
    let (outcome, log) = trace(&[&program]);
    assert_eq!(outcome.ending, code(9));
    let ours = |e: &&Event| matches!(e, Event::TracedByUs(call) if call.name == "ptrace");
    assert_eq!(log.events.iter().filter(ours).count(), 2);
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_that_came_of_it() {
    let begun = Instant::now();
    let options = Options { timeout: Some(Duration::from_millis(300)), ..Options::default() };
    // One that never lets the tracer wait.
    let busy = ["sh", "-c", "trap '' TERM; while :; do :; cat </dev/null; done"];
    let (outcome, _) = trace_with(&busy, options.clone());
    assert!(outcome.timed_out);
    let (outcome, log) = trace_with(&["sh", "-c", "trap '' TERM; sleep 61 & sleep 62; sleep 63"], options);
    assert!(outcome.timed_out);
    assert_eq!(outcome.ending, Ending::Ended(Status::Signal { signal: 9, core: false }));
    assert!(begun.elapsed() < Duration::from_secs(20));
    for event in &log.events {
        if let Event::Fork { child, .. } = event {
            // Gone, or dead and not yet waited for by the process that inherits it.
            let status = std::fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
            assert!(status.is_empty() || status.contains("State:\tZ"), "{status}");
        }
    }
}

#[test]
fn what_a_command_leaves_running_is_followed_or_let_go() {
    let argv = ["sh", "-c", "(sleep 0.3; cat /nonexistent/late) & exit 3"];
    let (outcome, log) = trace(&argv);
    assert_eq!(outcome.ending, code(3));
    assert_eq!(log.on("/nonexistent"), ["openat ENOENT /nonexistent/late"]);
    let (outcome, log) = trace_with(&argv, Options { until: Until::Command, ..Options::default() });
    assert_eq!(outcome.ending, code(3));
    assert_eq!(log.on("/nonexistent"), Vec::<String>::new());
}

#[test]
fn attaches_to_a_process_and_lets_it_go() {
    struct Some3 {
        seen: Vec<String>,
    }
    impl Observer for Some3 {
        fn event(&mut self, event: Event) -> Flow {
            if let Event::Failed(call) = event {
                self.seen.push(decode(&call).to_string());
            }
            if self.seen.len() >= 3 { Flow::Detach } else { Flow::Continue }
        }
    }
    let mut child = Command::new("sh")
        .args(["-c", "while :; do cat /nonexistent/loop 2>/dev/null; done"])
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let pid = i32::try_from(child.id()).unwrap();
    for portable in [false, true] {
        let mut observer = Some3 { seen: Vec::new() };
        let options = Options { portable, errnos: Errnos::of(&[Errno::ENOENT]), ..Options::default() };
        let outcome = Tracer::attach(pid, options).unwrap().run(&mut observer).unwrap();
        assert_eq!(outcome.ending, Ending::Detached);
        assert!(observer.seen.iter().any(|c| c.contains("/nonexistent/loop") || c.contains("ld.so")));
    }
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(status.contains("TracerPid:\t0"), "{status}");
    assert!(child.try_wait().unwrap().is_none(), "it still runs");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_hundred_thousand_calls_in_the_same_memory() {
    // In a process of its own: what the other tests keep meanwhile is no growth of the tracer.
    const ALONE: &str = "WHODENIED_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let status = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_hundred_thousand_calls_in_the_same_memory", "--test-threads=1"])
            .env(ALONE, "1")
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    let Some(program) = compiled("calls", &[]) else { return };
    let size = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|l| l.starts_with("RssAnon:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
    };
    let run = |n: &str| {
        let argv: Vec<OsString> = [program.as_str(), n].iter().map(OsString::from).collect();
        Tracer::launch(&argv, Options::default()).unwrap().run(&mut Log::default()).unwrap()
    };
    run("1000");
    let before = size();
    let outcome = run("100000");
    assert!(outcome.calls > 100_000);
    let grown = size().saturating_sub(before);
    assert!(grown < 1024, "{grown} KiB");
}

#[test]
fn job_control_and_terminal_signals_work_as_without_us() {
    let harness = std::env::current_exe().unwrap().ancestors().nth(2).unwrap().join("examples/trace");
    if !harness.exists() || !have("python3") || !have("bash") {
        eprintln!("skipped: {} is not there", harness.display());
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/terminal.py");
    let output = Command::new("python3").arg(script).arg(&harness).arg("-q").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
