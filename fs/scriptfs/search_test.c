// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the search for pieces: in which order the pools are searched, and that no page is
 * lost or handed out twice.
 */
#include "census_test.h"

/* Of which class the next piece is, and of which size. */
static struct scriptfs_piece *expect_take(struct kunit *test, unsigned int order,
					  unsigned int class, unsigned int got)
{
	struct scriptfs_piece *piece = take_any(test, order);

	KUNIT_EXPECT_EQ(test, (unsigned int)piece->class, class);
	KUNIT_EXPECT_EQ(test, (unsigned int)piece->order, got);
	return piece;
}

static void fill_each(struct kunit *test, unsigned long poems, unsigned long novels,
		      unsigned long mediums, unsigned long larges)
{
	const unsigned long reserve[SCRIPTFS_NR_CLASSES] = { poems, novels, mediums, larges };
	struct scriptfs_pools *pools = test->priv;
	unsigned int order;
	unsigned long missing;

	if (pools->pool[0].partial.next)
		scriptfs_pools_free(pools);
	KUNIT_ASSERT_EQ(test, fill_all(test, reserve, &missing), 0);
	/* So that only the lists matter. */
	for (order = 0; order < SCRIPTFS_SMALL_ORDERS; order++) {
		free_percpu(pools->cut.magazine[order]);
		pools->cut.magazine[order] = NULL;
	}
}

/* 1. A piece of a cut block that has just this size; 2. a block, or the smallest larger piece. */
static void search_own(struct kunit *test)
{
	struct scriptfs_piece *piece;

	fill_each(test, 2, 2, 0, 0);
	/* A poem is cut, and then its pieces are used. */
	piece = expect_take(test, 0, SCRIPTFS_POEM, 0);
	KUNIT_EXPECT_PTR_EQ(test, expect_take(test, 2, SCRIPTFS_POEM, 2), piece + 4);
	KUNIT_EXPECT_PTR_EQ(test, expect_take(test, 1, SCRIPTFS_POEM, 1), piece + 2);
	KUNIT_EXPECT_PTR_EQ(test, expect_take(test, 0, SCRIPTFS_POEM, 0), piece + 1);
	expect_class(test, SCRIPTFS_POEM, 1, 1, 0);
	/* The smallest that is large enough. */
	put(test, piece + 4);
	put(test, piece + 2);
	KUNIT_EXPECT_PTR_EQ(test, expect_take(test, 0, SCRIPTFS_POEM, 0), piece + 2);
	put(test, piece + 2);
	/* For four pages the other poem is cut, not what is smaller. */
	KUNIT_EXPECT_PTR_EQ(test, expect_take(test, 2, SCRIPTFS_POEM, 2), piece + 4);
	expect_take(test, 2, SCRIPTFS_POEM, 2);
	expect_class(test, SCRIPTFS_POEM, 0, 2, 0);

	/* Half a novel before a poem, and a block of the class before larger ones. */
	fill_each(test, 2, 2, 1, 1);
	piece = expect_take(test, NOVEL, SCRIPTFS_NOVEL, NOVEL);
	put(test, scriptfs_piece_split(piece));
	KUNIT_EXPECT_PTR_EQ(test, expect_take(test, POEM, SCRIPTFS_NOVEL, POEM), piece + 8);
	expect_take(test, POEM, SCRIPTFS_POEM, POEM);
	expect_take(test, MEDIUM, SCRIPTFS_MEDIUM, MEDIUM);
	expect_take(test, LARGE, SCRIPTFS_LARGE, LARGE);
	put(test, piece + 8);
	/* Less than a poem as well. */
	KUNIT_EXPECT_PTR_EQ(test, expect_take(test, 1, SCRIPTFS_NOVEL, 1), piece + 8);
	expect_sound(test);
}

/* 3. The largest smaller piece, listed or whole; 4. the smallest larger one, of a super last. */
static void search_other(struct kunit *test)
{
	const unsigned long supers[SCRIPTFS_NR_CLASSES] = { 0, 0, 0, 1, 1 };
	struct scriptfs_piece *piece;
	unsigned long missing;

	fill_each(test, 1, 1, 1, 1);
	expect_take(test, LARGE, SCRIPTFS_LARGE, LARGE);
	expect_take(test, LARGE, SCRIPTFS_MEDIUM, MEDIUM);
	piece = expect_take(test, LARGE, SCRIPTFS_NOVEL, NOVEL);
	put(test, scriptfs_piece_split(piece));
	expect_take(test, LARGE, SCRIPTFS_NOVEL, POEM);
	expect_take(test, LARGE, SCRIPTFS_POEM, POEM);
	put(test, scriptfs_piece_split(piece));
	expect_take(test, LARGE, SCRIPTFS_NOVEL, 2);
	expect_none(test, LARGE);

	fill_each(test, 1, 1, 1, 2);
	/* What wastes nothing comes before what is larger. */
	expect_take(test, POEM, SCRIPTFS_POEM, POEM);
	piece = expect_take(test, POEM, SCRIPTFS_NOVEL, POEM);
	expect_take(test, MEDIUM, SCRIPTFS_MEDIUM, MEDIUM);
	KUNIT_EXPECT_PTR_EQ(test, expect_take(test, MEDIUM, SCRIPTFS_NOVEL, POEM), piece + 8);
	expect_take(test, MEDIUM, SCRIPTFS_LARGE, MEDIUM);
	expect_class(test, SCRIPTFS_LARGE, 1, 1, 0);
	put(test, piece);
	expect_take(test, NOVEL, SCRIPTFS_NOVEL, POEM);
	/* Of the cut one first: 1 MiB and 512 KiB of it are idle. */
	expect_take(test, NOVEL, SCRIPTFS_LARGE, NOVEL);
	KUNIT_EXPECT_TRUE(test, test_bit(8, &((struct scriptfs_pools *)test->priv)->cut.orders));
	expect_class(test, SCRIPTFS_LARGE, 1, 1, 0);
	expect_take(test, LARGE, SCRIPTFS_LARGE, LARGE);
	/* The smallest class is cut first. */
	fill_each(test, 0, 1, 1, 1);
	expect_take(test, 0, SCRIPTFS_NOVEL, 0);
	expect_take(test, POEM, SCRIPTFS_NOVEL, POEM);
	expect_take(test, 2, SCRIPTFS_NOVEL, 2);
	expect_take(test, 2, SCRIPTFS_NOVEL, 1);
	expect_take(test, 2, SCRIPTFS_NOVEL, 0);
	expect_take(test, 2, SCRIPTFS_MEDIUM, 2);
	expect_class(test, SCRIPTFS_LARGE, 1, 0, 0);
	expect_sound(test);

	if (!super_fits(test))
		return;
	scriptfs_pools_free(test->priv);
	KUNIT_ASSERT_EQ(test, fill_all(test, supers, &missing), 0);
	expect_take(test, NOVEL, SCRIPTFS_LARGE, NOVEL);
	expect_class(test, SCRIPTFS_SUPER, 1, 0, 0);
	while (class_stats(test, SCRIPTFS_SUPER).idle)
		take_any(test, LARGE);
	expect_take(test, LARGE, SCRIPTFS_SUPER, LARGE);
	expect_stats(test, SUPER_PAGES - 2 * LARGE_PAGES, 3 * LARGE_PAGES, 0, 0);
}

/* What is moved may be of a size that no class has. A magazine of another size is not for it. */
static void search_any_order(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_LARGE, 16 * num_possible_cpus());
	struct scriptfs_piece *one, *two;
	unsigned int order;

	put(test, take(test, 0));
	KUNIT_EXPECT_EQ(test, scriptfs_magazines_idle(pools->cut.magazine[0]), 1UL);
	for (order = POEM; order <= LARGE; order++) {
		put(test, take(test, 0));
		one = take(test, order);
		two = take_any(test, order);
		KUNIT_EXPECT_GE(test, (unsigned int)two->order, (unsigned int)POEM);
		put(test, one);
		put(test, two);
		expect_sound(test);
	}
	expect_whole(test);
}

/* 5. Surplus, when nothing else is idle; and of what is idle, after the reserve. */
static void search_surplus(struct kunit *test)
{
	struct scriptfs_piece *mine, *more;
	unsigned int order, round;

	fill_each(test, 0, 1, 0, 0);
	mine = take_more(test, NOVEL);
	put(test, scriptfs_piece_split(mine));
	expect_take(test, LARGE, SCRIPTFS_NOVEL, POEM);
	expect_none(test, LARGE);
	more = take_more(test, 1);
	KUNIT_EXPECT_EQ(test, (unsigned int)more->class, (unsigned int)SCRIPTFS_POEM);
	KUNIT_EXPECT_TRUE(test, more->surplus);
	expect_stats(test, POEM_PAGES - 2, NOVEL_PAGES + 2, 0, 0);
	expect_class(test, SCRIPTFS_POEM, 0, 1, 0);

	/* Pieces of both are idle, whichever were freed last. */
	while (mine->order)
		put(test, scriptfs_piece_split(mine));
	put(test, scriptfs_piece_split(more));
	for (round = 0; round < 4; round++) {
		for (order = 0; order < POEM; order++) {
			KUNIT_EXPECT_PTR_EQ(test, take(test, order), mine + BIT(order));
			KUNIT_EXPECT_PTR_EQ(test, take(test, order), more + BIT(order));
			put(test, (round & 1 ? more : mine) + BIT(order));
			put(test, (round & 1 ? mine : more) + BIT(order));
		}
	}
	expect_sound(test);
}

/* Any page of the pools can be had, whatever is in magazines. */
static void search_stranded(struct kunit *test)
{
	static const unsigned long reserves[][SCRIPTFS_NR_CLASSES] = {
		{ 1 }, { 8 }, { 64 }, { 300 }, { 0, 40 }, { 0, 0, 20 }, { 0, 0, 0, 1 },
		{ 0, 0, 0, 33 }, { 3, 5, 2, 1 }, { 300, 300, 70, 5 },
	};
	struct scriptfs_piece *piece;
	unsigned int i, n, round, pages;
	unsigned long missing;
	struct rnd_state rnd;
	struct hand *hand;

	prandom_seed_state(&rnd, 4);
	for (i = 0; i < ARRAY_SIZE(reserves); i++) {
		pages = scriptfs_class_bytes(reserves[i]) >> PAGE_SHIFT;
		hand = new_hand(test, pages);
		KUNIT_ASSERT_EQ(test, fill_all(test, reserves[i], &missing), 0);
		for (round = 0; round < 3; round++) {
			/* Some of each size in each magazine. */
			for (n = 0; n < min(100U, pages / 16); n++)
				add(hand, take_any(test, n & POEM));
			expect_sound(test);
			put_all(test, hand, &rnd);
			expect_sound(test);

			KUNIT_ASSERT_EQ(test, take_pages(test, hand), pages);
			expect_none(test, LARGE);
			expect_sound(test);
			expect_stats(test, 0, pages, 0, 0);
			for (n = pages; hand->nr; n--) {
				put(test, draw(hand, &rnd));
				if (!(n % 128))
					expect_sound(test);
			}
			/* Or what is left of any size, the largest first. */
			for (n = 0; (piece = scriptfs_take(test->priv, LARGE, test)); ) {
				n += scriptfs_piece_pages(piece);
				add(hand, piece);
			}
			KUNIT_ASSERT_EQ(test, n, pages);
			split_all(hand, 0, 0, &rnd);
			put_all(test, hand, &rnd);
			expect_whole(test);
			expect_sound(test);
		}
		scriptfs_pools_free(test->priv);
		kunit_kfree(test, hand);
	}
}

/* Pages that a test holds from outside, after it freed their piece. */
struct held {
	unsigned int	nr;
	struct page	*page[200];
};

/* Each page has a number of its own in it, which follows from the place in the file. */
static void stamp(struct scriptfs_piece *piece)
{
	static pgoff_t next = 1;
	unsigned int i;

	piece->index = next;
	next += scriptfs_piece_pages(piece);
	for (i = 0; i < scriptfs_piece_pages(piece); i++)
		*(pgoff_t *)piece[i].addr = piece->index + i;
}

static void random_put(struct kunit *test, struct hand *hand, struct held *held,
		       struct rnd_state *rnd)
{
	struct scriptfs_piece *piece = draw(hand, rnd);
	unsigned int i, pages = scriptfs_piece_pages(piece);

	for (i = 0; i < pages; i++)
		KUNIT_ASSERT_EQ(test, *(pgoff_t *)piece[i].addr, piece->index + i);
	piece->published = prandom_u32_state(rnd) % 2;
	for (i = prandom_u32_state(rnd) % 16; i < pages && held->nr < ARRAY_SIZE(held->page); ) {
		if (!piece->published)
			break;
		held->page[held->nr++] = scriptfs_piece_page(piece, i * PAGE_SIZE);
		get_page(scriptfs_piece_page(piece, i * PAGE_SIZE));
		i += 1 + prandom_u32_state(rnd) % 40;
	}
	put(test, piece);
}

static void random_take(struct kunit *test, struct hand *hand, struct rnd_state *rnd)
{
	unsigned int order = prandom_u32_state(rnd) % (LARGE + 1);
	struct scriptfs_piece *piece = scriptfs_take(test->priv, order, test);

	if (!piece && prandom_u32_state(rnd) % 2)
		piece = scriptfs_take_more(test->priv, order, test);
	if (!piece)
		return;
	expect_fresh(test, piece, order);
	stamp(piece);
	add(hand, piece);
}

static void random_step(struct kunit *test, struct hand *hand, struct held *held,
			struct rnd_state *rnd)
{
	struct scriptfs_pools *pools = test->priv;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = 8 };
	unsigned int what = prandom_u32_state(rnd) % 16;

	if (what < 6 || !hand->nr)
		random_take(test, hand, rnd);
	else if (what < 11)
		random_put(test, hand, held, rnd);
	else if (what < 13)
		split_all(hand, hand->nr - 1, 0, rnd);
	else if (what == 13)
		scriptfs_settle_few(pools);
	else if (what == 14)
		shrink_scan(pools, &sc);
	for (what = prandom_u32_state(rnd) % 4; what && held->nr; what--) {
		unsigned int i = prandom_u32_state(rnd) % held->nr;

		put_page(held->page[i]);
		held->page[i] = held->page[--held->nr];
	}
}

/* All at random, for as long as it takes to get about everywhere. */
static void search_random(struct kunit *test)
{
	static const unsigned long reserve[SCRIPTFS_NR_CLASSES] = { 160, 20, 4, 2 };
	struct hand *hand = new_hand(test, 10 * LARGE_PAGES);
	struct held *held = kunit_kzalloc(test, sizeof(*held), GFP_KERNEL);
	struct scriptfs_pools *pools = test->priv;
	struct rnd_state rnd;
	unsigned long missing;
	unsigned int i, step;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, held);
	KUNIT_ASSERT_EQ(test, fill_all(test, reserve, &missing), 0);
	scriptfs_pools_limit(pools, scriptfs_class_bytes(reserve) + SZ_4M, false);
	prandom_seed_state(&rnd, 5);
	for (step = 0; step < 10000; step++) {
		unsigned long used = 0;

		random_step(test, hand, held, &rnd);
		for (i = 0; i < hand->nr; i++)
			used += scriptfs_piece_pages(hand->piece[i]);
		KUNIT_ASSERT_EQ(test, expect_sound(test), used);
		KUNIT_ASSERT_GE(test, pools->quarantine.pages, (unsigned long)held->nr);
	}
	while (held->nr)
		put_page(held->page[--held->nr]);
	while (hand->nr)
		random_put(test, hand, held, &rnd);
	while (held->nr)
		put_page(held->page[--held->nr]);
	scriptfs_settle_all(pools);
	expect_whole(test);
	expect_sound(test);
}

static struct kunit_case search_test_cases[] = {
	KUNIT_CASE(search_own),
	KUNIT_CASE(search_other),
	KUNIT_CASE(search_any_order),
	KUNIT_CASE(search_surplus),
	KUNIT_CASE(search_stranded),
	KUNIT_CASE(search_random),
	{}
};

static struct kunit_suite search_test_suite = {
	.name		= "scriptfs_search",
	.init		= pool_test_init,
	.exit		= pool_test_exit,
	.test_cases	= search_test_cases,
};

kunit_test_suite(search_test_suite);
