// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: surplus, the blocks that a mount gets beyond its reserve, one at a time and up to
 * size=, and how they go back to the system.
 *
 * A task that needs a block while it holds locks of a file gets one only if the system has the
 * memory at hand. Otherwise it drops the locks, calls scriptfs_pools_replenish(), and tries again.
 */
#include <linux/sched/signal.h>

#include "compat/shrinker.h"
#include "cut.h"
#include "magazine.h"
#include "quarantine.h"
#include "surplus.h"

/*
 * What surplus leaves to the rest of the system, as a part of its memory: a 64th. No file is worth
 * a visit of the OOM killer.
 */
#define SCRIPTFS_LEAVE_SHIFT	6

/*
 * How often to wait some milliseconds for references to be dropped. A task that has just looked a
 * page up does so as soon as it runs again, one that has it in a pipe maybe never.
 */
#define SCRIPTFS_WAIT_TRIES	100U

/*
 * The same for a task that has idle pieces off the lists and does not get on. It never waits for
 * another, so it is ready to run, and tasks of higher priority keep it from that.
 */
#define SCRIPTFS_WAIT_HIDER	3000U

/*
 * Give idle surplus of a pool back to the system until that comes to @pages.
 *
 * Also runs in memory reclaim, with whatever locks the reclaiming task holds: nothing here may take
 * more than the locks of the pools, and none of these is ever held while allocating.
 */
static unsigned long scriptfs_pool_shrink(struct scriptfs_pools *pools, unsigned int class,
					  unsigned long pages)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	struct scriptfs_span *span, *next;
	unsigned long freed = 0;
	LIST_HEAD(gone);

	spin_lock(&pool->lock);
	while (freed < pages && !list_empty(&pool->partial)) {
		span = list_last_entry(&pool->partial, struct scriptfs_span, link);
		if (!span->surplus)
			break;
		list_move(&span->link, &gone);
		pool->idle--;
		pool->surplus--;
		freed += scriptfs_class_size(class) >> PAGE_SHIFT;
	}
	spin_unlock(&pool->lock);

	list_for_each_entry_safe(span, next, &gone, link) {
		scriptfs_span_free(span);
		atomic64_sub(scriptfs_class_size(class), &pools->held);
	}
	return freed;
}

static unsigned long scriptfs_pools_shrink(struct scriptfs_pools *pools, unsigned long pages)
{
	unsigned long freed = 0;
	unsigned int class;

	scriptfs_settle(pools);
	/* A piece in there keeps its block from being whole. */
	scriptfs_magazines_drain_small(pools);
	for (class = 0; class < SCRIPTFS_NR_CLASSES && freed < pages; class++)
		freed += scriptfs_pool_shrink(pools, class, pages - freed);
	return freed;
}

static bool scriptfs_has_surplus(const struct scriptfs_pools *pools)
{
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		if (READ_ONCE(pools->pool[class].surplus))
			return true;
	return false;
}

/*
 * How many pages that could free: too high where blocks of the reserve are idle, quarantined pages
 * are still held, or pieces in magazines are of blocks that are in use.
 */
static unsigned long scriptfs_shrinkable(struct scriptfs_pools *pools)
{
	unsigned long pages = 0, surplus = 0, idle;
	unsigned int class, order;

	if (!scriptfs_has_surplus(pools))
		return 0;
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		struct scriptfs_pool *pool = &pools->pool[class];
		unsigned int shift = scriptfs_class_order(class);

		idle = READ_ONCE(pool->surplus);
		surplus += idle << shift;
		pages += min(idle, READ_ONCE(pool->idle)) << shift;
	}
	idle = READ_ONCE(pools->quarantine.pages);
	for (order = 0; order < SCRIPTFS_SMALL_ORDERS; order++)
		idle += scriptfs_magazines_idle(pools->cut.magazine[order]) << order;
	/* Each of those may be all that keeps a block from being whole. */
	if (idle)
		idle += READ_ONCE(pools->cut.pages);
	return min(surplus, pages + idle);
}

/* Objects are pages: blocks of the larger classes are too few for reclaim to take a share of. */
static unsigned long scriptfs_shrink_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	return scriptfs_shrinkable(scriptfs_shrinker_data(shrinker));
}

/* Surplus that a task is about to use stays: it would have to be allocated again at once. */
static unsigned long scriptfs_shrink_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct scriptfs_pools *pools = scriptfs_shrinker_data(shrinker);
	unsigned long freed = 0;

	if (!atomic_read(&pools->replenishing))
		freed = scriptfs_pools_shrink(pools, sc->nr_to_scan);
	if (!freed)
		return SHRINK_STOP;
	sc->nr_scanned = freed;
	return freed;
}

/**
 * scriptfs_shrinker_register - have idle surplus given back under memory pressure
 * @pools:	pools that are set up
 *
 * Return: 0 or -ENOMEM.
 */
int scriptfs_shrinker_register(struct scriptfs_pools *pools)
{
	struct shrinker *shrinker = scriptfs_shrinker_alloc(pools);
	int err;

	if (!shrinker)
		return -ENOMEM;
	shrinker->count_objects = scriptfs_shrink_count;
	shrinker->scan_objects = scriptfs_shrink_scan;
	shrinker->seeks = DEFAULT_SEEKS;
	err = scriptfs_shrinker_start(shrinker);
	if (err) {
		shrinker_free(shrinker);
		return err;
	}
	pools->shrinker = shrinker;
	return 0;
}

/**
 * scriptfs_shrinker_unregister - undo scriptfs_shrinker_register()
 * @pools:	pools that are about to be freed; unregistering twice does no harm
 *
 * Context: Process context, sleeps until the shrinker does not run any more.
 */
void scriptfs_shrinker_unregister(struct scriptfs_pools *pools)
{
	shrinker_free(pools->shrinker);
	pools->shrinker = NULL;
}

/*
 * Count @size more bytes as held, if the limit allows it. Idle surplus of other classes makes way.
 */
static bool scriptfs_charge(struct scriptfs_pools *pools, u64 size)
{
	s64 held = atomic64_read(&pools->held);

	for (;;) {
		u64 limit = READ_ONCE(pools->size);
		unsigned long over;

		if (held + size <= limit) {
			if (atomic64_try_cmpxchg(&pools->held, &held, held + size))
				return true;
			continue;
		}
		over = DIV_ROUND_UP(held + size - limit, PAGE_SIZE);
		if (over > scriptfs_shrinkable(pools) || !scriptfs_pools_shrink(pools, over))
			return false;
		held = atomic64_read(&pools->held);
	}
}

/* What the system could free without swapping, less what is left to others. */
static u64 scriptfs_system_room(void)
{
	long pages = si_mem_available() - (long)(totalram_pages() >> SCRIPTFS_LEAVE_SHIFT);

	return (u64)max(pages, 0L) << PAGE_SHIFT;
}

/**
 * scriptfs_take_surplus - allocate one more block
 * @pools:	the pools
 * @class:	of which class
 * @gfp:	SCRIPTFS_GFP_NOWAIT, or without locks SCRIPTFS_GFP_TRY or SCRIPTFS_GFP_INSIST
 *
 * Context: Process context, may sleep; takes pool->lock.
 * Return: The block, or the first chunk of a super, idle and on no list; or NULL if the limit or
 * the system's memory does not allow it.
 */
struct scriptfs_piece *scriptfs_take_surplus(struct scriptfs_pools *pools, unsigned int class,
					     gfp_t gfp)
{
	struct scriptfs_pool *pool = &pools->pool[class];
	u64 size = scriptfs_class_size(class);
	struct scriptfs_span *span;

	if (size > scriptfs_system_room() || !scriptfs_charge(pools, size))
		return NULL;
	span = scriptfs_span_alloc(pool, 1, true, gfp);
	if (!span) {
		atomic64_sub(size, &pools->held);
		return NULL;
	}

	spin_lock(&pool->lock);
	list_add(&span->link, &pool->full);
	pool->surplus++;
	spin_unlock(&pool->lock);
	return span->piece;
}

/**
 * scriptfs_pools_limit - set how far pools may grow
 * @pools:	the pools
 * @size:	limit of reserve and surplus together, in bytes
 * @strict:	no surplus
 *
 * Both are read without a lock: a task that is past its check may still go by the old value.
 */
void scriptfs_pools_limit(struct scriptfs_pools *pools, u64 size, bool strict)
{
	WRITE_ONCE(pools->size, size);
	WRITE_ONCE(pools->strict, strict);
}

/**
 * scriptfs_growth - how many bytes of surplus could still be allocated
 * @pools:	the pools
 *
 * Return: How many; an estimate where the system's memory is the limit.
 */
u64 scriptfs_growth(struct scriptfs_pools *pools)
{
	u64 held = atomic64_read(&pools->held), limit = READ_ONCE(pools->size);

	if (READ_ONCE(pools->strict) || held >= limit)
		return 0;
	return round_down(min(limit - held, scriptfs_system_room()), SCRIPTFS_POEM_SIZE);
}

/* Allocate a block for up to @bytes, as large as the system allows. Returns its size or 0. */
static u64 scriptfs_replenish_one(struct scriptfs_pools *pools, u64 bytes)
{
	int class = SCRIPTFS_LARGE;

	while (class > SCRIPTFS_POEM && scriptfs_class_size(class) > bytes)
		class--;
	for (; class >= SCRIPTFS_POEM; class--) {
		gfp_t gfp = class == SCRIPTFS_POEM ? SCRIPTFS_GFP_INSIST : SCRIPTFS_GFP_TRY;
		struct scriptfs_piece *block = scriptfs_take_surplus(pools, class, gfp);

		/* It has just been allocated, so its pages need no check. */
		if (block) {
			scriptfs_piece_idle(pools, block);
			return scriptfs_class_size(class);
		}
	}
	return 0;
}

/* Allocate up to @bytes of idle surplus, with reclaim. */
static int scriptfs_replenish(struct scriptfs_pools *pools, struct scriptfs_wait *wait, u64 bytes)
{
	u64 got, sum = 0;

	if (READ_ONCE(pools->strict))
		return -ENOSPC;
	/* No reclaim for what cannot be enough. */
	if (wait->all && bytes > scriptfs_growth(pools))
		return -ENOSPC;
	if (!wait->replenished)
		atomic_inc(&pools->replenishing);
	wait->replenished = true;
	do {
		got = scriptfs_replenish_one(pools, bytes - sum);
		sum += got;
		cond_resched();
	} while (got && sum < bytes && !fatal_signal_pending(current));
	return sum ? 0 : -ENOSPC;
}

/*
 * There is no idle piece. Pieces may have been off the lists when the task looked for them, and be
 * back by now: it has to look once with no such moment in between.
 */
static int scriptfs_replenish_later(struct scriptfs_wait *wait, bool hiding, unsigned int hides,
				    bool held)
{
	bool same = wait->tries && wait->hides == hides;
	bool sure = same && wait->sure;

	wait->sure = !hiding;
	wait->hides = hides;
	if (hiding && same)
		return wait->stuck++ < SCRIPTFS_WAIT_HIDER ? -EAGAIN : -ENOSPC;
	if (wait->tries == SCRIPTFS_WAIT_TRIES)
		return -ENOSPC;
	wait->tries++;
	if (hiding)
		return -EAGAIN;
	if (!sure)
		return 0;
	return held ? -EAGAIN : -ENOSPC;
}

/**
 * scriptfs_pools_replenish - get idle pieces into the pools
 * @pools:	the pools
 * @wait:	zeroed at first; to be ended by scriptfs_replenish_end() whatever this returned
 * @bytes:	how much to allocate, if the system has as much
 *
 * Checks the whole quarantine, and reclaims memory for surplus.
 *
 * Context: Process context, may sleep for long; the caller holds no lock of a file.
 * Return: 0 if pieces became idle, or the caller has to look again; -EAGAIN if waiting may help, in
 * which case the caller does so for some milliseconds; -ENOSPC if it will not; -EINTR after a fatal
 * signal.
 */
int scriptfs_pools_replenish(struct scriptfs_pools *pools, struct scriptfs_wait *wait, u64 bytes)
{
	u64 held = (u64)READ_ONCE(pools->quarantine.pages) << PAGE_SHIFT;
	unsigned int hides;
	bool hiding = scriptfs_hiding(&pools->cut, &hides);
	unsigned long idle;

	if (fatal_signal_pending(current))
		return -EINTR;
	/* All of it once: what is held after that is likely to be held for long. */
	idle = wait->tries ? scriptfs_settle(pools) : scriptfs_settle_all(pools);
	if (idle || !scriptfs_replenish(pools, wait, bytes))
		return 0;
	/* Allocating all of it takes long: do not repeat that when it cannot succeed. */
	if (wait->all && bytes > held + scriptfs_growth(pools))
		held = 0;
	return scriptfs_replenish_later(wait, hiding, hides, held);
}

/**
 * scriptfs_replenish_end - end of a wait, with or without the blocks
 * @pools:	the pools
 * @wait:	as scriptfs_pools_replenish() left it
 */
void scriptfs_replenish_end(struct scriptfs_pools *pools, struct scriptfs_wait *wait)
{
	if (wait->replenished)
		atomic_dec(&pools->replenishing);
	wait->replenished = false;
}
