/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A FUSE server of one file, on the bare protocol, that answers reads with pages out of a pipe and
 * has them moved rather than copied. Any user can run it, in its own user namespace.
 */
#ifndef SCRIPTFS_SELFTEST_FUSE_H
#define SCRIPTFS_SELFTEST_FUSE_H

#include "outside.h"

/* The size of the file; one read may ask for all of it. */
#define FUSE_FILE_SIZE	KiB(128)

/**
 * struct fuse - the server
 * @dev:	its connection to the kernel
 * @pipes:	the pipe in which answers are put together
 * @supply:	puts the requested bytes of the file into a pipe
 * @arg:	for @supply and @sent
 * @sent:	called before what is in the pipe goes to the kernel; may be NULL
 * @reads:	how many reads were answered
 */
struct fuse {
	int		dev;
	int		pipes[2];
	void		(*supply)(void *arg, int to, off_t offset, size_t len);
	void		*arg;
	void		(*sent)(void *arg);
	unsigned long	reads;
};

/* Become an ordinary user that is root in its own user namespace. */
void become_user(void);

/* Mount the file system on @dir; the file is @dir/f. */
void fuse_mount(struct fuse *f, const char *dir);

/* Answer until the file system is unmounted or @client has ended. */
void fuse_serve(struct fuse *f, pid_t client);

#endif /* SCRIPTFS_SELFTEST_FUSE_H */
