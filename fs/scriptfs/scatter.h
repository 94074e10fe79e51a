/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: chunks with pages that are held from outside.
 */
#ifndef _FS_SCRIPTFS_SCATTER_H
#define _FS_SCRIPTFS_SCATTER_H

#include <linux/types.h>

struct inode;
struct iov_iter;
struct page;
struct scriptfs_block;
struct scriptfs_chunk;
struct scriptfs_inode;

void scriptfs_chunk_disown(struct inode *inode, struct scriptfs_block *block,
			   struct scriptfs_chunk *chunk, u32 from, u32 to);
bool scriptfs_chunk_reclaim(struct inode *inode, struct scriptfs_block *block,
			    struct scriptfs_chunk *chunk, u32 to);
struct page *scriptfs_scatter_page(struct inode *inode, struct scriptfs_block *block,
				   struct scriptfs_chunk *chunk, u32 offset);
void *scriptfs_scatter_data(struct scriptfs_inode *si, const struct scriptfs_block *block,
			    const struct scriptfs_chunk *chunk, u32 offset, size_t *len);
ssize_t scriptfs_scatter_write(struct inode *inode, struct scriptfs_block *block,
			       struct scriptfs_chunk *chunk, u32 offset, size_t len,
			       struct iov_iter *from);
void scriptfs_scatter_clear(struct scriptfs_inode *si, struct scriptfs_block *block,
			    struct scriptfs_chunk *chunk, u32 from, u32 to);
int scriptfs_scatter_fill(struct inode *inode, struct scriptfs_block *block, loff_t pos,
			  loff_t end);
void scriptfs_scatter_adopt(struct inode *inode, struct scriptfs_block *new,
			    struct scriptfs_block *old);
void scriptfs_scatter_forget(struct inode *inode, struct scriptfs_block *block);
void scriptfs_scatter_release(struct inode *inode);

#endif /* _FS_SCRIPTFS_SCATTER_H */
