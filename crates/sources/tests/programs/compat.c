/* 32 bits, without a library: open fails, exit(3). */
static int call(int n, int a, int b, int c) {
    int r;
    __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory");
    return r;
}
void _start(void) {
    long args[3] = {2, 1, 0};
    call(5, (int)"/nonexistent/compat", 0101, 0640);
    args[0] = 47;
    call(102, 1, (int)args, 0);
    call(212, (int)"/nonexistent/owner", -1, 7);
    call(1, 3, 0, 0);
}
