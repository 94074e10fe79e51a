// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: pages of a file's pieces in the page cache, for mmap, splice and all else that wants
 * pages.
 *
 * A page enters the page cache when it is asked for there (it is published) and leaves it when the
 * file is truncated or evicted (it is withdrawn). Its bytes lie in the piece all the time, so
 * nothing is ever dirty, written back or lost with it.
 *
 * A whole chunk of the file is published as one huge page, if the first fault in it is of a mapping
 * that can map it as such (huge.c). Its pages stay united for as long as the file has the chunk and
 * nobody needs a part of it. If that is not possible, because pages of it were published one by one
 * before and are still in use, they stay single: all else works the same with either.
 *
 * A published page has two references at least, the pool's and the page cache's, and any other user
 * has a third. It leaves the page cache under its lock, or with its count frozen at those two; so
 * nothing else can be in the middle of doing the same. What would:
 *
 *	remove_mapping()	for a page to be given away by a pipe (FUSE, virtio), for
 *				invalidate_inode_page() (drop_caches, fadvise, bad memory) and for
 *				reclaim. It locks the page and expects exactly the page cache's and
 *				the caller's reference. With the pool's there is always one more, so
 *				no page of a pool is ever stolen; and on the last step of an evict,
 *				when it would add up, the page is not in the page cache any more.
 *	memory_failure()	locks the page and calls ->error_remove_page.
 *	set_page_dirty_lock()	locks the page; a published one has nothing to be marked, see
 *				page_cache_remove_run() for one that is not published yet.
 *	truncate_inode_pages()	and all around it lock the page.
 *	split_huge_page()	expects a huge page to have the page cache's and the caller's
 *				references, and those of mappings. There is always one more.
 *	migration, compaction,	want pages that can be isolated from the LRU, where these are not.
 *	khugepaged, mlock
 *	try_to_release_page()	wants PG_private, which these do not have.
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/page_run.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "alloc.h"
#include "change.h"
#include "compat/page.h"
#include "huge.h"
#include "map.h"
#include "publish.h"
#include "quarantine.h"
#include "sb.h"
#include "unite.h"
#include "wait.h"

/* A fault publishes what it finds initialised around it, at most so many pages: one XArray leaf. */
#define SCRIPTFS_AROUND_PAGES	64UL

/* How often to look whether a piece with a bad page is still held: for 0.2 seconds or so. */
#define SCRIPTFS_PUBLISH_TRIES	64

/* Flags that an earlier holder of the page may have left behind. */
#define SCRIPTFS_LEFT_FLAGS	(BIT(PG_dirty) | BIT(PG_referenced) | BIT(PG_active) | \
				 BIT(PG_workingset) | BIT(PG_checked) | SCRIPTFS_PG_ERROR)

/**
 * scriptfs_page_ready - mark a page uptodate, before or while it is published
 * @page:	a page of one of the file's pieces, with the bytes that the file has there
 *
 * It is on no LRU list. PG_unevictable keeps mark_page_accessed() and fadvise(2) from batching it
 * for one, and so from holding it until the batch is full.
 */
void scriptfs_page_ready(struct page *page)
{
	set_mask_bits(scriptfs_page_flags(page), SCRIPTFS_LEFT_FLAGS,
		      BIT(PG_uptodate) | BIT(PG_unevictable));
	/* What another file had in this page may still be in the instruction cache. */
	flush_dcache_page(page);
}

/* Can the page be inserted, and do no harm there? */
static bool scriptfs_page_fit(struct page *page)
{
	return !page->mapping && !PageHWPoison(page);
}

/* Publish what is not yet published of some initialised pages in a row. */
static int scriptfs_publish_run(struct inode *inode, struct page *page, pgoff_t index,
				unsigned int nr)
{
	while (nr) {
		unsigned int fit = 0;
		int done = 1;

		while (fit < nr && scriptfs_page_fit(page + fit))
			scriptfs_page_ready(page + fit++);
		if (fit)
			done = page_cache_insert_run(inode->i_mapping, page, index, fit,
						     GFP_KERNEL);
		/* There is one that the page cache allocated: it is about to go (aops.c). */
		if (done == -EEXIST)
			done = 1;
		if (done < 0)
			return done;
		page += done;
		index += done;
		nr -= done;
	}
	return 0;
}

/* Does a piece lie in the file from end to end, with no gap that should stay a hole? */
static bool scriptfs_piece_fits(struct inode *inode, struct scriptfs_piece *piece, pgoff_t index)
{
	return scriptfs_piece_limit(piece) <= DIV_ROUND_UP_ULL(i_size_read(inode), PAGE_SIZE) &&
	       !scriptfs_piece_gap(piece, (index - piece->index) << PAGE_SHIFT);
}

static bool scriptfs_piece_sound(struct inode *inode, struct scriptfs_piece *piece)
{
	return !test_bit(SCRIPTFS_POOLS_SUSPECT, &scriptfs_pools(inode->i_sb)->flags) ||
	       !scriptfs_piece_poisoned(piece);
}

/* Unite a piece, some pages of which may be published, if it can be. */
static bool scriptfs_piece_unite(struct inode *inode, struct scriptfs_piece *piece)
{
	if (piece->apart)
		return false;
	if (piece->published && inode->i_mapping->nrpages)
		scriptfs_singles_withdraw(inode->i_mapping, piece);
	/* Not a second time: each looks at all of its pages. */
	piece->apart = !scriptfs_unite(piece);
	return piece->united;
}

/**
 * scriptfs_publish_united - publish a united piece as a whole, or divide it
 * @inode:	the file
 * @piece:	a united piece of it
 * @index:	which of its pages is wanted
 *
 * It is divided if it is not all to be published, and can be.
 *
 * Context: The caller holds map_lock exclusively. May sleep. Takes the i_pages lock.
 * Return: 0 if it is published; -EAGAIN if it is divided now; -EEXIST if it is held, and another
 * page is in its place, which is about to go (aops.c); -EBUSY if it is held, maybe just for a
 * moment, and a page of it is bad; -ENOMEM. See scriptfs_publish_wait() for what can be waited for.
 */
int scriptfs_publish_united(struct inode *inode, struct scriptfs_piece *piece, pgoff_t index)
{
	struct page *page = scriptfs_piece_page(piece, 0);
	bool sound = scriptfs_piece_sound(inode, piece);
	int err = 0;

	piece->published = true;
	if ((!sound || !scriptfs_piece_fits(inode, piece, index)) && scriptfs_divide(piece))
		return -EAGAIN;
	if (!sound)
		return -EBUSY;
	if (!page->mapping) {
		scriptfs_mark_raise(piece, scriptfs_piece_size(piece));
		scriptfs_dcache_flush(piece, 0, scriptfs_piece_size(piece));
		scriptfs_page_ready(page);
		scriptfs_inode(inode)->huge = true;
		err = scriptfs_huge_insert(inode->i_mapping, piece);
	}
	/* Then the pages that are free can be had one by one. */
	if (err == -EEXIST && scriptfs_divide(piece))
		return -EAGAIN;
	return err;
}

/*
 * Publish the page at @index of a piece and its initialised neighbours in it, so that the next
 * faults find them and map many at a time. Only the page itself may need zeroing.
 */
static int scriptfs_publish_around(struct inode *inode, struct scriptfs_piece *piece, pgoff_t index)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	u32 offset = (index - piece->index) << PAGE_SHIFT, from, to;

	piece->published = true;
	scriptfs_mark_raise(piece, offset + PAGE_SIZE);

	from = round_down(offset, SCRIPTFS_AROUND_PAGES * PAGE_SIZE);
	to = from + SCRIPTFS_AROUND_PAGES * PAGE_SIZE;
	to = min_t(u32, to, round_down(piece->mark, PAGE_SIZE));
	to = min_t(u64, to, ((u64)(scriptfs_page_limit(si) - index) << PAGE_SHIFT) + offset);
	return scriptfs_publish_run(inode, scriptfs_piece_page(piece, from),
				    index - ((offset - from) >> PAGE_SHIFT),
				    (to - from) >> PAGE_SHIFT);
}

/* Publish the page at @index of a piece, with all or some of the others. */
static int scriptfs_publish_piece(struct inode *inode, struct scriptfs_piece *piece, pgoff_t index,
				  bool whole)
{
	int err = -EAGAIN;

	if (PageHWPoison(scriptfs_piece_page(piece, (index - piece->index) << PAGE_SHIFT)))
		return -EHWPOISON;
	if (piece->united || (whole && piece->order == SCRIPTFS_CHUNK_ORDER &&
			      scriptfs_piece_fits(inode, piece, index) &&
			      scriptfs_piece_unite(inode, piece)))
		err = scriptfs_publish_united(inode, piece, index);
	return err == -EAGAIN ? scriptfs_publish_around(inode, piece, index) : err;
}

/* Publish the page at @index, in a new piece if need be. */
static int scriptfs_publish_locked(struct inode *inode, pgoff_t index, bool whole, bool skip)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t pos = (loff_t)index << PAGE_SHIFT;
	struct scriptfs_piece *piece;
	int err = -ENODATA;

	down_write(&si->map_lock);
	if (index < scriptfs_page_limit(si)) {
		piece = scriptfs_piece_get(inode, pos, PAGE_SIZE);
		if (skip && !IS_ERR(piece) &&
		    scriptfs_piece_gap(piece, pos - scriptfs_piece_start(piece)))
			piece = scriptfs_map_skip(inode, piece, index);
		err = IS_ERR(piece) ? PTR_ERR(piece) :
				      scriptfs_publish_piece(inode, piece, index, whole);
	}
	up_write(&si->map_lock);
	return err;
}

/* Would publishing the page at @index fill pages in front of it that the file can do without? */
static bool scriptfs_publish_fills(struct scriptfs_inode *si, pgoff_t index)
{
	loff_t pos = (loff_t)index << PAGE_SHIFT;
	struct scriptfs_piece *piece;
	bool fills;

	if (!READ_ONCE(si->trim))
		return false;
	down_read(&si->map_lock);
	piece = scriptfs_map_look(si, index);
	fills = piece && scriptfs_piece_gap(piece, pos - scriptfs_piece_start(piece));
	up_read(&si->map_lock);
	return fills;
}

/*
 * The same, but leave a hole rather than fill pages with zeroes. That takes inode_lock, which comes
 * before mmap_lock, and a fault already holds that one: so only try it.
 */
static int scriptfs_publish_once(struct inode *inode, pgoff_t index, bool whole)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	int err;

	if (likely(!scriptfs_publish_fills(si, index)) || !inode_trylock(inode))
		return scriptfs_publish_locked(inode, index, whole, false);
	scriptfs_change_begin(si);
	err = scriptfs_publish_locked(inode, index, whole, true);
	scriptfs_change_end(si);
	inode_unlock(inode);
	return err;
}

/**
 * scriptfs_publish_wait - wait until a united piece can be published or divided
 * @tries:	zeroed at first
 * @err:	why it cannot be, from scriptfs_publish_united()
 *
 * Whoever was about to map it when it was withdrawn has it until he finds that it has gone, and so
 * has who withdrew it. If it has a bad page, none of its pages can be had until it is divided.
 *
 * Context: May sleep; the caller does not hold map_lock.
 * Return: 0 if it is worth trying again; -EHWPOISON if it has a bad page and is held for long;
 * -EINTR after a fatal signal.
 */
int scriptfs_publish_wait(unsigned int *tries, int err)
{
	if (fatal_signal_pending(current))
		return -EINTR;
	if (err == -EBUSY && ++*tries > SCRIPTFS_PUBLISH_TRIES)
		return -EHWPOISON;
	usleep_range(2000, 4000);
	return 0;
}

/**
 * scriptfs_publish - put a page of a file into the page cache
 * @inode:	the file
 * @index:	which of its pages
 * @whole:	publish the whole chunk that it is in as a huge page, if it can be
 *
 * The initialised pages around it come along.
 *
 * Context: Takes map_lock. May sleep for long, waiting for memory.
 * Return: 0 if it is there, or was until just now; -ENODATA behind the end of the file; -EHWPOISON
 * if it is bad; -ENOSPC; -ENOMEM; -EINTR after a fatal signal.
 */
int scriptfs_publish(struct inode *inode, pgoff_t index, bool whole)
{
	struct scriptfs_wait wait = {};
	unsigned int tries = 0;
	int err;

	do {
		err = scriptfs_publish_once(inode, index, whole);
		if (!err)
			break;
		err = err == -EBUSY || err == -EEXIST ?
			scriptfs_publish_wait(&tries, err) :
			scriptfs_wait_for_memory(inode, &wait, err, PAGE_SIZE);
	} while (!err);
	scriptfs_wait_end(inode, &wait);
	return err;
}

/* Take the page at @index out of the page cache if it is bad, and nobody has yet (poison.c). */
static void scriptfs_withdraw_bad(struct address_space *mapping, pgoff_t index)
{
	struct page *page = find_lock_page(mapping, index);
	bool bad;

	if (!page)
		return;
	bad = PageHWPoison(page);
	if (bad && !PageCompound(page))
		scriptfs_page_drop(mapping, page);
	unlock_page(page);
	if (bad && PageCompound(page))
		scriptfs_huge_withdraw(mapping, compound_head(page));
	put_page(page);
}

/**
 * scriptfs_publish_range - publish what a part of a file has
 * @inode:	the file
 * @pos:	where it begins, in bytes
 * @len:	how long it is; it has memory, and is initialised
 *
 * For generic functions of a kernel without ->supply_page, which would have to allocate pages
 * otherwise. What cannot be published is not: ->read_folio is asked for it, and says why. These
 * functions do not look whether a page is bad, so such a one is withdrawn.
 *
 * Context: Takes map_lock. May sleep for long, waiting for memory.
 */
void scriptfs_publish_range(struct inode *inode, loff_t pos, size_t len)
{
	bool suspect = test_bit(SCRIPTFS_POOLS_SUSPECT, &scriptfs_pools(inode->i_sb)->flags);
	pgoff_t index = pos >> PAGE_SHIFT, end = DIV_ROUND_UP_ULL(pos + len, PAGE_SIZE);

	for (; index < end; index++) {
		if (unlikely(suspect))
			scriptfs_withdraw_bad(inode->i_mapping, index);
		if (!xa_load(&inode->i_mapping->i_pages, index) &&
		    scriptfs_publish(inode, index, false))
			break;
	}
}

/* Take all huge pages of a file that is being evicted out, a group at a time. */
static void scriptfs_withdraw_united(struct inode *inode)
{
	struct address_space *mapping = inode->i_mapping;
	struct scriptfs_piece *piece = scriptfs_piece_next(scriptfs_inode(inode), 0);
	struct page *pages[SCRIPTFS_HUGE_GROUP];
	pgoff_t group = 0;
	unsigned int nr = 0;

	for (; piece; piece = scriptfs_piece_after(piece)) {
		struct page *page = scriptfs_piece_page(piece, 0);

		if (!piece->united || !page->mapping)
			continue;
		if (scriptfs_huge_group(piece->index) != group) {
			scriptfs_huge_evict(mapping, pages, nr);
			cond_resched();
			group = scriptfs_huge_group(piece->index);
			nr = 0;
		}
		pages[nr++] = page;
	}
	scriptfs_huge_evict(mapping, pages, nr);
}

/**
 * scriptfs_withdraw_all - take all pages of a file out of the page cache
 * @inode:	a file that is being evicted, so nobody maps it and nobody can publish
 *
 * Nobody else has the inode, but its pages may be held. A held page is taken out under its lock,
 * all others without.
 *
 * Context: May sleep.
 */
void scriptfs_withdraw_all(struct inode *inode)
{
	if (inode->i_mapping->nrpages && scriptfs_inode(inode)->huge)
		scriptfs_withdraw_united(inode);
	if (!inode->i_mapping->nrpages)
		return;
	page_cache_remove_run(inode->i_mapping, 0, ULONG_MAX);
	if (inode->i_mapping->nrpages)
		truncate_inode_pages_final(inode->i_mapping);
}
