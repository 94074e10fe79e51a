/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The workers that change the files of churn.h and look at them.
 */
#ifndef SCRIPTFS_SELFTEST_CHURN_WORK_H
#define SCRIPTFS_SELFTEST_CHURN_WORK_H

#include "churn.h"
#include "uring.h"

/* The most holds that a worker has, and the bytes in the pages of a stripe. */
#define HOLDS		5
#define ROOM		(STRIPE_PAGES * PAGE)

enum hold_kind {
	BY_SPLICE, BY_VMSPLICE, BY_TEE, BY_SOCKET, BY_PIN_TO_READ, BY_PIN_TO_WRITE, KINDS
};

/**
 * struct hold - pages that a worker holds
 * @pages:	the pages; none if there is no file
 * @kind:	how it holds them
 * @fds:	the pipe or the sockets that they are in
 * @pin:	or what has looked them up
 */
struct hold {
	struct churn_hold	pages;
	enum hold_kind		kind;
	int			fds[2];
	struct pin		pin;
};

/**
 * struct view - how a worker sees a file
 * @fd:		the file, 0 if the worker does not have it open
 * @map:	a mapping of all of it
 * @epoch:	the epoch in which it was opened
 */
struct view {
	int		fd;
	unsigned char	*map;
	unsigned int	epoch;
};

/**
 * struct worker - a process that changes the files and looks at them
 * @c:		the files
 * @rng:	random numbers
 * @views:	the files as it has them open
 * @holds:	what it holds
 * @buf:	room for as many pages as a stripe has
 * @pipes:	a pipe, empty between two operations
 * @scratch:	a file of its own
 * @ring:	an io_uring where @buf is registered
 */
struct worker {
	struct churn	*c;
	u64		rng;
	struct view	views[CHURN_FILES];
	struct hold	holds[HOLDS];
	unsigned char	*buf;
	int		pipes[2];
	int		scratch;
	struct uring	ring;
};

/**
 * struct place - the part of a file that an operation works on
 * @f:		the file
 * @v:		as the worker sees it
 * @first:	the first page
 * @nr:		how many pages; a new place ends in the stripe where it begins
 * @at:		@first in bytes
 * @len:	@nr in bytes
 */
struct place {
	struct churn_file	*f;
	struct view		*v;
	unsigned int		first;
	unsigned int		nr;
	off_t			at;
	size_t			len;
};

/* Make sure that the current file is open, with any of its locks held. */
void see(struct churn_file *f, struct view *v, int flags);

/* Choose a random place, lock it and make sure that the file is open. */
struct place lock_somewhere(struct worker *w);
void unlock(const struct place *p);

/* Take hold of pages; check what is in them and let go. */
void do_hold(struct worker *w);
void do_let_go(struct worker *w);
void let_go_of_all(struct worker *w);

#endif /* SCRIPTFS_SELFTEST_CHURN_WORK_H */
