/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: names, and the inodes made for them.
 */
#ifndef _FS_SCRIPTFS_NAMEI_H
#define _FS_SCRIPTFS_NAMEI_H

#include <linux/types.h>

#include "compat/idmap.h"

struct inode;
struct qstr;
struct super_block;

struct inode *scriptfs_new_inode(struct mnt_idmap *idmap, struct super_block *sb,
				 struct inode *dir, const struct qstr *name, umode_t mode,
				 dev_t dev);

#endif /* _FS_SCRIPTFS_NAMEI_H */
