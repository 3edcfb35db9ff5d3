//! The questions: of a container, its log, the other containers, the engine itself.
//!
//! Source: Docker Engine API v1.41; Podman serves the same under the same paths
//! (podman-system-service(1)), and more under `/libpod`.

use crate::{Answer, Error, Limits, http, logs};
use serde_json::Value;

/// Of a list so many containers are read.
pub const MOST_LISTED: usize = 2000;
/// Bytes of a log that are asked for and kept.
const LOG: usize = 1 << 20;
/// Bytes of a history that are read: 256 events with their containers' labels.
const EVENTS: usize = 1 << 20;
/// Lines of a log that are asked for.
const TAIL: u32 = 1000;

/// Which engine answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// dockerd.
    Docker,
    /// Podman's service.
    Podman,
}

/// One container of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listed {
    /// The whole id.
    pub id: String,
    /// Its names, without the slash.
    pub names: Vec<String>,
    /// `running`, `exited`, …
    pub state: String,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// Its labels.
    pub labels: Vec<(String, String)>,
}

impl Listed {
    /// The value of a label.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&str> {
        self.labels.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
}

/// What an engine remembers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct History {
    /// True when it reaches back to before the time that was asked about.
    pub whole: bool,
    /// The containers that anything happened to since that time.
    pub containers: Vec<String>,
}

/// An engine at a socket.
#[derive(Debug, Clone)]
pub struct Api {
    socket: String,
    flavour: Flavour,
    limits: Limits,
}

impl Api {
    /// The engine at this socket; nothing is asked yet.
    #[must_use]
    pub fn new(socket: &str, flavour: Flavour, limits: Limits) -> Self {
        Self { socket: socket.to_owned(), flavour, limits }
    }

    /// Which engine is expected there.
    #[must_use]
    pub const fn flavour(&self) -> Flavour {
        self.flavour
    }

    /// Where it listens.
    #[must_use]
    pub fn socket(&self) -> &str {
        &self.socket
    }

    /// Everything about one container, as JSON that the engine wrote. Podman's own form is asked for
    /// where Podman answers: it holds capabilities and id maps.
    ///
    /// # Errors
    /// As [`Error`] says; a status of 404 when there is no such container.
    pub fn inspect(&self, name: &str) -> Result<Value, Error> {
        let name = encode(name);
        match self.flavour {
            Flavour::Docker => self.json(&format!("/containers/{name}/json")),
            Flavour::Podman => self.json(&format!("/v4.0.0/libpod/containers/{name}/json")),
        }
    }

    /// The same in Docker's own form, which Podman gives too.
    ///
    /// # Errors
    /// As [`Error`] says; a status of 404 when there is no such container.
    pub fn inspect_as_docker(&self, name: &str) -> Result<Value, Error> {
        self.json(&format!("/containers/{}/json", encode(name)))
    }

    /// What an image says of itself.
    ///
    /// # Errors
    /// As [`Error`] says; a status of 404 when there is no such image.
    pub fn image(&self, name: &str) -> Result<Value, Error> {
        self.json(&format!("/images/{}/json", encode(name)))
    }

    /// The end of a container's log, each line with its time where `times` is set.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn log(&self, name: &str, times: bool) -> Result<String, Error> {
        let target = format!(
            "/containers/{}/logs?stdout=1&stderr=1&timestamps={}&tail={TAIL}",
            encode(name),
            u8::from(times)
        );
        // The end of the log is at the end of the answer: what is cut is asked for anew, shorter.
        for tail in [TAIL, 50] {
            let target = target.replace(&format!("tail={TAIL}"), &format!("tail={tail}"));
            let Answer { body, cut } = http::get(&self.socket, &target, &self.limits(LOG), true)?;
            if !cut || tail != TAIL {
                return Ok(logs::undress(&body));
            }
        }
        Err(Error::Large(LOG))
    }

    /// Every container, running or not.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn list(&self) -> Result<Vec<Listed>, Error> {
        let value = self.json("/containers/json?all=1")?;
        let all = value.as_array().ok_or(Error::Garbled("no list"))?;
        Ok(all.iter().take(MOST_LISTED).map(listed).collect())
    }

    /// The engine's version and components.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn version(&self) -> Result<Value, Error> {
        self.json("/version")
    }

    /// The engine's own state: security options, root directory, storage.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn info(&self) -> Result<Value, Error> {
        match self.flavour {
            Flavour::Docker => self.json("/info"),
            Flavour::Podman => self.json("/v4.0.0/libpod/info"),
        }
    }

    /// What happened since `from`, in seconds since 1970. Docker keeps the last 256 events, since it was
    /// started (moby, daemon/events, eventsLimit).
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn history(&self, from: i128) -> Result<History, Error> {
        if self.flavour != Flavour::Docker {
            return Err(Error::Garbled("no history"));
        }
        // The end of time that is asked for makes the engine end its answer.
        let now =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let target = format!("/events?since=1&until={now}");
        let answer = http::get(&self.socket, &target, &self.limits(EVENTS), false)?;
        Ok(events(&String::from_utf8_lossy(&answer.body), from))
    }

    fn limits(&self, body: usize) -> Limits {
        Limits { body: body.min(self.limits.body), ..self.limits }
    }

    fn json(&self, target: &str) -> Result<Value, Error> {
        let answer = http::get(&self.socket, target, &self.limits, false)?;
        // serde_json refuses what is nested deeper than 128.
        serde_json::from_slice(&answer.body).map_err(|_| Error::Garbled("it is no JSON"))
    }
}

/// Events, one JSON value each.
fn events(text: &str, from: i128) -> History {
    let mut history = History::default();
    for event in serde_json::Deserializer::from_str(text).into_iter::<Value>().take(10_000) {
        // What can't be read may have been of any container.
        let Ok(event) = event else { return History::default() };
        let Some(time) = event.get("time").and_then(Value::as_i64) else { return History::default() };
        if i128::from(time) < from {
            history.whole = true;
            continue;
        }
        let kind = event.get("Type").and_then(Value::as_str).unwrap_or("");
        let id = event.pointer("/Actor/ID").and_then(Value::as_str).unwrap_or("");
        if kind == "container" && !history.containers.iter().any(|c| c == id) {
            history.containers.push(id.to_owned());
        }
    }
    history
}

fn listed(value: &Value) -> Listed {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    Listed {
        id: text("Id"),
        names: value
            .get("Names")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(|n| n.trim_start_matches('/').to_owned())
            .collect(),
        state: text("State"),
        created: value.get("Created").and_then(Value::as_i64).unwrap_or(0),
        labels: value
            .get("Labels")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned())))
            .collect(),
    }
}

/// A name as a part of a target (RFC 3986).
pub(crate) fn encode(name: &str) -> String {
    let mut out = String::new();
    for b in name.bytes().take(512) {
        if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_history_is_whole_only_where_it_reaches_back() {
        let event = |id: &str, time| {
            format!(
                "{{\"Type\":\"container\",\"Action\":\"start\",\"Actor\":{{\"ID\":\"{id}\"}},\"time\":{time}}}\n"
            )
        };
        let text = event("old", 5) + &event("a", 10) + &event("a", 11) + &event("b", 12);
        assert_eq!(events(&text, 10), History { whole: true, containers: vec!["a".into(), "b".into()] });
        assert!(!events(&event("a", 10), 10).whole);
        assert!(!events("", 10).whole);
        assert_eq!(events(&(text + "{garbage"), 10), History::default());
    }

    #[test]
    fn names_can_not_leave_their_place() {
        assert_eq!(encode("mealie-1"), "mealie-1");
        assert_eq!(encode("../info?x=1 y"), "..%2Finfo%3Fx%3D1%20y");
    }
}
