//! `cargo xtask bench [RECORDS]`: a generated audit log of mixed records with 500 distinct denials, read
//! by `whodenied explain` and, where they are installed, by `ausearch` and by the reader of `aa-logprof`.

use crate::build::{release, root};
use anyhow::{Context as _, Result};
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Distinct denials in the log.
const DISTINCT: u64 = 500;
/// One record in so many is a denial.
const ONE_IN: u64 = 20;

/// Generates the log and measures the readers; true when whodenied found every distinct denial counted.
pub fn run(args: &[String]) -> Result<bool> {
    let records: u64 = args.first().map_or(Ok(3_000_000), |s| s.parse()).context("RECORDS")?;
    let folder = root().join("target/bench");
    std::fs::create_dir_all(&folder)?;
    let log = folder.join(format!("audit-{records}.log"));
    if !log.exists() {
        generate(&log, records)?;
    }
    let bytes = std::fs::metadata(&log)?.len();
    let denials = records / ONE_IN;
    println!("{records} records, {bytes} bytes, {denials} denials, {DISTINCT} distinct");
    let binary = release()?;
    let mut seen = None;
    for _ in 0..3 {
        let mut whodenied = Command::new(&binary);
        whodenied.args(["explain", "--format", "json"]).arg(&log);
        let run = measured(whodenied)?;
        show("whodenied explain", &run, bytes);
        seen = serde_json::from_slice::<serde_json::Value>(&run.output).ok();
    }
    let denials_told = seen.as_ref().and_then(|r| r["denials"].as_array()).cloned().unwrap_or_default();
    let found = denials_told.len() as u64;
    let counted: u64 = denials_told.iter().filter_map(|d| d["count"].as_u64()).sum();
    println!("in the answer: {found} distinct, {counted} counted");
    let mut ausearch = Command::new("ausearch");
    ausearch.args(["--input-logs", "-if"]).arg(&log).args(["-m", "AVC,SECCOMP", "--raw"]);
    beside("ausearch -m AVC,SECCOMP --raw", ausearch, bytes);
    let mut logprof = Command::new("/usr/bin/python3");
    logprof.arg("-c").arg(LOGPROF).arg(&log);
    beside("aa-logprof's reader", logprof, bytes);
    Ok(found == DISTINCT && counted == denials)
}

/// Feeds every line to the class that aa-logprof reads its log with.
const LOGPROF: &str = "\
import sys
from apparmor.logparser import ReadLog
reader = ReadLog(sys.argv[1], {}, '')
events = 0
for line in open(sys.argv[1], errors='replace'):
    if reader.RE_LOG_ALL.search(line):
        events += reader.parse_event(line.strip()) is not None
print(events)
";

struct Run {
    output: Vec<u8>,
    status: Option<i32>,
    wall: Duration,
    cpu: f64,
    peak: u64,
}

/// Runs a command to its end: its output, CPU seconds of it and its children, peak memory in KiB.
fn measured(mut command: Command) -> Result<Run> {
    let before = children_cpu()?;
    let start = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let pid = child.id();
    let pipe = child.stdout.take().context("no pipe")?;
    let reader = std::thread::spawn(move || {
        let mut output = Vec::new();
        let mut pipe = pipe;
        // The log itself may come back: keep a report, count the rest.
        let _ = std::io::copy(&mut std::io::Read::take(&mut pipe, 1 << 24), &mut output);
        let _ = std::io::copy(&mut pipe, &mut std::io::sink());
        output
    });
    let mut peak = 0;
    let status = loop {
        peak = peak.max(peak_of(pid));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let wall = start.elapsed();
    let output = reader.join().unwrap_or_default();
    Ok(Run { output, status: status.code(), wall, cpu: children_cpu()? - before, peak })
}

/// CPU seconds of the children waited for, proc_pid_stat(5) fields 16 and 17, in ticks of 1/100 s.
fn children_cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let rest = stat.rsplit_once(')').map_or("", |(_, r)| r);
    let fields: Vec<f64> = rest.split_whitespace().skip(13).take(2).filter_map(|f| f.parse().ok()).collect();
    Ok(fields.iter().sum::<f64>() / 100.0)
}

fn peak_of(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

fn show(name: &str, run: &Run, bytes: u64) {
    let rate = bytes as f64 / 1e6 / run.cpu.max(0.01);
    println!(
        "{name}: {:.2} s wall, {:.2} s CPU, {rate:.0} MB/s of CPU, {} MiB, status {:?}",
        run.wall.as_secs_f64(),
        run.cpu,
        run.peak / 1024,
        run.status
    );
}

fn beside(name: &str, command: Command, bytes: u64) {
    match measured(command) {
        Ok(run) if run.status == Some(0) => {
            show(name, &run, bytes);
            println!("  {} bytes or more of output, {} lines", run.output.len(), lines(&run.output));
        }
        Ok(run) => println!("{name}: can't read it here (status {:?})", run.status),
        Err(error) => println!("{name}: not run ({error})"),
    }
}

fn lines(output: &[u8]) -> usize {
    output.iter().filter(|b| **b == b'\n').count()
}

/// Writes the log: every event has its own serial; the denials are spread evenly and cycle through the
/// distinct ones.
fn generate(path: &Path, records: u64) -> Result<()> {
    let part = path.with_extension("part");
    let mut out = BufWriter::with_capacity(1 << 20, std::fs::File::create(&part)?);
    let mut denial = 0;
    for n in 0..records {
        let stamp = format!("audit({}.{:03}:{})", 1_760_000_000 + n / 50, n % 50 * 20, 1000 + n);
        if n % ONE_IN == ONE_IN - 1 {
            refused(&mut out, &stamp, denial % DISTINCT, n)?;
            denial += 1;
        } else {
            ordinary(&mut out, &stamp, n)?;
        }
    }
    out.flush()?;
    std::fs::rename(part, path)?;
    Ok(())
}

fn refused(out: &mut impl std::io::Write, stamp: &str, which: u64, n: u64) -> Result<()> {
    let pid = 2000 + n % 30_000;
    match which % 5 {
        0 => writeln!(
            out,
            "type=AVC msg={stamp}: apparmor=\"DENIED\" operation=\"open\" class=\"file\" profile=\"docker-default\" \
             name=\"/proc/sys/kernel/item{which}\" pid={pid} comm=\"worker\" requested_mask=\"w\" denied_mask=\"w\" \
             fsuid=0 ouid=0"
        )?,
        1 => writeln!(
            out,
            "type=AVC msg={stamp}: avc:  denied  {{ write }} for  pid={pid} comm=\"httpd\" name=\"file{which}\" \
             dev=\"dm-0\" ino={} scontext=system_u:system_r:httpd_t:s0 tcontext=unconfined_u:object_r:user_home_t:s0 \
             tclass=file permissive=0",
            10_000 + which
        )?,
        2 => writeln!(
            out,
            "type=SECCOMP msg={stamp}: auid=4294967295 uid=0 gid=0 ses=4294967295 subj=unconfined pid={pid} \
             comm=\"job{which}\" exe=\"/usr/bin/job{which}\" sig=31 arch=c000003e syscall={} compat=0 \
             ip=0x7f10f1d4e2a9 code=0x80000000",
            which % 300
        )?,
        3 => writeln!(
            out,
            "type=AVC msg={stamp}: apparmor=\"DENIED\" operation=\"capable\" class=\"cap\" profile=\"unit{which}\" \
             pid={pid} comm=\"unit\" capability=21  capname=\"sys_admin\""
        )?,
        _ => writeln!(
            out,
            "type=AVC msg={stamp}: apparmor=\"DENIED\" operation=\"signal\" class=\"signal\" profile=\"docker-default\" \
             pid={pid} comm=\"kill\" requested_mask=\"receive\" denied_mask=\"receive\" signal=term peer=\"agent{which}\""
        )?,
    }
    Ok(())
}

fn ordinary(out: &mut impl std::io::Write, stamp: &str, n: u64) -> Result<()> {
    let pid = 2000 + n % 30_000;
    match n % 6 {
        0 => writeln!(
            out,
            "type=SYSCALL msg={stamp}: arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffd5cf0e1a0 \
             a2=80000 a3=0 items=1 ppid={} pid={pid} auid=1000 uid=1000 gid=1000 euid=1000 suid=1000 fsuid=1000 \
             egid=1000 sgid=1000 fsgid=1000 tty=pts0 ses=3 comm=\"cat\" exe=\"/usr/bin/cat\" subj=unconfined \
             key=\"watched\"\u{1d}ARCH=x86_64 SYSCALL=openat AUID=\"operator\" UID=\"operator\" GID=\"operator\" \
             EUID=\"operator\" SUID=\"operator\" FSUID=\"operator\" EGID=\"operator\" SGID=\"operator\" \
             FSGID=\"operator\"",
            pid - 1
        )?,
        1 => writeln!(
            out,
            "type=PATH msg={stamp}: item=0 name=\"/etc/ld.so.cache\" inode={} dev=fe:00 mode=0100644 ouid=0 ogid=0 \
             rdev=00:00 nametype=NORMAL cap_fp=0 cap_fi=0 cap_fe=0 cap_fver=0 cap_frootid=0\u{1d}OUID=\"root\" \
             OGID=\"root\"",
            500_000 + n % 1000
        )?,
        2 => writeln!(
            out,
            "type=CRED_ACQ msg={stamp}: pid={pid} uid=0 auid=4294967295 ses=4294967295 subj=unconfined \
             msg='op=PAM:setcred grantors=pam_permit acct=\"root\" exe=\"/usr/sbin/cron\" hostname=? addr=? \
             terminal=cron res=success'\u{1d}UID=\"root\" AUID=\"unset\""
        )?,
        3 => writeln!(
            out,
            "type=SERVICE_START msg={stamp}: pid=1 uid=0 auid=4294967295 ses=4294967295 subj=unconfined \
             msg='unit=task-{n} comm=\"systemd\" exe=\"/usr/lib/systemd/systemd\" hostname=? addr=? terminal=? \
             res=success'\u{1d}UID=\"root\" AUID=\"unset\""
        )?,
        4 => writeln!(
            out,
            "type=AVC msg={stamp}: apparmor=\"ALLOWED\" operation=\"open\" class=\"file\" profile=\"watched\" \
             name=\"/var/lib/data/{}\" pid={pid} comm=\"reader\" requested_mask=\"r\" denied_mask=\"r\" fsuid=0 ouid=0",
            n % 50
        )?,
        _ => writeln!(
            out,
            "type=EXECVE msg={stamp}: argc=7 a0=\"/usr/bin/curl\" a1=\"--silent\" a2=\"--output\" \
             a3=\"/tmp/output-{n}-of-a-rather-long-name-for-a-file.json\" a4=\"--header\" \
             a5=\"Content-Type: application/vnd.example.service.report.v{}+json; charset=utf-8\" \
             a6=\"https://service-{}.example.org/api/v2/projects/{}/reports/of/the/day?format=json&full=true\"",
            n % 9,
            n % 40,
            n % 1000
        )?,
    }
    Ok(())
}
