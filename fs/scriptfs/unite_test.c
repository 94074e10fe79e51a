// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of uniting the pages of a large block and dividing them again.
 */
#include <linux/mm.h>
#include <linux/string.h>

#include "compat/page.h"
#include "pool_test.h"
#include "unite.h"

static struct page *page_of(struct scriptfs_piece *piece, unsigned int nr)
{
	return scriptfs_piece_page(piece, nr * PAGE_SIZE);
}

/* One large block of a pool that has @nr, taken. */
static struct scriptfs_piece *take_large(struct kunit *test, unsigned long nr)
{
	scriptfs_unite_learn(GFP_KERNEL);
	KUNIT_ASSERT_TRUE(test, scriptfs_unite_works());
	fill(test, SCRIPTFS_LARGE, nr);
	return take(test, LARGE);
}

/* The same, united. */
static struct scriptfs_piece *take_united(struct kunit *test, unsigned long nr)
{
	struct scriptfs_piece *block = take_large(test, nr);

	KUNIT_ASSERT_TRUE(test, scriptfs_unite(block));
	block->published = true;
	return block;
}

/* Are all pages what single pages of the pool are? */
static bool all_single(struct scriptfs_piece *block)
{
	unsigned int i;

	for (i = 0; i < LARGE_PAGES; i++) {
		struct page *page = page_of(block, i);

		if (PageCompound(page) || page->mapping || page_ref_count(page) != 1 ||
		    atomic_read(&page->_mapcount) != -1 || PageLocked(page))
			return false;
	}
	return !block->united;
}

/* Are they a huge page, as the kernel sees it, to which there are @refs references? */
static bool all_united(struct scriptfs_piece *block, int refs)
{
	struct page *head = page_of(block, 0);
	unsigned int i;

	for (i = 1; i < LARGE_PAGES; i++) {
		struct page *page = page_of(block, i);

		if (!PageTail(page) || compound_head(page) != head ||
		    atomic_read(&page->_refcount) || atomic_read(&page->_mapcount) != -1)
			return false;
	}
	return block->united && PageHead(head) && compound_order(head) == LARGE &&
	       page_ref_count(head) == refs;
}

static void unite_and_divide(struct kunit *test)
{
	struct scriptfs_piece *block = take_large(test, 1);
	unsigned int turn;

	memset(block->addr, 0x5a, scriptfs_piece_size(block));
	for (turn = 0; turn < 3; turn++) {
		SetPageUptodate(page_of(block, turn));
		KUNIT_EXPECT_TRUE(test, all_single(block));
		KUNIT_EXPECT_TRUE(test, scriptfs_unite(block));
		KUNIT_EXPECT_TRUE(test, all_united(block, 1));
		KUNIT_EXPECT_TRUE(test, scriptfs_divide(block));
		KUNIT_EXPECT_TRUE(test, all_single(block));
	}
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(block->addr, 0x5a, scriptfs_piece_size(block)),
			    (void *)NULL);
	put(test, block);
	expect_whole(test);
}

/* While a page is held, whichever it is, they are neither united nor divided, nor changed. */
static void unite_held(struct kunit *test)
{
	static const unsigned int held[] = { 0, 1, 2, 3, 4, 77, 511 };
	struct scriptfs_piece *block = take_large(test, 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(held); i++) {
		struct page *page = page_of(block, held[i]);

		get_page(page);
		KUNIT_EXPECT_FALSE(test, scriptfs_unite(block));
		put_page(page);
		KUNIT_EXPECT_TRUE(test, all_single(block));

		KUNIT_EXPECT_TRUE(test, scriptfs_unite(block));
		get_page(page);
		KUNIT_EXPECT_FALSE(test, scriptfs_divide(block));
		KUNIT_EXPECT_TRUE(test, all_united(block, 2));
		put_page(page);
		KUNIT_EXPECT_TRUE(test, scriptfs_divide(block));
	}
	put(test, block);
	expect_whole(test);
}

/* An idle block stays united until somebody wants less. */
static void unite_idle(struct kunit *test)
{
	struct scriptfs_piece *block = take_united(test, 1), *page;

	put(test, block);
	KUNIT_EXPECT_TRUE(test, all_united(block, 1));
	KUNIT_EXPECT_PTR_EQ(test, take(test, LARGE), block);
	KUNIT_EXPECT_TRUE(test, all_united(block, 1));
	put(test, block);

	page = take(test, 0);
	KUNIT_EXPECT_PTR_EQ(test, page, block);
	put(test, page);
	expect_whole(test);
	KUNIT_EXPECT_TRUE(test, all_single(block));
	KUNIT_EXPECT_PTR_EQ(test, take(test, LARGE), block);
	KUNIT_EXPECT_TRUE(test, scriptfs_unite(block));
	put(test, block);
	expect_whole(test);
}

/* A held one waits as a whole. */
static void unite_quarantine(struct kunit *test)
{
	struct scriptfs_piece *block = take_united(test, 1);
	struct page *page = page_of(block, 77);

	get_page(page);
	put(test, block);
	expect_stats(test, 0, 0, LARGE_PAGES, 0);
	expect_none(test, 0);
	put_page(page);
	KUNIT_EXPECT_PTR_EQ(test, take(test, 0), block);
	put(test, block);
	expect_whole(test);
}

/* So does one that cannot be divided because a lookup holds it just now. */
static void unite_looked_up(struct kunit *test)
{
	struct scriptfs_piece *block = take_united(test, 2), *piece;
	struct page *page = page_of(block, 0);

	put(test, block);
	piece = take(test, LARGE);
	if (piece == block)
		piece = take(test, LARGE);
	else
		KUNIT_EXPECT_PTR_EQ(test, take(test, LARGE), block);
	put(test, block);

	get_page(page);
	expect_none(test, 0);
	expect_stats(test, 0, LARGE_PAGES, LARGE_PAGES, 0);
	put_page(page);
	KUNIT_EXPECT_PTR_EQ(test, take(test, 0), block);
	put(test, block);
	put(test, piece);
	expect_whole(test);
}

/* A bad page goes out of service alone. */
static void unite_poison(struct kunit *test)
{
	struct scriptfs_piece *block = take_united(test, 1);
	struct scriptfs_pools *pools = test->priv;
	struct page *page = page_of(block, 77);

	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE)) {
		put(test, block);
		return;
	}
	SetPageHWPoison(page);
	set_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags);
	put(test, block);
	expect_stats(test, LARGE_PAGES - 1, 0, 0, 1);
	scriptfs_pools_free(pools);
	ClearPageHWPoison(page);
}

/* What is held when the mount ends is freed as a whole by who holds it. */
static void unite_outlives(struct kunit *test)
{
	struct scriptfs_piece *block = take_united(test, 1);
	struct page *page = page_of(block, 77);
	void *addr = page_address(page);

	memset(addr, 0x5a, PAGE_SIZE);
	get_page(page);
	put(test, block);
	scriptfs_pools_free(test->priv);
	expect_empty(test);
	KUNIT_EXPECT_EQ(test, page_count(page), 1);
	KUNIT_EXPECT_PTR_EQ(test, memchr_inv(addr, 0x5a, PAGE_SIZE), (void *)NULL);
	put_page(page);
}

static struct kunit_case unite_test_cases[] = {
	KUNIT_CASE(unite_and_divide),
	KUNIT_CASE(unite_held),
	KUNIT_CASE(unite_idle),
	KUNIT_CASE(unite_quarantine),
	KUNIT_CASE(unite_looked_up),
	KUNIT_CASE(unite_poison),
	KUNIT_CASE(unite_outlives),
	{}
};

static struct kunit_suite unite_test_suite = {
	.name		= "scriptfs_unite",
	.init		= pool_test_init,
	.exit		= pool_test_exit,
	.test_cases	= unite_test_cases,
};

kunit_test_suites(&unite_test_suite);
