// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the block map of a file, and which class a new block gets.
 *
 * The map is an XArray in units of the smallest class, with one multi-index entry a block, so
 * that finding the block of an offset is one short walk whatever the classes are, and truncate
 * and evict cost O(blocks).
 */
#include <linux/mm.h>

#include "scriptfs.h"

/* How many blocks of a file are given back at once. */
#define SCRIPTFS_RELEASE_BATCH	64

/*
 * The nodes of the map go all at once, with interrupts off, where a file is removed that has no
 * more blocks than this. A block that is far from all others has some five of its own.
 */
#define SCRIPTFS_FEW_NODES	256

/**
 * scriptfs_block_find - the block that covers an offset
 * @si:		the file
 * @pos:	offset in bytes
 *
 * Context: The caller holds inode_lock (shared will do) or map_lock, so that the block stays in
 * the file.
 * Return: The block, or NULL where there is a hole.
 */
struct scriptfs_block *scriptfs_block_find(struct scriptfs_inode *si, loff_t pos)
{
	return xa_load(&si->map, scriptfs_unit(pos));
}

/**
 * scriptfs_block_next - the block that covers an offset, or else the first one behind it
 * @si:		the file
 * @pos:	offset in bytes
 *
 * Only the block itself says which of the two it is: a page fault may put one at @pos at any time.
 *
 * Context: As for scriptfs_block_find().
 * Return: The block, or NULL if there is none from @pos on.
 */
struct scriptfs_block *scriptfs_block_next(struct scriptfs_inode *si, loff_t pos)
{
	unsigned long unit = scriptfs_unit(pos);

	return xa_find(&si->map, &unit, ULONG_MAX, XA_PRESENT);
}

/* Is there no block in the aligned range of @class around @pos? */
static bool scriptfs_range_free(struct scriptfs_inode *si, loff_t pos, unsigned int class)
{
	u64 start = round_down((u64)pos, scriptfs_class_size(class));
	unsigned long unit = scriptfs_unit(start);
	unsigned long last = scriptfs_unit(start + scriptfs_class_size(class) - 1);

	return !xa_find(&si->map, &unit, last, XA_PRESENT);
}

/*
 * May the new block that covers @pos be of @class? A block begins where the data begins: memory
 * in front of the first byte written would only be zeroed and held for nothing.
 */
static bool scriptfs_class_wanted(struct inode *inode, loff_t pos, u64 want, unsigned int class)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	u64 start = round_down((u64)pos, scriptfs_class_size(class));

	if (class == SCRIPTFS_POEM)
		return true;
	if (scriptfs_unit(start) != scriptfs_unit(pos))
		return false;
	/* the caller has bytes to fill all of it */
	if (start + scriptfs_class_size(class) <= pos + want)
		return true;
	/* the file grows on from here: at most double its memory, but never by a super */
	return class <= SCRIPTFS_LARGE && start && scriptfs_block_find(si, start - 1) &&
	       scriptfs_class_size(class) <= (u64)inode->i_blocks << 9;
}

static unsigned int scriptfs_choose_class(struct inode *inode, loff_t pos, u64 want)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned int hint = si->class;
	unsigned int class;

	if (hint < SCRIPTFS_NR_CLASSES && scriptfs_range_free(si, pos, hint))
		return hint;

	for (class = SCRIPTFS_SUPER; class > SCRIPTFS_POEM; class--)
		if (scriptfs_class_wanted(inode, pos, want, class) &&
		    scriptfs_range_free(si, pos, class))
			break;
	return class;
}

/*
 * May a block of @class be added as surplus? Not a super that nobody asked for by name: its chunks
 * do no more for the file than larges, of which the pool may have some idle.
 */
static bool scriptfs_may_add(struct scriptfs_inode *si, unsigned int class)
{
	return class != SCRIPTFS_SUPER || si->class == SCRIPTFS_SUPER;
}

/*
 * Get an idle block of @class, or of the nearest class that has one: smaller ones first, since they
 * fit wherever the wanted one did and waste nothing, then larger ones where the file has room
 * around @pos.
 */
static struct scriptfs_block *scriptfs_take_near(struct inode *inode, loff_t pos,
						 unsigned int class)
{
	struct scriptfs_sb *sbi = scriptfs_sb(inode->i_sb);
	struct scriptfs_block *block;
	int c;

	for (c = class; c >= SCRIPTFS_POEM; c--) {
		block = scriptfs_pool_take(&sbi->pools, c, false);
		if (block)
			return block;
	}
	for (c = class + 1; c < SCRIPTFS_NR_CLASSES; c++) {
		if (!scriptfs_range_free(scriptfs_inode(inode), pos, c))
			break;
		block = scriptfs_pool_take(&sbi->pools, c, false);
		if (block)
			return block;
	}
	return NULL;
}

/* Get a block of @class or less from the system, as far as that has memory at hand. */
static struct scriptfs_block *scriptfs_take_more(struct inode *inode, unsigned int class)
{
	struct scriptfs_sb *sbi = scriptfs_sb(inode->i_sb);
	struct scriptfs_block *block;
	int c;

	for (c = class; c >= SCRIPTFS_POEM; c--) {
		if (!scriptfs_may_add(scriptfs_inode(inode), c))
			continue;
		block = scriptfs_pool_take(&sbi->pools, c, true);
		if (block)
			return block;
	}
	return NULL;
}

/**
 * scriptfs_take_any - get a block that need not fit anywhere
 * @inode:	the file that it is for
 *
 * Context: May sleep.
 * Return: A block of one chunk, as small as there is, or NULL.
 */
struct scriptfs_block *scriptfs_take_any(struct inode *inode)
{
	struct scriptfs_sb *sbi = scriptfs_sb(inode->i_sb);
	struct scriptfs_block *block;
	int c;

	for (c = SCRIPTFS_POEM; c <= SCRIPTFS_LARGE; c++) {
		block = scriptfs_pool_take(&sbi->pools, c, false);
		if (block)
			return block;
	}
	return scriptfs_take_more(inode, SCRIPTFS_POEM);
}

/**
 * scriptfs_map_insert - give a block to a file
 * @inode:	the file
 * @block:	a block from the pool
 * @pos:	offset in bytes; the block goes to the aligned place around it, where there is none
 * @gfp:	for nodes of the map that are not to be had otherwise
 *
 * Context: The caller holds map_lock exclusively.
 * Return: 0 or -ENOMEM, with the block still the caller's.
 */
int scriptfs_map_insert(struct inode *inode, struct scriptfs_block *block, loff_t pos, gfp_t gfp)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	u64 start = round_down((u64)pos, scriptfs_block_size(block));
	unsigned int order = scriptfs_class_shifts[block->class] - SCRIPTFS_UNIT_SHIFT;

	XA_STATE_ORDER(xas, &si->map, scriptfs_unit(start), order);

	block->index = start >> PAGE_SHIFT;
	do {
		xas_lock(&xas);
		xas_store(&xas, block);
		xas_unlock(&xas);
		/* It has tried to get nodes without waiting for memory already. */
	} while (xas_nomem(&xas, gfp));

	if (xas_error(&xas))
		return xas_error(&xas);
	if (!start)
		WRITE_ONCE(si->head_addr, block->chunk->addr);
	block->fresh = si->fallocate.running;
	si->fallocate.nr_fresh += block->fresh;
	list_add_tail(&block->link, &si->blocks);
	inode_add_bytes(inode, scriptfs_block_size(block));
	return 0;
}

/**
 * scriptfs_map_remove - take a block from a file
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @block:	a block of it with no page in the page cache, which is the caller's then
 *
 * Context: As for scriptfs_block_drop().
 */
void scriptfs_map_remove(struct inode *inode, struct scriptfs_block *block)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	if (!block->index)
		WRITE_ONCE(si->head_addr, NULL);
	if (unlikely(!xa_empty(&si->scattered)))
		scriptfs_scatter_forget(inode, block);
	si->last_block = NULL;
	si->fallocate.nr_fresh -= block->fresh;
	list_del(&block->link);
	xa_erase(&si->map, scriptfs_unit(scriptfs_block_start(block)));
	inode_sub_bytes(inode, scriptfs_block_size(block));
}

/**
 * scriptfs_block_drop - take a block out of a file and give it back
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @block:	a block of it with no page in the page cache
 *
 * Context: The caller holds map_lock exclusively, and no reader looks at the block any more: see
 * scriptfs_readers_wait().
 */
void scriptfs_block_drop(struct inode *inode, struct scriptfs_block *block)
{
	scriptfs_map_remove(inode, block);
	scriptfs_pool_put(scriptfs_pools(inode->i_sb), block, inode->i_ino);
}

/**
 * scriptfs_mark_raise - move the initialised mark of a chunk up over zeroes
 * @chunk:	a chunk without stray pages below the new mark
 * @mark:	new mark, an offset in the chunk in bytes
 *
 * Context: The caller holds map_lock exclusively.
 */
void scriptfs_mark_raise(struct scriptfs_chunk *chunk, u32 mark)
{
	if (mark <= chunk->mark)
		return;
	memset(chunk->addr + chunk->mark, 0, mark - chunk->mark);
	scriptfs_dcache_flush(chunk, chunk->mark, mark);
	scriptfs_mark_set(chunk, mark);
}

/**
 * scriptfs_chunk_lower - move the initialised mark of a chunk down
 * @chunk:	a chunk that is not scattered
 * @offset:	new mark, an offset in the chunk in bytes
 *
 * The page that the mark then lies in may be published, so that one stays initialised to its end.
 *
 * Context: The caller holds map_lock exclusively, no page behind that one is published, and no
 * reader looks at the chunk.
 */
void scriptfs_chunk_lower(struct scriptfs_chunk *chunk, u32 offset)
{
	u32 mark;

	if (chunk->mark <= offset)
		return;
	mark = min_t(u32, chunk->mark, PAGE_ALIGN(offset));
	memset(chunk->addr + offset, 0, mark - offset);
	scriptfs_dcache_flush(chunk, offset, mark);
	scriptfs_mark_set(chunk, mark);
}

/**
 * scriptfs_block_get - find the block that covers an offset, or give the file one
 * @inode:	the file
 * @pos:	offset in bytes
 * @want:	how many bytes from @pos on the caller is about to fill
 * @move:	the file's other blocks may be moved, and for that be withdrawn from the page cache:
 *		the caller holds inode_lock exclusively
 *
 * Where a block comes from, in this order: an idle one of the class that is wanted, of smaller
 * classes, of larger classes; a larger one that the file's small blocks are moved into; the system.
 * The reserve is used up before the system has to give anything.
 *
 * Context: The caller holds map_lock exclusively. May sleep, but not to reclaim memory for a block:
 * see scriptfs_wait_for_block().
 * Return: The block; ERR_PTR(-ENOSPC) when there is none; with @move ERR_PTR(-EBUSY) when there
 * would be one if nobody held pages that have to move; ERR_PTR(-ENOMEM).
 */
struct scriptfs_block *scriptfs_block_get(struct inode *inode, loff_t pos, u64 want, bool move)
{
	struct scriptfs_block *block = scriptfs_block_find(scriptfs_inode(inode), pos);
	unsigned int class;
	int err;

	if (block)
		return block;

	class = scriptfs_choose_class(inode, pos, want);
	block = scriptfs_take_near(inode, pos, class);
	if (unlikely(!block)) {
		struct scriptfs_block *merged = move ? scriptfs_merge(inode, pos) : NULL;

		if (!IS_ERR_OR_NULL(merged))
			return merged;
		block = scriptfs_take_more(inode, class);
		if (!block)
			return merged ?: ERR_PTR(-ENOSPC);
	}

	err = scriptfs_map_insert(inode, block, pos, GFP_KERNEL);
	if (err) {
		scriptfs_pool_put(scriptfs_pools(inode->i_sb), block, inode->i_ino);
		return ERR_PTR(err);
	}
	/* The last close is to look at it: a poem, which is as small as can be, it need not. */
	if (block->class != SCRIPTFS_POEM)
		scriptfs_inode(inode)->eof_trim = true;
	return block;
}

/* Clear a part of a chunk: at its end by lowering the mark, unless pages there may be mapped. */
static void scriptfs_chunk_clear(struct scriptfs_chunk *chunk, u32 from, u32 to)
{
	if (from >= chunk->mark)
		return;
	if (to >= chunk->mark && !chunk->published) {
		scriptfs_mark_set(chunk, from);
		return;
	}
	to = min(to, chunk->mark);
	memset(chunk->addr + from, 0, to - from);
	scriptfs_dcache_flush(chunk, from, to);
}

/**
 * scriptfs_block_clear - make a part of a block read as zeroes
 * @si:		the file
 * @block:	a block of it
 * @pos:	first byte, an offset in the file
 * @end:	the one after the last, in the block as well
 *
 * Context: The caller holds inode_lock and map_lock exclusively. May sleep.
 */
void scriptfs_block_clear(struct scriptfs_inode *si, struct scriptfs_block *block, loff_t pos,
			  loff_t end)
{
	while (pos < end) {
		struct scriptfs_chunk *chunk;
		u32 offset, len;

		chunk = scriptfs_chunk_at(block, pos, &offset);
		len = min_t(u64, end - pos, scriptfs_chunk_size(block) - offset);
		if (chunk->scattered)
			scriptfs_scatter_clear(si, block, chunk, offset, offset + len);
		else
			scriptfs_chunk_clear(chunk, offset, offset + len);
		pos += len;
		cond_resched();
	}
}

/**
 * scriptfs_zero_tail - clear what lies behind an offset in its page
 * @inode:	the file
 * @pos:	offset in bytes
 *
 * A shared mapping may have stored bytes behind the end of the file in its last page. They must
 * be gone before the file grows over them.
 *
 * Context: The caller holds inode_lock exclusively.
 */
void scriptfs_zero_tail(struct inode *inode, loff_t pos)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *block;

	if (!offset_in_page(pos))
		return;
	block = scriptfs_block_find(si, pos);
	if (!block)
		return;

	down_write(&si->map_lock);
	scriptfs_block_clear(si, block, pos, round_up(pos, PAGE_SIZE));
	up_write(&si->map_lock);
}

/*
 * A block now ends the file at @size. Pages behind that are not published any more, but may be
 * held.
 */
static void scriptfs_block_end_at(struct inode *inode, struct scriptfs_block *block, loff_t size)
{
	struct scriptfs_chunk *chunk, *end = block->chunk + scriptfs_class_chunks(block->class);
	u32 offset;

	for (chunk = scriptfs_chunk_at(block, size, &offset); chunk < end; chunk++, offset = 0) {
		u32 chunk_size = scriptfs_chunk_size(block);

		cond_resched();
		if (chunk->scattered) {
			scriptfs_scatter_clear(scriptfs_inode(inode), block, chunk, offset,
					       chunk_size);
			continue;
		}
		scriptfs_chunk_lower(chunk, offset);
		/* All of it above the mark, so it does not fail. */
		scriptfs_chunk_disown(inode, block, chunk, PAGE_ALIGN(offset), chunk_size);
	}
}

/**
 * scriptfs_map_truncate - give back the blocks behind a file's new end
 * @inode:	the file
 * @size:	its new size in bytes, smaller than before
 *
 * No reader looks at what is behind @size any more, and nothing there can be published again, as
 * i_size is @size already. A fault that had looked at a limit before, or a write_begin that came to
 * nothing, may have published pages since they were taken out of the page cache.
 *
 * Context: The caller holds inode_lock exclusively.
 */
void scriptfs_map_truncate(struct inode *inode, loff_t size)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *blocks[SCRIPTFS_RELEASE_BATCH];
	unsigned long unit = scriptfs_unit(size);
	struct scriptfs_block *block;
	unsigned int nr = 0;

	down_write(&si->map_lock);
	if (unlikely(inode->i_mapping->nrpages))
		truncate_inode_pages(inode->i_mapping, round_up(size, PAGE_SIZE));
	xa_for_each_start(&si->map, unit, block, unit) {
		if (scriptfs_block_start(block) < size) {
			scriptfs_block_end_at(inode, block, size);
			if (block->class != SCRIPTFS_POEM)
				si->eof_trim = true;
			continue;
		}
		scriptfs_map_remove(inode, block);
		blocks[nr++] = block;
		if (nr == ARRAY_SIZE(blocks)) {
			scriptfs_pool_put_batch(scriptfs_pools(inode->i_sb), blocks, nr,
						inode->i_ino);
			nr = 0;
			cond_resched();
		}
	}
	scriptfs_pool_put_batch(scriptfs_pools(inode->i_sb), blocks, nr, inode->i_ino);
	up_write(&si->map_lock);
}

/* Free what the map has for some blocks, a few nodes at a time. */
static void scriptfs_map_forget(struct scriptfs_inode *si, struct scriptfs_block *const *blocks,
				unsigned int nr)
{
	while (nr--)
		xa_erase(&si->map, scriptfs_unit(scriptfs_block_start(blocks[nr])));
}

/**
 * scriptfs_map_release - give back all blocks of a file
 * @inode:	a file that is being evicted, with nothing left in the page cache
 *
 * Context: Nobody else has the inode any more, so no locks.
 */
void scriptfs_map_release(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *blocks[SCRIPTFS_RELEASE_BATCH];
	struct scriptfs_block *block, *next;
	unsigned int nr = 0, batches = 0;

	/* By the list, which is a third of the work of a walk through the map. */
	list_for_each_entry_safe(block, next, &si->blocks, link) {
		blocks[nr++] = block;
		if (nr == ARRAY_SIZE(blocks)) {
			if (unlikely(batches++ >= SCRIPTFS_FEW_NODES / SCRIPTFS_RELEASE_BATCH))
				scriptfs_map_forget(si, blocks, nr);
			scriptfs_pool_put_batch(scriptfs_pools(inode->i_sb), blocks, nr,
						inode->i_ino);
			nr = 0;
			cond_resched();
		}
	}
	scriptfs_pool_put_batch(scriptfs_pools(inode->i_sb), blocks, nr, inode->i_ino);
	scriptfs_scatter_release(inode);
	INIT_LIST_HEAD(&si->blocks);
	xa_destroy(&si->map);
	inode_set_bytes(inode, 0);
}
