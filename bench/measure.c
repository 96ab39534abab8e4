// Runs one command and says what it cost, from a process so small that it does not count in the command's peak memory: the
// kernel lets a child inherit the peak of the memory that it left behind at exec (fs/exec.c, setmax_mm_hiwater_rss).
//
// Usage: measure MILLISECONDS COMMAND ARGUMENT…
// Writes to descriptor 3: wall clock ns, processor ns, peak KiB, wait status, 1 if it took too long and was killed; and when it ran.

#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static int64_t reading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int64_t nanoseconds(struct timeval time) { return time.tv_sec * 1000000000LL + time.tv_usec * 1000LL; }

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    long patience = atol(argv[1]);
    struct timespec limit = {patience / 1000, patience % 1000 * 1000000};
    sigset_t child_ended, none;
    sigemptyset(&none);
    sigemptyset(&child_ended);
    sigaddset(&child_ended, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child_ended, 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);

    pid_t pid;
    int64_t start = reading();
    if (posix_spawn(&pid, argv[2], 0, &attributes, argv + 2, environ) != 0)
        return 127;
    int late = sigtimedwait(&child_ended, 0, &limit) < 0;
    if (late)
        kill(pid, SIGKILL);
    int status;
    struct rusage usage;
    wait4(pid, &status, 0, &usage);
    int64_t end = reading();
    dprintf(3, "%lld %lld %ld %d %d %lld %lld\n", (long long)(end - start),
            (long long)(nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime)), usage.ru_maxrss, status, late,
            (long long)start, (long long)end);
    return 0;
}
