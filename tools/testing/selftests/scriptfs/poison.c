// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that breaks (R7). A broken page costs EIO or SIGBUS at its place in its file, and is never
 * used again; everything else goes on, the rest of its block too. This holds whether or not the
 * page is in the page cache, mapped, held, or part of a file at all.
 */
#include "frame.h"
#include "mount_log.h"
#include "outside.h"

#include <sched.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif

#define CORRUPT_PFN	"/sys/kernel/debug/hwpoison/corrupt-pfn"

/* Which page of a block breaks: neither the first nor the last. */
#define BAD		3

/* How many blocks each pool has. */
#define BLOCKS		3

static int kernel_log = -1;

static bool is_broken(unsigned long pfn)
{
	return frame_flag(pfn, FRAME_HWPOISON);
}

/* What the kernel says of the attempt does not matter, as long as it marks the page. */
static void break_pfn(unsigned long pfn)
{
	char text[32];

	snprintf(text, sizeof(text), "%#lx", pfn);
	write_text(CORRUPT_PFN, text);
	CHECK(is_broken(pfn));
}

static void prepare(void)
{
	if (access(CORRUPT_PFN, W_OK) &&
	    (system("modprobe hwpoison-inject") || access(CORRUPT_PFN, W_OK)))
		skip("no hwpoison-inject");
	kernel_log = open_kernel_log();
	CHECK_OK(mkdir("m", 0700));
}

static size_t block;
static const char *class_name;

static void mount_class(unsigned int class)
{
	char options[128];

	block = class_sizes[class];
	class_name = class_names[class];
	snprintf(options, sizeof(options), "%s=%d,class=%s,strict", class_name, BLOCKS,
		 class_name);
	CHECK_OK(mount_fs("m", options));
}

/* Make a file of one block or of many, all of it mapped if @map is given. */
static int make_file(const char *name, size_t len, u64 seed, unsigned char **map)
{
	int fd = xopen(name, O_RDWR | O_CREAT | O_EXCL);

	write_file(fd, 0, len, seed);
	if (map)
		*map = map_file(fd, len);
	return fd;
}

static void check_read_error(int fd, off_t at, size_t len)
{
	char *buf = xmalloc(len);

	CHECK_ERR(pread(fd, buf, len, at), EIO);
	free(buf);
}

/* A read gets as far as the broken page and no further. */
static void check_read_stops(int fd, off_t at, size_t len, off_t bad, u64 seed)
{
	char *buf = xmalloc(len);
	off_t end = at;
	ssize_t got;

	while ((got = pread(fd, buf, len - (end - at), end)) > 0) {
		check_fill(buf, got, end, seed);
		end += got;
	}
	CHECK_EQ(got, -1);
	CHECK_EQ(errno, EIO);
	CHECK_EQ(end, bad);
	free(buf);
}

/* Try every way to the bytes of a broken page, and to those around it. */
static void check_broken(int fd, size_t len, off_t bad, u64 seed)
{
	unsigned char *map = map_file(fd, len), byte;
	int other, pipes[2];
	loff_t at = bad, to = 0;
	off_t page;

	check_read_error(fd, bad, 1);
	check_read_error(fd, bad + 100, PAGE - 100);
	check_read_error(fd, bad, KiB(16));
	check_read_stops(fd, bad - 10, 20, bad, seed);
	check_read_stops(fd, bad - PAGE, KiB(12), bad, seed);
	check_read_stops(fd, 0, len, bad, seed);
	check_file(fd, bad + PAGE, len - bad - PAGE, seed);
	for (page = 0; page < (off_t)len; page += PAGE) {
		bool there = try_read(map + page + 5, &byte), good = page != bad;

		if (there != good)
			fail("load from page %lld, page %lld is broken", (long long)page / PAGE,
			     (long long)bad / PAGE);
		if (there)
			check_fill(&byte, 1, page + 5, seed);
	}
	CHECK(!try_write(map + bad, 1));
	munmap(map, len);

	make_pipe(pipes);
	CHECK_ERR(splice(fd, &at, pipes[1], NULL, PAGE, 0), EIO);
	CHECK_EQ(at, bad);
	drop_pipe(pipes);
	other = xopen("/tmp", O_TMPFILE | O_RDWR);
	CHECK_ERR(sendfile(other, fd, &at, PAGE), EIO);
	close(other);
	other = xopen("m", O_TMPFILE | O_RDWR);
	CHECK_ERR(copy_file_range(fd, &at, other, &to, PAGE, 0), EIO);
	close(other);
}

static unsigned int lines_of_error(void)
{
	unsigned int nr = 0;
	char record[4096];
	ssize_t got;

	while ((got = read(kernel_log, record, sizeof(record) - 1)) > 0) {
		record[got] = '\0';
		if (strstr(record, ";scriptfs: ") && strstr(record, "hardware memory error"))
			nr++;
	}
	return nr;
}

/* All pages but one can be allocated and are good. */
static void take_all(void)
{
	int fd = xopen("m/all", O_RDWR | O_CREAT | O_EXCL);
	size_t all = write_all(fd, KiB(64), 7);

	CHECK_EQ(all, BLOCKS * block - PAGE);
	check_file(fd, 0, all, 7);
	close(fd);
	CHECK_OK(unlink("m/all"));
}

/* Nothing is in use: all blocks are whole but the one that has the page. */
static void check_blocks(void)
{
	CHECK_EQ(counter_of("m", NULL, "retired"), PAGE);
	CHECK_EQ(counter_of("m", NULL, "free"), BLOCKS * block - PAGE);
	CHECK_EQ(counter_of("m", class_name, "free"), BLOCKS - 1);
	CHECK_EQ(counter_of("m", class_name, "cut"), 1);
	check_balance("m");
}

/* One page is out of service, and no other. */
static void check_retired(void)
{
	unsigned int tries;

	/* A dying process may still hold the last reference. */
	for (tries = 0; tries < 100 && counter_of("m", NULL, "quarantine"); tries++)
		usleep(20000);
	CHECK_EQ(counter_of("m", NULL, "quarantine"), 0);
	check_blocks();
	take_all();
	check_blocks();
	if (kernel_log >= 0)
		CHECK_EQ(lines_of_error(), 1);
}

static void with_each_class(void (*run)(void))
{
	unsigned int class;

	prepare();
	for (class = 0; class <= SCRIPTFS_LARGE; class++) {
		mount_class(class);
		run();
		CHECK_OK(umount("m"));
	}
}

static void on_told(int sig __attribute__((unused)))
{
}

/* Break a page that is mapped at @at. If it is part of a huge page, a signal says so at once. */
static void break_mapped(unsigned char *at)
{
	struct sigaction act = { .sa_handler = on_told }, old;

	sigaction(SIGBUS, &act, &old);
	if (madvise(at, PAGE, MADV_HWPOISON))
		note("MADV_HWPOISON: %s", strerror(errno));
	sigaction(SIGBUS, &old, NULL);
}

/* The page is mapped, and the process that maps it is told. */
static void mapped_one(void)
{
	unsigned char *map, *other_map;
	int fd = make_file("m/f", block, 1, &map), other = make_file("m/g", block, 2, &other_map);
	unsigned long pfn = frame_at(map + BAD * PAGE);

	check_fill(map, block, 0, 1);
	break_mapped(map + BAD * PAGE);
	CHECK(is_broken(pfn));
	/* A huge page is unmapped by a worker, and the counters wait for that one. */
	check_balance("m");
	/* By the older mapping, too. */
	CHECK(!try_read(map + BAD * PAGE, NULL));
	check_fill(map, BAD * PAGE, 0, 1);
	check_broken(fd, block, BAD * PAGE, 1);
	check_file(other, 0, block, 2);
	check_fill(other_map, block, 0, 2);
	munmap(map, block);
	munmap(other_map, block);
	close(fd);
	close(other);
	CHECK_OK(unlink("m/f"));
	CHECK_OK(unlink("m/g"));
	check_retired();
}

static void mapped(void)
{
	with_each_class(mapped_one);
}

/* The page is no longer mapped, but in the page cache. */
static void published_one(void)
{
	unsigned char *map;
	int fd = make_file("m/f", block, 1, &map);
	unsigned long pfn = frame_at(map + BAD * PAGE);

	munmap(map, block);
	break_pfn(pfn);
	check_broken(fd, block, BAD * PAGE, 1);
	close(fd);
	CHECK_OK(unlink("m/f"));
	check_retired();
}

static void published(void)
{
	with_each_class(published_one);
}

/* Find out where page BAD of each block is, by a file that has all the blocks. */
static void learn_pfns(unsigned long *pfns)
{
	unsigned char *map;
	int fd = make_file("m/learn", BLOCKS * block, 9, &map);
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		pfns[i] = frame_at(map + i * block + BAD * PAGE);
	munmap(map, BLOCKS * block);
	close(fd);
	CHECK_OK(unlink("m/learn"));
	check_settled("m");
}

/* The page was never in the page cache: the file is only written and read. */
static void unpublished_one(void)
{
	unsigned long pfns[BLOCKS];
	off_t bad;
	int fd;

	learn_pfns(pfns);
	fd = make_file("m/f", BLOCKS * block, 1, NULL);
	break_pfn(pfns[1]);
	/* Find the file's block that has it. */
	for (bad = BAD * PAGE; bad < (off_t)(BLOCKS * block); bad += block) {
		char byte;

		if (pread(fd, &byte, 1, bad) < 0)
			break;
	}
	CHECK_CMP(bad, <, BLOCKS * block);
	check_read_error(fd, bad, 1);
	check_read_stops(fd, bad - PAGE, KiB(12), bad, 1);
	check_file(fd, bad + PAGE, BLOCKS * block - bad - PAGE, 1);
	/* check_broken() makes a copy, which needs a page. */
	CHECK_OK(ftruncate(fd, bad / block * block + block));
	if ((bad / block + 1) * block < BLOCKS * block)
		check_broken(fd, (bad / block + 1) * block, bad, 1);
	close(fd);
	CHECK_OK(unlink("m/f"));
	check_retired();
}

static void unpublished(void)
{
	with_each_class(unpublished_one);
}

/* The page is in no file, and none may get it. */
static void idle_one(void)
{
	unsigned long pfns[BLOCKS];
	unsigned char *map;
	unsigned int i;
	size_t all;
	int fd;

	learn_pfns(pfns);
	break_pfn(pfns[1]);
	fd = xopen("m/f", O_RDWR | O_CREAT | O_EXCL);
	all = write_all(fd, KiB(16), 1);
	CHECK_EQ(all, BLOCKS * block - PAGE);
	check_file(fd, 0, all, 1);
	map = map_file(fd, all);
	for (i = 0; i < all / PAGE; i++)
		CHECK(!is_broken(frame_at(map + i * PAGE)));
	munmap(map, all);
	close(fd);
	CHECK_OK(unlink("m/f"));
	check_retired();
}

static void idle(void)
{
	with_each_class(idle_one);
}

/* The file is gone, but one of its pages is still held: that page breaks (@held), or another. */
static void quarantined_one(bool held)
{
	unsigned char *map;
	int fd = make_file("m/f", block, 1, &map), pipes[2];
	unsigned long pfn = frame_at(map + BAD * PAGE);
	char buf[PAGE];

	munmap(map, block);
	make_pipe(pipes);
	splice_in(fd, held ? BAD * PAGE : 0, pipes[1], PAGE);
	close(fd);
	CHECK_OK(unlink("m/f"));
	CHECK_CMP(counter_of("m", NULL, "quarantine"), >=, PAGE);
	CHECK_CMP(counter_of("m", NULL, "quarantine"), <=, block);
	break_pfn(pfn);
	/* What the pipe gives of a broken page is not up to the file system. */
	if (!held)
		check_pipe(pipes[0], 0, PAGE, 1);
	else if (read(pipes[0], buf, PAGE) < 0)
		note("the pipe gives: %s", strerror(errno));
	drop_pipe(pipes);
	check_retired();
}

static void quarantined_beside(void)
{
	quarantined_one(false);
}

static void quarantined_held(void)
{
	quarantined_one(true);
}

static void quarantined(void)
{
	with_each_class(quarantined_beside);
	CHECK_OK(rmdir("m"));
	with_each_class(quarantined_held);
}

/* Change the file afterwards: each failure is reported, and the page is retired. */
static void changed_one(void)
{
	unsigned char *map, *buf = xmalloc(PAGE);
	int fd = make_file("m/f", block, 1, &map);
	unsigned long pfn = frame_at(map + BAD * PAGE);
	ssize_t done;

	munmap(map, block);
	break_pfn(pfn);
	/* Overwrite the page: the data is there, or the write reports that it is not. */
	fill(buf, PAGE, BAD * PAGE, 2);
	done = pwrite(fd, buf, PAGE, BAD * PAGE);
	if (done < 0)
		CHECK_EQ(errno, EIO);
	else
		check_file(fd, BAD * PAGE, done, 2);
	/* Around it, all is as before. */
	write_file(fd, 0, BAD * PAGE, 3);
	check_file(fd, 0, BAD * PAGE, 3);
	write_file(fd, (BAD + 1) * PAGE, block - (BAD + 1) * PAGE, 3);
	check_file(fd, (BAD + 1) * PAGE, block - (BAD + 1) * PAGE, 3);
	/* Cut it off and extend the file again: it reads as zeroes, or not at all. */
	CHECK_OK(ftruncate(fd, BAD * PAGE + 10));
	CHECK_OK(ftruncate(fd, block));
	if (pread(fd, buf, PAGE, BAD * PAGE) < 0)
		CHECK_EQ(errno, EIO);
	else
		check_bytes(buf + 10, PAGE - 10, 0);
	CHECK_OK(ftruncate(fd, BAD * PAGE));
	check_file(fd, 0, BAD * PAGE, 3);
	CHECK_EQ(file_held(fd), BAD * PAGE);
	close(fd);
	/* It must not have become idle with the rest. */
	CHECK_OK(unlink("m/f"));
	check_retired();
	free(buf);
}

static void changed(void)
{
	with_each_class(changed_one);
}

/* A page in use is about to break: it is taken out of service or stays; no data is lost. */
static void soft_one(void)
{
	unsigned char *map;
	int fd = make_file("m/f", block, 1, &map);
	unsigned long pfn = frame_at(map + BAD * PAGE);

	if (madvise(map + BAD * PAGE, PAGE, MADV_SOFT_OFFLINE))
		note("%s: MADV_SOFT_OFFLINE: %s", class_name, strerror(errno));
	check_fill(map, block, 0, 1);
	check_file(fd, 0, block, 1);
	write_file(fd, 0, block, 2);
	check_fill(map, block, 0, 2);
	munmap(map, block);
	close(fd);
	CHECK_OK(unlink("m/f"));
	if (is_broken(pfn))
		check_retired();
	else
		check_settled("m");
}

static void soft(void)
{
	with_each_class(soft_one);
}

/* The same for an idle page. */
static void soft_idle_one(void)
{
	unsigned long pfns[BLOCKS];
	char text[32];
	int fd;

	learn_pfns(pfns);
	/* This file takes a physical address, not a frame number. */
	snprintf(text, sizeof(text), "%#lx", pfns[1] * PAGE);
	if (!write_text("/sys/devices/system/memory/soft_offline_page", text))
		note("%s: soft offline: %s", class_name, strerror(errno));
	if (is_broken(pfns[1])) {
		check_retired();
		return;
	}
	fd = make_file("m/f", BLOCKS * block, 1, NULL);
	check_file(fd, 0, BLOCKS * block, 1);
	close(fd);
	CHECK_OK(unlink("m/f"));
	check_settled("m");
}

static void soft_idle(void)
{
	with_each_class(soft_idle_one);
}

/* Does the kernel report bad memory? If not, an idle page is found bad when it is taken. */
static bool errors_are_told(void)
{
	return !system("grep -q memory_failure_event /proc/kallsyms");
}

/* Memory breaks while its file goes away. */
#define ROUNDS	12

static void *break_soon(void *arg)
{
	break_pfn(*(unsigned long *)arg);
	return NULL;
}

static void race(void)
{
	unsigned int round;
	bool told = errors_are_told();

	prepare();
	for (round = 0; round < ROUNDS; round++) {
		unsigned char *map;
		pthread_t thread;
		unsigned long pfn;
		int fd;

		mount_class(round % SCRIPTFS_SUPER);
		fd = make_file("m/f", block, 1, &map);
		check_fill(map, block, 0, 1);
		pfn = frame_at(map + BAD * PAGE);
		munmap(map, block);
		CHECK_OK(unlink("m/f"));
		CHECK_EQ(pthread_create(&thread, NULL, break_soon, &pfn), 0);
		if (round % 2)
			sched_yield();
		close(fd);
		pthread_join(thread, NULL);
		if (!told)
			take_all();
		check_retired();
		CHECK_OK(umount("m"));
	}
}

/* A super is freed in parts: all of it but what is broken comes back, though some of it is held. */
static void super_one(void *arg)
{
	unsigned char *map;
	unsigned long pfn;
	int fd, pipes[2];
	loff_t at = MiB(100);

	(void)arg;
	fd = xopen("m/f", O_RDWR | O_CREAT);
	write_file(fd, 0, MiB(8), 1);
	write_file(fd, MiB(100), MiB(2), 1);
	map = map_file(fd, MiB(8));
	pfn = frame_at(map + MiB(4) + BAD * PAGE);
	munmap(map, MiB(8));
	make_pipe(pipes);
	CHECK_EQ(splice(fd, &at, pipes[1], NULL, PAGE, 0), PAGE);
	break_pfn(pfn);
	check_read_error(fd, MiB(4) + BAD * PAGE, 1);
	check_file(fd, MiB(6), MiB(2), 1);
	close(fd);
	CHECK_OK(unlink("m/f"));
	CHECK_EQ(counter_of("m", "super", "cut"), 1);
	/* A chunk at most waits for the page that is held. */
	CHECK_EQ(counter_of("m", NULL, "retired"), PAGE);
	CHECK_CMP(counter_of("m", NULL, "free"), >=, MiB(254) - PAGE);
	check_balance("m");
	CHECK_OK(umount("m"));
	check_pipe(pipes[0], MiB(100), PAGE, 1);
	drop_pipe(pipes);
}

static void super(void)
{
	unsigned long before;

	prepare();
	before = free_memory();
	if (mount_fs("m", "super=1,class=super,strict"))
		skip("no memory for the largest class");
	finish(start(super_one, NULL));
	/* Less than a chunk: neither the one that was held nor the one that broke may be lost. */
	check_free_memory(before, 1536);
}

static const struct test tests[] = {
	{ "mapped", mapped, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "published", published, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "unpublished", unpublished, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "idle", idle, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "quarantined", quarantined, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "changed", changed, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "soft", soft, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "soft_idle", soft_idle, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "race", race, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "super", super, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
