// SPDX-License-Identifier: GPL-2.0-only
/*
 * R1: what fits into the reserve needs no other memory. Every allocation that a call here makes
 * fails, of slab and of pages, and of all kinds, those that may wait included; and every write,
 * fallocate(2), punch, truncate, read and close does what it would do otherwise.
 *
 * faults.c lets one allocation fail at a time, of operations that may return ENOMEM.
 */
#include "fallocate.h"

#define DEBUGFS		"/sys/kernel/debug"
/* No call is longer. */
#define LONGEST		MiB(2)

static int make_it_fail = -1;

/* Bytes to write, twice, so that LONGEST of them can begin anywhere; and where a read goes to. */
static unsigned char *bytes;
static unsigned char *copy;

static bool set_knob(const char *what, const char *knob, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", what, knob);
	return write_text(path, value);
}

/* From here on no allocation of this task succeeds. */
static void starve(void)
{
	CHECK_EQ(pwrite(make_it_fail, "1", 1, 0), 1);
}

static void feed(void)
{
	int err = errno;

	CHECK_EQ(pwrite(make_it_fail, "0", 1, 0), 1);
	errno = err;
}

/* The stack will not grow while allocations fail. */
static void use_stack(void)
{
	unsigned char deep[16 * PAGE];

	fill(deep, sizeof(deep), 0, 1);
	check_fill(deep, sizeof(deep), 0, 1);
}

/* The task's own page faults are not what is tested. */
static void prepare_task(void)
{
	make_it_fail = open("/proc/self/make-it-fail", O_RDWR | O_CLOEXEC);
	if (make_it_fail < 0)
		skip("no fault injection in this kernel");
	if (!bytes) {
		bytes = xmalloc(2 * LONGEST);
		copy = xmalloc(LONGEST);
	}
	fill(bytes, LONGEST, 0, 1);
	memcpy(bytes + LONGEST, bytes, LONGEST);
	memset(copy, 1, LONGEST);
	use_stack();
	CHECK_OK(mlockall(MCL_CURRENT));
}

/* All allocations of starving tasks fail, for good. Others are not touched. */
static void prepare(void)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc" };
	unsigned int i;
	int fd;

	if (access(DEBUGFS "/failslab", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (!set_knob(kinds[i], "task-filter", "Y") ||
		    !set_knob(kinds[i], "ignore-gfp-wait", "N") ||
		    !set_knob(kinds[i], "interval", "1") ||
		    !set_knob(kinds[i], "space", "0") || !set_knob(kinds[i], "times", "-1") ||
		    !set_knob(kinds[i], "probability", "100"))
			skip("no fault injection in this kernel");
		set_knob(kinds[i], "verbose", "0");
	}
	set_knob("fail_page_alloc", "ignore-gfp-highmem", "N");
	set_knob("fail_page_alloc", "min-order", "0");
	prepare_task();
	/* To open a file takes memory of the kernel's: this shows that they do fail. */
	starve();
	fd = open("new", O_RDWR | O_CREAT, 0600);
	feed();
	CHECK_ERR(fd, ENOMEM);
}

/* The bytes that belong at @at, in every file. */
static const unsigned char *bytes_for(off_t at)
{
	return bytes + at % LONGEST;
}

/* The calls, starving. */
static void put(int fd, off_t at, size_t len)
{
	ssize_t done;

	starve();
	done = pwrite(fd, bytes_for(at), len, at);
	feed();
	if (done != (ssize_t)len)
		fail("write of %zu at %lld with %llu bytes idle: %zd", len, (long long)at,
		     counter(NULL, "free"), done);
}

static void get(int fd, off_t at, size_t len)
{
	ssize_t done;

	starve();
	done = pread(fd, copy, len, at);
	feed();
	if (done != (ssize_t)len)
		fail("read of %zu at %lld: %zd", len, (long long)at, done);
}

static void allocate(int fd, int mode, off_t at, off_t len)
{
	int ret;

	starve();
	ret = fallocate(fd, mode, at, len);
	feed();
	if (ret)
		fail("fallocate, mode %#x, of %lld at %lld with %llu bytes idle", mode,
		     (long long)len, (long long)at, counter(NULL, "free"));
}

static void cut(int fd, off_t size)
{
	int ret;

	starve();
	ret = ftruncate(fd, size);
	feed();
	if (ret)
		fail("ftruncate to %lld", (long long)size);
}

static void end(int fd)
{
	int ret;

	starve();
	ret = close(fd);
	feed();
	CHECK_OK(ret);
}

/* Nothing but the end of the reserve stops a write. */
static void put_too_much(int fd, off_t at)
{
	ssize_t done;

	CHECK_EQ(counter(NULL, "free"), 0);
	starve();
	done = pwrite(fd, bytes, 1, at);
	feed();
	CHECK_ERR(done, ENOSPC);
}

static int new_file(const char *name)
{
	return xopen(name, O_RDWR | O_CREAT | O_EXCL);
}

static void remove_file(int fd, const char *name)
{
	end(fd);
	CHECK_OK(unlink(name));
	check_settled(".");
}

static void check_put(int fd, off_t at, size_t len)
{
	pread_full(fd, copy, len, at);
	if (memcmp(copy, bytes_for(at), len))
		fail("%zu bytes at %lld are not what was written", len, (long long)at);
}

static void sequential(void)
{
	static const size_t parts[] = { 1000, PAGE, KiB(10), KiB(64), MiB(1), MiB(2) };
	unsigned int i;

	prepare();
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		unsigned long long all = counter(NULL, "free"), at;
		int fd = new_file("f");

		for (at = 0; at < all; at += parts[i])
			put(fd, at, parts[i] < all - at ? parts[i] : all - at);
		put_too_much(fd, all);
		for (at = 0; at < all; at += PAGE)
			check_put(fd, at, PAGE);
		for (at = 0; at < all; at += MiB(1))
			get(fd, at, all - at < MiB(1) ? all - at : MiB(1));
		remove_file(fd, "f");
	}
}

/* Anywhere in a file as long as the reserve, over what is there and into holes. */
static void random_places(void)
{
	unsigned long long all, at;
	unsigned long i;
	u64 rng = 1;
	int fd;

	prepare();
	fd = new_file("f");
	all = counter(NULL, "free");
	for (i = 0; i < scaled(3000); i++) {
		size_t len = 1 + rnd(&rng) % (2U << rnd(&rng) % 18);

		at = rnd(&rng) % all;
		put(fd, at, len < all - at ? len : all - at);
		if (i % 8 == 0)
			get(fd, at / 2, PAGE);
	}
	/* Fill what holes there are left. */
	for (at = 0; at < all; at += PAGE)
		put(fd, at, PAGE);
	put_too_much(fd, all);
	for (at = 0; at < all; at += PAGE)
		check_put(fd, at, PAGE);
	remove_file(fd, "f");
}

/* As many pages as there are, as far from each other as possible. */
static void sparse(void)
{
	unsigned long long all, i;
	int fd;

	prepare();
	fd = new_file("f");
	all = counter(NULL, "free") / PAGE;
	for (i = 0; i < all; i++)
		put(fd, i * MiB(300), 1);
	put_too_much(fd, all * MiB(300));
	cut(fd, all * MiB(300));
	CHECK_EQ(file_held(fd), all * PAGE);
	for (i = 0; i < all; i += 7) {
		check_put(fd, i * MiB(300), 1);
		get(fd, i * MiB(300) + PAGE, PAGE);
	}
	remove_file(fd, "f");
}

#define PIECES	4096U

/* A file of 4096 pieces, made upwards, downwards and in any order; then all gaps are filled. */
static void many_pieces(void)
{
	unsigned int order, i;
	int fd;

	prepare();
	CHECK_CMP(counter(NULL, "free"), >=, 2 * PIECES * PAGE);
	for (order = 0; order < 3; order++) {
		fd = new_file("f");
		for (i = 0; i < PIECES; i++) {
			unsigned int which = order == 0 ? i : PIECES - 1 - i;

			/* An odd factor visits each once. */
			if (order == 2)
				which = i * 2654435761U % PIECES;
			put(fd, which * 2 * PAGE, PAGE);
		}
		CHECK_EQ(file_held(fd), PIECES * PAGE);
		for (i = 0; i < PIECES; i++)
			put(fd, (2 * i + 1) * PAGE, PAGE);
		CHECK_EQ(file_held(fd), 2 * PIECES * PAGE);
		for (i = 0; i < 2 * PIECES; i++)
			check_put(fd, i * PAGE, PAGE);
		remove_file(fd, "f");
	}
}

/* As most programs replace a file: open(2) may fail for want of memory, but nothing after it. */
static void rewritten(void)
{
	unsigned long long all, at;
	unsigned long i;
	u64 rng = 2;

	prepare();
	all = counter(NULL, "free");
	touch("f");
	for (i = 0; i < scaled(100); i++) {
		size_t part = 1 + rnd(&rng) % KiB(500), most = i % 4 ? all / 16 : all;
		int fd = xopen("f", O_RDWR | O_TRUNC);

		CHECK_EQ(counter(NULL, "free"), all);
		for (at = 0; at < most; at += part)
			put(fd, at, part < most - at ? part : most - at);
		check_put(fd, most / 2, PAGE);
		if (i % 3 == 0) {
			cut(fd, 0);
			put(fd, 0, part);
		}
		end(fd);
	}
	CHECK_OK(unlink("f"));
	check_settled(".");
}

static void allocated(void)
{
	unsigned long long all, at;
	int fd;

	prepare();
	fd = new_file("f");
	all = counter(NULL, "free");
	allocate(fd, 0, 0, all);
	put_too_much(fd, all);
	for (at = 0; at < all; at += KiB(100))
		put(fd, at, KiB(100) < all - at ? KiB(100) : all - at);
	allocate(fd, ZERO, KiB(5), all / 2);
	check_zero(fd, KiB(5), all / 2);
	cut(fd, 0);
	/* Around what is there. */
	for (at = KiB(4); at < all; at += KiB(36))
		put(fd, at, 1);
	allocate(fd, KEEP, 0, all);
	CHECK_EQ(file_held(fd), all);
	put_too_much(fd, all);
	cut(fd, 1);
	end(fd);
	CHECK_EQ(held_by("f"), PAGE);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

/* Holes of all sizes in a file that takes all there is, and back again. */
static void punched_and_refilled(void)
{
	unsigned long long all, at;
	unsigned long i;
	size_t len;
	u64 rng = 3;
	int fd;

	prepare();
	fd = new_file("f");
	all = counter(NULL, "free");
	for (at = 0; at < all; at += MiB(1))
		put(fd, at, all - at < MiB(1) ? all - at : MiB(1));
	for (i = 0; i < scaled(1500); i++) {
		at = rnd(&rng) % (all / PAGE) * PAGE;
		len = (1 + rnd(&rng) % (2U << rnd(&rng) % 9)) * PAGE;
		if (len > all - at)
			len = all - at;
		if (len > (size_t)LONGEST)
			len = LONGEST;
		allocate(fd, PUNCH, at, len);
		CHECK_EQ(counter(NULL, "free"), len);
		get(fd, at, PAGE);
		put(fd, at, len);
		CHECK_EQ(counter(NULL, "free"), 0);
	}
	/* Every other page, all the way: as many pieces as there can be. */
	for (at = 0; at < all; at += 2 * PAGE)
		allocate(fd, PUNCH, at, PAGE);
	CHECK_EQ(file_held(fd), all / 2);
	for (at = 0; at < all; at += 2 * PAGE)
		put(fd, at, PAGE);
	put_too_much(fd, all);
	for (at = 0; at < all; at += PAGE)
		check_put(fd, at, PAGE);
	/* Shorter by a little at a time. */
	for (at = all; at > all / 2; at -= 3 * PAGE) {
		cut(fd, at - 1);
		CHECK_EQ(file_held(fd), at);
	}
	remove_file(fd, "f");
}

/* The last close cuts off what a growing file has too much, and that is there for the next one. */
static void closed(void)
{
	unsigned long long all, at;
	unsigned int i;
	char name[16];
	int fd;

	prepare();
	all = counter(NULL, "free");
	for (i = 0; counter(NULL, "free") >= KiB(200); i++) {
		snprintf(name, sizeof(name), "%u", i);
		fd = new_file(name);
		for (at = 0; at < (unsigned long long)KiB(68) + 1; at += KiB(4))
			put(fd, at, at < (unsigned long long)KiB(68) ? KiB(4) : 1);
		end(fd);
		CHECK_EQ(held_by(name), KiB(72));
		CHECK_EQ(counter(NULL, "free"), all - (i + 1) * KiB(72));
	}
	while (i--) {
		snprintf(name, sizeof(name), "%u", i);
		fd = xopen(name, O_RDWR);
		check_put(fd, 0, KiB(68) + 1);
		cut(fd, KiB(5));
		end(fd);
		CHECK_EQ(held_by(name), KiB(8));
		CHECK_OK(unlink(name));
	}
	check_settled(".");
}

#define WRITERS	4

static void write_alone(void *arg)
{
	unsigned long who = (unsigned long)arg, i;
	unsigned long long share = counter(NULL, "reserve") / WRITERS / 2, at;
	u64 rng = who;
	char name[16];
	int fd, common;

	snprintf(name, sizeof(name), "w%lu", who);
	fd = new_file(name);
	common = xopen("common", O_RDWR);
	/* Locked memory does not come with a fork. */
	prepare_task();
	for (i = 0; i < scaled(20); i++) {
		size_t part = 1 + rnd(&rng) % KiB(80);

		/* Small parts, so that nobody gets much more than it needs meanwhile. */
		for (at = 0; at < share; at += part)
			put(fd, at, part < share - at ? part : share - at);
		check_put(fd, share - PAGE, PAGE);
		for (at = who * PAGE; at < share; at += WRITERS * PAGE)
			put(common, at, PAGE);
		allocate(fd, PUNCH, PAGE, share / 2);
		if (i % 2)
			cut(fd, 0);
	}
	end(fd);
	end(common);
}

/* Each in its own file and all in one, which together use less than there is. */
static void several_writers(void)
{
	unsigned long i;
	pid_t pids[WRITERS];
	char name[16];

	prepare();
	close(new_file("common"));
	for (i = 0; i < WRITERS; i++)
		pids[i] = start(write_alone, (void *)i);
	for (i = 0; i < WRITERS; i++)
		finish(pids[i]);
	for (i = 0; i < WRITERS; i++) {
		snprintf(name, sizeof(name), "w%lu", i);
		CHECK_OK(unlink(name));
	}
	CHECK_OK(unlink("common"));
	check_settled(".");
}

#define ONE_OF_ALL	"poem=64,novel=32,medium=12,large=10,strict"
#define POEMS		"poem=1024,strict"
#define LARGES		"large=16,strict"

/* With io=page the page cache needs memory for every page that it has: so T_BLOCK. */
static const struct test tests[] = {
	{ "sequential", sequential, ONE_OF_ALL, T_BLOCK },
	{ "sequential_in_poems", sequential, POEMS, T_BLOCK },
	{ "sequential_in_larges", sequential, LARGES, T_BLOCK },
	{ "random_places", random_places, ONE_OF_ALL, T_BLOCK },
	{ "random_places_in_poems", random_places, POEMS, T_BLOCK },
	{ "random_places_in_larges", random_places, LARGES, T_BLOCK },
	{ "sparse", sparse, ONE_OF_ALL, T_BLOCK },
	{ "sparse_in_poems", sparse, POEMS, T_BLOCK },
	{ "sparse_in_larges", sparse, LARGES, T_BLOCK },
	{ "many_pieces_in_poems", many_pieces, POEMS, T_BLOCK },
	{ "many_pieces_in_larges", many_pieces, LARGES, T_BLOCK },
	{ "rewritten", rewritten, ONE_OF_ALL, T_BLOCK },
	{ "rewritten_in_poems", rewritten, POEMS, T_BLOCK },
	{ "rewritten_in_larges", rewritten, LARGES, T_BLOCK },
	{ "allocated", allocated, ONE_OF_ALL, T_BLOCK },
	{ "allocated_in_poems", allocated, POEMS, T_BLOCK },
	{ "allocated_in_larges", allocated, LARGES, T_BLOCK },
	{ "punched_and_refilled", punched_and_refilled, ONE_OF_ALL, T_BLOCK },
	{ "punched_and_refilled_in_poems", punched_and_refilled, POEMS, T_BLOCK },
	{ "punched_and_refilled_in_larges", punched_and_refilled, LARGES, T_BLOCK },
	{ "closed", closed, ONE_OF_ALL, T_BLOCK },
	{ "closed_in_poems", closed, POEMS, T_BLOCK },
	{ "closed_in_larges", closed, LARGES, T_BLOCK },
	{ "several_writers", several_writers, ONE_OF_ALL, T_BLOCK },
	{ "several_writers_in_poems", several_writers, POEMS, T_BLOCK },
	{ "several_writers_in_larges", several_writers, LARGES, T_BLOCK },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
