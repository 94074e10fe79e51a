// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: fallocate(2).
 *
 * To allocate is to give the file blocks whose initialised marks stay at 0, so it costs a few
 * hundred instructions a block and not one byte is written. To punch a hole gives back the
 * blocks that lie wholly in it and clears what it covers of others.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "scriptfs.h"

#define SCRIPTFS_FALLOCATE_MODES	(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | \
					 FALLOC_FL_ZERO_RANGE)

/* Has nobody written to the block or seen any of it? */
static bool scriptfs_block_untouched(const struct scriptfs_block *block)
{
	unsigned int i;

	for (i = 0; i < scriptfs_class_chunks(block->class); i++)
		if (block->chunk[i].mark || block->chunk[i].published)
			return false;
	return true;
}

/*
 * The blocks that fallocate(2) got are no longer fresh. With @undo give them back, but for those
 * that a page fault found meanwhile, which are the file's to keep.
 */
static void scriptfs_allocate_end(struct inode *inode, bool undo)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *block, *next;

	if (undo)
		scriptfs_readers_wait(si);
	down_write(&si->map_lock);
	si->allocating = false;
	/* From the end, where all of them are. */
	list_for_each_entry_safe_reverse(block, next, &si->blocks, link) {
		if (!si->nr_fresh)
			break;
		if (!block->fresh)
			continue;
		if (undo && scriptfs_block_untouched(block)) {
			scriptfs_block_drop(inode, block);
		} else {
			block->fresh = false;
			si->nr_fresh--;
		}
	}
	up_write(&si->map_lock);
}

/* Find the block that covers @pos or get one. Returns the end of the block in the file. */
static loff_t scriptfs_allocate_one(struct inode *inode, loff_t pos, loff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *block;
	loff_t ret;

	down_write(&si->map_lock);
	si->allocating = true;
	block = scriptfs_block_to_write(inode, pos, end - pos);
	ret = IS_ERR(block) ? PTR_ERR(block) : scriptfs_block_end(block);
	up_write(&si->map_lock);
	return ret;
}

/* Give the file all blocks from @pos to @end, or none. */
static int scriptfs_allocate(struct inode *inode, loff_t pos, loff_t end)
{
	while (pos >= 0 && pos < end) {
		pos = fatal_signal_pending(current) ? -EINTR :
						      scriptfs_allocate_one(inode, pos, end);
		cond_resched();
	}
	scriptfs_allocate_end(inode, pos < 0);
	return min_t(loff_t, pos, 0);
}

/* Clear a part of a chunk: at its end by lowering the mark, unless pages there may be mapped. */
static void scriptfs_chunk_clear(struct scriptfs_chunk *chunk, u32 from, u32 to)
{
	if (from >= chunk->mark)
		return;
	if (to >= chunk->mark && !chunk->published)
		scriptfs_mark_set(chunk, from);
	else
		memset(chunk->addr + from, 0, min(to, chunk->mark) - from);
}

/* Clear what lies between @pos and @end in a block that covers both. */
static void scriptfs_block_clear(struct scriptfs_block *block, loff_t pos, loff_t end)
{
	while (pos < end) {
		struct scriptfs_chunk *chunk;
		u32 offset, len;

		chunk = scriptfs_chunk_at(block, pos, &offset);
		len = min_t(u64, end - pos, scriptfs_chunk_size(block) - offset);
		scriptfs_chunk_clear(chunk, offset, offset + len);
		pos += len;
		cond_resched();
	}
}

/* Is a page of the block in the page cache? */
static bool scriptfs_block_cached(struct scriptfs_block *block)
{
	unsigned int i;
	u32 offset;

	for (i = 0; i < scriptfs_class_chunks(block->class); i++) {
		if (!block->chunk[i].published)
			continue;
		for (offset = 0; offset < scriptfs_chunk_size(block); offset += PAGE_SIZE)
			if (scriptfs_chunk_page(&block->chunk[i], offset)->mapping)
				return true;
	}
	return false;
}

/**
 * scriptfs_clear_range - make a range of a file read as zeroes
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @start:	its first byte
 * @end:	the one after its last
 * @drop:	give back the blocks that lie wholly in there, but for those that a page fault has
 *		put back into the page cache in the meantime; after scriptfs_readers_wait()
 *
 * What is a hole stays one.
 *
 * Context: The caller holds inode_lock exclusively. Takes map_lock.
 */
void scriptfs_clear_range(struct inode *inode, loff_t start, loff_t end, bool drop)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned long unit = start >> SCRIPTFS_UNIT_SHIFT;
	struct scriptfs_block *block;

	down_write(&si->map_lock);
	xa_for_each_start(&si->map, unit, block, unit) {
		loff_t first = max(start, scriptfs_block_start(block));
		loff_t last = min_t(u64, end, scriptfs_block_end(block));

		if (first >= last)
			break;
		if (drop && last - first == scriptfs_block_size(block) &&
		    !scriptfs_block_cached(block))
			scriptfs_block_drop(inode, block);
		else
			scriptfs_block_clear(block, first, last);
	}
	up_write(&si->map_lock);
}

static void scriptfs_punch(struct inode *inode, loff_t start, loff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	/* Up to the end of the file is to the end of its last page and block. */
	if (end >= i_size_read(inode) && end >= si->kept_end)
		end = MAX_LFS_FILESIZE;
	truncate_pagecache_range(inode, start, end - 1);
	scriptfs_readers_wait(si);
	scriptfs_clear_range(inode, start, end, true);
}

/* Allocate, for ZERO_RANGE also clear, and let the file grow. */
static int scriptfs_extend(struct inode *inode, int mode, loff_t start, loff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t size = i_size_read(inode);
	bool grow = !(mode & FALLOC_FL_KEEP_SIZE) && end > size;
	int err;

	err = grow ? inode_newsize_ok(inode, end) : 0;
	if (!err)
		err = scriptfs_allocate(inode, start, end);
	if (err)
		return err;

	if (mode & FALLOC_FL_ZERO_RANGE)
		scriptfs_clear_range(inode, start, end, false);
	if (grow) {
		scriptfs_zero_tail(inode, size);
		i_size_write(inode, end);
	} else if (end > size) {
		si->kept_end = max(si->kept_end, end);
	}
	return 0;
}

/**
 * scriptfs_fallocate - fallocate(2)
 * @file:	the file
 * @mode:	0 or FALLOC_FL_KEEP_SIZE to allocate, FALLOC_FL_ZERO_RANGE to allocate and clear,
 *		FALLOC_FL_PUNCH_HOLE
 * @offset:	where, in bytes
 * @len:	how many bytes
 *
 * On an error the file is as it was.
 *
 * Context: Takes inode_lock and map_lock.
 * Return: 0; -EOPNOTSUPP for other modes, -ENOSPC, -ENOMEM, -EFBIG beyond RLIMIT_FSIZE, -EINTR
 * after a fatal signal.
 */
long scriptfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	int err;

	if (mode & ~SCRIPTFS_FALLOCATE_MODES)
		return -EOPNOTSUPP;

	inode_lock(inode);
	err = file_remove_privs(file);
	if (err)
		goto out;
	scriptfs_change_begin(si);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		scriptfs_punch(inode, offset, offset + len);
	else
		err = scriptfs_extend(inode, mode, offset, offset + len);
	scriptfs_change_end(si);
	if (!err)
		err = file_update_time(file);
out:
	inode_unlock(inode);
	return err;
}
