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

#include "class.h"
#include "options.h"

/**
 * struct scriptfs_chunk - physically contiguous memory of a block
 * @addr:	where the kernel sees it
 * @mark:	initialised mark: bytes below it were written or zeroed, bytes from it on may
 *		hold another file's old data. While the block is quarantined: pages below it were
 *		found to be the pool's alone
 * @published:	pages of this chunk have been in the page cache since the block was taken, so
 *		others may hold references
 * @stray:	pages at or above the mark may be stray: held by somebody from a time when they
 *		were another part of the file (scatter.c)
 * @scattered:	the chunk's pages are found through a table, and the mark is 0 (scatter.c)
 * @corrupt:	a page of it was found to be somebody else's, so none is given back to the system
 *
 * All but @addr is guarded by map_lock while the block belongs to a file.
 */
struct scriptfs_chunk {
	void	*addr;
	u32	mark;
	bool	published;
	bool	stray;
	bool	scattered;
	bool	corrupt;
};

/**
 * enum scriptfs_block_state - where a block is in its life
 * @SCRIPTFS_BLOCK_IDLE:	in the pool, ready to be taken
 * @SCRIPTFS_BLOCK_USED:	belongs to one file
 * @SCRIPTFS_BLOCK_QUARANTINED:	given back while someone outside still held one of its pages
 * @SCRIPTFS_BLOCK_RETIRED:	found corrupt, never handed out again
 */
enum scriptfs_block_state {
	SCRIPTFS_BLOCK_IDLE,
	SCRIPTFS_BLOCK_USED,
	SCRIPTFS_BLOCK_QUARANTINED,
	SCRIPTFS_BLOCK_RETIRED,
};

/**
 * struct scriptfs_block - memory of one class
 * @chunk:	its chunks: one, or 128 for a super (points at @first where there is one)
 * @first:	the chunk of a block of up to 2 MiB
 * @index:	where in the file it begins, in pages; valid while used
 * @ino:	the inode it came from; valid while quarantined
 * @class:	which of the five sizes
 * @slot:	which of its span's blocks this is (pool.c)
 * @fresh:	got while the fallocate(2) goes on that its file is at; guarded by map_lock
 * @poisoned:	a hardware memory error in it was reported (poison.c)
 * @state:	see enum scriptfs_block_state; whoever changes it from used is the one to have
 *		given the block back, whatever lists it is on the way to
 * @span:	the allocation it was carved from (pool.c)
 * @link:	on its file's list while used, or on the pool's quarantine list
 */
struct scriptfs_block {
	struct scriptfs_chunk		*chunk;
	struct scriptfs_chunk		first;
	union {
		pgoff_t			index;
		unsigned long		ino;
	};
	u8				class;
	u8				slot;
	bool				fresh;
	bool				poisoned;
	u32				state;
	struct scriptfs_span		*span;
	struct list_head		link;
};

/**
 * struct scriptfs_pool - the blocks of one class of one mount
 * @magazine:	idle blocks of the reserve that each processor has for itself (magazine.c); NULL
 *		when the class has none
 * @depth:	how many blocks a magazine holds
 * @suspect:	a page of the system had a hardware memory error while this mount was there, so
 *		blocks are looked at when they are taken and given back (poison.c)
 * @lock:	guards everything below
 * @settling:	held while quarantined blocks are looked at; taken before @lock. Only those wait for
 *		it who hold no lock of a file (quarantine.c)
 * @partial:	spans with idle blocks, those of the reserve before those of the surplus
 * @full:	spans without
 * @quarantine:	blocks that wait for their last outside reference to go
 * @reserve:	how many blocks the mount keeps preallocated
 * @surplus:	blocks above the reserve, idle or in use
 * @idle:	blocks ready to be handed out, but for those in magazines
 * @arrivals:	how often a block became one of those, ever
 * @nr_quarantine: blocks on @quarantine, or off it while somebody looks at them
 * @nr_retired:	blocks found corrupt, out of service until the mount ends
 *
 * Nobody counts the blocks in use, since that would be a counter that all processors write to:
 * they are what of reserve + surplus is neither idle nor in a magazine, quarantined or retired.
 * For the same reason what is only read after the mount has a cache line of its own.
 */
struct scriptfs_pool {
	struct scriptfs_magazine __percpu *magazine;
	unsigned int		depth;
	bool			suspect;

	spinlock_t		lock ____cacheline_aligned_in_smp;	/* lists, stats */
	struct mutex		settling;	/* of the quarantine */
	struct list_head	partial;
	struct list_head	full;
	struct list_head	quarantine;
	unsigned long		reserve;
	unsigned long		surplus;
	unsigned long		idle;
	unsigned long		arrivals;
	unsigned long		nr_quarantine;
	unsigned long		nr_retired;
} ____cacheline_aligned_in_smp;

/**
 * struct scriptfs_stats - how many blocks of a pool are where
 * @reserve:	preallocated
 * @surplus:	above the reserve
 * @idle:	ready to be handed out, in the pool or in a magazine
 * @used:	belong to files
 * @quarantine:	wait for an outside reference to go
 * @retired:	out of service
 *
 * reserve + surplus == idle + used + quarantine + retired, always.
 */
struct scriptfs_stats {
	unsigned long		reserve;
	unsigned long		surplus;
	unsigned long		idle;
	unsigned long		used;
	unsigned long		quarantine;
	unsigned long		retired;
};

/* Bits of scriptfs_pools.flags */
#define SCRIPTFS_POOLS_SUSPECT	0	/* blocks may have hardware memory errors */
#define SCRIPTFS_POOLS_OWNER	1	/* the first of those that are the owner's */

/**
 * struct scriptfs_pools - the five pools of a mount, and what they have in common
 * @flags:	SCRIPTFS_POOLS_SUSPECT, and bits of the owner's: reads and writes of most mounts
 *		find one word to be 0
 * @size:	what reserve and surplus may come to together, in bytes
 * @strict:	no surplus
 * @poisoned:	a block was found with a hardware memory error
 * @poison_link: on the list of those that are told about hardware memory errors (poison.c)
 * @shrinker:	gives idle surplus back under memory pressure
 * @pool:	the pools
 * @held:	bytes of all pools together, never above @size through surplus
 * @replenishing: how many tasks have got surplus that they are about to use, so that memory
 *		pressure does not take it back at once
 */
struct scriptfs_pools {
	unsigned long		flags;
	u64			size;
	bool			strict;
	bool			poisoned;
	struct list_head	poison_link;
	struct shrinker		shrinker;
	struct scriptfs_pool	pool[SCRIPTFS_NR_CLASSES];
	atomic64_t		held;
	atomic_t		replenishing;
};

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

static inline unsigned long scriptfs_block_size(const struct scriptfs_block *block)
{
	return scriptfs_class_size(block->class);
}

/**
 * scriptfs_chunk_at - the chunk of a block that holds a file offset
 * @block:	a block of a file
 * @pos:	file offset in bytes, within the block
 * @offset:	set to the offset of @pos in the chunk
 *
 * Return: The chunk.
 */
static inline struct scriptfs_chunk *scriptfs_chunk_at(struct scriptfs_block *block, loff_t pos,
						       u32 *offset)
{
	u64 in_block = pos - ((loff_t)block->index << PAGE_SHIFT);

	*offset = in_block & (SCRIPTFS_CHUNK_SIZE - 1);
	return &block->chunk[in_block >> SCRIPTFS_CHUNK_SHIFT];
}

/* Where in the block map an offset is looked up. */
static inline pgoff_t scriptfs_unit(loff_t pos)
{
	return pos >> SCRIPTFS_UNIT_SHIFT;
}

static inline loff_t scriptfs_block_start(const struct scriptfs_block *block)
{
	return (loff_t)block->index << PAGE_SHIFT;
}

static inline u64 scriptfs_block_end(const struct scriptfs_block *block)
{
	return scriptfs_block_start(block) + scriptfs_block_size(block);
}

/* How many bytes a chunk of @block has. */
static inline u32 scriptfs_chunk_size(const struct scriptfs_block *block)
{
	return min(scriptfs_block_size(block), SCRIPTFS_CHUNK_SIZE);
}

/* Has any page of @block been in the page cache, so that someone may hold or map it? */
static inline bool scriptfs_block_published(const struct scriptfs_block *block)
{
	unsigned int i;

	if (likely(block->chunk == &block->first))
		return block->first.published;
	for (i = 0; i < scriptfs_class_chunks(block->class); i++)
		if (block->chunk[i].published)
			return true;
	return false;
}

static inline void scriptfs_mark_set(struct scriptfs_chunk *chunk, u32 mark)
{
	/* The bytes below the mark before the mark: pairs with scriptfs_mark_get(). */
	smp_store_release(&chunk->mark, mark);
}

static inline u32 scriptfs_mark_get(const struct scriptfs_chunk *chunk)
{
	/* For those who look without map_lock: pairs with scriptfs_mark_set(). */
	return smp_load_acquire(&chunk->mark);
}

static inline struct page *scriptfs_chunk_page(struct scriptfs_chunk *chunk, u32 offset)
{
	return virt_to_page(chunk->addr + offset);
}

/*
 * The kernel has changed bytes of a chunk: where caches do not see that by themselves, user
 * mappings and instruction fetches have to be told.
 */
static inline void scriptfs_dcache_flush(struct scriptfs_chunk *chunk, u32 from, u32 to)
{
	if (!ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE || !chunk->published)
		return;
	for (from = round_down(from, PAGE_SIZE); from < to; from += PAGE_SIZE)
		flush_dcache_page(scriptfs_chunk_page(chunk, from));
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

/* pool.c, quarantine.c, surplus.c */
int scriptfs_pools_fill(struct scriptfs_pools *pools,
			const unsigned long reserve[SCRIPTFS_NR_CLASSES], u64 size, bool strict,
			unsigned long *missing);
void scriptfs_pools_free(struct scriptfs_pools *pools);
void scriptfs_pools_limit(struct scriptfs_pools *pools, u64 size, bool strict);
struct scriptfs_block *scriptfs_pool_take(struct scriptfs_pools *pools, unsigned int class,
					  bool surplus);
void scriptfs_pool_put(struct scriptfs_pools *pools, struct scriptfs_block *block,
		       unsigned long ino);
void scriptfs_pool_put_batch(struct scriptfs_pools *pools, struct scriptfs_block **blocks,
			     unsigned int nr, unsigned long ino);
unsigned int scriptfs_pool_settle(struct scriptfs_pool *pool);
void scriptfs_pool_stats(struct scriptfs_pool *pool, struct scriptfs_stats *stats);
u64 scriptfs_growth(struct scriptfs_pools *pools);

/**
 * struct scriptfs_wait - a task that waits for a block without locks, 0 at first
 * @replenished: it has got surplus, which memory pressure leaves alone until it is done
 * @all:	it has no use for less than all of what it asks for
 * @tries:	how often it has waited for others to let go of pages
 */
struct scriptfs_wait {
	bool		replenished;
	bool		all;
	unsigned int	tries;
};

int scriptfs_pools_replenish(struct scriptfs_pools *pools, struct scriptfs_wait *wait, bool busy,
			     u64 bytes);
void scriptfs_replenish_end(struct scriptfs_pools *pools, struct scriptfs_wait *wait);

/* wait.c */
int scriptfs_wait_for_block(struct inode *inode, struct scriptfs_wait *wait, int err,
			    u64 bytes);
void scriptfs_wait_end(struct inode *inode, struct scriptfs_wait *wait);

/* poison.c */
void scriptfs_poison_init(void);
void scriptfs_poison_exit(void);
void scriptfs_poison_flush(void);
bool scriptfs_block_bad(struct scriptfs_block *block);
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
