/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit tests of cutting and searching share: a look at all pages of the pools, and hands
 * full of pieces.
 */
#ifndef _FS_SCRIPTFS_CENSUS_TEST_H
#define _FS_SCRIPTFS_CENSUS_TEST_H

#include <linux/prandom.h>

#include "pool_test.h"

/* What a look at all pages of the pools finds, in pages but for @cut, @whole and @small. */
struct census {
	unsigned long	idle;
	unsigned long	listed;
	unsigned long	used;
	unsigned long	quarantine;
	unsigned long	cut[SCRIPTFS_NR_CLASSES];	/* blocks */
	unsigned long	whole[SCRIPTFS_NR_CLASSES];	/* idle blocks, in a magazine or not */
	unsigned long	small;				/* idle pieces that are on no list */
	unsigned long	wrong;				/* what cannot be */
};

static inline void census_piece(struct census *census, struct scriptfs_piece *piece)
{
	unsigned int top = scriptfs_piece_span(piece)->pool->order;
	unsigned int i, pages = scriptfs_piece_pages(piece);
	struct scriptfs_piece *buddy = piece - piece->slot + (piece->slot ^ pages);

	census->wrong += piece->slot & (pages - 1) || piece->order > top;
	for (i = 1; i < pages; i++)
		census->wrong += piece[i].owner != SCRIPTFS_INSIDE;
	switch ((unsigned long)piece->owner) {
	case (unsigned long)SCRIPTFS_IDLE:
		census->idle += pages;
		census->small += piece->order < SCRIPTFS_SMALL_ORDERS;
		/* Or it is where it cannot be found. */
		census->wrong += piece->order >= SCRIPTFS_SMALL_ORDERS && piece->order < top;
		break;
	case (unsigned long)SCRIPTFS_LISTED:
		census->idle += pages;
		census->listed += pages;
		census->wrong += scriptfs_piece_whole(piece);
		/* Or it should have been joined. */
		census->wrong += piece->order < top && buddy->owner == SCRIPTFS_LISTED &&
				 buddy->order == piece->order;
		break;
	case (unsigned long)SCRIPTFS_QUARANTINE:
		census->quarantine += pages;
		break;
	default:
		census->wrong += (unsigned long)piece->owner < PAGE_SIZE;
		census->used += pages;
	}
}

static inline void census_span(struct census *census, struct scriptfs_span *span, bool full)
{
	unsigned int top = span->pool->order, class = span->pool->class, slot;
	struct scriptfs_piece *piece;

	census->wrong += full != !span->idle;
	for (slot = 0; slot < span->pages; slot += scriptfs_piece_pages(piece)) {
		bool marked = span->idle & BIT_ULL(slot >> top);

		piece = &span->piece[slot];
		census_piece(census, piece);
		if (slot & (BIT(top) - 1))
			continue;
		census->cut[class] += piece->order < top;
		census->whole[class] += piece->order == top && piece->owner == SCRIPTFS_IDLE;
		census->wrong += marked && (piece->order < top || piece->owner != SCRIPTFS_IDLE);
	}
}

static inline void census_super(struct census *census, struct scriptfs_span *first, bool full)
{
	struct scriptfs_super *super = first->super;
	unsigned int i, idle = 0, listed = 0;

	census->wrong += full != !first->idle;
	for (i = 0; i < SCRIPTFS_SUPER_CHUNKS; i++) {
		struct scriptfs_span *span = super->chunk[i];
		struct scriptfs_piece *piece;
		unsigned int slot;

		for (slot = 0; slot < span->pages; slot += scriptfs_piece_pages(piece)) {
			piece = &span->piece[slot];
			census_piece(census, piece);
			idle += piece->order == LARGE && piece->owner == SCRIPTFS_IDLE;
			listed += piece->order == LARGE && piece->owner == SCRIPTFS_LISTED;
			census->wrong += piece->order < LARGE && !super->cut;
		}
	}
	census->cut[SCRIPTFS_SUPER] += super->cut;
	census->whole[SCRIPTFS_SUPER] += !full;
	census->wrong += idle != (full ? 0 : SCRIPTFS_SUPER_CHUNKS) || listed != super->nr_listed;
}

static inline void census_spans(struct census *census, struct list_head *spans, bool full)
{
	struct scriptfs_span *span;

	list_for_each_entry(span, spans, link)
		if (span->super)
			census_super(census, span, full);
		else
			census_span(census, span, full);
}

/* The pools agree with what their pages say. Returns how many pages are in use. */
static inline unsigned long expect_sound(struct kunit *test)
{
	struct scriptfs_pools *pools = test->priv;
	struct scriptfs_cut *cut = &pools->cut;
	struct scriptfs_stats stats;
	struct census census = {};
	unsigned long small = 0;
	unsigned int i;

	/* First, since this settles some of the quarantine. */
	scriptfs_pools_stats(pools, &stats);
	for (i = 0; i < SCRIPTFS_NR_CLASSES; i++) {
		struct scriptfs_pool *pool = &pools->pool[i];

		census_spans(&census, &pool->partial, false);
		census_spans(&census, &pool->full, true);
		KUNIT_ASSERT_EQ(test, pool->nr_cut, census.cut[i]);
		KUNIT_ASSERT_EQ(test, pool->idle + scriptfs_magazines_idle(pool->magazine),
				census.whole[i]);
	}
	KUNIT_ASSERT_EQ(test, census.wrong, 0UL);
	KUNIT_ASSERT_EQ(test, cut->pages, census.listed);
	for (i = 0; i < SCRIPTFS_NR_ORDERS; i++)
		KUNIT_ASSERT_EQ(test, list_empty(&cut->list[i]), !(cut->orders & BIT(i)));
	for (i = 0; i < SCRIPTFS_SMALL_ORDERS; i++)
		small += scriptfs_magazines_idle(cut->magazine[i]);
	KUNIT_ASSERT_EQ(test, small, census.small);
	KUNIT_ASSERT_EQ(test, pools->quarantine.pages, census.quarantine);
	KUNIT_ASSERT_EQ(test, stats.quarantine >> PAGE_SHIFT, census.quarantine);
	KUNIT_ASSERT_EQ(test, stats.idle >> PAGE_SHIFT, census.idle);
	KUNIT_ASSERT_EQ(test, stats.used >> PAGE_SHIFT, census.used);
	KUNIT_ASSERT_EQ(test, stats.reserve + stats.surplus,
			stats.idle + stats.used + stats.quarantine);
	KUNIT_ASSERT_EQ(test, stats.reserve + stats.surplus,
			(unsigned long)atomic64_read(&pools->held));
	return census.used;
}

/* What a test has taken. */
struct hand {
	unsigned int		nr;
	struct scriptfs_piece	*piece[];
};

static inline struct hand *new_hand(struct kunit *test, unsigned int pages)
{
	struct hand *hand = kunit_kzalloc(test, struct_size(hand, piece, pages), GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, hand);
	return hand;
}

static inline void add(struct hand *hand, struct scriptfs_piece *piece)
{
	hand->piece[hand->nr++] = piece;
}

static inline struct scriptfs_piece *draw(struct hand *hand, struct rnd_state *rnd)
{
	unsigned int i = prandom_u32_state(rnd) % hand->nr;
	struct scriptfs_piece *piece = hand->piece[i];

	hand->piece[i] = hand->piece[--hand->nr];
	return piece;
}

/* Split what is at @i and behind it, down to 2^to pages or, with @rnd, maybe less far. */
static inline void split_all(struct hand *hand, unsigned int i, unsigned int to,
			     struct rnd_state *rnd)
{
	for (; i < hand->nr; i++)
		while (hand->piece[i]->order > to && (!rnd || prandom_u32_state(rnd) % 4))
			add(hand, scriptfs_piece_split(hand->piece[i]));
}

static inline void put_all(struct kunit *test, struct hand *hand, struct rnd_state *rnd)
{
	while (hand->nr)
		put(test, draw(hand, rnd));
}

/* Take single pages until there are none. */
static inline unsigned int take_pages(struct kunit *test, struct hand *hand)
{
	unsigned int nr = 0;
	struct scriptfs_piece *page;

	for (; (page = scriptfs_take(test->priv, 0, test)); nr++) {
		KUNIT_ASSERT_EQ(test, (unsigned int)page->order, 0U);
		memset(page->addr, 0xee, PAGE_SIZE);
		add(hand, page);
	}
	return nr;
}

#endif /* _FS_SCRIPTFS_CENSUS_TEST_H */
