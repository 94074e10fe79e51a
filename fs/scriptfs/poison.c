// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: hardware memory errors (hwpoison).
 *
 * A bad page costs its file that page, with EIO or SIGBUS, and the pool its block, which is
 * retired: at once if it is idle, otherwise when it is freed. Nothing else.
 *
 * memory_failure() takes published pages out of the page cache through ->error_remove_page, but of
 * all others it only sets PG_hwpoison. To test that flag at every copy would cost as much as many a
 * copy, so it is tested only once there was an error somewhere in the system while the pools were
 * there. The trace point of memory_failure() tells: it is hit after the flag is set and before the
 * task that caused the error continues. A worker then searches the pools for the page, and pools
 * that do not have it go back to not testing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "magazine.h"
#include "poison.h"
#include "quarantine.h"

#if IS_ENABLED(CONFIG_MEMORY_FAILURE)

/* How many errors may wait for the worker; beyond that all pools stay suspect. */
#define SCRIPTFS_POISON_WAITING		16

/* Keeps pools on the list while they are searched; taken before scriptfs_poison_lock. */
static DEFINE_MUTEX(scriptfs_poison_mutex);

/* Guards all below. */
static DEFINE_SPINLOCK(scriptfs_poison_lock);
static LIST_HEAD(scriptfs_poison_pools);
static unsigned long scriptfs_poison_pfn[SCRIPTFS_POISON_WAITING];
static unsigned int scriptfs_poison_waiting;
static unsigned long scriptfs_poison_nr;	/* ever */
/* Errors are not reported, or one was missed: all pools are always suspect. */
static bool scriptfs_poison_blind;

static struct tracepoint *scriptfs_poison_trace;

static void scriptfs_poison_suspect(struct scriptfs_pools *pools, bool suspect)
{
	unsigned int class;

	if (suspect)
		set_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags);
	else
		clear_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags);
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		WRITE_ONCE(pools->pool[class].suspect, suspect);
}

static bool scriptfs_block_has(const struct scriptfs_block *block, const void *addr)
{
	unsigned int i;

	for (i = 0; i < scriptfs_class_chunks(block->class); i++)
		if (addr >= block->chunk[i].addr &&
		    addr < block->chunk[i].addr + scriptfs_chunk_size(block))
			return true;
	return false;
}

static struct scriptfs_block *scriptfs_spans_find(struct list_head *spans, const void *addr)
{
	struct scriptfs_span *span;
	unsigned int i;

	list_for_each_entry(span, spans, link)
		for (i = 0; i < span->nr; i++)
			if (scriptfs_block_has(&span->block[i], addr))
				return &span->block[i];
	return NULL;
}

/*
 * Retire a block if it is idle. Called with pool->lock held; returns false if the block is in a
 * magazine, where it is out of reach.
 */
static bool scriptfs_poison_retire(struct scriptfs_pool *pool, struct scriptfs_block *block)
{
	struct scriptfs_span *span = block->span;

	if (READ_ONCE(block->state) != SCRIPTFS_BLOCK_IDLE)
		return true;
	if (!(span->idle & BIT_ULL(block->slot)))
		return false;
	span->idle &= ~BIT_ULL(block->slot);
	if (!span->idle)
		list_move(&span->link, &pool->full);
	pool->idle--;
	pool->nr_retired++;
	WRITE_ONCE(block->state, SCRIPTFS_BLOCK_RETIRED);
	return true;
}

/* Find the block of a pool that has the page. Returns whether there is one. */
static bool scriptfs_pool_poisoned(struct scriptfs_pool *pool, struct page *page)
{
	struct scriptfs_block *block;
	bool done = true;

	do {
		scriptfs_magazines_drain(pool);
		spin_lock(&pool->lock);
		block = scriptfs_spans_find(&pool->partial, page_address(page)) ?:
			scriptfs_spans_find(&pool->full, page_address(page));
		if (block) {
			scriptfs_report_poison(block, page, 0);
			done = scriptfs_poison_retire(pool, block);
		}
		spin_unlock(&pool->lock);
		cond_resched();
	} while (!done);
	if (block)
		scriptfs_pool_settle_all(pool);
	return block;
}

static bool scriptfs_pools_poisoned(struct scriptfs_pools *pools, struct page *page)
{
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		if (scriptfs_pool_poisoned(&pools->pool[class], page))
			return true;
	return false;
}

static bool scriptfs_poison_next(struct page **page)
{
	bool next;

	spin_lock(&scriptfs_poison_lock);
	next = scriptfs_poison_waiting;
	if (next)
		*page = pfn_to_page(scriptfs_poison_pfn[--scriptfs_poison_waiting]);
	spin_unlock(&scriptfs_poison_lock);
	return next;
}

static void scriptfs_poison_search(struct work_struct *work)
{
	struct scriptfs_pools *pools;
	struct page *page;

	mutex_lock(&scriptfs_poison_mutex);
	while (scriptfs_poison_next(&page))
		list_for_each_entry(pools, &scriptfs_poison_pools, poison_link)
			pools->poisoned |= scriptfs_pools_poisoned(pools, page);

	spin_lock(&scriptfs_poison_lock);
	if (!scriptfs_poison_waiting && !scriptfs_poison_blind)
		list_for_each_entry(pools, &scriptfs_poison_pools, poison_link)
			if (!pools->poisoned)
				scriptfs_poison_suspect(pools, false);
	spin_unlock(&scriptfs_poison_lock);
	mutex_unlock(&scriptfs_poison_mutex);
}

static DECLARE_WORK(scriptfs_poison_work, scriptfs_poison_search);

/* Called by memory_failure() through its trace point: preemption is off. */
static void scriptfs_poison_event(void *data, unsigned long pfn, int type, int result)
{
	struct scriptfs_pools *pools;

	spin_lock(&scriptfs_poison_lock);
	WRITE_ONCE(scriptfs_poison_nr, scriptfs_poison_nr + 1);
	list_for_each_entry(pools, &scriptfs_poison_pools, poison_link)
		scriptfs_poison_suspect(pools, true);
	if (scriptfs_poison_waiting < SCRIPTFS_POISON_WAITING)
		scriptfs_poison_pfn[scriptfs_poison_waiting++] = pfn;
	else
		scriptfs_poison_blind = true;
	spin_unlock(&scriptfs_poison_lock);
	schedule_work(&scriptfs_poison_work);
}

static void scriptfs_poison_match(struct tracepoint *trace, void *priv)
{
	if (!strcmp(trace->name, "memory_failure_event"))
		scriptfs_poison_trace = trace;
}

/**
 * scriptfs_poison_init - begin to listen for hardware memory errors
 *
 * On a kernel without trace points all pools are always suspect.
 */
void scriptfs_poison_init(void)
{
	if (IS_ENABLED(CONFIG_TRACEPOINTS))
		for_each_kernel_tracepoint(scriptfs_poison_match, NULL);
	if (!IS_ENABLED(CONFIG_TRACEPOINTS) || !scriptfs_poison_trace ||
	    tracepoint_probe_register(scriptfs_poison_trace, scriptfs_poison_event, NULL)) {
		scriptfs_poison_trace = NULL;
		scriptfs_poison_blind = true;
		pr_info("memory errors are not reported: each page is checked\n");
	}
}

/**
 * scriptfs_poison_exit - stop listening
 *
 * Context: Process context, sleeps. No pools are left.
 */
void scriptfs_poison_exit(void)
{
	if (IS_ENABLED(CONFIG_TRACEPOINTS) && scriptfs_poison_trace) {
		tracepoint_probe_unregister(scriptfs_poison_trace, scriptfs_poison_event, NULL);
		/* A probe runs with preemption off. Expedited, since unloading waits for it. */
		synchronize_rcu_expedited();
	}
	cancel_work_sync(&scriptfs_poison_work);
}

/**
 * scriptfs_poison_events - how many hardware memory errors there were
 *
 * Return: A number to hand to scriptfs_poison_add().
 */
unsigned long scriptfs_poison_events(void)
{
	return READ_ONCE(scriptfs_poison_nr);
}

/**
 * scriptfs_poison_add - have pools hear of hardware memory errors
 * @pools:	pools that were just filled
 * @events:	what scriptfs_poison_events() returned before: an error since then may be theirs
 */
void scriptfs_poison_add(struct scriptfs_pools *pools, unsigned long events)
{
	mutex_lock(&scriptfs_poison_mutex);
	spin_lock(&scriptfs_poison_lock);
	list_add(&pools->poison_link, &scriptfs_poison_pools);
	pools->poisoned = events != scriptfs_poison_nr;
	if (scriptfs_poison_blind || pools->poisoned)
		scriptfs_poison_suspect(pools, true);
	spin_unlock(&scriptfs_poison_lock);
	mutex_unlock(&scriptfs_poison_mutex);
}

/**
 * scriptfs_poison_remove - undo scriptfs_poison_add()
 * @pools:	pools that are about to be freed; removing twice does no harm
 *
 * Context: Process context, sleeps.
 */
void scriptfs_poison_remove(struct scriptfs_pools *pools)
{
	mutex_lock(&scriptfs_poison_mutex);
	spin_lock(&scriptfs_poison_lock);
	list_del_init(&pools->poison_link);
	spin_unlock(&scriptfs_poison_lock);
	mutex_unlock(&scriptfs_poison_mutex);
}

/**
 * scriptfs_poison_flush - wait until all errors so far are in the stats of the pools
 *
 * Context: Process context, sleeps.
 */
void scriptfs_poison_flush(void)
{
	flush_work(&scriptfs_poison_work);
}

#else

void scriptfs_poison_init(void)
{
}

void scriptfs_poison_exit(void)
{
}

unsigned long scriptfs_poison_events(void)
{
	return 0;
}

void scriptfs_poison_add(struct scriptfs_pools *pools, unsigned long events)
{
}

void scriptfs_poison_remove(struct scriptfs_pools *pools)
{
}

void scriptfs_poison_flush(void)
{
}

#endif
