//! Said when nothing that is known fits: a denial is there, and no layer explains it.
//!
//! Always the weakest answer, so that any other layer that fits goes before it.

use crate::context::Context;
use crate::say::denies;
use whodenied_case::{Attempt, Support, Verdict};
use whodenied_kernel::{Errno, Layer};

/// Judges one attempt.
pub(crate) fn judge(attempt: &Attempt, _cx: &Context<'_>) -> Option<Verdict> {
    if !matches!(attempt.errno, Some(Errno::EACCES | Errno::EPERM)) || attempt.own_refusal {
        return None;
    }
    let because = "Something refused this, and nothing in the evidence tells what.";
    denies(attempt, Layer::Unknown, Support::Prior, 0, because)
        .step("strace -f -o trace.txt -e trace=all PROGRAM; grep -E 'EACCES|EPERM' trace.txt")
        .step("journalctl -k --since -5min")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{attempt, denied};
    use whodenied_kernel::Call;

    #[test]
    fn only_a_denial() {
        assert_eq!(denied(judge, &attempt(Call::Open, Errno::EACCES, "/x"), &[]), Some(Support::Prior));
        assert_eq!(denied(judge, &attempt(Call::Open, Errno::ENOENT, "/x"), &[]), None);
    }
}
