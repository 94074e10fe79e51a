/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Races on one file. It has but one content, by its offset: all who write it write the same, so all
 * who read it must find that or zero, however the threads met. Its blocks were full of POISON.
 */
#ifndef SCRIPTFS_SELFTEST_RACE_H
#define SCRIPTFS_SELFTEST_RACE_H

#include "util.h"

/**
 * struct race - what the threads share
 * @fd:		the file
 * @map:	all of it mapped
 * @size:	its size, or the largest it may have
 * @seed:	of the pattern in it
 * @exact:	nobody but the writer cuts, so what it wrote must be there
 * @grown:	the file is as long as it will be before it is written
 * @front:	where the writer is
 * @jobs:	how many threads have begun
 * @stop:	they are to end
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

/* What a thread does; its argument is the race. */
typedef void *(*race_job)(void *arg);

/* For a thread: is there more to do, its random numbers, and that it is at @at now. */
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
