/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: copies past the processor's caches.
 */
#ifndef _FS_SCRIPTFS_NOCACHE_H
#define _FS_SCRIPTFS_NOCACHE_H

#include <linux/types.h>

struct inode;
struct iov_iter;

/* How long a call and a file have to be to go past the caches by default: see nocache.c. */
#define SCRIPTFS_BYPASS_CALL	0x10000UL
#define SCRIPTFS_BYPASS_FILE	0x1000000UL

void scriptfs_nocache_try(void);
bool scriptfs_should_bypass(struct inode *inode, loff_t end, const struct iov_iter *from);
size_t scriptfs_copy_past_cache(void *to, size_t len, struct iov_iter *from);

#endif /* _FS_SCRIPTFS_NOCACHE_H */
