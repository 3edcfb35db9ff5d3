//! The command line client of an engine, for those that run no daemon: it is given a time and a size.

use crate::{Error, Limits};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Instant;

/// What a client printed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Output {
    /// On standard output, and then what stood on standard error where that was asked for.
    pub text: String,
    /// What stood on standard error.
    pub errors: String,
    /// True when it ended with 0.
    pub success: bool,
}

/// Runs a program that only reads, without a shell, with no standard input; ended with SIGKILL once its
/// time is over or its output too long.
///
/// # Errors
/// [`Error::Absent`] when there is no such program, [`Error::Late`], [`Error::Large`], [`Error::Io`].
pub fn command(program: &str, arguments: &[&str], limits: &Limits) -> Result<Output, Error> {
    let began = Instant::now();
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .env("LC_ALL", "C")
        .spawn()
        .map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => Error::Absent(program.to_owned()),
            std::io::ErrorKind::PermissionDenied => Error::Denied(program.to_owned()),
            _ => Error::Io(format!("{program}: {e}")),
        })?;
    let (send, receive) = mpsc::channel();
    let body = limits.body;
    for (which, pipe) in [
        (0, child.stdout.take().map(|p| Box::new(p) as Box<dyn Read + Send>)),
        (1, child.stderr.take().map(|p| Box::new(p) as Box<dyn Read + Send>)),
    ] {
        let send = send.clone();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let most = u64::try_from(body).unwrap_or(u64::MAX).saturating_add(1);
            let read = pipe.map_or(Ok(0), |p| p.take(most).read_to_end(&mut bytes));
            let _ = send.send((which, read.map(|_| bytes)));
        });
    }
    let mut texts = [String::new(), String::new()];
    for _ in 0..2 {
        let left = limits.total.saturating_sub(began.elapsed());
        let Ok((which, read)) = receive.recv_timeout(left) else {
            end(&mut child);
            return Err(Error::Late(program.to_owned(), began.elapsed().as_millis()));
        };
        let bytes = read.map_err(|e| Error::Io(e.to_string()))?;
        if bytes.len() > limits.body {
            end(&mut child);
            return Err(Error::Large(limits.body));
        }
        if let Some(text) = texts.get_mut(which) {
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
    }
    // Its pipes are closed: it is at its end, or it daemonised and is none of ours.
    let mut status = None;
    while status.is_none() && began.elapsed() < limits.total {
        status = child.try_wait().map_err(|e| Error::Io(e.to_string()))?;
        if status.is_none() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    }
    if status.is_none() {
        end(&mut child);
    }
    let [text, errors] = texts;
    Ok(Output { text, errors, success: status.is_some_and(|s| s.success()) })
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const SHORT: Limits =
        Limits { connect: Duration::from_millis(100), total: Duration::from_millis(400), body: 1000 };

    #[test]
    fn clients_have_a_time_and_a_size() {
        let long = Limits { total: Duration::from_secs(20), ..SHORT };
        let output = command("sh", &["-c", "echo out; echo err >&2; exit 3"], &long).unwrap();
        assert_eq!((output.text.as_str(), output.errors.as_str(), output.success), ("out\n", "err\n", false));
        let began = Instant::now();
        assert!(matches!(command("sleep", &["30"], &SHORT), Err(Error::Late(..))));
        assert!(matches!(command("yes", &[], &long), Err(Error::Large(1000))));
        assert!(matches!(command("no-such-program-here", &[], &long), Err(Error::Absent(_))));
        assert!(began.elapsed() < Duration::from_secs(20));
    }
}
