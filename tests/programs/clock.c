// A thread that watches its clock jump: whenever two readings in a row lie far apart, something kept the thread from running.
// It says of each jump how much of it the thread spent waiting for a processor (the scheduler's doing); the rest, it was stopped.

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { LEAST = 20000, PLACES = 1 << 16 }; // ns; jumps

struct jump { int64_t start, length, waited; }; // ns of CLOCK_MONOTONIC

struct ring {
    volatile uint64_t written; // jumps so far; the newest lies at (written - 1) % PLACES
    volatile int64_t now;      // the last reading
    volatile int64_t tid;
    struct jump jumps[PLACES];
};

static int64_t reading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// The second number of /proc/…/schedstat: nanoseconds spent runnable without a processor. 0 where there is no such file.
static int64_t waited(int file)
{
    char text[64];
    long length = pread(file, text, sizeof text, 0), i = 0;
    int64_t sum = 0;
    while (i < length && text[i] != ' ')
        i++;
    for (i++; i < length && text[i] >= '0' && text[i] <= '9'; i++)
        sum = sum * 10 + (text[i] - '0');
    return sum;
}

// Never returns. The ring is the file of that name, made large enough by whoever reads it.
int watch(const char *path)
{
    int file = open(path, O_RDWR);
    struct ring *ring = mmap(0, sizeof *ring, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    int schedule = open("/proc/thread-self/schedstat", O_RDONLY);
    if (ring == MAP_FAILED)
        return 1;
    ring->tid = syscall(SYS_gettid);
    int64_t waits = waited(schedule), last = reading();
    for (;;) {
        int64_t now = reading();
        if (now - last > LEAST) {
            int64_t waits_now = waited(schedule);
            ring->jumps[ring->written % PLACES] = (struct jump){last, now - last, waits_now - waits};
            ring->written++;
            waits = waits_now;
            now = reading(); // reading the file is no jump
        }
        ring->now = last = now;
    }
}
