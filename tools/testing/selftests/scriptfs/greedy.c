// SPDX-License-Identifier: GPL-2.0-only
/*
 * What users who ask for too much, or leave much behind, do to others.
 */
#include "fallocate.h"
#include "outside.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <time.h>

static unsigned long long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000ULL + t.tv_nsec / 1000;
}

/* Asks for more than there is, over and over. */
static void ask_too_much(void *arg)
{
	int fd = xopen("greedy", O_RDWR | O_CREAT);
	off_t *len = arg;

	for (;;)
		CHECK_ERR(fallocate(fd, 0, 0, *len), ENOSPC);
}

/* Others have as much space as df shows, all the time. */
static void others_write_beside(off_t len)
{
	pid_t pid = start(ask_too_much, &len);
	unsigned long long end = now_us() + 5000000;
	static char buf[64 << 10];
	unsigned long good = 0, failed = 0;
	int fd;

	while (now_us() < end) {
		fd = xopen("f", O_RDWR | O_CREAT);
		if (pwrite(fd, buf, sizeof(buf), 0) == sizeof(buf))
			good++;
		else
			failed++;
		close(fd);
		CHECK_OK(unlink("f"));
	}
	kill(pid, SIGKILL);
	finish_killed(pid, SIGKILL);
	note("%lu writes succeeded, %lu failed", good, failed);
	CHECK_EQ(failed, 0);
}

/* More than there can ever be. */
static void others_write_on(void)
{
	others_write_beside(1LL << 40);
}

/* A little more than there is, and too little to be counted first. */
static void others_write_on_little(void)
{
	int fd = xopen("most", O_RDWR | O_CREAT);

	CHECK_OK(fallocate(fd, 0, 0, available() - MiB(1)));
	others_write_beside(MiB(2));
	close(fd);
}

/* Not more than there is and what is held from outside: that might be let go. */
static void others_write_on_held(void)
{
	int fd = xopen("held", O_RDWR | O_CREAT), pipes[2];

	make_pipe(pipes);
	write_file(fd, 0, PIPE_ROOM, 1);
	splice_in(fd, 0, pipes[1], PIPE_ROOM);
	close(fd);
	CHECK_OK(unlink("held"));
	others_write_beside(available() + PIPE_ROOM / 2);
	drop_pipe(pipes);
}

/* A request that cannot succeed takes nothing from the system. */
static void leaves_the_system_alone(void)
{
	unsigned long before = free_memory();
	unsigned long long surplus = counter(NULL, "surplus");
	int fd = xopen("f", O_RDWR | O_CREAT);

	CHECK_ERR(fallocate(fd, 0, 0, 1LL << 40), ENOSPC);
	CHECK_EQ(counter(NULL, "surplus"), surplus);
	CHECK_CMP(free_memory(), >=, before - KiB(1));
	close(fd);
}

static void fill_pages(void *arg)
{
	char name[32];
	static char buf[PAGE];
	off_t at;
	int fd;

	snprintf(name, sizeof(name), "p%d", getpid());
	fd = xopen(name, O_RDWR | O_CREAT);
	for (at = 0; pwrite(fd, buf, PAGE, at) == PAGE; at += PAGE * (arg ? 2 : 1))
		;
	CHECK_EQ(errno, ENOSPC);
	close(fd);
}

static void *map_of(const char *name, size_t len, int *fd)
{
	*fd = xopen(name, O_RDWR | O_CREAT);
	CHECK_OK(ftruncate(*fd, len));
	return map_file(*fd, len);
}

static void all_had(const char *what, unsigned long long before)
{
	unsigned long long left = available(), held = 0;

	(void)held;
	if (left)
		fail("%s: of %llu bytes %llu are left", what, before, left);
	check_balance(".");
}

static void clean(const char *what, unsigned long long before)
{
	remove_all(".");
	check_settled(".");
	if (available() != before)
		fail("%s: %llu left of %llu after removal", what, available(), before);
}

static const size_t parts[] = { 1, PAGE, 3 * PAGE, 5000, KiB(32), KiB(64) + 1, MiB(2), MiB(3) };

/* However it is asked for. */
static void every_page(void)
{
	unsigned long long before = available();
	unsigned int i, j;
	static char buf[3 << 20];
	unsigned char *map;
	char name[32];
	int fd, from;
	off_t at;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		/* Files of this size. */
		for (j = 0; ; j++) {
			snprintf(name, sizeof(name), "%u", j);
			fd = open(name, O_RDWR | O_CREAT, 0600);
			CHECK(fd >= 0);
			if (pwrite(fd, buf, parts[i], 0) != (ssize_t)parts[i]) {
				close(fd);
				break;
			}
			close(fd);
		}
		all_had("files", before);
		clean("files", before);
		/* One file, by appending. */
		fd = xopen("f", O_RDWR | O_CREAT | O_APPEND);
		if (parts[i] > 1) {
			while (write(fd, buf, parts[i]) == (ssize_t)parts[i])
				;
			all_had("append", before);
			CHECK_EQ(file_held(fd), before);
		}
		close(fd);
		clean("append", before);
		/* By fallocate of parts. */
		fd = xopen("f", O_RDWR | O_CREAT);
		for (at = 0; fallocate(fd, i % 2 ? KEEP : 0, at, parts[i]) == 0;
		     at += TO_PAGES(parts[i]))
			;
		CHECK_EQ(errno, ENOSPC);
		if (TO_PAGES(parts[i]) == PAGE)
			all_had("fallocate", before);
		else
			CHECK_CMP(available(), <, parts[i] + PAGE);
		close(fd);
		clean("fallocate", before);
		/* By copies. */
		fd = xopen("f", O_RDWR | O_CREAT);
		from = xopen("from", O_RDWR | O_CREAT);
		if (before >= 2 * PAGE && parts[i] <= PAGE) {
			off_t src = 0, dst = 0;

			pwrite_full(from, buf, PAGE, 0);
			while (copy_file_range(from, &src, fd, &dst, PAGE, 0) > 0)
				src = 0;
			CHECK_EQ(errno, ENOSPC);
			all_had("copy_file_range", before);
			CHECK_OK(ftruncate(fd, 0));
			for (;;) {
				src = 0;
				if (sendfile(fd, from, &src, PAGE) <= 0)
					break;
			}
			all_had("sendfile", before);
		}
		close(from);
		close(fd);
		clean("copy", before);
	}
	/* By stores, upwards, downwards, at every other page and then in between. */
	for (i = 0; i < 3; i++) {
		size_t pages = before / PAGE, n;

		map = map_of("f", before + PAGE * 16, &fd);
		for (n = 0; n < pages; n++) {
			size_t p = i == 0 ? n : i == 1 ? pages - 1 - n :
				   n < (pages + 1) / 2 ? 2 * n : 2 * (n - (pages + 1) / 2) + 1;

			if (!try_write(map + p * PAGE, 1))
				fail("store %zu of %zu, way %u: %llu left", n, pages, i,
				     available());
		}
		CHECK(!try_write(map + pages * PAGE, 1));
		all_had("stores", before);
		munmap(map, before + PAGE * 16);
		close(fd);
		clean("stores", before);
	}
	/* By several at once. */
	for (i = 0; i < 4; i++) {
		pid_t pids[6];

		for (j = 0; j < ARRAY_SIZE(pids); j++)
			pids[j] = start(fill_pages, i % 2 ? &pids : NULL);
		for (j = 0; j < ARRAY_SIZE(pids); j++)
			finish(pids[j]);
		all_had("several", before);
		clean("several", before);
	}
}

/* size= need not be a multiple of anything. */
static void odd_size(void)
{
	unsigned long long before = available();
	static char buf[PAGE];
	unsigned long long got = 0;
	int fd = xopen("f", O_RDWR | O_CREAT);

	while (pwrite(fd, buf, PAGE, got) == PAGE)
		got += PAGE;
	note("df showed %llu, got %llu", before, got);
	CHECK_EQ(got, before);
	close(fd);
}

#define MAXBYTES	(LLONG_MAX - MiB(256) + 1)

/* Near the largest offset. */
static void far_away(void)
{
	off_t end = MAXBYTES, held;
	unsigned long long before = available();
	unsigned char *map, byte;
	int fd = xopen("f", O_RDWR | O_CREAT);

	CHECK_ERR(pwrite(fd, "ab", 2, end), EFBIG);
	CHECK_EQ(pwrite(fd, "ab", 2, end - 1), 1);
	CHECK_EQ(file_size(fd), end);
	/* It begins at a multiple of its size. */
	held = held_by("f");
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), (end - 1) / held * held);
	CHECK_EQ(lseek(fd, end - 1, SEEK_HOLE), end);
	CHECK_ERR(lseek(fd, end, SEEK_DATA), ENXIO);
	CHECK_EQ(lseek(fd, 0, SEEK_END), end);
	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, end - 2 * PAGE);
	CHECK(map != MAP_FAILED);
	CHECK(try_write(map, 9));
	CHECK(try_read(map + 2 * PAGE - 1, &byte));
	CHECK_EQ(byte, 'a');
	CHECK_ERR(fallocate(fd, 0, 0, end), ENOSPC);
	CHECK_ERR(fallocate(fd, 0, end - PAGE, 2 * PAGE), EFBIG);
	CHECK_ERR(fallocate(fd, PUNCH, end - PAGE, LLONG_MAX - end + PAGE), EFBIG);
	CHECK_OK(fallocate(fd, PUNCH, end - PAGE + 1, PAGE - 1));
	CHECK_EQ(map[PAGE], 0);
	CHECK_OK(fallocate(fd, PUNCH, 0, end));
	CHECK_EQ(file_held(fd), 0);
	CHECK_EQ(map[0], 0);
	munmap(map, 2 * PAGE);
	CHECK_OK(fallocate(fd, ZERO, end - MiB(1), MiB(1)));
	CHECK_OK(ftruncate(fd, end - 5));
	CHECK_OK(ftruncate(fd, end));
	CHECK_OK(fallocate(fd, PUNCH, 1, end - 1));
	CHECK_EQ(file_held(fd), 0);
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(available(), before);
	close(fd);
}

static const struct test tests[] = {
	{ "others_write_on", others_write_on, "large=64,strict", T_SCRIPTFS },
	{ "others_write_on_poems", others_write_on, "poem=2000,strict", T_SCRIPTFS },
	{ "others_write_on_little", others_write_on_little, "large=2,strict", T_SCRIPTFS },
	{ "others_write_on_held", others_write_on_held, "large=2,strict", T_SCRIPTFS },
	{ "leaves_the_system_alone", leaves_the_system_alone, "poem=4,size=1G", T_SCRIPTFS },
	{ "odd_size", odd_size, "poem=1,size=50K", T_SCRIPTFS },
	{ "odd_size_larger", odd_size, "poem=1,size=2100K", T_SCRIPTFS },
	{ "every_page_of_a_poem", every_page, "poem=1,strict", T_SCRIPTFS },
	{ "every_page_of_few", every_page, "poem=3,novel=1,strict", T_SCRIPTFS },
	{ "every_page_of_a_medium", every_page, "medium=1,strict", T_SCRIPTFS },
	{ "every_page_of_a_large", every_page, "large=1,strict", T_SCRIPTFS },
	{ "every_page_of_some", every_page, "poem=70,novel=40,medium=3,large=1,strict",
	  T_SCRIPTFS },
	{ "every_page_of_larges", every_page, "large=3,strict", T_SCRIPTFS },
	{ "every_page_of_surplus", every_page, "poem=1,size=4M", T_SCRIPTFS },
	{ "far_away", far_away, "poem=10,large=2,strict", T_SCRIPTFS },
	{ "far_away_medium", far_away, "poem=10,large=2,medium=4,strict,class=medium", T_SCRIPTFS },
	{ "far_away_super", far_away, "super=1,strict,class=super", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
