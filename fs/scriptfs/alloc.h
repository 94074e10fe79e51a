/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: blocks for a place in a file.
 */
#ifndef _FS_SCRIPTFS_ALLOC_H
#define _FS_SCRIPTFS_ALLOC_H

#include <linux/types.h>

struct inode;
struct scriptfs_block;

struct scriptfs_block *scriptfs_block_get_idle(struct inode *inode, loff_t pos, u64 want,
					       unsigned int *class);
struct scriptfs_block *scriptfs_block_get_more(struct inode *inode, loff_t pos,
					       unsigned int class);

/**
 * scriptfs_block_get - find the block that covers an offset, or give the file one
 * @inode:	the file
 * @pos:	offset in bytes
 * @want:	how many bytes from @pos on the caller is about to fill
 *
 * The file's other blocks stay where they are. See scriptfs_block_to_write() for callers that may
 * have them moved.
 *
 * Context: The caller holds map_lock exclusively. May sleep, but does not reclaim memory: see
 * wait.h.
 * Return: The block; ERR_PTR(-ENOSPC) if there is none; ERR_PTR(-ENOMEM).
 */
static inline struct scriptfs_block *scriptfs_block_get(struct inode *inode, loff_t pos, u64 want)
{
	unsigned int class;

	return scriptfs_block_get_idle(inode, pos, want, &class) ?:
	       scriptfs_block_get_more(inode, pos, class);
}

#endif /* _FS_SCRIPTFS_ALLOC_H */
