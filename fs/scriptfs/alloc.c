// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: which piece a file gets where it has none.
 *
 * A file asks for one, two or four pages, for as much as a block of one of the five classes, or
 * for less than it asks for, if that is all there is. It asks for the largest of these sizes for
 * which
 *
 *	- the piece begins in the page in which the data begins, at a multiple of its size: memory
 *	  in front of that would only be zeroed and held for nothing,
 *	- none of the file's pieces is in the way, and
 *	- either the caller has bytes for all of its pages, or the file grows on from here: the byte
 *	  before is in a piece, and the size is no more than all the memory that the file has. A
 *	  file never grows by a super. The first write to a file, which is the last one for most
 *	  small files, gets what it fills; one that fills half of a large begins a file that will
 *	  grow. What fallocate(2) asks for is kept whether it is used or not, so there the file does
 *	  not grow on either.
 *
 * If the file has a class hint, and the place of a block of that class around the data is free, it
 * asks for that instead, and keeps it as it is.
 *
 * Whatever the pools have idle comes first, in the order of pool.c: the size that is wanted, else
 * pieces that are smaller. All of the reserve is used up before the system has to give anything.
 * Then surplus, then -ENOSPC.
 */
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/log2.h>

#include "alloc.h"
#include "map.h"
#include "sb.h"

/* How many pages at the beginning of a file get a large block. */
#define SCRIPTFS_BEGIN_PAGES	(SCRIPTFS_CHUNK_PAGES / 2)

/* Blocks are not joined more often than this, in jiffies. */
#define SCRIPTFS_COMPACT_DELAY	(HZ / 10)

/* How many pages from @index on are in no piece. */
static unsigned long scriptfs_map_room(const struct scriptfs_inode *si, pgoff_t index)
{
	struct scriptfs_piece *next = scriptfs_piece_next(si, index);

	if (!next)
		return ULONG_MAX;
	return next->index > index ? next->index - index : 0;
}

/* The largest size that a file asks for and that is no larger than 2^@order pages. */
static unsigned int scriptfs_order_asked(unsigned int order)
{
	unsigned int class = SCRIPTFS_SUPER;

	if (order <= SCRIPTFS_POEM_SHIFT - PAGE_SHIFT)
		return order;
	while (scriptfs_class_order(class) > order)
		class--;
	return scriptfs_class_order(class);
}

/* Which size the piece should have where nothing is hinted. */
static unsigned int scriptfs_order_wanted(struct inode *inode, loff_t pos, u64 want)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	pgoff_t index = pos >> PAGE_SHIFT;
	unsigned long pages = ((pos + want - 1) >> PAGE_SHIFT) - index + 1;
	unsigned int order;

	if (index && !si->fallocate.running && i_size_read(inode)) {
		unsigned long grown = min_t(u64, inode->i_blocks >> (PAGE_SHIFT - 9),
					    SCRIPTFS_CHUNK_PAGES);

		if (grown > pages && scriptfs_map_look(si, index - 1))
			pages = grown;
	}
	if (pages >= SCRIPTFS_BEGIN_PAGES && !index && !si->fallocate.running)
		pages = max_t(unsigned long, pages, SCRIPTFS_CHUNK_PAGES);
	if (pages > 1 && !RB_EMPTY_ROOT(&si->map))
		pages = min(pages, scriptfs_map_room(si, index));
	order = ilog2(pages);
	if (index)
		order = min_t(unsigned int, order, __ffs(index));
	return scriptfs_order_asked(order);
}

/* Is there room for a block of the file's class hint? */
static bool scriptfs_hint_fits(const struct scriptfs_inode *si, pgoff_t index)
{
	unsigned long pages = 1UL << scriptfs_class_order(si->class);

	return scriptfs_map_room(si, round_down(index, pages)) >= pages;
}

/* Give a super to a file, if there is one. Returns the piece of it with page @index. */
static noinline struct scriptfs_piece *scriptfs_super_give(struct inode *inode, pgoff_t index,
							   bool surplus, bool kept)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *pieces[SCRIPTFS_SUPER_CHUNKS];
	pgoff_t first = round_down(index, SCRIPTFS_SUPER_CHUNKS * SCRIPTFS_CHUNK_PAGES);
	unsigned int i;

	if (!scriptfs_take_super(scriptfs_pools(inode->i_sb), surplus, si, pieces))
		return NULL;
	for (i = 0; i < SCRIPTFS_SUPER_CHUNKS; i++) {
		pieces[i]->kept = kept;
		scriptfs_map_insert(inode, pieces[i], first + i * SCRIPTFS_CHUNK_PAGES);
	}
	/* The caller may be stopped before it has filled all of them. */
	si->trim = SCRIPTFS_TRIM_ALL;
	return pieces[(index - first) / SCRIPTFS_CHUNK_PAGES];
}

/* The piece before @piece is the last no more: does it have slack that only the last one may? */
static void scriptfs_tail_moved(struct scriptfs_inode *si, const struct scriptfs_piece *piece)
{
	struct rb_node *prev = rb_prev(&piece->node);

	if (prev && scriptfs_piece_slack(rb_entry(prev, struct scriptfs_piece, node)))
		si->trim = SCRIPTFS_TRIM_ALL;
}

/* Give a piece to a file, for @want bytes at @pos. */
static __always_inline void scriptfs_piece_give(struct inode *inode, struct scriptfs_piece *piece,
						loff_t pos, u64 want, bool kept)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	scriptfs_map_insert(inode, piece, pos >> PAGE_SHIFT);
	if (unlikely(si->trim == SCRIPTFS_TRIM_TAIL))
		scriptfs_tail_moved(si, piece);
	if (unlikely(kept))
		piece->kept = true;
	else if (scriptfs_piece_limit(piece) > DIV_ROUND_UP_ULL(pos + want, PAGE_SIZE))
		scriptfs_trim_later(si, piece);
}

/*
 * A whole block was wanted and there is none. Have some joined for the next time (compact.c), if
 * there are cut ones.
 */
static noinline void scriptfs_want_whole(struct inode *inode, unsigned int order)
{
	struct scriptfs_sb *sbi = scriptfs_sb(inode->i_sb);
	unsigned int class = scriptfs_order_class(order);

	if (class < SCRIPTFS_MEDIUM)
		return;
	/* A larger block than that would do as well. */
	for (; class <= SCRIPTFS_LARGE; class++) {
		struct scriptfs_pool *pool = &sbi->pools.pool[class];

		if (READ_ONCE(pool->idle))
			return;
		if (READ_ONCE(pool->nr_cut) && !test_and_set_bit(class, &sbi->wanted))
			queue_delayed_work(system_unbound_wq, &sbi->compact,
					   SCRIPTFS_COMPACT_DELAY);
	}
}

/* The piece that covers @pos, or a new one; with @idle_only none that is not there yet. */
static __always_inline struct scriptfs_piece *scriptfs_piece_get_from(struct inode *inode,
								      loff_t pos, u64 want,
								      bool idle_only)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	pgoff_t index = pos >> PAGE_SHIFT;
	struct scriptfs_piece *piece = scriptfs_map_look(si, index);
	unsigned int order;
	bool hinted;

	if (piece)
		return piece;
	hinted = unlikely(si->class < SCRIPTFS_NR_CLASSES) && scriptfs_hint_fits(si, index);
	order = hinted ? scriptfs_class_order(si->class) :
			 scriptfs_order_wanted(inode, pos, want);
	if (unlikely(order > SCRIPTFS_CHUNK_ORDER)) {
		piece = scriptfs_super_give(inode, index, false, hinted);
		if (piece)
			return piece;
	}
	piece = scriptfs_take(pools, min_t(unsigned int, order, SCRIPTFS_CHUNK_ORDER), si);
	if (unlikely(!piece)) {
		if (idle_only)
			return ERR_PTR(-EAGAIN);
		/* A super from the system only by name: larges do as well, one by one. */
		if (hinted && order > SCRIPTFS_CHUNK_ORDER)
			piece = scriptfs_super_give(inode, index, true, true);
		if (piece)
			return piece;
		piece = scriptfs_take_more(pools, min_t(unsigned int, order, SCRIPTFS_CHUNK_ORDER),
					   si);
		if (!piece)
			return ERR_PTR(-ENOSPC);
	} else if (unlikely(piece->order < order)) {
		scriptfs_want_whole(inode, order);
	}
	scriptfs_piece_give(inode, piece, pos, want, hinted);
	return piece;
}

/**
 * scriptfs_piece_get - find the piece that covers an offset, or give the file one
 * @inode:	the file
 * @pos:	offset in bytes
 * @want:	how many bytes from @pos on the caller is about to fill, at least 1
 *
 * Context: The caller holds map_lock exclusively. Does not reclaim memory: see wait.h.
 * Return: The piece, or ERR_PTR(-ENOSPC) if there is none.
 */
struct scriptfs_piece *scriptfs_piece_get(struct inode *inode, loff_t pos, u64 want)
{
	return scriptfs_piece_get_from(inode, pos, want, false);
}

/**
 * scriptfs_piece_get_idle - the same without surplus, which takes the system some time
 * @inode:	the file
 * @pos:	offset in bytes
 * @want:	how many bytes from @pos on the caller is about to fill, at least 1
 *
 * Context: The caller holds map_lock exclusively.
 * Return: The piece, or ERR_PTR(-EAGAIN) if the pools have none idle.
 */
struct scriptfs_piece *scriptfs_piece_get_idle(struct inode *inode, loff_t pos, u64 want)
{
	return scriptfs_piece_get_from(inode, pos, want, true);
}
