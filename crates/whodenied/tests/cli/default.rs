use crate::schema::check;
use crate::support::run;

#[test]
fn every_engine_is_shown_as_published() {
    for engine in ["docker@26.1", "containerd@1.7", "podman@5.4", "cri-o"] {
        let ran = run(&["default", "show", engine, "--format", "json"], "");
        assert_eq!(ran.status, 0, "{}", ran.err);
        let none: [String; 0] = [];
        assert_eq!(check("whodenied-default-1", &ran.out), none, "{engine}");
        let ran = run(&["default", "show", engine, "--caps"], "");
        assert!(ran.out.contains("CAP_CHOWN") && !ran.out.contains("/proc/kcore"), "{}", ran.out);
    }
    assert_eq!(run(&["default", "show", "rkt@1"], "").status, 64);
}
