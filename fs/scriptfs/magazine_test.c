// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the magazines. On a single processor its own magazine stands in for that of
 * another: a search does not care whose it is.
 */
#include "pool_test.h"
#include "search.h"

/* A reserve for which the magazines of a class have their full depth. */
#define RESERVE(depth)	((depth) * 8UL * num_possible_cpus())

/* Fill the pool of @class, without surplus. */
static struct scriptfs_pool *fill_one(struct kunit *test, unsigned int class, unsigned long reserve)
{
	struct scriptfs_pools *pools = fill(test, class, reserve);

	scriptfs_pools_limit(pools, SZ_1G, true);
	return &pools->pool[class];
}

/* The magazine of a processor that the test does not run on, if there is one. */
static struct scriptfs_magazine *other_magazine(struct scriptfs_magazine __percpu *magazine)
{
	unsigned int cpu, other = 0;

	for_each_possible_cpu(cpu)
		other = cpu;
	return per_cpu_ptr(magazine, other);
}

/* As scriptfs_put() on another processor would. */
static void put_there(struct scriptfs_pools *pools, struct scriptfs_piece *piece)
{
	struct scriptfs_pool *pool = scriptfs_piece_pool(pools, piece);
	bool small = piece->order < SCRIPTFS_SMALL_ORDERS;
	struct scriptfs_magazine *magazine;

	magazine = other_magazine(small ? pools->cut.magazine[piece->order] : pool->magazine);
	WRITE_ONCE(piece->owner, SCRIPTFS_IDLE);
	spin_lock(&magazine->lock);
	if (small && magazine->nr == pools->cut.depth)
		scriptfs_magazine_flush_small(pools, magazine, pools->cut.depth / 2);
	if (!small && magazine->nr == pool->depth)
		scriptfs_magazine_flush(pool, magazine, pool->depth / 2);
	scriptfs_magazine_push(magazine, piece);
}

static struct scriptfs_piece *take_there(struct scriptfs_magazine __percpu *magazines)
{
	struct scriptfs_magazine *magazine = other_magazine(magazines);

	spin_lock(&magazine->lock);
	return scriptfs_magazine_pop(magazine);
}

/* What a search finds that has not come to the magazines yet. */
static struct scriptfs_piece *search(struct scriptfs_pools *pools, unsigned int order)
{
	struct scriptfs_piece *piece;

	spin_lock(&pools->cut.lock);
	piece = scriptfs_search(pools, order);
	spin_unlock(&pools->cut.lock);
	return piece;
}

static void alloc_magazines(struct kunit *test, unsigned int class, unsigned long nr)
{
	unsigned long reserve[SCRIPTFS_NR_CLASSES] = {};

	reserve[class] = nr;
	memset(test->priv, 0, sizeof(struct scriptfs_pools));
	KUNIT_ASSERT_EQ(test, scriptfs_magazines_alloc(test->priv, reserve), 0);
}

/* Magazines are for large reserves only, and hold a small part of them. */
static void magazine_cap(struct kunit *test)
{
	static const unsigned int full[SCRIPTFS_NR_CLASSES] = { 32, 32, 8, 4, 0 };
	unsigned long nr, pages, cpus = num_possible_cpus();
	struct scriptfs_pools *pools = test->priv;
	unsigned int class, order;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		struct scriptfs_pool *pool = &pools->pool[class];

		for (nr = 0; nr < 100000; nr = nr * 2 + 1) {
			alloc_magazines(test, class, nr);
			KUNIT_EXPECT_LE(test, pool->depth, full[class]);
			KUNIT_EXPECT_LE(test, 8UL * pool->depth * cpus, nr);
			KUNIT_EXPECT_EQ(test, !!pool->magazine, pool->depth > 1);
			for (pages = 0, order = 0; order < SCRIPTFS_SMALL_ORDERS; order++) {
				KUNIT_EXPECT_EQ(test, !!pools->cut.magazine[order],
						pools->cut.depth > 1);
				pages += pools->cut.depth << order;
			}
			KUNIT_EXPECT_LE(test, 8 * pages * cpus, nr << scriptfs_class_order(class));
			scriptfs_magazines_free(pools);
		}
		alloc_magazines(test, class, RESERVE(32));
		KUNIT_EXPECT_EQ(test, pool->depth, full[class]);
		KUNIT_EXPECT_EQ(test, pools->cut.depth, 32U);
		scriptfs_magazines_free(pools);
	}
}

/* Blocks leave a magazine in ascending order, also from one filling to the next. */
static void magazine_ascending(struct kunit *test)
{
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, RESERVE(32));
	struct scriptfs_piece *block, *last = NULL;
	unsigned int i, neighbours = 0;

	for (i = 0; i < RESERVE(32); i++) {
		block = take(test, POEM);
		KUNIT_EXPECT_EQ(test, scriptfs_magazines_idle(pool->magazine), 15UL - i % 16);
		if (last && scriptfs_piece_span(block) == scriptfs_piece_span(last)) {
			KUNIT_EXPECT_PTR_EQ(test, block, last + POEM_PAGES);
			neighbours++;
		}
		last = block;
	}
	KUNIT_EXPECT_GE(test, neighbours, (unsigned int)RESERVE(32) / 2);
	expect_none(test, POEM);
}

/* Small pieces as well, so that small files lie next to each other. */
static void magazine_small_ascending(struct kunit *test)
{
	struct scriptfs_piece *piece, *last;
	unsigned int order, i, neighbours;

	for (order = 0; order < POEM; order++) {
		fill_one(test, SCRIPTFS_POEM, RESERVE(32));
		neighbours = 0;
		last = NULL;
		for (i = 0; i < RESERVE(32) << (POEM - order); i++) {
			piece = take(test, order);
			neighbours += last && piece == last + BIT(order);
			last = piece;
		}
		KUNIT_EXPECT_GE(test, neighbours, i - i / 8);
		expect_none(test, order);
		scriptfs_pools_free(test->priv);
	}
}

/* Taking and putting within a magazine touches neither the pool nor the lists of pieces. */
static void magazine_apart(struct kunit *test)
{
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, RESERVE(32));
	struct scriptfs_cut *cut = &pool->pools->cut;
	unsigned int order, round, i;
	struct scriptfs_piece *piece[8];
	unsigned long idle, arrivals;

	for (order = 0; order <= POEM; order++) {
		for (round = 0; round < 10; round++) {
			for (i = 0; i < ARRAY_SIZE(piece); i++)
				piece[i] = take(test, order);
			if (!round) {
				idle = pool->idle + cut->pages;
				arrivals = pool->arrivals + cut->arrivals;
			}
			expect_stats(test, RESERVE(32) * POEM_PAGES - 8 * BIT(order),
				     8 * BIT(order), 0, 0);
			for (i = 0; i < ARRAY_SIZE(piece); i++)
				put(test, piece[i]);
			expect_stats(test, RESERVE(32) * POEM_PAGES, 0, 0, 0);
		}
		KUNIT_EXPECT_EQ(test, pool->idle + cut->pages, idle);
		KUNIT_EXPECT_EQ(test, pool->arrivals + cut->arrivals, arrivals);
		if (order < POEM)
			KUNIT_EXPECT_EQ(test, scriptfs_magazines_idle(cut->magazine[order]), 16UL);
	}
	expect_whole(test);
}

/* When a magazine is full, its older half goes to the pool. */
static void magazine_flush(struct kunit *test)
{
	enum { DEPTH = 8 };
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_MEDIUM, RESERVE(DEPTH));
	struct scriptfs_magazine *magazine = other_magazine(pool->magazine);
	struct scriptfs_piece *block[DEPTH + 1];
	unsigned long idle;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, pool->depth, (unsigned int)DEPTH);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = take(test, MEDIUM);
	scriptfs_magazines_drain(test->priv);
	KUNIT_EXPECT_EQ(test, scriptfs_magazines_idle(pool->magazine), 0UL);
	idle = pool->idle;
	for (i = 0; i < DEPTH; i++)
		put_there(pool->pools, block[i]);
	KUNIT_EXPECT_EQ(test, magazine->nr, (unsigned int)DEPTH);
	KUNIT_EXPECT_EQ(test, pool->idle, idle);

	put_there(pool->pools, block[DEPTH]);
	KUNIT_EXPECT_EQ(test, magazine->nr, DEPTH / 2 + 1U);
	KUNIT_EXPECT_EQ(test, pool->idle, idle + DEPTH / 2);
	for (i = DEPTH; i >= DEPTH / 2; i--)
		KUNIT_EXPECT_PTR_EQ(test, take_there(pool->magazine), block[i]);
	for (i = DEPTH / 2; i <= DEPTH; i++)
		put_there(pool->pools, block[i]);
	expect_whole(test);
}

/* The older half of a magazine of small pieces is listed, and joined where that is possible. */
static void magazine_small_flush(struct kunit *test)
{
	enum { DEPTH = 32 };
	struct scriptfs_pools *pools = fill_one(test, SCRIPTFS_POEM, RESERVE(DEPTH))->pools;
	struct scriptfs_piece *page[DEPTH + 1];
	struct scriptfs_magazine *magazine;
	unsigned int i;

	magazine = other_magazine(pools->cut.magazine[0]);
	KUNIT_ASSERT_EQ(test, pools->cut.depth, (unsigned int)DEPTH);
	for (i = 0; i < ARRAY_SIZE(page); i++)
		page[i] = take(test, 0);
	scriptfs_magazines_drain(pools);
	/* Of the last poem one page is in use. */
	KUNIT_EXPECT_EQ(test, pools->cut.pages, 7UL);
	for (i = 0; i < DEPTH; i++)
		put_there(pools, page[i]);
	KUNIT_EXPECT_EQ(test, magazine->nr, (unsigned int)DEPTH);
	KUNIT_EXPECT_EQ(test, pools->cut.pages, 7UL);
	KUNIT_EXPECT_EQ(test, pools->pool[SCRIPTFS_POEM].nr_cut, 5UL);

	/* Two poems become whole. */
	put_there(pools, page[DEPTH]);
	KUNIT_EXPECT_EQ(test, magazine->nr, DEPTH / 2 + 1U);
	KUNIT_EXPECT_EQ(test, pools->cut.pages, 7UL);
	KUNIT_EXPECT_EQ(test, pools->pool[SCRIPTFS_POEM].nr_cut, 3UL);
	for (i = DEPTH; i >= DEPTH / 2; i--)
		KUNIT_EXPECT_PTR_EQ(test, take_there(pools->cut.magazine[0]), page[i]);
	for (i = DEPTH / 2; i <= DEPTH; i++)
		put_there(pools, page[i]);
	expect_whole(test);
}

/* A block in the magazine of another processor is not out of reach. */
static void magazine_steal(struct kunit *test)
{
	enum { DEPTH = 8 };
	const unsigned int nr = RESERVE(DEPTH);
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_MEDIUM, nr);
	struct scriptfs_piece *back[DEPTH];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		back[0] = take(test, MEDIUM);
		if (i && i < DEPTH)
			back[i] = back[0];
	}
	expect_none(test, MEDIUM);
	for (i = 0; i < DEPTH; i++)
		put_there(pool->pools, back[i]);
	KUNIT_EXPECT_EQ(test, pool->idle, 0UL);
	expect_class(test, SCRIPTFS_MEDIUM, DEPTH, 0, nr - DEPTH);

	/* For another size, so that the magazine of this processor is not looked at first. */
	for (i = 0; i < DEPTH; i++)
		KUNIT_EXPECT_EQ(test, (unsigned int)take_any(test, LARGE)->order,
				(unsigned int)MEDIUM);
	expect_class(test, SCRIPTFS_MEDIUM, 0, 0, nr);
	expect_none(test, LARGE);

	/* And the usual way. */
	put_there(pool->pools, back[0]);
	KUNIT_EXPECT_PTR_EQ(test, take(test, MEDIUM), back[0]);
	/* A small one. */
	put_there(pool->pools, back[0]);
	KUNIT_EXPECT_PTR_EQ(test, take(test, 0), back[0]);
	expect_class(test, SCRIPTFS_MEDIUM, 0, 1, nr - 1);
}

/* Nor is a small piece, for any need. */
static void magazine_small_steal(struct kunit *test)
{
	struct scriptfs_pools *pools = fill_one(test, SCRIPTFS_POEM, RESERVE(4))->pools;
	struct scriptfs_piece *piece[POEM], *last;
	unsigned int order, want, i;

	for (i = 0; i < RESERVE(4); i++)
		last = take(test, POEM);
	for (order = POEM; order--; )
		piece[order] = scriptfs_piece_split(last);
	for (want = 0; want <= POEM; want++) {
		for (order = 0; order < POEM; order++) {
			expect_none(test, want);
			put_there(pools, piece[order]);
			KUNIT_EXPECT_EQ(test, pools->cut.pages, 0UL);
			if (want >= order) {
				KUNIT_EXPECT_PTR_EQ(test, take_any(test, want), piece[order]);
				continue;
			}
			/* Cut down. */
			for (i = 0; i < BIT(order - want); i++)
				KUNIT_EXPECT_PTR_EQ(test, take(test, want),
						    piece[order] + (i << want));
			expect_none(test, 0);
			for (i = 0; i < BIT(order - want); i++)
				put(test, piece[order] + (i << want));
			KUNIT_EXPECT_PTR_EQ(test, take(test, order), piece[order]);
		}
	}
	/* All of them together are a block. */
	for (order = 0; order < POEM; order++)
		put_there(pools, piece[order]);
	put_there(pools, last);
	expect_class(test, SCRIPTFS_POEM, 1, 0, RESERVE(4) - 1);
	take(test, POEM);
}

/*
 * A search goes through the pools and then one magazine after the other. It may miss a piece that
 * was added where it had been before another was taken from where it had yet to go, so it starts
 * again if the arrivals have changed. Whatever makes a piece available has to count as an arrival,
 * and taking one must not, or a search might never end.
 */
static void magazine_arrivals(struct kunit *test)
{
	enum { FEW = 5 };
	const unsigned int nr = RESERVE(32);
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, nr);
	struct scriptfs_pools *pools = test->priv;
	struct scriptfs_piece *block[FEW], *batch[FEW], *none = NULL;
	unsigned long before = scriptfs_arrivals(pools);
	unsigned int i;

	for (i = 0; i < nr; i++)
		block[i % FEW] = take(test, POEM);
	KUNIT_EXPECT_EQ(test, scriptfs_arrivals(pools), before);

	/* Nothing in the pool, then a block in a magazine that the search has passed. */
	KUNIT_EXPECT_PTR_EQ(test, search(pools, POEM), none);
	KUNIT_EXPECT_EQ(test, scriptfs_magazines_idle(pool->magazine), 0UL);
	put_there(pool->pools, block[0]);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pools), before);

	/* From there to the pool, which the search has passed. */
	before = scriptfs_arrivals(pools);
	KUNIT_EXPECT_PTR_EQ(test, search(pools, POEM), none);
	scriptfs_magazines_drain(pools);
	KUNIT_EXPECT_EQ(test, pool->idle, 1UL);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pools), before);

	/* From the pool and from a magazine, and no arrival. */
	before = scriptfs_arrivals(pools);
	KUNIT_EXPECT_PTR_EQ(test, search(pools, POEM), block[0]);
	expect_none(test, POEM);
	KUNIT_EXPECT_EQ(test, scriptfs_arrivals(pools), before);
	scriptfs_piece_idle(pools, block[0]);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pools), before);
	block[0] = take(test, POEM);

	/* Bypassing the magazines, and out of quarantine. */
	before = scriptfs_arrivals(pools);
	memcpy(batch, block, sizeof(batch));
	scriptfs_put_batch(pools, batch, FEW, test, TEST_INODE);
	KUNIT_EXPECT_EQ(test, pool->idle, (unsigned long)FEW);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pools), before);

	for (i = 0; i < FEW; i++)
		block[i] = take(test, POEM);
	block[0]->published = true;
	before = scriptfs_arrivals(pools);
	put(test, block[0]);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pools), before);
}

/* The same for pieces: also the rest of a block that is cut arrives. */
static void magazine_small_arrivals(struct kunit *test)
{
	struct scriptfs_pools *pools = fill_one(test, SCRIPTFS_POEM, RESERVE(4))->pools;
	struct scriptfs_piece *upper, *lower, *none = NULL;
	unsigned long before;
	unsigned int i;

	for (i = 0; i < RESERVE(4) - 1; i++)
		take(test, POEM);
	scriptfs_magazines_drain(pools);
	before = scriptfs_arrivals(pools);
	lower = search(pools, 2);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pools), before);

	before = scriptfs_arrivals(pools);
	upper = search(pools, 2);
	KUNIT_EXPECT_PTR_EQ(test, search(pools, 2), none);
	KUNIT_EXPECT_EQ(test, scriptfs_arrivals(pools), before);

	put_there(pools, upper);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pools), before);
	before = scriptfs_arrivals(pools);
	KUNIT_EXPECT_PTR_EQ(test, search(pools, 2), none);
	scriptfs_magazines_drain_small(pools);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pools), before);

	/* The poem becomes whole. */
	before = scriptfs_arrivals(pools);
	scriptfs_piece_idle(pools, lower);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pools), before);
	take(test, POEM);
	expect_none(test, 0);
}

/* No surplus is allocated while another processor has an idle piece. */
static void magazine_before_surplus(struct kunit *test)
{
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, RESERVE(4));
	struct scriptfs_pools *pools = test->priv;
	struct scriptfs_piece *block;
	unsigned int i;

	scriptfs_pools_limit(pools, SZ_1G, false);
	for (i = 0; i < RESERVE(4); i++)
		block = take_more(test, POEM);
	put_there(pool->pools, block);
	KUNIT_EXPECT_PTR_EQ(test, take_more(test, POEM), block);
	put_there(pool->pools, block);
	KUNIT_EXPECT_PTR_EQ(test, take_more(test, LARGE), block);
	put_there(pools, scriptfs_piece_split(block));
	KUNIT_EXPECT_PTR_EQ(test, take_more(test, LARGE), block + POEM_PAGES / 2);
	KUNIT_EXPECT_EQ(test, class_stats(test, SCRIPTFS_POEM).surplus, 0UL);
	take_more(test, POEM);
	KUNIT_EXPECT_EQ(test, class_stats(test, SCRIPTFS_POEM).surplus, 1UL);
}

/* Idle surplus is in no magazine, however it was freed, so that the shrinker finds it. */
static void magazine_surplus(struct kunit *test)
{
	enum { MORE = 12 };
	const unsigned int nr = RESERVE(4) + MORE;
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, nr - MORE);
	struct scriptfs_piece **block = kunit_kzalloc(test, nr * sizeof(*block), GFP_KERNEL);
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = ULONG_MAX };
	struct scriptfs_pools *pools = test->priv;
	unsigned int i, round;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	scriptfs_pools_limit(pools, SZ_1G, false);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < nr; i++)
			block[i] = take_more(test, POEM);
		KUNIT_EXPECT_EQ(test, class_stats(test, SCRIPTFS_POEM).surplus,
				(unsigned long)MORE);
		if (round)
			scriptfs_put_batch(pools, block, nr, test, TEST_INODE);
		else
			for (i = nr; i; i--)
				put(test, block[i - 1]);
		/* Taken and put once more. */
		block[0] = take_more(test, POEM);
		KUNIT_EXPECT_FALSE(test, block[0]->surplus);
		KUNIT_EXPECT_GT(test, scriptfs_magazines_idle(pool->magazine), 0UL);
		put(test, block[0]);
		KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), MORE * POEM_PAGES);
		KUNIT_EXPECT_EQ(test, pool->surplus, 0UL);
		expect_whole(test);
	}
}

/* Small pieces of surplus are in magazines, but the shrinker looks there. */
static void magazine_small_surplus(struct kunit *test)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = ULONG_MAX };
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, RESERVE(4));
	struct scriptfs_pools *pools = test->priv;
	struct scriptfs_piece *piece[2];
	unsigned int i;

	scriptfs_pools_limit(pools, SZ_1G, false);
	for (i = 0; i < RESERVE(4); i++)
		take_more(test, POEM);
	for (i = 0; i < ARRAY_SIZE(piece); i++) {
		piece[i] = take_more(test, 2);
		KUNIT_EXPECT_TRUE(test, piece[i]->surplus);
	}
	for (i = 0; i < ARRAY_SIZE(piece); i++)
		put_there(pools, piece[i]);
	KUNIT_EXPECT_EQ(test, pool->idle, 0UL);
	KUNIT_EXPECT_EQ(test, shrink_count(pools, &sc), POEM_PAGES);
	KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), POEM_PAGES);
	expect_class(test, SCRIPTFS_POEM, 0, 0, RESERVE(4));
}

/* A double free is noticed, whether or not both went to the same magazine. */
static void magazine_double_free(struct kunit *test)
{
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, RESERVE(4));
	struct scriptfs_piece *a = take(test, POEM);
	struct scriptfs_piece *b = take(test, POEM);
	struct scriptfs_piece *batch[] = { a, b, a, b, a, a, b, b };
	unsigned int i;

	put_there(pool->pools, a);
	put(test, a);
	expect_class(test, SCRIPTFS_POEM, RESERVE(4) - 1, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, take_there(pool->magazine), a);
	WRITE_ONCE(a->owner, test);

	scriptfs_put_batch(test->priv, batch, ARRAY_SIZE(batch), test, TEST_INODE);
	expect_class(test, SCRIPTFS_POEM, RESERVE(4), 0, 0);
	for (i = 0; i < RESERVE(4); i++)
		take(test, POEM);
	expect_none(test, POEM);
}

/* The blocks of a small file are taken again in file order, and so are its smaller pieces. */
static void magazine_few(struct kunit *test)
{
	struct scriptfs_piece *piece[4], *batch[4];
	struct scriptfs_pools *pools;
	unsigned long arrivals;
	unsigned int i, nr, order;

	pools = fill_one(test, SCRIPTFS_POEM, RESERVE(32))->pools;
	for (order = 0; order <= POEM; order += POEM) {
		for (i = 0; i < ARRAY_SIZE(piece); i++)
			piece[i] = take(test, order);
		arrivals = pools->pool[SCRIPTFS_POEM].arrivals + pools->cut.arrivals;
		for (nr = 1; nr <= ARRAY_SIZE(piece); nr++) {
			memcpy(batch, piece, sizeof(batch));
			scriptfs_put_batch(pools, batch, nr, test, TEST_INODE);
			for (i = 0; i < nr; i++)
				KUNIT_EXPECT_PTR_EQ(test, take(test, order), piece[i]);
		}
		KUNIT_EXPECT_EQ(test, pools->pool[SCRIPTFS_POEM].arrivals + pools->cut.arrivals,
				arrivals);
	}
}

/* Pieces of several classes and sizes, some of which were published, in one batch. */
static void magazine_batch(struct kunit *test)
{
	static const unsigned long reserve[SCRIPTFS_NR_CLASSES] = { 4, 4, 4 };
	struct scriptfs_pools *pools = test->priv;
	struct scriptfs_piece *piece[15];
	unsigned long missing;
	struct page *held;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, fill_all(test, reserve, &missing), 0);
	for (i = 0; i < 12; i++)
		piece[i] = take(test, scriptfs_class_order(i / 4));
	piece[5]->published = true;
	piece[9]->published = true;
	held = scriptfs_piece_page(piece[9], 0);
	get_page(held);
	for (i = 12; i < 15; i++)
		piece[i] = scriptfs_piece_split(piece[i - 12]);

	scriptfs_put_batch(pools, piece, ARRAY_SIZE(piece), test, TEST_INODE);
	expect_class(test, SCRIPTFS_POEM, 4, 0, 0);
	expect_class(test, SCRIPTFS_NOVEL, 4, 0, 0);
	expect_class(test, SCRIPTFS_MEDIUM, 3, 1, 0);
	expect_stats(test, 4 * (8 + 16 + 128) - 1, 0, 1, 0);
	put_page(held);
	expect_whole(test);
}

static struct kunit_case magazine_test_cases[] = {
	KUNIT_CASE(magazine_cap),
	KUNIT_CASE(magazine_ascending),
	KUNIT_CASE(magazine_small_ascending),
	KUNIT_CASE(magazine_apart),
	KUNIT_CASE(magazine_flush),
	KUNIT_CASE(magazine_small_flush),
	KUNIT_CASE(magazine_steal),
	KUNIT_CASE(magazine_small_steal),
	KUNIT_CASE(magazine_arrivals),
	KUNIT_CASE(magazine_small_arrivals),
	KUNIT_CASE(magazine_before_surplus),
	KUNIT_CASE(magazine_surplus),
	KUNIT_CASE(magazine_small_surplus),
	KUNIT_CASE(magazine_double_free),
	KUNIT_CASE(magazine_few),
	KUNIT_CASE(magazine_batch),
	{}
};

static struct kunit_suite magazine_test_suite = {
	.name		= "scriptfs_magazine",
	.init		= pool_test_init,
	.exit		= pool_test_exit,
	.test_cases	= magazine_test_cases,
};

kunit_test_suite(magazine_test_suite);
