/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit tests of the pools share. There is no mount: each test has a struct
 * scriptfs_pools of its own.
 */
#ifndef _FS_SCRIPTFS_POOL_TEST_H
#define _FS_SCRIPTFS_POOL_TEST_H

#include <kunit/test.h>

#include "pool.h"
#include "quarantine.h"
#include "reserve.h"
#include "surplus.h"

#define TEST_INODE		4711UL

static inline int pool_test_init(struct kunit *test)
{
	test->priv = kunit_kzalloc(test, sizeof(struct scriptfs_pools), GFP_KERNEL);
	return test->priv ? 0 : -ENOMEM;
}

/* Freeing twice does no harm, so a test may do so itself, or fail half way. */
static inline void pool_test_exit(struct kunit *test)
{
	struct scriptfs_pools *pools = test->priv;

	if (pools->pool[0].partial.next)
		scriptfs_pools_free(pools);
}

static inline int fill_all(struct kunit *test, const unsigned long reserve[SCRIPTFS_NR_CLASSES],
			   unsigned long *missing)
{
	return scriptfs_pools_fill(test->priv, reserve, SZ_1G, false, missing);
}

static inline struct scriptfs_pools *fill(struct kunit *test, unsigned int class,
					  unsigned long nr)
{
	unsigned long reserve[SCRIPTFS_NR_CLASSES] = {}, missing;

	reserve[class] = nr;
	KUNIT_ASSERT_EQ(test, fill_all(test, reserve, &missing), 0);
	return test->priv;
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
	struct scriptfs_pools *pools = test->priv;
	struct scriptfs_stats stats;

	scriptfs_pool_stats(&pools->pool[class], &stats);
	KUNIT_EXPECT_EQ(test, stats.idle, idle);
	KUNIT_EXPECT_EQ(test, stats.used, used);
	KUNIT_EXPECT_EQ(test, stats.quarantine, quarantine);
	KUNIT_EXPECT_EQ(test, stats.retired, retired);
	KUNIT_EXPECT_EQ(test, stats.reserve + stats.surplus,
			idle + used + quarantine + retired);
}

static inline void expect_empty(struct kunit *test)
{
	struct scriptfs_pools *pools = test->priv;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		expect_stats(test, class, 0, 0, 0, 0);
		KUNIT_EXPECT_TRUE(test, list_empty(&pools->pool[class].partial));
		KUNIT_EXPECT_TRUE(test, list_empty(&pools->pool[class].full));
	}
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), 0ULL);
}

#endif /* _FS_SCRIPTFS_POOL_TEST_H */
