//! Whole diagnoses from hand-made attempts and facts.

use whodenied_case::record::{ApparmorRecord, ApparmorVerdict, AvcRecord};
use whodenied_case::{
    Attempt, AttemptId, CapSpec, Case, Certainty, Change, Channel, Engine, Environment, Knob, Mark,
    ObjectKind, Outcome, Predicate, Record, RecordKind, Setting, Standing, Surface, Trial, Version, YesNo,
};
use whodenied_kernel::{Call, Capability, Errno, Layer};
use whodenied_text::{SourceId, Span};

fn span(at: usize) -> Span {
    Span::new(SourceId(0), at, at + 5)
}

#[derive(Default)]
struct Given(Case);

impl Given {
    fn fact(mut self, what: Predicate) -> Self {
        let at = self.0.facts.all.len() * 10 + 1000;
        self.0.facts.add(what, Standing::Reported, Some(span(at)));
        self
    }

    fn knob(self, knob: Knob) -> Self {
        self.fact(Predicate::Setting(Setting { surface: Surface::Compose, service: None, knob }))
    }

    fn kernel(self, version: &str) -> Self {
        self.fact(Predicate::Component { name: "kernel".to_owned(), version: Version::parse(version) })
    }

    fn distro(self, id: &str) -> Self {
        self.fact(Predicate::Distro { id: id.to_owned(), version: None, container: false })
    }

    fn attempt(mut self, edit: impl FnOnce(&mut Attempt)) -> Self {
        let index = self.0.attempts.len();
        let mut attempt = Attempt::new(AttemptId(u32::try_from(index).unwrap()));
        attempt.spans.push(span(index * 10));
        edit(&mut attempt);
        self.0.attempts.push(attempt);
        self
    }

    fn error(self, call: Call, errno: Errno) -> Self {
        self.attempt(|a| {
            a.call = Some(call);
            a.errno = Some(errno);
            a.printed = true;
        })
    }

    fn apparmor(self, verdict: ApparmorVerdict, channel: Channel, fields: &[(&str, &str)]) -> Self {
        let owned = fields.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let call = if fields.contains(&("operation", "mount")) { Call::Mount } else { Call::Open };
        let fields = owned;
        let kind = RecordKind::Apparmor(Box::new(ApparmorRecord { verdict, dbus: false, fields }));
        self.attempt(|a| {
            a.call = Some(call);
            a.errno = Some(Errno::EACCES);
            a.records.push(Record { channel, time_ms: None, serial: None, truncated: false, kind });
        })
    }

    fn trial(mut self, change: Change, outcome: Outcome) -> Self {
        self.0.trials.push(Trial { change, outcome, controlled: false, spans: vec![span(500)] });
        self
    }

    fn judged(mut self) -> Case {
        crate::judge(&mut self.0);
        self.0
    }
}

fn first(case: &Case) -> (Layer, Certainty, YesNo) {
    let d = case.diagnoses.first().unwrap();
    (d.layer, d.certainty, d.broke_the_program)
}

#[test]
fn nothing_denied_nothing_said() {
    let case = Given::default().fact(Predicate::Engine(Engine::Docker)).distro("ubuntu").judged();
    assert!(case.diagnoses.is_empty());
}

#[test]
fn a_socket_pair_without_a_record() {
    let case = Given::default()
        .fact(Predicate::Engine(Engine::Docker))
        .kernel("6.17.4-2-pve")
        .knob(Knob::Ipc("host".to_owned()))
        .knob(Knob::CapAdd(CapSpec::One(Capability::SYS_ADMIN)))
        .trial(Change::AsRoot, Outcome::Same)
        .error(Call::Socketpair, Errno::EACCES)
        .judged();
    assert_eq!(first(&case), (Layer::Apparmor, Certainty::Likely, YesNo::Yes));
    let d = &case.diagnoses[0];
    assert_eq!(d.operation, "socketpair(AF_UNIX)");
    assert_eq!(d.policy.as_deref(), Some("docker-default"));
    assert!(d.ruled_out.iter().any(|r| r.layer == Layer::Dac));
    assert!(d.ruled_out.iter().any(|r| r.layer == Layer::Seccomp));
    assert!(d.chain.iter().any(|l| l.layer == Layer::Apparmor && l.mark == Mark::Refused));
    assert!(
        d.cannot_help.iter().any(|t| t.contains("root")) && d.cannot_help.iter().any(|t| t.contains("ipc"))
    );
    assert!(!d.next_steps.is_empty() && !d.quotes.is_empty());
}

#[test]
fn only_a_kernel_record_proves() {
    let fields =
        [("operation", "open"), ("profile", "passt"), ("name", "/proc/sys/x"), ("requested_mask", "r")];
    let kernel = Given::default().apparmor(ApparmorVerdict::Denied, Channel::Kernel, &fields).judged();
    assert_eq!(first(&kernel), (Layer::Apparmor, Certainty::Proven, YesNo::Unknown));
    assert!(kernel.diagnoses[0].next_steps.is_empty());
    let program = Given::default().apparmor(ApparmorVerdict::Denied, Channel::ProgramLog, &fields).judged();
    assert_eq!(first(&program).1, Certainty::Likely);
}

#[test]
fn complain_mode_blocks_nothing() {
    let fields = [("operation", "open"), ("profile", "x"), ("name", "/a"), ("requested_mask", "r")];
    let case = Given::default().apparmor(ApparmorVerdict::Allowed, Channel::Kernel, &fields).judged();
    assert!(case.diagnoses.is_empty());
}

#[test]
fn permissive_blocks_nothing() {
    let avc = AvcRecord {
        denied: true,
        permissions: vec!["read".to_owned()],
        scontext: Some("system_u:system_r:container_t:s0:c1,c2".to_owned()),
        tcontext: Some("unconfined_u:object_r:unlabeled_t:s0".to_owned()),
        tclass: Some("file".to_owned()),
        permissive: Some(true),
        ..AvcRecord::default()
    };
    let case = Given::default()
        .attempt(|a| {
            a.call = Some(Call::Open);
            a.records.push(Record {
                channel: Channel::Kernel,
                time_ms: None,
                serial: None,
                truncated: false,
                kind: RecordKind::Selinux(Box::new(avc)),
            });
        })
        .judged();
    let (layer, certainty, broke) = first(&case);
    assert_eq!((layer, broke), (Layer::Selinux, YesNo::No));
    assert_ne!(certainty, Certainty::Proven);
}

#[test]
fn a_record_explains_the_printed_error() {
    let fields = [
        ("operation", "mount"),
        ("info", "failed type match"),
        ("profile", "lxd-c"),
        ("name", "/mnt/"),
        ("fstype", "nfs"),
    ];
    let case = Given::default()
        .error(Call::Mount, Errno::EPERM)
        .apparmor(
            ApparmorVerdict::Allowed,
            Channel::Kernel,
            &[("operation", "open"), ("profile", "noise"), ("name", "/etc/x")],
        )
        .apparmor(ApparmorVerdict::Denied, Channel::Kernel, &fields)
        .attempt(|_| {})
        .judged();
    assert_eq!(first(&case), (Layer::Apparmor, Certainty::Proven, YesNo::Yes));
    assert_eq!(case.diagnoses[0].operation, "mount(fstype=nfs)");
    assert_eq!(case.diagnoses[0].attempt, AttemptId(2));
    assert!(case.diagnoses[0].quotes.len() >= 2, "the printed error is quoted too");
    assert!(case.diagnoses.iter().skip(1).all(|d| d.broke_the_program != YesNo::Yes));
}

#[test]
fn experiments_decide_between_layers() {
    let open = || {
        Given::default().fact(Predicate::Engine(Engine::Docker)).attempt(|a| {
            a.call = Some(Call::Open);
            a.errno = Some(Errno::EACCES);
            a.object.name = Some("/data/x".to_owned());
            a.object.kind = ObjectKind::Path;
            a.printed = true;
        })
    };
    assert_eq!(first(&open().judged()).0, Layer::Dac);
    let root = open().distro("fedora").trial(Change::AsRoot, Outcome::Same).judged();
    assert_eq!(first(&root).0, Layer::Selinux);
    let off = open()
        .distro("fedora")
        .trial(Change::Knob(Knob::SelinuxLabel("disable".to_owned())), Outcome::Works)
        .judged();
    assert_eq!(first(&off), (Layer::Selinux, Certainty::Likely, YesNo::Yes));
    let as_root = open().trial(Change::AsRoot, Outcome::Works).judged();
    assert_eq!(first(&as_root).0, Layer::Dac);
}

#[test]
fn a_configuration_alone_is_only_possible() {
    let knob = |key: &str, value: &str| Knob::Unit { key: key.to_owned(), value: value.to_owned() };
    let case = Given::default()
        .knob(knob("ProtectSystem", "full"))
        .fact(Predicate::Environment(Environment::CgroupV2))
        .judged();
    assert_eq!(first(&case), (Layer::Readonly, Certainty::Possible, YesNo::Unknown));
    let plain = Given::default().knob(knob("Restart", "always")).judged();
    assert!(plain.diagnoses.is_empty());
}

#[test]
fn a_record_of_another_program_explains_nothing() {
    let fields =
        [("operation", "open"), ("profile", "cupsd"), ("name", "/etc/passwd"), ("requested_mask", "r")];
    let mut given = Given::default()
        .fact(Predicate::Environment(Environment::RunsAsNonRoot))
        .attempt(|a| {
            a.call = Some(Call::Open);
            a.errno = Some(Errno::EACCES);
            a.object.name = Some("/dev/dri/card0".to_owned());
            a.object.kind = ObjectKind::Device;
            a.subject.program = Some("ffmpeg".to_owned());
            a.printed = true;
        })
        .apparmor(ApparmorVerdict::Denied, Channel::Kernel, &fields);
    given.0.attempts[1].object.name = Some("/etc/passwd".to_owned());
    given.0.attempts[1].subject.program = Some("cupsd".to_owned());
    let case = given.judged();
    assert_eq!(first(&case).0, Layer::Dac);
    assert_eq!(case.diagnoses[1].layer, Layer::Apparmor);
}

#[test]
fn an_error_after_a_long_log_is_not_lost() {
    let fields = [("operation", "open"), ("profile", "x"), ("name", "/a"), ("requested_mask", "r")];
    let mut given = Given::default();
    for i in 0..300 {
        given = given.apparmor(ApparmorVerdict::Allowed, Channel::Kernel, &fields);
        given.0.attempts[i].object.name = Some(format!("/a/{i}"));
    }
    let case = given.error(Call::Gettime, Errno::EPERM).judged();
    assert_eq!(first(&case).0, Layer::Seccomp);
}
