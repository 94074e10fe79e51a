/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: file handles.
 */
#ifndef _FS_SCRIPTFS_EXPORT_H
#define _FS_SCRIPTFS_EXPORT_H

struct super_block;

void scriptfs_export_init(struct super_block *sb);

#endif /* _FS_SCRIPTFS_EXPORT_H */
