/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: magazines, a few idle blocks for each processor.
 */
#ifndef _FS_SCRIPTFS_MAGAZINE_H
#define _FS_SCRIPTFS_MAGAZINE_H

#include <linux/percpu.h>

#include "span.h"

/**
 * struct scriptfs_magazine - idle blocks of a pool for one processor
 * @lock:	guards the rest. Other processors take it only when the pool is empty
 * @nr:		number of blocks
 * @arrivals:	how many were freed into this magazine, ever
 * @block:	the blocks, the one to be taken next at the end
 */
struct scriptfs_magazine {
	spinlock_t		lock;		/* see above */
	unsigned int		nr;
	unsigned long		arrivals;
	struct scriptfs_block	*block[];
};

int scriptfs_magazines_alloc(struct scriptfs_pool *pool, unsigned int class, unsigned long reserve);
void scriptfs_magazines_free(struct scriptfs_pool *pool);
void scriptfs_magazine_fill(struct scriptfs_pool *pool, struct scriptfs_magazine *magazine);
void scriptfs_magazine_flush(struct scriptfs_pool *pool, struct scriptfs_magazine *magazine,
			     unsigned int nr);
void scriptfs_magazines_drain(struct scriptfs_pool *pool);
unsigned long scriptfs_magazines_idle(struct scriptfs_pool *pool);
unsigned long scriptfs_arrivals(struct scriptfs_pool *pool);

/**
 * scriptfs_magazine_take - take an idle block out of a magazine
 * @pool:	the pool
 * @magazine:	one of its magazines
 *
 * An empty magazine is half filled from the pool.
 *
 * Context: Takes magazine->lock and pool->lock.
 * Return: The block in state used, or NULL if the pool has no idle block of the reserve either.
 */
static inline struct scriptfs_block *
scriptfs_magazine_take(struct scriptfs_pool *pool, struct scriptfs_magazine *magazine)
{
	struct scriptfs_block *block = NULL;

	spin_lock(&magazine->lock);
	if (unlikely(!magazine->nr))
		scriptfs_magazine_fill(pool, magazine);
	if (likely(magazine->nr)) {
		block = magazine->block[magazine->nr - 1];
		WRITE_ONCE(magazine->nr, magazine->nr - 1);
	}
	spin_unlock(&magazine->lock);

	if (block)
		WRITE_ONCE(block->state, SCRIPTFS_BLOCK_USED);
	return block;
}

/**
 * scriptfs_magazine_put - put an idle block into a magazine
 * @pool:	the pool
 * @magazine:	one of its magazines
 * @block:	a block of the reserve in state idle, on no list
 *
 * When the magazine is full, the older half of it goes to the pool.
 *
 * Context: Takes magazine->lock and pool->lock.
 */
static inline void scriptfs_magazine_put(struct scriptfs_pool *pool,
					 struct scriptfs_magazine *magazine,
					 struct scriptfs_block *block)
{
	spin_lock(&magazine->lock);
	if (unlikely(magazine->nr == pool->depth))
		scriptfs_magazine_flush(pool, magazine, pool->depth / 2);
	WRITE_ONCE(magazine->arrivals, magazine->arrivals + 1);
	/* Counted before the block can be found: pairs with scriptfs_arrivals(). */
	smp_wmb();
	magazine->block[magazine->nr] = block;
	WRITE_ONCE(magazine->nr, magazine->nr + 1);
	spin_unlock(&magazine->lock);
}

#endif /* _FS_SCRIPTFS_MAGAZINE_H */
