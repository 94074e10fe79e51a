/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: making names, and what they leave behind.
 */
#ifndef _FS_SCRIPTFS_COMPAT_NAMES_H
#define _FS_SCRIPTFS_COMPAT_NAMES_H

#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/version.h>

#include "idmap.h"

/* A name is pinned by a reference, for which a dentry has a flag now. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
static inline void scriptfs_pin(struct dentry *dentry, struct inode *inode)
{
	d_instantiate(dentry, inode);
	dget(dentry);
}

#define d_make_persistent(dentry, inode)	scriptfs_pin(dentry, inode)
#define kill_anon_super(sb)		kill_litter_super(sb)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define inode_just_drop		generic_delete_inode
#endif

/* Whether a file has to be new is not told any more: it always is. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define scriptfs_create(idmap, dir, dentry, mode)	\
	scriptfs_create(dir, dentry, mode, bool excl)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
#define scriptfs_create(idmap, dir, dentry, mode)	\
	scriptfs_create(idmap, dir, dentry, mode, bool excl)
#endif

/* ->mkdir() may return another dentry than it was given: NULL is for the same one. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define SCRIPTFS_MKDIR_TYPE		int
#define SCRIPTFS_MKDIR_RESULT(err)	(err)
#else
#define SCRIPTFS_MKDIR_TYPE		struct dentry *
#define SCRIPTFS_MKDIR_RESULT(err)	ERR_PTR(err)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define scriptfs_mkdir(idmap, dir, dentry, mode)	scriptfs_mkdir(dir, dentry, mode)
#endif

/* A file without a name was given as its dentry. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define scriptfs_tmpfile(idmap, dir, file, mode)	\
	scriptfs_tmpfile(dir, struct dentry *dentry, mode)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define scriptfs_tmpfile(idmap, dir, file, mode)	\
	scriptfs_tmpfile(idmap, dir, struct dentry *dentry, mode)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#define d_tmpfile(file, inode)			d_tmpfile(dentry, inode)
#define finish_open_simple(file, err)		(err)
#endif

#endif /* _FS_SCRIPTFS_COMPAT_NAMES_H */
