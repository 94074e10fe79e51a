/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: ID mapped mounts, an argument of what makes and changes inodes.
 *
 * Linux 6.3 has struct mnt_idmap, 5.12 a user namespace in its place, and before that there is no
 * such argument. There, these macros drop it: from calls, and from the definitions of operations
 * of these names, where the argument is a declaration.
 */
#ifndef _FS_SCRIPTFS_COMPAT_IDMAP_H
#define _FS_SCRIPTFS_COMPAT_IDMAP_H

#include <linux/fs.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)

#define inode_init_owner(idmap, inode, dir, mode)	inode_init_owner(inode, dir, mode)
#define setattr_prepare(idmap, dentry, attr)		setattr_prepare(dentry, attr)
#define setattr_copy(idmap, inode, attr)		setattr_copy(inode, attr)
#define simple_rename(idmap, old_dir, old, new_dir, new, flags)	\
	simple_rename(old_dir, old, new_dir, new, flags)

#define scriptfs_getattr(idmap, path, stat, mask, flags)	\
	scriptfs_getattr(path, stat, mask, flags)
#define scriptfs_attr_copy(idmap, dentry, attr)		scriptfs_attr_copy(dentry, attr)
#define scriptfs_setattr(idmap, dentry, attr)		scriptfs_setattr(dentry, attr)
#define scriptfs_file_setattr(idmap, dentry, attr)	scriptfs_file_setattr(dentry, attr)
#define scriptfs_xattr_set(handler, idmap, dentry, inode, name, value, size, flags)	\
	scriptfs_xattr_set(handler, dentry, inode, name, value, size, flags)
#define scriptfs_new_inode(idmap, sb, dir, name, mode, dev)	\
	scriptfs_new_inode(sb, dir, name, mode, dev)
#define scriptfs_leave_whiteout(idmap, dir, dentry)	scriptfs_leave_whiteout(dir, dentry)
#define scriptfs_mknod(idmap, dir, dentry, mode, dev)	scriptfs_mknod(dir, dentry, mode, dev)
#define scriptfs_symlink(idmap, dir, dentry, target)	scriptfs_symlink(dir, dentry, target)
#define scriptfs_rename(idmap, old_dir, old, new_dir, new, flags)	\
	scriptfs_rename(old_dir, old, new_dir, new, flags)

#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)

#define mnt_idmap	user_namespace
#define nop_mnt_idmap	init_user_ns

#endif

#ifndef FS_ALLOW_IDMAP
#define FS_ALLOW_IDMAP	0
#endif

#endif /* _FS_SCRIPTFS_COMPAT_IDMAP_H */
