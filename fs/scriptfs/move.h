/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: moving what a file holds to other blocks.
 */
#ifndef _FS_SCRIPTFS_MOVE_H
#define _FS_SCRIPTFS_MOVE_H

#include "alloc.h"

struct scriptfs_block *scriptfs_block_make_room(struct inode *inode, loff_t pos,
						unsigned int class);
void scriptfs_eof_trim(struct inode *inode);

/**
 * scriptfs_block_to_write - find the block that covers an offset, or give the file one
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @pos:	offset in bytes
 * @want:	how many bytes from @pos on the caller is about to fill
 *
 * As scriptfs_block_get(), but before the system has to give a block, one that the pools have idle
 * takes the place of small blocks of the file that are in its way.
 *
 * Context: The caller holds inode_lock and map_lock exclusively. May sleep, but does not reclaim
 * memory: see wait.h.
 * Return: The block; ERR_PTR(-ENOSPC) if there is none; ERR_PTR(-EBUSY) if there would be one, were
 * no pages held that have to move; ERR_PTR(-ENOMEM).
 */
static inline struct scriptfs_block *scriptfs_block_to_write(struct inode *inode, loff_t pos,
							     u64 want)
{
	struct scriptfs_block *block;
	unsigned int class;

	block = scriptfs_block_get_idle(inode, pos, want, &class);
	return likely(block) ? block : scriptfs_block_make_room(inode, pos, class);
}

#endif /* _FS_SCRIPTFS_MOVE_H */
