/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the reserve, the memory that is allocated at mount and kept until unmount.
 */
#ifndef _FS_SCRIPTFS_RESERVE_H
#define _FS_SCRIPTFS_RESERVE_H

#include "span.h"

int scriptfs_pools_fill(struct scriptfs_pools *pools,
			const unsigned long reserve[SCRIPTFS_NR_CLASSES], u64 size, bool strict,
			unsigned long *missing);
void scriptfs_pools_free(struct scriptfs_pools *pools);

#endif /* _FS_SCRIPTFS_RESERVE_H */
