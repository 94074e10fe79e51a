/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: pieces for a place in a file.
 */
#ifndef _FS_SCRIPTFS_ALLOC_H
#define _FS_SCRIPTFS_ALLOC_H

#include <linux/types.h>

struct inode;
struct scriptfs_piece;

struct scriptfs_piece *scriptfs_piece_get(struct inode *inode, loff_t pos, u64 want);
struct scriptfs_piece *scriptfs_piece_get_idle(struct inode *inode, loff_t pos, u64 want);

#endif /* _FS_SCRIPTFS_ALLOC_H */
