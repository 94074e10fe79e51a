// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: surplus, the blocks that a mount gets beyond its reserve, one at a time and up to
 * size=, and how they go back to the system.
 *
 * Who needs a block while holding locks of a file gets one only if the system has the memory at
 * hand. Otherwise he drops the locks, waits in scriptfs_wait_for_block(), and tries again.
 */
#include <linux/sched/signal.h>

#include "quarantine.h"
#include "surplus.h"

/*
 * What surplus leaves to the rest of the system, as a part of its memory: a 64th. Files are not
 * worth having somebody killed for want of memory.
 */
#define SCRIPTFS_LEAVE_SHIFT	6

/*
 * How often to wait some milliseconds for pages to be let go. Whoever has just looked one up lets
 * go as soon as he runs again, whoever has it in a pipe maybe never.
 */
#define SCRIPTFS_WAIT_TRIES	200U

/*
 * Give idle surplus of a pool back to the system until that comes to @pages.
 *
 * Runs in memory reclaim too, with whatever locks the task holds that needs memory: nothing here
 * may take more than the pool's lock, and that lock is never held while allocating.
 */
static unsigned long scriptfs_pool_shrink(struct scriptfs_pools *pools, unsigned int class,
					  unsigned long pages)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	struct scriptfs_span *span, *next;
	unsigned long freed = 0;
	LIST_HEAD(gone);

	spin_lock(&pool->lock);
	while (freed < pages && !list_empty(&pool->partial)) {
		span = list_last_entry(&pool->partial, struct scriptfs_span, link);
		if (!span->surplus)
			break;
		list_move(&span->link, &gone);
		pool->idle--;
		pool->surplus--;
		freed += scriptfs_class_size(class) >> PAGE_SHIFT;
	}
	spin_unlock(&pool->lock);

	list_for_each_entry_safe(span, next, &gone, link) {
		scriptfs_span_free(span);
		atomic64_sub(scriptfs_class_size(class), &pools->held);
	}
	return freed;
}

static unsigned long scriptfs_pools_shrink(struct scriptfs_pools *pools, unsigned long pages)
{
	unsigned long freed = 0;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES && freed < pages; class++) {
		if (READ_ONCE(pools->pool[class].surplus))
			scriptfs_pool_settle(&pools->pool[class]);
		freed += scriptfs_pool_shrink(pools, class, pages - freed);
	}
	return freed;
}

/*
 * How many pages that may find; somewhat more than it does where blocks of the reserve are idle or
 * what is quarantined is still held.
 */
static unsigned long scriptfs_shrinkable(struct scriptfs_pools *pools)
{
	unsigned long pages = 0;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		struct scriptfs_pool *pool = &pools->pool[class];
		unsigned long blocks = READ_ONCE(pool->idle) + READ_ONCE(pool->nr_quarantine);

		pages += min(READ_ONCE(pool->surplus), blocks) <<
			 (scriptfs_class_shifts[class] - PAGE_SHIFT);
	}
	return pages;
}

/* Objects are pages: of blocks of the larger classes there are too few for reclaim to share out. */
static unsigned long scriptfs_shrink_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	return scriptfs_shrinkable(container_of(shrinker, struct scriptfs_pools, shrinker));
}

/* Surplus that a task is just about to use stays: it would have to come back for the same. */
static unsigned long scriptfs_shrink_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct scriptfs_pools *pools = container_of(shrinker, struct scriptfs_pools, shrinker);
	unsigned long freed = 0;

	if (!atomic_read(&pools->replenishing))
		freed = scriptfs_pools_shrink(pools, sc->nr_to_scan);
	if (!freed)
		return SHRINK_STOP;
	sc->nr_scanned = freed;
	return freed;
}

/**
 * scriptfs_shrinker_register - have idle surplus given back under memory pressure
 * @pools:	pools that are set up
 *
 * Return: 0 or -ENOMEM.
 */
int scriptfs_shrinker_register(struct scriptfs_pools *pools)
{
	pools->shrinker.count_objects = scriptfs_shrink_count;
	pools->shrinker.scan_objects = scriptfs_shrink_scan;
	pools->shrinker.seeks = DEFAULT_SEEKS;
	return register_shrinker(&pools->shrinker);
}

/**
 * scriptfs_shrinker_unregister - the opposite
 * @pools:	pools that are about to be freed; no harm if they were
 *
 * Context: Process context, sleeps. The shrinker does not run any more on return.
 */
void scriptfs_shrinker_unregister(struct scriptfs_pools *pools)
{
	unregister_shrinker(&pools->shrinker);
}

/*
 * Count @size more bytes as held, if the mount may have them. Surplus that other classes have idle
 * does not stand in the way.
 */
static bool scriptfs_charge(struct scriptfs_pools *pools, u64 size)
{
	s64 held = atomic64_read(&pools->held);

	for (;;) {
		u64 limit = READ_ONCE(pools->size);
		unsigned long over;

		if (held + size <= limit) {
			if (atomic64_try_cmpxchg(&pools->held, &held, held + size))
				return true;
			continue;
		}
		over = DIV_ROUND_UP(held + size - limit, PAGE_SIZE);
		if (over > scriptfs_shrinkable(pools) || !scriptfs_pools_shrink(pools, over))
			return false;
		held = atomic64_read(&pools->held);
	}
}

/* What the system could have free without swapping, less what is left to others. */
static u64 scriptfs_system_room(void)
{
	long pages = si_mem_available() - (long)(totalram_pages() >> SCRIPTFS_LEAVE_SHIFT);

	return (u64)max(pages, 0L) << PAGE_SHIFT;
}

/**
 * scriptfs_take_surplus - get one more block from the system
 * @pools:	the pools
 * @class:	of which class
 * @gfp:	SCRIPTFS_GFP_NOWAIT, or without locks SCRIPTFS_GFP_TRY or SCRIPTFS_GFP_INSIST
 *
 * Context: Process context, may sleep; takes pool->lock.
 * Return: The block, which is used now, or NULL if the mount may not have more or the system has
 * none.
 */
struct scriptfs_block *scriptfs_take_surplus(struct scriptfs_pools *pools, unsigned int class,
					     gfp_t gfp)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	u64 size = scriptfs_class_size(class);
	struct scriptfs_span *span;

	if (size > scriptfs_system_room() || !scriptfs_charge(pools, size))
		return NULL;
	span = scriptfs_span_alloc(pool, class, 1, gfp);
	if (!span) {
		atomic64_sub(size, &pools->held);
		return NULL;
	}
	span->surplus = true;
	span->block->state = SCRIPTFS_BLOCK_USED;

	spin_lock(&pool->lock);
	list_add(&span->link, &pool->full);
	pool->surplus++;
	spin_unlock(&pool->lock);
	return span->block;
}

/**
 * scriptfs_pools_limit - say how far pools may grow
 * @pools:	the pools
 * @size:	what reserve and surplus may come to together, in bytes
 * @strict:	no surplus
 *
 * Tasks look at these without a lock: one that is past its check may still go by the old value.
 */
void scriptfs_pools_limit(struct scriptfs_pools *pools, u64 size, bool strict)
{
	WRITE_ONCE(pools->size, size);
	WRITE_ONCE(pools->strict, strict);
}

/**
 * scriptfs_growth - how many bytes of surplus a mount could still get
 * @pools:	the pools
 *
 * Return: How many; an estimate as far as it is the system that limits it.
 */
u64 scriptfs_growth(struct scriptfs_pools *pools)
{
	u64 held = atomic64_read(&pools->held), limit = READ_ONCE(pools->size);

	if (READ_ONCE(pools->strict) || held >= limit)
		return 0;
	return min(limit - held, scriptfs_system_room());
}

/* Nobody but the taker has seen the block, so its pages need no look. */
static void scriptfs_surplus_idle(struct scriptfs_pool *pool, struct scriptfs_block *block)
{
	WRITE_ONCE(block->state, SCRIPTFS_BLOCK_IDLE);
	spin_lock(&pool->lock);
	scriptfs_spans_add(pool, &block, 1);
	spin_unlock(&pool->lock);
}

/* Get a block for up to @bytes, as large as the system gives. Returns its size, 0 for none. */
static u64 scriptfs_replenish_one(struct scriptfs_pools *pools, u64 bytes)
{
	int class = SCRIPTFS_LARGE;

	while (class > SCRIPTFS_POEM && scriptfs_class_size(class) > bytes)
		class--;
	for (; class >= SCRIPTFS_POEM; class--) {
		gfp_t gfp = class == SCRIPTFS_POEM ? SCRIPTFS_GFP_INSIST : SCRIPTFS_GFP_TRY;
		struct scriptfs_block *block = scriptfs_take_surplus(pools, class, gfp);

		if (block) {
			scriptfs_surplus_idle(&pools->pool[class], block);
			return scriptfs_class_size(class);
		}
	}
	return 0;
}

/* Get up to @bytes of surplus into the pools, reclaiming memory for it. */
static int scriptfs_replenish(struct scriptfs_pools *pools, struct scriptfs_wait *wait, u64 bytes)
{
	u64 got, sum = 0;

	if (READ_ONCE(pools->strict))
		return -ENOSPC;
	/* Memory is taken from others only if something may come of it. */
	if (wait->all && bytes > scriptfs_growth(pools))
		return -ENOSPC;
	if (!wait->replenished)
		atomic_inc(&pools->replenishing);
	wait->replenished = true;
	do {
		got = scriptfs_replenish_one(pools, bytes - sum);
		sum += got;
		cond_resched();
	} while (got && sum < bytes && !fatal_signal_pending(current));
	return sum ? 0 : -ENOSPC;
}

/**
 * scriptfs_pools_replenish - have idle blocks in the pools, whatever that takes
 * @pools:	the pools
 * @wait:	zeroed at first; to be ended by scriptfs_replenish_end(), whatever came of it
 * @busy:	pages that somebody holds are in the way, and memory is only the second best
 * @bytes:	how much to get from the system, if it has as much
 *
 * Looks through all that is quarantined, and has memory reclaimed for surplus.
 *
 * Context: Process context, may sleep for long; the caller has no lock of a file.
 * Return: 0 if there are blocks that were not there before; -EAGAIN if there may be some, or the
 * pages be free, after a while, which @wait->tries counts; -ENOSPC if not; -EINTR after a fatal
 * signal.
 */
int scriptfs_pools_replenish(struct scriptfs_pools *pools, struct scriptfs_wait *wait, bool busy,
			     u64 bytes)
{
	unsigned int tries = busy ? SCRIPTFS_WAIT_TRIES : 0;
	unsigned int class, idle = 0;
	u64 quarantined = 0;

	if (fatal_signal_pending(current))
		return -EINTR;
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		struct scriptfs_pool *pool = &pools->pool[class];
		unsigned long nr = READ_ONCE(pool->nr_quarantine);

		if (!nr)
			continue;
		quarantined += (u64)nr << scriptfs_class_shifts[class];
		/* All of it once; after that it is known which blocks are held for long. */
		if (!wait->tries)
			idle += scriptfs_pool_settle_all(pool);
		else
			idle += scriptfs_pool_settle(pool);
		tries = max(tries, SCRIPTFS_WAIT_TRIES / 2);
	}
	/* To get all of it is long work, not to be done again and again when it cannot be had. */
	if (!busy && wait->all && bytes > quarantined + scriptfs_growth(pools))
		tries = 0;
	/* Where others are in the way only the smallest block of the system fits for sure. */
	if (busy && !wait->all)
		bytes = SCRIPTFS_UNIT_SIZE;
	if (idle || !scriptfs_replenish(pools, wait, bytes))
		return 0;
	return wait->tries < tries ? -EAGAIN : -ENOSPC;
}

/**
 * scriptfs_replenish_end - a task has the block that it waited for, or has given up
 * @pools:	the pools
 * @wait:	as scriptfs_pools_replenish() left it
 */
void scriptfs_replenish_end(struct scriptfs_pools *pools, struct scriptfs_wait *wait)
{
	if (wait->replenished)
		atomic_dec(&pools->replenishing);
	wait->replenished = false;
}
