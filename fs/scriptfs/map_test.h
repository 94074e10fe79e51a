/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the KUnit tests that look at the pieces of a file. Every test has a mount of its own.
 */
#ifndef _FS_SCRIPTFS_MAP_TEST_H
#define _FS_SCRIPTFS_MAP_TEST_H

#include <kunit/test.h>
#include <linux/file.h>
#include <linux/fs_context.h>
#include <linux/mount.h>
#include <linux/slab.h>

#include "alloc.h"
#include "inode.h"
#include "map.h"
#include "sb.h"
#include "super.h"

#define POISON 0xa5

struct test_context {
	struct vfsmount *mnt;
	struct file *file;
	u8 *buffer;		/* of SCRIPTFS_CHUNK_SIZE bytes */
};

/* Mount with @options, "key=value" separated by commas, and open a new file. */
static inline struct test_context *test_mount(struct kunit *test, const char *options)
{
	struct test_context *ctx = test->priv;
	struct fs_context *fc = fs_context_for_mount(&scriptfs_fs_type, 0);
	char *copy = kstrdup(options, GFP_KERNEL);
	char *rest = copy, *key;

	KUNIT_ASSERT_FALSE(test, IS_ERR(fc));
	while ((key = strsep(&rest, ",")) != NULL) {
		char *value = strchr(key, '=');

		if (value)
			*value++ = '\0';
		KUNIT_ASSERT_EQ(test, 0, vfs_parse_fs_string(fc, key, value,
							     value ? strlen(value) : 0));
	}
	kfree(copy);
	ctx->mnt = fc_mount(fc);
	put_fs_context(fc);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ctx->mnt));

	ctx->file = file_open_root(ctx->mnt->mnt_root, ctx->mnt, "file", O_CREAT | O_RDWR, 0600);
	KUNIT_ASSERT_FALSE(test, IS_ERR(ctx->file));
	return ctx;
}

static inline void test_close(struct test_context *ctx)
{
	filp_close(ctx->file, NULL);
	flush_delayed_fput();
	ctx->file = NULL;
}

static inline struct inode *test_inode(struct test_context *ctx)
{
	return file_inode(ctx->file);
}

static inline struct scriptfs_stats test_stats(struct test_context *ctx)
{
	struct scriptfs_stats stats;

	scriptfs_pools_stats(scriptfs_pools(ctx->mnt->mnt_sb), &stats);
	return stats;
}

/* How many bytes the file has, as stat(2) tells. */
static inline u64 test_bytes(struct inode *inode)
{
	return (u64)inode->i_blocks << 9;
}

static inline struct scriptfs_piece *test_find(struct test_context *ctx, loff_t pos)
{
	return scriptfs_piece_find(scriptfs_inode(test_inode(ctx)), pos);
}

static inline struct scriptfs_piece *test_get(struct test_context *ctx, loff_t pos, u64 want)
{
	struct scriptfs_inode *si = scriptfs_inode(test_inode(ctx));
	struct scriptfs_piece *piece;

	down_write(&si->map_lock);
	piece = scriptfs_piece_get(test_inode(ctx), pos, want);
	up_write(&si->map_lock);
	return piece;
}

static inline void expect_piece(struct kunit *test, struct scriptfs_piece *piece, u64 size,
				loff_t start)
{
	KUNIT_ASSERT_FALSE(test, IS_ERR_OR_NULL(piece));
	KUNIT_EXPECT_EQ(test, (u64)scriptfs_piece_size(piece), size);
	KUNIT_EXPECT_EQ(test, scriptfs_piece_start(piece), start);
}

/* Leave POISON in all idle memory. */
static inline void test_poison(struct kunit *test, struct test_context *ctx)
{
	struct scriptfs_pools *pools = scriptfs_pools(ctx->mnt->mnt_sb);
	struct scriptfs_piece *piece, *next;
	LIST_HEAD(pieces);

	while ((piece = scriptfs_take(pools, SCRIPTFS_CHUNK_ORDER, ctx))) {
		memset(piece->addr, POISON, scriptfs_piece_size(piece));
		list_add(&piece->link, &pieces);
	}
	KUNIT_ASSERT_FALSE(test, list_empty(&pieces));
	list_for_each_entry_safe(piece, next, &pieces, link) {
		list_del(&piece->link);
		scriptfs_put(pools, piece, ctx, 0);
	}
}

static inline void test_write(struct kunit *test, struct test_context *ctx, loff_t pos, u8 byte,
			      size_t len)
{
	memset(ctx->buffer, byte, len);
	KUNIT_ASSERT_EQ(test, (ssize_t)len, kernel_write(ctx->file, ctx->buffer, len, &pos));
}

/* How many bytes of the file from @pos on, at most @len, are @byte. */
static inline size_t test_count(struct kunit *test, struct test_context *ctx, loff_t pos, u8 byte,
				size_t len)
{
	u8 *other;

	memset(ctx->buffer, ~byte, len);
	KUNIT_ASSERT_EQ(test, (ssize_t)len, kernel_read(ctx->file, ctx->buffer, len, &pos));
	other = memchr_inv(ctx->buffer, byte, len);
	return other ? other - ctx->buffer : len;
}

static inline void test_truncate(struct kunit *test, struct test_context *ctx, loff_t size)
{
	KUNIT_ASSERT_EQ(test, vfs_truncate(&ctx->file->f_path, size), 0L);
}

static inline int test_init(struct kunit *test)
{
	struct test_context *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return -ENOMEM;
	ctx->buffer = kvmalloc(SCRIPTFS_CHUNK_SIZE, GFP_KERNEL);
	if (!ctx->buffer)
		return -ENOMEM;
	test->priv = ctx;
	return 0;
}

static inline void test_exit(struct kunit *test)
{
	struct test_context *ctx = test->priv;

	if (!IS_ERR_OR_NULL(ctx->file))
		test_close(ctx);
	if (!IS_ERR_OR_NULL(ctx->mnt))
		kern_unmount(ctx->mnt);
	kvfree(ctx->buffer);
}

#endif /* _FS_SCRIPTFS_MAP_TEST_H */
