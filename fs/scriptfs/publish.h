/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: pages of a file's pieces in the page cache.
 */
#ifndef _FS_SCRIPTFS_PUBLISH_H
#define _FS_SCRIPTFS_PUBLISH_H

#include <linux/kernel.h>

#include "inode.h"
#include "piece.h"

/* First page of a file that may not be published. */
static inline pgoff_t scriptfs_page_limit(struct scriptfs_inode *si)
{
	pgoff_t limit = DIV_ROUND_UP_ULL(i_size_read(&si->vfs_inode), PAGE_SIZE);

	return max(limit, READ_ONCE(si->publish_limit));
}

void scriptfs_page_ready(struct page *page);
int scriptfs_publish_united(struct inode *inode, struct scriptfs_piece *piece, pgoff_t index);
int scriptfs_publish_wait(unsigned int *tries, int err);
int scriptfs_publish(struct inode *inode, pgoff_t index, bool whole);
void scriptfs_publish_range(struct inode *inode, loff_t pos, size_t len);
void scriptfs_withdraw_all(struct inode *inode);

#endif /* _FS_SCRIPTFS_PUBLISH_H */
