//! D-Bus: strings that the bus asks the kernel about.

use super::{Broken, Output, byte, claim, class};
use crate::compile::glob::Re;
use crate::policy::Class;
use crate::rules::Qualifiers;
use crate::rules::dbus::{BIND, Dbus, EAVESDROP, RECEIVE, SEND};

impl Output<'_> {
    /// Owning a name: `bus NUL name`. A message: `bus NUL name NUL label NUL path NUL interface NUL member`.
    /// Listening in: `bus`.
    pub(super) fn dbus(&mut self, rule: &Dbus, q: &Qualifiers) -> Result<(), Broken> {
        let part = |value: &Option<_>| self.name_or(value.as_ref(), Re::any_string());
        let bus = Re::cat([class(Class::Dbus), part(&rule.bus)?]);
        let own = part(&rule.name)?;
        let message = [
            part(&rule.peer_name)?,
            part(&rule.peer_label)?,
            self.path_or(rule.path.as_ref(), Re::any_string())?,
            part(&rule.interface)?,
            part(&rule.member)?,
        ];
        if rule.access & BIND != 0 {
            self.policy(Re::cat([bus.clone(), byte(0), own]), claim(q, BIND.into()));
        }
        if rule.access & (SEND | RECEIVE) != 0 {
            let mut parts = vec![bus.clone()];
            for part in message {
                parts.extend([byte(0), part]);
            }
            self.policy(Re::Cat(parts), claim(q, (rule.access & (SEND | RECEIVE)).into()));
        }
        if rule.access & EAVESDROP != 0 {
            self.policy(bus, claim(q, EAVESDROP.into()));
        }
        Ok(())
    }
}
