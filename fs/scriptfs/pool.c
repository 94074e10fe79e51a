// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the pools, where blocks wait for a file.
 *
 * A pool counts and lists the blocks of one class; span.c knows the memory they are made of, and
 * magazine.c keeps a few of them at hand for each processor. A block belongs to one file from
 * scriptfs_pool_take() to scriptfs_pool_put(), which does not just believe that everyone else is
 * done with it.
 *
 * Blocks whose pages never left the file system (chunk->published is false, as for most files) go
 * back without a look at their pages, which is why unlink costs nothing a page.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/sched/signal.h>

#include "pool.h"

/* Up to so many blocks of a file go back by way of the magazines. */
#define SCRIPTFS_FEW_BLOCKS	4

/* How long a mount with a large reserve keeps silent. */
#define SCRIPTFS_REPORT_EVERY	(5 * HZ)

static const char *const scriptfs_state_names[] = {
	[SCRIPTFS_BLOCK_IDLE]		= "idle",
	[SCRIPTFS_BLOCK_USED]		= "used",
	[SCRIPTFS_BLOCK_QUARANTINED]	= "quarantined",
	[SCRIPTFS_BLOCK_RETIRED]	= "retired",
};

/**
 * scriptfs_pool_add - put blocks where scriptfs_pool_pick() finds them
 * @pool:	their pool
 * @blocks:	blocks in state idle, on no list
 * @nr:		how many
 *
 * A span that was full goes where it is taken from next, as its memory may still be in the
 * processor's caches; but the surplus stays behind the reserve, so that it becomes idle and can be
 * given back.
 *
 * Context: The caller holds pool->lock.
 */
void scriptfs_pool_add(struct scriptfs_pool *pool, struct scriptfs_block *const *blocks,
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
 * scriptfs_pool_pick - take idle blocks off the lists of a pool
 * @pool:	the pool
 * @surplus:	also those of the surplus
 * @blocks:	filled in from its beginning, but with the one that is to be used next last
 * @nr:		how many there may be
 *
 * The lowest ones of a span: blocks that are taken one after another are then neighbours.
 *
 * Context: The caller holds pool->lock.
 * Return: How many there are now, still in state idle.
 */
unsigned int scriptfs_pool_pick(struct scriptfs_pool *pool, bool surplus,
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
 * scriptfs_pool_search - find an idle block wherever it is
 * @pool:	a pool whose magazine for this processor is empty
 *
 * When the pool has nothing, all that is in magazines is brought back to it, and so is sorted by
 * address again.
 *
 * Context: Takes pool->lock and each magazine->lock.
 * Return: The block, which is used now, or NULL if there was a moment at which none was idle.
 */
struct scriptfs_block *scriptfs_pool_search(struct scriptfs_pool *pool)
{
	struct scriptfs_block *block;
	unsigned long arrivals;
	unsigned int found;

	do {
		arrivals = scriptfs_arrivals(pool);
		spin_lock(&pool->lock);
		found = scriptfs_pool_pick(pool, true, &block, 1);
		spin_unlock(&pool->lock);
		if (found) {
			WRITE_ONCE(block->state, SCRIPTFS_BLOCK_USED);
			return block;
		}
		scriptfs_magazines_drain(pool);
	} while (arrivals != scriptfs_arrivals(pool));
	return NULL;
}

static __always_inline struct scriptfs_block *scriptfs_take_idle(struct scriptfs_pool *pool)
{
	struct scriptfs_block *block = NULL;

	if (pool->magazine)
		block = scriptfs_magazine_take(pool, raw_cpu_ptr(pool->magazine));
	return block ?: scriptfs_pool_search(pool);
}

static noinline struct scriptfs_block *scriptfs_take_settled(struct scriptfs_pools *pools,
							     unsigned int class, bool surplus)
{
	struct scriptfs_block *block = NULL;

	if (scriptfs_pool_settle_few(&pools->pool[class]))
		block = scriptfs_take_idle(&pools->pool[class]);
	if (!block && surplus && !READ_ONCE(pools->strict))
		block = scriptfs_take_surplus(pools, class, SCRIPTFS_GFP_NOWAIT);
	return block;
}

/* Take a block out of service that is on no list. */
static void scriptfs_block_retire(struct scriptfs_pool *pool, struct scriptfs_block *block)
{
	spin_lock(&pool->lock);
	WRITE_ONCE(block->state, SCRIPTFS_BLOCK_RETIRED);
	pool->nr_retired++;
	spin_unlock(&pool->lock);
}

/* Take blocks until there is one without a hardware memory error. */
static noinline struct scriptfs_block *scriptfs_take_sound(struct scriptfs_pools *pools,
							   struct scriptfs_block *block,
							   bool surplus)
{
	unsigned int class = block->class;

	while (block && scriptfs_block_poisoned(block)) {
		scriptfs_block_retire(&pools->pool[class], block);
		block = scriptfs_take_idle(&pools->pool[class]) ?:
			scriptfs_take_settled(pools, class, surplus);
	}
	return block;
}

/* What a block knows of the file that it belonged to last. */
static __always_inline void scriptfs_chunk_forget(struct scriptfs_chunk *chunk)
{
	chunk->mark = 0;
	chunk->published = false;
	chunk->stray = false;
	chunk->scattered = false;
}

/**
 * scriptfs_pool_take - take a block for a file
 * @pools:	the pools
 * @class:	which class
 * @surplus:	allocate one if the pool has none, the mount options allow it and the system has
 *		memory at hand
 *
 * The memory holds what was last in it, and the initialised marks say so. Memory is not reclaimed
 * for it, and of what is quarantined no more is looked at than a few blocks:
 * scriptfs_wait_for_block() does both.
 *
 * Context: Process context. May sleep; takes magazine->lock and pool->lock.
 * Return: The block, which is the caller's until scriptfs_pool_put(); NULL when none is to be had.
 */
struct scriptfs_block *scriptfs_pool_take(struct scriptfs_pools *pools, unsigned int class,
					  bool surplus)
{
	struct scriptfs_block *block = scriptfs_take_idle(&pools->pool[class]);
	unsigned int i;

	if (unlikely(!block))
		block = scriptfs_take_settled(pools, class, surplus);
	if (unlikely(block && READ_ONCE(pools->pool[class].suspect)))
		block = scriptfs_take_sound(pools, block, surplus);
	if (unlikely(!block))
		return NULL;

	if (likely(block->chunk == &block->first)) {
		scriptfs_chunk_forget(&block->first);
		return block;
	}
	for (i = 0; i < scriptfs_class_chunks(class); i++)
		scriptfs_chunk_forget(&block->chunk[i]);
	return block;
}

static noinline void scriptfs_report_free(const struct scriptfs_block *block, const char *what,
					  unsigned long ino, u32 state)
{
	pr_err("%s of a %s block: inode %lu, pfn %#lx, state %s\n", what,
	       scriptfs_class_names[block->class], ino, PHYS_PFN(__pa(block->chunk->addr)),
	       scriptfs_state_names[state]);
}

/*
 * Take a block from its file. Returns false if that is all there is to do: because the block was
 * not in use, which is reported, or because its pages were in the page cache, so that the
 * quarantine decides what becomes of it.
 *
 * Of two that give back the same block only one finds it in use, whoever else holds which lock.
 */
static __always_inline bool scriptfs_block_release(struct scriptfs_pool *pool,
						   struct scriptfs_block *block, unsigned long ino,
						   bool suspect)
{
	bool published = suspect || scriptfs_block_published(block);
	u32 state;

	if (unlikely(block->span->pool != pool)) {
		scriptfs_report_free(block, "bad free to another mount", ino,
				     READ_ONCE(block->state));
		return false;
	}
	state = cmpxchg(&block->state, SCRIPTFS_BLOCK_USED,
			published ? SCRIPTFS_BLOCK_QUARANTINED : SCRIPTFS_BLOCK_IDLE);
	if (unlikely(state != SCRIPTFS_BLOCK_USED)) {
		scriptfs_report_free(block, "double free", ino, state);
		return false;
	}
	if (published)
		scriptfs_block_quarantine(pool, block, ino);
	return !published;
}

/* Past the magazines. */
static noinline void scriptfs_list_blocks(struct scriptfs_pool *pool,
					  struct scriptfs_block *const *blocks, unsigned int nr)
{
	spin_lock(&pool->lock);
	scriptfs_pool_add(pool, blocks, nr);
	spin_unlock(&pool->lock);
}

static noinline void scriptfs_list_one(struct scriptfs_pool *pool, struct scriptfs_block *block)
{
	scriptfs_list_blocks(pool, &block, 1);
}

/**
 * scriptfs_pool_put - give back a block of a file
 * @pools:	the pools
 * @block:	a block from scriptfs_pool_take(), out of the file's map and withdrawn
 * @ino:	the file's inode number, for reports
 *
 * The block becomes idle at once, or goes to quarantine while somebody outside holds one of its
 * pages, or is reported and retired if one of them is not in the state that it must be in. A block
 * that is not in use is reported and left as it is.
 *
 * Context: Process context, takes magazine->lock and pool->lock.
 */
void scriptfs_pool_put(struct scriptfs_pools *pools, struct scriptfs_block *block,
		       unsigned long ino)
{
	struct scriptfs_pool *pool = &pools->pool[block->class];

	if (!scriptfs_block_release(pool, block, ino, READ_ONCE(pool->suspect)))
		return;
	if (pool->magazine && !block->span->surplus)
		scriptfs_magazine_put(pool, raw_cpu_ptr(pool->magazine), block);
	else
		scriptfs_list_one(pool, block);
}

static noinline void scriptfs_put_many(struct scriptfs_pools *pools, struct scriptfs_block **blocks,
				       unsigned int nr, unsigned long ino)
{
	unsigned int i, left = 0, class = SCRIPTFS_NR_CLASSES;
	struct scriptfs_pool *pool = NULL;
	bool suspect = false;

	if (nr <= SCRIPTFS_FEW_BLOCKS) {
		while (nr)
			scriptfs_pool_put(pools, blocks[--nr], ino);
		return;
	}

	for (i = 0; i < nr; i++) {
		struct scriptfs_block *block = blocks[i];

		if (block->class != class) {
			if (left)
				scriptfs_list_blocks(pool, blocks, left);
			left = 0;
			class = block->class;
			pool = &pools->pool[class];
			suspect = READ_ONCE(pool->suspect);
		}
		if (scriptfs_block_release(pool, block, ino, suspect))
			blocks[left++] = block;
	}
	if (left)
		scriptfs_list_blocks(pool, blocks, left);
}

/**
 * scriptfs_pool_put_batch - give back many blocks of a file
 * @pools:	the pools
 * @blocks:	such as for scriptfs_pool_put(), in the order of their place in the file; what the
 *		array holds is lost
 * @nr:		how many
 * @ino:	the file's inode number, for reports
 *
 * Goes past the magazines, for which many blocks are too many, and where they would not lie in the
 * order of their addresses. The few blocks of a small file do go there, the first of them last, so
 * that it is taken first.
 *
 * Context: Process context, takes magazine->lock and pool->lock.
 */
void scriptfs_pool_put_batch(struct scriptfs_pools *pools, struct scriptfs_block **blocks,
			     unsigned int nr, unsigned long ino)
{
	if (nr == 1)
		scriptfs_pool_put(pools, blocks[0], ino);
	else
		scriptfs_put_many(pools, blocks, nr, ino);
}

/**
 * scriptfs_pool_stats - how many blocks of a pool are where
 * @pool:	the pool
 * @stats:	filled in
 *
 * Exact while nobody takes or puts blocks, and otherwise off by those on their way. In any case
 * they add up.
 *
 * Context: Takes pool->lock.
 */
void scriptfs_pool_stats(struct scriptfs_pool *pool, struct scriptfs_stats *stats)
{
	unsigned long whole;

	spin_lock(&pool->lock);
	stats->reserve = pool->reserve;
	stats->surplus = pool->surplus;
	stats->quarantine = pool->nr_quarantine;
	stats->retired = pool->nr_retired;
	stats->idle = pool->idle + scriptfs_magazines_idle(pool);
	spin_unlock(&pool->lock);

	whole = stats->reserve + stats->surplus - stats->quarantine - stats->retired;
	/* One that moved between two magazines may have been counted in both. */
	stats->idle = min(stats->idle, whole);
	stats->used = whole - stats->idle;
}

static void scriptfs_pool_init(struct scriptfs_pool *pool)
{
	memset(pool, 0, sizeof(*pool));
	mutex_init(&pool->settling);
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->partial);
	INIT_LIST_HEAD(&pool->full);
	INIT_LIST_HEAD(&pool->quarantine);
}

/*
 * Allocate up to @nr blocks for the reserve: as large a piece as comes without effort, and with
 * effort the size that the class itself needs.
 */
static struct scriptfs_span *scriptfs_reserve_span(struct scriptfs_pool *pool, unsigned int class,
						   unsigned int nr)
{
	struct scriptfs_span *span;

	for (; nr > 1; nr /= 2) {
		span = scriptfs_span_alloc(pool, class, nr, SCRIPTFS_GFP_TRY);
		if (span)
			return span;
	}
	return scriptfs_span_alloc(pool, class, 1, SCRIPTFS_GFP_INSIST);
}

static int scriptfs_pool_fill(struct scriptfs_pools *pools, unsigned int class,
			      unsigned long reserve, u64 need, unsigned long *next_report)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	unsigned long most = max(SCRIPTFS_CHUNK_SIZE >> scriptfs_class_shifts[class], 1UL);
	int err;

	err = scriptfs_magazines_alloc(pool, class, reserve);
	if (err)
		return err;

	while (pool->reserve < reserve) {
		unsigned long nr = min(reserve - pool->reserve, most);
		struct scriptfs_span *span;

		if (fatal_signal_pending(current))
			return -EINTR;
		span = scriptfs_reserve_span(pool, class, nr);
		if (!span)
			return fatal_signal_pending(current) ? -EINTR : -ENOMEM;

		span->idle = GENMASK_ULL(span->nr - 1, 0);
		spin_lock(&pool->lock);
		list_add_tail(&span->link, &pool->partial);
		pool->reserve += span->nr;
		pool->idle += span->nr;
		spin_unlock(&pool->lock);
		atomic64_add(span->nr * scriptfs_class_size(class), &pools->held);

		if (time_after(jiffies, *next_report)) {
			pr_info("preallocated %llu of %llu MiB\n",
				(u64)atomic64_read(&pools->held) >> 20, need >> 20);
			*next_report = jiffies + SCRIPTFS_REPORT_EVERY;
		}
		cond_resched();
	}
	return 0;
}

/**
 * scriptfs_pools_fill - set pools up, with their reserve
 * @pools:	zeroed, but for flags of its owner
 * @reserve:	how many blocks of each class to keep preallocated
 * @size:	see scriptfs_pools_limit()
 * @strict:	likewise
 * @missing:	set to how many bytes were missing when there was not enough memory
 *
 * On any error all memory has been given back.
 *
 * Context: Process context, sleeps, for seconds where the reserve is large.
 * Return: 0, -ENOMEM, or -EINTR after a fatal signal.
 */
int scriptfs_pools_fill(struct scriptfs_pools *pools,
			const unsigned long reserve[SCRIPTFS_NR_CLASSES], u64 size, bool strict,
			unsigned long *missing)
{
	unsigned long next_report = jiffies + SCRIPTFS_REPORT_EVERY;
	unsigned long events = scriptfs_poison_events();
	u64 need = scriptfs_class_bytes(reserve);
	u64 available = (u64)max(si_mem_available(), 0L) << PAGE_SHIFT;
	unsigned int class;
	int err;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		scriptfs_pool_init(&pools->pool[class]);
	INIT_LIST_HEAD(&pools->poison_link);
	scriptfs_pools_limit(pools, size, strict);

	*missing = 0;
	/* Better now than after reclaim has turned out everything that the system had cached. */
	if (need > available) {
		*missing = need - available;
		return -ENOMEM;
	}

	atomic_set(&pools->replenishing, 0);
	pools->shrinker.count_objects = scriptfs_shrink_count;
	pools->shrinker.scan_objects = scriptfs_shrink_scan;
	pools->shrinker.seeks = DEFAULT_SEEKS;
	err = register_shrinker(&pools->shrinker);
	if (err) {
		*missing = need;
		return err;
	}

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		err = scriptfs_pool_fill(pools, class, reserve[class], need, &next_report);
		if (err) {
			if (err == -ENOMEM)
				*missing = need - atomic64_read(&pools->held);
			scriptfs_pools_free(pools);
			return err;
		}
	}
	scriptfs_poison_add(pools, events);
	return 0;
}

static void scriptfs_pool_drain(struct scriptfs_pools *pools, unsigned int class)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	struct scriptfs_span *span, *next;
	struct scriptfs_stats stats;

	scriptfs_pool_stats(pool, &stats);
	if (stats.used)
		pr_err("bad unmount: %lu %s blocks still in use\n", stats.used,
		       scriptfs_class_names[class]);

	scriptfs_magazines_free(pool);
	list_splice_init(&pool->full, &pool->partial);
	list_for_each_entry_safe(span, next, &pool->partial, link)
		scriptfs_span_free(span);
	scriptfs_pool_init(pool);
}

/**
 * scriptfs_pools_free - give all memory of pools back to the system
 * @pools:	pools that scriptfs_pools_fill() set up, without a block in use
 *
 * Nothing waits for the quarantine: a page that somebody outside holds goes back to the system when
 * he drops it, being a page like any other by then. Pages that were found corrupt are not freed,
 * because somebody else may be using them.
 *
 * Context: Process context, sleeps. Nobody else uses the pools any longer.
 */
void scriptfs_pools_free(struct scriptfs_pools *pools)
{
	unsigned int class;

	scriptfs_poison_remove(pools);
	unregister_shrinker(&pools->shrinker);
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		scriptfs_pool_drain(pools, class);
	atomic64_set(&pools->held, 0);
}
