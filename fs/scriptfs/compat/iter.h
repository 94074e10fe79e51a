/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the other side of a copy.
 */
#ifndef _FS_SCRIPTFS_COMPAT_ITER_H
#define _FS_SCRIPTFS_COMPAT_ITER_H

#include <linux/uio.h>

/*
 * May a copy to or from @iter sleep although page faults are disabled? A pipe allocates the pages
 * that it copies to. All other kinds are memory that exists: user memory, the kernel's, pages.
 */
static inline bool scriptfs_iter_sleeps(const struct iov_iter *iter)
{
	return iov_iter_is_pipe(iter);
}

#endif /* _FS_SCRIPTFS_COMPAT_ITER_H */
