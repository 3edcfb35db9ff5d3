"""Runs in the guest: does every operation of ops.txt under every profile of profiles.txt and prints, one JSON
line each, the errno it got and the records the kernel wrote. A child does the operations; it reports through a
pipe, which no profile mediates, and waits until its parent has read the kernel's log."""
import ctypes, errno, fcntl, glob, json, mmap, os, re, signal, socket, struct, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = "/tmp/aa"
FS = "/sys/kernel/security/apparmor"
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
TYPES = {"stream": 1, "dgram": 2, "raw": 3, "seqpacket": 5}


def call(result):
    if result < 0:
        e = ctypes.get_errno()
        raise OSError(e, os.strerror(e))
    return result


def prepare():
    os.makedirs(ROOT + "/dir/sub", exist_ok=True)
    os.makedirs(ROOT + "/bin", exist_ok=True)
    for name in ["own", "other", "ro", "a", "b", "dir/x", "dir/sub/y", "denied", "hard", "audited"]:
        with open(f"{ROOT}/{name}", "w") as f:
            f.write("x" * 4096)
        os.chmod(f"{ROOT}/{name}", 0o777)
    os.chown(ROOT + "/other", 1000, 1000)
    for name in ["x", "ux", "px", "cx", "none", "table", "pix"]:
        if not os.path.exists(f"{ROOT}/bin/{name}"):
            os.system(f"cp /bin/busybox {ROOT}/bin/{name}")
    for d in ["m1", "m2", "m3", "m4", "m5", "um", "from", "old"]:
        os.makedirs(f"{ROOT}/{d}", exist_ok=True)


def fresh():
    """What an earlier profile's operations may have left or taken."""
    for name in ["new", "newdir", "to", "sym", "link", "link2", "hard2", "sock", "dev", "dir/new"]:
        path = f"{ROOT}/{name}"
        try:
            os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
        except FileNotFoundError:
            pass
    for name in ["gone", "from1"]:
        open(f"{ROOT}/{name}", "w").close()
    os.makedirs(ROOT + "/gonedir", exist_ok=True)


def child(act):
    """In a child, so that nothing of it lasts; an exec that happens closes the pipe."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(r)
        try:
            act()
            os._exit(0)
        except OSError as e:
            os.write(w, struct.pack("i", e.errno))
            os._exit(1)
    os.close(w)
    data = os.read(r, 4)
    os.close(r)
    os.waitpid(pid, 0)
    got = struct.unpack("i", data)[0] if data else 0
    if got:
        raise OSError(got, os.strerror(got))


def attr(word, target):
    def act():
        with open(f"/proc/{os.getpid()}/attr/current", "w") as f:
            f.write(f"{word} {target}")
    child(act)


def unix(kind):
    return socket.socket(socket.AF_UNIX, TYPES[kind])


def inet(kind):
    return socket.socket(socket.AF_INET, TYPES[kind])


def io_uring():
    os.close(call(libc.syscall(425, 4, ctypes.byref(ctypes.create_string_buffer(struct.pack("II I", 0, 0, 2) + bytes(108), 120)))))


def mount(source, target, kind, flags, data=None):
    b = lambda s: None if s in ("-", None) else s.encode()
    call(libc.mount(b(source), b(target), b(kind), ctypes.c_ulong(int(flags)), b(data)))


def capget():
    header = struct.pack("Ii", 0x20080522, 0)
    data = ctypes.create_string_buffer(24)
    call(libc.capget(ctypes.create_string_buffer(header, 8), data))
    w = struct.unpack("6I", data.raw)
    return w[0] | w[3] << 32


def perform(op, peers):
    w = op.split()
    k, a = w[0], w[1:]
    if k == "open":
        flags = {"r": os.O_RDONLY, "w": os.O_WRONLY, "rw": os.O_RDWR, "a": os.O_WRONLY | os.O_APPEND,
                 "create": os.O_WRONLY | os.O_CREAT, "trunc": os.O_WRONLY | os.O_TRUNC, "dir": os.O_RDONLY | os.O_DIRECTORY}[a[0]]
        os.close(os.open(a[1], flags, 0o777))
    elif k == "unlink": os.unlink(a[0])
    elif k == "mkdir": os.mkdir(a[0])
    elif k == "rmdir": os.rmdir(a[0])
    elif k == "rename": os.rename(a[0], a[1])
    elif k == "symlink": os.symlink("x", a[0])
    elif k == "link": os.link(a[0], a[1])
    elif k == "chmod": os.chmod(a[0], 0o777)
    elif k == "truncate": os.truncate(a[0], 4096)
    elif k == "stat": os.stat(a[0])
    elif k == "flock":
        fd = os.open(a[0], os.O_RDONLY)
        try: fcntl.flock(fd, fcntl.LOCK_EX)
        finally: os.close(fd)
    elif k == "mmapx":
        fd = os.open(a[0], os.O_RDONLY)
        try: mmap.mmap(fd, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC, flags=mmap.MAP_PRIVATE).close()
        finally: os.close(fd)
    elif k == "exec":
        child(lambda: os.execv(a[0], ["true", "true"]))
    elif k == "socket":
        socket.socket(int(a[0]), int(a[1]), int(a[2])).close()
    elif k == "pair": [s.close() for s in socket.socketpair(socket.AF_UNIX, TYPES[a[0]])]
    elif k == "ubind":
        s = unix(a[0]); s.bind("" if a[1] == "auto" else a[1].replace("@", "\0", 1)); s.close()
    elif k == "ulisten":
        s = unix("stream"); s.bind(a[0].replace("@", "\0", 1)); s.listen(5); s.close()
    elif k == "uconnect":
        s = unix("stream"); s.connect(a[0].replace("@", "\0", 1)); s.close()
    elif k == "usend":
        s = unix("dgram"); s.sendto(b"x", a[0].replace("@", "\0", 1)); s.close()
    elif k == "ugetopt":
        s = unix("stream"); s.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF); s.close()
    elif k == "usetopt":
        s = unix("stream"); s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096); s.close()
    elif k == "ugetname":
        s = unix("stream"); s.getsockname(); s.close()
    elif k == "ushutdown":
        s = unix("stream")
        try: s.shutdown(2)
        finally: s.close()
    elif k == "ibind":
        s = inet(a[0]); s.bind(("127.0.0.1", 0)); s.close()
    elif k == "iconnect":
        s = inet("stream"); s.connect(("127.0.0.1", 1)); s.close()
    elif k == "isend":
        s = inet("dgram"); s.sendto(b"x", ("127.0.0.1", 9)); s.close()
    elif k == "ilisten":
        s = inet("stream"); s.bind(("127.0.0.1", 0)); s.listen(5); s.close()
    elif k == "isetopt":
        s = inet("stream"); s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1); s.close()
    elif k == "mount": mount(a[0], a[1], a[2], a[3], a[4] if len(a) > 4 else None)
    elif k == "umount": call(libc.umount2(a[0].encode(), 0))
    elif k == "pivot_root": call(libc.syscall(155, a[0].encode(), a[1].encode()))
    elif k == "kill": os.kill(peers[a[1]], int(a[0]))
    elif k == "attach":
        call(libc.ptrace(16, peers[a[0]], None, None))
        os.waitpid(peers[a[0]], 0x40000000)
        call(libc.ptrace(17, peers[a[0]], None, None))
    elif k == "kcmp": call(libc.syscall(312, os.getpid(), peers[a[0]], 2, 0, 0))
    elif k == "userns": child(lambda: call(libc.unshare(0x10000000)))
    elif k == "sqpoll": io_uring()
    elif k == "capget": return {"caps": capget()}
    elif k == "hostname": socket.sethostname("x")
    elif k == "chroot": child(lambda: os.chroot(ROOT))
    elif k == "setuid": child(lambda: os.setuid(1000))
    elif k == "setgid": child(lambda: os.setgid(1000))
    elif k == "nice": child(lambda: os.setpriority(os.PRIO_PROCESS, 0, -1))
    elif k == "mknod": os.mknod(a[0], 0o20600, os.makedev(1, 3))
    elif k == "changeprofile": attr("changeprofile", a[0])
    elif k == "onexec":
        def act():
            with open(f"/proc/{os.getpid()}/attr/exec", "w") as f:
                f.write(f"exec {a[0]}")
            os.execv(a[1], ["true", "true"])
        child(act)
    else:
        raise ValueError(op)
    return {}


def query(profile, op):
    """What the kernel answers to a daemon that asks for a task (D-Bus)."""
    _, side, *parts = op.split("|")
    text = b"label\0" + profile.encode() + b"\0" + b"\x20" + b"\0".join(p.encode() for p in parts)
    fd = os.open(FS + "/.access", os.O_RDWR)
    try:
        os.write(fd, text)
        said = os.read(fd, 4096).decode()
    finally:
        os.close(fd)
    masks = {k: int(v, 16) for k, v in re.findall(r"(\w+) (0x[0-9a-f]+)", said)}
    bit = {"send": 2, "receive": 4, "bind": 0x40}[side]
    return {"errno": 0 if masks["allow"] & bit and not masks["deny"] & bit else errno.EACCES}


class Log:
    def __init__(self):
        self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.fd, 0, os.SEEK_END)

    def drain(self, status=False):
        lines = []
        while True:
            try:
                text = os.read(self.fd, 16384).decode(errors="replace")
            except BlockingIOError:
                return lines
            except OSError:
                continue
            if "apparmor=" in text and status == ("STATUS" in text):
                lines.append(text.split(";", 1)[-1].split("\n")[0])


def sleeper(profile, over):
    """A task that ignores signals, under a profile or none, until `over` says so: nobody may be allowed to
    kill it."""
    r, w = os.pipe()
    pid = os.fork()
    if pid == 0:
        for s in (signal.SIGTERM, signal.SIGUSR1, signal.SIGHUP):
            signal.signal(s, signal.SIG_IGN)
        if profile:
            with open("/proc/self/attr/current", "w") as f:
                f.write("changeprofile " + profile)
        os.write(w, b"x")
        while over[0] == 0:
            time.sleep(0.02)
        os._exit(0)
    os.read(r, 1)
    os.close(r), os.close(w)
    return pid


def run(profile, ops, log):
    fresh()
    over = mmap.mmap(-1, 4096)
    peers = {"u": sleeper(None, over), "q": sleeper("probe-peer", over), "s": sleeper(profile, over)}
    up_r, up_w = os.pipe()
    down_r, down_w = os.pipe()
    pid = os.fork()
    if pid == 0:
        call(libc.unshare(0x00020000 | 0x04000000))
        mount("none", "/", None, 1 << 18 | 16384)
        mount("tmpfs", ROOT + "/um", "tmpfs", 0)
        mount("tmpfs", ROOT + "/from", "tmpfs", 0)
        with open("/proc/self/attr/current", "w") as f:
            f.write("changeprofile " + profile)
        for at, op in enumerate(ops):
            if op.startswith("dbus"):
                continue
            try:
                result = {"errno": 0, **perform(op, peers)}
            except OSError as e:
                result = {"errno": e.errno}
            except Exception as e:
                result = {"errno": -1, "error": repr(e)}
            os.write(up_w, (json.dumps({"op": at, "pid": os.getpid(), **result}) + "\n").encode())
            os.read(down_r, 1)
        os._exit(0)
    os.close(up_w), os.close(down_r)
    reports = os.fdopen(up_r)
    log.drain()
    for line in reports:
        result = json.loads(line)
        records = log.drain()
        # The kernel's thread for records may come later than the refusal.
        for _ in range(12 if result["errno"] in (1, 13) else 0):
            if records:
                break
            time.sleep(0.02)
            records = log.drain()
        print("RESULT " + json.dumps({"profile": profile, **result, "op": ops[result["op"]], "records": records}), flush=True)
        os.write(down_w, b"x")
    for op in ops:
        if op.startswith("dbus"):
            print("RESULT " + json.dumps({"profile": profile, "op": op, "pid": 0, "records": [], **query(profile, op)}), flush=True)
    os.waitpid(pid, 0)
    over[0] = 1
    for peer in peers.values():
        os.waitpid(peer, 0)


def main():
    sys.setrecursionlimit(10000)
    for path, value in {"kernel/printk_ratelimit": "0", "kernel/yama/ptrace_scope": "0", "kernel/io_uring_disabled": "0"}.items():
        try:
            open("/proc/sys/" + path, "w").write(value)
        except OSError:
            pass
    prepare()
    stream = unix("stream"); stream.bind("\0aa-server"); stream.listen(1000)
    dgram = unix("dgram"); dgram.bind("\0aa-dgram"); dgram.setblocking(False)
    try: os.unlink(ROOT + "/server")
    except FileNotFoundError: pass
    path = unix("stream"); path.bind(ROOT + "/server"); path.listen(1000); os.chmod(ROOT + "/server", 0o777)
    ops = [op.split(" ", 1) for op in open(HERE + "/ops.txt").read().split("\n") if op]

    def asked(kind):
        if kind == "all":
            return [op for _, op in ops]
        if kind == "some":
            return [op for at, (_, op) in enumerate(ops) if at % 4 == 0]
        return [op for k, op in ops if k in (kind, "caps")]

    refused = set()
    loading = Log()
    for line in open(HERE + "/profiles.txt"):
        name, blob, _ = line.split()
        parts = [f"{HERE}/{blob}"] + sorted(glob.glob(f"{HERE}/{blob}.*"))
        try:
            for part in parts:
                fd = os.open(FS + "/.replace", os.O_WRONLY)
                try: os.write(fd, open(part, "rb").read())
                finally: os.close(fd)
        except OSError as e:
            print("RESULT " + json.dumps({"profile": name, "load": e.errno, "said": loading.drain(True)}), flush=True)
            refused.add(name)
            continue
        loading.drain(True)
        print("RESULT " + json.dumps({"profile": name, "load": 0, "kernel": os.uname().release}), flush=True)
        while True:
            try: dgram.recv(100)
            except BlockingIOError: break
    log = Log()
    for line in open(HERE + "/profiles.txt"):
        name, _, kind = line.split()
        if name != "probe-peer" and name not in refused:
            run(name, asked(kind), log)
    print("RESULT " + json.dumps({"done": True}), flush=True)


main()
