"""Asks the installed libseccomp: makes a filter of each profile the way runc does, exports it.

In: one JSON object a line. Out: one line each, the filter in hex, or "!" and why not.
{"numbers": [tokens], "names": [names]} is answered by the number of each name in each ABI.
"""
import ctypes
import json
import os
import sys

try:
    lib = ctypes.CDLL("libseccomp.so.2", use_errno=True)
except OSError as error:
    print("skip", error)
    sys.exit(0)


class Cmp(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Version(ctypes.Structure):
    _fields_ = [("major", ctypes.c_uint), ("minor", ctypes.c_uint), ("micro", ctypes.c_uint)]


lib.seccomp_version.restype = ctypes.POINTER(Version)
lib.seccomp_init.restype = ctypes.c_void_p
lib.seccomp_init.argtypes = [ctypes.c_uint32]
lib.seccomp_release.argtypes = [ctypes.c_void_p]
lib.seccomp_arch_add.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
lib.seccomp_arch_remove.argtypes = [ctypes.c_void_p, ctypes.c_uint32]
lib.seccomp_attr_set.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32]
lib.seccomp_export_bpf.argtypes = [ctypes.c_void_p, ctypes.c_int]
lib.seccomp_syscall_resolve_name.argtypes = [ctypes.c_char_p]
lib.seccomp_syscall_resolve_name_arch.argtypes = [ctypes.c_uint32, ctypes.c_char_p]
lib.seccomp_rule_add_array.argtypes = [
    ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Cmp)]

TOKENS = {
    "SCMP_ARCH_X86": 0x40000003, "SCMP_ARCH_X86_64": 0xC000003E, "SCMP_ARCH_X32": 0x4000003E,
    "SCMP_ARCH_ARM": 0x40000028, "SCMP_ARCH_AARCH64": 0xC00000B7, "SCMP_ARCH_RISCV64": 0xC00000F3,
    "SCMP_ARCH_S390X": 0x80000016, "SCMP_ARCH_PPC64LE": 0xC0000015,
}
OPS = ["", "NE", "LT", "LE", "EQ", "GE", "GT", "MASKED_EQ"]
NATIVE = lib.seccomp_arch_native()
OPTIMIZE = 8
v = lib.seccomp_version().contents
print("libseccomp %d.%d.%d" % (v.major, v.minor, v.micro), flush=True)


def code(action, errno):
    errno = 1 if errno is None else errno
    return {
        "SCMP_ACT_KILL_PROCESS": 0x80000000, "SCMP_ACT_KILL": 0, "SCMP_ACT_TRAP": 0x30000,
        "SCMP_ACT_ERRNO": 0x50000 | errno, "SCMP_ACT_TRACE": 0x7FF00000 | errno,
        "SCMP_ACT_LOG": 0x7FFC0000, "SCMP_ACT_ALLOW": 0x7FFF0000, "SCMP_ACT_NOTIFY": 0x7FC00000,
    }[action]


def must(result, what):
    if result != 0:
        raise ValueError("%s: %d" % (what, result))


def make(job):
    profile = job["profile"]
    default = code(profile["defaultAction"], profile.get("defaultErrnoRet"))
    ctx = lib.seccomp_init(default)
    try:
        machine = TOKENS[job["machine"]]
        if machine != NATIVE:
            must(lib.seccomp_arch_remove(ctx, NATIVE), "arch_remove")
            must(lib.seccomp_arch_add(ctx, machine), "arch_add")
        for token in profile["architectures"]:
            if TOKENS[token] != machine:
                must(lib.seccomp_arch_add(ctx, TOKENS[token]), token)
        must(lib.seccomp_attr_set(ctx, OPTIMIZE, job["optimize"]), "optimize")
        for entry in profile["syscalls"]:
            action = code(entry["action"], entry.get("errnoRet"))
            for name in entry["names"]:
                number = lib.seccomp_syscall_resolve_name(name.encode())
                if number == -1 or action == default:
                    continue
                args = [Cmp(a["index"], OPS.index(a["op"][9:]), a["value"], a.get("valueTwo", 0)) for a in entry["args"]]
                if len({a.arg for a in args}) < len(args):
                    sets = [[a] for a in args]
                else:
                    sets = [args]
                for one in sets:
                    must(lib.seccomp_rule_add_array(ctx, action, number, len(one), (Cmp * len(one))(*one)), name)
        fd = os.memfd_create("filter")
        try:
            must(lib.seccomp_export_bpf(ctx, fd), "export")
            return os.pread(fd, 1 << 20, 0).hex()
        finally:
            os.close(fd)
    finally:
        lib.seccomp_release(ctx)


for line in sys.stdin:
    job = json.loads(line)
    if "numbers" in job:
        rows = [[lib.seccomp_syscall_resolve_name_arch(TOKENS[t], n.encode()) for n in job["names"]] for t in job["numbers"]]
        print(json.dumps(rows), flush=True)
        continue
    try:
        print(make(job), flush=True)
    except ValueError as error:
        print("!", error, flush=True)
