//! The phrases of messages that tell what was tried, by call. Phrases are divided by `|`, lower case.

use whodenied_kernel::Call;

/// Phrases that tell the call whatever stands around them.
pub(crate) const STRONG: &[(Call, &str)] = &[
    (
        Call::Mkdir,
        "create directory|creating directory|create directories|make directory|making directory|mkdir\
         |mkdirat|makedirs|mkdirall|mkdirp|createdirectory|create folder|create dir|creating dir\
         |create the directory|create data directory|create cache directory|mkdtemp\
         |create directory for|create subdirectory|create home directory",
    ),
    (
        Call::Create,
        "create regular file|create file|creating file|create temp file|create temporary file\
         |creating temporary file|mkstemp|mkostemp|create lock file|create pid file|create log file\
         |create the file|create output file|create new file|createtempfile|create lockfile\
         |create lock|create pidfile|creat",
    ),
    (
        Call::Mknod,
        "create pipe|create special file|create fifo|mkfifo|mknod|mknodat|create device\
         |creating device|device node",
    ),
    (Call::Link, "create hard link|create link|hard link|hardlink"),
    (Call::Symlink, "create symbolic link|create symlink|symbolic link|symlink"),
    (
        Call::Readdir,
        "open directory|reading directory|read directory|opendir|scandir|readdir|readdirent|fdopendir\
         |listdir|list directory",
    ),
    (
        Call::Chdir,
        "change directory|changing directory|changing to the requested working directory|chdir\
         |working directory|cd to|chdir to",
    ),
    (
        Call::Open,
        "fopen|openat|openat2|open_by_handle_at|sysopen|rb_sysopen|open stream|shm_open|fstream\
         |openfile|opening log file|lock file|forkpty|openpty|posix_openpt|allocate pty|pty",
    ),
    (Call::Syslog, "read kernel buffer|klogctl"),
    (
        Call::Stat,
        "cannot stat|can't stat|could not stat|couldn't stat|lstat|fstat|statx|stat'ing|statfs|stat\
         |cannot access|can't access|eval symlinks|realpath",
    ),
    (Call::Access, "faccessat|faccessat2"),
    (Call::Readlink, "readlink|read symbolic link"),
    (
        Call::Unlink,
        "remove directory|rmdir|unlink|unlinkat|cannot remove|can't remove|could not remove\
         |failed to remove|unable to remove|cannot delete|failed to delete|could not delete\
         |unable to delete|error removing|error deleting|failed removing|removing|deleting|rmtree\
         |remove|delete",
    ),
    (
        Call::Rename,
        "cannot move|can't move|could not move|unable to move|failed to move|rename|renaming|renameat\
         |renameat2|cannot rename|inter-device move|backup file",
    ),
    (
        Call::Chmod,
        "changing permissions|change permissions|changing the permissions|set permissions\
         |setting permissions|change mode|chmod|fchmod|fchmodat|set mode|changing mode\
         |change file mode|setposixfilepermissions|preserving permissions",
    ),
    (
        Call::Chown,
        "changing ownership|change ownership|changing owner|change owner|changing group|change group\
         |set owner|setting owner|set ownership|setting ownership|preserve ownership\
         |preserving ownership|chown|lchown|fchown|fchownat|chgrp|change the owner|set group\
         |failed to preserve ownership|chowning",
    ),
    (
        Call::Utime,
        "setting times|set times|preserving times|set time on|utime|utimes|utimensat|futimens|chtimes\
         |set mtime|change access time|failed to set times|cannot utime",
    ),
    (Call::Truncate, "truncate|ftruncate|truncating|fallocate"),
    (
        Call::Xattr,
        "setxattr|lsetxattr|fsetxattr|getxattr|lgetxattr|removexattr|listxattr|llistxattr|xattr\
         |extended attribute|extended attributes|set capabilities on file\
         |failed to set capabilities on file|set file capabilities|setting attribute|set_file\
         |acl_set_file|set acl|setting acl|change context|failed to change context|relabel|relabeling\
         |relabelling|set selinux label|setfilecon",
    ),
    (
        Call::Ioctl,
        "setting flags on|while setting flags|reading flags on|siocsifflags|siocsifaddr|siocethtool\
         |siocsifmtu|siocaddrt|tunsetiff|ioctl|fitrim|losetup|set up loop device|setup loop device",
    ),
    (Call::Flock, "flock"),
    (Call::Fadvise, "posix_fadvise|fadvise"),
    (
        Call::Exec,
        "fork/exec|execve|execv|execvp|execvpe|execl|execlp|execveat|cannot execute|can't execute\
         |unable to execute|failed to execute|could not execute|couldn't execute|cannot exec\
         |unable to exec|failed to exec|exec user process|executing|can't exec|could not exec|couldn't exec|couldn't run|can't run|couldn't start|couldn't launch\
         |cannot run program|cannot run|could not run|failed to run|unable to run|failed to spawn\
         |unable to spawn|could not spawn|couldn't spawn|cannot spawn|spawn|spawning\
         |failed to start process|posix_spawn|posix_spawnp|locate executable|failed to launch\
         |unable to launch|could not launch|bad interpreter|proc_open",
    ),
    (
        Call::Mmap,
        "mmap|mmap2|map segment from shared object|cannot map|allocate executable memory\
         |executable memory|jit code buffer|jit buffer|jit memory|jit region|code cache memory",
    ),
    (
        Call::Mprotect,
        "enable executable stack|executable stack|mprotect|virtualprotect|segment prot\
         |make segment writable for relocation",
    ),
    (
        Call::Mlock,
        "mlock|mlockall|mlock2|lock memory|lock jvm memory|locking memory|lock pages|lock into memory\
         |munlock|lock address space|virtuallock",
    ),
    (Call::Socketpair, "socketpair|socket pair|pair of sockets"),
    (
        Call::Socket,
        "create socket|socket for|creating socket|open socket|opening socket|create a socket|create raw socket\
         |open raw socket|raw socket|packet socket|unix domain socket|create netlink socket\
         |netlink socket|socket()|socket|open icmp socket|icmp open socket\
         |lacking privilege for icmp socket",
    ),
    (
        Call::Bind,
        "create unix socket|listenpacket|listen packet|cannot bind|can't bind|could not bind\
         |couldn't bind|unable to bind|failed to bind|bind to|binding to|bind on address|bind on|bind\
         |binding|make_sock|listening socket|listen socket|start listening|listen tcp|listen udp|listen unix|listening on|listen on\
         |open port|listen eacces|cannot listen|could not listen|failed to listen|unable to listen\
         |listener|expose port|expose privileged port",
    ),
    (Call::Listen, "listen"),
    (Call::Connect, "dial unix|dial tcp|dial|connect to|connecting to|connect()|connect|connection to"),
    (Call::Accept, "accept()|accept4"),
    (Call::Send, "sendto|sendmsg|sendmmsg|send()"),
    (Call::Recv, "recvmsg|recvfrom"),
    (Call::Setsockopt, "setsockopt|getsockopt|set socket option|so_bindtodevice|so_mark|ip_transparent"),
    (Call::Shutdown, "shutdown()"),
    (Call::Sockname, "getsockname|getpeername"),
    (
        Call::Netlink,
        "getifaddrs|rtnetlink|rtm_newaddr|rtm_newlink|rtm_newroute|netlink|send audit message\
         |audit message|audit netlink|audit_write_entry|linux_audit_write_entry|nf_log_handler|nfnetlink\
         |nf_queue|session to kernel|set link up|iptables|ip6tables|nftables|nf_tables|add route\
         |adding route|add address|linkadd|wireguard interface|add the interface",
    ),
    (
        Call::Kill,
        "signal init|send signal|sending signal|sent signal|signal to|stop container|kill container\
         |killing container|kill|killpg|tgkill|pidfd_send_signal|signal process|signalling|signaling\
         |killing|terminate process",
    ),
    (
        Call::Ptrace,
        "ptrace|attach to process|attach to pid|attaching to process|process_vm_readv\
         |process_vm_writev|pidfd_getfd|ptrace_attach|ptrace_seize|ptrace_traceme|trace process\
         |attach to the process",
    ),
    (Call::Umount, "umount|umount2|unmount|unmounting"),
    (
        Call::Mount,
        "fusermount|fusermount3|remount|remounting|mounting|mount|move_mount|fsmount|fsopen|open_tree\
         |mount_setattr|fsconfig|bind mount|bind-mount|mount namespacing|set propagation|mount propagation\
         |make rslave|make root mount|ms_shared|ms_slave",
    ),
    (Call::PivotRoot, "pivot_root|pivot root|pivot_root()"),
    (Call::Chroot, "chroot|change root directory"),
    (
        Call::UsernsCreate,
        "creating new namespace|new namespace|user namespace|user namespaces|new user namespace\
         |clone_newuser|user_namespace|userns",
    ),
    (Call::IdMap, "uid map|gid map|uid_map|gid_map|newuidmap|newgidmap|/setgroups|setgroups to deny"),
    (
        Call::Unshare,
        "unshare|unsharing|clone_newns|clone_newnet|clone_newpid|network namespacing\
         |remaining namespaces|create namespace|create namespaces|creating namespaces|container namespace|container namespaces|setup namespaces|set up namespaces|new network namespace|network namespace\
         |mount namespace|net_namespace|net namespace|netns|new netns|pid namespace|pid_namespace|mnt namespace\
         |uts namespace|ipc namespace|cgroup namespace|time namespace|new namespaces",
    ),
    (Call::Setns, "setns|join namespace|joining namespace|enter namespace|reassociate to namespace"),
    (
        Call::Clone,
        "pthread_create|create thread|creating thread|create a thread|create new thread\
         |create native thread|create new native thread|native thread|start new thread|start thread\
         |create os thread|new os thread|spawn thread|thread creation|worker thread\
         |create worker thread|starting thread|spawn a thread|clone3|clone|fork|vfork|unable to fork\
         |cannot fork",
    ),
    (
        Call::Setuid,
        "setuid|seteuid|setreuid|setresuid|set uid|set user id|change uid|changing uid|changing user\
         |cannot set user|change user|switch user|set effective uid|switch to user|drop privileges",
    ),
    (Call::Setgid, "setgid|setegid|setregid|setresgid|set gid|set group id|changing gid|set effective gid"),
    (
        Call::Setgroups,
        "setgroups|initgroups|supplementary groups|supplementary group|set groups|cannot set groups|additional groups",
    ),
    (
        Call::Capset,
        "capset|cap_set_proc|capability set|set caps|set capability|drop caps|dropping capabilities\
         |raise capability|raise capabilities|raise caps|gain capabilities|acquire capabilities|apply capabilities\
         |capng_apply|capng_lock|capng_change_id|effective capability|effective capabilities|permitted capabilities\
         |inheritable capabilities|keep capabilities|retain capabilities|change capabilities|adjust capabilities|set capabilities|setting capabilities|apply caps|applying capabilities|drop capabilities",
    ),
    (
        Call::Prctl,
        "raise ambient|ambient capabilities|bounding set|prctl|pr_set_mm|arch_prctl|pr_capbset_drop\
         |pr_cap_ambient|no_new_privs|securebits",
    ),
    (Call::Write, "oom_score_adj"),
    (
        Call::SeccompInstall,
        "seccomp_load|seccomp filter|load seccomp|pr_set_seccomp|init seccomp|install seccomp",
    ),
    (Call::LandlockRestrict, "landlock|landlock_restrict_self|landlock_create_ruleset"),
    (
        Call::LabelChange,
        "apparmor profile|apparmor_profile|attr/exec|attr/apparmor/exec|attr/current|attr/keycreate\
         |attr/sockcreate|attr/fscreate|change_profile|aa_change_onexec|change_onexec|setexeccon\
         |setcon|set process label|set apparmor profile",
    ),
    (Call::PolicyLoad, "load profile|replace profile|load policy|load apparmor profile|unload profile"),
    (
        Call::SysctlWrite,
        "open sysctl|write sysctl|set sysctl|setting key|set kernel parameter|write to /proc/sys\
         |sysctl|permission denied on key",
    ),
    (
        Call::PerfEventOpen,
        "perf_event_open|sys_perf_event_open|perf event|perf events|performance counters\
         |performance counter|perf_events|pmu|pmu event|pmu events|perf counter|perf counters|hardware counter\
         |hardware counters|initialize counter|start_counter|perfcounters|hw counters|uncore",
    ),
    (
        Call::Bpf,
        "bpf program|bpf map|ebpf|bpf_prog_load|bpf_map_create|create_map|load program|map create\
         |prog_load|bpf|btf_load|libbpf",
    ),
    (
        Call::IoUring,
        "io_uring|io_uring_setup|io_uring_queue_init|uring_setup|io-uring|iouring|liburing|io uring",
    ),
    (Call::Keyctl, "session keyring|session key|keyctl|add_key|request_key|keyring"),
    (
        Call::Personality,
        "address space randomization|address space randomisation|personality|addr_no_randomize\
         |disable aslr|set personality",
    ),
    (
        Call::Sched,
        "sched_setscheduler|sched_setparam|sched_setattr|sched_setaffinity|pthread_setschedparam\
         |pthread_setaffinity_np|pthread_attr_setschedpolicy|real-time priority|realtime priority\
         |real-time scheduling|realtime scheduling|rt scheduling|rt priority|sched_fifo|sched_rr\
         |realtime|real-time|cpu affinity|set affinity|scheduling policy|scheduler|thread priority\
         |pid's policy|pid's affinity|set scheduling",
    ),
    (
        Call::Setpriority,
        "setpriority|set priority|process priority|set niceness|renice|nice value|nice level|nice\
         |ioprio_set|ionice|i/o priority|setting priority",
    ),
    (
        Call::Setrlimit,
        "setrlimit|maximum open files|max open files|prlimit|prlimit64|rlimit|rlimits|rlimit_memlock|rlimit_nofile|modify limit\
         |cannot modify limit|ulimit|resource limit|resource limits|raise limit|set limit\
         |max locked memory|file descriptor limit",
    ),
    (
        Call::Mempolicy,
        "mbind|set_mempolicy|get_mempolicy|move_pages|migrate_pages|numa|memory policy|numa_policy\
         |membind|set_membind|memory binding|bind memory|mempolicy|memory affinity|interleave memory",
    ),
    (
        Call::Inotify,
        "inotify|inotify_init|inotify_init1|inotify_add_watch|directory watch|file watcher\
         |file watchers|fsnotify",
    ),
    (Call::Fanotify, "fanotify|fanotify_init|fanotify_mark"),
    (Call::Sethostname, "sethostname|set hostname|set the hostname|setdomainname|set host name"),
    (
        Call::Settime,
        "settimeofday|clock_settime|clock_adjtime|adjtimex|ntp_adjtime|cannot set date|set date\
         |set system clock|set the system clock|set time|step-systime|set clock|adjust the time of day\
         |adjust the clock|adjust time|step the clock|slew the clock|set the date|hwclock",
    ),
    (
        Call::Gettime,
        "clock_gettime|realtime clock|real-time clock|initialize time|gettimeofday|clock_gettime64",
    ),
    (
        Call::Module,
        "insert module|init_module|finit_module|delete_module|insmod|modprobe|load module\
         |load kernel module|kernel module load|could not insert|remove module",
    ),
    (Call::Kexec, "kexec_load|kexec_file_load|kexec"),
    (Call::Swap, "swapon|swapoff"),
    (Call::Reboot, "reboot"),
    (Call::Quota, "quotactl|quotaon"),
    (Call::Userfaultfd, "userfaultfd"),
    (Call::Mqueue, "mq_open|message queue"),
    (
        Call::Sysvipc,
        "create semaphore|semaphore set|semaphore array|shmget|shmat|shmctl|semget|semctl|msgget|shared memory segment",
    ),
    (
        Call::Ioperm,
        "iopl|ioperm|i/o permission|i/o permissions|i/o privilege|i/o privileges|io permission|io permissions\
         |io privilege|io privileges|i/o privilege level|io privilege level|i/o port access|io port access\
         |i/o port permission|i/o port permissions|port i/o|access i/o ports|access io ports|access to i/o ports|access to io ports",
    ),
    (Call::Acct, "acct"),
    (Call::Dbus, "d-bus|dbus|system bus|session bus|bus name|acquire name|own name|polkit"),
];

/// Everyday words, overruled by a phrase of [`STRONG`].
pub(crate) const WEAK: &[(Call, &str)] = &[
    (
        Call::Open,
        "open|opening|reopen|opened|open()|access|accessing|load|loading|include|initialize|read\
         |reading|get|parse|import|log to|append|overwrite|edit|modify|update|öffnen|ouvrir|abrir\
         |aprire|无法打开|открыть|otworzyć",
    ),
    (Call::Stat, "find|lookup"),
    (Call::Read, "read()"),
    (Call::Readdir, "list|listing|walk|traverse|scan"),
    (Call::Write, "write|writing|write()|modify|modifying"),
    (
        Call::Create,
        "save|saving|store|dump|touch|copy|copying|extract|unpack|install|download|create|creating\
         |generate|make|erstellen",
    ),
    (Call::Exec, "exec|execute"),
    (Call::Link, "link"),
    (Call::Rename, "move|moving"),
    (Call::Send, "send"),
    (Call::Recv, "receive"),
    (Call::Accept, "accept"),
    (Call::Shutdown, "shutdown"),
    (Call::Ptrace, "attach"),
    (Call::Flock, "lock"),
    (Call::Kill, "signal"),
    (Call::Unlink, "rm"),
    (Call::Chdir, "cd"),
    (
        Call::Mkdir,
        "создать каталог|anlegen|crear el directorio|créer le répertoire|creare la directory\
         |criar o diretório|无法创建目录|utworzyć katalogu|map aanmaken",
    ),
];
