// SPDX-License-Identifier: GPL-2.0-only
/*
 * fallocate(2): punching holes, what that gives back, and doing it while others look.
 */
#include "fallocate.h"
#include "race.h"

/* Blocks that lie wholly in the hole become idle; the file keeps all of the others. */
static void punched(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	CHECK_OK(fallocate(fd, 0, 0, MiB(3)));
	write_file(fd, 0, MiB(3), 1);
	CHECK_EQ(counter("large", "used"), 1);
	CHECK_EQ(counter("medium", "used"), 2);
	CHECK_OK(fallocate(fd, PUNCH, 1, MiB(2) + KiB(512) - 1));
	CHECK_EQ(counter("large", "used"), 1);
	CHECK_EQ(counter("medium", "used"), 1);
	CHECK_OK(fallocate(fd, PUNCH, 0, MiB(2)));
	CHECK_EQ(counter("large", "used"), 0);
	CHECK_EQ(file_held(fd), KiB(512));
	check_zero(fd, 0, MiB(2) + KiB(512));
	check_file(fd, MiB(2) + KiB(512), KiB(512), 1);
	/* A hole up to the end of the file takes the whole of its last block. */
	CHECK_OK(ftruncate(fd, MiB(3) - 5000));
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

/* A pipe keeps the data it was given, and the blocks come back when it lets go. */
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
	if (lends_pages())
		check_bytes(buf + 100, 1000, 0);
	else
		check_fill(buf + 100, 1000, 100, 2);
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
	/* Allocated space counts as data; where a block begins is up to the file system. */
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

#define RACE_SIZE	MiB(1)

static void *race_changer(void *arg)
{
	struct race *r = arg;
	u64 rng = race_rng(r);
	unsigned long i;

	for (i = 0; race_going(r); i++) {
		off_t at = rnd(&rng) % RACE_SIZE, len = 1 + rnd(&rng) % (RACE_SIZE - at);
		int mode = rnd(&rng) % 2 ? PUNCH : modes[rnd(&rng) % ARRAY_SIZE(modes)];

		/* Mostly whole blocks. */
		if (rnd(&rng) % 4) {
			at -= at % KiB(32);
			len = KiB(32) << rnd(&rng) % 5;
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

static const struct test tests[] = {
	{ "punched", punched, "poem=8,novel=8,medium=8,large=1,strict", T_SCRIPTFS },
	{ "punched_in_pipe", punched_in_pipe, ANY_POOL, 0 },
	{ "seeking", seeking, "poem=16,novel=16,medium=8,strict", 0 },
	{ "against_fault", against_fault, SMALL_POOL, 0 },
	{ "against_read", against_read, SMALL_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
