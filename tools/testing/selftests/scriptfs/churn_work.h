/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Those who change the files of churn.h and look at them.
 */
#ifndef SCRIPTFS_SELFTEST_CHURN_WORK_H
#define SCRIPTFS_SELFTEST_CHURN_WORK_H

#include "churn.h"
#include "uring.h"

/* How many holds a worker has at most, and room for the pages of a stripe. */
#define HOLDS		5
#define ROOM		(STRIPE_PAGES * PAGE)

enum hold_kind {
	BY_SPLICE, BY_VMSPLICE, BY_TEE, BY_SOCKET, BY_PIN_TO_READ, BY_PIN_TO_WRITE, KINDS
};

/**
 * struct hold - pages that a worker has
 * @pages:	which; none if there is no file
 * @kind:	how he has them
 * @fds:	the pipe or the sockets that they are in
 * @pin:	or how they were looked up
 */
struct hold {
	struct churn_hold	pages;
	enum hold_kind		kind;
	int			fds[2];
	struct pin		pin;
};

/**
 * struct view - how a worker sees a file
 * @fd:		the file, 0 if he has not seen it yet
 * @map:	all of it
 * @epoch:	which file it was
 */
struct view {
	int		fd;
	unsigned char	*map;
	unsigned int	epoch;
};

/**
 * struct worker - who changes the files and looks at them
 * @c:		the files
 * @rng:	random numbers
 * @views:	what he has open
 * @holds:	what he holds
 * @buf:	room for as many pages as a stripe has
 * @pipes:	empty between two operations
 * @scratch:	a file of his own
 * @ring:	@buf is registered there
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
 * struct place - where something is done
 * @f:		the file
 * @v:		as the worker sees it
 * @first:	the first page, of as many as are in one stripe at most
 * @nr:		how many
 * @at:		the same in bytes
 * @len:	the same
 */
struct place {
	struct churn_file	*f;
	struct view		*v;
	unsigned int		first;
	unsigned int		nr;
	off_t			at;
	size_t			len;
};

/* With any lock of the file: have it open. */
void see(struct churn_file *f, struct view *v, int flags);

/* Any place, with its lock and open. */
struct place lock_somewhere(struct worker *w);
void unlock(const struct place *p);

/* Get hold of pages; see what is in them and let go. */
void do_hold(struct worker *w);
void do_let_go(struct worker *w);
void let_go_of_all(struct worker *w);

#endif /* SCRIPTFS_SELFTEST_CHURN_WORK_H */
