// SPDX-License-Identifier: GPL-2.0-only
/*
 * exact: the operations. Each goes to the file and to the model, which afterwards says for each
 * page whether the file has memory there.
 */
#include "exact.h"

#include <stdarg.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

struct exact x;

void __printf(1, 2) tell(const char *fmt, ...)
{
	va_list args;

	if (x.told > sizeof(x.history) - 200)
		x.told = 0;
	va_start(args, fmt);
	x.told += vsnprintf(x.history + x.told, sizeof(x.history) - x.told, fmt, args);
	va_end(args);
}

unsigned int draw(unsigned int end)
{
	return rnd(&x.rng) % end;
}

static size_t any_length(size_t most)
{
	size_t len = 1 + draw(1U << (1 + draw(22)));

	switch (draw(4)) {
	case 0:
		len = TO_PAGES(len);
		break;
	case 1:
		len = len % (8 * PAGE) + 1;
		break;
	}
	return len < most ? len : most;
}

static size_t any_place(size_t end)
{
	size_t at;

	switch (draw(6)) {
	case 0:
		at = x.size;
		break;
	case 1:
		at = TO_PAGES(x.size);
		break;
	case 2:
		at = draw(LONGEST / MiB(1)) * MiB(1);
		break;
	case 3:
		at = draw(PAGES) * PAGE;
		break;
	default:
		at = draw(LONGEST);
	}
	return at < end ? at : end - 1;
}

void have(size_t at, size_t len)
{
	if (len)
		memset(x.has + at / PAGE, true, (at + len - 1) / PAGE - at / PAGE + 1);
}

void written(size_t at, size_t len)
{
	if (!len)
		return;
	memcpy(x.image + at, x.buf, len);
	have(at, len);
	if (at + len > x.size)
		x.size = at + len;
}

static void make_bytes(size_t len)
{
	fill(x.buf, len, 0, rnd(&x.rng));
}

static void do_write(void)
{
	size_t at = any_place(LONGEST), len = any_length(LONGEST - at);

	tell("write %zu at %zu\n", len, at);
	make_bytes(len);
	pwrite_full(x.fd, x.buf, len, at);
	written(at, len);
}

static void do_sequential(void)
{
	size_t at = draw(2) ? x.size : any_place(LONGEST), part = any_length(KiB(256));
	unsigned int nr = 1 + draw(60);

	tell("sequential %u of %zu at %zu\n", nr, part, at);
	for (; nr && at < LONGEST; nr--, at += part) {
		size_t len = part < LONGEST - at ? part : LONGEST - at;

		make_bytes(len);
		pwrite_full(x.fd, x.buf, len, at);
		written(at, len);
	}
}

void touch_map(int fd, bool store)
{
	size_t at, len, step, pages = TO_PAGES(x.size);
	unsigned char *map, byte;

	if (!pages)
		return;
	at = any_place(pages);
	len = any_length(pages - at);
	step = draw(2) ? PAGE : 1 + draw(KiB(64));
	tell("%s %zu at %zu step %zu\n", store ? "store" : "look", len, at, step);
	map = mmap(NULL, LONGEST, PROT_READ | (store ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	for (; len; len -= step < len ? step : len, at += step) {
		have(at, 1);
		if (store) {
			CHECK(try_write(map + at, draw(255)));
			if (at < x.size)
				x.image[at] = map[at];
		} else {
			CHECK(try_read(map + at, &byte));
			if (at < x.size)
				CHECK_EQ(byte, x.image[at]);
		}
	}
	munmap(map, LONGEST);
}

static void do_store(void)
{
	touch_map(x.fd, true);
}

static void do_look(void)
{
	touch_map(x.fd, false);
}

static void forget(size_t first, size_t end)
{
	if (first < end)
		memset(x.has + first / PAGE, false, (end - first) / PAGE);
}

static void do_truncate(void)
{
	size_t size = draw(3) ? any_place(LONGEST) : draw(x.size + 1);

	if (!draw(8))
		size = x.size;
	tell("truncate %zu to %zu\n", x.size, size);
	CHECK_OK(ftruncate(x.fd, size));
	if (size <= x.size) {
		memset(x.image + size, 0, LONGEST - size);
		forget(TO_PAGES(size), LONGEST);
		x.prealloc = 0;
	}
	x.size = size;
}

static void do_allocate(void)
{
	size_t at = any_place(LONGEST), len = any_length(LONGEST - at);
	int mode = draw(2) ? 0 : KEEP;

	tell("fallocate %s %zu at %zu\n", mode ? "keep" : "", len, at);
	CHECK_OK(fallocate(x.fd, mode, at, len));
	have(at, len);
	if (at + len > x.size) {
		if (!mode)
			x.size = at + len;
		else if ((off_t)(at + len) > x.prealloc)
			x.prealloc = at + len;
	}
}

static void do_zero(void)
{
	size_t at = any_place(LONGEST), len = any_length(LONGEST - at);
	int mode = draw(2) ? ZERO : ZERO_KEEP;

	tell("zero %s %zu at %zu\n", mode & KEEP ? "keep" : "", len, at);
	must_change(x.fd, mode, at, len);
	have(at, len);
	memset(x.image + at, 0, len);
	if (at + len > x.size) {
		if (!(mode & KEEP))
			x.size = at + len;
		else if ((off_t)(at + len) > x.prealloc)
			x.prealloc = at + len;
	}
}

static void do_punch(void)
{
	size_t at = any_place(LONGEST), len = any_length(LONGEST - at), end = at + len;

	if (!draw(4))
		len = LONGEST - at, end = LONGEST;
	tell("punch %zu at %zu\n", len, at);
	CHECK_OK(fallocate(x.fd, PUNCH, at, len));
	memset(x.image + at, 0, len);
	/* Up to the end of the file is to the end of its last page. */
	if (on_scriptfs() && end >= x.size && (off_t)end >= x.prealloc) {
		if ((off_t)at < x.prealloc)
			x.prealloc = TO_PAGES(at);
		end = LONGEST;
	} else if ((off_t)at < x.prealloc && (off_t)end >= x.prealloc) {
		x.prealloc = TO_PAGES(at);
	}
	forget(TO_PAGES(at), end / PAGE * PAGE);
}

static void do_splice(void)
{
	size_t at = any_place(LONGEST), len = any_length(LONGEST - at);
	off_t to = at;
	int pipes[2];

	if (len > (size_t)KiB(64))
		len = KiB(64);
	tell("splice %zu at %zu\n", len, at);
	make_bytes(len);
	CHECK_OK(pipe(pipes));
	CHECK_EQ(write(pipes[1], x.buf, len), len);
	while (to < (off_t)(at + len))
		CHECK_CMP(splice(pipes[0], NULL, x.fd, &to, at + len - to, 0), >, 0);
	close(pipes[0]);
	close(pipes[1]);
	written(at, len);
}

/* Pages for a pipe: only where the file has some. */
static void do_send(void)
{
	size_t at, len, got;
	off_t from;
	int pipes[2];

	if (!x.size)
		return;
	at = draw(x.size);
	len = any_length(x.size - at);
	if (len > (size_t)KiB(48))
		len = KiB(48);
	from = at;
	tell("send %zu at %zu\n", len, at);
	CHECK_OK(pipe(pipes));
	got = CHECK_OK(splice(x.fd, &from, pipes[1], NULL, len, 0));
	CHECK_EQ(read(pipes[0], x.buf, got), got);
	CHECK(memcmp(x.buf, x.image + at, got) == 0);
	close(pipes[0]);
	close(pipes[1]);
	if (!on_scriptfs())
		have(at, got);
}

static void do_copy(void)
{
	size_t at = any_place(LONGEST), len = any_length(LONGEST - at), i, n;
	size_t src = draw(2) ? draw(LONGEST - len + 1) : draw((LONGEST - len) / PAGE + 1) * PAGE;
	loff_t from = src, to = at;
	ssize_t done;

	tell("copy %zu at %zu from %zu\n", len, at, src);
	while (to < (loff_t)(at + len)) {
		done = copy_file_range(x.source, &from, x.fd, &to, at + len - to, 0);
		if (done <= 0)
			fail("copy_file_range");
	}
	memcpy(x.image + at, x.source_image + src, len);
	for (i = 0; i < len; i += n) {
		n = PAGE - (src + i) % PAGE;
		if (n > len - i)
			n = len - i;
		/* Page by page, zeroes are written for them. */
		if (!on_scriptfs() || !io_block() || x.source_has[(src + i) / PAGE])
			have(at + i, n);
	}
	if (at + len > x.size)
		x.size = at + len;
}

static void do_bad(void)
{
	size_t at = any_place(LONGEST), len, good;
	struct iovec iov[2];
	ssize_t done;

	if (at + 2 * PAGE > LONGEST)
		return;
	len = any_length(LONGEST - at - PAGE);
	good = draw(2) ? 0 : len;
	make_bytes(good + 1);
	iov[0].iov_base = x.buf;
	iov[0].iov_len = good;
	iov[1].iov_base = x.bad;
	iov[1].iov_len = 1 + draw(PAGE);
	if (draw(2)) {
		int fd = xopen("f", O_RDWR | O_APPEND);

		at = x.size;
		if (at + good + 2 * PAGE > LONGEST) {
			close(fd);
			return;
		}
		done = writev(fd, iov, 2);
		tell("bad append %zu and %zu: %zd\n", good, iov[1].iov_len, done);
		close(fd);
	} else {
		done = pwritev(x.fd, iov, 2, at);
		tell("bad write %zu and %zu at %zu: %zd\n", good, iov[1].iov_len, at, done);
	}
	if (done < 0)
		CHECK_ERR(done, EFAULT);
	if (done > 0)
		written(at, done);
}

static void do_read(void)
{
	size_t at, len;

	if (!x.size)
		return;
	at = draw(x.size);
	len = any_length(x.size - at);
	tell("read %zu at %zu\n", len, at);
	pread_full(x.fd, x.buf, len, at);
	if (memcmp(x.buf, x.image + at, len))
		WRONG("bytes");
}

void (*const operations[OPERATIONS])(void) = {
	do_write, do_sequential, do_store, do_look, do_truncate, do_allocate, do_zero, do_punch,
	do_splice, do_send, do_copy, do_bad, do_read,
};
