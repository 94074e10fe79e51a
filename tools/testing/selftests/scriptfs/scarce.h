/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A system with little memory left, and what it does for want of it.
 */
#ifndef SCRIPTFS_SELFTEST_SCARCE_H
#define SCRIPTFS_SELFTEST_SCARCE_H

#include "util.h"

/**
 * struct want - how often the system did something for want of memory
 * @compactions:	a task had to move pages about for a large allocation
 * @reclaims:		a task had to reclaim memory before it got some
 * @kills:		a process had to die
 */
struct want {
	unsigned long	compactions;
	unsigned long	reclaims;
	unsigned long	kills;
};

/* Since boot. */
struct want want_now(void);

/* KiB that are free above the mark at which the system begins to reclaim memory. */
long spare_memory(void);

/*
 * Run @run in a process of its own while the system has only @kib KiB to spare. The rest is in
 * unused huge pages, so that nothing can be reclaimed or swapped, and no page has to be touched.
 */
void with_scarce_memory(unsigned long kib, void (*run)(void *arg), void *arg);

/* How many of @nr huge pages the system gets together by its own means. Given back at once. */
unsigned long huge_pages_to_be_had(unsigned long nr);

/* Take @kib KiB of page cache that can be reclaimed at any time, for as long as the fd is open. */
int fill_cache(unsigned long kib);

#endif /* SCRIPTFS_SELFTEST_SCARCE_H */
