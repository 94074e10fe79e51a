// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the five sizes of blocks and their names.
 */
#include "class.h"

const u8 scriptfs_class_shifts[SCRIPTFS_NR_CLASSES] = {
	[SCRIPTFS_POEM]		= SCRIPTFS_POEM_SHIFT,
	[SCRIPTFS_NOVEL]	= SCRIPTFS_NOVEL_SHIFT,
	[SCRIPTFS_MEDIUM]	= SCRIPTFS_MEDIUM_SHIFT,
	[SCRIPTFS_LARGE]	= SCRIPTFS_LARGE_SHIFT,
	[SCRIPTFS_SUPER]	= SCRIPTFS_SUPER_SHIFT,
};

const char *const scriptfs_class_names[SCRIPTFS_NR_CLASSES] = {
	[SCRIPTFS_POEM]		= "poem",
	[SCRIPTFS_NOVEL]	= "novel",
	[SCRIPTFS_MEDIUM]	= "medium",
	[SCRIPTFS_LARGE]	= "large",
	[SCRIPTFS_SUPER]	= "super",
};

/**
 * scriptfs_class_bytes - size of a number of blocks of each class
 * @blocks:	how many of each
 *
 * Return: Bytes.
 */
u64 scriptfs_class_bytes(const unsigned long blocks[SCRIPTFS_NR_CLASSES])
{
	unsigned int class;
	u64 bytes = 0;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		bytes += (u64)blocks[class] << scriptfs_class_shifts[class];
	return bytes;
}
