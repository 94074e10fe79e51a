/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the quarantine, where freed blocks wait while their pages have outside references.
 */
#ifndef _FS_SCRIPTFS_QUARANTINE_H
#define _FS_SCRIPTFS_QUARANTINE_H

#include "span.h"

unsigned int scriptfs_pool_settle_few(struct scriptfs_pool *pool);
unsigned int scriptfs_pool_settle(struct scriptfs_pool *pool);
unsigned int scriptfs_pool_settle_all(struct scriptfs_pool *pool);
void scriptfs_block_quarantine(struct scriptfs_pool *pool, struct scriptfs_block *block,
			       unsigned long ino);

#endif /* _FS_SCRIPTFS_QUARANTINE_H */
