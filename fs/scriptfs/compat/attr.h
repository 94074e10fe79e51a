/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: what stat(2) tells of an inode, and its access control lists.
 */
#ifndef _FS_SCRIPTFS_COMPAT_ATTR_H
#define _FS_SCRIPTFS_COMPAT_ATTR_H

#include <linux/fs.h>
#include <linux/posix_acl.h>
#include <linux/stat.h>
#include <linux/version.h>

#include "idmap.h"

/* What is asked for was not told. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define generic_fillattr(idmap, mask, inode, stat)	generic_fillattr(inode, stat)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define generic_fillattr(idmap, mask, inode, stat)	generic_fillattr(idmap, inode, stat)
#endif

/* The operations of lists were given the inode itself. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define scriptfs_set_acl(idmap, dentry, acl, type)	\
	scriptfs_set_acl(struct inode *owner, acl, type)
#define posix_acl_update_mode(idmap, inode, mode, acl)	posix_acl_update_mode(inode, mode, acl)
#define posix_acl_chmod(idmap, dentry, mode)		posix_acl_chmod(d_inode(dentry), mode)
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define scriptfs_set_acl(idmap, dentry, acl, type)	\
	scriptfs_set_acl(idmap, struct inode *owner, acl, type)
#define posix_acl_chmod(idmap, dentry, mode)	posix_acl_chmod(idmap, d_inode(dentry), mode)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define scriptfs_acl_inode(dentry)	(owner)
#else
#define scriptfs_acl_inode(dentry)	d_inode(dentry)
#endif

#endif /* _FS_SCRIPTFS_COMPAT_ATTR_H */
