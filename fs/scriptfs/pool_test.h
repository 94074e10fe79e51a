/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit tests of the pools share. There is no mount: each test fills a struct scriptfs_sb
 * of its own.
 */
#ifndef _FS_SCRIPTFS_POOL_TEST_H
#define _FS_SCRIPTFS_POOL_TEST_H

#include <kunit/test.h>

#include "sb.h"

#define TEST_INODE		4711UL

static const unsigned long all_pages = ULONG_MAX;

static inline int pool_test_init(struct kunit *test)
{
	struct scriptfs_sb *sbi = kunit_kzalloc(test, sizeof(*sbi), GFP_KERNEL);

	if (!sbi)
		return -ENOMEM;
	sbi->opt.size = SZ_1G;
	test->priv = sbi;
	return 0;
}

/* Draining twice is fine, so a test may do so itself or stop half way. */
static inline void pool_test_exit(struct kunit *test)
{
	struct scriptfs_sb *sbi = test->priv;

	if (sbi->pool[0].partial.next)
		scriptfs_pools_free(sbi);
}

static inline struct scriptfs_sb *fill(struct kunit *test, unsigned int class,
				       unsigned long reserve)
{
	struct scriptfs_sb *sbi = test->priv;
	unsigned long missing;

	sbi->opt.reserve[class] = reserve;
	KUNIT_ASSERT_EQ(test, scriptfs_pools_fill(sbi, &missing), 0);
	return sbi;
}

static inline struct scriptfs_block *take(struct kunit *test, unsigned int class, bool surplus)
{
	struct scriptfs_block *block = scriptfs_pool_take(test->priv, class, surplus);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, block);
	KUNIT_EXPECT_EQ(test, (int)block->state, (int)SCRIPTFS_BLOCK_USED);
	KUNIT_EXPECT_EQ(test, (unsigned int)block->class, class);
	return block;
}

static inline struct page *block_page(struct scriptfs_block *block, unsigned int index)
{
	return virt_to_page(block->chunk->addr + index * PAGE_SIZE);
}

static inline void expect_stats(struct kunit *test, unsigned int class, unsigned long idle,
				  unsigned long used, unsigned long quarantine,
				  unsigned long retired)
{
	struct scriptfs_sb *sbi = test->priv;
	struct scriptfs_stats stats;

	scriptfs_pool_stats(sbi, class, &stats);
	KUNIT_EXPECT_EQ(test, stats.idle, idle);
	KUNIT_EXPECT_EQ(test, stats.used, used);
	KUNIT_EXPECT_EQ(test, stats.quarantine, quarantine);
	KUNIT_EXPECT_EQ(test, stats.retired, retired);
	KUNIT_EXPECT_EQ(test, stats.reserve + stats.surplus,
			idle + used + quarantine + retired);
}

static inline void expect_empty(struct kunit *test)
{
	struct scriptfs_sb *sbi = test->priv;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		expect_stats(test, class, 0, 0, 0, 0);
		KUNIT_EXPECT_TRUE(test, list_empty(&sbi->pool[class].partial));
		KUNIT_EXPECT_TRUE(test, list_empty(&sbi->pool[class].full));
	}
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&sbi->held), 0ULL);
}

#endif /* _FS_SCRIPTFS_POOL_TEST_H */
