// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: waiting for a block without holding locks of the file that needs it.
 */
#include <linux/delay.h>

#include "inode.h"
#include "sb.h"
#include "wait.h"

/*
 * How often to wait before a merge leaves held pages in place, which makes a file slower; and where
 * every try has to undo what it got.
 */
#define SCRIPTFS_WAIT_MERGE	30U
#define SCRIPTFS_WAIT_MERGE_ALL	2U

/**
 * scriptfs_wait_for_block - get idle blocks into the pools, or wait for held pages
 * @inode:	the file that needs a block
 * @wait:	zeroed at first; to be ended by scriptfs_wait_end() whatever this returned
 * @err:	what getting a block failed with
 * @bytes:	how much to allocate, if the system has as much
 *
 * Checks the whole quarantine, reclaims memory for surplus, and gives tasks that hold a page just
 * now the time to let go.
 *
 * Context: Process context, may sleep for long; the caller holds no lock of a file.
 * Return: 0 if it is worth trying again; -ENOSPC if not; -EINTR after a fatal signal; @err if it is
 * nothing that waiting could cure.
 */
int scriptfs_wait_for_block(struct inode *inode, struct scriptfs_wait *wait, int err, u64 bytes)
{
	unsigned int in_vain = wait->all ? SCRIPTFS_WAIT_MERGE_ALL : SCRIPTFS_WAIT_MERGE;
	bool busy = err == -EBUSY;

	if (err != -ENOSPC && !busy)
		return err;
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
 * scriptfs_wait_end - end of a wait, with or without the block
 * @inode:	the file that needed a block
 * @wait:	as scriptfs_wait_for_block() left it
 */
void scriptfs_wait_end(struct inode *inode, struct scriptfs_wait *wait)
{
	/* Another task that waits sets it again. */
	if (unlikely(READ_ONCE(scriptfs_inode(inode)->leave_held)))
		WRITE_ONCE(scriptfs_inode(inode)->leave_held, false);
	scriptfs_replenish_end(scriptfs_pools(inode->i_sb), wait);
}
