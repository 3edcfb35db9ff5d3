/* Calls that signals interrupt and the kernel restarts, and returns from a handler that look like errors. */
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>
#include <fcntl.h>
static volatile int ticks;
static void tick(int sig) { (void)sig; ticks++; }
int main(void) {
    struct sigaction a = {.sa_handler = tick, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &a, 0);
    struct itimerval t = {{0, 1000}, {0, 1000}};
    int p[2];
    char c;
    if (pipe(p)) return 2;
    if (!fork()) { usleep(200000); return write(p[1], "x", 1) != 1; }
    setitimer(ITIMER_REAL, &t, 0);
    if (read(p[0], &c, 1) != 1) return 3;
    /* The register of the return value holds -EACCES whenever a tick comes here. */
    long n = 0;
    int from = ticks;
    while (ticks < from + 50) __asm__ volatile("mov $-13, %%rax\n1: inc %0\n test $0xffff, %0\n jnz 1b" : "+r"(n) : : "rax", "cc");
    return 8;
}
