/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: what the page cache asks of a file.
 */
#ifndef _FS_SCRIPTFS_AOPS_H
#define _FS_SCRIPTFS_AOPS_H

#include <linux/fs.h>

extern const struct address_space_operations scriptfs_aops;

#endif /* _FS_SCRIPTFS_AOPS_H */
