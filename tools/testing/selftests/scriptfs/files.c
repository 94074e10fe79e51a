// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the scriptfs selftests do with files and bytes, see util.h.
 */
#include "util.h"

#include <ftw.h>
#include <sys/statfs.h>

u64 rnd(u64 *state)
{
	u64 x = *state += 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* Eight bytes of the pattern; every byte is odd and below 128: not zero and not POISON. */
static u64 fill_word(u64 index, u64 seed)
{
	u64 x = (index + 1) * 0x9e3779b97f4a7c15 + seed * 0xd1342543de82ef95;

	return ((x ^ (x >> 29)) & 0x7f7f7f7f7f7f7f7f) | 0x0101010101010101;
}

static unsigned char fill_byte(u64 offset, u64 seed)
{
	return fill_word(offset / 8, seed) >> (offset % 8 * 8);
}

void fill(void *buf, size_t len, u64 offset, u64 seed)
{
	unsigned char *p = buf;
	u64 word;

	for (; len && offset % 8; len--, offset++)
		*p++ = fill_byte(offset, seed);
	for (; len >= 8; len -= 8, offset += 8, p += 8) {
		word = fill_word(offset / 8, seed);
		memcpy(p, &word, 8);
	}
	for (; len; len--, offset++)
		*p++ = fill_byte(offset, seed);
}

static void check_fill_byte(unsigned char byte, u64 offset, u64 seed)
{
	if (byte != fill_byte(offset, seed))
		fail("byte at %llu is %#x, expected %#x%s", (unsigned long long)offset, byte,
		     fill_byte(offset, seed), byte == POISON ? ": old data of another file" : "");
}

void check_fill(const void *buf, size_t len, u64 offset, u64 seed)
{
	const unsigned char *p = buf;
	u64 word;

	for (; len && offset % 8; len--, offset++)
		check_fill_byte(*p++, offset, seed);
	for (; len >= 8; len -= 8, offset += 8, p += 8) {
		memcpy(&word, p, 8);
		if (word != fill_word(offset / 8, seed))
			break;
	}
	for (; len; len--, offset++)
		check_fill_byte(*p++, offset, seed);
}

void check_bytes(const void *buf, size_t len, unsigned char byte)
{
	const unsigned char *p = buf;
	size_t i;

	if (!len || (p[0] == byte && memcmp(p, p + 1, len - 1) == 0))
		return;
	for (i = 0; p[i] == byte; i++)
		;
	fail("byte %zu of %zu is %#x, expected %#x%s", i, len, p[i], byte,
	     p[i] == POISON ? ": old data of another file" : "");
}

void *xmalloc(size_t len)
{
	void *p = malloc(len);

	if (!p)
		fail("no memory for %zu bytes", len);
	return p;
}

int xopen(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd < 0)
		fail("open %s", path);
	return fd;
}

off_t file_size(int fd)
{
	struct stat st;

	CHECK_OK(fstat(fd, &st));
	return st.st_size;
}

struct stat stat_of(const char *path)
{
	struct stat st;

	if (lstat(path, &st))
		fail("lstat %s", path);
	return st;
}

/* A new, empty file. */
void touch(const char *path)
{
	close(xopen(path, O_WRONLY | O_CREAT | O_EXCL));
}

/* Bytes of memory the file holds. */
unsigned long long file_held(int fd)
{
	struct stat st;

	CHECK_OK(fstat(fd, &st));
	return st.st_blocks * 512ULL;
}

unsigned long long held_by(const char *path)
{
	return stat_of(path).st_blocks * 512ULL;
}

/* Bytes that a write could get now, as df(1) shows them. */
unsigned long long available(void)
{
	struct statfs st;

	CHECK_OK(statfs(".", &st));
	return (unsigned long long)st.f_bavail * st.f_bsize;
}

void pwrite_full(int fd, const void *buf, size_t len, off_t offset)
{
	ssize_t done = pwrite(fd, buf, len, offset);

	if (done != (ssize_t)len)
		fail("pwrite of %zu at %lld: %zd", len, (long long)offset, done);
}

void pread_full(int fd, void *buf, size_t len, off_t offset)
{
	ssize_t done = pread(fd, buf, len, offset);

	if (done != (ssize_t)len)
		fail("pread of %zu at %lld: %zd", len, (long long)offset, done);
}

enum piece_job { PIECE_WRITE, PIECE_CHECK, PIECE_ZERO };

static void by_pieces(enum piece_job job, int fd, off_t offset, size_t len, u64 seed)
{
	size_t piece = len < MiB(1) ? len : MiB(1);
	char *buf = xmalloc(piece + 1);

	for (; len; len -= piece, offset += piece) {
		if (piece > len)
			piece = len;
		if (job == PIECE_WRITE) {
			fill(buf, piece, offset, seed);
			pwrite_full(fd, buf, piece, offset);
			continue;
		}
		pread_full(fd, buf, piece, offset);
		if (job == PIECE_CHECK)
			check_fill(buf, piece, offset, seed);
		else
			check_bytes(buf, piece, 0);
	}
	free(buf);
}

void write_file(int fd, off_t offset, size_t len, u64 seed)
{
	by_pieces(PIECE_WRITE, fd, offset, len, seed);
}

void check_file(int fd, off_t offset, size_t len, u64 seed)
{
	by_pieces(PIECE_CHECK, fd, offset, len, seed);
}

void check_zero(int fd, off_t offset, size_t len)
{
	by_pieces(PIECE_ZERO, fd, offset, len, 0);
}

/* Write until there is no space; gives how much there was. */
size_t write_all(int fd, size_t piece, u64 seed)
{
	char *buf = xmalloc(piece);
	size_t total = 0;
	ssize_t done;

	do {
		fill(buf, piece, total, seed);
		done = pwrite(fd, buf, piece, total);
		if (done > 0)
			total += done;
	} while (done > 0);
	CHECK_EQ(done, -1);
	CHECK_EQ(errno, ENOSPC);
	free(buf);
	CHECK_EQ(file_size(fd), total);
	return total;
}

unsigned char *map_file(int fd, size_t len)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	return map;
}

/* The same, mapped page by page. */
unsigned char *map_pages(int fd, size_t len, int prot)
{
	void *map = mmap(NULL, len, prot, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	/* Where there are no huge pages this is no advice. */
	madvise(map, len, MADV_NOHUGEPAGE);
	return map;
}

/* Leave POISON in every idle page of a SMALL_POOL. */
void poison(void)
{
	char *buf = xmalloc(KiB(64));
	off_t at;
	int fd = xopen("poison", O_RDWR | O_CREAT | O_EXCL);

	memset(buf, POISON, KiB(64));
	for (at = 0; at < MiB(16) && pwrite(fd, buf, KiB(64), at) > 0; at += KiB(64))
		;
	if (on_scriptfs())
		CHECK_EQ(counter(NULL, "free"), 0);
	close(fd);
	CHECK_OK(unlink("poison"));
	free(buf);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	if (ftw->level && remove(path))
		note("cannot remove %s: %s", path, strerror(errno));
	return 0;
}

void remove_all(const char *dir)
{
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* Read up to @len - 1 bytes of a small file; gives how many, 0 when there is no file. */
size_t read_text(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t got;

	if (fd < 0)
		return 0;
	while (have < len - 1 && (got = read(fd, buf + have, len - 1 - have)) > 0)
		have += got;
	close(fd);
	buf[have] = '\0';
	return have;
}

bool write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t done;

	if (fd < 0)
		return false;
	done = write(fd, text, strlen(text));
	close(fd);
	return done == (ssize_t)strlen(text);
}
