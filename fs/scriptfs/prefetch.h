/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: prefetching what is likely to be copied next.
 */
#ifndef _FS_SCRIPTFS_PREFETCH_H
#define _FS_SCRIPTFS_PREFETCH_H

#include <linux/cache.h>
#include <linux/prefetch.h>
#include <linux/types.h>

/* How many bytes are brought into the cache in advance. */
#define SCRIPTFS_PREFETCH	1024U

/* To write only into memory of the caller's own: other processors lose the line. */
static __always_inline void scriptfs_prefetch_line(const u8 *line, bool to_write)
{
	if (to_write)
		prefetchw(line);
	else
		prefetch(line);
}

/*
 * Prefetch the first lines of some memory. Every other line is not enough. A compiler with a
 * prefetch of its own takes a function of nothing else for one without effect and drops the call,
 * unless it is inlined before.
 */
static __always_inline void scriptfs_prefetch(const u8 *line, bool to_write)
{
	const u8 *last = line + SCRIPTFS_PREFETCH;

	for (; line < last; line += 4 * L1_CACHE_BYTES) {
		scriptfs_prefetch_line(line, to_write);
		scriptfs_prefetch_line(line + L1_CACHE_BYTES, to_write);
		scriptfs_prefetch_line(line + 2 * L1_CACHE_BYTES, to_write);
		scriptfs_prefetch_line(line + 3 * L1_CACHE_BYTES, to_write);
	}
}

#endif /* _FS_SCRIPTFS_PREFETCH_H */
