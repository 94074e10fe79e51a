// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: spans, the memory of the pools: how it comes from the page allocator, how to tell
 * whether a page is the pool's alone, and how it goes back.
 *
 * A span is up to 2 MiB that are carved into blocks of one class, or a single block. Every page is
 * split off on its own, so that the page cache, pipes and drivers can take and drop references to
 * it as to any other page, and the pool keeps one reference to each from the day it was allocated.
 * A page whose only reference is the pool's belongs to nobody else; that is what makes its block
 * fit to be handed out again.
 *
 * The reference count is looked at, never set. A lockless lookup in the page cache may raise the
 * count of a page that has just left it, notice, and drop it again: setting the count in between
 * would have the page freed under the pool.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "pool.h"

/* Flags that the page cache may leave behind, and that the next file must not find. */
#define SCRIPTFS_STALE_FLAGS	(BIT(PG_referenced) | BIT(PG_uptodate) | BIT(PG_dirty) | \
				 BIT(PG_active) | BIT(PG_unevictable) | BIT(PG_workingset) | \
				 BIT(PG_error) | BIT(PG_mappedtodisk) | BIT(PG_checked))

/* Flags that a page of a pool never has: somebody else believes that it is his. */
#define SCRIPTFS_FOREIGN_FLAGS	(PAGE_FLAGS_CHECK_AT_FREE & \
				 ~(SCRIPTFS_STALE_FLAGS | BIT(PG_locked)))

/* The smallest block is at least a page, and a chunk is not more than one allocation can give. */
static_assert(PAGE_SHIFT <= SCRIPTFS_UNIT_SHIFT);
static_assert(PAGE_SHIFT + MAX_ORDER > SCRIPTFS_CHUNK_SHIFT);

/* As many blocks as a span may have fill a page, and each one a line of the cache. */
static_assert(sizeof(struct scriptfs_block) <= 64);

static unsigned int scriptfs_chunk_pages(const struct scriptfs_block *block)
{
	return scriptfs_chunk_size(block) >> PAGE_SHIFT;
}

static void scriptfs_report_page(const struct scriptfs_block *block, struct page *page,
				 unsigned long ino, const char *what)
{
	pr_err("corrupt %s block retired: inode %lu, pfn %#lx: %s (refcount %d, mapcount %d, mapping %p, flags %#lx(%pGp))\n",
	       scriptfs_class_names[block->class], ino, page_to_pfn(page), what,
	       page_ref_count(page), atomic_read(&page->_mapcount) + 1, page->mapping,
	       page->flags, &page->flags);
}

/*
 * What is wrong with a page that is no longer in a page cache, or NULL. A page that others still
 * have references to is not wrong: they drop them when they are done, so it need not even be
 * unmapped (TCP maps pages that were sent to it by sendfile). For the same reason a page may still
 * be locked for a moment, by somebody whose reference came or went while we looked.
 */
static const char *scriptfs_page_wrong(struct page *page, bool *held)
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
	/* Whoever unmaps a page does so before dropping the reference that we saw gone. */
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

/*
 * Look at the pages of a chunk, up to the first that somebody outside holds, which is where to go
 * on next time. The flags of that one stay for now: a pipe looks at PG_uptodate before it hands out
 * what is in the page.
 */
static enum scriptfs_fate scriptfs_chunk_inspect(struct scriptfs_block *block,
						 struct scriptfs_chunk *chunk, unsigned long ino)
{
	for (; chunk->mark < scriptfs_chunk_size(block); chunk->mark += PAGE_SIZE) {
		struct page *page = scriptfs_chunk_page(chunk, chunk->mark);
		bool held = false;
		const char *wrong = scriptfs_page_wrong(page, &held);

		if (wrong) {
			scriptfs_report_page(block, page, ino, wrong);
			chunk->corrupt = true;
			return SCRIPTFS_FATE_CORRUPT;
		}
		if (PageHWPoison(page)) {
			scriptfs_poison_report(block, page, ino);
			return SCRIPTFS_FATE_POISONED;
		}
		if (held)
			return SCRIPTFS_FATE_HELD;
		scriptfs_clear_flags(page, SCRIPTFS_STALE_FLAGS);
	}
	chunk->published = false;
	return SCRIPTFS_FATE_CLEAN;
}

/**
 * scriptfs_block_inspect - look at whatever of a block was in the page cache
 * @block:	a block that has left its file, and that nobody else can find
 *
 * What was found to be the pool's alone is not looked at again.
 *
 * Context: Process context, may reschedule.
 * Return: The gravest of what was found; corruption and hardware errors were reported.
 */
enum scriptfs_fate scriptfs_block_inspect(struct scriptfs_block *block)
{
	enum scriptfs_fate worst = SCRIPTFS_FATE_CLEAN;
	unsigned int i;

	if (READ_ONCE(block->poisoned))
		return SCRIPTFS_FATE_POISONED;
	for (i = 0; i < scriptfs_class_chunks(block->class); i++) {
		struct scriptfs_chunk *chunk = &block->chunk[i];

		if (!chunk->published)
			continue;
		worst = max(worst, scriptfs_chunk_inspect(block, chunk, block->ino));
		cond_resched();
	}
	return worst;
}

/*
 * Give a chunk back to the system by dropping the pool's references: a page that somebody outside
 * still holds goes when he drops his. A page that is no longer the pool's is left alone, since
 * freeing it would take it from under whoever uses it.
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
		 * What was found corrupt may look fine by now, if the page that was freed under us
		 * has found a new owner: trust nothing of it.
		 */
		if (chunk->corrupt)
			left += pages;
		else
			left += scriptfs_chunk_free(block, chunk);
		cond_resched();
	}
	if (left)
		pr_err("corrupt %s block: pages not given back, as somebody else may use them: %u\n",
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
	/* What the allocator rounded up was not asked for. */
	for (i = size >> PAGE_SHIFT; i < 1U << order; i++)
		put_page(page + i);
	return page_address(page);
}

/* Allocate what a block of several chunks needs. On failure the caller frees what there is. */
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
 * @nr:		how many, together not more than 2 MiB or one block
 * @gfp:	SCRIPTFS_GFP_TRY or SCRIPTFS_GFP_INSIST
 *
 * The pages hold whatever was last in them.
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

