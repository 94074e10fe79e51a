// SPDX-License-Identifier: GPL-2.0-only
/*
 * Signals in the middle of calls: what was written stays, what was returned is true, and a process
 * that is killed leaves nothing behind.
 */
#include "util.h"

#include <signal.h>
#include <sys/sendfile.h>
#include <sys/time.h>

static unsigned long alarms;

static void on_alarm(int sig)
{
	(void)sig;
	__atomic_fetch_add(&alarms, 1, __ATOMIC_RELAXED);
}

static void alarm_often(bool restart)
{
	struct sigaction act = { .sa_handler = on_alarm, .sa_flags = restart ? SA_RESTART : 0 };
	struct itimerval often = { { 0, 300 }, { 0, 300 } };

	CHECK_OK(sigaction(SIGALRM, &act, NULL));
	CHECK_OK(setitimer(ITIMER_REAL, &often, NULL));
}

static void alarm_no_more(void)
{
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	setitimer(ITIMER_REAL, &never, NULL);
	signal(SIGALRM, SIG_IGN);
}

/* However often a call is interrupted, it returns how far it got, and got that far. */
static void disturbed(void)
{
	char *buf = xmalloc(MiB(4));
	unsigned long round;
	int fd = xopen("f", O_RDWR | O_CREAT);

	for (round = 0; round < scaled(6); round++) {
		size_t at = 0;
		ssize_t done;

		fill(buf, MiB(4), 0, round);
		alarm_often(round % 2);
		while (at < MiB(4)) {
			done = pwrite(fd, buf + at, MiB(4) - at, at);
			if (done < 0)
				CHECK_ERR(done, EINTR);
			else
				at += done;
			CHECK_EQ(file_size(fd), round % 3 ? MiB(4) : (off_t)at);
		}
		for (at = 0; at < MiB(4); at += done) {
			done = pread(fd, buf, MiB(4) - at, at);
			if (done < 0) {
				CHECK_ERR(done, EINTR);
				done = 0;
			}
			check_fill(buf, done, at, round);
		}
		alarm_no_more();
		check_file(fd, 0, MiB(4), round);
		if (round % 3 == 2)
			CHECK_OK(ftruncate(fd, 0));
	}
	CHECK_CMP(__atomic_load_n(&alarms, __ATOMIC_RELAXED), >, 0);
	free(buf);
}

static void disturbed_faults(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	CHECK_OK(ftruncate(fd, MiB(4)));
	map = mmap(NULL, MiB(4), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	alarm_often(true);
	fill(map, MiB(4), 0, 1);
	check_fill(map, MiB(4), 0, 1);
	alarm_no_more();
	check_file(fd, 0, MiB(4), 1);
}

/* The jobs of processes that get killed; each leaves files that can be checked by their size. */
static void write_new(void *arg)
{
	char *buf = xmalloc(MiB(4));
	unsigned int i;

	(void)arg;
	fill(buf, MiB(4), 0, 1);
	for (i = 0;; i = (i + 1) % 3) {
		char name[16];
		int fd;

		snprintf(name, sizeof(name), "f%u", i);
		fd = xopen(name, O_RDWR | O_CREAT | O_TRUNC);
		CHECK_EQ(write(fd, buf, MiB(4)), MiB(4));
		close(fd);
	}
}

static void write_small(void *arg)
{
	char *buf = xmalloc(MiB(4));
	off_t at;
	int fd;

	(void)arg;
	fill(buf, MiB(4), 0, 1);
	for (;;) {
		fd = xopen("f0", O_RDWR | O_CREAT | O_TRUNC);
		for (at = 0; at + 7000 <= MiB(4); at += 7000)
			CHECK_EQ(write(fd, buf + at, 7000), 7000);
		close(fd);
	}
}

static void map_and_write(void *arg)
{
	unsigned char *map;
	int fd;

	(void)arg;
	for (;;) {
		fd = xopen("f0", O_RDWR | O_CREAT | O_TRUNC);
		CHECK_OK(ftruncate(fd, MiB(4)));
		map = mmap(NULL, MiB(4), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		CHECK(map != MAP_FAILED);
		fill(map, MiB(4), 0, 1);
		munmap(map, MiB(4));
		close(fd);
	}
}

static void copy_around(void *arg)
{
	int pipes[2], from, to;

	(void)arg;
	CHECK_OK(pipe(pipes));
	from = xopen("source", O_RDONLY);
	for (;;) {
		loff_t at = 0;

		to = xopen("f0", O_RDWR | O_CREAT | O_TRUNC);
		while (at < MiB(4)) {
			loff_t out = at;
			ssize_t got = CHECK_OK(splice(from, &at, pipes[1], NULL, KiB(60), 0));

			while (got > 0)
				got -= CHECK_OK(splice(pipes[0], NULL, to, &out, got, 0));
		}
		close(to);
	}
}

static void cut_and_remove(void *arg)
{
	unsigned int i;
	int fd;

	(void)arg;
	for (i = 0;; i++) {
		fd = xopen("f0", O_RDWR | O_CREAT);
		write_file(fd, 0, MiB(3), 1);
		CHECK_OK(ftruncate(fd, KiB(100) * (i % 25)));
		close(fd);
		if (i % 2)
			CHECK_OK(unlink("f0"));
	}
}

static void kill_often(void (*job)(void *arg), bool may_be_zero)
{
	unsigned char *buf = xmalloc(MiB(4)), *want = xmalloc(MiB(4));
	u64 rng = 3;
	unsigned long round;
	unsigned int i;

	fill(want, MiB(4), 0, 1);
	for (round = 0; round < scaled(12); round++) {
		pid_t pid = start(job, NULL);

		usleep(2000 + rnd(&rng) % 60000);
		kill(pid, SIGKILL);
		finish_killed(pid, SIGKILL);
		for (i = 0; i < 3; i++) {
			char name[16];
			size_t at;
			off_t size;
			int fd;

			snprintf(name, sizeof(name), "f%u", i);
			fd = open(name, O_RDONLY);
			if (fd < 0)
				continue;
			size = file_size(fd);
			CHECK_CMP(size, <=, MiB(4));
			pread_full(fd, buf, size, 0);
			for (at = 0; at < (size_t)size; at++)
				if (buf[at] != want[at] && (buf[at] || !may_be_zero))
					fail("round %lu, byte %zu of %lld: %#x, expected %#x",
					     round, at, (long long)size, buf[at], want[at]);
			close(fd);
			/* The file can be used as if nothing had happened. */
			if (round % 4 == 0) {
				fd = xopen(name, O_RDWR);
				write_file(fd, 0, MiB(4), 1);
				check_file(fd, 0, MiB(4), 1);
				close(fd);
				CHECK_OK(unlink(name));
			}
		}
		check_balance(".");
	}
	free(buf);
	free(want);
}

static void killed_writing(void)
{
	kill_often(write_new, false);
}

static void killed_writing_small(void)
{
	kill_often(write_small, false);
}

static void killed_mapping(void)
{
	kill_often(map_and_write, true);
}

static void killed_splicing(void)
{
	int fd = xopen("source", O_RDWR | O_CREAT);

	write_file(fd, 0, MiB(4), 1);
	kill_often(copy_around, false);
	check_file(fd, 0, MiB(4), 1);
}

static void killed_cutting(void)
{
	kill_often(cut_and_remove, false);
}

/* Two processes use the same file; one is killed while the other waits for the inode's lock. */
static void killed_beside_another(void)
{
	int fd = xopen("f0", O_RDWR | O_CREAT);
	unsigned long round;
	pid_t pids[2];

	for (round = 0; round < scaled(10); round++) {
		pids[0] = start(write_small, NULL);
		pids[1] = start(write_small, NULL);
		usleep(20000);
		kill(pids[0], SIGKILL);
		finish_killed(pids[0], SIGKILL);
		usleep(5000);
		kill(pids[1], SIGKILL);
		finish_killed(pids[1], SIGKILL);
		CHECK_CMP(file_size(fd), <=, MiB(4));
		check_balance(".");
	}
	CHECK_OK(ftruncate(fd, 0));
	write_file(fd, 0, MiB(2), 2);
	check_file(fd, 0, MiB(2), 2);
}

static const struct test tests[] = {
	{ "disturbed", disturbed, ANY_POOL, 0 },
	{ "disturbed_faults", disturbed_faults, ANY_POOL, 0 },
	{ "killed_writing", killed_writing, ANY_POOL, 0 },
	{ "killed_writing_small", killed_writing_small, ANY_POOL, 0 },
	{ "killed_mapping", killed_mapping, ANY_POOL, 0 },
	{ "killed_splicing", killed_splicing, ANY_POOL, 0 },
	{ "killed_cutting", killed_cutting, ANY_POOL, 0 },
	{ "killed_beside_another", killed_beside_another, ANY_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
