/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: what pool.c, surplus.c and slab.c share with each other and with nobody else.
 */
#ifndef _FS_SCRIPTFS_POOL_H
#define _FS_SCRIPTFS_POOL_H

#include "scriptfs.h"

/*
 * Blocks are never worth the life of a process, so neither mask may wake the OOM killer. A block
 * that is asked for while somebody writes may fail to come, as there are other classes to fall back
 * on; the reserve is worth compaction and reclaim. Neither takes movable memory: the pool keeps its
 * pages for as long as it likes, and there it would be in the way of CMA and memory hot-remove.
 */
#define SCRIPTFS_GFP_TRY	(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)
#define SCRIPTFS_GFP_INSIST	(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/**
 * struct scriptfs_slab - blocks that were allocated together
 * @link:	on the pool's partial or full list
 * @pool:	the pool it belongs to
 * @idle:	a bit for each idle block, the lowest address first
 * @nr:		how many blocks there are
 * @surplus:	above the reserve, so it may go back to the system when idle
 * @block:	the blocks in order of address, allocated on their own because 64 of them fill a
 *		page exactly
 */
struct scriptfs_slab {
	struct list_head	link;
	struct scriptfs_pool	*pool;
	u64			idle;
	u8			nr;
	bool			surplus;
	struct scriptfs_block	*block;
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

/* surplus.c */
struct scriptfs_block *scriptfs_take_surplus(struct scriptfs_sb *sbi, unsigned int class);
unsigned long scriptfs_shrink_count(struct shrinker *shrinker, struct shrink_control *sc);
unsigned long scriptfs_shrink_scan(struct shrinker *shrinker, struct shrink_control *sc);

/* slab.c */
struct scriptfs_slab *scriptfs_slab_alloc(struct scriptfs_pool *pool, unsigned int class,
					  unsigned int nr, gfp_t gfp);
void scriptfs_slab_free(struct scriptfs_slab *slab);
enum scriptfs_fate scriptfs_block_inspect(struct scriptfs_block *block);

#endif /* _FS_SCRIPTFS_POOL_H */
