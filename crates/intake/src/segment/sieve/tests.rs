use super::*;

fn sieve(bytes: &[u8]) -> Kept {
    let mut sieve = Sieve::new();
    let head = bytes.len().min(100_000);
    sieve.run(bytes[..head].to_vec(), std::io::Cursor::new(bytes[head..].to_vec())).unwrap();
    sieve.finish()
}

fn avc(serial: usize, name: &str) -> String {
    format!(
        "type=AVC msg=audit(1632311788.{:03}:{serial}): avc:  denied  {{ read }} for  pid={serial} comm=\"nginx\" name=\"{name}\" dev=\"vda\" ino={serial} scontext=a:b:container_t:s0 tcontext=a:b:c_t:s0 tclass=file permissive=0\n",
        serial % 1000
    )
}

#[test]
fn the_needle_is_found_and_counted() {
    let mut log = String::new();
    for i in 0..12_000 {
        log.push_str(&format!(
            "type=USER_LOGIN msg=audit(1632311788.{:03}:{i}): pid={i} uid=0 res=success and more words\n",
            i % 1000
        ));
        if i % 100 == 0 {
            log.push_str(&avc(i, "a"));
        }
        if i == 7_777 {
            log.push_str(&avc(i, "needle"));
            log.push_str(&format!("type=SYSCALL msg=audit(1632311788.{:03}:{i}): arch=c000003e syscall=2 success=no exit=-13 comm=\"nginx\"\n", i % 1000));
            log.push_str(&format!("type=CWD msg=audit(1632311788.{:03}:{i}): cwd=\"/srv\"\n", i % 1000));
        }
    }
    assert!(log.len() > 2 * CHUNK);
    let kept = sieve(log.as_bytes());
    assert!(kept.text.len() < 64 << 10, "{}", kept.text.len());
    assert_eq!(kept.text.matches("name=\"a\"").count(), 1);
    assert_eq!(kept.text.matches("name=\"needle\"").count(), 1);
    assert!(kept.text.contains("syscall=2") && kept.text.contains("cwd=\"/srv\""));
    let shown: Vec<_> =
        kept.repeated.iter().map(|(o, n)| (n, kept.text[*o as usize..].lines().next())).collect();
    assert_eq!(kept.repeated.len(), 1, "{shown:#?}");
    let (offset, count) = kept.repeated[0];
    assert_eq!(count, 120);
    assert!(kept.text[offset as usize..].starts_with("type=AVC"));
    assert_eq!(kept.omitted + kept.text.len() as u64, log.len() as u64);
}

#[test]
fn one_endless_line() {
    let mut log = vec![b'x'; 2 << 20];
    let word = b" bash: /x: Permission denied ";
    log[900 << 10..(900 << 10) + word.len()].copy_from_slice(word);
    let kept = sieve(&log);
    assert!(kept.text.contains("bash: /x: Permission denied"));
    assert!(kept.text.len() < 64 << 10);
    // A word across two chunks may be lost, nothing else may happen.
    let _ = sieve(&b"Permission denied".repeat(1 << 16));
}

#[test]
fn noise_does_not_crowd_out_records() {
    let mut log = String::new();
    for i in 0..15_000 {
        log.push_str(&format!("app{i}x{:x}: Permission denied for user number {i:b}\n", i * 7919));
    }
    log.push_str(&avc(1, "late"));
    for i in 0..15_000 {
        log.push_str(&format!("audit: type=1400 audit(1.000:{i}): apparmor=\"ALLOWED\" operation=\"open\" profile=\"p\" name=\"/x/{i}\" pid=1\n"));
    }
    log.push_str(&avc(2, "later"));
    let kept = sieve(log.as_bytes());
    assert!(kept.text.len() < 3 << 20);
    assert!(kept.text.contains("name=\"late\"") && kept.text.contains("name=\"later\""));
}

#[test]
fn a_traceback_keeps_its_frames() {
    let mut log = "noise line\n".repeat(40_000);
    log.push_str("Traceback (most recent call last):\n  File \"/a.py\", line 1, in <module>\n    open(\"/x\")\nPermissionError: [Errno 13] Permission denied: '/x'\nafter\n");
    log.push_str(&"noise line\n".repeat(40_000));
    let kept = sieve(log.as_bytes());
    assert!(kept.text.contains("Traceback (most recent") && kept.text.contains("/a.py"));
}

#[test]
fn a_reader_that_trickles() {
    struct Slow(usize);
    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.0 += 1;
            let text = avc(self.0 % 5, "x");
            let bytes = text.as_bytes();
            if self.0 > 20_000 || buffer.is_empty() {
                return Ok(0);
            }
            let n = bytes.len().min(buffer.len());
            buffer[..n].copy_from_slice(&bytes[..n]);
            Ok(n)
        }
    }
    let mut sieve = Sieve::new();
    sieve.run(avc(1, "x").into_bytes(), Slow(0)).unwrap();
    let kept = sieve.finish();
    assert!(kept.text.contains("name=\"x\""));
}
