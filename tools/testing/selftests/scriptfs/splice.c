// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages lent to pipes, and how they come back: splice, sendfile, tee, and files that are removed
 * while a pipe still holds their pages.
 */
#include "outside.h"

#include <limits.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

static void there_and_back(void)
{
	static const off_t offsets[] = { 0, 1, 4095, KiB(32) - 100, KiB(500) + 7, MiB(2) - 1 };
	int a = xopen("a", O_RDWR | O_CREAT), b = xopen("b", O_RDWR | O_CREAT);
	int pipes[2];
	unsigned int i;

	make_pipe(pipes);
	write_file(a, 0, MiB(3), 1);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		loff_t at = offsets[i], to = at;
		size_t left = KiB(700) + 3;

		CHECK_OK(ftruncate(b, 0));
		while (left) {
			ssize_t in = CHECK_OK(splice(a, &at, pipes[1], NULL, left, 0)), out;

			CHECK_CMP(in, >, 0);
			left -= in;
			for (; in; in -= out) {
				out = CHECK_OK(splice(pipes[0], NULL, b, &to, in, SPLICE_F_MOVE));
				CHECK_CMP(out, >, 0);
			}
		}
		CHECK_EQ(to, offsets[i] + KiB(700) + 3);
		CHECK_EQ(file_size(b), to);
		check_zero(b, 0, offsets[i]);
		check_file(b, offsets[i], KiB(700) + 3, 1);
	}
	drop_pipe(pipes);
}

static void ends_and_holes(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	char *buf = xmalloc(KiB(128));
	loff_t at = 5000;

	make_pipe(pipes);
	write_file(fd, 0, 5000, 1);
	CHECK_EQ(splice(fd, &at, pipes[1], NULL, 100, 0), 0);
	at = LLONG_MAX - 10;
	CHECK_EQ(splice(fd, &at, pipes[1], NULL, 5, 0), 0);
	at = -1;
	CHECK_ERR(splice(fd, &at, pipes[1], NULL, 5, 0), EINVAL);
	/* Not a byte beyond the end, however much is asked for. */
	at = 4090;
	CHECK_CMP(splice(fd, &at, pipes[1], NULL, KiB(64), 0), >, 0);
	while (at < 5000)
		CHECK_CMP(splice(fd, &at, pipes[1], NULL, KiB(64), 0), >, 0);
	CHECK_EQ(at, 5000);
	check_pipe(pipes[0], 4090, 910, 1);
	CHECK_OK(fcntl(pipes[0], F_SETFL, O_NONBLOCK));
	CHECK_ERR(read(pipes[0], buf, 1), EAGAIN);

	CHECK_OK(ftruncate(fd, MiB(1)));
	splice_in(fd, KiB(600), pipes[1], KiB(128));
	read_pipe(pipes[0], buf, KiB(128));
	check_bytes(buf, KiB(128), 0);
	splice_in(fd, 4096, pipes[1], KiB(32));
	read_pipe(pipes[0], buf, KiB(32));
	check_fill(buf, 904, 4096, 1);
	check_bytes(buf + 904, KiB(32) - 904, 0);
	drop_pipe(pipes);
	free(buf);
}

static void send_file(void)
{
	int a = xopen("a", O_RDWR | O_CREAT), b = xopen("b", O_RDWR | O_CREAT), pair[2];
	size_t left = MiB(1) + 77;
	off_t at = 100;
	ssize_t got;

	write_file(a, 0, MiB(2), 1);
	CHECK_EQ(lseek(b, 100, SEEK_SET), 100);
	for (; left; left -= got) {
		got = CHECK_OK(sendfile(b, a, &at, left));
		CHECK_CMP(got, >, 0);
	}
	CHECK_EQ(at, 100 + MiB(1) + 77);
	check_file(b, 100, MiB(1) + 77, 1);
	at = MiB(2);
	CHECK_EQ(sendfile(b, a, &at, 10), 0);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return;
	at = 5;
	got = CHECK_OK(sendfile(pair[0], a, &at, KiB(40)));
	CHECK_CMP(got, >, 0);
	check_pipe(pair[1], 5, got, 1);
}

static void copy_range(void)
{
	int a = xopen("a", O_RDWR | O_CREAT), b = xopen("b", O_RDWR | O_CREAT);
	loff_t from = 3, to = KiB(32) - 1;
	char *buf = xmalloc(MiB(1));
	size_t left = MiB(1);
	ssize_t got;

	write_file(a, 0, MiB(2), 1);
	for (; left; left -= got) {
		got = CHECK_OK(copy_file_range(a, &from, b, &to, left, 0));
		CHECK_CMP(got, >, 0);
	}
	CHECK_EQ(file_size(b), to);
	pread_full(b, buf, MiB(1), KiB(32) - 1);
	check_fill(buf, MiB(1), 3, 1);
	free(buf);
	/* Within one file. */
	from = 0;
	to = MiB(2);
	for (left = KiB(100); left; left -= got) {
		got = CHECK_OK(copy_file_range(a, &from, a, &to, left, 0));
		CHECK_CMP(got, >, 0);
	}
	check_file(a, 0, MiB(2), 1);
	CHECK_EQ(file_size(a), MiB(2) + KiB(100));
}

static void tee_both(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), one[2], two[2];

	make_pipe(one);
	make_pipe(two);
	write_file(fd, 0, KiB(64), 1);
	splice_in(fd, 100, one[1], KiB(60));
	CHECK_EQ(tee(one[0], two[1], KiB(60), 0), KiB(60));
	check_pipe(one[0], 100, KiB(60), 1);
	drop_pipe(one);
	check_pipe(two[0], 100, KiB(60), 1);
	drop_pipe(two);
}

static void user_pages(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	struct iovec iov = { .iov_len = KiB(64) };
	size_t left;
	loff_t to;
	int flags;

	make_pipe(pipes);
	for (flags = 0; flags <= SPLICE_F_GIFT; flags += SPLICE_F_GIFT) {
		iov.iov_base = mmap(NULL, KiB(64), PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(iov.iov_base != MAP_FAILED);
		fill(iov.iov_base, KiB(64), 0, flags);
		CHECK_EQ(vmsplice(pipes[1], &iov, 1, flags), KiB(64));
		for (left = KiB(64), to = 0; left;) {
			ssize_t out = CHECK_OK(splice(pipes[0], NULL, fd, &to, left,
						      SPLICE_F_MOVE));

			CHECK_CMP(out, >, 0);
			left -= out;
		}
		/* The file has its own copy by now. */
		memset(iov.iov_base, 0xff, KiB(64));
		check_file(fd, 0, KiB(64), flags);
		munmap(iov.iov_base, KiB(64));
	}
	/* A mapping of the file, lent to a pipe and unmapped. */
	iov.iov_base = mmap(NULL, KiB(64), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK_EQ(vmsplice(pipes[1], &iov, 1, 0), KiB(64));
	munmap(iov.iov_base, KiB(64));
	check_pipe(pipes[0], 0, KiB(64), SPLICE_F_GIFT);
	drop_pipe(pipes);
}

/* R3: freed memory waits until the pipe gives its pages back; then it is idle again. */
static void held_across_unlink(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	unsigned long long was = on_scriptfs() ? counter(NULL, "free") : 0;

	make_pipe(pipes);
	write_file(fd, 0, KiB(256), 1);
	splice_in(fd, 0, pipes[1], KiB(128));
	close(fd);
	CHECK_OK(unlink("f"));
	if (on_scriptfs()) {
		CHECK_EQ(counter(NULL, "used"), 0);
		CHECK_CMP(counter(NULL, "quarantine"), >=, KiB(128));
		check_balance(".");
	}
	/* Another file fills the pool meanwhile, but must not get what the pipe holds. */
	fd = xopen("g", O_RDWR | O_CREAT);
	write_file(fd, 0, MiB(6), 2);
	check_file(fd, 0, MiB(6), 2);
	check_pipe(pipes[0], 0, KiB(64), 1);
	close(fd);
	CHECK_OK(unlink("g"));
	check_pipe(pipes[0], KiB(64), KiB(64), 1);
	check_settled(".");
	if (on_scriptfs())
		CHECK_EQ(counter(NULL, "free") - counter(NULL, "surplus"), was);
	drop_pipe(pipes);
}

static void held_across_truncate(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];

	make_pipe(pipes);
	write_file(fd, 0, MiB(1), 1);
	splice_in(fd, KiB(512), pipes[1], KiB(128));
	CHECK_OK(ftruncate(fd, 0));
	write_file(fd, 0, MiB(1), 2);
	check_pipe(pipes[0], KiB(512), KiB(128), 1);
	check_file(fd, 0, MiB(1), 2);

	/* The same by O_TRUNC, which many tools use. */
	splice_in(fd, 0, pipes[1], KiB(128));
	close(xopen("f", O_WRONLY | O_TRUNC));
	write_file(fd, 0, KiB(300), 3);
	check_pipe(pipes[0], 0, KiB(128), 2);
	check_file(fd, 0, KiB(300), 3);
	drop_pipe(pipes);
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

/* Lent from a mapping, by vmsplice: the pipe keeps its pages across munmap, truncate and unlink. */
static void held_mapped(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	struct iovec iov = { .iov_len = KiB(128) };
	unsigned int round;

	make_pipe(pipes);
	for (round = 0; round < 4; round++) {
		write_file(fd, 0, KiB(256), round);
		iov.iov_base = mmap(NULL, KiB(128), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		CHECK(iov.iov_base != MAP_FAILED);
		CHECK_EQ(vmsplice(pipes[1], &iov, 1, 0), KiB(128));
		if (round % 2)
			munmap(iov.iov_base, KiB(128));
		if (round / 2) {
			CHECK_OK(ftruncate(fd, 0));
			write_file(fd, 0, KiB(256), 9);
			check_pipe(pipes[0], 0, KiB(128), round);
		} else {
			close(fd);
			CHECK_OK(unlink("f"));
			fd = xopen("f", O_RDWR | O_CREAT);
			write_file(fd, 0, MiB(4), 9);
			check_file(fd, 0, MiB(4), 9);
			check_pipe(pipes[0], 0, KiB(128), round);
			CHECK_OK(ftruncate(fd, 0));
		}
		if (round % 2 == 0)
			munmap(iov.iov_base, KiB(128));
	}
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
	drop_pipe(pipes);
}

/* After a rewrite in place, the pipe may show the new bytes, but never anything else. */
static void held_across_rewrite(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	unsigned char *got = xmalloc(KiB(128)), *old = xmalloc(KiB(128)), *new = xmalloc(KiB(128));
	size_t i;

	make_pipe(pipes);
	write_file(fd, 0, KiB(512), 1);
	splice_in(fd, KiB(64), pipes[1], KiB(128));
	write_file(fd, 0, KiB(100), 2);
	CHECK_OK(ftruncate(fd, KiB(130)));
	CHECK_OK(ftruncate(fd, KiB(160)));
	write_file(fd, KiB(130), KiB(382), 2);
	check_file(fd, KiB(130), KiB(382), 2);
	read_pipe(pipes[0], got, KiB(128));
	fill(old, KiB(128), KiB(64), 1);
	fill(new, KiB(128), KiB(64), 2);
	for (i = 0; i < KiB(128); i++)
		if (got[i] && got[i] != old[i] && got[i] != new[i])
			fail("byte %zu in the pipe is %#x", i, got[i]);
	drop_pipe(pipes);
}

/* All that is not in use is held by a pipe: there is no space until it lets go. */
static void held_is_not_reused(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	unsigned long long waiting, got;
	unsigned int i;

	make_pipe(pipes);
	write_file(fd, 0, KiB(256), 1);
	CHECK_EQ(counter(NULL, "free"), 0);
	for (i = 0; i < 8; i++)
		splice_in(fd, KiB(32) * i, pipes[1], PAGE);
	close(fd);
	CHECK_OK(unlink("f"));
	/* The held pages wait; how much of each piece waits with them is not specified. */
	waiting = counter(NULL, "quarantine");
	CHECK_CMP(waiting, >=, 8 * PAGE);
	CHECK_CMP(waiting, <=, KiB(256));
	CHECK_EQ(counter(NULL, "free"), KiB(256) - waiting);
	fd = xopen("g", O_RDWR | O_CREAT);
	CHECK_EQ(write_all(fd, PAGE, 2), KiB(256) - waiting);
	/* Once one page is read, it can be taken, and none of those that are held. */
	check_pipe(pipes[0], 0, PAGE, 1);
	got = write_all(fd, PAGE, 2);
	CHECK_CMP(got, >, KiB(256) - waiting);
	CHECK_CMP(got, <=, KiB(256) - 7 * PAGE);
	for (i = 1; i < 8; i++)
		check_pipe(pipes[0], KiB(32) * i, PAGE, 1);
	write_file(fd, got, KiB(256) - got, 2);
	check_file(fd, 0, KiB(256), 2);
	CHECK_EQ(counter(NULL, "quarantine"), 0);
	drop_pipe(pipes);
}

/* Unmount right after unlink: the pages live on in the pipe, and go to the system from there. */
static void lend_and_unmount(void *arg)
{
	unsigned long rounds = *(unsigned long *)arg, round;
	int pipes[2], fd;

	for (round = 0; round < rounds; round++) {
		CHECK_OK(mount_fs("m", ANY_POOL));
		make_pipe(pipes);
		fd = xopen("m/f", O_RDWR | O_CREAT);
		write_file(fd, 0, KiB(200), round);
		splice_in(fd, 0, pipes[1], KiB(200));
		close(fd);
		if (round % 2)
			CHECK_OK(unlink("m/f"));
		CHECK_OK(umount("m"));
		CHECK_EQ(nr_sysfs_mounts(), 0);
		/* A mount that takes memory now must not get these pages. */
		CHECK_OK(mount_fs("m", ANY_POOL));
		fd = xopen("m/f", O_RDWR | O_CREAT);
		write_file(fd, 0, MiB(4), 9);
		close(fd);
		check_pipe(pipes[0], 0, KiB(200), round);
		CHECK_OK(umount("m"));
		drop_pipe(pipes);
	}
}

static void held_across_umount(void)
{
	unsigned long before, rounds = scaled(30);

	CHECK_OK(mkdir("m", 0700));
	before = free_memory();
	/* In a process of its own, so that its heap is freed as well. */
	finish(start(lend_and_unmount, &rounds));
	/* Not even half of what was lent may be missing. */
	if (on_scriptfs())
		check_free_memory(before, rounds * 100);
}

static void reader_of_pipe(void *arg)
{
	char *buf = xmalloc(KiB(64));
	int *pipes = arg, i;
	ssize_t got;
	u64 at = 0;

	close(pipes[1]);
	while ((got = read(pipes[0], buf, KiB(64))) > 0) {
		for (i = 0; i < got; i++)
			if (buf[i] != 'a' && buf[i] != 'b')
				fail("byte %llu in the pipe is %#x", at + i, buf[i]);
		at += got;
	}
	CHECK_CMP(at, >, 0);
}

/* A pipe is always a little behind a file that is rewritten, cut and removed all the time. */
static void stream(void)
{
	unsigned long round;
	char *buf = xmalloc(KiB(96));
	int pipes[2], fd;
	pid_t pid;

	CHECK_OK(pipe(pipes));
	pid = start(reader_of_pipe, pipes);
	for (round = 0; round < scaled(150); round++) {
		fd = xopen("f", O_RDWR | O_CREAT);
		memset(buf, round % 2 ? 'a' : 'b', KiB(96));
		pwrite_full(fd, buf, KiB(96), 0);
		splice_in(fd, 0, pipes[1], KiB(64));
		if (round % 3 == 0)
			CHECK_OK(ftruncate(fd, 0));
		close(fd);
		if (round % 5 == 0)
			CHECK_OK(unlink("f"));
	}
	close(pipes[1]);
	finish(pid);
	close(pipes[0]);
	free(buf);
}

#define EIGHT_POEMS	"poem=8,strict"

static const struct test tests[] = {
	{ "there_and_back", there_and_back, ANY_POOL, 0 },
	{ "ends_and_holes", ends_and_holes, ANY_POOL, 0 },
	{ "send_file", send_file, ANY_POOL, 0 },
	{ "copy_range", copy_range, ANY_POOL, 0 },
	{ "tee_both", tee_both, ANY_POOL, 0 },
	{ "user_pages", user_pages, ANY_POOL, 0 },
	{ "held_across_unlink", held_across_unlink, ANY_POOL, 0 },
	{ "held_across_truncate", held_across_truncate, ANY_POOL, 0 },
	{ "held_mapped", held_mapped, ANY_POOL, 0 },
	{ "held_across_rewrite", held_across_rewrite, ANY_POOL, 0 },
	{ "held_is_not_reused", held_is_not_reused, EIGHT_POEMS, T_SCRIPTFS },
	{ "held_across_umount", held_across_umount, NULL, T_NO_MOUNT },
	{ "stream", stream, ANY_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
