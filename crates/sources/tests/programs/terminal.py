"""Follows commands by `ARGV...` in a shell on a terminal of its own: ^Z, fg, bg, ^C, ^D, kill, a window
that changes its size. Nothing is waited for by the clock: every command says when it is there."""
import fcntl
import os
import pty
import select
import struct
import sys
import tempfile
import termios
import time

follow = " ".join(sys.argv[1:])
# Found by no other process on the machine.
mark = 10_000_000 + os.getpid()
pid, fd = pty.fork()
if pid == 0:
    os.environ["PS1"] = "$ "
    os.environ["TERM"] = "dumb"
    os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])


def until(*wanted, seconds=60):
    seen = ""
    end = time.time() + seconds
    while time.time() < end:
        if select.select([fd], [], [], 0.1)[0]:
            seen += os.read(fd, 65536).decode(errors="replace")
        if all(w in seen for w in wanted):
            return seen
    print(f"waited for {wanted!r}, got {seen!r}")
    sys.exit(1)


def send(text):
    os.write(fd, text.encode())


# What is typed is echoed: a word that is waited for is typed in two parts.
cat = f"{follow} sh -c 'echo be''gun; exec cat'"
until("$ ")
send(f"{cat}\n")
until("begun")
send("hello\n")
until("hello\r\nhello\r\n")
send("\x1a")
until("Stopped", "$ ")
send("fg\n")
until("cat'\r\n")
send("again\n")
until("again\r\nagain\r\n")
send("\x03")
until("$ ")
send("echo status=$?\n")
until("status=130")

# Reading in the background stops a job.
send(f"{cat} &\n")
until("begun")
end = time.time() + 60
seen = ""
while "Stopped" not in seen:
    assert time.time() < end, seen
    send("jobs; echo li''sted\n")
    seen = until("listed")
send("fg\n")
until("cat'\r\n")
send("x\n")
until("x\r\nx\r\n")
send("\x04")
until("$ ")
send("echo status=$?\n")
until("status=0")

# The kernel tells the foreground process group of a new size.
size = (
    "import signal,os,time;"
    "signal.signal(signal.SIGWINCH,lambda *a:(os.write(1,b'size %d ' % os.get_terminal_size().columns),os._exit(0)));"
    "os.write(1,b'wait'+b'ing ');time.sleep(60)"
)
send(f'{follow} /usr/bin/python3 -I -S -c "{size}"\n')
until("waiting")
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 97, 0, 0))
until("size 97", "$ ")

# A signal to the job, and one to the tracer alone.
with tempfile.TemporaryDirectory() as folder:
    for n, target in enumerate(["%1", "-TERM $!"]):
        there = f"{folder}/{n}"
        send(f"{follow} sh -c ': >{there}; exec sleep {mark}' &\n")
        send(f"until [ -e {there} ]; do sleep 0.05; done; kill {target}; wait $!; echo status=$?\n")
        until("status=143")
send(f"pgrep -f 'sleep {mark}' | grep -vc $$; echo le''ft=$?\n")
left = until("left=")
if "0\r\nleft=" not in left:
    print(f"left behind: {left!r}")
    sys.exit(1)
send("exit\n")
