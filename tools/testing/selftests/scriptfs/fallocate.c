// SPDX-License-Identifier: GPL-2.0-only
/*
 * fallocate(2): what each mode does to the size, the memory and the bytes of a file, what it
 * refuses, and that it does all or nothing.
 */
#include "fallocate.h"

#include <signal.h>
#include <sys/resource.h>
#include <time.h>

/* From @offset to @end, which may be an empty range, the file must have the pattern of @seed. */
static void check_part(int fd, off_t offset, off_t end, u64 seed)
{
	if (offset < end)
		check_file(fd, offset, end - offset, seed);
}

static void check_no_part(int fd, off_t offset, off_t end)
{
	if (offset < end)
		check_zero(fd, offset, end - offset);
}

/* Check a file that had @data bytes of pattern before fallocate(2). */
static void check_changed(int fd, int mode, off_t offset, off_t len, off_t data)
{
	off_t size = data;

	if (!(mode & KEEP) && offset + len > size)
		size = offset + len;
	CHECK_EQ(file_size(fd), size);
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) {
		check_part(fd, 0, offset < data ? offset : data, 1);
		check_no_part(fd, offset, offset + len < size ? offset + len : size);
		check_part(fd, offset + len, data, 1);
	} else {
		check_file(fd, 0, data, 1);
	}
	check_no_part(fd, data, size);
	/* When the file grows over all that was allocated, there are only zeroes. */
	CHECK_OK(ftruncate(fd, size + KiB(200)));
	check_zero(fd, size, KiB(200));
}

static const off_t offsets[] = {
	0, 1, 4095, 5000, KiB(32) - 1, KiB(32), KiB(100) + 7, KiB(512) - 1, KiB(512), MiB(1) + 1,
};

static const off_t lens[] = { 1, 4096, KiB(33), KiB(64), KiB(600) };

/* Every mode at every place, on blocks that hold another file's bytes. */
static void bytes(void)
{
	off_t data = KiB(560) + 123;
	unsigned int m, i, j, way = 0;

	for (m = 0; m < ARRAY_SIZE(modes); m++) {
		poison();
		for (i = 0; i < ARRAY_SIZE(offsets); i++) {
			for (j = 0; j < ARRAY_SIZE(lens); j += debug_kernel() ? 2 : 1) {
				int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
				unsigned char *map = map_file(fd, MiB(2));

				write_file(fd, 0, data, 1);
				/* Every other time, with its pages in the page cache. */
				if (way++ % 2)
					check_fill(map, data, 0, 1);
				if (change(fd, modes[m], offsets[i], lens[j]))
					check_changed(fd, modes[m], offsets[i], lens[j], data);
				munmap(map, MiB(2));
				close(fd);
				CHECK_OK(unlink("f"));
			}
		}
	}
}

/* Allocated memory shows no old byte through a mapping either. */
static void bytes_mapped(void)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		poison();
		for (j = 0; j < ARRAY_SIZE(modes); j++) {
			int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
			unsigned char *map = map_file(fd, MiB(2));

			CHECK_OK(ftruncate(fd, MiB(2)));
			if (change(fd, modes[j], offsets[i], KiB(300))) {
				check_bytes(map, MiB(2), 0);
				map[offsets[i] + 1] = 1;
				write_file(fd, offsets[i] + KiB(100), 77, 2);
			}
			/* Punch it while it is mapped. */
			if (change(fd, PUNCH, offsets[i], KiB(300))) {
				check_bytes(map, MiB(2), 0);
				check_zero(fd, 0, MiB(2));
			}
			/* Beyond the end of the file there is nothing to map. */
			CHECK_OK(ftruncate(fd, 100));
			if (change(fd, KEEP, 0, MiB(1))) {
				check_bytes(map, PAGE, 0);
				CHECK(!try_read(map + PAGE, NULL));
				CHECK(!try_write(map + KiB(512), 1));
			}
			munmap(map, MiB(2));
			close(fd);
			CHECK_OK(unlink("f"));
		}
	}
}

static void refused(void)
{
	static const int bad[] = {
		FALLOC_FL_PUNCH_HOLE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE | KEEP,
		FALLOC_FL_NO_HIDE_STALE, 0x100, 1 << 30,
	};
	int fd = xopen("f", O_RDWR | O_CREAT), ro = xopen("f", O_RDONLY), pipes[2];
	unsigned int i;

	CHECK_OK(pipe(pipes));
	write_file(fd, 0, KiB(40), 1);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_ERR(fallocate(fd, bad[i], 0, MiB(1)), EOPNOTSUPP);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		CHECK_ERR(fallocate(ro, modes[i], 0, 100), EBADF);
		CHECK_ERR(fallocate(xopen(".", O_RDONLY | O_DIRECTORY), modes[i], 0, 100), EBADF);
		CHECK_ERR(fallocate(pipes[1], modes[i], 0, 100), ESPIPE);
		CHECK_ERR(fallocate(fd, modes[i], -1, 100), EINVAL);
		CHECK_ERR(fallocate(fd, modes[i], 0, 0), EINVAL);
		CHECK_ERR(fallocate(fd, modes[i], 0, -5), EINVAL);
		CHECK_ERR(fallocate(fd, modes[i], 0x7fffffffffffffff, 1), EFBIG);
		CHECK_ERR(fallocate(fd, modes[i], 1, 0x7fffffffffffffff), EFBIG);
	}
	CHECK_EQ(file_size(fd), KiB(40));
	check_file(fd, 0, KiB(40), 1);
	if (on_scriptfs())
		CHECK_EQ(file_held(fd), counter(NULL, "used"));
}

static sig_atomic_t limit_signals;

static void on_limit(int sig)
{
	(void)sig;
	limit_signals = limit_signals + 1;
}

static void size_limit(void)
{
	struct rlimit limit = { .rlim_cur = MiB(1), .rlim_max = RLIM_INFINITY };
	struct sigaction act = { .sa_handler = on_limit };
	int fd = xopen("f", O_RDWR | O_CREAT);

	CHECK_OK(sigaction(SIGXFSZ, &act, NULL));
	CHECK_OK(setrlimit(RLIMIT_FSIZE, &limit));
	must_change(fd, 0, KiB(512), KiB(512));
	CHECK_EQ(limit_signals, 0);
	CHECK_ERR(fallocate(fd, 0, KiB(512), KiB(512) + 1), EFBIG);
	CHECK_EQ(limit_signals, 1);
	CHECK_EQ(file_size(fd), MiB(1));
	CHECK_CMP(file_held(fd), <=, MiB(1));
	if (!on_scriptfs())
		return;
	CHECK_ERR(fallocate(fd, ZERO, 0, MiB(2)), EFBIG);
	CHECK_EQ(limit_signals, 2);
	CHECK_OK(fallocate(fd, PUNCH, 0, MiB(2)));
	CHECK_EQ(limit_signals, 2);
}

static bool later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

static void as_somebody(void *arg)
{
	unsigned int i;
	struct stat st, was;
	int fd;

	(void)arg;
	CHECK_OK(setresuid(1000, 1000, 1000));
	fd = xopen("f", O_RDWR | O_CREAT);
	write_file(fd, 0, KiB(100), 1);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		CHECK_OK(fchmod(fd, 04755));
		CHECK_OK(fstat(fd, &was));
		usleep(20000);
		CHECK_OK(fallocate(fd, modes[i], 10, KiB(70)));
		CHECK_OK(fstat(fd, &st));
		CHECK_EQ(st.st_mode & 07777, 0755);
		CHECK(later(&st.st_mtim, &was.st_mtim));
		CHECK(later(&st.st_ctim, &was.st_ctim));
	}
}

static void privileges_and_times(void)
{
	CHECK_OK(chmod(".", 0777));
	finish(start(as_somebody, NULL));
}

/* fallocate(2) on an O_APPEND descriptor may change any range; a write goes to the end. */
static void appending(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_APPEND);

	write_file(fd, 0, KiB(100), 1);
	must_change(fd, 0, KiB(50), KiB(100));
	must_change(fd, PUNCH, KiB(10), KiB(60));
	must_change(fd, KEEP, KiB(100), MiB(1));
	CHECK_EQ(file_size(fd), KiB(150));
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(file_size(fd), KiB(150) + 1);
	check_file(fd, 0, KiB(10), 1);
	check_zero(fd, KiB(10), KiB(60));
	check_file(fd, KiB(70), KiB(30), 1);
	check_zero(fd, KiB(100), KiB(50));
}

/* fallocate(2) takes the largest blocks that fit, all pages and no more, and a write takes none. */
static void classes(void)
{
	static const char *const names[] = { "poem", "novel", "medium", "large" };
	static const off_t sizes[] = { 1, KiB(64), KiB(512), MiB(4) };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
		unsigned long long held;

		CHECK_OK(fallocate(fd, 0, 0, sizes[i]));
		held = file_held(fd);
		CHECK_EQ(held, TO_PAGES(sizes[i]));
		CHECK_EQ(counter(names[i], i ? "used" : "cut"), i == 3 ? 2 : 1);
		CHECK_EQ(counter(NULL, "used"), held);
		write_file(fd, 0, sizes[i], 1);
		CHECK_OK(fallocate(fd, 0, 0, sizes[i]));
		CHECK_OK(fallocate(fd, ZERO, sizes[i] / 3, sizes[i] - sizes[i] / 3));
		CHECK_EQ(file_held(fd), held);
		check_part(fd, 0, sizes[i] / 3, 1);
		check_no_part(fd, sizes[i] / 3, sizes[i]);
		check_balance(".");
		close(fd);
		CHECK_EQ(held_by("f"), held);
		CHECK_OK(unlink("f"));
	}
}

static void kept_behind_the_end(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned int way;

	for (way = 0; way < 4; way++) {
		must_change(fd, KEEP, 0, KiB(700));
		CHECK_EQ(file_size(fd), 0);
		CHECK_EQ(file_held(fd), KiB(700));
		close(fd);
		fd = xopen("f", O_RDWR);
		CHECK_EQ(file_held(fd), KiB(700));
		write_file(fd, 0, 100, 1);
		close(fd);
		fd = xopen("f", O_RDWR);
		CHECK_EQ(file_size(fd), 100);
		CHECK_EQ(file_held(fd), KiB(700));
		check_file(fd, 0, 100, 1);
		switch (way) {
		case 0:
			CHECK_OK(ftruncate(fd, 50));
			break;
		case 1:
			/* Growing the file keeps the memory; setting the same size does not. */
			CHECK_OK(ftruncate(fd, 2000));
			CHECK_EQ(file_held(fd), KiB(700));
			CHECK_OK(ftruncate(fd, 2000));
			break;
		case 2:
			CHECK_OK(fallocate(fd, PUNCH, 200, MiB(1)));
			CHECK_EQ(file_size(fd), 100);
			break;
		default:
			close(xopen("f", O_WRONLY | O_TRUNC));
		}
		if (way < 3)
			check_file(fd, 0, 50, 1);
		/* At once, and not only when it is closed. */
		CHECK_EQ(file_held(fd), way < 3 ? PAGE : 0);
		close(fd);
		fd = xopen("f", O_RDWR);
		CHECK_EQ(file_held(fd), way < 3 ? PAGE : 0);
		CHECK_OK(ftruncate(fd, 0));
		CHECK_EQ(file_held(fd), 0);
	}
}

/* The state of a file, which must be the same before fallocate(2) and after one that failed. */
struct before {
	off_t			size;
	unsigned long long	held;
	unsigned long long	free[SCRIPTFS_NR_CLASSES];
	unsigned long long	cut[SCRIPTFS_NR_CLASSES];
};

static void remember(int fd, struct before *b)
{
	unsigned int class;

	b->size = file_size(fd);
	b->held = file_held(fd);
	for (class = 0; on_scriptfs() && class < SCRIPTFS_NR_CLASSES; class++) {
		b->free[class] = counter(class_names[class], "free");
		b->cut[class] = counter(class_names[class], "cut");
	}
}

static void check_as_before(int fd, const struct before *b)
{
	unsigned int class;

	CHECK_EQ(file_size(fd), b->size);
	CHECK_EQ(file_held(fd), b->held);
	for (class = 0; on_scriptfs() && class < SCRIPTFS_NR_CLASSES; class++) {
		CHECK_EQ(counter(class_names[class], "free"), b->free[class]);
		CHECK_EQ(counter(class_names[class], "cut"), b->cut[class]);
	}
}

static bool have(int mode)
{
	int fd = xopen(".", O_TMPFILE | O_RDWR);
	bool ret = change(fd, mode, 0, 1);

	close(fd);
	return ret;
}

struct island {
	off_t	offset;
	size_t	len;
};

/* Ask for more than the pool has, 1 MiB in several classes: for an empty file and one with data. */
static void no_space(void)
{
	static const struct island islands[] = {
		{ 0, 0 }, { 0, 5000 }, { 0, KiB(200) }, { KiB(100), 9000 },
		{ KiB(64) - 1, KiB(70) }, { KiB(480), KiB(100) }, { KiB(900), 1 },
	};
	struct before before;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(islands); i++) {
		const struct island *data = &islands[i];
		int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);

		if (data->len)
			write_file(fd, data->offset, data->len, 1);
		for (j = 0; j < ARRAY_SIZE(modes); j++) {
			if (modes[j] == PUNCH || !have(modes[j]))
				continue;
			remember(fd, &before);
			CHECK_ERR(fallocate(fd, modes[j], 0, MiB(1) + 1), ENOSPC);
			CHECK_ERR(fallocate(fd, modes[j], KiB(36), MiB(2)), ENOSPC);
			check_as_before(fd, &before);
			check_no_part(fd, 0, data->offset);
			check_part(fd, data->offset, before.size, 1);
		}
		/* And all that there is can be allocated. */
		CHECK_OK(ftruncate(fd, 0));
		must_change(fd, 0, 0, MiB(1));
		CHECK_EQ(file_held(fd), MiB(1));
		write_file(fd, 0, MiB(1), 2);
		check_file(fd, 0, MiB(1), 2);
		close(fd);
		CHECK_OK(unlink("f"));
	}
}

/* What the file has is in the way of the only blocks left: they are cut to fit around it. */
static void around_data(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), other;
	struct before before;

	write_file(fd, KiB(40), 5000, 1);
	CHECK_OK(fallocate(fd, 0, 0, MiB(2)));
	CHECK_EQ(file_held(fd), MiB(2));
	CHECK_EQ(counter(NULL, "used"), MiB(2));
	check_zero(fd, 0, KiB(40));
	check_file(fd, KiB(40), 5000, 1);
	check_zero(fd, KiB(40) + 5000, MiB(2) - KiB(40) - 5000);
	remember(fd, &before);
	CHECK_ERR(fallocate(fd, 0, 0, MiB(6)), ENOSPC);
	check_as_before(fd, &before);
	CHECK_OK(unlink("f"));
	close(fd);
	check_settled(".");

	/* The call gets all there is, and it is not enough. */
	fd = xopen("f", O_RDWR | O_CREAT);
	remember(fd, &before);
	CHECK_ERR(fallocate(fd, 0, KiB(32), MiB(8)), ENOSPC);
	check_as_before(fd, &before);

	/* The file keeps its bytes, and after the close it has the pages that it needs. */
	write_file(fd, 0, 5000, 1);
	other = xopen("other", O_RDWR | O_CREAT);
	write_file(other, 0, 1, 1);
	CHECK_ERR(fallocate(fd, 0, 0, MiB(8)), ENOSPC);
	CHECK_EQ(file_size(fd), 5000);
	check_file(fd, 0, 5000, 1);
	close(fd);
	fd = xopen("f", O_RDONLY);
	CHECK_EQ(file_held(fd), 2 * PAGE);
	check_file(fd, 0, 5000, 1);
}

/* What a file has, it keeps: writes to it succeed even when another has used up all the rest. */
static void promised(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), other = xopen("other", O_RDWR | O_CREAT);
	unsigned char *map;
	off_t at = 0;
	u64 rng = 1;
	unsigned int i;

	must_change(fd, 0, 0, KiB(700));
	must_change(fd, KEEP, 0, MiB(1));
	for (at = 0; pwrite(other, "x", 1, at) == 1; at += PAGE)
		CHECK_CMP(at, <, MiB(4));
	CHECK_EQ(errno, ENOSPC);
	/* It got all the rest. */
	CHECK_EQ(at, MiB(1));
	for (i = 0; i < scaled(200); i++) {
		size_t len = 1 + rnd(&rng) % KiB(50);

		at = rnd(&rng) % (MiB(1) - len);
		write_file(fd, at, len, 1);
		check_file(fd, at, len, 1);
	}
	CHECK_OK(ftruncate(fd, MiB(1)));
	map = map_file(fd, MiB(1));
	for (at = 0; at < MiB(1); at += PAGE)
		CHECK(try_write(map + at, 1));
	munmap(map, MiB(1));
}

#define ONE_MIB		"poem=8,novel=4,medium=1,strict,size=1M"

/* No file shares memory with another one, so this is about having some. */
static void unshared(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, KiB(40), 1);
	must_change(fd, FALLOC_FL_UNSHARE_RANGE | KEEP, KiB(20), KiB(100));
	CHECK_EQ(file_size(fd), KiB(40));
	CHECK_CMP(file_held(fd), >=, KiB(120));
	must_change(fd, FALLOC_FL_UNSHARE_RANGE, KiB(20), KiB(200));
	CHECK_EQ(file_size(fd), KiB(220));
	CHECK_CMP(file_held(fd), >=, KiB(220));
	check_file(fd, 0, KiB(40), 1);
	check_zero(fd, KiB(40), KiB(180));
}

static const struct test tests[] = {
	{ "bytes", bytes, SMALL_POOL, 0 },
	{ "bytes_mapped", bytes_mapped, SMALL_POOL, 0 },
	{ "unshared", unshared, ANY_POOL, 0 },
	{ "refused", refused, ANY_POOL, 0 },
	{ "size_limit", size_limit, ANY_POOL, 0 },
	{ "privileges_and_times", privileges_and_times, ANY_POOL, T_SCRIPTFS },
	{ "appending", appending, ANY_POOL, 0 },
	{ "classes", classes, "poem=8,novel=8,medium=8,large=4,strict", T_SCRIPTFS },
	{ "kept_behind_the_end", kept_behind_the_end, ANY_POOL, 0 },
	{ "no_space", no_space, ONE_MIB, 0 },
	{ "around_data", around_data, "poem=2,large=2,strict", T_SCRIPTFS },
	{ "promised", promised, "poem=8,novel=4,medium=3,strict,size=2M", 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
