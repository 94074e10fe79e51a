/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the ioctls that read and set flags of files, where the VFS does not know them: before
 * Linux 5.13. This is a part of fileattr.c.
 */
#ifndef _FS_SCRIPTFS_COMPAT_IOCTL_H
#define _FS_SCRIPTFS_COMPAT_IOCTL_H

#include <linux/compat.h>
#include <linux/mount.h>
#include <linux/uaccess.h>

#include "fileattr.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 13, 0)

/* What has a bit in both kinds of flags. */
static const struct {
	u32	flag, xflag;
} scriptfs_flag_pair[] = {
	{ FS_SYNC_FL,		FS_XFLAG_SYNC },
	{ FS_IMMUTABLE_FL,	FS_XFLAG_IMMUTABLE },
	{ FS_APPEND_FL,		FS_XFLAG_APPEND },
	{ FS_NODUMP_FL,		FS_XFLAG_NODUMP },
	{ FS_NOATIME_FL,	FS_XFLAG_NOATIME },
	{ FS_DAX_FL,		FS_XFLAG_DAX },
	{ FS_PROJINHERIT_FL,	FS_XFLAG_PROJINHERIT },
};

/**
 * scriptfs_fill_xflags - begin to fill in what a file has
 * @fa:		all of it is overwritten
 * @xflags:	its flags, which @fa gets in both kinds
 */
void scriptfs_fill_xflags(struct file_kattr *fa, u32 xflags)
{
	unsigned int i;

	*fa = (struct file_kattr){ .fsx_xflags = xflags };
	for (i = 0; i < ARRAY_SIZE(scriptfs_flag_pair); i++)
		if (xflags & scriptfs_flag_pair[i].xflag)
			fa->flags |= scriptfs_flag_pair[i].flag;
}

/* Leave what flags cannot express as it is in @old. */
static void scriptfs_fill_flags(struct file_kattr *fa, const struct file_kattr *old)
{
	unsigned int i;

	fa->fsx_xflags = old->fsx_xflags;
	for (i = 0; i < ARRAY_SIZE(scriptfs_flag_pair); i++) {
		fa->fsx_xflags &= ~scriptfs_flag_pair[i].xflag;
		if (fa->flags & scriptfs_flag_pair[i].flag)
			fa->fsx_xflags |= scriptfs_flag_pair[i].xflag;
	}
	fa->fsx_extsize = old->fsx_extsize;
	fa->fsx_projid = old->fsx_projid;
}

static struct fsxattr scriptfs_fsx(const struct file_kattr *fa)
{
	return (struct fsxattr){
		.fsx_xflags	= fa->fsx_xflags,
		.fsx_extsize	= fa->fsx_extsize,
		.fsx_projid	= fa->fsx_projid,
	};
}

static int scriptfs_fileattr_check(struct dentry *dentry, struct file_kattr *fa)
{
	struct fsxattr before, after;
	struct file_kattr old;
	int err;

	scriptfs_fileattr_get(dentry, &old);
	if (fa->flags_valid)
		scriptfs_fill_flags(fa, &old);
	before = scriptfs_fsx(&old);
	after = scriptfs_fsx(fa);
	err = vfs_ioc_fssetxattr_check(d_inode(dentry), &before, &after);
	/* A hint of no bytes is none. */
	fa->fsx_xflags = after.fsx_xflags;
	return err;
}

static int scriptfs_fileattr_change(struct file *file, struct file_kattr *fa)
{
	struct dentry *dentry = file->f_path.dentry;
	struct inode *inode = d_inode(dentry);
	int err = mnt_want_write_file(file);

	if (err)
		return err;
	if (inode_owner_or_capable(inode)) {
		inode_lock(inode);
		err = scriptfs_fileattr_check(dentry, fa);
		if (!err)
			err = scriptfs_fileattr_set(&nop_mnt_idmap, dentry, fa);
		inode_unlock(inode);
	} else {
		err = -EPERM;
	}
	mnt_drop_write_file(file);
	return err;
}

static int scriptfs_get_flags(struct file *file, u32 __user *to)
{
	struct file_kattr fa;

	scriptfs_fileattr_get(file->f_path.dentry, &fa);
	return put_user(fa.flags, to);
}

static int scriptfs_set_flags(struct file *file, const u32 __user *from)
{
	struct file_kattr fa = { .flags_valid = true };

	if (get_user(fa.flags, from))
		return -EFAULT;
	return scriptfs_fileattr_change(file, &fa);
}

static int scriptfs_get_fsx(struct file *file, struct fsxattr __user *to)
{
	struct file_kattr fa;
	struct fsxattr fsx;

	scriptfs_fileattr_get(file->f_path.dentry, &fa);
	fsx = scriptfs_fsx(&fa);
	return copy_to_user(to, &fsx, sizeof(fsx)) ? -EFAULT : 0;
}

static int scriptfs_set_fsx(struct file *file, const struct fsxattr __user *from)
{
	struct file_kattr fa;
	struct fsxattr fsx;

	if (copy_from_user(&fsx, from, sizeof(fsx)))
		return -EFAULT;
	scriptfs_fill_xflags(&fa, fsx.fsx_xflags);
	fa.fsx_extsize = fsx.fsx_extsize;
	fa.fsx_projid = fsx.fsx_projid;
	return scriptfs_fileattr_change(file, &fa);
}

/**
 * scriptfs_ioctl - FS_IOC_GETFLAGS, FS_IOC_SETFLAGS, FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR
 * @file:	a file or directory
 * @cmd:	which of them
 * @arg:	address of the value
 *
 * Context: Takes inode_lock.
 * Return: 0; -ENOTTY for all others; or an error.
 */
long scriptfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	void __user *value = (void __user *)arg;

	switch (cmd) {
	case FS_IOC_GETFLAGS:
		return scriptfs_get_flags(file, value);
	case FS_IOC_SETFLAGS:
		return scriptfs_set_flags(file, value);
	case FS_IOC_FSGETXATTR:
		return scriptfs_get_fsx(file, value);
	case FS_IOC_FSSETXATTR:
		return scriptfs_set_fsx(file, value);
	}
	return -ENOTTY;
}

#ifdef CONFIG_COMPAT
/**
 * scriptfs_compat_ioctl - the same for a program of 32 bits
 * @file:	a file or directory
 * @cmd:	which of them
 * @arg:	address of the value
 *
 * Context: Takes inode_lock.
 * Return: As scriptfs_ioctl().
 */
long scriptfs_compat_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd == FS_IOC32_GETFLAGS)
		cmd = FS_IOC_GETFLAGS;
	else if (cmd == FS_IOC32_SETFLAGS)
		cmd = FS_IOC_SETFLAGS;
	return scriptfs_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

/* As simple_dir_operations, with these. */
const struct file_operations scriptfs_dir_operations = {
	.open		= dcache_dir_open,
	.release	= dcache_dir_close,
	.llseek		= dcache_dir_lseek,
	.read		= generic_read_dir,
	.iterate_shared	= dcache_readdir,
	.fsync		= noop_fsync,
	SCRIPTFS_FILEATTR_IOCTL
};

#endif

#endif /* _FS_SCRIPTFS_COMPAT_IOCTL_H */
