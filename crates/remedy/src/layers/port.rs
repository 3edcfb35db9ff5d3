//! Ports below `ip_unprivileged_port_start`: another port, a socket passed in, or the range.

use crate::fix::{Fix, Offer, whole};
use crate::place::Ctx;
use crate::spell::{self, Intent, systemd};
use crate::upgrade;
use whodenied_case::{Engine, Environment, Risk, Where};
use whodenied_kernel::Capability;

const KEY: &str = "net.ipv4.ip_unprivileged_port_start";

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let port = port(ctx);
    let shown = port.map_or_else(|| "<port>".to_owned(), |p| p.to_string());
    let host_net = ctx.facts.has(Environment::HostNetwork);
    let rootless = ctx.facts.has(Environment::Rootless);
    if ctx.in_container() && !host_net && !rootless {
        let start = shown.clone();
        offer.add(
            Fix::new(Where::Container, Risk::Low, format!("Let this container's own network namespace bind ports from {shown} on"))
                .widens(format!("Every user of this container may bind ports from {shown} on, in its own network namespace; the host's ports are not touched."))
                .edits(spell::spell(ctx, Intent::Sysctl(KEY, &start)))
                .undo("remove the sysctl from the configuration"),
        );
        offer.add(high(ctx));
        if ctx.facts.engines().any(|e| matches!(e, Engine::Containerd | Engine::Kubernetes)) {
            offer.add(
                Fix::new(
                    Where::Host,
                    Risk::Medium,
                    "Or let containerd do so for every pod, as version 2.0 does",
                )
                .widens("Every pod's users may bind low ports in the pod's own network namespace.")
                .edit(crate::fix::part(
                    "/etc/containerd/config.toml",
                    "text",
                    "[plugins.\"io.containerd.grpc.v1.cri\"]\n  enable_unprivileged_ports = true\n",
                ))
                .run("sudo systemctl restart containerd")
                .undo("remove the line and restart containerd"),
            );
        }
    } else if ctx.facts.engines().any(|e| e == Engine::SystemdUnit) && !ctx.in_container() {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                format!("Give the unit {} the one capability for low ports", systemd::unit(ctx)),
            )
            .widens("The unit may bind ports below 1024.")
            .edits(spell::spell(ctx, Intent::CapAdd(Capability::NET_BIND_SERVICE)))
            .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {}", systemd::unit(ctx)))
            .undo(format!("sudo systemctl revert {}", systemd::unit(ctx))),
        );
        offer.add(high(ctx));
    } else {
        offer.add(high(ctx));
        let file = "/etc/sysctl.d/90-low-ports.conf";
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Medium,
                format!("Or let ordinary users of the host bind ports from {shown} on"),
            )
            .widens(format!("Every user of the host may bind the ports from {shown} to 1023 that are free."))
            .edit(whole(file, "ini", format!("{KEY} = {shown}\n")))
            .run(format!("sudo sysctl -p {file}"))
            .undo(format!("sudo rm {file} && sudo sysctl -w {KEY}=1024")),
        );
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                "Or let systemd bind the port and pass the socket (socket activation)",
            )
            .widens("systemd binds that one port; the program gets it open.")
            .edit(whole(
                "<name>.socket",
                "ini",
                format!("[Socket]\nListenStream={shown}\n\n[Install]\nWantedBy=sockets.target\n"),
            ))
            .undo("disable the socket unit"),
        );
    }
    offer.maybe(upgrade::fix(ctx));
    offer.stays(&["binding low ports anywhere else"]);
    offer
}

fn high(ctx: &Ctx<'_>) -> Fix {
    let publish = if ctx.in_container() && !ctx.facts.has(Environment::HostNetwork) {
        "; publish it or let the Service map it to the low one"
    } else {
        "; redirect the low one to it with the firewall where it must stay"
    };
    Fix::new(Where::Program, Risk::Low, format!("Let the program listen on a port of 1024 or above{publish}"))
        .widens("Nothing.")
        .undo("set the former port")
}

fn port(ctx: &Ctx<'_>) -> Option<u16> {
    let of = |s: &str| s.rsplit(':').next().and_then(|p| p.trim().parse::<u16>().ok());
    ctx.attempt
        .arg("port")
        .and_then(of)
        .or_else(|| of(ctx.attempt.object_name()))
        .or_else(|| of(&ctx.d.object))
        .filter(|p| (1..1024).contains(p))
}
