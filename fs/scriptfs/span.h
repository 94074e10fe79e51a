/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: spans, the memory of blocks, and the pools that list them.
 */
#ifndef _FS_SCRIPTFS_SPAN_H
#define _FS_SCRIPTFS_SPAN_H

#include <linux/mutex.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>

#include "block.h"

struct scriptfs_magazine;

/*
 * No block is worth a process, so no mask may wake the OOM killer. NOWAIT is for callers that hold
 * locks of a file: to reclaim or compact memory would keep others waiting. TRY is for sizes with a
 * smaller one to fall back on. INSIST is for the reserve, which is worth compaction and reclaim.
 * None asks for movable memory: pages stay in the pool for as long as the mount, where they would
 * be in the way of CMA and memory hot-remove.
 */
#define SCRIPTFS_GFP_NOWAIT	(GFP_NOWAIT | __GFP_NOWARN)
#define SCRIPTFS_GFP_TRY	(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)
#define SCRIPTFS_GFP_INSIST	(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/**
 * struct scriptfs_span - blocks that were allocated together
 * @pool:	the pool it belongs to
 * @block:	the blocks in order of address, allocated separately because 64 of them fill a
 *		page exactly
 * @nr:		number of blocks
 * @surplus:	above the reserve, so it may go back to the system when idle
 * @link:	on the pool's partial or full list
 * @idle:	a bit for each idle block that is in no magazine, the lowest address first
 *
 * Freeing a block reads the first four members, which never change. The others are written under
 * the pool's lock, and have a cache line of their own.
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
 * struct scriptfs_pool - the blocks of one class of one mount
 * @magazine:	per-CPU idle blocks of the reserve (magazine.c); NULL when the class has none
 * @depth:	how many blocks a magazine holds
 * @suspect:	there was a hardware memory error in the system, so blocks are checked when they
 *		are taken and freed (poison.c)
 * @lock:	guards everything below
 * @settling:	held while quarantined blocks are checked; taken before @lock. Only tasks that hold
 *		no lock of a file wait for it (quarantine.c)
 * @partial:	spans with idle blocks, those of the reserve before those of the surplus
 * @full:	spans without
 * @quarantine:	blocks that wait for their last outside reference to be dropped
 * @reserve:	how many blocks stay preallocated
 * @surplus:	blocks above the reserve, idle or in use
 * @idle:	blocks ready to be taken, without those in magazines
 * @arrivals:	how often a block became one of those, ever
 * @nr_quarantine: blocks on @quarantine, or off it while they are checked
 * @nr_retired:	blocks found corrupt, out of service until the mount ends
 *
 * Blocks in use are not counted, since all processors would write to that counter: they are what
 * of reserve + surplus is neither idle nor in a magazine, quarantined or retired. For the same
 * reason what is only read after the mount has a cache line of its own.
 */
struct scriptfs_pool {
	struct scriptfs_magazine __percpu *magazine;
	unsigned int		depth;
	bool			suspect;

	spinlock_t		lock ____cacheline_aligned_in_smp;	/* lists, counters */
	struct mutex		settling;	/* of the quarantine */
	struct list_head	partial;
	struct list_head	full;
	struct list_head	quarantine;
	unsigned long		reserve;
	unsigned long		surplus;
	unsigned long		idle;
	unsigned long		arrivals;
	unsigned long		nr_quarantine;
	unsigned long		nr_retired;
} ____cacheline_aligned_in_smp;

/* Bits of scriptfs_pools.flags */
#define SCRIPTFS_POOLS_SUSPECT	0	/* blocks may have hardware memory errors */
#define SCRIPTFS_POOLS_OWNER	1	/* the first bit of the owner */

/**
 * struct scriptfs_pools - the five pools of a mount, and what they have in common
 * @flags:	SCRIPTFS_POOLS_SUSPECT, and bits of the owner, so that the usual read and write test
 *		a single word
 * @size:	limit of reserve and surplus together, in bytes
 * @strict:	no surplus
 * @poisoned:	a block has a hardware memory error
 * @poison_link: on the list of pools that hear of hardware memory errors (poison.c)
 * @shrinker:	gives idle surplus back under memory pressure
 * @pool:	the pools
 * @held:	bytes of all pools together, never above @size through surplus
 * @replenishing: how many tasks have allocated surplus that they are about to use, so that memory
 *		pressure does not take it back at once
 *
 * @held and @replenishing are written to by many, and lie behind the pools for that reason: the
 * members in front of these are read by every read(2) and write(2).
 */
struct scriptfs_pools {
	unsigned long		flags;
	u64			size;
	bool			strict;
	bool			poisoned;
	struct list_head	poison_link;
	struct shrinker		shrinker;
	struct scriptfs_pool	pool[SCRIPTFS_NR_CLASSES];
	atomic64_t		held;
	atomic_t		replenishing;
};

const char *scriptfs_page_wrong(struct page *page, bool *held);
void scriptfs_page_clean(struct page *page);
void scriptfs_report_poison(struct scriptfs_block *block, struct page *page, unsigned long ino);
bool scriptfs_block_poisoned(struct scriptfs_block *block);
bool scriptfs_block_bad(struct scriptfs_block *block);
struct scriptfs_span *scriptfs_span_alloc(struct scriptfs_pool *pool, unsigned int class,
					  unsigned int nr, gfp_t gfp);
void scriptfs_span_free(struct scriptfs_span *span);
void scriptfs_spans_add(struct scriptfs_pool *pool, struct scriptfs_block *const *blocks,
			unsigned int nr);
unsigned int scriptfs_spans_pick(struct scriptfs_pool *pool, bool surplus,
				 struct scriptfs_block **blocks, unsigned int nr);

#endif /* _FS_SCRIPTFS_SPAN_H */
