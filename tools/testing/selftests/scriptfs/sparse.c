// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads of a sparse file while page faults fill its holes. A read must return what was stored
 * before it began, wherever in its range a hole is filled meanwhile; the same goes for copies made
 * in the kernel, and for the places where lseek(2) finds data and holes.
 *
 * The file is filled from its end, a unit at a time, and each look begins in the hole before the
 * unit that was filled last. So a reader begins in the unit that is filled next, and goes on over
 * units that had their data before.
 */
#include "util.h"

#include <pthread.h>
#include <sys/sendfile.h>

#define FILE_SIZE	MiB(16)
#define MARK		0x6b72616d65736f6fULL	/* the first bytes of a filled unit */

/**
 * struct sparse - a file that is filled over and over
 * @fd:		the file
 * @map:	a mapping of all of it
 * @unit:	how much one fault is expected to fill
 * @reach:	a look begins at most this far before the filled units
 * @most:	a look is at most this long, unless it needs more to reach them
 * @round:	goes up by two each time the file is cut; odd while it is being cut
 * @front:	the file is filled from this unit on
 * @stop:	set to end the reader
 * @begun:	how many looks have begun
 * @looks:	how many looks found data
 * @look:	how to look at the file
 */
struct sparse {
	int		fd;
	unsigned char	*map;
	size_t		unit;
	size_t		reach;
	size_t		most;
	unsigned long	round;
	unsigned long	front;
	bool		stop;
	unsigned long	begun;
	unsigned long	looks;
	void		(*look)(struct sparse *s, u64 *rng);
};

/**
 * struct view - what a look must find
 * @round:	the round it began in
 * @front:	the first unit that has its data
 * @at:		where it begins, in the hole before that
 * @len:	its length
 */
struct view {
	unsigned long	round;
	unsigned long	front;
	off_t		at;
	size_t		len;
};

static bool view_begin(struct sparse *s, struct view *v, u64 *rng)
{
	off_t data;

	v->round = __atomic_load_n(&s->round, __ATOMIC_ACQUIRE);
	v->front = __atomic_load_n(&s->front, __ATOMIC_ACQUIRE);
	if (v->round % 2 || !v->front || v->front * s->unit >= FILE_SIZE)
		return false;
	data = v->front * s->unit;
	v->at = data - 1 - rnd(rng) % s->reach;
	/* Long enough to include data that is there for sure. */
	v->len = data + sizeof(u64) - v->at;
	if (v->len < s->most)
		v->len += rnd(rng) % (s->most - v->len + 1);
	if (v->at + v->len > FILE_SIZE)
		v->len = FILE_SIZE - v->at;
	__atomic_add_fetch(&s->begun, 1, __ATOMIC_RELEASE);
	return true;
}

/* Has the file only been filled since? Otherwise the look proves nothing. */
static bool view_holds(struct sparse *s, const struct view *v)
{
	return __atomic_load_n(&s->round, __ATOMIC_ACQUIRE) == v->round;
}

static void check_view(struct sparse *s, const struct view *v, const char *what, ssize_t got,
		       const unsigned char *buf)
{
	int err = errno;
	unsigned long unit;
	u64 mark;

	if (!view_holds(s, v))
		return;
	errno = err;
	if (got != (ssize_t)v->len)
		fail("%s of %zu at %lld, data from %lld: %zd", what, v->len, (long long)v->at,
		     (long long)(v->front * s->unit), got);
	for (unit = v->front; unit * s->unit + sizeof(mark) <= v->at + v->len; unit++) {
		memcpy(&mark, buf + unit * s->unit - v->at, sizeof(mark));
		if (mark != MARK)
			fail("%s of %zu at %lld: %llx at %lld, where data was stored before", what,
			     v->len, (long long)v->at, mark, (long long)(unit * s->unit));
	}
	__atomic_add_fetch(&s->looks, 1, __ATOMIC_RELAXED);
}

static __thread unsigned char *buffer;

static void by_read(struct sparse *s, u64 *rng)
{
	struct view v;
	ssize_t got;

	if (!view_begin(s, &v, rng))
		return;
	got = pread(s->fd, buffer, v.len, v.at);
	check_view(s, &v, "pread", got, buffer);
}

/* Copy into an empty file, where bytes that the copy leaves out are zeroes. */
static void by_copy(struct sparse *s, u64 *rng)
{
	static __thread int copy = -1;
	struct view v;
	loff_t from, to = 0;
	ssize_t got;

	if (copy < 0)
		copy = xopen(".", O_TMPFILE | O_RDWR);
	CHECK_OK(ftruncate(copy, 0));
	if (!view_begin(s, &v, rng))
		return;
	from = v.at;
	while (to < (loff_t)v.len) {
		got = copy_file_range(s->fd, &from, copy, &to, v.len - to, 0);
		/* If nothing came, the file must have been cut meanwhile. */
		if (got <= 0) {
			check_view(s, &v, "copy_file_range", got, buffer);
			return;
		}
	}
	got = pread(copy, buffer, v.len, 0);
	check_view(s, &v, "copy_file_range", got, buffer);
}

static void by_pipe(struct sparse *s, u64 *rng)
{
	static __thread int pipes[2] = { -1, -1 };
	struct view v;
	size_t done = 0;
	ssize_t got = 0;
	loff_t from;

	if (pipes[0] < 0)
		CHECK_OK(pipe2(pipes, O_CLOEXEC));
	if (!view_begin(s, &v, rng))
		return;
	from = v.at;
	while (done < v.len) {
		got = splice(s->fd, &from, pipes[1], NULL, v.len - done, 0);
		if (got <= 0)
			break;
		CHECK_EQ(read(pipes[0], buffer + done, got), got);
		done += got;
	}
	check_view(s, &v, "splice", got < 0 ? got : (ssize_t)done, buffer);
}

static void by_seek(struct sparse *s, u64 *rng)
{
	struct view v;
	off_t data, got;

	if (!view_begin(s, &v, rng))
		return;
	data = v.front * s->unit;
	got = lseek(s->fd, v.at, SEEK_DATA);
	if (view_holds(s, &v) && (got < v.at || got > data))
		fail("SEEK_DATA from %lld, data at %lld: %lld", (long long)v.at, (long long)data,
		     (long long)got);
	got = lseek(s->fd, v.at, SEEK_HOLE);
	if (view_holds(s, &v) && (got < v.at || got > FILE_SIZE))
		fail("SEEK_HOLE from %lld, data at %lld: %lld", (long long)v.at, (long long)data,
		     (long long)got);
	got = lseek(s->fd, data, SEEK_HOLE);
	if (view_holds(s, &v) && (got < data + PAGE || got > FILE_SIZE))
		fail("SEEK_HOLE from data at %lld: %lld", (long long)data, (long long)got);
	__atomic_add_fetch(&s->looks, 1, __ATOMIC_RELAXED);
}

static void *reader(void *arg)
{
	struct sparse *s = arg;
	u64 rng = (unsigned long)&rng;

	buffer = xmalloc(s->most + sizeof(u64) + s->reach);
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED))
		s->look(s, &rng);
	free(buffer);
	return NULL;
}

static void cut(struct sparse *s)
{
	__atomic_add_fetch(&s->round, 1, __ATOMIC_SEQ_CST);
	CHECK_OK(ftruncate(s->fd, 0));
	CHECK_OK(ftruncate(s->fd, FILE_SIZE));
	__atomic_store_n(&s->front, FILE_SIZE / s->unit, __ATOMIC_RELEASE);
	__atomic_add_fetch(&s->round, 1, __ATOMIC_SEQ_CST);
}

/* Wait until a look has begun and is somewhere in the middle. */
static void wait_for_look(struct sparse *s, u64 *rng)
{
	unsigned long begun = __atomic_load_n(&s->begun, __ATOMIC_ACQUIRE), wait;

	/* The reader may not be running just now. */
	for (wait = 0; wait < 200000; wait++)
		if (__atomic_load_n(&s->begun, __ATOMIC_ACQUIRE) != begun)
			break;
	for (wait = rnd(rng) % 3000; wait; wait--)
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void fill_units(struct sparse *s, unsigned long nr)
{
	unsigned long unit = 0;
	const u64 mark = MARK;
	u64 rng = 1;

	for (; nr; nr--) {
		if (!unit) {
			cut(s);
			unit = FILE_SIZE / s->unit;
		}
		unit--;
		if ((unit + 1) * s->unit < FILE_SIZE)
			wait_for_look(s, &rng);
		memcpy(s->map + unit * s->unit, &mark, sizeof(mark));
		__atomic_store_n(&s->front, unit, __ATOMIC_RELEASE);
	}
}

static void race(struct sparse *s, unsigned long units)
{
	pthread_t thread;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("only one processor");
	s->fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
	s->map = map_file(s->fd, FILE_SIZE);
	CHECK_EQ(pthread_create(&thread, NULL, reader, s), 0);
	fill_units(s, scaled(units));
	__atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	/* With fewer, nothing was tested. */
	CHECK_CMP(s->looks, >, 10);
	note("%lu looks", s->looks);
}

/* Reads of up to 32 KiB take no lock. */
static void short_reads(void)
{
	race(&(struct sparse) {
		.unit = KiB(32), .reach = KiB(8), .most = KiB(32), .look = by_read,
	}, 8000);
}

static void long_reads(void)
{
	race(&(struct sparse) {
		.unit = KiB(32), .reach = KiB(30), .most = KiB(128), .look = by_read,
	}, 8000);
}

/* A page is all that a fault fills where the class does not say otherwise. */
static void short_reads_of_pages(void)
{
	race(&(struct sparse) {
		.unit = PAGE, .reach = PAGE, .most = KiB(32), .look = by_read,
	}, 6000);
}

static void long_reads_of_pages(void)
{
	race(&(struct sparse) {
		.unit = PAGE, .reach = PAGE, .most = KiB(128), .look = by_read,
	}, 6000);
}

/* The block that fills the hole begins far before the place of the read. */
static void short_reads_of_mediums(void)
{
	race(&(struct sparse) {
		.unit = KiB(512), .reach = KiB(20), .most = KiB(32), .look = by_read,
	}, 2000);
}

static void long_reads_of_mediums(void)
{
	race(&(struct sparse) {
		.unit = KiB(512), .reach = KiB(100), .most = KiB(200), .look = by_read,
	}, 2000);
}

static void copies(void)
{
	race(&(struct sparse) {
		.unit = KiB(32), .reach = KiB(8), .most = KiB(60), .look = by_copy,
	}, 6000);
}

static void pipes(void)
{
	race(&(struct sparse) {
		.unit = KiB(32), .reach = KiB(20), .most = KiB(60), .look = by_pipe,
	}, 6000);
}

static void seeks_of_pages(void)
{
	race(&(struct sparse) { .unit = PAGE, .reach = PAGE, .look = by_seek }, 6000);
}

static void seeks(void)
{
	race(&(struct sparse) { .unit = KiB(32), .reach = KiB(32), .look = by_seek }, 8000);
}

static void seeks_of_mediums(void)
{
	race(&(struct sparse) { .unit = KiB(512), .reach = KiB(512), .look = by_seek }, 2000);
}

#define POEMS	"poem=600,class=poem,size=48M"
#define MEDIUMS	"medium=36,class=medium,size=48M"
#define PAGES	"poem=64,large=8,size=48M"

static const struct test tests[] = {
	{ "short_reads", short_reads, POEMS, 0 },
	{ "long_reads", long_reads, POEMS, 0 },
	{ "short_reads_of_pages", short_reads_of_pages, PAGES, 0 },
	{ "long_reads_of_pages", long_reads_of_pages, PAGES, 0 },
	{ "short_reads_of_mediums", short_reads_of_mediums, MEDIUMS, 0 },
	{ "long_reads_of_mediums", long_reads_of_mediums, MEDIUMS, 0 },
	{ "copies", copies, POEMS, 0 },
	{ "pipes", pipes, POEMS, 0 },
	{ "seeks", seeks, POEMS, 0 },
	{ "seeks_of_pages", seeks_of_pages, PAGES, 0 },
	{ "seeks_of_mediums", seeks_of_mediums, MEDIUMS, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
