/* Installs seccomp filters: errno for mkdir, trap for rmdir, kill for chroot. Runs as anybody. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static void forbid(int nr, unsigned action, int by_seccomp) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = {4, code};
    if (by_seccomp) {
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_LOG, &prog)) _exit(20);
    } else if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog)) _exit(21);
}
static void caught(int sig) { (void)sig; }
int main(void) {
    signal(SIGSYS, caught);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return 22;
    forbid(SYS_mkdir, SECCOMP_RET_ERRNO | EPERM, 0);
    forbid(SYS_rmdir, SECCOMP_RET_TRAP | 7, 1);
    forbid(SYS_chroot, SECCOMP_RET_KILL_PROCESS, 1);
    if (syscall(SYS_mkdir, "/tmp/filtered", 0700) != -1) return 23;
    syscall(SYS_rmdir, "/tmp/filtered");
    pid_t child = fork();
    if (!child) { syscall(SYS_chroot, "/tmp"); _exit(0); }
    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? 4 : 24;
}
