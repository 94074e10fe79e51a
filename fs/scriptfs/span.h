/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: spans, the memory of blocks, and the pools that list them.
 */
#ifndef _FS_SCRIPTFS_SPAN_H
#define _FS_SCRIPTFS_SPAN_H

#include <linux/mutex.h>
#include <linux/spinlock.h>

#include "piece.h"

struct scriptfs_magazine;
struct scriptfs_super;

/*
 * No block is worth a process, so no mask may wake the OOM killer. NOWAIT is for callers that hold
 * locks of a file: to reclaim or compact memory would keep others waiting. TRY is for sizes with a
 * smaller one to fall back on. INSIST is for the reserve, which is worth compaction and reclaim,
 * and seconds of both where the piece is large (scriptfs_insist()). None asks for movable memory:
 * pages stay in the pool for as long as the mount, where they would be in the way of CMA and memory
 * hot-remove.
 */
#define SCRIPTFS_GFP_NOWAIT	(GFP_NOWAIT | __GFP_NOWARN)
#define SCRIPTFS_GFP_TRY	(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)
#define SCRIPTFS_GFP_INSIST	(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/* Pieces of cut blocks have less than a chunk, or are chunks of a super. */
#define SCRIPTFS_NR_ORDERS	(SCRIPTFS_CHUNK_ORDER + 1)

/* Pieces of up to this order have magazines; the next one is a poem. */
#define SCRIPTFS_SMALL_ORDERS	(SCRIPTFS_POEM_SHIFT - PAGE_SHIFT)

/**
 * struct scriptfs_span - blocks that were allocated together, or a chunk of a super
 * @link:	on the pool's partial or full list; a super is there by its first chunk
 * @idle:	a bit for each whole idle block that is in no magazine, the lowest address first
 * @pool:	the pool it belongs to
 * @super:	the super that it is a chunk of, NULL for other classes
 * @pages:	number of pages
 * @surplus:	above the reserve, so it may go back to the system when idle
 * @colour:	how many bytes of its allocation lie in front of it (span.c)
 * @piece:	one for each page, in order of address
 *
 * Guarded by the pool's lock. What never changes, and is needed to free a piece, is in the piece as
 * well, so that this is not looked at for that.
 *
 * The size matters: with 64 bytes here and 56 for each piece, the span of any class takes no more
 * than 64 bytes a page from the slab, which is 1.6 % of the memory.
 */
struct scriptfs_span {
	struct list_head	link;
	u64			idle;
	struct scriptfs_pool	*pool;
	struct scriptfs_super	*super;
	u16			pages;
	bool			surplus;
	u16			colour;
	struct scriptfs_piece	piece[];
};

/**
 * struct scriptfs_super - the chunks of a super
 * @nr_listed:	how many are idle and listed; guarded by cut.lock
 * @cut:	they are used or idle one by one; guarded by cut.lock
 * @chunk:	the chunks
 */
struct scriptfs_super {
	u8			nr_listed;
	bool			cut;
	struct scriptfs_span	*chunk[SCRIPTFS_SUPER_CHUNKS];
};

/**
 * struct scriptfs_pool - the blocks of one class of one mount
 * @pools:	all pools of the mount
 * @class:	which class
 * @order:	the largest piece has 2^order pages: a block, or a chunk of a super
 * @depth:	how many blocks a magazine holds
 * @magazine:	per-CPU idle blocks of the reserve (magazine.c); NULL when the class has none
 * @lock:	guards everything below but @nr_cut
 * @partial:	spans with idle blocks, those of the reserve before those of the surplus
 * @full:	spans without
 * @reserve:	how many blocks stay preallocated
 * @surplus:	blocks above the reserve, in any state
 * @idle:	whole blocks ready to be taken, without those in magazines
 * @arrivals:	how often a block became one of those, ever
 * @nr_cut:	blocks that are cut; guarded by cut.lock
 * @colour:	how many spans were allocated, ever
 *
 * Blocks in use are not counted, since all processors would write to that counter: they are what
 * of reserve + surplus is neither idle, nor in a magazine, nor cut. For the same reason what is
 * only read after the mount has a cache line of its own.
 */
struct scriptfs_pool {
	struct scriptfs_pools	*pools;
	u8			class;
	u8			order;
	unsigned int		depth;
	struct scriptfs_magazine __percpu *magazine;

	spinlock_t		lock ____cacheline_aligned_in_smp;	/* lists, counters */
	struct list_head	partial;
	struct list_head	full;
	unsigned long		reserve;
	unsigned long		surplus;
	unsigned long		idle;
	unsigned long		arrivals;
	unsigned long		nr_cut;
	atomic_t		colour;
} ____cacheline_aligned_in_smp;

/**
 * struct scriptfs_cut - the idle pieces of cut blocks, of all classes together (cut.c)
 * @orders:	a bit for each order that has any on a list
 * @depth:	how many pieces of an order a magazine holds
 * @magazine:	per-CPU idle pieces of each of the small orders; NULL when the mount has none
 * @lock:	guards the rest and @orders, and all cutting and joining of idle blocks
 * @list:	the pieces of each order, those of the reserve before those of the surplus
 * @pages:	how many pages are on the lists
 * @arrivals:	how often a piece was listed, ever
 * @hidden:	how many idle pages are off the lists while their block is being cleared
 * @hiders:	how many tasks have pieces off the lists that may be back in a moment
 * @hides:	how often one had some that are back, ever
 */
struct scriptfs_cut {
	unsigned long		orders;
	unsigned int		depth;
	struct scriptfs_magazine __percpu *magazine[SCRIPTFS_SMALL_ORDERS];

	spinlock_t		lock ____cacheline_aligned_in_smp;	/* see above */
	struct list_head	list[SCRIPTFS_NR_ORDERS];
	unsigned long		pages;
	unsigned long		arrivals;
	unsigned long		hidden;
	unsigned int		hiders;
	unsigned int		hides;
} ____cacheline_aligned_in_smp;

/**
 * struct scriptfs_quarantine - pieces that wait for their last outside reference to be dropped
 * @settling:	held while pieces are checked; taken before @lock. Only tasks that hold no lock of a
 *		file wait for it (quarantine.c)
 * @lock:	guards everything below
 * @list:	the pieces
 * @nr:		how many are on @list, or off it while they are checked
 * @pages:	how many pages those have
 * @retired:	how many pages were found bad or corrupt: out of service until the mount ends
 */
struct scriptfs_quarantine {
	struct mutex		settling;	/* see above */
	spinlock_t		lock;		/* see above */
	struct list_head	list;
	unsigned long		nr;
	unsigned long		pages;
	unsigned long		retired;
};

/* Bits of scriptfs_pools.flags */
#define SCRIPTFS_POOLS_SUSPECT	0	/* pages may have hardware memory errors */
#define SCRIPTFS_POOLS_OWNER	1	/* the first bit of the owner */

/**
 * struct scriptfs_pools - the five pools of a mount, and what they have in common
 * @flags:	SCRIPTFS_POOLS_SUSPECT, and bits of the owner, so that the usual read and write test
 *		a single word
 * @size:	limit of reserve and surplus together, in bytes
 * @strict:	no surplus
 * @poisoned:	a page has a hardware memory error
 * @poison_link: on the list of pools that hear of hardware memory errors (poison.c)
 * @shrinker:	gives idle surplus back under memory pressure
 * @pool:	the pools
 * @cut:	the idle pieces of their cut blocks
 * @quarantine:	what is held from outside
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
	struct shrinker		*shrinker;
	struct scriptfs_pool	pool[SCRIPTFS_NR_CLASSES];
	struct scriptfs_cut	cut;
	struct scriptfs_quarantine quarantine;
	atomic64_t		held;
	atomic_t		replenishing;
};

static inline struct scriptfs_span *scriptfs_piece_span(const struct scriptfs_piece *piece)
{
	return container_of(piece - piece->slot, struct scriptfs_span, piece[0]);
}

static inline struct scriptfs_pool *scriptfs_piece_pool(struct scriptfs_pools *pools,
							const struct scriptfs_piece *piece)
{
	return &pools->pool[piece->class];
}

/* Is it all of a block? A super is never one piece. */
static inline bool scriptfs_piece_whole(const struct scriptfs_piece *piece)
{
	return piece->class != SCRIPTFS_SUPER && piece->order == scriptfs_class_order(piece->class);
}

const char *scriptfs_page_wrong(struct page *page, bool *held);
void scriptfs_page_clean(struct page *page);
struct scriptfs_span *scriptfs_span_alloc(struct scriptfs_pool *pool, unsigned int nr,
					  bool surplus, gfp_t gfp);
struct scriptfs_piece *scriptfs_piece_around(struct scriptfs_span *span, unsigned int slot);
unsigned int scriptfs_span_blocks(const struct scriptfs_span *span);
void scriptfs_span_free(struct scriptfs_span *span);
void scriptfs_spans_add(struct scriptfs_pool *pool, struct scriptfs_piece *const *pieces,
			unsigned int nr);
unsigned int scriptfs_spans_pick(struct scriptfs_pool *pool, bool surplus,
				 struct scriptfs_piece **pieces, unsigned int nr);

#endif /* _FS_SCRIPTFS_SPAN_H */
