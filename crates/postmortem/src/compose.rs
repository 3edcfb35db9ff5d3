//! Compose files: which one a container was made from, and which container a service of one is.

use crate::dead::Dead;
use crate::engines::{self, Service};
use crate::{Gathered, Options, time};
use serde_json::Value;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use whodenied_case::Origin;

/// Names that compose looks for, in its order (compose-spec, "Compose file").
const NAMES: &[&str] = &["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
/// A compose file longer than this is none.
const MOST: u64 = 512 << 10;

/// The container of a service.
pub(crate) fn service(file: Option<&Path>, service: &str, options: &Options) -> Gathered {
    let file = file.map(Path::to_owned).or_else(|| NAMES.iter().map(PathBuf::from).find(|p| p.exists()));
    let Some(file) = file else {
        let mut gathered = Gathered::default();
        gathered.missing.push(format!("There is no compose file here ({}).", NAMES.join(", ")));
        return gathered;
    };
    let whole = std::path::absolute(&file).unwrap_or(file);
    let shown = whole.to_string_lossy().into_owned();
    let wanted = Service { name: service, file: Some(&shown) };
    let mut gathered = engines::container(service, Some(&wanted), options);
    if !gathered.found {
        // What is configured can be read without a container.
        match read(&whole) {
            Ok(text) => gathered.add(Origin::Host { path: shown }, text),
            Err(why) => gathered.missing.push(why),
        }
        gathered.add(
            Origin::State { of: format!("the service {service}") },
            format!("service: {}\n", line(service)),
        );
    }
    gathered
}

fn line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// The compose files that a container was made from, by its labels. One that was changed after the
/// container was made says nothing about it, and that is said.
pub(crate) fn of(inspect: &Value, dead: &Dead, gathered: &mut Gathered) {
    let label = |name: &str| {
        inspect
            .pointer("/Config/Labels")
            .and_then(|l| l.get(name))
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let files = label("com.docker.compose.project.config_files");
    let directory = label("com.docker.compose.project.working_dir");
    for file in files.split(',').filter(|f| !f.is_empty()).take(8) {
        let path = Path::new(&directory).join(file);
        let shown = path.to_string_lossy().into_owned();
        // A label may come with the image: it must not choose which file of this machine is read.
        let yaml = path.extension().is_some_and(|e| e == "yaml" || e == "yml");
        if !yaml {
            gathered.missing.push(format!("{shown} is not named like a compose file and was not read."));
            continue;
        }
        let text = match read(&path) {
            Ok(text) => text,
            Err(why) => {
                gathered.missing.push(why);
                continue;
            }
        };
        let newer = changed(&path).zip(dead.created).is_some_and(|(changed, created)| changed > created);
        if newer {
            gathered.missing.push(format!(
                "{shown} was changed after the container was made, so it was not read: what is in force is what the engine says."
            ));
        } else {
            gathered.add(Origin::Host { path: shown }, text);
        }
    }
}

fn changed(path: &Path) -> Option<i128> {
    let modified = std::fs::metadata(path).ok()?.modified().ok()?;
    let since = modified.duration_since(std::time::UNIX_EPOCH).ok()?;
    // Compose reads the file before it makes the container.
    Some(i128::try_from(since.as_nanos()).unwrap_or(0)).filter(|t| *t <= time::now())
}

fn read(path: &Path) -> Result<String, String> {
    let cannot = |e: std::io::Error| format!("{} could not be read: {e}.", path.display());
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(format!("{} is no file.", path.display()));
    }
    let file = std::fs::File::open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).map_err(cannot)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
