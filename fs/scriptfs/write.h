/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: writing regular files.
 */
#ifndef _FS_SCRIPTFS_WRITE_H
#define _FS_SCRIPTFS_WRITE_H

#include <linux/types.h>

struct file;
struct inode;
struct iov_iter;
struct kiocb;

int scriptfs_write_allowed(struct file *file);
ssize_t scriptfs_write_run(struct inode *inode, loff_t pos, struct iov_iter *from);
ssize_t scriptfs_write_iter(struct kiocb *iocb, struct iov_iter *from);

#endif /* _FS_SCRIPTFS_WRITE_H */
