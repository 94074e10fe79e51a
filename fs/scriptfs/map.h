/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the block map of a file.
 */
#ifndef _FS_SCRIPTFS_MAP_H
#define _FS_SCRIPTFS_MAP_H

#include <linux/xarray.h>

#include "block.h"
#include "inode.h"
#include "scatter.h"

struct scriptfs_block *scriptfs_block_next(struct scriptfs_inode *si, loff_t pos);
size_t scriptfs_sound_run(struct scriptfs_inode *si, loff_t pos, size_t len);
int scriptfs_map_insert(struct inode *inode, struct scriptfs_block *block, loff_t pos, gfp_t gfp);
void scriptfs_map_remove(struct inode *inode, struct scriptfs_block *block);
void scriptfs_block_drop(struct inode *inode, struct scriptfs_block *block);
void scriptfs_mark_raise(struct scriptfs_chunk *chunk, u32 mark);
void scriptfs_chunk_lower(struct scriptfs_chunk *chunk, u32 offset);
void scriptfs_block_clear(struct scriptfs_inode *si, struct scriptfs_block *block, loff_t pos,
			  loff_t end);
void scriptfs_clear_range(struct inode *inode, loff_t start, loff_t end);
void scriptfs_zero_tail(struct inode *inode, loff_t pos);
void scriptfs_map_truncate(struct inode *inode, loff_t size);
void scriptfs_map_release(struct inode *inode);

/**
 * scriptfs_block_find - the block that covers an offset
 * @si:		the file
 * @pos:	offset in bytes
 *
 * Context: The caller holds inode_lock (shared will do) or map_lock, so that the block stays in
 * the file.
 * Return: The block, or NULL where there is a hole.
 */
static inline struct scriptfs_block *scriptfs_block_find(struct scriptfs_inode *si, loff_t pos)
{
	return xa_load(&si->map, scriptfs_unit(pos));
}

/**
 * scriptfs_block_again - the block that covers an offset, which most likely is that of last time
 * @si:		the file
 * @pos:	offset in bytes
 *
 * Context: The caller holds inode_lock exclusively.
 * Return: As scriptfs_block_find().
 */
static inline struct scriptfs_block *scriptfs_block_again(struct scriptfs_inode *si, loff_t pos)
{
	struct scriptfs_block *block = si->last_block;

	if (!block || pos < scriptfs_block_start(block) || pos >= scriptfs_block_end(block)) {
		block = scriptfs_block_find(si, pos);
		si->last_block = block;
	}
	return block;
}

/**
 * scriptfs_data_at - where bytes of a file are
 * @si:		the file
 * @pos:	offset in bytes
 * @len:	how many bytes are wanted, at least 1; cut to those that lie together, which may be
 *		fewer than do
 *
 * A hole is found and measured with one look at the map. Between two of them, a page fault could
 * put a block there.
 *
 * Context: As for scriptfs_block_find(), or as a reader without a lock.
 * Return: Their memory, or NULL where they are zeroes.
 */
static __always_inline void *scriptfs_data_at(struct scriptfs_inode *si, loff_t pos, size_t *len)
{
	struct scriptfs_block *block = scriptfs_block_find(si, pos);
	struct scriptfs_chunk *chunk;
	u32 offset, mark;

	if (unlikely(!block)) {
		block = scriptfs_block_next(si, pos);
		if (!block || scriptfs_block_start(block) > pos) {
			*len = min_t(size_t, *len, SCRIPTFS_CHUNK_SIZE);
			if (block)
				*len = min_t(u64, *len, scriptfs_block_start(block) - pos);
			return NULL;
		}
	}
	chunk = scriptfs_chunk_at(block, pos, &offset);
	mark = scriptfs_mark_get(chunk);
	if (likely(offset < mark)) {
		*len = min_t(size_t, *len, mark - offset);
		return chunk->addr + offset;
	}
	*len = min_t(size_t, *len, scriptfs_chunk_size(block) - offset);
	/* Pairs with scriptfs_scatter(). */
	return unlikely(smp_load_acquire(&chunk->scattered)) ?
		scriptfs_scatter_data(si, block, chunk, offset, len) : NULL;
}

#endif /* _FS_SCRIPTFS_MAP_H */
