//! As much of HTTP/1.1 (RFC 9112) as a question to an engine needs: one request, one answer, no reuse,
//! no redirects.

use crate::socket::Timed;
use crate::{Error, Limits};

/// A status line and headers longer than this are no engine's.
const MOST_HEAD: usize = 32 << 10;
/// What is read at once.
const PIECE: usize = 16 << 10;

/// A body, and whether it is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its bytes.
    pub body: Vec<u8>,
    /// True when it was cut at the limit; only where cutting was asked for.
    pub cut: bool,
}

/// Gets `target` from the socket at `path`. `cut` keeps the beginning of a body that is too long,
/// which is an error otherwise.
///
/// # Errors
/// As [`Error`] says; a status other than 200 is one.
pub(crate) fn get(path: &str, target: &str, limits: &Limits, cut: bool) -> Result<Answer, Error> {
    let (status, answer) = exchange(path, "GET", target, None, limits, cut)?;
    if status == 200 { Ok(answer) } else { Err(refusal(status, &answer)) }
}

/// Sends `body` (JSON) with `method`, and gets the status and the answer of a success.
///
/// # Errors
/// As [`Error`] says; a status other than 2xx and 304 (already so) is one.
pub(crate) fn send(
    path: &str,
    method: &str,
    target: &str,
    body: Option<&[u8]>,
    limits: &Limits,
) -> Result<Answer, Error> {
    let (status, answer) = exchange(path, method, target, body, limits, false)?;
    if matches!(status, 200..=299 | 304) { Ok(answer) } else { Err(refusal(status, &answer)) }
}

fn exchange(
    path: &str,
    method: &str,
    target: &str,
    body: Option<&[u8]>,
    limits: &Limits,
    cut: bool,
) -> Result<(u16, Answer), Error> {
    // A target of our own making: a name that came from outside has been checked by then.
    if target.bytes().any(|b| b <= b' ' || b >= 0x7f) {
        return Err(Error::Garbled("the name can't stand in a request"));
    }
    let mut reader = Reader { stream: Timed::connect(path, limits)?, buffer: Vec::new(), at: 0 };
    let mut request = format!(
        "{method} {target} HTTP/1.1\r\nHost: engine\r\nUser-Agent: whodenied\r\nAccept: application/json\r\nConnection: close\r\n"
    );
    if method != "GET" {
        let length = body.map_or(0, <[u8]>::len);
        request.push_str(&format!("Content-Type: application/json\r\nContent-Length: {length}\r\n"));
    }
    request.push_str("\r\n");
    reader.stream.send(request.as_bytes())?;
    reader.stream.send(body.unwrap_or_default())?;
    let head = reader.head()?;
    let (status, framing) = parse(&head)?;
    // RFC 9112, 6.3: these have no body whatever their head says.
    if matches!(status, 204 | 304) {
        return Ok((status, Answer { body: Vec::new(), cut: false }));
    }
    let answer = match framing {
        Framing::Length(length) => reader.exactly(length, limits.body, cut),
        Framing::Chunked => reader.chunks(limits.body, cut),
        Framing::UntilClosed => reader.rest(limits.body, cut),
    }?;
    Ok((status, answer))
}

/// The engine's refusal in its own words.
fn refusal(status: u16, answer: &Answer) -> Error {
    let text = String::from_utf8_lossy(answer.body.get(..answer.body.len().min(2000)).unwrap_or_default());
    let message = serde_json::from_str::<serde_json::Value>(&text)
        .ok()
        .and_then(|v| v.get("message").or_else(|| v.get("cause"))?.as_str().map(str::to_owned))
        .unwrap_or_else(|| text.chars().take(200).collect());
    Error::Status(status, message)
}

/// How the end of a body is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Framing {
    Length(u64),
    Chunked,
    UntilClosed,
}

/// The status and the framing of a head.
fn parse(head: &[u8]) -> Result<(u16, Framing), Error> {
    let text = std::str::from_utf8(head).map_err(|_| Error::Garbled("the head is no text"))?;
    let mut lines = text.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.strip_prefix("HTTP/1.1 ").or_else(|| line.strip_prefix("HTTP/1.0 ")))
        .and_then(|rest| rest.get(..3)?.parse::<u16>().ok())
        .ok_or(Error::Garbled("no HTTP status"))?;
    let (mut length, mut chunked) = (None, false);
    for line in lines.filter(|l| !l.is_empty()) {
        let (name, value) = line.split_once(':').ok_or(Error::Garbled("a header without a colon"))?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("content-length") {
            let told: u64 = value.parse().map_err(|_| Error::Garbled("a length that is no number"))?;
            if length.is_some_and(|l| l != told) {
                return Err(Error::Garbled("two lengths"));
            }
            length = Some(told);
        }
    }
    // RFC 9112, 6.3: the encoding overrides a length.
    let framing =
        if chunked { Framing::Chunked } else { length.map_or(Framing::UntilClosed, Framing::Length) };
    Ok((status, framing))
}

struct Reader {
    stream: Timed,
    buffer: Vec<u8>,
    /// What was read and used.
    at: usize,
}

impl Reader {
    /// Reads on; false at the end.
    fn more(&mut self) -> Result<bool, Error> {
        if self.at > 0 {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        let mut piece = [0; PIECE];
        let got = self.stream.receive(&mut piece)?;
        self.buffer.extend_from_slice(piece.get(..got).unwrap_or_default());
        Ok(got > 0)
    }

    fn unread(&self) -> &[u8] {
        self.buffer.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, most: usize) -> Vec<u8> {
        let n = most.min(self.unread().len());
        let taken = self.unread().get(..n).unwrap_or_default().to_vec();
        self.at += n;
        taken
    }

    /// Everything up to the blank line, which is used up.
    fn head(&mut self) -> Result<Vec<u8>, Error> {
        loop {
            if let Some(end) = self.unread().windows(4).position(|w| w == b"\r\n\r\n") {
                let head = self.take(end);
                self.at += 4;
                return Ok(head);
            }
            if self.unread().len() > MOST_HEAD {
                return Err(Error::Garbled("a head without an end"));
            }
            if !self.more()? {
                return Err(Error::Garbled("it ended before its head did"));
            }
        }
    }

    fn exactly(&mut self, length: u64, limit: usize, cut: bool) -> Result<Answer, Error> {
        let whole = usize::try_from(length).unwrap_or(usize::MAX);
        if whole > limit && !cut {
            return Err(Error::Large(limit));
        }
        let wanted = whole.min(limit);
        let mut body = Vec::new();
        while body.len() < wanted {
            if self.unread().is_empty() && !self.more()? {
                return Err(Error::Garbled("it ended before its length"));
            }
            let piece = self.take(wanted - body.len());
            body.extend(piece);
        }
        Ok(Answer { body, cut: whole > limit })
    }

    fn rest(&mut self, limit: usize, cut: bool) -> Result<Answer, Error> {
        let mut body = Vec::new();
        loop {
            let piece = self.take(usize::MAX);
            body.extend(piece);
            if body.len() > limit {
                body.truncate(limit);
                return if cut { Ok(Answer { body, cut: true }) } else { Err(Error::Large(limit)) };
            }
            if !self.more()? {
                return Ok(Answer { body, cut: false });
            }
        }
    }

    fn chunks(&mut self, limit: usize, cut: bool) -> Result<Answer, Error> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            let size = line.split(';').next().unwrap_or("").trim();
            let size =
                usize::from_str_radix(size, 16).map_err(|_| Error::Garbled("a chunk without a size"))?;
            if size == 0 {
                return Ok(Answer { body, cut: false });
            }
            if size > limit - body.len() {
                if !cut {
                    return Err(Error::Large(limit));
                }
                let rest = self.exactly((limit - body.len()) as u64, limit, true)?;
                body.extend(rest.body);
                return Ok(Answer { body, cut: true });
            }
            body.extend(self.exactly(size as u64, limit, false)?.body);
            if !self.line()?.is_empty() {
                return Err(Error::Garbled("a chunk longer than its size"));
            }
        }
    }

    /// A line of at most a few bytes, without its end.
    fn line(&mut self) -> Result<String, Error> {
        loop {
            if let Some(end) = self.unread().windows(2).position(|w| w == b"\r\n") {
                let line = self.take(end);
                self.at += 2;
                return String::from_utf8(line).map_err(|_| Error::Garbled("a chunk without a size"));
            }
            if self.unread().len() > 256 {
                return Err(Error::Garbled("a chunk without a size"));
            }
            if !self.more()? {
                return Err(Error::Garbled("it ended before its last chunk"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let of = |text: &str| parse(text.as_bytes()).ok();
        assert_eq!(of("HTTP/1.1 200 OK\r\nContent-Length: 12"), Some((200, Framing::Length(12))));
        assert_eq!(of("HTTP/1.1 404 Not Found"), Some((404, Framing::UntilClosed)));
        assert_eq!(
            of("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\nContent-Length: 5"),
            Some((200, Framing::Chunked))
        );
        for wrong in [
            "",
            "SSH-2.0-OpenSSH_9.2",
            "HTTP/1.1 abc",
            "HTTP/1.1 200 OK\r\nno colon",
            "HTTP/1.1 200 OK\r\nContent-Length: -1",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999",
        ] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
    }
}
