/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the pools, where pieces wait for a file.
 */
#ifndef _FS_SCRIPTFS_POOL_H
#define _FS_SCRIPTFS_POOL_H

#include "span.h"

/**
 * struct scriptfs_class_stats - how many blocks of a class are where
 * @reserve:	preallocated
 * @surplus:	above the reserve
 * @idle:	whole, and ready to be taken
 * @cut:	cut into pieces, whoever has those
 * @used:	whole, and not idle
 *
 * reserve + surplus == idle + cut + used, always.
 */
struct scriptfs_class_stats {
	unsigned long		reserve;
	unsigned long		surplus;
	unsigned long		idle;
	unsigned long		cut;
	unsigned long		used;
};

/**
 * struct scriptfs_stats - how many bytes of a mount's pools are where
 * @reserve:	preallocated
 * @surplus:	above the reserve
 * @idle:	ready to be taken, as blocks or pieces
 * @used:	belong to files
 * @quarantine:	wait for outside references to be dropped
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

struct scriptfs_piece *scriptfs_take(struct scriptfs_pools *pools, unsigned int order,
				     const void *owner);
struct scriptfs_piece *scriptfs_take_listed(struct scriptfs_pools *pools, unsigned int order,
					    const void *owner);
struct scriptfs_piece *scriptfs_take_more(struct scriptfs_pools *pools, unsigned int order,
					  const void *owner);
bool scriptfs_take_super(struct scriptfs_pools *pools, bool surplus, const void *owner,
			 struct scriptfs_piece **pieces);
void scriptfs_put(struct scriptfs_pools *pools, struct scriptfs_piece *piece, const void *owner,
		  unsigned long ino);
void scriptfs_put_batch(struct scriptfs_pools *pools, struct scriptfs_piece **pieces,
			unsigned int nr, const void *owner, unsigned long ino);
void scriptfs_class_stats(struct scriptfs_pools *pools, unsigned int class,
			  struct scriptfs_class_stats *stats);
void scriptfs_pools_stats(struct scriptfs_pools *pools, struct scriptfs_stats *stats);

#endif /* _FS_SCRIPTFS_POOL_H */
