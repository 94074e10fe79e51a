// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the pools, where blocks wait for a file.
 *
 * A block belongs to one file from scriptfs_pool_take() to scriptfs_pool_put(). Blocks whose pages
 * never left the file system (chunk->published is false, as for most files) are freed without a
 * look at their pages, which is why unlink costs nothing a page. All others are checked for outside
 * references first.
 *
 * The order of the memory layer is class, block, span, magazine, quarantine, surplus, poison, pool,
 * reserve: nothing includes what comes after it, and none of it knows a mount or an inode. poison
 * is above quarantine because a search for a bad page settles the quarantine; reserve is on top
 * because it sets up and tears down all others.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "magazine.h"
#include "pool.h"
#include "quarantine.h"
#include "surplus.h"

/* Up to this many blocks of a file are freed into magazines. */
#define SCRIPTFS_FEW_BLOCKS	4

static const char *const scriptfs_state_names[] = {
	[SCRIPTFS_BLOCK_IDLE]		= "idle",
	[SCRIPTFS_BLOCK_USED]		= "used",
	[SCRIPTFS_BLOCK_QUARANTINED]	= "quarantined",
	[SCRIPTFS_BLOCK_RETIRED]	= "retired",
};

/**
 * scriptfs_pool_search - find an idle block wherever it is
 * @pool:	a pool whose magazine for this processor is empty
 *
 * If the pool is empty, all magazines are drained, which also sorts their blocks by address again.
 *
 * Context: Takes pool->lock and each magazine->lock.
 * Return: The block in state used, or NULL if there was a moment at which none was idle.
 */
struct scriptfs_block *scriptfs_pool_search(struct scriptfs_pool *pool)
{
	struct scriptfs_block *block;
	unsigned long arrivals;
	unsigned int found;

	do {
		arrivals = scriptfs_arrivals(pool);
		spin_lock(&pool->lock);
		found = scriptfs_spans_pick(pool, true, &block, 1);
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

/* Take a block that is on no list out of service. */
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

/* Forget the file that the chunk belonged to last. */
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
 * @surplus:	allocate one if the pool has none, the limits allow it and the system has memory at
 *		hand
 *
 * The memory is not cleared, and the initialised marks are 0. No memory is reclaimed, and no more
 * than a few quarantined blocks are checked: scriptfs_pools_replenish() does both.
 *
 * Context: Process context. May sleep; takes magazine->lock and pool->lock.
 * Return: The block, the caller's until scriptfs_pool_put(), or NULL.
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
 * Take a block from its file. Returns false if there is no more to do: the block was not in use,
 * which is reported, or its pages were in the page cache, so that it is up to the quarantine.
 *
 * Of two tasks that free the same block only one finds it in use, whatever locks they hold.
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

/* Bypasses the magazines. */
static noinline void scriptfs_list_blocks(struct scriptfs_pool *pool,
					  struct scriptfs_block *const *blocks, unsigned int nr)
{
	spin_lock(&pool->lock);
	scriptfs_spans_add(pool, blocks, nr);
	spin_unlock(&pool->lock);
}

static noinline void scriptfs_list_one(struct scriptfs_pool *pool, struct scriptfs_block *block)
{
	scriptfs_list_blocks(pool, &block, 1);
}

/**
 * scriptfs_pool_put - free a block of a file
 * @pools:	the pools
 * @block:	a block from scriptfs_pool_take(), out of the file's map and withdrawn
 * @ino:	the file's inode number, for reports
 *
 * The block becomes idle, or goes to quarantine while one of its pages has an outside reference, or
 * is reported and retired if the state of a page cannot be right. A block that is not in use is
 * reported and left as it is.
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
 * scriptfs_pool_put_batch - free many blocks of a file
 * @pools:	the pools
 * @blocks:	blocks as for scriptfs_pool_put(), in file order; the array is overwritten
 * @nr:		how many
 * @ino:	the file's inode number, for reports
 *
 * Bypasses the magazines, which would overflow and do not sort by address. Only the few blocks of a
 * small file go there, the first of them last, so that it is taken first.
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
 * Exact while no blocks are taken or put, otherwise off by those on their way. They always add up.
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
	/* A block that moved between two magazines may have been counted in both. */
	stats->idle = min(stats->idle, whole);
	stats->used = whole - stats->idle;
}

/**
 * scriptfs_pools_stats - how many bytes of all pools together are where
 * @pools:	the pools
 * @sum:	filled in, in bytes
 *
 * Settles some of the quarantine first, see scriptfs_pool_settle().
 *
 * Context: Process context. Takes pool->settling if that is free, and pool->lock.
 */
void scriptfs_pools_stats(struct scriptfs_pools *pools, struct scriptfs_stats *sum)
{
	unsigned int class;

	memset(sum, 0, sizeof(*sum));
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		struct scriptfs_pool *pool = &pools->pool[class];
		unsigned int shift = scriptfs_class_shifts[class];
		struct scriptfs_stats stats;

		scriptfs_pool_settle(pool);
		scriptfs_pool_stats(pool, &stats);
		sum->reserve += stats.reserve << shift;
		sum->surplus += stats.surplus << shift;
		sum->idle += stats.idle << shift;
		sum->used += stats.used << shift;
		sum->quarantine += stats.quarantine << shift;
		sum->retired += stats.retired << shift;
	}
}
