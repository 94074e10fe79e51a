/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The modes of fallocate(2), and calls of it that allow for file systems without some of them.
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

/* False if the file system does not have this mode; scriptfs has every mode. */
static inline bool change(int fd, int mode, off_t offset, off_t len)
{
	if (fallocate(fd, mode, offset, len) == 0)
		return true;
	if (on_scriptfs() || errno != EOPNOTSUPP)
		fail("fallocate of %lld at %lld, mode %#x", (long long)len, (long long)offset,
		     mode);
	return false;
}

/* As change(), but skips the case where there is no such mode. */
static inline void must_change(int fd, int mode, off_t offset, off_t len)
{
	if (!change(fd, mode, offset, len))
		skip("%s has no mode %#x", test_fs, mode);
}

#endif /* SCRIPTFS_SELFTEST_FALLOCATE_H */
