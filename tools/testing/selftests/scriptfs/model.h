/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A file and an image of it in memory: random operations go to both, and what is read from the file
 * must match the image.
 */
#ifndef SCRIPTFS_SELFTEST_MODEL_H
#define SCRIPTFS_SELFTEST_MODEL_H

#include "util.h"

enum model_ops {
	MODEL_WRITE	= 1 << 0,	/* pwrite, pwritev, O_APPEND */
	MODEL_READ	= 1 << 1,	/* pread, preadv */
	MODEL_TRUNCATE	= 1 << 2,	/* down, up, to nothing, O_TRUNC */
	MODEL_MAP	= 1 << 3,	/* read and write through a shared mapping */
	MODEL_SPLICE	= 1 << 4,	/* through a pipe, in and out */
	MODEL_REOPEN	= 1 << 5,	/* last close, and open again */
	MODEL_ALLOCATE	= 1 << 6,	/* fallocate, in every mode the file system has */
	MODEL_SHIFT	= 1 << 7,	/* fallocate that takes a range out, or puts one in */
	MODEL_READ_WRITE = MODEL_WRITE | MODEL_READ | MODEL_TRUNCATE | MODEL_REOPEN |
			   MODEL_ALLOCATE | MODEL_SHIFT,
	MODEL_ALL	= (1 << 8) - 1,
};

struct model {
	const char	*path;
	int		fd;
	unsigned char	*image;
	unsigned char	*buf;
	size_t		size;
	size_t		max;
	u64	rng;
};

void model_open(struct model *m, const char *path, size_t max, u64 seed);
void model_run(struct model *m, unsigned int ops, unsigned long nr);
void model_check(struct model *m);
void model_close(struct model *m);

#endif /* SCRIPTFS_SELFTEST_MODEL_H */
