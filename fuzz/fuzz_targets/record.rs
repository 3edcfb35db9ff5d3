#![no_main]
//! Bytes inside the frame of an audit record, so that the record parsers see them.

mod pipeline;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let (kind, rest) = data.split_first().unwrap_or((&0, &[]));
    let frame: &[u8] = match kind % 5 {
        0 => b"audit: type=1400 audit(1795338017.627:6): apparmor=\"DENIED\" operation=\"open\" ",
        1 => b"type=AVC msg=audit(1795338017.627:6): avc:  denied  { read } for  ",
        2 => b"audit: type=1326 audit(1795338017.627:6): auid=1 uid=0 ",
        3 => b"type=LANDLOCK_ACCESS msg=audit(1795338017.627:6): domain=1 blockers=fs.",
        _ => b"type=USER_AVC msg=audit(1795338017.627:6): pid=1 uid=0 msg='avc:  denied  { send_msg } for ",
    };
    pipeline::run(&[frame, rest].concat());
});
