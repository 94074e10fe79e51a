/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mappings by huge pages.
 */
#ifndef SCRIPTFS_SELFTEST_HUGE_MAP_H
#define SCRIPTFS_SELFTEST_HUGE_MAP_H

#include "util.h"

#define HUGE	MiB(2)

/* Blocks for four files of 4 MiB, all large ones. */
#define LARGE_POOL	"large=8,class=large,strict,size=16M"

/* Skips the test where the system has none of that size. */
void need_huge_pages(void);

/* How much of the mapping that begins at @map is mapped by huge pages, in bytes. */
size_t huge_mapped(const void *map);

/* A file with data, and a mapping of it that has been touched: it is one by huge pages. */
unsigned char *make_mapped(const char *name, size_t len, u64 seed, int *fd);

/* Remove it. Nothing of it is left, not in what the system counts either. */
void end_file(const char *name, int fd, unsigned char *map, size_t len);

#endif /* SCRIPTFS_SELFTEST_HUGE_MAP_H */
