/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: fallocate(2).
 */
#ifndef _FS_SCRIPTFS_FALLOCATE_H
#define _FS_SCRIPTFS_FALLOCATE_H

#include <linux/types.h>

struct file;

long scriptfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len);

#endif /* _FS_SCRIPTFS_FALLOCATE_H */
