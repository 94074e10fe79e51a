/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: /sys/fs/scriptfs.
 */
#ifndef _FS_SCRIPTFS_SYSFS_H
#define _FS_SCRIPTFS_SYSFS_H

struct scriptfs_sb;

int scriptfs_sysfs_init(void);
void scriptfs_sysfs_exit(void);
int scriptfs_sysfs_add(struct scriptfs_sb *sbi);
void scriptfs_sysfs_remove(struct scriptfs_sb *sbi);

#endif /* _FS_SCRIPTFS_SYSFS_H */
