// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access times: a read updates the file's access time, whatever it finds there.
 */
#include "outside.h"

#include <sys/sendfile.h>
#include <sys/uio.h>

/* Data up to HOLE, a hole up to HOLE_END, data up to FILE_SIZE. */
#define HOLE		KiB(64)
#define HOLE_END	KiB(192)
#define FILE_SIZE	KiB(256)

/**
 * struct access - a way to read
 * @name:	its name in messages
 * @run:	read at most @len bytes from @fd at @at
 */
struct access {
	const char	*name;
	void		(*run)(int fd, off_t at, size_t len);
};

static void by_read(int fd, off_t at, size_t len)
{
	char *buf = xmalloc(len);

	CHECK_EQ(lseek(fd, at, SEEK_SET), at);
	CHECK_OK(read(fd, buf, len));
	free(buf);
}

static void by_preadv(int fd, off_t at, size_t len)
{
	char *buf = xmalloc(len);
	struct iovec iov[] = { { buf, len / 2 }, { buf + len / 2, len - len / 2 } };

	CHECK_OK(preadv(fd, iov, 2, at));
	free(buf);
}

static void by_splice(int fd, off_t at, size_t len)
{
	int pipes[2];

	make_pipe(pipes);
	CHECK_OK(splice(fd, &at, pipes[1], NULL, len, 0));
	drop_pipe(pipes);
}

static void by_sendfile(int fd, off_t at, size_t len)
{
	int other = xopen("/tmp", O_TMPFILE | O_RDWR);

	CHECK_OK(sendfile(other, fd, &at, len));
	close(other);
}

static void by_copy(int fd, off_t at, size_t len)
{
	int other = xopen(".", O_TMPFILE | O_RDWR);
	loff_t to = 0;

	CHECK_OK(copy_file_range(fd, &at, other, &to, len, 0));
	close(other);
}

static void by_mmap(int fd, off_t at, size_t len)
{
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, at / PAGE * PAGE);

	CHECK(map != MAP_FAILED);
	munmap(map, len);
}

static const struct access reads[] = {
	{ "read", by_read }, { "preadv", by_preadv }, { "splice", by_splice },
	{ "sendfile", by_sendfile }, { "copy_file_range", by_copy }, { "mmap", by_mmap },
};

static time_t atime_of(int fd)
{
	struct stat st;

	CHECK_OK(fstat(fd, &st));
	return st.st_atime;
}

/* So long ago that even relatime updates it. */
static void make_old(int fd)
{
	static const struct timespec times[] = { { .tv_sec = 1000000 }, { .tv_nsec = UTIME_OMIT } };

	CHECK_OK(futimens(fd, times));
	CHECK_EQ(atime_of(fd), 1000000);
}

static void check_reads(off_t at, bool end)
{
	static const size_t lens[] = { 100, PAGE, KiB(32), KiB(60) };
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned int i, j;

	write_file(fd, 0, HOLE, 1);
	write_file(fd, HOLE_END, FILE_SIZE - HOLE_END, 1);
	for (i = 0; i < ARRAY_SIZE(reads); i++) {
		/* copy_file_range(2) does not ask the file when there is nothing to copy. */
		if (end && reads[i].run == by_copy)
			continue;
		for (j = 0; j < ARRAY_SIZE(lens); j++) {
			make_old(fd);
			reads[i].run(fd, at, lens[j]);
			if (atime_of(fd) == 1000000)
				fail("%s of %zu at %lld did not update the access time",
				     reads[i].name, lens[j], (long long)at);
		}
	}
	close(fd);
}

static void of_data(void)
{
	check_reads(0, false);
	check_reads(HOLE_END + 10, false);
}

static void of_hole(void)
{
	check_reads(HOLE, false);
	check_reads(HOLE + 4000, false);
}

static void across(void)
{
	check_reads(HOLE - 50, false);
	check_reads(HOLE_END - 50, false);
}

static void of_end(void)
{
	check_reads(FILE_SIZE, true);
	check_reads(FILE_SIZE + KiB(100), true);
}

/* Nothing but a read updates the access time, and with O_NOATIME not even that. */
static void of_nothing_else(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, HOLE, 1);
	make_old(fd);
	write_file(fd, 0, HOLE, 2);
	CHECK_OK(ftruncate(fd, KiB(10)));
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 0);
	CHECK_EQ(atime_of(fd), 1000000);
	close(fd);
	fd = xopen("f", O_RDONLY | O_NOATIME);
	by_read(fd, 0, 100);
	by_splice(fd, 0, 100);
	by_read(fd, KiB(10), 100);
	by_splice(fd, KiB(10), 100);
	CHECK_EQ(atime_of(fd), 1000000);
	close(fd);
}

static const struct test tests[] = {
	{ "of_data", of_data, ANY_POOL, 0 },
	{ "of_hole", of_hole, ANY_POOL, 0 },
	{ "across", across, ANY_POOL, 0 },
	{ "of_end", of_end, ANY_POOL, 0 },
	{ "of_nothing_else", of_nothing_else, ANY_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
