// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the magazines. On a single processor its own magazine stands in for that of
 * another: a search for blocks does not care whose it is.
 */
#include "magazine.h"
#include "pool_test.h"

/* A reserve for which the magazines of a class have their full depth. */
#define RESERVE(depth)	((depth) * 8UL * num_possible_cpus())

/* Fill the pool of @class, without surplus. */
static struct scriptfs_pool *fill_one(struct kunit *test, unsigned int class, unsigned long reserve)
{
	struct scriptfs_pools *pools = fill(test, class, reserve);

	scriptfs_pools_limit(pools, SZ_1G, true);
	return &pools->pool[class];
}

static void expect_none(struct kunit *test, unsigned int class)
{
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(test->priv, class, true),
			    (struct scriptfs_block *)NULL);
}

static struct scriptfs_stats stats_of(struct kunit *test, unsigned int class)
{
	struct scriptfs_pools *pools = test->priv;
	struct scriptfs_stats stats;

	scriptfs_pool_stats(&pools->pool[class], &stats);
	KUNIT_EXPECT_EQ(test, stats.reserve + stats.surplus,
			stats.idle + stats.used + stats.quarantine + stats.retired);
	return stats;
}

/* The magazine of a processor that the test does not run on, if there is one. */
static struct scriptfs_magazine *other_magazine(struct scriptfs_pool *pool)
{
	unsigned int cpu, other = 0;

	for_each_possible_cpu(cpu)
		other = cpu;
	return per_cpu_ptr(pool->magazine, other);
}

/* As scriptfs_pool_put() on another processor would. */
static void put_there(struct scriptfs_pool *pool, struct scriptfs_block *block)
{
	WRITE_ONCE(block->state, SCRIPTFS_BLOCK_IDLE);
	scriptfs_magazine_put(pool, other_magazine(pool), block);
}

/* Magazines are for large reserves only, and hold a small part of them. */
static void magazine_cap(struct kunit *test)
{
	static const unsigned int full[SCRIPTFS_NR_CLASSES] = { 32, 32, 8, 4, 0 };
	struct scriptfs_pools *pools = test->priv;
	unsigned long reserve;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		struct scriptfs_pool *pool = &pools->pool[class];

		for (reserve = 0; reserve < 100000; reserve = reserve * 2 + 1) {
			KUNIT_ASSERT_EQ(test, scriptfs_magazines_alloc(pool, class, reserve), 0);
			KUNIT_EXPECT_NE(test, pool->depth, 1U);
			KUNIT_EXPECT_LE(test, pool->depth, full[class]);
			KUNIT_EXPECT_LE(test, 8UL * pool->depth * num_possible_cpus(), reserve);
			KUNIT_EXPECT_EQ(test, !!pool->magazine, !!pool->depth);
			scriptfs_magazines_free(pool);
		}
		KUNIT_ASSERT_EQ(test, scriptfs_magazines_alloc(pool, class, RESERVE(32)), 0);
		KUNIT_EXPECT_EQ(test, pool->depth, full[class]);
		scriptfs_magazines_free(pool);
	}
}

/* Blocks leave a magazine in ascending order, also from one filling to the next. */
static void magazine_ascending(struct kunit *test)
{
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, RESERVE(32));
	struct scriptfs_block *block, *last = NULL;
	unsigned int i, neighbours = 0;

	for (i = 0; i < RESERVE(32); i++) {
		block = take(test, SCRIPTFS_POEM, false);
		KUNIT_EXPECT_EQ(test, scriptfs_magazines_idle(pool), 15UL - i % 16);
		if (last && block->span == last->span) {
			KUNIT_EXPECT_PTR_EQ(test, block, last + 1);
			neighbours++;
		}
		last = block;
	}
	KUNIT_EXPECT_GE(test, neighbours, (unsigned int)RESERVE(32) / 2);
	expect_none(test, SCRIPTFS_POEM);
}

/* Taking and putting within a magazine does not touch the pool. */
static void magazine_apart(struct kunit *test)
{
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, RESERVE(32));
	struct scriptfs_block *block[8];
	unsigned long idle, arrivals;
	unsigned int round, i;

	for (round = 0; round < 10; round++) {
		for (i = 0; i < ARRAY_SIZE(block); i++)
			block[i] = take(test, SCRIPTFS_POEM, false);
		if (!round) {
			idle = pool->idle;
			arrivals = pool->arrivals;
		}
		KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_POEM).used, 8UL);
		for (i = 0; i < ARRAY_SIZE(block); i++)
			scriptfs_pool_put(test->priv, block[i], TEST_INODE);
		KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_POEM).used, 0UL);
		KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_POEM).idle, RESERVE(32));
	}
	KUNIT_EXPECT_EQ(test, pool->idle, idle);
	KUNIT_EXPECT_EQ(test, pool->arrivals, arrivals);
}

/* When a magazine is full, its older half goes to the pool. */
static void magazine_flush(struct kunit *test)
{
	enum { DEPTH = 8 };
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_MEDIUM, RESERVE(DEPTH));
	struct scriptfs_magazine *magazine = other_magazine(pool);
	struct scriptfs_block *block[DEPTH + 1];
	unsigned long idle;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, pool->depth, (unsigned int)DEPTH);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = take(test, SCRIPTFS_MEDIUM, false);
	scriptfs_magazines_drain(pool);
	KUNIT_EXPECT_EQ(test, scriptfs_magazines_idle(pool), 0UL);
	idle = pool->idle;
	for (i = 0; i < DEPTH; i++)
		put_there(pool, block[i]);
	KUNIT_EXPECT_EQ(test, magazine->nr, (unsigned int)DEPTH);
	KUNIT_EXPECT_EQ(test, pool->idle, idle);

	put_there(pool, block[DEPTH]);
	KUNIT_EXPECT_EQ(test, magazine->nr, DEPTH / 2 + 1U);
	KUNIT_EXPECT_EQ(test, pool->idle, idle + DEPTH / 2);
	for (i = DEPTH; i >= DEPTH / 2; i--)
		KUNIT_EXPECT_PTR_EQ(test, scriptfs_magazine_take(pool, magazine), block[i]);
	for (i = DEPTH / 2; i <= DEPTH; i++)
		put_there(pool, block[i]);
	KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_MEDIUM).idle, RESERVE(DEPTH));
}

/* A block in the magazine of another processor is not out of reach. */
static void magazine_steal(struct kunit *test)
{
	enum { DEPTH = 8 };
	const unsigned int nr = RESERVE(DEPTH);
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_MEDIUM, nr);
	struct scriptfs_block *back[DEPTH];
	unsigned int i, found;

	for (i = 0; i < nr; i++) {
		back[0] = take(test, SCRIPTFS_MEDIUM, false);
		if (i && i < DEPTH)
			back[i] = back[0];
	}
	expect_none(test, SCRIPTFS_MEDIUM);
	for (i = 0; i < DEPTH; i++)
		put_there(pool, back[i]);
	KUNIT_EXPECT_EQ(test, pool->idle, 0UL);
	KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_MEDIUM).idle, (unsigned long)DEPTH);

	/* Straight to the search, past the magazine of this processor. */
	for (found = 0; found < DEPTH; found++)
		if (!scriptfs_pool_search(pool))
			break;
	KUNIT_EXPECT_EQ(test, found, (unsigned int)DEPTH);
	KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_MEDIUM).used, (unsigned long)nr);
	expect_none(test, SCRIPTFS_MEDIUM);

	/* And the usual way. */
	put_there(pool, back[0]);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_MEDIUM, true), back[0]);
	KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_MEDIUM).surplus, 0UL);
}

/*
 * A search goes through the pool and then one magazine after the other. It may miss a block that
 * was added where it had been before another was taken from where it had yet to go, so it starts
 * again if the arrivals have changed. Whatever makes a block available has to count as an arrival,
 * and taking one must not, or a search might never end.
 */
static void magazine_arrivals(struct kunit *test)
{
	enum { FEW = 5 };
	const unsigned int nr = RESERVE(32);
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, nr);
	struct scriptfs_block *block[FEW], *batch[FEW], *none;
	unsigned long before = scriptfs_arrivals(pool);
	unsigned int i;

	for (i = 0; i < nr; i++)
		block[i % FEW] = take(test, SCRIPTFS_POEM, false);
	KUNIT_EXPECT_EQ(test, scriptfs_arrivals(pool), before);

	/* Nothing in the pool, then a block in a magazine that the search has passed. */
	KUNIT_EXPECT_EQ(test, scriptfs_spans_pick(pool, true, &none, 1), 0U);
	KUNIT_EXPECT_EQ(test, scriptfs_magazines_idle(pool), 0UL);
	put_there(pool, block[0]);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pool), before);

	/* From there to the pool, which the search has passed. */
	before = scriptfs_arrivals(pool);
	KUNIT_EXPECT_EQ(test, scriptfs_spans_pick(pool, true, &none, 1), 0U);
	scriptfs_magazines_drain(pool);
	KUNIT_EXPECT_EQ(test, pool->idle, 1UL);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pool), before);

	/* From the pool and from a magazine, and no arrival. */
	before = scriptfs_arrivals(pool);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_search(pool), block[0]);
	expect_none(test, SCRIPTFS_POEM);
	KUNIT_EXPECT_EQ(test, scriptfs_arrivals(pool), before);

	/* Bypassing the magazines, and out of quarantine. */
	memcpy(batch, block, sizeof(batch));
	scriptfs_pool_put_batch(test->priv, batch, FEW, TEST_INODE);
	KUNIT_EXPECT_EQ(test, pool->idle, (unsigned long)FEW);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pool), before);

	for (i = 0; i < FEW; i++)
		block[i] = take(test, SCRIPTFS_POEM, false);
	block[0]->first.published = true;
	before = scriptfs_arrivals(pool);
	scriptfs_pool_put(test->priv, block[0], TEST_INODE);
	KUNIT_EXPECT_NE(test, scriptfs_arrivals(pool), before);
}

/* No surplus is allocated while another processor has an idle block. */
static void magazine_before_surplus(struct kunit *test)
{
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, RESERVE(4));
	struct scriptfs_pools *pools = test->priv;
	struct scriptfs_block *block;
	unsigned int i;

	scriptfs_pools_limit(pools, SZ_1G, false);
	for (i = 0; i < RESERVE(4); i++)
		block = take(test, SCRIPTFS_POEM, true);
	put_there(pool, block);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, true), block);
	KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_POEM).surplus, 0UL);
	take(test, SCRIPTFS_POEM, true);
	KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_POEM).surplus, 1UL);
}

/* Idle surplus is in no magazine, however it was freed, so that the shrinker finds it. */
static void magazine_surplus(struct kunit *test)
{
	enum { MORE = 12 };
	const unsigned int nr = RESERVE(4) + MORE;
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, nr - MORE);
	struct scriptfs_block **block = kunit_kzalloc(test, nr * sizeof(*block), GFP_KERNEL);
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = ULONG_MAX };
	unsigned long pages = MORE * (SCRIPTFS_UNIT_SIZE >> PAGE_SHIFT);
	struct scriptfs_pools *pools = test->priv;
	unsigned int i, round;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	scriptfs_pools_limit(pools, SZ_1G, false);
	for (round = 0; round < 2; round++) {
		for (i = 0; i < nr; i++)
			block[i] = take(test, SCRIPTFS_POEM, true);
		KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_POEM).surplus, (unsigned long)MORE);
		if (round)
			scriptfs_pool_put_batch(pools, block, nr, TEST_INODE);
		else
			for (i = nr; i; i--)
				scriptfs_pool_put(pools, block[i - 1], TEST_INODE);
		/* Taken and put once more. */
		block[0] = take(test, SCRIPTFS_POEM, true);
		KUNIT_EXPECT_FALSE(test, block[0]->span->surplus);
		KUNIT_EXPECT_GT(test, scriptfs_magazines_idle(pool), 0UL);
		scriptfs_pool_put(pools, block[0], TEST_INODE);
		KUNIT_EXPECT_EQ(test, pools->shrinker.scan_objects(&pools->shrinker, &sc), pages);
		KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_POEM).surplus, 0UL);
		KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_POEM).idle, nr - MORE + 0UL);
	}
}

/* A double free is noticed, whether or not both went to the same magazine. */
static void magazine_double_free(struct kunit *test)
{
	struct scriptfs_pool *pool = fill_one(test, SCRIPTFS_POEM, RESERVE(4));
	struct scriptfs_block *a = take(test, SCRIPTFS_POEM, false);
	struct scriptfs_block *b = take(test, SCRIPTFS_POEM, false);
	struct scriptfs_block *batch[] = { a, b, a, b, a, a, b, b };
	unsigned int i;

	put_there(pool, a);
	scriptfs_pool_put(test->priv, a, TEST_INODE);
	KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_POEM).used, 1UL);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_magazine_take(pool, other_magazine(pool)), a);

	scriptfs_pool_put_batch(test->priv, batch, ARRAY_SIZE(batch), TEST_INODE);
	KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_POEM).used, 0UL);
	for (i = 0; i < RESERVE(4); i++)
		take(test, SCRIPTFS_POEM, false);
	expect_none(test, SCRIPTFS_POEM);
}

/* The blocks of a small file are taken again in file order. */
static void magazine_few(struct kunit *test)
{
	struct scriptfs_block *block[4], *batch[4];
	struct scriptfs_pool *pool;
	unsigned long arrivals;
	unsigned int i, nr;

	pool = fill_one(test, SCRIPTFS_POEM, RESERVE(32));
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = take(test, SCRIPTFS_POEM, false);
	arrivals = pool->arrivals;
	for (nr = 1; nr <= ARRAY_SIZE(block); nr++) {
		memcpy(batch, block, sizeof(batch));
		scriptfs_pool_put_batch(test->priv, batch, nr, TEST_INODE);
		for (i = 0; i < nr; i++)
			KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, false), block[i]);
	}
	KUNIT_EXPECT_EQ(test, pool->arrivals, arrivals);
}

/* Blocks of several classes, some of which were published, in one batch. */
static void magazine_batch(struct kunit *test)
{
	static const unsigned long reserve[SCRIPTFS_NR_CLASSES] = { 4, 4, 4 };
	struct scriptfs_pools *pools = test->priv;
	struct scriptfs_block *block[12];
	unsigned long missing;
	unsigned int i, class;
	struct page *held;

	KUNIT_ASSERT_EQ(test, fill_all(test, reserve, &missing), 0);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = take(test, i / 4, false);
	block[5]->first.published = true;
	block[9]->first.published = true;
	held = virt_to_page(block[9]->first.addr);
	get_page(held);

	scriptfs_pool_put_batch(pools, block, ARRAY_SIZE(block), TEST_INODE);
	for (class = SCRIPTFS_POEM; class <= SCRIPTFS_MEDIUM; class++) {
		KUNIT_EXPECT_EQ(test, stats_of(test, class).used, 0UL);
		KUNIT_EXPECT_EQ(test, stats_of(test, class).quarantine,
				class == SCRIPTFS_MEDIUM ? 1UL : 0UL);
	}
	put_page(held);
	scriptfs_pool_settle(&pools->pool[SCRIPTFS_MEDIUM]);
	KUNIT_EXPECT_EQ(test, stats_of(test, SCRIPTFS_MEDIUM).idle, 4UL);
}

static struct kunit_case magazine_test_cases[] = {
	KUNIT_CASE(magazine_cap),
	KUNIT_CASE(magazine_ascending),
	KUNIT_CASE(magazine_apart),
	KUNIT_CASE(magazine_flush),
	KUNIT_CASE(magazine_steal),
	KUNIT_CASE(magazine_arrivals),
	KUNIT_CASE(magazine_before_surplus),
	KUNIT_CASE(magazine_surplus),
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
