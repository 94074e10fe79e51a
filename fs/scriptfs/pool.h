/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: what pool.c, magazine.c, quarantine.c, surplus.c, span.c and poison.c share with each
 * other and with nobody else.
 */
#ifndef _FS_SCRIPTFS_POOL_H
#define _FS_SCRIPTFS_POOL_H

#include "scriptfs.h"

/*
 * Blocks are never worth the life of a process, so no mask may wake the OOM killer. A block that is
 * got while locks of a file are held takes what is at hand: to reclaim or compact memory would keep
 * others waiting. What may fail to come as there is something smaller to fall back on is tried
 * once; the reserve is worth compaction and reclaim. None takes movable memory: the pool keeps its
 * pages for as long as it likes, and there it would be in the way of CMA and memory hot-remove.
 */
#define SCRIPTFS_GFP_NOWAIT	(GFP_NOWAIT | __GFP_NOWARN)
#define SCRIPTFS_GFP_TRY	(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)
#define SCRIPTFS_GFP_INSIST	(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/**
 * struct scriptfs_span - blocks that were allocated together
 * @pool:	the pool it belongs to
 * @block:	the blocks in order of address, allocated on their own because 64 of them fill a
 *		page exactly
 * @nr:		how many blocks there are
 * @surplus:	above the reserve, so it may go back to the system when idle
 * @link:	on the pool's partial or full list
 * @idle:	a bit for each idle block that is in no magazine, the lowest address first
 *
 * Whoever gives a block back looks at the first four, which never change, and not at the cache line
 * of the others, which those write to who have the pool's lock.
 */
struct scriptfs_span {
	struct scriptfs_pool	*pool;
	struct scriptfs_block	*block;
	u8			nr;
	bool			surplus;

	struct list_head	link ____cacheline_aligned_in_smp;
	u64			idle;
};

/**
 * struct scriptfs_magazine - the idle blocks of a pool that one processor has for itself
 * @lock:	guards the rest. Others take it only when the pool has nothing left
 * @nr:		how many blocks there are
 * @arrivals:	how many were put in here by those who gave them back, ever
 * @block:	the blocks, the one to be taken next last
 */
struct scriptfs_magazine {
	spinlock_t		lock;		/* see above */
	unsigned int		nr;
	unsigned long		arrivals;
	struct scriptfs_block	*block[];
};

/**
 * enum scriptfs_fate - what became of memory that was in the page cache, in order of gravity
 * @SCRIPTFS_FATE_CLEAN:	only the pool has it
 * @SCRIPTFS_FATE_HELD:		somebody outside still has a reference
 * @SCRIPTFS_FATE_POISONED:	the hardware lost what was in it
 * @SCRIPTFS_FATE_CORRUPT:	somebody else uses it as his own
 */
enum scriptfs_fate {
	SCRIPTFS_FATE_CLEAN,
	SCRIPTFS_FATE_HELD,
	SCRIPTFS_FATE_POISONED,
	SCRIPTFS_FATE_CORRUPT,
};

/* pool.c */
void scriptfs_pool_add(struct scriptfs_pool *pool, struct scriptfs_block *const *blocks,
		       unsigned int nr);
unsigned int scriptfs_pool_pick(struct scriptfs_pool *pool, bool surplus,
				struct scriptfs_block **blocks, unsigned int nr);
struct scriptfs_block *scriptfs_pool_search(struct scriptfs_pool *pool);

/* magazine.c */
int scriptfs_magazines_alloc(struct scriptfs_pool *pool, unsigned int class, unsigned long reserve);
void scriptfs_magazines_free(struct scriptfs_pool *pool);
void scriptfs_magazine_fill(struct scriptfs_pool *pool, struct scriptfs_magazine *magazine);
void scriptfs_magazine_flush(struct scriptfs_pool *pool, struct scriptfs_magazine *magazine,
			     unsigned int nr);
void scriptfs_magazines_drain(struct scriptfs_pool *pool);
unsigned long scriptfs_magazines_idle(struct scriptfs_pool *pool);
unsigned long scriptfs_arrivals(struct scriptfs_pool *pool);

/* quarantine.c */
unsigned int scriptfs_pool_settle_few(struct scriptfs_pool *pool);
unsigned int scriptfs_pool_settle_all(struct scriptfs_pool *pool);
void scriptfs_block_quarantine(struct scriptfs_pool *pool, struct scriptfs_block *block,
			       unsigned long ino);

/* poison.c */
unsigned long scriptfs_poison_events(void);
void scriptfs_poison_add(struct scriptfs_pools *pools, unsigned long events);
void scriptfs_poison_remove(struct scriptfs_pools *pools);
bool scriptfs_block_poisoned(struct scriptfs_block *block);
void scriptfs_poison_report(struct scriptfs_block *block, struct page *page, unsigned long ino);

/* surplus.c */
struct scriptfs_block *scriptfs_take_surplus(struct scriptfs_pools *pools, unsigned int class,
					     gfp_t gfp);
unsigned long scriptfs_shrink_count(struct shrinker *shrinker, struct shrink_control *sc);
unsigned long scriptfs_shrink_scan(struct shrinker *shrinker, struct shrink_control *sc);

/* span.c */
struct scriptfs_span *scriptfs_span_alloc(struct scriptfs_pool *pool, unsigned int class,
					  unsigned int nr, gfp_t gfp);
void scriptfs_span_free(struct scriptfs_span *span);
enum scriptfs_fate scriptfs_block_inspect(struct scriptfs_block *block);

/**
 * scriptfs_magazine_take - take an idle block out of a magazine
 * @pool:	the pool
 * @magazine:	one of its magazines
 *
 * When the magazine is empty it is filled by half from the pool.
 *
 * Context: Takes magazine->lock and pool->lock.
 * Return: The block, which is used now, or NULL if the pool has no idle block of the reserve
 * either.
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
 * When the magazine is full, the half that is there for longest goes to the pool.
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
	/* Said before there is one more to be found: pairs with scriptfs_arrivals(). */
	smp_wmb();
	magazine->block[magazine->nr] = block;
	WRITE_ONCE(magazine->nr, magazine->nr + 1);
	spin_unlock(&magazine->lock);
}

#endif /* _FS_SCRIPTFS_POOL_H */
