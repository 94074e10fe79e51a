// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: in which order the pools are searched for a piece.
 *
 * A file asks for one, two or four pages, or for a block of a class (alloc.c). It gets, from the
 * first of these that there is,
 *
 *	1. a piece of a cut block that has just this size
 *	2. a block of the class that has this size; for less than a poem, the smallest larger piece
 *	   of a cut block, or a poem if there is none of that size, cut down
 *	3. the largest smaller piece, of a cut block or a whole one
 *	4. the smallest larger piece, cut down, and of a super last
 *	5. surplus: a block from the system (surplus.c)
 *
 * 1 keeps cut blocks few and their pieces in use, so that small files lie next to each other. 2 is
 * what the class was preallocated for. 3 wastes nothing, and leaves large blocks to those who ask
 * for them. 4 makes all of the memory good for any need. 5 is last, because the reserve is there
 * and the system may have other uses for its memory.
 *
 * So what the pools have idle can be had by any write and any page fault, whatever else is in use.
 */
#include "cut.h"
#include "search.h"

/* Take a whole block of a class, and list of it what is more than 2^to pages. */
static struct scriptfs_piece *scriptfs_pick_block(struct scriptfs_pools *pools,
						  unsigned int class, unsigned int to)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	struct scriptfs_piece *piece;
	unsigned int found;

	do {
		/* Even if there seem to be none: a magazine that took them has them then. */
		spin_lock(&pool->lock);
		found = scriptfs_spans_pick(pool, true, &piece, 1);
		spin_unlock(&pool->lock);
		if (!found)
			return NULL;
		if (class == SCRIPTFS_SUPER)
			scriptfs_cut_super(pools, piece);
		if (scriptfs_cut_down(pools, piece, to))
			return piece;
	} while (class != SCRIPTFS_SUPER);
	/* The other chunks are listed now. */
	return scriptfs_cut_pick(pools, SCRIPTFS_CHUNK_ORDER, to);
}

/* Take 2^from pages, and list of them what is more than 2^to. */
static struct scriptfs_piece *scriptfs_pick(struct scriptfs_pools *pools, unsigned int from,
					    unsigned int to)
{
	struct scriptfs_piece *piece = scriptfs_cut_pick(pools, from, to);
	unsigned int class = scriptfs_order_class(from);

	if (!piece && class < SCRIPTFS_NR_CLASSES)
		piece = scriptfs_pick_block(pools, class, to);
	return piece;
}

/**
 * scriptfs_search_own - find an idle piece where one of its size belongs
 * @pools:	the pools
 * @order:	it is to have 2^order pages
 *
 * Steps 1 and 2 of the order above, without what is in magazines.
 *
 * Context: The caller holds cut.lock; takes pool->lock.
 * Return: The piece, idle and on no list, or NULL.
 */
struct scriptfs_piece *scriptfs_search_own(struct scriptfs_pools *pools, unsigned int order)
{
	unsigned int poem = scriptfs_class_order(SCRIPTFS_POEM), from;
	struct scriptfs_piece *piece;

	if (order >= poem)
		return scriptfs_pick(pools, order, order);
	for (from = order; from < SCRIPTFS_NR_ORDERS; from++) {
		piece = from == poem ? scriptfs_pick(pools, from, order) :
				       scriptfs_cut_pick(pools, from, order);
		if (piece)
			return piece;
	}
	return NULL;
}

/**
 * scriptfs_search - find an idle piece
 * @pools:	the pools
 * @order:	it is to have 2^order pages
 *
 * Steps 1 to 4 of the order above, without what is in magazines.
 *
 * Context: The caller holds cut.lock; takes pool->lock.
 * Return: The piece, idle and on no list, with 2^order pages or fewer; or NULL.
 */
struct scriptfs_piece *scriptfs_search(struct scriptfs_pools *pools, unsigned int order)
{
	struct scriptfs_piece *piece = scriptfs_search_own(pools, order);
	unsigned int from;

	for (from = order; from && !piece; from--)
		piece = scriptfs_pick(pools, from - 1, from - 1);
	for (from = order + 1; from <= SCRIPTFS_CHUNK_ORDER && !piece; from++)
		piece = scriptfs_pick(pools, from, order);
	return piece ?: scriptfs_pick_block(pools, SCRIPTFS_SUPER, order);
}
