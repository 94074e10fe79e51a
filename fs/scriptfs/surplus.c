// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: surplus, the blocks that a mount gets beyond its reserve, one at a time and up to
 * size=, and how they go back to the system.
 *
 * Who needs a block while holding locks of a file gets one only if the system has the memory at
 * hand. Otherwise he drops the locks, gets scriptfs_replenish() to reclaim some, and tries again.
 */
#include <linux/sched/signal.h>

#include "pool.h"

/*
 * What surplus leaves to the rest of the system, as a part of its memory: a 64th. Files are not
 * worth having somebody killed for want of memory.
 */
#define SCRIPTFS_LEAVE_SHIFT	6

/*
 * Give idle surplus of a pool back to the system until that comes to @pages.
 *
 * Runs in memory reclaim too, with whatever locks the task holds that needs memory: nothing here
 * may take more than the pool's lock, and that lock is never held while allocating.
 */
static unsigned long scriptfs_pool_shrink(struct scriptfs_sb *sbi, unsigned int class,
					  unsigned long pages)
{
	struct scriptfs_pool *pool = &sbi->pool[class];
	struct scriptfs_slab *slab, *next;
	unsigned long freed = 0;
	LIST_HEAD(gone);

	spin_lock(&pool->lock);
	while (freed < pages && !list_empty(&pool->partial)) {
		slab = list_last_entry(&pool->partial, struct scriptfs_slab, link);
		if (!slab->surplus)
			break;
		list_move(&slab->link, &gone);
		pool->idle--;
		pool->surplus--;
		freed += scriptfs_class_size(class) >> PAGE_SHIFT;
	}
	spin_unlock(&pool->lock);

	list_for_each_entry_safe(slab, next, &gone, link) {
		scriptfs_slab_free(slab);
		atomic64_sub(scriptfs_class_size(class), &sbi->held);
	}
	return freed;
}

static unsigned long scriptfs_pools_shrink(struct scriptfs_sb *sbi, unsigned long pages)
{
	unsigned long freed = 0;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES && freed < pages; class++) {
		if (READ_ONCE(sbi->pool[class].surplus))
			scriptfs_pool_settle(sbi, class);
		freed += scriptfs_pool_shrink(sbi, class, pages - freed);
	}
	return freed;
}

/*
 * How many pages that may find; somewhat more than it does where blocks of the reserve are idle or
 * what is quarantined is still held.
 */
static unsigned long scriptfs_shrinkable(struct scriptfs_sb *sbi)
{
	unsigned long pages = 0;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		struct scriptfs_pool *pool = &sbi->pool[class];
		unsigned long blocks = READ_ONCE(pool->idle) + READ_ONCE(pool->nr_quarantine);

		pages += min(READ_ONCE(pool->surplus), blocks) <<
			 (scriptfs_class_shifts[class] - PAGE_SHIFT);
	}
	return pages;
}

/**
 * scriptfs_shrink_count - what a mount may have to give back under memory pressure
 * @shrinker:	of the mount
 * @sc:		what the system asks for
 *
 * Objects are pages, as blocks of the larger classes are too few for reclaim to take a share of.
 *
 * Context: Any in which memory is reclaimed.
 * Return: How many pages.
 */
unsigned long scriptfs_shrink_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct scriptfs_sb *sbi = container_of(shrinker, struct scriptfs_sb, shrinker);

	return scriptfs_shrinkable(sbi);
}

/**
 * scriptfs_shrink_scan - give back idle surplus under memory pressure
 * @shrinker:	of the mount
 * @sc:		what the system asks for
 *
 * Surplus that somebody is just about to use stays: he would have to come back for the same.
 *
 * Context: Any in which memory is reclaimed; takes pool->settling without waiting, and pool->lock.
 * Return: How many pages went, or SHRINK_STOP.
 */
unsigned long scriptfs_shrink_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct scriptfs_sb *sbi = container_of(shrinker, struct scriptfs_sb, shrinker);
	unsigned long freed = 0;

	if (!atomic_read(&sbi->replenishing))
		freed = scriptfs_pools_shrink(sbi, sc->nr_to_scan);
	if (!freed)
		return SHRINK_STOP;
	sc->nr_scanned = freed;
	return freed;
}

/*
 * Count @size more bytes as held, if the mount may have them. Surplus that other classes have idle
 * does not stand in the way.
 */
static bool scriptfs_charge(struct scriptfs_sb *sbi, u64 size)
{
	s64 held = atomic64_read(&sbi->held);

	for (;;) {
		u64 limit = READ_ONCE(sbi->opt.size);
		unsigned long over;

		if (held + size <= limit) {
			if (atomic64_try_cmpxchg(&sbi->held, &held, held + size))
				return true;
			continue;
		}
		over = DIV_ROUND_UP(held + size - limit, PAGE_SIZE);
		if (over > scriptfs_shrinkable(sbi) || !scriptfs_pools_shrink(sbi, over))
			return false;
		held = atomic64_read(&sbi->held);
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
 * @sbi:	the mount
 * @class:	of which class
 * @gfp:	SCRIPTFS_GFP_NOWAIT, or without locks SCRIPTFS_GFP_TRY or SCRIPTFS_GFP_INSIST
 *
 * Context: Process context, may sleep; takes pool->lock.
 * Return: The block, which is used now, or NULL if the mount may not have more or the system has
 * none.
 */
struct scriptfs_block *scriptfs_take_surplus(struct scriptfs_sb *sbi, unsigned int class, gfp_t gfp)
{
	struct scriptfs_pool *pool = &sbi->pool[class];
	u64 size = scriptfs_class_size(class);
	struct scriptfs_slab *slab;

	if (size > scriptfs_system_room() || !scriptfs_charge(sbi, size))
		return NULL;
	slab = scriptfs_slab_alloc(pool, class, 1, gfp);
	if (!slab) {
		atomic64_sub(size, &sbi->held);
		return NULL;
	}
	slab->surplus = true;
	slab->block->state = SCRIPTFS_BLOCK_USED;

	spin_lock(&pool->lock);
	list_add(&slab->link, &pool->full);
	pool->surplus++;
	spin_unlock(&pool->lock);
	return slab->block;
}

/**
 * scriptfs_growth - how many bytes of surplus a mount could still get
 * @sbi:	the mount
 *
 * Return: How many; an estimate as far as it is the system that limits it.
 */
u64 scriptfs_growth(struct scriptfs_sb *sbi)
{
	u64 held = atomic64_read(&sbi->held), limit = READ_ONCE(sbi->opt.size);

	if (READ_ONCE(sbi->opt.strict) || held >= limit)
		return 0;
	return min(limit - held, scriptfs_system_room());
}

/* Get a block for up to @bytes, as large as the system gives. Returns its size, 0 for none. */
static u64 scriptfs_replenish_one(struct scriptfs_sb *sbi, u64 bytes)
{
	int class = SCRIPTFS_LARGE;

	while (class > SCRIPTFS_POEM && scriptfs_class_size(class) > bytes)
		class--;
	for (; class >= SCRIPTFS_POEM; class--) {
		gfp_t gfp = class == SCRIPTFS_POEM ? SCRIPTFS_GFP_INSIST : SCRIPTFS_GFP_TRY;
		struct scriptfs_block *block = scriptfs_take_surplus(sbi, class, gfp);

		if (block) {
			scriptfs_pool_put(sbi, block, 0);
			return scriptfs_class_size(class);
		}
	}
	return 0;
}

/**
 * scriptfs_replenish - get surplus into the pools, reclaiming memory for it
 * @sbi:	the mount
 * @bytes:	how much to get, if the system has as much
 * @all:	less than that is of no use
 * @begun:	false at first; set when memory pressure begins to leave the surplus alone, which it
 *		does until scriptfs_replenish_end()
 *
 * Context: Process context, may sleep for long; the caller has no lock of a file.
 * Return: 0 if there is more than before, or else -ENOSPC.
 */
int scriptfs_replenish(struct scriptfs_sb *sbi, u64 bytes, bool all, bool *begun)
{
	u64 got, sum = 0;

	if (READ_ONCE(sbi->opt.strict))
		return -ENOSPC;
	/* Memory is taken from others only if something may come of it. */
	if (all && bytes > scriptfs_growth(sbi))
		return -ENOSPC;
	if (!*begun)
		atomic_inc(&sbi->replenishing);
	*begun = true;
	do {
		got = scriptfs_replenish_one(sbi, bytes - sum);
		sum += got;
		cond_resched();
	} while (got && sum < bytes && !fatal_signal_pending(current));
	return sum ? 0 : -ENOSPC;
}

/**
 * scriptfs_replenish_end - let memory pressure take back what surplus is idle
 * @sbi:	the mount
 * @begun:	as scriptfs_replenish() left it
 */
void scriptfs_replenish_end(struct scriptfs_sb *sbi, bool *begun)
{
	if (*begun)
		atomic_dec(&sbi->replenishing);
	*begun = false;
}
