/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs of page cache pages, for filesystems that supply their own pages.
 */
#ifndef _LINUX_PAGE_RUN_H
#define _LINUX_PAGE_RUN_H

#include <linux/types.h>

struct address_space;
struct page;

int page_cache_insert_run(struct address_space *mapping, struct page *first,
			  pgoff_t index, unsigned int nr, gfp_t gfp);
unsigned long page_cache_remove_run(struct address_space *mapping,
				    pgoff_t index, unsigned long nr);

#endif /* _LINUX_PAGE_RUN_H */
