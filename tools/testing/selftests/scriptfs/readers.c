// SPDX-License-Identifier: GPL-2.0-only
/*
 * read(2) while the file changes. A short read takes no lock: still it sees a write whole or not at
 * all, never sees a byte of the file that the memory went to, and returns what any read returns,
 * whatever is wrong with the destination.
 */
#include "util.h"

#include <linux/falloc.h>
#include <pthread.h>
#include <sys/uio.h>

/* Reads up to this long take no lock. */
#define UNLOCKED	KiB(32)
#define RECORDS		18
#define READERS		2

/*
 * A file of records, each of which is always a single repeated letter, all zeroes or absent.
 * Whatever memory it gives up, another file takes at once and fills with POISON.
 */
struct records {
	size_t		len;	/* of a record */
	int		fd;
	unsigned long	rounds;
	void		(*change)(struct records *r, u64 *rng);
	unsigned int	busy;	/* threads that have not finished their rounds */
	unsigned long	seen;	/* reads that differed from the one before */
};

static void write_record(struct records *r, unsigned int which, u64 *rng)
{
	char *buf = xmalloc(r->len);

	memset(buf, 'a' + rnd(rng) % 26, r->len);
	pwrite_full(r->fd, buf, r->len, which * r->len);
	free(buf);
}

static unsigned int any_record(u64 *rng)
{
	return rnd(rng) % RECORDS;
}

static void overwrite(struct records *r, u64 *rng)
{
	write_record(r, any_record(rng), rng);
}

/* Make the file shorter, longer by zeroes, or longer by a record. */
static void cut_and_extend(struct records *r, u64 *rng)
{
	switch (rnd(rng) % 4) {
	case 0:
		CHECK_OK(ftruncate(r->fd, any_record(rng) * r->len));
		break;
	case 1:
		CHECK_OK(ftruncate(r->fd, RECORDS * r->len));
		break;
	default:
		write_record(r, any_record(rng), rng);
	}
}

/* As most programs replace a file. The last close cuts off what its last block has too much. */
static void rewrite(struct records *r, u64 *rng)
{
	struct records own = { .len = r->len };
	unsigned int i, nr = RECORDS - any_record(rng) / 4;

	own.fd = xopen("f", O_WRONLY | O_TRUNC);
	for (i = 0; i < nr; i++)
		write_record(&own, i, rng);
	close(own.fd);
}

static void punch(struct records *r, u64 *rng)
{
	unsigned int from = any_record(rng), nr = 1 + rnd(rng) % 8;

	switch (rnd(rng) % 4) {
	case 0:
		write_record(r, from, rng);
		return;
	case 1:
		/* A read that met a hole before now tries again and finds less. */
		CHECK_OK(ftruncate(r->fd, 0));
		for (from = 0; from < RECORDS; from++)
			write_record(r, from, rng);
		return;
	}
	if (from + nr > RECORDS)
		nr = RECORDS - from;
	CHECK_OK(fallocate(r->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from * r->len,
			   nr * r->len));
}

/* The thread that changes the file does this, so that a reader notices even after a short delay. */
static void steal(int fd, const char *poison)
{
	off_t at = 0;
	ssize_t done;

	while ((done = pwrite(fd, poison, KiB(64), at)) > 0)
		at += done;
	CHECK_EQ(errno, ENOSPC);
	CHECK_OK(ftruncate(fd, 0));
}

static void *changer(void *arg)
{
	struct records *r = arg;
	char *poison = xmalloc(KiB(64));
	int fd = xopen(".", O_TMPFILE | O_RDWR);
	u64 rng = 1;
	unsigned long i;

	memset(poison, POISON, KiB(64));
	/* Go on until the readers have seen some of the changes. */
	for (i = 0; i < r->rounds || __atomic_load_n(&r->seen, __ATOMIC_RELAXED) < 3; i++) {
		r->change(r, &rng);
		steal(fd, poison);
	}
	close(fd);
	free(poison);
	__atomic_sub_fetch(&r->busy, 1, __ATOMIC_RELAXED);
	return NULL;
}

static bool busy(struct records *r)
{
	return __atomic_load_n(&r->busy, __ATOMIC_RELAXED);
}

static void *reader(void *arg)
{
	struct records *r = arg;
	u64 rng = (unsigned long)&rng;
	unsigned char *buf = xmalloc(r->len), last = 0;
	int fd = xopen("f", O_RDONLY);

	while (busy(r)) {
		unsigned int which = any_record(&rng);
		ssize_t got;

		memset(buf, 0, r->len);
		got = CHECK_OK(pread(fd, buf, r->len, which * r->len));
		/* Not even beyond the end of a read that was tried again and came out shorter. */
		if (memchr(buf, POISON, r->len))
			fail("record %u, read of %zd: old data of another file", which, got);
		if (!got)
			continue;
		CHECK_EQ(got, r->len);
		if (buf[0] != 0 && (buf[0] < 'a' || buf[0] > 'z'))
			fail("record %u consists of %#x", which, buf[0]);
		check_bytes(buf, got, buf[0]);
		if (buf[0] != last)
			__atomic_add_fetch(&r->seen, 1, __ATOMIC_RELAXED);
		last = buf[0];
	}
	close(fd);
	free(buf);
	return NULL;
}

static void read_against(void (*change)(struct records *r, u64 *rng), unsigned long rounds)
{
	static const size_t lens[] = { KiB(4), 12345, UNLOCKED - 1, UNLOCKED };
	pthread_t threads[READERS + 1];
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		struct records r = {
			.len = lens[i], .rounds = scaled(rounds), .change = change, .busy = 1,
		};
		unsigned int nr = 0;

		r.fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
		/* rewrite() opens the file itself and must be the only writer. */
		if (change == rewrite) {
			close(r.fd);
			r.fd = -1;
		}
		for (j = 0; j < READERS; j++)
			CHECK_EQ(pthread_create(&threads[nr++], NULL, reader, &r), 0);
		CHECK_EQ(pthread_create(&threads[nr++], NULL, changer, &r), 0);
		while (nr)
			pthread_join(threads[--nr], NULL);
		if (r.fd >= 0)
			close(r.fd);
		CHECK_OK(unlink("f"));
		check_settled(".");
	}
}

static void against_overwrite(void)
{
	read_against(overwrite, 300);
}

static void against_truncate(void)
{
	read_against(cut_and_extend, 300);
}

static void against_rewrite(void)
{
	read_against(rewrite, 80);
}

static void against_punch(void)
{
	read_against(punch, 300);
}

/* The file that the next cases read: data, a hole, and data that ends at an odd offset. */
#define FILE_SIZE	(KiB(700) + 77)
#define HOLE		KiB(96)
#define HOLE_END	(KiB(200) + 50)

static int make_file(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	poison();
	write_file(fd, 0, HOLE, 1);
	write_file(fd, HOLE_END, FILE_SIZE - HOLE_END, 1);
	return fd;
}

static void check_read(const unsigned char *buf, size_t len, off_t offset)
{
	size_t i;

	for (i = 0; i < len; i++, offset++) {
		if (offset >= HOLE && offset < HOLE_END)
			check_bytes(buf + i, 1, 0);
		else if (i == 0 || offset % 1024 == 0 || i + 1 == len)
			check_fill(buf + i, 1, offset, 1);
	}
}

static const off_t places[] = {
	0, 1, 4095, KiB(32) - 7, KiB(64) - KiB(16), HOLE - 5000, HOLE, HOLE + 1, HOLE_END - 1,
	HOLE_END, KiB(512) - 10, FILE_SIZE - 1, FILE_SIZE - 100, FILE_SIZE - 5000,
	FILE_SIZE - UNLOCKED, FILE_SIZE, FILE_SIZE + 1, FILE_SIZE + MiB(3),
};

static const size_t sizes[] = {
	1, 100, 4096, 4097, 20000, UNLOCKED - 1, UNLOCKED, UNLOCKED + 1, KiB(64),
};

/* How many bytes a read at @offset must return. */
static ssize_t expected(off_t offset, size_t len)
{
	if (offset >= FILE_SIZE)
		return 0;
	return offset + (off_t)len > FILE_SIZE ? FILE_SIZE - offset : (ssize_t)len;
}

static void ends(void)
{
	int fd = make_file();
	unsigned char *buf = xmalloc(KiB(64) + 1);
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			ssize_t want = expected(places[i], sizes[j]);

			memset(buf, 0xee, sizes[j] + 1);
			CHECK_EQ(pread(fd, buf, sizes[j], places[i]), want);
			check_read(buf, want, places[i]);
			/* The byte after that must be untouched. */
			check_bytes(buf + want, sizes[j] + 1 - want, 0xee);

			CHECK_EQ(lseek(fd, places[i], SEEK_SET), places[i]);
			CHECK_EQ(read(fd, buf, sizes[j]), want);
			CHECK_EQ(lseek(fd, 0, SEEK_CUR), places[i] + want);
		}
	}
	CHECK_EQ(pread(fd, buf, 0, 0), 0);
	free(buf);
}

static unsigned char *fresh_memory(size_t len)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(map != MAP_FAILED);
	return map;
}

/* The destination is not faulted in yet. */
static void fresh_destination(void)
{
	int fd = make_file();
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			unsigned char *buf = fresh_memory(KiB(128));
			ssize_t want = expected(places[i], sizes[j]);

			CHECK_EQ(pread(fd, buf + 4000, sizes[j], places[i]), want);
			check_read(buf + 4000, want, places[i]);
			munmap(buf, KiB(128));
		}
	}
}

/* The destination ends before the read does: the read returns what fits, or EFAULT. */
static void short_destination(void)
{
	static const size_t rooms[] = { 0, 1, 100, 4096, 4097, 9000, 20000, UNLOCKED - 1 };
	unsigned char *buf = fresh_memory(KiB(128));
	int fd = make_file();
	unsigned int i, j;

	CHECK_OK(mprotect(buf + KiB(64), KiB(64), PROT_NONE));
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		for (j = 0; j < ARRAY_SIZE(rooms); j++) {
			unsigned char *to = buf + KiB(64) - rooms[j];
			ssize_t want = expected(places[i], UNLOCKED), got;

			CHECK_EQ(lseek(fd, places[i], SEEK_SET), places[i]);
			got = read(fd, to, UNLOCKED);
			if (want > (ssize_t)rooms[j]) {
				want = rooms[j];
				if (want == 0) {
					CHECK_ERR(got, EFAULT);
					continue;
				}
				/* A copy that hits the end need not be exact to the byte. */
				CHECK_CMP(got, <=, want);
				CHECK_CMP(got, >, want - PAGE);
				want = got > 0 ? got : 0;
			} else {
				CHECK_EQ(got, want);
			}
			check_read(to, want, places[i]);
			CHECK_EQ(lseek(fd, 0, SEEK_CUR), places[i] + want);
		}
	}
}

/* Many segments, some of them empty, in memory that is faulted in or not. */
static void segments(void)
{
	int fd = make_file();
	struct iovec iov[200];
	u64 rng = 1;
	unsigned int round, i;

	for (round = 0; round < scaled(600); round++) {
		unsigned int nr = 1 + rnd(&rng) % ARRAY_SIZE(iov);
		size_t most = 1 + rnd(&rng) % (2 * UNLOCKED / nr), len = 0;
		off_t at = places[rnd(&rng) % ARRAY_SIZE(places)];
		unsigned char *buf = fresh_memory(KiB(512)), *to = buf;
		ssize_t want;

		for (i = 0; i < nr; i++) {
			iov[i].iov_base = to;
			iov[i].iov_len = rnd(&rng) % 8 ? rnd(&rng) % (most + 1) : 0;
			len += iov[i].iov_len;
			/* Gaps show whether the bytes go to the right place. */
			to += iov[i].iov_len + rnd(&rng) % 2 * 1000;
		}
		if (rnd(&rng) % 2)
			memset(buf, 0xee, to - buf);
		want = expected(at, len);
		CHECK_EQ(preadv(fd, iov, nr, at), want);
		for (i = 0; i < nr; i++) {
			ssize_t part = iov[i].iov_len;

			if (part > want)
				part = want;

			check_read(iov[i].iov_base, part, at);
			at += part;
			want -= part;
		}
		munmap(buf, KiB(512));
	}
}

/* Read into a mapping of the same file: the page fault needs the file's locks. */
static void own_mapping(void)
{
	int fd = make_file();
	unsigned char *map;
	unsigned int i;

	CHECK_OK(ftruncate(fd, MiB(2)));
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		map = mmap(NULL, MiB(2), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		CHECK(map != MAP_FAILED);
		CHECK_EQ(pread(fd, map + MiB(1) + i * KiB(64), sizes[i], 10), sizes[i]);
		check_read(map + MiB(1) + i * KiB(64), sizes[i], 10);
		munmap(map, MiB(2));
	}
}

/* No more of the destination is touched than something is read to. */
static void large_destination(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), hole = xopen("hole", O_RDWR | O_CREAT);
	char *map;

	write_file(fd, 0, 5000, 1);
	CHECK_OK(ftruncate(hole, KiB(512)));
	map = mmap(NULL, KiB(512), PROT_READ | PROT_WRITE, MAP_SHARED, hole, 0);
	CHECK(map != MAP_FAILED);
	CHECK_EQ(pread(fd, map, KiB(512), 0), 5000);
	check_fill(map, 5000, 0, 1);
	munmap(map, KiB(512));
	close(hole);
	CHECK_CMP(held_by("hole"), <=, 2 * PAGE);
}

/* Read to where the stack, or what grows like one, has not been yet. */
static __attribute__((noinline)) void read_below_stack(int fd)
{
	char *low = (char *)__builtin_frame_address(0) - MiB(1);

	CHECK_EQ(pread(fd, low, KiB(64), 0), KiB(64));
	check_fill(low, KiB(64), 0, 1);
}

static void growing_destination(void)
{
	char *hole = mmap(NULL, MiB(4), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *map;
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, KiB(64), 1);
	read_below_stack(fd);

	CHECK(hole != MAP_FAILED);
	munmap(hole, MiB(4));
	map = mmap(hole + MiB(3), KiB(64), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
	CHECK(map != MAP_FAILED);
	CHECK_EQ(pread(fd, map - KiB(32), KiB(64), 0), KiB(64));
	check_fill(map - KiB(32), KiB(64), 0, 1);
	munmap(map - KiB(32), KiB(96));
	CHECK_ERR(pread(fd, hole, KiB(64), 0), EFAULT);
}

/* Little more than the file needs, so that its blocks are reused quickly. */
#define POEMS		"poem=24,strict"
#define MIXED		"poem=8,novel=4,medium=2,strict"

static const struct test tests[] = {
	{ "against_overwrite", against_overwrite, POEMS, T_BLOCK },
	{ "against_truncate", against_truncate, POEMS, T_BLOCK },
	{ "against_truncate_mixed", against_truncate, MIXED, T_BLOCK },
	{ "against_rewrite", against_rewrite, POEMS, T_BLOCK },
	{ "against_rewrite_mixed", against_rewrite, MIXED, T_BLOCK },
	{ "against_punch", against_punch, POEMS, T_BLOCK },
	{ "against_punch_mixed", against_punch, MIXED, T_BLOCK },
	{ "ends", ends, SMALL_POOL, 0 },
	{ "fresh_destination", fresh_destination, SMALL_POOL, 0 },
	{ "large_destination", large_destination, SMALL_POOL, 0 },
	{ "growing_destination", growing_destination, SMALL_POOL, 0 },
	{ "short_destination", short_destination, SMALL_POOL, 0 },
	{ "segments", segments, SMALL_POOL, 0 },
	{ "own_mapping", own_mapping, SMALL_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
