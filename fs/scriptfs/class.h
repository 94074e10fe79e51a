/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the five sizes of blocks.
 */
#ifndef _FS_SCRIPTFS_CLASS_H
#define _FS_SCRIPTFS_CLASS_H

#include <linux/bits.h>
#include <linux/scriptfs.h>
#include <linux/types.h>

/* The largest physically contiguous piece of a block. */
#define SCRIPTFS_CHUNK_SHIFT	21
#define SCRIPTFS_CHUNK_SIZE	BIT(SCRIPTFS_CHUNK_SHIFT)

/* The block map counts in units of the smallest class. */
#define SCRIPTFS_UNIT_SHIFT	15
#define SCRIPTFS_UNIT_SIZE	BIT(SCRIPTFS_UNIT_SHIFT)

/* Where in the block map an offset is looked up. */
static inline pgoff_t scriptfs_unit(loff_t pos)
{
	return pos >> SCRIPTFS_UNIT_SHIFT;
}

extern const u8 scriptfs_class_shifts[SCRIPTFS_NR_CLASSES];
extern const char *const scriptfs_class_names[SCRIPTFS_NR_CLASSES];

u64 scriptfs_class_bytes(const unsigned long blocks[SCRIPTFS_NR_CLASSES]);

static inline unsigned long scriptfs_class_size(unsigned int class)
{
	return 1UL << scriptfs_class_shifts[class];
}

/* How many chunks a block of @class has. */
static inline unsigned int scriptfs_class_chunks(unsigned int class)
{
	return class == SCRIPTFS_SUPER ? scriptfs_class_size(class) >> SCRIPTFS_CHUNK_SHIFT : 1;
}

#endif /* _FS_SCRIPTFS_CLASS_H */
