"""call.py NAME: makes one system call and fails as perror(3) does."""
import ctypes, os, sys

libc = ctypes.CDLL(None, use_errno=True)
buffer = ctypes.create_string_buffer(4096)
bpf_attr = (ctypes.c_uint32 * 32)(2, 4, 4, 1)  # BPF_MAP_TYPE_ARRAY of one element
CALLS = {
    "keyctl": (250, 0, -3, 0),  # KEYCTL_GET_KEYRING_ID of the session
    "io_uring_setup": (425, 4, buffer),
    "personality": (135, 0x0040000),  # ADDR_NO_RANDOMIZE
    "unshare": (272, 0x10000000),  # CLONE_NEWUSER
    "mount": (165, b"none", b"/tmp", b"tmpfs", 0, None),
    "sethostname": (170, b"new", 3),
    "bpf": (321, 0, bpf_attr, 72),  # BPF_MAP_CREATE
    "setpriority": (141, 0, 0, -5),
    "syslog": (103, 3, buffer, 4096),
    "swapon": (167, b"/dev/null", 0),
    "chroot": (161, b"/tmp"),
    "reboot": (169, 0, 0, 0),
    "setns": (308, os.open("/proc/self/ns/uts", os.O_RDONLY), 0),
    "perf_event_open": (298, buffer, -1, 0, -1, 0),
    "fchmodat2": (452, -100, b"/tmp", 0o1777, 0),
}
name = sys.argv[1]
if name == "perf_event_open":  # PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK, all of CPU 0
    buffer[0:8] = (1).to_bytes(4, "little") + (128).to_bytes(4, "little")
if libc.syscall(*CALLS[name]) < 0:
    error = ctypes.get_errno()
    sys.exit(f"{name}: {os.strerror(error)}")
