/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the chunk table of a large file.
 */
#ifndef _FS_SCRIPTFS_TABLE_H
#define _FS_SCRIPTFS_TABLE_H

#include <linux/types.h>

#include "inode.h"
#include "piece.h"

/**
 * struct scriptfs_chunk - what a table has of a chunk of the file
 * @piece:	the piece, NULL if the place is not one whole chunk
 * @addr:	its memory, once all of it is initialised; otherwise NULL
 */
struct scriptfs_chunk {
	struct scriptfs_piece	*piece;
	void			*addr;
};

/**
 * struct scriptfs_table - the chunks of a large file, from its beginning
 * @rcu:	to free it while scriptfs_table_short() may look at it
 * @nr:		how many
 * @chunk:	the chunks
 */
struct scriptfs_table {
	struct rcu_head		rcu;
	unsigned long		nr;
	struct scriptfs_chunk	chunk[];
};

bool scriptfs_table_short(struct inode *inode);
void scriptfs_table_make(struct inode *inode);
void scriptfs_table_free(struct scriptfs_inode *si);
void scriptfs_table_add(struct scriptfs_inode *si, struct scriptfs_piece *piece);
void scriptfs_table_drop(struct scriptfs_inode *si, const struct scriptfs_piece *piece);
void scriptfs_table_full(struct scriptfs_inode *si, const struct scriptfs_piece *piece);
void scriptfs_table_lower(struct scriptfs_inode *si, const struct scriptfs_piece *piece);

/**
 * scriptfs_table_look - what the table has of the chunk with a page of the file
 * @si:		the file
 * @index:	which page
 *
 * Context: As for scriptfs_piece_find().
 * Return: That, or NULL if there is no table or it does not reach there.
 */
static __always_inline struct scriptfs_chunk *scriptfs_table_look(const struct scriptfs_inode *si,
								  pgoff_t index)
{
	struct scriptfs_table *table = READ_ONCE(si->table);
	unsigned long chunk = index >> SCRIPTFS_CHUNK_ORDER;

	return table && chunk < table->nr ? &table->chunk[chunk] : NULL;
}

/* The whole chunk that has a page of a file, or NULL if the table does not have it. */
static __always_inline struct scriptfs_piece *
scriptfs_table_find(const struct scriptfs_inode *si, pgoff_t index)
{
	struct scriptfs_chunk *chunk = scriptfs_table_look(si, index);

	return chunk ? READ_ONCE(chunk->piece) : NULL;
}

#endif /* _FS_SCRIPTFS_TABLE_H */
