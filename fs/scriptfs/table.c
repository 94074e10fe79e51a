// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the chunk table of a large file.
 *
 * In the map of a file of some GiB a look-up visits ten pieces and more, and their descriptors are
 * far from each other: each is a miss in the caches and the TLB, which makes random calls of 4 KiB a
 * tenth slower. So a large file has a table as well, of the pieces that are whole chunks, by their
 * place in the file. It is no more than a short cut: what it lacks is in the map.
 *
 * The memory of a table comes from the pools, as one page of 4096 of the file's; if there is none to
 * be had, or the file is mostly holes, there is no table or a shorter one. When it is outgrown the
 * old one stays until the file goes, for readers that have just looked at it: all of them together
 * are no longer than the last. Its pieces are the file's but not in its map, and chained by
 * ->link.next.
 */
#include <linux/fs.h>
#include <linux/log2.h>

#include "sb.h"
#include "table.h"

/* A file with fewer chunks has no table. */
#define SCRIPTFS_TABLE_CHUNKS	16

/* A table is no more than this part of its file's memory. */
#define SCRIPTFS_TABLE_SHARE	4096

/* Get a table that reaches to @chunk, if the file is worth it. */
static struct scriptfs_piece *scriptfs_table_grow(struct inode *inode, unsigned long chunk)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *old = si->table, *table;
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	u64 size = roundup_pow_of_two(max((chunk + 1) * sizeof(table), PAGE_SIZE));
	unsigned int order = ilog2(size) - PAGE_SHIFT;

	if (chunk < SCRIPTFS_TABLE_CHUNKS || size > SCRIPTFS_CHUNK_SIZE ||
	    size > ((u64)inode->i_blocks << 9) / SCRIPTFS_TABLE_SHARE)
		return NULL;
	/* Of a cut block, or the table would be what keeps one from being whole. */
	table = scriptfs_take_listed(pools, order, si) ?: scriptfs_take(pools, order, si);
	if (!table)
		return NULL;
	if (table->order < order) {
		scriptfs_put(pools, table, si, inode->i_ino);
		return NULL;
	}
	inode_add_bytes(inode, scriptfs_piece_size(table));
	memset(table->addr, 0, scriptfs_piece_size(table));
	if (old)
		memcpy(table->addr, old->addr, scriptfs_piece_size(old));
	table->index = ULONG_MAX;
	table->link.next = old ? &old->link : NULL;
	/* Complete before it is found: readers follow the pointer. */
	smp_store_release(&si->table, table);
	return table;
}

/**
 * scriptfs_table_add - put a whole chunk into the table of its file
 * @inode:	the file
 * @piece:	a piece of it of SCRIPTFS_CHUNK_ORDER, in its map
 *
 * Context: The caller holds map_lock exclusively. Takes the locks of the pools.
 */
void scriptfs_table_add(struct inode *inode, struct scriptfs_piece *piece)
{
	struct scriptfs_piece *table = scriptfs_inode(inode)->table, **slot;

	slot = table ? scriptfs_table_slot(table, piece->index) : NULL;
	if (!slot) {
		table = scriptfs_table_grow(inode, piece->index >> SCRIPTFS_CHUNK_ORDER);
		slot = table ? scriptfs_table_slot(table, piece->index) : NULL;
	}
	/* The piece before the pointer to it: readers follow that. */
	if (slot)
		smp_store_release(slot, piece);
}

/**
 * scriptfs_table_drop - take a piece out of the table of its file
 * @si:		the file
 * @piece:	a piece of it that is about to be cut or to leave the map
 *
 * Context: As for taking it from the map.
 */
void scriptfs_table_drop(struct scriptfs_inode *si, const struct scriptfs_piece *piece)
{
	struct scriptfs_piece **slot;

	slot = si->table ? scriptfs_table_slot(si->table, piece->index) : NULL;
	if (slot && *slot == piece)
		WRITE_ONCE(*slot, NULL);
}

/**
 * scriptfs_table_trim - give back the tables of a file that is no longer large
 * @inode:	a file that has any
 *
 * Context: As for taking pieces from the map.
 */
void scriptfs_table_trim(struct inode *inode)
{
	if ((u64)inode->i_blocks << 9 < SCRIPTFS_TABLE_CHUNKS * SCRIPTFS_CHUNK_SIZE)
		scriptfs_table_release(inode);
}

/**
 * scriptfs_table_release - give back the tables of a file
 * @inode:	the file
 *
 * Context: As for taking pieces from the map; nobody else has the inode, or no reader looks at it.
 */
void scriptfs_table_release(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *table = si->table, *next;

	for (; table; table = next) {
		next = table->link.next ?
		       list_entry(table->link.next, struct scriptfs_piece, link) : NULL;
		inode_sub_bytes(inode, scriptfs_piece_size(table));
		scriptfs_put(scriptfs_pools(inode->i_sb), table, si, inode->i_ino);
	}
	si->table = NULL;
}
