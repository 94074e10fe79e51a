// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: magazines, a few idle blocks and pieces for each processor.
 *
 * While a processor takes about as many pieces as it frees, neither touches a lock or a cache line
 * that others write to. A magazine is filled and emptied by halves, so that the pool's lock is
 * taken once for many blocks, and the pool, which sorts its blocks by address, supplies neighbours.
 *
 * Each class has magazines for its blocks, and the mount has some for pieces of less than a poem.
 * Of blocks, only those of the reserve are in magazines. Surplus goes straight to the pool, where
 * the shrinker finds it without a look into magazines, and where the reserve is taken first.
 *
 * A task may migrate between looking up its processor's magazine and locking it. It then uses
 * another processor's, which does no harm.
 *
 * There is no CPU hotplug callback: the pieces of a processor that went offline are found like
 * those of any other when there are no others.
 */
#include "cut.h"
#include "magazine.h"
#include "search.h"

/* How many blocks a magazine of each class holds where the reserve is large: at most 16 MiB. */
static const u8 scriptfs_magazine_depths[SCRIPTFS_NR_CLASSES] = {
	[SCRIPTFS_POEM]		= 32,
	[SCRIPTFS_NOVEL]	= 32,
	[SCRIPTFS_MEDIUM]	= 8,
	[SCRIPTFS_LARGE]	= 4,
};

/* How many pieces of less than a poem, of each size. */
#define SCRIPTFS_SMALL_DEPTH	32UL

/* All magazines of a kind together hold at most this part of the reserve: an eighth. */
#define SCRIPTFS_MAGAZINES_SHARE	8

/* Allocate magazines for @nr pieces each. A single piece has no halves: then there are none. */
static int scriptfs_magazine_alloc(struct scriptfs_magazine __percpu **magazine, unsigned int nr)
{
	unsigned int cpu;

	if (nr < 2)
		return 0;
	*magazine = __alloc_percpu_gfp(struct_size(*magazine, piece, nr), SMP_CACHE_BYTES,
				       SCRIPTFS_GFP_TRY);
	if (!*magazine)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(*magazine, cpu)->lock);
	return 0;
}

/**
 * scriptfs_magazines_alloc - allocate magazines for a mount that is large enough for any
 * @pools:	pools without
 * @reserve:	how many blocks of each class the reserve will have
 *
 * Context: Process context, sleeps.
 * Return: 0 or -ENOMEM, with what there is to be freed by scriptfs_magazines_free().
 */
int scriptfs_magazines_alloc(struct scriptfs_pools *pools,
			     const unsigned long reserve[SCRIPTFS_NR_CLASSES])
{
	unsigned long pages = scriptfs_class_bytes(reserve) >> PAGE_SHIFT;
	unsigned int share = SCRIPTFS_MAGAZINES_SHARE * num_possible_cpus();
	unsigned int class, order;
	int err = 0;

	for (class = 0; class < SCRIPTFS_NR_CLASSES && !err; class++) {
		struct scriptfs_pool *pool = &pools->pool[class];

		pool->depth = min_t(unsigned long, scriptfs_magazine_depths[class],
				    reserve[class] / share);
		err = scriptfs_magazine_alloc(&pool->magazine, pool->depth);
	}
	pools->cut.depth = min(SCRIPTFS_SMALL_DEPTH, pages / share >> SCRIPTFS_SMALL_ORDERS);
	for (order = 0; order < SCRIPTFS_SMALL_ORDERS && !err; order++)
		err = scriptfs_magazine_alloc(&pools->cut.magazine[order], pools->cut.depth);
	return err;
}

/**
 * scriptfs_magazines_free - free the magazines of a mount
 * @pools:	pools that are no longer in use
 *
 * The pieces in them stay with their spans.
 *
 * Context: Process context.
 */
void scriptfs_magazines_free(struct scriptfs_pools *pools)
{
	unsigned int class, order;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		free_percpu(pools->pool[class].magazine);
	for (order = 0; order < SCRIPTFS_SMALL_ORDERS; order++)
		free_percpu(pools->cut.magazine[order]);
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
	unsigned int nr;

	spin_lock(&pool->lock);
	nr = scriptfs_spans_pick(pool, false, magazine->piece, pool->depth / 2);
	/* Under the pool's lock, so that the blocks are always seen in one place or the other. */
	WRITE_ONCE(magazine->nr, nr);
	spin_unlock(&pool->lock);
}

/**
 * scriptfs_magazine_fill_small - fill half of an empty magazine for pieces of less than a poem
 * @pools:	the pools
 * @order:	the pieces have 2^order pages
 * @magazine:	the magazine
 *
 * Context: The caller holds magazine->lock; takes cut.lock and pool->lock.
 */
void scriptfs_magazine_fill_small(struct scriptfs_pools *pools, unsigned int order,
				  struct scriptfs_magazine *magazine)
{
	struct scriptfs_piece **last = magazine->piece + pools->cut.depth / 2, **next = last;

	spin_lock(&pools->cut.lock);
	while (next > magazine->piece) {
		struct scriptfs_piece *piece = scriptfs_search_own(pools, order);

		if (!piece)
			break;
		*--next = piece;
	}
	memmove(magazine->piece, next, (last - next) * sizeof(*next));
	/* As above. */
	WRITE_ONCE(magazine->nr, last - next);
	spin_unlock(&pools->cut.lock);
}

/* The oldest @nr pieces are no longer in the magazine. */
static void scriptfs_magazine_shift(struct scriptfs_magazine *magazine, unsigned int nr)
{
	memmove(magazine->piece, magazine->piece + nr,
		(magazine->nr - nr) * sizeof(*magazine->piece));
	/* For readers without the lock, after they were counted: pairs with scriptfs_arrivals(). */
	smp_store_release(&magazine->nr, magazine->nr - nr);
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
	scriptfs_spans_add(pool, magazine->piece, nr);
	/* Under the pool's lock, so that the blocks are always seen in one place or the other. */
	scriptfs_magazine_shift(magazine, nr);
	spin_unlock(&pool->lock);
}

/**
 * scriptfs_magazine_flush_small - list the oldest pieces of a magazine
 * @pools:	the pools
 * @magazine:	a magazine for pieces of less than a poem
 * @nr:		how many pieces
 *
 * Context: The caller holds magazine->lock; takes cut.lock and pool->lock.
 */
void scriptfs_magazine_flush_small(struct scriptfs_pools *pools,
				   struct scriptfs_magazine *magazine, unsigned int nr)
{
	spin_lock(&pools->cut.lock);
	scriptfs_cut_list(pools, magazine->piece, nr);
	/* Under the lock, so that the pieces are always seen in one place or the other. */
	scriptfs_magazine_shift(magazine, nr);
	spin_unlock(&pools->cut.lock);
}

/**
 * scriptfs_magazines_drain_small - list all pieces of less than a poem that are in magazines
 * @pools:	the pools
 *
 * After that all blocks without a piece in use are whole.
 *
 * Context: Takes cut.lock, pool->lock and each magazine->lock, but for those of empty ones.
 */
void scriptfs_magazines_drain_small(struct scriptfs_pools *pools)
{
	struct scriptfs_magazine *magazine;
	unsigned int order, cpu;

	for (order = 0; order < SCRIPTFS_SMALL_ORDERS; order++) {
		if (!pools->cut.magazine[order])
			continue;
		for_each_possible_cpu(cpu) {
			magazine = per_cpu_ptr(pools->cut.magazine[order], cpu);
			if (!READ_ONCE(magazine->nr))
				continue;
			spin_lock(&magazine->lock);
			scriptfs_magazine_flush_small(pools, magazine, magazine->nr);
			spin_unlock(&magazine->lock);
		}
	}
}

/**
 * scriptfs_magazines_drain_class - move all blocks of a class that are in magazines to their pool
 * @pool:	the pool
 *
 * This also sorts them by address again.
 *
 * Context: Takes pool->lock and each magazine->lock, but for those of empty ones.
 */
void scriptfs_magazines_drain_class(struct scriptfs_pool *pool)
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
 * scriptfs_magazines_drain - move all that is in magazines to where a search finds it
 * @pools:	the pools
 *
 * Context: Takes cut.lock, pool->lock and each magazine->lock, but for those of empty ones.
 */
void scriptfs_magazines_drain(struct scriptfs_pools *pools)
{
	unsigned int class;

	scriptfs_magazines_drain_small(pools);
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		scriptfs_magazines_drain_class(&pools->pool[class]);
}

/**
 * scriptfs_magazines_idle - how many pieces are in the magazines of all processors
 * @magazines:	magazines of a kind, may be NULL
 *
 * Return: How many, an estimate while others take and put pieces.
 */
unsigned long scriptfs_magazines_idle(struct scriptfs_magazine __percpu *magazines)
{
	unsigned long idle = 0;
	unsigned int cpu;

	if (!magazines)
		return 0;
	for_each_possible_cpu(cpu)
		idle += READ_ONCE(per_cpu_ptr(magazines, cpu)->nr);
	return idle;
}

static unsigned long scriptfs_magazines_arrivals(struct scriptfs_magazine __percpu *magazines)
{
	unsigned long arrivals = 0;
	unsigned int cpu;

	if (!magazines)
		return 0;
	for_each_possible_cpu(cpu)
		arrivals += READ_ONCE(per_cpu_ptr(magazines, cpu)->arrivals);
	return arrivals;
}

/**
 * scriptfs_arrivals - how often a piece became idle anywhere
 * @pools:	the pools
 *
 * A search that found no piece anywhere proves that there was a moment without an idle one only if
 * this did not change meanwhile: a piece might have been added where the search had been before
 * another was taken from where it was yet to look.
 *
 * Return: A number to compare.
 */
unsigned long scriptfs_arrivals(struct scriptfs_pools *pools)
{
	unsigned long arrivals;
	unsigned int class, order;

	/* After what the caller read before: pairs with scriptfs_magazine_push(). */
	smp_mb();
	arrivals = READ_ONCE(pools->cut.arrivals);
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		arrivals += READ_ONCE(pools->pool[class].arrivals) +
			    scriptfs_magazines_arrivals(pools->pool[class].magazine);
	for (order = 0; order < SCRIPTFS_SMALL_ORDERS; order++)
		arrivals += scriptfs_magazines_arrivals(pools->cut.magazine[order]);
	/* And before what it reads next. */
	smp_mb();
	return arrivals;
}
