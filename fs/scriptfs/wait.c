// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: waiting for a block, with no lock of a file held.
 */
#include <linux/delay.h>
#include <linux/sched/signal.h>

#include "inode.h"
#include "sb.h"
#include "wait.h"

/*
 * How often to wait some milliseconds for pages to be let go. A task that has just looked one up
 * lets go as soon as it runs again, a pipe maybe never.
 */
#define SCRIPTFS_WAIT_TRIES	200U

/*
 * How often before a merge leaves held pages where they are, which makes a file slower; and where
 * all that was got has to be given back before the next try.
 */
#define SCRIPTFS_WAIT_MERGE	30U
#define SCRIPTFS_WAIT_MERGE_ALL	2U

/**
 * scriptfs_wait_for_block - have idle blocks in the pools, whatever that takes
 * @inode:	the file that needs a block
 * @wait:	zeroed at first; to be ended by scriptfs_wait_end(), whatever came of it
 * @err:	what getting a block failed with
 * @bytes:	how much to get from the system, if it has as much
 *
 * Looks through all that is quarantined, has memory reclaimed for surplus, and gives those who hold
 * a page just now the time to let go.
 *
 * Context: Process context, may sleep for long; the caller has no lock of a file.
 * Return: 0 if it is worth trying again; -ENOSPC if not; -EINTR after a fatal signal; @err if it is
 * nothing that waiting could cure.
 */
int scriptfs_wait_for_block(struct inode *inode, struct scriptfs_wait *wait, int err, u64 bytes)
{
	struct scriptfs_sb *sbi = scriptfs_sb(inode->i_sb);
	bool busy = err == -EBUSY;
	unsigned int tries = busy ? SCRIPTFS_WAIT_TRIES : 0;
	unsigned int idle;
	u64 quarantined;

	if (err != -ENOSPC && !busy)
		return err;
	if (fatal_signal_pending(current))
		return -EINTR;
	/* All of it once; after that it is known what is held for long. */
	idle = scriptfs_pools_settle(sbi, !wait->tries, &quarantined);
	if (quarantined)
		tries = max(tries, SCRIPTFS_WAIT_TRIES / 2);
	/* To get all of it is long work, not to be done again and again when it cannot be had. */
	if (!busy && wait->all && bytes > quarantined + scriptfs_growth(sbi))
		tries = 0;
	/* Where others are in the way only the smallest block of the system fits for sure. */
	if (busy && !wait->all)
		bytes = SCRIPTFS_UNIT_SIZE;
	if (idle || !scriptfs_replenish(sbi, bytes, wait->all, &wait->replenished))
		return 0;
	if (busy && wait->tries >= (wait->all ? SCRIPTFS_WAIT_MERGE_ALL : SCRIPTFS_WAIT_MERGE))
		WRITE_ONCE(scriptfs_inode(inode)->leave_held, true);
	if (wait->tries >= tries)
		return -ENOSPC;
	wait->tries++;
	usleep_range(2000, 4000);
	return 0;
}

/**
 * scriptfs_wait_end - a task that waited for a block has got it, or has given up
 * @inode:	the file that needed a block
 * @wait:	as scriptfs_wait_for_block() left it
 */
void scriptfs_wait_end(struct inode *inode, struct scriptfs_wait *wait)
{
	/* Another task that waits sets it again. */
	if (unlikely(READ_ONCE(scriptfs_inode(inode)->leave_held)))
		WRITE_ONCE(scriptfs_inode(inode)->leave_held, false);
	scriptfs_replenish_end(scriptfs_sb(inode->i_sb), &wait->replenished);
}
