// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: hardware memory errors (hwpoison).
 *
 * A bad page costs its file that page, with EIO or SIGBUS, and the pool as well, which retires it:
 * at once if it is idle, otherwise when it is freed. Nothing else.
 *
 * memory_failure() sets PG_hwpoison. To test that flag at every copy would cost as much as many a
 * copy, so it is tested only once there was an error somewhere in the system while the pools were
 * there. The trace point of memory_failure() tells: it is hit after the flag is set and before the
 * task that caused the error continues. A worker then searches the pools for the page, and pools
 * that do not have it go back to not testing.
 *
 * On older kernels memory_failure() also takes published pages out of the page cache through
 * ->error_remove_folio. Newer ones do so for pages on the LRU only, so the worker makes up for it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "compat/page.h"
#include "cut.h"
#include "huge.h"
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
	if (suspect)
		set_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags);
	else
		clear_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags);
}

static struct scriptfs_piece *scriptfs_span_find(struct scriptfs_span *span, const void *addr)
{
	const void *begin = span->piece[0].addr;

	if (addr < begin || addr >= begin + span->pages * PAGE_SIZE)
		return NULL;
	return scriptfs_piece_around(span, (addr - begin) >> PAGE_SHIFT);
}

static struct scriptfs_piece *scriptfs_super_find(struct scriptfs_super *super, const void *addr)
{
	struct scriptfs_piece *piece = NULL;
	unsigned int i;

	for (i = 0; i < SCRIPTFS_SUPER_CHUNKS && !piece; i++)
		piece = scriptfs_span_find(super->chunk[i], addr);
	return piece;
}

static struct scriptfs_piece *scriptfs_spans_find(struct list_head *spans, const void *addr)
{
	struct scriptfs_piece *piece;
	struct scriptfs_span *span;

	list_for_each_entry(span, spans, link) {
		piece = span->super ? scriptfs_super_find(span->super, addr) :
				      scriptfs_span_find(span, addr);
		if (piece)
			return piece;
	}
	return NULL;
}

/* Take a whole idle block, or super, off the lists of its pool. */
static bool scriptfs_poison_take_whole(struct scriptfs_pool *pool, struct scriptfs_piece *piece)
{
	struct scriptfs_span *span = scriptfs_piece_span(piece);
	u64 bit;

	if (span->super)
		span = span->super->chunk[0];
	bit = BIT_ULL(span->super ? 0 : piece->slot >> pool->order);
	if (!(span->idle & bit))
		return false;
	span->idle &= ~bit;
	if (!span->idle)
		list_move(&span->link, &pool->full);
	pool->idle--;
	return true;
}

/*
 * Take the piece of a pool that has a page, if it is idle, for the quarantine to look at. Called
 * with cut.lock and pool->lock held. Returns false if the piece is on its way from or to a list, or
 * in a magazine, out of reach.
 */
static bool scriptfs_poison_take(struct scriptfs_pool *pool, struct scriptfs_piece *piece,
				 bool *taken)
{
	struct scriptfs_pools *pools = pool->pools;
	const void *owner = READ_ONCE(piece->owner);

	if (owner == SCRIPTFS_LISTED) {
		scriptfs_cut_unlist(pools, piece);
	} else if (owner == SCRIPTFS_IDLE) {
		if (!scriptfs_poison_take_whole(pool, piece))
			return false;
		if (pool->class == SCRIPTFS_SUPER)
			scriptfs_cut_super(pools, piece);
	} else {
		return true;
	}
	scriptfs_hide_begin(&pools->cut);
	WRITE_ONCE(piece->owner, SCRIPTFS_QUARANTINE);
	*taken = true;
	return true;
}

/*
 * Get a reference to what the page is found by: itself, or the first of its huge page, which stays
 * one for as long. NULL if there are none to be had.
 */
static struct page *scriptfs_poison_hold(struct page *page)
{
	struct page *head = compound_head(page);

	if (!get_page_unless_zero(head))
		return NULL;
	if (head == compound_head(page))
		return head;
	put_page(head);
	return NULL;
}

/* Have whoever maps the page fault, and not find it. The caller has a reference. */
static void scriptfs_poison_withdraw(struct page *page)
{
	struct address_space *mapping;

	if (PageHead(page)) {
		mapping = READ_ONCE(page->mapping);
		if (mapping)
			scriptfs_huge_withdraw(mapping, page);
		return;
	}
	lock_page(page);
	mapping = folio_mapping(page_folio(page));
	if (mapping)
		scriptfs_page_drop(mapping, page);
	unlock_page(page);
}

/* Find the piece of a pool that has the page. Returns whether there is one. */
static bool scriptfs_pool_poisoned(struct scriptfs_pools *pools, struct scriptfs_pool *pool,
				   struct page *page)
{
	struct scriptfs_piece *piece;
	bool done, taken = false;
	struct page *held;

	do {
		done = true;
		held = NULL;
		scriptfs_magazines_drain(pools);
		spin_lock(&pools->cut.lock);
		spin_lock(&pool->lock);
		piece = scriptfs_spans_find(&pool->partial, page_address(page)) ?:
			scriptfs_spans_find(&pool->full, page_address(page));
		if (piece) {
			scriptfs_report_poison(piece, page, 0);
			held = scriptfs_poison_hold(page);
			done = scriptfs_poison_take(pool, piece, &taken);
		}
		spin_unlock(&pool->lock);
		spin_unlock(&pools->cut.lock);
		if (held) {
			scriptfs_poison_withdraw(held);
			put_page(held);
		}
		cond_resched();
	} while (!done);
	if (taken) {
		scriptfs_quarantine(pools, piece, 0);
		scriptfs_hide_end(&pools->cut, true);
	} else if (piece) {
		scriptfs_settle_all(pools);
	}
	return piece;
}

static bool scriptfs_pools_poisoned(struct scriptfs_pools *pools, struct page *page)
{
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		if (scriptfs_pool_poisoned(pools, &pools->pool[class], page))
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
