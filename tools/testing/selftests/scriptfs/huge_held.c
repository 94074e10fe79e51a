// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are mapped by huge pages are cut, sent, and held by pipes and drivers. Whoever holds a
 * page keeps it, and nobody gets at memory that is not his.
 */
#include "huge_map.h"
#include "outside.h"
#include "uring.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

/* Nobody holds anything: what is cut off is back at once, and what stays is right. */
static void cut(void)
{
	unsigned char *map;
	int fd;

	need_huge_pages();
	map = make_mapped("f", MiB(8), 1, &fd);
	CHECK_OK(ftruncate(fd, MiB(5) + 100));
	CHECK_EQ(file_held(fd), MiB(5) + PAGE);
	check_fill(map, MiB(5) + 100, 0, 1);
	check_bytes(map + MiB(5) + 100, PAGE - 100, 0);
	CHECK(!try_read(map + MiB(5) + PAGE, NULL));
	CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, MiB(1) + 10, MiB(2)));
	CHECK_EQ(file_held(fd), MiB(3) + PAGE * 2);
	check_fill(map, MiB(1) + 10, 0, 1);
	check_bytes(map + MiB(1) + 10, MiB(2), 0);
	check_fill(map + MiB(3) + 10, MiB(2) + 90, MiB(3) + 10, 1);
	CHECK_OK(ftruncate(fd, MiB(8)));
	check_zero(fd, MiB(5) + 100, MiB(3) - 100);
	check_bytes(map + MiB(5) + 100, MiB(3) - 100, 0);
	end_file("f", fd, map, MiB(8));
}

/* Put a page of a mapping into a pipe. */
static void hold_page(unsigned char *page, int pipes[2])
{
	struct iovec iov = { page, PAGE };

	make_pipe(pipes);
	CHECK_EQ(vmsplice(pipes[1], &iov, 1, 0), PAGE);
}

static void let_go(int pipes[2], u64 offset, u64 seed)
{
	char buf[PAGE];

	CHECK_EQ(read(pipes[0], buf, PAGE), PAGE);
	if (seed)
		check_fill(buf, PAGE, offset, seed);
	drop_pipe(pipes);
}

/* A page that is held keeps its huge page out of use, and that is all. */
static void held(void)
{
	unsigned char *map;
	int fd, pipes[2];

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	hold_page(map + MiB(3), pipes);
	munmap(map, MiB(4));
	close(fd);
	CHECK_OK(unlink("f"));
	CHECK_EQ(counter(NULL, "quarantine"), HUGE);
	CHECK_EQ(counter(NULL, "used"), 0);
	map = make_mapped("g", MiB(8), 2, &fd);
	let_go(pipes, MiB(3), 1);
	CHECK_EQ(counter(NULL, "quarantine"), 0);
	end_file("g", fd, map, MiB(8));
}

/*
 * What cannot be cut off, as part of it is held, is zeroes for both, and is kept until it can be,
 * as tmpfs does. So what the holder stores in the rest of it is in the file.
 */
static void held_and_cut(void)
{
	unsigned char *map;
	int fd, pipes[2];

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	hold_page(map + MiB(2), pipes);
	CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, MiB(2) + KiB(64),
			   KiB(64)));
	check_fill(map, MiB(2) + KiB(64), 0, 1);
	check_bytes(map + MiB(2) + KiB(64), KiB(64), 0);
	check_fill(map + MiB(2) + KiB(128), MiB(2) - KiB(128), MiB(2) + KiB(128), 1);
	CHECK_OK(ftruncate(fd, MiB(3) + 100));
	check_fill(map + MiB(2) + KiB(128), MiB(1) - KiB(128) + 100, MiB(2) + KiB(128), 1);
	check_bytes(map + MiB(3) + 100, PAGE - 100, 0);
	/* What is stored behind the end is not there when the file grows. */
	try_write(map + MiB(3) + 200, 1);
	try_write(map + MiB(3) + KiB(512), 1);
	CHECK_OK(ftruncate(fd, MiB(4)));
	check_zero(fd, MiB(3) + 100, MiB(1) - 100);
	check_bytes(map + MiB(3) + 100, MiB(1) - 100, 0);
	CHECK_OK(ftruncate(fd, MiB(3)));
	CHECK_EQ(file_held(fd), MiB(4));
	let_go(pipes, MiB(2), 1);
	/* The next one that cuts it gives back what could not be before. */
	CHECK_OK(ftruncate(fd, MiB(3) - PAGE));
	CHECK_EQ(file_held(fd), MiB(3) - PAGE);
	check_fill(map, MiB(2) + KiB(64), 0, 1);
	end_file("f", fd, map, MiB(4));
}

static void kernel_takes_pages(void)
{
	char *buf = xmalloc(MiB(4));
	struct iovec mine = { buf, MiB(4) - 1000 }, mapped;
	unsigned char *map;
	int fd;

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	mapped = (struct iovec){ map + 1000, MiB(4) - 1000 };
	CHECK_EQ(process_vm_readv(getpid(), &mine, 1, &mapped, 1, 0), MiB(4) - 1000);
	check_fill(buf, MiB(4) - 1000, 1000, 1);
	fill(buf, MiB(4) - 1000, 1000, 2);
	CHECK_EQ(process_vm_writev(getpid(), &mine, 1, &mapped, 1, 0), MiB(4) - 1000);
	check_file(fd, 1000, MiB(4) - 1000, 2);
	/* A file that is written out of a mapping of itself. */
	CHECK_EQ(pwrite(fd, map + 1000, MiB(1), MiB(2) + 1000), MiB(1));
	check_fill(map + MiB(2) + 1000, MiB(1), 1000, 2);
	free(buf);
	end_file("f", fd, map, MiB(4));
}

static void pinned(void)
{
	int fd, other = xopen("g", O_RDWR | O_CREAT);
	unsigned char *map;
	struct uring u;

	need_huge_pages();
	write_file(other, 0, MiB(1), 2);
	map = make_mapped("f", MiB(4), 1, &fd);
	if (!uring_begin(&u, map + MiB(1) + KiB(512), MiB(1)))
		skip("io_uring refuses all files but tmpfs's here");
	CHECK_EQ(uring_read(&u, other, MiB(1), 0), MiB(1));
	check_file(fd, 0, MiB(1) + KiB(512), 1);
	munmap(map, MiB(4));
	CHECK_OK(unlink("f"));
	close(fd);
	CHECK_CMP(counter(NULL, "quarantine"), ==, MiB(4));
	CHECK_OK(ftruncate(other, 0));
	CHECK_EQ(uring_write(&u, other, MiB(1), 0), MiB(1));
	check_file(other, 0, MiB(1), 2);
	uring_end(&u);
	close(other);
	CHECK_OK(unlink("g"));
	check_settled(".");
}

/* Through pipes, from a file that is published in huge pages. */
static void sent(void)
{
	unsigned char *map;
	char *buf = xmalloc(KiB(32));
	loff_t at, begin;
	int fd, pipes[2];
	ssize_t got;

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	make_pipe(pipes);
	for (at = 0; at < MiB(4); ) {
		begin = at;
		got = CHECK_OK(splice(fd, &at, pipes[1], NULL, KiB(28) + 77, 0));
		CHECK_EQ(at, begin + got);
		pread_full(fd, buf, 1, 0);
		CHECK_EQ(read(pipes[0], buf, KiB(32)), got);
		check_fill(buf, got, begin, 1);
	}
	drop_pipe(pipes);
	free(buf);
	end_file("f", fd, map, MiB(4));
}

static void send_all(int fd, size_t len)
{
	int to = xopen("/dev/null", O_WRONLY);
	off_t at = 0;

	while (at < (off_t)len)
		CHECK_CMP(CHECK_OK(sendfile(to, fd, &at, len - at)), >, 0);
	close(to);
}

/* A page that is held stays where it is, and so do its neighbours: the holder's is the file's. */
static void held_before(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	unsigned char *map;
	loff_t at;

	need_huge_pages();
	for (at = 0; at < MiB(4); at += KiB(64))
		write_file(fd, at, KiB(64), 1);
	at = KiB(100);
	make_pipe(pipes);
	CHECK_EQ(splice(fd, &at, pipes[1], NULL, PAGE, 0), PAGE);
	map = map_file(fd, MiB(4));
	check_fill(map, MiB(4), 0, 1);
	CHECK_EQ(huge_mapped(map), HUGE);
	fill(map, MiB(4), 0, 2);
	let_go(pipes, KiB(100), 2);
	check_file(fd, 0, MiB(4), 2);
	end_file("f", fd, map, MiB(4));
}

/* Pages that were published one by one become a huge page, if nobody has one of them. */
static void sent_before(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	unsigned char *map, *other;
	loff_t at = MiB(2);

	need_huge_pages();
	write_file(fd, 0, MiB(4), 1);
	send_all(fd, MiB(4));
	make_pipe(pipes);
	CHECK_EQ(splice(fd, &at, pipes[1], NULL, PAGE, 0), PAGE);
	map = map_file(fd, MiB(4));
	check_fill(map, MiB(4), 0, 1);
	CHECK_EQ(huge_mapped(map), HUGE);
	let_go(pipes, MiB(2), 1);
	/* Where it cannot be one it is mapped all the same. */
	other = mmap(map + KiB(4), MiB(4) - KiB(4), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		     fd, 0);
	CHECK(other == map + KiB(4));
	check_fill(other, MiB(4) - KiB(4), 0, 1);
	CHECK_EQ(huge_mapped(other), 0);
	end_file("f", fd, map, MiB(4));
}

#define RACED	MiB(4)

static void touch_all(void *arg)
{
	unsigned char *map = arg, byte;
	u64 state = getpid();
	unsigned long i;

	for (i = 0; i < scaled(20000); i++) {
		unsigned char *at = map + rnd(&state) % RACED;

		/* Only the parent's bytes are there, and zeroes. */
		if (rnd(&state) & 1)
			try_write(at, 1);
		else if (try_read(at, &byte))
			CHECK_CMP(byte, <=, 1);
	}
}

static void raced(void)
{
	char *ones = xmalloc(RACED);
	unsigned char *map;
	int fd, pipes[2];
	u64 state = 1;
	pid_t pid[2];
	unsigned long i;

	need_huge_pages();
	poison();
	fd = xopen("f", O_RDWR | O_CREAT);
	memset(ones, 1, RACED);
	pwrite_full(fd, ones, RACED, 0);
	map = map_file(fd, RACED);
	pid[0] = start(touch_all, map);
	pid[1] = start(touch_all, map);
	for (i = 0; i < scaled(300); i++) {
		off_t at = rnd(&state) % RACED;
		struct iovec iov = { map, 1 };
		bool hold = rnd(&state) & 1;

		make_pipe(pipes);
		if (hold)
			vmsplice(pipes[1], &iov, 1, SPLICE_F_NONBLOCK);
		if (rnd(&state) & 1)
			CHECK_OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at,
					   RACED / 4));
		else
			CHECK_OK(ftruncate(fd, at));
		send_all(fd, file_size(fd));
		pwrite_full(fd, ones, RACED, 0);
		drop_pipe(pipes);
	}
	finish(pid[0]);
	finish(pid[1]);
	free(ones);
	end_file("f", fd, map, RACED);
}

static const struct test tests[] = {
	{ "cut", cut, LARGE_POOL, T_SCRIPTFS },
	{ "held", held, LARGE_POOL, T_SCRIPTFS },
	{ "held_and_cut", held_and_cut, LARGE_POOL, T_SCRIPTFS },
	{ "kernel_takes_pages", kernel_takes_pages, LARGE_POOL, T_SCRIPTFS },
	{ "pinned", pinned, LARGE_POOL, T_SCRIPTFS },
	{ "sent", sent, LARGE_POOL, T_SCRIPTFS },
	{ "held_before", held_before, "poem=16,novel=8,medium=6,large=6,strict", T_SCRIPTFS },
	{ "sent_before", sent_before, LARGE_POOL, T_SCRIPTFS },
	{ "raced", raced, LARGE_POOL, T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
