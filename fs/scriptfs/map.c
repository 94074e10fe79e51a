// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the block map of a file, and the initialised marks of the blocks in it.
 *
 * The map is an XArray in units of the smallest class, with one multi-index entry per block, so
 * that finding the block of an offset is one short walk whatever the classes are, and truncate
 * and evict cost O(blocks).
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched.h>

#include "change.h"
#include "map.h"
#include "scatter.h"
#include "sb.h"

/* How many blocks of a file are given back at once. */
#define SCRIPTFS_RELEASE_BATCH	64

/*
 * A file with no more blocks than this is removed with the nodes of its map freed all at once, with
 * interrupts off. A block that is far from all others has some five of its own.
 */
#define SCRIPTFS_FEW_NODES	256

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

/**
 * scriptfs_sound_run - how much of a file can be read or written in one go without a bad page
 * @si:		the file
 * @pos:	offset in bytes
 * @len:	how many bytes are wanted
 *
 * Context: The caller holds inode_lock.
 * Return: How many, up to @len; 0 if the first page is bad.
 */
size_t scriptfs_sound_run(struct scriptfs_inode *si, loff_t pos, size_t len)
{
	u32 offset;
	void *data = scriptfs_data_at(si, pos, &len);
	struct scriptfs_block *block = data ? NULL : scriptfs_block_find(si, pos);
	size_t done = 0;

	/* Above the mark: what is written there goes to the block's own pages. */
	if (block && !scriptfs_chunk_at(block, pos, &offset)->scattered) {
		data = scriptfs_chunk_at(block, pos, &offset)->addr + offset;
		len = min_t(size_t, len, scriptfs_chunk_size(block) - offset);
	}
	if (!data)
		return len;
	while (done < len && !PageHWPoison(virt_to_page(data + done)))
		done += PAGE_SIZE - offset_in_page(data + done);
	return min(done, len);
}

/**
 * scriptfs_map_insert - give a block to a file
 * @inode:	the file
 * @block:	a block from the pool
 * @pos:	offset in bytes; the block goes to the aligned place around it, where there is none
 * @gfp:	for nodes of the map that cannot be had without waiting for memory
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
		/* xas_store() has tried to get nodes without waiting for memory. */
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
 * @block:	a block of it, which is the caller's then; what scatter.c knows of it stays
 *
 * Context: The caller holds map_lock exclusively, and no reader looks at the block any more: see
 * scriptfs_readers_wait().
 */
void scriptfs_map_remove(struct inode *inode, struct scriptfs_block *block)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	if (!block->index)
		WRITE_ONCE(si->head_addr, NULL);
	si->last_block = NULL;
	si->fallocate.nr_fresh -= block->fresh;
	list_del(&block->link);
	xa_erase(&si->map, scriptfs_unit(scriptfs_block_start(block)));
	inode_sub_bytes(inode, scriptfs_block_size(block));
}

/* Take a block from a file, and all that belongs to its scattered chunks. */
static void scriptfs_map_give_up(struct inode *inode, struct scriptfs_block *block)
{
	if (unlikely(!xa_empty(&scriptfs_inode(inode)->scattered)))
		scriptfs_scatter_forget(inode, block);
	scriptfs_map_remove(inode, block);
}

/**
 * scriptfs_block_drop - take a block out of a file and give it back
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @block:	a block of it with no page in the page cache
 *
 * Context: As for scriptfs_map_remove().
 */
void scriptfs_block_drop(struct inode *inode, struct scriptfs_block *block)
{
	scriptfs_map_give_up(inode, block);
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
 * scriptfs_clear_range - make a range of a file read as zeroes
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @start:	its first byte
 * @end:	the one after its last
 *
 * The file keeps the memory that it has there, mapped or held, as with a write of zeroes. Holes
 * stay holes.
 *
 * Context: The caller holds inode_lock exclusively. Takes map_lock.
 */
void scriptfs_clear_range(struct inode *inode, loff_t start, loff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned long unit = scriptfs_unit(start);
	struct scriptfs_block *block;

	/* A page of a scattered chunk that a reader looks at may go elsewhere. */
	if (unlikely(!xa_empty(&si->scattered)))
		scriptfs_readers_wait(si);
	down_write(&si->map_lock);
	xa_for_each_start(&si->map, unit, block, unit) {
		loff_t first = max(start, scriptfs_block_start(block));
		loff_t last = min_t(u64, end, scriptfs_block_end(block));

		if (first >= last)
			break;
		scriptfs_block_clear(si, block, first, last);
	}
	up_write(&si->map_lock);
}

/**
 * scriptfs_zero_tail - clear what lies behind an offset in its page
 * @inode:	the file
 * @pos:	offset in bytes
 *
 * A shared mapping may have stored bytes behind the end of the file in its last page. They must
 * be gone before the file grows over them.
 *
 * Context: The caller holds inode_lock exclusively. Takes map_lock.
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

/* The file now ends in this block. Pages behind @size have left the page cache, but may be held. */
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
		/* All of it lies above the mark, so the chunk does not become scattered. */
		scriptfs_chunk_disown(inode, block, chunk, PAGE_ALIGN(offset), chunk_size);
	}
}

/**
 * scriptfs_map_truncate - give back the blocks behind a file's new end
 * @inode:	the file
 * @size:	its new size in bytes, smaller than before
 *
 * No reader looks at what is behind @size any more, and nothing there can be published again, as
 * i_size is @size already. A fault that read i_size before, or a write_begin without a write, may
 * have published pages there after the caller had taken all of them out of the page cache.
 *
 * Context: The caller holds inode_lock exclusively. Takes map_lock.
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
		scriptfs_map_give_up(inode, block);
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
