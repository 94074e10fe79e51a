// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: spans, the memory of the pools: how it is allocated and freed, in which order its
 * blocks are used, and how to tell whether a page is sound and only the pool's.
 *
 * A span is up to 2 MiB that are carved into blocks of one class, or one of the 128 chunks of a
 * super. Every page is split off, so that the page cache, pipes and drivers can take and drop
 * references to it as to any other page, and the pool keeps one reference to each from allocation
 * on. A page with no other reference is in use nowhere else, which is what its piece needs to be
 * taken again. The pages of whole chunks are united when a mapping can make use of it (unite.c).
 *
 * The reference count is only read, never set. A lockless lookup in the page cache may raise the
 * count of a page that has just left it, notice, and drop it again: setting the count in between
 * would have the page freed under the pool.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat/page.h"
#include "span.h"
#include "unite.h"

/* Flags that the page cache may leave behind, and that the next file must not find. */
#define SCRIPTFS_STALE_FLAGS	(BIT(PG_referenced) | BIT(PG_uptodate) | BIT(PG_dirty) | \
				 BIT(PG_active) | BIT(PG_unevictable) | BIT(PG_workingset) | \
				 BIT(PG_mappedtodisk) | BIT(PG_checked) | SCRIPTFS_PG_ERROR)

/* Flags that a page of a pool never has: it is in use elsewhere. */
#define SCRIPTFS_FOREIGN_FLAGS	(PAGE_FLAGS_CHECK_AT_FREE & \
				 ~(SCRIPTFS_STALE_FLAGS | BIT(PG_locked) | BIT(PG_mlocked)))

/*
 * When to give up on a large piece of memory for the reserve: after that long and that many rounds
 * of reclaim and compaction without a result.
 */
#define SCRIPTFS_PATIENCE	(10 * HZ)
#define SCRIPTFS_LEAST_ROUNDS	64

/* One round in so many is one with all the effort of the page allocator. */
#define SCRIPTFS_ROUNDS_BETWEEN	8

/* The smallest block is at least a page, and a chunk is not more than one allocation can give. */
static_assert(PAGE_SHIFT <= SCRIPTFS_POEM_SHIFT);
static_assert(PAGE_SHIFT + MAX_PAGE_ORDER >= SCRIPTFS_CHUNK_SHIFT);

/* What is idle in a span is in one word. */
static_assert(SCRIPTFS_CHUNK_SHIFT - SCRIPTFS_POEM_SHIFT <= 6);

/* See struct scriptfs_span. */
static_assert(sizeof(struct scriptfs_span) <= 64 && sizeof(struct scriptfs_piece) <= 56);

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
	if (*scriptfs_page_flags(page) & SCRIPTFS_FOREIGN_FLAGS)
		return "has flags that are not a pool page's";
	return NULL;
}

/* Atomically, because memory_failure() sets its own flag at any time. */
static void scriptfs_clear_flags(struct page *page, unsigned long flags)
{
	if (*scriptfs_page_flags(page) & flags)
		set_mask_bits(scriptfs_page_flags(page), flags, 0UL);
}

/**
 * scriptfs_page_clean - clear what the page cache left in the flags of a page
 * @page:	a page without outside references
 */
void scriptfs_page_clean(struct page *page)
{
	scriptfs_page_munlock(page, compound_nr(page));
	scriptfs_clear_flags(page, SCRIPTFS_STALE_FLAGS);
}

/**
 * scriptfs_piece_around - the piece that a page of a span is in
 * @span:	the span
 * @slot:	number of the page
 *
 * Context: Exact if the piece cannot be cut or joined meanwhile, as is true of idle ones under
 * cut.lock.
 * Return: The piece.
 */
struct scriptfs_piece *scriptfs_piece_around(struct scriptfs_span *span, unsigned int slot)
{
	unsigned int order = 0;

	while (READ_ONCE(span->piece[slot].owner) == SCRIPTFS_INSIDE && order < span->pool->order)
		slot &= ~BIT(order++);
	return &span->piece[slot];
}

/* Give back a span that is one huge page, and is held: the last holder frees it as a whole. */
static unsigned int scriptfs_span_release_united(struct scriptfs_span *span)
{
	struct page *page = virt_to_page(span->piece[0].addr);
	bool held = false;

	if (span->piece[0].owner == SCRIPTFS_CORRUPT || scriptfs_page_wrong(page, &held))
		return span->pages;
	scriptfs_clear_flags(page, SCRIPTFS_STALE_FLAGS & PAGE_FLAGS_CHECK_AT_FREE);
	put_page(page);
	return 0;
}

/*
 * Give a span back to the system by dropping the pool's references. A page with an outside
 * reference is freed when that is dropped. A page that is no longer the pool's is left alone, since
 * freeing it would pull it from under its user; what was found corrupt may look fine by now, if a
 * page that was freed under the pool has a new owner, so nothing of it is trusted.
 *
 * Returns how many pages were left alone.
 */
static unsigned int scriptfs_span_release(struct scriptfs_span *span)
{
	struct page *page = virt_to_page(span->piece[0].addr);
	unsigned int left = 0;
	unsigned int i;

	if (span->piece[0].united && (span->piece[0].owner == SCRIPTFS_CORRUPT ||
				      !scriptfs_divide(&span->piece[0])))
		return scriptfs_span_release_united(span);
	for (i = 0; i < span->pages; i++, page++) {
		bool held = false;

		if (scriptfs_piece_around(span, i)->owner == SCRIPTFS_CORRUPT ||
		    scriptfs_page_wrong(page, &held)) {
			left++;
			continue;
		}
		/* The page allocator takes these for corruption, and clears the others itself. */
		scriptfs_clear_flags(page, SCRIPTFS_STALE_FLAGS & PAGE_FLAGS_CHECK_AT_FREE);
		put_page(page);
	}
	return left;
}

static void scriptfs_span_free_one(struct scriptfs_span *span)
{
	unsigned int left = scriptfs_span_release(span);

	if (left)
		pr_err("corrupt %s block: pages not freed, as they may be in use elsewhere: %u\n",
		       scriptfs_class_names[span->pool->class], left);
	kfree((void *)span - span->colour);
	cond_resched();
}

static void scriptfs_super_free(struct scriptfs_super *super)
{
	unsigned int i;

	for (i = 0; i < SCRIPTFS_SUPER_CHUNKS && super->chunk[i]; i++)
		scriptfs_span_free_one(super->chunk[i]);
	kfree(super);
}

/**
 * scriptfs_span_free - give the memory of a span back to the system
 * @span:	a span, or the first of a super, that is on no list, with no piece in use
 *
 * Context: Process context, may reschedule. Memory reclaim calls it.
 */
void scriptfs_span_free(struct scriptfs_span *span)
{
	if (span->super)
		scriptfs_super_free(span->super);
	else
		scriptfs_span_free_one(span);
}

/*
 * A single round never looks where compaction has failed before. Every few rounds, when the others
 * have freed pages enough for it, let the page allocator go all its way, which does.
 */
static gfp_t scriptfs_insist_gfp(gfp_t gfp, unsigned int rounds)
{
	bool all_the_way = rounds % SCRIPTFS_ROUNDS_BETWEEN == SCRIPTFS_ROUNDS_BETWEEN - 1;

	return all_the_way ? gfp : gfp & ~__GFP_RETRY_MAYFAIL;
}

/*
 * Allocate pages of any order with all effort that @gfp allows.
 *
 * For orders above PAGE_ALLOC_COSTLY_ORDER, RETRY_MAYFAIL is both too little and too much. The page
 * allocator gives up after a few rounds, although each of them may have reclaimed or moved many
 * pages, which is how a large block is had where memory is page cache. But it has rounds without
 * number while compaction is skipped for want of free pages, whoever wants the task to end. So have
 * it do one round at a time, for as long as the system has that much memory, in whatever pieces.
 */
static struct page *scriptfs_insist(gfp_t gfp, unsigned int order)
{
	unsigned long end = jiffies + SCRIPTFS_PATIENCE;
	unsigned int rounds = 0;
	bool told = false;
	struct page *page;

	if (!(gfp & __GFP_RETRY_MAYFAIL) || order <= PAGE_ALLOC_COSTLY_ORDER)
		return alloc_pages(gfp, order);

	while (!(page = alloc_pages(scriptfs_insist_gfp(gfp, rounds), order))) {
		if (++rounds >= SCRIPTFS_LEAST_ROUNDS && time_after(jiffies, end))
			break;
		if (!told && time_after(jiffies, end - SCRIPTFS_PATIENCE / 2)) {
			pr_info("making room for %lu KiB in one piece\n", PAGE_SIZE << order >> 10);
			told = true;
		}
		/* Others took it: what is left is theirs to live on. */
		if (si_mem_available() < 1L << order)
			break;
		/* Writeback, kswapd and kcompactd make room meanwhile. */
		schedule_timeout_killable(1);
		if (fatal_signal_pending(current))
			break;
	}
	return page;
}

static void *scriptfs_alloc_pages(unsigned int pages, gfp_t gfp)
{
	unsigned int order = get_order(pages << PAGE_SHIFT);
	struct page *page = scriptfs_insist(gfp, order);
	unsigned int i;

	if (!page)
		return NULL;
	split_page(page, order);
	/* The allocator rounds up to a power of two: free the excess. */
	for (i = pages; i < 1U << order; i++)
		put_page(page + i);
	return page_address(page);
}

/* Describe each page, and have the first of each block stand for the block. */
static void scriptfs_span_describe(struct scriptfs_span *span, void *addr)
{
	unsigned int i;

	for (i = 0; i < span->pages; i++) {
		struct scriptfs_piece *piece = &span->piece[i];

		piece->addr = addr + i * PAGE_SIZE;
		piece->slot = i;
		piece->class = span->pool->class;
		piece->surplus = span->surplus;
		if (!(i & (BIT(span->pool->order) - 1))) {
			piece->order = span->pool->order;
			piece->owner = SCRIPTFS_IDLE;
		}
	}
}

/*
 * Allocations of this size are aligned, so the first pieces of all chunks would share a few lines
 * of the caches: those that the map of a large file consists of. Begin at another line each time.
 */
static struct scriptfs_span *scriptfs_span_coloured(struct scriptfs_pool *pool, unsigned int pages,
						    gfp_t gfp)
{
	struct scriptfs_span *span;
	size_t size = struct_size(span, piece, pages);
	size_t lines = (roundup_pow_of_two(size) - size) / SMP_CACHE_BYTES;
	unsigned int colour = lines ? atomic_inc_return(&pool->colour) % lines : 0;
	void *memory;

	colour *= SMP_CACHE_BYTES;
	memory = kzalloc(colour + size, gfp);
	if (!memory)
		return NULL;
	span = memory + colour;
	span->colour = colour;
	return span;
}

static struct scriptfs_span *scriptfs_span_alloc_one(struct scriptfs_pool *pool, unsigned int pages,
						     bool surplus, gfp_t gfp)
{
	struct scriptfs_span *span;
	void *addr;
	unsigned int i;

	addr = scriptfs_alloc_pages(pages, gfp);
	if (!addr)
		return NULL;
	span = scriptfs_span_coloured(pool, pages, gfp);
	if (!span) {
		for (i = 0; i < pages; i++)
			put_page(virt_to_page(addr) + i);
		return NULL;
	}
	span->pool = pool;
	span->pages = pages;
	span->surplus = surplus;
	INIT_LIST_HEAD(&span->link);
	scriptfs_span_describe(span, addr);
	return span;
}

static struct scriptfs_span *scriptfs_super_alloc(struct scriptfs_pool *pool, bool surplus,
						  gfp_t gfp)
{
	struct scriptfs_super *super = kzalloc(sizeof(*super), gfp);
	unsigned int i;

	if (!super)
		return NULL;
	for (i = 0; i < SCRIPTFS_SUPER_CHUNKS; i++) {
		struct scriptfs_span *span = NULL;

		if (!fatal_signal_pending(current))
			span = scriptfs_span_alloc_one(pool, SCRIPTFS_CHUNK_PAGES, surplus, gfp);
		if (!span) {
			scriptfs_super_free(super);
			return NULL;
		}
		span->super = super;
		super->chunk[i] = span;
		cond_resched();
	}
	return super->chunk[0];
}

/**
 * scriptfs_span_alloc - allocate blocks
 * @pool:	the pool they are for
 * @nr:		how many, not more than one block or 2 MiB in all
 * @surplus:	they are above the reserve
 * @gfp:	SCRIPTFS_GFP_NOWAIT, SCRIPTFS_GFP_TRY or SCRIPTFS_GFP_INSIST
 *
 * The pages are not cleared.
 *
 * Context: Process context; sleeps if @gfp allows it.
 * Return: The span, or the first of a super, with none of its blocks marked idle; or NULL.
 */
struct scriptfs_span *scriptfs_span_alloc(struct scriptfs_pool *pool, unsigned int nr,
					  bool surplus, gfp_t gfp)
{
	if (pool->class == SCRIPTFS_SUPER)
		return scriptfs_super_alloc(pool, surplus, gfp);
	return scriptfs_span_alloc_one(pool, nr << pool->order, surplus, gfp);
}

/**
 * scriptfs_span_blocks - how many blocks a span has
 * @span:	a span, or the first of a super
 *
 * Return: How many.
 */
unsigned int scriptfs_span_blocks(const struct scriptfs_span *span)
{
	return span->super ? 1 : span->pages >> span->pool->order;
}

/**
 * scriptfs_spans_add - make blocks available to scriptfs_spans_pick()
 * @pool:	their pool
 * @pieces:	the blocks: idle, whole and on no list. The first chunk stands for a super
 * @nr:		how many
 *
 * A span that was full moves to the head of the list, as its memory may still be in the caches.
 * Surplus stays behind the reserve, so that it becomes idle and can go back to the system.
 *
 * Context: The caller holds pool->lock.
 */
void scriptfs_spans_add(struct scriptfs_pool *pool, struct scriptfs_piece *const *pieces,
			unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct scriptfs_span *span = scriptfs_piece_span(pieces[i]);

		if (!span->idle) {
			if (span->surplus)
				list_move_tail(&span->link, &pool->partial);
			else
				list_move(&span->link, &pool->partial);
		}
		span->idle |= BIT_ULL(pieces[i]->slot >> pool->order);
	}
	pool->idle += nr;
	WRITE_ONCE(pool->arrivals, pool->arrivals + nr);
}

/**
 * scriptfs_spans_pick - take idle blocks off the lists of a pool
 * @pool:	the pool
 * @surplus:	also surplus
 * @pieces:	filled in from its beginning, with the block to be used first at the end
 * @nr:		how many there may be
 *
 * The lowest addresses of a span first, so that blocks taken in a row are neighbours.
 *
 * Context: The caller holds pool->lock.
 * Return: How many were found, still idle.
 */
unsigned int scriptfs_spans_pick(struct scriptfs_pool *pool, bool surplus,
				 struct scriptfs_piece **pieces, unsigned int nr)
{
	struct scriptfs_piece **last = pieces + nr;
	struct scriptfs_span *span;

	while (last > pieces) {
		span = list_first_entry_or_null(&pool->partial, struct scriptfs_span, link);
		if (!span || (span->surplus && !surplus))
			break;
		do {
			*--last = &span->piece[__ffs64(span->idle) << pool->order];
			span->idle &= span->idle - 1;
		} while (span->idle && last > pieces);
		if (!span->idle)
			list_move(&span->link, &pool->full);
	}
	nr -= last - pieces;
	if (last > pieces)
		memmove(pieces, last, nr * sizeof(*pieces));
	pool->idle -= nr;
	return nr;
}
