/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: making the memory of a file fit what it holds.
 */
#ifndef _FS_SCRIPTFS_TRIM_H
#define _FS_SCRIPTFS_TRIM_H

struct inode;

void scriptfs_eof_trim(struct inode *inode);

#endif /* _FS_SCRIPTFS_TRIM_H */
