//! What a profile's head says: its name, mode and flags, what it attaches to.

use super::claim::{Claim, entry};
use super::classes::Expression;
use super::database::{Limits, TooComplex, database};
use super::glob::{self, Kind, Re};
use super::mediation::Mediation;
use crate::policy::{self, Attachment, Flags, Mode, PathFlags, bit};
use crate::resolve::{Profile, filter_slashes};
use crate::rules::flags::{Head, Mode as Named};
use crate::rules::{Decision, errno};
use crate::syntax::encode;

/// Everything but rules.
pub(super) fn head(profile: &Profile, disconnected: Option<&str>, m: &Mediation) -> policy::Profile {
    let head = &profile.head;
    let mut out = policy::Profile::new(&encode(&profile.name));
    out.namespace = profile.namespace.as_deref().map(encode);
    out.mode = match head.mode.unwrap_or_default() {
        Named::Enforce => Mode::Enforce,
        Named::Complain => Mode::Complain,
        Named::Kill => Mode::Kill,
        Named::Unconfined | Named::DefaultAllow => Mode::Unconfined,
        Named::Prompt => Mode::Prompt,
    };
    let mut bits = if profile.hat { Flags::HAT } else { 0 };
    if head.has("debug") {
        bits |= DEBUG;
    }
    if head.has("interruptible") && m.interruptible {
        bits |= Flags::INTERRUPTIBLE;
    }
    out.flags = Flags { bits, audit: head.audit };
    out.path_flags = path_flags(head, disconnected.is_some(), m);
    out.disconnected = disconnected.map(encode);
    if m.disconnected_ipc {
        out.disconnected_ipc =
            head.disconnected_ipc.as_ref().and_then(|v| v.as_ref()).map(|v| encode(&v.text()));
    }
    out.kill_signal = head.kill_signal.filter(|_| m.kill_signal).map(u32::from);
    out.error = head.error.as_deref().filter(|_| m.error).and_then(errno::number);
    if m.identity {
        out.identities = head.identities.iter().map(|v| encode(&v.text())).collect();
    }
    if m.xattr {
        // The last first, as the reference has it.
        out.xattrs = head.xattrs.iter().rev().map(|(name, _)| encode(&name.text())).collect();
    }
    out
}

/// Debugging, the second bit of the flags.
const DEBUG: u32 = 2;

fn path_flags(head: &Head, disconnected: bool, m: &Mediation) -> Option<PathFlags> {
    let mut flags = 0;
    let mut named = disconnected;
    for (name, flag) in [
        ("chroot_relative", PathFlags::CHROOT_RELATIVE),
        ("mediate_deleted", PathFlags::MEDIATE_DELETED),
        ("attach_disconnected", PathFlags::ATTACH_DISCONNECTED),
        ("chroot_attach", PathFlags::CHROOT_ATTACH),
        ("namespace_relative", 0),
        ("delegate_deleted", 0),
        ("no_attach_disconnected", 0),
        ("chroot_no_attach", 0),
    ] {
        if head.has(name) {
            flags |= flag;
            named = true;
        }
    }
    if disconnected {
        flags |= PathFlags::ATTACH_DISCONNECTED;
    }
    if head.disconnected_ipc.is_some() && m.disconnected_ipc {
        flags |= PathFlags::ATTACH_DISCONNECTED_IPC;
        named = true;
    }
    // Naming any of them, if only to say no, takes the kernel's own default away.
    named.then_some(PathFlags(flags))
}

/// The attachment, with what every alias makes of it; `None` for a profile that is entered by name alone.
///
/// # Errors
/// Too many states.
pub(super) fn attachment(
    profile: &Profile,
    aliases: &[(String, String)],
    xattrs: &[(String, String)],
    limits: &Limits,
) -> Result<Option<Attachment>, TooComplex> {
    let name;
    let text = match &profile.attachment {
        Some(text) => text,
        None if xattrs.is_empty() => return Ok(None),
        // Asking for attributes makes an attachment of the name, whatever it is.
        None => {
            name = profile.name_pattern();
            &name
        }
    };
    let mut texts = vec![text.clone()];
    for (from, to) in aliases {
        if let Some(rest) = text.strip_prefix(from.as_str()) {
            texts.push(filter_slashes(&format!("{to}{rest}")));
        }
    }
    let claim = Claim {
        priority: 0,
        decision: Decision::Allow,
        mask: bit::EXEC.into(),
        audit: 0,
        exec: None,
        exact: false,
    };
    let mut length = 0;
    let mut expressions = Vec::new();
    for (place, text) in texts.iter().enumerate() {
        // Broken patterns were told while rules were judged.
        let Ok(glob) = glob::parse(text, Kind::Path) else { continue };
        if place == 0 {
            length = glob.re.before_wildcards();
        }
        // The kernel asks for the path, then goes on with one attribute after another.
        let mut parts = vec![glob.re];
        expressions.push(Expression { re: Re::Cat(parts.clone()), claim, rule: None });
        for (_, value) in xattrs {
            let Ok(value) = glob::parse(value, Kind::Bytes) else { continue };
            parts.extend([Re::OutOfBand, Re::literal(&[0]), value.re]);
            expressions.push(Expression { re: Re::Cat(parts.clone()), claim, rule: None });
        }
    }
    let made = database(&expressions, limits, entry)?;
    Ok(Some(Attachment { database: made, length: u32::try_from(length).unwrap_or(u32::MAX) }))
}
