// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of pieces that do not become idle when they are freed: a page has an outside
 * reference, the state of a page is wrong, or the piece belongs elsewhere.
 *
 * They make the pool report errors to the kernel log.
 */
#include <linux/mm.h>

#include "compat/page.h"
#include "pool_test.h"

static struct page *page_of(struct scriptfs_piece *piece, unsigned int nr)
{
	return scriptfs_piece_page(piece, nr * PAGE_SIZE);
}

/* As a file does whose pages were in the page cache. */
static void put_published(struct kunit *test, struct scriptfs_piece *piece)
{
	piece->published = true;
	put(test, piece);
}

/* A page cannot be taken while it has an outside reference, but all others of its piece can. */
static void pool_quarantine(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_piece *block = take(test, POEM);
	struct page *page = page_of(block, 5);
	struct scriptfs_piece *piece[3];
	unsigned int i;

	get_page(page);
	SetPageUptodate(page);
	put_published(test, block);
	expect_stats(test, POEM_PAGES - 1, 0, 1, 0);
	expect_class(test, SCRIPTFS_POEM, 0, 1, 0);
	/* Without this a pipe would not hand it out. */
	KUNIT_EXPECT_TRUE(test, PageUptodate(page));
	/* 0 to 3, 6 and 7, and 4. */
	for (i = 0; i < ARRAY_SIZE(piece); i++) {
		piece[i] = take_any(test, POEM);
		KUNIT_EXPECT_EQ(test, (unsigned int)piece[i]->order, 2 - i);
	}
	expect_none(test, 0);
	KUNIT_EXPECT_EQ(test, scriptfs_settle(pools), 0UL);
	expect_stats(test, 0, POEM_PAGES - 1, 1, 0);

	/* When the pools are empty, the quarantine is checked. */
	put_page(page);
	KUNIT_EXPECT_EQ(test, pools->quarantine.pages, 1UL);
	KUNIT_EXPECT_PTR_EQ(test, take(test, 0), block + 5);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	KUNIT_EXPECT_FALSE(test, PageUptodate(page));

	/* When the stats are read, too. */
	get_page(page);
	put_published(test, block + 5);
	for (i = 0; i < ARRAY_SIZE(piece); i++)
		put(test, piece[i]);
	expect_stats(test, POEM_PAGES - 1, 0, 1, 0);
	put_page(page);
	expect_whole(test);
}

static void hold(struct scriptfs_piece *block, unsigned long pages)
{
	unsigned int i;

	for_each_set_bit(i, &pages, BITS_PER_LONG)
		get_page(page_of(block, i));
}

static void release(struct scriptfs_piece *block, unsigned long pages)
{
	unsigned int i;

	for_each_set_bit(i, &pages, BITS_PER_LONG)
		put_page(page_of(block, i));
}

/* Whichever pages are held, just these wait; and once they are let go the block is whole again. */
static void pool_held_pages(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	unsigned long held, last, nr;

	for (held = 1; held < BIT(POEM_PAGES); held++) {
		struct scriptfs_piece *block = take(test, POEM);

		nr = hweight_long(held);
		hold(block, held);
		put_published(test, block);
		expect_stats(test, POEM_PAGES - nr, 0, nr, 0);

		/* One of them, which takes no longer to find than it takes to look at all. */
		last = BIT(fls(held) - 1);
		release(block, last);
		for (nr = 0; nr < POEM_PAGES; nr++)
			scriptfs_settle(pools);
		nr = hweight_long(held) - 1;
		expect_stats(test, POEM_PAGES - nr, 0, nr, 0);

		release(block, held & ~last);
		scriptfs_settle_all(pools);
		KUNIT_EXPECT_EQ(test, pools->quarantine.nr, 0UL);
		expect_whole(test);
	}
}

/*
 * A quarantine longer than what is checked at once: a wait for all of it finds the one page that
 * was let go, wherever that is.
 */
static void pool_quarantine_long(struct kunit *test)
{
	enum { NR = 100 };
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, NR);
	struct scriptfs_piece *block[NR], *piece;
	unsigned int i;

	for (i = 0; i < NR; i++) {
		block[i] = take(test, POEM);
		hold(block[i], 0x18);
	}
	for (i = 0; i < NR; i++)
		put_published(test, block[i]);
	KUNIT_EXPECT_EQ(test, pools->quarantine.nr, 2UL * NR);
	for (i = 0; i < NR; i++) {
		release(block[i], 0x08);
		KUNIT_EXPECT_EQ(test, scriptfs_settle_all(pools), 1UL);
	}
	/* Those of two orders are all that is left to take, and then one that was held. */
	expect_stats(test, NR * (POEM_PAGES - 1), 0, NR, 0);
	while ((piece = scriptfs_take(pools, 2, test)))
		KUNIT_EXPECT_LE(test, (unsigned int)piece->order, 2U);
	expect_stats(test, 0, NR * (POEM_PAGES - 1), NR, 0);
	release(block[NR - 1], 0x10);
	KUNIT_EXPECT_EQ(test, scriptfs_settle_all(pools), 1UL);
	KUNIT_EXPECT_PTR_EQ(test, take(test, 0), block[NR - 1] + 4);
	for (i = 0; i < NR - 1; i++)
		release(block[i], 0x10);
}

/* Surplus in quarantine still counts, and can be shrunk once it is out. */
static void pool_quarantine_surplus(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_LARGE, 0);
	struct shrink_control sc = { .gfp_mask = GFP_KERNEL, .nr_to_scan = ULONG_MAX };
	struct scriptfs_piece *block = take_more(test, LARGE);
	struct page *page = page_of(block, 511);

	get_page(page);
	put_published(test, block);
	expect_stats(test, 511, 0, 1, 0);
	expect_class(test, SCRIPTFS_LARGE, 0, 1, 0);
	KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), SHRINK_STOP);
	put_page(page);
	KUNIT_EXPECT_EQ(test, shrink_scan(pools, &sc), 512UL);
	expect_empty(test);
}

/* The next file must not find what the page cache left in the flags, above all PG_uptodate. */
static void pool_stale_flags(struct kunit *test)
{
	struct scriptfs_piece *block;
	unsigned long flags;
	struct page *page;

	fill(test, SCRIPTFS_POEM, 1);
	block = take(test, POEM);
	page = page_of(block, 0);
	flags = *scriptfs_page_flags(page);

	SetPageUptodate(page);
	SetPageReferenced(page);
	SetPageDirty(page);
	SetPageActive(page);
	SetPageUnevictable(page);
	put_published(test, block);
	expect_whole(test);
	KUNIT_EXPECT_EQ(test, *scriptfs_page_flags(page), flags);
}

static void pool_double_free(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 2);
	struct scriptfs_piece *a = take(test, POEM);
	struct scriptfs_piece *b = take(test, POEM);
	struct scriptfs_piece *upper;

	put(test, a);
	put(test, a);
	expect_class(test, SCRIPTFS_POEM, 1, 0, 1);

	/* The block is handed out once only. */
	KUNIT_EXPECT_PTR_EQ(test, take(test, POEM), a);
	expect_none(test, POEM);

	/* The same from quarantine. */
	get_page(page_of(b, 0));
	put_published(test, b);
	put_published(test, b);
	expect_stats(test, 7, 8, 1, 0);
	put_page(page_of(b, 0));
	expect_stats(test, 8, 8, 0, 0);

	/* A listed piece, and a page inside of another. */
	upper = scriptfs_piece_split(a);
	put(test, upper);
	put(test, upper);
	put(test, upper + 1);
	put(test, a + 1);
	expect_stats(test, 12, 4, 0, 0);
	put(test, a);
	KUNIT_EXPECT_EQ(test, pools->quarantine.retired, 0UL);
	/* What was a piece is now a part of one. */
	put(test, upper);
	expect_whole(test);
}

/* What belongs to another file, or to a file of another mount. */
static void pool_foreign_piece(struct kunit *test)
{
	static const unsigned long none[SCRIPTFS_NR_CLASSES];
	struct scriptfs_pools *other = kunit_kzalloc(test, sizeof(*other), GFP_KERNEL);
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_piece *block = take(test, POEM), *batch[6];
	unsigned long missing;
	unsigned int i;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, other);
	KUNIT_ASSERT_EQ(test, scriptfs_pools_fill(other, none, 0, true, &missing), 0);
	scriptfs_put(other, block, other, TEST_INODE);
	KUNIT_EXPECT_EQ(test, other->pool[SCRIPTFS_POEM].idle, 0UL);
	scriptfs_pools_free(other);

	scriptfs_put(pools, block, other, TEST_INODE);
	block->published = true;
	scriptfs_put(pools, block, other, TEST_INODE);
	for (i = 0; i < ARRAY_SIZE(batch); i++)
		batch[i] = block;
	scriptfs_put_batch(pools, batch, ARRAY_SIZE(batch), other, TEST_INODE);
	expect_class(test, SCRIPTFS_POEM, 0, 0, 1);
	KUNIT_EXPECT_PTR_EQ(test, block->owner, (const void *)test);
	put(test, block);
	expect_whole(test);
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

/* A page that is in use elsewhere is never taken again and never freed. It alone. */
static void expect_retired(struct kunit *test, void (*spoil)(struct page *),
			   void (*mend)(struct page *))
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 2);
	struct scriptfs_piece *bad = take(test, POEM);
	struct scriptfs_piece *good = take(test, POEM), *piece;
	struct page *page = page_of(bad, 3);
	unsigned int pages = 0;

	spoil(page);
	put_published(test, bad);
	expect_stats(test, 7, 8, 0, 1);
	put_published(test, good);
	expect_stats(test, 15, 0, 0, 1);
	expect_class(test, SCRIPTFS_POEM, 1, 1, 0);

	/* Looking right again means nothing: the page may have a new owner. */
	mend(page);
	scriptfs_settle_all(pools);
	expect_stats(test, 15, 0, 0, 1);
	put(test, bad + 3);
	expect_stats(test, 15, 0, 0, 1);
	while ((piece = scriptfs_take(pools, POEM, test))) {
		KUNIT_EXPECT_PTR_NE(test, piece, bad + 3);
		pages += scriptfs_piece_pages(piece);
		if (piece == good)
			KUNIT_EXPECT_EQ(test, (unsigned int)piece->order, (unsigned int)POEM);
	}
	KUNIT_EXPECT_EQ(test, pages, 15U);
	put(test, good);
	expect_stats(test, 8, 7, 0, 1);

	scriptfs_pools_free(pools);
	KUNIT_EXPECT_EQ(test, page_ref_count(page), 1);
	put_page(page);
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

/* Also where a piece has no page that is sound. */
static void pool_retire_neighbours(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_piece *block = take(test, POEM);
	struct page *page = page_of(block, 0);
	unsigned int i;

	for (i = 4; i < POEM_PAGES; i++)
		spoil_mapping(page + i);
	put_published(test, block);
	expect_stats(test, 4, 0, 0, 4);
	expect_class(test, SCRIPTFS_POEM, 0, 1, 0);
	KUNIT_EXPECT_PTR_EQ(test, take(test, 2), block);
	expect_none(test, 0);
	for (i = 4; i < POEM_PAGES; i++)
		KUNIT_EXPECT_PTR_EQ(test, block[i].owner, (const void *)SCRIPTFS_CORRUPT);
	put(test, block);

	scriptfs_pools_free(pools);
	for (i = 4; i < POEM_PAGES; i++) {
		KUNIT_EXPECT_EQ(test, page_ref_count(page + i), 1);
		mend_mapping(page + i);
		put_page(page + i);
	}
}

/* So is a page with a hardware memory error, held or not, but it is freed in the end. */
static void pool_retire_poison(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_NOVEL, 1);
	struct scriptfs_piece *block = take(test, NOVEL);
	struct page *page = page_of(block, 6);

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE)) {
		kunit_info(test, "no hardware memory errors on this architecture, skipped");
		return;
	}
	SetPageHWPoison(page);
	get_page(page);
	hold(block, BIT(7));
	put_published(test, block);
	expect_stats(test, NOVEL_PAGES - 2, 0, 1, 1);
	release(block, BIT(7));
	expect_stats(test, NOVEL_PAGES - 1, 0, 0, 1);
	put_page(page);
	scriptfs_settle_all(pools);
	expect_stats(test, NOVEL_PAGES - 1, 0, 0, 1);
	ClearPageHWPoison(page);

	/* Where errors were reported all pages are looked at, published or not. */
	set_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags);
	SetPageHWPoison(page + 1);
	block = take(test, 0);
	KUNIT_EXPECT_PTR_NE(test, scriptfs_piece_page(block, 0), page + 1);
	put(test, block);
	KUNIT_EXPECT_EQ(test, pools->quarantine.retired, 2UL);
	expect_stats(test, NOVEL_PAGES - 2, 0, 0, 2);
	ClearPageHWPoison(page + 1);
}

/* What is found only when the pools are freed costs no more than the pages that are wrong. */
static void pool_drain_corrupt(struct kunit *test)
{
	struct scriptfs_pools *pools = fill(test, SCRIPTFS_POEM, 1);
	struct scriptfs_piece *block = take(test, POEM);
	struct page *page = page_of(block, 3);

	put(test, block);
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
	struct scriptfs_piece *block = take(test, NOVEL);
	struct page *page = page_of(block, 15);

	memset(page_address(page), 0x5a, PAGE_SIZE);
	get_page(page);
	SetPageUptodate(page);
	SetPageUnevictable(page);
	put_published(test, block);
	expect_class(test, SCRIPTFS_NOVEL, 2, 1, 0);
	expect_stats(test, 3 * NOVEL_PAGES - 1, 0, 1, 0);

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
	KUNIT_CASE(pool_held_pages),
	KUNIT_CASE(pool_quarantine_long),
	KUNIT_CASE(pool_quarantine_surplus),
	KUNIT_CASE(pool_stale_flags),
	KUNIT_CASE(pool_double_free),
	KUNIT_CASE(pool_foreign_piece),
	KUNIT_CASE(pool_retire_refcount),
	KUNIT_CASE(pool_retire_mapping),
	KUNIT_CASE(pool_retire_mapcount),
	KUNIT_CASE(pool_retire_flags),
	KUNIT_CASE(pool_retire_neighbours),
	KUNIT_CASE(pool_retire_poison),
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
