/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the times of an inode, which have accessors since Linux 6.7.
 */
#ifndef _FS_SCRIPTFS_COMPAT_TIME_H
#define _FS_SCRIPTFS_COMPAT_TIME_H

#include <linux/fs.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define inode_get_ctime(inode)			((inode)->i_ctime)
static inline struct timespec64 scriptfs_set_ctime(struct inode *inode)
{
	inode->i_ctime = current_time(inode);
	return inode->i_ctime;
}

#define inode_set_ctime_current(inode)		scriptfs_set_ctime(inode)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define inode_get_atime(inode)			((inode)->i_atime)
#define inode_get_mtime(inode)			((inode)->i_mtime)
#define inode_set_mtime_to_ts(inode, ts)	((inode)->i_mtime = (ts))
static inline void scriptfs_init_times(struct inode *inode)
{
	inode->i_mtime = inode_set_ctime_current(inode);
	inode->i_atime = inode->i_mtime;
}

#define simple_inode_init_ts(inode)		scriptfs_init_times(inode)
#endif

#endif /* _FS_SCRIPTFS_COMPAT_TIME_H */
