/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit tests of the pools share. There is no mount: each test has a struct
 * scriptfs_pools of its own, and stands in for a file as well.
 */
#ifndef _FS_SCRIPTFS_POOL_TEST_H
#define _FS_SCRIPTFS_POOL_TEST_H

#include <kunit/test.h>

#include "compat/shrinker.h"
#include "cut.h"
#include "magazine.h"
#include "pool.h"
#include "quarantine.h"
#include "reserve.h"
#include "surplus.h"

#define TEST_INODE		4711UL

/* Sizes that a file asks for, apart from 0, 1 and 2. */
enum {
	POEM	= SCRIPTFS_POEM_SHIFT - PAGE_SHIFT,
	NOVEL	= SCRIPTFS_NOVEL_SHIFT - PAGE_SHIFT,
	MEDIUM	= SCRIPTFS_MEDIUM_SHIFT - PAGE_SHIFT,
	LARGE	= SCRIPTFS_LARGE_SHIFT - PAGE_SHIFT,
};

#define POEM_PAGES		BIT(POEM)
#define NOVEL_PAGES		BIT(NOVEL)
#define LARGE_PAGES		BIT(LARGE)
#define SUPER_PAGES		BIT(SCRIPTFS_SUPER_SHIFT - PAGE_SHIFT)

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

/* Is there memory for a super, and for all else besides? */
static inline bool super_fits(struct kunit *test)
{
	if (si_mem_available() >= 2 * (long)SUPER_PAGES)
		return true;
	kunit_info(test, "not enough memory for a super, skipped");
	return false;
}

/* Not inline: sparse takes assertions that are inlined twice for initialised twice. */
static __maybe_unused void expect_fresh(struct kunit *test, struct scriptfs_piece *piece,
					unsigned int order)
{
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, piece);
	KUNIT_EXPECT_PTR_EQ(test, piece->owner, (const void *)test);
	KUNIT_EXPECT_LE(test, (unsigned int)piece->order, order);
	KUNIT_EXPECT_EQ(test, piece->mark, 0U);
	KUNIT_EXPECT_FALSE(test, piece->published || piece->kept || piece->fresh);
}

/* Take what is idle; of the order wanted or less. */
static __maybe_unused struct scriptfs_piece *take_any(struct kunit *test, unsigned int order)
{
	struct scriptfs_piece *piece = scriptfs_take(test->priv, order, test);

	expect_fresh(test, piece, order);
	return piece;
}

/* Take what is idle, and expect it to be of this very order. */
static __maybe_unused struct scriptfs_piece *take(struct kunit *test, unsigned int order)
{
	struct scriptfs_piece *piece = take_any(test, order);

	KUNIT_EXPECT_EQ(test, (unsigned int)piece->order, order);
	return piece;
}

/* As a file does that may have surplus. */
static inline struct scriptfs_piece *take_more(struct kunit *test, unsigned int order)
{
	struct scriptfs_piece *piece = scriptfs_take(test->priv, order, test) ?:
				       scriptfs_take_more(test->priv, order, test);

	expect_fresh(test, piece, order);
	return piece;
}

static inline void put(struct kunit *test, struct scriptfs_piece *piece)
{
	scriptfs_put(test->priv, piece, test, TEST_INODE);
}

/* What memory reclaim does. */
static inline unsigned long shrink_count(struct scriptfs_pools *pools, struct shrink_control *sc)
{
	return pools->shrinker->count_objects(pools->shrinker, sc);
}

static inline unsigned long shrink_scan(struct scriptfs_pools *pools, struct shrink_control *sc)
{
	return pools->shrinker->scan_objects(pools->shrinker, sc);
}

static inline void expect_none(struct kunit *test, unsigned int order)
{
	KUNIT_EXPECT_PTR_EQ(test, scriptfs_take(test->priv, order, test),
			    (struct scriptfs_piece *)NULL);
}

static inline struct scriptfs_class_stats class_stats(struct kunit *test, unsigned int class)
{
	struct scriptfs_class_stats stats;

	scriptfs_class_stats(test->priv, class, &stats);
	KUNIT_EXPECT_EQ(test, stats.reserve + stats.surplus,
			stats.idle + stats.cut + stats.used);
	return stats;
}

/* In blocks */
static inline void expect_class(struct kunit *test, unsigned int class, unsigned long idle,
				unsigned long cut, unsigned long used)
{
	struct scriptfs_class_stats stats = class_stats(test, class);

	KUNIT_EXPECT_EQ(test, stats.idle, idle);
	KUNIT_EXPECT_EQ(test, stats.cut, cut);
	KUNIT_EXPECT_EQ(test, stats.used, used);
}

/* In pages */
static inline void expect_stats(struct kunit *test, unsigned long idle, unsigned long used,
				unsigned long quarantine, unsigned long retired)
{
	struct scriptfs_stats stats;

	scriptfs_pools_stats(test->priv, &stats);
	KUNIT_EXPECT_EQ(test, stats.idle >> PAGE_SHIFT, idle);
	KUNIT_EXPECT_EQ(test, stats.used >> PAGE_SHIFT, used);
	KUNIT_EXPECT_EQ(test, stats.quarantine >> PAGE_SHIFT, quarantine);
	KUNIT_EXPECT_EQ(test, stats.retired >> PAGE_SHIFT, retired);
	KUNIT_EXPECT_EQ(test, stats.reserve + stats.surplus,
			(idle + used + quarantine + retired) << PAGE_SHIFT);
}

/* Nothing is in use, and each block is in one piece. */
static inline void expect_whole(struct kunit *test)
{
	struct scriptfs_pools *pools = test->priv;
	unsigned int class;

	/* This settles the quarantine. */
	expect_stats(test, atomic64_read(&pools->held) >> PAGE_SHIFT, 0, 0, 0);
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		expect_class(test, class, pools->pool[class].reserve + pools->pool[class].surplus,
			     0, 0);
		KUNIT_EXPECT_EQ(test, pools->pool[class].nr_cut, 0UL);
	}
	KUNIT_EXPECT_EQ(test, pools->cut.pages, 0UL);
	KUNIT_EXPECT_EQ(test, pools->cut.orders, 0UL);
}

static inline void expect_empty(struct kunit *test)
{
	struct scriptfs_pools *pools = test->priv;
	unsigned int class;

	expect_whole(test);
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		expect_class(test, class, 0, 0, 0);
		KUNIT_EXPECT_TRUE(test, list_empty(&pools->pool[class].partial));
		KUNIT_EXPECT_TRUE(test, list_empty(&pools->pool[class].full));
	}
	KUNIT_EXPECT_EQ(test, (u64)atomic64_read(&pools->held), 0ULL);
}

#endif /* _FS_SCRIPTFS_POOL_TEST_H */
