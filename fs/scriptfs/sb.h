/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: what there is once per mount.
 */
#ifndef _FS_SCRIPTFS_SB_H
#define _FS_SCRIPTFS_SB_H

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/list.h>
#include <linux/scriptfs.h>
#include <linux/shrinker.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "scriptfs.h"

/**
 * enum scriptfs_copy - how long copies into files are made
 * @SCRIPTFS_COPY_AUTO:		past the caches where that pays
 * @SCRIPTFS_COPY_CACHED:	always through the caches
 * @SCRIPTFS_COPY_BYPASS:	past the caches, whatever the size of the file
 */
enum scriptfs_copy {
	SCRIPTFS_COPY_AUTO,
	SCRIPTFS_COPY_CACHED,
	SCRIPTFS_COPY_BYPASS,
};

/**
 * struct scriptfs_options - mount options
 * @reserve:	blocks to preallocate, per class
 * @size:	most bytes that reserve and surplus may come to together
 * @nr_inodes:	most inodes and further names of them, 0 for no limit
 * @strict:	no surplus: what does not fit into the reserve is ENOSPC
 * @io_page:	read(2) and write(2) go page by page through the page cache
 * @class:	class hint of new files, SCRIPTFS_NR_CLASSES for none
 * @copy:	see enum scriptfs_copy
 * @mode:	of the root directory
 * @uid:	of the root directory
 * @gid:	of the root directory
 */
struct scriptfs_options {
	unsigned long		reserve[SCRIPTFS_NR_CLASSES];
	u64			size;
	u64			nr_inodes;
	bool			strict;
	bool			io_page;
	u8			class;
	u8			copy;
	umode_t			mode;
	kuid_t			uid;
	kgid_t			gid;
};

/* Bits of scriptfs_sb.special: page by page (io=page); look for hardware memory errors. */
#define SCRIPTFS_SPECIAL_PAGE	0
#define SCRIPTFS_SPECIAL_POISON	1

/**
 * struct scriptfs_sb - one mount
 * @sb:		the VFS's side of it
 * @opt:	mount options; all but the reserve and mode, uid and gid may change by remount
 * @pool:	the five pools
 * @special:	read(2) and write(2) have more to do than to copy: SCRIPTFS_SPECIAL_*
 * @poisoned:	a block was found with a hardware memory error
 * @mounts:	on the list of mounts that hear of hardware memory errors (poison.c)
 * @held:	bytes of all pools together, never above @opt.size through surplus
 * @replenishing: how many tasks have got surplus that they are about to use, so that memory
 *		pressure does not take it back at once
 * @inodes:	inodes in use, and their names beyond the first
 * @next_ino:	the last inode number given out
 * @shrinker:	gives idle surplus back under memory pressure
 * @kobj:	/sys/fs/scriptfs/MAJOR:MINOR
 * @kobj_gone:	@kobj was released, so this structure may be freed
 */
struct scriptfs_sb {
	struct super_block	*sb;
	struct scriptfs_options	opt;
	unsigned long		special;
	bool			poisoned;
	struct list_head	mounts;
	struct scriptfs_pool	pool[SCRIPTFS_NR_CLASSES];
	atomic64_t		held;
	atomic_t		replenishing;
	atomic64_t		inodes;
	atomic64_t		next_ino;
	struct shrinker		shrinker;
	struct kobject		kobj;
	struct completion	kobj_gone;
};

static inline struct scriptfs_sb *scriptfs_sb(struct super_block *sb)
{
	return sb->s_fs_info;
}

/* How many bytes a mount with these options preallocates. */
static inline u64 scriptfs_reserve_bytes(const struct scriptfs_options *opt)
{
	unsigned int class;
	u64 bytes = 0;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		bytes += (u64)opt->reserve[class] << scriptfs_class_shifts[class];
	return bytes;
}

#endif /* _FS_SCRIPTFS_SB_H */
