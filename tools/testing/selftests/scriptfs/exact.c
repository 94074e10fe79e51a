// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file and what it must hold, to the page: random operations go to a file and to a model, which
 * says for each page whether the file has memory there. After the last close bytes, size,
 * st_blocks, holes and what df shows match the model; while the file is open, bytes and size do,
 * and st_blocks is what df lost.
 *
 * The same sequences run on tmpfs (SCRIPTFS_TEST_FS=tmpfs), which proves the model.
 */
#include "exact.h"

#include <signal.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

static unsigned int pages_of_model(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < PAGES; i++)
		nr += x.has[i];
	return nr;
}

static void check_bytes_of(int fd, const char *when)
{
	size_t i;

	if (file_size(fd) != (off_t)x.size)
		WRONG("%s: size %lld, not %zu", when, (long long)file_size(fd), x.size);
	if (!x.size)
		return;
	pread_full(fd, x.buf, x.size, 0);
	if (!memcmp(x.buf, x.image, x.size))
		return;
	for (i = 0; x.buf[i] == x.image[i]; i++)
		;
	WRONG("%s: byte %zu is %#x, not %#x", when, i, x.buf[i], x.image[i]);
}

static void check_open(void)
{
	unsigned long long held = file_held(x.fd), lost = x.before - available();

	if (held != lost)
		WRONG("open: st_blocks %llu, but df lost %llu", held, lost);
	if (held < pages_of_model() * PAGE)
		WRONG("open: holds %llu, model %lu", held, pages_of_model() * PAGE);
	if (file_size(x.fd) != (off_t)x.size)
		WRONG("open: size %lld, not %zu", (long long)file_size(x.fd), x.size);
}

static void check_holes(int fd)
{
	unsigned int page, end = TO_PAGES(x.size) / PAGE, next;
	bool bad = false;

	/* tmpfs says that what was allocated and not written is a hole. */
	if (x.ops & LAX || (!on_scriptfs() && x.ops & (OP_ALLOCATE | OP_ZERO)))
		return;
	for (page = 0; page < end && !bad; page = next) {
		off_t at = page * PAGE, data, hole, far;

		for (next = page; next < end && x.has[next] == x.has[page]; next++)
			;
		far = next < end ? next * PAGE : (off_t)x.size;
		data = lseek(fd, at, SEEK_DATA);
		hole = lseek(fd, at, SEEK_HOLE);
		if (x.has[page])
			bad = data != at || hole != far;
		else
			bad = data != (next < end ? far : -1) || hole != at;
		if (bad)
			WRONG("page %u, in model %s up to %u: data %lld hole %lld", page,
			      x.has[page] ? "data" : "hole", next, (long long)data,
			      (long long)hole);
	}
}

static void check_closed(const char *when)
{
	unsigned long long held, lost;
	int fd;

	held = held_by("f");
	lost = x.before - available();
	if (held != pages_of_model() * PAGE) {
		fd = xopen("f", O_RDONLY);
		if (held < pages_of_model() * PAGE || !(x.ops & LAX)) {
			check_holes(fd);
			WRONG("%s: holds %llu, model %lu", when, held, pages_of_model() * PAGE);
		}
		close(fd);
	}
	if (held != lost)
		WRONG("%s: st_blocks %llu, but df lost %llu", when, held, lost);
	fd = xopen("f", O_RDONLY);
	check_bytes_of(fd, when);
	check_holes(fd);
	close(fd);
	if (held_by("f") != held)
		WRONG("%s: looked at, holds %llu, not %llu", when, held_by("f"), held);
}

static void hold_until_killed(void *arg)
{
	(void)arg;
	pause();
}

/* Let the file go, in one of many ways. */
static void last_close(void)
{
	unsigned char *map;
	pid_t pid;
	int fd;

	switch (draw(5)) {
	case 0:
		fd = CHECK_OK(dup(x.fd));
		close(x.fd);
		close(fd);
		tell("close dup\n");
		return;
	case 1:
		pid = start(hold_until_killed, NULL);
		close(x.fd);
		kill(pid, SIGKILL);
		CHECK_OK(waitpid(pid, NULL, 0));
		tell("close by kill\n");
		return;
	case 2:
		if (!x.size || !(x.ops & OP_STORE))
			break;
		map = map_file(x.fd, LONGEST);
		close(x.fd);
		map[x.size - 1] = 7;
		x.image[x.size - 1] = 7;
		have(x.size - 1, 1);
		munmap(map, LONGEST);
		tell("close, store at %zu, unmap\n", x.size - 1);
		return;
	case 3:
		fd = xopen("f", O_RDONLY);
		close(x.fd);
		if (x.ops & OP_LOOK)
			touch_map(fd, false);
		tell("close before reader\n");
		close(fd);
		return;
	}
	close(x.fd);
	tell("close\n");
}

static void make_source(void)
{
	unsigned int page, run;

	x.source = xopen("source", O_RDWR | O_CREAT);
	CHECK_OK(ftruncate(x.source, LONGEST));
	for (page = 0; page < PAGES; page += run) {
		run = 1 + draw(1 << draw(9));
		if (run > PAGES - page)
			run = PAGES - page;
		if (draw(2)) {
			fill(x.source_image + page * PAGE, run * PAGE, page * PAGE, 3);
			pwrite_full(x.source, x.source_image + page * PAGE, run * PAGE,
				    page * PAGE);
			memset(x.source_has + page, true, run);
		}
	}
	close(x.source);
	x.source = xopen("source", O_RDONLY);
}

static void round_of(u64 seed)
{
	unsigned int nr, closes, op;

	x.rng = seed;
	x.told = 0;
	x.history[0] = '\0';
	x.size = 0;
	x.prealloc = 0;
	memset(x.has, 0, sizeof(x.has));
	memset(x.image, 0, sizeof(x.image));
	tell("seed %llu\n", seed);
	for (closes = 1 + draw(4); closes; closes--) {
		x.fd = xopen("f", O_RDWR | O_CREAT);
		for (nr = 1 + draw(6); nr; nr--) {
			do
				op = draw(ARRAY_SIZE(operations));
			while (!(x.ops & (1 << op)));
			operations[op]();
			check_open();
		}
		if (!draw(3))
			check_bytes_of(x.fd, "open");
		last_close();
		check_closed("closed");
	}
	check_balance(".");
	CHECK_OK(unlink("f"));
	CHECK_EQ(available(), x.before);
}

static void run_ops(unsigned int ops)
{
	unsigned long i, nr = scaled(20);
	u64 seed = getenv("EXACT_SEED") ? strtoull(getenv("EXACT_SEED"), NULL, 0) : 1000;

	x.ops = ops;
	x.rng = 1;
	x.bad = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ops & OP_COPY)
		make_source();
	x.before = available();
	for (i = 0; i < nr; i++)
		round_of(seed + i);
}

#define CASE(name, ops) static void name(void) { run_ops(ops); }

CASE(writes, OP_WRITE | OP_SEQUENTIAL)
CASE(reads, OP_WRITE | OP_SEQUENTIAL | OP_READ | OP_TRUNCATE)
CASE(truncates, OP_WRITE | OP_SEQUENTIAL | OP_TRUNCATE)
CASE(stores, OP_WRITE | OP_SEQUENTIAL | OP_TRUNCATE | OP_STORE)
CASE(looks, OP_WRITE | OP_SEQUENTIAL | OP_TRUNCATE | OP_LOOK)
CASE(splices, OP_WRITE | OP_SEQUENTIAL | OP_TRUNCATE | OP_SPLICE)
CASE(sends, OP_WRITE | OP_SEQUENTIAL | OP_TRUNCATE | OP_SEND)
CASE(punches, OP_WRITE | OP_SEQUENTIAL | OP_TRUNCATE | OP_PUNCH)
CASE(punches_mapped, OP_WRITE | OP_STORE | OP_LOOK | OP_TRUNCATE | OP_PUNCH)
CASE(allocates, OP_WRITE | OP_SEQUENTIAL | OP_TRUNCATE | OP_ALLOCATE)
CASE(allocates_alone, OP_WRITE | OP_TRUNCATE | OP_ALLOCATE | OP_PUNCH)
CASE(zeroes, OP_WRITE | OP_SEQUENTIAL | OP_TRUNCATE | OP_ZERO)
CASE(copies, OP_WRITE | OP_SEQUENTIAL | OP_TRUNCATE | OP_COPY)
CASE(bad, OP_WRITE | OP_SEQUENTIAL | OP_BAD)
/* Before that, fill all memory with pages and leave a part of those. */
static void scatter(unsigned int keep)
{
	unsigned int i, nr;
	char name[32];
	int fd;

	CHECK_OK(mkdir("s", 0700));
	for (nr = 0; ; nr++) {
		snprintf(name, sizeof(name), "s/%u", nr);
		fd = xopen(name, O_RDWR | O_CREAT);
		if (pwrite(fd, x.buf, PAGE, 0) != PAGE) {
			close(fd);
			break;
		}
		close(fd);
	}
	for (i = 0; i <= nr; i++) {
		snprintf(name, sizeof(name), "s/%u", i);
		if (i % keep)
			CHECK_OK(unlink(name));
	}
}

static void all_scattered(void)
{
	scatter(2);
	run_ops(0x1fff);
}

CASE(all_hinted, 0x1fff | LAX)
CASE(all, 0x1fff)
CASE(all_but_bad, 0x17ff)

/* An open file of 2 MiB and a page, with much room behind. */
static int with_room(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	off_t at;

	for (at = 0; at <= MiB(2); at += PAGE)
		write_file(fd, at, PAGE, 1);
	return fd;
}

#define ROOMY	(MiB(2) + PAGE)

static void end_with(int fd, unsigned long long held)
{
	close(fd);
	CHECK_EQ(held_by("f"), held);
	CHECK_OK(unlink("f"));
}

/* What is allocated farther on does not fill the gap in front of it. */
static void allocated_behind_gap(void)
{
	int fd = with_room();

	CHECK_OK(fallocate(fd, 0, MiB(3), MiB(1)));
	end_with(fd, ROOMY + MiB(1));
	fd = with_room();
	CHECK_OK(fallocate(fd, KEEP, MiB(3), PAGE));
	end_with(fd, ROOMY + PAGE);
	fd = with_room();
	must_change(fd, ZERO, MiB(3), MiB(1));
	end_with(fd, ROOMY + MiB(1));
}

/* A hole that is copied over the end of a file takes no memory. */
static void copied_hole(void)
{
	int fd = with_room(), from = xopen("from", O_RDWR | O_CREAT);
	loff_t in = 0, out = MiB(2);

	CHECK_OK(ftruncate(from, MiB(2)));
	CHECK_EQ(copy_file_range(from, &in, fd, &out, MiB(2), 0), MiB(2));
	CHECK_EQ(file_size(fd), MiB(4));
	check_zero(fd, MiB(2), MiB(2));
	close(from);
	end_with(fd, ROOMY);
}

/* A write of which not a byte could be read from the source. */
static void failed_write(void)
{
	void *bad = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, 1, 1);
	CHECK_ERR(pwrite(fd, bad, 10, 100 * PAGE + 100), EFAULT);
	CHECK_ERR(pwrite(fd, bad, 10, 50 * PAGE), EFAULT);
	CHECK_ERR(pwrite(fd, bad, PAGE, 20 * PAGE + 1), EFAULT);
	CHECK_EQ(file_size(fd), 1);
	CHECK_OK(ftruncate(fd, MiB(1)));
	CHECK_ERR(pwrite(fd, bad, 10, 70 * PAGE + 100), EFAULT);
	end_with(fd, PAGE);
}

/* To read takes no memory, not even by splice(2). */
static void sent(void)
{
	int fd = with_room(), from;
	int pipes[2];
	char buf[256];
	off_t at = MiB(3);

	CHECK_OK(ftruncate(fd, MiB(4)));
	from = xopen("f", O_RDONLY);
	CHECK_OK(pipe(pipes));
	CHECK_EQ(splice(from, &at, pipes[1], NULL, sizeof(buf), 0), sizeof(buf));
	CHECK_EQ(read(pipes[0], buf, sizeof(buf)), sizeof(buf));
	check_bytes(buf, sizeof(buf), 0);
	close(from);
	close(pipes[0]);
	close(pipes[1]);
	end_with(fd, ROOMY);
}

/* What was allocated behind the end and is punched is not there any longer. */
static void punched_twice(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, 100, 1);
	CHECK_OK(fallocate(fd, KEEP, 0, MiB(1)));
	CHECK_OK(fallocate(fd, PUNCH, PAGE, MiB(1) - PAGE));
	CHECK_EQ(file_held(fd), PAGE);
	CHECK_OK(fallocate(fd, PUNCH, 0, 100));
	end_with(fd, 0);
}

#define POOL		"poem=64,novel=32,medium=8,large=12,size=64M"
#define ONLY_LARGES	"large=24,strict,size=48M"
#define ONLY_POEMS	"poem=1000,strict"

static const struct test tests[] = {
	{ "allocated_behind_gap", allocated_behind_gap, POOL, 0 },
	{ "copied_hole", copied_hole, POOL, T_SCRIPTFS | T_BLOCK },
	{ "failed_write", failed_write, POOL, 0 },
	{ "sent", sent, POOL, T_SCRIPTFS },
	{ "punched_twice", punched_twice, POOL, T_SCRIPTFS },
	{ "writes", writes, POOL, 0 },
	{ "writes_larges", writes, ONLY_LARGES, 0 },
	{ "reads", reads, POOL, 0 },
	{ "truncates", truncates, ONLY_LARGES, 0 },
	{ "stores", stores, POOL, 0 },
	{ "looks", looks, POOL, 0 },
	{ "splices", splices, POOL, 0 },
	{ "sends", sends, POOL, 0 },
	{ "punches", punches, POOL, 0 },
	{ "punches_larges", punches, ONLY_LARGES, 0 },
	{ "punches_mapped", punches_mapped, POOL, 0 },
	{ "allocates", allocates, POOL, 0 },
	{ "allocates_poems", allocates, ONLY_POEMS, 0 },
	{ "allocates_alone", allocates_alone, ONLY_LARGES, 0 },
	{ "zeroes", zeroes, POOL, 0 },
	{ "copies", copies, POOL, 0 },
	{ "bad", bad, POOL, 0 },
	{ "all_but_bad", all_but_bad, POOL, 0 },
	{ "all", all, ONLY_LARGES, 0 },
	{ "all_of_surplus", all, "poem=1,size=48M", 0 },
	{ "all_scattered", all_scattered, "large=24,strict,size=48M", T_SCRIPTFS },
	{ "all_hinted_poem", all_hinted, POOL ",class=poem", T_SCRIPTFS },
	{ "all_hinted_medium", all_hinted, POOL ",class=medium", T_SCRIPTFS },
	{ "all_hinted_large", all_hinted, POOL ",class=large", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
