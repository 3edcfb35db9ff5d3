use super::*;
use std::os::unix::fs::PermissionsExt as _;
use whodenied_access::{Decision, OpenFlags, Operation, Subject, decide};

fn open(look: Look) -> LiveWorld {
    let view = Viewpoint { pid: None, cwd: Some("/".into()), namespace: UserNamespace::first() };
    LiveWorld::open(&view, look).unwrap()
}

#[test]
fn files_of_this_machine_are_decided() {
    let folder = std::env::temp_dir().join(format!("whodenied-world-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("full/inner")).unwrap();
    std::fs::write(folder.join("note"), "x").unwrap();
    std::fs::set_permissions(folder.join("note"), std::fs::Permissions::from_mode(0o600)).unwrap();
    let path = |name: &str| folder.join(name).into_os_string().into_encoded_bytes();
    let owner = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(folder.join("note")).unwrap());
    let read =
        Operation::Open { path: path("note"), flags: OpenFlags { read: true, ..OpenFlags::default() } };
    let world = open(Look::default());
    let stranger = decide(&Subject::user(65_533, 65_533), &world, &read);
    assert!(matches!(&stranger, Decision::Refused(r) if r.errno.0 == 13), "{stranger:?}");
    let Decision::Refused(refusal) = stranger else { return };
    assert_eq!(world.path(refusal.at.unwrap()), path("note"));
    assert!(decide(&Subject::user(owner, owner), &world, &read).is_allowed());
    let remove = Operation::RemoveDirectory { path: path("full") };
    let world = open(Look { emptiness: true, ..Look::default() });
    let full = decide(&Subject::root(), &world, &remove);
    assert!(matches!(full, Decision::Refused(r) if r.errno.0 == 39));
    // Where nothing was looked into, the walk ends the same way.
    assert_eq!(world.find(&folder.join("none")), None);
    assert!(world.find(&folder.join("full/inner")).is_some());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn mounts_are_mount_points() {
    let world = open(Look::default());
    let proc = world.find(Path::new("/proc")).unwrap();
    let under = world.mount_point(proc).unwrap();
    assert_eq!(world.mounted(under), Some(proc));
    assert!(world.is_mount_point(under) && !world.is_mount_point(proc));
    assert_eq!(world.file_system_type(proc).as_deref(), Some("proc"));
    assert_eq!(world.path(proc), b"/proc");
    assert_eq!(world.device(world.find(Path::new("/dev/null")).unwrap()), Some((1, 3)));
}
