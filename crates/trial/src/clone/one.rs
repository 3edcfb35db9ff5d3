//! One clone: made, started, waited for, removed.

use crate::clone::CloneError;
use crate::clone::change::{Change, Unsuitable, applied, option};
use crate::clone::copies::{self, Places};
use crate::clone::ledger::{LABEL, Ledger, base};
use crate::clone::profiles;
use crate::clone::spec::{Spec, text};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant};
use whodenied_engine::{Api, Control, Error, Flavour, Limits};

/// A file in it that is empty until the program may begin.
const GATE: &str = "/.whodenied-gate";

/// What is wanted of a clone.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What is started in place of the original's program.
    pub instead: Option<Instead>,
    /// Its further arguments are a file that is empty until [`Container::open`], and the words of the
    /// original's program. (Who follows the clone is not seen from inside: another process namespace.)
    pub held: bool,
}

/// A program of the host that runs in any image.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Instead {
    /// Its files, and where they lie in the clone, read only.
    pub files: Vec<(PathBuf, String)>,
    /// How it is started.
    pub words: Vec<String>,
}

/// How a clone ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// Its exit status; `None` when it still ran, or never started.
    pub status: Option<i64>,
    /// The engine could not start it, in its words.
    pub not_started: Option<String>,
    /// It ran for the whole time.
    pub ran_on: bool,
    /// It was ended for want of memory.
    pub out_of_memory: bool,
    /// What it printed, the end of it.
    pub log: String,
}

/// The engine, and what this run has made.
#[derive(Debug)]
pub struct Workshop {
    api: Api,
    control: Control,
    ledger: RefCell<Ledger>,
    started: RefCell<u32>,
}

impl Workshop {
    /// Begins at the engine of `socket`.
    ///
    /// # Errors
    /// The system's, when what is made can't be written down first.
    pub fn begin(socket: &str) -> Result<Rc<Self>, CloneError> {
        let limits =
            Limits { total: Duration::from_secs(60), connect: Duration::from_secs(2), ..Limits::default() };
        Ok(Rc::new(Self {
            api: Api::new(socket, Flavour::Docker, limits),
            control: Control::new(socket, limits),
            ledger: RefCell::new(Ledger::begin(&base(), socket)?),
            started: RefCell::new(0),
        }))
    }

    /// The engine, for reading.
    #[must_use]
    pub const fn api(&self) -> &Api {
        &self.api
    }

    /// How many containers were started.
    #[must_use]
    pub fn started(&self) -> u32 {
        *self.started.borrow()
    }

    /// Makes a clone after `spec` with `changes`, and does not start it.
    ///
    /// # Errors
    /// As [`CloneError`] says; nothing is left then.
    pub fn make(
        self: &Rc<Self>,
        spec: &Spec,
        changes: &[Change],
        wanted: &Wanted,
    ) -> Result<Container, CloneError> {
        let unsuitable = |why: Unsuitable| CloneError::Unsuitable(why.0);
        let mut spec = applied(spec.clone(), changes).map_err(unsuitable)?;
        let mut clone = Container {
            of: self.clone(),
            id: String::new(),
            name: String::new(),
            copies: Vec::new(),
            gate: None,
            profiles: Vec::new(),
        };
        for change in changes {
            if let Change::Apparmor { name, text } = change {
                let fresh = clone.profile(name, text)?;
                option(&mut spec, "apparmor", &fresh);
            }
        }
        clone.mounts(&mut spec, wanted)?;
        clone.on_copies(&spec, changes)?;
        let mut words: Vec<String> = Vec::new();
        if let Some(instead) = &wanted.instead {
            words.extend(instead.words.iter().cloned());
            if wanted.held {
                words.push(GATE.to_owned());
            }
        }
        if wanted.instead.is_none() || wanted.held {
            words.extend(spec.program.iter().cloned());
        }
        spec.body["Entrypoint"] = json!(words);
        spec.body["Cmd"] = json!([]);
        spec.body["Labels"] = json!({LABEL: self.ledger.borrow().id()});
        clone.name = self.ledger.borrow_mut().container()?;
        clone.id =
            self.control.create(&clone.name, &spec.body).map_err(CloneError::engine("making a clone"))?;
        Ok(clone)
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // What could not be removed stays written down, and the next run tries again.
        let _ = self.ledger.borrow().end();
    }
}

/// A container of our own; removed when it goes out of scope.
#[derive(Debug)]
pub struct Container {
    of: Rc<Workshop>,
    id: String,
    name: String,
    copies: Vec<Places>,
    gate: Option<PathBuf>,
    profiles: Vec<String>,
}

impl Container {
    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds the original's mounts to the body: copies on write, and what is given as it is.
    fn mounts(&mut self, spec: &mut Spec, wanted: &Wanted) -> Result<(), CloneError> {
        let mut binds: Vec<Value> = Vec::new();
        let mut bind = |source: &std::path::Path, target: &str, writable: bool| {
            binds.push(json!({
                "Type": "bind", "Source": source.to_string_lossy(), "Target": target, "ReadOnly": !writable,
                "BindOptions": {"Propagation": "rprivate"}
            }));
        };
        for given in spec.given.clone() {
            let Some(directory) = given.copied else {
                bind(&given.source, &given.target, false);
                continue;
            };
            let (lower, name) = if directory {
                (given.source.as_path(), None)
            } else {
                (given.source.parent().unwrap_or(&given.source), given.source.file_name())
            };
            let places = self.of.ledger.borrow_mut().copy()?;
            self.copies.push(places.clone());
            copies::make(lower, &places)?;
            let source = name.map_or_else(|| places.merged.clone(), |n| places.merged.join(n));
            bind(&source, &given.target, given.writable);
        }
        if let Some(instead) = &wanted.instead {
            for (source, target) in &instead.files {
                bind(source, target, false);
            }
            if wanted.held {
                let gate = self.of.ledger.borrow().file("gate")?;
                bind(&gate, GATE, false);
                self.gate = Some(gate);
            }
        }
        let mounts = spec.host().entry("Mounts").or_insert_with(|| json!([]));
        if let Some(mounts) = mounts.as_array_mut() {
            mounts.extend(binds);
        }
        Ok(())
    }

    /// Loads a profile under a name of its own.
    fn profile(&mut self, name: &str, text: &str) -> Result<String, CloneError> {
        let fresh = self.of.ledger.borrow_mut().profile()?;
        let text = profiles::renamed(text, name, &fresh).ok_or_else(|| {
            CloneError::Unsuitable("the file of the fix declares no profile that could be tried".to_owned())
        })?;
        let file = self.of.ledger.borrow().file(&fresh)?;
        std::fs::write(&file, text).map_err(|e| CloneError::system(&file, e))?;
        self.profiles.push(fresh.clone());
        profiles::load(&file)?;
        Ok(fresh)
    }

    /// Does to the copies what a remedy does to the originals.
    fn on_copies(&self, spec: &Spec, changes: &[Change]) -> Result<(), CloneError> {
        let copied: Vec<_> = spec.given.iter().filter(|g| g.copied.is_some()).zip(&self.copies).collect();
        for change in changes {
            let Change::OnHost(words) = change else { continue };
            let mut moved = 0;
            let words: Vec<String> = words
                .iter()
                .map(|word| {
                    let at = copied.iter().find_map(|(given, places)| {
                        let lower = if given.copied == Some(true) {
                            Some(given.source.as_path())
                        } else {
                            given.source.parent()
                        };
                        let rest = std::path::Path::new(word).strip_prefix(lower?).ok()?;
                        Some(places.merged.join(rest))
                    });
                    match at {
                        Some(path) => {
                            moved += 1;
                            path.to_string_lossy().trim_end_matches('/').to_owned()
                        }
                        None => word.clone(),
                    }
                })
                .collect();
            // Whatever path is left is the host's own.
            if moved == 0 || words.iter().any(|w| w.contains('/') && !self.is_ours(w)) {
                return Err(CloneError::Unsuitable(format!(
                    "{}: it changes more of the host than the volumes",
                    words.join(" ")
                )));
            }
            self.run(&words)?;
        }
        Ok(())
    }

    /// True for a path in a copy that no link leads out of: the container's program may have made one.
    fn is_ours(&self, word: &str) -> bool {
        self.copies.iter().any(|p| copies::within(&p.merged, std::path::Path::new(word)))
    }

    fn run(&self, words: &[String]) -> Result<(), CloneError> {
        let Some((program, arguments)) = words.split_first() else { return Ok(()) };
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let limits = Limits { total: Duration::from_secs(60), ..Limits::default() };
        let output = whodenied_engine::command(program, &arguments, &limits)
            .map_err(CloneError::engine("changing a copy"))?;
        if output.success {
            Ok(())
        } else {
            Err(CloneError::Unsuitable(format!("{}: {}", words.join(" "), output.errors.trim())))
        }
    }

    /// Starts it; the process number of its first process on this host, 0 when it is over already.
    ///
    /// # Errors
    /// As [`CloneError`] says: the engine's refusal to start it is the runtime's, and tells why.
    pub fn start(&self) -> Result<i32, CloneError> {
        *self.of.started.borrow_mut() += 1;
        self.of.control.start(&self.id).map_err(CloneError::engine("starting it"))?;
        let inspect =
            self.of.api.inspect_as_docker(&self.id).map_err(CloneError::engine("asking for the clone"))?;
        let pid = inspect.pointer("/State/Pid").and_then(Value::as_i64).unwrap_or(0);
        Ok(i32::try_from(pid).unwrap_or(0))
    }

    /// Lets a program begin that was held.
    ///
    /// # Errors
    /// The system's.
    pub fn open(&self) -> Result<(), CloneError> {
        let Some(gate) = &self.gate else { return Ok(()) };
        std::fs::write(gate, "1").map_err(|e| CloneError::system(gate, e))
    }

    /// Waits for its end, `most` at the longest; what runs on is ended.
    ///
    /// # Errors
    /// The engine's.
    pub fn end(&self, most: Duration) -> Result<Ended, CloneError> {
        let began = Instant::now();
        let mut ended = Ended::default();
        match self.of.control.wait(&self.id, most.max(Duration::from_millis(200))) {
            Ok(status) => ended.status = Some(status),
            Err(Error::Late(..)) if began.elapsed() + Duration::from_millis(50) >= most => {
                ended.ran_on = true;
                self.of.control.kill(&self.id).map_err(CloneError::engine("ending the clone"))?;
            }
            Err(error) => return Err(CloneError::engine("waiting for the clone")(error)),
        }
        if let Ok(inspect) = self.of.api.inspect_as_docker(&self.id) {
            ended.out_of_memory =
                inspect.pointer("/State/OOMKilled").and_then(Value::as_bool).unwrap_or(false);
            let error = text(&inspect, "/State/Error");
            ended.not_started = (!error.is_empty()).then(|| error.to_owned());
        }
        ended.log = self.of.api.log(&self.id, false).unwrap_or_default();
        Ok(ended)
    }

    /// Runs it to its end, `most` at the longest. That the engine could not start it is an outcome too.
    ///
    /// # Errors
    /// The engine's, when it does not answer.
    pub fn run_to_end(&self, most: Duration) -> Result<Ended, CloneError> {
        match self.start() {
            Ok(_) => self.end(most),
            Err(CloneError::Engine { error: Error::Status(_, why), .. }) => {
                Ok(Ended { not_started: Some(why), ..Ended::default() })
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if !self.id.is_empty() {
            // What fails here stays written down, and the next run tries again.
            let _ = self.of.control.remove(&self.id);
        }
        for name in &self.profiles {
            let _ = profiles::remove(name);
        }
        let _ = self.of.ledger.borrow().drop_copies(&self.copies);
    }
}
