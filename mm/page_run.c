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

static void run_detach(struct page *page)
{
	VM_BUG_ON_PAGE(PageDirty(page) || page_mapped(page), page);

	/* page->index stays: a lookup that holds the page compares it */
	page->mapping = NULL;
	put_page(page);
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
		run_detach(page);
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
 * Remove the page at @xas and all after it in its leaf, as far as @last.
 * Called with the i_pages lock held. Returns how many were removed.
 */
static unsigned int run_remove_leaf(struct xa_state *xas, struct page *page,
				    pgoff_t last, struct address_space *mapping)
{
	struct pglist_data *pgdat = page_pgdat(page);
	struct xa_node *node = xas->xa_node;
	pgoff_t index = xas->xa_index;
	unsigned int offset, rest = 0;

	/* Keep the first to the end: its removal frees the leaf if empty. */
	for (offset = xas->xa_offset + 1;
	     node && offset < XA_CHUNK_SIZE && index < last; offset++) {
		struct page *next = xa_entry_locked(xas->xa, node, offset);

		index++;
		if (!next)
			continue;
		/* The counters are per node; leave other nodes' pages to the next call. */
		if (page_pgdat(next) != pgdat)
			break;
		rcu_assign_pointer(node->slots[offset], NULL);
		run_detach(next);
		rest++;
	}
	if (rest)
		node->count -= rest;

	xas_store(xas, NULL);
	run_detach(page);

	mapping->nrpages -= rest + 1;
	__mod_node_page_state(pgdat, NR_FILE_PAGES, -(int)(rest + 1));
	return rest + 1;
}

/**
 * page_cache_remove_run - take a range of pages out of the page cache
 * @mapping:	where to take them from; all its pages are runs inserted by
 *		page_cache_insert_run()
 * @index:	first page cache index of the range
 * @nr:		length of the range in pages; it may have holes
 *
 * The pages are not locked: nobody else may truncate, map or insert pages in
 * the range meanwhile, as is so when an inode is evicted. The page cache's
 * reference to each page is dropped; the caller holds one of its own.
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
			done += run_remove_leaf(&xas, page, last, mapping);
		xas_unlock_irq(&xas);
		if (!page)
			return done;
		/* The leaf may be gone: look for the next one from the root. */
		index = xas.xa_index + 1;
		if (!index || index > last)
			return done;
		xas_set(&xas, index);
		cond_resched();
	}
}
EXPORT_SYMBOL_GPL(page_cache_remove_run);
