//! `cargo xtask compare [--tools DIR]`: file access by another user, asked of whodenied, whycant and whyno, beside
//! what the running kernel says to a process with those credentials. Writes docs/comparison.md.
//!
//! Runs as root in a mount namespace of its own; nothing on the host changes. The other tools are taken from
//! DIR/bin or the path, and their columns say that they were not there if they were not.

mod cases;

use crate::build::root;
use anyhow::{Context as _, Result, bail};
use cases::{CASES, Case, Who};
use serde_json::Value;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use whodenied_access::{OpenFlags, Operation, RenameHow};
use whodenied_kernel::Errno;
use whodenied_testkit::access::perform::perform;

const INSIDE: &str = "--inside";
const PERFORM: &str = "--perform";

pub(crate) fn run(args: &[String]) -> Result<bool> {
    if let [word, operation] = args
        && word == PERFORM
    {
        let operation: Operation = serde_json::from_str(operation)?;
        println!("{}", perform(&operation));
        return Ok(true);
    }
    if !is_root()? {
        println!("skipped: the comparison sets up mounts, owners and flags, which needs root");
        return Ok(true);
    }
    if args.first().is_some_and(|a| a == INSIDE) {
        return inside(args.get(1..).unwrap_or_default());
    }
    let status = crate::build::cargo().args(["build", "--quiet", "-p", "whodenied"]).status()?;
    if !status.success() {
        bail!("whodenied does not build");
    }
    let error = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "--"])
        .arg(std::env::current_exe()?)
        .args(["compare", INSIDE])
        .args(args)
        .exec();
    Err(error).context("unshare")
}

fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output()?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// What a tool said to one case.
struct Said {
    /// `allowed`, `denied`, or why there is no answer.
    verdict: String,
    /// Shell commands of its first fix; empty for none.
    fix: String,
    /// Whether the operation works once that was done; `None` without a fix.
    works: Option<bool>,
    took: Duration,
}

struct Tools {
    ours: PathBuf,
    whycant: Option<PathBuf>,
    whyno: Option<PathBuf>,
}

fn inside(args: &[String]) -> Result<bool> {
    let folder = args.iter().position(|a| a == "--tools").and_then(|at| args.get(at + 1));
    let find = |name: &str| {
        let own = folder.map(|f| Path::new(f).join("bin").join(name)).into_iter();
        let path = std::env::var_os("PATH").unwrap_or_default();
        let usual: Vec<PathBuf> = std::env::split_paths(&path).map(|p| p.join(name)).collect();
        own.chain(usual).find(|p| p.is_file())
    };
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let tools =
        Tools { ours: target.join("debug/whodenied"), whycant: find("whycant"), whyno: find("whyno") };
    let base = Path::new("/tmp").join(format!("whodenied-compare-{}", std::process::id()));
    std::fs::create_dir(&base)?;
    sh(&base, "mount -t tmpfs -o mode=755 none .")?;
    accounts(&base)?;
    // Every subject must reach it.
    let asker = base.join("asker");
    std::fs::copy(std::env::current_exe()?, &asker)?;
    let mut rows = Vec::new();
    let mut wrong = 0;
    for (n, case) in CASES.iter().enumerate() {
        let at = base.join(format!("c{n}"));
        let row = one(case, &at, &asker, &tools).with_context(|| case.what)?;
        wrong += usize::from(row.wrong(0));
        println!("{}", row.line());
        rows.push(row);
    }
    let _ = std::fs::remove_dir(&base);
    write(&rows, &tools)?;
    println!("{} cases, whodenied wrong in {wrong}", rows.len());
    Ok(wrong == 0)
}

/// Copies of the account files with our users, seen in this mount namespace alone.
fn accounts(base: &Path) -> Result<()> {
    let passwd = std::fs::read_to_string("/etc/passwd")?;
    let group = std::fs::read_to_string("/etc/group")?;
    let without: String =
        group.lines().filter(|l| !l.starts_with("staff:")).map(|l| format!("{l}\n")).collect();
    let mut users = passwd;
    let mut groups = format!("{without}staff:x:7100:alice\n");
    for (name, id) in [("alice", 7001), ("bob", 7002), ("carol", 7003)] {
        users.push_str(&format!("{name}:x:{id}:{id}::/nonexistent:/bin/sh\n"));
        groups.push_str(&format!("{name}:x:{id}:\n"));
    }
    std::fs::write(base.join("passwd"), users)?;
    std::fs::write(base.join("group"), groups)?;
    sh(base, "mount --bind passwd /etc/passwd && mount --bind group /etc/group")
}

fn sh(at: &Path, commands: &str) -> Result<()> {
    let output = Command::new("sh").args(["-ec", commands]).current_dir(at).output()?;
    if !output.status.success() {
        bail!("{commands}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(())
}

/// Builds the case anew on a file system of its own.
fn build(case: &Case, at: &Path) -> Result<()> {
    clear(at);
    std::fs::create_dir_all(at)?;
    sh(at, "mount -t tmpfs -o mode=755 none .")?;
    sh(at, case.setup)
}

fn clear(at: &Path) {
    // With everything mounted below it.
    let _ = Command::new("umount").args(["-R", "-l"]).arg(at).stderr(Stdio::null()).status();
}

/// A command line that makes what follows run as the subject.
fn becoming(who: Who) -> &'static [&'static str] {
    match who {
        Who::Alice => &["setpriv", "--reuid=7001", "--regid=7001", "--groups=7001,7100", "--inh-caps=-all"],
        Who::Root => &["env"],
        Who::BareRoot => &["setpriv", "--inh-caps=-all", "--bounding-set=-all"],
        Who::Namespace => &[
            "setpriv",
            "--reuid=7001",
            "--regid=7001",
            "--groups=7001,7100",
            "--inh-caps=-all",
            "unshare",
            "--user",
            "--map-root-user",
        ],
    }
}

fn as_subject(who: Who) -> Command {
    let words = becoming(who);
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}

/// The operation for the kernel.
fn operation(case: &Case, at: &Path) -> Operation {
    let bytes = |name: &str| at.join(name).into_os_string().into_encoded_bytes();
    let path = bytes(case.path);
    let flags = OpenFlags::default();
    let open = |flags| Operation::Open { path: path.clone(), flags };
    match case.operation {
        "read" => open(OpenFlags { read: true, ..flags }),
        "write" => open(OpenFlags { write: true, ..flags }),
        "create" => open(OpenFlags { write: true, create: true, exclusive: true, ..flags }),
        "save" => open(OpenFlags { write: true, create: true, truncate: true, ..flags }),
        "list" => open(OpenFlags { read: true, directory: true, ..flags }),
        "execute" => Operation::Execute { path },
        "delete" => Operation::Unlink { path },
        "truncate" => Operation::Truncate { path },
        "connect" => Operation::Connect { path },
        "chmod" => Operation::ChangeMode { path, mode: 0o600 },
        "chown" => Operation::ChangeOwner { path, uid: case.second.parse().ok(), gid: None, follow: true },
        "rename" => Operation::Rename { from: path, to: bytes(case.second), how: RenameHow::Replace },
        _ => Operation::Link { from: path, to: bytes(case.second), follow: false },
    }
}

/// What the kernel answers: 0, or the errno.
fn truth(case: &Case, at: &Path, asker: &Path) -> Result<i32> {
    let question = serde_json::to_string(&operation(case, at))?;
    let output =
        as_subject(case.who).arg(asker).args(["compare", PERFORM, &question]).current_dir("/").output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let number = text.trim().parse();
    number.with_context(|| format!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// A process of the subject that waits to be asked about.
struct Waiting(Child);

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn waiting(who: Who) -> Result<Option<Waiting>> {
    if matches!(who, Who::Alice | Who::Root) {
        return Ok(None);
    }
    // It says when it has become the subject.
    let mut child = as_subject(who)
        .args(["sh", "-c", "echo; exec sleep 60"])
        .stdout(Stdio::piped())
        .stdin(Stdio::null())
        .spawn()?;
    let mut byte = [0];
    let out = child.stdout.as_mut().context("no pipe")?;
    std::io::Read::read_exact(out, &mut byte)?;
    std::thread::sleep(Duration::from_millis(50));
    Ok(Some(Waiting(child)))
}

/// Runs a tool and reads its JSON; the time is the least of three runs.
fn ask(command: &mut dyn FnMut() -> Command) -> Result<(Option<Value>, String, Duration)> {
    let mut least = Duration::MAX;
    let mut last = (None, String::new());
    for _ in 0..3 {
        let begun = Instant::now();
        let output = command().current_dir("/").stdin(Stdio::null()).output()?;
        least = least.min(begun.elapsed());
        let error = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or("").to_owned();
        last = (serde_json::from_slice(&output.stdout).ok(), error);
    }
    Ok((last.0, last.1, least))
}

struct Row<'a> {
    case: &'a Case,
    truth: i32,
    /// Ours, whycant, whyno.
    said: [Said; 3],
}

fn one<'a>(case: &'a Case, at: &Path, asker: &Path, tools: &Tools) -> Result<Row<'a>> {
    build(case, at)?;
    let waiting = waiting(case.who)?;
    let pid = waiting.as_ref().map(|w| w.0.id());
    let mut said =
        [ours(case, at, tools, pid)?, whycant(case, at, tools, pid)?, whyno(case, at, tools, pid)?];
    drop(waiting);
    let truth_now = truth(case, at, asker)?;
    for one in &mut said {
        if truth_now == 0 || one.fix.is_empty() {
            continue;
        }
        build(case, at)?;
        let done = sh(at, &one.fix).is_ok();
        // A group that was joined counts for a login made after that; ours is made by numbers.
        one.works =
            if one.fix.contains("usermod") { None } else { Some(done && truth(case, at, asker)? == 0) };
    }
    clear(at);
    let _ = std::fs::remove_dir(at);
    Ok(Row { case, truth: truth_now, said })
}

fn none(why: &str) -> Said {
    Said { verdict: why.to_owned(), fix: String::new(), works: None, took: Duration::ZERO }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

fn ours(case: &Case, at: &Path, tools: &Tools, pid: Option<u32>) -> Result<Said> {
    let user = match (case.who, pid) {
        (_, Some(pid)) => format!("pid:{pid}"),
        (Who::Root, None) => "root".to_owned(),
        _ => "alice".to_owned(),
    };
    let (value, error, took) = ask(&mut || {
        let mut command = Command::new(&tools.ours);
        command.args(["can", "--format", "json", &user, case.operation]).arg(at.join(case.path));
        if case.operation == "chown" {
            command.arg(case.second);
        } else if !case.second.is_empty() {
            command.arg(at.join(case.second));
        }
        command
    })?;
    let Some(value) = value else { return Ok(none(&format!("failed: {error}"))) };
    let verdict = match value["verdict"].as_str() {
        Some("allowed") => "allowed".to_owned(),
        Some("unknown") => "undecided".to_owned(),
        _ => format!("denied {}", text(&value["errno"])),
    };
    let commands = value["remedies"][0]["commands"].as_array().cloned().unwrap_or_default();
    let fix: Vec<String> = commands.iter().map(|c| text(c).replacen("sudo ", "", 1)).collect();
    Ok(Said { verdict, fix: fix.join(" && "), works: None, took })
}

fn whycant(case: &Case, at: &Path, tools: &Tools, pid: Option<u32>) -> Result<Said> {
    let Some(tool) = &tools.whycant else { return Ok(none("not installed")) };
    let Some(word) = cases::whycant(case.operation) else { return Ok(none("does not ask this")) };
    if pid.is_some() {
        return Ok(none("asks no process"));
    }
    let user = if case.who == Who::Root { "root" } else { "alice" };
    let (value, error, took) = ask(&mut || {
        let mut command = Command::new(tool);
        command.args(["--json", "--no-interactive", "--user", user, word]).arg(at.join(case.path));
        command
    })?;
    let Some(value) = value else { return Ok(none(&format!("failed: {error}"))) };
    let verdict = match value["verdict"].as_str() {
        Some("blocked") => format!("denied ({})", text(&value["blocking_layer"])),
        Some(other) => other.to_owned(),
        None => "no verdict".to_owned(),
    };
    let words = value["fixes"][0]["action"]["argv"].as_array().cloned().unwrap_or_default();
    let quoted: Vec<String> = words.iter().map(|w| format!("'{}'", text(w).replace('\'', "'\\''"))).collect();
    Ok(Said { verdict, fix: quoted.join(" "), works: None, took })
}

fn whyno(case: &Case, at: &Path, tools: &Tools, pid: Option<u32>) -> Result<Said> {
    let Some(tool) = &tools.whyno else { return Ok(none("not installed")) };
    let Some(word) = cases::whyno(case.operation) else { return Ok(none("does not ask this")) };
    let subject = match (case.who, pid) {
        (_, Some(pid)) => format!("pid:{pid}"),
        (Who::Root, None) => "root".to_owned(),
        _ => "alice".to_owned(),
    };
    let (value, error, took) = ask(&mut || {
        let mut command = Command::new(tool);
        command.args(["--json", &subject, word]).arg(at.join(case.path));
        command
    })?;
    let Some(value) = value else { return Ok(none(&format!("failed: {error}"))) };
    let failed = value["layers"].as_array().and_then(|all| all.iter().find(|l| l["result"] == "fail"));
    let verdict = match value["result"].as_str() {
        Some("denied") => format!("denied ({})", failed.map(|l| text(&l["name"])).unwrap_or_default()),
        Some(other) => other.to_owned(),
        None => "no verdict".to_owned(),
    };
    Ok(Said { verdict, fix: text(&value["fixes"][0]["command"]), works: None, took })
}

impl Row<'_> {
    fn truth(&self) -> String {
        if self.truth == 0 { "allowed".to_owned() } else { format!("denied {}", Errno(self.truth)) }
    }

    fn right(&self, tool: usize) -> Option<bool> {
        let said = self.said[tool].verdict.as_str();
        let (allows, denies) = (said.starts_with("allow"), said.starts_with("denied"));
        // The errno is ours alone to say, so it counts for us alone.
        if tool == 0 && !allows && !denies {
            return None;
        }
        match (allows, denies) {
            (true, _) => Some(self.truth == 0),
            (_, true) if tool == 0 => Some(said == self.truth()),
            (_, true) => Some(self.truth != 0),
            _ => None,
        }
    }

    fn wrong(&self, tool: usize) -> bool {
        self.right(tool) == Some(false) || (tool == 0 && self.right(0).is_none())
    }

    fn cell(&self, tool: usize) -> String {
        let said = &self.said[tool];
        let mark = match self.right(tool) {
            Some(true) => "",
            Some(false) => " **wrong**",
            None => "",
        };
        let fix = match (self.truth, said.fix.is_empty(), said.works) {
            (0, ..) => "",
            (_, true, _) if self.right(tool) == Some(true) => "; no fix",
            (_, true, _) => "",
            (_, _, Some(true)) => "; fix works",
            (_, _, Some(false)) => "; fix does not",
            (_, _, None) => "; fix not tried",
        };
        format!("{}{mark}{fix}", said.verdict)
    }

    fn line(&self) -> String {
        let who = match self.case.who {
            Who::Alice => "alice",
            Who::Root => "root",
            Who::BareRoot => "root, no capabilities",
            Who::Namespace => "root of a namespace",
        };
        format!(
            "| {} | {who} | {} | {} | {} | {} | {} |",
            self.case.what,
            self.case.operation,
            self.truth(),
            self.cell(0),
            self.cell(1),
            self.cell(2)
        )
    }
}

fn version(tool: Option<&PathBuf>) -> String {
    let line = tool.and_then(|t| Command::new(t).arg("--version").output().ok());
    let line = line.and_then(|o| String::from_utf8_lossy(&o.stdout).lines().next().map(str::to_owned));
    line.unwrap_or_else(|| "not installed".to_owned())
}

/// Writes the page.
fn write(rows: &[Row<'_>], tools: &Tools) -> Result<()> {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let release: String = kernel.trim().chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    let mut page = String::from(HEAD);
    page.push_str(&format!(
        "Linux {release}; {}, {}, {}.\n\n",
        version(Some(&tools.ours)),
        version(tools.whycant.as_ref()),
        version(tools.whyno.as_ref())
    ));
    page.push_str("| case | subject | operation | the kernel | whodenied | whycant | whyno |\n");
    page.push_str("| --- | --- | --- | --- | --- | --- | --- |\n");
    rows.iter().for_each(|row| page.push_str(&format!("{}\n", row.line())));
    page.push_str("\n| | whodenied | whycant | whyno |\n| --- | --- | --- | --- |\n");
    let count = |what: &dyn Fn(&Row<'_>, usize) -> bool| {
        [0, 1, 2].map(|tool| rows.iter().filter(|row| what(row, tool)).count())
    };
    let sums: [(&str, [usize; 3]); 6] = [
        ("answered", count(&|r, t| r.right(t).is_some())),
        ("right", count(&|r, t| r.right(t) == Some(true))),
        ("wrong", count(&|r, t| r.right(t) == Some(false))),
        ("first fix lets it through", count(&|r, t| r.said[t].works == Some(true))),
        ("first fix does not", count(&|r, t| r.said[t].works == Some(false))),
        (
            "denied, no fix offered",
            count(&|r, t| r.truth != 0 && r.right(t) == Some(true) && r.said[t].fix.is_empty()),
        ),
    ];
    for (what, [a, b, c]) in sums {
        page.push_str(&format!("| {what} | {a} | {b} | {c} |\n"));
    }
    let median = |tool: usize| {
        let mut all: Vec<Duration> =
            rows.iter().map(|r| r.said[tool].took).filter(|t| !t.is_zero()).collect();
        all.sort_unstable();
        all.get(all.len() / 2).map_or_else(|| "—".to_owned(), |t| format!("{:.1} ms", t.as_secs_f64() * 1e3))
    };
    page.push_str(&format!(
        "| time of a process, median of the least of three | {} | {} | {} |\n",
        median(0),
        median(1),
        median(2)
    ));
    page.push_str(TAIL);
    std::fs::write(root().join("docs/comparison.md"), page)?;
    Ok(())
}

const HEAD: &str = "\
# File access by another user, beside whycant and whyno

Made by `cargo xtask compare --tools DIR` (as root, in a mount namespace of its own; DIR is where
`cargo install --root DIR whycant whyno-cli` put the others). Each case is set up on a tmpfs, asked of the
three tools, and then really tried by a process with the subject's credentials: that is the column *the
kernel*. Then the case is set up again for each tool that offered a fix, the first of its fixes is done as it
stands, and the operation is tried again.

";

const TAIL: &str = "
How to read it:

- The cases were chosen by us, so they favour what we model. Those that the others do not ask (rename, link,
  truncate, chmod, chown, connect, O_CREAT on what is there) are not counted as wrong.
- For whodenied the errno counts too; the others do not name one.
- *no fix* is right where the way out is none of files (a capability) or would open a place of the system.
  A fix *not tried* adds the user to a group, which counts for later logins.
- Times are of processes on a machine that did other work; whodenied was built without optimisation.
- `fs.protected_*` are as the machine had them.
- Security modules were not part of it: the kernel it ran on had neither AppArmor nor SELinux. whycant and
  whyno read some of their state; whodenied says that they were not asked.
";
