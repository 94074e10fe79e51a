/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: taking a range out of a file, or putting one in.
 */
#ifndef _FS_SCRIPTFS_SHIFT_H
#define _FS_SCRIPTFS_SHIFT_H

#include <linux/types.h>

struct inode;

int scriptfs_collapse(struct inode *inode, loff_t start, loff_t end, u64 *missing);
int scriptfs_insert(struct inode *inode, loff_t start, loff_t end, u64 *missing);

#endif /* _FS_SCRIPTFS_SHIFT_H */
