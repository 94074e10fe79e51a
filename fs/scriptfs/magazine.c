// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: magazines, a few idle blocks for each processor.
 *
 * While a processor takes about as many blocks as it frees, neither touches a lock or a cache line
 * that others write to. A magazine is filled and emptied by halves, so that the pool's lock is
 * taken once for many blocks, and the pool, which sorts its blocks by address, supplies neighbours.
 *
 * Only blocks of the reserve are in magazines. Surplus goes straight to the pool, where the
 * shrinker finds it without a look into magazines, and where the reserve is taken first.
 *
 * A task may migrate between looking up its processor's magazine and locking it. It then uses
 * another processor's, which does no harm.
 *
 * There is no CPU hotplug callback: the blocks of a processor that went offline are found like
 * those of any other when the pool is empty.
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
 * scriptfs_magazines_alloc - allocate the magazines of a pool, if it is large enough for any
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

	/* A single block has no halves. */
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
 * scriptfs_magazines_free - free the magazines of a pool
 * @pool:	a pool that is no longer in use
 *
 * The blocks in them stay with their spans.
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
 * scriptfs_magazine_fill - fill half of an empty magazine from its pool
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
 * scriptfs_magazine_flush - move the oldest blocks of a magazine to its pool
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
	 * Under the pool's lock, so that the blocks are always seen in one place or the other; and,
	 * for readers without it, after they were counted: pairs with scriptfs_arrivals().
	 */
	smp_store_release(&magazine->nr, magazine->nr - nr);
	spin_unlock(&pool->lock);

	memmove(magazine->block, magazine->block + nr, magazine->nr * sizeof(*magazine->block));
}

/**
 * scriptfs_magazines_drain - move all blocks in the magazines of a pool to the pool
 * @pool:	the pool
 *
 * Context: Takes pool->lock and each magazine->lock, but for those of empty ones.
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
 * Return: How many, an estimate while others take and put blocks.
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
 * scriptfs_arrivals - how often a block was added to the pool, or freed into a magazine
 * @pool:	the pool
 *
 * A search that found no block in the pool nor in any magazine proves that there was a moment
 * without an idle block only if this did not change meanwhile: a block might have been added where
 * the search had been before another was taken from where it was yet to look.
 *
 * Return: A number to compare.
 */
unsigned long scriptfs_arrivals(struct scriptfs_pool *pool)
{
	unsigned long arrivals;
	unsigned int cpu;

	/* After what the caller read before: pairs with scriptfs_magazine_put(). */
	smp_mb();
	arrivals = READ_ONCE(pool->arrivals);
	if (pool->magazine)
		for_each_possible_cpu(cpu)
			arrivals += READ_ONCE(per_cpu_ptr(pool->magazine, cpu)->arrivals);
	/* And before what it reads next. */
	smp_mb();
	return arrivals;
}
