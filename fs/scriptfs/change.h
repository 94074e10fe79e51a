/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: changing a file while others read it without a lock.
 *
 * A read sees a write whole or not at all. A long one gets that by holding inode_lock shared. For
 * a short one the lock would cost as much as the copy: all readers of a file would write to the
 * same cache line twice. So it takes no lock, only looks whether a change begins or ends meanwhile,
 * and starts again under the lock if one does.
 *
 * Whatever changes bytes, pieces or the size of a file holds inode_lock exclusively and calls
 *
 *	scriptfs_change_begin()		->change_seq is odd from here on
 *	scriptfs_readers_wait()		before it takes away pieces or cuts them
 *	scriptfs_change_end()		->change_seq is even again
 *
 * and a reader
 *
 *	scriptfs_reader_enter()		says which file it looks at; false during a change
 *	scriptfs_reader_exit()		false if a change has begun since
 *
 * What a reader copied is what the file held at one moment: between the two looks at ->change_seq
 * nothing of it changed, or it is thrown away.
 *
 * What a reader looks at is neither cut nor given back under it: it stores its mark and then loads
 * ->change_seq; a change makes ->change_seq odd and then loads the marks of all processors. There
 * is a full barrier between the two on either side, so at least one sees the other: the reader
 * sees that ->change_seq is odd and keeps away, or the change sees the mark and waits until it is
 * gone. The mark goes with a release after the last byte is copied, so all the reader's loads are
 * done when the change goes on. A reader that comes later sees that ->change_seq is odd.
 *
 * That wait spins, for no longer than one copy takes. For this a reader has preemption disabled and
 * must not sleep: not to fault in its destination, and not to copy to a pipe, which allocates.
 */
#ifndef _FS_SCRIPTFS_CHANGE_H
#define _FS_SCRIPTFS_CHANGE_H

#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/seqlock.h>

#include "inode.h"

/* Per processor: the file that is looked at without a lock, or NULL. */
DECLARE_PER_CPU(struct scriptfs_inode *, scriptfs_reading);

void scriptfs_readers_wait(struct scriptfs_inode *si);

/* The raw functions, as the others expect their caller not to sleep: inode_lock excludes others. */
static inline void scriptfs_change_begin(struct scriptfs_inode *si)
{
	raw_write_seqcount_begin(&si->change_seq);
}

static inline void scriptfs_change_end(struct scriptfs_inode *si)
{
	raw_write_seqcount_end(&si->change_seq);
}

/*
 * Stop looking at a file without a lock. @seq is what scriptfs_reader_enter() set. Returns whether
 * nothing of the file has changed.
 */
static __always_inline bool scriptfs_reader_exit(struct scriptfs_inode *si, unsigned int seq)
{
	bool same = !read_seqcount_retry(&si->change_seq, seq);

	/* Done before its pieces may go elsewhere: pairs with scriptfs_readers_wait(). */
	smp_store_release(this_cpu_ptr(&scriptfs_reading), NULL);
	preempt_enable();
	return same;
}

/*
 * Begin to look at a file without a lock, if it is not being changed just now. Preemption is off
 * until scriptfs_reader_exit().
 */
static __always_inline bool scriptfs_reader_enter(struct scriptfs_inode *si, unsigned int *seq)
{
	preempt_disable();
	__this_cpu_write(scriptfs_reading, si);
	/* The mark before the look: pairs with scriptfs_readers_wait(). */
	smp_mb();
	*seq = raw_read_seqcount(&si->change_seq);
	if (likely(!(*seq & 1)))
		return true;
	scriptfs_reader_exit(si, *seq);
	return false;
}

#endif /* _FS_SCRIPTFS_CHANGE_H */
