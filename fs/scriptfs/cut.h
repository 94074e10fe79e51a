/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: cutting blocks into pieces, and joining them again.
 */
#ifndef _FS_SCRIPTFS_CUT_H
#define _FS_SCRIPTFS_CUT_H

#include "span.h"

void scriptfs_cut_init(struct scriptfs_cut *cut);
void scriptfs_hide_begin(struct scriptfs_cut *cut);
void scriptfs_hide(struct scriptfs_cut *cut);
void scriptfs_hide_end(struct scriptfs_cut *cut, bool back);
bool scriptfs_hiding(struct scriptfs_cut *cut, unsigned int *hides);
struct scriptfs_piece *scriptfs_piece_split(struct scriptfs_piece *piece);
struct scriptfs_piece *scriptfs_cut_pick(struct scriptfs_pools *pools, unsigned int order,
					 unsigned int to);
bool scriptfs_cut_down(struct scriptfs_pools *pools, struct scriptfs_piece *piece,
		       unsigned int to);
void scriptfs_cut_super(struct scriptfs_pools *pools, struct scriptfs_piece *piece);
void scriptfs_cut_unlist(struct scriptfs_pools *pools, struct scriptfs_piece *piece);
void scriptfs_cut_list(struct scriptfs_pools *pools, struct scriptfs_piece *const *pieces,
		       unsigned int nr);
void scriptfs_cut_add(struct scriptfs_pools *pools, struct scriptfs_piece *const *pieces,
		      unsigned int nr);
struct scriptfs_piece *scriptfs_cut_clear(struct scriptfs_pool *pool, struct list_head *idle);
const void *scriptfs_cut_used(struct scriptfs_pools *pools, struct scriptfs_piece *block,
			      unsigned int *slot, struct scriptfs_piece **piece);
void scriptfs_cut_cleared(struct scriptfs_pools *pools, struct list_head *idle);
void scriptfs_piece_hold(struct scriptfs_pools *pools, struct scriptfs_piece *piece);
void scriptfs_piece_idle(struct scriptfs_pools *pools, struct scriptfs_piece *piece);

#endif /* _FS_SCRIPTFS_CUT_H */
