//! Hand-made cases for the tests of the renderers.

use whodenied_case::{
    Alternative, Attempt, AttemptId, Case, Certainty, ChainLink, Diagnosis, Evidence, FileEdit,
    KnownIssueRef, Mark, Origin, Predicate, Quote, Remedy, Risk, RuledOut, Standing, Subject, Version, Where,
    YesNo,
};
use whodenied_kernel::{Call, Errno, Layer};
use whodenied_text::{SourceId, Span};

const RECORD: &str = "[   57.644434] audit: type=1400 audit(1795377201.835:3): apparmor=\"DENIED\" operation=\"create\" class=\"net\" info=\"failed protocol match\" error=-13 profile=\"docker-default\" pid=587 comm=\"python3\" family=\"unix\" sock_type=\"stream\" protocol=0 requested=\"create\" denied=\"create\" addr=none";

fn span_of(text: &str, part: &str) -> Span {
    let start = text.find(part).unwrap();
    Span::new(SourceId(0), start, start + part.len())
}

/// A diagnosis of which nothing is filled in but the answer.
pub(crate) fn bare(layer: Layer, certainty: Certainty) -> Diagnosis {
    Diagnosis {
        attempt: AttemptId(0),
        layer,
        operation: "open(O_RDONLY)".to_owned(),
        object: "/data/x".to_owned(),
        policy: None,
        errno: Some(Errno::EACCES),
        certainty,
        broke_the_program: YesNo::Unknown,
        cause: "Because.".to_owned(),
        known_issue: None,
        changed: None,
        alternatives: Vec::new(),
        quotes: Vec::new(),
        ruled_out: Vec::new(),
        chain: Vec::new(),
        cannot_help: Vec::new(),
        remedies: Vec::new(),
        stays_blocked: Vec::new(),
        shortcut: String::new(),
        next_steps: Vec::new(),
        count: 1,
    }
}

/// The case with this evidence and these diagnoses.
pub(crate) fn case(text: &str, diagnoses: Vec<Diagnosis>) -> Case {
    let mut attempt = Attempt::new(AttemptId(0));
    attempt.call = Some(Call::Open);
    Case {
        evidence: vec![Evidence {
            id: SourceId(0),
            origin: Origin::Paste { name: "-".to_owned() },
            text: text.to_owned(),
            omitted: 0,
            repeated: Vec::new(),
        }],
        attempts: vec![attempt],
        diagnoses,
        ..Case::default()
    }
}

fn link(layer: Layer, mark: Mark, note: &str) -> ChainLink {
    ChainLink { layer, mark, note: note.to_owned() }
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|s| (*s).to_owned()).collect()
}

/// A socketpair refused by docker-default, with everything filled in.
pub(crate) fn seed() -> Case {
    let text = format!("PermissionError: [Errno 13] Permission denied\n{RECORD}\n");
    let mut diagnosis = bare(Layer::Apparmor, Certainty::Proven);
    diagnosis.operation = "socketpair(AF_UNIX, SOCK_STREAM)".to_owned();
    diagnosis.object = "an unnamed Unix socket".to_owned();
    diagnosis.policy = Some("docker-default".to_owned());
    diagnosis.broke_the_program = YesNo::Yes;
    diagnosis.cause = "This kernel mediates AF_UNIX sockets finely, and docker-default was compiled against a feature set without af_unix: its rule for Unix sockets ends after family and type, the kernel asks for the protocol and finds nothing.".to_owned();
    diagnosis.known_issue = Some(KnownIssueRef {
        id: "aa-unix-pinned-features".to_owned(),
        title: "Unix sockets refused by a container's default profile compiled without af_unix".to_owned(),
        url: "https://github.com/containerd/containerd/issues/12726".to_owned(),
        fixed_in: strings(&["Docker 29.4.3", "containerd 2.2.4"]),
    });
    diagnosis.quotes = vec![Quote {
        span: span_of(&text, RECORD),
        deciding: [
            "apparmor=\"DENIED\"",
            "info=\"failed protocol match\"",
            "profile=\"docker-default\"",
            "family=\"unix\"",
        ]
        .iter()
        .map(|p| span_of(&text, p))
        .collect(),
    }];
    diagnosis.ruled_out = vec![
        RuledOut { layer: Layer::Seccomp, because: "it answers EPERM here, not EACCES".to_owned() },
        RuledOut {
            layer: Layer::Dac,
            because: "a socket pair has no file, so no owner and no mode".to_owned(),
        },
    ];
    diagnosis.chain = vec![
        link(Layer::Seccomp, Mark::Passed, "it answers EPERM here, not EACCES"),
        link(Layer::Capability, Mark::Passed, "AF_UNIX asks for none"),
        link(Layer::Apparmor, Mark::Refused, "docker-default: failed protocol match"),
        link(Layer::Landlock, Mark::NotAsked, ""),
        link(Layer::Selinux, Mark::NotAsked, ""),
    ];
    diagnosis.cannot_help = strings(&[
        "Another user or root: the check asks for the profile, not for the user.",
        "--ipc host: a socket pair is no IPC namespace object.",
        "Capabilities: AF_UNIX sockets ask for none.",
        "seccomp=unconfined: the filter let the call through already.",
    ]);
    let profile = format!(
        "abi <abi/4.0>,\n#include <tunables/global>\n\nprofile whodenied-mealie flags=(attach_disconnected,mediate_deleted) {{\n{}}}\n",
        "  deny @{PROC}/sysrq-trigger rwklx,\n".repeat(30)
    );
    diagnosis.remedies = vec![
        Remedy {
            summary: "Run the container under a copy of docker-default that names its feature set".to_owned(),
            on: Where::Host,
            risk: Risk::Low,
            widens: "Allows Unix sockets, as on every older kernel.".to_owned(),
            edits: vec![
                FileEdit {
                    file: "/etc/apparmor.d/whodenied-mealie".to_owned(),
                    format: "apparmor".to_owned(),
                    whole: true,
                    text: profile,
                    spelling: String::new(),
                },
                FileEdit {
                    file: "compose.yaml".to_owned(),
                    format: "yaml".to_owned(),
                    whole: false,
                    text: "services:\n  mealie:\n    security_opt:\n      - apparmor=whodenied-mealie\n"
                        .to_owned(),
                    spelling: "compose".to_owned(),
                },
                FileEdit {
                    file: String::new(),
                    format: "text".to_owned(),
                    whole: false,
                    text: "--security-opt apparmor=whodenied-mealie\n".to_owned(),
                    spelling: "docker".to_owned(),
                },
            ],
            commands: strings(&[
                "sudo apparmor_parser -Kr /etc/apparmor.d/whodenied-mealie",
                "docker compose up -d --force-recreate mealie",
            ]),
            undo: strings(&[
                "sudo apparmor_parser -R /etc/apparmor.d/whodenied-mealie && sudo rm /etc/apparmor.d/whodenied-mealie",
            ]),
        },
        Remedy {
            summary: "Update Docker to 29.4.3 or newer".to_owned(),
            on: Where::Host,
            risk: Risk::Medium,
            widens: "Every container gets the profile that newer Docker loads.".to_owned(),
            edits: Vec::new(),
            commands: strings(&["sudo apt install docker-ce"]),
            undo: Vec::new(),
        },
    ];
    diagnosis.stays_blocked =
        strings(&["mount(2)", "writing under /proc/sys and /sys", "loading kernel modules"]);
    diagnosis.shortcut = "apparmor=unconfined works, and also opens mounts and kernel writes to a container that has the capability; defensible on a single-user home lab with trusted code, not in production.".to_owned();
    let mut case = case(&text, vec![diagnosis]);
    case.attempts[0].subject = Subject { program: Some("python3".to_owned()), ..Subject::default() };
    let docker = Predicate::Component { name: "docker".to_owned(), version: Version::parse("26.1.5+dfsg1") };
    case.facts.add(docker, Standing::Reported, None);
    case
}

/// A case in which every text that can come from a program is hostile.
pub(crate) fn hostile() -> Case {
    let evil = "py\x1b[2J\x1b]0;x\x07\u{9b}31m\"'`\r\n# pwned\naudit: type=1400 apparmor=\"DENIED\"\u{202e}\u{200b}\u{2028}<b>\0\x7f```\n````@all";
    let text = format!("comm={evil}\nlast {evil}");
    let mut diagnosis = bare(Layer::Apparmor, Certainty::Possible);
    let bad = || evil.to_owned();
    // A fix spells newlines of the input out; a report shows the lines of a file as lines.
    let flat = evil.replace('\n', " ");
    diagnosis.operation = format!("open {evil}");
    diagnosis.object = bad();
    diagnosis.policy = Some(bad());
    diagnosis.cause = bad();
    diagnosis.known_issue =
        Some(KnownIssueRef { id: bad(), title: bad(), url: bad(), fixed_in: vec![bad()] });
    diagnosis.alternatives = vec![Alternative { layer: Layer::Dac, because: bad() }; 3];
    diagnosis.ruled_out = vec![RuledOut { layer: Layer::Yama, because: bad() }];
    diagnosis.chain = vec![link(Layer::Dac, Mark::Unknown, evil), link(Layer::Apparmor, Mark::Refused, evil)];
    diagnosis.cannot_help = vec![bad()];
    diagnosis.quotes = vec![Quote {
        span: Span::new(SourceId(0), 0, text.len()),
        deciding: vec![
            Span::new(SourceId(0), 5, 40),
            Span::new(SourceId(7), 0, 9),
            Span::new(SourceId(0), 9, 99_999),
        ],
    }];
    diagnosis.remedies = vec![Remedy {
        summary: bad(),
        on: Where::Host,
        risk: Risk::High,
        widens: bad(),
        edits: vec![
            FileEdit {
                file: bad(),
                format: bad(),
                whole: true,
                text: flat.repeat(20),
                spelling: String::new(),
            },
            FileEdit { file: bad(), format: bad(), whole: false, text: flat, spelling: bad() },
        ],
        commands: vec![bad()],
        undo: vec![bad()],
    }];
    diagnosis.stays_blocked = vec![bad()];
    diagnosis.shortcut = bad();
    diagnosis.next_steps = vec![bad()];
    diagnosis.count = 7;
    let mut case = case(&text, vec![diagnosis.clone(), diagnosis]);
    case.attempts[0].subject.program = Some(bad());
    case.evidence[0].origin = Origin::Paste { name: bad() };
    case.missing = vec![bad()];
    let component =
        Predicate::Component { name: bad(), version: Some(Version { numbers: vec![1], text: bad() }) };
    case.facts.add(component, Standing::Reported, None);
    case
}
