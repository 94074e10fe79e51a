/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: huge pages in the page cache, and mapped by one entry of the middle page table.
 */
#ifndef _FS_SCRIPTFS_COMPAT_HUGE_H
#define _FS_SCRIPTFS_COMPAT_HUGE_H

#include <linux/gfp.h>
#include <linux/huge_mm.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/pagemap.h>
#include <linux/sched.h>
#include <linux/version.h>
#include <linux/xarray.h>

/* A huge page as the kernel allocates it for the page cache. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
#define scriptfs_huge_alloc(gfp, order)	alloc_pages((gfp) | __GFP_COMP, order)
#else
static inline struct page *scriptfs_huge_alloc(gfp_t gfp, unsigned int order)
{
	struct folio *folio = folio_alloc(gfp, order);

	return folio ? folio_page(folio, 0) : NULL;
}
#endif

/* By how much a huge page counts as one of the page cache: that is in pages since Linux 5.12. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define SCRIPTFS_HUGE_UNIT		1L
#else
#define SCRIPTFS_HUGE_UNIT		((long)SCRIPTFS_CHUNK_PAGES)
#endif

/*
 * Put a huge page of 2^@order pages where @xas points to, of that order, where nothing is. An error
 * is in @xas. Called with its lock held.
 *
 * It is one entry since Linux 5.17. Before, it is found in each of the slots.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 17, 0)
static inline void scriptfs_huge_store(struct xa_state *xas, struct page *page, unsigned int order)
{
	unsigned long index = xas->xa_index, end = index + (1UL << order);
	struct xa_node *leaf;
	unsigned int i;

	xas_create_range(xas);
	if (xas_error(xas))
		return;
	/* The leaves are there, and are empty. */
	for (; index < end; index += XA_CHUNK_SIZE) {
		xas_set_order(xas, index, 0);
		xas_load(xas);
		leaf = xas->xa_node;
		for (i = 0; i < XA_CHUNK_SIZE; i++)
			rcu_assign_pointer(leaf->slots[i], page);
		leaf->count += XA_CHUNK_SIZE;
	}
}
#else
static inline void scriptfs_huge_store(struct xa_state *xas, struct page *page, unsigned int order)
{
	xas_store(xas, page);
}
#endif

/* What ->map_pages returns: nothing before Linux 5.12. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 12, 0)
#define SCRIPTFS_MAP_PAGES		void
#define SCRIPTFS_MAPPED_NOTHING
#else
#define SCRIPTFS_MAP_PAGES		vm_fault_t
#define SCRIPTFS_MAPPED_NOTHING		0
#endif

/* Addresses for huge pages. Before Linux 5.18 only files of DAX get them. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0) && defined(CONFIG_TRANSPARENT_HUGEPAGE)
static inline unsigned long scriptfs_get_unmapped_area(struct file *file, unsigned long addr,
						       unsigned long len, unsigned long pgoff,
						       unsigned long flags)
{
	unsigned long offset = (pgoff << PAGE_SHIFT) & (PMD_SIZE - 1), found;

	/* Is there a place for a huge page in it, and for moving it? */
	if (addr || flags & MAP_FIXED || len < PMD_SIZE || len > TASK_SIZE - PMD_SIZE ||
	    len - (offset ? PMD_SIZE - offset : 0) < PMD_SIZE ||
	    len < (offset ? PMD_SIZE - offset : 0))
		goto plain;
	found = current->mm->get_unmapped_area(file, 0, len + PMD_SIZE, pgoff, flags);
	if (!IS_ERR_VALUE(found))
		return found + ((offset - found) & (PMD_SIZE - 1));
plain:
	return current->mm->get_unmapped_area(file, addr, len, pgoff, flags);
}

#undef thp_get_unmapped_area
#define thp_get_unmapped_area		scriptfs_get_unmapped_area
#endif

#endif /* _FS_SCRIPTFS_COMPAT_HUGE_H */
