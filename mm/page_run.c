// SPDX-License-Identifier: GPL-2.0-only
/*
 * Put runs of pages into the page cache and take them out again.
 *
 * A filesystem that supplies its own page cache pages (->supply_page) knows
 * where its pages lie and owns a reference to each of them. So, unlike the
 * paths in mm/filemap.c, nothing here touches the LRU or charges a memory
 * cgroup, and the last reference to a page is never dropped.
 *
 * The work goes leaf by leaf of the XArray: one lock hold, one walk from the
 * root and one update of the counters for up to XA_CHUNK_SIZE pages. A store
 * per page through the XArray costs several times as many instructions, and
 * the whole of a large run under one hold keeps interrupts off for too long.
 *
 * Writing slots behind the XArray's back is sound because such a mapping holds
 * nothing but order-0 pages: no shadow entries, as its pages are never
 * reclaimed, and no tags, as they are never dirty.
 */
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/page_run.h>
#include <linux/pagemap.h>
#include <linux/vmstat.h>
#include <linux/xarray.h>

/* Make @page ready to be seen at @index: lookups may find it at once. */
static void run_attach(struct address_space *mapping, struct page *page,
		       pgoff_t index)
{
	VM_BUG_ON_PAGE(PageLRU(page) || page->mapping, page);

	get_page(page);
	page->mapping = mapping;
	page->index = index;
}

/* Undo run_attach() for a page that was not visible yet. */
static void run_unattach(struct page *page)
{
	page->mapping = NULL;
	put_page(page);
}

/*
 * Claim a page for removal.  Whoever else has a reference may be about to lock
 * the page, look at its mapping and remove it by himself: remove_mapping() for
 * a page that a pipe is to give away, memory_failure(), and all who truncate.
 * So a page leaves without its lock only while nobody but the page cache and
 * the owner has one, and nobody can get one until run_detach().
 */
static bool run_claim(struct page *page)
{
	return page_ref_freeze(page, 2);
}

/* A claimed page is no longer in the XArray. */
static void run_detach(struct page *page)
{
	VM_BUG_ON_PAGE(page_mapped(page), page);

	/*
	 * Somebody who held the page before it was inserted may have marked it
	 * dirty between its preparation and its insertion.
	 */
	ClearPageDirty(page);
	/* page->index stays: a lookup that held the page compares it */
	page->mapping = NULL;
	page_ref_unfreeze(page, 1);
}

/*
 * Insert at @xas and on to the end of the leaf, of the run or to the first
 * occupied slot. Called with the i_pages lock held. Returns how many went in.
 */
static unsigned int run_insert_leaf(struct xa_state *xas, struct page *page,
				    unsigned int nr,
				    struct address_space *mapping)
{
	struct xa_node *node;
	unsigned int offset, done = 1;

	if (xas_load(xas)) {
		xas_set_err(xas, -EEXIST);
		return 0;
	}

	run_attach(mapping, page, xas->xa_index);
	xas_store(xas, page);
	if (xas_error(xas)) {
		run_unattach(page);
		return 0;
	}

	/* A lone page at index 0 sits in the root: there is no leaf yet. */
	node = xas->xa_node;
	if (node) {
		for (offset = xas->xa_offset + 1;
		     offset < XA_CHUNK_SIZE && done < nr; offset++, done++) {
			if (rcu_access_pointer(node->slots[offset]))
				break;
			run_attach(mapping, page + done, xas->xa_index + done);
			rcu_assign_pointer(node->slots[offset], page + done);
		}
		node->count += done - 1;
	}

	mapping->nrpages += done;
	__mod_node_page_state(page_pgdat(page), NR_FILE_PAGES, done);
	return done;
}

/**
 * page_cache_insert_run - put contiguous pages into the page cache
 * @mapping:	where to put them; all its pages must be of this kind
 * @first:	first page of the run, followed by the others in memory
 * @index:	page cache index of @first
 * @nr:		how many pages
 * @gfp:	for XArray nodes: GFP_KERNEL or weaker
 *
 * Each page gets a reference for the page cache. The caller holds one of its
 * own to each, which it keeps; the pages are in no page cache and not on the
 * LRU, and have PG_uptodate set already unless the caller has them locked.
 *
 * The caller also sees to it that the range is not truncated meanwhile.
 *
 * Context: May sleep if @gfp allows it. Takes the i_pages lock.
 * Return: How many pages went in, fewer than @nr when one was there before or
 * memory for nodes ran out; -EEXIST or -ENOMEM if that was so for the first.
 */
int page_cache_insert_run(struct address_space *mapping, struct page *first,
			  pgoff_t index, unsigned int nr, gfp_t gfp)
{
	XA_STATE(xas, &mapping->i_pages, index);
	unsigned int n, done = 0;

	while (done < nr) {
		xas_set(&xas, index + done);
		do {
			xas_lock_irq(&xas);
			n = run_insert_leaf(&xas, first + done, nr - done,
					    mapping);
			xas_unlock_irq(&xas);
		} while (xas_nomem(&xas, gfp));
		if (!n)
			break;
		done += n;
	}

	return done ? done : xas_error(&xas);
}
EXPORT_SYMBOL_GPL(page_cache_insert_run);

/*
 * Remove what can be claimed of the pages from @xas, where @page is, to the end
 * of its leaf, as far as @last.  Called with the i_pages lock held.  Sets *@next
 * to where to go on and returns how many were removed.
 */
static unsigned int run_remove_leaf(struct xa_state *xas, struct page *page,
				    pgoff_t last, struct address_space *mapping,
				    pgoff_t *next)
{
	struct pglist_data *pgdat = page_pgdat(page);
	struct xa_node *node = xas->xa_node;
	unsigned int offset = xas->xa_offset;
	pgoff_t index = xas->xa_index;
	struct page *kept = NULL;
	pgoff_t kept_index = 0;
	unsigned int rest = 0;

	for (;;) {
		if (page && page_pgdat(page) != pgdat)
			break;	/* The counters are per node: the next call's. */
		if (page && run_claim(page)) {
			if (!kept) {
				kept = page;
				kept_index = index;
			} else {
				rcu_assign_pointer(node->slots[offset], NULL);
				run_detach(page);
				rest++;
			}
		}
		index++;
		if (!node || ++offset == XA_CHUNK_SIZE || index - 1 == last)
			break;
		page = xa_entry_locked(xas->xa, node, offset);
	}
	*next = index;
	if (!kept)
		return 0;

	/* One is removed the long way, which frees the leaf if it is empty. */
	if (rest)
		node->count -= rest;
	xas_set(xas, kept_index);
	xas_store(xas, NULL);
	run_detach(kept);

	mapping->nrpages -= rest + 1;
	__mod_node_page_state(pgdat, NR_FILE_PAGES, -(int)(rest + 1));
	return rest + 1;
}

/**
 * page_cache_remove_run - take pages that nobody uses out of the page cache
 * @mapping:	where to take them from; all its pages are runs inserted by
 *		page_cache_insert_run()
 * @index:	first page cache index of the range
 * @nr:		length of the range in pages; it may have holes
 *
 * The fast way to empty a mapping that has no users any more, as when an inode
 * is evicted: no page is locked.  Pages that somebody else has a reference to
 * stay where they are; for those the caller goes on to truncate_inode_pages(),
 * which waits for their locks.  Nobody may map or insert pages in the range
 * meanwhile.  The page cache's reference to each page is dropped; the caller
 * holds one of its own.
 *
 * Context: May sleep. Takes the i_pages lock.
 * Return: How many pages were removed.
 */
unsigned long page_cache_remove_run(struct address_space *mapping,
				    pgoff_t index, unsigned long nr)
{
	XA_STATE(xas, &mapping->i_pages, index);
	pgoff_t last = index + nr - 1;
	unsigned long done = 0;
	struct page *page;

	if (last < index)
		last = ULONG_MAX;

	for (;;) {
		xas_lock_irq(&xas);
		page = xas_find(&xas, last);
		if (page)
			done += run_remove_leaf(&xas, page, last, mapping,
						&index);
		xas_unlock_irq(&xas);
		if (!page || !index || index > last)
			return done;
		/* The leaf may be gone: look for the next one from the root. */
		xas_set(&xas, index);
		cond_resched();
	}
}
EXPORT_SYMBOL_GPL(page_cache_remove_run);
