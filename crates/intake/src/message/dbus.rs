//! D-Bus and polkit.

use super::rules::{From, Rule};
use super::statements as s;
use whodenied_case::ObjectKind as K;
use whodenied_kernel::{Call, Errno};

pub(crate) const RULES: &[Rule] = &[
    Rule::refine(&["bus connection"]).call(Call::Connect).kind(K::UnixSocketPath),
    // The service manager answers over the bus, in words without an errno.
    Rule::on(&["failed to", ".service: access denied"])
        .call(Call::Dbus)
        .kind(K::BusName)
        .errno(Errno::EACCES),
    Rule::on(&["failed to", ".socket: access denied"]).call(Call::Dbus).kind(K::BusName).errno(Errno::EACCES),
    Rule::on(&["failed to set", ": access denied"]).call(Call::Dbus).kind(K::BusName).errno(Errno::EACCES),
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
