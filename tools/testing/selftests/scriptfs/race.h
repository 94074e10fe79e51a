/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Races on one file. The offset alone determines each byte: all threads write the same, so every
 * read must find that or zero, however the threads meet. The file's blocks were full of POISON.
 */
#ifndef SCRIPTFS_SELFTEST_RACE_H
#define SCRIPTFS_SELFTEST_RACE_H

#include "util.h"

/**
 * struct race - what the threads share
 * @fd:		the file
 * @map:	a mapping of all of it
 * @size:	its size, or the largest that it may have
 * @seed:	seed of the pattern in it
 * @exact:	only the writer cuts the file, so what it wrote must be there
 * @grown:	the file gets its full size before it is written
 * @front:	where the writer is
 * @jobs:	how many threads have begun
 * @stop:	set to end the threads
 */
struct race {
	int		fd;
	unsigned char	*map;
	off_t		size;
	u64		seed;
	bool		exact;
	bool		grown;
	off_t		front;
	unsigned int	jobs;
	unsigned int	stop;
};

/* What a thread runs; its argument is the race. */
typedef void *(*race_job)(void *arg);

/* For a thread: whether to go on, a seed for random numbers, and a report that it is at @at. */
bool race_going(struct race *r);
u64 race_rng(struct race *r);
void race_front(struct race *r, off_t at);

/* Threads that look at the file: by read(2), and by a mapping, which also writes. */
void *race_reader(void *arg);
void *race_toucher(void *arg);

/* Run a race of @nr threads on the file of @r, or on a new one of poisoned blocks, for @ms. */
void run_threads(struct race *r, const race_job *jobs, unsigned int nr, unsigned int ms);
void run_race_on_new(struct race *r, const race_job *jobs, unsigned int nr, unsigned int ms);

#endif /* SCRIPTFS_SELFTEST_RACE_H */
