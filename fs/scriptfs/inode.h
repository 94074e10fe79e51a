/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: an inode, the layers of the file system, and the order of its locks.
 *
 * Each file includes what is below it and nothing that is above:
 *
 *	super, options, sysfs		the mount
 *	namei, inode			names, and the life of inodes
 *	file				the operations of regular files
 *	read, write, fallocate, remap	data, with faultin, prefetch and nocache
 *	mmap, aops			what asks for pages of a file
 *	publish				its pages in the page cache
 *	move				its bytes, from block to block
 *	alloc				new blocks for it
 *	map				its blocks
 *	scatter				its pages that cannot be where they should be
 *	change, wait			its readers without a lock; waiting for blocks
 *	pool and all that is below	memory, which knows no files
 *
 * Locks are taken in this order:
 *
 *	inode_lock (i_rwsem)	file data: exclusive to write and truncate, shared to read, or
 *				none (change.h)
 *	mmap_lock		held by page faults
 *	map_lock		block map, initialised marks, publishing
 *	i_mmap_rwsem, page lock	to withdraw pages under map_lock
 *	pool->settling		the pool's quarantine
 *	magazine->lock		a processor's idle blocks, one magazine at a time
 *	pool->lock, i_pages	leaves
 *
 * A page fault takes map_lock but never waits for inode_lock, and never takes map_lock with a page
 * locked. That makes it safe to wait for page locks under map_lock.
 *
 * No user memory is faulted in under inode_lock or map_lock, because its owner decides when that
 * ends, if ever (userfaultfd). Copies run with page faults disabled; when one comes up short, the
 * locks are dropped before the memory is faulted in. Nor is memory reclaimed for a new block under
 * these locks: scriptfs_wait_for_block() is called without them.
 */
#ifndef _FS_SCRIPTFS_INODE_H
#define _FS_SCRIPTFS_INODE_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>
#include <linux/xarray.h>

/**
 * struct scriptfs_fallocation - a fallocate(2) in progress
 * @running:	there is one, so blocks that the file gets are fresh
 * @nr_fresh:	how many of the file's blocks are
 */
struct scriptfs_fallocation {
	bool			running;
	unsigned int		nr_fresh;
};

/**
 * struct scriptfs_inode - scriptfs's part of an inode
 * @map_lock:	guards @map, the initialised marks in it and publishing; exclusive to change,
 *		shared to look up.
 *		@map alone may also be looked up under inode_lock, because blocks leave it only
 *		with both held
 * @map:	unit of 32 KiB -> struct scriptfs_block, one multi-index entry per block
 * @blocks:	the blocks in @map, in the order in which the file got them; guarded by map_lock
 * @fallocate:	the fallocate(2) in progress, if any; guarded by map_lock
 * @head_addr:	memory of the first byte in the file, NULL for a hole; changed under map_lock, and
 *		read without a lock when the file is opened, so only good to prefetch
 * @last_block:	block of the last write or NULL; guarded by inode_lock held exclusively
 * @change_seq:	odd while the file's bytes, blocks or size change (change.h)
 * @prealloc_end: end of what fallocate(2) allocated behind the end of the file, 0 for nothing;
 *		guarded by inode_lock
 * @eof_trim:	blocks may lie behind the end of the file, or be larger than it needs; guarded by
 *		map_lock
 * @leave_held:	a merge leaves pages that are held from outside where they are, as waiting for them
 *		was in vain (wait.c)
 * @class:	class hint, SCRIPTFS_NR_CLASSES for none
 * @writers:	how many have the file open for writing
 * @fill_task:	task whose write_begin is about to fill the page it asks for from end to end, so
 *		that it needs no zeroing; NULL when none
 * @scattered:	tables of chunks with pages that were held from outside when the file gave them up,
 *		by the unit that the chunk begins with (scatter.c); changed under map_lock
 * @publish_limit: first page that may not be published although write_begin works beyond i_size; 0
 *		when it does not
 * @vfs_inode:	the VFS's part
 */
struct scriptfs_inode {
	struct rw_semaphore	map_lock;
	struct xarray		map;
	struct list_head	blocks;
	struct scriptfs_fallocation fallocate;
	void			*head_addr;
	struct scriptfs_block	*last_block;
	seqcount_t		change_seq;
	loff_t			prealloc_end;
	bool			eof_trim;
	bool			leave_held;
	u8			class;
	atomic_t		writers;
	struct task_struct	*fill_task;
	pgoff_t			publish_limit;
	struct xarray		scattered;
	struct inode		vfs_inode;
};

static inline struct scriptfs_inode *scriptfs_inode(struct inode *inode)
{
	return container_of(inode, struct scriptfs_inode, vfs_inode);
}

static inline void scriptfs_size_write(struct inode *inode, loff_t size)
{
	/* The VFS reads it without a lock everywhere, on 64-bit kernels as plain eight bytes. */
	data_race(({ i_size_write(inode, size); 0; }));
}

int scriptfs_inode_cache_init(void);
void scriptfs_inode_cache_exit(void);
struct inode *scriptfs_alloc_inode(struct super_block *sb);
void scriptfs_free_inode(struct inode *inode);
void scriptfs_evict_inode(struct inode *inode);

#endif /* _FS_SCRIPTFS_INODE_H */
