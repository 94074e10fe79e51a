/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the five sizes of blocks.
 */
#ifndef _FS_SCRIPTFS_CLASS_H
#define _FS_SCRIPTFS_CLASS_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/scriptfs.h>
#include <linux/types.h>

#include "compat/config.h"

/* The largest physically contiguous part of a block. */
#define SCRIPTFS_CHUNK_SHIFT	21
#define SCRIPTFS_CHUNK_SIZE	BIT(SCRIPTFS_CHUNK_SHIFT)

#define SCRIPTFS_POEM_SHIFT	15
#define SCRIPTFS_NOVEL_SHIFT	16
#define SCRIPTFS_MEDIUM_SHIFT	19
#define SCRIPTFS_LARGE_SHIFT	SCRIPTFS_CHUNK_SHIFT
#define SCRIPTFS_SUPER_SHIFT	28

/* The smallest block. */
#define SCRIPTFS_POEM_SIZE	BIT(SCRIPTFS_POEM_SHIFT)

/* How many chunks a super has. */
#define SCRIPTFS_SUPER_CHUNKS	BIT(SCRIPTFS_SUPER_SHIFT - SCRIPTFS_CHUNK_SHIFT)

extern const u8 scriptfs_class_shifts[SCRIPTFS_NR_CLASSES];
extern const char *const scriptfs_class_names[SCRIPTFS_NR_CLASSES];

u64 scriptfs_class_bytes(const unsigned long blocks[SCRIPTFS_NR_CLASSES]);

static inline unsigned long scriptfs_class_size(unsigned int class)
{
	return 1UL << scriptfs_class_shifts[class];
}

/* How many pages a block of @class has, as a power of two. */
static inline unsigned int scriptfs_class_order(unsigned int class)
{
	return scriptfs_class_shifts[class] - PAGE_SHIFT;
}

/* The class whose blocks have 2^order pages, SCRIPTFS_NR_CLASSES for none. */
static __always_inline unsigned int scriptfs_order_class(unsigned int order)
{
	switch (order + PAGE_SHIFT) {
	case SCRIPTFS_POEM_SHIFT:
		return SCRIPTFS_POEM;
	case SCRIPTFS_NOVEL_SHIFT:
		return SCRIPTFS_NOVEL;
	case SCRIPTFS_MEDIUM_SHIFT:
		return SCRIPTFS_MEDIUM;
	case SCRIPTFS_LARGE_SHIFT:
		return SCRIPTFS_LARGE;
	}
	return SCRIPTFS_NR_CLASSES;
}

#endif /* _FS_SCRIPTFS_CLASS_H */
