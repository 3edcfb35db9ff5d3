//! The few words that more than one renderer needs.

use whodenied_case::{Certainty, Diagnosis, Where, YesNo};
use whodenied_kernel::Layer;

/// The layer as the subject of "… refused X", for the start of a sentence.
pub(crate) const fn subject(layer: Layer) -> &'static str {
    match layer {
        Layer::Dac => "File mode and owner",
        Layer::Acl => "A POSIX ACL",
        Layer::Userns => "The user namespace",
        Layer::Capability => "A missing capability",
        Layer::NoNewPrivs => "no_new_privs",
        Layer::Readonly => "A read-only mount",
        Layer::MountFlags => "A mount flag",
        Layer::DeviceCgroup => "The device cgroup",
        Layer::Cgroup => "A cgroup controller",
        Layer::Sysctl => "A sysctl",
        Layer::Port => "The privileged port range",
        Layer::Rlimit => "A resource limit",
        Layer::InodeFlags => "An inode flag",
        Layer::Filesystem => "The file system",
        Layer::OtherLsm => "Another security module",
        Layer::UserspacePolicy => "A policy outside the kernel",
        Layer::Application => "The program itself",
        Layer::Lockdown => "Kernel lockdown",
        Layer::Unknown => "An unknown layer",
        Layer::Seccomp | Layer::Apparmor | Layer::Selinux | Layer::Landlock | Layer::Yama => layer.title(),
    }
}

/// [`subject`] inside a sentence.
pub(crate) fn subject_inside(layer: Layer) -> String {
    let subject = subject(layer);
    let common = ["The", "A", "An", "File", "Another", "Kernel"];
    match subject.split_once(' ') {
        Some((first, rest)) if common.contains(&first) => format!("{} {rest}", first.to_lowercase()),
        _ => subject.to_owned(),
    }
}

fn operation(diagnosis: &Diagnosis) -> &str {
    match diagnosis.operation.trim() {
        "" => "an operation",
        operation => operation,
    }
}

/// The object, where the operation does not name it already.
pub(crate) fn object(diagnosis: &Diagnosis) -> Option<&str> {
    Some(diagnosis.object.trim()).filter(|o| !o.is_empty() && !operation(diagnosis).contains(o))
}

/// The operation with its object.
pub(crate) fn what(diagnosis: &Diagnosis) -> String {
    let operation = operation(diagnosis);
    object(diagnosis).map_or_else(|| operation.to_owned(), |object| format!("{operation} on {object}"))
}

/// The answer in one line: who refused what. The certainty is told beside it.
pub(crate) fn answer(diagnosis: &Diagnosis) -> String {
    say(diagnosis, &what(diagnosis))
}

/// [`answer`] without the object, for where that has its own place.
pub(crate) fn short_answer(diagnosis: &Diagnosis) -> String {
    say(diagnosis, operation(diagnosis))
}

fn say(diagnosis: &Diagnosis, what: &str) -> String {
    match (diagnosis.certainty, diagnosis.layer) {
        (_, Layer::Unknown) => format!("{what} was refused; by which layer can't be told from this"),
        (Certainty::Possible, layer) => {
            let mut layers = vec![subject(layer)];
            layers.extend(diagnosis.alternatives.iter().take(2).map(|a| a.layer.title()));
            let who = match layers.as_slice() {
                [one] => (*one).to_owned(),
                [first, last] => format!("{first} or {last}"),
                [first, second, last, ..] => format!("{first}, {second} or {last}"),
                [] => String::new(),
            };
            format!("{who} refused {what}")
        }
        (_, layer) => format!("{} refused {what}", subject(layer)),
    }
}

/// Versions as a reader wants them: the product once, its versions after it.
pub(crate) fn versions(list: &[String]) -> String {
    let mut products: Vec<(&str, Vec<&str>)> = Vec::new();
    for entry in list {
        let (product, version) = entry.rsplit_once(' ').unwrap_or((entry, ""));
        match products.iter_mut().find(|(p, _)| *p == product) {
            Some((_, versions)) if !version.is_empty() => versions.push(version),
            _ => products.push((product, vec![version])),
        }
    }
    let each = products.iter().map(|(product, versions)| format!("{product} {}", versions.join(", ")));
    each.map(|p| p.trim_end().to_owned()).collect::<Vec<_>>().join("; ")
}

/// Whether this refusal is what broke the program.
pub(crate) const fn broke(answer: YesNo) -> &'static str {
    match answer {
        YesNo::Yes => "broke the program: yes",
        YesNo::No => "broke the program: no",
        YesNo::Unknown => "broke the program: not known",
    }
}

/// The machine as a person reads it.
pub(crate) const fn place(on: Where) -> &'static str {
    match on {
        Where::Host => "on the host",
        Where::Container => "in the container's configuration",
        Where::Image => "in the image",
        Where::Guest => "in the guest that runs the engine",
        Where::OuterHost => "on the outer host",
        Where::Server => "on the file server",
        Where::Client => "where you type the command",
        Where::Program => "in the program's own settings",
    }
}

/// `word` with an `s` unless `count` is one.
pub(crate) fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("{count} {word}") } else { format!("{count} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_is_named_once() {
        let list = ["Docker 29.4.3", "containerd 1.7.31", "containerd 2.0.9", "rawhide"].map(str::to_owned);
        assert_eq!(versions(&list), "Docker 29.4.3; containerd 1.7.31, 2.0.9; rawhide");
        assert_eq!(versions(&[]), "");
    }
}
