/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: what the page cache asks of a mapping.
 */
#ifndef _FS_SCRIPTFS_COMPAT_AOPS_H
#define _FS_SCRIPTFS_COMPAT_AOPS_H

#include <linux/pagemap.h>

/*
 * A kernel with the run helpers also has ->supply_page. Without it the page cache would put pages
 * of its own into a file that is read or written page by page, so there is the block path only.
 */
#define SCRIPTFS_PAGE_PATH	IS_ENABLED(CONFIG_PAGE_CACHE_RUN)

#if !SCRIPTFS_PAGE_PATH
static inline void mapping_set_supply_page(struct address_space *mapping)
{
}
#endif

#endif /* _FS_SCRIPTFS_COMPAT_AOPS_H */
