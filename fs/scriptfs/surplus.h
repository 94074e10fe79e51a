/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: surplus, the blocks beyond the reserve.
 */
#ifndef _FS_SCRIPTFS_SURPLUS_H
#define _FS_SCRIPTFS_SURPLUS_H

#include "span.h"

int scriptfs_shrinker_register(struct scriptfs_pools *pools);
void scriptfs_shrinker_unregister(struct scriptfs_pools *pools);
void scriptfs_pools_limit(struct scriptfs_pools *pools, u64 size, bool strict);
u64 scriptfs_growth(struct scriptfs_pools *pools);
struct scriptfs_piece *scriptfs_take_surplus(struct scriptfs_pools *pools, unsigned int class,
					     gfp_t gfp);

/**
 * struct scriptfs_wait - a task that waits for blocks without holding locks, zeroed at first
 * @replenished: surplus was allocated, which memory pressure leaves alone until the wait ends
 * @all:	the task has no use for less than all that it asks for
 * @sure:	no idle pieces were off the lists when it tried last, if @hides is still the same
 * @hides:	what scriptfs_hiding() said then, and how often the task itself gave some back since
 * @tries:	how often it has looked in vain
 * @stuck:	how often it found the same pieces off the lists
 */
struct scriptfs_wait {
	bool		replenished;
	bool		all;
	bool		sure;
	unsigned int	hides;
	unsigned int	tries;
	unsigned int	stuck;
};

int scriptfs_pools_replenish(struct scriptfs_pools *pools, struct scriptfs_wait *wait,
			     u64 bytes);
void scriptfs_replenish_end(struct scriptfs_pools *pools, struct scriptfs_wait *wait);

#endif /* _FS_SCRIPTFS_SURPLUS_H */
