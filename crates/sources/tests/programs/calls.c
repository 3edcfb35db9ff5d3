/* As many failing calls as told. */
#include <fcntl.h>
#include <stdlib.h>
int main(int argc, char **argv) {
    long n = argc > 1 ? atol(argv[1]) : 0;
    for (long i = 0; i < n; i++) open("/nonexistent/x", O_RDONLY);
    return 0;
}
