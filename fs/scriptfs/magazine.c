// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: magazines, the few idle blocks that each processor has at hand.
 *
 * As long as a processor takes about as many blocks as it gives back, neither touches a lock or a
 * cache line that others write to. A magazine is filled and emptied by halves, so that the pool's
 * lock is taken once for many blocks, and the pool, which sorts its blocks by address, hands out
 * neighbours.
 *
 * Only blocks of the reserve are in magazines. Surplus goes straight to the pool, where the
 * shrinker finds it without having to look into magazines, and where the reserve is handed out
 * before it.
 *
 * A task may be moved to another processor between the moment that it looks for its magazine and
 * the moment that it locks it. It then works with another processor's, which is as good.
 *
 * Nothing happens here when a processor goes offline. Its blocks are found like those of any other
 * processor, by whoever finds the pool empty.
 */
#include "magazine.h"

/* How many blocks a magazine of each class holds where the reserve is large: at most 16 MiB. */
static const u8 scriptfs_magazine_depths[SCRIPTFS_NR_CLASSES] = {
	[SCRIPTFS_POEM]		= 32,
	[SCRIPTFS_NOVEL]	= 32,
	[SCRIPTFS_MEDIUM]	= 8,
	[SCRIPTFS_LARGE]	= 4,
};

/* All magazines together hold at most this part of the reserve: an eighth. */
#define SCRIPTFS_MAGAZINES_SHARE	8

/**
 * scriptfs_magazines_alloc - give a pool its magazines, if it is large enough for any
 * @pool:	a pool without
 * @class:	its class
 * @reserve:	how many blocks its reserve will have
 *
 * Context: Process context, sleeps.
 * Return: 0 or -ENOMEM.
 */
int scriptfs_magazines_alloc(struct scriptfs_pool *pool, unsigned int class, unsigned long reserve)
{
	unsigned long most = reserve / SCRIPTFS_MAGAZINES_SHARE / num_possible_cpus();
	unsigned int depth = min_t(unsigned long, scriptfs_magazine_depths[class], most);
	struct scriptfs_magazine *magazine;
	unsigned int cpu;

	/* Of one block there are no halves. */
	if (depth < 2)
		return 0;
	pool->magazine = __alloc_percpu_gfp(struct_size(magazine, block, depth), SMP_CACHE_BYTES,
					    SCRIPTFS_GFP_TRY);
	if (!pool->magazine)
		return -ENOMEM;
	pool->depth = depth;
	for_each_possible_cpu(cpu) {
		magazine = per_cpu_ptr(pool->magazine, cpu);
		spin_lock_init(&magazine->lock);
	}
	return 0;
}

/**
 * scriptfs_magazines_free - take the magazines from a pool
 * @pool:	a pool that nobody uses any longer
 *
 * The blocks in them are left to their spans.
 *
 * Context: Process context.
 */
void scriptfs_magazines_free(struct scriptfs_pool *pool)
{
	free_percpu(pool->magazine);
	pool->magazine = NULL;
	pool->depth = 0;
}

/**
 * scriptfs_magazine_fill - fill half an empty magazine from its pool
 * @pool:	the pool
 * @magazine:	one of its magazines
 *
 * Context: The caller holds magazine->lock; takes pool->lock.
 */
void scriptfs_magazine_fill(struct scriptfs_pool *pool, struct scriptfs_magazine *magazine)
{
	spin_lock(&pool->lock);
	WRITE_ONCE(magazine->nr,
		   scriptfs_spans_pick(pool, false, magazine->block, pool->depth / 2));
	spin_unlock(&pool->lock);
}

/**
 * scriptfs_magazine_flush - give what is in a magazine for longest to its pool
 * @pool:	the pool
 * @magazine:	one of its magazines
 * @nr:		how many blocks
 *
 * Context: The caller holds magazine->lock; takes pool->lock.
 */
void scriptfs_magazine_flush(struct scriptfs_pool *pool, struct scriptfs_magazine *magazine,
			     unsigned int nr)
{
	spin_lock(&pool->lock);
	scriptfs_spans_add(pool, magazine->block, nr);
	/*
	 * Under the pool's lock, so that nobody sees them neither there nor here; and for who looks
	 * without it, after the arrivals have said so: pairs with scriptfs_arrivals().
	 */
	smp_store_release(&magazine->nr, magazine->nr - nr);
	spin_unlock(&pool->lock);

	memmove(magazine->block, magazine->block + nr, magazine->nr * sizeof(*magazine->block));
}

/**
 * scriptfs_magazines_drain - give all blocks in the magazines of a pool back to it
 * @pool:	the pool
 *
 * Context: Takes each magazine->lock that is worth it and pool->lock.
 */
void scriptfs_magazines_drain(struct scriptfs_pool *pool)
{
	struct scriptfs_magazine *magazine;
	unsigned int cpu;

	if (!pool->magazine)
		return;
	for_each_possible_cpu(cpu) {
		magazine = per_cpu_ptr(pool->magazine, cpu);
		if (!READ_ONCE(magazine->nr))
			continue;
		spin_lock(&magazine->lock);
		scriptfs_magazine_flush(pool, magazine, magazine->nr);
		spin_unlock(&magazine->lock);
	}
}

/**
 * scriptfs_magazines_idle - how many blocks are in the magazines of a pool
 * @pool:	the pool
 *
 * Return: How many; while others take and put blocks, about how many.
 */
unsigned long scriptfs_magazines_idle(struct scriptfs_pool *pool)
{
	unsigned long idle = 0;
	unsigned int cpu;

	if (!pool->magazine)
		return 0;
	for_each_possible_cpu(cpu)
		idle += READ_ONCE(per_cpu_ptr(pool->magazine, cpu)->nr);
	return idle;
}

/**
 * scriptfs_arrivals - how often a block came to the pool, or to a magazine from elsewhere
 * @pool:	the pool
 *
 * Whoever finds neither the pool nor a magazine to have a block may say that there was a moment
 * with no idle block at all only if this did not change while he looked: a block might have come
 * to where he had been already, before another was taken from where he was yet to look.
 *
 * Return: A number to compare.
 */
unsigned long scriptfs_arrivals(struct scriptfs_pool *pool)
{
	unsigned long arrivals;
	unsigned int cpu;

	/* After what the caller looked at before: pairs with scriptfs_magazine_put(). */
	smp_mb();
	arrivals = READ_ONCE(pool->arrivals);
	if (pool->magazine)
		for_each_possible_cpu(cpu)
			arrivals += READ_ONCE(per_cpu_ptr(pool->magazine, cpu)->arrivals);
	/* And before what he looks at next. */
	smp_mb();
	return arrivals;
}
