"""`whodenied run` in a shell on a terminal of its own: ^Z, fg, ^C, a window that changes its size."""
import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

binary = sys.argv[1]
pid, fd = pty.fork()
if pid == 0:
    os.environ["PS1"] = "$ "
    os.environ["TERM"] = "dumb"
    os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])


def until(*wanted, seconds=30):
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


run = f"{binary} run --propagate-exit -- "
until("$ ")
send(run + "sh -c 'echo be''gun; exec cat'\n")
until("begun")
send("hello\n")
until("hello\r\nhello\r\n")
send("\x1a")
until("Stopped", "$ ")
send("fg\n")
until("cat'")
send("again\n")
until("again\r\nagain\r\n")
send("\x03")
until("$ ")
send("echo status=$?\n")
until("status=130")
# The kernel tells the foreground process group of a new size.
size = (
    "import signal,os,time;"
    "signal.signal(signal.SIGWINCH,lambda *a:os.write(1,b'size %d ' % os.get_terminal_size().columns));"
    "os.write(1,b'wait'+b'ing ');time.sleep(2)"
)
send(run + f'/usr/bin/python3 -I -S -c "{size}"\n')
until("waiting")
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 97, 0, 0))
until("size 97")
until("$ ")
send(run + "sleep 52 & sleep 1; kill -TERM $!; wait $!; echo status=$?\n")
until("status=143")
send("pgrep -x sleep -a | grep -c 'sleep 52'; echo done=$?\n")
until("done=1")
send("exit\n")
