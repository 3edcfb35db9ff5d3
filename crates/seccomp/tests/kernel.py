"""Asks the running kernel: which programs it takes as a filter, and what installed filters answer.

In: one JSON object a line. Out: one JSON line each.
{"check": [program…]}: the errno of installing each, 0 when taken.
{"filters": [program…], "number": n, "calls": [[six arguments]…]}: of each call "pass", an errno,
or "signal", by a child with these filters; a program is a list of [code, jt, jf, k].
"""
import ctypes
import json
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
PR_SET_SECCOMP, MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38


class Instruction(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32)]


class Program(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.POINTER(Instruction))]


def install(rows):
    array = (Instruction * max(len(rows), 1))(*[Instruction(*row) for row in rows])
    program = Program(len(rows), array)
    if libc.prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program), 0, 0) == 0:
        return 0
    return ctypes.get_errno()


def call(number, args):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(a) for a in args])
    if result > 0:
        return "pass"
    return ctypes.get_errno() if result < 0 else 0


def child(job, out):
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if "check" in job:
        for program in job["check"]:
            os.write(out, b"%d\n" % install(program))
        return
    for program in job["filters"]:
        errno = install(program)
        if errno:
            os.write(out, b'"not installed: %d"\n' % errno)
            return
    for args in job["calls"]:
        os.write(out, json.dumps(call(job["number"], args)).encode() + b"\n")


libc.syscall.restype = ctypes.c_long
for line in sys.stdin:
    job = json.loads(line)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            child(job, write)
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as answers:
        rows = [json.loads(row) for row in answers]
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        rows.append("signal")
    print(json.dumps(rows), flush=True)
