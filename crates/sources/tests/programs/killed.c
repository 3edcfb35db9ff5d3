/* Children by fork and vfork that are killed at any time, stopped and continued. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
int main(void) {
    for (int i = 0; i < 50; i++) {
        pid_t child = fork();
        if (!child) for (;;) getppid();
        usleep(i * 20);
        kill(child, SIGKILL);
        int status;
        if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) return 1;
    }
    pid_t child = fork();
    if (!child) { for (;;) usleep(1000); }
    int status;
    for (int i = 0; i < 5; i++) {
        kill(child, SIGSTOP);
        if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP) return 2;
        kill(child, SIGCONT);
        if (waitpid(child, &status, WCONTINUED) != child || !WIFCONTINUED(status)) return 3;
    }
    kill(child, SIGTERM);
    if (waitpid(child, &status, 0) != child || WTERMSIG(status) != SIGTERM) return 4;
    child = vfork();
    if (!child) { execl("/bin/sh", "sh", "-c", "exit 17", (char *)0); _exit(1); }
    if (waitpid(child, &status, 0) != child || WEXITSTATUS(status) != 17) return 5;
    return 11;
}
