/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: waiting for memory.
 *
 * Functions that get a piece for a file are called under locks of that file, where nothing may wait
 * for memory or for another task. They return -ENOSPC where the pools have none, which waiting may
 * cure, and all callers hand that on as it is.
 *
 * The caller that holds no locks hands the error to scriptfs_wait_for_memory(), and tries again if
 * that returns 0.
 */
#ifndef _FS_SCRIPTFS_WAIT_H
#define _FS_SCRIPTFS_WAIT_H

#include "surplus.h"

struct inode;

int scriptfs_wait_for_memory(struct inode *inode, struct scriptfs_wait *wait, int err, u64 bytes);
void scriptfs_wait_end(struct inode *inode, struct scriptfs_wait *wait);

#endif /* _FS_SCRIPTFS_WAIT_H */
