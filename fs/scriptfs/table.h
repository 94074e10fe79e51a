/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the chunk table of a large file.
 */
#ifndef _FS_SCRIPTFS_TABLE_H
#define _FS_SCRIPTFS_TABLE_H

#include "inode.h"
#include "piece.h"

void scriptfs_table_add(struct inode *inode, struct scriptfs_piece *piece);
void scriptfs_table_drop(struct scriptfs_inode *si, const struct scriptfs_piece *piece);
void scriptfs_table_trim(struct inode *inode);
void scriptfs_table_release(struct inode *inode);

/* Where a table has the piece of a chunk, or NULL behind its end. */
static __always_inline struct scriptfs_piece **scriptfs_table_slot(struct scriptfs_piece *table,
								   pgoff_t index)
{
	unsigned long chunk = index >> SCRIPTFS_CHUNK_ORDER;

	if (chunk >= scriptfs_piece_size(table) / sizeof(struct scriptfs_piece *))
		return NULL;
	return (struct scriptfs_piece **)table->addr + chunk;
}

/**
 * scriptfs_table_find - the whole chunk that has a page of a file
 * @si:		the file
 * @index:	which page
 *
 * Context: As for scriptfs_piece_find().
 * Return: The piece, or NULL if there is none or the table does not have it.
 */
static __always_inline struct scriptfs_piece *
scriptfs_table_find(const struct scriptfs_inode *si, pgoff_t index)
{
	struct scriptfs_piece *table = READ_ONCE(si->table);
	struct scriptfs_piece **slot;

	if (!table)
		return NULL;
	slot = scriptfs_table_slot(table, index);
	return slot ? READ_ONCE(*slot) : NULL;
}

#endif /* _FS_SCRIPTFS_TABLE_H */
