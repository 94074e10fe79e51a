/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: memory for inodes, which are on a list of the superblock by memory cgroup.
 */
#ifndef _FS_SCRIPTFS_COMPAT_SLAB_H
#define _FS_SCRIPTFS_COMPAT_SLAB_H

#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
#define alloc_inode_sb(sb, cache, gfp)	kmem_cache_alloc(cache, gfp)
#endif

#endif /* _FS_SCRIPTFS_COMPAT_SLAB_H */
