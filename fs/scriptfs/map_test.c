// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests of the map of a file: that it finds all pieces and no others, that pieces are cut and
 * given back at any page, that holes are measured, and what the initialised marks hide. And of the
 * copy past the cache. Every test has a mount of its own.
 */
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "map_test.h"
#include "change.h"
#include "nocache.h"

#define LARGE_PAGES	SCRIPTFS_CHUNK_PAGES

static void map_lock(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	inode_lock(inode);
	scriptfs_change_begin(si);
	scriptfs_readers_wait(si);
	down_write(&si->map_lock);
}

static void map_unlock(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	up_write(&si->map_lock);
	scriptfs_change_end(si);
	inode_unlock(inode);
}

static void map_punch_pages(struct inode *inode, pgoff_t first, pgoff_t end)
{
	map_lock(inode);
	scriptfs_map_punch(inode, first, end);
	map_unlock(inode);
}

/* Give the file a page at each of @nr places that are a gap apart, in the order of @step. */
static void map_insert_pages(struct kunit *test, struct test_context *ctx, unsigned int nr,
			     unsigned int step)
{
	unsigned int i, at = 0;

	for (i = 0; i < nr; i++, at = (at + step) % nr)
		expect_piece(test, test_get(ctx, (loff_t)at * 3 * PAGE_SIZE, 1), PAGE_SIZE,
			     (loff_t)at * 3 * PAGE_SIZE);
}

/* Whatever the order in which pieces came, each is found at its place, and the gaps are. */
static void map_order(struct kunit *test)
{
	static const unsigned int steps[] = { 1, 100, 37, 64 };
	const unsigned int nr = 101;
	struct test_context *ctx = test_mount(test, "large=2,strict");
	struct inode *inode = test_inode(ctx);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned int i, at, wrong = 0;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		map_insert_pages(test, ctx, nr, steps[i]);
		for (at = 0; at < nr; at++) {
			loff_t pos = (loff_t)at * 3 * PAGE_SIZE;
			struct scriptfs_piece *piece = test_find(ctx, pos);

			wrong += !piece || piece->index != at * 3;
			wrong += test_find(ctx, pos + PAGE_SIZE - 1) != piece;
			wrong += !!test_find(ctx, pos + PAGE_SIZE);
			wrong += !!test_find(ctx, pos + 3 * PAGE_SIZE - 1);
			wrong += scriptfs_piece_next(si, at * 3) != piece;
			if (at)
				wrong += scriptfs_piece_next(si, at * 3 - 1) != piece;
		}
		KUNIT_EXPECT_EQ(test, wrong, 0U);
		KUNIT_EXPECT_TRUE(test, !scriptfs_piece_next(si, nr * 3));
		KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)nr * PAGE_SIZE);
		map_punch_pages(inode, 0, ULONG_MAX);
		KUNIT_EXPECT_EQ(test, test_bytes(inode), 0ULL);
	}
	KUNIT_EXPECT_EQ(test, test_stats(ctx).used, 0UL);
}

/*
 * How many pages of a piece that was at @addr, with @mark, are not what they should be: no more
 * there between @first and @end, where they were otherwise.
 */
static unsigned int map_wrong(struct test_context *ctx, u8 *addr, u32 mark, unsigned int pages,
			      pgoff_t first, pgoff_t end)
{
	unsigned int wrong = 0;
	pgoff_t i;

	for (i = 0; i < pages; i++) {
		struct scriptfs_piece *piece = test_find(ctx, (loff_t)i << PAGE_SHIFT);
		u32 offset = i << PAGE_SHIFT, own, in_page;

		if (!piece || (i >= first && i < end)) {
			wrong += !piece != (i >= first && i < end);
			continue;
		}
		own = (i - piece->index) << PAGE_SHIFT;
		wrong += piece->addr + own != addr + offset;
		wrong += !IS_ALIGNED(piece->index, scriptfs_piece_pages(piece));
		wrong += piece->owner != scriptfs_inode(test_inode(ctx));
		/* As much of this page is initialised as was. */
		in_page = clamp_t(s64, (s64)mark - offset, 0, PAGE_SIZE);
		wrong += clamp_t(s64, (s64)piece->mark - own, 0, PAGE_SIZE) != in_page;
	}
	return wrong;
}

/* Take a piece of @pages for a new file, with its mark at @mark. */
static struct scriptfs_piece *map_whole(struct kunit *test, struct test_context *ctx,
					unsigned int pages, u32 mark)
{
	struct scriptfs_piece *piece = test_get(ctx, 0, (u64)pages << PAGE_SHIFT);

	expect_piece(test, piece, (u64)pages << PAGE_SHIFT, 0);
	piece->mark = mark;
	return piece;
}

/* A piece can be cut at any page: what is below stays where it is. */
static void map_cut_anywhere(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "large=1,strict");
	struct inode *inode = test_inode(ctx);
	struct scriptfs_class_stats stats;
	unsigned int wrong = 0;
	pgoff_t at;

	for (at = 1; at < LARGE_PAGES; at++) {
		u32 mark = 200 * PAGE_SIZE + 10;
		u8 *addr = map_whole(test, ctx, LARGE_PAGES, mark)->addr;

		map_punch_pages(inode, at, ULONG_MAX);
		wrong += map_wrong(ctx, addr, mark, LARGE_PAGES, at, LARGE_PAGES);
		wrong += test_bytes(inode) != (u64)at << PAGE_SHIFT;
		wrong += test_stats(ctx).used != at << PAGE_SHIFT;
		map_punch_pages(inode, 0, ULONG_MAX);
		/* The block is whole again for those who ask. */
		scriptfs_class_stats(scriptfs_pools(inode->i_sb), SCRIPTFS_LARGE, &stats);
		wrong += stats.cut != 0;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0U);
	KUNIT_EXPECT_EQ(test, test_stats(ctx).idle, (unsigned long)SZ_2M);
}

/* Each range of pages can be taken out of a piece. */
static void map_punch_any(struct kunit *test)
{
	const unsigned int pages = SZ_64K >> PAGE_SHIFT;
	struct test_context *ctx = test_mount(test, "novel=1,strict");
	struct inode *inode = test_inode(ctx);
	unsigned int wrong = 0;
	pgoff_t first, end;

	for (first = 0; first < pages; first++) {
		for (end = first + 1; end <= pages; end++) {
			u32 mark = SZ_32K + 10;
			u8 *addr = map_whole(test, ctx, pages, mark)->addr;

			map_punch_pages(inode, first, end);
			wrong += map_wrong(ctx, addr, mark, pages, first, end);
			wrong += test_bytes(inode) != (u64)(pages - end + first) << PAGE_SHIFT;
			/* All between is not there any more, so nothing happens. */
			map_punch_pages(inode, first, end);
			wrong += map_wrong(ctx, addr, mark, pages, first, end);
			map_punch_pages(inode, 0, ULONG_MAX);
		}
	}
	KUNIT_EXPECT_EQ(test, wrong, 0U);
	KUNIT_EXPECT_EQ(test, test_stats(ctx).idle, (unsigned long)SZ_64K);
}

/* What reads as zeroes ends where the hole does, and no more of it is told at once than 2 MiB. */
static void map_holes(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "poem=8,medium=2,strict");
	struct scriptfs_inode *si = scriptfs_inode(test_inode(ctx));
	struct scriptfs_piece *piece, *none = NULL;
	size_t len = SZ_4M;

	KUNIT_EXPECT_PTR_EQ(test, scriptfs_piece_next(si, 0), none);
	KUNIT_EXPECT_TRUE(test, !scriptfs_data_at(si, 100, &len));
	KUNIT_EXPECT_EQ(test, len, (size_t)SZ_2M);

	piece = test_get(ctx, SZ_1M, SZ_512K);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_piece_next(si, 0), piece);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_piece_next(si, (SZ_1M + SZ_512K - 1) >> PAGE_SHIFT),
			    piece);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_piece_next(si, (SZ_1M + SZ_512K) >> PAGE_SHIFT), none);
	KUNIT_EXPECT_PTR_EQ(test, test_find(ctx, SZ_1M + SZ_512K - 1), piece);
	len = SZ_4M;
	KUNIT_EXPECT_TRUE(test, !scriptfs_data_at(si, 100, &len));
	KUNIT_EXPECT_EQ(test, len, (size_t)SZ_1M - 100);

	/* Above the mark it is the same up to the end of the piece. */
	piece->mark = 1000;
	len = SZ_4M;
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_data_at(si, SZ_1M + 10, &len), piece->addr + 10);
	KUNIT_EXPECT_EQ(test, len, (size_t)990);
	len = SZ_4M;
	KUNIT_EXPECT_TRUE(test, !scriptfs_data_at(si, SZ_1M + 1000, &len));
	KUNIT_EXPECT_EQ(test, len, (size_t)SZ_512K - 1000);
}

/* The piece of the last write is looked at first, and forgotten when it leaves the file. */
static void map_again(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "poem=8,strict");
	struct inode *inode = test_inode(ctx);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *low = test_get(ctx, 0, SZ_32K), *high;

	high = test_get(ctx, SZ_64K, SZ_32K);
	inode_lock(inode);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_piece_again(si, 10), low);
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_piece_again(si, SZ_32K - 1), low);
	KUNIT_EXPECT_TRUE(test, !scriptfs_piece_again(si, SZ_32K));
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_piece_again(si, SZ_64K), high);
	KUNIT_EXPECT_TRUE(test, !scriptfs_piece_again(si, SZ_64K - 1));
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_piece_again(si, SZ_64K), high);
	inode_unlock(inode);
	map_punch_pages(inode, SZ_64K >> PAGE_SHIFT, ULONG_MAX);
	KUNIT_EXPECT_TRUE(test, !si->last);
}

/* What was in a piece before is hidden by its mark, and zeroed where a write leaves a gap. */
static void map_mark(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "poem=2,strict,class=poem");
	struct scriptfs_piece *piece;

	test_poison(test, ctx);
	test_write(test, ctx, 10000, 1, 100);
	piece = test_find(ctx, 0);
	expect_piece(test, piece, SZ_32K, 0);
	KUNIT_EXPECT_EQ(test, piece->mark, 10100U);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 0, 0, 10000), (size_t)10000);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 10000, 1, 100), (size_t)100);

	test_truncate(test, ctx, SZ_64K);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 10100, 0, SZ_64K - 10100),
			(size_t)SZ_64K - 10100);
	KUNIT_EXPECT_EQ(test, piece->mark, 10100U);
	KUNIT_EXPECT_EQ(test, *((u8 *)piece->addr + SZ_32K - 1), (u8)POISON);
}

/* To clear the end of a piece is to lower its mark; otherwise, or if it was published, to write. */
static void map_clear(struct kunit *test)
{
	struct test_context *ctx = test_mount(test, "poem=2,strict");
	struct inode *inode = test_inode(ctx);
	struct scriptfs_piece *piece;

	test_write(test, ctx, 0, POISON, SZ_32K);
	piece = test_find(ctx, 0);
	map_lock(inode);
	scriptfs_map_clear(scriptfs_inode(inode), 100, 200, true);
	KUNIT_EXPECT_EQ(test, piece->mark, (u32)SZ_32K);
	scriptfs_map_clear(scriptfs_inode(inode), SZ_16K, SZ_1M, true);
	KUNIT_EXPECT_EQ(test, piece->mark, (u32)SZ_16K);
	KUNIT_EXPECT_TRUE(test, piece->kept);
	piece->published = true;
	scriptfs_map_clear(scriptfs_inode(inode), SZ_8K, SZ_1M, true);
	KUNIT_EXPECT_EQ(test, piece->mark, (u32)SZ_16K);
	map_unlock(inode);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 0, POISON, 200), (size_t)100);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 100, 0, 200), (size_t)100);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, 200, POISON, SZ_32K - 200),
			(size_t)SZ_8K - 200);
	KUNIT_EXPECT_EQ(test, test_count(test, ctx, SZ_8K, 0, SZ_32K - SZ_8K),
			(size_t)SZ_32K - SZ_8K);
	KUNIT_EXPECT_EQ(test, test_bytes(inode), (u64)SZ_32K);
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
	struct test_context *ctx = test->priv;
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
	struct test_context *ctx = test->priv;
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

static struct kunit_case map_cases[] = {
	KUNIT_CASE(map_order),
	KUNIT_CASE(map_cut_anywhere),
	KUNIT_CASE(map_punch_any),
	KUNIT_CASE(map_holes),
	KUNIT_CASE(map_again),
	KUNIT_CASE(map_mark),
	KUNIT_CASE(map_clear),
	KUNIT_CASE(copy_past_cache),
	KUNIT_CASE(copy_past_cache_ends),
	{}
};

static struct kunit_suite map_suite = {
	.name = "scriptfs_map",
	.init = test_init,
	.exit = test_exit,
	.test_cases = map_cases,
};

kunit_test_suite(map_suite);
