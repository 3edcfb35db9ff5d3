//! Making containers, starting and removing them: what a trial does with its clones.
//!
//! Source: Docker Engine API v1.41 (ContainerCreate, ContainerStart, ContainerWait, ContainerKill,
//! ContainerDelete); Podman serves the same under the same paths.

use crate::api::encode;
use crate::{Error, Limits, http};
use serde_json::Value;
use std::time::Duration;

/// An engine that is asked to act.
#[derive(Debug, Clone)]
pub struct Control {
    socket: String,
    limits: Limits,
}

impl Control {
    /// The engine at this socket; nothing is asked yet. `limits` hold for everything but
    /// [`wait`](Self::wait): making a container may take an engine some seconds.
    #[must_use]
    pub fn new(socket: &str, limits: Limits) -> Self {
        Self { socket: socket.to_owned(), limits }
    }

    /// Where it listens.
    #[must_use]
    pub fn socket(&self) -> &str {
        &self.socket
    }

    /// Makes a container of this name from a body as ContainerCreate takes it; its id.
    ///
    /// # Errors
    /// As [`Error`] says: 409 when the name is taken, 404 when there is no such image.
    pub fn create(&self, name: &str, body: &Value) -> Result<String, Error> {
        let body = serde_json::to_vec(body).map_err(|_| Error::Garbled("a body that is no JSON"))?;
        let target = format!("/containers/create?name={}", encode(name));
        let answer = http::send(&self.socket, "POST", &target, Some(&body), &self.limits)?;
        let value: Value =
            serde_json::from_slice(&answer.body).map_err(|_| Error::Garbled("it is no JSON"))?;
        let id = value.get("Id").and_then(Value::as_str).ok_or(Error::Garbled("no id"))?;
        Ok(id.to_owned())
    }

    /// Starts it.
    ///
    /// # Errors
    /// As [`Error`] says: 400 or 500 with the runtime's message when its program can't be executed.
    pub fn start(&self, id: &str) -> Result<(), Error> {
        self.post(&format!("/containers/{}/start", encode(id)))
    }

    /// Waits until it has ended; its exit status. [`Error::Late`] when it runs for longer than `most`.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn wait(&self, id: &str, most: Duration) -> Result<i64, Error> {
        let limits = Limits { total: most, ..self.limits };
        let target = format!("/containers/{}/wait", encode(id));
        let answer = http::send(&self.socket, "POST", &target, None, &limits)?;
        let value: Value =
            serde_json::from_slice(&answer.body).map_err(|_| Error::Garbled("it is no JSON"))?;
        value.get("StatusCode").and_then(Value::as_i64).ok_or(Error::Garbled("no status"))
    }

    /// Ends it with SIGKILL; nothing when it does not run.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn kill(&self, id: &str) -> Result<(), Error> {
        match self.post(&format!("/containers/{}/kill", encode(id))) {
            Err(Error::Status(409, _)) => Ok(()),
            other => other,
        }
    }

    /// Removes it, running or not, with its anonymous volumes; nothing when there is none.
    ///
    /// # Errors
    /// As [`Error`] says.
    pub fn remove(&self, id: &str) -> Result<(), Error> {
        let target = format!("/containers/{}?force=1&v=1", encode(id));
        match http::send(&self.socket, "DELETE", &target, None, &self.limits) {
            Ok(_) | Err(Error::Status(404, _)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn post(&self, target: &str) -> Result<(), Error> {
        http::send(&self.socket, "POST", target, None, &self.limits).map(|_| ())
    }
}
