// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file and an image of it in memory, see model.h.
 */
#include "model.h"

#include <linux/falloc.h>
#include <sys/uio.h>

static size_t below(struct model *m, size_t end)
{
	return end ? rnd(&m->rng) % end : 0;
}

/* An offset up to @end, often at or next to the end of a page or of a block of some class. */
static size_t any_offset(struct model *m, size_t end)
{
	static const size_t edges[] = { PAGE, KiB(32), KiB(64), KiB(512), MiB(2) };
	size_t offset = below(m, end + 1);

	if (rnd(&m->rng) % 2) {
		size_t edge = edges[rnd(&m->rng) % ARRAY_SIZE(edges)];

		offset -= offset % edge;
		offset += rnd(&m->rng) % 5;
		offset -= offset >= 2 ? 2 : 0;
	}
	return offset <= end ? offset : end;
}

/* Mostly short, now and then as long as the whole file. */
static size_t any_length(struct model *m, size_t end)
{
	static const size_t most[] = { 16, 512, PAGE, PAGE * 3, KiB(40), KiB(130), MiB(1), MiB(4) };
	size_t limit = most[rnd(&m->rng) % ARRAY_SIZE(most)];

	return below(m, limit < end ? limit + 1 : end + 1);
}

static void split(struct model *m, struct iovec *iov, unsigned int nr, void *buf, size_t len)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		iov[i].iov_base = buf;
		iov[i].iov_len = i + 1 == nr ? len : below(m, len + 1);
		buf = (char *)buf + iov[i].iov_len;
		len -= iov[i].iov_len;
	}
}

static void grew(struct model *m, size_t size)
{
	if (size > m->size)
		m->size = size;
}

static void do_write(struct model *m)
{
	size_t offset = any_offset(m, m->max - 1);
	size_t len = any_length(m, m->max - offset);
	unsigned int way = rnd(&m->rng) % 8;
	struct iovec iov[7];
	ssize_t done;
	int fd;

	if (way == 0) {
		offset = m->size;
		len = any_length(m, m->max - offset);
	}
	if (!len)
		return;
	fill(m->buf, len, offset, rnd(&m->rng));
	switch (way) {
	case 0:
		fd = xopen(m->path, O_WRONLY | O_APPEND);
		done = write(fd, m->buf, len);
		close(fd);
		break;
	case 1:
		split(m, iov, ARRAY_SIZE(iov), m->buf, len);
		done = pwritev(m->fd, iov, ARRAY_SIZE(iov), offset);
		break;
	default:
		done = pwrite(m->fd, m->buf, len, offset);
	}
	if (done != (ssize_t)len)
		fail("write of %zu at %zu: %zd", len, offset, done);
	memcpy(m->image + offset, m->buf, len);
	grew(m, offset + len);
}

static void compare(struct model *m, const unsigned char *got, size_t offset, size_t len,
		    const char *how)
{
	size_t i;

	if (memcmp(got, m->image + offset, len) == 0)
		return;
	for (i = 0; got[i] == m->image[offset + i]; i++)
		;
	fail("%s of %zu at %zu: byte at %zu is %#x, expected %#x; size is %zu", how, len, offset,
	     offset + i, got[i], m->image[offset + i], m->size);
}

static void do_read(struct model *m)
{
	size_t offset = any_offset(m, m->size);
	size_t len = any_length(m, m->max - offset);
	size_t there = offset + len > m->size ? m->size - offset : len;
	struct iovec iov[5];
	ssize_t done;

	if (rnd(&m->rng) % 4) {
		done = pread(m->fd, m->buf, len, offset);
	} else {
		split(m, iov, ARRAY_SIZE(iov), m->buf, len);
		done = preadv(m->fd, iov, ARRAY_SIZE(iov), offset);
	}
	if (done != (ssize_t)there)
		fail("read of %zu at %zu, size %zu: %zd", len, offset, m->size, done);
	compare(m, m->buf, offset, there, "read");
}

static void do_truncate(struct model *m)
{
	size_t size = any_offset(m, m->max);
	unsigned int way = rnd(&m->rng) % 16;

	if (way == 0) {
		close(xopen(m->path, O_WRONLY | O_TRUNC));
		size = 0;
	} else if (way < 8) {
		/* Cut off a quarter at most, or the file would be empty most of the time. */
		size = any_offset(m, m->size);
		size = m->size - (m->size - size) / 4;
		CHECK_OK(truncate(m->path, size));
	} else {
		CHECK_OK(ftruncate(m->fd, size));
	}
	if (size < m->size)
		memset(m->image + size, 0, m->size - size);
	m->size = size;
}

static void do_map(struct model *m)
{
	size_t offset, len, skip;
	unsigned char *map;

	if (!m->size)
		return;
	offset = any_offset(m, m->size - 1);
	len = any_length(m, m->size - offset);
	if (!len)
		return;
	skip = offset % PAGE;
	map = mmap(NULL, len + skip, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, offset - skip);
	if (map == MAP_FAILED)
		fail("mmap of %zu at %zu", len + skip, offset - skip);
	if (rnd(&m->rng) % 2) {
		compare(m, map + skip, offset, len, "mapped read");
	} else {
		fill(m->image + offset, len, offset, rnd(&m->rng));
		memcpy(map + skip, m->image + offset, len);
		if (rnd(&m->rng) % 4 == 0)
			CHECK_OK(msync(map, len + skip, MS_SYNC));
	}
	munmap(map, len + skip);
}

static void do_splice(struct model *m)
{
	size_t offset = any_offset(m, m->size);
	size_t len = any_length(m, KiB(60));
	size_t done = 0;
	loff_t at = offset;
	ssize_t got;
	int pipes[2];

	CHECK_OK(pipe(pipes));
	if (rnd(&m->rng) % 2) {
		if (offset + len > m->size)
			len = m->size - offset;
		got = len ? splice(m->fd, &at, pipes[1], NULL, len, 0) : 0;
		CHECK_CMP(got, <=, (ssize_t)len);
		if (len)
			CHECK_CMP(got, >, 0);
		CHECK_EQ(read(pipes[0], m->buf, got ? got : 0), got);
		compare(m, m->buf, offset, got, "splice");
	} else if (offset + len <= m->max && len) {
		fill(m->buf, len, offset, rnd(&m->rng));
		CHECK_EQ(write(pipes[1], m->buf, len), len);
		while (done < len) {
			got = splice(pipes[0], NULL, m->fd, &at, len - done, 0);
			if (got <= 0)
				fail("splice of %zu to %zu: %zd after %zu", len, offset, got, done);
			done += got;
		}
		memcpy(m->image + offset, m->buf, len);
		grew(m, offset + len);
	}
	close(pipes[0]);
	close(pipes[1]);
}

static void do_reopen(struct model *m)
{
	close(m->fd);
	m->fd = xopen(m->path, O_RDWR);
}

static void do_allocate(struct model *m)
{
	static const int modes[] = {
		0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		FALLOC_FL_ZERO_RANGE, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
	};
	int mode = modes[rnd(&m->rng) % ARRAY_SIZE(modes)];
	size_t offset = any_offset(m, m->max - 1);
	size_t len = any_length(m, m->max - offset);

	if (!len)
		return;
	if (fallocate(m->fd, mode, offset, len)) {
		/* Other file systems lack some modes, or all of them. */
		if (!on_scriptfs() && errno == EOPNOTSUPP)
			return;
		fail("fallocate of %zu at %zu, mode %#x", len, offset, mode);
	}
	if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
		memset(m->image + offset, 0, len);
	if (!(mode & FALLOC_FL_KEEP_SIZE))
		grew(m, offset + len);
}

/* Take a range out, or put a hole in. */
static void do_shift(struct model *m)
{
	size_t offset = any_offset(m, m->size) / PAGE * PAGE;
	size_t len = any_length(m, m->max - offset) / PAGE * PAGE;
	bool out = rnd(&m->rng) % 2;
	int mode = out ? FALLOC_FL_COLLAPSE_RANGE : FALLOC_FL_INSERT_RANGE;
	size_t behind = out ? offset + len : offset, rest = m->size - behind;

	if (!len || behind >= m->size || (!out && m->size + len > m->max))
		return;
	if (fallocate(m->fd, mode, offset, len)) {
		if (!on_scriptfs() && errno == EOPNOTSUPP)
			return;
		fail("fallocate of %zu at %zu, mode %#x, size %zu", len, offset, mode, m->size);
	}
	if (out) {
		memmove(m->image + offset, m->image + behind, rest);
		m->size -= len;
		memset(m->image + m->size, 0, len);
	} else {
		memmove(m->image + offset + len, m->image + offset, rest);
		m->size += len;
		memset(m->image + offset, 0, len);
	}
}

void model_open(struct model *m, const char *path, size_t max, u64 seed)
{
	m->path = path;
	m->fd = xopen(path, O_RDWR | O_CREAT | O_TRUNC);
	m->size = 0;
	m->max = max;
	m->rng = seed;
	m->buf = xmalloc(max + 1);
	m->image = xmalloc(max + 1);
	memset(m->image, 0, max + 1);
}

void model_run(struct model *m, unsigned int ops, unsigned long nr)
{
	static void (*const jobs[])(struct model *m) = {
		do_write, do_read, do_truncate, do_map, do_splice, do_reopen, do_allocate,
		do_shift,
	};

	while (nr) {
		unsigned int job = rnd(&m->rng) % ARRAY_SIZE(jobs);

		if (!(ops & 1 << job))
			continue;
		/* A truncate or close undoes the work of many other operations. */
		if ((1 << job) & (MODEL_TRUNCATE | MODEL_REOPEN | MODEL_SHIFT) &&
		    rnd(&m->rng) % 4)
			continue;
		jobs[job](m);
		nr--;
	}
}

/* What lseek(2) reports as a hole must be all zeroes. */
static void check_holes(struct model *m)
{
	off_t hole = 0, data;

	while (hole < (off_t)m->size) {
		hole = CHECK_OK(lseek(m->fd, hole, SEEK_HOLE));
		data = lseek(m->fd, hole, SEEK_DATA);
		if (data < 0)
			data = m->size;
		check_bytes(m->image + hole, data - hole, 0);
		hole = data;
	}
}

void model_check(struct model *m)
{
	CHECK_EQ(file_size(m->fd), m->size);
	pread_full(m->fd, m->buf, m->size, 0);
	compare(m, m->buf, 0, m->size, "read");
	CHECK_EQ(pread(m->fd, m->buf, 1, m->size), 0);
	check_holes(m);
}

void model_close(struct model *m)
{
	model_check(m);
	close(m->fd);
	free(m->buf);
	free(m->image);
}
