/* 300 threads at a time, each with one call that fails. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
static pthread_barrier_t all;
static void *run(void *arg) {
    pthread_barrier_wait(&all);
    (void)arg;
    open("/nonexistent/thread", O_RDONLY);
    return 0;
}
int main(void) {
    static pthread_t t[300];
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    pthread_barrier_init(&all, 0, 300);
    for (int i = 0; i < 300; i++)
        if (pthread_create(&t[i], &small, run, 0)) exit(9);
    for (int i = 0; i < 300; i++) pthread_join(t[i], 0);
    return 5;
}
