/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: pieces whose pages are one huge page.
 */
#ifndef _FS_SCRIPTFS_UNITE_H
#define _FS_SCRIPTFS_UNITE_H

#include "piece.h"

/* Can a mapping be by huge pages, of just the size of a chunk? */
#define SCRIPTFS_HUGE	(IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) && \
			 PMD_SHIFT == SCRIPTFS_CHUNK_SHIFT)

void scriptfs_unite_learn(gfp_t gfp);
bool scriptfs_unite_works(void);
bool scriptfs_unite(struct scriptfs_piece *piece);
bool scriptfs_divide(struct scriptfs_piece *piece);
void scriptfs_united_clean(struct scriptfs_piece *piece);

#endif /* _FS_SCRIPTFS_UNITE_H */
