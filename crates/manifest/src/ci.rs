//! GitHub Actions and GitLab CI files: where the job runs and in which container.
//!
//! Source: GitHub's workflow syntax (`jobs.<id>.container`), GitLab's `.gitlab-ci.yml` reference.

use crate::knob::{Found, Knob, Surface};
use crate::runline;
use crate::shell;
use crate::yaml::Leaf;

/// Adds the settings of workflows among `leaves`: `runs-on` and `ci-container` as [`Knob::Other`], the
/// container's image, user and `options`.
pub fn read(leaves: &[Leaf], found: &mut Vec<Found>) {
    let workflow = leaves.iter().any(|l| matches!(l.key(), "runs-on" | "uses") || l.under("before_script"));
    for leaf in leaves {
        let v = leaf.value.as_str();
        let image = crate::compose::view::is_image(v);
        let mut knobs = Vec::new();
        match leaf.key() {
            "runs-on" => knobs.push(Knob::Other { key: "runs-on".to_owned(), value: v.to_owned() }),
            "container" if workflow && image && !leaf.listed => {
                knobs.push(Knob::Image(v.to_owned()));
                knobs.push(Knob::Other { key: "ci-container".to_owned(), value: v.to_owned() });
            }
            "image" if workflow && leaf.parent() == "container" && image => {
                knobs.push(Knob::Other { key: "ci-container".to_owned(), value: v.to_owned() });
            }
            "options" if leaf.parent() == "container" || v.starts_with("--") => {
                let (words, _) = shell::words(v, 0, leaf.line);
                knobs.extend(runline::options(&words).into_iter().map(|(_, k)| k));
            }
            _ => {}
        }
        for knob in knobs {
            found.push(Found {
                line: leaf.line,
                range: leaf.range.clone(),
                surface: Surface::Ci,
                service: None,
                knob,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_job() {
        let text = "jobs:\n  a:\n    runs-on: ubuntu-latest\n    container:\n      image: node:20\n      options: --user 1001 --privileged\n";
        let mut found = Vec::new();
        read(&crate::yaml::leaves(&crate::line::lines(text)), &mut found);
        let knobs: Vec<_> = found.into_iter().map(|f| f.knob).collect();
        assert_eq!(
            knobs,
            [
                Knob::Other { key: "runs-on".into(), value: "ubuntu-latest".into() },
                Knob::Other { key: "ci-container".into(), value: "node:20".into() },
                Knob::User("1001".into()),
                Knob::Privileged(true),
            ]
        );
    }
}
