// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of which pieces a file gets, and which it keeps: by writes, by a class hint, and when
 * it is truncated, closed, allocated or punched. Every test has a mount of its own.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/pagemap.h>

#include "map_test.h"
#include "change.h"
#include "publish.h"

#define ALL_CLASSES	"poem=8,novel=16,medium=8,large=4,strict"

/* Close the file and open it again. */
static void test_reopen(struct kunit *test, struct test_context *ctx)
{
	struct path path = ctx->file->f_path;

	path_get(&path);
	test_close(ctx);
	ctx->file = dentry_open(&path, O_RDWR, current_cred());
	path_put(&path);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ctx->file));
}

static void test_append(struct kunit *test, struct test_context *ctx, loff_t from, loff_t to,
			u8 byte)
{
	for (; from < to; from += SZ_4K)
		test_write(test, ctx, from, byte, min_t(loff_t, SZ_4K, to - from));
}

/* A file that is appended to gets ever larger pieces, each aligned to its own size. */
static void alloc_growth(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, ALL_CLASSES);

	test_append(test, ctx, 0, SZ_4M, 1);
	expect_piece(test, test_find(ctx, 0), SZ_4K, 0);
	expect_piece(test, test_find(ctx, SZ_4K), SZ_4K, SZ_4K);
	expect_piece(test, test_find(ctx, SZ_8K), SZ_8K, SZ_8K);
	expect_piece(test, test_find(ctx, SZ_16K), SZ_16K, SZ_16K);
	expect_piece(test, test_find(ctx, SZ_32K), SZ_32K, SZ_32K);
	expect_piece(test, test_find(ctx, SZ_64K), SZ_64K, SZ_64K);
	expect_piece(test, test_find(ctx, SZ_512K - 1), SZ_64K, SZ_512K - SZ_64K);
	expect_piece(test, test_find(ctx, SZ_512K), SZ_512K, SZ_512K);
	expect_piece(test, test_find(ctx, SZ_2M - 1), SZ_512K, SZ_2M - SZ_512K);
	expect_piece(test, test_find(ctx, SZ_2M), SZ_2M, SZ_2M);
	KUNIT_EXPECT_TRUE(test, !test_find(ctx, SZ_4M));
	KUNIT_EXPECT_EQ(test, test_bytes(test_inode(ctx)), (u64)SZ_4M);
}

/* One large write gets the largest pieces that it fills. */
static void alloc_wanted(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, ALL_CLASSES);

	expect_piece(test, test_get(ctx, 0, SZ_2M - 1), SZ_2M, 0);
	expect_piece(test, test_get(ctx, SZ_4M, SZ_2M - SZ_4K), SZ_512K, SZ_4M);
	expect_piece(test, test_get(ctx, SZ_8M, SZ_32K), SZ_32K, SZ_8M);
	expect_piece(test, test_get(ctx, SZ_8M + SZ_1M, 5000), SZ_8K, SZ_8M + SZ_1M);
	/* It ends one byte into its third page. */
	expect_piece(test, test_get(ctx, SZ_16M + 4095, SZ_4K + 2), SZ_8K, SZ_16M);
	/* An aligned large would hold memory in front of what is written. */
	expect_piece(test, test_get(ctx, SZ_16M + SZ_64K, SZ_4M), SZ_64K, SZ_16M + SZ_64K);
	/* A piece is in the way. */
	expect_piece(test, test_get(ctx, SZ_32M + SZ_64K, 1), SZ_4K, SZ_32M + SZ_64K);
	expect_piece(test, test_get(ctx, SZ_32M, SZ_2M), SZ_64K, SZ_32M);
	/* A super is wanted, but there is none. */
	expect_piece(test, test_get(ctx, SZ_256M, SZ_256M), SZ_2M, SZ_256M);
	KUNIT_EXPECT_EQ(test, (int)scriptfs_inode(test_inode(ctx))->trim, SCRIPTFS_TRIM_NONE);
}

/* A file that begins with half of a large grows into it, or gives the rest back. */
static void alloc_begin(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, ALL_CLASSES);

	test_write(test, ctx, 0, 1, SZ_1M);
	expect_piece(test, test_find(ctx, 0), SZ_2M, 0);
	test_reopen(test, ctx);
	expect_piece(test, test_find(ctx, 0), SZ_1M, 0);
	KUNIT_EXPECT_EQ(test, test_bytes(test_inode(ctx)), (u64)SZ_1M);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 0, 1, SZ_1M), (size_t)SZ_1M);
}

/* Scattered small writes do not make a file grow as if it were appended to. */
static void alloc_sparse(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "poem=16,large=4,strict");
	int i;

	for (i = 1; i <= 8; i++) {
		test_write(test, ctx, (loff_t)i * SZ_16M, i, 100);
		expect_piece(test, test_find(ctx, (loff_t)i * SZ_16M), SZ_4K, i * SZ_16M);
	}
	KUNIT_EXPECT_EQ(test, test_bytes(test_inode(ctx)), (u64)8 * SZ_4K);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_16M - SZ_4K, 0, SZ_4K), (size_t)SZ_4K);
}

/* When there is nothing as large: smaller ones, down to the last page, then ENOSPC. */
static void alloc_fallback(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "poem=2,novel=1,strict");
	loff_t pos = SZ_64K + SZ_64K;

	expect_piece(test, test_get(ctx, 0, SZ_512K), SZ_64K, 0);
	expect_piece(test, test_get(ctx, SZ_64K, SZ_512K), SZ_32K, SZ_64K);
	expect_piece(test, test_get(ctx, pos, 1), SZ_4K, pos);
	for (pos += SZ_4K; pos < SZ_128K + SZ_32K; pos += SZ_4K)
		KUNIT_EXPECT_FALSE(test, IS_ERR(test_get(ctx, pos, 1)));
	KUNIT_EXPECT_EQ(test, test_stats(ctx).idle, 0UL);
	KUNIT_EXPECT_PTR_EQ(test, test_get(ctx, SZ_8M, 1),
			    (struct scriptfs_piece *)ERR_PTR(-ENOSPC));
	KUNIT_EXPECT_EQ(test, test_bytes(test_inode(ctx)), (u64)SZ_128K);
}

/* The class hint takes precedence over what the write itself wants, and is kept whole. */
static void alloc_hint(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "poem=8,large=2,class=large,strict");
	struct inode *inode = test_inode(ctx);

	test_write(test, ctx, SZ_1M, 1, SZ_4K);
	expect_piece(test, test_find(ctx, SZ_1M), SZ_2M, 0);
	scriptfs_inode(inode)->class = SCRIPTFS_NR_CLASSES;
	test_write(test, ctx, SZ_4M, 1, SZ_4K);
	expect_piece(test, test_find(ctx, SZ_4M), SZ_4K, SZ_4M);
	scriptfs_inode(inode)->class = SCRIPTFS_LARGE;
	/* Its range has a page already. */
	test_write(test, ctx, SZ_4M + SZ_32K, 1, SZ_4K);
	expect_piece(test, test_find(ctx, SZ_4M + SZ_32K), SZ_4K, SZ_4M + SZ_32K);
	test_reopen(test, ctx);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_2M + SZ_8K);
}

/* Small files have no more than they hold, and the last close has nothing to do. */
static void trim_none(struct kunit *test)
{
	static const unsigned int sizes[] = { 1, SZ_1K, SZ_4K, 5000, SZ_8K, SZ_16K, SZ_32K, SZ_2M };
	struct test_context *ctx = test_mount(test, ALL_CLASSES);
	struct inode *inode = test_inode(ctx);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		test_truncate(test, ctx, 0);
		test_write(test, ctx, 0, 1, sizes[i]);
		KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)PAGE_ALIGN(sizes[i]));
		KUNIT_EXPECT_EQ(test, (int)scriptfs_inode(inode)->trim, SCRIPTFS_TRIM_NONE);
	}
}

/* The last piece of a file that has grown is cut to what it holds. */
static void trim_tail(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, ALL_CLASSES);
	struct inode *inode = test_inode(ctx);
	loff_t end = SZ_2M + 100000;

	test_append(test, ctx, 0, SZ_2M, 1);
	test_append(test, ctx, SZ_2M, end, 2);
	KUNIT_EXPECT_EQ(test, (int)scriptfs_inode(inode)->trim, SCRIPTFS_TRIM_TAIL);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_4M);
	test_reopen(test, ctx);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)PAGE_ALIGN(end));
	KUNIT_EXPECT_EQ(test, test_stats(ctx).used, (unsigned long)PAGE_ALIGN(end));
	KUNIT_EXPECT_EQ(test, (int)scriptfs_inode(inode)->trim, SCRIPTFS_TRIM_NONE);
	expect_piece(test, test_find(ctx, SZ_2M), SZ_64K, SZ_2M);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 0, 1, SZ_2M), (size_t)SZ_2M);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_2M, 2, 100000), (size_t)100000);
	test_append(test, ctx, end, end + SZ_64K, 3);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, end, 3, SZ_64K), (size_t)SZ_64K);
}

/* Slack that is not at the end is found as well. */
static void trim_all(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, ALL_CLASSES);
	struct inode *inode = test_inode(ctx);

	test_write(test, ctx, 0, 1, SZ_64K);
	test_write(test, ctx, SZ_64K, 1, 100);
	expect_piece(test, test_find(ctx, SZ_64K), SZ_64K, SZ_64K);
	test_write(test, ctx, SZ_1M, 1, 100);
	KUNIT_EXPECT_EQ(test, (int)scriptfs_inode(inode)->trim, SCRIPTFS_TRIM_ALL);
	test_reopen(test, ctx);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_64K + SZ_4K + SZ_4K);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_64K, 1, 200), (size_t)100);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_1M, 1, 100), (size_t)100);
}

/* A page that is published above the mark of a piece is kept, and leaves a hole in front. */
static void trim_published(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, ALL_CLASSES);
	struct inode *inode = test_inode(ctx);
	pgoff_t index = (SZ_64K + SZ_32K) >> PAGE_SHIFT;

	test_write(test, ctx, 0, 1, SZ_64K);
	test_write(test, ctx, SZ_64K, 1, 100);
	test_truncate(test, ctx, SZ_1M);
	KUNIT_EXPECT_EQ(test, scriptfs_publish(inode, index, false), 0);
	test_reopen(test, ctx);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_64K + SZ_4K + SZ_4K);
	KUNIT_EXPECT_EQ(test, inode->i_mapping->nrpages > 0, true);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_64K + 100, 0, SZ_64K),
			(size_t)SZ_64K);
}

/* A write that fails half way returns what it wrote; the last close frees pieces behind the end. */
static void trim_nospace(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "poem=3,strict");
	struct inode *inode = test_inode(ctx);
	loff_t pos = 0;

	memset(ctx->buffer, 1, SZ_128K);
	KUNIT_EXPECT_EQ(test, kernel_write(ctx->file, ctx->buffer, SZ_128K, &pos),
			(ssize_t)(3 * SZ_32K));
	KUNIT_EXPECT_EQ(test, kernel_write(ctx->file, ctx->buffer, 1, &pos), (ssize_t)-ENOSPC);
	KUNIT_EXPECT_EQ(test, i_size_read(inode), (loff_t)3 * SZ_32K);

	test_truncate(test, ctx, SZ_32K);
	KUNIT_EXPECT_FALSE(test, IS_ERR(test_get(ctx, SZ_1M, SZ_4K)));
	/* As a write does that came to nothing. */
	scriptfs_inode(inode)->trim = SCRIPTFS_TRIM_TAIL;
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_32K + SZ_4K);
	test_reopen(test, ctx);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_32K);
}

/* Truncate gives back whole pages, and clears what is left of the last one. */
static void truncate_pages(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, ALL_CLASSES);
	struct inode *inode = test_inode(ctx);

	test_poison(test, ctx);
	test_write(test, ctx, 0, POISON, SZ_1M);
	test_truncate(test, ctx, SZ_4K + 10);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_8K);
	KUNIT_EXPECT_EQ(test, test_stats(ctx).used, (unsigned long)SZ_8K);

	test_truncate(test, ctx, SZ_512K);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 0, POISON, SZ_4K + 10), (size_t)SZ_4K + 10);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_4K + 10, 0, SZ_512K - SZ_4K - 10),
			(size_t)SZ_512K - SZ_4K - 10);
	test_truncate(test, ctx, 0);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), 0ULL);
	KUNIT_EXPECT_EQ(test, test_stats(ctx).used, 0UL);
	KUNIT_EXPECT_TRUE(test, !test_find(ctx, 0));
}

/*
 * A page that is published behind the end of the file, as by a fault that read the limit before it
 * fell, leaves the page cache before its piece goes back.
 */
static void truncate_published(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "poem=2,strict");
	struct inode *inode = test_inode(ctx);
	struct scriptfs_stats stats;
	struct page *page;

	test_write(test, ctx, 0, 'a', SZ_64K);
	page = find_or_create_page(inode->i_mapping, SZ_32K >> PAGE_SHIFT, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	unlock_page(page);
	put_page(page);
	KUNIT_ASSERT_EQ(test, inode->i_mapping->nrpages, 1UL);

	inode_lock(inode);
	scriptfs_change_begin(scriptfs_inode(inode));
	i_size_write(inode, SZ_32K);
	down_write(&scriptfs_inode(inode)->map_lock);
	scriptfs_map_truncate(inode, SZ_32K);
	up_write(&scriptfs_inode(inode)->map_lock);
	scriptfs_change_end(scriptfs_inode(inode));
	inode_unlock(inode);
	KUNIT_EXPECT_EQ(test, inode->i_mapping->nrpages, 0UL);
	stats = test_stats(ctx);
	KUNIT_EXPECT_EQ(test, stats.idle, (unsigned long)SZ_32K);
	KUNIT_EXPECT_EQ(test, stats.retired, 0UL);
}

static int test_allocate(struct test_context *ctx, int mode, loff_t pos, loff_t len)
{
	return vfs_fallocate(ctx->file, mode, pos, len);
}

/* One piece where one will do, not a byte of any is touched, and all are kept. */
static void allocate_pieces(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, ALL_CLASSES);
	struct inode *inode = test_inode(ctx);
	struct scriptfs_piece *piece;

	test_poison(test, ctx);
	KUNIT_EXPECT_EQ(test, test_allocate(ctx, 0, 0, SZ_4M), 0);
	KUNIT_EXPECT_EQ(test, i_size_read(inode), (loff_t)SZ_4M);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_4M);
	expect_piece(test, test_find(ctx, 0), SZ_2M, 0);
	piece = test_find(ctx, SZ_2M);
	expect_piece(test, piece, SZ_2M, SZ_2M);
	KUNIT_EXPECT_EQ(test, piece->mark, 0U);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(piece->addr, POISON, SZ_2M));
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_2M, 0, SZ_2M), (size_t)SZ_2M);

	/* Pieces that are there are not allocated again. */
	KUNIT_EXPECT_EQ(test, test_allocate(ctx, 0, SZ_1M, SZ_2M), 0);
	KUNIT_EXPECT_PTR_EQ(test, test_find(ctx, SZ_2M), piece);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_4M);
	/* From the largest to the smallest that it needs, and none for more than that. */
	KUNIT_EXPECT_EQ(test, test_allocate(ctx, FALLOC_FL_KEEP_SIZE, SZ_8M, SZ_512K + SZ_8K), 0);
	expect_piece(test, test_find(ctx, SZ_8M), SZ_512K, SZ_8M);
	expect_piece(test, test_find(ctx, SZ_8M + SZ_512K), SZ_8K, SZ_8M + SZ_512K);
	KUNIT_EXPECT_EQ(test, i_size_read(inode), (loff_t)SZ_4M);
	test_write(test, ctx, 0, 1, 1);
	scriptfs_inode(inode)->trim = SCRIPTFS_TRIM_ALL;
	test_reopen(test, ctx);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_4M + SZ_512K + SZ_8K);
	/* But not by a truncate to the same size. */
	test_truncate(test, ctx, SZ_4M);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_4M);
}

/* What was slack is kept as far as it was asked for. */
static void allocate_slack(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, ALL_CLASSES);
	struct inode *inode = test_inode(ctx);

	test_write(test, ctx, 0, 1, SZ_64K);
	test_write(test, ctx, SZ_64K, 1, 100);
	KUNIT_EXPECT_EQ(test, test_allocate(ctx, FALLOC_FL_KEEP_SIZE, SZ_64K, SZ_16K), 0);
	KUNIT_EXPECT_EQ(test, scriptfs_inode(inode)->fallocate.nr_fresh, 0U);
	test_reopen(test, ctx);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_64K + SZ_16K);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_64K, 1, 100), (size_t)100);
}

/* All or nothing. */
static void allocate_undo(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "poem=2,large=2,strict");
	struct inode *inode = test_inode(ctx);

	KUNIT_EXPECT_EQ(test, test_allocate(ctx, 0, 0, SZ_8M), -ENOSPC);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), 0ULL);
	KUNIT_EXPECT_EQ(test, test_allocate(ctx, 0, SZ_32K, SZ_8M), -ENOSPC);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), 0ULL);
	KUNIT_EXPECT_EQ(test, i_size_read(inode), 0LL);

	test_write(test, ctx, SZ_4M, 1, SZ_4K);
	KUNIT_EXPECT_EQ(test, test_allocate(ctx, 0, SZ_32K, SZ_8M), -ENOSPC);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_4M, 1, SZ_4K), (size_t)SZ_4K);
	KUNIT_EXPECT_EQ(test, i_size_read(inode), (loff_t)SZ_4M + SZ_4K);
	KUNIT_EXPECT_TRUE(test, !test_find(ctx, SZ_32K));
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_4K);
	KUNIT_EXPECT_EQ(test, scriptfs_inode(inode)->fallocate.nr_fresh, 0U);
	KUNIT_EXPECT_EQ(test, test_stats(ctx).used, (unsigned long)SZ_4K);
}

/* A hole gives back each page that lies wholly in it, and clears parts of others. */
static void punch_pages(struct kunit *test)
{
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	struct test_context *ctx = test_mount(test, ALL_CLASSES);
	struct inode *inode = test_inode(ctx);

	test_write(test, ctx, 0, POISON, SZ_2M);
	KUNIT_EXPECT_EQ(test, test_allocate(ctx, punch, 100, 200), 0);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_2M);
	KUNIT_EXPECT_EQ(test, test_allocate(ctx, punch, SZ_128K - 10, SZ_1M + 20), 0);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_1M);
	KUNIT_EXPECT_EQ(test, test_stats(ctx).used, (unsigned long)SZ_1M);
	KUNIT_EXPECT_TRUE(test, !test_find(ctx, SZ_128K));
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 100, 0, 300), (size_t)200);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 300, POISON, SZ_128K),
			(size_t)SZ_128K - 310);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_128K - 10, 0, SZ_1M + SZ_4K),
			(size_t)SZ_1M + 20);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_1M + SZ_128K + 10, POISON, SZ_512K),
			(size_t)SZ_512K);
	KUNIT_EXPECT_EQ(test, vfs_llseek(ctx->file, 0, SEEK_HOLE), (loff_t)SZ_128K);
	KUNIT_EXPECT_EQ(test, vfs_llseek(ctx->file, SZ_128K, SEEK_DATA),
			(loff_t)SZ_1M + SZ_128K);

	KUNIT_EXPECT_EQ(test, test_allocate(ctx, FALLOC_FL_ZERO_RANGE, 0, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_2M);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 0, 0, SZ_2M), (size_t)SZ_2M);
	scriptfs_inode(inode)->trim = SCRIPTFS_TRIM_ALL;
	test_reopen(test, ctx);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_2M);
	KUNIT_EXPECT_EQ(test, test_allocate(ctx, punch, 0, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), 0ULL);
}

static struct kunit_case alloc_cases[] = {
	KUNIT_CASE(alloc_growth),
	KUNIT_CASE(alloc_wanted),
	KUNIT_CASE(alloc_begin),
	KUNIT_CASE(alloc_sparse),
	KUNIT_CASE(alloc_fallback),
	KUNIT_CASE(alloc_hint),
	KUNIT_CASE(trim_none),
	KUNIT_CASE(trim_tail),
	KUNIT_CASE(trim_all),
	KUNIT_CASE(trim_published),
	KUNIT_CASE(trim_nospace),
	KUNIT_CASE(truncate_pages),
	KUNIT_CASE(truncate_published),
	KUNIT_CASE(allocate_pieces),
	KUNIT_CASE(allocate_slack),
	KUNIT_CASE(allocate_undo),
	KUNIT_CASE(punch_pages),
	{}
};

static struct kunit_suite alloc_suite = {
	.name = "scriptfs_alloc",
	.init = test_init,
	.exit = test_exit,
	.test_cases = alloc_cases,
};

kunit_test_suite(alloc_suite);
