/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: does the page cache ask for a page that it misses, by ->supply_page?
 *
 * A kernel that does also has the run helpers. All others allocate a page, and ask ->read_folio to
 * fill it (aops.c).
 */
#ifndef _FS_SCRIPTFS_COMPAT_AOPS_H
#define _FS_SCRIPTFS_COMPAT_AOPS_H

#include <linux/pagemap.h>

#define SCRIPTFS_SUPPLY_PAGE	IS_ENABLED(CONFIG_PAGE_CACHE_RUN)

#if SCRIPTFS_SUPPLY_PAGE
#define SCRIPTFS_SUPPLY_OPERATION(op)	.supply_page = (op),
#else
#define SCRIPTFS_SUPPLY_OPERATION(op)
#define mapping_set_supply_page(mapping)	((void)(mapping))
#endif

#endif /* _FS_SCRIPTFS_COMPAT_AOPS_H */
