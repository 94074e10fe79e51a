// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: waiting for a block without locks of the file that is in want of it.
 */
#include <linux/delay.h>

#include "scriptfs.h"

/*
 * How often to wait before a merge leaves held pages where they are, which makes a file slower; and
 * where all that was got has to be given back before the next try.
 */
#define SCRIPTFS_WAIT_MERGE	30U
#define SCRIPTFS_WAIT_MERGE_ALL	2U

/**
 * scriptfs_wait_for_block - have idle blocks in the pools, whatever that takes
 * @inode:	the file that is in want of a block
 * @wait:	zeroed at first; to be ended by scriptfs_wait_end(), whatever came of it
 * @err:	what scriptfs_block_get() said: -ENOSPC or -EBUSY
 * @bytes:	how much to get from the system, if it has as much
 *
 * Looks through all that is quarantined, has memory reclaimed for surplus, and gives those who hold
 * a page just now the time to let go.
 *
 * Context: Process context, may sleep for long; the caller has no lock of a file.
 * Return: 0 if it is worth to try again; -ENOSPC if not; -EINTR after a fatal signal.
 */
int scriptfs_wait_for_block(struct inode *inode, struct scriptfs_wait *wait, int err, u64 bytes)
{
	unsigned int in_vain = wait->all ? SCRIPTFS_WAIT_MERGE_ALL : SCRIPTFS_WAIT_MERGE;
	bool busy = err == -EBUSY;

	err = scriptfs_pools_replenish(scriptfs_pools(inode->i_sb), wait, busy, bytes);
	if (!err || err == -EINTR)
		return err;
	if (busy && wait->tries >= in_vain)
		WRITE_ONCE(scriptfs_inode(inode)->leave_held, true);
	if (err != -EAGAIN)
		return err;
	wait->tries++;
	usleep_range(2000, 4000);
	return 0;
}

/**
 * scriptfs_wait_end - whoever waited for a block has got it, or has given up
 * @inode:	the file that was in want of a block
 * @wait:	as scriptfs_wait_for_block() left it
 */
void scriptfs_wait_end(struct inode *inode, struct scriptfs_wait *wait)
{
	/* Another one who waits says it again. */
	if (unlikely(READ_ONCE(scriptfs_inode(inode)->leave_held)))
		WRITE_ONCE(scriptfs_inode(inode)->leave_held, false);
	scriptfs_replenish_end(scriptfs_pools(inode->i_sb), wait);
}
