// SPDX-License-Identifier: GPL-2.0-only
/*
 * Races on one file, see race.h.
 */
#include "race.h"

#include <pthread.h>

bool race_going(struct race *r)
{
	return !__atomic_load_n(&r->stop, __ATOMIC_RELAXED);
}

u64 race_rng(struct race *r)
{
	return r->seed * 100 + __atomic_add_fetch(&r->jobs, 1, __ATOMIC_RELAXED);
}

void race_front(struct race *r, off_t at)
{
	__atomic_store_n(&r->front, at, __ATOMIC_RELAXED);
}

/* Mostly near the writer, for that is where the races are. */
static off_t race_place(struct race *r, u64 *rng)
{
	off_t at = rnd(rng) % r->size;

	if (rnd(rng) % 4)
		at = (__atomic_load_n(&r->front, __ATOMIC_RELAXED) + at % KiB(256)) % r->size;
	return at;
}

static void check_race_bytes(struct race *r, const unsigned char *buf, size_t len, off_t offset)
{
	unsigned char want[1024];
	size_t i, piece;

	for (; len; len -= piece, buf += piece, offset += piece) {
		piece = len < sizeof(want) ? len : sizeof(want);
		fill(want, piece, offset, r->seed);
		for (i = 0; i < piece; i++)
			if (buf[i] && buf[i] != want[i])
				fail("byte at %lld is %#x, neither 0 nor %#x",
				     (long long)offset + i, buf[i], want[i]);
	}
}

void *race_reader(void *arg)
{
	struct race *r = arg;
	u64 rng = race_rng(r);
	unsigned char *buf = xmalloc(KiB(50));

	while (race_going(r)) {
		off_t at = race_place(r, &rng);
		ssize_t got = CHECK_OK(pread(r->fd, buf, 1 + rnd(&rng) % KiB(50), at));

		check_race_bytes(r, buf, got, at);
	}
	free(buf);
	return NULL;
}

void *race_toucher(void *arg)
{
	struct race *r = arg;
	u64 rng = race_rng(r);
	unsigned char byte;

	while (race_going(r)) {
		off_t at = race_place(r, &rng);

		if (try_read(r->map + at, &byte))
			check_race_bytes(r, &byte, 1, at);
		if (rnd(&rng) % 4 == 0) {
			fill(&byte, 1, at, r->seed);
			try_write(r->map + at, byte);
		}
		/* Drop the page table entries, so that there are more faults. */
		if (rnd(&rng) % 64 == 0)
			CHECK_OK(madvise(r->map, r->size, MADV_DONTNEED));
	}
	return NULL;
}

void run_threads(struct race *r, const race_job *jobs, unsigned int nr, unsigned int ms)
{
	pthread_t threads[8];
	unsigned int i;

	for (i = 0; i < nr; i++)
		CHECK_EQ(pthread_create(&threads[i], NULL, jobs[i], r), 0);
	usleep(ms * scaled(1000));
	__atomic_store_n(&r->stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
}

void run_race_on_new(struct race *r, const race_job *jobs, unsigned int nr, unsigned int ms)
{
	poison();
	r->fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
	CHECK_OK(ftruncate(r->fd, r->grown ? r->size : 0));
	r->map = map_file(r->fd, r->size);
	run_threads(r, jobs, nr, ms);
	munmap(r->map, r->size);
	close(r->fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}
