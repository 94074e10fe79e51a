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
			expect_class(test, class, reserve[class], 0, 0);
			bytes += reserve[class] * scriptfs_class_size(class);
		}
		KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), bytes);
		expect_stats(test, bytes >> PAGE_SHIFT, 0, 0, 0);
		scriptfs_pools_free(pools);
		expect_empty(test);
	}
	KUNIT_EXPECT_GT(test, free_pages_now(), before - FREE_PAGES_SLACK);
}

static void pool_take_put(struct kunit *test)
{
	struct scriptfs_piece *a, *b;

	fill(test, SCRIPTFS_NOVEL, 2);
	a = take(test, NOVEL);
	expect_class(test, SCRIPTFS_NOVEL, 1, 0, 1);
	expect_stats(test, NOVEL_PAGES, NOVEL_PAGES, 0, 0);
	b = take(test, NOVEL);
	expect_class(test, SCRIPTFS_NOVEL, 0, 0, 2);
	KUNIT_EXPECT_PTR_NE(test, a, b);
	expect_none(test, NOVEL);

	put(test, a);
	expect_class(test, SCRIPTFS_NOVEL, 1, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, take(test, NOVEL), a);
	put(test, a);
	put(test, b);
	expect_whole(test);
}

/* No page belongs to two blocks: each still has its own content when all are written. */
static void pool_blocks_apart(struct kunit *test)
{
	enum { NR = 70 };
	struct scriptfs_piece *block[NR];
	unsigned int i, p;

	fill(test, SCRIPTFS_POEM, NR);
	for (i = 0; i < NR; i++) {
		block[i] = take(test, POEM);
		memset(block[i]->addr, i, SCRIPTFS_POEM_SIZE);
	}
	for (i = 0; i < NR; i++) {
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(block[i]->addr, i, SCRIPTFS_POEM_SIZE),
				    (void *)NULL);
		for (p = 0; p < POEM_PAGES; p++)
			KUNIT_EXPECT_EQ(test, page_ref_count(virt_to_page(block[i][p].addr)), 1);
		put(test, block[i]);
	}
}

/*
 * Blocks taken in a row are neighbours in ascending order, in whatever order they were freed: in
 * batches here, as for a large file.
 */
static void pool_ascending(struct kunit *test)
{
	enum { NR = 128, BATCH = 32 };
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, NR);
	struct scriptfs_piece *block[NR], *back[BATCH];
	unsigned int round, i, neighbours;

	for (round = 0; round < 2; round++) {
		neighbours = 0;
		for (i = 0; i < NR; i++) {
			block[i] = take(test, POEM);
			if (!i || scriptfs_piece_span(block[i]) !=
				  scriptfs_piece_span(block[i - 1]))
				continue;
			KUNIT_EXPECT_PTR_EQ(test, block[i]->addr,
					    block[i - 1]->addr + SCRIPTFS_POEM_SIZE);
			neighbours++;
		}
		KUNIT_EXPECT_GE(test, neighbours, NR / 2U);
		/* 47 and 128 have no common divisor: this visits all of them. */
		for (i = 0; i < NR; i++) {
			back[i % BATCH] = block[i * 47 % NR];
			if ((i + 1) % BATCH == 0)
				scriptfs_put_batch(pools, back, BATCH, test, TEST_INODE);
		}
	}
	expect_whole(test);
}

/* A file must not inherit the marks and flags of the previous owner of a piece. */
static void pool_marks_reset(struct kunit *test)
{
	struct scriptfs_piece *piece;
	unsigned int order, round;

	fill(test, SCRIPTFS_POEM, 1);
	for (order = 0; order <= POEM; order++) {
		piece = take(test, order);
		for (round = 0; round < 4; round++) {
			piece->mark = scriptfs_piece_size(piece);
			piece->published = round & 1;
			piece->kept = true;
			piece->fresh = !!(round & 2);
			put(test, piece);
			KUNIT_EXPECT_PTR_EQ(test, take(test, order), piece);
		}
		put(test, piece);
	}
}

static void pool_strict(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_piece *block = take_more(test, POEM);

	scriptfs_pools_limit(pools, SZ_1G, true);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_take_more(pools, POEM, test),
			    (struct scriptfs_piece *)NULL);
	expect_class(test, SCRIPTFS_POEM, 0, 0, 1);
	put(test, block);
	KUNIT_EXPECT_PTR_EQ(test, take_more(test, POEM), block);
	put(test, block);
}

/* Up to the limit, and where a block of the size wanted goes beyond it, smaller ones. */
static void pool_size_cap(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_MEDIUM, 1);
	unsigned long size = scriptfs_class_size(SCRIPTFS_MEDIUM);
	struct scriptfs_piece *piece;
	unsigned int i, pages = 0;

	/* One byte less than room for a fourth. */
	scriptfs_pools_limit(pools, 4 * size - 1, false);
	for (i = 0; i < 3; i++) {
		piece = take_more(test, MEDIUM);
		KUNIT_EXPECT_EQ(test, (unsigned int)piece->order, (unsigned int)MEDIUM);
	}
	expect_none(test, MEDIUM);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_take_surplus(pools, SCRIPTFS_MEDIUM,
							SCRIPTFS_GFP_NOWAIT),
			    (struct scriptfs_piece *)NULL);
	KUNIT_EXPECT_EQ(test, pools->pool[SCRIPTFS_MEDIUM].surplus, 2UL);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), 3ULL * size);
	put(test, piece);
	expect_class(test, SCRIPTFS_MEDIUM, 1, 0, 2);
	KUNIT_EXPECT_PTR_EQ(test, take(test, MEDIUM), piece);

	while ((piece = scriptfs_take_more(pools, MEDIUM, test))) {
		KUNIT_EXPECT_LT(test, (unsigned int)piece->order, (unsigned int)MEDIUM);
		pages += scriptfs_piece_pages(piece);
	}
	/* All but a poem. */
	KUNIT_EXPECT_EQ(test, pages + POEM_PAGES, size >> PAGE_SHIFT);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), 4ULL * size - SCRIPTFS_POEM_SIZE);
}

/* Surplus is allocated when it is asked for, and only then. */
static void pool_surplus(struct kunit *test)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = ULONG_MAX };
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 0);
	struct scriptfs_piece *piece;
	unsigned int class, order;

	for (class = SCRIPTFS_POEM; class <= SCRIPTFS_LARGE; class++) {
		order = scriptfs_class_order(class);
		expect_none(test, order);
		piece = take_more(test, order);
		KUNIT_EXPECT_EQ(test, (unsigned int)piece->order, order);
		memset(piece->addr, 0xa5, scriptfs_class_size(class));
		expect_class(test, class, 0, 0, 1);
		put(test, piece);
		expect_class(test, class, 1, 0, 0);
		KUNIT_EXPECT_EQ(test, pools->pool[class].reserve, 0UL);
		shrink_scan(pools, &sc);
		expect_empty(test);
	}
	/* For less than a poem, a poem, of which the rest is idle. */
	for (order = 0; order < POEM; order++) {
		piece = take_more(test, order);
		KUNIT_EXPECT_EQ(test, (unsigned int)piece->order, order);
		expect_class(test, SCRIPTFS_POEM, 0, 1, 0);
		expect_stats(test, POEM_PAGES - BIT(order), BIT(order), 0, 0);
		KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), SHRINK_STOP);
		put(test, piece);
		KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), POEM_PAGES);
		expect_empty(test);
	}
}

/* Under size=, idle surplus of one class makes way for another class. */
static void pool_surplus_moves(struct kunit *test)
{
	enum { NR = 64 };
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_piece *poem[NR + 1], *large;
	unsigned int i;

	scriptfs_pools_limit(pools, SZ_2M + SZ_32K, false);
	for (i = 0; i < ARRAY_SIZE(poem); i++)
		poem[i] = take_more(test, POEM);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_take_more(pools, LARGE, test),
			    (struct scriptfs_piece *)NULL);
	for (i = 2; i <= NR; i++)
		put(test, poem[i]);
	/* One block short: nothing is freed in vain. */
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_take_surplus(pools, SCRIPTFS_LARGE, SCRIPTFS_GFP_NOWAIT),
			    (struct scriptfs_piece *)NULL);
	expect_class(test, SCRIPTFS_POEM, NR - 1, 0, 2);

	put(test, poem[0]);
	put(test, poem[1]);
	large = scriptfs_take_more(pools, LARGE, test);
	expect_fresh(test, large, LARGE);
	KUNIT_EXPECT_EQ(test, (unsigned int)large->order, (unsigned int)LARGE);
	expect_class(test, SCRIPTFS_POEM, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), pools->size);
	put(test, large);
}

/* The shrinker frees idle surplus, but neither blocks in use, or partly in use, nor the reserve. */
static void pool_shrinker(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 2);
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	struct scriptfs_piece *block[5], *upper;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, shrink_count(pools, &sc), 0UL);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = take_more(test, POEM);
	KUNIT_EXPECT_EQ(test, pools->pool[SCRIPTFS_POEM].surplus, 3UL);
	KUNIT_EXPECT_EQ(test, shrink_count(pools, &sc), 0UL);

	put(test, block[2]);
	put(test, block[3]);
	KUNIT_EXPECT_EQ(test, shrink_count(pools, &sc), 2 * POEM_PAGES);
	sc.nr_to_scan = 1;
	KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), POEM_PAGES);
	KUNIT_EXPECT_EQ(test, sc.nr_scanned, POEM_PAGES);
	expect_class(test, SCRIPTFS_POEM, 1, 0, 3);

	/* The reserve is taken first, so that surplus can be freed. */
	put(test, block[0]);
	KUNIT_EXPECT_PTR_EQ(test, take_more(test, POEM), block[0]);

	put(test, block[0]);
	put(test, block[1]);
	upper = scriptfs_piece_split(block[4]);
	put(test, upper);
	sc.nr_to_scan = ULONG_MAX;
	KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), POEM_PAGES);
	expect_class(test, SCRIPTFS_POEM, 2, 1, 0);
	KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), SHRINK_STOP);
	put(test, block[4]);
	KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), POEM_PAGES);
	expect_class(test, SCRIPTFS_POEM, 2, 0, 0);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), 2ULL * SCRIPTFS_POEM_SIZE);
	KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), SHRINK_STOP);
}

/* A super has many chunks, each with a mark and a state of its own. */
static void pool_super(struct kunit *test)
{
	const size_t size = 128 * sizeof(struct scriptfs_piece *);
	struct scriptfs_piece **piece = kunit_kzalloc(test, size, GFP_KERNEL);
	struct scriptfs_piece **batch = kunit_kzalloc(test, size, GFP_KERNEL);
	struct scriptfs_pools *pools;
	struct page *page;
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, piece);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, batch);
	if (!super_fits(test))
		return;
	pools = fill(test, SCRIPTFS_SUPER, 1);
	KUNIT_EXPECT_EQ(test, SCRIPTFS_SUPER_CHUNKS, 128UL);
	KUNIT_ASSERT_TRUE(test, scriptfs_take_super(pools, false, test, piece));
	KUNIT_EXPECT_FALSE(test, scriptfs_take_super(pools, false, test, batch));
	expect_class(test, SCRIPTFS_SUPER, 0, 0, 1);
	for (i = 0; i < 128; i++) {
		expect_fresh(test, piece[i], LARGE);
		memset(piece[i]->addr, i, SCRIPTFS_CHUNK_SIZE);
		piece[i]->mark = SCRIPTFS_CHUNK_SIZE;
	}
	for (i = 0; i < 128; i++)
		KUNIT_EXPECT_PTR_EQ(test, memchr_inv(piece[i]->addr, i, SCRIPTFS_CHUNK_SIZE),
				    (void *)NULL);

	piece[127]->published = true;
	page = virt_to_page(piece[127]->addr + SCRIPTFS_CHUNK_SIZE - 1);
	get_page(page);
	memcpy(batch, piece, size);
	scriptfs_put_batch(pools, batch, 128, test, TEST_INODE);
	expect_class(test, SCRIPTFS_SUPER, 0, 1, 0);
	expect_stats(test, SUPER_PAGES - 1, 0, 1, 0);
	KUNIT_EXPECT_FALSE(test, scriptfs_take_super(pools, false, test, batch));
	put_page(page);
	expect_whole(test);
	KUNIT_ASSERT_TRUE(test, scriptfs_take_super(pools, false, test, batch));
	for (i = 0; i < 128; i++) {
		KUNIT_EXPECT_PTR_EQ(test, batch[i], piece[i]);
		expect_fresh(test, piece[i], LARGE);
		put(test, piece[i]);
	}
	expect_whole(test);
}

/* A super as surplus: allocated when asked for, freed when all of it is idle. */
static void pool_super_surplus(struct kunit *test)
{
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = 1 };
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_SUPER, 0);
	struct scriptfs_piece *piece[SCRIPTFS_SUPER_CHUNKS];
	unsigned int i;

	KUNIT_EXPECT_FALSE(test, scriptfs_take_super(pools, false, test, piece));
	if (!super_fits(test))
		return;
	KUNIT_ASSERT_TRUE(test, scriptfs_take_super(pools, true, test, piece));
	for (i = 0; i < ARRAY_SIZE(piece); i++) {
		KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), SHRINK_STOP);
		put(test, piece[i]);
	}
	expect_class(test, SCRIPTFS_SUPER, 1, 0, 0);
	KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), SUPER_PAGES);
	expect_empty(test);
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
	KUNIT_CASE(pool_super_surplus),
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
