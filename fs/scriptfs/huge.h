/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: united pieces in the page cache.
 */
#ifndef _FS_SCRIPTFS_HUGE_H
#define _FS_SCRIPTFS_HUGE_H

#include <linux/fs.h>

#include "piece.h"

/* Huge pages whose place in the page cache is one slot of a node, if nothing else is there. */
#define SCRIPTFS_HUGE_GROUP	8U

/* The number of the group of a page of a file. */
static inline pgoff_t scriptfs_huge_group(pgoff_t index)
{
	return index / (SCRIPTFS_HUGE_GROUP * SCRIPTFS_CHUNK_PAGES);
}

int scriptfs_huge_insert(struct address_space *mapping, struct scriptfs_piece *piece);
void scriptfs_huge_withdraw(struct address_space *mapping, struct page *page);
void scriptfs_huge_evict(struct address_space *mapping, struct page **pages, unsigned int nr);
void scriptfs_singles_withdraw(struct address_space *mapping, struct scriptfs_piece *piece);

#endif /* _FS_SCRIPTFS_HUGE_H */
