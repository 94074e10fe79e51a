/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: what there is once per mount.
 */
#ifndef _FS_SCRIPTFS_SB_H
#define _FS_SCRIPTFS_SB_H

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/types.h>
#include <linux/uidgid.h>
#include <linux/workqueue.h>

#include "pool.h"

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
 * @nr_inodes:	most that scriptfs_sb.inodes may be, 0 for no limit
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

/* A bit of scriptfs_pools.flags: read(2) and write(2) go page by page (io=page). */
#define SCRIPTFS_SPECIAL_PAGE	SCRIPTFS_POOLS_OWNER

/**
 * struct scriptfs_sb - one mount
 * @sb:		the VFS's side of it
 * @opt:	mount options; all but the reserve and mode, uid and gid may change by remount
 * @pools:	its memory
 * @compact:	joins cut blocks (compact.c)
 * @wanted:	a bit for each class of which a whole block was wanted when there was none
 * @inodes:	inodes in use, and what counts like them: names beyond the first, extended
 *		attributes, long access control lists
 * @next_ino:	the last inode number given out
 * @kobj:	/sys/fs/scriptfs/MAJOR:MINOR
 * @kobj_gone:	@kobj was released, so this structure may be freed
 */
struct scriptfs_sb {
	struct super_block	*sb;
	struct scriptfs_options	opt;
	struct scriptfs_pools	pools;
	struct delayed_work	compact;
	unsigned long		wanted;
	atomic64_t		inodes;
	atomic64_t		next_ino;
	struct kobject		kobj;
	struct completion	kobj_gone;
};

static inline struct scriptfs_sb *scriptfs_sb(struct super_block *sb)
{
	return sb->s_fs_info;
}

/* The memory of a mount. */
static inline struct scriptfs_pools *scriptfs_pools(struct super_block *sb)
{
	return &scriptfs_sb(sb)->pools;
}

/*
 * Count some inodes more, unless nr_inodes= is reached. Those that there is no room for are never
 * counted, not even for a moment: others would find none for themselves.
 */
static inline bool scriptfs_inodes_take(struct scriptfs_sb *sbi, s64 nr)
{
	s64 limit = READ_ONCE(sbi->opt.nr_inodes), there = atomic64_read(&sbi->inodes);

	do {
		if (limit && there + nr > limit)
			return false;
	} while (!atomic64_try_cmpxchg(&sbi->inodes, &there, there + nr));
	return true;
}

static inline void scriptfs_inodes_give(struct scriptfs_sb *sbi, s64 nr)
{
	atomic64_sub(nr, &sbi->inodes);
}

#endif /* _FS_SCRIPTFS_SB_H */
