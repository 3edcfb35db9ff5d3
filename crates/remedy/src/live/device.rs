//! A device that the controller of a cgroup of version 1 refuses: the one device, for the one group.
//!
//! Source: `Documentation/admin-guide/cgroup-v1/devices.rst`.

use crate::fix::Fix;
use crate::place::Ctx;
use whodenied_case::{Risk, Where};
use whodenied_kernel::Layer;
use whodenied_text::quote::shell;

pub(super) fn offer(ctx: &Ctx<'_>) -> Option<Fix> {
    let live = ctx.attempt.live.as_deref().filter(|_| ctx.d.layer == Layer::DeviceCgroup)?;
    let group = live.process.cgroup.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let controllers = parts.next()?;
        controllers.split(',').any(|c| c == "devices").then(|| parts.next())?
    })?;
    if group == "/" || ctx.in_container() {
        return None;
    }
    let device = shell(ctx.attempt.object_name());
    let flags = ctx.attempt.arg("flags").unwrap_or("");
    let access = match () {
        () if flags.contains("O_RDWR") => "rw",
        () if flags.contains("O_WRONLY") => "w",
        () => "r",
    };
    let directory = shell(&format!("/sys/fs/cgroup/devices{group}"));
    // stat gives the numbers in hexadecimal.
    let entry = format!(
        "printf '%s %d:%d {access}\\n' \"$(test -b {device} && echo b || echo c)\" \"0x$(stat -Lc %t {device})\" \"0x$(stat -Lc %T {device})\""
    );
    Some(
        Fix::new(Where::Host, Risk::Low, format!("Let this one cgroup use {device}"))
            .widens(format!("{device} with {access}, for the processes of {group} and the groups below it."))
            .run(format!("{entry} | sudo tee {directory}/devices.allow"))
            .undo(format!("{entry} | sudo tee {directory}/devices.deny")),
    )
}
