// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: waiting for lock-free readers of a file. See change.h.
 */
#include <linux/cpumask.h>

#include "change.h"

DEFINE_PER_CPU(struct scriptfs_inode *, scriptfs_reading);

/**
 * scriptfs_readers_wait - wait until no reader without a lock looks at a file's pieces
 * @si:		a file between scriptfs_change_begin() and scriptfs_change_end()
 *
 * What readers may have found before can be cut and given back afterwards.
 *
 * Context: Spins for as long as one copy without a lock takes.
 */
void scriptfs_readers_wait(struct scriptfs_inode *si)
{
	int cpu;

	/* ->change_seq is odd before the look: pairs with scriptfs_reader_enter(). */
	smp_mb();
	for_each_possible_cpu(cpu)
		/* The copy is done before this returns: pairs with scriptfs_reader_exit(). */
		while (smp_load_acquire(per_cpu_ptr(&scriptfs_reading, cpu)) == si)
			cpu_relax();
}
