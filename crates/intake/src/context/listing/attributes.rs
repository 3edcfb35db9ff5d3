//! `getcap` and `lsattr`.
//!
//! Sources: getcap(8), lsattr(1).

use super::Here;
use crate::context::sink::Sink;
use whodenied_case::{PathState, Predicate};

pub(super) fn read(here: Here<'_>, sink: &mut Sink) -> bool {
    let Some(state) = getcap(here.text).or_else(|| lsattr(here.text)) else { return false };
    here.say(sink, "attributes", Predicate::Path(state));
    true
}

/// `/bin/ping cap_net_raw=ep`, older `/bin/ping = cap_net_raw+ep`.
fn getcap(text: &str) -> Option<PathState> {
    let (path, rest) = text.split_once(char::is_whitespace)?;
    let caps = rest.trim().trim_start_matches("= ").trim();
    let fits = path.starts_with(['/', '.'])
        && caps.starts_with("cap_")
        && !caps.contains(char::is_whitespace)
        && caps.contains(['=', '+']);
    fits.then(|| PathState {
        path: path.to_owned(),
        capabilities: Some(caps.to_owned()),
        ..PathState::default()
    })
}

/// `----i---------e------- /path`.
fn lsattr(text: &str) -> Option<PathState> {
    let mut words = text.split_whitespace();
    let flags = words.next()?;
    let path = words.next()?;
    let known = (13..=24).contains(&flags.len())
        && flags.contains('-')
        && flags.bytes().all(|b| b"-aAcCdDeEFijmNPsStTuVxI".contains(&b));
    // A mode of `ls -l` is shorter, ten characters.
    (known && words.next().is_none()).then(|| PathState {
        path: path.to_owned(),
        flags: Some(flags.replace('-', "")),
        ..PathState::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both() {
        assert_eq!(
            getcap("/usr/bin/ping cap_net_raw=ep").unwrap().capabilities.as_deref(),
            Some("cap_net_raw=ep")
        );
        assert_eq!(
            getcap("/bin/ping = cap_net_admin,cap_net_raw+p").unwrap().capabilities.as_deref(),
            Some("cap_net_admin,cap_net_raw+p")
        );
        assert!(getcap("/bin/ping failed").is_none());
        assert_eq!(lsattr("----i---------e------- /var/lib/x").unwrap().flags.as_deref(), Some("ie"));
        assert_eq!(lsattr("--------------e------- ./a").unwrap().flags.as_deref(), Some("e"));
        assert!(lsattr("---------------------- text here").is_none());
    }
}
