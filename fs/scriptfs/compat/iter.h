/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the other side of a copy.
 */
#ifndef _FS_SCRIPTFS_COMPAT_ITER_H
#define _FS_SCRIPTFS_COMPAT_ITER_H

#include <linux/pagemap.h>
#include <linux/uio.h>
#include <linux/version.h>

/* Returns how many bytes it could not fault in; before Linux 5.16, an error unless it could all. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
static inline size_t scriptfs_fault_in_readable(const char __user *addr, size_t len)
{
	return fault_in_pages_readable(addr, len) ? len : 0;
}

#define fault_in_readable(addr, len)	scriptfs_fault_in_readable(addr, len)
#endif

/* A single user buffer is not described by an array of one since Linux 6.0. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 0, 0)
#define user_backed_iter(iter)		iter_is_iovec(iter)
#endif

/* The segments of user memory that @iter is made of; @one is where to describe a single one. */
static inline const struct iovec *scriptfs_iter_segments(const struct iov_iter *iter,
							 struct iovec *one)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 0, 0)
	if (iter_is_ubuf(iter)) {
		one->iov_base = iter->ubuf;
		one->iov_len = iter->iov_offset + iter->count;
		return one;
	}
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	return iter->iov;
#else
	return iter_iov(iter);
#endif
}

/*
 * Until Linux 6.5 splice(2) reads to a pipe. A copy to one may sleep although page faults are
 * disabled: it allocates the pages. All other kinds are memory that exists: user memory, the
 * kernel's, pages.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define scriptfs_iter_is_pipe(iter)	iov_iter_is_pipe(iter)
#else
#define scriptfs_iter_is_pipe(iter)	false
#endif

#endif /* _FS_SCRIPTFS_COMPAT_ITER_H */
