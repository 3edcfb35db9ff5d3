//! POSIX access control lists.
//!
//! `check_acl` and `posix_acl_permission` decide where an inode has one: EACCES. A default ACL of
//! a directory is inherited by what is made in it, and then names the user it was made for and
//! nobody else; udisks gives `/run/media/USER` to its user by such an entry alone.

use crate::context::{Context, file_call, never_refuses, under};
use crate::say::{Best, allows, denies};
use whodenied_case::{Attempt, Change, Knob, Phase, Predicate, Support, Verdict};
use whodenied_kernel::{Errno, Layer};

const LAYER: Layer = Layer::Acl;

/// Directories that hold an ACL for their user by the system's own doing.
const GRANTED_BY_ACL: &[&str] = &["/run/media", "/media"];

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, cx: &Context<'_>) -> Option<Verdict> {
    if never_refuses(attempt, LAYER) || !(file_call(attempt) || attempt.object_name().starts_with('/')) {
        return None;
    }
    if !matches!(attempt.errno, Some(Errno::EACCES) | None) {
        return None;
    }
    let name = attempt.object_name();
    let mut best = Best::new();
    let setfacl = |c: &Change| matches!(c, Change::Other(t) if t.contains("setfacl"));
    if let Some(trial) = cx.works(setfacl) {
        best.offer(
            denies(attempt, LAYER, Support::Trial, 85, "Changing the access control list made it work.")
                .trial(trial),
        );
    }
    let lifted = cx.facts.knob(|k| matches!(k, Knob::Other { key, .. } if key.starts_with("act-setfacl")));
    if let Some((id, _)) = lifted {
        best.offer(denies(attempt, LAYER, Support::Configured, 80, "Access control lists were removed here: a default list of the directory is inherited by everything made in it, and names the one user it was made for.").fact(id).policy("POSIX ACL"));
    }
    let shown = cx.facts.all.iter().find_map(|f| match &f.what {
        Predicate::Path(p) if p.acl => Some((f.id, p)),
        _ => None,
    });
    if let Some((id, state)) = shown {
        // getfacl takes the first slash away.
        let bare = name.trim_start_matches('/');
        let near = name.is_empty()
            || under(name, &state.path)
            || under(&state.path, name)
            || !state.path.is_empty() && under(bare, &state.path);
        // Who tells of setfacl knows where the list comes from.
        let near = near || attempt.errno == Some(Errno::EACCES) && cx.facts.knob(|k| matches!(k, Knob::Other { key, .. } if key.starts_with("act-setfacl") || key == "acl-entry")).is_some();
        let weight = if near { 78 } else { 40 };
        let support = if near { Support::Configured } else { Support::Usual };
        best.offer(denies(attempt, LAYER, support, weight, "The path carries an access control list, which decides in place of the group's mode bits and names this user nowhere.").fact(id).policy("POSIX ACL"));
    }
    let masked = cx.facts.knob(|k| matches!(k, Knob::Other { key, .. } if key == "acl-masked"));
    if let Some((id, _)) = masked {
        let because = "An entry of the list names the user or group, and the list's mask takes the right away again: what getfacl calls effective is what counts.";
        best.offer(
            denies(attempt, LAYER, Support::Configured, 88, because).fact(id).policy("POSIX ACL mask"),
        );
    }
    if let Some(fact) = cx.stated(&["acl-mentioned"]).filter(|_| attempt.errno == Some(Errno::EACCES)) {
        let because =
            "The files have access control lists, which decide in place of the mode bits that are shown.";
        best.offer(denies(attempt, LAYER, Support::Usual, 62, because).fact(fact.id).policy("ACL"));
    }
    let mapped = cx.remapped() || cx.contained();
    // A container has directories of such names of its own; the runtime walks those of the host.
    let outside = !cx.contained()
        || under(name, GRANTED_BY_ACL[0])
        || matches!(attempt.phase, Phase::Engine | Phase::RuntimeSetup)
        || cx.bind_over(name).is_some_and(|(_, source, _)| GRANTED_BY_ACL.iter().any(|r| under(source, r)));
    if GRANTED_BY_ACL.iter().any(|root| under(name, root)) && mapped && outside {
        best.offer(denies(attempt, LAYER, Support::Default, 84, "The directory is open to its user by an access control list only; an id that the container maps to another one is not named in it.").policy("POSIX ACL"));
    }
    let verdict = best.done();
    verdict
        .or_else(|| {
            let plain = cx.facts.path(name).find(|(_, p)| p.mode.is_some() && !p.acl)?;
            allows(attempt, LAYER, "The listing shows no access control list.").fact(plain.0).into()
        })
        .map(|mut v| {
            v.next_steps.push(if name.starts_with('/') {
                format!("getfacl {}", whodenied_text::quote::shell(name))
            } else {
                "getfacl PATH".to_owned()
            });
            v
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::fixture::Fixture;
    use whodenied_case::{Engine, Environment, PathState};
    use whodenied_kernel::Call;

    #[test]
    fn an_acl_in_the_listing() {
        let state = PathState { path: "/srv".into(), mode: Some(0o750), acl: true, ..PathState::default() };
        let f = Fixture::new(Call::Open, Errno::EACCES).object("/srv/x").path(state);
        assert_eq!(f.support(judge), Some(Support::Configured));
        let f = Fixture::new(Call::Open, Errno::EPERM).object("/srv/x");
        assert_eq!(f.support(judge), None);
    }

    #[test]
    fn media_of_a_desktop_user() {
        let f = Fixture::new(Call::Stat, Errno::EACCES)
            .object("/run/media/u/d")
            .engine(Engine::Podman)
            .environment(Environment::Rootless);
        assert_eq!(f.support(judge), Some(Support::Default));
        assert_eq!(Fixture::new(Call::Stat, Errno::EACCES).object("/run/media/u/d").support(judge), None);
    }
}
