//! Finds the engine that knows a container, and asks it.

use crate::dead::{Dead, text};
use crate::{Gathered, Options, inspect, kernel, machine, oci, state, time};
use serde_json::Value;
use std::time::Duration;
use whodenied_case::Origin;
use whodenied_engine::{Api, Endpoint, Error, Flavour, Limits, Listed, command, endpoints};

/// Lines of a log that are asked of a client.
const TAIL: &str = "1000";

/// An engine's answers about one container.
struct Answers {
    engine: &'static str,
    asked: String,
    inspect: Value,
    info: Value,
    version: Value,
    log: Result<String, Error>,
    api: Option<Api>,
    /// Its address when it is on another machine.
    elsewhere: Option<String>,
}

/// Gathers what is left of the container that `name` names; `service` when it is known to be a compose
/// service's.
pub(crate) fn container(name: &str, service: Option<&Service<'_>>, options: &Options) -> Gathered {
    let mut gathered = Gathered::default();
    match find(name, service, options, &mut gathered.missing) {
        Some(answers) => explain(answers, options, &mut gathered),
        None if gathered.missing.is_empty() => {
            gathered.missing.push(format!("No engine of this machine knows a container {name}."));
        }
        None => {}
    }
    gathered
}

/// A compose service.
pub(crate) struct Service<'a> {
    pub(crate) name: &'a str,
    /// The compose file, absolute.
    pub(crate) file: Option<&'a str>,
}

fn find(
    name: &str,
    service: Option<&Service<'_>>,
    options: &Options,
    missing: &mut Vec<String>,
) -> Option<Answers> {
    let mut reached = false;
    let mut untold: Vec<String> = Vec::new();
    let mut chosen_elsewhere = false;
    for found in endpoints(&options.around) {
        match &found.endpoint {
            Endpoint::Socket(socket) => {
                let api = Api::new(socket, found.flavour, limits(options));
                match at_socket(api, name, service) {
                    Ok(Some(answers)) => return Some(answers),
                    Ok(None) => reached = true,
                    Err(Error::Absent(_)) if found.chosen_by.is_empty() => {}
                    Err(error) => untold.push(format!("{}: {error}.", engine_name(found.flavour))),
                }
            }
            Endpoint::Elsewhere(address) => {
                chosen_elsewhere = true;
                untold.push(format!(
                    "{} points to the engine at {address}, which is another machine: nothing of this machine's state is read. Run whodenied there for the kernel's side.",
                    found.chosen_by
                ));
                if let Some(mut answers) = by_client("docker", name, options, &mut Vec::new()) {
                    answers.elsewhere = Some(address.clone());
                    missing.append(&mut untold);
                    return Some(answers);
                }
            }
        }
    }
    if !chosen_elsewhere {
        for client in ["podman", "nerdctl", "ctr"] {
            if let Some(answers) = by_client(client, name, options, &mut untold) {
                return Some(answers);
            }
        }
    }
    missing.append(&mut untold);
    if reached || missing.is_empty() {
        let what = service
            .map_or_else(|| format!("container {name}"), |s| format!("container of the service {}", s.name));
        missing.push(format!("No engine that could be asked knows a {what}."));
    }
    None
}

fn engine_name(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Docker => "Docker",
        Flavour::Podman => "Podman",
    }
}

/// The limits of one exchange, within what is left of the time.
fn limits(options: &Options) -> Limits {
    Limits {
        total: options.limits.total.min(options.left().max(Duration::from_millis(100))),
        ..options.limits
    }
}

fn at_socket(api: Api, name: &str, service: Option<&Service<'_>>) -> Result<Option<Answers>, Error> {
    let by_name = if service.is_some() { None } else { known(api.inspect(name))? };
    let inspect = match by_name {
        Some(inspect) => inspect,
        None => {
            let Some(listed) = choose(&api.list()?, name, service) else { return Ok(None) };
            match known(api.inspect(&listed))? {
                Some(inspect) => inspect,
                None => return Ok(None),
            }
        }
    };
    let id = text(&inspect, "/Id").to_owned();
    // What fails of the rest costs only itself.
    let version = api.version().unwrap_or(Value::Null);
    let info = api.info().unwrap_or(Value::Null);
    let log = api.log(&id, true);
    let podman =
        api.flavour() == Flavour::Podman || list_names(&version).iter().any(|n| n.contains("Podman"));
    let engine = if podman { "podman" } else { "docker" };
    let shown = text(&inspect, "/Name").trim_start_matches('/').to_owned();
    let desktop = text(&info, "/OperatingSystem").contains("Docker Desktop");
    Ok(Some(Answers {
        engine,
        asked: format!("{engine} inspect {shown}"),
        inspect,
        info,
        version,
        log,
        elsewhere: desktop.then(|| "Docker Desktop's virtual machine".to_owned()),
        api: Some(api),
    }))
}

fn known(answer: Result<Value, Error>) -> Result<Option<Value>, Error> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(e) if e.is_unknown() => Ok(None),
        Err(e) => Err(e),
    }
}

fn list_names(version: &Value) -> Vec<&str> {
    version
        .get("Components")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|c| c.get("Name")?.as_str())
        .collect()
}

/// The container that a person means by a service's name: of its file where one is given; among several
/// one that does not run, the newest.
fn choose(all: &[Listed], name: &str, service: Option<&Service<'_>>) -> Option<String> {
    let wanted = service.map_or(name, |s| s.name);
    let of_service = |c: &&Listed| {
        ["com.docker.compose.service", "io.podman.compose.service"].iter().any(|l| c.label(l) == Some(wanted))
    };
    let of_file = |c: &&Listed| {
        service.and_then(|s| s.file).is_none_or(|file| {
            c.label("com.docker.compose.project.config_files")
                .is_some_and(|f| f.split(',').any(|f| f == file))
        })
    };
    all.iter()
        .filter(of_service)
        .filter(of_file)
        .max_by_key(|c| (c.state != "running", c.created))
        .map(|c| c.id.clone())
}

/// Asks an engine's command line client.
fn by_client(client: &str, name: &str, options: &Options, untold: &mut Vec<String>) -> Option<Answers> {
    // A client starts more slowly than a socket answers.
    let most = Duration::from_secs(if client == "docker" { 5 } else { 2 }) * options.patience;
    let limits = Limits { total: most.min(options.left().max(Duration::from_secs(1))), ..options.limits };
    // A name is an argument, never an option.
    if name.starts_with('-') {
        return None;
    }
    let run = |arguments: &[&str]| command(client, arguments, &limits);
    let engine = match client {
        "podman" => "podman",
        "nerdctl" | "ctr" => "containerd",
        _ => "docker",
    };
    let asked = match client {
        "podman" => vec!["container", "inspect", name],
        "nerdctl" => vec!["container", "inspect", "--mode=dockercompat", name],
        "ctr" => vec!["containers", "info", name],
        _ => vec!["container", "inspect", name],
    };
    let output = match run(&asked) {
        Ok(output) => output,
        Err(Error::Absent(_)) => return None,
        Err(error) => {
            untold.push(format!("{client}: {error}."));
            return None;
        }
    };
    if !output.success {
        return None;
    }
    let value: Value = serde_json::from_str(&output.text).ok()?;
    let inspect = match value {
        Value::Array(mut all) if !all.is_empty() => all.swap_remove(0),
        Value::Object(_) => value,
        _ => return None,
    };
    let inspect = if client == "ctr" { oci::inspected(inspect) } else { inspect };
    let log = match client {
        "ctr" => Ok(String::new()),
        "podman" => run(&["logs", "--timestamps", "--tail", TAIL, name]).map(joined),
        "nerdctl" => run(&["logs", "-t", "-n", TAIL, name]).map(joined),
        _ => run(&["logs", "--timestamps", "--tail", TAIL, name]).map(joined),
    };
    let json = |arguments: &[&str]| -> Value {
        run(arguments).ok().and_then(|o| serde_json::from_str(&o.text).ok()).unwrap_or(Value::Null)
    };
    let (info, version) = match client {
        "podman" => {
            let info = json(&["info", "--format", "json"]);
            let version = info.get("version").cloned().unwrap_or(Value::Null);
            (info, version)
        }
        "ctr" => (Value::Null, Value::Null),
        _ => (json(&["info", "--format", "{{json .}}"]), json(&["version", "--format", "{{json .Server}}"])),
    };
    // `podman` may itself be a client of another machine.
    let remote = info.pointer("/host/serviceIsRemote").and_then(Value::as_bool).unwrap_or(false);
    Some(Answers {
        engine,
        asked: format!("{client} {}", asked.join(" ")),
        inspect,
        info,
        version,
        log,
        api: None,
        elsewhere: remote.then(|| "the machine of podman's connection".to_owned()),
    })
}

fn joined(output: whodenied_engine::Output) -> String {
    output.text + &output.errors
}

/// Everything about the container, in the order in which a person would look.
fn explain(answers: Answers, options: &Options, gathered: &mut Gathered) {
    gathered.found = true;
    let Answers { engine, asked, inspect, info, version, log, api, elsewhere } = answers;
    let number = ["/Version", "/version/Version"]
        .iter()
        .map(|p| text(&version, p))
        .find(|v| !v.is_empty())
        .unwrap_or("");
    let mut dead = inspect::read(&inspect, engine, number, &info);
    let name = dead.workload.container.clone().unwrap_or_else(|| dead.id.chars().take(12).collect());
    dead.log = format!("the log of {name}");
    match log {
        Ok(log) => {
            let (text, times) = undated(&log);
            dead.times = times;
            gathered.add(Origin::Log { name: dead.log.clone() }, text);
        }
        Err(error) => gathered.missing.push(format!("The log of {name} could not be read: {error}.")),
    }
    let here = elsewhere.is_none();
    if here {
        oci::complete(&mut dead, &inspect);
        crate::compose::of(&inspect, &dead, gathered);
    }
    gathered.add(Origin::Engine { asked }, inspect::prune(&inspect));
    gathered.add(Origin::State { of: format!("the state of {name}") }, state::lines(&dead));
    gathered.add(Origin::Engine { asked: format!("{engine} version") }, versions(engine, &version, &info));
    if let Some(elsewhere) = elsewhere {
        // What lies on this machine is the wrong machine's.
        dead.layout = None;
        gathered.missing.push(format!(
            "The engine runs in {elsewhere}: mounts, owners and kernel records of this machine say nothing about it and were not read."
        ));
        gathered.dead = None;
        return;
    }
    kernel::records(&dead, api.as_ref(), options, gathered);
    machine::state(options, gathered);
    gathered.dead = Some(dead);
}

/// Versions as a person would paste them.
fn versions(engine: &str, version: &Value, info: &Value) -> String {
    let mut out = String::new();
    let mut say = |name: &str, number: &str| {
        let plain = |c: char| c.is_ascii_graphic();
        if !number.is_empty() && number.chars().all(plain) && name.chars().all(plain) {
            out.push_str(&format!("{name} version {number}\n"));
        }
    };
    for component in version.get("Components").and_then(Value::as_array).into_iter().flatten().take(16) {
        let name = match text(component, "/Name") {
            "Engine" => "docker",
            "Podman Engine" => "podman",
            name if ["containerd", "runc", "crun", "Conmon"].contains(&name) => name,
            _ => continue,
        };
        say(name, text(component, "/Version"));
    }
    if version.get("Components").is_none() {
        say(engine, text(version, "/Version"));
    }
    if engine == "podman" {
        let runtime = text(info, "/host/ociRuntime/name");
        let number = text(info, "/host/ociRuntime/version").split_whitespace().nth(2).unwrap_or("");
        say(runtime, number.trim_end_matches("\ncommit:"));
    }
    out
}

/// The lines of a log without the times that the engine put before them, and those times.
fn undated(log: &str) -> (String, Vec<Option<i128>>) {
    let mut text = String::with_capacity(log.len());
    let mut times = Vec::new();
    for line in log.lines() {
        let (line, when) = match time::rfc3339(line) {
            Some((when, length)) => {
                (line.get(length..).and_then(|l| l.strip_prefix(' ')).unwrap_or(""), Some(when))
            }
            None => (line, None),
        };
        text.push_str(line);
        text.push('\n');
        times.push(when);
    }
    (text, times)
}

/// How long other containers lived and under which label, for telling whose a record is.
pub(crate) fn others(api: &Api, dead: &Dead, within: Duration) -> Option<Vec<Dead>> {
    let began = std::time::Instant::now();
    let all = api.list().ok()?;
    let mut found = Vec::new();
    for one in all.iter().filter(|c| c.id != dead.id) {
        if began.elapsed() > within {
            return None;
        }
        let inspect = api.inspect(&one.id).ok()?;
        found.push(inspect::times(&inspect));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_and_its_times() {
        let (text, times) = undated("2026-12-01T00:36:10.5Z a b\nplain\n2026-12-01T00:36:11Z \n");
        assert_eq!(text, "a b\nplain\n\n");
        assert_eq!(times.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
    }

    #[test]
    fn a_service_is_its_newest_container_that_does_not_run() {
        let one = |id: &str, state: &str, created, file: &str| Listed {
            id: id.into(),
            state: state.into(),
            created,
            labels: vec![
                ("com.docker.compose.service".into(), "web".into()),
                ("com.docker.compose.project.config_files".into(), file.into()),
            ],
            ..Listed::default()
        };
        let all = [one("a", "running", 9, "/x"), one("b", "exited", 3, "/x"), one("c", "exited", 5, "/y")];
        assert_eq!(choose(&all, "web", None).as_deref(), Some("c"));
        let service = Service { name: "web", file: Some("/x") };
        assert_eq!(choose(&all, "", Some(&service)).as_deref(), Some("b"));
        assert_eq!(choose(&all, "db", None), None);
    }
}
