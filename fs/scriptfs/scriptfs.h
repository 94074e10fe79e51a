/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: structures and functions shared by the files of the module.
 *
 * Lock order:
 *
 *	inode_lock (i_rwsem)	file data: exclusive to write and truncate, shared to read, or
 *				none (read.c)
 *	mmap_lock		taken by the fault on a user buffer inside read(2) and write(2)
 *	map_lock		block map, initialised marks, publishing
 *	pool->settling		the pool's quarantine
 *	magazine->lock		a processor's idle blocks, one magazine at a time
 *	pool->lock, i_pages	leaves
 *
 * Nobody waits for a page lock while holding map_lock. A page fault takes map_lock but never
 * inode_lock: write(2) holds inode_lock while it faults in a buffer that may be a mapping of
 * the very file it writes to.
 */
#ifndef _FS_SCRIPTFS_H
#define _FS_SCRIPTFS_H

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/fs_parser.h>
#include <linux/kobject.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu_counter.h>
#include <linux/rwsem.h>
#include <linux/scriptfs.h>
#include <linux/seqlock.h>
#include <linux/shrinker.h>
#include <linux/spinlock.h>
#include <linux/uio.h>
#include <linux/xarray.h>

/* The largest physically contiguous piece of a block. */
#define SCRIPTFS_CHUNK_SHIFT	21
#define SCRIPTFS_CHUNK_SIZE	BIT(SCRIPTFS_CHUNK_SHIFT)

/* The block map counts in units of the smallest class. */
#define SCRIPTFS_UNIT_SHIFT	15
#define SCRIPTFS_UNIT_SIZE	BIT(SCRIPTFS_UNIT_SHIFT)

extern const u8 scriptfs_class_shifts[SCRIPTFS_NR_CLASSES];
extern const char *const scriptfs_class_names[SCRIPTFS_NR_CLASSES];

/**
 * struct scriptfs_chunk - physically contiguous memory of a block
 * @addr:	where the kernel sees it
 * @mark:	initialised mark: bytes below it were written or zeroed, bytes from it on may
 *		hold another file's old data
 * @published:	pages of this chunk have been in the page cache since the block was taken, so
 *		others may hold references
 *
 * All but @addr is guarded by map_lock while the block belongs to a file.
 */
struct scriptfs_chunk {
	void	*addr;
	u32	mark;
	bool	published;
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
 * @slot:	which of its slab's blocks this is (pool.c)
 * @fresh:	got while the fallocate(2) goes on that its file is at; guarded by map_lock
 * @state:	see enum scriptfs_block_state; whoever changes it from used is the one to have
 *		given the block back, whatever lists it is on the way to
 * @slab:	the allocation it was carved from (pool.c)
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
	u32				state;
	struct scriptfs_slab		*slab;
	struct list_head		link;
};

/**
 * struct scriptfs_pool - the blocks of one class of one mount
 * @magazine:	idle blocks of the reserve that each processor has for itself (magazine.c); NULL
 *		when the class has none
 * @depth:	how many blocks a magazine holds
 * @lock:	guards everything below
 * @settling:	held while quarantined blocks are looked at, so that whoever finds the pool empty
 *		waits for those that another task is about to make idle; taken before @lock
 * @partial:	slabs with idle blocks, those of the reserve before those of the surplus
 * @full:	slabs without
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

	spinlock_t		lock ____cacheline_aligned_in_smp;	/* lists, figures */
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
 * struct scriptfs_figures - how many blocks of a pool are where
 * @reserve:	preallocated
 * @surplus:	above the reserve
 * @idle:	ready to be handed out, in the pool or in a magazine
 * @used:	belong to files
 * @quarantine:	wait for an outside reference to go
 * @retired:	out of service
 *
 * reserve + surplus == idle + used + quarantine + retired, always.
 */
struct scriptfs_figures {
	unsigned long		reserve;
	unsigned long		surplus;
	unsigned long		idle;
	unsigned long		used;
	unsigned long		quarantine;
	unsigned long		retired;
};

/* From where on a copy goes past the cache unless the mount says otherwise: copy.c tells why. */
#define SCRIPTFS_BYPASS_CALL	0x10000UL
#define SCRIPTFS_BYPASS_FILE	0x1000000UL

/**
 * enum scriptfs_copy - how large copies into files are made
 * @SCRIPTFS_COPY_AUTO:		past the cache where that pays
 * @SCRIPTFS_COPY_CACHED:	always through the cache
 * @SCRIPTFS_COPY_BYPASS:	past the cache, whatever the size of the file
 */
enum scriptfs_copy {
	SCRIPTFS_COPY_AUTO,
	SCRIPTFS_COPY_CACHED,
	SCRIPTFS_COPY_BYPASS,
};

/**
 * struct scriptfs_options - what the mount was asked for
 * @reserve:	blocks to preallocate, per class
 * @size:	most bytes that reserve and surplus may come to together
 * @nr_inodes:	most inodes and further names of them, 0 for no limit
 * @strict:	no surplus: what does not fit into the reserve is ENOSPC
 * @io_page:	read(2) and write(2) go page by page through the page cache
 * @class:	class that new files ask for, SCRIPTFS_NR_CLASSES for none
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

/**
 * struct scriptfs_sb - one mount
 * @sb:		the VFS's side of it
 * @opt:	mount options; all but the reserve and mode, uid and gid may change by remount
 * @pool:	the five pools
 * @held:	bytes of all pools together, never above @opt.size through surplus
 * @inodes:	inodes in use, and their names beyond the first
 * @next_ino:	the last inode number given out
 * @shrinker:	gives idle surplus back under memory pressure
 * @kobj:	/sys/fs/scriptfs/MAJOR:MINOR
 * @kobj_gone:	@kobj was released, so this structure may be freed
 */
struct scriptfs_sb {
	struct super_block	*sb;
	struct scriptfs_options	opt;
	struct scriptfs_pool	pool[SCRIPTFS_NR_CLASSES];
	atomic64_t		held;
	atomic64_t		inodes;
	atomic64_t		next_ino;
	struct shrinker		shrinker;
	struct kobject		kobj;
	struct completion	kobj_gone;
};

/**
 * struct scriptfs_inode - scriptfs's part of an inode
 * @map_lock:	guards @map, the initialised marks in it and publishing; exclusive to change,
 *		shared to look at.
 *		@map alone may also be looked up under inode_lock, because blocks leave it only
 *		with both held
 * @map:	unit of 32 KiB -> struct scriptfs_block, one multi-index entry a block
 * @blocks:	the blocks in @map, in the order in which the file got them; guarded by map_lock
 * @nr_fresh:	how many of them are fresh; guarded by map_lock
 * @allocating:	a fallocate(2) is going on, so new blocks are fresh; guarded by map_lock
 * @start:	memory of the first byte in the file, NULL for a hole; changed under map_lock, and
 *		looked at by those who open the file without a lock, so only good to prefetch
 * @recent:	block of the last write or NULL; guarded by inode_lock held exclusively
 * @changes:	odd while the file's bytes, blocks or size change; inode_lock held exclusively says
 *		who may do that, readers without it look here (read.c)
 * @kept_end:	end of what fallocate(2) allocated behind the end of the file, 0 for nothing;
 *		guarded by inode_lock
 * @loose:	blocks may lie behind the end of the file, or be larger than it needs; guarded by
 *		map_lock
 * @class:	class hint, SCRIPTFS_NR_CLASSES for none
 * @writers:	how many have the file open for writing
 * @filler:	task whose write_begin is about to fill the page it asks for from end to end, so
 *		that it needs no zeroing; NULL when none
 * @supply_end:	first page that may not be published although write_begin works beyond i_size; 0
 *		when it does not
 * @vfs_inode:	the VFS's part
 */
struct scriptfs_inode {
	struct rw_semaphore	map_lock;
	struct xarray		map;
	struct list_head	blocks;
	unsigned int		nr_fresh;
	bool			allocating;
	void			*start;
	struct scriptfs_block	*recent;
	seqcount_t		changes;
	loff_t			kept_end;
	bool			loose;
	u8			class;
	atomic_t		writers;
	struct task_struct	*filler;
	pgoff_t			supply_end;
	struct inode		vfs_inode;
};

static inline struct scriptfs_sb *scriptfs_sb(struct super_block *sb)
{
	return sb->s_fs_info;
}

static inline struct scriptfs_inode *scriptfs_inode(struct inode *inode)
{
	return container_of(inode, struct scriptfs_inode, vfs_inode);
}

static inline unsigned long scriptfs_class_size(unsigned int class)
{
	return 1UL << scriptfs_class_shifts[class];
}

static inline unsigned long scriptfs_block_size(const struct scriptfs_block *block)
{
	return scriptfs_class_size(block->class);
}

/* How many chunks a block of @class has. */
static inline unsigned int scriptfs_class_chunks(unsigned int class)
{
	return class == SCRIPTFS_SUPER ? scriptfs_class_size(class) >> SCRIPTFS_CHUNK_SHIFT : 1;
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
 * The bytes of @page are what the file has there. It is on no LRU list; saying that it is
 * unevictable keeps the callers of mark_page_accessed() and fadvise(2) from batching it for
 * one, and from holding it until the batch is full.
 */
static inline void scriptfs_page_ready(struct page *page)
{
	SetPageUnevictable(page);
	SetPageUptodate(page);
}

/* First page of a file that may not be published. */
static inline pgoff_t scriptfs_page_limit(struct scriptfs_inode *si)
{
	pgoff_t limit = DIV_ROUND_UP_ULL(i_size_read(&si->vfs_inode), PAGE_SIZE);

	return max(limit, READ_ONCE(si->supply_end));
}

/*
 * Begin and end to change a file. The caller holds inode_lock exclusively, which is what makes the
 * raw functions right: they do not expect their caller to sleep.
 */
static inline void scriptfs_change_begin(struct scriptfs_inode *si)
{
	raw_write_seqcount_begin(&si->changes);
}

static inline void scriptfs_change_end(struct scriptfs_inode *si)
{
	raw_write_seqcount_end(&si->changes);
}

/* pool.c */
int scriptfs_pools_fill(struct scriptfs_sb *sbi, unsigned long *missing);
void scriptfs_pools_drain(struct scriptfs_sb *sbi);
struct scriptfs_block *scriptfs_pool_take(struct scriptfs_sb *sbi, unsigned int class,
					  bool surplus);
void scriptfs_pool_put(struct scriptfs_sb *sbi, struct scriptfs_block *block, unsigned long ino);
void scriptfs_pool_put_batch(struct scriptfs_sb *sbi, struct scriptfs_block **blocks,
			     unsigned int nr, unsigned long ino);
void scriptfs_pool_settle(struct scriptfs_sb *sbi, unsigned int class);
void scriptfs_pool_figures(struct scriptfs_sb *sbi, unsigned int class,
			   struct scriptfs_figures *figures);

/* sysfs.c */
int scriptfs_sysfs_init(void);
void scriptfs_sysfs_exit(void);
int scriptfs_sysfs_add(struct scriptfs_sb *sbi);
void scriptfs_sysfs_remove(struct scriptfs_sb *sbi);

/**
 * struct scriptfs_context - options on their way from fsconfig(2) or mount(2) to the mount
 * @opt:	what was asked for so far
 * @given:	which options were named, a bit each (options.c)
 */
struct scriptfs_context {
	struct scriptfs_options	opt;
	unsigned int		given;
};

/* options.c */
struct seq_file;
extern const struct fs_parameter_spec scriptfs_parameters[];
void scriptfs_default_options(struct scriptfs_options *opt);
int scriptfs_parse_param(struct fs_context *fc, struct fs_parameter *param);
int scriptfs_settle_options(struct fs_context *fc);
int scriptfs_change_options(struct fs_context *fc, struct scriptfs_sb *sbi);
int scriptfs_show_options(struct seq_file *seq, struct dentry *root);
u64 scriptfs_reserve_bytes(const struct scriptfs_options *opt);
__printf(2, 3) void scriptfs_report(struct p_log *log, const char *fmt, ...);

/* super.c */
extern struct file_system_type scriptfs_fs_type;

/* inode.c */
struct inode *scriptfs_new_inode(struct super_block *sb, const struct inode *dir, umode_t mode,
				 dev_t dev);

/* block.c */
struct scriptfs_block *scriptfs_block_find(struct scriptfs_inode *si, loff_t pos);
struct scriptfs_block *scriptfs_block_get(struct inode *inode, loff_t pos, u64 want, bool move);
loff_t scriptfs_hole_end(struct scriptfs_inode *si, loff_t pos);
void scriptfs_mark_raise(struct scriptfs_chunk *chunk, u32 mark);
void scriptfs_zero_tail(struct inode *inode, loff_t pos);
void scriptfs_map_truncate(struct inode *inode, loff_t size);
void scriptfs_map_release(struct inode *inode);
void scriptfs_map_fit(struct inode *inode);

void scriptfs_block_drop(struct inode *inode, struct scriptfs_block *block);

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
	struct scriptfs_block *block = si->recent;

	if (!block || pos < scriptfs_block_start(block) || pos >= scriptfs_block_end(block)) {
		block = scriptfs_block_find(si, pos);
		si->recent = block;
	}
	return block;
}

/* copy.c */
void scriptfs_copy_init(void);
bool scriptfs_should_bypass(struct inode *inode, loff_t end);
size_t scriptfs_copy_past_cache(void *to, size_t len, struct iov_iter *from);

/* read.c */
void scriptfs_readers_wait(struct scriptfs_inode *si);
ssize_t scriptfs_read_iter(struct kiocb *iocb, struct iov_iter *to);
loff_t scriptfs_llseek(struct file *file, loff_t offset, int whence);

/* fallocate.c */
void scriptfs_clear_range(struct inode *inode, loff_t start, loff_t end, bool drop);
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
int scriptfs_file_mmap(struct file *file, struct vm_area_struct *vma);
struct scriptfs_block *scriptfs_block_to_write(struct inode *inode, loff_t pos, u64 want);
void scriptfs_withdraw_all(struct inode *inode);

#endif /* _FS_SCRIPTFS_H */
