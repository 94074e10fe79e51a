/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: magazines, a few idle blocks and pieces for each processor.
 */
#ifndef _FS_SCRIPTFS_MAGAZINE_H
#define _FS_SCRIPTFS_MAGAZINE_H

#include <linux/percpu.h>

#include "span.h"

/**
 * struct scriptfs_magazine - idle pieces of one size for one processor
 * @lock:	guards the rest. Other processors take it only when all else is in use
 * @nr:		number of pieces
 * @arrivals:	how many were freed into this magazine, ever
 * @piece:	the pieces, the one to be taken next at the end
 */
struct scriptfs_magazine {
	spinlock_t		lock;		/* see above */
	unsigned int		nr;
	unsigned long		arrivals;
	struct scriptfs_piece	*piece[];
};

int scriptfs_magazines_alloc(struct scriptfs_pools *pools,
			     const unsigned long reserve[SCRIPTFS_NR_CLASSES]);
void scriptfs_magazines_free(struct scriptfs_pools *pools);
void scriptfs_magazine_fill(struct scriptfs_pool *pool, struct scriptfs_magazine *magazine);
void scriptfs_magazine_fill_small(struct scriptfs_pools *pools, unsigned int order,
				  struct scriptfs_magazine *magazine);
void scriptfs_magazine_flush(struct scriptfs_pool *pool, struct scriptfs_magazine *magazine,
			     unsigned int nr);
void scriptfs_magazine_flush_small(struct scriptfs_pools *pools,
				   struct scriptfs_magazine *magazine, unsigned int nr);
void scriptfs_magazines_drain_small(struct scriptfs_pools *pools);
void scriptfs_magazines_drain_class(struct scriptfs_pool *pool);
void scriptfs_magazines_drain(struct scriptfs_pools *pools);
unsigned long scriptfs_magazines_idle(struct scriptfs_magazine __percpu *magazines);
unsigned long scriptfs_arrivals(struct scriptfs_pools *pools);

/* Take the next piece of a magazine, if there is one, and unlock it. */
static inline struct scriptfs_piece *scriptfs_magazine_pop(struct scriptfs_magazine *magazine)
{
	struct scriptfs_piece *piece = NULL;

	if (likely(magazine->nr)) {
		piece = magazine->piece[magazine->nr - 1];
		WRITE_ONCE(magazine->nr, magazine->nr - 1);
	}
	spin_unlock(&magazine->lock);
	return piece;
}

/* Add a piece to a magazine that is not full, and unlock it. */
static inline void scriptfs_magazine_push(struct scriptfs_magazine *magazine,
					  struct scriptfs_piece *piece)
{
	WRITE_ONCE(magazine->arrivals, magazine->arrivals + 1);
	/* Counted before the piece can be found: pairs with scriptfs_arrivals(). */
	smp_wmb();
	magazine->piece[magazine->nr] = piece;
	WRITE_ONCE(magazine->nr, magazine->nr + 1);
	spin_unlock(&magazine->lock);
}

/**
 * scriptfs_magazine_take - take an idle block out of a magazine
 * @pool:	a pool with magazines
 *
 * An empty magazine is half filled from the pool.
 *
 * Context: Takes magazine->lock and pool->lock.
 * Return: The block, idle and on no list, or NULL if the pool has no idle block of the reserve
 * either.
 */
static inline struct scriptfs_piece *scriptfs_magazine_take(struct scriptfs_pool *pool)
{
	struct scriptfs_magazine *magazine = raw_cpu_ptr(pool->magazine);

	spin_lock(&magazine->lock);
	if (unlikely(!magazine->nr))
		scriptfs_magazine_fill(pool, magazine);
	return scriptfs_magazine_pop(magazine);
}

/**
 * scriptfs_magazine_take_small - take an idle piece of less than a poem out of a magazine
 * @pools:	pools with magazines
 * @order:	it has 2^order pages
 *
 * An empty magazine is half filled, with pieces of a poem that is cut if need be.
 *
 * Context: Takes magazine->lock, cut.lock and pool->lock.
 * Return: The piece, idle and on no list, or NULL if there are none to be had that way.
 */
static inline struct scriptfs_piece *scriptfs_magazine_take_small(struct scriptfs_pools *pools,
								  unsigned int order)
{
	struct scriptfs_magazine *magazine = raw_cpu_ptr(pools->cut.magazine[order]);

	spin_lock(&magazine->lock);
	if (unlikely(!magazine->nr))
		scriptfs_magazine_fill_small(pools, order, magazine);
	return scriptfs_magazine_pop(magazine);
}

/**
 * scriptfs_magazine_put - put an idle block into a magazine
 * @pool:	a pool with magazines
 * @piece:	a block of its reserve, idle and on no list
 *
 * When the magazine is full, the older half of it goes to the pool.
 *
 * Context: Takes magazine->lock and pool->lock.
 */
static inline void scriptfs_magazine_put(struct scriptfs_pool *pool, struct scriptfs_piece *piece)
{
	struct scriptfs_magazine *magazine = raw_cpu_ptr(pool->magazine);

	spin_lock(&magazine->lock);
	if (unlikely(magazine->nr == pool->depth))
		scriptfs_magazine_flush(pool, magazine, pool->depth / 2);
	scriptfs_magazine_push(magazine, piece);
}

/**
 * scriptfs_magazine_put_small - put an idle piece of less than a poem into a magazine
 * @pools:	pools with magazines
 * @piece:	the piece, idle and on no list
 *
 * When the magazine is full, the older half of it is listed, and joined where that is possible.
 *
 * Context: Takes magazine->lock, cut.lock and pool->lock.
 */
static inline void scriptfs_magazine_put_small(struct scriptfs_pools *pools,
					       struct scriptfs_piece *piece)
{
	struct scriptfs_magazine *magazine = raw_cpu_ptr(pools->cut.magazine[piece->order]);

	spin_lock(&magazine->lock);
	if (unlikely(magazine->nr == pools->cut.depth))
		scriptfs_magazine_flush_small(pools, magazine, pools->cut.depth / 2);
	scriptfs_magazine_push(magazine, piece);
}

#endif /* _FS_SCRIPTFS_MAGAZINE_H */
