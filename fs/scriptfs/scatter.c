// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: chunks with pages that are held from outside.
 *
 * Truncate and punch can leave a block with its file while a pipe, a socket or a device still holds
 * pages of what was given up. Such a page is stray. Its holder must go on seeing what was in it,
 * and what it writes there late must not turn up in the file, so the page is neither published nor
 * written into again for as long as it is held. Stray pages lie at or above the chunk's initialised
 * mark, where they are not in the way until the file grows over them again.
 *
 * A chunk that needs the place of a stray page, or has one below its mark, is scattered: a table
 * says for each page of it where its bytes are, in the chunk itself or, for stray pages, in a block
 * got for that (a donor). The other pages stay where they are, published, mapped or held. The mark
 * of a scattered chunk is 0, so that code that copies runs below the mark need not know of it. It
 * stays scattered until the file gives up the block.
 *
 * A merge leaves held pages where they are in the same way: the chunk of the larger block is
 * scattered, and the smaller block becomes one of its donors (scriptfs_scatter_adopt()).
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "inode.h"
#include "sb.h"
#include "scatter.h"

/* How many donors are looked through for a page before another one is got. */
#define SCRIPTFS_DONOR_LOOKS	4

/**
 * struct scriptfs_scatter - where the pages of a scattered chunk are
 * @donors:	blocks that have pages of it
 * @left:	how many bytes at the end of the first of them were never used
 * @page:	memory of each page, NULL for one that reads as zeroes
 *
 * Changed with map_lock held exclusively. A read looks into @page without it: a pointer there is
 * set once the memory is zeroed, and taken back only while readers are kept away.
 */
struct scriptfs_scatter {
	struct list_head	donors;
	u32			left;
	void			*page[];
};

static unsigned long scriptfs_scatter_unit(const struct scriptfs_block *block,
					   const struct scriptfs_chunk *chunk)
{
	loff_t start = scriptfs_block_start(block) +
		       ((loff_t)(chunk - block->chunk) << SCRIPTFS_CHUNK_SHIFT);

	return start >> SCRIPTFS_UNIT_SHIFT;
}

static struct scriptfs_scatter *scriptfs_scatter_of(struct scriptfs_inode *si,
						    const struct scriptfs_block *block,
						    const struct scriptfs_chunk *chunk)
{
	return xa_load(&si->scattered, scriptfs_scatter_unit(block, chunk));
}

/* Is a page held from outside that is in no page cache? */
static bool scriptfs_page_held(struct page *page)
{
	return !page->mapping && page_ref_count(page) > 1;
}

/* Does not fail, as the pages that are given up have left the page cache already. */
static void scriptfs_scatter(struct inode *inode, struct scriptfs_block *block,
			     struct scriptfs_chunk *chunk)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned int have = DIV_ROUND_UP(chunk->mark, PAGE_SIZE);
	struct scriptfs_scatter *scatter;
	unsigned int i;

	scatter = kzalloc(struct_size(scatter, page, scriptfs_chunk_size(block) >> PAGE_SHIFT),
			  GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
	INIT_LIST_HEAD(&scatter->donors);
	for (i = 0; i < have; i++)
		scatter->page[i] = chunk->addr + i * PAGE_SIZE;
	memset(chunk->addr + chunk->mark, 0, have * PAGE_SIZE - chunk->mark);

	xa_store(&si->scattered, scriptfs_scatter_unit(block, chunk), scatter,
		 GFP_KERNEL | __GFP_NOFAIL);
	chunk->stray = true;
	/* After the table is there to be found: pairs with scriptfs_data_at(). */
	smp_store_release(&chunk->scattered, true);
	scriptfs_mark_set(chunk, 0);
}

/**
 * scriptfs_chunk_disown - leave pages that the file gives up to their holders
 * @inode:	the file
 * @block:	a block that it keeps
 * @chunk:	a chunk of it that is not scattered
 * @from:	first byte given up, in the chunk
 * @to:		the one after the last
 *
 * The whole pages between @from and @to are in the page cache no longer. If one is held below the
 * initialised mark the chunk is scattered, and the range is yet to be cleared.
 *
 * Context: The caller holds map_lock exclusively, and no reader looks at the block. May sleep.
 */
void scriptfs_chunk_disown(struct inode *inode, struct scriptfs_block *block,
			   struct scriptfs_chunk *chunk, u32 from, u32 to)
{
	u32 offset;

	if (!chunk->published)
		return;
	for (offset = PAGE_ALIGN(from); offset + PAGE_SIZE <= to; offset += PAGE_SIZE) {
		struct page *page = scriptfs_chunk_page(chunk, offset);

		if (!scriptfs_page_held(page))
			continue;
		if (offset < chunk->mark) {
			scriptfs_scatter(inode, block, chunk);
			return;
		}
		SetPageChecked(page);
		chunk->stray = true;
	}
}

/**
 * scriptfs_chunk_reclaim - may the file use a part of a chunk that has stray pages?
 * @inode:	the file
 * @block:	a block of it
 * @chunk:	a chunk of it with @chunk->stray set
 * @to:		how far the initialised mark is about to rise
 *
 * Context: The caller holds map_lock exclusively. May sleep.
 * Return: Whether it may; if not, the chunk is scattered.
 */
bool scriptfs_chunk_reclaim(struct inode *inode, struct scriptfs_block *block,
			    struct scriptfs_chunk *chunk, u32 to)
{
	u32 offset;

	if (chunk->scattered)
		return false;
	for (offset = round_down(chunk->mark, PAGE_SIZE); offset < to; offset += PAGE_SIZE) {
		struct page *page = scriptfs_chunk_page(chunk, offset);

		if (!PageChecked(page))
			continue;
		if (scriptfs_page_held(page)) {
			scriptfs_scatter(inode, block, chunk);
			return false;
		}
		ClearPageChecked(page);
	}
	return true;
}

/* A donor need not fit anywhere in the file: any block of one chunk will do, a small one best. */
static struct scriptfs_block *scriptfs_donor_take(struct inode *inode)
{
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	struct scriptfs_block *block;
	int class;

	for (class = SCRIPTFS_POEM; class <= SCRIPTFS_LARGE; class++) {
		block = scriptfs_pool_take(pools, class, false);
		if (block)
			return block;
	}
	return scriptfs_pool_take(pools, SCRIPTFS_POEM, true);
}

static void scriptfs_donor_put(struct inode *inode, struct scriptfs_block *donor)
{
	list_del(&donor->link);
	inode_sub_bytes(inode, scriptfs_block_size(donor));
	scriptfs_pool_put(scriptfs_pools(inode->i_sb), donor, inode->i_ino);
}

/* Say in @used which pages of a donor are in a table of @pages. */
static void scriptfs_donor_used(const struct scriptfs_scatter *scatter, unsigned int pages,
				const struct scriptfs_block *donor, unsigned long *used)
{
	const void *begin = donor->first.addr, *end = begin + scriptfs_block_size(donor);

	bitmap_zero(used, SCRIPTFS_CHUNK_SIZE >> PAGE_SHIFT);
	while (pages--)
		if (scatter->page[pages] >= begin && scatter->page[pages] < end)
			__set_bit((scatter->page[pages] - begin) >> PAGE_SHIFT, used);
}

/*
 * Find a page of a donor that was stray in its turn, and is held no longer. Donors of which no page
 * is in use are given back on the way: to quarantine, if pages of them are held.
 */
static void *scriptfs_scatter_again(struct inode *inode, struct scriptfs_scatter *scatter,
				    unsigned int pages, unsigned int looks)
{
	DECLARE_BITMAP(used, SCRIPTFS_CHUNK_SIZE >> PAGE_SHIFT);
	unsigned int i;

	for (; looks && !list_empty(&scatter->donors); looks--) {
		struct scriptfs_block *donor = list_last_entry(&scatter->donors,
							       struct scriptfs_block, link);
		struct page *page = virt_to_page(donor->first.addr);

		scriptfs_donor_used(scatter, pages, donor, used);
		if (bitmap_empty(used, SCRIPTFS_CHUNK_SIZE >> PAGE_SHIFT)) {
			scriptfs_donor_put(inode, donor);
			continue;
		}
		for (i = 0; i < scriptfs_block_size(donor) >> PAGE_SHIFT; i++, page++)
			if (!test_bit(i, used) && page_ref_count(page) == 1 && !PageHWPoison(page))
				return page_address(page);
		list_move(&donor->link, &scatter->donors);
		cond_resched();
	}
	return NULL;
}

static unsigned int scriptfs_scatter_donors(const struct scriptfs_scatter *scatter)
{
	struct list_head *donor;
	unsigned int nr = 0;

	list_for_each(donor, &scatter->donors)
		nr++;
	return nr;
}

/* Get a page of memory in place of a stray one. */
static void *scriptfs_scatter_spare(struct inode *inode, struct scriptfs_scatter *scatter,
				    unsigned int pages)
{
	struct scriptfs_block *donor;
	void *addr;

	do {
		if (!scatter->left) {
			addr = scriptfs_scatter_again(inode, scatter, pages, SCRIPTFS_DONOR_LOOKS);
			if (addr)
				return addr;
			donor = scriptfs_donor_take(inode);
			/* Before giving up, look through all donors. */
			if (!donor) {
				addr = scriptfs_scatter_again(inode, scatter, pages,
							      scriptfs_scatter_donors(scatter));
				if (addr)
					return addr;
				donor = scriptfs_donor_take(inode);
			}
			if (!donor)
				return NULL;
			donor->first.published = true;
			list_add(&donor->link, &scatter->donors);
			inode_add_bytes(inode, scriptfs_block_size(donor));
			scatter->left = scriptfs_block_size(donor);
		}
		donor = list_first_entry(&scatter->donors, struct scriptfs_block, link);
		addr = donor->first.addr + scriptfs_block_size(donor) - scatter->left;
		scatter->left -= PAGE_SIZE;
	} while (unlikely(PageHWPoison(virt_to_page(addr))));
	return addr;
}

/**
 * scriptfs_scatter_page - the page of a scattered chunk at an offset
 * @inode:	the file
 * @block:	a block of it
 * @chunk:	a scattered chunk of it
 * @offset:	offset in the chunk in bytes
 *
 * Where there is none yet, a zeroed one is allocated.
 *
 * Context: The caller holds map_lock exclusively. May sleep.
 * Return: The page, or ERR_PTR(-ENOSPC).
 */
struct page *scriptfs_scatter_page(struct inode *inode, struct scriptfs_block *block,
				   struct scriptfs_chunk *chunk, u32 offset)
{
	struct scriptfs_scatter *scatter;
	unsigned int i = offset >> PAGE_SHIFT;
	void *addr;

	scatter = scriptfs_scatter_of(scriptfs_inode(inode), block, chunk);
	addr = scatter->page[i];
	if (!addr) {
		struct page *own = scriptfs_chunk_page(chunk, i << PAGE_SHIFT);

		if (page_ref_count(own) == 1 && !PageHWPoison(own))
			addr = page_address(own);
		else
			addr = scriptfs_scatter_spare(inode, scatter,
						      scriptfs_chunk_size(block) >> PAGE_SHIFT);
		if (!addr)
			return ERR_PTR(-ENOSPC);
		memset(addr, 0, PAGE_SIZE);
		/* For readers, after what they are to find there. */
		smp_store_release(&scatter->page[i], addr);
	}
	return virt_to_page(addr);
}

/**
 * scriptfs_scatter_data - where bytes of a scattered chunk are
 * @si:		the file
 * @block:	a block of it
 * @chunk:	a scattered chunk of it
 * @offset:	offset in the chunk in bytes
 * @len:	how many bytes are wanted; cut at the end of the page
 *
 * Context: As for scriptfs_block_find(), or as a reader without a lock.
 * Return: Their memory, or NULL where they are zeroes.
 */
void *scriptfs_scatter_data(struct scriptfs_inode *si, const struct scriptfs_block *block,
			    const struct scriptfs_chunk *chunk, u32 offset, size_t *len)
{
	struct scriptfs_scatter *scatter = scriptfs_scatter_of(si, block, chunk);
	/* Pairs with scriptfs_scatter_page(). */
	void *addr = smp_load_acquire(&scatter->page[offset >> PAGE_SHIFT]);

	*len = min_t(size_t, *len, PAGE_SIZE - offset_in_page(offset));
	return addr ? addr + offset_in_page(offset) : NULL;
}

/**
 * scriptfs_scatter_write - write into a scattered chunk
 * @inode:	the file
 * @block:	a block of it
 * @chunk:	a scattered chunk of it
 * @offset:	offset in the chunk in bytes
 * @len:	how many bytes, within the chunk
 * @from:	what to write
 *
 * Context: The caller holds map_lock exclusively and has page faults disabled.
 * Return: How many bytes were written; -ENOSPC if there is no memory for the first of them.
 */
ssize_t scriptfs_scatter_write(struct inode *inode, struct scriptfs_block *block,
			       struct scriptfs_chunk *chunk, u32 offset, size_t len,
			       struct iov_iter *from)
{
	size_t done = 0;

	while (done < len) {
		struct page *page = scriptfs_scatter_page(inode, block, chunk, offset + done);
		u32 in_page = offset_in_page(offset + done);
		size_t part = min_t(size_t, len - done, PAGE_SIZE - in_page);
		size_t copied;

		if (IS_ERR(page))
			return done ? done : PTR_ERR(page);
		copied = copy_from_iter(page_address(page) + in_page, part, from);
		flush_dcache_page(page);
		done += copied;
		if (copied < part)
			break;
	}
	return done;
}

/**
 * scriptfs_scatter_clear - make a part of a scattered chunk read as zeroes
 * @si:		the file
 * @block:	a block of it
 * @chunk:	a scattered chunk of it
 * @from:	first byte, in the chunk
 * @to:		the one after the last
 *
 * Context: The caller holds map_lock exclusively, and no reader looks at the block.
 */
void scriptfs_scatter_clear(struct scriptfs_inode *si, struct scriptfs_block *block,
			    struct scriptfs_chunk *chunk, u32 from, u32 to)
{
	struct scriptfs_scatter *scatter = scriptfs_scatter_of(si, block, chunk);

	while (from < to) {
		u32 part = min_t(u32, to - from, PAGE_SIZE - offset_in_page(from));
		void *addr = scatter->page[from >> PAGE_SHIFT];

		if (addr && part == PAGE_SIZE && scriptfs_page_held(virt_to_page(addr))) {
			WRITE_ONCE(scatter->page[from >> PAGE_SHIFT], NULL);
		} else if (addr) {
			memset(addr + offset_in_page(from), 0, part);
			flush_dcache_page(virt_to_page(addr));
		}
		from += part;
	}
}

/**
 * scriptfs_scatter_fill - have memory for each page of a range of a block
 * @inode:	the file
 * @block:	a block of it
 * @pos:	first byte, an offset in the file
 * @end:	the one after the last, in the block as well
 *
 * For fallocate(2): a block has memory for all that it covers, unless pages of it are held.
 *
 * Context: The caller holds inode_lock and map_lock exclusively. May sleep.
 * Return: 0 or -ENOSPC.
 */
int scriptfs_scatter_fill(struct inode *inode, struct scriptfs_block *block, loff_t pos, loff_t end)
{
	while (pos < end) {
		struct scriptfs_chunk *chunk;
		struct page *page;
		u32 offset, stop;

		chunk = scriptfs_chunk_at(block, pos, &offset);
		stop = min_t(u64, offset + (end - pos), scriptfs_chunk_size(block));
		pos += stop - offset;
		cond_resched();
		if (!chunk->stray || scriptfs_chunk_reclaim(inode, block, chunk, stop))
			continue;
		for (offset = round_down(offset, PAGE_SIZE); offset < stop; offset += PAGE_SIZE) {
			page = scriptfs_scatter_page(inode, block, chunk, offset);
			if (IS_ERR(page))
				return PTR_ERR(page);
			cond_resched();
		}
	}
	return 0;
}

/**
 * scriptfs_scatter_adopt - put a larger block around one whose pages stay where they are
 * @inode:	the file
 * @new:	the larger block, at its place in the file but not in the map yet
 * @old:	a block in its range with pages that are held, of one chunk, just taken from the map
 *
 * Whatever of @old is published stays so.
 *
 * Context: The caller holds map_lock exclusively, and no reader looks at @old. May sleep.
 */
void scriptfs_scatter_adopt(struct inode *inode, struct scriptfs_block *new,
			    struct scriptfs_block *old)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_chunk *from = &old->first, *to;
	unsigned int have = DIV_ROUND_UP(from->mark, PAGE_SIZE), i;
	struct scriptfs_scatter *was = NULL, *scatter;
	void **page;
	u32 offset;

	to = scriptfs_chunk_at(new, scriptfs_block_start(old), &offset);
	if (from->scattered) {
		was = xa_erase(&si->scattered, scriptfs_scatter_unit(old, from));
		from->scattered = false;
		have = scriptfs_block_size(old) >> PAGE_SHIFT;
	} else if (offset_in_page(from->mark) &&
		   !PageHWPoison(scriptfs_chunk_page(from, from->mark))) {
		memset(from->addr + from->mark, 0, PAGE_SIZE - offset_in_page(from->mark));
	}
	if (!to->scattered)
		scriptfs_scatter(inode, new, to);
	to->published = true;

	scatter = scriptfs_scatter_of(si, new, to);
	page = scatter->page + (offset >> PAGE_SHIFT);
	for (i = 0; i < have; i++)
		page[i] = was ? was->page[i] : from->addr + i * PAGE_SIZE;
	if (was)
		list_splice_tail(&was->donors, &scatter->donors);
	kfree(was);
	from->published = true;
	list_add_tail(&old->link, &scatter->donors);
	inode_add_bytes(inode, scriptfs_block_size(old));
}

static void scriptfs_scatter_free(struct inode *inode, struct scriptfs_scatter *scatter)
{
	struct scriptfs_block *donor, *next;

	list_for_each_entry_safe(donor, next, &scatter->donors, link) {
		scriptfs_donor_put(inode, donor);
		cond_resched();
	}
	kfree(scatter);
}

/**
 * scriptfs_scatter_forget - free what belongs to the scattered chunks of a block
 * @inode:	the file
 * @block:	a block that is about to leave it
 *
 * Context: The caller holds map_lock exclusively, and no reader looks at the block.
 */
void scriptfs_scatter_forget(struct inode *inode, struct scriptfs_block *block)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned int i;

	if (xa_empty(&si->scattered))
		return;
	for (i = 0; i < scriptfs_class_chunks(block->class); i++)
		if (block->chunk[i].scattered)
			scriptfs_scatter_free(inode,
					      xa_erase(&si->scattered,
						       scriptfs_scatter_unit(block,
									     &block->chunk[i])));
}

/**
 * scriptfs_scatter_release - free what belongs to all scattered chunks of a file
 * @inode:	a file that is being evicted
 *
 * Context: Nobody else has the inode any more, so no locks.
 */
void scriptfs_scatter_release(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_scatter *scatter;
	unsigned long unit;

	if (likely(xa_empty(&si->scattered)))
		return;
	xa_for_each(&si->scattered, unit, scatter)
		scriptfs_scatter_free(inode, scatter);
	xa_destroy(&si->scattered);
}
