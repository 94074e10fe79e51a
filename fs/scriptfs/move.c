// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: moving what a file holds to other blocks: from small ones into a larger one, where only
 * such are left, and from a last block that is too large into smaller ones when the file is closed.
 */
#include <linux/mm.h>
#include <linux/page_run.h>
#include <linux/pagemap.h>
#include <linux/sched.h>

#include "alloc.h"
#include "change.h"
#include "map.h"
#include "move.h"
#include "sb.h"
#include "scatter.h"

/*
 * Can what is in the block be moved elsewhere? Not while a page of it is held from outside, where
 * it may be written to. Pages that are only mapped do not count yet: those are withdrawn first.
 */
static bool scriptfs_block_movable(struct scriptfs_block *block, bool withdrawn)
{
	unsigned long pages = block->first.published ? scriptfs_chunk_size(block) >> PAGE_SHIFT : 0;
	struct page *page = virt_to_page(block->first.addr);

	if (scriptfs_block_bad(block))
		return false;
	for (; pages; pages--, page++) {
		int refs = 1;

		if (page->mapping && withdrawn)
			return false;
		if (page->mapping)
			refs += 1 + page_mapcount(page);
		if (page_ref_count(page) > refs)
			return false;
	}
	return !block->first.scattered;
}

/* The same for all blocks in the range of a new block. Each is smaller, hence one chunk. */
static bool scriptfs_range_movable(struct scriptfs_inode *si, unsigned long first,
				   unsigned long last, bool withdrawn)
{
	struct scriptfs_block *block;
	unsigned long unit;

	xa_for_each_range(&si->map, unit, block, first, last) {
		if (!scriptfs_block_movable(block, withdrawn))
			return false;
		cond_resched();
	}
	return true;
}

/*
 * Take a range out of the page cache if all of it can be moved, or with @held what of it can be.
 * Page faults then stay out until the caller drops map_lock. Returns whether all of it is movable.
 */
static bool scriptfs_range_withdraw(struct inode *inode, unsigned long first, unsigned long last,
				    bool held)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned int shift = SCRIPTFS_UNIT_SHIFT - PAGE_SHIFT;
	unsigned long units = last - first + 1;

	if (!held && !scriptfs_range_movable(si, first, last, false))
		return false;
	if (inode->i_mapping->nrpages) {
		unmap_mapping_range(inode->i_mapping, (loff_t)first << SCRIPTFS_UNIT_SHIFT,
				    (loff_t)units << SCRIPTFS_UNIT_SHIFT, 0);
		/* A page that is held by now stays, and is still the file's. */
		page_cache_remove_run(inode->i_mapping, first << shift, units << shift);
	}
	return scriptfs_range_movable(si, first, last, true);
}

/* Move what is in @old to its place in @new, which begins at file offset @start. */
static void scriptfs_block_absorb(struct inode *inode, struct scriptfs_block *new, u64 start,
				  struct scriptfs_block *old)
{
	u64 in_new = scriptfs_block_start(old) - start;
	struct scriptfs_chunk *chunk = &new->chunk[in_new >> SCRIPTFS_CHUNK_SHIFT];
	u32 offset = in_new & (SCRIPTFS_CHUNK_SIZE - 1);
	u32 len = old->first.mark;

	if (len) {
		scriptfs_mark_raise(chunk, offset);
		memcpy(chunk->addr + offset, old->first.addr, len);
		chunk->mark = offset + len;
	}
	scriptfs_block_drop(inode, old);
}

/*
 * Have @new take the place of the blocks in its range. A block that cannot be moved stays where it
 * is, and the chunk of @new around it becomes scattered. Returns whether the file had nothing there
 * before.
 */
static bool scriptfs_block_take_in(struct inode *inode, struct scriptfs_block *new,
				   unsigned long first, unsigned long last)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	u64 start = (u64)first << SCRIPTFS_UNIT_SHIFT;
	struct scriptfs_block *old;
	unsigned long unit;
	bool fresh = true;

	new->index = start >> PAGE_SHIFT;
	xa_for_each_range(&si->map, unit, old, first, last) {
		fresh &= old->fresh;
		if (scriptfs_block_movable(old, true))
			scriptfs_block_absorb(inode, new, start, old);
		cond_resched();
	}
	/* Only now, because nothing is moved into a scattered chunk. */
	xa_for_each_range(&si->map, unit, old, first, last) {
		scriptfs_map_remove(inode, old);
		scriptfs_scatter_adopt(inode, new, old);
		fresh = false;
		cond_resched();
	}
	return fresh;
}

/*
 * Replace small blocks of a file by a larger one that covers @pos as well: for when only blocks are
 * left that are larger than the room that the file's other blocks leave around @pos. What those
 * hold is moved, and for that withdrawn from the page cache. Pages that are held are left where
 * they are once scriptfs_wait_for_block() has waited in vain.
 *
 * Returns the block; NULL if there is none; ERR_PTR(-EBUSY) if pages are held that would have to
 * move, be it for a moment only, as by a task that is about to map a page or has just missed it.
 */
static struct scriptfs_block *scriptfs_merge(struct inode *inode, loff_t pos)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *block;
	unsigned long first, last;
	bool held = READ_ONCE(si->leave_held);
	unsigned int class;
	bool fresh;
	u64 start;

	for (class = SCRIPTFS_NOVEL; class < SCRIPTFS_NR_CLASSES; class++) {
		start = round_down((u64)pos, scriptfs_class_size(class));
		first = scriptfs_unit(start);
		last = scriptfs_unit(start + scriptfs_class_size(class) - 1);
		block = scriptfs_pool_take(scriptfs_pools(inode->i_sb), class, false);
		if (!block)
			continue;
		if (!scriptfs_range_withdraw(inode, first, last, held) && !held) {
			scriptfs_pool_put(scriptfs_pools(inode->i_sb), block, inode->i_ino);
			return ERR_PTR(-EBUSY);
		}
		scriptfs_readers_wait(si);
		fresh = scriptfs_block_take_in(inode, block, first, last);
		/* No way back, and only small nodes are needed. */
		scriptfs_map_insert(inode, block, pos, GFP_KERNEL | __GFP_NOFAIL);
		/* It holds what the file had before, so fallocate(2) must not take it back. */
		if (block->fresh && !fresh) {
			block->fresh = false;
			si->fallocate.nr_fresh--;
		}
		si->eof_trim = true;
		return block;
	}
	return NULL;
}

/**
 * scriptfs_block_make_room - give a file a block where the pools have none that fits
 * @inode:	the file
 * @pos:	offset in bytes, in a hole
 * @class:	the class that is wanted
 *
 * Context: As for scriptfs_block_to_write().
 * Return: The same.
 */
struct scriptfs_block *scriptfs_block_make_room(struct inode *inode, loff_t pos,
						unsigned int class)
{
	struct scriptfs_block *merged = scriptfs_merge(inode, pos), *block;

	if (!IS_ERR_OR_NULL(merged))
		return merged;
	block = scriptfs_block_get_more(inode, pos, class);
	return merged && block == ERR_PTR(-ENOSPC) ? merged : block;
}

/*
 * Take idle blocks of smaller classes that together hold @need bytes, largest first, onto
 * @blocks. A block taken this way lies at an aligned place of its own, because those before it
 * are multiples of its size.
 */
static bool scriptfs_take_smaller(struct scriptfs_pools *pools, unsigned int class, u64 need,
				  struct list_head *blocks)
{
	struct scriptfs_block *block;

	while (need) {
		while (class > SCRIPTFS_POEM && scriptfs_class_size(class) > need)
			class--;
		block = scriptfs_pool_take(pools, class, false);
		if (block) {
			list_add_tail(&block->link, blocks);
			need -= min_t(u64, need, scriptfs_block_size(block));
		} else if (class-- == SCRIPTFS_POEM) {
			return false;
		}
		cond_resched();
	}
	return true;
}

/* Copy what @old holds from @offset on into @new, as far as the mark goes. @new is one chunk. */
static void scriptfs_block_copy(struct scriptfs_block *new, struct scriptfs_block *old, u64 offset)
{
	struct scriptfs_chunk *from = &old->chunk[offset >> SCRIPTFS_CHUNK_SHIFT];
	u32 start = offset & (SCRIPTFS_CHUNK_SIZE - 1);
	u32 len = from->mark > start ? from->mark - start : 0;

	len = min_t(u64, len, scriptfs_block_size(new));
	memcpy(new->chunk->addr, from->addr + start, len);
	new->chunk->mark = len;
}

/*
 * Replace a tail block by smaller ones that hold its first @need bytes. If the pools lack them,
 * nothing happens and false is returned.
 */
static bool scriptfs_exchange(struct inode *inode, struct scriptfs_block *old, u64 need)
{
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	loff_t pos = scriptfs_block_start(old);
	struct scriptfs_block *block, *next;
	LIST_HEAD(blocks);

	if (!scriptfs_take_smaller(pools, old->class - 1, need, &blocks)) {
		list_for_each_entry_safe(block, next, &blocks, link) {
			list_del(&block->link);
			scriptfs_pool_put(pools, block, inode->i_ino);
			cond_resched();
		}
		return false;
	}

	/* It was never published, so it is not scattered: there is no table to be forgotten. */
	scriptfs_map_remove(inode, old);
	list_for_each_entry_safe(block, next, &blocks, link) {
		list_del(&block->link);
		scriptfs_block_copy(block, old, pos - scriptfs_block_start(old));
		/* No way back: @old is out of the map. All that is needed are its small nodes. */
		scriptfs_map_insert(inode, block, pos, GFP_KERNEL | __GFP_NOFAIL);
		pos += scriptfs_block_size(block);
		cond_resched();
	}
	scriptfs_pool_put(pools, old, inode->i_ino);
	return true;
}

/* Where the memory of a file may end: at its end, or where fallocate(2) was asked to put it. */
static loff_t scriptfs_memory_end(struct inode *inode)
{
	return max(i_size_read(inode), scriptfs_inode(inode)->prealloc_end);
}

/* Give back the blocks that lie wholly behind @end. */
static void scriptfs_map_trim(struct inode *inode, loff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *tail = end ? scriptfs_block_find(si, end - 1) : NULL;
	unsigned long unit;

	if (tail)
		end = scriptfs_block_end(tail);
	end = round_up(end, SCRIPTFS_UNIT_SIZE);
	unit = scriptfs_unit(end);
	if (!xa_find(&si->map, &unit, ULONG_MAX, XA_PRESENT))
		return;
	scriptfs_map_truncate(inode, end);
}

/**
 * scriptfs_eof_trim - make the memory of a file fit its size
 * @inode:	a file whose last writer is closing it
 *
 * Blocks that lie behind the end of the file, left by a write that failed, go back. A tail
 * block far too large for what it holds, got because the file might have grown on, is exchanged for
 * smaller ones; one that the class hint asked for stays.
 *
 * Context: Takes inode_lock and map_lock if there may be something to do.
 */
void scriptfs_eof_trim(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *tail;
	loff_t end;
	u64 need;

	if (!READ_ONCE(si->eof_trim))
		return;

	inode_lock(inode);
	scriptfs_change_begin(si);
	scriptfs_readers_wait(si);
	end = scriptfs_memory_end(inode);
	scriptfs_map_trim(inode, end);

	down_write(&si->map_lock);
	si->eof_trim = false;
	tail = end ? scriptfs_block_find(si, end - 1) : NULL;
	if (tail && tail->class != SCRIPTFS_POEM && tail->class != si->class) {
		need = round_up(end - scriptfs_block_start(tail), SCRIPTFS_UNIT_SIZE);
		/* If there are no smaller blocks it stays, until the next close. */
		if (need <= scriptfs_block_size(tail) / 4 && !scriptfs_block_published(tail) &&
		    !scriptfs_block_bad(tail))
			si->eof_trim = !scriptfs_exchange(inode, tail, need);
	}
	up_write(&si->map_lock);
	scriptfs_change_end(si);
	inode_unlock(inode);
}
