//! The reference compilers and the profiles of Debian's releases, unpacked outside the repository.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A release: its suite, the version of its compiler, and the packages whose profiles are compiled with it.
pub struct Release {
    /// The suite of Debian.
    pub suite: &'static str,
    /// What its parser says its version is.
    pub version: &'static str,
}

/// The three forms: words only; a table of permissions without owners' halves; everything.
pub const RELEASES: [Release; 3] = [
    Release { suite: "bookworm", version: "3.0.8" },
    Release { suite: "trixie", version: "4.1.0" },
    Release { suite: "sid", version: "5.0.2" },
];
const PACKAGES: [&str; 8] = [
    "apparmor",
    "apparmor-profiles",
    "apparmor-profiles-extra",
    "libapparmor1",
    "libzstd1",
    "libstdc++6",
    "libgcc-s1",
    "libc6",
];

/// Where everything is kept: `$WHODENIED_CACHE` or `whodenied-apparmor` under the user's cache.
pub fn cache() -> PathBuf {
    let home = || {
        std::env::var_os("HOME").map_or_else(|| PathBuf::from("/tmp"), |h| PathBuf::from(h).join(".cache"))
    };
    let base = std::env::var_os("WHODENIED_CACHE").map(PathBuf::from);
    base.unwrap_or_else(|| {
        std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from).join("whodenied")
    })
    .join("apparmor")
}

/// A compiler that runs with the libraries of its own release.
pub struct Parser {
    root: PathBuf,
}

impl Parser {
    /// The compiler, with nothing read from this machine's configuration.
    pub fn command(&self) -> Command {
        let lib = |dir: &str| self.root.join(dir);
        let libraries = [lib("usr/lib/x86_64-linux-gnu"), lib("lib/x86_64-linux-gnu")];
        let loader = ["lib64/ld-linux-x86-64.so.2", "usr/lib64/ld-linux-x86-64.so.2"];
        let loader = loader.map(lib).into_iter().find(|p| p.symlink_metadata().is_ok());
        let parser = ["sbin/apparmor_parser", "usr/sbin/apparmor_parser"];
        let parser = parser.map(lib).into_iter().find(|p| p.exists()).unwrap_or_default();
        let loader = loader.map(|l| resolve(&self.root, &l)).unwrap_or_default();
        let mut command = Command::new(loader);
        command.arg("--library-path").arg(libraries.map(|l| l.display().to_string()).join(":"));
        command.arg(parser).args(["--config-file=/dev/null", "-QKTSq"]);
        command
    }

    /// Whether it says that it is this version.
    pub fn is(&self, version: &str) -> bool {
        run(self.command().arg("-V")).is_ok_and(|said| String::from_utf8_lossy(&said).contains(version))
    }

    /// Where it keeps what profiles include.
    pub fn base(&self) -> PathBuf {
        self.root.join("etc/apparmor.d")
    }

    /// Every profile file of the packages.
    pub fn profiles(&self) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for dir in ["etc/apparmor.d", "usr/share/apparmor/extra-profiles"] {
            let Ok(entries) = std::fs::read_dir(self.root.join(dir)) else { continue };
            for entry in entries {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                if path.is_file() && name != "README" && !name.starts_with('.') {
                    found.push(path);
                }
            }
        }
        found.sort();
        Ok(found)
    }
}

/// A link whose target is absolute in the unpacked tree.
fn resolve(root: &Path, link: &Path) -> PathBuf {
    match std::fs::read_link(link) {
        Ok(target) => match target.strip_prefix("/") {
            Ok(inside) => root.join(inside),
            Err(_) => link.parent().unwrap_or(root).join(target),
        },
        Err(_) => link.to_path_buf(),
    }
}

fn run(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().with_context(|| format!("{command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(output.stdout)
}

fn mirror() -> String {
    std::env::var("MIRROR").unwrap_or_else(|_| "http://deb.debian.org/debian".to_owned())
}

/// The files of packages by the suite's list.
fn files(suite: &str) -> Result<Vec<(String, String)>> {
    let url = format!("{}/dists/{suite}/main/binary-amd64/Packages.xz", mirror());
    let list = run(Command::new("sh").args(["-c", "curl -fsS \"$0\" | xz -dc"]).arg(&url))?;
    let mut found: Vec<(String, String)> = Vec::new();
    for paragraph in String::from_utf8_lossy(&list).split("\n\n") {
        let field = |name: &str| paragraph.lines().find_map(|l| l.strip_prefix(name)).map(str::trim);
        if let (Some(package), Some(file)) = (field("Package:"), field("Filename:"))
            && PACKAGES.contains(&package)
        {
            found.push((package.to_owned(), file.to_owned()));
        }
    }
    Ok(found)
}

/// The compiler of a release, fetched when it is not there.
pub fn parser(release: &Release) -> Result<Parser> {
    let root = cache().join(release.suite);
    if !root.join("complete").exists() {
        std::fs::create_dir_all(&root)?;
        for (package, file) in files(release.suite)? {
            let deb = root.join(format!("{package}.deb"));
            run(Command::new("curl").args(["-fsS", "-o"]).arg(&deb).arg(format!("{}/{file}", mirror())))?;
            run(Command::new("dpkg").arg("-x").arg(&deb).arg(&root))?;
            std::fs::remove_file(&deb)?;
        }
        std::fs::write(root.join("complete"), "")?;
    }
    let parser = Parser { root };
    if !parser.is(release.version) {
        println!("{}: the compiler is no longer {}", release.suite, release.version);
    }
    Ok(parser)
}

/// The test suite of 4.1.0's source, unpacked; `None` when it cannot be had.
pub fn simple_tests() -> Result<PathBuf> {
    let dir = cache().join("source");
    let tests = dir.join("tests/simple_tests");
    if !tests.exists() {
        std::fs::create_dir_all(&dir)?;
        let pool = format!("{}/pool/main/a/apparmor", mirror());
        let url = format!("{pool}/apparmor_4.1.0.orig.tar.gz");
        let archive = dir.join("source.tar");
        run(Command::new("curl").args(["-fsS", "-o"]).arg(&archive).arg(url))?;
        let unpack = ["--wildcards", "--strip-components=3", "*/parser/tst/*"];
        run(Command::new("tar").arg("-C").arg(&dir).arg("-xf").arg(&archive).args(unpack))?;
        std::fs::remove_file(&archive)?;
        std::fs::create_dir_all(dir.join("tests"))?;
        std::fs::rename(dir.join("simple_tests"), &tests)?;
    }
    Ok(tests)
}
