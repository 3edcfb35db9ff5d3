//! Questions of files: the model of file access, asked of the live world.

use super::answer::{Answer, Verdict};
use std::collections::BTreeMap;
use whodenied_access::{Class, Decision, Operation, Refusal, Rule, World, decide};
use whodenied_case::capture::Seen;
use whodenied_case::{Certainty, Where};
use whodenied_sources::subject::Asking;
use whodenied_sources::world::{LiveWorld, Look};
use whodenied_text::escape;

/// What of the files `operation` needs to be read.
#[must_use]
pub fn look(operation: &Operation) -> Look {
    Look {
        programs: matches!(operation, Operation::Execute { .. }),
        emptiness: matches!(operation, Operation::RemoveDirectory { .. } | Operation::Rename { .. }),
        attributes: matches!(
            operation,
            Operation::GetAttribute { .. }
                | Operation::SetAttribute { .. }
                | Operation::RemoveAttribute { .. }
        ),
    }
}

/// Asks the model.
pub(super) fn ask(asking: &Asking, operation: &Operation) -> Answer {
    let world = match LiveWorld::open(&asking.view, look(operation)) {
        Ok(world) => world,
        Err(why) => return Answer { certainty: Certainty::Possible, ..Answer::new(Verdict::Unknown, why) },
    };
    let decision = decide(&asking.subject, &world, operation);
    let mut answer = match &decision {
        Decision::Allowed => allowed(asking, &world, operation),
        Decision::Refused(refusal) => refused(asking, &world, operation, refusal),
        Decision::Unknown(node) => {
            let at = String::from_utf8_lossy(&world.path(*node)).into_owned();
            let because = format!(
                "What lies at or in {} could not be read by this user, and it decides.",
                escape::line(&at)
            );
            Answer {
                at,
                certainty: Certainty::Possible,
                decide: "ask again as root".to_owned(),
                ..Answer::new(Verdict::Unknown, because)
            }
        }
    };
    answer.decision = Some(decision);
    answer.doubts.extend(world.doubts());
    if !answer.doubts.is_empty() {
        answer.certainty = answer.certainty.max(Certainty::Likely);
    }
    answer
}

fn allowed(asking: &Asking, world: &LiveWorld, operation: &Operation) -> Answer {
    if let Operation::Execute { path } = operation
        && let Some(refused) = loader(asking, world, path)
    {
        return refused;
    }
    Answer::new(
        Verdict::Allowed,
        "Owner, mode, access control lists, capabilities, mount options and flags of every component let it through.",
    )
}

/// A dynamic program is loaded by its interpreter, which must be executable too: `load_elf_binary`
/// (fs/binfmt_elf.c) opens it with `open_exec`.
fn loader(asking: &Asking, world: &LiveWorld, path: &[u8]) -> Option<Answer> {
    let program = program(world, path)?;
    let interpreter = world.program_interpreter(program)?;
    let operation = Operation::Execute { path: interpreter };
    match decide(&asking.subject, world, &operation) {
        Decision::Refused(refusal) => {
            let mut answer = refused(asking, world, &operation, &refusal);
            answer.because = format!("The loader that the program names is refused. {}", answer.because);
            Some(answer)
        }
        _ => None,
    }
}

/// The program that is run in the end, behind links and scripts; the model has walked it already.
fn program(world: &LiveWorld, path: &[u8]) -> Option<whodenied_access::NodeId> {
    let mut path = path.to_vec();
    for _ in 0..6 {
        let node = world.resolve(&path)?;
        match world.inode(node)?.interpreter.clone() {
            Some(next) => path = next,
            None => return Some(node),
        }
    }
    None
}

fn refused(asking: &Asking, world: &LiveWorld, operation: &Operation, refusal: &Refusal) -> Answer {
    let at =
        refusal.at.map_or_else(String::new, |node| String::from_utf8_lossy(&world.path(node)).into_owned());
    let sysctls = sysctls(world);
    let seen = Seen {
        subject: &asking.subject,
        operation,
        world,
        names: &asking.names,
        sysctls: &sysctls,
        outside: None,
    };
    let told = whodenied_judge::told(&seen, refusal);
    let mut answer = match told {
        Some(told) => Answer::denied(refusal.errno, told.layer, at, told.because),
        None => {
            let because = plain(refusal, &at);
            let verdict = if refusal.rule.layer().is_some() { Verdict::Denied } else { Verdict::Fails };
            Answer {
                errno: Some(refusal.errno),
                layer: refusal.rule.layer(),
                at,
                ..Answer::new(verdict, because)
            }
        }
    };
    answer.function = refusal.rule.function();
    let place = if asking.same_mounts { Where::Host } else { Where::Container };
    answer.remedies = whodenied_remedy::remedies(&seen, place);
    if !asking.same_mounts && !answer.remedies.is_empty() {
        // Its paths and its names are its own.
        answer.decide = format!(
            "the commands are meant inside, as its root: sudo nsenter -a -t {} COMMAND",
            asking.view.pid.unwrap_or(0)
        );
    }
    let group =
        matches!(refusal.rule, Rule::Permission(Class::Other | Class::ListOther) | Rule::ForeignGroup);
    if group && !asking.is_process && !asking.unasked.is_empty() {
        answer.doubts.push(format!(
            "Groups may also come from {}, which was not asked: in a group of the object, it might be allowed.",
            asking.unasked.join(", ")
        ));
        answer.decide = "compare with the output of id for that user".to_owned();
    }
    answer
}

fn sysctls(world: &LiveWorld) -> BTreeMap<String, String> {
    let settings = world.settings();
    [
        ("symlinks", settings.symlinks),
        ("hardlinks", settings.hardlinks),
        ("fifos", settings.fifos),
        ("regular", settings.regular),
    ]
    .iter()
    .map(|(name, value)| (format!("fs.protected_{name}"), value.to_string()))
    .collect()
}

/// What is no matter of rights, in a sentence.
fn plain(refusal: &Refusal, at: &str) -> String {
    let at = escape::line(at);
    match refusal.rule {
        Rule::NoEntry => format!("There is no such entry in {at}."),
        Rule::NotDirectory => format!("{at} is not a directory."),
        Rule::IsDirectory => format!("{at} is a directory."),
        Rule::NotEmpty => format!("{at} is not empty."),
        Rule::Exists => format!("{at} is there already."),
        Rule::MountPoint => format!("Something is mounted on {at}."),
        Rule::CrossMount => format!("The two paths are on different mounts; {at} is the second."),
        Rule::Inside => "One path lies inside the other.".to_owned(),
        Rule::NotSocket => format!("{at} is not a socket."),
        Rule::OpensSocket => format!("{at} is a socket, which is connected to, not opened."),
        Rule::ManyLinks => format!("Too many symbolic links on the way, at {at}."),
        Rule::LinkNotFollowed => format!("{at} is a symbolic link, which this call does not follow."),
        Rule::LongName | Rule::EmptyPath => "The path is empty or too long.".to_owned(),
        Rule::NoAttribute => format!("{at} has no such attribute."),
        Rule::AttributeUnsupported => format!("{at} takes no such attribute."),
        Rule::UserAttributeKind => {
            format!("{at} is neither a file nor a directory, which alone take user. attributes.")
        }
        Rule::DefaultListKind => format!("{at} is no directory, which alone has a default list."),
        Rule::LinkDirectory => format!("{at} is a directory, which has no hard links."),
        Rule::ManyInterpreters => "Interpreters of interpreters, too deep.".to_owned(),
        Rule::FileCapabilities(missing) => format!(
            "{at} gains capabilities at once (0x{:x} of them are not in the bounding set), and is not started with fewer.",
            missing.0
        ),
        Rule::UnmappedRoot => "The root of this user namespace has no id on the file system.".to_owned(),
        Rule::Whiteout => "An overlay keeps this device number for itself.".to_owned(),
        Rule::DotName => "The path ends in a dot or is the root.".to_owned(),
        _ => format!("The call makes no sense here ({at})."),
    }
}

/// The device that the path of a read or write leads to: the device cgroup is asked for those.
pub(super) fn device(asking: &Asking, operation: &Operation) -> Option<(u32, u32)> {
    let Operation::Open { path, .. } = operation else { return None };
    let world = LiveWorld::open(&asking.view, Look::default()).ok()?;
    let node = world.resolve(path)?;
    world.inode(node).filter(|i| i.kind.is_device())?;
    world.device(node)
}
