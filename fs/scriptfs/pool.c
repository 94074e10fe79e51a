// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the pools, where pieces wait for a file.
 *
 * A piece belongs to one file from scriptfs_take() to scriptfs_put(). Pieces whose pages never left
 * the file system (piece->published is false, as for most files) are freed without a look at their
 * pages, which is why unlink costs nothing a page. All others are checked for outside references
 * first.
 *
 * What can be taken out of a magazine is; all else is in the order of search.c.
 *
 * The order of the memory layer is class, piece, span, cut, search, magazine, quarantine, surplus,
 * poison, pool, reserve: nothing includes what comes after it, and none of it knows a mount or an
 * inode. poison is above quarantine because a search for a bad page settles the quarantine; reserve
 * is on top because it sets up and tears down all others.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "cut.h"
#include "magazine.h"
#include "pool.h"
#include "quarantine.h"
#include "search.h"
#include "surplus.h"

/* Up to this many pieces of a file are freed into magazines. */
#define SCRIPTFS_FEW_PIECES	4

static bool scriptfs_suspect(const struct scriptfs_pools *pools)
{
	return test_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags);
}

/* Take a piece out of a magazine, unless there is one on a list that is to be used first. */
static __always_inline struct scriptfs_piece *scriptfs_take_fast(struct scriptfs_pools *pools,
								 unsigned int order)
{
	unsigned int class;

	if (order < SCRIPTFS_SMALL_ORDERS)
		return likely(pools->cut.magazine[order]) ?
			scriptfs_magazine_take_small(pools, order) : NULL;
	class = scriptfs_order_class(order);
	if (class == SCRIPTFS_NR_CLASSES || READ_ONCE(pools->cut.orders) & BIT(order) ||
	    !pools->pool[class].magazine)
		return NULL;
	return scriptfs_magazine_take(&pools->pool[class]);
}

/*
 * Find a piece wherever it is. One that has the size of a class may be in another processor's
 * magazine, or be whole but for small pieces in some: look there before making do with others.
 */
static struct scriptfs_piece *scriptfs_look(struct scriptfs_pools *pools, unsigned int order)
{
	unsigned int class = scriptfs_order_class(order);
	struct scriptfs_piece *piece;

	if (class < SCRIPTFS_NR_CLASSES) {
		spin_lock(&pools->cut.lock);
		piece = scriptfs_search_own(pools, order);
		spin_unlock(&pools->cut.lock);
		if (piece)
			return piece;
		scriptfs_magazines_drain_small(pools);
		scriptfs_magazines_drain_class(&pools->pool[class]);
	}
	spin_lock(&pools->cut.lock);
	piece = scriptfs_search(pools, order);
	spin_unlock(&pools->cut.lock);
	return piece;
}

/* The same with all that is in magazines. NULL if there was a moment at which none was idle. */
static struct scriptfs_piece *scriptfs_take_any(struct scriptfs_pools *pools, unsigned int order)
{
	struct scriptfs_piece *piece;
	unsigned long arrivals;

	do {
		arrivals = scriptfs_arrivals(pools);
		piece = scriptfs_look(pools, order);
		if (piece)
			return piece;
		scriptfs_magazines_drain(pools);
	} while (arrivals != scriptfs_arrivals(pools));
	return NULL;
}

static noinline struct scriptfs_piece *scriptfs_take_slow(struct scriptfs_pools *pools,
							  unsigned int order)
{
	struct scriptfs_piece *piece = scriptfs_take_any(pools, order);

	if (!piece && scriptfs_settle_few(pools))
		piece = scriptfs_take_any(pools, order);
	return piece;
}

static __always_inline struct scriptfs_piece *scriptfs_take_idle(struct scriptfs_pools *pools,
								 unsigned int order)
{
	struct scriptfs_piece *piece = scriptfs_take_fast(pools, order);

	return likely(piece) ? piece : scriptfs_take_slow(pools, order);
}

/* Have the quarantine take bad pages out of pieces that no file has; all others are idle again. */
static noinline void scriptfs_put_unsound(struct scriptfs_pools *pools,
					  struct scriptfs_piece **pieces, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		WRITE_ONCE(pieces[i]->owner, SCRIPTFS_QUARANTINE);
		scriptfs_quarantine(pools, pieces[i], 0);
	}
}

/* Take pieces until there is one without a hardware memory error. */
static noinline struct scriptfs_piece *scriptfs_take_sound(struct scriptfs_pools *pools,
							   unsigned int order)
{
	struct scriptfs_piece *piece;
	bool back = false;

	/* From before the first is taken: most of it is idle again if it is not good enough. */
	scriptfs_hide(&pools->cut);
	while ((piece = scriptfs_take_idle(pools, order)) && scriptfs_piece_poisoned(piece)) {
		scriptfs_put_unsound(pools, &piece, 1);
		back = true;
	}
	scriptfs_hide_end(&pools->cut, back);
	return piece;
}

/* Forget the file that the piece belonged to last. */
static __always_inline void scriptfs_hand_out(struct scriptfs_piece *piece, const void *owner)
{
	piece->mark = 0;
	piece->published = false;
	piece->kept = false;
	piece->fresh = false;
	piece->apart = false;
	WRITE_ONCE(piece->owner, owner);
}

/**
 * scriptfs_take - take an idle piece for a file
 * @pools:	the pools
 * @order:	2^order pages are wanted, up to a large
 * @owner:	the file
 *
 * The memory is not cleared, and the initialised mark is 0. No memory is reclaimed, and no more
 * than a few quarantined pieces are checked: scriptfs_pools_replenish() does both.
 *
 * Context: Process context. May sleep; takes the locks of the pools.
 * Return: The piece, the file's until scriptfs_put(), with fewer pages than wanted if there is none
 * of that size nor a larger one; or NULL.
 */
struct scriptfs_piece *scriptfs_take(struct scriptfs_pools *pools, unsigned int order,
				     const void *owner)
{
	struct scriptfs_piece *piece;

	if (unlikely(scriptfs_suspect(pools)))
		piece = scriptfs_take_sound(pools, order);
	else
		piece = scriptfs_take_idle(pools, order);
	if (likely(piece))
		scriptfs_hand_out(piece, owner);
	return piece;
}

/**
 * scriptfs_take_listed - take an idle piece of a cut block to replace another one of a file
 * @pools:	the pools
 * @order:	2^order pages are wanted, any number up to a chunk
 * @owner:	the file
 *
 * It still counts as idle, instead of the piece that it replaces, which is to be handed to
 * scriptfs_cut_cleared().
 *
 * Context: Takes cut.lock.
 * Return: The piece, of just that size, or NULL if cut blocks do not have it on the lists.
 */
struct scriptfs_piece *scriptfs_take_listed(struct scriptfs_pools *pools, unsigned int order,
					    const void *owner)
{
	struct scriptfs_piece *piece = NULL;
	unsigned int from;

	spin_lock(&pools->cut.lock);
	for (from = order; from < SCRIPTFS_NR_ORDERS && !piece; from++)
		piece = scriptfs_cut_pick(pools, from, order);
	if (piece)
		pools->cut.hidden += scriptfs_piece_pages(piece);
	spin_unlock(&pools->cut.lock);
	if (piece)
		scriptfs_hand_out(piece, owner);
	return piece;
}

/**
 * scriptfs_take_more - take a piece for a file from the system
 * @pools:	pools without an idle piece
 * @order:	2^order pages are wanted, as for scriptfs_take()
 * @owner:	the file
 *
 * Context: Process context. May sleep, but does not reclaim memory; takes the locks of the pools.
 * Return: The piece, with fewer pages than wanted if there are no more; or NULL if the limits do
 * not allow it, or the system does not have the memory at hand.
 */
struct scriptfs_piece *scriptfs_take_more(struct scriptfs_pools *pools, unsigned int order,
					  const void *owner)
{
	struct scriptfs_piece *piece = NULL;
	int class = SCRIPTFS_LARGE;

	if (READ_ONCE(pools->strict))
		return NULL;
	while (class > SCRIPTFS_POEM && scriptfs_class_order(class) > order)
		class--;
	for (; class >= SCRIPTFS_POEM && !piece; class--)
		piece = scriptfs_take_surplus(pools, class, SCRIPTFS_GFP_NOWAIT);
	if (!piece)
		return NULL;
	if (piece->order > order) {
		spin_lock(&pools->cut.lock);
		scriptfs_cut_down(pools, piece, order);
		spin_unlock(&pools->cut.lock);
	}
	scriptfs_hand_out(piece, owner);
	return piece;
}

static struct scriptfs_piece *scriptfs_pick_super(struct scriptfs_pools *pools, bool surplus)
{
	struct scriptfs_pool *pool = &pools->pool[SCRIPTFS_SUPER];
	struct scriptfs_piece *first = NULL;
	unsigned int found;

	spin_lock(&pool->lock);
	found = scriptfs_spans_pick(pool, true, &first, 1);
	spin_unlock(&pool->lock);
	if (!found && surplus && !READ_ONCE(pools->strict))
		first = scriptfs_take_surplus(pools, SCRIPTFS_SUPER, SCRIPTFS_GFP_NOWAIT);
	return first;
}

static bool scriptfs_super_take(struct scriptfs_pools *pools, bool surplus, const void *owner,
				struct scriptfs_piece **pieces)
{
	struct scriptfs_piece *first = scriptfs_pick_super(pools, surplus);
	unsigned int i;

	if (!first)
		return false;
	for (i = 0; i < SCRIPTFS_SUPER_CHUNKS; i++) {
		pieces[i] = scriptfs_piece_span(first)->super->chunk[i]->piece;
		scriptfs_hand_out(pieces[i], owner);
	}
	return true;
}

/* The same without a hardware memory error: with a bad page it is good for smaller needs only. */
static noinline bool scriptfs_super_take_sound(struct scriptfs_pools *pools, bool surplus,
					       const void *owner, struct scriptfs_piece **pieces)
{
	bool taken, sound = true;
	unsigned int i;

	scriptfs_hide(&pools->cut);
	taken = scriptfs_super_take(pools, surplus, owner, pieces);
	for (i = 0; taken && sound && i < SCRIPTFS_SUPER_CHUNKS; i++)
		sound = !scriptfs_piece_poisoned(pieces[i]);
	if (!sound)
		scriptfs_put_unsound(pools, pieces, SCRIPTFS_SUPER_CHUNKS);
	scriptfs_hide_end(&pools->cut, !sound);
	return taken && sound;
}

/**
 * scriptfs_take_super - take a whole super for a file
 * @pools:	the pools
 * @surplus:	allocate one if there is none idle, the limits allow it and the system has the
 *		memory at hand
 * @owner:	the file
 * @pieces:	filled in with its SCRIPTFS_SUPER_CHUNKS chunks, each as from scriptfs_take()
 *
 * Context: Process context. May sleep, but does not reclaim memory; takes the locks of the pools.
 * Return: Whether there is one.
 */
bool scriptfs_take_super(struct scriptfs_pools *pools, bool surplus, const void *owner,
			 struct scriptfs_piece **pieces)
{
	return unlikely(scriptfs_suspect(pools)) ?
		scriptfs_super_take_sound(pools, surplus, owner, pieces) :
		scriptfs_super_take(pools, surplus, owner, pieces);
}

static noinline void scriptfs_report_free(const struct scriptfs_piece *piece, unsigned long ino,
					  const void *owner)
{
	/* From SCRIPTFS_INSIDE on. */
	static const char *const names[] = {
		"part of a larger piece", "idle", "idle", "quarantined", "retired", "retired",
	};
	bool used = (unsigned long)owner >= ARRAY_SIZE(names);

	pr_err("%s of a %s block: inode %lu, pfn %#lx, %s\n", used ? "bad free" : "double free",
	       scriptfs_class_names[piece->class], ino, PHYS_PFN(__pa(piece->addr)),
	       used ? "in use by another file" : names[(unsigned long)owner]);
}

/*
 * Take a piece from its file. Returns false if there is no more to do: the piece is not the file's,
 * which is reported, or its pages were in the page cache, so that it is up to the quarantine.
 *
 * Of two tasks that free the same piece only one finds it in use, whatever locks they hold.
 */
static __always_inline bool scriptfs_release(struct scriptfs_pools *pools,
					     struct scriptfs_piece *piece, const void *file,
					     unsigned long ino)
{
	bool look = piece->published || unlikely(scriptfs_suspect(pools));
	const void *owner = cmpxchg(&piece->owner, file,
				    look ? SCRIPTFS_QUARANTINE : SCRIPTFS_IDLE);

	if (unlikely(owner != file)) {
		scriptfs_report_free(piece, ino, owner);
		return false;
	}
	if (look)
		scriptfs_quarantine(pools, piece, ino);
	return !look;
}

/**
 * scriptfs_put - free a piece of a file
 * @pools:	the pools
 * @piece:	a piece from scriptfs_take(), out of the file's map and withdrawn
 * @owner:	the file
 * @ino:	the file's inode number, for reports
 *
 * The piece becomes idle, as far as its pages have no outside references. A piece that the file
 * does not have is reported and left as it is.
 *
 * Context: Process context, takes the locks of the pools.
 */
void scriptfs_put(struct scriptfs_pools *pools, struct scriptfs_piece *piece, const void *owner,
		  unsigned long ino)
{
	struct scriptfs_pool *pool = scriptfs_piece_pool(pools, piece);

	if (!scriptfs_release(pools, piece, owner, ino))
		return;
	if (piece->order < SCRIPTFS_SMALL_ORDERS && pools->cut.magazine[piece->order])
		scriptfs_magazine_put_small(pools, piece);
	else if (scriptfs_piece_whole(piece) && pool->magazine && !piece->surplus)
		scriptfs_magazine_put(pool, piece);
	else
		scriptfs_piece_idle(pools, piece);
}

/* Make idle pieces available: whole blocks of one class, or pieces of cut blocks. */
static void scriptfs_put_run(struct scriptfs_pools *pools, struct scriptfs_piece **pieces,
			     unsigned int nr, bool whole)
{
	struct scriptfs_pool *pool = scriptfs_piece_pool(pools, pieces[0]);

	if (!whole) {
		scriptfs_cut_add(pools, pieces, nr);
		return;
	}
	spin_lock(&pool->lock);
	scriptfs_spans_add(pool, pieces, nr);
	spin_unlock(&pool->lock);
}

static noinline void scriptfs_put_many(struct scriptfs_pools *pools, struct scriptfs_piece **pieces,
				       unsigned int nr, const void *owner, unsigned long ino)
{
	unsigned int class = SCRIPTFS_NR_CLASSES;
	unsigned int i, left = 0;
	bool whole = false;

	for (i = 0; i < nr; i++) {
		struct scriptfs_piece *piece = pieces[i];

		if (!scriptfs_release(pools, piece, owner, ino))
			continue;
		if (left && (scriptfs_piece_whole(piece) != whole || piece->class != class)) {
			scriptfs_put_run(pools, pieces, left, whole);
			left = 0;
		}
		whole = scriptfs_piece_whole(piece);
		class = piece->class;
		pieces[left++] = piece;
	}
	if (left)
		scriptfs_put_run(pools, pieces, left, whole);
}

/**
 * scriptfs_put_batch - free many pieces of a file
 * @pools:	the pools
 * @pieces:	pieces as for scriptfs_put(); the array is overwritten
 * @nr:		how many
 * @owner:	the file
 * @ino:	the file's inode number, for reports
 *
 * Bypasses the magazines, which would overflow and do not sort by address. Only the few pieces of a
 * small file go there, the first of them last, so that it is taken first.
 *
 * Context: Process context, takes the locks of the pools.
 */
void scriptfs_put_batch(struct scriptfs_pools *pools, struct scriptfs_piece **pieces,
			unsigned int nr, const void *owner, unsigned long ino)
{
	if (nr > SCRIPTFS_FEW_PIECES)
		scriptfs_put_many(pools, pieces, nr, owner, ino);
	else
		while (nr)
			scriptfs_put(pools, pieces[--nr], owner, ino);
}

/**
 * scriptfs_class_stats - how many blocks of a class are where
 * @pools:	the pools
 * @class:	which class
 * @stats:	filled in
 *
 * Pieces in magazines are joined first, so that only blocks of which a piece is in use count as
 * cut. Exact while nothing is taken or put, otherwise off by what is on its way. The figures always
 * add up.
 *
 * Context: Takes the locks of the pools.
 */
void scriptfs_class_stats(struct scriptfs_pools *pools, unsigned int class,
			  struct scriptfs_class_stats *stats)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	unsigned long blocks;

	scriptfs_magazines_drain_small(pools);
	spin_lock(&pools->cut.lock);
	spin_lock(&pool->lock);
	stats->reserve = pool->reserve;
	stats->surplus = pool->surplus;
	stats->cut = pool->nr_cut;
	stats->idle = pool->idle + scriptfs_magazines_idle(pool->magazine);
	spin_unlock(&pool->lock);
	spin_unlock(&pools->cut.lock);

	blocks = stats->reserve + stats->surplus;
	stats->cut = min(stats->cut, blocks);
	/* A block that moved between two magazines may have been counted in both. */
	stats->idle = min(stats->idle, blocks - stats->cut);
	stats->used = blocks - stats->cut - stats->idle;
}

/* How many pages are idle in one class as blocks, and the bytes of all its blocks. */
static unsigned long scriptfs_class_idle(struct scriptfs_pool *pool, struct scriptfs_stats *stats)
{
	unsigned int shift = scriptfs_class_shifts[pool->class];
	unsigned long idle;

	spin_lock(&pool->lock);
	stats->reserve += pool->reserve << shift;
	stats->surplus += pool->surplus << shift;
	idle = pool->idle + scriptfs_magazines_idle(pool->magazine);
	spin_unlock(&pool->lock);
	return idle << (shift - PAGE_SHIFT);
}

/**
 * scriptfs_pools_stats - how many bytes of all pools together are where
 * @pools:	the pools
 * @stats:	filled in, in bytes
 *
 * Settles some of the quarantine first, see scriptfs_settle(). Exact while nothing is taken or put,
 * otherwise off by what is on its way. The figures always add up.
 *
 * Context: Process context. Takes quarantine.settling if that is free, and the locks of the pools.
 */
void scriptfs_pools_stats(struct scriptfs_pools *pools, struct scriptfs_stats *stats)
{
	unsigned int class, order;
	unsigned long idle, rest;

	memset(stats, 0, sizeof(*stats));
	scriptfs_settle(pools);

	spin_lock(&pools->cut.lock);
	idle = pools->cut.pages + pools->cut.hidden;
	for (order = 0; order < SCRIPTFS_SMALL_ORDERS; order++)
		idle += scriptfs_magazines_idle(pools->cut.magazine[order]) << order;
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		idle += scriptfs_class_idle(&pools->pool[class], stats);
	spin_lock(&pools->quarantine.lock);
	stats->quarantine = pools->quarantine.pages << PAGE_SHIFT;
	stats->retired = pools->quarantine.retired << PAGE_SHIFT;
	spin_unlock(&pools->quarantine.lock);
	spin_unlock(&pools->cut.lock);

	rest = stats->reserve + stats->surplus - stats->retired;
	stats->quarantine = min(stats->quarantine, rest);
	rest -= stats->quarantine;
	stats->idle = min(idle << PAGE_SHIFT, rest);
	stats->used = rest - stats->idle;
}
