//! Fake engines at a socket: each answers in a way that must end as a clear error, in time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use whodenied_engine::{Api, Error, Flavour, Limits};

const LIMITS: Limits =
    Limits { connect: Duration::from_millis(200), total: Duration::from_millis(700), body: 100_000 };
/// What a machine that is busy with other things may take beside the time that was given.
const GRACE: Duration = Duration::from_secs(5);

struct Fake(PathBuf);

impl Fake {
    /// Serves every connection with `answer`.
    fn new(name: &str, answer: fn(UnixStream)) -> Self {
        let path = std::env::temp_dir().join(format!("whodenied-fake-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let listener = UnixListener::bind(&path).unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut stream = stream;
                    let mut head = [0; 4096];
                    let _ = stream.read(&mut head);
                    answer(stream);
                });
            }
        });
        Self(path)
    }

    fn api(&self) -> Api {
        Api::new(self.0.to_str().unwrap(), Flavour::Docker, LIMITS)
    }

    fn fails(&self) -> Error {
        let began = Instant::now();
        let error = self.api().inspect("x").unwrap_err();
        assert!(began.elapsed() < LIMITS.total + GRACE, "{error} after {:?}", began.elapsed());
        error
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn say(mut stream: UnixStream, text: &[u8]) {
    let _ = stream.write_all(text);
}

/// Writes `piece` until the other end goes away.
fn forever(mut stream: UnixStream, head: &[u8], piece: &[u8], pause: Duration) {
    let _ = stream.write_all(head);
    while stream.write_all(piece).is_ok() {
        std::thread::sleep(pause);
    }
}

#[test]
fn an_honest_one_is_understood() {
    let fake = Fake::new("honest", |s| {
        say(s, b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"Id\":\"abc\"}and more");
    });
    assert_eq!(fake.api().inspect("x").unwrap()["Id"], "abc");
    let fake = Fake::new("chunked", |s| {
        say(s, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7;x=y\r\n{\"Id\":\"\r\n5\r\nabc\"}\r\n0\r\n\r\n");
    });
    assert_eq!(fake.api().inspect("x").unwrap()["Id"], "abc");
    let fake = Fake::new("closing", |s| say(s, b"HTTP/1.1 200 OK\r\n\r\n{\"Id\":\"abc\"}"));
    assert_eq!(fake.api().inspect("x").unwrap()["Id"], "abc");
}

#[test]
fn absent_and_refused() {
    let api = |path: &str| Api::new(path, Flavour::Docker, LIMITS);
    assert!(matches!(api("/nonexistent/docker.sock").version(), Err(Error::Absent(_))));
    let fake = Fake::new("closed", |_| {});
    assert!(matches!(fake.fails(), Error::Garbled(_)));
    // A socket that nobody listens at any more.
    let path = std::env::temp_dir().join(format!("whodenied-dead-{}", std::process::id()));
    drop(UnixListener::bind(&path).unwrap());
    assert!(matches!(api(path.to_str().unwrap()).version(), Err(Error::Absent(_))));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn never() {
    let fake = Fake::new("never", |s| {
        std::thread::sleep(Duration::from_secs(60));
        drop(s);
    });
    assert!(matches!(fake.fails(), Error::Late(..)));
}

#[test]
fn nobody_accepts() {
    let path = std::env::temp_dir().join(format!("whodenied-backlog-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let _listener = UnixListener::bind(&path).unwrap();
    let api = Api::new(path.to_str().unwrap(), Flavour::Docker, LIMITS);
    let began = Instant::now();
    assert!(matches!(api.version(), Err(Error::Late(..))));
    assert!(began.elapsed() < LIMITS.total + GRACE);
    std::fs::remove_file(path).unwrap();
}

#[test]
fn slow_drip() {
    let fake = Fake::new("drip", |s| {
        forever(s, b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b" ", Duration::from_millis(50));
    });
    assert!(matches!(fake.fails(), Error::Late(..)));
    let fake =
        Fake::new("drip-head", |s| forever(s, b"HTTP/1.1 200 OK\r\nX: ", b"x", Duration::from_millis(50)));
    assert!(matches!(fake.fails(), Error::Late(..)));
}

#[test]
fn a_gigabyte() {
    let fake = Fake::new("length", |s| {
        forever(s, b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", &[b' '; 65536], Duration::ZERO);
    });
    assert!(matches!(fake.fails(), Error::Large(100_000)));
    let fake =
        Fake::new("endless", |s| forever(s, b"HTTP/1.1 200 OK\r\n\r\n", &[b' '; 65536], Duration::ZERO));
    assert!(matches!(fake.fails(), Error::Large(100_000)));
    let fake = Fake::new("chunks", |s| {
        let mut piece = b"10000\r\n".to_vec();
        piece.extend([b' '; 65536]);
        piece.extend(b"\r\n");
        forever(s, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", &piece, Duration::ZERO);
    });
    assert!(matches!(fake.fails(), Error::Large(100_000)));
    let fake = Fake::new("head", |s| forever(s, b"HTTP/1.1 200 OK\r\n", &[b'x'; 65536], Duration::ZERO));
    assert!(matches!(fake.fails(), Error::Garbled(_)));
}

#[test]
fn garbage() {
    for (name, text) in [
        ("ssh", b"SSH-2.0-OpenSSH_9.2\r\n\r\n".as_slice()),
        ("zero", &[0; 3000]),
        ("nojson", b"HTTP/1.1 200 OK\r\n\r\nhello"),
        ("short", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{}"),
        ("negative", b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
        ("two", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"),
        ("badchunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}"),
        ("hugechunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffffff\r\n{}"),
        ("longchunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}more\r\n0\r\n\r\n"),
        ("openchunk", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
    ] {
        // A function pointer captures nothing: the text goes through a table.
        static TEXTS: std::sync::Mutex<Vec<Vec<u8>>> = std::sync::Mutex::new(Vec::new());
        *TEXTS.lock().unwrap() = vec![text.to_vec()];
        let fake = Fake::new(name, |s| {
            let text = TEXTS.lock().unwrap()[0].clone();
            say(s, &text);
        });
        let error = fake.fails();
        assert!(matches!(error, Error::Garbled(_)), "{name}: {error}");
    }
}

#[test]
fn deep_json() {
    let fake = Fake::new("deep", |s| {
        let mut text = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        text.extend(vec![b'['; 90_000]);
        say(s, &text);
    });
    assert!(matches!(fake.fails(), Error::Garbled(_)));
}

#[test]
fn redirects_are_not_followed() {
    let fake = Fake::new("redirect", |s| {
        say(s, b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://10.0.0.1/\r\nContent-Length: 0\r\n\r\n");
    });
    assert!(matches!(fake.fails(), Error::Status(307, _)));
    let fake = Fake::new("unknown", |s| {
        say(s, b"HTTP/1.1 404 Not Found\r\nContent-Length: 34\r\n\r\n{\"message\":\"No such container: x\"}");
    });
    let error = fake.fails();
    assert!(error.is_unknown() && error.to_string().contains("No such container: x"), "{error}");
}

#[test]
fn a_long_log_is_asked_for_anew() {
    let fake = Fake::new("log", |s| {
        forever(s, b"HTTP/1.1 200 OK\r\n\r\n", b"a line of the log\n", Duration::ZERO);
    });
    assert_eq!(fake.api().log("x", false).unwrap().len(), LIMITS.body);
}
