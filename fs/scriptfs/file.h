/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the operations of regular files.
 */
#ifndef _FS_SCRIPTFS_FILE_H
#define _FS_SCRIPTFS_FILE_H

#include <linux/fs.h>

extern const struct file_operations scriptfs_file_operations;
extern const struct inode_operations scriptfs_file_inode_operations;

#endif /* _FS_SCRIPTFS_FILE_H */
