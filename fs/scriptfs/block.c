// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the block map of a file, and which class a new block gets.
 *
 * The map is an XArray in units of the smallest class, with one multi-index entry a block, so
 * that finding the block of an offset is one short walk whatever the classes are, and truncate
 * and evict cost O(blocks).
 */
#include "scriptfs.h"

/* How many blocks of a file are given back at once. */
#define SCRIPTFS_RELEASE_BATCH	32

/*
 * For a node of the map, before anything that could reclaim memory: a write into the reserve should
 * not have to wait for that.
 */
#define SCRIPTFS_GFP_NODE	(GFP_ATOMIC | __GFP_NOWARN)

static pgoff_t scriptfs_unit(loff_t pos)
{
	return pos >> SCRIPTFS_UNIT_SHIFT;
}

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
 * scriptfs_hole_end - where the hole around an offset ends
 * @si:		the file
 * @pos:	offset in bytes, in a hole
 *
 * Context: As for scriptfs_block_find().
 * Return: Offset of the first byte after @pos that a block covers, MAX_LFS_FILESIZE if there is
 * none.
 */
loff_t scriptfs_hole_end(struct scriptfs_inode *si, loff_t pos)
{
	unsigned long unit = scriptfs_unit(pos);
	struct scriptfs_block *block = xa_find(&si->map, &unit, ULONG_MAX, XA_PRESENT);

	return block ? scriptfs_block_start(block) : MAX_LFS_FILESIZE;
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
 * Get a block of @class, or of the nearest class that has one: smaller ones first, since they
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
		block = scriptfs_pool_take(sbi, c, scriptfs_may_add(scriptfs_inode(inode), c));
		if (block)
			return block;
	}
	for (c = class + 1; c < SCRIPTFS_NR_CLASSES; c++) {
		if (!scriptfs_range_free(scriptfs_inode(inode), pos, c))
			break;
		block = scriptfs_pool_take(sbi, c, false);
		if (block)
			return block;
	}
	return NULL;
}

/* Enter @block into the map at the aligned place around @pos. */
static int scriptfs_map_insert(struct inode *inode, struct scriptfs_block *block, loff_t pos,
			       gfp_t gfp)
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
	} while (xas_nomem(&xas, SCRIPTFS_GFP_NODE) || xas_nomem(&xas, gfp));

	if (xas_error(&xas))
		return xas_error(&xas);
	if (!start)
		WRITE_ONCE(si->start, block->chunk->addr);
	block->fresh = si->allocating;
	si->nr_fresh += block->fresh;
	list_add_tail(&block->link, &si->blocks);
	inode_add_bytes(inode, scriptfs_block_size(block));
	return 0;
}

static void scriptfs_map_remove(struct inode *inode, struct scriptfs_block *block)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	if (!block->index)
		WRITE_ONCE(si->start, NULL);
	si->recent = NULL;
	si->nr_fresh -= block->fresh;
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
	scriptfs_pool_put(scriptfs_sb(inode->i_sb), block, inode->i_ino);
}

/**
 * scriptfs_mark_raise - move the initialised mark of a chunk up over zeroes
 * @chunk:	the chunk
 * @mark:	new mark, an offset in the chunk in bytes
 *
 * Context: The caller holds map_lock exclusively.
 */
void scriptfs_mark_raise(struct scriptfs_chunk *chunk, u32 mark)
{
	if (mark <= chunk->mark)
		return;
	memset(chunk->addr + chunk->mark, 0, mark - chunk->mark);
	scriptfs_mark_set(chunk, mark);
}

/*
 * Can what is in the block be moved elsewhere? Not while the page cache shows its pages, and not
 * while somebody holds one, who may be writing to it.
 */
static bool scriptfs_block_movable(const struct scriptfs_block *block)
{
	unsigned long pages = block->first.published ? scriptfs_chunk_size(block) >> PAGE_SHIFT : 0;
	struct page *page = virt_to_page(block->first.addr);

	for (; pages; pages--, page++)
		if (page->mapping || page_ref_count(page) != 1)
			return false;
	return true;
}

/* The same for all blocks in the range of a new block. Each is smaller, hence one chunk. */
static bool scriptfs_range_movable(struct scriptfs_inode *si, unsigned long first,
				   unsigned long last)
{
	struct scriptfs_block *block;
	unsigned long unit;

	xa_for_each_range(&si->map, unit, block, first, last)
		if (!scriptfs_block_movable(block))
			return false;
	return true;
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
 * The last resort: only blocks are left that are larger than the room that the file's other blocks
 * leave around @pos. Replace those by a larger one that takes in what they hold. -EBUSY says that
 * this could be done but for pages in the page cache.
 */
static struct scriptfs_block *scriptfs_merge(struct inode *inode, loff_t pos)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *block, *old;
	unsigned long unit, first, last;
	unsigned int class;
	bool fresh;
	u64 start;

	for (class = SCRIPTFS_NOVEL; class < SCRIPTFS_NR_CLASSES; class++) {
		start = round_down((u64)pos, scriptfs_class_size(class));
		first = scriptfs_unit(start);
		last = scriptfs_unit(start + scriptfs_class_size(class) - 1);
		block = scriptfs_pool_take(scriptfs_sb(inode->i_sb), class, false);
		if (!block)
			continue;
		if (!scriptfs_range_movable(si, first, last)) {
			scriptfs_pool_put(scriptfs_sb(inode->i_sb), block, inode->i_ino);
			return ERR_PTR(-EBUSY);
		}
		scriptfs_readers_wait(si);
		fresh = true;
		xa_for_each_range(&si->map, unit, old, first, last) {
			fresh &= old->fresh;
			scriptfs_block_absorb(inode, block, start, old);
		}
		/* No way back, and only small nodes are needed. */
		scriptfs_map_insert(inode, block, pos, GFP_KERNEL | __GFP_NOFAIL);
		/* In place of blocks that the file had before, it is not to be undone either. */
		if (block->fresh && !fresh) {
			block->fresh = false;
			si->nr_fresh--;
		}
		si->loose = true;
		return block;
	}
	return ERR_PTR(-ENOSPC);
}

/**
 * scriptfs_block_get - find the block that covers an offset, or give the file one
 * @inode:	the file
 * @pos:	offset in bytes
 * @want:	how many bytes from @pos on the caller is about to fill
 * @move:	the file's other blocks may be moved: the caller holds inode_lock exclusively
 *
 * Context: The caller holds map_lock exclusively. May sleep.
 * Return: The block; ERR_PTR(-ENOSPC) when no pool has one and none may be added, ERR_PTR(-EBUSY)
 * when there might be one with @move if the file were withdrawn, ERR_PTR(-ENOMEM).
 */
struct scriptfs_block *scriptfs_block_get(struct inode *inode, loff_t pos, u64 want, bool move)
{
	struct scriptfs_block *block = scriptfs_block_find(scriptfs_inode(inode), pos);
	int err;

	if (block)
		return block;

	block = scriptfs_take_near(inode, pos, scriptfs_choose_class(inode, pos, want));
	if (!block)
		return move ? scriptfs_merge(inode, pos) : ERR_PTR(-ENOSPC);

	err = scriptfs_map_insert(inode, block, pos, GFP_KERNEL);
	if (err) {
		scriptfs_pool_put(scriptfs_sb(inode->i_sb), block, inode->i_ino);
		return ERR_PTR(err);
	}
	/* The last close is to look at it: a poem, which is as small as can be, it need not. */
	if (block->class != SCRIPTFS_POEM)
		scriptfs_inode(inode)->loose = true;
	return block;
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
	struct scriptfs_chunk *chunk;
	u32 offset, end;

	if (!offset_in_page(pos))
		return;
	block = scriptfs_block_find(si, pos);
	if (!block)
		return;

	down_write(&si->map_lock);
	chunk = scriptfs_chunk_at(block, pos, &offset);
	end = min_t(u32, chunk->mark, PAGE_ALIGN(offset));
	if (offset < end)
		memset(chunk->addr + offset, 0, end - offset);
	up_write(&si->map_lock);
}

/*
 * Lower the marks of a block that now ends the file at @size. Pages below the end of the file's
 * last page may still be published, so that page stays initialised to its end.
 */
static void scriptfs_marks_lower(struct scriptfs_block *block, loff_t size)
{
	unsigned int chunks = scriptfs_class_chunks(block->class);
	struct scriptfs_chunk *chunk;
	u32 offset;

	chunk = scriptfs_chunk_at(block, size, &offset);
	if (chunk->mark > offset) {
		chunk->mark = min_t(u32, chunk->mark, PAGE_ALIGN(offset));
		memset(chunk->addr + offset, 0, chunk->mark - offset);
	}
	while (++chunk < block->chunk + chunks)
		chunk->mark = 0;
}

/**
 * scriptfs_map_truncate - give back the blocks behind a file's new end
 * @inode:	the file
 * @size:	its new size in bytes, smaller than before
 *
 * The pages behind @size are neither mapped nor in the page cache any more, and cannot be
 * published again because i_size is @size already; nor does any reader look at them.
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
	xa_for_each_start(&si->map, unit, block, unit) {
		if (scriptfs_block_start(block) < size) {
			scriptfs_marks_lower(block, size);
			if (block->class != SCRIPTFS_POEM)
				si->loose = true;
			continue;
		}
		scriptfs_map_remove(inode, block);
		blocks[nr++] = block;
		if (nr == ARRAY_SIZE(blocks)) {
			scriptfs_pool_put_batch(scriptfs_sb(inode->i_sb), blocks, nr, inode->i_ino);
			nr = 0;
		}
	}
	scriptfs_pool_put_batch(scriptfs_sb(inode->i_sb), blocks, nr, inode->i_ino);
	up_write(&si->map_lock);
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
	unsigned int nr = 0;

	/* By the list, which is a third of the work of a walk through the map. */
	list_for_each_entry_safe(block, next, &si->blocks, link) {
		blocks[nr++] = block;
		if (nr == ARRAY_SIZE(blocks)) {
			scriptfs_pool_put_batch(scriptfs_sb(inode->i_sb), blocks, nr, inode->i_ino);
			nr = 0;
		}
	}
	scriptfs_pool_put_batch(scriptfs_sb(inode->i_sb), blocks, nr, inode->i_ino);
	INIT_LIST_HEAD(&si->blocks);
	xa_destroy(&si->map);
	inode_set_bytes(inode, 0);
}

/*
 * Take idle blocks of smaller classes that together hold @need bytes, largest first, onto
 * @blocks. A block taken this way lies at an aligned place of its own, because those before it
 * are multiples of its size.
 */
static bool scriptfs_take_smaller(struct scriptfs_sb *sbi, unsigned int class, u64 need,
				  struct list_head *blocks)
{
	struct scriptfs_block *block;

	while (need) {
		while (class > SCRIPTFS_POEM && scriptfs_class_size(class) > need)
			class--;
		block = scriptfs_pool_take(sbi, class, false);
		if (block) {
			list_add_tail(&block->link, blocks);
			need -= min_t(u64, need, scriptfs_block_size(block));
		} else if (class-- == SCRIPTFS_POEM) {
			return false;
		}
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
	struct scriptfs_sb *sbi = scriptfs_sb(inode->i_sb);
	loff_t pos = scriptfs_block_start(old);
	struct scriptfs_block *block, *next;
	LIST_HEAD(blocks);

	if (!scriptfs_take_smaller(sbi, old->class - 1, need, &blocks)) {
		list_for_each_entry_safe(block, next, &blocks, link) {
			list_del(&block->link);
			scriptfs_pool_put(sbi, block, inode->i_ino);
		}
		return false;
	}

	scriptfs_map_remove(inode, old);
	list_for_each_entry_safe(block, next, &blocks, link) {
		list_del(&block->link);
		scriptfs_block_copy(block, old, pos - scriptfs_block_start(old));
		/* No way back: @old is out of the map. All that is needed are its small nodes. */
		scriptfs_map_insert(inode, block, pos, GFP_KERNEL | __GFP_NOFAIL);
		pos += scriptfs_block_size(block);
	}
	scriptfs_pool_put(sbi, old, inode->i_ino);
	return true;
}

/* Where the memory of a file may end: at its end, or where fallocate(2) was asked to put it. */
static loff_t scriptfs_memory_end(struct inode *inode)
{
	return max(i_size_read(inode), scriptfs_inode(inode)->kept_end);
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
	/* write_begin may have published pages there */
	truncate_inode_pages(inode->i_mapping, end);
	scriptfs_map_truncate(inode, end);
}

/**
 * scriptfs_map_fit - make the memory of a file fit its size
 * @inode:	a file whose last writer is closing it
 *
 * Blocks that lie behind the end of the file, left by a write that failed, go back. A tail
 * block far too large for what it holds, got in the hope that the file would grow on, is
 * exchanged for smaller ones; one that the class hint asked for stays.
 *
 * Context: Takes inode_lock and map_lock if there may be something to do.
 */
void scriptfs_map_fit(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *tail;
	loff_t end;
	u64 need;

	if (!READ_ONCE(si->loose))
		return;

	inode_lock(inode);
	scriptfs_change_begin(si);
	scriptfs_readers_wait(si);
	end = scriptfs_memory_end(inode);
	scriptfs_map_trim(inode, end);

	down_write(&si->map_lock);
	si->loose = false;
	tail = end ? scriptfs_block_find(si, end - 1) : NULL;
	if (tail && tail->class != SCRIPTFS_POEM && tail->class != si->class) {
		need = round_up(end - scriptfs_block_start(tail), SCRIPTFS_UNIT_SIZE);
		/* For want of smaller blocks it stays, until the next close. */
		if (need <= scriptfs_block_size(tail) / 4 && !scriptfs_block_published(tail))
			si->loose = !scriptfs_exchange(inode, tail, need);
	}
	up_write(&si->map_lock);
	scriptfs_change_end(si);
	inode_unlock(inode);
}
