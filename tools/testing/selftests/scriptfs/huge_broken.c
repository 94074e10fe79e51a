// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are mapped by huge pages while others cut, break and hold parts of those.
 */
#include "frame.h"
#include "huge_map.h"
#include "outside.h"

#include <sys/uio.h>
#include <sys/wait.h>

#define CORRUPT_PFN	"/sys/kernel/debug/hwpoison/corrupt-pfn"

static void hold_page(unsigned char *page, int pipes[2])
{
	struct iovec iov = { page, PAGE };

	make_pipe(pipes);
	CHECK_EQ(vmsplice(pipes[1], &iov, 1, 0), PAGE);
}

static void punch(int fd, off_t at, off_t len)
{
	CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, len));
}

/* Who has looked up a page to write there writes into the file, whatever goes of other pages. */
static void cut_beside_pin(void)
{
	char bytes[PAGE];
	unsigned char *map;
	struct pin p;
	int fd;

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	fill(bytes, PAGE, MiB(1), 2);
	pin_to_write(&p, map + MiB(1), PAGE);
	punch(fd, KiB(64), KiB(64));
	pin_write(&p, bytes);
	check_file(fd, MiB(1), PAGE, 2);
	check_fill(map + MiB(1), PAGE, MiB(1), 2);
	fill(bytes, PAGE, MiB(1), 3);
	pin_to_write(&p, map + MiB(1), PAGE);
	CHECK_OK(ftruncate(fd, MiB(1) + PAGE));
	pin_write(&p, bytes);
	check_file(fd, MiB(1), PAGE, 3);
	end_file("f", fd, map, MiB(4));
}

/* What is stored behind the end, where a huge page could not be cut, is not there ever after. */
static void behind_the_end(void)
{
	unsigned char *map;
	int fd, pipes[2];

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	hold_page(map + MiB(2), pipes);
	CHECK_OK(ftruncate(fd, MiB(3) + 100));
	check_fill(map + MiB(2), MiB(1), MiB(2), 1);
	note("stores behind the end: %d", try_write(map + MiB(3) + KiB(512), 1));
	drop_pipe(pipes);
	punch(fd, MiB(2), KiB(64));
	CHECK_OK(ftruncate(fd, MiB(4)));
	check_zero(fd, MiB(3) + 100, MiB(1) - 100);
	end_file("f", fd, map, MiB(4));
}

/* What could not be cut off at one close is at the next. */
static void closed_while_held(void)
{
	unsigned char *map;
	int fd, pipes[2];

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	hold_page(map + MiB(2), pipes);
	CHECK_OK(ftruncate(fd, MiB(3)));
	munmap(map, MiB(4));
	close(fd);
	CHECK_EQ(held_by("f"), MiB(4));
	drop_pipe(pipes);
	close(xopen("f", O_RDWR));
	CHECK_EQ(held_by("f"), MiB(3));
	CHECK_OK(unlink("f"));
	check_settled(".");
}

static void touch_good(void *arg)
{
	unsigned char *map = arg;
	unsigned long i, at;
	u64 state = getpid();

	for (i = 0; i < scaled(30000); i++) {
		at = rnd(&state) % MiB(2) & ~(PAGE - 1);
		if (at == PAGE * 3)
			continue;
		if (!try_read(map + at + 5, NULL))
			fail("page %lu is good", at / PAGE);
	}
}

/* One page breaks. Who uses the others does not see it. */
static void broken(void)
{
	unsigned char *map;
	unsigned long pfn;
	char text[32];
	pid_t pid[3];
	int fd, i;

	need_huge_pages();
	if (access(CORRUPT_PFN, W_OK) &&
	    (system("modprobe hwpoison-inject") || access(CORRUPT_PFN, W_OK)))
		skip("no hwpoison-inject");
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", LARGE_POOL));
	map = make_mapped("m/f", MiB(2), 1, &fd);
	pfn = frame_at(map + PAGE * 3);
	for (i = 0; i < 3; i++)
		pid[i] = start(touch_good, map);
	usleep(20000);
	snprintf(text, sizeof(text), "%#lx", pfn);
	write_text(CORRUPT_PFN, text);
	CHECK(frame_flag(pfn, FRAME_HWPOISON));
	for (i = 0; i < 3; i++)
		finish(pid[i]);
	CHECK(!try_read(map + PAGE * 3, NULL));
	munmap(map, MiB(2));
	close(fd);
	CHECK_OK(unlink("m/f"));
	CHECK_EQ(counter_of("m", NULL, "used"), 0);
	CHECK_EQ(counter_of("m", NULL, "retired"), PAGE);
	CHECK_OK(umount("m"));
}

static void lock_and_unlock(void *arg)
{
	unsigned char *map = arg;
	u64 state = getpid();
	unsigned long i;

	for (i = 0; i < scaled(3000); i++) {
		unsigned long at = rnd(&state) % MiB(4) & ~(PAGE - 1);
		unsigned long len = rnd(&state) % (MiB(4) - at) + 1;

		if (rnd(&state) % 4 == 0) {
			mlock(map, MiB(4));
			munlock(map, MiB(4));
		} else if (rnd(&state) & 1) {
			mlock(map + at, len);
		} else {
			munlock(map + at, len);
		}
		try_write(map + at, 1);
	}
}

/* Memory that is locked and unlocked while its file is cut is good for others. */
static void unlocked_and_cut(void)
{
	char *ones = xmalloc(MiB(4));
	unsigned char *map;
	unsigned long i;
	u64 state = 1;
	pid_t pid[2];
	int fd;

	need_huge_pages();
	memset(ones, 1, MiB(4));
	fd = xopen("f", O_RDWR | O_CREAT);
	pwrite_full(fd, ones, MiB(4), 0);
	map = map_file(fd, MiB(4));
	pid[0] = start(lock_and_unlock, map);
	pid[1] = start(lock_and_unlock, map);
	for (i = 0; i < scaled(500); i++) {
		off_t at = rnd(&state) % MiB(4);

		if (rnd(&state) & 1)
			CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
					   MiB(1)));
		else
			CHECK_OK(ftruncate(fd, at));
		pwrite_full(fd, ones, MiB(4), 0);
	}
	finish(pid[0]);
	finish(pid[1]);
	free(ones);
	end_file("f", fd, map, MiB(4));
}

/* A page that is looked up to be written to is not left behind when its chunk is gathered. */
static void gathered_beside_pin(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map, *other;
	char bytes[PAGE];
	struct pin p;
	loff_t at;

	need_huge_pages();
	for (at = 0; at < MiB(4); at += KiB(64))
		write_file(fd, at, KiB(64), 1);
	other = mmap(NULL, MiB(3), PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
	CHECK(other != MAP_FAILED);
	check_fill(other, MiB(3), PAGE, 1);
	pin_to_write(&p, other + KiB(100), PAGE);
	map = map_file(fd, MiB(4));
	check_fill(map, MiB(4), 0, 1);
	fill(bytes, PAGE, KiB(104), 2);
	pin_write(&p, bytes);
	check_file(fd, KiB(104), PAGE, 2);
	check_fill(map + KiB(104), PAGE, KiB(104), 2);
	munmap(other, MiB(3));
	end_file("f", fd, map, MiB(4));
}

static void gather_again(void *arg)
{
	int *stop = arg;
	unsigned char *map;
	loff_t at;
	int fd;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		fd = xopen("f", O_RDWR | O_CREAT | O_TRUNC);
		for (at = 0; at < MiB(2); at += KiB(32))
			write_file(fd, at, KiB(32), 1);
		map = map_file(fd, MiB(2));
		check_fill(map, MiB(2), 0, 1);
		munmap(map, MiB(2));
		close(fd);
	}
}

/* What a file needs for a moment to be gathered is not missing elsewhere. */
static void gathered_beside_writer(void)
{
	int *stop = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned long i;
	pid_t pid;
	int fd;

	need_huge_pages();
	pid = start(gather_again, stop);
	for (i = 0; i < scaled(100); i++) {
		fd = xopen("g", O_RDWR | O_CREAT | O_TRUNC);
		write_file(fd, 0, MiB(14), 2);
		close(fd);
	}
	*stop = 1;
	finish(pid);
	CHECK_OK(unlink("f"));
	CHECK_OK(unlink("g"));
	check_settled(".");
}

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define ALL	MiB(6)

struct shared {
	bool	stop;
};

static struct shared *shared;

static void write_ones(unsigned char *map, u64 *state)
{
	static const char ones[2 * PAGE] = { [0 ... 2 * PAGE - 1] = 1 };
	unsigned long at = rnd(state) % (ALL - 2 * PAGE), len = rnd(state) % (2 * PAGE);
	struct iovec mine = { (void *)ones, len }, other = { map + at, len };

	process_vm_writev(getpid(), &mine, 1, &other, 1, 0);
}

static void read_pipe_of(unsigned char *map, int fd, u64 *state)
{
	loff_t at = rnd(state) % ALL;
	struct iovec iov = { map + at / PAGE * PAGE, PAGE };
	char buf[PAGE];
	int pipes[2];
	ssize_t got, i;

	make_pipe(pipes);
	if (rnd(state) & 1)
		got = splice(fd, &at, pipes[1], NULL, PAGE, SPLICE_F_NONBLOCK);
	else
		got = vmsplice(pipes[1], &iov, 1, SPLICE_F_NONBLOCK);
	if (rnd(state) & 1)
		usleep(rnd(state) % 500);
	if (got > 0) {
		got = read(pipes[0], buf, got);
		for (i = 0; i < got; i++)
			CHECK_CMP(buf[i], <=, 1);
	}
	drop_pipe(pipes);
}

static void do_anything(void *arg)
{
	static const int advice[] = { MADV_DONTNEED, MADV_COLD, MADV_PAGEOUT, MADV_COLLAPSE,
				      MADV_NOHUGEPAGE, MADV_HUGEPAGE, MADV_REMOVE };
	int fd = xopen("f", O_RDWR);
	u64 state = getpid();
	unsigned char *map = map_file(fd, ALL), *own, byte;
	unsigned long at, len;

	(void)arg;
	own = mmap(NULL, ALL, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(own != MAP_FAILED);
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		at = rnd(&state) % ALL;
		len = rnd(&state) % (ALL - at) / PAGE * PAGE;
		switch (rnd(&state) % 14) {
		case 0:
			mlock(map + at / PAGE * PAGE, len);
			break;
		case 1:
			munlock(map, ALL);
			break;
		case 2:
			madvise(map + at / PAGE * PAGE, len,
				advice[rnd(&state) % ARRAY_SIZE(advice)]);
			break;
		case 3:
			mprotect(map + at / PAGE * PAGE, len, PROT_READ);
			mprotect(map, ALL, PROT_READ | PROT_WRITE);
			break;
		case 4:
			write_ones(map, &state);
			break;
		case 5:
			read_pipe_of(map, fd, &state);
			break;
		case 6:
			if (fork() == 0) {
				try_read(map + at, &byte);
				try_write(own + at, 1);
				_exit(0);
			}
			wait(NULL);
			break;
		case 7:
			munmap(map, ALL);
			map = map_file(fd, ALL);
			break;
		case 8:
			munmap(own, ALL);
			own = mmap(NULL, ALL, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
			break;
		case 9:
			try_write(own + at, 1);
			break;
		case 10:
			if (try_read(own + at, &byte))
				CHECK_CMP(byte, <=, 1);
			break;
		case 11:
			try_write(map + at, 1);
			break;
		default:
			if (try_read(map + at, &byte))
				CHECK_CMP(byte, <=, 1);
		}
	}
}

/* Files of bytes that are never in the other one. */
static void be_others(void *arg)
{
	u64 state = 77;
	char name[16], *buf = xmalloc(MiB(2));
	int fd;

	(void)arg;
	memset(buf, POISON, MiB(2));
	while (!__atomic_load_n(&shared->stop, __ATOMIC_RELAXED)) {
		snprintf(name, sizeof(name), "o%d", (int)(rnd(&state) % 8));
		fd = xopen(name, O_RDWR | O_CREAT | O_TRUNC);
		if (write(fd, buf, rnd(&state) % MiB(1)) < 0)
			CHECK_EQ(errno, ENOSPC);
		close(fd);
		if (rnd(&state) & 1)
			unlink(name);
	}
	free(buf);
}

static void all_at_once(void)
{
	char *ones = xmalloc(ALL), *buf = xmalloc(ALL);
	unsigned long i, j;
	pid_t pid[4];
	u64 state = 1;
	ssize_t got;
	int fd;

	need_huge_pages();
	poison();
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(ones, 1, ALL);
	fd = xopen("f", O_RDWR | O_CREAT);
	for (i = 0; i < 3; i++)
		pid[i] = start(do_anything, NULL);
	pid[3] = start(be_others, NULL);
	for (i = 0; i < scaled(400); i++) {
		off_t at = rnd(&state) % ALL, len = rnd(&state) % MiB(3) + 1;

		switch (rnd(&state) % 6) {
		case 0:
			fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, len);
			break;
		case 1:
			CHECK_OK(ftruncate(fd, at));
			break;
		case 2:
			CHECK_OK(ftruncate(fd, ALL));
			break;
		case 3:
			/* By small pieces. */
			for (at = at / PAGE * PAGE; at < ALL && len > 0; at += PAGE, len -= PAGE)
				if (pwrite(fd, ones, PAGE, at) < 0)
					break;
			break;
		case 4:
			if (i % 16 == 0)
				write_text("/proc/sys/vm/drop_caches", "3");
			break;
		default:
			if (pwrite(fd, ones, ALL, 0) < 0)
				CHECK_EQ(errno, ENOSPC);
		}
		got = pread(fd, buf, ALL, 0);
		for (j = 0; (ssize_t)j < got; j++)
			if (buf[j] & ~1)
				fail("byte %#x at %lu", buf[j], j);
	}
	shared->stop = true;
	for (i = 0; i < 4; i++)
		finish(pid[i]);
	close(fd);
	free(buf);
	free(ones);
	remove_all(".");
	check_settled(".");
}

static const struct test tests[] = {
	{ "cut_beside_pin", cut_beside_pin, LARGE_POOL, T_SCRIPTFS },
	{ "behind_the_end", behind_the_end, LARGE_POOL, T_SCRIPTFS },
	{ "closed_while_held", closed_while_held, "large=8,strict,size=16M", T_SCRIPTFS },
	{ "broken", broken, "", T_SCRIPTFS | T_NO_MOUNT },
	{ "unlocked_and_cut", unlocked_and_cut, LARGE_POOL, T_SCRIPTFS },
	{ "gathered_beside_pin", gathered_beside_pin, "poem=16,novel=8,medium=6,large=6,strict",
	  T_SCRIPTFS },
	{ "all_at_once", all_at_once, LARGE_POOL, T_SCRIPTFS },
	{ "all_pools", all_at_once, "poem=16,novel=8,medium=6,large=6,strict", T_SCRIPTFS },
	{ "with_surplus", all_at_once, "poem=16,medium=2,large=2,size=24M", T_SCRIPTFS },
	{ "gathered_beside_writer", gathered_beside_writer,
	  "poem=16,novel=8,medium=6,large=6,strict", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
