// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the quarantine, where freed blocks wait while their pages have outside references.
 *
 * The pool is not told when a pipe or a driver drops the last outside reference to a page. So the
 * quarantine is settled, that is checked for blocks without such references, when it matters: when
 * a pool has no idle block, when the system needs memory, and when the stats are read.
 *
 * Any user can hold pages, so the quarantine may be of any length. A task that holds a lock of a
 * file or reads the stats checks a limited number of blocks and waits for no other. To check a
 * block that is still held costs one page: the block remembers how far its pages were found free,
 * and they stay so, as they cannot be found any more.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched.h>

#include "quarantine.h"

/**
 * enum scriptfs_fate - state of memory that was in the page cache, in order of gravity
 * @SCRIPTFS_FATE_CLEAN:	the pool has the only references
 * @SCRIPTFS_FATE_HELD:		there are outside references
 * @SCRIPTFS_FATE_POISONED:	it has a hardware memory error
 * @SCRIPTFS_FATE_CORRUPT:	it is in use elsewhere
 */
enum scriptfs_fate {
	SCRIPTFS_FATE_CLEAN,
	SCRIPTFS_FATE_HELD,
	SCRIPTFS_FATE_POISONED,
	SCRIPTFS_FATE_CORRUPT,
};

/* How many blocks a task with locks checks. */
#define SCRIPTFS_SETTLE_FEW	4

/* How many blocks a reader of the stats, or memory reclaim, checks. */
#define SCRIPTFS_SETTLE_MANY	48

static void scriptfs_report_page(const struct scriptfs_block *block, struct page *page,
				 unsigned long ino, const char *what)
{
	pr_err("corrupt %s block retired: inode %lu, pfn %#lx: %s (refcount %d, mapcount %d, mapping %p, flags %#lx(%pGp))\n",
	       scriptfs_class_names[block->class], ino, page_to_pfn(page), what,
	       page_ref_count(page), atomic_read(&page->_mapcount) + 1, page->mapping,
	       page->flags, &page->flags);
}

/*
 * Check the pages of a chunk, up to the first with an outside reference, which is where the next
 * check begins. The flags of that page stay for now: a pipe tests PG_uptodate before it hands out
 * what is in the page.
 */
static enum scriptfs_fate scriptfs_chunk_inspect(struct scriptfs_block *block,
						 struct scriptfs_chunk *chunk, unsigned long ino)
{
	for (; chunk->mark < scriptfs_chunk_size(block); chunk->mark += PAGE_SIZE) {
		struct page *page = scriptfs_chunk_page(chunk, chunk->mark);
		bool held = false;
		const char *wrong = scriptfs_page_wrong(page, &held);

		if (wrong) {
			scriptfs_report_page(block, page, ino, wrong);
			chunk->corrupt = true;
			return SCRIPTFS_FATE_CORRUPT;
		}
		if (PageHWPoison(page)) {
			scriptfs_report_poison(block, page, ino);
			return SCRIPTFS_FATE_POISONED;
		}
		if (held)
			return SCRIPTFS_FATE_HELD;
		scriptfs_page_clean(page);
	}
	chunk->published = false;
	return SCRIPTFS_FATE_CLEAN;
}

/*
 * Check whatever of a block was in the page cache, without what earlier checks found to be clean.
 * Returns the gravest of what was found; corruption and hardware errors were reported.
 */
static enum scriptfs_fate scriptfs_block_inspect(struct scriptfs_block *block)
{
	enum scriptfs_fate worst = SCRIPTFS_FATE_CLEAN;
	unsigned int i;

	if (READ_ONCE(block->poisoned))
		return SCRIPTFS_FATE_POISONED;
	for (i = 0; i < scriptfs_class_chunks(block->class); i++) {
		struct scriptfs_chunk *chunk = &block->chunk[i];

		if (!chunk->published)
			continue;
		worst = max(worst, scriptfs_chunk_inspect(block, chunk, block->ino));
		cond_resched();
	}
	return worst;
}

/* A block on no list without outside references becomes idle, or retired. */
static bool scriptfs_block_let_go(struct scriptfs_pool *pool, struct scriptfs_block *block,
				  enum scriptfs_fate fate)
{
	spin_lock(&pool->lock);
	pool->nr_quarantine--;
	if (fate == SCRIPTFS_FATE_CLEAN) {
		WRITE_ONCE(block->state, SCRIPTFS_BLOCK_IDLE);
		scriptfs_spans_add(pool, &block, 1);
	} else {
		WRITE_ONCE(block->state, SCRIPTFS_BLOCK_RETIRED);
		pool->nr_retired++;
	}
	spin_unlock(&pool->lock);
	return fate == SCRIPTFS_FATE_CLEAN;
}

/*
 * Check up to @nr blocks, those that were checked longest ago first: without pool->lock, as a super
 * has 65536 pages. Returns how many became idle.
 */
static unsigned int scriptfs_settle(struct scriptfs_pool *pool, unsigned int nr)
{
	struct scriptfs_block *block, *next;
	unsigned int idle = 0;
	LIST_HEAD(some);

	lockdep_assert_held(&pool->settling);
	spin_lock(&pool->lock);
	for (; nr && !list_empty(&pool->quarantine); nr--)
		list_move_tail(pool->quarantine.next, &some);
	spin_unlock(&pool->lock);

	list_for_each_entry_safe(block, next, &some, link) {
		enum scriptfs_fate fate = scriptfs_block_inspect(block);

		if (fate == SCRIPTFS_FATE_HELD)
			continue;
		list_del(&block->link);
		idle += scriptfs_block_let_go(pool, block, fate);
	}

	spin_lock(&pool->lock);
	list_splice_tail(&some, &pool->quarantine);
	spin_unlock(&pool->lock);
	return idle;
}

static unsigned int scriptfs_settle_now(struct scriptfs_pool *pool, unsigned int nr)
{
	unsigned int idle;

	if (!READ_ONCE(pool->nr_quarantine) || !mutex_trylock(&pool->settling))
		return 0;
	idle = scriptfs_settle(pool, nr);
	mutex_unlock(&pool->settling);
	return idle;
}

/**
 * scriptfs_pool_settle_few - free a few quarantined blocks if they are no longer held
 * @pool:	a pool
 *
 * Context: Process context. Takes pool->settling if that is free, and pool->lock.
 * Return: How many became idle.
 */
unsigned int scriptfs_pool_settle_few(struct scriptfs_pool *pool)
{
	return scriptfs_settle_now(pool, SCRIPTFS_SETTLE_FEW);
}

/**
 * scriptfs_pool_settle - free quarantined blocks that are no longer held
 * @pool:	a pool
 *
 * Checks some dozens of blocks.
 *
 * Context: Process context or memory reclaim. Takes pool->settling if that is free, and pool->lock.
 * Return: How many became idle.
 */
unsigned int scriptfs_pool_settle(struct scriptfs_pool *pool)
{
	return scriptfs_settle_now(pool, SCRIPTFS_SETTLE_MANY);
}

/**
 * scriptfs_pool_settle_all - check the whole quarantine of a pool
 * @pool:	a pool
 *
 * Context: Process context, sleeps; the caller holds no lock of a file. Takes pool->settling and
 * pool->lock.
 * Return: How many blocks became idle.
 */
unsigned int scriptfs_pool_settle_all(struct scriptfs_pool *pool)
{
	unsigned long left;
	unsigned int idle = 0;

	if (mutex_lock_killable(&pool->settling))
		return 0;
	left = READ_ONCE(pool->nr_quarantine);
	while (left) {
		unsigned int nr = min_t(unsigned long, left, SCRIPTFS_SETTLE_MANY);

		idle += scriptfs_settle(pool, nr);
		left -= nr;
		cond_resched();
	}
	mutex_unlock(&pool->settling);
	return idle;
}

/**
 * scriptfs_block_quarantine - check the pages of a freed block before it may be taken again
 * @pool:	its pool
 * @block:	a block in state quarantined, on no list
 * @ino:	the inode that it belonged to, for reports
 *
 * Context: Process context. Takes pool->lock.
 */
void scriptfs_block_quarantine(struct scriptfs_pool *pool, struct scriptfs_block *block,
			       unsigned long ino)
{
	bool suspect = READ_ONCE(pool->suspect);
	enum scriptfs_fate fate;
	unsigned int i;

	block->ino = ino;
	for (i = 0; i < scriptfs_class_chunks(block->class); i++) {
		/* Of memory that may be bad, pages that were never published are checked too. */
		block->chunk[i].published |= suspect;
		block->chunk[i].mark = 0;
	}
	spin_lock(&pool->lock);
	pool->nr_quarantine++;
	spin_unlock(&pool->lock);
	fate = scriptfs_block_inspect(block);
	if (fate != SCRIPTFS_FATE_HELD) {
		scriptfs_block_let_go(pool, block, fate);
		return;
	}
	spin_lock(&pool->lock);
	list_add_tail(&block->link, &pool->quarantine);
	spin_unlock(&pool->lock);
}
