// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the pools: filling and freeing them, which blocks are taken in which order, and
 * surplus.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/vmstat.h>

#include "pool_test.h"

/* More pages than the per-CPU lists of the page allocator keep. */
#define FREE_PAGES_SLACK	1024L

static long free_pages_now(void)
{
	return global_zone_page_state(NR_FREE_PAGES);
}

/*
 * Exactly the reserve exists, also where it is no whole number of spans, and all of it is freed.
 * Many rounds, so that a leak in each adds up to more than the per-CPU lists may hide.
 */
static void pool_fill_exact(struct kunit *test)
{
	static const unsigned long reserve[SCRIPTFS_NR_CLASSES] = { 70, 33, 7, 20, 0 };
	struct scriptfs_pools *pools = test->priv;
	long before = free_pages_now();
	unsigned int class, round;
	unsigned long missing;
	u64 bytes;

	for (round = 0; round < 20; round++) {
		KUNIT_ASSERT_EQ(test, fill_all(test, reserve, &missing), 0);
		bytes = 0;
		for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
			KUNIT_EXPECT_EQ(test, pools->pool[class].reserve, reserve[class]);
			expect_stats(test, class, reserve[class], 0, 0, 0);
			bytes += reserve[class] * scriptfs_class_size(class);
		}
		KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), bytes);
		scriptfs_pools_free(pools);
		expect_empty(test);
	}
	KUNIT_EXPECT_GT(test, free_pages_now(), before - FREE_PAGES_SLACK);
}

static void pool_take_put(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_NOVEL, 2);
	struct scriptfs_block *a, *b;

	a = take(test, SCRIPTFS_NOVEL, false);
	expect_stats(test, SCRIPTFS_NOVEL, 1, 1, 0, 0);
	b = take(test, SCRIPTFS_NOVEL, false);
	expect_stats(test, SCRIPTFS_NOVEL, 0, 2, 0, 0);
	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(pools, SCRIPTFS_NOVEL, false),
			    (struct scriptfs_block *)NULL);

	scriptfs_pool_put(pools, a, TEST_INODE);
	expect_stats(test, SCRIPTFS_NOVEL, 1, 1, 0, 0);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_NOVEL, false), a);
	scriptfs_pool_put(pools, a, TEST_INODE);
	scriptfs_pool_put(pools, b, TEST_INODE);
	expect_stats(test, SCRIPTFS_NOVEL, 2, 0, 0, 0);
}

/* No page belongs to two blocks: each still has its own content when all are written. */
static void pool_blocks_apart(struct kunit *test)
{
	enum { NR = 70 };
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, NR);
	struct scriptfs_block *block[NR];
	unsigned int i, p;

	for (i = 0; i < NR; i++) {
		block[i] = take(test, SCRIPTFS_POEM, false);
		memset(block[i]->chunk->addr, i, SCRIPTFS_UNIT_SIZE);
	}
	for (i = 0; i < NR; i++) {
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(block[i]->chunk->addr, i, SCRIPTFS_UNIT_SIZE),
				    (void *)NULL);
		for (p = 0; p < SCRIPTFS_UNIT_SIZE >> PAGE_SHIFT; p++)
			KUNIT_EXPECT_EQ(test, page_ref_count(block_page(block[i], p)), 1);
		scriptfs_pool_put(pools, block[i], TEST_INODE);
	}
}

/*
 * Blocks taken in a row are neighbours in ascending order, in whatever order they were freed: in
 * batches here, as for a large file.
 */
static void pool_ascending(struct kunit *test)
{
	enum { NR = 128, BATCH = 32 };
	struct scriptfs_block *back[BATCH];
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, NR);
	struct scriptfs_block *block[NR];
	unsigned int round, i, neighbours;

	for (round = 0; round < 2; round++) {
		neighbours = 0;
		for (i = 0; i < NR; i++) {
			block[i] = take(test, SCRIPTFS_POEM, false);
			if (!i || block[i]->span != block[i - 1]->span)
				continue;
			KUNIT_EXPECT_PTR_EQ(test, block[i]->chunk->addr,
					    block[i - 1]->chunk->addr + SCRIPTFS_UNIT_SIZE);
			neighbours++;
		}
		KUNIT_EXPECT_GE(test, neighbours, NR / 2U);
		/* 47 and 128 have no common divisor: this visits all of them. */
		for (i = 0; i < NR; i++) {
			back[i % BATCH] = block[i * 47 % NR];
			if ((i + 1) % BATCH == 0)
				scriptfs_pool_put_batch(pools, back, BATCH, TEST_INODE);
		}
	}
	expect_stats(test, SCRIPTFS_POEM, NR, 0, 0, 0);
}

/* A file must not inherit the marks of the previous owner of a block. */
static void pool_marks_reset(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_LARGE, 1);
	struct scriptfs_block *block = take(test, SCRIPTFS_LARGE, false);

	block->chunk->mark = SCRIPTFS_CHUNK_SIZE;
	block->chunk->published = true;
	scriptfs_pool_put(pools, block, TEST_INODE);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_LARGE, false), block);
	KUNIT_EXPECT_EQ(test, block->chunk->mark, 0U);
	KUNIT_EXPECT_FALSE(test, block->chunk->published);

	block->chunk->mark = PAGE_SIZE;
	scriptfs_pool_put(pools, block, TEST_INODE);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_LARGE, false), block);
	KUNIT_EXPECT_EQ(test, block->chunk->mark, 0U);
	scriptfs_pool_put(pools, block, TEST_INODE);
}

static void pool_strict(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *block;

	scriptfs_pools_limit(pools, SZ_1G, true);
	block = take(test, SCRIPTFS_POEM, true);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(pools, SCRIPTFS_POEM, true),
			    (struct scriptfs_block *)NULL);
	expect_stats(test, SCRIPTFS_POEM, 0, 1, 0, 0);
	scriptfs_pool_put(pools, block, TEST_INODE);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, true), block);
	scriptfs_pool_put(pools, block, TEST_INODE);
}

static void pool_size_cap(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_MEDIUM, 1);
	unsigned long size = scriptfs_class_size(SCRIPTFS_MEDIUM);
	struct scriptfs_block *block[3];
	unsigned int i;

	/* One byte less than room for a fourth. */
	scriptfs_pools_limit(pools, 4 * size - 1, false);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = take(test, SCRIPTFS_MEDIUM, true);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(pools, SCRIPTFS_MEDIUM, true),
			    (struct scriptfs_block *)NULL);
	KUNIT_EXPECT_EQ(test, pools->pool[SCRIPTFS_MEDIUM].surplus, 2UL);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), 3ULL * size);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		scriptfs_pool_put(pools, block[i], TEST_INODE);
	expect_stats(test, SCRIPTFS_MEDIUM, 3, 0, 0, 0);
}

/* Surplus is allocated when it is asked for, and only then. */
static void pool_surplus(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 0);
	unsigned int class;

	for (class = SCRIPTFS_POEM; class <= SCRIPTFS_LARGE; class++) {
		struct scriptfs_block *block;

		KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(pools, class, false),
				    (struct scriptfs_block *)NULL);
		block = take(test, class, true);
		memset(block->chunk->addr, 0xa5, scriptfs_class_size(class));
		expect_stats(test, class, 0, 1, 0, 0);
		scriptfs_pool_put(pools, block, TEST_INODE);
		expect_stats(test, class, 1, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, pools->pool[class].reserve, 0UL);
	}
}

/* Under size=, idle surplus of one class makes way for another class. */
static void pool_surplus_moves(struct kunit *test)
{
	enum { NR = 64 };
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *poem[NR + 1], *large;
	unsigned int i;

	scriptfs_pools_limit(pools, SZ_2M + SZ_32K, false);
	for (i = 0; i < ARRAY_SIZE(poem); i++)
		poem[i] = take(test, SCRIPTFS_POEM, true);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(pools, SCRIPTFS_LARGE, true),
			    (struct scriptfs_block *)NULL);
	for (i = 0; i < NR; i++)
		scriptfs_pool_put(pools, poem[i], TEST_INODE);
	/* One block short: nothing is freed in vain. */
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(pools, SCRIPTFS_LARGE, true),
			    (struct scriptfs_block *)NULL);

	scriptfs_pool_put(pools, poem[NR], TEST_INODE);
	large = take(test, SCRIPTFS_LARGE, true);
	expect_stats(test, SCRIPTFS_POEM, 1, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), pools->size);
	scriptfs_pool_put(pools, large, TEST_INODE);
}

/* The shrinker frees idle surplus, but neither blocks in use nor the reserve. */
static void pool_shrinker(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 2);
	unsigned long pages = SCRIPTFS_UNIT_SIZE >> PAGE_SHIFT;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	struct shrinker *shrinker = &pools->shrinker;
	struct scriptfs_block *block[5];
	unsigned int i;

	KUNIT_EXPECT_EQ(test, shrinker->count_objects(shrinker, &sc), 0UL);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = take(test, SCRIPTFS_POEM, true);
	KUNIT_EXPECT_EQ(test, pools->pool[SCRIPTFS_POEM].surplus, 3UL);
	KUNIT_EXPECT_EQ(test, shrinker->count_objects(shrinker, &sc), 0UL);

	scriptfs_pool_put(pools, block[2], TEST_INODE);
	scriptfs_pool_put(pools, block[3], TEST_INODE);
	KUNIT_EXPECT_EQ(test, shrinker->count_objects(shrinker, &sc), 2 * pages);
	sc.nr_to_scan = 1;
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc), pages);
	KUNIT_EXPECT_EQ(test, sc.nr_scanned, pages);
	expect_stats(test, SCRIPTFS_POEM, 1, 3, 0, 0);

	/* The reserve is taken first, so that surplus can be freed. */
	scriptfs_pool_put(pools, block[0], TEST_INODE);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, true), block[0]);

	scriptfs_pool_put(pools, block[0], TEST_INODE);
	scriptfs_pool_put(pools, block[1], TEST_INODE);
	scriptfs_pool_put(pools, block[4], TEST_INODE);
	sc.nr_to_scan = ULONG_MAX;
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc), 2 * pages);
	expect_stats(test, SCRIPTFS_POEM, 2, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), 2ULL * SCRIPTFS_UNIT_SIZE);
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc), SHRINK_STOP);
}

/* A super has many chunks, each with a mark and a state of its own. */
static void pool_super(struct kunit *test)
{
	struct scriptfs_pools *pools;
	struct scriptfs_block *block;
	struct page *page;
	unsigned int i;

	if (si_mem_available() < (long)(scriptfs_class_size(SCRIPTFS_SUPER) >> PAGE_SHIFT) * 2) {
		kunit_info(test, "not enough memory for a super, skipped");
		return;
	}
	pools = fill(test, SCRIPTFS_SUPER, 1);
	scriptfs_pools_limit(pools, SZ_1G, true);
	block = take(test, SCRIPTFS_SUPER, false);
	KUNIT_EXPECT_EQ(test, scriptfs_class_chunks(SCRIPTFS_SUPER), 128U);
	for (i = 0; i < 128; i++) {
		memset(block->chunk[i].addr, i, SCRIPTFS_CHUNK_SIZE);
		block->chunk[i].mark = SCRIPTFS_CHUNK_SIZE;
	}
	for (i = 0; i < 128; i++)
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(block->chunk[i].addr, i, SCRIPTFS_CHUNK_SIZE),
				    (void *)NULL);

	block->chunk[127].published = true;
	page = virt_to_page(block->chunk[127].addr + SCRIPTFS_CHUNK_SIZE - 1);
	get_page(page);
	scriptfs_pool_put(pools, block, TEST_INODE);
	expect_stats(test, SCRIPTFS_SUPER, 0, 0, 1, 0);
	put_page(page);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_SUPER, true), block);
	for (i = 0; i < 128; i++)
		KUNIT_EXPECT_EQ(test, block->chunk[i].mark, 0U);
	scriptfs_pool_put(pools, block, TEST_INODE);
}

/* A reserve that is too large is refused before anything is allocated, with what was missing. */
static void pool_fill_too_much(struct kunit *test)
{
	const unsigned long reserve[SCRIPTFS_NR_CLASSES] = {
		[SCRIPTFS_POEM]		= 100,
		[SCRIPTFS_LARGE]	= (totalram_pages() >> 9) + 1,
	};
	unsigned long missing = 0;

	KUNIT_EXPECT_EQ(test, fill_all(test, reserve, &missing), -ENOMEM);
	KUNIT_EXPECT_GT(test, missing, 0UL);
	expect_empty(test);
}

/*
 * Allocate all memory in pieces of 2 MiB, free 4 whole ones and halves of others: then there is
 * enough memory for 8 blocks of 2 MiB, but only half of them are contiguous.
 */
static void pool_fill_half_way(struct kunit *test)
{
	enum { WHOLE = 4, HALVES = 48, WANTED = 8 };
	static const unsigned long reserve[SCRIPTFS_NR_CLASSES] = {
		[SCRIPTFS_POEM]		= 40,
		[SCRIPTFS_LARGE]	= WANTED,
	};
	const unsigned int order = SCRIPTFS_CHUNK_SHIFT - PAGE_SHIFT;
	struct page *page, *next;
	unsigned long missing = 0;
	unsigned int i, nr = 0;
	LIST_HEAD(halves);
	LIST_HEAD(whole);
	long before;

	if (totalram_pages() >> (30 - PAGE_SHIFT) >= 4) {
		kunit_info(test, "too much memory to take it all, skipped");
		return;
	}
	while ((page = alloc_pages(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, order))) {
		list_add(&page->lru, &whole);
		nr++;
	}
	list_for_each_entry_safe(page, next, &whole, lru) {
		if (nr <= HALVES)
			break;
		if (nr-- > HALVES + WHOLE)
			continue;
		list_del(&page->lru);
		__free_pages(page, order);
	}
	for (i = 0; i < HALVES; i++) {
		page = list_first_entry(&whole, struct page, lru);
		list_move(&page->lru, &halves);
		split_page(page, order);
		for (nr = 1U << (order - 1); nr < 1U << order; nr++)
			__free_page(page + nr);
	}

	before = free_pages_now();
	KUNIT_EXPECT_EQ(test, fill_all(test, reserve, &missing), -ENOMEM);
	/* Half way means that some were allocated. */
	KUNIT_EXPECT_GE(test, missing, SCRIPTFS_CHUNK_SIZE);
	KUNIT_EXPECT_LT(test, missing, WANTED * SCRIPTFS_CHUNK_SIZE);
	expect_empty(test);
	KUNIT_EXPECT_GT(test, free_pages_now(), before - FREE_PAGES_SLACK);

	list_for_each_entry_safe(page, next, &halves, lru)
		for (nr = 0; nr < 1U << (order - 1); nr++)
			__free_page(page + nr);
	list_for_each_entry_safe(page, next, &whole, lru)
		__free_pages(page, order);
}

static void pool_fill_killed(struct kunit *test)
{
	static const unsigned long reserve[SCRIPTFS_NR_CLASSES] = { 1000 };
	unsigned long missing;

	/* A kernel thread that allows the signal is not killed, but sees it pending. */
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 0);

	KUNIT_EXPECT_EQ(test, fill_all(test, reserve, &missing), -EINTR);

	disallow_signal(SIGKILL);
	flush_signals(current);
	expect_empty(test);
}

static struct kunit_case pool_test_cases[] = {
	KUNIT_CASE(pool_fill_exact),
	KUNIT_CASE(pool_take_put),
	KUNIT_CASE(pool_blocks_apart),
	KUNIT_CASE(pool_ascending),
	KUNIT_CASE(pool_marks_reset),
	KUNIT_CASE(pool_strict),
	KUNIT_CASE(pool_size_cap),
	KUNIT_CASE(pool_surplus),
	KUNIT_CASE(pool_surplus_moves),
	KUNIT_CASE(pool_shrinker),
	KUNIT_CASE(pool_super),
	KUNIT_CASE(pool_fill_too_much),
	KUNIT_CASE(pool_fill_half_way),
	KUNIT_CASE(pool_fill_killed),
	{}
};

static struct kunit_suite pool_test_suite = {
	.name		= "scriptfs_pool",
	.init		= pool_test_init,
	.exit		= pool_test_exit,
	.test_cases	= pool_test_cases,
};

kunit_test_suites(&pool_test_suite);
