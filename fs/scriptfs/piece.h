/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: pieces, the memory that files consist of.
 *
 * A piece is a power of two of pages that are contiguous and aligned in memory: a whole block (for
 * a super, one of its 128 chunks), or what a block was cut into. It covers a range of its file that
 * is aligned to its size as well.
 */
#ifndef _FS_SCRIPTFS_PIECE_H
#define _FS_SCRIPTFS_PIECE_H

#include <linux/highmem.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/rbtree.h>

#include "class.h"

/* The largest piece is a chunk, the smallest a page. */
#define SCRIPTFS_CHUNK_ORDER	(SCRIPTFS_CHUNK_SHIFT - PAGE_SHIFT)
#define SCRIPTFS_CHUNK_PAGES	BIT(SCRIPTFS_CHUNK_ORDER)

/*
 * Who has a piece: a file, or one of these. A pointer to what is no file never looks like them.
 *
 *	INSIDE		nobody: this page is inside of a larger piece
 *	IDLE		ready to be taken: in a magazine, or marked in its span
 *	LISTED		ready to be taken: on a list of the pieces of cut blocks (cut.c)
 *	QUARANTINE	freed while its pages had outside references (quarantine.c)
 *	RETIRED		has a hardware memory error: out of service until the mount ends
 *	CORRUPT		turned out to be in use elsewhere: the same, and never freed
 */
#define SCRIPTFS_INSIDE		((void *)0UL)
#define SCRIPTFS_IDLE		((void *)1UL)
#define SCRIPTFS_LISTED		((void *)2UL)
#define SCRIPTFS_QUARANTINE	((void *)3UL)
#define SCRIPTFS_RETIRED	((void *)4UL)
#define SCRIPTFS_CORRUPT	((void *)5UL)

/**
 * struct scriptfs_piece - memory of a file, or ready for one
 * @node:	in the map of its file
 * @link:	on a list, while no file has it
 * @ino:	the inode that it came from; valid while quarantined
 * @addr:	where the kernel sees it
 * @owner:	the file's struct scriptfs_inode, or see SCRIPTFS_INSIDE and the following. Of tasks
 *		that free the same piece only the one that takes away the owner finds it in use
 * @index:	first page of the file that it covers
 * @mark:	initialised mark: bytes below it were written or zeroed, bytes above it may hold
 *		another file's old data. While quarantined: the page to look at next
 * @slot:	number of its first page in the span
 * @order:	it has 2^order pages
 * @class:	class of the block that it is, or is part of
 * @surplus:	its block is
 * @published:	pages of it have been in the page cache since it was taken, so there may be outside
 *		references
 * @kept:	the file keeps all of it, used or not: fallocate(2) or a hint asked for it
 * @fresh:	allocated by the fallocate(2) in progress
 * @united:	its pages are one huge page (unite.c), in a file or not
 * @apart:	they could not be, and stay single pages for as long as the file has it
 *
 * There is one for each page of a pool from the mount on; the one of the first page stands for the
 * piece. @addr, @slot, @class and @surplus never change. All others are guarded by map_lock while
 * the piece belongs to a file.
 */
struct scriptfs_piece {
	union {
		struct rb_node	node;
		struct {
			struct list_head link;
			unsigned long	ino;
		};
	};
	void			*addr;
	const void		*owner;
	pgoff_t			index;
	u32			mark;
	u16			slot;
	u8			order:4,
				class:3,
				surplus:1;
	u8			published:1,
				kept:1,
				fresh:1,
				united:1,
				apart:1;
};

/* Is the owner of a piece a file? */
static inline bool scriptfs_owner_file(const void *owner)
{
	return (unsigned long)owner > (unsigned long)SCRIPTFS_CORRUPT;
}

static inline u32 scriptfs_piece_size(const struct scriptfs_piece *piece)
{
	return PAGE_SIZE << piece->order;
}

static inline unsigned int scriptfs_piece_pages(const struct scriptfs_piece *piece)
{
	return 1U << piece->order;
}

/* First byte of the file that the piece covers. */
static inline loff_t scriptfs_piece_start(const struct scriptfs_piece *piece)
{
	return (loff_t)piece->index << PAGE_SHIFT;
}

/* The one after the last. */
static inline loff_t scriptfs_piece_end(const struct scriptfs_piece *piece)
{
	return scriptfs_piece_start(piece) + scriptfs_piece_size(piece);
}

static inline struct page *scriptfs_piece_page(const struct scriptfs_piece *piece, u32 offset)
{
	return virt_to_page(piece->addr + offset);
}

static inline void scriptfs_mark_set(struct scriptfs_piece *piece, u32 mark)
{
	/* The bytes below the mark before the mark: pairs with scriptfs_mark_get(). */
	smp_store_release(&piece->mark, mark);
}

static inline u32 scriptfs_mark_get(const struct scriptfs_piece *piece)
{
	/* For callers without map_lock: pairs with scriptfs_mark_set(). */
	return smp_load_acquire(&piece->mark);
}

/*
 * The kernel has changed bytes of a piece. Where caches are not coherent with that, user mappings
 * and instruction fetches have to be told.
 */
static inline void scriptfs_dcache_flush(struct scriptfs_piece *piece, u32 from, u32 to)
{
	if (!ARCH_IMPLEMENTS_FLUSH_DCACHE_PAGE || !piece->published)
		return;
	for (from = round_down(from, PAGE_SIZE); from < to; from += PAGE_SIZE)
		flush_dcache_page(scriptfs_piece_page(piece, from));
}

#endif /* _FS_SCRIPTFS_PIECE_H */
