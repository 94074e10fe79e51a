// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the pools, without a mount: each test fills a struct scriptfs_sb of its own.
 *
 * Those that spoil a page on purpose make the pool report it to the kernel log.
 */
#include <kunit/test.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/vmstat.h>

#include "scriptfs.h"

/* More pages than the per-processor lists of the page allocator keep to themselves. */
#define FREE_PAGES_SLACK	1024L

#define TEST_INODE		4711UL

static const unsigned long all_pages = ULONG_MAX;

static int pool_test_init(struct kunit *test)
{
	struct scriptfs_sb *sbi = kunit_kzalloc(test, sizeof(*sbi), GFP_KERNEL);

	if (!sbi)
		return -ENOMEM;
	sbi->opt.size = SZ_1G;
	test->priv = sbi;
	return 0;
}

/* Draining twice is fine, so a test may do so itself or stop half way. */
static void pool_test_exit(struct kunit *test)
{
	struct scriptfs_sb *sbi = test->priv;

	if (sbi->pool[0].partial.next)
		scriptfs_pools_drain(sbi);
}

static struct scriptfs_sb *fill(struct kunit *test, unsigned int class, unsigned long reserve)
{
	struct scriptfs_sb *sbi = test->priv;
	unsigned long missing;

	sbi->opt.reserve[class] = reserve;
	KUNIT_ASSERT_EQ(test, scriptfs_pools_fill(sbi, &missing), 0);
	return sbi;
}

static struct scriptfs_block *take(struct kunit *test, unsigned int class, bool surplus)
{
	struct scriptfs_block *block = scriptfs_pool_take(test->priv, class, surplus);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	KUNIT_EXPECT_EQ(test, (int)block->state, (int)SCRIPTFS_BLOCK_USED);
	KUNIT_EXPECT_EQ(test, (unsigned int)block->class, class);
	return block;
}

static struct page *block_page(struct scriptfs_block *block, unsigned int index)
{
	return virt_to_page(block->chunk->addr + index * PAGE_SIZE);
}

static void expect_figures(struct kunit *test, unsigned int class, unsigned long idle,
			   unsigned long used, unsigned long quarantine, unsigned long retired)
{
	struct scriptfs_sb *sbi = test->priv;
	struct scriptfs_figures figures;

	scriptfs_pool_figures(sbi, class, &figures);
	KUNIT_EXPECT_EQ(test, figures.idle, idle);
	KUNIT_EXPECT_EQ(test, figures.used, used);
	KUNIT_EXPECT_EQ(test, figures.quarantine, quarantine);
	KUNIT_EXPECT_EQ(test, figures.retired, retired);
	KUNIT_EXPECT_EQ(test, figures.reserve + figures.surplus,
			idle + used + quarantine + retired);
}

static void expect_empty(struct kunit *test)
{
	struct scriptfs_sb *sbi = test->priv;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		expect_figures(test, class, 0, 0, 0, 0);
		KUNIT_EXPECT_TRUE(test, list_empty(&sbi->pool[class].partial));
		KUNIT_EXPECT_TRUE(test, list_empty(&sbi->pool[class].full));
	}
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sbi->held), 0ULL);
}

static long free_pages_now(void)
{
	return global_zone_page_state(NR_FREE_PAGES);
}

/*
 * Exactly the reserve exists, also where it is no whole number of slabs, and all of it goes back.
 * Many rounds, so that what a single one loses is more than the per-processor lists may hide.
 */
static void pool_fill_exact(struct kunit *test)
{
	static const unsigned long reserve[SCRIPTFS_NR_CLASSES] = { 70, 33, 7, 20, 0 };
	struct scriptfs_sb *sbi = test->priv;
	long before = free_pages_now();
	unsigned int class, round;
	unsigned long missing;
	u64 bytes;

	memcpy(sbi->opt.reserve, reserve, sizeof(reserve));
	for (round = 0; round < 20; round++) {
		KUNIT_ASSERT_EQ(test, scriptfs_pools_fill(sbi, &missing), 0);
		bytes = 0;
		for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
			KUNIT_EXPECT_EQ(test, sbi->pool[class].reserve, reserve[class]);
			expect_figures(test, class, reserve[class], 0, 0, 0);
			bytes += reserve[class] * scriptfs_class_size(class);
		}
		KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sbi->held), bytes);
		scriptfs_pools_drain(sbi);
		expect_empty(test);
	}
	KUNIT_EXPECT_GT(test, free_pages_now(), before - FREE_PAGES_SLACK);
}

static void pool_take_put(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_NOVEL, 2);
	struct scriptfs_block *a, *b;

	a = take(test, SCRIPTFS_NOVEL, false);
	expect_figures(test, SCRIPTFS_NOVEL, 1, 1, 0, 0);
	b = take(test, SCRIPTFS_NOVEL, false);
	expect_figures(test, SCRIPTFS_NOVEL, 0, 2, 0, 0);
	KUNIT_EXPECT_PTR_NE(test, a, b);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(sbi, SCRIPTFS_NOVEL, false),
			    (struct scriptfs_block *)NULL);

	scriptfs_pool_put(sbi, a, TEST_INODE);
	expect_figures(test, SCRIPTFS_NOVEL, 1, 1, 0, 0);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_NOVEL, false), a);
	scriptfs_pool_put(sbi, a, TEST_INODE);
	scriptfs_pool_put(sbi, b, TEST_INODE);
	expect_figures(test, SCRIPTFS_NOVEL, 2, 0, 0, 0);
}

/* No page belongs to two blocks: what was written to one is still there when all are written. */
static void pool_blocks_apart(struct kunit *test)
{
	enum { NR = 70 };
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, NR);
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
		scriptfs_pool_put(sbi, block[i], TEST_INODE);
	}
}

/*
 * Blocks taken in a row are neighbours in ascending order, whatever order they came back in: in
 * batches here, as the blocks of a large file do.
 */
static void pool_ascending(struct kunit *test)
{
	enum { NR = 128, BATCH = 32 };
	struct scriptfs_block *back[BATCH];
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, NR);
	struct scriptfs_block *block[NR];
	unsigned int round, i, neighbours;

	for (round = 0; round < 2; round++) {
		neighbours = 0;
		for (i = 0; i < NR; i++) {
			block[i] = take(test, SCRIPTFS_POEM, false);
			if (!i || block[i]->slab != block[i - 1]->slab)
				continue;
			KUNIT_EXPECT_PTR_EQ(test, block[i]->chunk->addr,
					    block[i - 1]->chunk->addr + SCRIPTFS_UNIT_SIZE);
			neighbours++;
		}
		KUNIT_EXPECT_GE(test, neighbours, NR / 2U);
		/* 47 and 128 have no common divisor: this comes by all of them. */
		for (i = 0; i < NR; i++) {
			back[i % BATCH] = block[i * 47 % NR];
			if ((i + 1) % BATCH == 0)
				scriptfs_pool_put_batch(sbi, back, BATCH, TEST_INODE);
		}
	}
	expect_figures(test, SCRIPTFS_POEM, NR, 0, 0, 0);
}

/* A file must not take over the marks of the one that had the block before. */
static void pool_marks_reset(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_LARGE, 1);
	struct scriptfs_block *block = take(test, SCRIPTFS_LARGE, false);

	block->chunk->mark = SCRIPTFS_CHUNK_SIZE;
	block->chunk->published = true;
	scriptfs_pool_put(sbi, block, TEST_INODE);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_LARGE, false), block);
	KUNIT_EXPECT_EQ(test, block->chunk->mark, 0U);
	KUNIT_EXPECT_FALSE(test, block->chunk->published);

	block->chunk->mark = PAGE_SIZE;
	scriptfs_pool_put(sbi, block, TEST_INODE);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_LARGE, false), block);
	KUNIT_EXPECT_EQ(test, block->chunk->mark, 0U);
	scriptfs_pool_put(sbi, block, TEST_INODE);
}

static void pool_strict(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *block;

	sbi->opt.strict = true;
	block = take(test, SCRIPTFS_POEM, true);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(sbi, SCRIPTFS_POEM, true),
			    (struct scriptfs_block *)NULL);
	expect_figures(test, SCRIPTFS_POEM, 0, 1, 0, 0);
	scriptfs_pool_put(sbi, block, TEST_INODE);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, true), block);
	scriptfs_pool_put(sbi, block, TEST_INODE);
}

static void pool_size_cap(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_MEDIUM, 1);
	unsigned long size = scriptfs_class_size(SCRIPTFS_MEDIUM);
	struct scriptfs_block *block[3];
	unsigned int i;

	/* One byte less than room for a fourth. */
	sbi->opt.size = 4 * size - 1;
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = take(test, SCRIPTFS_MEDIUM, true);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(sbi, SCRIPTFS_MEDIUM, true),
			    (struct scriptfs_block *)NULL);
	KUNIT_EXPECT_EQ(test, sbi->pool[SCRIPTFS_MEDIUM].surplus, 2UL);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sbi->held), 3ULL * size);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		scriptfs_pool_put(sbi, block[i], TEST_INODE);
	expect_figures(test, SCRIPTFS_MEDIUM, 3, 0, 0, 0);
}

/* Surplus that is asked for is allocated, and only that. */
static void pool_surplus(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, 0);
	unsigned int class;

	for (class = SCRIPTFS_POEM; class <= SCRIPTFS_LARGE; class++) {
		struct scriptfs_block *block;

		KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(sbi, class, false),
				    (struct scriptfs_block *)NULL);
		block = take(test, class, true);
		memset(block->chunk->addr, 0xa5, scriptfs_class_size(class));
		expect_figures(test, class, 0, 1, 0, 0);
		scriptfs_pool_put(sbi, block, TEST_INODE);
		expect_figures(test, class, 1, 0, 0, 0);
		KUNIT_EXPECT_EQ(test, sbi->pool[class].reserve, 0UL);
	}
}

/* Under size=, what one class has idle above its reserve goes when another class needs room. */
static void pool_surplus_moves(struct kunit *test)
{
	enum { NR = 64 };
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *poem[NR + 1], *large;
	unsigned int i;

	sbi->opt.size = scriptfs_class_size(SCRIPTFS_LARGE) + scriptfs_class_size(SCRIPTFS_POEM);
	for (i = 0; i < ARRAY_SIZE(poem); i++)
		poem[i] = take(test, SCRIPTFS_POEM, true);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(sbi, SCRIPTFS_LARGE, true),
			    (struct scriptfs_block *)NULL);
	for (i = 0; i < NR; i++)
		scriptfs_pool_put(sbi, poem[i], TEST_INODE);
	/* One block short: nothing goes for nothing. */
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(sbi, SCRIPTFS_LARGE, true),
			    (struct scriptfs_block *)NULL);

	scriptfs_pool_put(sbi, poem[NR], TEST_INODE);
	large = take(test, SCRIPTFS_LARGE, true);
	expect_figures(test, SCRIPTFS_POEM, 1, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sbi->held), sbi->opt.size);
	scriptfs_pool_put(sbi, large, TEST_INODE);
}

/* The shrinker takes idle surplus, leaves what is in use, and never touches the reserve. */
static void pool_shrinker(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, 2);
	unsigned long pages = SCRIPTFS_UNIT_SIZE >> PAGE_SHIFT;
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL };
	struct shrinker *shrinker = &sbi->shrinker;
	struct scriptfs_block *block[5];
	unsigned int i;

	KUNIT_EXPECT_EQ(test, shrinker->count_objects(shrinker, &sc), 0UL);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		block[i] = take(test, SCRIPTFS_POEM, true);
	KUNIT_EXPECT_EQ(test, sbi->pool[SCRIPTFS_POEM].surplus, 3UL);
	KUNIT_EXPECT_EQ(test, shrinker->count_objects(shrinker, &sc), 0UL);

	scriptfs_pool_put(sbi, block[2], TEST_INODE);
	scriptfs_pool_put(sbi, block[3], TEST_INODE);
	KUNIT_EXPECT_EQ(test, shrinker->count_objects(shrinker, &sc), 2 * pages);
	sc.nr_to_scan = 1;
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc), pages);
	KUNIT_EXPECT_EQ(test, sc.nr_scanned, pages);
	expect_figures(test, SCRIPTFS_POEM, 1, 3, 0, 0);

	/* The reserve is handed out first, so that the surplus can go. */
	scriptfs_pool_put(sbi, block[0], TEST_INODE);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, true), block[0]);

	scriptfs_pool_put(sbi, block[0], TEST_INODE);
	scriptfs_pool_put(sbi, block[1], TEST_INODE);
	scriptfs_pool_put(sbi, block[4], TEST_INODE);
	sc.nr_to_scan = all_pages;
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc), 2 * pages);
	expect_figures(test, SCRIPTFS_POEM, 2, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sbi->held), 2ULL * SCRIPTFS_UNIT_SIZE);
	KUNIT_EXPECT_EQ(test, shrinker->scan_objects(shrinker, &sc), SHRINK_STOP);
}

/* A page that somebody outside holds keeps its block from the next file for as long. */
static void pool_quarantine(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *block = take(test, SCRIPTFS_POEM, false);
	struct page *page = block_page(block, 5);

	block->chunk->published = true;
	get_page(page);
	SetPageUptodate(page);
	scriptfs_pool_put(sbi, block, TEST_INODE);
	expect_figures(test, SCRIPTFS_POEM, 0, 0, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(sbi, SCRIPTFS_POEM, false),
			    (struct scriptfs_block *)NULL);
	scriptfs_pool_settle(sbi, SCRIPTFS_POEM);
	expect_figures(test, SCRIPTFS_POEM, 0, 0, 1, 0);
	/* A pipe would no longer hand it out. */
	KUNIT_EXPECT_TRUE(test, PageUptodate(page));

	put_page(page);
	scriptfs_pool_settle(sbi, SCRIPTFS_POEM);
	expect_figures(test, SCRIPTFS_POEM, 1, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	KUNIT_EXPECT_FALSE(test, PageUptodate(page));

	/* Whoever finds the pool empty looks into the quarantine on his own. */
	block = take(test, SCRIPTFS_POEM, false);
	block->chunk->published = true;
	get_page(page);
	scriptfs_pool_put(sbi, block, TEST_INODE);
	put_page(page);
	expect_figures(test, SCRIPTFS_POEM, 0, 0, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, false), block);
	scriptfs_pool_put(sbi, block, TEST_INODE);
}

/* Surplus in quarantine still counts, and can be shrunk once it is out. */
static void pool_quarantine_surplus(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_LARGE, 0);
	struct scriptfs_block *block = take(test, SCRIPTFS_LARGE, true);
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = all_pages };
	struct page *page = block_page(block, 511);

	block->chunk->published = true;
	get_page(page);
	scriptfs_pool_put(sbi, block, TEST_INODE);
	expect_figures(test, SCRIPTFS_LARGE, 0, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, sbi->shrinker.scan_objects(&sbi->shrinker, &sc), SHRINK_STOP);
	put_page(page);
	scriptfs_pool_settle(sbi, SCRIPTFS_LARGE);
	KUNIT_EXPECT_EQ(test, sbi->shrinker.scan_objects(&sbi->shrinker, &sc), 512UL);
	expect_empty(test);
}

/* The next file must not find what the page cache left in the flags, above all PG_uptodate. */
static void pool_stale_flags(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *block = take(test, SCRIPTFS_POEM, false);
	struct page *page = block_page(block, 0);
	unsigned long flags = page->flags;

	block->chunk->published = true;
	SetPageUptodate(page);
	SetPageReferenced(page);
	SetPageDirty(page);
	SetPageActive(page);
	SetPageUnevictable(page);
	scriptfs_pool_put(sbi, block, TEST_INODE);
	expect_figures(test, SCRIPTFS_POEM, 1, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, page->flags, flags);
}

static void pool_double_free(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, 2);
	struct scriptfs_block *a = take(test, SCRIPTFS_POEM, false);
	struct scriptfs_block *b = take(test, SCRIPTFS_POEM, false);

	scriptfs_pool_put(sbi, a, TEST_INODE);
	scriptfs_pool_put(sbi, a, TEST_INODE);
	expect_figures(test, SCRIPTFS_POEM, 1, 1, 0, 0);

	/* The block is handed out once only. */
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, false), a);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(sbi, SCRIPTFS_POEM, false),
			    (struct scriptfs_block *)NULL);

	/* The same from quarantine. */
	b->chunk->published = true;
	get_page(block_page(b, 0));
	scriptfs_pool_put(sbi, b, TEST_INODE);
	scriptfs_pool_put(sbi, b, TEST_INODE);
	expect_figures(test, SCRIPTFS_POEM, 0, 1, 1, 0);
	put_page(block_page(b, 0));
	scriptfs_pool_settle(sbi, SCRIPTFS_POEM);
	scriptfs_pool_put(sbi, a, TEST_INODE);
	expect_figures(test, SCRIPTFS_POEM, 2, 0, 0, 0);
}

static void pool_foreign_block(struct kunit *test)
{
	struct scriptfs_sb *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *block = take(test, SCRIPTFS_POEM, false);
	unsigned long missing;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_ASSERT_EQ(test, scriptfs_pools_fill(other, &missing), 0);
	scriptfs_pool_put(other, block, TEST_INODE);
	KUNIT_EXPECT_EQ(test, other->pool[SCRIPTFS_POEM].idle, 0UL);
	scriptfs_pools_drain(other);

	expect_figures(test, SCRIPTFS_POEM, 0, 1, 0, 0);
	scriptfs_pool_put(sbi, block, TEST_INODE);
	expect_figures(test, SCRIPTFS_POEM, 1, 0, 0, 0);
}

static void spoil_refcount(struct page *page)
{
	page_ref_dec(page);
}

static void mend_refcount(struct page *page)
{
	page_ref_inc(page);
}

static void spoil_mapping(struct page *page)
{
	page->mapping = (struct address_space *)page;
}

static void mend_mapping(struct page *page)
{
	page->mapping = NULL;
}

static void spoil_mapcount(struct page *page)
{
	atomic_inc(&page->_mapcount);
}

static void mend_mapcount(struct page *page)
{
	page_mapcount_reset(page);
}

static void spoil_flags(struct page *page)
{
	SetPagePrivate(page);
}

static void mend_flags(struct page *page)
{
	ClearPagePrivate(page);
}

/* A page that somebody else uses as his own: its block is never handed out and never freed. */
static void expect_retired(struct kunit *test, void (*spoil)(struct page *),
			   void (*mend)(struct page *))
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, 2);
	struct scriptfs_block *bad = take(test, SCRIPTFS_POEM, false);
	struct scriptfs_block *good = take(test, SCRIPTFS_POEM, false);
	struct page *page = block_page(bad, 0);
	unsigned int i;

	bad->chunk->published = true;
	good->chunk->published = true;
	spoil(page + 3);
	scriptfs_pool_put(sbi, bad, TEST_INODE);
	expect_figures(test, SCRIPTFS_POEM, 0, 1, 0, 1);
	scriptfs_pool_put(sbi, good, TEST_INODE);
	expect_figures(test, SCRIPTFS_POEM, 1, 0, 0, 1);

	/* That it looks right again means nothing: the page may have a new owner. */
	mend(page + 3);
	scriptfs_pool_settle(sbi, SCRIPTFS_POEM);
	expect_figures(test, SCRIPTFS_POEM, 1, 0, 0, 1);
	scriptfs_pool_put(sbi, bad, TEST_INODE);
	expect_figures(test, SCRIPTFS_POEM, 1, 0, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, false), good);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(sbi, SCRIPTFS_POEM, false),
			    (struct scriptfs_block *)NULL);
	scriptfs_pool_put(sbi, good, TEST_INODE);

	scriptfs_pools_drain(sbi);
	for (i = 0; i < SCRIPTFS_UNIT_SIZE >> PAGE_SHIFT; i++) {
		KUNIT_EXPECT_EQ(test, page_ref_count(page + i), 1);
		put_page(page + i);
	}
}

static void pool_retire_refcount(struct kunit *test)
{
	expect_retired(test, spoil_refcount, mend_refcount);
}

static void pool_retire_mapping(struct kunit *test)
{
	expect_retired(test, spoil_mapping, mend_mapping);
}

static void pool_retire_mapcount(struct kunit *test)
{
	expect_retired(test, spoil_mapcount, mend_mapcount);
}

static void pool_retire_flags(struct kunit *test)
{
	expect_retired(test, spoil_flags, mend_flags);
}

/* What comes to light only when the mount ends costs just the pages that are wrong. */
static void pool_drain_corrupt(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *block = take(test, SCRIPTFS_POEM, false);
	struct page *page = block_page(block, 3);

	scriptfs_pool_put(sbi, block, TEST_INODE);
	spoil_mapping(page);
	scriptfs_pools_drain(sbi);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	mend_mapping(page);
	put_page(page);
}

/* A page that outlives its mount goes back to the system when its last holder drops it. */
static void pool_drain_held(struct kunit *test)
{
	struct scriptfs_sb *sbi = fill(test, SCRIPTFS_NOVEL, 3);
	struct scriptfs_block *block = take(test, SCRIPTFS_NOVEL, false);
	struct page *page = block_page(block, 15);

	memset(page_address(page), 0x5a, PAGE_SIZE);
	block->chunk->published = true;
	get_page(page);
	SetPageUptodate(page);
	SetPageUnevictable(page);
	scriptfs_pool_put(sbi, block, TEST_INODE);
	expect_figures(test, SCRIPTFS_NOVEL, 2, 0, 1, 0);

	scriptfs_pools_drain(sbi);
	expect_empty(test);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	KUNIT_EXPECT_TRUE(test, PageUptodate(page));
	KUNIT_EXPECT_FALSE(test, PageUnevictable(page));
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(page_address(page), 0x5a, PAGE_SIZE), (void *)NULL);
	put_page(page);
}

/* A super is many chunks, each with a mark and a fate of its own. */
static void pool_super(struct kunit *test)
{
	struct scriptfs_sb *sbi = test->priv;
	struct scriptfs_block *block;
	unsigned long missing;
	struct page *page;
	unsigned int i;

	if (si_mem_available() < (long)(scriptfs_class_size(SCRIPTFS_SUPER) >> PAGE_SHIFT) * 2) {
		kunit_info(test, "not enough memory for a super, skipped");
		return;
	}
	sbi->opt.reserve[SCRIPTFS_SUPER] = 1;
	sbi->opt.strict = true;
	KUNIT_ASSERT_EQ(test, scriptfs_pools_fill(sbi, &missing), 0);
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
	scriptfs_pool_put(sbi, block, TEST_INODE);
	expect_figures(test, SCRIPTFS_SUPER, 0, 0, 1, 0);
	put_page(page);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_SUPER, true), block);
	for (i = 0; i < 128; i++)
		KUNIT_EXPECT_EQ(test, block->chunk[i].mark, 0U);
	scriptfs_pool_put(sbi, block, TEST_INODE);
}

/* What can not be had is refused before anything is taken, with what was missing. */
static void pool_fill_too_much(struct kunit *test)
{
	struct scriptfs_sb *sbi = test->priv;
	unsigned long missing = 0;

	sbi->opt.reserve[SCRIPTFS_POEM] = 100;
	sbi->opt.reserve[SCRIPTFS_LARGE] = (totalram_pages() >> 9) + 1;
	KUNIT_EXPECT_EQ(test, scriptfs_pools_fill(sbi, &missing), -ENOMEM);
	KUNIT_EXPECT_GT(test, missing, 0UL);
	expect_empty(test);
}

/*
 * Take all that there is in 2 MiB, give back 4 whole ones and halves of others: then there is
 * memory enough for 8 blocks of 2 MiB, but not in that shape.
 */
static void pool_fill_half_way(struct kunit *test)
{
	enum { WHOLE = 4, HALVES = 48, WANTED = 8 };
	const unsigned int order = SCRIPTFS_CHUNK_SHIFT - PAGE_SHIFT;
	struct scriptfs_sb *sbi = test->priv;
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
	sbi->opt.reserve[SCRIPTFS_POEM] = 40;
	sbi->opt.reserve[SCRIPTFS_LARGE] = WANTED;
	KUNIT_EXPECT_EQ(test, scriptfs_pools_fill(sbi, &missing), -ENOMEM);
	/* Half way means that some could be had. */
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
	struct scriptfs_sb *sbi = test->priv;
	unsigned long missing;

	/* A kernel thread that lets itself be killed only notices. */
	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 0);

	sbi->opt.reserve[SCRIPTFS_POEM] = 1000;
	KUNIT_EXPECT_EQ(test, scriptfs_pools_fill(sbi, &missing), -EINTR);

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
	KUNIT_CASE(pool_quarantine),
	KUNIT_CASE(pool_quarantine_surplus),
	KUNIT_CASE(pool_stale_flags),
	KUNIT_CASE(pool_double_free),
	KUNIT_CASE(pool_foreign_block),
	KUNIT_CASE(pool_retire_refcount),
	KUNIT_CASE(pool_retire_mapping),
	KUNIT_CASE(pool_retire_mapcount),
	KUNIT_CASE(pool_retire_flags),
	KUNIT_CASE(pool_drain_corrupt),
	KUNIT_CASE(pool_drain_held),
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
