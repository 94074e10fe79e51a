/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the attributes that every inode has.
 */
#ifndef _FS_SCRIPTFS_ATTR_H
#define _FS_SCRIPTFS_ATTR_H

#include "compat/attr.h"

struct inode;

int scriptfs_getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat,
		     u32 request_mask, unsigned int query_flags);
int scriptfs_attr_copy(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr);
int scriptfs_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr);
int scriptfs_set_acl(struct mnt_idmap *idmap, struct dentry *dentry, struct posix_acl *acl,
		     int type);
int scriptfs_init_acl(struct inode *inode, struct inode *dir);

#endif /* _FS_SCRIPTFS_ATTR_H */
