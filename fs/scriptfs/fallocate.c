// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: fallocate(2).
 *
 * Allocating gives the file pieces whose initialised marks stay at 0, so it costs a few hundred
 * instructions a piece and not one byte is written. Punching a hole gives back the pages that lie
 * wholly in it and clears what it covers of others.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "alloc.h"
#include "change.h"
#include "cut.h"
#include "fallocate.h"
#include "map.h"
#include "sb.h"
#include "shift.h"
#include "wait.h"
#include "write.h"

/* Nothing is shared here, so all that FALLOC_FL_UNSHARE_RANGE asks for is memory. */
#define SCRIPTFS_FALLOCATE_MODES	(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | \
					 FALLOC_FL_ZERO_RANGE | FALLOC_FL_UNSHARE_RANGE | \
					 FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)

/**
 * struct scriptfs_lack - why a fallocate(2) is to be tried again
 * @missing:	how many bytes there were no pieces for
 * @hides:	how often it gave back what it had got, see struct scriptfs_wait
 */
struct scriptfs_lack {
	u64			missing;
	unsigned int		hides;
};

/* Has the piece been neither written to nor published? */
static bool scriptfs_piece_untouched(const struct scriptfs_piece *piece)
{
	return !piece->mark && !piece->published;
}

/*
 * Give back the pieces that the fallocate in progress has allocated from page @index on, except
 * those in which a page fault has published pages meanwhile. Returns whether there were any.
 */
static bool scriptfs_allocate_undo(struct inode *inode, pgoff_t index)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *piece;
	bool fresh;

	scriptfs_readers_wait(si);
	down_write(&si->map_lock);
	fresh = si->fallocate.nr_fresh;
	while (si->fallocate.nr_fresh) {
		pgoff_t first;

		cond_resched();
		piece = scriptfs_piece_next(si, index);
		first = piece->index;
		index = scriptfs_piece_limit(piece);
		if (!piece->fresh)
			continue;
		if (scriptfs_piece_untouched(piece)) {
			scriptfs_map_punch(inode, first, index);
			continue;
		}
		scriptfs_piece_settled(si, piece);
		piece->kept = false;
		scriptfs_trim_later(si, piece);
	}
	up_write(&si->map_lock);
	return fresh;
}

/*
 * All pages from @start to @end are there. Have the file keep them: a piece to whose end they reach
 * may not be trimmed, in others they have to be initialised. Fresh pieces begin at @first.
 */
static void scriptfs_allocate_keep(struct inode *inode, pgoff_t first, pgoff_t start,
				   pgoff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *piece;

	down_write(&si->map_lock);
	/* Pages in front that hold nothing are not asked for. */
	piece = scriptfs_map_look(si, start);
	if (piece && scriptfs_piece_gap(piece, (start - piece->index) << PAGE_SHIFT))
		scriptfs_map_skip(inode, piece, start);
	piece = scriptfs_piece_next(si, first);
	for (; piece && (piece->index < end || si->fallocate.nr_fresh);
	     piece = scriptfs_piece_after(piece)) {
		cond_resched();
		scriptfs_piece_settled(si, piece);
		if (piece->kept || scriptfs_piece_limit(piece) <= start || piece->index >= end)
			continue;
		if (scriptfs_piece_limit(piece) <= end)
			piece->kept = true;
		else
			scriptfs_mark_raise(piece, (end - piece->index) << PAGE_SHIFT);
	}
	up_write(&si->map_lock);
}

/* Find the piece that covers @pos or get one. Returns the end of the piece in the file. */
static loff_t scriptfs_allocate_one(struct inode *inode, loff_t pos, loff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *piece;

	down_write(&si->map_lock);
	/* What page faults get meanwhile is not part of it. */
	si->fallocate.running = true;
	piece = scriptfs_piece_get(inode, pos, end - pos);
	si->fallocate.running = false;
	up_write(&si->map_lock);
	return IS_ERR(piece) ? PTR_ERR(piece) : scriptfs_piece_end(piece);
}

/* How many bytes there are no pieces for. */
static u64 scriptfs_missing(struct scriptfs_inode *si, loff_t pos, loff_t end)
{
	u64 missing = 0;

	while (pos < end) {
		struct scriptfs_piece *piece = scriptfs_piece_next(si, pos >> PAGE_SHIFT);

		if (!piece || scriptfs_piece_start(piece) >= end) {
			missing += end - pos;
			break;
		}
		if (scriptfs_piece_start(piece) > pos)
			missing += scriptfs_piece_start(piece) - pos;
		pos = scriptfs_piece_end(piece);
		cond_resched();
	}
	return missing;
}

/* The first page that getting memory for page @index may give to a file, by its class hint. */
static pgoff_t scriptfs_fresh_begin(struct scriptfs_inode *si, pgoff_t index)
{
	return si->class < SCRIPTFS_NR_CLASSES ?
	       round_down(index, 1UL << scriptfs_class_order(si->class)) : index;
}

/*
 * Give the file all memory from @start to @end, or none. What it gets is off the lists, and may be
 * back in a moment: until that is decided, others must not conclude that there is no memory.
 */
static int scriptfs_allocate(struct inode *inode, loff_t start, loff_t end,
			     struct scriptfs_lack *lack)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_cut *cut = &scriptfs_pools(inode->i_sb)->cut;
	pgoff_t first = scriptfs_fresh_begin(si, start >> PAGE_SHIFT);
	loff_t pos = start, next = start;
	bool back = false;

	scriptfs_hide(cut);
	while (next >= 0 && next < end) {
		pos = next;
		next = fatal_signal_pending(current) ? -EINTR :
						       scriptfs_allocate_one(inode, pos, end);
		cond_resched();
	}
	if (next < 0) {
		/* A page fault may have filled the place meanwhile. */
		lack->missing = max_t(u64, scriptfs_missing(si, pos, end), PAGE_SIZE);
		back = scriptfs_allocate_undo(inode, first);
		lack->hides += back;
	}
	scriptfs_hide_end(cut, back);
	if (next < 0)
		return next;
	scriptfs_allocate_keep(inode, first, start >> PAGE_SHIFT, DIV_ROUND_UP_ULL(end, PAGE_SIZE));
	return 0;
}

static void scriptfs_punch(struct inode *inode, loff_t start, loff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	pgoff_t first = DIV_ROUND_UP_ULL(start, PAGE_SIZE), last = end >> PAGE_SHIFT;

	/* What was allocated behind the end ends where this begins. */
	if (start < si->prealloc_end && end >= si->prealloc_end) {
		si->prealloc_end = round_up(start, PAGE_SIZE);
		if (si->prealloc_end <= round_up(i_size_read(inode), PAGE_SIZE))
			si->prealloc_end = 0;
	}
	/* Up to the end of the file is to the end of its last page and piece. */
	if (end >= i_size_read(inode) && end >= si->prealloc_end) {
		end = MAX_LFS_FILESIZE;
		last = ULONG_MAX;
	}
	scriptfs_readers_wait(si);
	down_write(&si->map_lock);
	scriptfs_map_withdraw(inode, start >> PAGE_SHIFT, DIV_ROUND_UP_ULL(end, PAGE_SIZE));
	truncate_pagecache_range(inode, start, end - 1);
	scriptfs_map_punch(inode, first, last);
	scriptfs_map_clear(si, start, min_t(u64, (u64)first << PAGE_SHIFT, end), true);
	if (first <= last && last != ULONG_MAX)
		scriptfs_map_clear(si, (loff_t)last << PAGE_SHIFT, end, true);
	up_write(&si->map_lock);
}

/*
 * Is more missing than the mount can have? Then it is not begun with: all memory that is idle would
 * be gone for a moment, and other files would have to wait.
 */
static bool scriptfs_hopeless(struct inode *inode, loff_t start, loff_t end, u64 *missing)
{
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	struct scriptfs_stats stats;

	/* Most calls ask for little. */
	if (end - start <= SCRIPTFS_CHUNK_SIZE)
		return false;
	*missing = scriptfs_missing(scriptfs_inode(inode), round_down(start, PAGE_SIZE), end);
	scriptfs_pools_stats(pools, &stats);
	return *missing > stats.idle + stats.quarantine + scriptfs_growth(pools);
}

/* Allocate, for ZERO_RANGE also clear, and let the file grow. */
static int scriptfs_extend(struct inode *inode, int mode, loff_t start, loff_t end,
			   struct scriptfs_lack *lack)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t size = i_size_read(inode);
	bool grow = !(mode & FALLOC_FL_KEEP_SIZE) && end > size;
	int err;

	err = grow ? inode_newsize_ok(inode, end) : 0;
	if (!err && scriptfs_hopeless(inode, start, end, &lack->missing))
		err = -ENOSPC;
	if (!err)
		err = scriptfs_allocate(inode, start, end, lack);
	if (err)
		return err;

	if (mode & FALLOC_FL_ZERO_RANGE)
		scriptfs_clear_range(inode, start, end, true);
	if (grow) {
		scriptfs_zero_tail(inode, size);
		scriptfs_size_write(inode, end);
	} else if (end > size) {
		si->prealloc_end = max(si->prealloc_end, end);
	}
	return 0;
}

static int scriptfs_fallocate_once(struct file *file, int mode, loff_t start, loff_t end,
				   struct scriptfs_lack *lack)
{
	struct inode *inode = file_inode(file);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	int err;

	inode_lock(inode);
	err = scriptfs_write_allowed(file);
	/* Since the VFS looked at it, somebody may have made it one. */
	if (!err && IS_APPEND(inode) && mode & ~FALLOC_FL_KEEP_SIZE)
		err = -EPERM;
	if (err)
		goto out;
	scriptfs_change_begin(si);
	if (mode & FALLOC_FL_PUNCH_HOLE)
		scriptfs_punch(inode, start, end);
	else if (mode & FALLOC_FL_COLLAPSE_RANGE)
		err = scriptfs_collapse(inode, start, end, &lack->missing);
	else if (mode & FALLOC_FL_INSERT_RANGE)
		err = scriptfs_insert(inode, start, end, &lack->missing);
	else
		err = scriptfs_extend(inode, mode, start, end, lack);
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
 *		FALLOC_FL_PUNCH_HOLE, FALLOC_FL_UNSHARE_RANGE as 0, FALLOC_FL_COLLAPSE_RANGE and
 *		FALLOC_FL_INSERT_RANGE (shift.c)
 * @offset:	where, in bytes
 * @len:	how many bytes
 *
 * On an error the size and the bytes of the file are as they were.
 *
 * Context: Takes inode_lock and map_lock.
 * Return: 0; -EOPNOTSUPP for other modes, -EPERM for a file that must not be changed, -EINVAL for a
 * range that cannot be taken out or put in, -EIO if it would have to copy a bad page, -ENOSPC,
 * -EFBIG beyond RLIMIT_FSIZE, -EINTR after a fatal signal.
 */
long scriptfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
{
	struct inode *inode = file_inode(file);
	struct scriptfs_wait wait = { .all = true };
	int err;

	if (mode & ~SCRIPTFS_FALLOCATE_MODES)
		return -EOPNOTSUPP;

	do {
		struct scriptfs_lack lack = {};

		err = scriptfs_fallocate_once(file, mode, offset, offset + len, &lack);
		if (!err)
			break;
		wait.hides += lack.hides;
		err = scriptfs_wait_for_memory(inode, &wait, err, lack.missing);
	} while (!err);
	scriptfs_wait_end(inode, &wait);
	return err;
}
