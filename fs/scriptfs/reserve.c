// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the reserve, the memory that is allocated at mount and kept until unmount; and how all
 * memory of the pools is freed in the end.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/sched/signal.h>

#include "cut.h"
#include "magazine.h"
#include "poison.h"
#include "pool.h"
#include "quarantine.h"
#include "reserve.h"
#include "surplus.h"

/* How often a mount with a large reserve reports progress. */
#define SCRIPTFS_REPORT_EVERY	(5 * HZ)

static void scriptfs_pool_init(struct scriptfs_pools *pools, unsigned int class)
{
	struct scriptfs_pool *pool = &pools->pool[class];

	memset(pool, 0, sizeof(*pool));
	pool->pools = pools;
	pool->class = class;
	pool->order = min_t(unsigned int, scriptfs_class_order(class), SCRIPTFS_CHUNK_ORDER);
	spin_lock_init(&pool->lock);
	INIT_LIST_HEAD(&pool->partial);
	INIT_LIST_HEAD(&pool->full);
}

static void scriptfs_pools_init(struct scriptfs_pools *pools)
{
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		scriptfs_pool_init(pools, class);
	memset(&pools->cut, 0, sizeof(pools->cut));
	scriptfs_cut_init(&pools->cut);
	memset(&pools->quarantine, 0, sizeof(pools->quarantine));
	scriptfs_quarantine_init(&pools->quarantine);
	INIT_LIST_HEAD(&pools->poison_link);
	atomic64_set(&pools->held, 0);
	atomic_set(&pools->replenishing, 0);
}

/*
 * Allocate up to @nr blocks for the reserve: the largest piece to be had without effort, or one
 * block with all effort, which may take seconds.
 */
static struct scriptfs_span *scriptfs_reserve_span(struct scriptfs_pool *pool, unsigned int nr)
{
	struct scriptfs_span *span;

	for (; nr > 1 && !fatal_signal_pending(current); nr /= 2) {
		span = scriptfs_span_alloc(pool, nr, false, SCRIPTFS_GFP_TRY);
		if (span)
			return span;
	}
	return scriptfs_span_alloc(pool, 1, false, SCRIPTFS_GFP_INSIST);
}

static int scriptfs_pool_fill(struct scriptfs_pools *pools, unsigned int class,
			      unsigned long reserve, u64 need, unsigned long *next_report)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	unsigned long most = max(SCRIPTFS_CHUNK_SIZE >> scriptfs_class_shifts[class], 1UL);
	unsigned long together = most;

	while (pool->reserve < reserve) {
		struct scriptfs_span *span;
		unsigned int nr;

		if (fatal_signal_pending(current))
			return -EINTR;
		span = scriptfs_reserve_span(pool, min(reserve - pool->reserve, together));
		if (!span)
			return fatal_signal_pending(current) ? -EINTR : -ENOMEM;

		nr = scriptfs_span_blocks(span);
		span->idle = GENMASK_ULL(nr - 1, 0);
		spin_lock(&pool->lock);
		list_add_tail(&span->link, &pool->partial);
		pool->reserve += nr;
		pool->idle += nr;
		spin_unlock(&pool->lock);
		atomic64_add(nr * scriptfs_class_size(class), &pools->held);
		/* Where memory is in pieces, most of the next ones will not be larger. */
		together = min(nr * 2UL, most);

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

	scriptfs_pools_init(pools);
	scriptfs_pools_limit(pools, size, strict);

	*missing = 0;
	/* Better now than after reclaim has emptied every cache of the system. */
	if (need > available) {
		*missing = need - available;
		return -ENOMEM;
	}

	err = scriptfs_shrinker_register(pools);
	if (err) {
		*missing = need;
		return err;
	}
	err = scriptfs_magazines_alloc(pools, reserve);
	for (class = 0; class < SCRIPTFS_NR_CLASSES && !err; class++)
		err = scriptfs_pool_fill(pools, class, reserve[class], need, &next_report);
	if (err) {
		if (err == -ENOMEM)
			*missing = need - atomic64_read(&pools->held);
		scriptfs_pools_free(pools);
		return err;
	}
	scriptfs_poison_add(pools, events);
	return 0;
}

static void scriptfs_pool_free(struct scriptfs_pool *pool)
{
	struct scriptfs_span *span, *next;

	list_splice_init(&pool->full, &pool->partial);
	list_for_each_entry_safe(span, next, &pool->partial, link)
		scriptfs_span_free(span);
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
	struct scriptfs_stats stats;
	unsigned int class;

	scriptfs_poison_remove(pools);
	scriptfs_shrinker_unregister(pools);
	scriptfs_pools_stats(pools, &stats);
	if (stats.used)
		pr_err("bad unmount: %lu KiB still in use\n", stats.used >> 10);

	scriptfs_magazines_free(pools);
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		scriptfs_pool_free(&pools->pool[class]);
	scriptfs_pools_init(pools);
}
