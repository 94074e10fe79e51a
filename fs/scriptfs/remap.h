/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: copy_file_range(2).
 */
#ifndef _FS_SCRIPTFS_REMAP_H
#define _FS_SCRIPTFS_REMAP_H

#include <linux/types.h>

struct file;

ssize_t scriptfs_copy_file_range(struct file *file_in, loff_t pos_in, struct file *file_out,
				 loff_t pos_out, size_t len, unsigned int flags);

#endif /* _FS_SCRIPTFS_REMAP_H */
