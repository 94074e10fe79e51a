// SPDX-License-Identifier: GPL-2.0-only
/*
 * meter: what fio and dd cannot measure themselves.
 *
 * Each command prints one line of numbers, nanoseconds of CLOCK_MONOTONIC unless it says otherwise.
 * In a guest that runs with QEMU's -icount shift=0 a nanosecond is an instruction. Statically linked
 * and without stdio in the measured parts, so that nothing but the system calls is counted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "meter: %s: %s\n", what, strerror(errno));
	exit(1);
}

static long number(const char *text)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno || end == text || *end || value <= 0) {
		fprintf(stderr, "meter: %s: not a positive number\n", text);
		exit(2);
	}
	return value;
}

/* Page-aligned, as fio's and dd's buffers are, and touched, so that no fault is measured. */
static char *buffer(size_t size)
{
	char *buf = mmap(NULL, size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (buf == MAP_FAILED)
		die("mmap");
	memset(buf, 'x', size);
	return buf;
}

/*
 * The copy instruction that the kernel's copy_{to,from}_user() picks at boot, by the same two
 * processor features that it looks at: "erms" means rep movsb, else "rep_good" means rep movsq,
 * else an unrolled loop of 64 bytes a round.
 */
enum copy_kind { COPY_UNROLLED, COPY_MOVSQ, COPY_MOVSB };

static const char * const copy_names[] = { "unrolled", "movsq", "movsb" };

static enum copy_kind copy_kind(void)
{
	enum copy_kind kind = COPY_UNROLLED;
	char *line = NULL, *word, *rest;
	size_t room = 0;
	FILE *file;

	file = fopen("/proc/cpuinfo", "r");
	if (!file)
		die("/proc/cpuinfo");
	while (getline(&line, &room, file) > 0) {
		if (strncmp(line, "flags", 5))
			continue;
		for (word = strtok_r(line, " \t\n", &rest); word;
		     word = strtok_r(NULL, " \t\n", &rest)) {
			if (!strcmp(word, "erms"))
				kind = COPY_MOVSB;
			else if (!strcmp(word, "rep_good") && kind == COPY_UNROLLED)
				kind = COPY_MOVSQ;
		}
		break;
	}
	free(line);
	fclose(file);
	return kind;
}

static void copy(enum copy_kind kind, void *to, const void *from, size_t size)
{
#ifdef __x86_64__
	size_t words = size / 8, lines = size / 64;

	switch (kind) {
	case COPY_MOVSB:
		asm volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (size) : : "memory");
		break;
	case COPY_MOVSQ:
		asm volatile("rep movsq" : "+D" (to), "+S" (from), "+c" (words) : : "memory");
		break;
	case COPY_UNROLLED:
		asm volatile("1:\n\t"
			     "movq 0(%1), %%r8\n\t"  "movq 8(%1), %%r9\n\t"
			     "movq 16(%1), %%r10\n\t" "movq 24(%1), %%r11\n\t"
			     "movq %%r8, 0(%0)\n\t"  "movq %%r9, 8(%0)\n\t"
			     "movq %%r10, 16(%0)\n\t" "movq %%r11, 24(%0)\n\t"
			     "movq 32(%1), %%r8\n\t" "movq 40(%1), %%r9\n\t"
			     "movq 48(%1), %%r10\n\t" "movq 56(%1), %%r11\n\t"
			     "movq %%r8, 32(%0)\n\t" "movq %%r9, 40(%0)\n\t"
			     "movq %%r10, 48(%0)\n\t" "movq %%r11, 56(%0)\n\t"
			     "leaq 64(%1), %1\n\t" "leaq 64(%0), %0\n\t"
			     "decq %2\n\t"
			     "jnz 1b"
			     : "+r" (to), "+r" (from), "+r" (lines)
			     : : "r8", "r9", "r10", "r11", "memory", "cc");
		break;
	}
#else
	(void)kind;
	memcpy(to, from, size);
#endif
}

/* copy-kind: which copy that is. */
static int do_copy_kind(char **arg)
{
	(void)arg;
	puts(copy_names[copy_kind()]);
	return 0;
}

/* copy SIZE COUNT: COUNT copies of SIZE bytes, all together. */
static int do_copy(char **arg)
{
	size_t size = number(arg[0]);
	long i, count = number(arg[1]);
	enum copy_kind kind = copy_kind();
	char *from = buffer(size), *to = buffer(size);
	long long begin;

	begin = now();
	for (i = 0; i < count; i++)
		copy(kind, to, from, size);
	printf("%lld\n", now() - begin);
	return 0;
}

/* poems DIR COUNT SIZE: create + write + close each, then unlink each; prints both sums. */
static int do_poems(char **arg)
{
	long i, count = number(arg[1]), size = number(arg[2]);
	char *buf = buffer(size);
	long long begin, created;
	char (*names)[32];
	int fd;

	if (chdir(arg[0]))
		die(arg[0]);
	names = calloc(count, sizeof(*names));
	if (!names)
		die("calloc");
	for (i = 0; i < count; i++)
		snprintf(names[i], sizeof(names[i]), "poem-%ld", i);

	begin = now();
	for (i = 0; i < count; i++) {
		fd = open(names[i], O_CREAT | O_EXCL | O_WRONLY, 0644);
		if (fd < 0)
			die(names[i]);
		if (write(fd, buf, size) != size)
			die("write");
		close(fd);
	}
	created = now();
	for (i = 0; i < count; i++)
		if (unlink(names[i]))
			die(names[i]);
	printf("%lld %lld\n", created - begin, now() - created);
	return 0;
}

/* unlink FILE: the whole system call. */
static int do_unlink(char **arg)
{
	long long begin, end;

	begin = now();
	if (unlink(arg[0]))
		die(arg[0]);
	end = now();
	printf("%lld\n", end - begin);
	return 0;
}

/* run COMMAND...: from before the fork until after the wait; its output is left alone. */
static int do_run(char **arg)
{
	long long begin, end;
	pid_t pid;
	int status;

	begin = now();
	pid = vfork();
	if (pid < 0)
		die("vfork");
	if (!pid) {
		execvp(arg[0], arg);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	end = now();
	if (!WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "meter: %s failed, wait status %#x\n", arg[0], status);
		return 1;
	}
	printf("%lld\n", end - begin);
	return 0;
}

/*
 * calls DIR CALL COUNT REPS: COUNT calls of CALL bytes each as new, over and read, in turn, REPS
 * times; prints the least of each, a call. A timer tick, a kworker or a page allocator refill adds to a
 * repetition and never takes away, so the least of many short ones is what the calls
 * themselves cost and is the same in every run.
 */
static int do_calls(char **arg)
{
	long i, rep, call = number(arg[1]), count = number(arg[2]), reps = number(arg[3]);
	long long least[3] = { LLONG_MAX, LLONG_MAX, LLONG_MAX };
	char *buf = buffer(call);
	int fd, what;

	if (chdir(arg[0]))
		die(arg[0]);
	for (rep = 0; rep < reps; rep++) {
		fd = open("calls", O_CREAT | O_EXCL | O_RDWR, 0644);
		if (fd < 0)
			die("calls");
		for (what = 0; what < 3; what++) {
			long long begin, cost;

			if (lseek(fd, 0, SEEK_SET))
				die("lseek");
			begin = now();
			for (i = 0; i < count; i++)
				if ((what < 2 ? write(fd, buf, call) : read(fd, buf, call)) != call)
					die(what < 2 ? "write" : "read");
			cost = now() - begin;
			if (cost < least[what])
				least[what] = cost;
		}
		close(fd);
		if (unlink("calls"))
			die("unlink");
	}
	for (what = 0; what < 3; what++)
		printf("%.2f%c", (double)least[what] / count, what < 2 ? ' ' : '\n');
	return 0;
}

/* now: the clock, for whoever runs commands and cannot read it himself (fio's exec_prerun). */
static int do_now(char **arg)
{
	(void)arg;
	printf("%lld\n", now());
	return 0;
}

static const struct {
	const char *name;
	int args;
	int (*run)(char **arg);
} commands[] = {
	{ "now", 0, do_now },
	{ "copy-kind", 0, do_copy_kind },
	{ "copy", 2, do_copy },
	{ "poems", 3, do_poems },
	{ "unlink", 1, do_unlink },
	{ "run", 1, do_run },
	{ "calls", 4, do_calls },
};

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (argc > 1 && !strcmp(argv[1], commands[i].name) &&
		    argc - 2 >= commands[i].args)
			return commands[i].run(argv + 2);
	fprintf(stderr, "usage: meter now | copy-kind | copy SIZE COUNT | poems DIR COUNT SIZE | unlink FILE |\n"
		"       run COMMAND... | calls DIR CALL COUNT REPS\n");
	return 2;
}
