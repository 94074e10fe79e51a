/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: extended attributes.
 */
#ifndef _FS_SCRIPTFS_XATTR_H
#define _FS_SCRIPTFS_XATTR_H

#include <linux/types.h>

struct dentry;
struct inode;
struct qstr;
struct xattr_handler;

extern const struct xattr_handler *const scriptfs_xattr_handlers[];

ssize_t scriptfs_listxattr(struct dentry *dentry, char *list, size_t size);
int scriptfs_init_security(struct inode *inode, struct inode *dir, const struct qstr *name);
int scriptfs_beside(struct inode *inode, size_t less, size_t more);
void scriptfs_beside_free(struct inode *inode);

#endif /* _FS_SCRIPTFS_XATTR_H */
