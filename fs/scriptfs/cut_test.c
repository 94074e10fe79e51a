// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of cutting and joining: blocks become whole again, in whatever order their pieces are
 * freed, and never more than that.
 */
#include "census_test.h"

/* Put a piece, and not into a magazine. */
static void put_listed(struct kunit *test, struct scriptfs_piece *piece)
{
	put(test, piece);
	scriptfs_magazines_drain_small(test->priv);
}

/* Both halves of a piece cover their part of the file, with their part of what was written. */
static void cut_halves(struct kunit *test)
{
	struct scriptfs_piece *piece, *upper;
	unsigned int order, i;

	fill(test, SCRIPTFS_LARGE, 1);
	for (order = LARGE; order; order--) {
		u32 size = PAGE_SIZE << order;
		u32 marks[] = { 0, 1, size / 2 - 1, size / 2, size / 2 + 1, size };

		for (i = 0; i < ARRAY_SIZE(marks); i++) {
			piece = take(test, LARGE);
			while (piece->order > order)
				put(test, scriptfs_piece_split(piece));
			piece->index = 3 * LARGE_PAGES;
			piece->mark = marks[i];
			piece->published = i & 1;
			piece->kept = !!(i & 2);
			piece->fresh = !(i & 2);
			upper = scriptfs_piece_split(piece);
			KUNIT_EXPECT_PTR_EQ(test, upper->addr, piece->addr + size / 2);
			KUNIT_EXPECT_PTR_EQ(test, upper->owner, (const void *)test);
			KUNIT_EXPECT_PTR_EQ(test, piece->owner, (const void *)test);
			KUNIT_EXPECT_EQ(test, scriptfs_piece_size(piece), size / 2);
			KUNIT_EXPECT_EQ(test, scriptfs_piece_size(upper), size / 2);
			KUNIT_EXPECT_EQ(test, scriptfs_piece_start(upper),
					scriptfs_piece_end(piece));
			KUNIT_EXPECT_EQ(test, piece->mark, min_t(u32, marks[i], size / 2));
			KUNIT_EXPECT_EQ(test, upper->mark, marks[i] - piece->mark);
			KUNIT_EXPECT_EQ(test, (bool)upper->published, (bool)(i & 1));
			KUNIT_EXPECT_EQ(test, (bool)upper->kept, (bool)(i & 2));
			KUNIT_EXPECT_NE(test, (bool)upper->fresh, (bool)(i & 2));
			put(test, upper);
			put(test, piece);
			expect_whole(test);
		}
	}
}

static bool next_permutation(u8 *p, unsigned int nr)
{
	unsigned int i = nr - 1, j = nr - 1;

	while (i && p[i - 1] > p[i])
		i--;
	if (!i)
		return false;
	while (p[j] < p[i - 1])
		j--;
	swap(p[i - 1], p[j]);
	for (j = nr - 1; i < j; i++, j--)
		swap(p[i], p[j]);
	return true;
}

/* The orders of the pieces that are listed when these pages of a poem are idle. */
static unsigned long orders_of(unsigned long idle)
{
	unsigned long orders = 0, pages;
	unsigned int order, at;

	if (idle == GENMASK(POEM_PAGES - 1, 0))
		return 0;
	for (order = POEM; order--; )
		for (at = 0; at < POEM_PAGES; at += BIT(order)) {
			pages = GENMASK(at + BIT(order) - 1, at);
			if ((idle & pages) != pages)
				continue;
			orders |= BIT(order);
			idle &= ~pages;
		}
	return orders;
}

/* The pages of a poem, freed in each of the 40320 orders that there are. */
static void cut_permutations(struct kunit *test)
{
	u8 order[POEM_PAGES] = { 0, 1, 2, 3, 4, 5, 6, 7 };
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct hand *hand = new_hand(test, POEM_PAGES);
	struct scriptfs_piece *poem;
	unsigned int i, rounds = 0;
	unsigned long idle;

	do {
		hand->nr = 0;
		poem = take(test, POEM);
		add(hand, poem);
		split_all(hand, 0, 0, NULL);
		for (i = 0, idle = 0; i < POEM_PAGES; i++) {
			KUNIT_ASSERT_EQ(test, pools->cut.pages, (unsigned long)i);
			KUNIT_ASSERT_EQ(test, pools->cut.orders, orders_of(idle));
			KUNIT_ASSERT_EQ(test, pools->pool[SCRIPTFS_POEM].nr_cut, 1UL);
			put(test, poem + order[i]);
			idle |= BIT(order[i]);
		}
		KUNIT_ASSERT_EQ(test, pools->cut.orders, 0UL);
		KUNIT_ASSERT_EQ(test, pools->pool[SCRIPTFS_POEM].nr_cut, 0UL);
		KUNIT_ASSERT_EQ(test, pools->pool[SCRIPTFS_POEM].idle, 1UL);
		rounds++;
	} while (next_permutation(order, POEM_PAGES));
	KUNIT_EXPECT_EQ(test, rounds, 40320U);
	expect_sound(test);
}

/* Each piece that a block can have, cut out of it and put back, before the rest or after it. */
static void cut_place(struct kunit *test, unsigned int class, unsigned int order,
		      unsigned int place, struct rnd_state *rnd)
{
	unsigned int top = scriptfs_class_order(class);
	struct hand *rest = new_hand(test, LARGE);
	struct scriptfs_piece *piece, *upper, *block;
	struct scriptfs_pools *pools = test->priv;
	unsigned int round;

	for (round = 0; round < 2; round++) {
		block = take(test, top);
		for (piece = block; piece->order > order; ) {
			upper = scriptfs_piece_split(piece);
			if (block + place >= upper)
				swap(piece, upper);
			add(rest, upper);
		}
		KUNIT_ASSERT_PTR_EQ(test, piece, block + place);
		if (round) {
			put_all(test, rest, rnd);
			scriptfs_magazines_drain_small(pools);
			KUNIT_ASSERT_EQ(test, pools->cut.pages, BIT(top) - BIT(order));
			put_listed(test, piece);
		} else {
			put_listed(test, piece);
			KUNIT_ASSERT_EQ(test, pools->cut.orders, BIT(order));
			KUNIT_ASSERT_EQ(test, pools->cut.pages, BIT(order));
			put_all(test, rest, rnd);
			scriptfs_magazines_drain_small(pools);
		}
		KUNIT_ASSERT_EQ(test, pools->pool[class].nr_cut, 0UL);
		KUNIT_ASSERT_EQ(test, pools->cut.pages, 0UL);
	}
	kunit_kfree(test, rest);
}

static void cut_places(struct kunit *test)
{
	unsigned int class, top, order, place;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 1);
	for (class = SCRIPTFS_POEM; class <= SCRIPTFS_LARGE; class++) {
		fill(test, class, 1);
		top = scriptfs_class_order(class);
		for (order = 0; order < top; order++)
			for (place = 0; place < BIT(top); place += BIT(order))
				cut_place(test, class, order, place, &rnd);
		expect_sound(test);
		expect_whole(test);
		scriptfs_pools_free(test->priv);
	}
}

/*
 * All blocks of a class, cut at random and freed in a random order. They are neighbours in memory,
 * but never become more than they were.
 */
static void cut_classes(struct kunit *test)
{
	struct hand *hand = new_hand(test, 8 * LARGE_PAGES);
	unsigned int class, round, nr, i;
	struct rnd_state rnd;

	prandom_seed_state(&rnd, 2);
	for (class = SCRIPTFS_POEM; class <= SCRIPTFS_LARGE; class++) {
		nr = 8 << (LARGE - scriptfs_class_order(class));
		fill(test, class, nr);
		for (round = 0; round < 6; round++) {
			for (i = 0; i < nr; i++)
				add(hand, take(test, scriptfs_class_order(class)));
			split_all(hand, 0, round % 3, round < 3 ? NULL : &rnd);
			expect_sound(test);
			while (hand->nr > nr)
				put(test, draw(hand, &rnd));
			expect_sound(test);
			put_all(test, hand, &rnd);
			expect_sound(test);
			expect_whole(test);
			expect_sound(test);
		}
		scriptfs_pools_free(test->priv);
	}
}

/* The chunks of a super are joined when all are idle, whatever became of some of them. */
static void cut_super(struct kunit *test)
{
	struct scriptfs_piece *piece[SCRIPTFS_SUPER_CHUNKS];
	struct hand *hand = new_hand(test, SCRIPTFS_SUPER_CHUNKS + 8 * LARGE_PAGES);
	struct scriptfs_pools *pools;
	struct rnd_state rnd;
	unsigned int i, round;

	if (!super_fits(test))
		return;
	prandom_seed_state(&rnd, 3);
	pools = fill(test, SCRIPTFS_SUPER, 1);
	for (round = 0; round < 4; round++) {
		KUNIT_ASSERT_TRUE(test, scriptfs_take_super(pools, false, test, piece));
		for (i = 0; i < SCRIPTFS_SUPER_CHUNKS; i++)
			add(hand, piece[i]);
		expect_sound(test);
		expect_class(test, SCRIPTFS_SUPER, 0, 0, 1);
		split_all(hand, SCRIPTFS_SUPER_CHUNKS - 2 * round, 0, round & 1 ? &rnd : NULL);
		expect_sound(test);
		while (hand->nr > 1) {
			put(test, draw(hand, &rnd));
			KUNIT_ASSERT_EQ(test, pools->pool[SCRIPTFS_SUPER].nr_cut, 1UL);
		}
		expect_sound(test);
		KUNIT_EXPECT_FALSE(test, scriptfs_take_super(pools, false, test, piece));
		put_all(test, hand, &rnd);
		expect_whole(test);
		expect_sound(test);

		/* One page is taken of it. */
		piece[0] = take(test, 0);
		expect_class(test, SCRIPTFS_SUPER, 0, 1, 0);
		expect_sound(test);
		KUNIT_EXPECT_FALSE(test, scriptfs_take_super(pools, false, test, piece + 1));
		put(test, piece[0]);
		expect_whole(test);
	}
	/* All of it can be had by single pages. */
	hand = new_hand(test, SUPER_PAGES);
	KUNIT_EXPECT_EQ(test, take_pages(test, hand), (unsigned int)SUPER_PAGES);
	expect_sound(test);
	put_all(test, hand, &rnd);
	expect_whole(test);
	expect_sound(test);
}

/* Split a piece, and share it out: its pages from @from up to @to, and all others. */
static void share_out(struct scriptfs_piece *block, unsigned int from, unsigned int to,
		      struct hand *hole, struct hand *rest)
{
	struct scriptfs_piece *stack[LARGE + 1], *piece = block;
	unsigned int nr = 0, at, end;

	for (;;) {
		at = piece - block;
		end = at + scriptfs_piece_pages(piece);
		if (at < to && end > from && (at < from || end > to)) {
			stack[nr++] = scriptfs_piece_split(piece);
			continue;
		}
		add(at >= from && end <= to ? hole : rest, piece);
		if (!nr)
			return;
		piece = stack[--nr];
	}
}

static void fill_pages(struct hand *hand, u8 byte)
{
	unsigned int i;

	for (i = 0; i < hand->nr; i++)
		memset(hand->piece[i]->addr, byte, scriptfs_piece_size(hand->piece[i]));
}

static void expect_pages(struct kunit *test, struct hand *hand, u8 byte)
{
	unsigned int i;

	for (i = 0; i < hand->nr; i++)
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(hand->piece[i]->addr, byte,
						     scriptfs_piece_size(hand->piece[i])),
				    (void *)NULL);
}

/* What a file gives back of a block is there for others, and what it keeps is left alone. */
static void cut_hole(struct kunit *test, unsigned int order, unsigned int from, unsigned int to)
{
	struct hand *hole = new_hand(test, BIT(order)), *rest = new_hand(test, BIT(order));
	struct rnd_state rnd;

	prandom_seed_state(&rnd, from * BIT(order) + to);
	share_out(take(test, order), from, to, hole, rest);
	KUNIT_ASSERT_LE(test, hole->nr + rest->nr, 2 * order + 1);
	fill_pages(rest, 0x5a);
	fill_pages(hole, 0xa5);
	expect_stats(test, 0, BIT(order), 0, 0);
	put_all(test, hole, &rnd);
	expect_stats(test, to - from, BIT(order) - (to - from), 0, 0);
	expect_sound(test);

	KUNIT_EXPECT_EQ(test, take_pages(test, hole), to - from);
	expect_pages(test, rest, 0x5a);
	expect_sound(test);
	/* The other file first, or last. */
	put_all(test, from & 1 ? hole : rest, &rnd);
	expect_sound(test);
	put_all(test, hole, &rnd);
	put_all(test, rest, &rnd);
	expect_whole(test);
	expect_sound(test);
	kunit_kfree(test, hole);
	kunit_kfree(test, rest);
}

static void cut_holes(struct kunit *test)
{
	unsigned int from, to;

	fill(test, SCRIPTFS_NOVEL, 1);
	for (from = 0; from < NOVEL_PAGES; from++)
		for (to = from + 1; to <= NOVEL_PAGES; to++)
			cut_hole(test, NOVEL, from, to);
}

/* A file that ends somewhere in a large block. */
static void cut_tails(struct kunit *test)
{
	unsigned int from;

	fill(test, SCRIPTFS_LARGE, 1);
	for (from = 1; from < LARGE_PAGES; from += 1 + from / 8)
		cut_hole(test, LARGE, from, LARGE_PAGES);
}

/*
 * Idle pieces are off the lists for a moment: a task that finds none meanwhile waits, and is told
 * that there are none only after it looked once while all were listed.
 */
static void cut_hidden(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_piece *piece = take(test, POEM);
	struct scriptfs_wait wait = {};
	unsigned int i;

	scriptfs_pools_limit(pools, SZ_1G, true);
	for (i = 0; i < 2; i++) {
		unsigned int waits = 1000;

		scriptfs_hide(&pools->cut);
		while (waits--)
			KUNIT_EXPECT_EQ(test, scriptfs_pools_replenish(pools, &wait, PAGE_SIZE),
					-EAGAIN);
		scriptfs_hide_end(&pools->cut, true);
		KUNIT_EXPECT_EQ(test, scriptfs_pools_replenish(pools, &wait, PAGE_SIZE), 0);
	}
	/* What was off the lists, and is not back, makes no difference. */
	scriptfs_hide(&pools->cut);
	scriptfs_hide_end(&pools->cut, false);
	KUNIT_EXPECT_EQ(test, scriptfs_pools_replenish(pools, &wait, PAGE_SIZE), -ENOSPC);
	scriptfs_replenish_end(pools, &wait);
	put(test, piece);
	expect_whole(test);
}

static struct kunit_case cut_test_cases[] = {
	KUNIT_CASE(cut_halves),
	KUNIT_CASE(cut_permutations),
	KUNIT_CASE(cut_places),
	KUNIT_CASE(cut_classes),
	KUNIT_CASE(cut_super),
	KUNIT_CASE(cut_holes),
	KUNIT_CASE(cut_tails),
	KUNIT_CASE(cut_hidden),
	{}
};

static struct kunit_suite cut_test_suite = {
	.name		= "scriptfs_cut",
	.init		= pool_test_init,
	.exit		= pool_test_exit,
	.test_cases	= cut_test_cases,
};

kunit_test_suite(cut_test_suite);
