//! The container or unit that is explained.
//!
//! Evidence of [`crate::Origin::State`] is lines of `key: value`, in any order, each key at most once:
//!
//! | key | value |
//! | --- | --- |
//! | `service` | the compose service |
//! | `container` | the container's name |
//! | `id` | the container's id |
//! | `image` | its image |
//! | `unit` | the systemd unit |
//! | `engine` | `docker`, `podman`, `containerd` or `systemd`, and its version |
//! | `rootless` | `yes` when the engine runs as an ordinary user |
//! | `status` | what became of it, in words |
//! | `uid`, `gid`, `groups` | numbers inside the container, only where nothing in it can change them |
//! | `starts as` | `root` when the first process is root inside, whatever it becomes |
//! | `bounding`, `effective` | capabilities in hexadecimal, as /proc/PID/status prints them |
//! | `uid map` | `inside outside count` |
//! | `no new privileges` | `yes` or `no` |
//! | `seccomp` | `none`, `default` or `own profile` |
//! | `label` | the label that processes were given |

/// What a person calls it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workload {
    /// The compose service.
    pub service: Option<String>,
    /// The container's name.
    pub container: Option<String>,
    /// Its image.
    pub image: Option<String>,
    /// The systemd unit.
    pub unit: Option<String>,
}

impl Workload {
    /// `service mealie (container mealie-1, image ghcr.io/x/mealie:v1)`. Hostile text: escape before
    /// printing. "" when nothing is known.
    #[must_use]
    pub fn words(&self) -> String {
        let part = |word: &str, name: &Option<String>| name.as_ref().map(|n| format!("{word} {n}"));
        let mut parts = [
            part("service", &self.service),
            part("unit", &self.unit),
            part("container", &self.container),
            part("image", &self.image),
        ]
        .into_iter()
        .flatten();
        let Some(first) = parts.next() else { return String::new() };
        let rest: Vec<String> = parts.collect();
        if rest.is_empty() { first } else { format!("{first} ({})", rest.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_a_person_knows_comes_first() {
        let mut all = Workload {
            service: Some("mealie".into()),
            container: Some("mealie-1".into()),
            image: Some("mealie:v1".into()),
            unit: None,
        };
        assert_eq!(all.words(), "service mealie (container mealie-1, image mealie:v1)");
        all.service = None;
        assert_eq!(all.words(), "container mealie-1 (image mealie:v1)");
        assert_eq!(Workload::default().words(), "");
    }
}
