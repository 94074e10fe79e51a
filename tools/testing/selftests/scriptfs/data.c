// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bytes in, bytes out: read, write, append, truncate, holes, and their edge cases.
 */
#include "model.h"

#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/uio.h>

static const size_t sizes[] = {
	1, 4095, 4096, 4097, KiB(32) - 1, KiB(32), KiB(32) + 1,
	KiB(64) - 1, KiB(64), KiB(64) + 1, KiB(96) + 5, KiB(512) - 1, KiB(512), KiB(512) + 1,
	MiB(2) - 1, MiB(2), MiB(2) + 1, MiB(2) + KiB(600) + 7,
};

static void write_read(void)
{
	char *buf = xmalloc(MiB(3));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t len = sizes[i], piece, at;
		int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);

		/* Write at once, then read in odd pieces; then the other way round. */
		fill(buf, len, 0, i);
		CHECK_EQ(write(fd, buf, len), len);
		CHECK_EQ(file_size(fd), len);
		CHECK_EQ(lseek(fd, 0, SEEK_CUR), len);
		CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
		for (at = 0; at < len; at += piece) {
			piece = len - at < 37123 ? len - at : 37123;
			CHECK_EQ(read(fd, buf, piece), piece);
			check_fill(buf, piece, at, i);
		}
		CHECK_EQ(read(fd, buf, 1), 0);

		CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
		fill(buf, len, 0, i + 100);
		for (at = 0; at < len; at += piece) {
			piece = len - at < 29989 ? len - at : 29989;
			CHECK_EQ(write(fd, buf + at, piece), piece);
		}
		memset(buf, 0, len);
		CHECK_EQ(pread(fd, buf, MiB(3), 0), len);
		check_fill(buf, len, 0, i + 100);
		close(fd);
		CHECK_OK(unlink("f"));
	}
	free(buf);
}

static void append(void)
{
	int a = xopen("f", O_WRONLY | O_CREAT | O_APPEND), b = xopen("f", O_RDWR | O_APPEND);
	size_t total = 0;
	unsigned int i;
	char buf[5000];

	for (i = 0; i < 200; i++) {
		size_t len = 1 + i * 23;

		fill(buf, len, total, 1);
		CHECK_EQ(write(i % 2 ? a : b, buf, len), len);
		total += len;
		CHECK_EQ(lseek(i % 2 ? a : b, 0, SEEK_CUR), total);
	}
	/* O_APPEND wins over pwrite's offset. */
	fill(buf, 100, total, 1);
	CHECK_EQ(pwrite(a, buf, 100, 0), 100);
	total += 100;
	CHECK_EQ(file_size(a), total);
	check_file(b, 0, total, 1);
}

static void open_truncates(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), other;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		write_file(fd, 0, sizes[i], i);
		other = xopen("f", O_WRONLY | O_TRUNC);
		CHECK_EQ(file_size(fd), 0);
		CHECK_EQ(pread(fd, &(char){ 0 }, 1, 0), 0);
		/* Old data must not come back, whether the file is shorter now or longer. */
		write_file(other, 0, sizes[i] / 3 + 1, i + 50);
		CHECK_EQ(file_size(fd), sizes[i] / 3 + 1);
		CHECK_OK(ftruncate(fd, sizes[i] + 10));
		check_file(fd, 0, sizes[i] / 3 + 1, i + 50);
		check_zero(fd, sizes[i] / 3 + 1, sizes[i] + 10 - (sizes[i] / 3 + 1));
		close(other);
	}
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(file_held(fd), 0);
}

static void vectors(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	static struct iovec iov[IOV_MAX + 1];
	char *buf = xmalloc(MiB(1)), *back = xmalloc(MiB(1));
	size_t len, total = 0;
	unsigned int i;

	fill(buf, MiB(1), 0, 3);
	for (i = 0; i < IOV_MAX; i++) {
		len = i % 7 == 0 ? 0 : (i * 131) % 1021;
		iov[i].iov_base = i % 7 == 0 ? NULL : buf + total;
		iov[i].iov_len = len;
		total += len;
	}
	CHECK_EQ(writev(fd, iov, IOV_MAX), total);
	CHECK_EQ(file_size(fd), total);
	check_file(fd, 0, total, 3);
	CHECK_EQ(pwritev(fd, iov, 20, 0), iov[20].iov_base ? (char *)iov[20].iov_base - buf : -1);
	check_file(fd, 0, total, 3);

	for (i = 0; i < IOV_MAX; i++)
		iov[i].iov_base = iov[i].iov_base ? back + ((char *)iov[i].iov_base - buf) : NULL;
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(readv(fd, iov, IOV_MAX), total);
	check_fill(back, total, 0, 3);
	memset(back, 0, total);
	CHECK_EQ(preadv(fd, iov, IOV_MAX, 0), total);
	check_fill(back, total, 0, 3);

	CHECK_EQ(writev(fd, iov, 0), 0);
	CHECK_EQ(readv(fd, iov, 0), 0);
	CHECK_ERR(writev(fd, iov, IOV_MAX + 1), EINVAL);
	iov[1].iov_len = -1;
	CHECK_ERR(writev(fd, iov, 2), EINVAL);
	CHECK_EQ(file_size(fd), total);
	free(buf);
	free(back);
}

static void holes(void)
{
	static const off_t offsets[] = {
		MiB(9) + 77, 0, MiB(2) - 3, KiB(512) - 1,
		MiB(5), KiB(96) - 7, MiB(1), MiB(9) - 1,
	};
	int fd = xopen("f", O_RDWR | O_CREAT);
	char *image = xmalloc(MiB(10)), *buf = xmalloc(MiB(10));
	size_t size = MiB(9) + 77 + 10;
	unsigned int i;

	memset(image, 0, MiB(10));
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		fill(image + offsets[i], 10, offsets[i], i);
		pwrite_full(fd, image + offsets[i], 10, offsets[i]);
		CHECK_EQ(file_size(fd), size);
		CHECK_EQ(pread(fd, buf, MiB(10), 0), size);
		CHECK(memcmp(buf, image, size) == 0);
	}
	/* The file holds the pages of the written bytes, not of the whole range. */
	close(fd);
	fd = xopen("f", O_RDWR);
	if (strcmp(test_fs, "ramfs"))
		CHECK_EQ(file_held(fd), 11 * PAGE);
	CHECK_OK(ftruncate(fd, 0));
	CHECK_OK(ftruncate(fd, MiB(100)));
	CHECK_EQ(file_held(fd), 0);
	check_zero(fd, MiB(99), MiB(1));
	free(image);
	free(buf);
}

static void truncate_edges(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	size_t full = MiB(2) + KiB(700);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		write_file(fd, 0, full, i);
		CHECK_OK(ftruncate(fd, sizes[i]));
		CHECK_EQ(file_size(fd), sizes[i]);
		CHECK_EQ(pread(fd, &(char){ 0 }, 1, sizes[i]), 0);
		check_file(fd, 0, sizes[i], i);
		CHECK_OK(truncate("f", full + 1000));
		CHECK_EQ(file_size(fd), full + 1000);
		check_file(fd, 0, sizes[i], i);
		check_zero(fd, sizes[i], full + 1000 - sizes[i]);
		CHECK_OK(ftruncate(fd, full));
	}
}

static void truncate_errors(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), ro = xopen("f", O_RDONLY);

	write_file(fd, 0, 5000, 1);
	CHECK_ERR(ftruncate(fd, -1), EINVAL);
	CHECK_ERR(truncate("f", LLONG_MIN), EINVAL);
	CHECK_ERR(ftruncate(ro, 0), EINVAL);
	CHECK_OK(mkdir("d", 0700));
	CHECK_ERR(truncate("d", 0), EISDIR);
	CHECK_ERR(truncate("none", 0), ENOENT);
	CHECK_ERR(write(ro, "x", 1), EBADF);
	CHECK_ERR(pwrite(fd, "x", 1, -1), EINVAL);
	CHECK_ERR(pread(fd, &(char){ 0 }, 1, -1), EINVAL);
	CHECK_ERR(lseek(fd, -1, SEEK_SET), EINVAL);
	CHECK_EQ(file_size(fd), 5000);
	check_file(fd, 0, 5000, 1);
}

static void random_model(void)
{
	struct model m;

	model_open(&m, "f", MiB(5) + 12345, 42);
	model_run(&m, MODEL_READ_WRITE, scaled(3000));
	model_close(&m);
	check_balance(".");
}

static void random_small(void)
{
	struct model m;
	unsigned int i;

	/* Files that end in the first block of each class. */
	for (i = 0; i < 8; i++) {
		model_open(&m, "f", KiB(16) << i, 1000 + i);
		model_run(&m, MODEL_READ_WRITE, scaled(250));
		model_close(&m);
	}
}

static void file_size_limit(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	struct rlimit limit = { KiB(100) + 3, RLIM_INFINITY };
	char *buf = xmalloc(KiB(200));

	signal(SIGXFSZ, SIG_IGN);
	CHECK_OK(setrlimit(RLIMIT_FSIZE, &limit));
	fill(buf, KiB(200), 0, 9);
	CHECK_EQ(write(fd, buf, KiB(200)), KiB(100) + 3);
	CHECK_ERR(write(fd, buf, 1), EFBIG);
	CHECK_ERR(pwrite(fd, buf, 1, KiB(300)), EFBIG);
	CHECK_ERR(ftruncate(fd, KiB(300)), EFBIG);
	CHECK_EQ(file_size(fd), KiB(100) + 3);
	check_file(fd, 0, KiB(100) + 3, 9);
	CHECK_EQ(pwrite(fd, buf, KiB(200), KiB(64)), KiB(36) + 3);
	free(buf);
}

static void huge_offsets(void)
{
	/* limits.c has more about the largest offsets. */
	off_t max = on_scriptfs() ? LLONG_MAX / MiB(256) * MiB(256) : LLONG_MAX;
	int fd = xopen("f", O_RDWR | O_CREAT);
	char buf[100];

	/* The last byte a file can have. */
	CHECK_EQ(pwrite(fd, "x", 1, max - 1), 1);
	CHECK_EQ(file_size(fd), max);
	CHECK_EQ(pread(fd, buf, 1, max - 1), 1);
	CHECK_EQ(buf[0], 'x');
	CHECK_EQ(pread(fd, buf, 100, max - 100), 100);
	check_bytes(buf, 99, 0);
	CHECK_ERR(pwrite(fd, buf, 2, LLONG_MAX - 1), EINVAL);
	CHECK(pwrite(fd, buf, 1, max) == -1 && (errno == EFBIG || errno == EINVAL));
	CHECK_EQ(lseek(fd, max, SEEK_SET), max);
	CHECK(write(fd, buf, 1) == -1 && (errno == EFBIG || errno == EINVAL));

	CHECK_OK(ftruncate(fd, max - 1));
	CHECK_OK(ftruncate(fd, max));
	CHECK_EQ(pread(fd, buf, 1, max - 1), 1);
	check_bytes(buf, 1, 0);
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(file_held(fd), 0);

	/* Around the limit of 32 bits, in bytes and in pages. */
	pwrite_full(fd, "0123456789", 10, (1LL << 32) - 5);
	pwrite_full(fd, "0123456789", 10, (1LL << 44) - 5);
	pread_full(fd, buf, 20, (1LL << 32) - 10);
	check_bytes(buf, 5, 0);
	CHECK(memcmp(buf + 5, "0123456789", 10) == 0);
	check_bytes(buf + 15, 5, 0);
	pread_full(fd, buf, 15, (1LL << 44) - 10);
	check_bytes(buf, 5, 0);
	CHECK(memcmp(buf + 5, "0123456789", 10) == 0);
	CHECK_EQ(file_size(fd), (1LL << 44) + 5);
}

/* A buffer of @len bytes that cannot be touched from byte @good on. */
static char *half_buffer(size_t len, size_t good)
{
	size_t there = (good + PAGE - 1) / PAGE * PAGE;
	char *map = mmap(NULL, there + len + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(map != MAP_FAILED);
	if (there)
		CHECK_OK(mprotect(map, there, PROT_READ | PROT_WRITE));
	return map + there - good;
}

/*
 * A write that does nothing but fault leaves the file as long as before. In some kernels, generic
 * code that tells write_end() of no byte at all moves the size to where the write would begin.
 */
static void check_size_after_fault(int fd, off_t size, off_t offset)
{
	if (on_scriptfs() || file_size(fd) != offset)
		CHECK_EQ(file_size(fd), size);
	CHECK_OK(ftruncate(fd, size));
}

static void faulty_buffers(void)
{
	static const size_t goods[] = {
		0, 1, 100, 4095, 4096, 5000, KiB(32), KiB(64) + 1, KiB(600),
	};
	static const off_t offsets[] = { 0, 3, 4000, KiB(32) - 50, KiB(500) };
	int fd = xopen("f", O_RDWR | O_CREAT);
	size_t len = KiB(800), full = MiB(2);
	unsigned int i, j, hole;
	char *buf;

	for (i = 0; i < ARRAY_SIZE(goods); i++) {
		for (j = 0; j < ARRAY_SIZE(offsets) * 2; j++) {
			off_t offset = offsets[j / 2];
			ssize_t done;

			/* Over old data, and into a hole. */
			hole = j % 2;
			CHECK_OK(ftruncate(fd, 0));
			if (!hole)
				write_file(fd, 0, full, 1);
			buf = half_buffer(len, goods[i]);
			fill(buf, goods[i], offset, 2);
			done = pwrite(fd, buf, len, offset);
			if (done < 0)
				CHECK_ERR(done, EFAULT);
			CHECK_CMP(done, <=, (ssize_t)goods[i]);
			/* The write may stop short of the fault by a page or so, not more. */
			if (goods[i] > 2 * PAGE)
				CHECK_CMP(done, >=, (ssize_t)(goods[i] - 2 * PAGE));
			if (done < 0)
				done = 0;
			if (hole) {
				check_size_after_fault(fd, done ? offset + done : 0, offset);
				CHECK_OK(ftruncate(fd, full));
				check_zero(fd, 0, offset);
				check_zero(fd, offset + done, full - offset - done);
			} else {
				CHECK_EQ(file_size(fd), full);
				check_file(fd, 0, offset, 1);
				check_file(fd, offset + done, full - offset - done, 1);
			}
			check_file(fd, offset, done, 2);

			write_file(fd, 0, full, 3);
			done = pread(fd, buf, len, offset);
			if (done < 0)
				CHECK_ERR(done, EFAULT);
			CHECK_CMP(done, <=, (ssize_t)goods[i]);
			if (goods[i] > PAGE)
				CHECK_CMP(done, >=, (ssize_t)(goods[i] - PAGE));
			if (done > 0)
				check_fill(buf, done, offset, 3);
		}
	}
}

/* A page in the middle of the vector cannot be touched: only what comes before it counts. */
static void faulty_vector(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	char good[2][3000];
	struct iovec iov[3] = {
		{ good[0], sizeof(good[0]) },
		{ half_buffer(PAGE, 0), PAGE },
		{ good[1], sizeof(good[1]) },
	};
	ssize_t done;

	fill(good[0], sizeof(good[0]), 0, 1);
	fill(good[1], sizeof(good[1]), sizeof(good[0]) + PAGE, 1);
	done = writev(fd, iov, 3);
	CHECK_CMP(done, <=, (ssize_t)sizeof(good[0]));
	if (done < 0)
		CHECK_ERR(done, EFAULT);
	CHECK_EQ(file_size(fd), done < 0 ? 0 : done);
	check_file(fd, 0, file_size(fd), 1);

	CHECK_OK(ftruncate(fd, 0));
	write_file(fd, 0, 20000, 2);
	done = preadv(fd, iov, 3, 0);
	CHECK_EQ(done, sizeof(good[0]));
	check_fill(good[0], done, 0, 2);
	check_fill(good[1], sizeof(good[1]), sizeof(good[0]) + PAGE, 1);
	CHECK_ERR(pread(fd, iov[1].iov_base, 100, 0), EFAULT);
	CHECK_ERR(pwrite(fd, iov[1].iov_base, 100, 0), EFAULT);
	CHECK_ERR(pwrite(fd, iov[1].iov_base, 100, 30000), EFAULT);
	check_size_after_fault(fd, 20000, 30000);
	check_file(fd, 0, 20000, 2);
}

static void memory_held(void)
{
	unsigned long long used = 0, last = -1ULL;
	int a = xopen("a", O_RDWR | O_CREAT), b = xopen("b", O_RDWR | O_CREAT);
	unsigned int i;

	CHECK_EQ(file_held(a), 0);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		write_file(a, 0, sizes[i], i);
		pwrite_full(b, "x", 1, sizes[i] * 2);
		CHECK_CMP(file_held(a), >=, sizes[i]);
		check_balance(".");
		if (on_scriptfs())
			CHECK_EQ(file_held(a) + file_held(b), counter(NULL, "used"));
	}
	close(a);
	close(b);
	a = xopen("a", O_RDWR);
	b = xopen("b", O_RDWR);
	/* After the last close a file has the pages where its bytes are, and no other. */
	CHECK_EQ(file_held(a), TO_PAGES(sizes[ARRAY_SIZE(sizes) - 1]));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		used += sizes[i] * 2 / PAGE != last ? PAGE : 0;
		last = sizes[i] * 2 / PAGE;
	}
	CHECK_EQ(file_held(b), used);
	if (on_scriptfs())
		CHECK_EQ(file_held(a) + file_held(b), counter(NULL, "used"));
	CHECK_OK(ftruncate(a, 0));
	CHECK_EQ(file_held(a), 0);
	if (on_scriptfs())
		CHECK_EQ(used, counter(NULL, "used"));
}

static void seek_data_hole(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	off_t data, hole;

	CHECK_ERR(lseek(fd, 0, SEEK_DATA), ENXIO);
	CHECK_ERR(lseek(fd, 0, SEEK_HOLE), ENXIO);
	write_file(fd, 0, 5000, 1);
	pwrite_full(fd, "x", 1, MiB(8));
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 0);
	CHECK_EQ(lseek(fd, 4999, SEEK_DATA), 4999);
	CHECK_EQ(lseek(fd, MiB(8), SEEK_DATA), MiB(8));
	CHECK_EQ(lseek(fd, MiB(8), SEEK_HOLE), MiB(8) + 1);
	CHECK_ERR(lseek(fd, MiB(8) + 1, SEEK_DATA), ENXIO);
	CHECK_ERR(lseek(fd, -1, SEEK_DATA), ENXIO);
	/* A hole may be reported as data, but data never as a hole. */
	hole = CHECK_OK(lseek(fd, 0, SEEK_HOLE));
	CHECK_CMP(hole, >=, 5000);
	CHECK_CMP(hole, <=, MiB(8) + 1);
	data = CHECK_OK(lseek(fd, 5000, SEEK_DATA));
	CHECK_CMP(data, >=, 5000);
	CHECK_CMP(data, <=, MiB(8));
}

static void nothing(void)
{
	struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	int fd = xopen("f", O_RDWR | O_CREAT);
	struct stat st;

	write_file(fd, 0, 100, 1);
	CHECK_OK(futimens(fd, old));
	CHECK_EQ(pwrite(fd, "", 0, 5000), 0);
	CHECK_EQ(pread(fd, &(char){ 0 }, 0, 0), 0);
	CHECK_EQ(pread(fd, &(char){ 0 }, 1, 100), 0);
	CHECK_EQ(pread(fd, &(char){ 0 }, 1, LLONG_MAX - 1), 0);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_size, 100);
	CHECK_EQ(st.st_mtim.tv_sec, 1000);
	CHECK_OK(fsync(fd));
	CHECK_OK(fdatasync(fd));
	CHECK_OK(syncfs(fd));
	CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_WILLNEED), 0);
	CHECK_OK(readahead(fd, 0, MiB(1)));
	check_file(fd, 0, 100, 1);
}

#define RECORD	1000

static void append_records(void *arg)
{
	int fd = xopen("f", O_WRONLY | O_APPEND);
	unsigned long who = (unsigned long)arg, i;
	char buf[RECORD];

	for (i = 0; i < scaled(200); i++) {
		memset(buf, 'a' + who, RECORD);
		CHECK_EQ(write(fd, buf, RECORD), RECORD);
	}
}

static void concurrent_append(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned long nr[4] = { 0 }, i;
	char buf[RECORD];
	pid_t pids[4];

	for (i = 0; i < 4; i++)
		pids[i] = start(append_records, (void *)i);
	for (i = 0; i < 4; i++)
		finish(pids[i]);
	CHECK_EQ(file_size(fd), 4 * RECORD * scaled(200));
	while (read(fd, buf, RECORD) == RECORD) {
		CHECK(buf[0] >= 'a' && buf[0] < 'e');
		check_bytes(buf, RECORD, buf[0]);
		nr[buf[0] - 'a']++;
	}
	for (i = 0; i < 4; i++)
		CHECK_EQ(nr[i], scaled(200));
}

/*
 * Long calls, past the cache or through it, at any offset and from any memory; some of the memory
 * is faulted in during the copy.
 */
static void long_copies(void)
{
	static const size_t lens[] = {
		KiB(64), KiB(64) + 1, KiB(100) - 3, KiB(512) + 77, MiB(1) - 1, MiB(2) + 4097,
		MiB(3),
	};
	static const off_t places[] = { 0, 1, 63, 64, 4095, KiB(32) + 9, MiB(2) - 5 };
	int fd = xopen("f", O_RDWR | O_CREAT), source = xopen("source", O_RDWR | O_CREAT);
	unsigned char *from, *buf = xmalloc(MiB(4));
	struct iovec iov[4];
	unsigned int i, j, n;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		for (j = 0; j < ARRAY_SIZE(places); j++) {
			size_t len = lens[i], odd = (i * 7 + j) % 64;
			unsigned char *base;

			CHECK_OK(ftruncate(source, 0));
			write_file(source, 0, MiB(4), i + 10 * j);
			base = mmap(NULL, MiB(4), PROT_READ, MAP_PRIVATE, source, 0);
			CHECK(base != MAP_FAILED);
			from = base + odd;
			iov[0] = (struct iovec){ from, len / 3 };
			iov[1] = (struct iovec){ from + len / 3, 0 };
			iov[2] = (struct iovec){ from + len / 3, 5 };
			iov[3] = (struct iovec){ from + len / 3 + 5, len - len / 3 - 5 };
			for (n = 0; n < 2; n++) {
				/* Into new memory, then over what is there. */
				CHECK_EQ(pwritev(fd, iov, ARRAY_SIZE(iov), places[j]), len);
				CHECK_EQ(file_size(fd), places[j] + (off_t)len);
				pread_full(fd, buf, len, places[j]);
				check_fill(buf, len, odd, i + 10 * j);
				check_zero(fd, 0, places[j]);
			}
			munmap(base, MiB(4));
			CHECK_OK(ftruncate(fd, 0));
		}
	}
	free(buf);
}

static const struct test tests[] = {
	{ "write_read", write_read, ANY_POOL, 0 },
	{ "append", append, ANY_POOL, 0 },
	{ "open_truncates", open_truncates, ANY_POOL, 0 },
	{ "vectors", vectors, ANY_POOL, 0 },
	{ "holes", holes, ANY_POOL, 0 },
	{ "truncate_edges", truncate_edges, ANY_POOL, 0 },
	{ "truncate_errors", truncate_errors, ANY_POOL, 0 },
	{ "random_model", random_model, ANY_POOL, 0 },
	{ "long_copies", long_copies, ANY_POOL, 0 },
	{ "long_copies_cached", long_copies, ANY_POOL ",copy=cached", T_SCRIPTFS },
	{ "long_copies_bypass", long_copies, ANY_POOL ",copy=bypass", T_SCRIPTFS },
	{ "random_model_bypass", random_model, ANY_POOL ",copy=bypass", T_SCRIPTFS },
	{ "random_model_strict", random_model, "poem=192,novel=64,medium=24,large=4,strict", 0 },
	{ "random_model_poems", random_model, "poem=512,strict", 0 },
	{ "random_model_cut", random_model, "poem=4,novel=2,large=8,strict", 0 },
	{ "random_model_large", random_model, "large=8,strict,class=large", 0 },
	{ "random_small", random_small, ANY_POOL, 0 },
	{ "file_size_limit", file_size_limit, ANY_POOL, 0 },
	{ "huge_offsets", huge_offsets, ANY_POOL, 0 },
	{ "faulty_buffers", faulty_buffers, ANY_POOL, 0 },
	{ "faulty_vector", faulty_vector, ANY_POOL, 0 },
	{ "memory_held", memory_held, ANY_POOL, 0 },
	{ "seek_data_hole", seek_data_hole, ANY_POOL, 0 },
	{ "nothing", nothing, ANY_POOL, 0 },
	{ "concurrent_append", concurrent_append, ANY_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
