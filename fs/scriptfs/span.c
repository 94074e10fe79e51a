// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: spans, the memory of the pools: how it is allocated and freed, in which order its
 * blocks are used, and how to tell whether a page is sound and only the pool's.
 *
 * A span is up to 2 MiB that are carved into blocks of one class, or a single block. Every page is
 * split off, so that the page cache, pipes and drivers can take and drop references to it as to any
 * other page, and the pool keeps one reference to each from allocation on. A page with no other
 * reference is in use nowhere else, which is what its block needs to be taken again.
 *
 * The reference count is only read, never set. A lockless lookup in the page cache may raise the
 * count of a page that has just left it, notice, and drop it again: setting the count in between
 * would have the page freed under the pool.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "span.h"

/* Flags that the page cache may leave behind, and that the next file must not find. */
#define SCRIPTFS_STALE_FLAGS	(BIT(PG_referenced) | BIT(PG_uptodate) | BIT(PG_dirty) | \
				 BIT(PG_active) | BIT(PG_unevictable) | BIT(PG_workingset) | \
				 BIT(PG_error) | BIT(PG_mappedtodisk) | BIT(PG_checked))

/* Flags that a page of a pool never has: it is in use elsewhere. */
#define SCRIPTFS_FOREIGN_FLAGS	(PAGE_FLAGS_CHECK_AT_FREE & \
				 ~(SCRIPTFS_STALE_FLAGS | BIT(PG_locked)))

/* The smallest block is at least a page, and a chunk is not more than one allocation can give. */
static_assert(PAGE_SHIFT <= SCRIPTFS_UNIT_SHIFT);
static_assert(PAGE_SHIFT + MAX_ORDER > SCRIPTFS_CHUNK_SHIFT);

/* As many blocks as a span may have fill a page, and each one a cache line. */
static_assert(sizeof(struct scriptfs_block) <= 64);

static unsigned int scriptfs_chunk_pages(const struct scriptfs_block *block)
{
	return scriptfs_chunk_size(block) >> PAGE_SHIFT;
}

/**
 * scriptfs_page_wrong - what is wrong with a page that is no longer in a page cache
 * @page:	the page
 * @held:	set to true if it still has outside references
 *
 * An outside reference is not wrong: it will be dropped, and until then the page may even be mapped
 * (TCP maps pages that were sent to it by sendfile). For the same reason a page may be locked for a
 * moment, by a task whose reference came or went since the count was read.
 *
 * Return: What, or NULL for nothing.
 */
const char *scriptfs_page_wrong(struct page *page, bool *held)
{
	int refs = page_ref_count(page);

	if (page->mapping)
		return "belongs to a page cache";
	if (refs < 1)
		return "the pool's reference was dropped";
	if (refs > 1 || PageLocked(page)) {
		*held = true;
		return NULL;
	}
	/* A page is unmapped before the reference that was seen gone is dropped. */
	smp_rmb();
	if (atomic_read(&page->_mapcount) != -1)
		return "mapped without a reference";
	if (page->flags & SCRIPTFS_FOREIGN_FLAGS)
		return "has flags that are not a pool page's";
	return NULL;
}

/* Atomically, because memory_failure() sets its own flag at any time. */
static void scriptfs_clear_flags(struct page *page, unsigned long flags)
{
	if (page->flags & flags)
		set_mask_bits(&page->flags, flags, 0UL);
}

/**
 * scriptfs_page_clean - clear what the page cache left in the flags of a page
 * @page:	a page without outside references
 */
void scriptfs_page_clean(struct page *page)
{
	scriptfs_clear_flags(page, SCRIPTFS_STALE_FLAGS);
}

/*
 * Give a chunk back to the system by dropping the pool's references. A page with an outside
 * reference is freed when that is dropped. A page that is no longer the pool's is left alone, since
 * freeing it would pull it from under its user.
 *
 * Returns how many pages were left alone.
 */
static unsigned int scriptfs_chunk_free(const struct scriptfs_block *block,
					const struct scriptfs_chunk *chunk)
{
	struct page *page = virt_to_page(chunk->addr);
	unsigned int left = 0;
	unsigned int i;

	for (i = 0; i < scriptfs_chunk_pages(block); i++, page++) {
		bool held = false;

		if (scriptfs_page_wrong(page, &held)) {
			left++;
			continue;
		}
		/* The page allocator takes these for corruption, and clears the others itself. */
		scriptfs_clear_flags(page, SCRIPTFS_STALE_FLAGS & PAGE_FLAGS_CHECK_AT_FREE);
		put_page(page);
	}
	return left;
}

static void scriptfs_block_free(struct scriptfs_block *block)
{
	unsigned int pages = scriptfs_chunk_pages(block);
	unsigned int left = 0;
	unsigned int i;

	for (i = 0; block->chunk && i < scriptfs_class_chunks(block->class); i++) {
		struct scriptfs_chunk *chunk = &block->chunk[i];

		if (!chunk->addr)
			continue;
		/*
		 * What was found corrupt may look fine by now, if a page that was freed under
		 * the pool has a new owner: trust nothing of it.
		 */
		if (chunk->corrupt)
			left += pages;
		else
			left += scriptfs_chunk_free(block, chunk);
		cond_resched();
	}
	if (left)
		pr_err("corrupt %s block: pages not freed, as they may be in use elsewhere: %u\n",
		       scriptfs_class_names[block->class], left);
	if (block->chunk != &block->first)
		kfree(block->chunk);
}

/**
 * scriptfs_span_free - give the memory of a span back to the system
 * @span:	a span that is on no list, with no block in use
 *
 * Context: Process context, may reschedule. Memory reclaim calls it.
 */
void scriptfs_span_free(struct scriptfs_span *span)
{
	unsigned int i;

	for (i = 0; i < span->nr; i++)
		scriptfs_block_free(&span->block[i]);
	kfree(span->block);
	kfree(span);
}

static void *scriptfs_alloc_pages(unsigned long size, gfp_t gfp)
{
	unsigned int order = get_order(size);
	struct page *page = alloc_pages(gfp, order);
	unsigned int i;

	if (!page)
		return NULL;
	split_page(page, order);
	/* The allocator rounds up to a power of two: free the excess. */
	for (i = size >> PAGE_SHIFT; i < 1U << order; i++)
		put_page(page + i);
	return page_address(page);
}

/* Allocate the chunks of a block that has several. On failure the caller frees what there is. */
static bool scriptfs_alloc_chunks(struct scriptfs_block *block, gfp_t gfp)
{
	unsigned int nr = scriptfs_class_chunks(block->class);
	unsigned int i;

	block->chunk = kcalloc(nr, sizeof(*block->chunk), gfp);
	if (!block->chunk)
		return false;
	for (i = 0; i < nr; i++) {
		if (fatal_signal_pending(current))
			return false;
		block->chunk[i].addr = scriptfs_alloc_pages(SCRIPTFS_CHUNK_SIZE, gfp);
		if (!block->chunk[i].addr)
			return false;
		cond_resched();
	}
	return true;
}

/**
 * scriptfs_span_alloc - allocate blocks
 * @pool:	the pool they are for
 * @class:	its class
 * @nr:		how many, not more than one block or 2 MiB in all
 * @gfp:	SCRIPTFS_GFP_TRY or SCRIPTFS_GFP_INSIST
 *
 * The pages are not cleared.
 *
 * Context: Process context, sleeps.
 * Return: The span, with none of its blocks marked idle, or NULL.
 */
struct scriptfs_span *scriptfs_span_alloc(struct scriptfs_pool *pool, unsigned int class,
					  unsigned int nr, gfp_t gfp)
{
	unsigned long size = scriptfs_class_size(class);
	struct scriptfs_span *span;
	void *addr = NULL;
	unsigned int i;

	span = kzalloc(sizeof(*span), gfp);
	if (!span)
		return NULL;
	span->pool = pool;
	span->nr = nr;
	span->block = kcalloc(nr, sizeof(*span->block), gfp);
	if (!span->block)
		goto free_span;

	if (size <= SCRIPTFS_CHUNK_SIZE) {
		addr = scriptfs_alloc_pages(nr * size, gfp);
		if (!addr)
			goto free_blocks;
	}
	for (i = 0; i < nr; i++) {
		struct scriptfs_block *block = &span->block[i];

		block->class = class;
		block->slot = i;
		block->span = span;
		if (addr) {
			block->chunk = &block->first;
			block->first.addr = addr + i * size;
		} else if (!scriptfs_alloc_chunks(block, gfp)) {
			scriptfs_span_free(span);
			return NULL;
		}
	}
	return span;

free_blocks:
	kfree(span->block);
free_span:
	kfree(span);
	return NULL;
}

/**
 * scriptfs_spans_add - make blocks available to scriptfs_spans_pick()
 * @pool:	their pool
 * @blocks:	blocks in state idle, on no list
 * @nr:		how many
 *
 * A span that was full moves to the head of the list, as its memory may still be in the caches.
 * Surplus stays behind the reserve, so that it becomes idle and can go back to the system.
 *
 * Context: The caller holds pool->lock.
 */
void scriptfs_spans_add(struct scriptfs_pool *pool, struct scriptfs_block *const *blocks,
			unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct scriptfs_span *span = blocks[i]->span;

		if (!span->idle) {
			if (span->surplus)
				list_move_tail(&span->link, &pool->partial);
			else
				list_move(&span->link, &pool->partial);
		}
		span->idle |= BIT_ULL(blocks[i]->slot);
	}
	pool->idle += nr;
	WRITE_ONCE(pool->arrivals, pool->arrivals + nr);
}

/**
 * scriptfs_spans_pick - take idle blocks off the lists of a pool
 * @pool:	the pool
 * @surplus:	also surplus
 * @blocks:	filled in from its beginning, with the block to be used first at the end
 * @nr:		how many there may be
 *
 * The lowest addresses of a span first, so that blocks taken in a row are neighbours.
 *
 * Context: The caller holds pool->lock.
 * Return: How many were found, still in state idle.
 */
unsigned int scriptfs_spans_pick(struct scriptfs_pool *pool, bool surplus,
				 struct scriptfs_block **blocks, unsigned int nr)
{
	struct scriptfs_block **last = blocks + nr;
	struct scriptfs_span *span;

	while (last > blocks) {
		span = list_first_entry_or_null(&pool->partial, struct scriptfs_span, link);
		if (!span || (span->surplus && !surplus))
			break;
		do {
			*--last = &span->block[__ffs64(span->idle)];
			span->idle &= span->idle - 1;
		} while (span->idle && last > blocks);
		if (!span->idle)
			list_move(&span->link, &pool->full);
	}
	nr -= last - blocks;
	if (last > blocks)
		memmove(blocks, last, nr * sizeof(*blocks));
	pool->idle -= nr;
	return nr;
}

/**
 * scriptfs_report_poison - report, once for each block, that it has a hardware memory error
 * @block:	the block
 * @page:	the bad page
 * @ino:	the inode that it belongs to, 0 if there is none or it is not known
 */
void scriptfs_report_poison(struct scriptfs_block *block, struct page *page, unsigned long ino)
{
	if (block->poisoned)
		return;
	WRITE_ONCE(block->poisoned, true);
	if (ino)
		pr_err("hardware memory error in a %s block: inode %lu, pfn %#lx; the block is retired\n",
		       scriptfs_class_names[block->class], ino, page_to_pfn(page));
	else
		pr_err("hardware memory error in a %s block: pfn %#lx; the block is retired when it is free\n",
		       scriptfs_class_names[block->class], page_to_pfn(page));
}

/**
 * scriptfs_block_poisoned - does a block have a hardware memory error?
 * @block:	an idle block that is on no list
 *
 * Return: Whether it does; if so that was reported.
 */
bool scriptfs_block_poisoned(struct scriptfs_block *block)
{
	unsigned int i;
	u32 offset;

	if (READ_ONCE(block->poisoned))
		return true;
	for (i = 0; i < scriptfs_class_chunks(block->class); i++)
		for (offset = 0; offset < scriptfs_chunk_size(block); offset += PAGE_SIZE) {
			struct page *page = scriptfs_chunk_page(&block->chunk[i], offset);

			if (PageHWPoison(page)) {
				scriptfs_report_poison(block, page, 0);
				return true;
			}
		}
	return false;
}

/**
 * scriptfs_block_bad - must the bytes of a block stay in place because some of them are lost?
 * @block:	a block of a file
 *
 * Return: Whether it has a hardware memory error, if there was any in the system.
 */
bool scriptfs_block_bad(struct scriptfs_block *block)
{
	return READ_ONCE(block->span->pool->suspect) && scriptfs_block_poisoned(block);
}
