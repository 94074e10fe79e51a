/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: waiting for a block.
 *
 * Functions that get a block for a file are called under locks of that file, where nothing may wait
 * for memory or for another task. They return one of two errors that waiting may cure, which all
 * callers hand on as they are:
 *
 *	-ENOSPC		there is no block
 *	-EBUSY		there would be one, if pages or locks were not in use just now
 *
 * The caller that holds no locks hands the error to scriptfs_wait_for_block(), and tries again if
 * that returns 0.
 */
#ifndef _FS_SCRIPTFS_WAIT_H
#define _FS_SCRIPTFS_WAIT_H

#include "surplus.h"

struct inode;

int scriptfs_wait_for_block(struct inode *inode, struct scriptfs_wait *wait, int err, u64 bytes);
void scriptfs_wait_end(struct inode *inode, struct scriptfs_wait *wait);

#endif /* _FS_SCRIPTFS_WAIT_H */
