// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: taking a range out of a file, or putting one in.
 *
 * What lies behind it is not copied: its pieces get other places in the file. A piece covers a
 * range that is aligned to its size, so one that is larger than the distance allows is cut first.
 *
 * A page that somebody holds cannot go to another place. Whoever looked it up in the page cache,
 * and waits for its lock, finds it in the same file as before when it is published there, and would
 * take it for the page that it was. So a piece that is held gets out of the way: a copy has its
 * place in the file, and the quarantine has the piece. What is stored in it from then on, by a pin,
 * is lost, as on file systems where the page leaves the page cache and the blocks stay.
 *
 * All of that happens under map_lock, and with nothing in the page cache: no page fault can see, or
 * store to, a page that is on its way.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "change.h"
#include "map.h"
#include "quarantine.h"
#include "sb.h"
#include "shift.h"
#include "unite.h"

/* Has somebody a page of the piece, none of which is in the page cache? */
static bool scriptfs_piece_held(const struct scriptfs_piece *piece)
{
	unsigned int i, nr = piece->united ? 1 : scriptfs_piece_pages(piece);
	struct page *page = scriptfs_piece_page(piece, 0);

	for (i = 0; piece->published && i < nr; i++)
		if (page_ref_count(page + i) != 1)
			return true;
	return false;
}

/* Have a copy take the place of a piece in the file. Returns it, or an error. */
static struct scriptfs_piece *scriptfs_piece_copy(struct inode *inode, struct scriptfs_piece *piece)
{
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *to;

	if (test_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags) && scriptfs_piece_poisoned(piece))
		return ERR_PTR(-EIO);
	to = scriptfs_take(pools, piece->order, si);
	if (!to)
		return ERR_PTR(-ENOSPC);
	if (to->order < piece->order) {
		scriptfs_put(pools, to, si, inode->i_ino);
		return ERR_PTR(-ENOSPC);
	}
	memcpy(to->addr, piece->addr, piece->mark);
	to->mark = piece->mark;
	to->kept = piece->kept;
	scriptfs_map_replace(si, piece, to);
	scriptfs_put(pools, piece, si, inode->i_ino);
	return to;
}

/* Have a piece begin at page @index, if one has it. */
static int scriptfs_shift_border(struct inode *inode, pgoff_t index, u64 *missing)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *piece = scriptfs_map_cut(si, index);

	if (likely(!piece))
		return 0;
	*missing = scriptfs_piece_size(piece);
	piece = scriptfs_piece_copy(inode, piece);
	if (IS_ERR(piece))
		return PTR_ERR(piece);
	scriptfs_map_cut(si, index);
	return 0;
}

/* Cut all pieces from page @index on to at most @order, and have those that are held copied. */
static int scriptfs_shift_prepare(struct inode *inode, pgoff_t index, unsigned int order,
				  u64 *missing)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *piece = scriptfs_piece_next(si, index);

	for (; piece; piece = scriptfs_piece_after(piece)) {
		cond_resched();
		/* Of single pages only those that are held need a copy. */
		while (piece->order && (piece->order > order || scriptfs_piece_held(piece)) &&
		       !scriptfs_map_cut(si, piece->index + scriptfs_piece_pages(piece) / 2))
			;
		if (piece->order <= order && !scriptfs_piece_held(piece))
			continue;
		*missing = scriptfs_piece_size(piece);
		piece = scriptfs_piece_copy(inode, piece);
		if (IS_ERR(piece))
			return PTR_ERR(piece);
		while (piece->order > order)
			scriptfs_map_cut(si, piece->index + scriptfs_piece_pages(piece) / 2);
	}
	return 0;
}

/* Give all pieces from page @index on a place that is @distance pages further. */
static void scriptfs_shift_pieces(struct scriptfs_inode *si, pgoff_t index, long distance)
{
	struct scriptfs_piece *piece = scriptfs_piece_next(si, index);

	si->last = NULL;
	for (; piece; piece = scriptfs_piece_after(piece)) {
		scriptfs_table_drop(si, piece);
		piece->index += distance;
		if (piece->order == SCRIPTFS_CHUNK_ORDER)
			scriptfs_table_add(si, piece);
		cond_resched();
	}
	piece = scriptfs_map_look(si, 0);
	WRITE_ONCE(si->head_addr, piece ? piece->addr : NULL);
	/* Pieces that end anywhere may be larger than what they hold now. */
	si->trim = SCRIPTFS_TRIM_ALL;
}

/*
 * Get ready to change the places of what lies from @start on. Nobody has a page of it in the page
 * cache afterwards, and what was stored behind the end of the file is gone.
 */
static void scriptfs_shift_begin(struct inode *inode, loff_t start)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t size = i_size_read(inode);

	scriptfs_readers_wait(si);
	down_write(&si->map_lock);
	scriptfs_map_withdraw(inode, start >> PAGE_SHIFT, ULONG_MAX);
	truncate_pagecache_range(inode, start, MAX_LFS_FILESIZE - 1);
	scriptfs_map_clear(si, size, round_up(size, SCRIPTFS_CHUNK_SIZE), true);
}

static unsigned int scriptfs_shift_order(pgoff_t distance)
{
	return min_t(unsigned int, __ffs(distance), SCRIPTFS_CHUNK_ORDER);
}

/**
 * scriptfs_collapse - take a range out of a file: what lies behind it moves up to its beginning
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @start:	where the range begins, in bytes
 * @end:	the first byte behind it
 * @missing:	set to how much memory there was none of, on -ENOSPC
 *
 * On an error the size and the bytes of the file are as they were.
 *
 * Context: The caller holds inode_lock exclusively. Takes map_lock. Sleeps.
 * Return: 0; -EINVAL unless these are multiples of the page size in the file; -ENOSPC if pages that
 * are held could not be copied; -EIO if such a page is bad.
 */
int scriptfs_collapse(struct inode *inode, loff_t start, loff_t end, u64 *missing)
{
	pgoff_t first = start >> PAGE_SHIFT, next = end >> PAGE_SHIFT;
	struct scriptfs_inode *si = scriptfs_inode(inode);
	int err;

	if (offset_in_page(start | end) || end >= i_size_read(inode))
		return -EINVAL;
	scriptfs_shift_begin(inode, start);
	err = scriptfs_shift_border(inode, first, missing) ?:
	      scriptfs_shift_border(inode, next, missing) ?:
	      scriptfs_shift_prepare(inode, next, scriptfs_shift_order(next - first), missing);
	if (!err) {
		scriptfs_map_punch(inode, first, next);
		scriptfs_shift_pieces(si, next, first - next);
		scriptfs_size_write(inode, i_size_read(inode) - (end - start));
		if (si->prealloc_end)
			si->prealloc_end -= end - start;
	}
	up_write(&si->map_lock);
	return err;
}

/**
 * scriptfs_insert - put a hole into a file: what lies behind its beginning moves behind its end
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @start:	where the hole is to begin, in bytes
 * @end:	the first byte behind it
 * @missing:	set to how much memory there was none of, on -ENOSPC
 *
 * On an error the size and the bytes of the file are as they were.
 *
 * Context: The caller holds inode_lock exclusively. Takes map_lock. Sleeps.
 * Return: 0; -EINVAL unless these are multiples of the page size and the hole begins in the file;
 * -EFBIG if the file, or what is allocated behind its end, would be too large; -ENOSPC and -EIO as
 * for scriptfs_collapse().
 */
int scriptfs_insert(struct inode *inode, loff_t start, loff_t end, u64 *missing)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t size = i_size_read(inode), len = end - start;
	pgoff_t first = start >> PAGE_SHIFT;
	int err;

	if (offset_in_page(start | end) || start >= size)
		return -EINVAL;
	if (len > inode->i_sb->s_maxbytes - max(size, si->prealloc_end))
		return -EFBIG;
	err = inode_newsize_ok(inode, size + len);
	if (err)
		return err;
	scriptfs_shift_begin(inode, start);
	err = scriptfs_shift_border(inode, first, missing) ?:
	      scriptfs_shift_prepare(inode, first, scriptfs_shift_order(len >> PAGE_SHIFT),
				     missing);
	if (!err) {
		scriptfs_shift_pieces(si, first, len >> PAGE_SHIFT);
		scriptfs_size_write(inode, size + len);
		if (si->prealloc_end)
			si->prealloc_end += len;
	}
	up_write(&si->map_lock);
	return err;
}
