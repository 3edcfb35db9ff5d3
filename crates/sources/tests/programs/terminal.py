"""Runs the harness in a shell on a terminal of its own: ^Z, fg, bg, ^C, ^D, kill."""
import os
import pty
import select
import sys
import time

harness = sys.argv[1]
pid, fd = pty.fork()
if pid == 0:
    os.environ["PS1"] = "$ "
    os.environ["TERM"] = "dumb"
    os.execvp("bash", ["bash", "--norc", "--noprofile", "--noediting", "-i"])


def until(*wanted, seconds=10):
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


until("$ ")
send(f"{harness} -q cat\n")
time.sleep(0.5)
send("hello\n")
until("hello\r\nhello\r\n")
send("\x1a")
until("Stopped", "$ ")
send("fg\n")
until("cat\r\n")
send("again\n")
until("again\r\nagain\r\n")
send("\x03")
until("$ ")
send("echo status=$?\n")
until("status=130")
send(f"{harness} -q cat &\n")
until("[1]")
time.sleep(0.5)
send("\n")
until("Stopped")
send("fg\n")
until("cat\r\n")
send("x\n")
until("x\r\nx\r\n")
send("\x04")
until("$ ")
send("echo status=$?\n")
until("status=0")
send(f"{harness} -q sleep 50 & sleep 0.5; kill %1; wait %1; echo status=$?\n")
until("status=143")
send(f"{harness} -q sleep 51 & sleep 0.5; kill -TERM $!; wait $!; echo status=$?\n")
until("status=143")
send("pgrep -x sleep -a | grep -c 'sleep 5[01]'; echo done=$?\n")
until("done=1")
send("exit\n")
