//! D-Bus and polkit.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

/// A refusal over the bus, in the words of the tool that asked.
const fn told(needs: &'static [&'static str]) -> Rule {
    Rule::on(needs).call(Call::Dbus).kind(K::BusName).errno(Errno::EACCES).without(&[
        "denied for user",
        "sql",
        "ftp",
        "http",
        "s3",
    ])
}

/// A refusal by polkit, asked by the service behind the bus.
const fn refused(needs: &'static [&'static str]) -> Rule {
    told(needs).states(s::POLKIT)
}

pub(crate) const RULES: &[Rule] = &[
    Rule::refine(&["bus connection"]).call(Call::Connect).kind(K::UnixSocketPath),
    // The service manager answers over the bus, in words without an errno.
    Rule::on(&["failed to", ".service: access denied"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES),
    Rule::on(&["failed to", ".socket: access denied"]).call(Call::Dbus).kind(K::BusName).errno(Errno::EACCES),
    Rule::on(&["failed to set", ": access denied"]).call(Call::Dbus).kind(K::BusName).errno(Errno::EACCES),
    // Tools of systemd print the bus's refusal behind `Failed to …` and `Could not …`.
    told(&["could not enable linger", ": access denied"]),
    told(&["could not disable linger", ": access denied"]),
    told(&["could not set", ": access denied"]),
    told(&["could not get", ": access denied"]),
    told(&["could not attach device", ": access denied"]),
    told(&["could not activate session", ": access denied"]),
    told(&["could not terminate", ": access denied"]),
    told(&["could not kill", ": access denied"]),
    told(&["could not lock", "session", ": access denied"]),
    told(&["could not inhibit", ": access denied"]),
    told(&["failed to inhibit", ": access denied"]),
    told(&["failed to issue method call: access denied"]),
    told(&["failed to execute operation: access denied"]),
    told(&["failed to enable", ": access denied"]),
    told(&["failed to disable", ": access denied"]),
    told(&["failed to mask", ": access denied"]),
    told(&["failed to power off", ": access denied"]),
    told(&["failed to reboot", ": access denied"]),
    told(&["failed to suspend", ": access denied"]),
    told(&["failed to halt", ": access denied"]),
    told(&["failed to start transient", ": access denied"]),
    told(&["failed to get properties: access denied"]),
    told(&["failed to register machine: access denied"]),
    told(&["failed to import environment: access denied"]),
    told(&["failed to add match", ": access denied"]),
    // A service that would ask polkit about an ordinary user, where polkit is not installed.
    refused(&["org.freedesktop.policykit1", "was not provided by any"]),
    refused(&["org.freedesktop.policykit1", "serviceunknown"]),
    refused(&["org.freedesktop.", "permissiondenied"]),
    refused(&[".settings.permissiondenied"]),
    refused(&["org.freedesktop.", ".notauthorized"]),
    refused(&["string \"insufficient privileges"]),
    refused(&["string \"not authorized"]),
    refused(&["not privileged for action"]),
    refused(&["not authorized", "org.freedesktop."]),
    refused(&["not authorised", "org.freedesktop."]),
    refused(&["not authorized for action"]),
    // polkitd's own log.
    refused(&["failed to authenticate to gain authorization for action"]).object(From::After("for action")),
    refused(&["not authorized for action", "polkit"]),
    // flatpak's helper of the system installation.
    refused(&["system operation", "not allowed for user"]),
    refused(&["error.failed: failed to obtain authentication"]),
    refused(&["access denied by policy"]),
    refused(&["not privileged to ", "networkmanager"]),
    refused(&["connection deletion failed: insufficient privileges"]),
    refused(&["failed to add", "connection: insufficient privileges"]),
    refused(&["failed to reload connections: access denied"]),
    refused(&["failed to delete connection", "insufficient privileges"]),
    refused(&["insufficient privileges", "networkmanager"]),
    refused(&["action", "requires authentication", "polkit"]),
    Rule::on(&["failed to reload daemon: access denied"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES),
    Rule::on(&["call to", "failed: access denied"]).call(Call::Dbus).kind(K::BusName).errno(Errno::EACCES),
    Rule::on(&["no polkit agent available"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["failed to modify connection", "insufficient privileges"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["connection activation failed: insufficient privileges"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["error.notauthorized"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["access denied (try with sudo)"]).call(Call::Connect).own().states(s::NEEDS_ROOT),
    Rule::on(&["authorization denied by plugin"]).own().states(s::AUTHZ_PLUGIN),
    Rule::on(&["an apparmor policy prevents this sender"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::DBUS_APPARMOR)
        .object(From::After("destination=")),
    Rule::on(&["an selinux policy prevents this sender"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::DBUS_SELINUX)
        .object(From::After("destination=")),
    Rule::on(&["rejected send message"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::DBUS_POLICY)
        .object(From::After("destination=")),
    Rule::on(&["rejected receive message"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::DBUS_POLICY),
    Rule::on(&["is not allowed to own the service"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::DBUS_POLICY)
        .object(From::After("own the service")),
    Rule::on(&["not allowed to own the service"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::DBUS_POLICY)
        .object(From::After("own the service")),
    Rule::on(&["request to own name refused by policy"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::DBUS_POLICY),
    Rule::on(&["org.freedesktop.dbus.error.accessdenied"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES),
    Rule::on(&["dbus", "accessdenied"]).call(Call::Dbus).kind(K::BusName).errno(Errno::EACCES),
    Rule::on(&["access denied", "dbus"]).call(Call::Dbus).kind(K::BusName).errno(Errno::EACCES),
    Rule::on(&["interactive authentication required"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["interactiveauthorizationrequired"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["policykit1.error.notauthorized"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["policykit.error"]).call(Call::Dbus).kind(K::BusName).errno(Errno::EACCES).states(s::POLKIT),
    Rule::on(&["polkit", "not authorized"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["not authorized to perform operation"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["error executing command as another user: not authorized"])
        .call(Call::Exec)
        .errno(Errno::EACCES)
        .states(s::POLKIT)
        .own(),
    Rule::on(&["access denied as the requested operation requires interactive authentication"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["authentication is required to"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .states(s::POLKIT)
        .without(&["http", "proxy"]),
    Rule::on(&["access denied by policykit"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::on(&["not authorized to control networking"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES)
        .states(s::POLKIT),
    Rule::refine(&["system_bus_socket"]).call_if_none(Call::Connect).kind(K::UnixSocketPath),
    Rule::refine(&["failed to connect to bus"]).call(Call::Connect).kind(K::UnixSocketPath),
    Rule::refine(&["failed to get d-bus connection"]).call(Call::Connect).kind(K::UnixSocketPath),
];

#[cfg(test)]
mod tests {
    use crate::read_text;

    fn states(text: &str, id: &str) -> bool {
        let case = read_text(text);
        !case.attempts.is_empty() && case.facts.statement(id).is_some()
    }

    #[test]
    fn refused_over_the_bus() {
        for text in [
            "Could not enable linger: Access denied",
            "Failed to enable unit: Access denied",
            "Failed to power off system via logind: Access denied",
            "Could not set property: Access denied",
        ] {
            let case = read_text(text);
            let call = case.attempts.first().and_then(|a| a.call);
            assert_eq!(call, Some(whodenied_kernel::Call::Dbus), "{text}");
        }
        for text in [
            "error_name=org.freedesktop.NetworkManager.Settings.PermissionDenied reply_serial=3",
            "org.freedesktop.UDisks2.Error.NotAuthorized: Not authorized to perform operation",
            "Error: Not privileged for action: org.freedesktop.NetworkManager.enable-disable-wifi",
        ] {
            assert!(states(text, "polkit"), "{text}");
        }
        assert!(read_text("could not connect: Access denied for user 'x'@'localhost'").attempts.is_empty());
    }
}
