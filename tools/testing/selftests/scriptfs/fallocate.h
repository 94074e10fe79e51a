/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The modes of fallocate(2), and the call itself where a file system need not have them all.
 */
#ifndef SCRIPTFS_SELFTEST_FALLOCATE_H
#define SCRIPTFS_SELFTEST_FALLOCATE_H

#include "util.h"

#include <linux/falloc.h>

#define KEEP		FALLOC_FL_KEEP_SIZE
#define PUNCH		(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)
#define ZERO		FALLOC_FL_ZERO_RANGE
#define ZERO_KEEP	(FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE)

static const int modes[] = { 0, KEEP, PUNCH, ZERO, ZERO_KEEP };

/* false if this is not scriptfs, which has every mode, and the file system does not have it. */
static inline bool change(int fd, int mode, off_t offset, off_t len)
{
	if (fallocate(fd, mode, offset, len) == 0)
		return true;
	if (on_scriptfs() || errno != EOPNOTSUPP)
		fail("fallocate of %lld at %lld, mode %#x", (long long)len, (long long)offset,
		     mode);
	return false;
}

/* As change(), and where there is no such mode the case ends. */
static inline void must_change(int fd, int mode, off_t offset, off_t len)
{
	if (!change(fd, mode, offset, len))
		skip("%s has no mode %#x", test_fs, mode);
}

#endif /* SCRIPTFS_SELFTEST_FALLOCATE_H */
