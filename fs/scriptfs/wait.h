/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: waiting for a block.
 *
 * Whatever gets a file a block holds locks of that file, under which nothing waits for memory or
 * for somebody else. It answers with one of two errors that waiting may cure, which all callers
 * hand on as they are:
 *
 *	-ENOSPC		there is no block
 *	-EBUSY		there would be one, if pages or locks were not in use just now
 *
 * Whoever began without locks hands the error to scriptfs_wait_for_block(), and tries again if that
 * returns 0.
 */
#ifndef _FS_SCRIPTFS_WAIT_H
#define _FS_SCRIPTFS_WAIT_H

#include <linux/types.h>

struct inode;

/**
 * struct scriptfs_wait - a task that waits for a block, 0 at first
 * @replenished: it has got surplus, which memory pressure leaves alone until it is done
 * @all:	it has no use for less than all of what it asks for
 * @tries:	how often it has waited for others to let go of pages
 */
struct scriptfs_wait {
	bool		replenished;
	bool		all;
	unsigned int	tries;
};

int scriptfs_wait_for_block(struct inode *inode, struct scriptfs_wait *wait, int err, u64 bytes);
void scriptfs_wait_end(struct inode *inode, struct scriptfs_wait *wait);

#endif /* _FS_SCRIPTFS_WAIT_H */
