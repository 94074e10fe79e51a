/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the file system as the VFS sees it.
 */
#ifndef _FS_SCRIPTFS_SUPER_H
#define _FS_SCRIPTFS_SUPER_H

struct file_system_type;

extern struct file_system_type scriptfs_fs_type;

#endif /* _FS_SCRIPTFS_SUPER_H */
