// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of blocks that do not become idle when they are freed: a page has an outside
 * reference, the state of a page is wrong, or the block belongs elsewhere.
 *
 * They make the pool report errors to the kernel log.
 */
#include <linux/mm.h>

#include "pool_test.h"

/* A block cannot be taken while one of its pages has an outside reference. */
static void pool_quarantine(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *block = take(test, SCRIPTFS_POEM, false);
	struct page *page = block_page(block, 5);

	block->chunk->published = true;
	get_page(page);
	SetPageUptodate(page);
	scriptfs_pool_put(pools, block, TEST_INODE);
	expect_stats(test, SCRIPTFS_POEM, 0, 0, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(pools, SCRIPTFS_POEM, false),
			    (struct scriptfs_block *)NULL);
	scriptfs_pool_settle(&pools->pool[SCRIPTFS_POEM]);
	expect_stats(test, SCRIPTFS_POEM, 0, 0, 1, 0);
	/* Without this a pipe would not hand it out. */
	KUNIT_EXPECT_TRUE(test, PageUptodate(page));

	put_page(page);
	scriptfs_pool_settle(&pools->pool[SCRIPTFS_POEM]);
	expect_stats(test, SCRIPTFS_POEM, 1, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	KUNIT_EXPECT_FALSE(test, PageUptodate(page));

	/* When the pool is empty, the quarantine is checked. */
	block = take(test, SCRIPTFS_POEM, false);
	block->chunk->published = true;
	get_page(page);
	scriptfs_pool_put(pools, block, TEST_INODE);
	put_page(page);
	expect_stats(test, SCRIPTFS_POEM, 0, 0, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, false), block);
	scriptfs_pool_put(pools, block, TEST_INODE);
}

/* Surplus in quarantine still counts, and can be shrunk once it is out. */
static void pool_quarantine_surplus(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_LARGE, 0);
	struct scriptfs_block *block = take(test, SCRIPTFS_LARGE, true);
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = ULONG_MAX };
	struct page *page = block_page(block, 511);

	block->chunk->published = true;
	get_page(page);
	scriptfs_pool_put(pools, block, TEST_INODE);
	expect_stats(test, SCRIPTFS_LARGE, 0, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, pools->shrinker.scan_objects(&pools->shrinker, &sc), SHRINK_STOP);
	put_page(page);
	scriptfs_pool_settle(&pools->pool[SCRIPTFS_LARGE]);
	KUNIT_EXPECT_EQ(test, pools->shrinker.scan_objects(&pools->shrinker, &sc), 512UL);
	expect_empty(test);
}

/* The next file must not find what the page cache left in the flags, above all PG_uptodate. */
static void pool_stale_flags(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *block = take(test, SCRIPTFS_POEM, false);
	struct page *page = block_page(block, 0);
	unsigned long flags = page->flags;

	block->chunk->published = true;
	SetPageUptodate(page);
	SetPageReferenced(page);
	SetPageDirty(page);
	SetPageActive(page);
	SetPageUnevictable(page);
	scriptfs_pool_put(pools, block, TEST_INODE);
	expect_stats(test, SCRIPTFS_POEM, 1, 0, 0, 0);
	KUNIT_EXPECT_EQ(test, page->flags, flags);
}

static void pool_double_free(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 2);
	struct scriptfs_block *a = take(test, SCRIPTFS_POEM, false);
	struct scriptfs_block *b = take(test, SCRIPTFS_POEM, false);

	scriptfs_pool_put(pools, a, TEST_INODE);
	scriptfs_pool_put(pools, a, TEST_INODE);
	expect_stats(test, SCRIPTFS_POEM, 1, 1, 0, 0);

	/* The block is handed out once only. */
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, false), a);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(pools, SCRIPTFS_POEM, false),
			    (struct scriptfs_block *)NULL);

	/* The same from quarantine. */
	b->chunk->published = true;
	get_page(block_page(b, 0));
	scriptfs_pool_put(pools, b, TEST_INODE);
	scriptfs_pool_put(pools, b, TEST_INODE);
	expect_stats(test, SCRIPTFS_POEM, 0, 1, 1, 0);
	put_page(block_page(b, 0));
	scriptfs_pool_settle(&pools->pool[SCRIPTFS_POEM]);
	scriptfs_pool_put(pools, a, TEST_INODE);
	expect_stats(test, SCRIPTFS_POEM, 2, 0, 0, 0);
}

static void pool_foreign_block(struct kunit *test)
{
	static const unsigned long none[SCRIPTFS_NR_CLASSES];
	struct scriptfs_pools *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *block = take(test, SCRIPTFS_POEM, false);
	unsigned long missing;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_ASSERT_EQ(test, scriptfs_pools_fill(other, none, 0, true, &missing), 0);
	scriptfs_pool_put(other, block, TEST_INODE);
	KUNIT_EXPECT_EQ(test, other->pool[SCRIPTFS_POEM].idle, 0UL);
	scriptfs_pools_free(other);

	expect_stats(test, SCRIPTFS_POEM, 0, 1, 0, 0);
	scriptfs_pool_put(pools, block, TEST_INODE);
	expect_stats(test, SCRIPTFS_POEM, 1, 0, 0, 0);
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

/* The block of a page that is in use elsewhere is never taken again and never freed. */
static void expect_retired(struct kunit *test, void (*spoil)(struct page *),
			   void (*mend)(struct page *))
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 2);
	struct scriptfs_block *bad = take(test, SCRIPTFS_POEM, false);
	struct scriptfs_block *good = take(test, SCRIPTFS_POEM, false);
	struct page *page = block_page(bad, 0);
	unsigned int i;

	bad->chunk->published = true;
	good->chunk->published = true;
	spoil(page + 3);
	scriptfs_pool_put(pools, bad, TEST_INODE);
	expect_stats(test, SCRIPTFS_POEM, 0, 1, 0, 1);
	scriptfs_pool_put(pools, good, TEST_INODE);
	expect_stats(test, SCRIPTFS_POEM, 1, 0, 0, 1);

	/* Looking right again means nothing: the page may have a new owner. */
	mend(page + 3);
	scriptfs_pool_settle(&pools->pool[SCRIPTFS_POEM]);
	expect_stats(test, SCRIPTFS_POEM, 1, 0, 0, 1);
	scriptfs_pool_put(pools, bad, TEST_INODE);
	expect_stats(test, SCRIPTFS_POEM, 1, 0, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, take(test, SCRIPTFS_POEM, false), good);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_pool_take(pools, SCRIPTFS_POEM, false),
			    (struct scriptfs_block *)NULL);
	scriptfs_pool_put(pools, good, TEST_INODE);

	scriptfs_pools_free(pools);
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

/* What is found only when the pools are freed costs no more than the pages that are wrong. */
static void pool_drain_corrupt(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_block *block = take(test, SCRIPTFS_POEM, false);
	struct page *page = block_page(block, 3);

	scriptfs_pool_put(pools, block, TEST_INODE);
	spoil_mapping(page);
	scriptfs_pools_free(pools);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	mend_mapping(page);
	put_page(page);
}

/* A page that outlives its pools is freed with its last reference. */
static void pool_drain_held(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_NOVEL, 3);
	struct scriptfs_block *block = take(test, SCRIPTFS_NOVEL, false);
	struct page *page = block_page(block, 15);

	memset(page_address(page), 0x5a, PAGE_SIZE);
	block->chunk->published = true;
	get_page(page);
	SetPageUptodate(page);
	SetPageUnevictable(page);
	scriptfs_pool_put(pools, block, TEST_INODE);
	expect_stats(test, SCRIPTFS_NOVEL, 2, 0, 1, 0);

	scriptfs_pools_free(pools);
	expect_empty(test);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	KUNIT_EXPECT_TRUE(test, PageUptodate(page));
	KUNIT_EXPECT_FALSE(test, PageUnevictable(page));
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(page_address(page), 0x5a, PAGE_SIZE), (void *)NULL);
	put_page(page);
}

static struct kunit_case quarantine_test_cases[] = {
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
	{}
};

static struct kunit_suite quarantine_test_suite = {
	.name		= "scriptfs_quarantine",
	.init		= pool_test_init,
	.exit		= pool_test_exit,
	.test_cases	= quarantine_test_cases,
};

kunit_test_suites(&quarantine_test_suite);
