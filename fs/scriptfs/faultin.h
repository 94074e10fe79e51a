/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: faulting in the user's side of a copy.
 */
#ifndef _FS_SCRIPTFS_FAULTIN_H
#define _FS_SCRIPTFS_FAULTIN_H

#include <linux/types.h>

struct iov_iter;

/* How often in a row a copy may fail for memory that was just faulted in. */
#define SCRIPTFS_FAULT_TRIES	8

/*
 * How much to fault in when the last @stuck attempts came to nothing: half as much each time, for a
 * task that may have only little in memory at once.
 */
static inline size_t scriptfs_fault_in_len(size_t len, unsigned int stuck)
{
	return stuck > 1 ? len >> (stuck - 1) : len;
}

ssize_t scriptfs_fault_in(const struct iov_iter *iter, size_t len);

#endif /* _FS_SCRIPTFS_FAULTIN_H */
