//! The scenes, as the texts below `scenes/` have them.
//!
//! `= NAME` begins one. `stage` lines set it, as root; `strike` takes it down. `as` is what comes before
//! the program (options of setpriv, an ordinary user when left out), `run` the program, `refused` the
//! layer, the certainty that is asked for at least and a part of the object's name. `fix printed`: the
//! commands of the first remedy let the program through when it is run again; `fix started N`: those
//! of remedy N (1) start it themselves; `fix none`: no command fits every machine. `$D` is a directory
//! of the scene's own.

/// What is done to let it through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fix {
    /// The commands of the first remedy; then the program is run again.
    Printed,
    /// The commands of this remedy, counted from 1, which start the program.
    Started(usize),
    /// Nothing: the fix needs another process or machine.
    None,
}

/// One scene.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) name: String,
    pub(crate) needs: Vec<String>,
    pub(crate) stage: String,
    pub(crate) strike: String,
    pub(crate) user: String,
    pub(crate) run: String,
    pub(crate) layer: String,
    pub(crate) certainty: String,
    pub(crate) object: String,
    pub(crate) fix: Fix,
}

const USER: &str = "--reuid=65533 --regid=65533 --clear-groups";

/// All of them.
pub(crate) fn all() -> Vec<Scene> {
    [
        include_str!("scenes/files.txt"),
        include_str!("scenes/mounts.txt"),
        include_str!("scenes/privilege.txt"),
        include_str!("scenes/tasks.txt"),
        include_str!("scenes/sandbox.txt"),
    ]
    .iter()
    .flat_map(|text| read(text))
    .collect()
}

fn read(text: &str) -> Vec<Scene> {
    let mut scenes: Vec<Scene> = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#') && !l.is_empty()) {
        let (key, value) = line.split_once(' ').unwrap_or((line, ""));
        if key == "=" {
            scenes.push(Scene {
                name: value.to_owned(),
                needs: Vec::new(),
                stage: String::new(),
                strike: String::new(),
                user: USER.to_owned(),
                run: String::new(),
                layer: String::new(),
                certainty: String::new(),
                object: String::new(),
                fix: Fix::None,
            });
            continue;
        }
        let scene = scenes.last_mut().expect("a line before the first name");
        match key {
            "needs" => scene.needs = value.split(' ').map(str::to_owned).collect(),
            "stage" => {
                scene.stage.push_str(value);
                scene.stage.push('\n');
            }
            "strike" => value.clone_into(&mut scene.strike),
            "as" => value.clone_into(&mut scene.user),
            "run" => value.clone_into(&mut scene.run),
            "refused" => {
                let mut words = value.splitn(3, ' ').map(str::to_owned);
                scene.layer = words.next().expect("a layer");
                scene.certainty = words.next().expect("a certainty");
                scene.object = words.next().unwrap_or_default();
            }
            "fix" => {
                scene.fix = match value.split_once(' ').unwrap_or((value, "1")) {
                    ("printed", _) => Fix::Printed,
                    ("started", nth) => Fix::Started(nth.parse().expect("a number")),
                    ("none", _) => Fix::None,
                    other => panic!("{other:?}"),
                }
            }
            other => panic!("{other} in {}", scene.name),
        }
    }
    scenes
}
