//! An engine of the test's own, with an image of a few programs of this machine.

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Docker,
    /// Docker with userns-remap.
    Remapped,
    Podman,
}

pub(crate) struct Engine {
    kind: Kind,
    directory: PathBuf,
    daemon: Option<Child>,
}

/// What a container printed.
pub(crate) struct Ran {
    pub(crate) success: bool,
    pub(crate) text: String,
}

/// So long may one container take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

impl Engine {
    pub(crate) fn start(kind: Kind) -> Result<Self, String> {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        if !status.lines().any(|l| l.starts_with("Uid:\t0\t0")) {
            return Err("not root".to_owned());
        }
        let name = format!("whodenied-postmortem-{}-{kind:?}", std::process::id()).to_lowercase();
        // Short: a socket's path has at most 107 bytes.
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).map_err(|e| e.to_string())?;
        let mut engine = Self { kind, directory, daemon: None };
        for program in ["busybox", "python3", if kind == Kind::Podman { "podman" } else { "dockerd" }] {
            if !engine.shell(&format!("command -v {program}")).status.success() {
                return Err(format!("{program} is not installed"));
            }
        }
        if kind != Kind::Podman {
            engine.serve()?;
        }
        engine.image()?;
        let probe = engine.run("probe", "", "true")?;
        if !probe.success {
            return Err(format!("no container runs here: {}", probe.text));
        }
        Ok(engine)
    }

    fn serve(&mut self) -> Result<(), String> {
        let at = |name: &str| self.directory.join(name).to_string_lossy().into_owned();
        let mut dockerd = Command::new("dockerd");
        dockerd.args(["--iptables=false", "--ip6tables=false", "--bridge=none", "--data-root", &at("data")]);
        dockerd.args(["--exec-root", &at("exec"), "--pidfile", &at("pid"), "--host"]);
        dockerd.arg(format!("unix://{}", at("sock")));
        if self.kind == Kind::Remapped {
            let subuid = std::fs::read_to_string("/etc/subuid").unwrap_or_default();
            let user = subuid.lines().find_map(|l| l.split(':').next()).ok_or("/etc/subuid names nobody")?;
            dockerd.arg(format!("--userns-remap={user}"));
        }
        let log = std::fs::File::create(self.directory.join("log")).map_err(|e| e.to_string())?;
        let daemon = dockerd.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn();
        self.daemon = Some(daemon.map_err(|e| e.to_string())?);
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if self.client("version").status.success() {
                return Ok(());
            }
            if self.daemon.as_mut().is_some_and(|d| d.try_wait().is_ok_and(|s| s.is_some())) {
                break;
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        let log = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        Err(format!("dockerd did not start: {}", log.lines().last().unwrap_or("")))
    }

    /// busybox under many names, and this machine's Python where a container mounts /usr.
    fn image(&self) -> Result<(), String> {
        let made = self.shell(
            "set -e; cd $D; mkdir -p root/bin root/etc root/tmp root/data root/srv root/usr root/var; chmod 1777 root/tmp
             cp $(command -v busybox) root/bin/busybox; cd root
             for n in sh ls cat touch mkdir chown chmod mount id sleep ping cp mknod date chroot true rm hostname; do ln -sf busybox bin/$n; done
             for l in lib lib64; do if [ -L /$l ]; then ln -s $(readlink /$l) $l; else mkdir $l; fi; done
             printf 'root:x:0:0::/:/bin/sh\\napp:x:1000:1000::/:/bin/sh\\n' > etc/passwd
             printf 'root:x:0:\\napp:x:1000:\\n' > etc/group
             mkdir private; echo x > private/f; chmod 700 private; echo x > srv/f; chmod 600 srv/f
             printf '#!/bin/sh\\necho no\\n' > srv/script; chmod 644 srv/script
             cp bin/busybox bin/su; chmod 4755 bin/su
             tar -c . > ../image.tar",
        );
        if !made.status.success() {
            return Err(format!("the image: {}", text(&made)));
        }
        let loaded = self.client(&format!("import {}/image.tar base:1", self.directory.display()));
        if loaded.status.success() { Ok(()) } else { Err(format!("the image: {}", text(&loaded))) }
    }

    fn command(&self) -> String {
        let at = self.directory.display();
        match self.kind {
            Kind::Podman => format!(
                "podman --root {at}/graph --runroot {at}/run --tmpdir {at}/tmp --cgroup-manager cgroupfs --events-backend file"
            ),
            _ => format!("docker -H unix://{at}/sock"),
        }
    }

    fn client(&self, arguments: &str) -> Output {
        self.shell(&format!("timeout 60 {} {arguments}", self.command()))
    }

    fn shell(&self, script: &str) -> Output {
        Command::new("/bin/sh")
            .args(["-c", script])
            .env("D", &self.directory)
            .env("PATH", "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
            .env("LC_ALL", "C")
            .env_remove("DOCKER_HOST")
            .stdin(Stdio::null())
            .output()
            .expect("sh")
    }

    /// Sets the stage; `$V` is a directory to be mounted.
    pub(crate) fn stage(&self, script: &str, name: &str) -> Result<(), String> {
        let set = format!("set -e; V=$D/volume; rm -rf $V; mkdir $V; chmod 755 $V; : {name}; {script}");
        let staged = self.shell(&set);
        if !staged.status.success() {
            return Err(format!("the stage: {}", text(&staged)));
        }
        // What was staged must be older than what fails.
        std::thread::sleep(Duration::from_millis(20));
        Ok(())
    }

    /// The engine's containers, its volume's files with owners, modes, lists and flags, and the runs of this
    /// engine's clones that are not put away (a directory with a mount in it can't be).
    #[allow(dead_code, reason = "one of two tests asks")]
    pub(crate) fn everything(&self) -> String {
        let containers = self.client("ps -a --no-trunc --format '{{.ID}} {{.Names}} {{.State}}'");
        let files = self.shell(
            "find $D/volume -printf '%p %m %U %G %s %T@ %C@\\n' | sort; getfacl -Rpn $D/volume; lsattr -R $D/volume
             grep -ls $D/sock /var/lib/whodenied/clones/*/ledger.json",
        );
        format!("{}\n{}", text(&containers), String::from_utf8_lossy(&files.stdout))
    }

    pub(crate) fn strike(&self, script: &str) {
        self.shell(&format!("V=$D/volume; {script}"));
    }

    pub(crate) fn run(&self, name: &str, options: &str, program: &str) -> Result<Ran, String> {
        let options = options
            .replace("$V", &self.directory.join("volume").to_string_lossy())
            .replace("$D", &self.directory.to_string_lossy())
            .replace("$USR", "-v /usr:/usr:ro");
        // crun on an old cgroup hierarchy may not raise limits here; runc is what Docker has.
        let engine = if self.kind == Kind::Podman {
            "--runtime runc --ulimit nofile=512:512 --ulimit nproc=512:512"
        } else {
            ""
        };
        let ran =
            self.client(&format!("run --name {name} --network none {engine} {options} base:1 {program}"));
        Ok(Ran { success: ran.status.success(), text: text(&ran) })
    }

    #[allow(dead_code, reason = "one of two tests asks")]
    pub(crate) fn explain(&self, name: &str) -> Result<Value, String> {
        self.whodenied(&format!("explain --container {name} --format json"))
    }

    /// Starts `whodenied` with these arguments and sends it a signal after so many seconds.
    #[allow(dead_code, reason = "one of two tests asks")]
    pub(crate) fn ended(&self, arguments: &str, signal: &str, after: &str) {
        let at = self.directory.display();
        let binary = env!("CARGO_BIN_EXE_whodenied");
        let docker = format!("DOCKER_HOST=unix://{at}/sock");
        self.shell(&format!(
            "{docker} {binary} {arguments} >/dev/null 2>&1 & p=$!; sleep {after}; kill -{signal} $p; wait $p"
        ));
    }

    /// What `whodenied` with these arguments says in JSON.
    pub(crate) fn whodenied(&self, arguments: &str) -> Result<Value, String> {
        let at = self.directory.display();
        let binary = env!("CARGO_BIN_EXE_whodenied");
        let around = match self.kind {
            // Podman has no service: its client is asked, through a script that knows where it stores.
            Kind::Podman => {
                let client = self.directory.join("bin");
                std::fs::create_dir_all(&client).map_err(|e| e.to_string())?;
                let script = format!("#!/bin/sh\nexec /usr/bin/{} \"$@\"\n", self.command());
                std::fs::write(client.join("podman"), script).map_err(|e| e.to_string())?;
                format!(
                    "chmod 755 {c}/podman; DOCKER_HOST=unix://{at}/none PATH={c}:$PATH",
                    c = client.display()
                )
            }
            _ => format!("DOCKER_HOST=unix://{at}/sock"),
        };
        let said = self.shell(&format!("{around} {binary} {arguments}"));
        serde_json::from_slice(&said.stdout)
            .map_err(|e| format!("{e}: {}{}", String::from_utf8_lossy(&said.stdout), text(&said)))
    }
}

fn text(output: &Output) -> String {
    let both = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    String::from_utf8_lossy(&both).trim().chars().take(1500).collect()
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = Command::new("kill").arg(daemon.id().to_string()).status();
            let began = Instant::now();
            while began.elapsed() < PATIENCE && daemon.try_wait().is_ok_and(|s| s.is_none()) {
                std::thread::sleep(Duration::from_millis(100));
            }
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
        // What a container left mounted would keep the directory.
        self.shell("grep -o \"$D[^ ]*\" /proc/mounts | sort -ru | while read m; do umount -l \"$m\"; done; chattr -R -i $D/volume 2>/dev/null; rm -rf $D");
    }
}
