// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: fallocate(2).
 *
 * Allocating gives the file blocks whose initialised marks stay at 0, so it costs a few hundred
 * instructions a block and not one byte is written. Punching a hole gives back the blocks that lie
 * wholly in it and clears what it covers of others.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "change.h"
#include "fallocate.h"
#include "map.h"
#include "move.h"
#include "scatter.h"
#include "wait.h"

#define SCRIPTFS_FALLOCATE_MODES	(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | \
					 FALLOC_FL_ZERO_RANGE)

/* Has the block been neither written to nor published? */
static bool scriptfs_block_untouched(const struct scriptfs_block *block)
{
	unsigned int i;

	for (i = 0; i < scriptfs_class_chunks(block->class); i++)
		if (block->chunk[i].mark || block->chunk[i].published)
			return false;
	return true;
}

/*
 * The blocks allocated by the fallocate in progress are no longer fresh. With @undo give them back,
 * except those in which a page fault has published pages meanwhile.
 */
static void scriptfs_allocate_end(struct inode *inode, bool undo)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *block, *next;

	if (undo)
		scriptfs_readers_wait(si);
	down_write(&si->map_lock);
	si->fallocate.running = false;
	/* From the end of the list, where all of them are. */
	list_for_each_entry_safe_reverse(block, next, &si->blocks, link) {
		if (!si->fallocate.nr_fresh)
			break;
		cond_resched();
		if (!block->fresh)
			continue;
		if (undo && scriptfs_block_untouched(block)) {
			scriptfs_block_drop(inode, block);
		} else {
			block->fresh = false;
			si->fallocate.nr_fresh--;
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
	int err = 0;

	down_write(&si->map_lock);
	si->fallocate.running = true;
	block = scriptfs_block_to_write(inode, pos, end - pos);
	if (IS_ERR(block)) {
		ret = PTR_ERR(block);
	} else {
		ret = scriptfs_block_end(block);
		/* In a block that the file had before, pages may be held. */
		if (!block->fresh)
			err = scriptfs_scatter_fill(inode, block, pos, min(end, ret));
		if (err)
			ret = err;
	}
	up_write(&si->map_lock);
	return ret;
}

/* How many bytes there are no blocks for. If none, the place of a held page is missing. */
static u64 scriptfs_missing(struct scriptfs_inode *si, loff_t pos, loff_t end)
{
	struct scriptfs_block *block;
	u64 missing = 0;

	down_read(&si->map_lock);
	while (pos < end) {
		block = scriptfs_block_next(si, pos);
		if (!block || scriptfs_block_start(block) >= end) {
			missing += end - pos;
			break;
		}
		if (scriptfs_block_start(block) > pos)
			missing += scriptfs_block_start(block) - pos;
		pos = scriptfs_block_end(block);
		cond_resched();
	}
	up_read(&si->map_lock);
	return max_t(u64, missing, PAGE_SIZE);
}

/*
 * Give the file all blocks from @pos to @end, or none. On an error @missing is set to how many
 * bytes there were no blocks for.
 */
static int scriptfs_allocate(struct inode *inode, loff_t pos, loff_t end, u64 *missing)
{
	loff_t next = pos;

	while (next >= 0 && next < end) {
		pos = next;
		next = fatal_signal_pending(current) ? -EINTR :
						       scriptfs_allocate_one(inode, pos, end);
		cond_resched();
	}
	if (next < 0)
		*missing = scriptfs_missing(scriptfs_inode(inode), pos, end);
	scriptfs_allocate_end(inode, next < 0);
	return min_t(loff_t, next, 0);
}

/*
 * Clear what lies between @pos and @end in a block that stays with the file. Pages there have been
 * withdrawn under the same map_lock; those that are held are left to their holders.
 */
static void scriptfs_block_punch(struct inode *inode, struct scriptfs_block *block, loff_t pos,
				 loff_t end)
{
	loff_t start = pos;

	while (pos < end) {
		struct scriptfs_chunk *chunk;
		u32 offset, len;

		chunk = scriptfs_chunk_at(block, pos, &offset);
		len = min_t(u64, end - pos, scriptfs_chunk_size(block) - offset);
		if (!chunk->scattered) {
			if (offset + len >= chunk->mark)
				scriptfs_chunk_lower(chunk, offset);
			scriptfs_chunk_disown(inode, block, chunk, offset, offset + len);
		}
		pos += len;
		cond_resched();
	}
	scriptfs_block_clear(scriptfs_inode(inode), block, start, end);
}

/* Give back the blocks that lie wholly between @start and @end, and clear parts of others. */
static void scriptfs_punch_blocks(struct inode *inode, loff_t start, loff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned long unit = scriptfs_unit(start);
	struct scriptfs_block *block;

	xa_for_each_start(&si->map, unit, block, unit) {
		loff_t first = max(start, scriptfs_block_start(block));
		loff_t last = min_t(u64, end, scriptfs_block_end(block));

		if (first >= last)
			break;
		if (last - first == scriptfs_block_size(block)) {
			scriptfs_block_drop(inode, block);
			cond_resched();
			continue;
		}
		scriptfs_block_punch(inode, block, first, last);
	}
}

static void scriptfs_punch(struct inode *inode, loff_t start, loff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	/* Up to the end of the file is to the end of its last page and block. */
	if (end >= i_size_read(inode) && end >= si->prealloc_end)
		end = MAX_LFS_FILESIZE;
	scriptfs_readers_wait(si);
	down_write(&si->map_lock);
	truncate_pagecache_range(inode, start, end - 1);
	scriptfs_punch_blocks(inode, start, end);
	up_write(&si->map_lock);
}

/* Allocate, for ZERO_RANGE also clear, and let the file grow. */
static int scriptfs_extend(struct inode *inode, int mode, loff_t start, loff_t end, u64 *missing)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t size = i_size_read(inode);
	bool grow = !(mode & FALLOC_FL_KEEP_SIZE) && end > size;
	int err;

	err = grow ? inode_newsize_ok(inode, end) : 0;
	if (!err)
		err = scriptfs_allocate(inode, start, end, missing);
	if (err)
		return err;

	if (mode & FALLOC_FL_ZERO_RANGE)
		scriptfs_clear_range(inode, start, end);
	if (grow) {
		scriptfs_zero_tail(inode, size);
		scriptfs_size_write(inode, end);
	} else if (end > size) {
		si->prealloc_end = max(si->prealloc_end, end);
	}
	return 0;
}

static int scriptfs_fallocate_once(struct file *file, int mode, loff_t start, loff_t end,
				   u64 *missing)
{
	struct inode *inode = file_inode(file);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	int err;

	inode_lock(inode);
	err = file_remove_privs(file);
	if (err)
		goto out;
	scriptfs_change_begin(si);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		scriptfs_punch(inode, start, end);
	else
		err = scriptfs_extend(inode, mode, start, end, missing);
	scriptfs_change_end(si);
	if (!err)
		err = file_update_time(file);
out:
	inode_unlock(inode);
	return err;
}

/**
 * scriptfs_fallocate - fallocate(2)
 * @file:	the file
 * @mode:	0 or FALLOC_FL_KEEP_SIZE to allocate, FALLOC_FL_ZERO_RANGE to allocate and clear,
 *		FALLOC_FL_PUNCH_HOLE
 * @offset:	where, in bytes
 * @len:	how many bytes
 *
 * On an error the size and the bytes of the file are as they were.
 *
 * Context: Takes inode_lock and map_lock.
 * Return: 0; -EOPNOTSUPP for other modes, -ENOSPC, -ENOMEM, -EFBIG beyond RLIMIT_FSIZE, -EINTR
 * after a fatal signal.
 */
long scriptfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	struct scriptfs_wait wait = { .all = true };
	u64 missing = 0;
	int err;

	if (mode & ~SCRIPTFS_FALLOCATE_MODES)
		return -EOPNOTSUPP;

	do {
		err = scriptfs_fallocate_once(file, mode, offset, offset + len, &missing);
		if (!err)
			break;
		err = scriptfs_wait_for_block(inode, &wait, err, missing);
	} while (!err);
	scriptfs_wait_end(inode, &wait);
	return err;
}
