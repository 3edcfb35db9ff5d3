//! `explain --container`, `--unit` and `collect` against engines that are absent, elsewhere or hostile: a
//! clear error in time, and the rest of the evidence is still used.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A busy machine may take so much longer than the two seconds that are promised on a quiet one.
const GRACE: Duration = Duration::from_secs(10);

/// What an engine does with the target of a request.
type Answer = fn(&str, UnixStream);

/// A folder of its own, gone in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("whodenied-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn at(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }

    /// An engine that answers every connection so.
    fn engine(&self, answer: Answer) -> String {
        let path = self.0.join("sock");
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut stream = stream;
                    let mut head = [0; 4096];
                    let n = stream.read(&mut head).unwrap_or(0);
                    let head = String::from_utf8_lossy(&head[..n]).into_owned();
                    answer(head.split_whitespace().nth(1).unwrap_or(""), stream);
                });
            }
        });
        format!("unix://{}", path.display())
    }

    /// Runs whodenied with no programs but the ones in this folder.
    fn run(&self, host: &str, arguments: &[&str]) -> (Output, String) {
        let began = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_whodenied"))
            .args(arguments)
            .env_clear()
            .env("DOCKER_HOST", host)
            .env("PATH", &self.0)
            .env("HOME", &self.0)
            .current_dir(&self.0)
            .output()
            .unwrap();
        assert!(began.elapsed() < Duration::from_secs(2) + GRACE, "{:?}", began.elapsed());
        let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        (output, String::from_utf8(both).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn json(mut stream: UnixStream, body: &str) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body.as_bytes());
}

const INSPECT: &str = r#"{"Id":"abc","Name":"/web-1","Created":"2026-01-01T00:00:00Z",
    "State":{"Status":"exited","ExitCode":1,"StartedAt":"2026-01-01T00:00:01Z","FinishedAt":"2026-01-01T00:00:02Z"},
    "Config":{"Image":"nginx:1","User":"101","Env":["DB_PASSWORD=hunter2hunter2","MODE=production"],
        "Labels":{"com.docker.compose.service":"web"}},
    "HostConfig":{"ReadonlyRootfs":true}}"#;

/// An engine that knows one container, `web-1` of the service `web`.
fn honest(target: &str, mut stream: UnixStream) {
    match target {
        "/containers/web-1/json" | "/containers/abc/json" => json(stream, INSPECT),
        "/containers/json?all=1" => json(
            stream,
            r#"[{"Id":"abc","Names":["/web-1"],"State":"exited","Created":1,"Labels":{"com.docker.compose.service":"web"}}]"#,
        ),
        "/version" => json(stream, r#"{"Version":"28.2.2"}"#),
        "/info" => json(stream, r#"{"SecurityOptions":["name=seccomp,profile=builtin"]}"#),
        t if t.contains("/logs?") => {
            json(
                stream,
                "2026-01-01T00:00:01.5Z mkdir() \"/var/cache/nginx/client_temp\" failed (30: Read-only file system) hunter2hunter2\n",
            );
        }
        _ => {
            let _ = stream.write_all(
                b"HTTP/1.1 404 Not Found\r\nContent-Length: 28\r\n\r\n{\"message\":\"no such thing\"}\n",
            );
        }
    }
}

#[test]
fn a_container_is_explained_by_name_and_by_service() {
    let folder = Folder::new("honest");
    let host = folder.engine(honest);
    for name in ["web-1", "web"] {
        let (output, said) = folder.run(&host, &["explain", "--container", name]);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("A read-only mount refused"), "{said}");
        assert!(said.contains("service web (container web-1, image nginx:1)"), "{said}");
        assert!(said.contains("  web:\n"), "{said}");
    }
    let (output, said) = folder.run(&host, &["explain", "--container", "nobody"]);
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("No engine that could be asked knows a container nobody"), "{said}");
}

#[test]
fn what_is_collected_is_explained_elsewhere() {
    let folder = Folder::new("collect");
    let host = folder.engine(honest);
    let file = folder.at("case.json");
    let (output, said) = folder.run(&host, &["collect", "--container", "web-1", "-o", &file]);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(
        said.contains("docker inspect web-1") && said.contains("DB_PASSWORD") && said.contains("MODE"),
        "{said}"
    );
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(!kept.contains("hunter2") && !said.contains("hunter2"));
    let here = folder.run(&host, &["explain", "--container", "web-1", "--format", "json"]).0;
    let there = folder.run("unix:///nonexistent", &["explain", &file, "--format", "json"]).0;
    let layer = |o: &Output| {
        let report: serde_json::Value = serde_json::from_slice(&o.stdout).unwrap();
        (
            report["denials"][0]["layer"].clone(),
            report["denials"][0]["certainty"].clone(),
            report["workload"].clone(),
        )
    };
    assert_eq!(layer(&here), layer(&there));
    // Whoever can't be asked must say yes on the command line.
    let plain = folder.at("plain.json");
    let arguments = ["collect", "--container", "web-1", "-o", &plain, "--no-redact"];
    assert_eq!(folder.run(&host, &arguments).0.status.code(), Some(64));
    let (output, _) = folder.run(&host, &[&arguments[..], &["--yes"]].concat());
    assert_eq!(output.status.code(), Some(0));
    assert!(std::fs::read_to_string(&plain).unwrap().contains("hunter2hunter2"));
}

#[test]
fn engines_that_give_nothing_cost_only_themselves() {
    let folder = Folder::new("hostile");
    let paste = folder.at("error.txt");
    std::fs::write(&paste, "OSError: [Errno 30] Read-only file system: '/data/x'\n").unwrap();
    let cases: [(&str, Answer, &str); 5] = [
        (
            "silent",
            |_, s| {
                std::thread::sleep(Duration::from_secs(60));
                drop(s);
            },
            "did not answer within",
        ),
        (
            "garbage",
            |_, mut s| {
                let _ = s.write_all(&[7; 5000]);
            },
            "not what an engine sends",
        ),
        (
            "endless",
            |_, mut s| {
                let _ = s.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                while s.write_all(&[b' '; 65536]).is_ok() {}
            },
            "longer than",
        ),
        (
            "drip",
            |_, mut s| {
                let _ = s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n");
                while s.write_all(b" ").is_ok() {
                    std::thread::sleep(Duration::from_millis(50));
                }
            },
            "did not answer within",
        ),
        ("deep", |_, s| json(s, &"[".repeat(100_000)), "not what an engine sends"),
    ];
    for (name, answer, wanted) in cases {
        let _ = std::fs::remove_file(folder.0.join("sock"));
        let host = folder.engine(answer);
        let (output, said) = folder.run(&host, &["explain", "--container", "web", &paste]);
        assert!(said.contains(wanted), "{name}: {said}");
        assert!(said.contains("A read-only mount refused"), "{name}: {said}");
        assert!(matches!(output.status.code(), Some(1 | 2)), "{name}: {said}");
    }
    let (output, said) = folder.run("unix:///nonexistent/docker.sock", &["explain", "--container", "web"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(said.contains("there is no socket /nonexistent/docker.sock"), "{said}");
}

#[test]
fn an_engine_elsewhere_is_said_and_nothing_of_this_machine_read() {
    let folder = Folder::new("elsewhere");
    for host in ["tcp://192.0.2.1:2375", "ssh://root@nas"] {
        let (output, said) = folder.run(host, &["explain", "--container", "web"]);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("another machine") && said.contains(host), "{said}");
    }
    // docker's own client reaches it: its answers are evidence, this machine's state is not.
    let client = folder.0.join("docker");
    std::fs::write(
        &client,
        format!(
            "#!/bin/sh\ncase \"$*\" in\n'container inspect web-1') printf '%s' '[{INSPECT}]';;\nlogs*) echo 'OSError: [Errno 30] Read-only file system: /x';;\n*) echo null;;\nesac\n"
        ),
    )
    .unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&client, executable).unwrap();
    let file = folder.at("case.json");
    let (output, said) = folder.run("ssh://root@nas", &["explain", "--container", "web-1", "--save", &file]);
    assert!(matches!(output.status.code(), Some(1 | 2)), "{said}");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert!(
        kept.contains("docker container inspect web-1") && !kept.contains("/proc/sys/kernel/osrelease"),
        "{kept}"
    );
}

#[test]
fn a_unit_is_explained_from_its_file_and_journal() {
    let folder = Folder::new("unit");
    let unit = folder.at("web.service");
    std::fs::write(&unit, "[Service]\nExecStart=/usr/bin/web\nProtectSystem=strict\n").unwrap();
    for (name, text) in [
        ("systemctl", format!("#!/bin/sh\necho Id=web.service\necho FragmentPath={unit}\necho ActiveState=failed\necho Result=exit-code\n")),
        ("journalctl", "#!/bin/sh\ncase \"$*\" in *--unit*) echo \"2026-01-01T00:00:00+0000 h web[7]: open /var/lib/web/db: Read-only file system\";; esac\n".to_owned()),
    ] {
        std::fs::write(folder.0.join(name), text).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.0.join(name), executable).unwrap();
    }
    let (output, said) = folder.run("", &["explain", "--unit", "web"]);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("ProtectSystem") && said.contains("unit web.service"), "{said}");
    let (output, said) = folder.run("", &["explain", "--unit", "../../etc/shadow"]);
    assert_eq!(output.status.code(), Some(3), "{said}");
}
