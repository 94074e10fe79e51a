// SPDX-License-Identifier: GPL-2.0-only
/*
 * The order in which a mount uses memory: first the whole reserve, whatever classes it consists of,
 * then surplus, then none. A write into the reserve makes no task wait for memory; one beyond it
 * ends in ENOSPC at worst, and never gets a process killed.
 */
#include "scarce.h"

#include <signal.h>

/* Surplus may be in use only if nothing in the reserve was idle. */
static void check_order(const char *path)
{
	unsigned long long surplus = counter_of(path, NULL, "surplus");

	if (surplus && counter_of(path, NULL, "free") > surplus)
		fail("%llu bytes of surplus beside a reserve with %llu bytes idle", surplus,
		     counter_of(path, NULL, "free"));
}

/* Write a file in pieces of @piece to the end of the reserve, and a little beyond. */
static void write_reserve(const char *path, const char *name, size_t piece)
{
	unsigned long long reserve = counter_of(path, NULL, "reserve"), at;
	char *buf = xmalloc(piece);
	int fd = xopen(name, O_RDWR | O_CREAT | O_EXCL);

	for (at = 0; at < reserve + MiB(2); at += piece) {
		fill(buf, piece, at, 1);
		pwrite_full(fd, buf, piece, at);
		check_order(path);
	}
	CHECK_CMP(counter_of(path, NULL, "surplus"), >, 0);
	check_file(fd, 0, at, 1);
	close(fd);
	CHECK_OK(unlink(name));
	free(buf);
	/* Drop idle surplus, so that the next run begins as this one did. */
	CHECK(write_text("/proc/sys/vm/drop_caches", "2"));
}

#define MIXED		"poem=64,novel=20,medium=6,large=3"
#define MIXED_POOL	MIXED ",size=64M"

static void by_any_piece(void)
{
	static const size_t pieces[] = { KiB(3), KiB(32), KiB(100), KiB(512), MiB(2), MiB(5) };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++)
		write_reserve(".", "f", pieces[i]);
}

/* Reserves that lack one class, or have only one. */
static void by_any_reserve(void)
{
	static const char *const reserves[] = {
		"poem=200", "novel=100", "medium=12", "large=3", "poem=100,large=2",
		"poem=33,medium=9,class=large", "novel=33,large=2,class=medium",
		"medium=3,large=2,class=poem",
	};
	char options[128];
	unsigned int i;

	CHECK_OK(mkdir("m", 0700));
	for (i = 0; i < ARRAY_SIZE(reserves); i++) {
		snprintf(options, sizeof(options), "%s,size=64M", reserves[i]);
		CHECK_OK(mount_fs("m", options));
		write_reserve("m", "m/f", KiB(64));
		write_reserve("m", "m/f", MiB(4));
		CHECK_OK(umount("m"));
	}
}

/* The reserve of a mount without options. */
static void by_default(void)
{
	unsigned long long reserve = counter(NULL, "reserve");
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, reserve / 10 * 9, 1);
	CHECK_EQ(counter(NULL, "surplus"), 0);
	check_file(fd, 0, reserve / 10 * 9, 1);
}

static void small_file(unsigned int i)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "%u", i);
	fd = xopen(name, O_RDWR | O_CREAT | O_EXCL);
	write_file(fd, 0, 5000, i);
	close(fd);
}

static void by_small_files(void)
{
	unsigned int i, nr = counter(NULL, "reserve") / (2 * PAGE) + 20;

	for (i = 0; i < nr; i++) {
		small_file(i);
		check_order(".");
	}
	/* Not a page of the reserve was left out. */
	CHECK_EQ(counter(NULL, "used"), nr * 2 * PAGE);
	CHECK_CMP(counter(NULL, "surplus"), >, 0);
}

static void by_holes(void)
{
	unsigned long long reserve = counter(NULL, "reserve");
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned long i;

	for (i = 0; i < reserve / PAGE + 20; i++) {
		CHECK_EQ(pwrite(fd, "x", 1, i * MiB(4)), 1);
		check_order(".");
	}
	CHECK_EQ(file_held(fd), reserve + 20 * PAGE);
	CHECK_CMP(counter(NULL, "surplus"), >, 0);
}

static void by_faults(void)
{
	size_t size = counter(NULL, "reserve") + MiB(2), at;
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	CHECK_OK(ftruncate(fd, size));
	map = map_file(fd, size);
	/* From the end, so that the file does not grow. */
	for (at = size - PAGE; at < size; at -= PAGE) {
		CHECK(try_write(map + at, 1));
		check_order(".");
	}
	CHECK_EQ(file_held(fd), size);
	CHECK_CMP(counter(NULL, "surplus"), >, 0);
	munmap(map, size);
}

/* First the class that is wanted, then smaller ones, then a larger one. */
static void one_after_the_other(void)
{
	unsigned int i;
	char name[16];
	int fd;

	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%u", i);
		fd = xopen(name, O_RDWR | O_CREAT);
		write_file(fd, 0, KiB(512), i);
		close(fd);
		CHECK_EQ(counter("medium", "free"), i < 2 ? 1 - i : 0);
		CHECK_EQ(counter("large", "free"), 2);
		if (i < 2)
			CHECK_EQ(counter("novel", "free"), 9);
	}
	CHECK_CMP(counter("novel", "free"), <=, 2);
	CHECK_CMP(counter("poem", "free"), >, 0);
	CHECK_EQ(counter("large", "cut"), 0);
	for (; counter("large", "free") == 2; i++) {
		snprintf(name, sizeof(name), "%u", i);
		fd = xopen(name, O_RDWR | O_CREAT);
		write_file(fd, 0, KiB(512), i);
		close(fd);
		CHECK_EQ(counter(NULL, "surplus"), 0);
	}
	/* All that was smaller had been used before, and one large is enough for the rest. */
	CHECK_EQ(counter("poem", "free"), 0);
	CHECK_EQ(counter("novel", "free"), 0);
	CHECK_EQ(counter("large", "cut"), 1);
	CHECK_EQ(counter("large", "free"), 1);
	CHECK_EQ(counter(NULL, "used"), i * KiB(512));
}

/* Any write and any page fault can get the space that df shows, to the last page. */
static void shown_is_had(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;
	unsigned int i;
	u64 rng = 1;

	CHECK_OK(ftruncate(fd, MiB(512)));
	map = map_file(fd, MiB(512));
	for (i = 0; available(); i++) {
		off_t at = rnd(&rng) % MiB(512);
		char name[16];
		int other;

		switch (i % 3) {
		case 0:
			if (pwrite(fd, "x", 1, at) != 1)
				fail("write at %lld with %llu bytes available", (long long)at,
				     available());
			break;
		case 1:
			if (!try_write(map + at, 'x'))
				fail("fault at %lld with %llu bytes available", (long long)at,
				     available());
			break;
		default:
			snprintf(name, sizeof(name), "%u", i);
			other = xopen(name, O_RDWR | O_CREAT);
			if (write(other, "x", 1) != 1)
				fail("new file with %llu bytes available", available());
			close(other);
		}
	}
	/* Most of it went page by page. */
	CHECK_CMP(i, >, counter(NULL, "reserve") / PAGE / 2);
	CHECK_EQ(counter(NULL, "free"), 0);
	CHECK_ERR(pwrite(fd, "x", 1, MiB(600)), ENOSPC);
	CHECK_OK(ftruncate(fd, MiB(700)));
	CHECK(!try_write(map_file(fd, MiB(700)) + MiB(650), 1));
	CHECK_ERR(write(xopen("last", O_RDWR | O_CREAT), "x", 1), ENOSPC);
	munmap(map, MiB(512));
}

/* The process that would be killed first. */
static void bystander(void *arg)
{
	(void)arg;
	CHECK(write_text("/proc/self/oom_score_adj", "1000"));
	free(memset(xmalloc(MiB(8)), 1, MiB(8)));
	pause();
}

static void check_want(const struct want *before, bool kills_only)
{
	struct want now = want_now();

	note("%lu compactions, %lu reclaims, %lu kills", now.compactions - before->compactions,
	     now.reclaims - before->reclaims, now.kills - before->kills);
	CHECK_EQ(now.kills, before->kills);
	if (kills_only)
		return;
	CHECK_EQ(now.compactions, before->compactions);
	CHECK_EQ(now.reclaims, before->reclaims);
}

/* The whole reserve is idle, and the system has little memory: no task waits, none is killed. */
static void write_into_reserve(void *arg)
{
	struct want before = want_now();
	int fd = xopen("m/f", O_RDWR | O_CREAT);

	(void)arg;
	write_file(fd, 0, MiB(40), 1);
	check_want(&before, false);
	CHECK_EQ(counter_of("m", NULL, "surplus"), 0);
	check_file(fd, 0, MiB(40), 1);
}

static void scarce_reserve(void)
{
	pid_t pid = start(bystander, NULL);

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", "poem=1600,size=512M"));
	with_scarce_memory(MiB(40) / 1024, write_into_reserve, NULL);
	CHECK_OK(umount("m"));
	kill(pid, SIGKILL);
	finish_killed(pid, SIGKILL);
}

/* Write more than there is memory. */
static void write_beyond(void *arg)
{
	struct want before = want_now();
	int fd = xopen("m/f", O_RDWR | O_CREAT);
	size_t all;

	(void)arg;
	all = write_all(fd, KiB(256), 1);
	note("%zu KiB written", all / 1024);
	check_want(&before, true);
	CHECK_CMP(all, >=, (long long)counter_of("m", NULL, "reserve"));
	check_file(fd, 0, all, 1);
	close(fd);
	CHECK_OK(unlink("m/f"));
}

static void no_more_memory(void)
{
	pid_t pid = start(bystander, NULL);

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", "poem=320,size=2G"));
	with_scarce_memory(MiB(60) / 1024, write_beyond, NULL);
	CHECK_OK(umount("m"));
	kill(pid, SIGKILL);
	finish_killed(pid, SIGKILL);
}

/* The system has memory, but must reclaim it first. */
static void write_over_cache(void *arg)
{
	struct want before = want_now();
	int cache = fill_cache(MiB(340) / 1024);
	int fd = xopen("m/f", O_RDWR | O_CREAT);

	(void)arg;
	note("%ld KiB to spare, %lu cached", spare_memory(), memory_figure("Cached") +
	     memory_figure("Buffers"));
	write_file(fd, 0, MiB(200), 1);
	check_want(&before, true);
	check_file(fd, 0, MiB(200), 1);
	close(fd);
	CHECK_OK(unlink("m/f"));
	close(cache);
}

static void reclaimed_for_surplus(void)
{
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", "poem=320,size=1G"));
	with_scarce_memory(MiB(380) / 1024, write_over_cache, NULL);
	CHECK_OK(umount("m"));
}

static const struct test tests[] = {
	{ "by_any_piece", by_any_piece, MIXED_POOL, T_SCRIPTFS },
	{ "by_any_reserve", by_any_reserve, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "by_default", by_default, "", T_SCRIPTFS },
	{ "by_small_files", by_small_files, MIXED_POOL, T_SCRIPTFS },
	{ "by_holes", by_holes, MIXED_POOL, T_SCRIPTFS },
	{ "by_faults", by_faults, MIXED_POOL, T_SCRIPTFS },
	{ "one_after_the_other", one_after_the_other,
	  "poem=16,novel=9,medium=2,large=2,size=32M", T_BLOCK },
	{ "shown_is_had", shown_is_had, MIXED ",strict", T_SCRIPTFS },
	{ "shown_is_had_of_larges", shown_is_had, "large=5,strict", T_SCRIPTFS },
	{ "scarce_reserve", scarce_reserve, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "no_more_memory", no_more_memory, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "reclaimed_for_surplus", reclaimed_for_surplus, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
