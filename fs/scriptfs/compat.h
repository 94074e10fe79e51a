/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: all that differs from kernel to kernel.
 */
#ifndef _FS_SCRIPTFS_COMPAT_H
#define _FS_SCRIPTFS_COMPAT_H

#include <linux/kconfig.h>
#include <linux/pagemap.h>

/*
 * A kernel with the run helpers also asks ->supply_page. Without it the page cache would put
 * pages of its own into a file when read or written page by page: then there is the block road
 * only.
 */
#define SCRIPTFS_PAGE_ROAD	IS_ENABLED(CONFIG_PAGE_CACHE_RUN)

#if !SCRIPTFS_PAGE_ROAD
static inline void mapping_set_supply_page(struct address_space *mapping)
{
}
#endif

#endif /* _FS_SCRIPTFS_COMPAT_H */
