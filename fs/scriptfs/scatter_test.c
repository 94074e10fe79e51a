// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of pages that are held while their file gives them up: the holder goes on seeing what
 * was in them, and the file does not see them again.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/mm.h>

#include "map_test.h"
#include "quarantine.h"

#define PAGES(n)	((loff_t)(n) << PAGE_SHIFT)

/* A file of one poem full of 'a', of which page @index is held. */
static struct page *hold_page(struct kunit *test, struct block_context *ctx, unsigned int index)
{
	struct scriptfs_block *block;
	struct page *page;

	block_write(test, ctx, 0, 'a', SZ_32K);
	block = block_find(ctx, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	KUNIT_ASSERT_EQ(test, (unsigned int)block->class, (unsigned int)SCRIPTFS_POEM);
	block->first.published = true;
	page = scriptfs_chunk_page(&block->first, PAGES(index));
	get_page(page);
	return page;
}

static void expect_held(struct kunit *test, struct page *page)
{
	KUNIT_EXPECT_TRUE(test, !memchr_inv(page_address(page), 'a', PAGE_SIZE));
}

static bool scattered(struct block_context *ctx)
{
	return block_find(ctx, 0)->first.scattered;
}

/* Close and remove the file: all blocks are idle, or with @held wait for that page. */
static void expect_back(struct kunit *test, struct block_context *ctx, unsigned long held)
{
	struct scriptfs_stats stats;

	block_truncate(test, ctx, 0);
	scriptfs_pool_settle(&scriptfs_pools(ctx->mnt->mnt_sb)->pool[SCRIPTFS_POEM]);
	stats = block_stats(ctx, SCRIPTFS_POEM);
	KUNIT_EXPECT_EQ(test, stats.used, 0UL);
	KUNIT_EXPECT_EQ(test, stats.quarantine, held);
	KUNIT_EXPECT_EQ(test, (u64)block_inode(ctx)->i_blocks, 0ULL);
}

static void scatter_truncate(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=4,strict");
	struct page *page = hold_page(test, ctx, 4);

	block_truncate(test, ctx, PAGES(2) + 100);
	KUNIT_EXPECT_FALSE(test, scattered(ctx));
	/* In front of it nothing is special. */
	block_write(test, ctx, PAGES(3), 'b', PAGE_SIZE);
	KUNIT_EXPECT_FALSE(test, scattered(ctx));
	block_write(test, ctx, PAGES(4) + 10, 'c', PAGES(2));
	KUNIT_EXPECT_TRUE(test, scattered(ctx));
	expect_held(test, page);

	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 0, 'a', PAGES(2) + 100),
			(size_t)PAGES(2) + 100);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(2) + 100, 0, PAGE_SIZE - 100),
			PAGE_SIZE - 100);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(3), 'b', PAGE_SIZE), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(4), 0, 10), (size_t)10);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(4) + 10, 'c', PAGES(2)),
			(size_t)PAGES(2));

	/* What the holder writes now does not show in the file. */
	memset(page_address(page), 'a', PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(4) + 10, 'c', PAGES(2)),
			(size_t)PAGES(2));
	expect_back(test, ctx, 1);
	put_page(page);
	expect_back(test, ctx, 0);
}

static void scatter_punch(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=4,strict");
	struct page *page = hold_page(test, ctx, 3);

	KUNIT_ASSERT_EQ(test, vfs_fallocate(ctx->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					    PAGES(2) + 1, PAGES(3)), 0);
	KUNIT_EXPECT_TRUE(test, scattered(ctx));
	expect_held(test, page);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 0, 'a', PAGES(2) + 1), (size_t)PAGES(2) + 1);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(2) + 1, 0, PAGES(3)), (size_t)PAGES(3));
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(5) + 1, 'a', PAGES(3) - 1),
			(size_t)PAGES(3) - 1);

	block_write(test, ctx, PAGES(3), 'b', 100);
	expect_held(test, page);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(3), 'b', 100), (size_t)100);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(3) + 100, 0, PAGES(2) - 99),
			(size_t)PAGES(2) - 99);
	put_page(page);
	expect_back(test, ctx, 0);
}

/* Once it is let go, the page is used like any other. */
static void scatter_let_go(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=4,strict");
	struct page *page = hold_page(test, ctx, 4);

	block_truncate(test, ctx, PAGES(4));
	KUNIT_EXPECT_TRUE(test, PageChecked(page));
	put_page(page);
	block_write(test, ctx, PAGES(4), 'b', PAGES(4));
	KUNIT_EXPECT_FALSE(test, scattered(ctx));
	KUNIT_EXPECT_FALSE(test, PageChecked(page));
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(4), 'b', PAGES(4)), (size_t)PAGES(4));
	expect_back(test, ctx, 0);
}

/* With no memory for its place the rest of the block can still be written. */
static void scatter_nospace(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=1,strict");
	struct page *page = hold_page(test, ctx, 4);
	loff_t pos = PAGES(4);

	block_truncate(test, ctx, PAGES(4));
	KUNIT_EXPECT_EQ(test, kernel_write(ctx->file, "x", 1, &pos), (ssize_t)-ENOSPC);
	block_write(test, ctx, PAGES(5), 'b', PAGE_SIZE);
	expect_held(test, page);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 0, 'a', PAGES(4)), (size_t)PAGES(4));
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(4), 0, PAGE_SIZE), PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(5), 'b', PAGE_SIZE), PAGE_SIZE);
	put_page(page);
	expect_back(test, ctx, 0);
}

/* A larger block around one with a held page, which stays in the file and where it is. */
static void scatter_merge(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=1,medium=1,strict");
	struct page *page = hold_page(test, ctx, 4);
	struct inode *inode = block_inode(ctx);
	loff_t pos = PAGES(4);

	scriptfs_inode(inode)->leave_held = true;
	block_write(test, ctx, SZ_64K, 'b', SZ_32K);
	scriptfs_inode(inode)->leave_held = false;
	KUNIT_EXPECT_TRUE(test, scattered(ctx));
	KUNIT_EXPECT_EQ(test, (unsigned int)block_find(ctx, 0)->class,
			(unsigned int)SCRIPTFS_MEDIUM);
	KUNIT_EXPECT_EQ(test, (u64)inode->i_blocks << 9, (u64)SZ_512K + SZ_32K);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 0, 'a', SZ_32K), (size_t)SZ_32K);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, SZ_32K, 0, SZ_32K), (size_t)SZ_32K);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, SZ_64K, 'b', SZ_32K), (size_t)SZ_32K);
	expect_held(test, page);

	/* Then the file gives it up. */
	KUNIT_ASSERT_EQ(test, vfs_fallocate(ctx->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					    PAGES(4), PAGE_SIZE), 0);
	KUNIT_EXPECT_EQ(test, kernel_write(ctx->file, "x", 1, &pos), (ssize_t)1);
	expect_held(test, page);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(4), 'x', 1), (size_t)1);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, PAGES(5), 'a', PAGES(3)), (size_t)PAGES(3));
	put_page(page);
	expect_back(test, ctx, 0);
}

static struct kunit_case scatter_cases[] = {
	KUNIT_CASE(scatter_truncate),
	KUNIT_CASE(scatter_punch),
	KUNIT_CASE(scatter_let_go),
	KUNIT_CASE(scatter_nospace),
	KUNIT_CASE(scatter_merge),
	{}
};

static struct kunit_suite scatter_suite = {
	.name = "scriptfs_scatter",
	.init = block_test_init,
	.exit = block_test_exit,
	.test_cases = scatter_cases,
};

kunit_test_suite(scatter_suite);
