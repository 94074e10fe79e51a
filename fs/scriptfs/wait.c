// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: waiting for memory without holding locks of the file that needs it.
 */
#include <linux/delay.h>

#include "sb.h"
#include "wait.h"

/**
 * scriptfs_wait_for_memory - get idle memory into the pools
 * @inode:	the file that needs it
 * @wait:	zeroed at first; to be ended by scriptfs_wait_end() whatever this returned
 * @err:	what getting a piece failed with
 * @bytes:	how much to allocate, if the system has as much
 *
 * Checks the whole quarantine, reclaims memory for surplus, and gives tasks that hold a page just
 * now the time to let go.
 *
 * Context: Process context, may sleep for long; the caller holds no lock of a file.
 * Return: 0 if it is worth trying again; -ENOSPC if not; -EINTR after a fatal signal; @err if it is
 * nothing that waiting could cure.
 */
int scriptfs_wait_for_memory(struct inode *inode, struct scriptfs_wait *wait, int err, u64 bytes)
{
	if (err != -ENOSPC)
		return err;
	err = scriptfs_pools_replenish(scriptfs_pools(inode->i_sb), wait, bytes);
	if (err != -EAGAIN)
		return err;
	usleep_range(2000, 4000);
	return 0;
}

/**
 * scriptfs_wait_end - end of a wait, with or without the memory
 * @inode:	the file that needed it
 * @wait:	as scriptfs_wait_for_memory() left it
 */
void scriptfs_wait_end(struct inode *inode, struct scriptfs_wait *wait)
{
	scriptfs_replenish_end(scriptfs_pools(inode->i_sb), wait);
}
