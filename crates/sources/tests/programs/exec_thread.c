/* A thread that is not the first executes; another waits in a call meanwhile. */
#include <pthread.h>
#include <unistd.h>
static void *sleeper(void *arg) { (void)arg; pause(); return 0; }
static void *run(void *arg) {
    (void)arg;
    execl("/nonexistent/program", "x", (char *)0);
    execl("/bin/sh", "sh", "-c", "cat /nonexistent/after; exit 6", (char *)0);
    return 0;
}
int main(void) {
    pthread_t a, b;
    pthread_create(&a, 0, sleeper, 0);
    pthread_create(&b, 0, run, 0);
    pause();
    return 1;
}
