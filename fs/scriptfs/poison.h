/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: hardware memory errors (hwpoison), and the pools that hear of them.
 */
#ifndef _FS_SCRIPTFS_POISON_H
#define _FS_SCRIPTFS_POISON_H

#include "span.h"

void scriptfs_poison_init(void);
void scriptfs_poison_exit(void);
unsigned long scriptfs_poison_events(void);
void scriptfs_poison_add(struct scriptfs_pools *pools, unsigned long events);
void scriptfs_poison_remove(struct scriptfs_pools *pools);
void scriptfs_poison_flush(void);

#endif /* _FS_SCRIPTFS_POISON_H */
