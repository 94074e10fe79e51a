/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads and writes by io_uring, with a registered buffer.
 */
#ifndef SCRIPTFS_SELFTEST_URING_H
#define SCRIPTFS_SELFTEST_URING_H

#include "util.h"

#include <linux/io_uring.h>

/**
 * struct uring - one request at a time
 * @fd:		the ring
 * @buf:	the registered buffer
 * @len:	its length
 * @sq:		the rings, which are shared with the kernel
 * @sqe:	the request
 * @p:		where everything is in @sq
 */
struct uring {
	int			fd;
	void			*buf;
	size_t			len;
	unsigned char		*sq;
	struct io_uring_sqe	*sqe;
	struct io_uring_params	p;
};

/*
 * False if that memory cannot be a registered buffer: before Linux 6.5 only tmpfs's files' could.
 * Skip the case if there is no io_uring.
 */
bool uring_begin(struct uring *u, void *buf, size_t len);
void uring_end(struct uring *u);

/* Like pread() and pwrite(), at the beginning of the buffer; a negative errno on failure. */
ssize_t uring_read(struct uring *u, int fd, size_t len, off_t offset);
ssize_t uring_write(struct uring *u, int fd, size_t len, off_t offset);

#endif /* SCRIPTFS_SELFTEST_URING_H */
