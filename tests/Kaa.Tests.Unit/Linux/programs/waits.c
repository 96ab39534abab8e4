/*
 * Waits in every system call that an interruption can end early, with short timeouts, and counts what no timeout explains: EINTR,
 * returns before the time is up, results that can't be. Beside them threads that compute with all registers, and a pair that counts
 * real-time signals sent and handled. Says its report for every line on stdin, and ends at its end.
 *
 * usage: waits [timeout in microseconds, 3000]
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct waiter {
	const char *name;
	int (*wait)(struct waiter *); /* 0: timed out as it should; else errno, or -1 for a result that can't be */
	int fd, fd2;
	long id;
	atomic_long calls, eintr, early, wrong;
	long shortest, longest;
	_Atomic int tid;
};

static long timeout_us = 3000;

static long now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

static struct timespec timeout(void)
{
	return (struct timespec){timeout_us / 1000000, timeout_us % 1000000 * 1000};
}

static int result(long r, long expected, int expected_errno)
{
	if (r == expected && (r >= 0 || errno == expected_errno))
		return 0;
	return r < 0 ? errno : -1;
}

static int w_epoll(struct waiter *w)
{
	struct epoll_event e;
	return result(epoll_wait(w->fd, &e, 1, (int)(timeout_us / 1000)), 0, 0);
}

static int w_epoll_pwait(struct waiter *w)
{
	struct epoll_event e;
	sigset_t mask;
	sigemptyset(&mask);
	return result(epoll_pwait(w->fd, &e, 1, (int)(timeout_us / 1000), &mask), 0, 0);
}

static int w_epoll_pwait2(struct waiter *w)
{
	struct epoll_event e;
	struct timespec t = timeout();
	return result(syscall(441, w->fd, &e, 1, &t, NULL, 8), 0, 0);
}

/* Waits for ever; another thread writes after the time. */
static int w_epoll_forever(struct waiter *w)
{
	struct epoll_event e;
	uint64_t v = 1;
	int r = epoll_wait(w->fd, &e, 1, -1);
	if (r == 1 && read(w->fd2, &v, 8) != 8)
		return -1;
	return result(r, 1, 0);
}

static void *wake(void *p)
{
	struct waiter *w = p;
	uint64_t v = 1;
	for (;;) {
		struct timespec t = timeout();
		t.tv_nsec = t.tv_nsec * 2 + 100000;
		nanosleep(&t, NULL);
		if (write(w->fd2, &v, 8) != 8)
			abort();
	}
	return NULL;
}

static int w_sigtimedwait(struct waiter *w)
{
	(void)w;
	sigset_t set;
	struct timespec t = timeout();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return result(sigtimedwait(&set, NULL, &t), -1, EAGAIN);
}

static int w_semtimedop(struct waiter *w)
{
	struct sembuf op = {0, -1, 0};
	struct timespec t = timeout();
	return result(semtimedop((int)w->id, &op, 1, &t), -1, EAGAIN);
}

static int w_recv(struct waiter *w)
{
	char c;
	return result(recv(w->fd, &c, 1, 0), -1, EAGAIN);
}

static int w_read(struct waiter *w)
{
	char c;
	return result(read(w->fd, &c, 1), -1, EAGAIN);
}

static int w_recvmsg(struct waiter *w)
{
	char c;
	struct iovec v = {&c, 1};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	return result(recvmsg(w->fd, &m, 0), -1, EAGAIN);
}

static int w_accept(struct waiter *w)
{
	return result(accept(w->fd, NULL, NULL), -1, EAGAIN);
}

static int w_send(struct waiter *w)
{
	static char block[65536];
	return result(send(w->fd, block, sizeof block, 0), -1, EAGAIN);
}

static int w_poll(struct waiter *w)
{
	struct pollfd p = {w->fd, POLLIN, 0};
	return result(poll(&p, 1, (int)(timeout_us / 1000)), 0, 0);
}

static int w_select(struct waiter *w)
{
	(void)w;
	struct timeval t = {timeout_us / 1000000, timeout_us % 1000000};
	return result(select(0, NULL, NULL, NULL, &t), 0, 0);
}

static int w_nanosleep(struct waiter *w)
{
	(void)w;
	struct timespec t = timeout();
	return result(syscall(SYS_nanosleep, &t, NULL), 0, 0);
}

static int w_absolute(struct waiter *w)
{
	(void)w;
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += timeout_us * 1000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static int w_futex(struct waiter *w)
{
	(void)w;
	int word = 7;
	struct timespec t = timeout();
	return result(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 7, &t, NULL, 0), -1, ETIMEDOUT);
}

static int w_getevents(struct waiter *w)
{
	struct io_event e;
	struct timespec t = timeout();
	return result(syscall(SYS_io_getevents, w->id, 1, 1, &e, &t), 0, 0);
}

static int w_mq(struct waiter *w)
{
	char b[64];
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += timeout_us * 1000;
	t.tv_sec += t.tv_nsec / 1000000000;
	t.tv_nsec %= 1000000000;
	return result(mq_timedreceive((mqd_t)w->fd, b, sizeof b, NULL, &t), -1, ETIMEDOUT);
}

/* msgrcv has no timeout: sends to itself after the time from another thread. */
static int w_msgrcv(struct waiter *w)
{
	struct { long type; char text[8]; } m;
	return result(msgrcv((int)w->id, &m, sizeof m.text, 0, 0), 8, 0);
}

static void *send_messages(void *p)
{
	struct waiter *w = p;
	struct { long type; char text[8]; } m = {1, "message"};
	for (;;) {
		struct timespec t = timeout();
		t.tv_nsec += 100000;
		nanosleep(&t, NULL);
		if (msgsnd((int)w->id, &m, sizeof m.text, 0) < 0)
			pause(); /* the queue is gone: the end */
	}
	return NULL;
}

static void *run(void *p)
{
	struct waiter *w = p;
	int untimed = w->wait == w_epoll_forever || w->wait == w_msgrcv;
	atomic_store(&w->tid, (int)syscall(SYS_gettid));
	for (;;) {
		long start = now_us();
		int r = w->wait(w);
		long took = now_us() - start;
		w->calls++;
		if (r == EIDRM)
			pause();
		else if (r == EINTR)
			w->eintr++;
		else if (r != 0) {
			w->wrong++;
			fprintf(stderr, "%s: %d\n", w->name, r);
		} else if (!untimed && took < timeout_us - 1000)
			w->early++; /* jiffies may take a millisecond off */
		if (!w->shortest || took < w->shortest)
			w->shortest = took;
		if (took > w->longest)
			w->longest = took;
	}
	return NULL;
}

/* Keeps values in registers of every kind, flags included, through loops that must add up. */
static void *compute(void *p)
{
	struct waiter *w = p;
	atomic_store(&w->tid, (int)syscall(SYS_gettid));
	for (;;) {
		double f = 0;
		uint64_t x = 88172645463325252ULL, sum = 0;
		unsigned long steps = 200000;
		for (unsigned long i = 0; i < steps; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			sum += x;
			f += 0.5;
		}
		static _Atomic uint64_t expected;
		uint64_t none = 0;
		atomic_compare_exchange_strong(&expected, &none, sum);
		w->calls++;
		if (f != steps * 0.5 || expected != sum)
			w->wrong++;
	}
	return NULL;
}

static atomic_long handled, sent;

static void on_signal(int s)
{
	(void)s;
	handled++;
}

static void *receive(void *p)
{
	return compute(p);
}

static pthread_t receiver;

static void *send_signals(void *p)
{
	struct waiter *w = p;
	atomic_store(&w->tid, (int)syscall(SYS_gettid));
	for (;;) {
		struct timespec t = {0, 700000};
		nanosleep(&t, NULL);
		/* The queue is limited; wait for it rather than lose one. */
		if (pthread_sigqueue(receiver, SIGRTMIN, (union sigval){0}) == 0)
			sent++;
		w->calls++;
	}
	return NULL;
}

static struct waiter waiters[] = {
	{"epoll_wait", w_epoll}, {"epoll_pwait", w_epoll_pwait}, {"epoll_pwait2", w_epoll_pwait2}, {"epoll_forever", w_epoll_forever},
	{"sigtimedwait", w_sigtimedwait}, {"semtimedop", w_semtimedop}, {"recv", w_recv}, {"read", w_read}, {"recvmsg", w_recvmsg},
	{"accept", w_accept}, {"send", w_send}, {"poll", w_poll}, {"select", w_select}, {"nanosleep", w_nanosleep},
	{"absolute", w_absolute}, {"futex", w_futex}, {"io_getevents", w_getevents}, {"mq_timedreceive", w_mq}, {"msgrcv", w_msgrcv},
	{"compute", NULL}, {"signals_to", NULL}, {"signals_from", NULL},
};
enum { COUNT = sizeof waiters / sizeof *waiters };

static void check(int bad, const char *what)
{
	if (bad) {
		perror(what);
		exit(2);
	}
}

static void prepare(struct waiter *w)
{
	struct timeval t = {timeout_us / 1000000, timeout_us % 1000000};
	int pair[2];
	check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0, "socketpair");
	w->fd = pair[0];
	w->fd2 = pair[1];
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
	if (w->wait == w_epoll || w->wait == w_epoll_pwait || w->wait == w_epoll_pwait2)
		w->fd = epoll_create1(0);
	if (w->wait == w_epoll_forever) {
		pthread_t th;
		struct epoll_event e = {.events = EPOLLIN};
		w->fd = epoll_create1(0);
		w->fd2 = eventfd(0, 0);
		check(epoll_ctl(w->fd, EPOLL_CTL_ADD, w->fd2, &e) < 0, "epoll_ctl");
		pthread_create(&th, NULL, wake, w);
	}
	if (w->wait == w_semtimedop)
		check((w->id = semget(IPC_PRIVATE, 1, 0600)) < 0, "semget");
	if (w->wait == w_accept) {
		struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		w->fd = socket(AF_INET, SOCK_STREAM, 0);
		check(bind(w->fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(w->fd, 1) < 0, "listen");
		setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
	}
	if (w->wait == w_send) {
		static char block[4096];
		while (send(w->fd, block, sizeof block, MSG_DONTWAIT) > 0)
			;
	}
	if (w->wait == w_getevents) {
		aio_context_t context = 0;
		check(syscall(SYS_io_setup, 1, &context) < 0, "io_setup");
		w->id = (long)context;
	}
	if (w->wait == w_mq) {
		struct mq_attr a = {.mq_maxmsg = 1, .mq_msgsize = 64};
		char name[40];
		snprintf(name, sizeof name, "/kaa-waits-%d", getpid());
		w->fd = (int)mq_open(name, O_RDWR | O_CREAT, 0600, &a);
		check(w->fd < 0, "mq_open");
		mq_unlink(name);
	}
	if (w->wait == w_msgrcv) {
		pthread_t th;
		check((w->id = msgget(IPC_PRIVATE, 0600)) < 0, "msgget");
		pthread_create(&th, NULL, send_messages, w);
	}
}

static void report(void)
{
	for (int i = 0; i < COUNT; i++) {
		struct waiter *w = &waiters[i];
		printf("%s tid %d calls %ld eintr %ld early %ld wrong %ld shortest %ld longest %ld\n", w->name, w->tid, w->calls, w->eintr,
		       w->early, w->wrong, w->shortest, w->longest);
		w->longest = 0;
	}
	printf("signals sent %ld handled %ld\n", sent, handled);
	printf("end\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	char line[64];
	sigset_t set;
	if (argc > 1)
		timeout_us = atol(argv[1]);
	signal(SIGRTMIN, on_signal);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	for (int i = 0; i < COUNT; i++) {
		struct waiter *w = &waiters[i];
		pthread_t th;
		void *(*body)(void *) = w->wait ? run : !strcmp(w->name, "compute") ? compute : !strcmp(w->name, "signals_to") ? receive : send_signals;
		if (w->wait)
			prepare(w);
		check(pthread_create(body == receive ? &receiver : &th, NULL, body, w) != 0, "pthread_create");
		while (!atomic_load(&w->tid))
			usleep(100);
	}
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin))
		report();
	for (int i = 0; i < COUNT; i++) {
		if (waiters[i].wait == w_semtimedop)
			semctl((int)waiters[i].id, 0, IPC_RMID);
		if (waiters[i].wait == w_msgrcv)
			msgctl((int)waiters[i].id, IPC_RMID, NULL);
	}
	return 0;
}
