/*
 * A process that behaves in one way, for looks to be tried on. Says "ready" and a number or two when it does so, and ends with its stdin.
 *
 *   park N      N threads, each asleep in pause()
 *   spin        main asleep in read(), one thread counting as fast as it can: its counter's address follows "ready"
 *   vfork       one thread in vfork() until a line comes, whose child then exits; prints "back"
 *   leader      the leader has exited, one thread lives on
 *   threads     threads begin and end all the time
 *   forks       children are forked, vforked and spawned all the time by two threads
 *   exec N      runs itself again N times over, from a thread that is not the leader, then says ready
 *   handle      counts SIGRTMIN in a spinning thread: address of the count, tid
 *   timer       a thread reads a line, arms an interval timer for once and waits in epoll_wait; the leader then says "ticks N others N interrupted N"; the thread's tid
 *   trace PID   seizes every thread of PID and keeps it so
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static atomic_ulong count;
static char **arguments;

static void until_end(void)
{
	char line[64];
	while (fgets(line, sizeof line, stdin))
		;
	_exit(0);
}

static void ready(unsigned long a, unsigned long b)
{
	printf("ready %lu %lu\n", a, b);
	fflush(stdout);
}

static pthread_t start(void *(*body)(void *), void *argument)
{
	pthread_t t;
	pthread_attr_t a;
	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 64 * 1024);
	if (pthread_create(&t, &a, body, argument) != 0)
		abort();
	return t;
}

static void *sleeper(void *p)
{
	(void)p;
	atomic_fetch_add(&count, 1);
	for (;;)
		pause();
	return NULL;
}

static void park(int n)
{
	for (int i = 1; i < n; i++)
		start(sleeper, NULL);
	while (atomic_load(&count) < (unsigned long)n - 1)
		usleep(1000);
	/* Counted is not yet asleep: see what the kernel says of each. */
	for (int asleep = 0; asleep < n - 1;) {
		DIR *d = opendir("/proc/self/task");
		struct dirent *e;
		asleep = 0;
		while ((e = readdir(d)) != NULL) {
			char path[64], text[64] = "";
			snprintf(path, sizeof path, "/proc/self/task/%.16s/syscall", e->d_name);
			FILE *f = e->d_name[0] == '.' ? NULL : fopen(path, "r");
			if (f != NULL) {
				if (fgets(text, sizeof text, f) != NULL)
					asleep += strncmp(text, "34 ", 3) == 0;
				fclose(f);
			}
		}
		closedir(d);
	}
	ready((unsigned long)n, 0);
}

static void *spinner(void *p)
{
	if (p != NULL)
		atomic_store((atomic_int *)p, (int)syscall(SYS_gettid));
	for (;;)
		atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
	return NULL;
}

static void *vforker(void *p)
{
	int *ends = p;
	char c;
	if (vfork() == 0) {
		close(ends[1]); /* so that the end of the parent is the end of this one */
		if (read(ends[0], &c, 1) < 0)
			_exit(1);
		_exit(0);
	}
	printf("back\n");
	fflush(stdout);
	for (;;)
		pause();
	return NULL;
}

static void vfork_until_line(void)
{
	static int ends[2];
	char line[64];
	if (pipe(ends) < 0)
		abort();
	start(vforker, ends);
	ready(0, 0);
	while (fgets(line, sizeof line, stdin))
		if (write(ends[1], "x", 1) < 0)
			abort();
	_exit(0);
}

static void *outliving(void *p)
{
	(void)p;
	char path[64], text[256];
	do {
		snprintf(path, sizeof path, "/proc/%d/stat", getpid());
		FILE *f = fopen(path, "r");
		if (f == NULL || fgets(text, sizeof text, f) == NULL)
			abort();
		fclose(f);
	} while (strstr(text, ") Z ") == NULL);
	ready(0, 0);
	until_end();
	return NULL;
}

static void *nothing(void *p)
{
	atomic_fetch_add(&count, 1);
	return p;
}

static void *beginner(void *p)
{
	for (;;) {
		pthread_t t[4];
		for (int i = 0; i < 4; i++)
			t[i] = start(nothing, NULL);
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
	}
	return p;
}

static void *forker(void *p)
{
	char *arguments_of_true[] = {"true", NULL};
	for (;;) {
		int status;
		pid_t child = fork();
		if (child == 0)
			_exit(7);
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 7)
			abort();
		child = vfork();
		if (child == 0)
			_exit(8);
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 8)
			abort();
		if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments_of_true, NULL) != 0)
			abort();
		if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
			abort();
		atomic_fetch_add(&count, 1);
	}
	return p;
}

static void *again(void *p)
{
	execv("/proc/self/exe", p);
	abort();
	return NULL;
}

static void exec_again(int n)
{
	char number[16];
	char *next[] = {arguments[0], "exec", number, NULL};
	if (n == 0) {
		ready(0, 0);
		until_end();
	}
	snprintf(number, sizeof number, "%d", n - 1);
	start(spinner, NULL);
	start(again, next);
	for (;;)
		pause();
}

static void on_signal(int s)
{
	(void)s;
	atomic_fetch_add(&count, 1);
}

static atomic_int others, interrupted;

static void on_tick(int s)
{
	(void)s;
	atomic_fetch_add(getpid() == (int)syscall(SYS_gettid) ? (atomic_int *)&count : &others, 1);
}

static void *armer(void *p)
{
	struct itimerval once = {.it_value.tv_usec = 1000};
	struct epoll_event event;
	int poll = epoll_create1(0);
	char line[64];
	atomic_store((atomic_int *)p, (int)syscall(SYS_gettid));
	if (read(0, line, sizeof line) <= 0 || setitimer(ITIMER_REAL, &once, NULL) < 0)
		abort();
	for (;;)
		if (epoll_wait(poll, &event, 1, -1) < 0)
			atomic_fetch_add(&interrupted, 1);
	return NULL;
}

static void tell_ticks(void)
{
	while (!count)
		pause();
	printf("ticks %lu others %d interrupted %d\n", count, others, interrupted);
	fflush(stdout);
}

static void *loop(void *p)
{
	volatile unsigned long turns = 0;
	atomic_store((atomic_int *)p, (int)syscall(SYS_gettid));
	for (;;)
		turns++;
	return NULL;
}

static void trace(int pid)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/task", pid);
	DIR *d = opendir(path);
	struct dirent *e;
	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.' && ptrace(PTRACE_SEIZE, atoi(e->d_name), 0, 0) < 0)
			abort();
	ready(0, 0);
}

int main(int argc, char **argv)
{
	const char *way = argc > 1 ? argv[1] : "";
	int number = argc > 2 ? atoi(argv[2]) : 0;
	static atomic_int tid;
	arguments = argv;
	if (!strcmp(way, "park")) {
		park(number);
	} else if (!strcmp(way, "spin")) {
		start(spinner, &tid);
		while (!tid)
			usleep(100);
		ready((unsigned long)&count, (unsigned long)tid);
	} else if (!strcmp(way, "vfork")) {
		vfork_until_line();
	} else if (!strcmp(way, "leader")) {
		start(outliving, NULL);
		pthread_exit(NULL);
	} else if (!strcmp(way, "threads")) {
		start(beginner, NULL);
		start(beginner, NULL);
		ready((unsigned long)&count, 0);
	} else if (!strcmp(way, "forks")) {
		start(forker, NULL);
		start(forker, NULL);
		ready((unsigned long)&count, 0);
	} else if (!strcmp(way, "exec")) {
		exec_again(number);
	} else if (!strcmp(way, "handle")) {
		signal(SIGRTMIN, on_signal);
		start(loop, &tid);
		while (!tid)
			usleep(100);
		ready((unsigned long)&count, (unsigned long)tid);
	} else if (!strcmp(way, "timer")) {
		signal(SIGALRM, on_tick);
		start(armer, &tid);
		while (!tid)
			usleep(100);
		ready((unsigned long)tid, 0);
		tell_ticks();
	} else if (!strcmp(way, "trace")) {
		trace(number);
	} else {
		return 2;
	}
	until_end();
}
