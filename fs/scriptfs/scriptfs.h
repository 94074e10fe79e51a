/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: structures and functions shared by the files of the module.
 *
 * Lock order:
 *
 *	inode_lock (i_rwsem)	file data: exclusive to write and truncate, shared to read, or
 *				none (read.c)
 *	mmap_lock		held by page faults
 *	map_lock		block map, initialised marks, publishing
 *	i_mmap_rwsem, page lock	to withdraw pages under map_lock
 *	pool->settling		the pool's quarantine
 *	magazine->lock		a processor's idle blocks, one magazine at a time
 *	pool->lock, i_pages	leaves
 *
 * A page fault takes map_lock but never inode_lock, and never map_lock with a page locked: that is
 * what allows to wait for page locks under map_lock.
 *
 * No user memory is faulted in under inode_lock or map_lock, because its owner decides when that
 * ends, if ever (userfaultfd). Copies run with page faults disabled; when one comes up short, the
 * locks are dropped before the memory is faulted in. Nor is memory reclaimed for the sake of a new
 * block under these locks: scriptfs_wait_for_block() is called without them.
 */
#ifndef _FS_SCRIPTFS_H
#define _FS_SCRIPTFS_H

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/scriptfs.h>
#include <linux/seqlock.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>
#include <linux/uio.h>
#include <linux/xarray.h>

#include "options.h"
#include "poison.h"
#include "pool.h"
#include "quarantine.h"
#include "reserve.h"
#include "surplus.h"

/* A bit of scriptfs_pools.flags: read(2) and write(2) go page by page (io=page). */
#define SCRIPTFS_SPECIAL_PAGE	SCRIPTFS_POOLS_OWNER

/**
 * struct scriptfs_sb - one mount
 * @sb:		the VFS's side of it
 * @opt:	mount options; all but the reserve and mode, uid and gid may change by remount
 * @pools:	its memory
 * @inodes:	inodes in use, and their names beyond the first
 * @next_ino:	the last inode number given out
 * @kobj:	/sys/fs/scriptfs/MAJOR:MINOR
 * @kobj_gone:	@kobj was released, so this structure may be freed
 */
struct scriptfs_sb {
	struct super_block	*sb;
	struct scriptfs_options	opt;
	struct scriptfs_pools	pools;
	atomic64_t		inodes;
	atomic64_t		next_ino;
	struct kobject		kobj;
	struct completion	kobj_gone;
};

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
 *		shared to look at.
 *		@map alone may also be looked up under inode_lock, because blocks leave it only
 *		with both held
 * @map:	unit of 32 KiB -> struct scriptfs_block, one multi-index entry a block
 * @blocks:	the blocks in @map, in the order in which the file got them; guarded by map_lock
 * @fallocate:	the fallocate(2) in progress, if any; guarded by map_lock
 * @head_addr:	memory of the first byte in the file, NULL for a hole; changed under map_lock, and
 *		looked at by those who open the file without a lock, so only good to prefetch
 * @last_block:	block of the last write or NULL; guarded by inode_lock held exclusively
 * @change_seq:	odd while the file's bytes, blocks or size change; inode_lock held exclusively says
 *		who may do that, readers without it look here (read.c)
 * @prealloc_end:	end of what fallocate(2) allocated behind the end of the file, 0 for nothing;
 *		guarded by inode_lock
 * @eof_trim:	blocks may lie behind the end of the file, or be larger than it needs; guarded by
 *		map_lock
 * @leave_held:	a merge is to leave pages that somebody holds where they are, as somebody has waited
 *		for them in vain
 * @class:	class hint, SCRIPTFS_NR_CLASSES for none
 * @writers:	how many have the file open for writing
 * @fill_task:	task whose write_begin is about to fill the page it asks for from end to end, so
 *		that it needs no zeroing; NULL when none
 * @scattered:	tables of chunks with pages that others hold from before, by the unit that the
 *		chunk begins with (scatter.c); changed under map_lock
 * @publish_limit:	first page that may not be published although write_begin works beyond i_size; 0
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

static inline struct scriptfs_sb *scriptfs_sb(struct super_block *sb)
{
	return sb->s_fs_info;
}

/* The memory of a mount. */
static inline struct scriptfs_pools *scriptfs_pools(struct super_block *sb)
{
	return &scriptfs_sb(sb)->pools;
}

static inline struct scriptfs_inode *scriptfs_inode(struct inode *inode)
{
	return container_of(inode, struct scriptfs_inode, vfs_inode);
}

/* Where in the block map an offset is looked up. */
static inline pgoff_t scriptfs_unit(loff_t pos)
{
	return pos >> SCRIPTFS_UNIT_SHIFT;
}

static inline void scriptfs_size_write(struct inode *inode, loff_t size)
{
	/* The VFS reads it without a lock everywhere, on 64-bit kernels as plain eight bytes. */
	data_race(({ i_size_write(inode, size); 0; }));
}

/* First page of a file that may not be published. */
static inline pgoff_t scriptfs_page_limit(struct scriptfs_inode *si)
{
	pgoff_t limit = DIV_ROUND_UP_ULL(i_size_read(&si->vfs_inode), PAGE_SIZE);

	return max(limit, READ_ONCE(si->publish_limit));
}

/*
 * Begin and end to change a file. The caller holds inode_lock exclusively, which is what makes the
 * raw functions right: they do not expect their caller to sleep.
 */
static inline void scriptfs_change_begin(struct scriptfs_inode *si)
{
	raw_write_seqcount_begin(&si->change_seq);
}

static inline void scriptfs_change_end(struct scriptfs_inode *si)
{
	raw_write_seqcount_end(&si->change_seq);
}

/* wait.c */
int scriptfs_wait_for_block(struct inode *inode, struct scriptfs_wait *wait, int err,
			    u64 bytes);
void scriptfs_wait_end(struct inode *inode, struct scriptfs_wait *wait);

/* poison.c */
size_t scriptfs_sound_run(struct scriptfs_inode *si, loff_t pos, size_t len);

/* sysfs.c */
int scriptfs_sysfs_init(void);
void scriptfs_sysfs_exit(void);
int scriptfs_sysfs_add(struct scriptfs_sb *sbi);
void scriptfs_sysfs_remove(struct scriptfs_sb *sbi);

/* super.c */
extern struct file_system_type scriptfs_fs_type;

/* inode.c */
struct inode *scriptfs_new_inode(struct super_block *sb, const struct inode *dir, umode_t mode,
				 dev_t dev);

/* block.c */
struct scriptfs_block *scriptfs_block_find(struct scriptfs_inode *si, loff_t pos);
struct scriptfs_block *scriptfs_block_next(struct scriptfs_inode *si, loff_t pos);
struct scriptfs_block *scriptfs_block_get(struct inode *inode, loff_t pos, u64 want, bool move);
struct scriptfs_block *scriptfs_take_any(struct inode *inode);
int scriptfs_map_insert(struct inode *inode, struct scriptfs_block *block, loff_t pos, gfp_t gfp);
void scriptfs_map_remove(struct inode *inode, struct scriptfs_block *block);
void scriptfs_chunk_lower(struct scriptfs_chunk *chunk, u32 offset);
void scriptfs_block_clear(struct scriptfs_inode *si, struct scriptfs_block *block, loff_t pos,
			  loff_t end);
void scriptfs_mark_raise(struct scriptfs_chunk *chunk, u32 mark);
void scriptfs_zero_tail(struct inode *inode, loff_t pos);
void scriptfs_map_truncate(struct inode *inode, loff_t size);
void scriptfs_map_release(struct inode *inode);
void scriptfs_block_drop(struct inode *inode, struct scriptfs_block *block);

/* move.c */
struct scriptfs_block *scriptfs_merge(struct inode *inode, loff_t pos);
void scriptfs_eof_trim(struct inode *inode);

/* scatter.c */
void scriptfs_chunk_disown(struct inode *inode, struct scriptfs_block *block,
			   struct scriptfs_chunk *chunk, u32 from, u32 to);
bool scriptfs_chunk_reclaim(struct inode *inode, struct scriptfs_block *block,
			    struct scriptfs_chunk *chunk, u32 to);
struct page *scriptfs_scatter_page(struct inode *inode, struct scriptfs_block *block,
				   struct scriptfs_chunk *chunk, u32 offset);
void *scriptfs_scatter_data(struct scriptfs_inode *si, const struct scriptfs_block *block,
			    const struct scriptfs_chunk *chunk, u32 offset, size_t *len);
ssize_t scriptfs_scatter_write(struct inode *inode, struct scriptfs_block *block,
			       struct scriptfs_chunk *chunk, u32 offset, size_t len,
			       struct iov_iter *from);
void scriptfs_scatter_clear(struct scriptfs_inode *si, struct scriptfs_block *block,
			    struct scriptfs_chunk *chunk, u32 from, u32 to);
int scriptfs_scatter_fill(struct inode *inode, struct scriptfs_block *block, loff_t pos,
			  loff_t end);
void scriptfs_scatter_adopt(struct inode *inode, struct scriptfs_block *new,
			    struct scriptfs_block *old);
void scriptfs_scatter_forget(struct inode *inode, struct scriptfs_block *block);
void scriptfs_scatter_release(struct inode *inode);

/**
 * scriptfs_block_again - the block that covers an offset, which most likely is that of last time
 * @si:		the file
 * @pos:	offset in bytes
 *
 * Context: The caller holds inode_lock exclusively.
 * Return: As scriptfs_block_find().
 */
static inline struct scriptfs_block *scriptfs_block_again(struct scriptfs_inode *si, loff_t pos)
{
	struct scriptfs_block *block = si->last_block;

	if (!block || pos < scriptfs_block_start(block) || pos >= scriptfs_block_end(block)) {
		block = scriptfs_block_find(si, pos);
		si->last_block = block;
	}
	return block;
}

/**
 * scriptfs_data_at - where bytes of a file are
 * @si:		the file
 * @pos:	offset in bytes
 * @len:	how many bytes are wanted, at least 1; cut to those that lie together, which may be
 *		fewer than do
 *
 * This is one question to the map. Were it two, first for the block and then for the end of the
 * hole, a page fault could put a block there in between.
 *
 * Context: As for scriptfs_block_find(), or as a reader without a lock.
 * Return: Their memory, or NULL where they are zeroes.
 */
static __always_inline void *scriptfs_data_at(struct scriptfs_inode *si, loff_t pos, size_t *len)
{
	struct scriptfs_block *block = scriptfs_block_find(si, pos);
	struct scriptfs_chunk *chunk;
	u32 offset, mark;

	if (unlikely(!block)) {
		block = scriptfs_block_next(si, pos);
		if (!block || scriptfs_block_start(block) > pos) {
			*len = min_t(size_t, *len, SCRIPTFS_CHUNK_SIZE);
			if (block)
				*len = min_t(u64, *len, scriptfs_block_start(block) - pos);
			return NULL;
		}
	}
	chunk = scriptfs_chunk_at(block, pos, &offset);
	mark = scriptfs_mark_get(chunk);
	if (likely(offset < mark)) {
		*len = min_t(size_t, *len, mark - offset);
		return chunk->addr + offset;
	}
	*len = min_t(size_t, *len, scriptfs_chunk_size(block) - offset);
	/* Pairs with scriptfs_scatter(). */
	return unlikely(smp_load_acquire(&chunk->scattered)) ?
		scriptfs_scatter_data(si, block, chunk, offset, len) : NULL;
}

/* How often in a row a copy may fail for memory that was just faulted in. */
#define SCRIPTFS_FAULT_TRIES	8

/* faultin.c */
ssize_t scriptfs_fault_in(const struct iov_iter *iter, size_t len);

/* read.c */
void scriptfs_readers_wait(struct scriptfs_inode *si);
ssize_t scriptfs_read_iter(struct kiocb *iocb, struct iov_iter *to);
loff_t scriptfs_llseek(struct file *file, loff_t offset, int whence);

/* fallocate.c */
void scriptfs_clear_range(struct inode *inode, loff_t start, loff_t end);
long scriptfs_fallocate(struct file *file, int mode, loff_t offset, loff_t len);

/* copyrange.c */
ssize_t scriptfs_copy_file_range(struct file *file_in, loff_t pos_in, struct file *file_out,
				 loff_t pos_out, size_t len, unsigned int flags);

/* file.c */
ssize_t scriptfs_write_run(struct inode *inode, loff_t pos, struct iov_iter *from);
extern const struct file_operations scriptfs_file_operations;
extern const struct inode_operations scriptfs_file_inode_operations;

/* page.c */
extern const struct address_space_operations scriptfs_aops;

/* mmap.c */
void scriptfs_page_ready(struct page *page);
int scriptfs_file_mmap(struct file *file, struct vm_area_struct *vma);
void scriptfs_withdraw_all(struct inode *inode);

#endif /* _FS_SCRIPTFS_H */
