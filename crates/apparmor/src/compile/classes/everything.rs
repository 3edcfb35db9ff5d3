//! `all,`: every class at once.

use super::file::{any_target, everything, halves};
use super::unix::Asked;
use super::{Expression, INHERIT, Output, any, byte, class, marker, priority, some_string};
use crate::compile::claim::{Claim, file};
use crate::compile::glob::Re;
use crate::compile::mediation::Sockets;
use crate::policy::Class;
use crate::rules::dbus::{BIND, EAVESDROP, RECEIVE, SEND};
use crate::rules::network::ALL;
use crate::rules::{Decision, Owner, Qualifiers};

impl Output<'_> {
    /// What is denied is recorded unless the rule says `audit`: the reverse of other rules.
    pub(super) fn everything(&mut self, q: &Qualifiers) {
        let claim = |mask: u64| Claim {
            priority: priority(q),
            decision: q.decision,
            mask,
            audit: if q.audit { mask } else { 0 },
            exec: None,
            exact: false,
        };
        self.all_files(q, claim);
        let of = |mask: u32| claim(mask.into());
        let m = self.mediation;
        let strings = |n: usize| {
            let mut parts = vec![class(Class::Dbus), Re::any_string()];
            for _ in 1..n {
                parts.extend([byte(0), Re::any_string()]);
            }
            Re::Cat(parts)
        };
        if m.dbus {
            self.policy(strings(2), of(BIND));
            self.policy(strings(6), of(SEND | RECEIVE));
            self.policy(strings(1), of(EAVESDROP));
        }
        if m.signal {
            let heads = [
                Re::cat([class(Class::Label), class(Class::Signal)]),
                Re::cat([class(Class::Signal), any()]),
            ];
            self.policy(Re::cat([Re::Alt(heads.to_vec()), some_string()]), of(6));
        }
        if m.ptrace {
            let re = Re::cat([class(Class::Label).optional(), class(Class::Ptrace), some_string()]);
            self.policy(re, of(0x1e));
        }
        for (class_of, mediated, mask) in
            [(Class::Namespace, m.userns, super::ipc::CREATE_NAMESPACE), (Class::IoUring, m.io_uring, 0x18)]
        {
            if mediated {
                self.policy(class(class_of), of(mask));
                self.policy.push(marker(&[class_of as u8], priority(q)));
            }
        }
        if m.io_uring {
            self.policy(Re::cat([class(Class::IoUring), Re::any_string()]), of(0x18));
        }
        if m.mount {
            self.all_mounts(q);
        }
        self.all_queues(of);
        if let Some(class) = m.unix {
            self.unix_fine(class, &Asked::all(None), of);
        }
        if let Sockets::Class(class) = m.sockets {
            for family in 0..super::net::FAMILY_COUNT {
                self.policy(super::unix::family(class, family, None), of(ALL));
            }
        }
    }

    /// Reading, writing and the rest; executing under the same profile at a lower priority, so that every rule
    /// that says otherwise goes before it.
    fn all_files(&mut self, q: &Qualifiers, claim: impl Fn(u64) -> Claim) {
        let deny = q.decision == Decision::Deny;
        let mask = file::WRITE | file::READ | file::APPEND | file::LOCK | file::MMAP;
        // What `deny all` says of files that are not the task's own is lost.
        let owner = if deny { Owner::Owner } else { q.owner };
        let link = if deny { 0 } else { file::LINK };
        let mut push = |re: Re, claim: Claim| {
            self.file.push(Expression { re, claim, rule: self.rule });
        };
        push(everything(), claim(halves(owner, mask | link)));
        let mut pair = claim(halves(owner, file::LINK));
        pair.mask |= u64::from(file::LOCK);
        push(Re::cat([everything(), byte(0), any_target()]), pair);
        let exec = Claim {
            priority: priority(q) - 2,
            exec: Some(INHERIT).filter(|_| !deny),
            ..claim(halves(Owner::Any, file::EXEC))
        };
        push(everything(), exec);
    }
}
