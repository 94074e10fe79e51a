// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: united pieces in the page cache.
 *
 * A huge page that is published has as many references of the page cache as it has pages, and the
 * pool's. Nothing in the kernel takes it out of the page cache: whatever wants it gone or divided
 * expects to find one reference less (publish.c), and a truncate does not come before
 * scriptfs_map_withdraw(). So it is this file that puts it in and takes it out.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/page_ref.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/vmstat.h>
#include <linux/xarray.h>

#include "compat/huge.h"
#include "compat/page.h"
#include "huge.h"

/* Account for @nr huge pages more, or less, under the lock of i_pages. */
static void scriptfs_huge_account(struct address_space *mapping, struct page *page, int nr)
{
	struct pglist_data *pgdat = page_pgdat(page);
	long pages = nr * (long)SCRIPTFS_CHUNK_PAGES;

	mapping->nrpages += pages;
	__mod_node_page_state(pgdat, NR_FILE_PAGES, pages);
	__mod_node_page_state(pgdat, NR_FILE_THPS, nr * SCRIPTFS_HUGE_UNIT);
}

/* Is there anything in the place of a huge page? Called with the lock of i_pages held. */
static bool scriptfs_huge_blocked(struct address_space *mapping, pgoff_t index)
{
	XA_STATE(xas, &mapping->i_pages, index);

	return xas_find(&xas, index + SCRIPTFS_CHUNK_PAGES - 1);
}

/* Take all that is in 2^@order places out. Called with the lock of i_pages held. */
static void scriptfs_huge_erase(struct address_space *mapping, pgoff_t index, unsigned int order)
{
	XA_STATE(xas, &mapping->i_pages, index);

	xas_set_order(&xas, index, order);
	xas_store(&xas, NULL);
}

/**
 * scriptfs_huge_insert - put the huge page of a united piece into the page cache
 * @mapping:	the file's
 * @piece:	a piece of the file, initialised from end to end and marked uptodate
 *
 * Context: The caller holds map_lock exclusively. May sleep. Takes the lock of the page and that of
 * i_pages.
 * Return: 0; -EEXIST if there is another page, which is about to go (aops.c); -ENOMEM.
 */
int scriptfs_huge_insert(struct address_space *mapping, struct scriptfs_piece *piece)
{
	XA_STATE(xas, &mapping->i_pages, piece->index);
	struct page *page = scriptfs_piece_page(piece, 0);
	bool blocked;

	/* Who finds it before it is there, because a page is bad, is to wait (poison.c). */
	lock_page(page);
	page_ref_add(page, SCRIPTFS_CHUNK_PAGES);
	page->mapping = mapping;
	page_folio(page)->index = piece->index;
	do {
		xas_set_order(&xas, piece->index, SCRIPTFS_CHUNK_ORDER);
		xas_lock_irq(&xas);
		blocked = scriptfs_huge_blocked(mapping, piece->index);
		if (!blocked)
			scriptfs_huge_store(&xas, page, SCRIPTFS_CHUNK_ORDER);
		if (!blocked && !xas_error(&xas))
			scriptfs_huge_account(mapping, page, 1);
		xas_unlock_irq(&xas);
	} while (xas_nomem(&xas, GFP_KERNEL));
	if (!blocked && !xas_error(&xas)) {
		unlock_page(page);
		return 0;
	}

	if (!blocked) {
		/* Some nodes may have been had, and be empty. */
		xa_lock_irq(&mapping->i_pages);
		scriptfs_huge_erase(mapping, piece->index, SCRIPTFS_CHUNK_ORDER);
		xa_unlock_irq(&mapping->i_pages);
	}
	page->mapping = NULL;
	unlock_page(page);
	page_ref_sub(page, SCRIPTFS_CHUNK_PAGES);
	return blocked ? -EEXIST : xas_error(&xas);
}

/* A huge page is no longer in the page cache. */
static void scriptfs_huge_removed(struct page *page)
{
	ClearPageDirty(page);
	page->mapping = NULL;
}

/**
 * scriptfs_huge_withdraw - unmap a huge page and take it out of the page cache
 * @mapping:	where it is, if it is not gone yet
 * @page:	the first page of a united piece, which cannot be divided meanwhile
 *
 * Copies that private mappings have made of it stay mapped.
 *
 * Context: Sleeps. Takes the lock of the page, i_mmap_rwsem and the i_pages lock.
 */
void scriptfs_huge_withdraw(struct address_space *mapping, struct page *page)
{
	bool there;

	lock_page(page);
	there = page->mapping == mapping;
	if (there) {
		/* It is not mapped again while it is locked. */
		unmap_mapping_range(mapping, (loff_t)page_folio(page)->index << PAGE_SHIFT,
				    SCRIPTFS_CHUNK_SIZE, 0);
		xa_lock_irq(&mapping->i_pages);
		scriptfs_huge_erase(mapping, page_folio(page)->index, SCRIPTFS_CHUNK_ORDER);
		scriptfs_huge_account(mapping, page, -1);
		scriptfs_huge_removed(page);
		xa_unlock_irq(&mapping->i_pages);
	}
	unlock_page(page);
	if (there)
		page_ref_sub(page, SCRIPTFS_CHUNK_PAGES);
}

/* The same for pages that nobody can have any more, with the lock of i_pages held. */
static void scriptfs_huge_erase_group(struct address_space *mapping, struct page **pages,
				      unsigned int nr)
{
	unsigned int i;

	if (nr == SCRIPTFS_HUGE_GROUP)
		scriptfs_huge_erase(mapping, page_folio(pages[0])->index,
				    SCRIPTFS_CHUNK_ORDER + ilog2(SCRIPTFS_HUGE_GROUP));
	else
		for (i = 0; i < nr; i++)
			scriptfs_huge_erase(mapping, page_folio(pages[i])->index,
					    SCRIPTFS_CHUNK_ORDER);
	scriptfs_huge_account(mapping, pages[0], -(int)nr);
	for (i = 0; i < nr; i++) {
		scriptfs_huge_removed(pages[i]);
		page_ref_unfreeze(pages[i], 1);
	}
}

/**
 * scriptfs_huge_evict - take huge pages out of the page cache of a file that is being evicted
 * @mapping:	the file's
 * @pages:	first pages of united pieces of it, all of one group, in their order; overwritten
 * @nr:		how many
 *
 * Without their locks, if nobody else has a reference. See page_cache_remove_run().
 *
 * Context: Sleeps. Takes the i_pages lock, or what scriptfs_huge_withdraw() takes.
 */
void scriptfs_huge_evict(struct address_space *mapping, struct page **pages, unsigned int nr)
{
	unsigned int i, claimed = 0;

	if (!nr)
		return;
	xa_lock_irq(&mapping->i_pages);
	for (i = 0; i < nr; i++) {
		if (!page_ref_freeze(pages[i], SCRIPTFS_CHUNK_PAGES + 1))
			continue;
		swap(pages[i], pages[claimed]);
		claimed++;
	}
	if (claimed)
		scriptfs_huge_erase_group(mapping, pages, claimed);
	xa_unlock_irq(&mapping->i_pages);
	for (i = claimed; i < nr; i++)
		scriptfs_huge_withdraw(mapping, pages[i]);
}

/**
 * scriptfs_singles_withdraw - take pages that nobody uses out of the page cache
 * @mapping:	where they are
 * @piece:	a piece of the file that is not united
 *
 * Pages that are mapped or held stay there. Unlike page_cache_remove_run(), this does not touch
 * pages that are not the piece's, so it may be called while others read the file.
 *
 * Context: The caller holds map_lock exclusively. May sleep. Takes the i_pages lock.
 */
void scriptfs_singles_withdraw(struct address_space *mapping, struct scriptfs_piece *piece)
{
	XA_STATE(xas, &mapping->i_pages, piece->index);
	struct page *page = scriptfs_piece_page(piece, 0);
	struct page *end = page + scriptfs_piece_pages(piece);
	struct pglist_data *pgdat = page_pgdat(page);

	while (page < end) {
		unsigned long done = 0;

		/* Interrupts are off for no longer than one leaf takes. */
		xas_lock_irq(&xas);
		do {
			if (page->mapping && page_ref_freeze(page, 2)) {
				xas_store(&xas, NULL);
				ClearPageDirty(page);
				page->mapping = NULL;
				page_ref_unfreeze(page, 1);
				done++;
			}
			xas_set(&xas, xas.xa_index + 1);
		} while (++page < end && xas.xa_index & XA_CHUNK_MASK);
		mapping->nrpages -= done;
		__mod_node_page_state(pgdat, NR_FILE_PAGES, -(long)done);
		xas_unlock_irq(&xas);
		cond_resched();
	}
}
