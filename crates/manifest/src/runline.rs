//! `docker run`, `podman run` and `nerdctl run` lines, and their options where they stand alone or
//! in a sentence.
//!
//! Sources: docker-run(1), podman-run(1), `nerdctl run --help`.

use crate::knob::{Found, Knob, Surface};
use crate::line::Line;
use crate::shell::{self, Word};
use crate::{compose, value};

/// A setting and the word it stands in.
pub type Placed = (Word, Knob);

/// Adds the settings of every run line in `lines`.
pub fn read(lines: &[Line<'_>], found: &mut Vec<Found>) {
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        if let Some((from, leads)) = start(line.text) {
            let (words, next) = shell::command(lines, at, from);
            let (knobs, image) = command(&words);
            push(knobs, Surface::RunLine, found);
            if let Some(image) = image.filter(|_| leads) {
                push(vec![image], Surface::RunLine, found);
            }
            at = next.max(at + 1);
            continue;
        }
        if line.text.contains("--") || line.text.starts_with('-') {
            loose(line.text, at, found);
        }
        at += 1;
    }
}

fn push(knobs: Vec<Placed>, surface: Surface, found: &mut Vec<Found>) {
    for (word, knob) in knobs {
        found.push(Found { line: word.line, range: word.range, surface, service: None, knob });
    }
}

fn push_one(word: &Word, knob: Knob, out: &mut Vec<Placed>) {
    out.push((word.clone(), knob));
}

/// Where the arguments of a run command begin in `text`, and whether the command leads the line.
fn start(text: &str) -> Option<(usize, bool)> {
    for program in ["docker", "podman", "nerdctl"] {
        let mut from = 0;
        while let Some(found) = text.get(from..).and_then(|r| r.find(program)) {
            let at = from + found;
            let end = at + program.len();
            from = end;
            let before = text.get(..at).and_then(|t| t.chars().next_back());
            let bounded = before.is_none_or(|c| c.is_whitespace() || "/`'\"(".contains(c));
            if !bounded || !text.get(end..).is_some_and(|r| r.starts_with(char::is_whitespace)) {
                continue;
            }
            if let Some(args) = arguments(text, end) {
                return Some((args, leads(text.get(..at).unwrap_or(""))));
            }
        }
    }
    None
}

/// The byte after `run` or `create`, global options and `container` passed over.
fn arguments(text: &str, end: usize) -> Option<usize> {
    let mut at = end;
    for _ in 0..6 {
        let rest = text.get(at..)?;
        let word_at = at + (rest.len() - rest.trim_start().len());
        let word = text.get(word_at..)?.split(char::is_whitespace).next()?;
        let word_end = word_at + word.len();
        match word.trim_end_matches(['`', '"', '\'', ',', '.', ')']) {
            "run" | "create" => return Some(word_end),
            "container" => {}
            w if w.starts_with("--") => {
                // `--context x`, but `--debug` alone.
                if !w.contains('=')
                    && matches!(
                        w,
                        "--context"
                            | "--host"
                            | "--runtime"
                            | "--root"
                            | "--storage-driver"
                            | "--namespace"
                            | "--log-level"
                            | "--cgroup-manager"
                    )
                {
                    let rest = text.get(word_end..)?;
                    let blanks = rest.len() - rest.trim_start().len();
                    at = word_end + blanks + rest.trim_start().split(char::is_whitespace).next()?.len();
                    continue;
                }
            }
            _ => return None,
        }
        at = word_end;
    }
    None
}

/// True when only a prompt, a path or words like `sudo` stand before the command.
fn leads(before: &str) -> bool {
    before.split_whitespace().all(|w| {
        matches!(
            w,
            "$" | "#" | "%" | ">" | "sudo" | "-E" | "time" | "authbind" | "--deep" | "exec" | "+" | "&&"
        ) || w.contains('=')
            || w.ends_with(['$', '#', '%', '/'])
            || w.ends_with(':')
    })
}

/// Options and image of a run command; what follows the image is the program's.
#[must_use]
pub fn command(words: &[Word]) -> (Vec<Placed>, Option<Placed>) {
    let (out, rest) = scan(words);
    let image = words.get(rest).and_then(|w| {
        let text = w.text.trim_end_matches(['`', ',', '\'']);
        let name = text.split("://").last().unwrap_or(text);
        let fits = compose::view::is_image(name) && !name.starts_with("..") && !is_stop_word(name);
        fits.then(|| (w.clone(), Knob::Image(name.to_owned())))
    });
    (out, image)
}

/// Words that follow `docker run` in a sentence.
fn is_stop_word(name: &str) -> bool {
    matches!(
        name,
        "..."
            | "on"
            | "in"
            | "as"
            | "with"
            | "and"
            | "is"
            | "the"
            | "a"
            | "an"
            | "command"
            | "commands"
            | "works"
            | "fails"
            | "from"
            | "to"
            | "inside"
            | "for"
            | "or"
            | "it"
            | "this"
            | "line"
            | "via"
            | "again"
            | "gives"
            | "does"
            | "without"
            | "options"
    )
}

/// The settings among options, for `options:` of a CI job or `PodmanArgs=`.
#[must_use]
pub fn options(words: &[Word]) -> Vec<Placed> {
    scan(words).0
}

fn scan(words: &[Word]) -> (Vec<Placed>, usize) {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let text = word.text.as_str();
        if text == "--" {
            return (out, at + 1);
        }
        if let Some(long) = text.strip_prefix("--") {
            let long = long.trim_end_matches(['`', ',', ')']);
            let (name, inline) = match long.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (long, None),
            };
            if is_switch(name) {
                option(name, inline.as_deref().unwrap_or("true"), word, &mut out);
            } else if let Some(value) = inline {
                option(name, &value, word, &mut out);
            } else if let Some(next) = words.get(at + 1) {
                let whole = joined(word, next);
                option(name, &next.text, &whole, &mut out);
                at += 1;
            }
        } else if text.len() > 1 && text.starts_with('-') {
            at += short(words, at, &mut out);
        } else {
            return (out, at);
        }
        at += 1;
    }
    (out, at)
}

/// A word that covers an option and its value where they share a line.
fn joined(option: &Word, value: &Word) -> Word {
    let mut whole = option.clone();
    if option.line == value.line {
        whole.range.end = value.range.end;
    }
    whole
}

/// A cluster of short options at `at`; gives how many further words it took.
fn short(words: &[Word], at: usize, out: &mut Vec<Placed>) -> usize {
    let Some(word) = words.get(at) else { return 0 };
    for (n, c) in word.text.char_indices().skip(1) {
        if "ditPq".contains(c) {
            continue;
        }
        let rest = word.text.get(n + c.len_utf8()..).unwrap_or("");
        let rest = rest.strip_prefix('=').unwrap_or(rest);
        let (value, whole, taken) = if rest.is_empty() {
            match words.get(at + 1) {
                Some(next) => (next.text.as_str(), joined(word, next), 1),
                None => return 0,
            }
        } else {
            (rest, word.clone(), 0)
        };
        let name = match c {
            'v' => "volume",
            'u' => "user",
            'p' => "publish",
            'e' => "env",
            _ => "",
        };
        option(name, value, &whole, out);
        return taken;
    }
    0
}

/// True for options that take no value (or only with `=`).
fn is_switch(name: &str) -> bool {
    matches!(
        name,
        "detach"
            | "interactive"
            | "tty"
            | "rm"
            | "privileged"
            | "init"
            | "read-only"
            | "publish-all"
            | "no-healthcheck"
            | "oom-kill-disable"
            | "sig-proxy"
            | "quiet"
            | "replace"
            | "no-hosts"
            | "rmi"
            | "disable-content-trust"
            | "tls-verify"
            | "read-only-tmpfs"
            | "http-proxy"
            | "env-host"
            | "help"
            | "systemd"
            | "rootfs"
            | "passwd"
            | "no-hostname"
            | "use-api-socket"
    )
}

fn option(name: &str, text: &str, word: &Word, out: &mut Vec<Placed>) {
    let text = text.trim_end_matches(['`', ')']).trim_end_matches(',');
    let owned = || text.to_owned();
    let knobs: Vec<Knob> = match name {
        "cap-add" => text.split(',').filter_map(value::cap).map(Knob::CapAdd).collect(),
        "cap-drop" => text.split(',').filter_map(value::cap).map(Knob::CapDrop).collect(),
        "privileged" => value::boolean(text).map(Knob::Privileged).into_iter().collect(),
        "security-opt" => value::security_opt(text),
        "user" if compose::view::is_user(text) => vec![Knob::User(owned())],
        "group-add" => vec![Knob::GroupAdd(owned())],
        "userns" => vec![Knob::UsernsMode(owned())],
        "uidmap" | "gidmap" | "subuidname" | "cgroupns" | "gpus" | "cgroup-parent" | "cpu-rt-runtime"
        | "systemd" | "pids-limit" => {
            vec![Knob::Other { key: name.to_owned(), value: owned() }]
        }
        "read-only" => value::boolean(text).map(Knob::ReadOnlyRoot).into_iter().collect(),
        "tmpfs" => value::tmpfs(text).into_iter().collect(),
        "volume" => value::volume(text).into_iter().collect(),
        "mount" => value::mount(text).into_iter().collect(),
        "device" => vec![Knob::Device(owned())],
        "device-cgroup-rule" => vec![Knob::DeviceRule(owned())],
        "sysctl" => value::sysctl(text).into_iter().collect(),
        "ulimit" => value::ulimit(text).into_iter().collect(),
        "net" | "network" => vec![Knob::Network(owned())],
        "ipc" => vec![Knob::Ipc(owned())],
        "pid" => vec![Knob::Pid(owned())],
        "publish" => value::publish(text).into_iter().collect(),
        "runtime" if value::is_oci_runtime(text) => vec![Knob::OciRuntime(owned())],
        "env" => {
            text.split_once('=').and_then(|(k, v)| compose::view::environment(k, v)).into_iter().collect()
        }
        _ => Vec::new(),
    };
    for knob in knobs {
        push_one(word, knob, out);
    }
}

/// Options in a line that is no run command: a line of a command whose head is lost (it begins with a
/// dash) is read as such; in a sentence only options that mean nothing else are taken.
fn loose(text: &str, at: usize, found: &mut Vec<Found>) {
    let (words, _) = shell::words(text, 0, at);
    if text.starts_with("--") {
        let own = words.first().is_some_and(|w| is_engine_option(&w.text));
        if own {
            let (knobs, rest) = scan(&words);
            push(knobs, Surface::RunLine, found);
            if let Some(rest) = words.get(rest..) {
                sentence(rest, found);
            }
            return;
        }
    }
    if let (Some(first), Some(second)) = (words.first(), words.get(1)) {
        // `-v a:b \` of a command whose head is lost.
        let volume =
            first.text == "-v" && value::volume(&second.text).is_some() && second.text.contains(":/");
        let port = first.text == "-p" && value::publish(&second.text).is_some() && second.text.contains(':');
        let env = first.text == "-e" && second.text.contains('=');
        if volume || port || env {
            push(scan(&words).0, Surface::RunLine, found);
            return;
        }
    }
    sentence(&words, found);
}

fn is_engine_option(word: &str) -> bool {
    let name = word.trim_start_matches('-').split('=').next().unwrap_or("");
    matches!(
        name,
        "cap-add"
            | "cap-drop"
            | "privileged"
            | "security-opt"
            | "userns"
            | "device"
            | "device-cgroup-rule"
            | "group-add"
            | "read-only"
            | "tmpfs"
            | "sysctl"
            | "ulimit"
            | "volume"
            | "mount"
            | "net"
            | "network"
            | "publish"
            | "user"
            | "runtime"
            | "restart"
            | "name"
            | "env"
            | "cgroupns"
            | "ipc"
            | "pid"
    )
}

/// `without --privileged`, `needs --privileged`, `--privileged mode might break`: what is not, or
/// only would be.
fn supposed(words: &[Word], at: usize) -> bool {
    let word = |n: usize| words.get(n).map_or(String::new(), |w| w.text.to_ascii_lowercase());
    let before = |back: usize| at.checked_sub(back).map_or(String::new(), word);
    let wanting = |w: &str| {
        matches!(
            w,
            "without"
                | "no"
                | "not"
                | "needs"
                | "need"
                | "requires"
                | "require"
                | "required"
                | "unless"
                | "avoid"
                | "lacks"
        )
    };
    let maybe = |w: &str| matches!(w, "might" | "may" | "could" | "would" | "should" | "must");
    wanting(&before(1)) || wanting(&before(2)) || maybe(&word(at + 1)) || maybe(&word(at + 2))
}

/// Unmistakable options between the words of a sentence.
fn sentence(words: &[Word], found: &mut Vec<Found>) {
    for (n, word) in words.iter().enumerate() {
        let text = word.text.trim_start_matches(['`', '(', '"', '\'']);
        let Some(long) = text.strip_prefix("--") else { continue };
        if supposed(words, n) {
            continue;
        }
        let long = long.trim_end_matches(['`', ')', ',', '.', ';', ':', '"', '\'']);
        let (name, inline) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let sure = matches!(
            name,
            "cap-add"
                | "cap-drop"
                | "privileged"
                | "security-opt"
                | "userns"
                | "device-cgroup-rule"
                | "group-add"
                | "read-only"
                | "sysctl"
                | "ulimit"
                | "cgroupns"
        );
        let value = inline.map(str::to_owned).or_else(|| {
            let next = words.get(n + 1)?.text.trim_end_matches(['`', ')', ',', ';']).to_owned();
            (!next.starts_with('-')).then_some(next)
        });
        let mut knobs = Vec::new();
        if name == "privileged" || name == "read-only" {
            option(name, inline.unwrap_or("true"), word, &mut knobs);
        } else if let Some(value) = value {
            let fits = match name {
                "device" | "tmpfs" => value.starts_with('/'),
                "volume" => value.contains(":/"),
                "net" | "network" | "pid" | "ipc" => value == "host",
                "user" => {
                    value.starts_with(|c: char| c.is_ascii_digit() || c == '$')
                        || matches!(value.as_str(), "root" | "nobody")
                }
                _ => sure,
            };
            if fits {
                option(name, &value, word, &mut knobs);
            }
        }
        push(knobs, Surface::Prose, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knob::CapSpec;
    use whodenied_kernel::Capability;

    fn view(text: &str) -> Vec<Knob> {
        let mut found = Vec::new();
        read(&crate::line::lines(text), &mut found);
        found.into_iter().map(|f| f.knob).collect()
    }

    fn volume(source: &str, target: &str, options: &[&str]) -> Knob {
        let options = options.iter().map(|o| (*o).to_owned()).collect();
        Knob::Volume { source: source.into(), target: target.into(), options }
    }

    #[test]
    fn long_short_clustered_and_continued() {
        assert_eq!(
            view(
                "$ sudo docker run -dit --cap-add=NET_ADMIN \\\n  -v /run/docker.sock:/run/docker.sock:ro \\\n  -u1000:100 --net host -p 127.0.0.1:80:8080 \\\n  --security-opt apparmor:unconfined img:1 sh -c '--privileged'"
            ),
            [
                Knob::CapAdd(CapSpec::One(Capability::NET_ADMIN)),
                volume("/run/docker.sock", "/run/docker.sock", &["ro"]),
                Knob::User("1000:100".into()),
                Knob::Network("host".into()),
                Knob::Publish { host: Some(80), container: 8080 },
                Knob::Apparmor("unconfined".into()),
                Knob::Image("img:1".into()),
            ]
        );
    }

    #[test]
    fn globals_paths_and_unknown_options() {
        assert_eq!(
            view("/usr/bin/podman --log-level debug run --name x --userns=keep-id -e A=b docker://alpine:3"),
            [Knob::UsernsMode("keep-id".into()), Knob::Image("alpine:3".into())]
        );
        assert_eq!(
            view("docker container run --rm -it --entrypoint /bin/sh a/b:c"),
            [Knob::Image("a/b:c".into())]
        );
    }

    #[test]
    fn a_tail_without_its_head() {
        assert_eq!(
            view("--cap-add mknod --security-opt seccomp=unconfined"),
            [Knob::CapAdd(CapSpec::One(Capability::MKNOD)), Knob::Seccomp("unconfined".into())]
        );
        assert_eq!(view("  -v /a:/b \\"), [volume("/a", "/b", &[])]);
    }

    #[test]
    fn sentences() {
        assert_eq!(
            view("Docker 1.8.1 with --cap-add SYS_ADMIN --device /dev/fuse"),
            [Knob::CapAdd(CapSpec::One(Capability::SYS_ADMIN)), Knob::Device("/dev/fuse".into())]
        );
        assert_eq!(view("AppArmor detection and --privileged mode might break."), []);
        assert_eq!(view("it runs without --privileged here"), []);
        assert_eq!(view("it was started by (`docker run --privileged`)"), [Knob::Privileged(true)]);
        assert_eq!(view("systemctl --user status podman"), []);
        assert_eq!(view("see https://docs.docker.com/engine run"), []);
        assert_eq!(view("rclone mount --user bob --device x"), []);
    }
}
