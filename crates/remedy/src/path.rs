//! Paths in fixes: which volume they lie on, whether they are the system's, how a command names them.

use crate::place::Ctx;
use whodenied_case::{Facts, Knob, PathState};
use whodenied_text::quote::shell;

/// The path acted on, where it is one.
pub(crate) fn object<'a>(ctx: &'a Ctx<'_>) -> Option<&'a str> {
    let bare = |n: &'a str| n.strip_prefix("unix://").unwrap_or(n);
    let name =
        ctx.attempt.object.name.as_deref().map(bare).filter(|n| n.starts_with('/') || n.starts_with("~/"));
    name.or_else(|| Some(bare(&ctx.d.object)).filter(|o| o.starts_with('/') && !o.contains(' ')))
}

/// A path as a command names it, a placeholder when it is not known.
pub(crate) fn shell_or(path: Option<&str>, placeholder: &str) -> String {
    path.map_or_else(|| format!("<{placeholder}>"), quoted)
}

/// A path for a command; a leading home or working directory stays for the shell to expand.
pub(crate) fn quoted(path: &str) -> String {
    for prefix in ["~/", "$HOME/", "${HOME}/", "$PWD/", "${PWD}/"] {
        if let Some(rest) = path.strip_prefix(prefix)
            && !rest.is_empty()
        {
            return format!("{prefix}{}", shell(rest));
        }
    }
    shell(path)
}

/// A path and its parent directory.
pub(crate) fn parent(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((dir, _)) => dir,
    }
}

/// True when `path` is `dir` or lies below it.
pub(crate) fn inside(path: &str, dir: &str) -> bool {
    let dir = dir.trim_end_matches('/');
    path.strip_prefix(dir).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A volume of the configuration.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Volume<'a> {
    pub(crate) source: &'a str,
    pub(crate) target: &'a str,
    pub(crate) options: &'a [String],
}

impl Volume<'_> {
    /// True for a directory of the host rather than a named volume.
    pub(crate) fn is_bind(&self) -> bool {
        self.source.starts_with(['/', '.', '~', '$'])
    }

    pub(crate) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|o| o == option)
    }
}

fn volumes(facts: &Facts) -> impl Iterator<Item = Volume<'_>> {
    facts.knobs().filter_map(|(_, k)| match k {
        Knob::Volume { source, target, options } if !target.is_empty() => {
            Some(Volume { source, target, options })
        }
        _ => None,
    })
}

/// The volume that the path lies on, seen from the container or from the host; the only volume
/// when the path is not known.
pub(crate) fn volume<'a>(ctx: &'a Ctx<'_>) -> Option<Volume<'a>> {
    let path = object(ctx);
    if let Some(path) = path {
        let of = |v: &Volume<'_>| inside(path, v.target) || (v.source.len() > 1 && inside(path, v.source));
        return volumes(ctx.facts).filter(of).max_by_key(|v| v.target.len());
    }
    let mut all = volumes(ctx.facts);
    match (all.next(), all.next()) {
        (Some(one), None) => Some(one),
        _ => None,
    }
}

/// Directories that belong to the system: never relabelled, never given away.
pub(crate) fn is_system(path: &str) -> bool {
    let path = match path.trim_end_matches('/') {
        "" => "/",
        p => p,
    };
    const WHOLE: [&str; 22] = [
        "/",
        "/home",
        "/root",
        "/usr",
        "/etc",
        "/var",
        "/bin",
        "/sbin",
        "/lib",
        "/lib64",
        "/boot",
        "/opt",
        "/srv",
        "/mnt",
        "/media",
        "/run",
        "/tmp",
        "/var/lib",
        "/var/log",
        "/var/run",
        "/usr/local",
        "/usr/share",
    ];
    const TREES: [&str; 9] = ["/usr", "/etc", "/proc", "/sys", "/dev", "/bin", "/sbin", "/lib", "/boot"];
    let home = path.strip_prefix("/home/").is_some_and(|rest| !rest.is_empty() && !rest.contains('/'));
    WHOLE.contains(&path) || home || TREES.iter().any(|t| inside(path, t))
}

/// What a listing says of the path, or of the directory above it.
pub(crate) fn state<'a>(ctx: &'a Ctx<'_>) -> Option<&'a PathState> {
    let path = object(ctx)?;
    ctx.facts
        .path(path)
        .chain(ctx.facts.path(path.rsplit('/').next().unwrap_or(path)))
        .chain(ctx.facts.path(parent(path)))
        .map(|(_, s)| s)
        .next()
}

/// A number as owners and groups are printed.
pub(crate) fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}
