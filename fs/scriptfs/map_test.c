// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the block map: which class a block gets, where it lies, how the map grows and
 * shrinks, what the initialised marks hide, what fallocate(2) takes and gives back, and the copy
 * past the cache. Every test has a mount of its own.
 */
#include <linux/fs.h>
#include <linux/falloc.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "map_test.h"
#include "change.h"
#include "move.h"
#include "nocache.h"

/* Leave POISON in every idle block of @class. */
static void block_poison(struct kunit *test, struct block_context *ctx, unsigned int class)
{
	struct scriptfs_sb *sbi = scriptfs_sb(ctx->mnt->mnt_sb);
	struct scriptfs_block *block, *next;
	LIST_HEAD(blocks);

	while ((block = scriptfs_pool_take(&sbi->pools, class, false))) {
		memset(block->chunk->addr, POISON, scriptfs_chunk_size(block));
		list_add(&block->link, &blocks);
	}
	KUNIT_ASSERT_FALSE(test, list_empty(&blocks));
	list_for_each_entry_safe(block, next, &blocks, link) {
		list_del(&block->link);
		scriptfs_pool_put(&sbi->pools, block, 0);
	}
}

static void expect_block(struct kunit *test, struct scriptfs_block *block, unsigned int class,
			 loff_t start)
{
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(block));
	KUNIT_EXPECT_EQ(test, (unsigned int)block->class, class);
	KUNIT_EXPECT_EQ(test, scriptfs_block_start(block), start);
}

/* A file that is appended to gets ever larger blocks, each aligned to its own size. */
static void block_growth(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=2,novel=7,medium=3,large=2,strict");
	loff_t pos;

	for (pos = 0; pos < SZ_4M; pos += SZ_4K)
		block_write(test, ctx, pos, 1, SZ_4K);

	expect_block(test, block_find(ctx, 0), SCRIPTFS_POEM, 0);
	expect_block(test, block_find(ctx, SZ_32K), SCRIPTFS_POEM, SZ_32K);
	expect_block(test, block_find(ctx, SZ_64K), SCRIPTFS_NOVEL, SZ_64K);
	expect_block(test, block_find(ctx, SZ_512K - 1), SCRIPTFS_NOVEL, SZ_512K - SZ_64K);
	expect_block(test, block_find(ctx, SZ_512K), SCRIPTFS_MEDIUM, SZ_512K);
	expect_block(test, block_find(ctx, SZ_2M - 1), SCRIPTFS_MEDIUM, SZ_2M - SZ_512K);
	expect_block(test, block_find(ctx, SZ_2M), SCRIPTFS_LARGE, SZ_2M);
	KUNIT_EXPECT_TRUE(test, !block_find(ctx, SZ_4M));
	KUNIT_EXPECT_EQ(test, (u64)block_inode(ctx)->i_blocks << 9, (u64)SZ_4M);
}

/* One large write gets the largest blocks that it fills. */
static void block_wanted(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=8,novel=8,medium=8,large=2,strict");

	expect_block(test, block_get(ctx, 0, SZ_2M), SCRIPTFS_LARGE, 0);
	expect_block(test, block_get(ctx, SZ_4M, SZ_2M - 1), SCRIPTFS_MEDIUM, SZ_4M);
	expect_block(test, block_get(ctx, SZ_8M, SZ_32K), SCRIPTFS_POEM, SZ_8M);
	/* It begins behind the first unit, so an aligned large would hold memory in front of it. */
	expect_block(test, block_get(ctx, SZ_16M + SZ_64K, SZ_4M), SCRIPTFS_NOVEL,
		     SZ_16M + SZ_64K);
	/* A super is wanted, but there is none. */
	expect_block(test, block_get(ctx, SZ_256M, SZ_256M), SCRIPTFS_LARGE, SZ_256M);
}

/* Scattered small writes do not make a file grow as if it were appended to. */
static void block_sparse(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=16,large=4,strict");
	int i;

	for (i = 1; i <= 8; i++) {
		block_write(test, ctx, (loff_t)i * SZ_16M, i, SZ_4K);
		expect_block(test, block_find(ctx, (loff_t)i * SZ_16M), SCRIPTFS_POEM, i * SZ_16M);
	}
	KUNIT_EXPECT_EQ(test, (u64)block_inode(ctx)->i_blocks << 9, (u64)8 * SZ_32K);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, SZ_16M - SZ_4K, 0, SZ_4K), (size_t)SZ_4K);
}

/* When a class is used up: smaller ones, then a larger one where there is room, then ENOSPC. */
static void block_fallback(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=2,novel=1,large=2,strict");

	expect_block(test, block_get(ctx, 0, SZ_512K), SCRIPTFS_NOVEL, 0);
	expect_block(test, block_get(ctx, SZ_64K, SZ_512K), SCRIPTFS_POEM, SZ_64K);
	expect_block(test, block_get(ctx, SZ_64K + SZ_32K, SZ_512K), SCRIPTFS_POEM,
		     SZ_64K + SZ_32K);
	/* No room for a large here: its place is taken by what lies before. */
	KUNIT_EXPECT_PTR_EQ(test, block_get(ctx, SZ_128K, SZ_512K),
			    (struct scriptfs_block *)ERR_PTR(-ENOSPC));
	expect_block(test, block_get(ctx, SZ_2M + SZ_64K, SZ_4K), SCRIPTFS_LARGE, SZ_2M);
	expect_block(test, block_get(ctx, SZ_4M, SZ_4K), SCRIPTFS_LARGE, SZ_4M);
	KUNIT_EXPECT_PTR_EQ(test, block_get(ctx, SZ_8M, SZ_4K),
			    (struct scriptfs_block *)ERR_PTR(-ENOSPC));
}

/* If only blocks are left that there is no room for, what is in the way moves into one of them. */
static void block_merge(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=4,large=2,strict");
	loff_t pos;

	block_poison(test, ctx, SCRIPTFS_LARGE);
	for (pos = 0; pos < 3 * SZ_32K; pos += SZ_8K)
		block_write(test, ctx, pos, 1, SZ_8K);
	block_write(test, ctx, SZ_1M, 2, SZ_4K);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_POEM).idle, 0UL);
	block_write(test, ctx, 3 * SZ_32K, 3, SZ_4K);

	expect_block(test, block_find(ctx, 0), SCRIPTFS_LARGE, 0);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_POEM).idle, 4UL);
	KUNIT_EXPECT_EQ(test, (u64)block_inode(ctx)->i_blocks << 9, (u64)SZ_2M);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 0, 1, 3 * SZ_32K), (size_t)3 * SZ_32K);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 3 * SZ_32K, 3, SZ_4K), (size_t)SZ_4K);
	pos = 3 * SZ_32K + SZ_4K;
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, pos, 0, SZ_1M - pos), (size_t)(SZ_1M - pos));
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, SZ_1M, 2, SZ_4K), (size_t)SZ_4K);
}

/* The class hint takes precedence over what the write itself wants. */
static void block_hint(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=8,large=2,class=large,strict");

	expect_block(test, block_get(ctx, SZ_1M, SZ_4K), SCRIPTFS_LARGE, 0);
	scriptfs_inode(block_inode(ctx))->class = SCRIPTFS_NR_CLASSES;
	expect_block(test, block_get(ctx, SZ_4M, SZ_4K), SCRIPTFS_POEM, SZ_4M);
	scriptfs_inode(block_inode(ctx))->class = SCRIPTFS_LARGE;
	/* Its range has the poem already. */
	expect_block(test, block_get(ctx, SZ_4M + SZ_32K, SZ_4K), SCRIPTFS_POEM, SZ_4M + SZ_32K);
}

static void block_holes(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=8,medium=2,strict");
	struct scriptfs_inode *si = scriptfs_inode(block_inode(ctx));

	struct scriptfs_block *block, *none = NULL;
	size_t len = SZ_4M;

	KUNIT_EXPECT_PTR_EQ(test, scriptfs_block_next(si, 0), none);
	block = block_get(ctx, SZ_1M, SZ_512K);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_block_next(si, 0), block);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_block_next(si, SZ_1M - 1), block);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_block_next(si, SZ_1M + SZ_512K - 1), block);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_block_next(si, SZ_1M + SZ_512K), none);
	KUNIT_EXPECT_PTR_EQ(test, block_find(ctx, SZ_1M + SZ_512K - 1), block);

	/* What reads as zeroes ends where the hole does. */
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_data_at(si, 100, &len), NULL);
	KUNIT_EXPECT_EQ(test, len, (size_t)SZ_1M - 100);
}

/* What was in a block before is hidden by its mark, and zeroed where a write leaves a gap. */
static void block_mark(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=2,strict");
	struct scriptfs_block *block;

	block_poison(test, ctx, SCRIPTFS_POEM);
	block_write(test, ctx, 10000, 1, 100);
	block = block_find(ctx, 0);
	KUNIT_EXPECT_EQ(test, block->chunk->mark, 10100U);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 0, 0, 10000), (size_t)10000);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 10000, 1, 100), (size_t)100);

	block_truncate(test, ctx, SZ_64K);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 10100, 0, SZ_64K - 10100),
			(size_t)SZ_64K - 10100);
	KUNIT_EXPECT_EQ(test, block->chunk->mark, 10100U);
	KUNIT_EXPECT_EQ(test, *((u8 *)block->chunk->addr + SZ_32K - 1), (u8)POISON);
}

/* Truncate gives back whole blocks, lowers the last one's mark and clears to the page's end. */
static void block_truncated(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=8,novel=8,medium=4,strict");
	struct scriptfs_block *block;

	block_write(test, ctx, 0, POISON, SZ_1M);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_MEDIUM).used, 2UL);

	block_truncate(test, ctx, SZ_4K + 10);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_MEDIUM).used, 1UL);
	block = block_find(ctx, 0);
	KUNIT_EXPECT_EQ(test, block->chunk->mark, (u32)SZ_8K);

	block_truncate(test, ctx, SZ_512K);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 0, POISON, SZ_4K + 10), (size_t)SZ_4K + 10);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, SZ_4K + 10, 0, SZ_512K - SZ_4K - 10),
			(size_t)SZ_512K - SZ_4K - 10);

	block_truncate(test, ctx, 0);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_MEDIUM).used, 0UL);
	KUNIT_EXPECT_EQ(test, (u64)block_inode(ctx)->i_blocks, 0ULL);
	KUNIT_EXPECT_TRUE(test, !block_find(ctx, 0));
}

/* At the last close a tail block that is hardly used is exchanged, with the data in it. */
static void block_fit(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=8,novel=8,medium=4,large=2,strict");
	struct inode *inode = block_inode(ctx);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct path path;

	/* Two larges, of the second of which only 100 KiB are used. */
	expect_block(test, block_get(ctx, 0, SZ_2M), SCRIPTFS_LARGE, 0);
	expect_block(test, block_get(ctx, SZ_2M, SZ_2M), SCRIPTFS_LARGE, SZ_2M);
	block_write(test, ctx, 0, 1, SZ_2M);
	block_write(test, ctx, SZ_2M, 2, 100000);

	path = ctx->file->f_path;
	path_get(&path);
	block_close(ctx);

	expect_block(test, scriptfs_block_find(si, 0), SCRIPTFS_LARGE, 0);
	expect_block(test, scriptfs_block_find(si, SZ_2M), SCRIPTFS_NOVEL, SZ_2M);
	expect_block(test, scriptfs_block_find(si, SZ_2M + SZ_64K), SCRIPTFS_NOVEL,
		     SZ_2M + SZ_64K);
	KUNIT_EXPECT_TRUE(test, !scriptfs_block_find(si, SZ_2M + SZ_128K));
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_LARGE).used, 1UL);
	KUNIT_EXPECT_EQ(test, (u64)inode->i_blocks << 9, (u64)SZ_2M + SZ_128K);

	ctx->file = dentry_open(&path, O_RDWR, current_cred());
	path_put(&path);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ctx->file));
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 0, 1, SZ_2M), (size_t)SZ_2M);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, SZ_2M, 2, 100000), (size_t)100000);
}

/* If there is nothing smaller to exchange it for, it stays until a later close. */
static void block_fit_later(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=1,large=1,strict");
	struct scriptfs_sb *sbi = scriptfs_sb(ctx->mnt->mnt_sb);
	struct scriptfs_inode *si = scriptfs_inode(block_inode(ctx));
	struct scriptfs_block *poem = scriptfs_pool_take(&sbi->pools, SCRIPTFS_POEM, false);
	struct path path = ctx->file->f_path;

	KUNIT_ASSERT_TRUE(test, poem);
	expect_block(test, block_get(ctx, 0, SZ_2M), SCRIPTFS_LARGE, 0);
	block_write(test, ctx, 0, 1, 100);
	path_get(&path);
	block_close(ctx);
	expect_block(test, scriptfs_block_find(si, 0), SCRIPTFS_LARGE, 0);

	scriptfs_pool_put(&sbi->pools, poem, 0);
	ctx->file = dentry_open(&path, O_RDWR, current_cred());
	KUNIT_ASSERT_FALSE(test, IS_ERR(ctx->file));
	block_close(ctx);
	expect_block(test, scriptfs_block_find(si, 0), SCRIPTFS_POEM, 0);
	path_put(&path);
}

/* A write that fails half way returns what it wrote; the last close frees blocks behind the end. */
static void block_nospace(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=3,strict");
	loff_t pos = 0;

	memset(ctx->buffer, 1, SZ_128K);
	KUNIT_EXPECT_EQ(test, kernel_write(ctx->file, ctx->buffer, SZ_128K, &pos),
			(ssize_t)(3 * SZ_32K));
	KUNIT_EXPECT_EQ(test, kernel_write(ctx->file, ctx->buffer, 1, &pos), (ssize_t)-ENOSPC);
	KUNIT_EXPECT_EQ(test, i_size_read(block_inode(ctx)), (loff_t)3 * SZ_32K);

	block_truncate(test, ctx, SZ_32K);
	block_get(ctx, SZ_1M, SZ_4K);
	/* As a write does that came to nothing. */
	scriptfs_inode(block_inode(ctx))->eof_trim = true;
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_POEM).used, 2UL);
	block_close(ctx);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_POEM).used, 1UL);
}

static int block_fallocate(struct block_context *ctx, int mode, loff_t pos, loff_t len)
{
	return vfs_fallocate(ctx->file, mode, pos, len);
}

/* One block where one will do, and not a byte of any is touched. */
static void block_allocate(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=4,novel=4,medium=4,large=2,strict");
	struct scriptfs_block *block;
	u8 *addr;

	block_poison(test, ctx, SCRIPTFS_LARGE);
	KUNIT_EXPECT_EQ(test, block_fallocate(ctx, 0, 0, SZ_4M), 0);
	KUNIT_EXPECT_EQ(test, i_size_read(block_inode(ctx)), (loff_t)SZ_4M);
	KUNIT_EXPECT_EQ(test, (u64)block_inode(ctx)->i_blocks << 9, (u64)SZ_4M);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_LARGE).used, 2UL);
	expect_block(test, block_find(ctx, 0), SCRIPTFS_LARGE, 0);
	block = block_find(ctx, SZ_2M);
	expect_block(test, block, SCRIPTFS_LARGE, SZ_2M);
	KUNIT_EXPECT_EQ(test, block->chunk->mark, 0U);
	addr = block->chunk->addr;
	KUNIT_EXPECT_TRUE(test, !memchr_inv(addr, POISON, SZ_2M));
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, SZ_2M, 0, SZ_2M), (size_t)SZ_2M);

	/* Blocks that are there are not allocated again. */
	KUNIT_EXPECT_EQ(test, block_fallocate(ctx, 0, SZ_1M, SZ_2M), 0);
	KUNIT_EXPECT_PTR_EQ(test, block_find(ctx, SZ_2M), block);
	KUNIT_EXPECT_EQ(test, (u64)block_inode(ctx)->i_blocks << 9, (u64)SZ_4M);
	/* From the largest to the smallest that it needs. */
	KUNIT_EXPECT_EQ(test, block_fallocate(ctx, FALLOC_FL_KEEP_SIZE, SZ_8M, SZ_512K + SZ_32K),
			0);
	expect_block(test, block_find(ctx, SZ_8M), SCRIPTFS_MEDIUM, SZ_8M);
	KUNIT_EXPECT_EQ(test, i_size_read(block_inode(ctx)), (loff_t)SZ_4M);
	KUNIT_EXPECT_EQ(test, scriptfs_inode(block_inode(ctx))->prealloc_end,
			(loff_t)SZ_8M + SZ_512K + SZ_32K);
}

/* All or nothing, even if blocks of the same call had to be merged. */
static void block_allocate_undo(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=2,large=2,strict");
	struct inode *inode = block_inode(ctx);

	KUNIT_EXPECT_EQ(test, block_fallocate(ctx, 0, 0, SZ_8M), -ENOSPC);
	KUNIT_EXPECT_EQ(test, (u64)inode->i_blocks, 0ULL);
	KUNIT_EXPECT_EQ(test, block_fallocate(ctx, 0, SZ_32K, SZ_8M), -ENOSPC);
	KUNIT_EXPECT_EQ(test, (u64)inode->i_blocks, 0ULL);
	KUNIT_EXPECT_EQ(test, i_size_read(inode), 0LL);

	block_write(test, ctx, SZ_4M, 1, SZ_4K);
	KUNIT_EXPECT_EQ(test, block_fallocate(ctx, 0, SZ_32K, SZ_8M), -ENOSPC);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, SZ_4M, 1, SZ_4K), (size_t)SZ_4K);
	KUNIT_EXPECT_EQ(test, i_size_read(inode), (loff_t)SZ_4M + SZ_4K);
	KUNIT_EXPECT_TRUE(test, !block_find(ctx, SZ_32K));
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_LARGE).idle, 2UL);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_POEM).idle, 1UL);
}

/* What is allocated behind the end survives the last close, but no truncate to the same size. */
static void block_allocate_kept(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=8,medium=2,strict");
	struct inode *inode = block_inode(ctx);
	struct path path = ctx->file->f_path;

	block_write(test, ctx, 0, 1, SZ_4K);
	KUNIT_EXPECT_EQ(test, block_fallocate(ctx, FALLOC_FL_KEEP_SIZE, SZ_512K, SZ_512K), 0);
	path_get(&path);
	block_close(ctx);
	KUNIT_EXPECT_EQ(test, (u64)inode->i_blocks << 9, (u64)SZ_512K + SZ_32K);

	KUNIT_EXPECT_EQ(test, vfs_truncate(&path, SZ_4K), 0L);
	KUNIT_EXPECT_EQ(test, (u64)inode->i_blocks << 9, (u64)SZ_32K);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_MEDIUM).used, 0UL);
	path_put(&path);
}

/* A hole gives back what lies wholly in it; the end of a block is cleared by lowering the mark. */
static void block_punch(struct kunit *test)
{
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	struct block_context *ctx = block_mount(test, "poem=8,medium=4,strict");
	struct scriptfs_block *block;

	block_write(test, ctx, 0, POISON, SZ_2M);
	block = block_find(ctx, 0);
	KUNIT_EXPECT_EQ(test, block_fallocate(ctx, punch, SZ_128K, SZ_1M), 0);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_MEDIUM).used, 3UL);
	KUNIT_EXPECT_TRUE(test, !block_find(ctx, SZ_512K));
	KUNIT_EXPECT_EQ(test, block->chunk->mark, (u32)SZ_128K);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 0, POISON, SZ_128K), (size_t)SZ_128K);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, SZ_128K, 0, SZ_1M), (size_t)SZ_1M);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, SZ_1M + SZ_128K, POISON, SZ_512K),
			(size_t)SZ_512K);

	KUNIT_EXPECT_EQ(test, block_fallocate(ctx, FALLOC_FL_ZERO_RANGE, 0, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, block_stats(ctx, SCRIPTFS_MEDIUM).used, 4UL);
	KUNIT_EXPECT_EQ(test, block->chunk->mark, 0U);
	KUNIT_EXPECT_EQ(test, block_count(test, ctx, 0, 0, SZ_2M), (size_t)SZ_2M);
	KUNIT_EXPECT_EQ(test, block_fallocate(ctx, punch, 0, SZ_2M), 0);
	KUNIT_EXPECT_EQ(test, (u64)block_inode(ctx)->i_blocks, 0ULL);
}

/* Copy @len bytes past the cache, from three places that lie @odd bytes off, and look at each. */
static void copy_once(struct kunit *test, u8 *to, u8 *from, size_t len, unsigned int odd)
{
	struct kvec vec[] = {
		{ from, len / 3 }, { from + len / 3, 0 },
		{ from + len / 3, len / 5 + odd % 7 }, { from + len / 3 + len / 5 + odd % 7, len },
	};
	struct iov_iter iter;
	size_t copied;

	memset(to, POISON, len + 2);
	iov_iter_kvec(&iter, WRITE, vec, ARRAY_SIZE(vec), len);
	copied = scriptfs_copy_past_cache(to + 1, len, &iter);
	KUNIT_EXPECT_EQ(test, copied, len);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), (size_t)0);
	KUNIT_EXPECT_EQ(test, memcmp(to + 1, from, len), 0);
	KUNIT_EXPECT_EQ(test, to[0], (u8)POISON);
	KUNIT_EXPECT_EQ(test, to[len + 1], (u8)POISON);
}

/* Whatever the alignment, the length and the segments: every byte goes there, and no other. */
static void copy_past_cache(struct kunit *test)
{
	static const size_t lens[] = {
		0, 1, 7, 8, 63, 64, 65, 127, 128, 129, 191, 1000, 4095, 4096, 65537,
	};
	struct block_context *ctx = test->priv;
	u8 *from = ctx->buffer, *to = ctx->buffer + SZ_1M;
	unsigned int i, odd;

	for (i = 0; i < SZ_256K; i++)
		from[i] = i * 7 + i / 251;
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		for (odd = 0; odd < 64; odd++)
			copy_once(test, to + odd, from + odd * 5 % 64, lens[i], odd);
}

/* More room than bytes, more bytes than room. */
static void copy_past_cache_ends(struct kunit *test)
{
	struct block_context *ctx = test->priv;
	u8 *from = ctx->buffer, *to = ctx->buffer + SZ_1M;
	struct kvec vec[] = { { from, 100 }, { from + 100, 200 } };
	struct iov_iter iter;

	memset(from, 1, 300);
	memset(to, POISON, SZ_4K);
	iov_iter_kvec(&iter, WRITE, vec, ARRAY_SIZE(vec), 300);
	KUNIT_EXPECT_EQ(test, scriptfs_copy_past_cache(to, 150, &iter), (size_t)150);
	KUNIT_EXPECT_EQ(test, iov_iter_count(&iter), (size_t)150);
	KUNIT_EXPECT_EQ(test, scriptfs_copy_past_cache(to + 150, SZ_4K - 150, &iter), (size_t)150);
	KUNIT_EXPECT_TRUE(test, !memchr_inv(to, 1, 300));
	KUNIT_EXPECT_TRUE(test, !memchr_inv(to + 300, POISON, SZ_4K - 300));
}

/*
 * A page that is published behind the end of the file, as by a fault that read the limit before it
 * fell, leaves the page cache before its block goes back.
 */
static void block_cut_published(struct kunit *test)
{
	struct block_context *ctx = block_mount(test, "poem=2,strict");
	struct inode *inode = block_inode(ctx);
	struct scriptfs_stats stats;
	struct page *page;

	block_write(test, ctx, 0, 'a', SZ_64K);
	page = find_or_create_page(inode->i_mapping, SZ_32K >> PAGE_SHIFT, GFP_KERNEL);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, page);
	unlock_page(page);
	put_page(page);
	KUNIT_ASSERT_EQ(test, inode->i_mapping->nrpages, 1UL);

	inode_lock(inode);
	scriptfs_change_begin(scriptfs_inode(inode));
	i_size_write(inode, SZ_32K);
	scriptfs_map_truncate(inode, SZ_32K);
	scriptfs_change_end(scriptfs_inode(inode));
	inode_unlock(inode);
	KUNIT_EXPECT_EQ(test, inode->i_mapping->nrpages, 0UL);
	stats = block_stats(ctx, SCRIPTFS_POEM);
	KUNIT_EXPECT_EQ(test, stats.idle, 1UL);
	KUNIT_EXPECT_EQ(test, stats.retired, 0UL);
}

static struct kunit_case block_cases[] = {
	KUNIT_CASE(block_growth),
	KUNIT_CASE(block_wanted),
	KUNIT_CASE(block_sparse),
	KUNIT_CASE(block_fallback),
	KUNIT_CASE(block_merge),
	KUNIT_CASE(block_hint),
	KUNIT_CASE(block_holes),
	KUNIT_CASE(block_mark),
	KUNIT_CASE(block_truncated),
	KUNIT_CASE(block_fit),
	KUNIT_CASE(block_fit_later),
	KUNIT_CASE(block_nospace),
	KUNIT_CASE(block_allocate),
	KUNIT_CASE(block_allocate_undo),
	KUNIT_CASE(block_allocate_kept),
	KUNIT_CASE(block_punch),
	KUNIT_CASE(block_cut_published),
	KUNIT_CASE(copy_past_cache),
	KUNIT_CASE(copy_past_cache_ends),
	{}
};

static struct kunit_suite block_suite = {
	.name = "scriptfs_block",
	.init = block_test_init,
	.exit = block_test_exit,
	.test_cases = block_cases,
};

kunit_test_suite(block_suite);
