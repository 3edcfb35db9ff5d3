//! `cargo xtask perturb DIR`: a paste is damaged on its way; the answer must stay the same.

use crate::build;
use crate::score::corpus::{self, Case, Half, Style};
use anyhow::{Result, bail};
use std::path::Path;

/// A way to damage a paste.
type Damage = (&'static str, fn(&Case) -> String);

const DAMAGES: [Damage; 5] = [
    ("lines shuffled", shuffled),
    ("wrapped at 80", wrapped),
    ("labels stripped", |case| case.text(Style::Bare)),
    ("unrelated log between", noisy),
    ("names replaced", renamed),
];

/// Compares the answer on each damaged paste with the answer on the whole one.
pub fn run(args: &[String]) -> Result<bool> {
    let Some(dir) = args.first() else { bail!("which folder?") };
    let only = match args.get(1).map(String::as_str) {
        Some("--only") => Some(Half::named(args.get(2).map_or("", String::as_str))?),
        _ => None,
    };
    let binary = build::release()?;
    let cases = corpus::load(Path::new(dir))?;
    let (mut same_all, mut of_all) = (0, 0);
    for (name, damage) in DAMAGES {
        let (mut same, mut of, mut changed) = (0, 0, Vec::new());
        for case in cases.iter().filter(|c| only.is_none_or(|half| half == c.half)) {
            let before = layer(&binary, &case.text(Style::Labelled))?;
            let after = layer(&binary, &damage(case))?;
            of += 1;
            if before == after {
                same += 1;
            } else {
                changed.push(format!("  {}: {before} became {after}", case.id));
            }
        }
        println!("{name:24} {same}/{of} the same ({:.1} %)", 100.0 * f64::from(same) / f64::from(of.max(1)));
        changed.iter().for_each(|line| println!("{line}"));
        same_all += same;
        of_all += of;
    }
    let share = 100.0 * f64::from(same_all) / f64::from(of_all.max(1));
    println!("all                      {same_all}/{of_all} the same ({share:.1} %)");
    Ok(share >= 97.0)
}

fn layer(binary: &Path, text: &str) -> Result<String> {
    let reply = build::explain(binary, text)?;
    Ok(reply.report["denials"][0]["layer"].as_str().unwrap_or("none").to_owned())
}

/// A fixed order that depends on nothing but the text.
fn shuffled(case: &Case) -> String {
    let text = case.text(Style::Labelled);
    let mut lines: Vec<&str> = text.lines().collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ text.len() as u64;
    for i in (1..lines.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        lines.swap(i, (state >> 33) as usize % (i + 1));
    }
    lines.join("\n") + "\n"
}

fn wrapped(case: &Case) -> String {
    let mut out = String::new();
    for line in case.text(Style::Labelled).lines() {
        let mut column = 0;
        for c in line.chars() {
            if column == 80 {
                out.push('\n');
                column = 0;
            }
            out.push(c);
            column += 1;
        }
        out.push('\n');
    }
    out
}

fn noisy(case: &Case) -> String {
    const NOISE: [&str; 3] = [
        "Nov 03 11:20:14 box systemd[1]: Started Daily apt download activities.",
        "time=\"2026-01-03T11:20:15Z\" level=info msg=\"health check ok\" path=/healthz status=200",
        "Nov 03 11:20:17 box kernel: usb 1-1.4: new high-speed USB device number 7 using xhci_hcd",
    ];
    let mut out = String::new();
    for line in case.text(Style::Labelled).lines() {
        out.push_str(line);
        out.push('\n');
        for noise in NOISE {
            out.push_str(noise);
            out.push('\n');
        }
    }
    out
}

/// User names and the first part of paths below /home, /mnt, /srv and /media, and profile names
/// that a person chose.
fn renamed(case: &Case) -> String {
    let mut text = case.text(Style::Labelled);
    for root in ["/home/", "/mnt/", "/srv/", "/media/", "/run/media/"] {
        let mut out = String::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find(root) {
            let after = &rest[at + root.len()..];
            let end = after
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
                .unwrap_or(after.len());
            out.push_str(&rest[..at + root.len()]);
            out.push_str(if end == 0 { "" } else { "zaphod" });
            rest = &after[end..];
        }
        out.push_str(rest);
        text = out;
    }
    for (from, to) in [("root@", "adm@"), ("ubuntu@", "adm@"), ("comm=\"nginx\"", "comm=\"zaphodd\"")] {
        text = text.replace(from, to);
    }
    text
}
