/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: an inode, the layers of the file system, and the order of its locks.
 *
 * Each file includes what is below it and nothing that is above:
 *
 *	super, options, param, sysfs	the mount
 *	export				handles of inodes
 *	namei, inode			names, and the life of inodes
 *	file				the operations of regular files
 *	attr, fileattr, xattr		attributes of all kinds
 *	read, write, fallocate, remap	data, with faultin, prefetch and nocache
 *	mmap, aops			what asks for pages of a file
 *	publish				its pages in the page cache
 *	trim				its memory, cut to what it holds
 *	alloc				new pieces for it
 *	map, table			its pieces
 *	change, wait			its readers without a lock; waiting for memory
 *	pool and all that is below	memory, which knows no files
 *
 * Locks are taken in this order:
 *
 *	inode_lock (i_rwsem)	file data: exclusive to write and truncate, shared to read, or
 *				none (change.h)
 *	mmap_lock		held by page faults
 *	map_lock		map of pieces, initialised marks, publishing
 *	i_mmap_rwsem, page lock	to withdraw pages under map_lock
 *	quarantine.settling	the pools' quarantine
 *	magazine->lock		a processor's idle pieces, one magazine at a time
 *	cut.lock		the pieces of cut blocks
 *	pool->lock, quarantine.lock, i_pages	leaves
 *
 * A page fault takes map_lock but never waits for inode_lock, and never takes map_lock with a page
 * locked. That makes it safe to wait for page locks under map_lock.
 *
 * No user memory is faulted in under inode_lock or map_lock, because its owner decides when that
 * ends, if ever (userfaultfd). Copies run with page faults disabled; when one comes up short, the
 * locks are dropped before the memory is faulted in. Nor is memory reclaimed for a new piece under
 * these locks: scriptfs_wait_for_memory() is called without them.
 */
#ifndef _FS_SCRIPTFS_INODE_H
#define _FS_SCRIPTFS_INODE_H

#include <linux/fs.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/seqlock.h>

/**
 * struct scriptfs_fallocation - a fallocate(2) in progress
 * @running:	it is getting a piece, which is fresh therefore
 * @nr_fresh:	how many of the file's pieces are
 */
struct scriptfs_fallocation {
	bool			running;
	unsigned int		nr_fresh;
};

/**
 * enum scriptfs_trim - which pieces of a file may be larger than what they hold
 * @SCRIPTFS_TRIM_NONE:	none
 * @SCRIPTFS_TRIM_TAIL:	the last one, and there may be some behind the end of the file
 * @SCRIPTFS_TRIM_ALL:	any
 */
enum scriptfs_trim {
	SCRIPTFS_TRIM_NONE,
	SCRIPTFS_TRIM_TAIL,
	SCRIPTFS_TRIM_ALL,
};

struct scriptfs_xattrs;

/**
 * struct scriptfs_inode - scriptfs's part of an inode
 * @map_lock:	guards @map, the initialised marks in it and publishing; exclusive to change,
 *		shared to look up.
 *		@map alone may also be looked up under inode_lock or as a reader without a lock,
 *		because pieces leave it or are cut only with both locks held and such readers away,
 *		and @map_seq tells when one was added meanwhile (map.h)
 * @map:	the file's pieces (struct scriptfs_piece.node) by offset
 * @table:	the whole chunks of a large file, or NULL (table.h); like @map
 * @map_seq:	odd while a piece is added to @map; written under map_lock
 * @change_seq:	odd while the file's bytes, pieces or size change (change.h)
 * @fallocate:	the fallocate(2) in progress, if any; guarded by map_lock
 * @head_addr:	memory of the first byte in the file, NULL for a hole; changed under map_lock, and
 *		read without a lock when the file is opened, so only good to prefetch
 * @last:	piece of the last write or NULL; guarded by inode_lock held exclusively
 * @prealloc_end: end of what fallocate(2) allocated behind the end of the file, 0 for nothing;
 *		guarded by inode_lock
 * @trim:	what the last close has to look at, see enum scriptfs_trim; guarded by map_lock
 * @class:	class hint, SCRIPTFS_NR_CLASSES for none, of a directory for what is made there;
 *		written under inode_lock and map_lock
 * @nodump:	FS_NODUMP_FL, only stored; written under inode_lock
 * @huge:	united pieces of it were published; written under map_lock
 * @writers:	how many have the file open for writing
 * @publish_limit: first page that may not be published although write_begin works beyond i_size; 0
 *		when it does not
 * @btime:	when it was made
 * @beside:	bytes of the kernel's memory that it takes beside it, see scriptfs_beside();
 *		guarded by inode_lock
 * @xattrs:	its extended attributes, NULL as long as it never had one (xattr.c)
 * @vfs_inode:	the VFS's part. Its ->i_private is the task whose write_begin is about to fill the
 *		page it asks for from end to end, so that it needs no zeroing; NULL when none
 */
struct scriptfs_inode {
	struct rw_semaphore	map_lock;
	struct rb_root		map;
	struct scriptfs_table	*table;
	seqcount_t		map_seq;
	seqcount_t		change_seq;
	struct scriptfs_fallocation fallocate;
	void			*head_addr;
	struct scriptfs_piece	*last;
	loff_t			prealloc_end;
	u8			trim;
	u8			class;
	bool			nodump;
	bool			huge;
	atomic_t		writers;
	pgoff_t			publish_limit;
	struct timespec64	btime;
	u32			beside;
	struct scriptfs_xattrs	*xattrs;
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
