/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: flags and class hints of files and directories.
 */
#ifndef _FS_SCRIPTFS_FILEATTR_H
#define _FS_SCRIPTFS_FILEATTR_H

#include "compat/fileattr.h"

int scriptfs_fileattr_get(struct dentry *dentry, struct file_kattr *fa);
int scriptfs_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry, struct file_kattr *fa);
void scriptfs_fileattr_inherit(struct inode *inode, const struct inode *dir);

#endif /* _FS_SCRIPTFS_FILEATTR_H */
