//! What log daemons and engines put before a message: time, host, program, container, priority.
//! Taken off from the outside in, as often as one stands inside another.

mod container;
mod date;
mod kmsg;
mod prompt;
mod syslog;

pub(super) use syslog::channel_of;

use super::line::Line;
use whodenied_case::Channel;

/// What one prefix was and said.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// Its length, the blanks after it not counted.
    length: usize,
    time: Option<String>,
    host: Option<String>,
    tag: Option<String>,
    container: Option<String>,
    channel: Option<Channel>,
    command: bool,
    as_root: Option<bool>,
}

/// Takes all prefixes off; true when there was one that only begins a new log line.
pub(super) fn strip(line: &mut Line) -> bool {
    let mut any = false;
    for _ in 0..6 {
        let text = line.text.as_str();
        let found = container::read(text)
            .or_else(|| kmsg::read(text))
            .or_else(|| syslog::read(text))
            .or_else(|| prompt::read(text));
        let Some(found) = found.filter(|f| f.length > 0) else { break };
        any = true;
        let blanks = text.len() - found.length - after(text, found.length).len();
        line.dress.indent = blanks.saturating_sub(1);
        line.cut_front(found.length);
        let dress = &mut line.dress;
        dress.time = found.time.or(dress.time.take());
        dress.host = found.host.or(dress.host.take());
        dress.tag = found.tag.or(dress.tag.take());
        dress.container = found.container.or(dress.container.take());
        dress.command |= found.command;
        dress.as_root = found.as_root.or(dress.as_root);
        // What stands in a program's log stays that program's text, whatever it looks like.
        if let Some(channel) = found.channel
            && dress.channel != Channel::ProgramLog
        {
            dress.channel = channel;
        }
        if dress.command {
            break;
        }
    }
    any
}

/// True when `text` begins as a line of a log or a command does.
pub(super) fn begins_line(text: &str) -> bool {
    container::read(text)
        .or_else(|| kmsg::read(text))
        .or_else(|| syslog::read(text))
        .or_else(|| prompt::read(text))
        .is_some()
}

/// `text` without its first `n` bytes and the blanks after them.
fn after(text: &str, n: usize) -> &str {
    text.get(n..).unwrap_or("").trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::segment::Dress;
    use whodenied_text::{SourceId, Span};

    /// Text, expected rest, channel, tag.
    fn check(text: &str, rest: &str, channel: Channel, tag: Option<&str>) {
        let mut line = Line::plain(text, Span::new(SourceId(0), 0, text.len()), Dress::new(Channel::Bare));
        strip(&mut line);
        assert_eq!(line.text, rest, "{text:?}");
        assert_eq!(line.dress.channel, channel, "{text:?}");
        assert_eq!(line.dress.tag.as_deref(), tag, "{text:?}");
    }

    #[test]
    fn kernel_dressings() {
        use Channel::Kernel;
        for text in [
            "[  421.527168] R",
            "<5>[  421.527168] R",
            "<36>R",
            "[Mon Jul 22 12:43:40 2024] R",
            "[Mo Jul 22 12:43:40 2024] R",
            "[lun. juil. 22 12:43:40 2024] R",
            "[  +0.000012] R",
            "[Jul22 12:43] R",
            "[   12.345678][ T1234] R",
            "[   12.345678] [  T1234] R",
            "5,1234,5678,-;R",
            "5,1234,5678,-,caller=T1;R",
            "kern  :notice: [   12.345678] R",
            "kern  :info  : [Mon Jul 22 12:43:40 2024] R",
        ] {
            check(text, "R", Kernel, None);
        }
        for text in [
            "Apr 28 16:48:31 server kernel: R",
            "Apr  8 16:48:31.123456 server kernel: R",
            "Mar 20 17:07:45 host kernel: [43286694.926594] R",
            "ago 12 12:11:35 lenovo-y540 kernel: R",
            "Mär 12 12:11:35 h kernel: R",
            "févr. 12 12:11:35 h kernel: R",
            "8月 12 12:11:35 h kernel: R",
            "авг 12 12:11:35 h kernel: R",
            "Apr 28 2025 16:48:31 server kernel: R",
            "2024-07-22T12:43:40+0200 server kernel: R",
            "2024-07-22T12:43:40.123456+02:00 server kernel: [ 1.234567] R",
            "2024-07-22T12:43:40.123456Z server kernel: R",
            "Mon 2024-07-22 12:43:40 UTC server kernel: R",
            "Mon 2024-07-22 12:43:40 server kernel: R",
            "1721652220.385123 server kernel: R",
            "[ 4473.748727] server kernel: R",
            "Apr 28 16:48:31 kernel: R",
            "2024-07-22 12:43:40 server kernel: R",
            "<5>Apr 28 16:48:31 server kernel: R",
            "kernel: R",
            "kernel: [   12.345678] R",
            "server kernel: R",
            "<5>1 2024-07-22T12:43:40.123Z server kernel - - - R",
        ] {
            check(text, "R", Kernel, Some("kernel"));
        }
        check("audit[7053]: R", "R", Kernel, Some("audit[7053]"));
        check("localhost audit[19480]: R", "R", Kernel, Some("audit[19480]"));
        check("Aug 11 17:21:43 t audit[3449]: R", "R", Kernel, Some("audit[3449]"));
        check("Aug 11 17:21:43 t dbus-daemon[7]: R", "R", Kernel, Some("dbus-daemon[7]"));
    }

    #[test]
    fn program_dressings() {
        use Channel::ProgramLog;
        check("localhost systemd[19480]: x.service: y", "x.service: y", ProgramLog, Some("systemd[19480]"));
        check("Apr 28 16:48:31 h dockerd[12]: R", "R", ProgramLog, Some("dockerd[12]"));
        check("mealie-1  | R", "R", ProgramLog, None);
        check("web_1 | R", "R", ProgramLog, None);
        check("2026-01-02T03:04:05.123456789Z stderr F R", "R", ProgramLog, None);
        check("[pod/web-0/app] R", "R", ProgramLog, None);
        // A record inside a container's log stays that container's text.
        check("app-1  | [  12.345678] audit: R", "audit: R", ProgramLog, None);
        check("app-1  | Apr 28 16:48:31 h kernel: R", "R", ProgramLog, Some("kernel"));
    }

    #[test]
    fn what_is_no_prefix_stays() {
        use Channel::Bare;
        for text in [
            "audit: type=1400 audit(1.2:3): apparmor=\"DENIED\"",
            "type=AVC msg=audit(1.2:3): avc:  denied",
            "bash: /x: Permission denied",
            "dmesg | grep apparmor",
            "ls: cannot open directory '.': Permission denied",
            "2023/08/11 17:21:43 [alert] 4#4: *6 shutdown() failed",
            "[Errno 13] Permission denied",
            "[1, 2]",
            "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)",
            "Error 12 12:00:00",
            "- NET_ADMIN",
            "version: '3'",
            "[ERROR] x",
            "[warn]: y",
            "| a | b |",
            "a b c: d",
            "[]",
            "<5",
            "<",
        ] {
            check(text, text, Bare, None);
        }
    }

    #[test]
    fn prompts() {
        let mut l =
            Line::plain("root@web:~# docker run x", Span::new(SourceId(0), 0, 24), Dress::new(Channel::Bare));
        assert!(strip(&mut l));
        assert!(l.dress.command);
        assert_eq!(l.text, "docker run x");
        check("$ docker run x", "docker run x", Channel::Bare, None);
        check("[user@host ~]$ ls -l", "ls -l", Channel::Bare, None);
        check("user@host:/a b$ ls", "ls", Channel::Bare, None);
        check("# comment", "# comment", Channel::Bare, None);
        check("$HOME/x", "$HOME/x", Channel::Bare, None);
    }
}
