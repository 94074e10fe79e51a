// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the quarantine, where freed pieces wait while their pages have outside references.
 *
 * A piece whose pages were in the page cache is looked at when it is freed. If some of its pages
 * are held and others are not it is cut, down to a page if need be: what is free is idle at once,
 * and what is bad or in use elsewhere goes out of service alone. The pages of a united piece have a
 * single count of references: it is looked at in no time, and waits as a whole.
 *
 * The pool is not told when a pipe or a driver drops the last outside reference to a page. So the
 * quarantine is settled, that is checked for pieces without such references, when it matters: when
 * there is no idle piece, when the system needs memory, and when the stats are read.
 *
 * Any user can hold pages, so the quarantine may be of any length. A task that holds a lock of a
 * file or reads the stats checks a limited number of pieces and waits for no other. To check a
 * piece that is still held costs one page, another one each time: of pages that were all held, the
 * last one keeps the others for no longer than it takes to hit one of those.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched.h>

#include "compat/page.h"
#include "cut.h"
#include "quarantine.h"
#include "unite.h"

/**
 * enum scriptfs_fate - what becomes of memory that was in the page cache
 * @SCRIPTFS_FATE_CLEAN:	the pool has the only references: it is idle
 * @SCRIPTFS_FATE_HELD:		there are outside references: it waits
 * @SCRIPTFS_FATE_POISONED:	it has a hardware memory error
 * @SCRIPTFS_FATE_CORRUPT:	it is in use elsewhere
 * @SCRIPTFS_FATE_MIXED:	not the same for all pages
 */
enum scriptfs_fate {
	SCRIPTFS_FATE_CLEAN,
	SCRIPTFS_FATE_HELD,
	SCRIPTFS_FATE_POISONED,
	SCRIPTFS_FATE_CORRUPT,
	SCRIPTFS_FATE_MIXED,
};

/* How many pieces a task with locks checks. */
#define SCRIPTFS_SETTLE_FEW	4

/* How many pieces a reader of the stats, or memory reclaim, checks. */
#define SCRIPTFS_SETTLE_MANY	48

/**
 * scriptfs_quarantine_init - set up a quarantine
 * @quarantine:	zeroed
 */
void scriptfs_quarantine_init(struct scriptfs_quarantine *quarantine)
{
	mutex_init(&quarantine->settling);
	spin_lock_init(&quarantine->lock);
	INIT_LIST_HEAD(&quarantine->list);
}

static void scriptfs_report_corrupt(const struct scriptfs_piece *piece)
{
	struct page *page = scriptfs_piece_page(piece, 0);
	bool held = false;
	const char *wrong = scriptfs_page_wrong(page, &held);

	pr_err("corrupt page of a %s block retired: inode %lu, pfn %#lx: %s (refcount %d, mapcount %d, mapping %p, flags %#lx(%pGp))\n",
	       scriptfs_class_names[piece->class], piece->ino, page_to_pfn(page),
	       wrong ?: "was in use elsewhere", page_ref_count(page),
	       atomic_read(&page->_mapcount) + 1, page->mapping,
	       *scriptfs_page_flags(page), scriptfs_page_flags(page));
}

/**
 * scriptfs_report_poison - report, once for each page, that it has a hardware memory error
 * @piece:	the piece that it is in
 * @page:	the bad page
 * @ino:	the inode that it belongs to, 0 if there is none or it is not known
 */
void scriptfs_report_poison(const struct scriptfs_piece *piece, struct page *page,
			    unsigned long ino)
{
	/* Nobody else uses that flag of a page that is of no use any more. */
	if (test_and_set_bit(PG_checked, scriptfs_page_flags(page)))
		return;
	if (ino)
		pr_err("hardware memory error in a %s block: inode %lu, pfn %#lx; the page is retired\n",
		       scriptfs_class_names[piece->class], ino, page_to_pfn(page));
	else
		pr_err("hardware memory error in a %s block: pfn %#lx; the page is retired when it is free\n",
		       scriptfs_class_names[piece->class], page_to_pfn(page));
}

/*
 * The flags of a page that is held stay for now: a pipe tests PG_uptodate before it hands out what
 * is in the page.
 */
static enum scriptfs_fate scriptfs_page_fate(struct page *page)
{
	bool held = false;

	if (scriptfs_page_wrong(page, &held))
		return SCRIPTFS_FATE_CORRUPT;
	if (PageHWPoison(page))
		return SCRIPTFS_FATE_POISONED;
	if (held)
		return SCRIPTFS_FATE_HELD;
	scriptfs_page_clean(page);
	return SCRIPTFS_FATE_CLEAN;
}

/**
 * scriptfs_piece_poisoned - has a page of a piece a hardware memory error?
 * @piece:	the piece
 *
 * Return: Whether one has.
 */
bool scriptfs_piece_poisoned(const struct scriptfs_piece *piece)
{
	u32 offset;

	for (offset = 0; offset < scriptfs_piece_size(piece); offset += PAGE_SIZE)
		if (PageHWPoison(scriptfs_piece_page(piece, offset)))
			return true;
	return false;
}

static enum scriptfs_fate scriptfs_united_fate(struct scriptfs_pools *pools,
					       struct scriptfs_piece *piece)
{
	enum scriptfs_fate fate = scriptfs_page_fate(scriptfs_piece_page(piece, 0));

	if (fate == SCRIPTFS_FATE_HELD || fate == SCRIPTFS_FATE_CORRUPT)
		return fate;
	if (!test_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags) || !scriptfs_piece_poisoned(piece)) {
		scriptfs_united_clean(piece);
		return SCRIPTFS_FATE_CLEAN;
	}
	return scriptfs_divide(piece) ? SCRIPTFS_FATE_MIXED : SCRIPTFS_FATE_HELD;
}

static enum scriptfs_fate scriptfs_piece_fate(struct scriptfs_pools *pools,
					      struct scriptfs_piece *piece)
{
	struct page *page = scriptfs_piece_page(piece, 0);
	enum scriptfs_fate fate;
	unsigned int i;

	if (piece->united)
		return scriptfs_united_fate(pools, piece);
	fate = scriptfs_page_fate(page);
	/* Each page that goes out of service does so alone. */
	if (fate > SCRIPTFS_FATE_HELD && piece->order)
		return SCRIPTFS_FATE_MIXED;
	for (i = 1; i < scriptfs_piece_pages(piece); i++)
		if (scriptfs_page_fate(page + i) != fate)
			return SCRIPTFS_FATE_MIXED;
	return fate;
}

static void scriptfs_quarantine_retire(struct scriptfs_quarantine *quarantine,
				       struct scriptfs_piece *piece, const void *owner)
{
	spin_lock(&quarantine->lock);
	quarantine->retired += scriptfs_piece_pages(piece);
	spin_unlock(&quarantine->lock);
	WRITE_ONCE(piece->owner, owner);
}

/* Returns how many pages became idle. */
static unsigned int scriptfs_piece_let_go(struct scriptfs_pools *pools,
					  struct scriptfs_piece *piece, enum scriptfs_fate fate)
{
	unsigned int pages = scriptfs_piece_pages(piece);

	switch (fate) {
	case SCRIPTFS_FATE_CLEAN:
		WRITE_ONCE(piece->owner, SCRIPTFS_IDLE);
		scriptfs_piece_idle(pools, piece);
		return pages;
	case SCRIPTFS_FATE_POISONED:
		scriptfs_report_poison(piece, scriptfs_piece_page(piece, 0), piece->ino);
		scriptfs_quarantine_retire(&pools->quarantine, piece, SCRIPTFS_RETIRED);
		return 0;
	case SCRIPTFS_FATE_CORRUPT:
		scriptfs_report_corrupt(piece);
		scriptfs_quarantine_retire(&pools->quarantine, piece, SCRIPTFS_CORRUPT);
		return 0;
	default:
		scriptfs_piece_hold(pools, piece);
		return 0;
	}
}

/*
 * Look at all pages of a piece that is on no list, and let go what can be. Returns how many pages
 * became idle.
 */
static unsigned int scriptfs_sort_out(struct scriptfs_pools *pools, struct scriptfs_piece *piece)
{
	unsigned int idle = 0;
	LIST_HEAD(rest);

	while (piece) {
		enum scriptfs_fate fate = scriptfs_piece_fate(pools, piece);

		cond_resched();
		if (fate == SCRIPTFS_FATE_MIXED) {
			struct scriptfs_piece *upper = scriptfs_piece_split(piece);

			upper->ino = piece->ino;
			list_add(&upper->link, &rest);
			continue;
		}
		idle += scriptfs_piece_let_go(pools, piece, fate);
		piece = list_first_entry_or_null(&rest, struct scriptfs_piece, link);
		if (piece)
			list_del(&piece->link);
	}
	return idle;
}

/**
 * scriptfs_quarantine - check the pages of a freed piece before they may be used again
 * @pools:	the pools
 * @piece:	a piece that is SCRIPTFS_QUARANTINE's, on no list
 * @ino:	the inode that it belonged to, for reports
 *
 * Context: Process context. Takes cut.lock, pool->lock and quarantine.lock.
 */
void scriptfs_quarantine(struct scriptfs_pools *pools, struct scriptfs_piece *piece,
			 unsigned long ino)
{
	piece->ino = ino;
	scriptfs_sort_out(pools, piece);
}

/* Is the page held that is to be looked at next? */
static bool scriptfs_still_held(struct scriptfs_piece *piece)
{
	struct page *page = scriptfs_piece_page(piece, piece->united ? 0 : piece->mark);

	piece->mark = (piece->mark + PAGE_SIZE) & (scriptfs_piece_size(piece) - 1);
	/* Whatever else may be wrong with it is found when all pages are looked at. */
	return !page->mapping && page_ref_count(page) > 1 && !PageHWPoison(page);
}

/*
 * Check up to @nr pieces, those that were checked longest ago first: without quarantine.lock, as
 * they have up to 512 pages. Returns how many pages became idle.
 */
static unsigned long scriptfs_settle_some(struct scriptfs_pools *pools, unsigned int nr)
{
	struct scriptfs_quarantine *quarantine = &pools->quarantine;
	struct scriptfs_piece *piece, *next;
	unsigned long idle = 0;
	LIST_HEAD(some);

	lockdep_assert_held(&quarantine->settling);
	spin_lock(&quarantine->lock);
	for (; nr && !list_empty(&quarantine->list); nr--)
		list_move_tail(quarantine->list.next, &some);
	spin_unlock(&quarantine->lock);

	list_for_each_entry_safe(piece, next, &some, link) {
		unsigned int pages = scriptfs_piece_pages(piece);

		if (scriptfs_still_held(piece))
			continue;
		list_del(&piece->link);
		idle += scriptfs_sort_out(pools, piece);
		/* What is idle by then was never seen nowhere: see scriptfs_pools_replenish(). */
		spin_lock(&quarantine->lock);
		quarantine->nr--;
		quarantine->pages -= pages;
		spin_unlock(&quarantine->lock);
	}

	spin_lock(&quarantine->lock);
	list_splice_tail(&some, &quarantine->list);
	spin_unlock(&quarantine->lock);
	return idle;
}

static unsigned long scriptfs_settle_now(struct scriptfs_pools *pools, unsigned int nr)
{
	unsigned long idle;

	if (!READ_ONCE(pools->quarantine.nr) || !mutex_trylock(&pools->quarantine.settling))
		return 0;
	idle = scriptfs_settle_some(pools, nr);
	mutex_unlock(&pools->quarantine.settling);
	return idle;
}

/**
 * scriptfs_settle_few - free a few quarantined pieces if they are no longer held
 * @pools:	the pools
 *
 * Context: Process context. Takes quarantine.settling if that is free, and the locks below it.
 * Return: How many pages became idle.
 */
unsigned long scriptfs_settle_few(struct scriptfs_pools *pools)
{
	return scriptfs_settle_now(pools, SCRIPTFS_SETTLE_FEW);
}

/**
 * scriptfs_settle - free quarantined pieces that are no longer held
 * @pools:	the pools
 *
 * Checks some dozens of pieces.
 *
 * Context: Process context or memory reclaim. Takes quarantine.settling if that is free, and the
 * locks below it.
 * Return: How many pages became idle.
 */
unsigned long scriptfs_settle(struct scriptfs_pools *pools)
{
	return scriptfs_settle_now(pools, SCRIPTFS_SETTLE_MANY);
}

/**
 * scriptfs_settle_all - check the whole quarantine
 * @pools:	the pools
 *
 * Context: Process context, sleeps; the caller holds no lock of a file. Takes quarantine.settling
 * and the locks below it.
 * Return: How many pages became idle.
 */
unsigned long scriptfs_settle_all(struct scriptfs_pools *pools)
{
	unsigned long left, idle = 0;

	if (mutex_lock_killable(&pools->quarantine.settling))
		return 0;
	left = READ_ONCE(pools->quarantine.nr);
	while (left) {
		unsigned int nr = min_t(unsigned long, left, SCRIPTFS_SETTLE_MANY);

		idle += scriptfs_settle_some(pools, nr);
		left -= nr;
		cond_resched();
	}
	mutex_unlock(&pools->quarantine.settling);
	return idle;
}
