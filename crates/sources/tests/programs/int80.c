/* A program of 64 bits that calls the kernel by the entry for 32: open fails, exit(3). */
static int call(int n, long a, long b, long c) {
    int r;
    __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory", "r8", "r9", "r10", "r11");
    return r;
}
int main(void) {
    call(5, (long)"/nonexistent/int80", 0101, 0640);
    call(212, (long)"/nonexistent/owner", -1, 7);
    return 3;
}
