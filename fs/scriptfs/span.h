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
 * struct scriptfs_pool - the blocks of one class of one mount
 * @magazine:	idle blocks of the reserve that each processor has for itself (magazine.c); NULL
 *		when the class has none
 * @depth:	how many blocks a magazine holds
 * @suspect:	a page of the system had a hardware memory error while this mount was there, so
 *		blocks are looked at when they are taken and given back (poison.c)
 * @lock:	guards everything below
 * @settling:	held while quarantined blocks are looked at; taken before @lock. Only those wait for
 *		it who hold no lock of a file (quarantine.c)
 * @partial:	spans with idle blocks, those of the reserve before those of the surplus
 * @full:	spans without
 * @quarantine:	blocks that wait for their last outside reference to go
 * @reserve:	how many blocks the mount keeps preallocated
 * @surplus:	blocks above the reserve, idle or in use
 * @idle:	blocks ready to be handed out, but for those in magazines
 * @arrivals:	how often a block became one of those, ever
 * @nr_quarantine: blocks on @quarantine, or off it while somebody looks at them
 * @nr_retired:	blocks found corrupt, out of service until the mount ends
 *
 * Nobody counts the blocks in use, since that would be a counter that all processors write to:
 * they are what of reserve + surplus is neither idle nor in a magazine, quarantined or retired.
 * For the same reason what is only read after the mount has a cache line of its own.
 */
struct scriptfs_pool {
	struct scriptfs_magazine __percpu *magazine;
	unsigned int		depth;
	bool			suspect;

	spinlock_t		lock ____cacheline_aligned_in_smp;	/* lists, stats */
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
#define SCRIPTFS_POOLS_OWNER	1	/* the first of those that are the owner's */

/**
 * struct scriptfs_pools - the five pools of a mount, and what they have in common
 * @flags:	SCRIPTFS_POOLS_SUSPECT, and bits of the owner's: reads and writes of most mounts
 *		find one word to be 0
 * @size:	what reserve and surplus may come to together, in bytes
 * @strict:	no surplus
 * @poisoned:	a block was found with a hardware memory error
 * @poison_link: on the list of those that are told about hardware memory errors (poison.c)
 * @shrinker:	gives idle surplus back under memory pressure
 * @pool:	the pools
 * @held:	bytes of all pools together, never above @size through surplus
 * @replenishing: how many tasks have got surplus that they are about to use, so that memory
 *		pressure does not take it back at once
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
