/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: reading regular files.
 */
#ifndef _FS_SCRIPTFS_READ_H
#define _FS_SCRIPTFS_READ_H

#include <linux/types.h>

struct file;
struct iov_iter;
struct kiocb;

size_t scriptfs_extent_at(struct inode *inode, loff_t pos, size_t max, bool *hole);
ssize_t scriptfs_read_iter(struct kiocb *iocb, struct iov_iter *to);
loff_t scriptfs_llseek(struct file *file, loff_t offset, int whence);

#endif /* _FS_SCRIPTFS_READ_H */
