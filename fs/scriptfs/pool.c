// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the pools, where blocks wait for a file.
 *
 * Memory comes from the page allocator in slabs: up to 2 MiB that are carved into blocks of one
 * class, or a single block of the surplus. Every page is split off on its own, so that the page
 * cache, pipes and drivers can take and drop references to it as to any other page, and the pool
 * keeps one reference to each from the day it was allocated. A page whose only reference is the
 * pool's belongs to nobody else; that is what makes its block fit to be handed out again.
 *
 * The reference count is looked at, never set. Lockless lookups in the page cache raise the count
 * of a page that they have lost by then, and drop it again: setting the count would lose one of
 * the two, and the page would be freed under the pool or never.
 *
 * Blocks whose pages never left the file system (chunk->published is false, as for most files) go
 * back without a look at their pages, which is why unlink costs nothing a page.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "scriptfs.h"

/*
 * Blocks are never worth the life of a process, so neither mask may wake the OOM killer. One that
 * is asked for while somebody writes may fail easily, there are other classes to fall back on; the
 * reserve is worth compaction and reclaim. Neither is movable: the pool keeps the pages for as
 * long as it likes, and that would defeat CMA and memory hot-remove.
 */
#define SCRIPTFS_GFP_TRY	(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY)
#define SCRIPTFS_GFP_INSIST	(GFP_KERNEL | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

/* Flags that the page cache may leave behind, and that the next file must not find. */
#define SCRIPTFS_STALE_FLAGS	(BIT(PG_referenced) | BIT(PG_uptodate) | BIT(PG_dirty) | \
				 BIT(PG_active) | BIT(PG_unevictable) | BIT(PG_workingset) | \
				 BIT(PG_error) | BIT(PG_mappedtodisk))

/* Flags that a page of a pool never has: somebody else believes that it is his. */
#define SCRIPTFS_FOREIGN_FLAGS	(PAGE_FLAGS_CHECK_AT_FREE & \
				 ~(SCRIPTFS_STALE_FLAGS | BIT(PG_locked)))

/* The smallest block is at least a page, and a chunk is not more than one allocation can give. */
static_assert(PAGE_SHIFT <= SCRIPTFS_UNIT_SHIFT);
static_assert(PAGE_SHIFT + MAX_ORDER > SCRIPTFS_CHUNK_SHIFT);

/* How long a mount with a large reserve keeps silent. */
#define SCRIPTFS_REPORT_EVERY	(5 * HZ)

const u8 scriptfs_class_shifts[SCRIPTFS_NR_CLASSES] = {
	[SCRIPTFS_POEM]		= SCRIPTFS_UNIT_SHIFT,
	[SCRIPTFS_NOVEL]	= 16,
	[SCRIPTFS_MEDIUM]	= 19,
	[SCRIPTFS_LARGE]	= SCRIPTFS_CHUNK_SHIFT,
	[SCRIPTFS_SUPER]	= 28,
};

const char *const scriptfs_class_names[SCRIPTFS_NR_CLASSES] = {
	[SCRIPTFS_POEM]		= "poem",
	[SCRIPTFS_NOVEL]	= "novel",
	[SCRIPTFS_MEDIUM]	= "medium",
	[SCRIPTFS_LARGE]	= "large",
	[SCRIPTFS_SUPER]	= "super",
};

static const char *const scriptfs_state_names[] = {
	[SCRIPTFS_BLOCK_IDLE]		= "idle",
	[SCRIPTFS_BLOCK_USED]		= "used",
	[SCRIPTFS_BLOCK_QUARANTINED]	= "quarantined",
	[SCRIPTFS_BLOCK_RETIRED]	= "retired",
};

/**
 * struct scriptfs_slab - blocks that were allocated together
 * @link:	on the pool's partial or full list
 * @pool:	the pool it belongs to
 * @idle:	a bit for each idle block, the lowest address first
 * @nr:		how many blocks there are
 * @surplus:	above the reserve, so it may go back to the system when idle
 * @block:	the blocks in order of address, allocated on their own because 64 of them fill a
 *		page exactly
 */
struct scriptfs_slab {
	struct list_head	link;
	struct scriptfs_pool	*pool;
	u64			idle;
	u8			nr;
	bool			surplus;
	struct scriptfs_block	*block;
};

/* What became of memory that was in the page cache, in order of gravity. */
enum scriptfs_fate {
	SCRIPTFS_FATE_CLEAN,	/* only the pool has it */
	SCRIPTFS_FATE_HELD,	/* somebody outside still has a reference */
	SCRIPTFS_FATE_POISONED,	/* the hardware lost what was in it */
	SCRIPTFS_FATE_CORRUPT,	/* somebody else uses it as his own */
};

static unsigned int scriptfs_chunk_pages(const struct scriptfs_block *block)
{
	return scriptfs_chunk_size(block) >> PAGE_SHIFT;
}

static void scriptfs_report_page(const struct scriptfs_block *block, struct page *page,
				 unsigned long ino, const char *what)
{
	pr_err("corrupt %s block retired: inode %lu, pfn %#lx: %s (refcount %d, mapcount %d, mapping %p, flags %pGp)\n",
	       scriptfs_class_names[block->class], ino, page_to_pfn(page), what,
	       page_ref_count(page), atomic_read(&page->_mapcount) + 1, page->mapping,
	       &page->flags);
}

/*
 * What is wrong with a page that is no longer in a page cache, or NULL. A page that others still
 * have references to is not wrong: they drop them when they are done, so it need not even be
 * unmapped (TCP maps pages that were sent to it by sendfile). For the same reason a page may still
 * be locked for a moment, by somebody whose reference came or went while we looked.
 */
static const char *scriptfs_page_wrong(struct page *page, bool *held)
{
	int refs = page_ref_count(page);

	if (page->mapping)
		return "belongs to a page cache";
	if (refs < 1)
		return "the pool's reference was dropped";
	if (refs > 1 || PageLocked(page)) {
		*held = true;
		return NULL;
	}
	/* Whoever unmaps a page does so before dropping the reference that we saw gone. */
	smp_rmb();
	if (atomic_read(&page->_mapcount) != -1)
		return "mapped without a reference";
	if (page->flags & SCRIPTFS_FOREIGN_FLAGS)
		return "has flags that are not a pool page's";
	return NULL;
}

/* Atomically, because memory_failure() sets its own flag at any time. */
static void scriptfs_clear_flags(struct page *page, unsigned long flags)
{
	if (page->flags & flags)
		set_mask_bits(&page->flags, flags, 0UL);
}

/*
 * Look at all pages of a chunk. The flags of those that somebody outside holds stay for now: a pipe
 * looks at PG_uptodate before it hands out what is in the page.
 */
static enum scriptfs_fate scriptfs_chunk_inspect(const struct scriptfs_block *block,
						 const struct scriptfs_chunk *chunk,
						 unsigned long ino)
{
	struct page *page = virt_to_page(chunk->addr);
	enum scriptfs_fate fate = SCRIPTFS_FATE_CLEAN;
	const char *wrong;
	unsigned int i;

	for (i = 0; i < scriptfs_chunk_pages(block); i++, page++) {
		bool held = false;

		wrong = scriptfs_page_wrong(page, &held);
		if (wrong) {
			scriptfs_report_page(block, page, ino, wrong);
			return SCRIPTFS_FATE_CORRUPT;
		}
		if (PageHWPoison(page)) {
			if (fate < SCRIPTFS_FATE_POISONED)
				scriptfs_report_page(block, page, ino, "hardware memory error");
			fate = SCRIPTFS_FATE_POISONED;
		} else if (held) {
			fate = max(fate, SCRIPTFS_FATE_HELD);
		} else {
			scriptfs_clear_flags(page, SCRIPTFS_STALE_FLAGS);
		}
	}
	return fate;
}

/*
 * Look at whatever of a block was in the page cache. Nobody else touches the block: it has left
 * its file, and is not on a list.
 *
 * A chunk that passed is not looked at again. One with a hardware error counts as passed, because
 * its pages can go back to the system, which keeps the bad one out of use. So in a retired block
 * the chunks that are still marked published are those that can not.
 */
static enum scriptfs_fate scriptfs_block_inspect(struct scriptfs_block *block)
{
	enum scriptfs_fate worst = SCRIPTFS_FATE_CLEAN;
	unsigned int i;

	for (i = 0; i < scriptfs_class_chunks(block->class); i++) {
		struct scriptfs_chunk *chunk = &block->chunk[i];
		enum scriptfs_fate fate;

		if (!chunk->published)
			continue;
		fate = scriptfs_chunk_inspect(block, chunk, block->ino);
		if (fate == SCRIPTFS_FATE_CLEAN || fate == SCRIPTFS_FATE_POISONED)
			chunk->published = false;
		worst = max(worst, fate);
		cond_resched();
	}
	return worst;
}

/*
 * Give a chunk back to the system by dropping the pool's references: a page that somebody outside
 * still holds goes when he drops his. A page that is no longer the pool's is left alone, since
 * freeing it would take it from under whoever uses it.
 *
 * Returns how many pages were left alone.
 */
static unsigned int scriptfs_chunk_free(const struct scriptfs_block *block,
					const struct scriptfs_chunk *chunk)
{
	struct page *page = virt_to_page(chunk->addr);
	unsigned int left = 0;
	unsigned int i;

	for (i = 0; i < scriptfs_chunk_pages(block); i++, page++) {
		bool held = false;

		if (scriptfs_page_wrong(page, &held)) {
			left++;
			continue;
		}
		/* The page allocator takes these for corruption, and clears the others itself. */
		scriptfs_clear_flags(page, SCRIPTFS_STALE_FLAGS & PAGE_FLAGS_CHECK_AT_FREE);
		put_page(page);
	}
	return left;
}

static void scriptfs_block_free(struct scriptfs_block *block)
{
	unsigned int pages = scriptfs_chunk_pages(block);
	unsigned int left = 0;
	unsigned int i;

	for (i = 0; block->chunk && i < scriptfs_class_chunks(block->class); i++) {
		struct scriptfs_chunk *chunk = &block->chunk[i];

		if (!chunk->addr)
			continue;
		/*
		 * What was found corrupt may look fine by now, if the page that was freed under us
		 * has found a new owner: trust nothing of it.
		 */
		if (block->state == SCRIPTFS_BLOCK_RETIRED && chunk->published)
			left += pages;
		else
			left += scriptfs_chunk_free(block, chunk);
		cond_resched();
	}
	if (left)
		pr_err("corrupt %s block: %u pages not given back, they may be in use\n",
		       scriptfs_class_names[block->class], left);
	if (block->chunk != &block->first)
		kfree(block->chunk);
}

static void scriptfs_slab_free(struct scriptfs_slab *slab)
{
	unsigned int i;

	for (i = 0; i < slab->nr; i++)
		scriptfs_block_free(&slab->block[i]);
	kfree(slab->block);
	kfree(slab);
}

static void *scriptfs_alloc_pages(unsigned long size, gfp_t gfp)
{
	unsigned int order = get_order(size);
	struct page *page = alloc_pages(gfp, order);
	unsigned int i;

	if (!page)
		return NULL;
	split_page(page, order);
	/* What the allocator rounded up was not asked for. */
	for (i = size >> PAGE_SHIFT; i < 1U << order; i++)
		put_page(page + i);
	return page_address(page);
}

/* Allocate what a block of several chunks needs. On failure the caller frees what there is. */
static bool scriptfs_alloc_chunks(struct scriptfs_block *block, gfp_t gfp)
{
	unsigned int nr = scriptfs_class_chunks(block->class);
	unsigned int i;

	block->chunk = kcalloc(nr, sizeof(*block->chunk), gfp);
	if (!block->chunk)
		return false;
	for (i = 0; i < nr; i++) {
		if (fatal_signal_pending(current))
			return false;
		block->chunk[i].addr = scriptfs_alloc_pages(SCRIPTFS_CHUNK_SIZE, gfp);
		if (!block->chunk[i].addr)
			return false;
		cond_resched();
	}
	return true;
}

/* Allocate a slab of @nr blocks, all of them in use as far as its bitmap says. */
static struct scriptfs_slab *scriptfs_slab_alloc(struct scriptfs_pool *pool, unsigned int class,
						 unsigned int nr, gfp_t gfp)
{
	unsigned long size = scriptfs_class_size(class);
	struct scriptfs_slab *slab;
	void *addr = NULL;
	unsigned int i;

	slab = kzalloc(sizeof(*slab), gfp);
	if (!slab)
		return NULL;
	slab->pool = pool;
	slab->nr = nr;
	slab->block = kcalloc(nr, sizeof(*slab->block), gfp);
	if (!slab->block)
		goto free_slab;

	if (size <= SCRIPTFS_CHUNK_SIZE) {
		addr = scriptfs_alloc_pages(nr * size, gfp);
		if (!addr)
			goto free_blocks;
	}
	for (i = 0; i < nr; i++) {
		struct scriptfs_block *block = &slab->block[i];

		block->class = class;
		block->slot = i;
		block->slab = slab;
		if (addr) {
			block->chunk = &block->first;
			block->first.addr = addr + i * size;
		} else if (!scriptfs_alloc_chunks(block, gfp)) {
			scriptfs_slab_free(slab);
			return NULL;
		}
	}
	return slab;

free_blocks:
	kfree(slab->block);
free_slab:
	kfree(slab);
	return NULL;
}

/*
 * Put a block where scriptfs_pool_take() finds it. A slab that was full goes where it is taken
 * from next, as its memory may still be in the processor's caches; but the surplus stays behind the
 * reserve, so that it becomes idle and can be given back. The pool's lock is held.
 */
static void scriptfs_block_idle(struct scriptfs_pool *pool, struct scriptfs_block *block)
{
	struct scriptfs_slab *slab = block->slab;

	if (!slab->idle) {
		if (slab->surplus)
			list_move_tail(&slab->link, &pool->partial);
		else
			list_move(&slab->link, &pool->partial);
	}
	slab->idle |= BIT_ULL(block->slot);
	block->state = SCRIPTFS_BLOCK_IDLE;
	pool->idle++;
}

/*
 * Decide what becomes of a quarantined block that is on no list. The pages are looked at without
 * the lock, for a super has 65536 of them.
 */
static void scriptfs_block_settle(struct scriptfs_pool *pool, struct scriptfs_block *block)
{
	enum scriptfs_fate fate = scriptfs_block_inspect(block);

	spin_lock(&pool->lock);
	if (fate == SCRIPTFS_FATE_HELD) {
		list_add_tail(&block->link, &pool->quarantine);
	} else {
		pool->nr_quarantine--;
		if (fate == SCRIPTFS_FATE_CLEAN) {
			scriptfs_block_idle(pool, block);
		} else {
			block->state = SCRIPTFS_BLOCK_RETIRED;
			pool->nr_retired++;
		}
	}
	spin_unlock(&pool->lock);
}

/**
 * scriptfs_pool_settle - make idle what nobody outside holds any longer
 * @sbi:	the mount
 * @class:	which of its pools
 *
 * Nobody tells the pool when a pipe or a driver drops the last outside reference to a page of a
 * quarantined block, so this is called when it matters: when there is nothing else to hand out, and
 * when somebody wants to know the figures.
 *
 * Context: Process context, takes pool->settling and pool->lock.
 */
void scriptfs_pool_settle(struct scriptfs_sb *sbi, unsigned int class)
{
	struct scriptfs_pool *pool = &sbi->pool[class];
	struct scriptfs_block *block, *next;
	LIST_HEAD(waiting);

	if (!READ_ONCE(pool->nr_quarantine))
		return;

	mutex_lock(&pool->settling);
	spin_lock(&pool->lock);
	list_splice_init(&pool->quarantine, &waiting);
	spin_unlock(&pool->lock);
	list_for_each_entry_safe(block, next, &waiting, link)
		scriptfs_block_settle(pool, block);
	mutex_unlock(&pool->settling);
}

static struct scriptfs_block *scriptfs_take_idle(struct scriptfs_pool *pool)
{
	struct scriptfs_block *block = NULL;
	struct scriptfs_slab *slab;

	spin_lock(&pool->lock);
	slab = list_first_entry_or_null(&pool->partial, struct scriptfs_slab, link);
	if (slab) {
		/* The lowest one: blocks that are taken one after another are then neighbours. */
		block = &slab->block[__ffs64(slab->idle)];
		slab->idle &= slab->idle - 1;
		if (!slab->idle)
			list_move(&slab->link, &pool->full);
		block->state = SCRIPTFS_BLOCK_USED;
		pool->idle--;
		pool->used++;
	}
	spin_unlock(&pool->lock);
	return block;
}

/*
 * Give idle surplus of a pool back to the system until that comes to @pages.
 *
 * Runs in memory reclaim too, with whatever locks the task holds that needs memory: nothing here
 * may take more than the pool's lock, and that lock is never held while allocating.
 */
static unsigned long scriptfs_pool_shrink(struct scriptfs_sb *sbi, unsigned int class,
					  unsigned long pages)
{
	struct scriptfs_pool *pool = &sbi->pool[class];
	struct scriptfs_slab *slab, *next;
	unsigned long freed = 0;
	LIST_HEAD(gone);

	spin_lock(&pool->lock);
	while (freed < pages && !list_empty(&pool->partial)) {
		slab = list_last_entry(&pool->partial, struct scriptfs_slab, link);
		if (!slab->surplus)
			break;
		list_move(&slab->link, &gone);
		pool->idle--;
		pool->surplus--;
		freed += scriptfs_class_size(class) >> PAGE_SHIFT;
	}
	spin_unlock(&pool->lock);

	list_for_each_entry_safe(slab, next, &gone, link) {
		scriptfs_slab_free(slab);
		atomic64_sub(scriptfs_class_size(class), &sbi->held);
	}
	return freed;
}

static unsigned long scriptfs_pools_shrink(struct scriptfs_sb *sbi, unsigned long pages)
{
	unsigned long freed = 0;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES && freed < pages; class++)
		freed += scriptfs_pool_shrink(sbi, class, pages - freed);
	return freed;
}

/* How many pages that may find; somewhat more than it does where blocks of the reserve are idle. */
static unsigned long scriptfs_shrinkable(struct scriptfs_sb *sbi)
{
	unsigned long pages = 0;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		struct scriptfs_pool *pool = &sbi->pool[class];

		pages += min(READ_ONCE(pool->surplus), READ_ONCE(pool->idle)) <<
			 (scriptfs_class_shifts[class] - PAGE_SHIFT);
	}
	return pages;
}

/* Objects are pages, as blocks of the larger classes are too few for reclaim to take a share of. */
static unsigned long scriptfs_shrink_count(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct scriptfs_sb *sbi = container_of(shrinker, struct scriptfs_sb, shrinker);

	return scriptfs_shrinkable(sbi);
}

static unsigned long scriptfs_shrink_scan(struct shrinker *shrinker, struct shrink_control *sc)
{
	struct scriptfs_sb *sbi = container_of(shrinker, struct scriptfs_sb, shrinker);
	unsigned long freed = scriptfs_pools_shrink(sbi, sc->nr_to_scan);

	if (!freed)
		return SHRINK_STOP;
	sc->nr_scanned = freed;
	return freed;
}

/*
 * Count @size more bytes as held, if the mount may have them. Surplus that other classes have idle
 * does not stand in the way.
 */
static bool scriptfs_charge(struct scriptfs_sb *sbi, u64 size)
{
	s64 held = atomic64_read(&sbi->held);

	for (;;) {
		u64 limit = READ_ONCE(sbi->opt.size);
		unsigned long over;

		if (held + size <= limit) {
			if (atomic64_try_cmpxchg(&sbi->held, &held, held + size))
				return true;
			continue;
		}
		over = DIV_ROUND_UP(held + size - limit, PAGE_SIZE);
		if (over > scriptfs_shrinkable(sbi) || !scriptfs_pools_shrink(sbi, over))
			return false;
		held = atomic64_read(&sbi->held);
	}
}

static struct scriptfs_block *scriptfs_take_surplus(struct scriptfs_sb *sbi, unsigned int class)
{
	struct scriptfs_pool *pool = &sbi->pool[class];
	u64 size = scriptfs_class_size(class);
	struct scriptfs_slab *slab;

	if (!scriptfs_charge(sbi, size))
		return NULL;
	slab = scriptfs_slab_alloc(pool, class, 1, SCRIPTFS_GFP_TRY);
	if (!slab) {
		atomic64_sub(size, &sbi->held);
		return NULL;
	}
	slab->surplus = true;
	slab->block->state = SCRIPTFS_BLOCK_USED;

	spin_lock(&pool->lock);
	list_add(&slab->link, &pool->full);
	pool->surplus++;
	pool->used++;
	spin_unlock(&pool->lock);
	return slab->block;
}

/**
 * scriptfs_pool_take - take a block for a file
 * @sbi:	the mount
 * @class:	which class
 * @surplus:	allocate one if the pool has none and the mount options allow it
 *
 * The memory holds what was last in it, and the initialised marks say so.
 *
 * Context: Process context. May sleep; takes pool->settling and pool->lock.
 * Return: The block, which is the caller's until scriptfs_pool_put(); NULL when none is to be had.
 */
struct scriptfs_block *scriptfs_pool_take(struct scriptfs_sb *sbi, unsigned int class, bool surplus)
{
	struct scriptfs_pool *pool = &sbi->pool[class];
	struct scriptfs_block *block;
	unsigned int i;

	block = scriptfs_take_idle(pool);
	if (!block) {
		scriptfs_pool_settle(sbi, class);
		block = scriptfs_take_idle(pool);
	}
	if (!block && surplus && !READ_ONCE(sbi->opt.strict))
		block = scriptfs_take_surplus(sbi, class);
	if (!block)
		return NULL;

	for (i = 0; i < scriptfs_class_chunks(class); i++) {
		block->chunk[i].mark = 0;
		block->chunk[i].published = false;
	}
	return block;
}

/**
 * scriptfs_pool_put - give back a block of a file
 * @sbi:	the mount
 * @block:	a block from scriptfs_pool_take(), out of the file's map and withdrawn
 * @ino:	the file's inode number, for reports
 *
 * The block becomes idle at once, or goes to quarantine while somebody outside holds one of its
 * pages, or is reported and retired if one of them is not in the state that it must be in. A block
 * that is not in use is reported and left as it is.
 *
 * Context: Process context, takes pool->lock.
 */
void scriptfs_pool_put(struct scriptfs_sb *sbi, struct scriptfs_block *block, unsigned long ino)
{
	struct scriptfs_pool *pool = &sbi->pool[block->class];
	bool published = false;
	unsigned int i;

	for (i = 0; i < scriptfs_class_chunks(block->class) && !published; i++)
		published = block->chunk[i].published;

	spin_lock(&pool->lock);
	if (unlikely(block->slab->pool != pool || block->state != SCRIPTFS_BLOCK_USED)) {
		unsigned int state = block->state;

		spin_unlock(&pool->lock);
		pr_err("%s of a %s block: inode %lu, pfn %#lx, state %s\n",
		       block->slab->pool == pool ? "double free" : "bad free to another mount",
		       scriptfs_class_names[block->class], ino,
		       PHYS_PFN(__pa(block->chunk->addr)), scriptfs_state_names[state]);
		return;
	}
	pool->used--;
	if (!published) {
		scriptfs_block_idle(pool, block);
		spin_unlock(&pool->lock);
		return;
	}
	/* Not USED any more, so that of two that free the same block only one gets here. */
	block->state = SCRIPTFS_BLOCK_QUARANTINED;
	block->ino = ino;
	pool->nr_quarantine++;
	spin_unlock(&pool->lock);

	scriptfs_block_settle(pool, block);
}

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
 * Allocate up to @nr blocks for the reserve: as large a piece as comes without effort, and with
 * effort the size that the class itself needs.
 */
static struct scriptfs_slab *scriptfs_reserve_slab(struct scriptfs_pool *pool, unsigned int class,
						   unsigned int nr)
{
	struct scriptfs_slab *slab;

	for (; nr > 1; nr /= 2) {
		slab = scriptfs_slab_alloc(pool, class, nr, SCRIPTFS_GFP_TRY);
		if (slab)
			return slab;
	}
	return scriptfs_slab_alloc(pool, class, 1, SCRIPTFS_GFP_INSIST);
}

static int scriptfs_pool_fill(struct scriptfs_sb *sbi, unsigned int class, u64 need,
			      unsigned long *next_report)
{
	struct scriptfs_pool *pool = &sbi->pool[class];
	unsigned long most = max(SCRIPTFS_CHUNK_SIZE >> scriptfs_class_shifts[class], 1UL);

	while (pool->reserve < sbi->opt.reserve[class]) {
		unsigned long nr = min(sbi->opt.reserve[class] - pool->reserve, most);
		struct scriptfs_slab *slab;

		if (fatal_signal_pending(current))
			return -EINTR;
		slab = scriptfs_reserve_slab(pool, class, nr);
		if (!slab)
			return fatal_signal_pending(current) ? -EINTR : -ENOMEM;

		slab->idle = GENMASK_ULL(slab->nr - 1, 0);
		spin_lock(&pool->lock);
		list_add_tail(&slab->link, &pool->partial);
		pool->reserve += slab->nr;
		pool->idle += slab->nr;
		spin_unlock(&pool->lock);
		atomic64_add(slab->nr * scriptfs_class_size(class), &sbi->held);

		if (time_after(jiffies, *next_report)) {
			pr_info("preallocated %llu of %llu MiB\n",
				(u64)atomic64_read(&sbi->held) >> 20, need >> 20);
			*next_report = jiffies + SCRIPTFS_REPORT_EVERY;
		}
		cond_resched();
	}
	return 0;
}

/**
 * scriptfs_pools_fill - get the reserve of a mount
 * @sbi:	a new mount, zeroed but for its options
 * @missing:	set to how many bytes were missing when there was not enough memory
 *
 * Sets the pools up and registers the shrinker. On any error all memory has been given back.
 *
 * Context: Process context, sleeps, for seconds where the reserve is large.
 * Return: 0, -ENOMEM, or -EINTR after a fatal signal.
 */
int scriptfs_pools_fill(struct scriptfs_sb *sbi, unsigned long *missing)
{
	unsigned long next_report = jiffies + SCRIPTFS_REPORT_EVERY;
	u64 need = scriptfs_reserve_bytes(&sbi->opt);
	u64 available = (u64)max(si_mem_available(), 0L) << PAGE_SHIFT;
	unsigned int class;
	int err;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		scriptfs_pool_init(&sbi->pool[class]);

	*missing = 0;
	/* Better now than after reclaim has turned out everything that the system had cached. */
	if (need > available) {
		*missing = need - available;
		return -ENOMEM;
	}

	sbi->shrinker.count_objects = scriptfs_shrink_count;
	sbi->shrinker.scan_objects = scriptfs_shrink_scan;
	sbi->shrinker.seeks = DEFAULT_SEEKS;
	err = register_shrinker(&sbi->shrinker);
	if (err) {
		*missing = need;
		return err;
	}

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		err = scriptfs_pool_fill(sbi, class, need, &next_report);
		if (err) {
			if (err == -ENOMEM)
				*missing = need - atomic64_read(&sbi->held);
			scriptfs_pools_drain(sbi);
			return err;
		}
	}
	return 0;
}

static void scriptfs_pool_drain(struct scriptfs_sb *sbi, unsigned int class)
{
	struct scriptfs_pool *pool = &sbi->pool[class];
	struct scriptfs_slab *slab, *next;

	if (pool->used)
		pr_err("bad unmount: %lu %s blocks still in use\n", pool->used,
		       scriptfs_class_names[class]);

	list_splice_init(&pool->full, &pool->partial);
	list_for_each_entry_safe(slab, next, &pool->partial, link)
		scriptfs_slab_free(slab);
	scriptfs_pool_init(pool);
}

/**
 * scriptfs_pools_drain - give all memory of a mount back to the system
 * @sbi:	a mount that scriptfs_pools_fill() set up, without files
 *
 * Nothing waits for the quarantine: a page that somebody outside holds goes back to the system when
 * he drops it, being a page like any other by then. Pages that were found corrupt are not freed,
 * because somebody else may be using them.
 *
 * Context: Process context, sleeps. Nobody else uses the pools any longer.
 */
void scriptfs_pools_drain(struct scriptfs_sb *sbi)
{
	unsigned int class;

	unregister_shrinker(&sbi->shrinker);
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		scriptfs_pool_drain(sbi, class);
	atomic64_set(&sbi->held, 0);
}
