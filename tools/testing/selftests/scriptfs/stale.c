// SPDX-License-Identifier: GPL-2.0-only
/*
 * No byte of a file that is gone, or of memory that was free, may ever be seen (R2). Every case
 * fills the whole pool with POISON, removes that, and then looks for it wherever a file could show
 * something that was not written to it. And a write is seen whole or not at all.
 */
#include "race.h"

#include <pthread.h>

/* The whole file must be zero but for @len bytes of pattern at @offset. */
static void check_only(int fd, off_t offset, size_t len, u64 seed)
{
	off_t size = file_size(fd);

	check_zero(fd, 0, offset);
	check_file(fd, offset, len, seed);
	check_zero(fd, offset + len, size - offset - len);
}

static const off_t offsets[] = {
	0, 1, 100, 4095, 4096, 5000, KiB(32) - 1, KiB(32), KiB(33), KiB(64) - 10, KiB(100) + 7,
	KiB(512) - 1, KiB(512), MiB(1) + 1, MiB(2) - 5, MiB(2), MiB(3) + 333,
};

static void holes(void)
{
	static const size_t lens[] = { 1, 10, 4096, KiB(40), KiB(600) };
	unsigned int i, j;
	int fd;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		poison();
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
			write_file(fd, offsets[j], lens[i], j);
			CHECK_OK(ftruncate(fd, MiB(4)));
			check_only(fd, offsets[j], lens[i], j);
			close(fd);
			CHECK_OK(unlink("f"));
		}
	}
}

/* Write pieces in random places, so that initialised marks lie below, between and above them. */
static void scattered(void)
{
	char *image = xmalloc(MiB(3)), *buf = xmalloc(MiB(3));
	u64 rng = 5;
	unsigned int round, i;
	int fd;

	for (round = 0; round < scaled(6); round++) {
		poison();
		fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
		CHECK_OK(ftruncate(fd, MiB(3)));
		memset(image, 0, MiB(3));
		for (i = 0; i < 60; i++) {
			size_t offset = rnd(&rng) % (MiB(3) - 9000), len = rnd(&rng) % 9000;

			fill(image + offset, len, offset, i);
			pwrite_full(fd, image + offset, len, offset);
			offset = rnd(&rng) % (MiB(3) - KiB(64));
			pread_full(fd, buf, KiB(64), offset);
			CHECK(memcmp(buf, image + offset, KiB(64)) == 0);
		}
		pread_full(fd, buf, MiB(3), 0);
		CHECK(memcmp(buf, image, MiB(3)) == 0);
		close(fd);
		CHECK_OK(unlink("f"));
	}
	free(image);
	free(buf);
}

static void cut_and_grown(void)
{
	unsigned int i;
	int fd;

	poison();
	fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		/* The file's own old bytes must not come back either. */
		CHECK_OK(ftruncate(fd, MiB(4)));
		write_file(fd, 0, MiB(4), 99);
		CHECK_OK(ftruncate(fd, offsets[i]));
		CHECK_OK(ftruncate(fd, MiB(4)));
		check_file(fd, 0, offsets[i], 99);
		check_zero(fd, offsets[i], MiB(4) - offsets[i]);

		/* Extended by a write beyond the end instead. */
		CHECK_OK(ftruncate(fd, offsets[i]));
		write_file(fd, MiB(4) - 10, 10, 1);
		check_file(fd, 0, offsets[i], 99);
		check_zero(fd, offsets[i], MiB(4) - 10 - offsets[i]);

		/* Cut to nothing by O_TRUNC, and a little written. */
		close(xopen("f", O_WRONLY | O_TRUNC));
		write_file(fd, offsets[i], 3, 1);
		CHECK_OK(ftruncate(fd, MiB(4)));
		check_only(fd, offsets[i], 3, 1);
	}
}

static void mapped(void)
{
	unsigned char *map;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		off_t page = offsets[i] / PAGE * PAGE;

		if (i % 4 == 0)
			poison();
		/* Bytes that were not written, in pages of blocks that were. */
		fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
		write_file(fd, offsets[i], 5, i);
		map = map_file(fd, MiB(4));
		check_fill(map + offsets[i], 5, offsets[i], i);
		check_bytes(map + page, offsets[i] - page, 0);
		/* Beyond the end, as far as the page goes. */
		check_bytes(map + offsets[i] + 5, (PAGE - (offsets[i] + 5) % PAGE) % PAGE, 0);
		CHECK_OK(ftruncate(fd, MiB(4)));
		check_bytes(map, offsets[i], 0);
		check_bytes(map + offsets[i] + 5, MiB(4) - offsets[i] - 5, 0);
		munmap(map, MiB(4));
		close(fd);
		CHECK_OK(unlink("f"));

		/* One byte stored through a mapping, in a file that is one hole. */
		fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
		CHECK_OK(ftruncate(fd, MiB(4)));
		map = map_file(fd, MiB(4));
		map[offsets[i]] = 1;
		check_zero(fd, 0, offsets[i]);
		check_zero(fd, offsets[i] + 1, MiB(4) - offsets[i] - 1);
		check_bytes(map + offsets[i] + 1, MiB(4) - offsets[i] - 1, 0);
		munmap(map, MiB(4));
		/* Cut in the middle of the page, then extended: the mapping's byte is gone. */
		CHECK_OK(ftruncate(fd, offsets[i]));
		CHECK_OK(ftruncate(fd, MiB(4)));
		check_zero(fd, offsets[i], 10);
		close(fd);
		CHECK_OK(unlink("f"));
	}
}

/* A write whose buffer is only partly accessible. */
static void short_copies(void)
{
	static const size_t goods[] = { 0, 1, 4095, 4097, KiB(33), KiB(520) };
	unsigned int i, j;
	char *buf;
	int fd;

	buf = mmap(NULL, MiB(2), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(buf != MAP_FAILED);
	CHECK_OK(mprotect(buf + MiB(1), MiB(1), PROT_NONE));
	for (i = 0; i < ARRAY_SIZE(goods); i++) {
		poison();
		for (j = 0; j < ARRAY_SIZE(offsets); j++) {
			char *from = buf + MiB(1) - goods[i];
			ssize_t done;

			fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
			if (j % 2)
				CHECK_OK(ftruncate(fd, MiB(4)));
			fill(from, goods[i], offsets[j], j);
			done = pwrite(fd, from, KiB(700), offsets[j]);
			if (done < 0)
				CHECK_ERR(done, EFAULT);
			if (done < 0)
				done = 0;
			CHECK_CMP(done, <=, (ssize_t)goods[i]);
			CHECK_OK(ftruncate(fd, MiB(4)));
			check_only(fd, offsets[j], done, j);
			close(fd);
			CHECK_OK(unlink("f"));
		}
	}
}

static void through_pipes(void)
{
	char *buf = xmalloc(KiB(64));
	int pipes[2], fd;
	unsigned int i;

	CHECK_OK(pipe(pipes));
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		loff_t at;

		if (i % 4 == 0)
			poison();
		fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
		write_file(fd, offsets[i], 5, i);
		CHECK_OK(ftruncate(fd, MiB(4)));
		for (at = 0; at < MiB(4);) {
			loff_t from = at;
			ssize_t got = CHECK_OK(splice(fd, &at, pipes[1], NULL, KiB(60), 0));

			CHECK_CMP(got, >, 0);
			CHECK_EQ(read(pipes[0], buf, got), got);
			for (; from < at && from < offsets[i]; from++)
				CHECK_EQ(buf[from - (at - got)], 0);
			if (from >= offsets[i] + 5)
				check_bytes(buf + (from - (at - got)), at - from, 0);
		}
		close(fd);
		CHECK_OK(unlink("f"));
	}
	free(buf);
}

/* What the last close cuts off was never written to: neither this file shows it nor another. */
static void cut_at_close(void)
{
	unsigned int i;
	int fd, other;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		off_t at, end = offsets[i] + 5000;

		if (i % 4 == 0)
			poison();
		fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
		for (at = 0; at + 5000 <= end; at += 5000)
			write_file(fd, at, 5000, i);
		end = file_size(fd);
		close(fd);
		fd = xopen("f", O_RDWR);
		check_file(fd, 0, end, i);
		CHECK_EQ(file_held(fd), TO_PAGES(end));
		CHECK_OK(ftruncate(fd, MiB(4)));
		check_only(fd, 0, end, i);
		/* The next file gets what was cut off. */
		other = xopen("g", O_RDWR | O_CREAT | O_EXCL);
		write_file(other, offsets[i] + PAGE, 1, i);
		CHECK_OK(ftruncate(other, MiB(4)));
		check_only(other, offsets[i] + PAGE, 1, i);
		check_only(fd, 0, end, i);
		close(other);
		CHECK_OK(unlink("g"));
		close(fd);
		CHECK_OK(unlink("f"));
	}
}

static void *race_writer(void *arg)
{
	struct race *r = arg;
	u64 rng = race_rng(r);
	char *buf = xmalloc(KiB(200));
	off_t at = 0;

	while (race_going(r)) {
		size_t len = 1 + rnd(&rng) % KiB(200);

		if (at + (off_t)len > r->size) {
			CHECK_OK(ftruncate(r->fd, rnd(&rng) % 2 ? 0 : rnd(&rng) % KiB(100)));
			if (r->grown)
				CHECK_OK(ftruncate(r->fd, r->size));
			at = rnd(&rng) % KiB(100);
			continue;
		}
		race_front(r, at);
		fill(buf, len, at, r->seed);
		pwrite_full(r->fd, buf, len, at);
		if (r->exact) {
			pread_full(r->fd, buf, len, at);
			check_fill(buf, len, at, r->seed);
		}
		at += len + rnd(&rng) % 2 * (rnd(&rng) % KiB(10));
	}
	free(buf);
	return NULL;
}

static void *race_cutter(void *arg)
{
	struct race *r = arg;
	u64 rng = race_rng(r);

	while (race_going(r)) {
		CHECK_OK(ftruncate(r->fd, rnd(&rng) % r->size));
		usleep(100 + rnd(&rng) % 3000);
		if (rnd(&rng) % 2)
			CHECK_OK(ftruncate(r->fd, r->size));
	}
	return NULL;
}

static void run_race(const race_job *jobs, unsigned int nr, bool exact, unsigned int rounds)
{
	unsigned int round;

	for (round = 0; round < rounds; round++) {
		struct race race = {
			.size = MiB(3), .seed = round + 1, .exact = exact, .grown = round % 3,
		};

		run_race_on_new(&race, jobs, nr, 400);
	}
}

static void write_against_fault(void)
{
	static const race_job jobs[] = { race_writer, race_toucher, race_toucher };

	run_race(jobs, ARRAY_SIZE(jobs), true, 6);
}

static void write_against_read(void)
{
	static const race_job jobs[] = { race_writer, race_reader, race_reader };

	run_race(jobs, ARRAY_SIZE(jobs), true, 4);
}

static void all_against_truncate(void)
{
	static const race_job jobs[] = {
		race_writer, race_writer, race_reader, race_toucher, race_toucher, race_cutter,
	};

	run_race(jobs, ARRAY_SIZE(jobs), false, 6);
}

/* A write(2) is seen whole or not at all: every read of the record finds one letter. */
#define RECORD	(KiB(96) + 100)

static void *record_writer(void *arg)
{
	struct race *r = arg;
	char *buf = xmalloc(RECORD);
	u64 rng = 1;

	while (race_going(r)) {
		memset(buf, 'a' + rnd(&rng) % 26, RECORD);
		pwrite_full(r->fd, buf, RECORD, KiB(20));
	}
	free(buf);
	return NULL;
}

static void whole_writes(void)
{
	struct race race = { .fd = xopen("f", O_RDWR | O_CREAT) };
	unsigned char *buf = xmalloc(RECORD);
	pthread_t threads[2];
	unsigned long i, changes = 0;
	char last = 0;

	poison();
	CHECK_EQ(pthread_create(&threads[0], NULL, record_writer, &race), 0);
	CHECK_EQ(pthread_create(&threads[1], NULL, record_writer, &race), 0);
	for (i = 0; i < scaled(2000); i++) {
		ssize_t got = CHECK_OK(pread(race.fd, buf, RECORD, KiB(20)));

		CHECK(got == 0 || got == RECORD);
		if (!got)
			continue;
		CHECK(buf[0] >= 'a' && buf[0] <= 'z');
		check_bytes(buf, got, buf[0]);
		changes += buf[0] != last;
		last = buf[0];
	}
	__atomic_store_n(&race.stop, 1, __ATOMIC_RELAXED);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	/* With fewer, nothing was tested. */
	CHECK_CMP(changes, >, 2);
	check_zero(race.fd, 0, KiB(20));
	free(buf);
}

/* The writer's buffer has to be faulted in during the copy. */
static void *faulting_writer(void *arg)
{
	struct race *r = arg;
	int source = xopen("source", O_RDONLY);
	off_t at;

	while (race_going(r)) {
		for (at = 0; at + KiB(48) <= r->size && race_going(r); at += KiB(48)) {
			char *from = mmap(NULL, r->size, PROT_READ, MAP_SHARED, source, 0);

			CHECK(from != MAP_FAILED);
			race_front(r, at);
			pwrite_full(r->fd, from + at, KiB(48), at);
			check_file(r->fd, at, KiB(48), r->seed);
			munmap(from, r->size);
		}
		CHECK_OK(ftruncate(r->fd, 0));
		CHECK_OK(ftruncate(r->fd, r->size));
	}
	close(source);
	return NULL;
}

static void faulting_against_fault(void)
{
	static const race_job jobs[] = { faulting_writer, race_toucher, race_reader };
	struct race race = { .size = MiB(2), .seed = 1 };
	int source;

	poison();
	source = xopen("source", O_RDWR | O_CREAT);
	write_file(source, 0, MiB(2), race.seed);
	race.fd = xopen("f", O_RDWR | O_CREAT);
	race.map = map_file(race.fd, race.size);
	run_threads(&race, jobs, ARRAY_SIZE(jobs), 1000);
	munmap(race.map, race.size);
	check_file(source, 0, MiB(2), race.seed);
}

static const struct test tests[] = {
	{ "holes", holes, SMALL_POOL, 0 },
	{ "scattered", scattered, SMALL_POOL, 0 },
	{ "cut_and_grown", cut_and_grown, SMALL_POOL, 0 },
	{ "mapped", mapped, SMALL_POOL, 0 },
	{ "short_copies", short_copies, SMALL_POOL, 0 },
	{ "through_pipes", through_pipes, SMALL_POOL, 0 },
	{ "cut_at_close", cut_at_close, SMALL_POOL, 0 },
	{ "write_against_fault", write_against_fault, SMALL_POOL, 0 },
	{ "write_against_read", write_against_read, SMALL_POOL, 0 },
	{ "all_against_truncate", all_against_truncate, SMALL_POOL, 0 },
	{ "whole_writes", whole_writes, SMALL_POOL, T_BLOCK },
	{ "faulting_against_fault", faulting_against_fault, SMALL_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
