/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: flags of files and what else FS_IOC_SETFLAGS and FS_IOC_FSSETXATTR set.
 *
 * Since Linux 5.13 these are operations of the inode on a structure, which got another name in
 * 6.17. Before, they are ioctls of the file; ioctl.h has them, on top of the same functions.
 */
#ifndef _FS_SCRIPTFS_COMPAT_FILEATTR_H
#define _FS_SCRIPTFS_COMPAT_FILEATTR_H

#include <linux/fs.h>
#include <linux/version.h>

#include "idmap.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define scriptfs_fileattr_set(idmap, dentry, fa)	scriptfs_fileattr_set(dentry, fa)
#endif

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 13, 0)

#include <linux/fileattr.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define file_kattr	fileattr
#endif

#define scriptfs_dir_operations		simple_dir_operations
#define SCRIPTFS_FILEATTR_IOCTL
#define SCRIPTFS_FILEATTR_OPERATIONS		\
	.fileattr_get	= scriptfs_fileattr_get,	\
	.fileattr_set	= scriptfs_fileattr_set,

#else

/**
 * struct file_kattr - the same
 * @flags:	FS_IMMUTABLE_FL and the like
 * @fsx_xflags:	FS_XFLAG_IMMUTABLE and the like: all that @flags says, and more
 * @fsx_extsize: extent size hint, in bytes
 * @fsx_projid:	project
 * @flags_valid: @flags are what is to be set; otherwise all the others are
 */
struct file_kattr {
	u32			flags;
	u32			fsx_xflags;
	u32			fsx_extsize;
	u32			fsx_projid;
	bool			flags_valid;
};

extern const struct file_operations scriptfs_dir_operations;

void scriptfs_fill_xflags(struct file_kattr *fa, u32 xflags);
long scriptfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#define fileattr_fill_xflags(fa, xflags)	scriptfs_fill_xflags(fa, xflags)

#ifdef CONFIG_COMPAT
long scriptfs_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg);

#define SCRIPTFS_FILEATTR_IOCTL				\
	.unlocked_ioctl	= scriptfs_ioctl,		\
	.compat_ioctl	= scriptfs_compat_ioctl,
#else
#define SCRIPTFS_FILEATTR_IOCTL	.unlocked_ioctl = scriptfs_ioctl,
#endif
#define SCRIPTFS_FILEATTR_OPERATIONS

#endif

#endif /* _FS_SCRIPTFS_COMPAT_FILEATTR_H */
