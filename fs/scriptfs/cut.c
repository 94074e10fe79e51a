// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: cutting blocks into pieces, and joining them again.
 *
 * A piece is cut into two halves, its buddies, down to a page. Halves that are both idle are joined
 * again, up to the whole block, which then goes back to its pool: at any time each idle piece on a
 * list is as large as can be. Pieces in magazines are not joined; who wants all that there is, or
 * to know what blocks are cut, drains those first.
 *
 * The chunks of a super are joined in the same way, all 128 at once.
 *
 * A block that a file has is cut where it is: nothing is copied, the file keeps one part and gives
 * back the other. So the pieces of a block can belong to different files, and to none.
 *
 * The lists are the mount's and not each pool's, as a piece of any block will do for any file.
 */
#include "cut.h"
#include "unite.h"

/* How many spans are looked through at once for a block to be cleared. */
#define SCRIPTFS_CLEAR_LOOKS	4

/**
 * scriptfs_cut_init - set up the lists of pieces
 * @cut:	zeroed
 */
void scriptfs_cut_init(struct scriptfs_cut *cut)
{
	unsigned int order;

	spin_lock_init(&cut->lock);
	for (order = 0; order < SCRIPTFS_NR_ORDERS; order++)
		INIT_LIST_HEAD(&cut->list[order]);
}

/**
 * scriptfs_hide_begin - idle pieces are about to be off the lists, and may be back
 * @cut:	the lists
 *
 * Whoever finds no idle piece meanwhile must not conclude that there is none. The caller waits for
 * no memory until scriptfs_hide_end(), or two of them could wait for each other.
 *
 * Context: The caller holds cut.lock.
 */
void scriptfs_hide_begin(struct scriptfs_cut *cut)
{
	lockdep_assert_held(&cut->lock);
	cut->hiders++;
}

/**
 * scriptfs_hide - scriptfs_hide_begin() for callers without cut.lock
 * @cut:	the lists
 *
 * Context: Takes cut.lock.
 */
void scriptfs_hide(struct scriptfs_cut *cut)
{
	spin_lock(&cut->lock);
	scriptfs_hide_begin(cut);
	spin_unlock(&cut->lock);
}

/**
 * scriptfs_hide_end - the pieces are back on the lists, or will not be
 * @cut:	the lists
 * @back:	some are
 *
 * Context: Takes cut.lock.
 */
void scriptfs_hide_end(struct scriptfs_cut *cut, bool back)
{
	spin_lock(&cut->lock);
	cut->hiders--;
	cut->hides += back;
	spin_unlock(&cut->lock);
}

/**
 * scriptfs_hiding - are idle pieces off the lists that will be back?
 * @cut:	the lists
 * @hides:	set to a number: of what was off between two calls that return false and set the
 *		same, nothing is back
 *
 * Context: Takes cut.lock.
 * Return: Whether some are.
 */
bool scriptfs_hiding(struct scriptfs_cut *cut, unsigned int *hides)
{
	bool hiding;

	spin_lock(&cut->lock);
	hiding = cut->hiders;
	*hides = cut->hides;
	spin_unlock(&cut->lock);
	return hiding;
}

/* The other half of what @piece would be joined to. */
static struct scriptfs_piece *scriptfs_buddy(struct scriptfs_piece *piece)
{
	return piece - piece->slot + (piece->slot ^ BIT(piece->order));
}

static bool scriptfs_listed(const struct scriptfs_piece *piece, unsigned int order)
{
	return READ_ONCE(piece->owner) == SCRIPTFS_LISTED && piece->order == order;
}

static void scriptfs_list(struct scriptfs_cut *cut, struct scriptfs_piece *piece)
{
	struct list_head *list = &cut->list[piece->order];

	if (piece->surplus)
		list_add_tail(&piece->link, list);
	else
		list_add(&piece->link, list);
	cut->pages += scriptfs_piece_pages(piece);
	WRITE_ONCE(cut->arrivals, cut->arrivals + 1);
	WRITE_ONCE(cut->orders, cut->orders | BIT(piece->order));
	WRITE_ONCE(piece->owner, SCRIPTFS_LISTED);
}

static void scriptfs_unlist(struct scriptfs_cut *cut, struct scriptfs_piece *piece)
{
	list_del(&piece->link);
	cut->pages -= scriptfs_piece_pages(piece);
	if (list_empty(&cut->list[piece->order]))
		WRITE_ONCE(cut->orders, cut->orders & ~BIT(piece->order));
	WRITE_ONCE(piece->owner, SCRIPTFS_IDLE);
}

/* The block of a piece, which was whole until now, is cut. */
static void scriptfs_count_cut(struct scriptfs_piece *piece)
{
	struct scriptfs_span *span = scriptfs_piece_span(piece);

	lockdep_assert_held(&span->pool->pools->cut.lock);
	if (span->super && span->super->cut)
		return;
	if (span->super)
		span->super->cut = true;
	span->pool->nr_cut++;
}

/* Cut a piece in two, under cut.lock. */
static struct scriptfs_piece *scriptfs_halve(struct scriptfs_piece *piece)
{
	struct scriptfs_piece *upper = piece + BIT(piece->order - 1);
	u32 half = scriptfs_piece_size(piece) / 2;

	upper->order = piece->order - 1;
	upper->index = piece->index + (half >> PAGE_SHIFT);
	upper->mark = piece->mark > half ? piece->mark - half : 0;
	upper->published = piece->published;
	upper->kept = piece->kept;
	upper->fresh = piece->fresh;
	piece->order--;
	piece->mark = min(piece->mark, half);
	/* Who looks for the piece that a page is in finds it by this. */
	smp_store_release(&upper->owner, piece->owner);
	return upper;
}

static bool scriptfs_piece_top(const struct scriptfs_piece *piece)
{
	return piece->order == scriptfs_piece_span(piece)->pool->order;
}

/* The same, and count the block if it was whole. */
static struct scriptfs_piece *scriptfs_split(struct scriptfs_piece *piece)
{
	if (scriptfs_piece_top(piece))
		scriptfs_count_cut(piece);
	return scriptfs_halve(piece);
}

/**
 * scriptfs_piece_split - cut a piece in two, where it is
 * @piece:	a piece of more than a page that nobody else has, and that is not united; becomes
 *		the lower half
 *
 * Context: For a piece of a file, as for taking it from the file's map. Takes cut.lock.
 * Return: The upper half. Owner, place in the file, mark and flags of both are set, but it is in no
 * map and on no list.
 */
struct scriptfs_piece *scriptfs_piece_split(struct scriptfs_piece *piece)
{
	struct scriptfs_cut *cut = &scriptfs_piece_span(piece)->pool->pools->cut;
	struct scriptfs_piece *upper;

	spin_lock(&cut->lock);
	upper = scriptfs_split(piece);
	spin_unlock(&cut->lock);
	return upper;
}

/**
 * scriptfs_piece_hold - have a piece wait in the quarantine
 * @pools:	the pools
 * @piece:	a piece that is SCRIPTFS_QUARANTINE's, on no list
 *
 * Context: Takes quarantine.lock.
 */
void scriptfs_piece_hold(struct scriptfs_pools *pools, struct scriptfs_piece *piece)
{
	struct scriptfs_quarantine *quarantine = &pools->quarantine;

	piece->mark = 0;
	spin_lock(&quarantine->lock);
	list_add_tail(&piece->link, &quarantine->list);
	quarantine->nr++;
	quarantine->pages += scriptfs_piece_pages(piece);
	spin_unlock(&quarantine->lock);
}

/**
 * scriptfs_cut_down - cut an idle piece down to what is needed
 * @pools:	the pools
 * @piece:	an idle piece, on no list; becomes the lowest one
 * @to:		it is to have 2^to pages; the rest is listed
 *
 * Context: The caller holds cut.lock; takes quarantine.lock.
 * Return: Whether it is. Its huge page may be held for a moment, by a lockless lookup: then it is
 * not cut, but waits in the quarantine until that is over.
 */
bool scriptfs_cut_down(struct scriptfs_pools *pools, struct scriptfs_piece *piece,
		       unsigned int to)
{
	if (piece->united && piece->order > to && !scriptfs_divide(piece)) {
		piece->ino = 0;
		WRITE_ONCE(piece->owner, SCRIPTFS_QUARANTINE);
		scriptfs_piece_hold(pools, piece);
		return false;
	}
	while (piece->order > to)
		scriptfs_list(&pools->cut, scriptfs_split(piece));
	return true;
}

/**
 * scriptfs_cut_pick - take a piece off the lists
 * @pools:	the pools
 * @order:	of a list
 * @to:		it is cut down to 2^to pages
 *
 * Context: The caller holds cut.lock.
 * Return: The piece, idle and on no list, or NULL if the list is empty.
 */
struct scriptfs_piece *scriptfs_cut_pick(struct scriptfs_pools *pools, unsigned int order,
					 unsigned int to)
{
	struct scriptfs_piece *piece;

	do {
		piece = list_first_entry_or_null(&pools->cut.list[order], struct scriptfs_piece,
						 link);
		if (!piece)
			return NULL;
		scriptfs_cut_unlist(pools, piece);
	} while (!scriptfs_cut_down(pools, piece, to));
	return piece;
}

/**
 * scriptfs_cut_super - list all chunks of an idle super but one
 * @pools:	the pools
 * @piece:	the chunk that is not listed; like all others it is idle and on no list
 *
 * Context: The caller holds cut.lock.
 */
void scriptfs_cut_super(struct scriptfs_pools *pools, struct scriptfs_piece *piece)
{
	struct scriptfs_super *super = scriptfs_piece_span(piece)->super;
	unsigned int i;

	scriptfs_count_cut(piece);
	for (i = SCRIPTFS_SUPER_CHUNKS; i--; )
		if (super->chunk[i]->piece != piece)
			scriptfs_list(&pools->cut, super->chunk[i]->piece);
	super->nr_listed = SCRIPTFS_SUPER_CHUNKS - 1;
}

/**
 * scriptfs_cut_unlist - take a certain piece off the lists
 * @pools:	the pools
 * @piece:	a listed piece
 *
 * Context: The caller holds cut.lock.
 */
void scriptfs_cut_unlist(struct scriptfs_pools *pools, struct scriptfs_piece *piece)
{
	scriptfs_unlist(&pools->cut, piece);
	if (piece->order == SCRIPTFS_CHUNK_ORDER)
		scriptfs_piece_span(piece)->super->nr_listed--;
}

/* Join a piece to whatever of its block is idle. */
static struct scriptfs_piece *scriptfs_join(struct scriptfs_cut *cut, struct scriptfs_piece *piece)
{
	unsigned int top = scriptfs_piece_span(piece)->pool->order;

	while (piece->order < top) {
		struct scriptfs_piece *buddy = scriptfs_buddy(piece);

		if (!scriptfs_listed(buddy, piece->order))
			break;
		scriptfs_unlist(cut, buddy);
		if (buddy < piece)
			swap(buddy, piece);
		WRITE_ONCE(buddy->owner, SCRIPTFS_INSIDE);
		piece->order++;
	}
	return piece;
}

/* All pieces of a block, or all chunks of a super, are idle: it is whole again. */
static void scriptfs_whole_again(struct scriptfs_pool *pool, struct scriptfs_piece *piece)
{
	pool->nr_cut--;
	spin_lock(&pool->lock);
	scriptfs_spans_add(pool, &piece, 1);
	spin_unlock(&pool->lock);
}

static void scriptfs_list_chunk(struct scriptfs_pools *pools, struct scriptfs_piece *piece)
{
	struct scriptfs_super *super = scriptfs_piece_span(piece)->super;
	unsigned int i;

	scriptfs_count_cut(piece);
	scriptfs_list(&pools->cut, piece);
	if (++super->nr_listed < SCRIPTFS_SUPER_CHUNKS)
		return;
	for (i = 0; i < SCRIPTFS_SUPER_CHUNKS; i++)
		scriptfs_unlist(&pools->cut, super->chunk[i]->piece);
	super->nr_listed = 0;
	super->cut = false;
	scriptfs_whole_again(&pools->pool[SCRIPTFS_SUPER], super->chunk[0]->piece);
}

static void scriptfs_cut_add_one(struct scriptfs_pools *pools, struct scriptfs_piece *piece)
{
	piece = scriptfs_join(&pools->cut, piece);
	if (piece->order == SCRIPTFS_CHUNK_ORDER && piece->class == SCRIPTFS_SUPER)
		scriptfs_list_chunk(pools, piece);
	else if (scriptfs_piece_whole(piece))
		scriptfs_whole_again(&pools->pool[piece->class], piece);
	else
		scriptfs_list(&pools->cut, piece);
}

/**
 * scriptfs_cut_list - list idle pieces, joined to their idle neighbours
 * @pools:	the pools
 * @pieces:	idle pieces of cut blocks or chunks of supers, on no list
 * @nr:		how many
 *
 * Context: The caller holds cut.lock; takes pool->lock.
 */
void scriptfs_cut_list(struct scriptfs_pools *pools, struct scriptfs_piece *const *pieces,
		       unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		scriptfs_cut_add_one(pools, pieces[i]);
}

/**
 * scriptfs_cut_add - list idle pieces, joined to their idle neighbours
 * @pools:	the pools
 * @pieces:	as for scriptfs_cut_list()
 * @nr:		how many
 *
 * Context: Takes cut.lock and pool->lock.
 */
void scriptfs_cut_add(struct scriptfs_pools *pools, struct scriptfs_piece *const *pieces,
		      unsigned int nr)
{
	spin_lock(&pools->cut.lock);
	scriptfs_cut_list(pools, pieces, nr);
	spin_unlock(&pools->cut.lock);
}

/*
 * How many pages of a block files have, 0 if it is whole, or if some of it is neither a file's nor
 * listed.
 */
static unsigned int scriptfs_block_used(const struct scriptfs_piece *block, unsigned int order)
{
	const struct scriptfs_piece *piece = block;
	unsigned int used = 0;

	if (block->order == order)
		return 0;
	while (piece < block + BIT(order)) {
		const void *owner = READ_ONCE(piece->owner);

		if (scriptfs_owner_file(owner))
			used += scriptfs_piece_pages(piece);
		else if (owner != SCRIPTFS_LISTED)
			return 0;
		piece += scriptfs_piece_pages(piece);
	}
	return used;
}

/* The cut block of a span of which files have least, and not more than @most pages. */
static struct scriptfs_piece *scriptfs_span_least(struct scriptfs_span *span, unsigned int *most)
{
	unsigned int order = span->pool->order, slot, used;
	struct scriptfs_piece *least = NULL;

	for (slot = 0; slot < span->pages; slot += BIT(order)) {
		used = scriptfs_block_used(&span->piece[slot], order);
		if (!used || used > *most)
			continue;
		*most = used - 1;
		least = &span->piece[slot];
	}
	return least;
}

static void scriptfs_block_unlist(struct scriptfs_pools *pools, struct scriptfs_piece *block,
				  unsigned int pages, struct list_head *idle)
{
	struct scriptfs_piece *piece;

	for (piece = block; piece < block + pages; piece += scriptfs_piece_pages(piece))
		if (READ_ONCE(piece->owner) == SCRIPTFS_LISTED) {
			scriptfs_cut_unlist(pools, piece);
			list_add(&piece->link, idle);
			pools->cut.hidden += scriptfs_piece_pages(piece);
		}
}

/**
 * scriptfs_cut_clear - choose a cut block to be joined by moving what files have of it
 * @pool:	a pool without idle blocks, of a class up to large
 * @idle:	the block's idle pieces are moved to this list, so that nobody takes them meanwhile
 *
 * Looks through some blocks, others each time, for one of which files have at most a quarter.
 *
 * Context: Takes cut.lock and pool->lock. One task at a time.
 * Return: The block, to be handed to scriptfs_cut_cleared() in the end; or NULL.
 */
struct scriptfs_piece *scriptfs_cut_clear(struct scriptfs_pool *pool, struct list_head *idle)
{
	struct scriptfs_pools *pools = pool->pools;
	unsigned int most = BIT(pool->order) / 4, looks = SCRIPTFS_CLEAR_LOOKS;
	struct scriptfs_piece *block = NULL, *better;
	struct scriptfs_span *span, *next;

	spin_lock(&pools->cut.lock);
	spin_lock(&pool->lock);
	list_for_each_entry_safe(span, next, &pool->full, link) {
		if (!looks--)
			break;
		better = scriptfs_span_least(span, &most);
		if (better)
			block = better;
		list_move_tail(&span->link, &pool->full);
	}
	spin_unlock(&pool->lock);
	if (block) {
		scriptfs_hide_begin(&pools->cut);
		scriptfs_block_unlist(pools, block, BIT(pool->order), idle);
	}
	spin_unlock(&pools->cut.lock);
	return block;
}

/**
 * scriptfs_cut_used - find the next piece of a block that a file has
 * @pools:	the pools
 * @block:	the block
 * @slot:	page of the block to look from; set to the one behind the piece
 * @piece:	set to the piece, or NULL if there is none from there on
 *
 * Context: Takes cut.lock. The piece may be freed or cut at any time.
 * Return: The file, or NULL.
 */
const void *scriptfs_cut_used(struct scriptfs_pools *pools, struct scriptfs_piece *block,
			      unsigned int *slot, struct scriptfs_piece **piece)
{
	unsigned int pages = BIT(scriptfs_piece_pool(pools, block)->order);
	const void *owner = NULL;

	*piece = NULL;
	spin_lock(&pools->cut.lock);
	while (*slot < pages && !*piece) {
		owner = READ_ONCE(block[*slot].owner);
		/* A piece that was freed meanwhile is passed page by page. */
		if (scriptfs_owner_file(owner))
			*piece = &block[*slot];
		*slot += *piece ? scriptfs_piece_pages(*piece) : 1;
	}
	spin_unlock(&pools->cut.lock);
	return *piece ? owner : NULL;
}

/**
 * scriptfs_cut_cleared - end what scriptfs_cut_clear() began
 * @pools:	the pools
 * @idle:	the idle pieces of the block
 *
 * Context: Takes cut.lock and pool->lock.
 */
void scriptfs_cut_cleared(struct scriptfs_pools *pools, struct list_head *idle)
{
	struct scriptfs_piece *piece, *next;

	list_for_each_entry_safe(piece, next, idle, link) {
		list_del(&piece->link);
		/* Under the lock, so that it is always seen in one place or the other. */
		spin_lock(&pools->cut.lock);
		pools->cut.hidden -= scriptfs_piece_pages(piece);
		scriptfs_cut_list(pools, &piece, 1);
		spin_unlock(&pools->cut.lock);
	}
	scriptfs_hide_end(&pools->cut, true);
}

/**
 * scriptfs_piece_idle - make an idle piece available to all
 * @pools:	the pools
 * @piece:	an idle piece on no list, whole or not
 *
 * Bypasses the magazines.
 *
 * Context: Takes cut.lock and pool->lock.
 */
void scriptfs_piece_idle(struct scriptfs_pools *pools, struct scriptfs_piece *piece)
{
	struct scriptfs_pool *pool = scriptfs_piece_pool(pools, piece);

	if (!scriptfs_piece_whole(piece)) {
		scriptfs_cut_add(pools, &piece, 1);
		return;
	}
	spin_lock(&pool->lock);
	scriptfs_spans_add(pool, &piece, 1);
	spin_unlock(&pool->lock);
}
