//! What starts in a clone in place of its program: waits until it is followed, then becomes the program.
//! That it is followed is told by a file that is no longer empty: the tracer is in another process
//! namespace, so `TracerPid` stays 0.
//!
//! So the program is followed from its first instruction by a tracer outside, keeps its process number (1
//! in its namespace), its environment and its confinement, and the clone needs no right to trace.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// The subcommand's name; not for people.
pub(crate) const NAME: &str = "__hold";
/// So long a tracer is waited for; without one nothing is started.
const PATIENCE: Duration = Duration::from_secs(30);

/// Never returns when all is well. The statuses are those of a runtime that can't start a program:
/// 127 when there is none, 126 when it can't be executed, 125 for want of a tracer.
pub(crate) fn run(gate: &Path, command: &[OsString]) -> u8 {
    let began = Instant::now();
    while std::fs::read(gate).is_ok_and(|content| content.is_empty()) {
        if began.elapsed() > PATIENCE {
            return 125;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let Some((program, arguments)) = command.split_first() else { return 125 };
    let error = std::process::Command::new(program).args(arguments).exec();
    // As a runtime words it, on standard error, where the program's own words would be.
    let text = format!("exec: {}: {error}\n", program.to_string_lossy());
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
    if error.kind() == std::io::ErrorKind::NotFound { 127 } else { 126 }
}
