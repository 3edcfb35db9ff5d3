//! Where a service is told to keep its data: `datadir = /data/mysql`, `file "/srv/zones/x.db";`.
//!
//! Only for daemons that distributions confine, and only paths outside of what their policy grants,
//! since those alone decide anything.

use super::unit;
use crate::segment::Document;
use whodenied_case::{Claim, Knob, Predicate, Says, Setting, Surface};
use whodenied_runtimes::confined;

/// Words that make the line one about where data lie.
const KEYS: [&str; 12] = [
    "dir", "file", "data", "path", "zone", "database", "log", "store", "socket", "moved", "location",
    "folder",
];

/// Places that are no data of a service.
const NO_DATA: [&str; 8] =
    ["/etc/", "/bin/", "/sbin/", "/run/", "/var/run/", "/boot/", "/snap/", "/var/log/"];

/// Claims such settings, as `data-of:PROGRAM` and the path.
pub(super) fn read(doc: &Document, claims: &mut Vec<Claim>) {
    const MOST: usize = 8;
    let mut programs: Vec<&'static str> = Vec::new();
    for line in doc.lines.iter().take(600) {
        programs.extend(words(&line.text).filter_map(confined::named));
    }
    programs.sort_unstable();
    programs.dedup();
    let programs: Vec<_> = programs.into_iter().filter_map(|n| Some((n, confined::find(n)?))).collect();
    if programs.is_empty() {
        return;
    }
    let widths = unit::wrap_widths(doc);
    let (mut at, mut count) = (0, 0);
    while at < doc.lines.len().min(2000) && count < MOST {
        let Some(unit) = unit::unit_at(doc, at, &widths) else {
            at += 1;
            continue;
        };
        at = unit.last() + 1;
        if unit.text.len() > 2000 || super::is_record(&unit.low) || !KEYS.iter().any(|k| unit.low.contains(k))
        {
            continue;
        }
        for name in super::object::names(&unit.text) {
            let Some(path) = unit.text.get(name.at.clone()).filter(|p| p.starts_with('/')) else { continue };
            if path.len() < 2 || NO_DATA.iter().any(|root| path.starts_with(root)) {
                continue;
            }
            let Some((service, _)) = programs.iter().find(|(_, p)| !p.grants(path, false)) else { continue };
            let knob = Knob::Other { key: format!("data-of:{service}"), value: path.to_owned() };
            claims.push(Claim {
                span: unit.span(doc, name.at),
                dialect: "data-path",
                says: Says::Fact(Predicate::Setting(Setting {
                    surface: Surface::Other,
                    service: None,
                    knob,
                })),
            });
            count += 1;
            break;
        }
    }
}

/// Words of a line, those of a key like `mysql_datadir` one by one.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).filter(|w| w.len() > 2)
}

#[cfg(test)]
mod tests {
    use crate::read_text;
    use whodenied_case::Knob;

    #[test]
    fn data_kept_elsewhere() {
        let of = |text: &str| {
            let case = read_text(text);
            case.facts.knobs().find_map(|(_, k)| match k {
                Knob::Other { key, value } if key.starts_with("data-of:") => Some(format!("{key}={value}")),
                _ => None,
            })
        };
        assert_eq!(of("mysql_datadir: /data/mysql").as_deref(), Some("data-of:mysqld=/data/mysql"));
        assert_eq!(
            of("software: bind9\nzone \"x\" { file \"/home/a/x.db\"; };").as_deref(),
            Some("data-of:bind9=/home/a/x.db")
        );
        assert_eq!(of("mysqld\ndatadir = /var/lib/mysql"), None);
        assert_eq!(of("app\ndatadir = /data/app"), None);
    }
}
