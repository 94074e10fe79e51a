/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the pools, where blocks wait for a file.
 */
#ifndef _FS_SCRIPTFS_POOL_H
#define _FS_SCRIPTFS_POOL_H

#include "span.h"

/**
 * struct scriptfs_stats - how many blocks of a pool, or bytes of all pools, are where
 * @reserve:	preallocated
 * @surplus:	above the reserve
 * @idle:	ready to be taken, in the pool or in a magazine
 * @used:	belong to files
 * @quarantine:	wait for an outside reference to be dropped
 * @retired:	out of service
 *
 * reserve + surplus == idle + used + quarantine + retired, always.
 */
struct scriptfs_stats {
	unsigned long		reserve;
	unsigned long		surplus;
	unsigned long		idle;
	unsigned long		used;
	unsigned long		quarantine;
	unsigned long		retired;
};

struct scriptfs_block *scriptfs_pool_take(struct scriptfs_pools *pools, unsigned int class,
					  bool surplus);
struct scriptfs_block *scriptfs_pool_search(struct scriptfs_pool *pool);
void scriptfs_pool_put(struct scriptfs_pools *pools, struct scriptfs_block *block,
		       unsigned long ino);
void scriptfs_pool_put_batch(struct scriptfs_pools *pools, struct scriptfs_block **blocks,
			     unsigned int nr, unsigned long ino);
void scriptfs_pool_stats(struct scriptfs_pool *pool, struct scriptfs_stats *stats);
void scriptfs_pools_stats(struct scriptfs_pools *pools, struct scriptfs_stats *sum);

#endif /* _FS_SCRIPTFS_POOL_H */
