/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads and writes by io_uring, with a buffer that was registered before.
 */
#ifndef SCRIPTFS_SELFTEST_URING_H
#define SCRIPTFS_SELFTEST_URING_H

#include "util.h"

#include <linux/io_uring.h>

/**
 * struct uring - one request at a time
 * @fd:		the ring
 * @buf:	the registered buffer
 * @len:	of it
 * @sq:		where requests are submitted, with the rest of what is shared with the kernel
 * @sqe:	the request
 * @p:		where what is in @sq
 */
struct uring {
	int			fd;
	void			*buf;
	size_t			len;
	unsigned char		*sq;
	struct io_uring_sqe	*sqe;
	struct io_uring_params	p;
};

/* Skips the case where there is no io_uring. */
void uring_begin(struct uring *u, void *buf, size_t len);
void uring_end(struct uring *u);

/* As pread() and pwrite(), from the beginning of the buffer; a negative errno. */
ssize_t uring_read(struct uring *u, int fd, size_t len, off_t offset);
ssize_t uring_write(struct uring *u, int fd, size_t len, off_t offset);

#endif /* SCRIPTFS_SELFTEST_URING_H */
