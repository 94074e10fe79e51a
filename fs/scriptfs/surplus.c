// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: surplus, the blocks that a mount gets beyond its reserve, one at a time and up to
 * size=, and how they go back to the system.
 */
#include "pool.h"

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

	for (class = 0; class < SCRIPTFS_NR_CLASSES && freed < pages; class++)
		freed += scriptfs_pool_shrink(sbi, class, pages - freed);
	return freed;
}

/* How many pages that may find; somewhat more than it does where blocks of the reserve are idle. */
static unsigned long scriptfs_shrinkable(struct scriptfs_sb *sbi)
{
	unsigned long pages = 0;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		struct scriptfs_pool *pool = &sbi->pool[class];

		pages += min(READ_ONCE(pool->surplus), READ_ONCE(pool->idle)) <<
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
 * Context: Any in which memory is reclaimed; takes pool->lock.
 * Return: How many pages went, or SHRINK_STOP.
 */
unsigned long scriptfs_shrink_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct scriptfs_sb *sbi = container_of(shrinker, struct scriptfs_sb, shrinker);
	unsigned long freed = scriptfs_pools_shrink(sbi, sc->nr_to_scan);

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

/**
 * scriptfs_take_surplus - get one more block from the system
 * @sbi:	the mount
 * @class:	of which class
 *
 * Context: Process context, may sleep; takes pool->lock.
 * Return: The block, which is used now, or NULL if the mount may not have more or the system has
 * none.
 */
struct scriptfs_block *scriptfs_take_surplus(struct scriptfs_sb *sbi, unsigned int class)
{
	struct scriptfs_pool *pool = &sbi->pool[class];
	u64 size = scriptfs_class_size(class);
	struct scriptfs_slab *slab;

	if (!scriptfs_charge(sbi, size))
		return NULL;
	slab = scriptfs_slab_alloc(pool, class, 1, SCRIPTFS_GFP_TRY);
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
