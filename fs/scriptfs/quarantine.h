/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the quarantine, where freed pieces wait while their pages have outside references.
 */
#ifndef _FS_SCRIPTFS_QUARANTINE_H
#define _FS_SCRIPTFS_QUARANTINE_H

#include "span.h"

void scriptfs_quarantine_init(struct scriptfs_quarantine *quarantine);
void scriptfs_report_poison(const struct scriptfs_piece *piece, struct page *page,
			    unsigned long ino);
void scriptfs_quarantine(struct scriptfs_pools *pools, struct scriptfs_piece *piece,
			 unsigned long ino);
bool scriptfs_piece_poisoned(const struct scriptfs_piece *piece);
unsigned long scriptfs_settle_few(struct scriptfs_pools *pools);
unsigned long scriptfs_settle(struct scriptfs_pools *pools);
unsigned long scriptfs_settle_all(struct scriptfs_pools *pools);

#endif /* _FS_SCRIPTFS_QUARANTINE_H */
