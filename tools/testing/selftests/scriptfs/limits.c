// SPDX-License-Identifier: GPL-2.0-only
/*
 * The end of the range of offsets: the sum of an offset and a length must never wrap around, and
 * what is allowed there works as anywhere else.
 */
#include "fallocate.h"

#include <limits.h>
#include <stdint.h>
#include <sys/statfs.h>

/* The length of the pattern at the end of a file, in most cases. */
#define TAIL		KiB(300)

/* The largest size that a file may have. */
static off_t largest(int fd)
{
	off_t yes = 0, no = LLONG_MAX, middle;

	if (ftruncate(fd, no) == 0) {
		yes = no;
	} else {
		while (no - yes > 1) {
			middle = yes + (no - yes) / 2;
			*(ftruncate(fd, middle) ? &no : &yes) = middle;
		}
	}
	CHECK_OK(ftruncate(fd, 0));
	return yes;
}

static int new_file(const char *name, off_t *max)
{
	int fd = xopen(name, O_RDWR | O_CREAT | O_EXCL);

	*max = largest(fd);
	return fd;
}

/* A file as large as possible, with a pattern at its end. */
static int largest_file(const char *name, off_t *max)
{
	int fd = new_file(name, max);

	write_file(fd, *max - TAIL, TAIL, 1);
	CHECK_EQ(file_size(fd), *max);
	return fd;
}

static void size(void)
{
	off_t max;
	int fd = new_file("f", &max);

	/* Rounding any offset up to the end of the largest block must give a valid offset. */
	if (on_scriptfs()) {
		CHECK_CMP(max, >=, LLONG_MAX - MiB(512));
		CHECK_CMP(max, <=, LLONG_MAX / MiB(256) * MiB(256));
	}
	CHECK_OK(ftruncate(fd, max));
	CHECK_EQ(file_size(fd), max);
	CHECK_EQ(file_held(fd), 0);
	if (max < LLONG_MAX) {
		CHECK_ERR(ftruncate(fd, max + 1), EFBIG);
		CHECK_ERR(ftruncate(fd, LLONG_MAX), EFBIG);
		CHECK_ERR(truncate("f", LLONG_MAX - 4095), EFBIG);
	}
	CHECK_EQ(file_size(fd), max);
	check_zero(fd, max - KiB(64), KiB(64));
}

static void read_and_write(void)
{
	char *buf = xmalloc(MiB(1)), byte;
	off_t max, at;
	int fd = new_file("f", &max);
	unsigned int i;

	fill(buf, MiB(1), 0, 1);
	for (i = 0; i < 3; i++) {
		static const size_t rooms[] = { 1, KiB(100) + 7, KiB(700) };

		at = max - rooms[i];
		CHECK_EQ(pwrite(fd, buf, MiB(1), at), rooms[i]);
		CHECK_EQ(file_size(fd), max);
		CHECK_ERR(pwrite(fd, buf, 1, max), EFBIG);
		CHECK_EQ(lseek(fd, at, SEEK_SET), at);
		CHECK_EQ(write(fd, buf, rooms[i]), rooms[i]);
		CHECK_ERR(write(fd, buf, 1), EFBIG);
		CHECK_EQ(lseek(fd, at, SEEK_SET), at);
		memset(buf, 0, MiB(1));
		CHECK_EQ(read(fd, buf, MiB(1)), rooms[i]);
		check_fill(buf, rooms[i], 0, 1);
		fill(buf, MiB(1), 0, 1);
		CHECK_EQ(read(fd, buf, MiB(1)), 0);
		CHECK_OK(ftruncate(fd, at + 1));
		CHECK_OK(ftruncate(fd, max));
		CHECK_EQ(pread(fd, &byte, 1, at), 1);
		CHECK_EQ(byte, buf[0]);
		if (rooms[i] > 1)
			check_zero(fd, at + 1, rooms[i] - 1);
		CHECK_OK(ftruncate(fd, 0));
		CHECK_EQ(file_held(fd), 0);
	}
	CHECK_ERR(pwrite(fd, buf, 1, LLONG_MAX - 1), EFBIG);
	CHECK_ERR(pwrite(fd, buf, KiB(64), LLONG_MAX), EINVAL);
	CHECK_CMP(pread(fd, buf, MiB(1), LLONG_MAX - 1), <=, 0);
	/* A hole as long as a file can be, read up to data at its end. */
	pwrite_full(fd, "x", 1, max - 1);
	CHECK_EQ(pread(fd, buf, MiB(1), max - KiB(900)), KiB(900));
	at = KiB(900) - 1;
	check_bytes(buf, at, 0);
	CHECK_EQ(buf[at], 'x');
	/* Appending works up to the end and no further. */
	CHECK_OK(ftruncate(fd, max - 10));
	close(fd);
	fd = xopen("f", O_RDWR | O_APPEND);
	fill(buf, MiB(1), 0, 1);
	CHECK_EQ(write(fd, buf, MiB(1)), 10);
	CHECK_ERR(write(fd, buf, MiB(1)), EFBIG);
	CHECK_EQ(file_size(fd), max);
	free(buf);
}

static void seek(void)
{
	off_t max, at;
	int fd = largest_file("f", &max);

	CHECK_EQ(lseek(fd, max, SEEK_SET), max);
	if (max < LLONG_MAX)
		CHECK_ERR(lseek(fd, max + 1, SEEK_SET), EINVAL);
	CHECK_EQ(lseek(fd, 0, SEEK_END), max);
	CHECK_ERR(lseek(fd, LLONG_MAX, SEEK_END), EINVAL);
	CHECK_ERR(lseek(fd, LLONG_MAX, SEEK_CUR), EINVAL);
	at = CHECK_OK(lseek(fd, 0, SEEK_DATA));
	CHECK_EQ(at, (max - TAIL) / PAGE * PAGE);
	CHECK_EQ(lseek(fd, max - 1, SEEK_DATA), max - 1);
	CHECK_EQ(lseek(fd, max - TAIL, SEEK_HOLE), max);
	CHECK_EQ(lseek(fd, max - 1, SEEK_HOLE), max);
	CHECK_EQ(lseek(fd, 5, SEEK_HOLE), 5);
	CHECK_ERR(lseek(fd, max, SEEK_DATA), ENXIO);
	CHECK_ERR(lseek(fd, max, SEEK_HOLE), ENXIO);
	CHECK_ERR(lseek(fd, LLONG_MAX, SEEK_DATA), ENXIO);
	CHECK_ERR(lseek(fd, LLONG_MAX, SEEK_HOLE), ENXIO);
	/* Nothing but a hole from any offset to the end. */
	CHECK_OK(ftruncate(fd, 0));
	CHECK_OK(ftruncate(fd, max));
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
	CHECK_EQ(lseek(fd, max - 1, SEEK_HOLE), max - 1);
	CHECK_ERR(lseek(fd, 0, SEEK_DATA), ENXIO);
	CHECK_ERR(lseek(fd, max - 1, SEEK_DATA), ENXIO);
}

/* What does not fit is refused as a whole, and none of it is done. */
static void fallocate_too_far(void)
{
	off_t max, offsets[8];
	int fd = largest_file("f", &max);
	unsigned int i, j, m;

	offsets[0] = 0;
	offsets[1] = 1;
	offsets[2] = max - MiB(256);
	offsets[3] = max - TAIL;
	offsets[4] = max - 1;
	offsets[5] = max;
	offsets[6] = LLONG_MAX - 65535;
	offsets[7] = LLONG_MAX - 1;
	for (m = 0; m < ARRAY_SIZE(modes); m++) {
		for (i = 0; i < ARRAY_SIZE(offsets); i++) {
			off_t room = max > offsets[i] ? max - offsets[i] : 0;
			off_t lens[] = { room + 1, room + PAGE, room + MiB(1),
					 LLONG_MAX - offsets[i], LLONG_MAX };

			for (j = 0; j < ARRAY_SIZE(lens); j++)
				if (lens[j] > room)
					CHECK_ERR(fallocate(fd, modes[m], offsets[i], lens[j]),
						  EFBIG);
		}
	}
	CHECK_ERR(fallocate(fd, 0, 0, LLONG_MAX - 65535), EFBIG);
	CHECK_ERR(fallocate(fd, 0, LLONG_MAX - 65535, 65535), EFBIG);
	CHECK_EQ(file_size(fd), max);
	check_file(fd, max - TAIL, TAIL, 1);
	CHECK_EQ(file_held(fd), counter(NULL, "used"));
}

static void fallocate_to_the_end(void)
{
	static const off_t lens[] = { 1, PAGE + 1, TAIL, TAIL + KiB(77), MiB(3) };
	unsigned int i, m;
	off_t max, data;
	int fd;

	for (m = 0; m < ARRAY_SIZE(modes); m++) {
		for (i = 0; i < ARRAY_SIZE(lens); i++) {
			fd = largest_file("f", &max);
			must_change(fd, modes[m], max - lens[i], lens[i]);
			CHECK_EQ(file_size(fd), max);
			data = modes[m] & ~KEEP && lens[i] < TAIL ? TAIL - lens[i] : 0;
			if (!(modes[m] & ~KEEP))
				data = TAIL;
			check_file(fd, max - TAIL, data, 1);
			check_zero(fd, max - TAIL + data, TAIL - data);
			if (modes[m] != PUNCH)
				CHECK_CMP(file_held(fd), >=, lens[i]);
			write_file(fd, max - lens[i], lens[i], 2);
			check_file(fd, max - lens[i], lens[i], 2);
			/* Make all of it a hole. */
			must_change(fd, PUNCH, 0, max);
			CHECK_EQ(file_held(fd), 0);
			check_zero(fd, max - TAIL, TAIL);
			close(fd);
			CHECK_OK(unlink("f"));
		}
	}
	/* Grow to the end; then ask for more than there is memory for. */
	fd = new_file("f", &max);
	must_change(fd, 0, max - 1, 1);
	CHECK_EQ(file_size(fd), max);
	check_zero(fd, max - TAIL, TAIL);
	CHECK_OK(ftruncate(fd, 0));
	must_change(fd, KEEP, max - 1, 1);
	CHECK_EQ(file_size(fd), 0);
	close(fd);
	fd = xopen("f", O_RDWR);
	CHECK_CMP(file_held(fd), >, 0);
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(file_held(fd), 0);
	CHECK_ERR(fallocate(fd, 0, 0, max), ENOSPC);
	CHECK_ERR(fallocate(fd, 0, max - MiB(512), MiB(512)), ENOSPC);
	CHECK_EQ(file_size(fd), 0);
	CHECK_EQ(file_held(fd), 0);
}

static ssize_t copy(int from, off_t at, int to, off_t where, size_t len)
{
	return copy_file_range(from, &at, to, &where, len, 0);
}

static void copy_range(void)
{
	off_t max;
	int from = largest_file("from", &max), to = new_file("to", &max);

	/* As much as there is, however much was asked for. */
	CHECK_EQ(copy(from, max - TAIL, to, 0, TAIL), TAIL);
	CHECK_EQ(file_size(to), TAIL);
	CHECK_OK(ftruncate(to, 0));
	CHECK_EQ(copy(from, max - TAIL, to, max - MiB(1), MiB(1)), TAIL);
	check_zero(to, max - MiB(1) - PAGE, PAGE);
	CHECK_EQ(file_size(to), max - MiB(1) + TAIL);
	CHECK_OK(ftruncate(to, 0));
	CHECK_EQ(copy(from, max - TAIL, to, max - TAIL, SSIZE_MAX - MiB(1)), TAIL);
	CHECK_EQ(file_size(to), max);
	check_file(to, max - TAIL, TAIL, 1);

	/* As much as there is room for. */
	CHECK_EQ(copy(from, max - TAIL, to, max - 100, TAIL), 100);
	CHECK_EQ(copy(from, 0, to, max - KiB(70), MiB(1)), KiB(70));
	check_file(to, max - TAIL, TAIL - KiB(70), 1);
	check_zero(to, max - KiB(70), KiB(70));
	CHECK_ERR(copy(from, 0, to, max, 1), EFBIG);
	CHECK_ERR(copy(from, max - 1, to, LLONG_MAX, 1), EFBIG);
	CHECK_EQ(copy(from, max, to, 0, 10), 0);
	CHECK_CMP(copy(from, LLONG_MAX, to, 0, 10), <=, 0);
	CHECK_EQ(file_size(to), max);

	/* Within one file. */
	CHECK_EQ(copy(from, max - KiB(32), from, 0, KiB(64)), KiB(32));
	CHECK_EQ(copy(from, 0, from, max - 10, KiB(32)), 10);
	check_file(from, max - TAIL, TAIL - 10, 1);
	CHECK_EQ(file_size(from), max);
}

static void map(void)
{
	off_t max, last, at;
	int fd = largest_file("f", &max);
	unsigned char *p, byte;

	last = (max - 1) / PAGE * PAGE;
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, last);
	if (p == MAP_FAILED)
		p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, last);
	CHECK(p != MAP_FAILED);
	check_fill(p, max - last, last, 1);
	CHECK(try_write(p + (max - last) - 1, 7));
	CHECK_EQ(pread(fd, &byte, 1, max - 1), 1);
	CHECK_EQ(byte, 7);
	munmap(p, 2 * PAGE);

	/* There is nothing beyond the end. */
	for (at = last + PAGE; at > 0 && at <= LLONG_MAX - PAGE; at += MiB(16)) {
		p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, at);
		if (p == MAP_FAILED)
			break;
		CHECK(!try_read(p, NULL));
		munmap(p, PAGE);
		if (at > LLONG_MAX - MiB(16))
			break;
	}
	/* A large mapping at the end of a file that is a hole. */
	CHECK_OK(ftruncate(fd, 0));
	CHECK_OK(ftruncate(fd, max));
	p = mmap(NULL, MiB(4), PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		 max / PAGE * PAGE - MiB(4));
	CHECK(p != MAP_FAILED);
	check_bytes(p, MiB(4), 0);
	CHECK(try_write(p + MiB(4) - 1, 9));
	CHECK_EQ(pread(fd, &byte, 1, max / PAGE * PAGE - 1), 1);
	CHECK_EQ(byte, 9);
	munmap(p, MiB(4));
}

static void move_pages(void)
{
	off_t max, at;
	int fd = largest_file("f", &max), pipes[2];
	char buf[PAGE];
	unsigned int i;

	CHECK_OK(pipe(pipes));
	at = max - 1000;
	CHECK_EQ(splice(fd, &at, pipes[1], NULL, KiB(64), 0), 1000);
	CHECK_EQ(read(pipes[0], buf, PAGE), 1000);
	check_fill(buf, 1000, max - 1000, 1);
	CHECK_EQ(splice(fd, &at, pipes[1], NULL, KiB(64), SPLICE_F_NONBLOCK), 0);
	CHECK_EQ(write(pipes[1], buf, 1000), 1000);
	at = max - 10;
	CHECK_EQ(splice(pipes[0], NULL, fd, &at, 1000, 0), 10);
	CHECK_ERR(splice(pipes[0], NULL, fd, &at, 100, 0), EFBIG);
	CHECK_EQ(file_size(fd), max);

	/* Advice that reaches beyond the end does no harm either. */
	for (i = POSIX_FADV_NORMAL; i <= POSIX_FADV_NOREUSE; i++) {
		CHECK_EQ(posix_fadvise(fd, max - PAGE, PAGE, i), 0);
		CHECK_EQ(posix_fadvise(fd, max - PAGE, LLONG_MAX, i), 0);
		CHECK_EQ(posix_fadvise(fd, max - PAGE, 0, i), 0);
	}
	CHECK_OK(readahead(fd, max - KiB(64), MiB(1)));
	CHECK_OK(sync_file_range(fd, max - KiB(64), KiB(64), SYNC_FILE_RANGE_WRITE));
	check_file(fd, max - TAIL, TAIL - 10, 1);
}

/* Without nr_inodes= there is a limit nevertheless: inodes cannot be reclaimed. */
static void inodes_by_default(void)
{
	unsigned long long pages = memory_figure("MemTotal") / (PAGE / 1024);
	struct statfs fs;

	CHECK_OK(statfs(".", &fs));
	CHECK_CMP(fs.f_files, >=, pages / 4);
	CHECK_CMP(fs.f_files, <=, pages);
	CHECK_EQ(fs.f_ffree, fs.f_files - 1);
}

static const struct test tests[] = {
	{ "inodes_by_default", inodes_by_default, ANY_POOL, 0 },
	{ "size", size, ANY_POOL, 0 },
	{ "read_and_write", read_and_write, ANY_POOL, T_SCRIPTFS },
	{ "read_and_write_poems", read_and_write, ANY_POOL ",class=poem", T_SCRIPTFS },
	{ "read_and_write_larges", read_and_write, ANY_POOL ",class=large", T_SCRIPTFS },
	{ "seek", seek, ANY_POOL, 0 },
	{ "fallocate_too_far", fallocate_too_far, ANY_POOL, T_SCRIPTFS },
	{ "fallocate_to_the_end", fallocate_to_the_end, ANY_POOL, T_SCRIPTFS },
	{ "fallocate_larges", fallocate_to_the_end, ANY_POOL ",class=large", T_SCRIPTFS },
	{ "copy_range", copy_range, ANY_POOL, T_SCRIPTFS },
	{ "map", map, ANY_POOL, T_SCRIPTFS },
	{ "map_larges", map, ANY_POOL ",class=large", T_SCRIPTFS },
	{ "move_pages", move_pages, ANY_POOL, T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
