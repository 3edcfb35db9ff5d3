/* Wants to be traced, and to trace its child. */
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0) != -1 || errno != EPERM) return 1;
    pid_t child = fork();
    if (!child) { pause(); _exit(0); }
    int refused = ptrace(PTRACE_SEIZE, child, 0, 0) == -1 && errno == EPERM;
    kill(child, SIGKILL);
    waitpid(child, 0, 0);
    return refused ? 9 : 2;
}
