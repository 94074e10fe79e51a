/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kbench: the interfaces of Linux 6.12, where 5.10 and 6.1 have others.
 *
 * The directory that is measured is on no ID mapped mount.
 */
#ifndef KBENCH_COMPAT_VFS_H
#define KBENCH_COMPAT_VFS_H

#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)

#define vfs_mkdir(idmap, dir, dentry, mode)		vfs_mkdir(dir, dentry, mode)
#define vfs_rmdir(idmap, dir, dentry)			vfs_rmdir(dir, dentry)
#define vfs_unlink(idmap, dir, dentry, delegated)	vfs_unlink(dir, dentry, delegated)
#define kthread_complete_and_exit(done, code)		complete_and_exit(done, code)

static inline struct file *kbench_open_root(const struct path *root, const char *name, int flags,
					    umode_t mode)
{
	return file_open_root(root->dentry, root->mnt, name, flags, mode);
}

#define file_open_root	kbench_open_root

/* What is called for each entry of a directory, and what it returns to hear of the next. */
#define KBENCH_ENTRY	int
#define KBENCH_NEXT	0

#else

#define KBENCH_ENTRY	bool
#define KBENCH_NEXT	true

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define nop_mnt_idmap	init_user_ns
#endif

#endif

#endif /* KBENCH_COMPAT_VFS_H */
