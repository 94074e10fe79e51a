/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: in which order the pools are searched.
 */
#ifndef _FS_SCRIPTFS_SEARCH_H
#define _FS_SCRIPTFS_SEARCH_H

#include "span.h"

struct scriptfs_piece *scriptfs_search_own(struct scriptfs_pools *pools, unsigned int order);
struct scriptfs_piece *scriptfs_search(struct scriptfs_pools *pools, unsigned int order);

#endif /* _FS_SCRIPTFS_SEARCH_H */
