/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: pages, their flags, and how many the page allocator gives at once.
 */
#ifndef _FS_SCRIPTFS_COMPAT_PAGE_H
#define _FS_SCRIPTFS_COMPAT_PAGE_H

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/version.h>
#include <linux/vmstat.h>

/* The largest order of an allocation. For some releases MAX_ORDER was just that. */
#ifndef MAX_PAGE_ORDER
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define MAX_PAGE_ORDER			(MAX_ORDER - 1)
#else
#define MAX_PAGE_ORDER			MAX_ORDER
#endif
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 16, 0)
#define page_folio(page)		(page)
#define folio_wait_locked(page)		wait_on_page_locked(page)
#define folio_mapping(page)		page_mapping(page)
#endif

/* Unmap a locked page, and take it out of its mapping. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define scriptfs_page_drop(mapping, page)	generic_error_remove_page(mapping, page)
#else
#define scriptfs_page_drop(mapping, page)	\
	generic_error_remove_folio(mapping, page_folio(page))
#endif

/* The word with the flags, which is in a structure since Linux 6.18. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define scriptfs_page_flags(page)	(&(page)->flags)
#else
#define scriptfs_page_flags(page)	(&(page)->flags.f)
#endif

/* The flag for an I/O error went with Linux 6.12. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define SCRIPTFS_PG_ERROR		BIT(PG_error)
#else
#define SCRIPTFS_PG_ERROR		0UL
#endif

/*
 * Since Linux 5.18, munlock(2) leaves the flag of locked memory, and its count, to the page
 * allocator where the page is unmapped by a truncate at the same moment. Do what that does, for a
 * page, or a huge page of @nr pages, that is not mapped any more.
 */
static inline void scriptfs_page_munlock(struct page *page, unsigned int nr)
{
	if (unlikely(test_bit(PG_mlocked, scriptfs_page_flags(page))) &&
	    test_and_clear_bit(PG_mlocked, scriptfs_page_flags(page)))
		mod_zone_page_state(page_zone(page), NR_MLOCK, -(long)nr);
}

#endif /* _FS_SCRIPTFS_COMPAT_PAGE_H */
