//! The layers in the order in which the kernel asks them for this call, and why the others did not
//! refuse.

use super::rank::Suspect;
use whodenied_case::{
    Alternative, Answer, Attempt, Case, Certainty, ChainLink, Mark, RuledOut, Support, Verdict,
};
use whodenied_kernel::{Call, Errno, Layer, order};

/// Links for a terminal.
const MOST: usize = 12;

/// Marks each layer of the call: passed, refused, unknown, not asked.
pub(super) fn chain(
    verdicts: &[Verdict],
    attempt: &Attempt,
    top: &Suspect<'_>,
    suspects: &[Suspect<'_>],
    certainty: Certainty,
) -> Vec<ChainLink> {
    let Some(call) = attempt.call else { return short(top, suspects) };
    let layers = order::layers(call);
    if !layers.contains(&top.layer) {
        return short(top, suspects);
    }
    let decided =
        order::position(call, top.layer, attempt.errno).or_else(|| order::position(call, top.layer, None));
    let mut links = Vec::new();
    for layer in layers {
        let first = order::position(call, layer, None);
        let allows = verdicts.iter().find_map(|v| match &v.answer {
            Answer::Allows { because } if v.attempt == attempt.id && v.layer == layer => {
                Some(because.as_str())
            }
            _ => None,
        });
        let suspected = suspects.iter().any(|s| s.layer == layer && s.score >= (Support::Usual, 30));
        let (mark, note) = if layer == top.layer {
            (Mark::Refused, top.policy.map_or_else(|| "refused".to_owned(), str::to_owned))
        } else if let Some(because) = allows.filter(|_| first <= decided) {
            (Mark::Passed, because.to_owned())
        } else if first > decided {
            let can = attempt.errno.is_some_and(|e| order::can_give(call, layer, e));
            if can && suspected && certainty == Certainty::Possible {
                (Mark::Unknown, "would answer the same".to_owned())
            } else {
                (Mark::NotAsked, String::new())
            }
        } else if let Some(errno) =
            attempt.errno.filter(|e| !attempt.errno_inferred && !order::can_give(call, layer, *e))
        {
            (Mark::Passed, instead(call, layer, errno))
        } else if certainty == Certainty::Proven {
            (Mark::Passed, "the call came past it".to_owned())
        } else if suspected || certainty == Certainty::Possible {
            (Mark::Unknown, String::new())
        } else {
            (Mark::Passed, String::new())
        };
        links.push(ChainLink { layer, mark, note });
    }
    links.truncate(MOST);
    links
}

fn short(top: &Suspect<'_>, suspects: &[Suspect<'_>]) -> Vec<ChainLink> {
    let mut links = vec![ChainLink {
        layer: top.layer,
        mark: Mark::Refused,
        note: top.policy.unwrap_or("refused").to_owned(),
    }];
    let rest = suspects.iter().skip(1).filter(|s| s.score >= (Support::Usual, 30)).take(2);
    links.extend(rest.map(|s| ChainLink { layer: s.layer, mark: Mark::Unknown, note: String::new() }));
    links
}

/// "gives EPERM here, not EACCES".
fn instead(call: Call, layer: Layer, errno: Errno) -> String {
    order::usual_errno(call, layer).map_or_else(
        || format!("does not give {errno} here"),
        |usual| format!("gives {usual} here, not {errno}"),
    )
}

/// Layers that did not refuse, and why that is known.
pub(super) fn ruled_out(
    case: &Case,
    verdicts: &[Verdict],
    attempt: &Attempt,
    top: &Suspect<'_>,
    alternatives: &[Alternative],
) -> Vec<RuledOut> {
    let mut out: Vec<RuledOut> = Vec::new();
    let mut add = |layer: Layer, because: String| {
        let named = layer == top.layer || alternatives.iter().any(|a| a.layer == layer);
        if !named && !out.iter().any(|r| r.layer == layer) {
            out.push(RuledOut { layer, because });
        }
    };
    for verdict in verdicts.iter().filter(|v| v.attempt == attempt.id) {
        if let Answer::Allows { because } = &verdict.answer {
            add(verdict.layer, because.clone());
        }
    }
    let (Some(call), Some(errno)) = (attempt.call, attempt.errno) else { return out };
    if attempt.errno_inferred {
        return out;
    }
    if top.score.0 == Support::Record
        && order::position(call, top.layer, None) > Some(0)
        && top.layer != Layer::Seccomp
    {
        add(Layer::Seccomp, format!("It is asked first, and the call reached {}.", top.layer.title()));
    }
    for layer in [
        Layer::Dac,
        Layer::Capability,
        Layer::Yama,
        Layer::Readonly,
        Layer::DeviceCgroup,
        Layer::Port,
        Layer::Selinux,
        Layer::Apparmor,
    ] {
        if !order::asks(call, layer) {
            if layer == Layer::Dac
                && matches!(call, Call::Socketpair | Call::Socket | Call::Clone | Call::UsernsCreate)
            {
                add(layer, "No file is involved, so no mode or owner is asked.".to_owned());
            }
            continue;
        }
        if !order::can_give(call, layer, errno) {
            let text = instead(call, layer, errno);
            add(layer, format!("For {} it {text}.", call.name()));
        }
    }
    if errno == Errno::EACCES
        && top.layer != Layer::Seccomp
        && case.facts.in_oci_container()
        && !alternatives.iter().any(|a| a.layer == Layer::Seccomp)
    {
        add(
            Layer::Seccomp,
            "The default filters of container runtimes answer EPERM or ENOSYS, never EACCES.".to_owned(),
        );
    }
    out
}
