// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the reserve, the memory that is allocated at mount and kept until unmount; and how all
 * memory of the pools is freed in the end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/sched/signal.h>

#include "magazine.h"
#include "poison.h"
#include "pool.h"
#include "reserve.h"
#include "surplus.h"

/* How often a mount with a large reserve reports progress. */
#define SCRIPTFS_REPORT_EVERY	(5 * HZ)

static void scriptfs_pool_init(struct scriptfs_pool *pool)
{
	memset(pool, 0, sizeof(*pool));
	mutex_init(&pool->settling);
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->partial);
	INIT_LIST_HEAD(&pool->full);
	INIT_LIST_HEAD(&pool->quarantine);
}

/*
 * Allocate up to @nr blocks for the reserve: the largest piece to be had without effort, or one
 * block with all effort.
 */
static struct scriptfs_span *scriptfs_reserve_span(struct scriptfs_pool *pool, unsigned int class,
						   unsigned int nr)
{
	struct scriptfs_span *span;

	for (; nr > 1; nr /= 2) {
		span = scriptfs_span_alloc(pool, class, nr, SCRIPTFS_GFP_TRY);
		if (span)
			return span;
	}
	return scriptfs_span_alloc(pool, class, 1, SCRIPTFS_GFP_INSIST);
}

static int scriptfs_pool_fill(struct scriptfs_pools *pools, unsigned int class,
			      unsigned long reserve, u64 need, unsigned long *next_report)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	unsigned long most = max(SCRIPTFS_CHUNK_SIZE >> scriptfs_class_shifts[class], 1UL);
	int err;

	err = scriptfs_magazines_alloc(pool, class, reserve);
	if (err)
		return err;

	while (pool->reserve < reserve) {
		unsigned long nr = min(reserve - pool->reserve, most);
		struct scriptfs_span *span;

		if (fatal_signal_pending(current))
			return -EINTR;
		span = scriptfs_reserve_span(pool, class, nr);
		if (!span)
			return fatal_signal_pending(current) ? -EINTR : -ENOMEM;

		span->idle = GENMASK_ULL(span->nr - 1, 0);
		spin_lock(&pool->lock);
		list_add_tail(&span->link, &pool->partial);
		pool->reserve += span->nr;
		pool->idle += span->nr;
		spin_unlock(&pool->lock);
		atomic64_add(span->nr * scriptfs_class_size(class), &pools->held);

		if (time_after(jiffies, *next_report)) {
			pr_info("preallocated %llu of %llu MiB\n",
				(u64)atomic64_read(&pools->held) >> 20, need >> 20);
			*next_report = jiffies + SCRIPTFS_REPORT_EVERY;
		}
		cond_resched();
	}
	return 0;
}

/**
 * scriptfs_pools_fill - set up pools and allocate their reserve
 * @pools:	zeroed, but for the flags of the owner
 * @reserve:	how many blocks of each class to keep preallocated
 * @size:	see scriptfs_pools_limit()
 * @strict:	likewise
 * @missing:	set to how many bytes were missing, 0 if memory was not the problem
 *
 * On any error all memory has been given back.
 *
 * Context: Process context, sleeps, for seconds where the reserve is large.
 * Return: 0, -ENOMEM, or -EINTR after a fatal signal.
 */
int scriptfs_pools_fill(struct scriptfs_pools *pools,
			const unsigned long reserve[SCRIPTFS_NR_CLASSES], u64 size, bool strict,
			unsigned long *missing)
{
	unsigned long next_report = jiffies + SCRIPTFS_REPORT_EVERY;
	unsigned long events = scriptfs_poison_events();
	u64 need = scriptfs_class_bytes(reserve);
	u64 available = (u64)max(si_mem_available(), 0L) << PAGE_SHIFT;
	unsigned int class;
	int err;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		scriptfs_pool_init(&pools->pool[class]);
	INIT_LIST_HEAD(&pools->poison_link);
	scriptfs_pools_limit(pools, size, strict);

	*missing = 0;
	/* Better now than after reclaim has emptied every cache of the system. */
	if (need > available) {
		*missing = need - available;
		return -ENOMEM;
	}

	atomic_set(&pools->replenishing, 0);
	err = scriptfs_shrinker_register(pools);
	if (err) {
		*missing = need;
		return err;
	}

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		err = scriptfs_pool_fill(pools, class, reserve[class], need, &next_report);
		if (err) {
			if (err == -ENOMEM)
				*missing = need - atomic64_read(&pools->held);
			scriptfs_pools_free(pools);
			return err;
		}
	}
	scriptfs_poison_add(pools, events);
	return 0;
}

static void scriptfs_pool_drain(struct scriptfs_pools *pools, unsigned int class)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	struct scriptfs_span *span, *next;
	struct scriptfs_stats stats;

	scriptfs_pool_stats(pool, &stats);
	if (stats.used)
		pr_err("bad unmount: %lu %s blocks still in use\n", stats.used,
		       scriptfs_class_names[class]);

	scriptfs_magazines_free(pool);
	list_splice_init(&pool->full, &pool->partial);
	list_for_each_entry_safe(span, next, &pool->partial, link)
		scriptfs_span_free(span);
	scriptfs_pool_init(pool);
}

/**
 * scriptfs_pools_free - free all memory of pools
 * @pools:	pools that scriptfs_pools_fill() set up, without a block in use
 *
 * Does not wait for the quarantine: a page with an outside reference is a page like any other by
 * then, and is freed when that reference is dropped. Pages that were found corrupt are not freed,
 * because they may be in use elsewhere.
 *
 * Context: Process context, sleeps. The pools are no longer in use.
 */
void scriptfs_pools_free(struct scriptfs_pools *pools)
{
	unsigned int class;

	scriptfs_poison_remove(pools);
	scriptfs_shrinker_unregister(pools);
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		scriptfs_pool_drain(pools, class);
	atomic64_set(&pools->held, 0);
}
