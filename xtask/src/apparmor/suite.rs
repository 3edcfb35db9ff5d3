//! Debian's source package of AppArmor 4.1.0 in a cache folder: `$WHODENIED_CACHE`, else
//! `$XDG_CACHE_HOME/whodenied`, else `~/.cache/whodenied`.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const VERSION: &str = "4.1.0";

/// The unpacked source, fetched unless it is there; an error says why it can't be had.
pub fn source() -> Result<PathBuf> {
    let cache = cache()?;
    let source = cache.join(format!("apparmor-{VERSION}"));
    if source.join("parser/tst/simple_tests").is_dir() {
        return Ok(source);
    }
    std::fs::create_dir_all(&cache)?;
    let tar = download(&cache)?;
    run(Command::new("tar").arg("xf").arg(&tar).arg("-C").arg(&cache))?;
    if !source.join("parser/tst/simple_tests").is_dir() {
        bail!("{} holds no parser/tst/simple_tests", tar.display());
    }
    Ok(source)
}

fn cache() -> Result<PathBuf> {
    let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
    path("WHODENIED_CACHE")
        .or_else(|| path("XDG_CACHE_HOME").map(|p| p.join("whodenied")))
        .or_else(|| path("HOME").map(|p| p.join(".cache/whodenied")))
        .context("neither WHODENIED_CACHE nor HOME is set")
}

/// Through apt with lists of its own, so that the machine's are left alone; apt checks the signatures.
fn download(cache: &Path) -> Result<PathBuf> {
    let apt = cache.join("apt");
    for dir in ["parts", "lists/partial", "archives/partial"] {
        std::fs::create_dir_all(apt.join(dir))?;
    }
    let key = "/usr/share/keyrings/debian-archive-keyring.gpg";
    if !Path::new(key).exists() {
        bail!("no {key}: Debian's archive can't be trusted");
    }
    let sources = format!(
        "Types: deb-src\nURIs: http://deb.debian.org/debian\nSuites: trixie\nComponents: main\nSigned-By: {key}\n"
    );
    std::fs::write(apt.join("parts/trixie.sources"), sources)?;
    let options = |command: &mut Command| {
        for (key, value) in [
            ("Dir::Etc::sourcelist", PathBuf::from("/dev/null")),
            ("Dir::Etc::sourceparts", apt.join("parts")),
            ("Dir::State::lists", apt.join("lists")),
            ("Dir::Cache", apt.clone()),
        ] {
            command.arg("-o").arg(format!("{key}={}", value.display()));
        }
        command.args([
            "-o",
            "APT::Sandbox::User=",
            "-o",
            "Acquire::Languages=none",
            "-o",
            "Acquire::Retries=2",
            "-qq",
        ]);
    };
    let mut update = Command::new("timeout");
    update.args(["300", "apt-get"]);
    options(&mut update);
    run(update.arg("update"))?;
    let mut get = Command::new("timeout");
    get.args(["300", "apt-get"]);
    options(&mut get);
    run(get
        .args(["source", "--download-only", "--only-source", &format!("apparmor={VERSION}-1")])
        .current_dir(cache))?;
    let tar = cache.join(format!("apparmor_{VERSION}.orig.tar.gz"));
    if !tar.exists() {
        bail!("apt-get left no {}", tar.display());
    }
    Ok(tar)
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("can't run {:?}", command.get_program()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{:?} failed: {}", command.get_program(), said.lines().last().unwrap_or("without a word"));
    }
    Ok(())
}

/// Python that makes the generated tests, run in a copy of the suite.
pub fn generated(source: &Path) -> Result<PathBuf> {
    let suite = source.join("parser/tst");
    let done = suite.join("simple_tests/.generated");
    if done.exists() {
        return Ok(suite);
    }
    for name in ["x", "perms_leading", "perms_safe", "dbus"] {
        std::fs::create_dir_all(suite.join("simple_tests").join(format!("generated_{name}")))?;
    }
    for script in ["gen-xtrans.py", "gen-dbus.py"] {
        run(Command::new("python3").arg(format!("./{script}")).current_dir(&suite))?;
    }
    std::fs::write(done, "")?;
    Ok(suite)
}
