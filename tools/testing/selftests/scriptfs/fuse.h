/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A FUSE server of one file, written down to the protocol, that answers reads with pages out of a
 * pipe and has them moved rather than copied. Any user can run it, in a user namespace of his own.
 */
#ifndef SCRIPTFS_SELFTEST_FUSE_H
#define SCRIPTFS_SELFTEST_FUSE_H

#include "outside.h"

/* The size of the file, which one read may ask for. */
#define FUSE_FILE_SIZE	KiB(128)

/**
 * struct fuse - the server
 * @dev:	where it hears from the kernel
 * @pipes:	where answers are put together
 * @supply:	puts the bytes of the file that are asked for into a pipe
 * @arg:	for @supply
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

/* Become an ordinary user who is root in a namespace of his own. */
void become_user(void);

/* Mount it on @dir; the file is @dir/f. */
void fuse_mount(struct fuse *f, const char *dir);

/* Answer until the file system is unmounted, or @client is gone. */
void fuse_serve(struct fuse *f, pid_t client);

#endif /* SCRIPTFS_SELFTEST_FUSE_H */
