//! Signals, tracing, user namespaces, io_uring, message queues.

use super::{Broken, Output, any, byte, claim, class, marker, some_string};
use crate::compile::claim::Claim;
use crate::compile::glob::{ByteSet, Kind, Re};
use crate::policy::{Class, bit};
use crate::rules::Qualifiers;
use crate::rules::ipc::{IoUring, Mqueue, Ptrace, Queue, Signal};

/// Creating a user namespace (kernel `include/perms.h`, `AA_USERNS_CREATE`).
pub(super) const CREATE_NAMESPACE: u32 = 8;

impl Output<'_> {
    /// `SIGNAL number label`; a rule about every signal also covers `LABEL SIGNAL label`, which is asked when
    /// the number does not matter.
    pub(super) fn signal(&mut self, rule: &Signal, q: &Qualifiers) -> Result<(), Broken> {
        let head = if rule.set.is_empty() {
            Re::Alt(vec![
                Re::cat([class(Class::Label), class(Class::Signal)]),
                Re::cat([class(Class::Signal), any()]),
            ])
        } else {
            let numbers = rule.set.iter().fold(ByteSet::EMPTY, |set, n| set.with(*n));
            Re::cat([class(Class::Signal), Re::Set(numbers)])
        };
        let peer = self.name_or(rule.peer.as_ref(), some_string())?;
        self.policy(Re::cat([head, peer]), claim(q, rule.access.into()));
        Ok(())
    }

    /// `PTRACE label`, or `LABEL PTRACE label`.
    pub(super) fn ptrace(&mut self, rule: &Ptrace, q: &Qualifiers) -> Result<(), Broken> {
        let peer = self.name_or(rule.peer.as_ref(), some_string())?;
        let re = Re::cat([class(Class::Label).optional(), class(Class::Ptrace), peer]);
        self.policy(re, claim(q, rule.access.into()));
        Ok(())
    }

    /// The permission stands on the class itself, which every rule marks as mediated at its own priority.
    pub(super) fn userns(&mut self, q: &Qualifiers) {
        self.policy(class(Class::Namespace), claim(q, CREATE_NAMESPACE.into()));
        self.marked(Class::Namespace, q);
    }

    fn marked(&mut self, class: Class, q: &Qualifiers) {
        let expression = marker(&[class as u8], super::priority(q));
        self.policy.push(expression);
    }

    /// As user namespaces; credentials of others also go by label.
    pub(super) fn io_uring(&mut self, rule: &IoUring, q: &Qualifiers) -> Result<(), Broken> {
        let access = self.accesses(rule.access);
        self.policy(class(Class::IoUring), claim(q, access.into()));
        self.marked(Class::IoUring, q);
        if access & 8 != 0 {
            // No variables are replaced here.
            let label = match &rule.label {
                Some(value) => self.parse(value, &value.text(), Kind::Path)?.re,
                None => Re::any_string(),
            };
            self.policy(Re::cat([class(Class::IoUring), label]), claim(q, access.into()));
        }
        Ok(())
    }

    /// `POSIX name [NUL label]` and `SYSV key [NUL label]`: a queue that is created has no label yet.
    pub(super) fn mqueue(&mut self, rule: &Mqueue, q: &Qualifiers) -> Result<(), Broken> {
        let m = self.mediation;
        let access = self.accesses(rule.access);
        let label = match &rule.label {
            Some(value) => Some(self.name(value)?),
            None => None,
        };
        if m.posix_mqueue && rule.kind != Queue::Sysv {
            let name = self.name_or(rule.name.as_ref(), Re::any_string())?;
            let name = Re::cat([class(Class::PosixMqueue), name]);
            self.queue(&name, label.clone(), access, |mask| claim(q, mask.into()));
        }
        if m.sysv_mqueue && rule.kind != Queue::Posix {
            let key = match rule.name.as_ref().and_then(|name| name.text().parse::<u32>().ok()) {
                Some(key) => Re::literal(&key.to_be_bytes()),
                None => any_key(),
            };
            // A rule about both kinds asks for the label twice over in the second: so the reference has it.
            let label = label.map(|label| match rule.kind {
                Queue::Any if m.posix_mqueue => Re::cat([label.clone(), label]),
                _ => label,
            });
            let name = Re::cat([class(Class::SysvMqueue), key]);
            self.queue(&name, label, access, |mask| claim(q, mask.into()));
        }
        Ok(())
    }

    fn queue(&mut self, name: &Re, label: Option<Re>, access: u32, claim: impl Fn(u32) -> Claim) {
        const CREATING: u32 = bit::CREATE | bit::READ | bit::WRITE;
        if label.is_none() {
            self.policy(name.clone(), claim(access));
        }
        if access & bit::CREATE != 0 {
            self.policy(name.clone(), claim(access & CREATING));
        }
        let label = label.unwrap_or_else(some_string);
        self.policy(Re::cat([name.clone(), byte(0), label]), claim(access));
    }

    /// Every queue, as `all` says it.
    pub(super) fn all_queues(&mut self, claim: impl Fn(u32) -> Claim + Copy) {
        let m = self.mediation;
        if m.posix_mqueue {
            self.queue(&Re::cat([class(Class::PosixMqueue), Re::any_string()]), None, QUEUES, claim);
        }
        if m.sysv_mqueue {
            self.queue(&Re::cat([class(Class::SysvMqueue), any_key()]), None, QUEUES, claim);
        }
    }
}

/// Everything that is done with queues.
const QUEUES: u32 = 0x376;

fn any_key() -> Re {
    Re::cat([any(), any(), any(), any()])
}
