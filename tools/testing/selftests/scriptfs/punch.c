// SPDX-License-Identifier: GPL-2.0-only
/*
 * fallocate(2): punching holes, what that gives back, and doing it while others look.
 */
#include "fallocate.h"
#include "outside.h"
#include "race.h"

#include <linux/fs.h>
#include <linux/loop.h>
#include <sys/ioctl.h>

/* Pages that lie wholly in the hole become idle at once; the file keeps all of the others. */
static void punched(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	CHECK_OK(fallocate(fd, 0, 0, MiB(3)));
	write_file(fd, 0, MiB(3), 1);
	CHECK_EQ(counter("large", "used"), 1);
	CHECK_EQ(counter("medium", "used"), 2);
	CHECK_OK(fallocate(fd, PUNCH, 1, MiB(2) + KiB(512) - 1));
	CHECK_EQ(file_held(fd), KiB(512) + PAGE);
	CHECK_EQ(counter(NULL, "used"), KiB(512) + PAGE);
	CHECK_EQ(counter("large", "used"), 0);
	CHECK_EQ(counter("large", "cut"), 1);
	CHECK_EQ(counter("medium", "used"), 1);
	CHECK_EQ(counter("medium", "cut"), 0);
	CHECK_OK(fallocate(fd, PUNCH, 0, MiB(2)));
	CHECK_EQ(counter("large", "free"), 1);
	CHECK_EQ(file_held(fd), KiB(512));
	check_zero(fd, 0, MiB(2) + KiB(512));
	check_file(fd, MiB(2) + KiB(512), KiB(512), 1);
	/* A hole up to the end of the file takes the whole of its last page. */
	CHECK_OK(ftruncate(fd, MiB(3) - 5000));
	CHECK_EQ(file_held(fd), KiB(512) - PAGE);
	CHECK_OK(fallocate(fd, PUNCH, MiB(2), MiB(1) - 5000));
	CHECK_EQ(file_held(fd), 0);
	CHECK_EQ(file_size(fd), MiB(3) - 5000);
	CHECK_EQ(counter(NULL, "used"), 0);
	/* In a hole or beyond the end there is nothing to do. */
	CHECK_OK(fallocate(fd, PUNCH, 0, MiB(1)));
	CHECK_OK(fallocate(fd, PUNCH, MiB(100), MiB(100)));
	CHECK_EQ(file_held(fd), 0);
	check_settled(".");
}

/* A pipe keeps the data it was given, and the pages come back when it lets go. */
static void punched_in_pipe(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	unsigned char *map = map_file(fd, KiB(512)), *buf = xmalloc(KiB(64));
	loff_t at = 0;
	off_t got;

	CHECK_OK(pipe(pipes));
	write_file(fd, 0, KiB(512), 1);
	check_fill(map, KiB(512), 0, 1);
	got = CHECK_OK(splice(fd, &at, pipes[1], NULL, KiB(32), 0));
	CHECK_CMP(got, >, 0);
	must_change(fd, PUNCH, 0, KiB(512));
	check_bytes(map, KiB(512), 0);
	check_balance(".");
	fill(map, KiB(512), 0, 2);
	write_file(fd, 0, KiB(512), 2);
	CHECK_EQ(read(pipes[0], buf, got), got);
	check_fill(buf, got, 0, 1);
	check_file(fd, 0, KiB(512), 2);
	/* Part of a page is cleared in place: a pipe that holds the page sees it. */
	at = 0;
	CHECK_EQ(splice(fd, &at, pipes[1], NULL, PAGE, 0), PAGE);
	CHECK_OK(fallocate(fd, PUNCH, 100, 1000));
	CHECK_EQ(read(pipes[0], buf, PAGE), PAGE);
	check_fill(buf, 100, 0, 2);
	check_bytes(buf + 100, 1000, 0);
	check_fill(buf + 1100, PAGE - 1100, 1100, 2);
	munmap(map, KiB(512));
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
	free(buf);
}

static void seeking(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, MiB(3), 1);
	must_change(fd, PUNCH, KiB(512), MiB(2));
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 0);
	CHECK_EQ(lseek(fd, MiB(1), SEEK_HOLE), MiB(1));
	CHECK_EQ(lseek(fd, MiB(2) + KiB(512), SEEK_DATA), MiB(2) + KiB(512));
	CHECK_EQ(lseek(fd, MiB(2) + KiB(512), SEEK_HOLE), MiB(3));
	/* Allocated space counts as data; on tmpfs only once it is written to. */
	must_change(fd, 0, MiB(1), KiB(512));
	if (on_scriptfs()) {
		CHECK_EQ(lseek(fd, KiB(512), SEEK_DATA), MiB(1));
		CHECK_EQ(lseek(fd, MiB(1), SEEK_HOLE), MiB(1) + KiB(512));
		CHECK_OK(fallocate(fd, PUNCH, 0, MiB(3)));
		CHECK_ERR(lseek(fd, 0, SEEK_DATA), ENXIO);
		CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
		CHECK_OK(fallocate(fd, KEEP, MiB(3), MiB(1)));
		CHECK_ERR(lseek(fd, 0, SEEK_DATA), ENXIO);
		CHECK_OK(fallocate(fd, KEEP, MiB(1), KiB(512)));
		CHECK_EQ(lseek(fd, 0, SEEK_DATA), MiB(1));
		CHECK_EQ(lseek(fd, MiB(1), SEEK_HOLE), MiB(1) + KiB(512));
	}
}

/* A file that was closed, so that it has as many pages as it is long. */
static int closed_file(unsigned int pages)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);

	write_file(fd, 0, pages * PAGE, 1);
	close(fd);
	CHECK_EQ(held_by("f"), pages * PAGE);
	return xopen("f", O_RDWR);
}

/* The numbers from 0 to @nr - 1 in a random order. */
static unsigned int *shuffled(unsigned int nr)
{
	unsigned int *order = xmalloc(nr * sizeof(*order)), i;
	u64 rng = nr;

	for (i = 0; i < nr; i++) {
		unsigned int other = rnd(&rng) % (i + 1);

		order[i] = order[other];
		order[other] = i;
	}
	return order;
}

static unsigned char *mapping;

static void punch_page(int fd, off_t at)
{
	must_change(fd, PUNCH, at, PAGE);
}

static void remove_page(int fd, off_t at)
{
	(void)fd;
	CHECK_OK(madvise(mapping + at, PAGE, MADV_REMOVE));
}

/* Give up a file's pages one by one in a random order: each is back at once, and a hole. */
static void give_up_each(int fd, unsigned int pages, void (*give_up)(int fd, off_t at))
{
	unsigned int *order = shuffled(pages), i;
	unsigned long long before = available();

	for (i = 0; i < pages; i++) {
		off_t at = order[i] * PAGE;

		check_file(fd, at, PAGE, 1);
		give_up(fd, at);
		CHECK_EQ(file_held(fd), (pages - i - 1) * PAGE);
		CHECK_EQ(available(), before + (i + 1) * PAGE);
		CHECK_EQ(lseek(fd, at, SEEK_HOLE), at);
		check_zero(fd, at, PAGE);
	}
	CHECK_ERR(lseek(fd, 0, SEEK_DATA), ENXIO);
	CHECK_EQ(file_size(fd), pages * PAGE);
	free(order);
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

static void page_by_page(void)
{
	static const unsigned int pages[] = { 1, 3, 8, 100, 513 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		give_up_each(closed_file(pages[i]), pages[i], punch_page);
}

/* Through a mapping, where the pages are in the page cache. */
static void removed_by_advice(void)
{
	const unsigned int pages = 300;
	int fd = closed_file(pages);

	mapping = map_file(fd, pages * PAGE);
	check_fill(mapping, pages * PAGE, 0, 1);
	if (madvise(mapping, PAGE, MADV_REMOVE) && errno == EOPNOTSUPP)
		skip("%s has no MADV_REMOVE", test_fs);
	check_bytes(mapping, PAGE, 0);
	fill(mapping, PAGE, 0, 1);
	give_up_each(fd, pages, remove_page);
	check_bytes(mapping, pages * PAGE, 0);
	munmap(mapping, pages * PAGE);
}

/* A consumer that punches behind itself, in steps of any size. */
static void consumed(void)
{
	static const size_t steps[] = { PAGE, KiB(20), KiB(64), KiB(100), MiB(1), MiB(5) };
	const size_t len = MiB(12);
	unsigned int i;
	size_t at, end;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		int fd = closed_file(len / PAGE);
		unsigned long long before = available();

		for (at = 0; at < len; at = end) {
			end = at + steps[i] < len ? at + steps[i] : len;
			check_file(fd, at, end - at, 1);
			must_change(fd, PUNCH, at, end - at);
			CHECK_EQ(file_held(fd), len - end);
			CHECK_EQ(available(), before + end);
		}
		close(fd);
		CHECK_OK(unlink("f"));
		check_settled(".");
	}
}

/* What is cut off is back at once, too, and growing again takes nothing. */
static void truncated(void)
{
	static const size_t cuts[] = {
		MiB(2) + KiB(599), MiB(2) + 1, MiB(2), MiB(1) + 1, KiB(600) - 1, KiB(64), 4097,
		4096, 1, 0,
	};
	unsigned long long before = available();
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned int i;

	write_file(fd, 0, MiB(2) + KiB(614), 1);
	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		CHECK_OK(ftruncate(fd, cuts[i]));
		CHECK_EQ(file_held(fd), TO_PAGES(cuts[i]));
		CHECK_EQ(before - available(), TO_PAGES(cuts[i]));
		CHECK_OK(ftruncate(fd, MiB(100)));
		CHECK_EQ(file_held(fd), TO_PAGES(cuts[i]));
		check_file(fd, 0, cuts[i], 1);
		check_zero(fd, cuts[i], KiB(64));
		CHECK_OK(ftruncate(fd, cuts[i]));
	}
	close(fd);
}

static void three_pages(void)
{
	int fd = closed_file(3);

	CHECK_EQ(stat_of("f").st_blksize, PAGE);
	CHECK_EQ(stat_of("f").st_blocks, 24);
	must_change(fd, PUNCH, PAGE, PAGE);
	CHECK_EQ(stat_of("f").st_blocks, 16);
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), PAGE);
	CHECK_EQ(lseek(fd, PAGE, SEEK_DATA), 2 * PAGE);
	CHECK_EQ(lseek(fd, 2 * PAGE, SEEK_HOLE), 3 * PAGE);
	/* Less than a page changes bytes and nothing else. */
	must_change(fd, PUNCH, 1, PAGE - 1);
	must_change(fd, PUNCH, 2 * PAGE + 7, 100);
	CHECK_EQ(stat_of("f").st_blocks, 16);
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), PAGE);
	check_file(fd, 0, 1, 1);
	check_zero(fd, 1, 2 * PAGE - 1);
	check_file(fd, 2 * PAGE, 7, 1);
	check_zero(fd, 2 * PAGE + 7, 100);
	check_file(fd, 2 * PAGE + 107, PAGE - 107, 1);
	/* What was punched can be written again. */
	write_file(fd, PAGE, 1, 1);
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 3 * PAGE);
	check_zero(fd, PAGE + 1, PAGE - 1);
	close(fd);
	CHECK_EQ(stat_of("f").st_blocks, 24);
}

/* As fallocate -d does it: look for pages of zeroes in the data, and punch those. */
static void dug(void)
{
	const unsigned int pages = 600;
	unsigned char *buf = xmalloc(PAGE);
	unsigned int page, full = 0;
	off_t data, hole;
	u64 rng = 3;
	int fd = xopen("f", O_RDWR | O_CREAT);

	for (page = 0; page < pages; page++) {
		memset(buf, rnd(&rng) % 3 ? 0 : 'x', PAGE);
		pwrite_full(fd, buf, PAGE, page * PAGE);
		full += !!buf[0];
	}
	close(fd);
	CHECK_EQ(held_by("f"), pages * PAGE);
	fd = xopen("f", O_RDWR);
	for (page = 0; page < pages; page++) {
		pread_full(fd, buf, PAGE, page * PAGE);
		if (!buf[0])
			must_change(fd, PUNCH, page * PAGE, PAGE);
	}
	close(fd);
	CHECK_EQ(held_by("f"), full * PAGE);
	fd = xopen("f", O_RDONLY);
	for (data = 0; (data = lseek(fd, data, SEEK_DATA)) >= 0; data = hole) {
		hole = CHECK_OK(lseek(fd, data, SEEK_HOLE));
		CHECK_CMP(hole, >, data);
		for (; data < hole; data += PAGE, full--) {
			pread_full(fd, buf, PAGE, data);
			check_bytes(buf, PAGE, 'x');
		}
	}
	CHECK_EQ(full, 0);
	free(buf);
}

/* What is held is the file's no longer either, and costs no more than its page meanwhile. */
static void punched_while_held(void)
{
	const unsigned int pages = 512, held = 77;
	int fd = closed_file(pages), pipes[2];
	unsigned int *order = shuffled(pages), i;
	unsigned long long before = available();
	bool gone = false;

	make_pipe(pipes);
	splice_in(fd, held * PAGE, pipes[1], PAGE);
	for (i = 0; i < pages; i++) {
		punch_page(fd, order[i] * PAGE);
		gone |= order[i] == held;
		CHECK_EQ(file_held(fd), (pages - i - 1) * PAGE);
		CHECK_EQ(counter(NULL, "quarantine"), gone ? PAGE : 0);
		CHECK_EQ(available(), before + (i + 1 - gone) * PAGE);
	}
	check_balance(".");
	check_pipe(pipes[0], held * PAGE, PAGE, 1);
	CHECK_EQ(counter(NULL, "quarantine"), 0);
	CHECK_EQ(available(), before + pages * PAGE);
	drop_pipe(pipes);
	free(order);
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

/* What fstrim(8) comes to on a loop device whose image is here. */
static void discarded(void)
{
	const unsigned int pages = 1024;
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), fd, loop, nr;
	unsigned int *order = shuffled(pages / 8), i;
	struct loop_info64 info = { .lo_flags = LO_FLAGS_AUTOCLEAR };
	char name[32];

	if (control < 0)
		skip("no loop devices");
	fd = closed_file(pages);
	nr = CHECK_OK(ioctl(control, LOOP_CTL_GET_FREE));
	snprintf(name, sizeof(name), "/dev/loop%d", nr);
	loop = xopen(name, O_RDWR);
	CHECK_OK(ioctl(loop, LOOP_SET_FD, fd));
	/* Whatever happens, it lets go of the file when we do. */
	CHECK_OK(ioctl(loop, LOOP_SET_STATUS64, &info));
	for (i = 0; i < pages / 8; i++) {
		/* The middle of every eight pages. */
		u64 range[] = { (order[i] * 8 + 3) * PAGE, 4 * PAGE };

		if (ioctl(loop, BLKDISCARD, range)) {
			CHECK_ERR(-1, EOPNOTSUPP);
			skip("%s is not for discarding", name);
		}
		CHECK_EQ(file_held(fd), (pages - (i + 1) * 4) * PAGE);
	}
	close(loop);
	close(control);
	for (i = 0; i < pages / 8; i++) {
		check_file(fd, i * 8 * PAGE, 3 * PAGE, 1);
		check_zero(fd, (i * 8 + 3) * PAGE, 4 * PAGE);
		check_file(fd, (i * 8 + 7) * PAGE, PAGE, 1);
	}
	free(order);
	close(fd);
}

#define RACE_SIZE	MiB(1)

static void *race_changer(void *arg)
{
	struct race *r = arg;
	u64 rng = race_rng(r);
	unsigned long i;

	for (i = 0; race_going(r); i++) {
		off_t at = rnd(&rng) % RACE_SIZE, len = 1 + rnd(&rng) % (RACE_SIZE - at);
		int mode = rnd(&rng) % 2 ? PUNCH : modes[rnd(&rng) % ARRAY_SIZE(modes)];

		/* Mostly whole pages, one of them or many. */
		if (rnd(&rng) % 4) {
			size_t unit = rnd(&rng) % 2 ? PAGE : KiB(32);

			at -= at % unit;
			len = unit << rnd(&rng) % 5;
		}
		race_front(r, at);
		if (!change(r->fd, mode, at, at + len > RACE_SIZE ? RACE_SIZE - at : len))
			continue;
		/* What was given up goes to another file, with data that must not leak. */
		if (i % 8 == 0) {
			unsigned char *buf = xmalloc(KiB(300));
			int other = xopen(".", O_TMPFILE | O_RDWR);

			memset(buf, POISON, KiB(300));
			pwrite_full(other, buf, KiB(300), 0);
			close(other);
			free(buf);
		}
		write_file(r->fd, at, at + KiB(20) > RACE_SIZE ? RACE_SIZE - at : KiB(20), r->seed);
	}
	return NULL;
}

static void run_race(const race_job *jobs, unsigned int nr)
{
	struct race race = { .size = RACE_SIZE, .seed = 1, .grown = true };

	run_race_on_new(&race, jobs, nr, 3000);
}

static void against_fault(void)
{
	static const race_job jobs[] = { race_changer, race_toucher, race_toucher };

	run_race(jobs, ARRAY_SIZE(jobs));
}

static void against_read(void)
{
	static const race_job jobs[] = { race_changer, race_changer, race_reader };

	run_race(jobs, ARRAY_SIZE(jobs));
}

#define MIXED	"poem=64,novel=32,medium=12,large=4,strict,size=18M"
#define LARGES	"large=8,strict,size=16M"

static const struct test tests[] = {
	{ "punched", punched, "poem=8,novel=8,medium=8,large=1,strict", T_SCRIPTFS },
	{ "page_by_page", page_by_page, MIXED, 0 },
	{ "page_by_page_of_large", page_by_page, LARGES, 0 },
	{ "removed_by_advice", removed_by_advice, LARGES, 0 },
	{ "consumed", consumed, MIXED, 0 },
	{ "consumed_of_larges", consumed, LARGES, 0 },
	{ "truncated", truncated, MIXED, 0 },
	{ "truncated_of_larges", truncated, LARGES, 0 },
	{ "three_pages", three_pages, MIXED, 0 },
	{ "dug", dug, LARGES, 0 },
	{ "punched_while_held", punched_while_held, LARGES, T_SCRIPTFS },
	{ "discarded", discarded, LARGES, 0 },
	{ "punched_in_pipe", punched_in_pipe, ANY_POOL, 0 },
	{ "seeking", seeking, "poem=16,novel=16,medium=8,strict", 0 },
	{ "against_fault", against_fault, SMALL_POOL, 0 },
	{ "against_read", against_read, SMALL_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
