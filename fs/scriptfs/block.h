/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: blocks, the memory of a file, and the chunks that they consist of.
 */
#ifndef _FS_SCRIPTFS_BLOCK_H
#define _FS_SCRIPTFS_BLOCK_H

#include <linux/highmem.h>
#include <linux/list.h>
#include <linux/mm.h>

#include "class.h"

/**
 * struct scriptfs_chunk - physically contiguous memory of a block
 * @addr:	where the kernel sees it
 * @mark:	initialised mark: bytes below it were written or zeroed, bytes above it may hold
 *		another file's old data. While the block is quarantined: pages below it were
 *		found to have no outside reference
 * @published:	pages of this chunk have been in the page cache since the block was taken, so
 *		there may be outside references
 * @stray:	pages at or above the mark may be stray: still referenced from a time when they
 *		were another part of the file (scatter.c)
 * @scattered:	the chunk's pages are found through a table, and the mark is 0 (scatter.c)
 * @corrupt:	a page of it turned out to be in use elsewhere, so none goes back to the system
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
 * @SCRIPTFS_BLOCK_QUARANTINED:	freed while one of its pages still had an outside reference
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
 * @index:	first page of the file that it covers; valid while used
 * @ino:	the inode it came from; valid while quarantined
 * @class:	which of the five sizes
 * @slot:	its number in the span
 * @fresh:	allocated by the fallocate(2) in progress; guarded by map_lock
 * @poisoned:	a hardware memory error in it was reported (span.c)
 * @state:	see enum scriptfs_block_state. The task that changes it from used is the one that
 *		frees the block, whatever list the block is moving to
 * @span:	the allocation that it was carved from
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

/* Has any page of @block been in the page cache, so that it may be referenced or mapped? */
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
	/* For callers without map_lock: pairs with scriptfs_mark_set(). */
	return smp_load_acquire(&chunk->mark);
}

static inline struct page *scriptfs_chunk_page(struct scriptfs_chunk *chunk, u32 offset)
{
	return virt_to_page(chunk->addr + offset);
}

/*
 * The kernel has changed bytes of a chunk. Where caches are not coherent with that, user mappings
 * and instruction fetches have to be told.
 */
static inline void scriptfs_dcache_flush(struct scriptfs_chunk *chunk, u32 from, u32 to)
{
	if (!ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE || !chunk->published)
		return;
	for (from = round_down(from, PAGE_SIZE); from < to; from += PAGE_SIZE)
		flush_dcache_page(scriptfs_chunk_page(chunk, from));
}

#endif /* _FS_SCRIPTFS_BLOCK_H */
