//! SELinux: the right label on the object, a boolean made for the purpose, or one rule.

use crate::fix::{Fix, Offer, part, whole};
use crate::path;
use crate::place::Ctx;
use crate::spell::{self, Intent};
use crate::upgrade;
use whodenied_case::record::AvcRecord;
use whodenied_case::{Engine, Environment, Knob, Predicate, RecordKind, Risk, Where};
use whodenied_kernel::Call;
use whodenied_text::quote::{file_name, shell};

fn record<'a>(ctx: &Ctx<'a>) -> Option<&'a AvcRecord> {
    let all = || {
        ctx.attempt.records.iter().filter_map(|r| match &r.kind {
            RecordKind::Selinux(a) => Some(a.as_ref()),
            _ => None,
        })
    };
    all().find(|a| a.denied).or_else(|| all().next())
}

/// A policy word: type, class or permission.
fn word(text: &str) -> Option<&str> {
    let ok = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    (!text.is_empty() && text.len() <= 64 && text.chars().all(ok)).then_some(text)
}

/// The type of `user:role:type:level`.
fn kind(context: Option<&str>) -> Option<&str> {
    word(context?.split(':').nth(2)?)
}

pub(super) fn offer(ctx: &Ctx<'_>) -> Offer {
    let mut offer = Offer::default();
    let avc = record(ctx);
    let source = kind(avc.and_then(|a| a.scontext.as_deref()));
    let target = kind(avc.and_then(|a| a.tcontext.as_deref()));
    let class = avc.and_then(|a| a.tclass.as_deref()).unwrap_or("");
    let container = ctx.in_container()
        || source
            .is_some_and(|s| matches!(s, "container_t" | "svirt_lxc_net_t" | "container_init_t" | "spc_t"));
    let no_file = matches!(
        ctx.attempt.call,
        Some(
            Call::Connect
                | Call::Mmap
                | Call::Mprotect
                | Call::Shutdown
                | Call::Setsockopt
                | Call::Kill
                | Call::Ptrace
        )
    );
    let files = (avc.is_none() && !no_file)
        || matches!(class, "file" | "dir" | "lnk_file" | "sock_file" | "fifo_file");

    let asks =
        |words: &[&str]| avc.is_some_and(|a| a.permissions.iter().any(|p| words.contains(&p.as_str())));
    let socket = class.ends_with("_socket")
        || (class.is_empty() && asks(&["shutdown", "setopt", "getopt", "listen", "accept", "connectto"]))
        || matches!(ctx.attempt.call, Some(Call::Shutdown | Call::Setsockopt));
    if container && ctx.attempt.call == Some(Call::Connect) && target.is_none() {
        offer.add(engine_socket(ctx));
    } else if container
        && socket
        && class != "sock_file"
        && !avc.is_some_and(|a| a.permissions.iter().any(|p| p == "connectto"))
    {
        offer.add(update_policy());
    }
    if container {
        offer.maybe(boolean(ctx, target, class));
        let own = target
            .is_some_and(|t| matches!(t, "container_file_t" | "svirt_sandbox_file_t" | "container_share_t"));
        if own {
            offer.maybe(categories(ctx));
        } else if files
            && target.is_none_or(|t| {
                !t.ends_with("_exec_t") && t != "device_t" && !t.contains("cgroup") && !t.contains("runtime")
            })
        {
            volume(ctx, &mut offer);
        }
        if avc.is_none() && offer.remedies.is_empty() {
            offer.maybe(boolean(ctx, None, ""));
        }
    } else {
        service(ctx, source, target, class, &mut offer);
    }
    offer.maybe(module(ctx, avc, source, target));
    offer.maybe(upgrade::fix(ctx));
    if offer.remedies.is_empty() || (avc.is_none() && no_file && target.is_none()) {
        offer.add(show(ctx));
    }
    offer.stays(&[
        "everything else that the domain's policy refuses, to this container and to all others",
        "the host's system files, other containers' files and processes",
    ]);
    offer
}

/// Connecting to a daemon's socket is asked of the daemon's domain, not of the file.
fn engine_socket(ctx: &Ctx<'_>) -> Fix {
    let name = file_name(&format!("local-{}-connectto", ctx.stem()));
    let file = format!("{name}.cil");
    let domain = "container_runtime_t";
    let rule = format!("(allow container_t {domain} (unix_stream_socket (connectto)))");
    Fix::new(
        Where::Host,
        Risk::High,
        format!("Load a module with exactly the refused access: container_t may connect to {domain}'s sockets"),
    )
    .widens(format!("`{rule}`: every container that an engine's socket is mounted into may use it, which is as good as root on the host. A socket proxy that runs with a domain of its own (udica) and passes only the needed requests opens less."))
    .run("ps -eZ | grep -E 'dockerd|podman|containerd'   # the daemon's domain, if it is another")
    .edit(whole(&file, "text", format!("{rule}\n")))
    .run(format!("sudo semodule -i {file}"))
    .undo(format!("sudo semodule -r {name}"))
}

fn update_policy() -> Fix {
    Fix::new(Where::Host, Risk::Low, "Update the distribution's policy for containers (container-selinux): it follows the engines' use of sockets")
        .widens("What the distribution's own newer policy allows to containers.")
        .run("sudo dnf upgrade container-selinux")
        .undo("sudo dnf downgrade container-selinux")
}

/// Relabels the one volume; never a system directory.
fn volume(ctx: &Ctx<'_>, offer: &mut Offer) {
    let Some(v) = path::volume(ctx) else {
        if ctx.facts.engines().any(|e| matches!(e, Engine::Kubernetes | Engine::CriO)) {
            offer.add(
                Fix::new(Where::Container, Risk::Low, "Let Kubernetes label the volume: give the pod a level, or use a volume type that is relabelled")
                    .widens("The volume's files become this pod's.")
                    .edit(part("pod template", "yaml", "spec:\n  securityContext:\n    seLinuxOptions:\n      level: \"s0:c123,c456\"\n"))
                    .undo("remove the lines"),
            );
            return;
        }
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Low,
                "Add :Z to the volume that holds the path (or :z when several containers share it)",
            )
            .widens("That directory is labelled for containers: this one alone with Z, all of them with z.")
            .edits(spell::spell(ctx, Intent::Volume("<host directory>", "<container directory>", "Z")))
            .run(format!("ls -Zd {}", path::shell_or(path::object(ctx), "host directory")))
            .undo("sudo restorecon -R -v <host directory>"),
        );
        return;
    };
    if v.is_bind()
        && (ctx.facts.has(Environment::Nfs)
            || ctx.facts.has(Environment::Cifs)
            || ctx.facts.has(Environment::Fuse))
    {
        return;
    }
    if v.is_bind() && (path::is_system(v.source) || v.source == "~") {
        let below = format!("{}/<subdirectory>", v.source.trim_end_matches('/'));
        offer.add(
            Fix::new(
                Where::Container,
                Risk::Low,
                format!(
                    "Mount only the subdirectory that is needed, with :z; never relabel {} itself",
                    path::quoted(v.source)
                ),
            )
            .widens("That one subdirectory is labelled for containers.")
            .edits(spell::spell(ctx, Intent::Volume(&below, v.target, "z")))
            .undo("sudo restorecon -R -v <subdirectory>"),
        );
        return;
    }
    let shared = shared(ctx, v.source) || v.has("Z") || !v.is_bind();
    // Labelled by the engine already and still refused: what is left are categories or a label
    // that came later.
    if v.has("z") || (v.has("Z") && !v.is_bind()) {
        offer.maybe(categories(ctx));
        return;
    }
    let option = if shared { "z" } else { "Z" };
    let mut options = option.to_owned();
    if v.has("ro") {
        options = format!("ro,{option}");
    }
    let dir = path::quoted(v.source);
    let mut fix = Fix::new(
        Where::Container,
        Risk::Low,
        format!(
            "Add :{option} to the volume {dir}, so that the engine labels it for {}",
            if shared { "containers" } else { "this container" }
        ),
    )
    .widens(if shared {
        "Every container may use that one directory, as far as modes allow."
    } else {
        "This container alone may use that one directory; other programs of the host see its label change."
    });
    if v.is_bind() {
        fix = fix.run(format!("sudo find {dir} | wc -l   # how much is relabelled"));
    }
    fix = fix.edits(spell::spell(ctx, Intent::Volume(v.source, v.target, &options)));
    if let Some(command) = spell::apply(ctx) {
        fix = fix.run(command);
    }
    offer.add(fix.undo(if v.is_bind() {
        format!("sudo restorecon -R -v {dir}")
    } else {
        "recreate the volume".to_owned()
    }));
    if v.is_bind() && v.source.starts_with('/') {
        let pattern = shell(&format!("{}(/.*)?", v.source.trim_end_matches('/')));
        offer.add(
            Fix::new(Where::Host, Risk::Low, format!("Or label {dir} for containers once and for good"))
                .widens("Every container may use that one directory, as far as modes allow.")
                .run(format!("sudo semanage fcontext -a -t container_file_t {pattern}"))
                .run(format!("sudo restorecon -R -v {dir}"))
                .undo(format!("sudo semanage fcontext -d {pattern} && sudo restorecon -R -v {dir}")),
        );
    }
}

/// True when two volumes of the evidence come from the same place.
fn shared(ctx: &Ctx<'_>, source: &str) -> bool {
    let same = |k: &Knob| matches!(k, Knob::Volume { source: s, .. } if s == source);
    ctx.facts.knobs().filter(|(_, k)| same(k)).count() > 1
}

/// Files of the right type with another container's categories.
fn categories(ctx: &Ctx<'_>) -> Option<Fix> {
    let v = path::volume(ctx);
    let named = v.filter(|v| !v.is_bind()).map(|v| v.source);
    let dir = match (named, v) {
        (Some(name), _) => {
            format!("\"$(podman volume inspect {} --format '{{{{.Mountpoint}}}}')\"", shell(name))
        }
        (None, Some(v)) => path::quoted(v.source),
        (None, None) => "<host directory>".to_owned(),
    };
    Some(
        Fix::new(
            Where::Host,
            Risk::Low,
            "Take the other container's categories off the files: label the volume shared (lower-case z) once",
        )
        .widens("Every container may use that one volume, as far as modes allow.")
        .run(format!("sudo find {dir} | wc -l   # how much is relabelled"))
        .run(format!("sudo chcon -R -l s0 {dir}"))
        .undo("recreate the volume, or mount it with Z in the one container that owns it"),
    )
}

/// Booleans made for the purpose. Source: container-selinux and the targeted policy's booleans.
fn boolean(ctx: &Ctx<'_>, target: Option<&str>, class: &str) -> Option<Fix> {
    let known = ctx.attempt.object_name();
    let (name, opens) = match target {
        Some("cgroup_t") => (
            "container_manage_cgroup",
            "Every container may write the cgroup files that its mounts show, as systemd inside a container needs.",
        ),
        Some("nfs_t" | "nfsd_t") => ("virt_use_nfs", "Containers and virtual machines may use files on NFS."),
        Some("cifs_t" | "samba_share_t") => {
            ("virt_use_samba", "Containers and virtual machines may use files on SMB shares.")
        }
        Some("fusefs_t") => {
            ("virt_use_fusefs", "Containers and virtual machines may use files on FUSE file systems.")
        }
        Some("ceph_t") => ("container_use_cephfs", "Containers may use files on CephFS."),
        Some(t)
            if matches!(class, "chr_file" | "blk_file") && (t.ends_with("_device_t") || t == "device_t") =>
        {
            ("container_use_devices", "Every container may use the device nodes that are passed into it.")
        }
        None if ctx.facts.has(Environment::Nfs) => {
            ("virt_use_nfs", "Containers and virtual machines may use files on NFS.")
        }
        None if ctx.facts.has(Environment::Cifs) => {
            ("virt_use_samba", "Containers and virtual machines may use files on SMB shares.")
        }
        None if ctx.facts.has(Environment::Fuse) => {
            ("virt_use_fusefs", "Containers and virtual machines may use files on FUSE file systems.")
        }
        None if known.starts_with("/sys/fs/cgroup") => {
            ("container_manage_cgroup", "Every container may write the cgroup files that its mounts show.")
        }
        None if known.starts_with("/dev/") => {
            ("container_use_devices", "Every container may use the device nodes that are passed into it.")
        }
        _ => return None,
    };
    Some(
        Fix::new(Where::Host, Risk::Medium, format!("Switch on the policy's own boolean for this: {name}"))
            .widens(opens)
            .run(format!("sudo setsebool -P {name} on"))
            .undo(format!("sudo setsebool -P {name} off")),
    )
}

/// Services of the host: label the object as what it is.
fn service(ctx: &Ctx<'_>, source: Option<&str>, target: Option<&str>, class: &str, offer: &mut Offer) {
    let avc = record(ctx);
    let object = path::object(ctx).map(str::to_owned);
    let object = object.as_deref();
    let shown = path::shell_or(object, "path");
    let executing = ctx.attempt.call == Some(Call::Exec)
        || record(ctx)
            .is_some_and(|a| a.permissions.iter().any(|p| p.starts_with("execute") || p == "entrypoint"));
    let output = ctx.facts.knobs().any(
        |(_, k)| matches!(k, Knob::Unit { key, value } if key.starts_with("Standard") && value.contains(':')),
    );
    // Before the program starts, systemd's child bears its name in parentheses: what it opens in
    // the log directory is the unit's standard output.
    let child = avc.is_some_and(|a| a.get("comm").is_some_and(|c| c.starts_with('(')));
    let logs = target.is_some_and(|t| t.contains("log_t"));
    let output = output || (child && logs);
    let stated_output = ctx
        .facts
        .find(|p| matches!(p, Predicate::Statement(s) if s.contains("stdout") || s.contains("209")))
        .is_some();
    if output || stated_output {
        let unit = spell::systemd::unit(ctx);
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                format!("Let {unit} log to the journal instead of a file that systemd may not open there"),
            )
            .widens("Nothing.")
            .edits(spell::systemd::drop_in(
                ctx,
                &["StandardOutput=journal".into(), "StandardError=journal".into()],
            ))
            .run(format!("sudo systemctl daemon-reload && sudo systemctl restart {unit}"))
            .undo(format!("sudo systemctl revert {unit}")),
        );
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                "Or let systemd make the log directory with its proper label: LogsDirectory",
            )
            .widens("The unit's own directory below /var/log.")
            .edits(spell::systemd::drop_in(ctx, &["LogsDirectory=<name>".into()]))
            .undo(format!("sudo systemctl revert {unit}")),
        );
    }
    if executing {
        let user_home = object.is_some_and(|o| path::inside(o, "/home") || path::inside(o, "/root"))
            || target == Some("user_home_t");
        if user_home {
            let name = object
                .and_then(|o| o.rsplit('/').next())
                .filter(|n| !n.is_empty())
                .map_or_else(|| "<program>".to_owned(), shell);
            offer.add(
                Fix::new(
                    Where::Host,
                    Risk::Low,
                    "Move the program out of the home directory to where services' programs lie",
                )
                .widens("The service may execute that one program.")
                .run(format!("sudo install -m 0755 {shown} /usr/local/libexec/{name}"))
                .run(format!("sudo restorecon -v /usr/local/libexec/{name}"))
                .undo(format!("sudo rm /usr/local/libexec/{name}")),
            );
        }
        let pattern = object.map_or_else(|| "<path>".to_owned(), shell);
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                format!("{} {shown} as a program: bin_t", if user_home { "Or label" } else { "Label" }),
            )
            .widens("Services may execute that one file.")
            .run(format!("sudo semanage fcontext -a -t bin_t {pattern}"))
            .run(format!("sudo restorecon -v {shown}"))
            .undo(format!("sudo semanage fcontext -d {pattern} && sudo restorecon -v {shown}")),
        );
        return;
    }
    if matches!(class, "tcp_socket" | "udp_socket") || ctx.attempt.call == Some(Call::Bind) {
        let port = ctx
            .attempt
            .object
            .name
            .as_deref()
            .and_then(|n| n.rsplit(':').next())
            .filter(|p| p.parse::<u16>().is_ok());
        let port = port.unwrap_or("<port>");
        let proto = if class == "udp_socket" { "udp" } else { "tcp" };
        let own = source
            .and_then(|s| s.strip_suffix("_t"))
            .map_or_else(|| "<type>_port_t".to_owned(), |s| format!("{}_port_t", s.trim_end_matches('d')));
        offer.add(
            Fix::new(Where::Host, Risk::Low, format!("Give the port {port} the label of this service's ports"))
                .widens("That one port, for the services whose policy names the label.")
                .run(format!("sudo semanage port -l | grep -w {port}; sudo sesearch -A -s {} -c {proto}_socket -p name_bind", source.unwrap_or("<domain>")))
                .run(format!("sudo semanage port -a -t {own} -p {proto} {port}   # or a type that the search names"))
                .undo(format!("sudo semanage port -d -p {proto} {port}")),
        );
        return;
    }
    let mislabelled = target.is_some_and(|t| {
        matches!(
            t,
            "default_t"
                | "unlabeled_t"
                | "user_home_t"
                | "user_tmp_t"
                | "admin_home_t"
                | "tmp_t"
                | "var_t"
                | "mnt_t"
                | "file_t"
        )
    });
    if (mislabelled || target.is_none()) && object.is_some() {
        offer.add(
            Fix::new(
                Where::Host,
                Risk::Low,
                format!("Restore the label that the policy foresees for {shown}"),
            )
            .widens("Nothing: the object gets its own label back.")
            .run(format!("matchpathcon {shown}; ls -Zd {shown}"))
            .run(format!("sudo restorecon -v {shown}"))
            .undo("sudo chcon <former context> <path>"),
        );
    }
}

/// The exact allow rule of the record as a module.
fn module(ctx: &Ctx<'_>, avc: Option<&AvcRecord>, source: Option<&str>, target: Option<&str>) -> Option<Fix> {
    let avc = avc?;
    let (source, target) = (source?, target?);
    let class = word(avc.tclass.as_deref()?)?;
    let perms: Vec<&str> = avc.permissions.iter().filter_map(|p| word(p)).take(32).collect();
    if perms.is_empty() {
        return None;
    }
    let object = if target == source { "self".to_owned() } else { target.to_owned() };
    let rule = format!("(allow {source} {object} ({class} ({})))", perms.join(" "));
    let name = file_name(&format!("local-{}-{class}", ctx.stem()));
    let file = format!("{name}.cil");
    let engine = matches!(target, "container_runtime_t" | "unconfined_service_t" | "unconfined_t");
    let all = if source.starts_with("container_") || source.starts_with("svirt_") {
        " For every container of that type: a type of its own (udica) narrows it to this one."
    } else {
        ""
    };
    Some(
        Fix::new(
            Where::Host,
            if engine { Risk::High } else { Risk::Medium },
            format!(
                "Load a module with exactly the refused access: {source} may {} {target}:{class}",
                perms.join(", ")
            ),
        )
        .widens(format!("`{rule}` and nothing else.{all}"))
        .edit(whole(&file, "text", format!("{rule}\n")))
        .run(format!("sudo semodule -i {file}"))
        .undo(format!("sudo semodule -r {name}")),
    )
}

/// Hidden denials are shown before anything is opened.
fn show(ctx: &Ctx<'_>) -> Fix {
    let _ = ctx;
    Fix::new(
        Where::Host,
        Risk::Low,
        "Make SELinux log this denial first, so that the label or rule can be named",
    )
    .widens("Nothing: only the log grows until the rules are rebuilt.")
    .run("sudo semodule -DB")
    .run("sudo ausearch -m avc,user_avc,selinux_err -ts recent")
    .undo("sudo semodule -B")
}
