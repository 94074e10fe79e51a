// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: having a chunk of a file that is in several pieces in one large block.
 *
 * A file that grows begins with small pieces, and one that finds no large block idle gets what
 * there is. Such a chunk can be mapped page by page only. When a mapping comes to it that could
 * have a huge page, and half of the chunk is there, from its beginning on, then what is there is
 * copied to a large block, once. It stays where it is if there is no such block, or if a page of it
 * is held: who holds it may store something in it, which has to be in the file.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/xarray.h>

#include "change.h"
#include "cut.h"
#include "gather.h"
#include "huge.h"
#include "map.h"
#include "sb.h"
#include "unite.h"

/* What is copied is to be worth it. */
#define SCRIPTFS_GATHER_PAGES	(SCRIPTFS_CHUNK_PAGES / 2)

/*
 * Does it make sense to gather the chunk around page @index? Not if it is one piece, or is to have
 * smaller ones, or reaches over the end of the file. Called with map_lock held.
 */
static bool scriptfs_chunk_gatherable(struct inode *inode, pgoff_t index)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	pgoff_t first = round_down(index, (pgoff_t)SCRIPTFS_CHUNK_PAGES), next = first;
	pgoff_t end = first + SCRIPTFS_CHUNK_PAGES;
	struct scriptfs_piece *piece = scriptfs_map_look(si, first);

	if (!piece || piece->order == SCRIPTFS_CHUNK_ORDER || piece->apart ||
	    si->class < SCRIPTFS_LARGE || end > i_size_read(inode) >> PAGE_SHIFT)
		return false;
	for (; piece && piece->index == next && next < end; piece = scriptfs_piece_after(piece))
		next = scriptfs_piece_limit(piece);
	return next - first >= SCRIPTFS_GATHER_PAGES && index <= next &&
	       (next == end || !piece || piece->index >= end);
}

/* Take the pages of a chunk out of the page cache. Returns false if some are in use. */
static bool scriptfs_chunk_withdraw(struct inode *inode, pgoff_t first)
{
	struct address_space *mapping = inode->i_mapping;
	unsigned long at = first;
	struct scriptfs_piece *piece = scriptfs_piece_next(scriptfs_inode(inode), first);

	if (!mapping->nrpages)
		return true;
	unmap_mapping_range(mapping, (loff_t)first << PAGE_SHIFT, SCRIPTFS_CHUNK_SIZE, 0);
	for (; piece && piece->index < first + SCRIPTFS_CHUNK_PAGES;
	     piece = scriptfs_piece_after(piece))
		if (piece->published)
			scriptfs_singles_withdraw(mapping, piece);
	return !xa_find(&mapping->i_pages, &at, first + SCRIPTFS_CHUNK_PAGES - 1, XA_PRESENT);
}

/* Copy what the file has of a chunk to a large block, and have it take the place. */
static void scriptfs_chunk_replace(struct inode *inode, pgoff_t first, struct scriptfs_piece *to)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *piece = scriptfs_map_look(si, first);
	pgoff_t end = first + SCRIPTFS_CHUNK_PAGES;
	bool kept = false;

	for (; piece && piece->index < end; piece = scriptfs_piece_after(piece)) {
		u32 offset = (piece->index - first) << PAGE_SHIFT;

		scriptfs_mark_raise(to, offset);
		memcpy(to->addr + offset, piece->addr, piece->mark);
		to->mark = offset + piece->mark;
		kept |= piece->kept;
	}
	scriptfs_map_punch(inode, first, end);
	scriptfs_map_insert(inode, to, first);
	to->kept = kept;
	if (scriptfs_piece_slack(to))
		scriptfs_trim_later(si, to);
}

/* The same if there is a large block, and it can be. Called with all locks held. */
static bool scriptfs_chunk_gather(struct inode *inode, pgoff_t first)
{
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *to;

	to = scriptfs_take(pools, SCRIPTFS_CHUNK_ORDER, si);
	if (!to)
		return false;
	if (to->order == SCRIPTFS_CHUNK_ORDER) {
		if (scriptfs_chunk_withdraw(inode, first)) {
			scriptfs_chunk_replace(inode, first, to);
			return true;
		}
		/* Not a second time: each looks at all of its pages. */
		scriptfs_map_look(si, first)->apart = true;
	}
	scriptfs_put(pools, to, si, inode->i_ino);
	return false;
}

/**
 * scriptfs_gather - have the chunk around a page of a file in one large block
 * @inode:	the file
 * @index:	which page
 *
 * Nothing changes if that cannot be, or would not be worth it.
 *
 * Context: Process context; sleeps. Takes map_lock, and inode_lock, page locks and i_mmap_rwsem
 * with it if inode_lock is free: a fault, which has mmap_lock, cannot wait for it.
 * Return: Whether it was brought together.
 */
bool scriptfs_gather(struct inode *inode, pgoff_t index)
{
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	bool gathered = false;

	down_read(&si->map_lock);
	gathered = scriptfs_chunk_gatherable(inode, index);
	up_read(&si->map_lock);
	/* Nothing is copied out of memory that may be bad. */
	if (!gathered || test_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags) || !inode_trylock(inode))
		return false;
	scriptfs_change_begin(si);
	scriptfs_readers_wait(si);
	down_write(&si->map_lock);
	/* There is memory for two of them for a moment: nobody is to believe that it is gone. */
	scriptfs_hide(&pools->cut);
	gathered = scriptfs_chunk_gatherable(inode, index) &&
		   scriptfs_chunk_gather(inode, round_down(index, (pgoff_t)SCRIPTFS_CHUNK_PAGES));
	scriptfs_hide_end(&pools->cut, true);
	up_write(&si->map_lock);
	scriptfs_change_end(si);
	inode_unlock(inode);
	return gathered;
}
