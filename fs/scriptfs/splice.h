/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: splice(2) and sendfile(2) from regular files.
 */
#ifndef _FS_SCRIPTFS_SPLICE_H
#define _FS_SCRIPTFS_SPLICE_H

#include <linux/types.h>

struct file;
struct pipe_inode_info;

ssize_t scriptfs_splice_read(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe,
			     size_t len, unsigned int flags);

#endif /* _FS_SCRIPTFS_SPLICE_H */
