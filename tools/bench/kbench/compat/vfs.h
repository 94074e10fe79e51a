/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kbench: the interfaces of Linux 6.12 where 5.10 and 6.1 have others. Nothing else here looks at the
 * kernel's version.
 *
 * A directory that is measured is on no ID mapped mount.
 */
#ifndef KBENCH_COMPAT_VFS_H
#define KBENCH_COMPAT_VFS_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)

#define vfs_mkdir(idmap, dir, dentry, mode)		vfs_mkdir(dir, dentry, mode)
#define vfs_rmdir(idmap, dir, dentry)			vfs_rmdir(dir, dentry)
#define vfs_unlink(idmap, dir, dentry, delegated)	vfs_unlink(dir, dentry, delegated)
#define file_open_root(path, name, flags, mode)	\
	file_open_root((path)->dentry, (path)->mnt, name, flags, mode)
#define kthread_complete_and_exit(done, code)		complete_and_exit(done, code)

/* What reading a directory wants to hear of each entry, to go on */
#define KBENCH_NEXT_ENTRY	0
typedef int kbench_entry_t;

#else

#define KBENCH_NEXT_ENTRY	true
typedef bool kbench_entry_t;

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define nop_mnt_idmap	init_user_ns
#endif

#endif

#endif /* KBENCH_COMPAT_VFS_H */
