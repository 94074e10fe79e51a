/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: structures and functions shared by the files of the module.
 */
#ifndef _FS_SCRIPTFS_H
#define _FS_SCRIPTFS_H

#include <linux/highmem.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/scriptfs.h>
#include <linux/spinlock.h>

struct scriptfs_sb;

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
 * @slot:	which of its slab's blocks this is (pool.c)
 * @fresh:	got while the fallocate(2) goes on that its file is at; guarded by map_lock
 * @poisoned:	a hardware memory error in it was reported (poison.c)
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
	bool				poisoned;
	u32				state;
	struct scriptfs_slab		*slab;
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

/* pool.c, quarantine.c, surplus.c */
int scriptfs_pools_fill(struct scriptfs_sb *sbi, unsigned long *missing);
void scriptfs_pools_free(struct scriptfs_sb *sbi);
struct scriptfs_block *scriptfs_pool_take(struct scriptfs_sb *sbi, unsigned int class,
					  bool surplus);
void scriptfs_pool_put(struct scriptfs_sb *sbi, struct scriptfs_block *block, unsigned long ino);
void scriptfs_pool_put_batch(struct scriptfs_sb *sbi, struct scriptfs_block **blocks,
			     unsigned int nr, unsigned long ino);
unsigned int scriptfs_pool_settle(struct scriptfs_sb *sbi, unsigned int class);
void scriptfs_pool_stats(struct scriptfs_sb *sbi, unsigned int class,
			 struct scriptfs_stats *stats);
u64 scriptfs_growth(struct scriptfs_sb *sbi);
unsigned int scriptfs_pools_settle(struct scriptfs_sb *sbi, bool all, u64 *quarantined);
int scriptfs_replenish(struct scriptfs_sb *sbi, u64 bytes, bool all, bool *begun);
void scriptfs_replenish_end(struct scriptfs_sb *sbi, bool *begun);

/* poison.c */
void scriptfs_poison_init(void);
void scriptfs_poison_exit(void);
unsigned long scriptfs_poison_events(void);
void scriptfs_poison_add(struct scriptfs_sb *sbi, unsigned long events);
void scriptfs_poison_remove(struct scriptfs_sb *sbi);
void scriptfs_poison_flush(void);
bool scriptfs_block_bad(struct scriptfs_block *block);

/* sysfs.c */
int scriptfs_sysfs_init(void);
void scriptfs_sysfs_exit(void);
int scriptfs_sysfs_add(struct scriptfs_sb *sbi);
void scriptfs_sysfs_remove(struct scriptfs_sb *sbi);

#endif /* _FS_SCRIPTFS_H */
