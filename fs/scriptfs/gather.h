/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: having a chunk of a file that is in several pieces in one large block.
 */
#ifndef _FS_SCRIPTFS_GATHER_H
#define _FS_SCRIPTFS_GATHER_H

#include "inode.h"

bool scriptfs_gather(struct inode *inode, pgoff_t index);

#endif /* _FS_SCRIPTFS_GATHER_H */
