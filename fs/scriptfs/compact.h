/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: joining cut blocks by moving what files have of them.
 */
#ifndef _FS_SCRIPTFS_COMPACT_H
#define _FS_SCRIPTFS_COMPACT_H

#include <linux/workqueue.h>

void scriptfs_compact(struct work_struct *work);

#endif /* _FS_SCRIPTFS_COMPACT_H */
