// What a debugger disturbs: C code that waits in every way Linux has, and counts each wait that ended otherwise than it should.
// Loaded into the torture tests' target. Each loop owns one slot of a shared file, which the test reads from outside.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct slot {
    char name[24];
    volatile uint64_t rounds, interrupted, early, wrong, latest_us;
};

static struct slot *slots;
static volatile int stopping;

int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int open_slots(const char *path, long count)
{
    int file = open(path, O_RDWR);
    slots = mmap(0, count * sizeof *slots, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return slots == MAP_FAILED;
}

// What the endless waits wait on. Nothing removes System V objects when a process ends.
static int semaphores_for_good = -1, queue_for_good = -1;

void stop_loops(void)
{
    stopping = 1;
    semctl(semaphores_for_good, 0, IPC_RMID);
    msgctl(queue_for_good, IPC_RMID, 0);
}

// --- signals: all of them go to one thread, so that no other call may be interrupted --------------------------------------------

int block_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    return pthread_sigmask(SIG_BLOCK, &all, 0);
}

int unblock_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGRTMIN + 5); // busy.c's own waits
    sigdelset(&all, SIGCHLD);
    return pthread_sigmask(SIG_UNBLOCK, &all, 0);
}

static struct slot *counted;

static void count(int number, siginfo_t *info, void *context)
{
    (void)number, (void)context;
    counted->rounds++;
    counted->latest_us += info->si_value.sival_int; // the sum of what was sent
}

// Counts every arrival of the queued signal SIGRTMIN + 1, and sums the values sent with it.
int count_signals(int slot)
{
    struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO | SA_RESTART};
    counted = &slots[slot];
    return sigaction(SIGRTMIN + 1, &action, 0);
}

// --- waits that end by their time ----------------------------------------------------------------------------------------------

struct place { int epoll, quiet, timer, semaphores; int word; };

enum { EPOLL_WAIT, EPOLL_PWAIT, SIGTIMEDWAIT, SEMTIMEDOP, RECV, POLL, PPOLL, SELECT, PSELECT, NANOSLEEP, CLOCK_ABSOLUTE, USLEEP,
       FUTEX, FUTEX_ABSOLUTE, TIMERFD, TIMED_WAITS };

static struct timespec later(int64_t ns)
{
    int64_t end = now_ns() + ns;
    return (struct timespec){end / 1000000000, end % 1000000000};
}

static void prepare(struct place *place)
{
    int pair[2];
    socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
    place->quiet = pair[0];
    place->epoll = epoll_create1(0);
    place->timer = timerfd_create(CLOCK_MONOTONIC, 0);
    place->semaphores = semget(IPC_PRIVATE, 1, 0600);
    place->word = 0;
    struct epoll_event event = {.events = EPOLLIN};
    epoll_ctl(place->epoll, EPOLL_CTL_ADD, place->quiet, &event);
}

static void clear(struct place *place)
{
    semctl(place->semaphores, 0, IPC_RMID);
}

static int wait_for_timer(struct place *place, struct timespec time)
{
    struct itimerspec once = {.it_value = time};
    uint64_t expirations = 0;
    timerfd_settime(place->timer, 0, &once, 0);
    return read(place->timer, &expirations, sizeof expirations) == sizeof expirations && expirations == 1 ? 0 : -1;
}

// SO_RCVTIMEO is counted in ticks. A virtual machine makes up for late ticks all at once, and then the wait ends early by as many:
// seen about once in 30,000 waits with nobody looking. So these waits are longer, and may lack some ticks.
enum { RECV_TIMES = 5, RECV_EARLY_MS = 12 };

static int64_t least_ns(int kind, int ms)
{
    int64_t least = kind == RECV ? ms * RECV_TIMES - RECV_EARLY_MS : ms;
    return least > 0 ? least * 1000000 : 0;
}

static int receive(struct place *place, struct timeval time)
{
    char byte;
    setsockopt(place->quiet, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
    return recv(place->quiet, &byte, 1, 0);
}

// One wait of so many ms; −1 and errno as the call gave them.
static int wait_once(int kind, struct place *place, int ms)
{
    struct timespec time = {0, ms * 1000000L}, end = later(time.tv_nsec);
    struct timeval micro = {0, ms * 1000};
    struct epoll_event event;
    struct pollfd polled = {.fd = place->quiet, .events = POLLIN};
    struct sembuf down = {0, -1, 0};
    fd_set set;
    sigset_t signals, all;
    sigemptyset(&signals);
    sigaddset(&signals, SIGRTMIN + 5);
    sigfillset(&all);
    FD_ZERO(&set);
    FD_SET(place->quiet, &set);
    switch (kind) {
    case EPOLL_WAIT: return epoll_wait(place->epoll, &event, 1, ms);
    case EPOLL_PWAIT: return epoll_pwait(place->epoll, &event, 1, ms, &all);
    case SIGTIMEDWAIT: return sigtimedwait(&signals, 0, &time);
    case SEMTIMEDOP: return semtimedop(place->semaphores, &down, 1, &time);
    case RECV: micro.tv_usec *= RECV_TIMES; return receive(place, micro);
    case POLL: return poll(&polled, 1, ms);
    case PPOLL: return ppoll(&polled, 1, &time, 0);
    case SELECT: return select(place->quiet + 1, &set, 0, 0, &micro);
    case PSELECT: return pselect(place->quiet + 1, &set, 0, 0, &time, 0);
    case NANOSLEEP: return nanosleep(&time, 0);
    case CLOCK_ABSOLUTE: errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, 0); return errno ? -1 : 0;
    case USLEEP: return usleep(ms * 1000);
    case FUTEX: return syscall(SYS_futex, &place->word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, &time, 0, 0);
    case FUTEX_ABSOLUTE: return syscall(SYS_futex, &place->word, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, 0, &end, 0, -1);
    case TIMERFD: return wait_for_timer(place, time);
    }
    return -2;
}

// Whether the wait ended as one does whose time is over.
static int timed_out(int kind, int result)
{
    switch (kind) {
    case SIGTIMEDWAIT: case SEMTIMEDOP: case RECV: return result == -1 && errno == EAGAIN;
    case FUTEX: case FUTEX_ABSOLUTE: return result == -1 && errno == ETIMEDOUT;
    default: return result == 0;
    }
}

static void judge(struct slot *slot, int right, int64_t elapsed, int64_t least)
{
    slot->rounds++;
    if (!right && errno == EINTR)
        slot->interrupted++;
    else if (!right)
        slot->wrong++;
    else if (elapsed < least)
        slot->early++;
    else if ((uint64_t)(elapsed - least) / 1000 > slot->latest_us)
        slot->latest_us = (elapsed - least) / 1000;
}

// Waits again and again, 1 to 20 ms.
int timed_waits(int kind, int slot)
{
    static const int times[] = {1, 3, 2, 20, 1, 7};
    struct place place;
    prepare(&place);
    for (int i = 0; !stopping; i = (i + 1) % 6) {
        int64_t start = now_ns();
        int result = wait_once(kind, &place, times[i]);
        int right = timed_out(kind, result); // errno is read before anything can change it
        judge(&slots[slot], right, now_ns() - start, least_ns(kind, times[i]));
    }
    clear(&place);
    return 0;
}

// --- waits that never end: any return is wrong -----------------------------------------------------------------------------------

enum { EPOLL_FOREVER, RECV_FOR_GOOD, SEMOP, MSGRCV, SIGWAITINFO, PAUSE, SELECT_FOREVER, FUTEX_FOREVER, ENDLESS_WAITS };

int endless_wait(int kind, int slot)
{
    struct place place;
    prepare(&place);
    int queue = -1;
    struct { long type; char text[8]; } message;
    struct timeval long_time = {864000, 0};
    struct epoll_event event;
    struct sembuf down = {0, -1, 0};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGRTMIN + 5);
    slots[slot].rounds = 1;
    if (kind != SEMOP)
        clear(&place);
    switch (kind) {
    case EPOLL_FOREVER: epoll_wait(place.epoll, &event, 1, -1); break;
    case RECV_FOR_GOOD: receive(&place, long_time); break;
    case SEMOP:
        semaphores_for_good = place.semaphores;
        semop(place.semaphores, &down, 1);
        break;
    case MSGRCV:
        queue_for_good = queue = msgget(IPC_PRIVATE, 0600);
        msgrcv(queue, &message, sizeof message.text, 0, 0);
        break;
    case SIGWAITINFO: sigwaitinfo(&signals, 0); break;
    case PAUSE: pause(); break;
    case SELECT_FOREVER: select(0, 0, 0, 0, 0); break;
    case FUTEX_FOREVER: syscall(SYS_futex, &place.word, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, 0, 0, 0); break;
    }
    if (errno == EINTR)
        slots[slot].interrupted++;
    else if (!stopping || errno != EIDRM)
        slots[slot].wrong++;
    return 0;
}

// --- work whose result is known -------------------------------------------------------------------------------------------------

// Two threads that hand a number to and fro through pipes.
static int pipes[2][2];

int pipe_ping(int kind, int slot)
{
    (void)kind;
    for (uint64_t sent = 1, back; !stopping; sent++) {
        if (write(pipes[0][1], &sent, sizeof sent) != sizeof sent || read(pipes[1][0], &back, sizeof back) != sizeof back)
            judge(&slots[slot], 0, 0, 0);
        else if (back != sent + 1)
            slots[slot].wrong++;
        slots[slot].rounds++;
        usleep(200);
    }
    close(pipes[0][1]);
    return 0;
}

int pipe_pong(int kind, int slot)
{
    (void)kind;
    uint64_t got;
    for (;;) {
        ssize_t length = read(pipes[0][0], &got, sizeof got);
        if (length == 0)
            return 0;
        if (length != sizeof got)
            judge(&slots[slot], 0, 0, 0);
        got++;
        if (write(pipes[1][1], &got, sizeof got) != sizeof got)
            judge(&slots[slot], 0, 0, 0);
        slots[slot].rounds++;
    }
}

int open_pipes(void) { return pipe(pipes[0]) || pipe(pipes[1]); }

// A system call with a known value in every register that it must keep; the number of registers that came back changed.
static long registers_lost(long number, const void *first, long spins)
{
    static const uint64_t pattern = 0x9e3779b97f4a7c15;
    long lost = 0;
    __asm__ volatile(
        "mov %[p], %%r12\n mov %%r12, %%r13\n not %%r13\n mov %%r12, %%r14\n rol $13, %%r14\n mov %%r13, %%r15\n rol $29, %%r15\n"
        "movq %%r12, %%xmm0\n movq %%r13, %%xmm1\n movq %%r14, %%xmm2\n movq %%r15, %%xmm3\n movq %%r12, %%xmm4\n movq %%r13, %%xmm5\n"
        "movq %%r14, %%xmm6\n movq %%r15, %%xmm7\n movq %%r12, %%xmm8\n movq %%r13, %%xmm9\n movq %%r14, %%xmm10\n movq %%r15, %%xmm15\n"
        "xor %%esi, %%esi\n mov %[first], %%rdi\n mov %[number], %%rax\n syscall\n test %%rax, %%rax\n jz 1f\n incq %[lost]\n 1:\n"
        "mov %[spins], %%rcx\n 2: dec %%rcx\n jnz 2b\n"
#define SAME(a, b) "cmp %%" a ", %%" b "\n je 3f\n incq %[lost]\n 3:\n"
#define SAME_XMM(x, r) "movq %%" x ", %%rax\n" SAME("rax", r)
        "mov %[p], %%rdx\n" SAME("rdx", "r12") "not %%rdx\n" SAME("rdx", "r13")
        "mov %[p], %%rdx\n rol $13, %%rdx\n" SAME("rdx", "r14") "mov %[p], %%rdx\n not %%rdx\n rol $29, %%rdx\n" SAME("rdx", "r15")
        SAME_XMM("xmm0", "r12") SAME_XMM("xmm1", "r13") SAME_XMM("xmm2", "r14") SAME_XMM("xmm3", "r15")
        SAME_XMM("xmm4", "r12") SAME_XMM("xmm5", "r13") SAME_XMM("xmm6", "r14") SAME_XMM("xmm7", "r15")
        SAME_XMM("xmm8", "r12") SAME_XMM("xmm9", "r13") SAME_XMM("xmm10", "r14") SAME_XMM("xmm15", "r15")
        : [lost] "+m"(lost)
        : [p] "m"(pattern), [first] "m"(first), [number] "m"(number), [spins] "m"(spins)
        : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc", "xmm0", "xmm1",
          "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm15");
    return lost;
}

// Registers over a sleep and a spell of running.
int keep_registers(int kind, int slot)
{
    (void)kind;
    struct timespec nap = {0, 300000};
    for (; !stopping; slots[slot].rounds++) {
        slots[slot].wrong += registers_lost(SYS_nanosleep, &nap, 200000);
        slots[slot].wrong += registers_lost(SYS_sched_yield, 0, 2000);
    }
    return 0;
}

// vfork: this thread stands still, uninterruptible, until the child is gone.
int vfork_often(int kind, int slot)
{
    (void)kind;
    for (int i = 0; !stopping; i++) {
        struct timespec nap = {0, 1000000L * (i % 8)};
        int status = 0;
        pid_t child = vfork();
        if (child == 0) {
            syscall(SYS_nanosleep, &nap, 0);
            _exit(7);
        }
        if (waitpid(child, &status, 0) != child)
            judge(&slots[slot], 0, 0, 0);
        else if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
            slots[slot].wrong++;
        slots[slot].rounds++;
        usleep(2000);
    }
    return 0;
}

// A library comes, is called, and goes; by the time its answer is right or not. Where libc never unloads (musl) it stays.
static char visitor[4096];

int set_visitor(const char *path)
{
    strncpy(visitor, path, sizeof visitor - 1);
    return 0;
}

int load_often(int kind, int slot)
{
    (void)kind;
    for (; !stopping; slots[slot].rounds++) {
        void *library = dlopen(visitor, RTLD_NOW | RTLD_LOCAL);
        int64_t (*ask)(void) = library ? (int64_t(*)(void))dlsym(library, "now_ns") : 0;
        int64_t before = now_ns(), between = ask ? ask() : -1;
        slots[slot].wrong += between < before || between > now_ns() || dlclose(library) != 0;
        usleep(3000);
    }
    return 0;
}

// --- threads that Python knows nothing of --------------------------------------------------------------------------------------

typedef int loop(int kind, int slot);
static loop *const loops[] = {timed_waits, endless_wait, pipe_ping, pipe_pong, keep_registers, vfork_often, load_often};
struct job { loop *run; int kind, slot; };

static void *run(void *argument)
{
    struct job *job = argument;
    job->run(job->kind, job->slot);
    return 0;
}

int start_raw(int which, int kind, int slot)
{
    struct job *job = malloc(sizeof *job);
    pthread_t thread;
    *job = (struct job){loops[which], kind, slot};
    return pthread_create(&thread, 0, run, job);
}
