// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the chunk table of a large file.
 *
 * In the map of a file of some GiB a look-up visits ten pieces and more, and their descriptors are
 * far from each other: each is a miss in the caches and the TLB, which makes random calls of 4 KiB
 * a tenth slower. So a large file has a table as well, of the pieces that are whole chunks, by
 * their place in the file. It is no more than a short cut: what it lacks is in the map. To read
 * from a chunk that is initialised to its end, not even the descriptor is looked at.
 *
 * A table is made when the file is opened, which allocates memory anyway, and never by a write.
 * What the file grows by afterwards is found in the map until it is opened again. If there is no
 * memory for a table, there is none.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>

#include "change.h"
#include "map.h"
#include "table.h"

/* A file with fewer chunks has no table. */
#define SCRIPTFS_TABLE_CHUNKS	16

/* How many chunks the file may come to, with what it has now. */
static unsigned long scriptfs_chunks_of(const struct inode *inode)
{
	return READ_ONCE(inode->i_blocks) >> (SCRIPTFS_CHUNK_SHIFT - 9);
}

/**
 * scriptfs_table_short - is the table of a file too short for what it has?
 * @inode:	the file
 *
 * Context: Any; an estimate.
 * Return: Whether it is, or the file is large and there is none.
 */
bool scriptfs_table_short(struct inode *inode)
{
	unsigned long chunks = scriptfs_chunks_of(inode);
	struct scriptfs_table *table;
	bool is_short;

	if (likely(chunks < SCRIPTFS_TABLE_CHUNKS))
		return false;
	/* With no lock of the file: another task may be about to replace it. */
	rcu_read_lock();
	table = READ_ONCE(scriptfs_inode(inode)->table);
	is_short = !table || table->nr < chunks;
	rcu_read_unlock();
	return is_short;
}

static void scriptfs_chunk_set(struct scriptfs_chunk *chunk, struct scriptfs_piece *piece)
{
	chunk->addr = piece->mark == SCRIPTFS_CHUNK_SIZE ? piece->addr : NULL;
	/* The piece before the pointer to it: readers follow that. */
	smp_store_release(&chunk->piece, piece);
}

static void scriptfs_table_fill(struct scriptfs_inode *si, struct scriptfs_table *table)
{
	struct scriptfs_piece *piece = scriptfs_piece_next(si, 0);

	for (; piece; piece = scriptfs_piece_after(piece)) {
		unsigned long chunk = piece->index >> SCRIPTFS_CHUNK_ORDER;

		if (chunk >= table->nr)
			break;
		if (piece->order == SCRIPTFS_CHUNK_ORDER)
			scriptfs_chunk_set(&table->chunk[chunk], piece);
		cond_resched();
	}
}

/**
 * scriptfs_table_make - give a large file a table of the length that it needs
 * @inode:	the file
 *
 * Half as long again as the file, so that it need not be made again soon. Not if the file is being
 * changed just now.
 *
 * Context: Process context, sleeps. Takes inode_lock if that is free, and map_lock.
 */
void scriptfs_table_make(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned long nr = scriptfs_chunks_of(inode) / 2 * 3;
	struct scriptfs_table *table, *old;

	if (!inode_trylock(inode))
		return;
	table = kvzalloc(struct_size(table, chunk, nr),
			 GFP_KERNEL_ACCOUNT | __GFP_NOWARN | __GFP_NORETRY);
	if (table) {
		table->nr = nr;
		scriptfs_change_begin(si);
		scriptfs_readers_wait(si);
		down_write(&si->map_lock);
		scriptfs_table_fill(si, table);
		old = si->table;
		WRITE_ONCE(si->table, table);
		up_write(&si->map_lock);
		scriptfs_change_end(si);
		if (old)
			kvfree_rcu(old, rcu);
	}
	inode_unlock(inode);
}

/**
 * scriptfs_table_free - free the table of a file
 * @si:		a file that is being evicted
 *
 * Context: Nobody else has the inode any more, so no locks.
 */
void scriptfs_table_free(struct scriptfs_inode *si)
{
	kvfree(si->table);
	si->table = NULL;
}

/**
 * scriptfs_table_add - put a whole chunk into the table of its file
 * @si:		the file
 * @piece:	a piece of it of SCRIPTFS_CHUNK_ORDER, in its map
 *
 * Context: The caller holds map_lock exclusively.
 */
void scriptfs_table_add(struct scriptfs_inode *si, struct scriptfs_piece *piece)
{
	struct scriptfs_chunk *chunk = scriptfs_table_look(si, piece->index);

	if (chunk)
		scriptfs_chunk_set(chunk, piece);
}

/* What the table has of a piece, or NULL. */
static struct scriptfs_chunk *scriptfs_table_of(struct scriptfs_inode *si,
						const struct scriptfs_piece *piece)
{
	struct scriptfs_chunk *chunk = scriptfs_table_look(si, piece->index);

	return chunk && chunk->piece == piece ? chunk : NULL;
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
	struct scriptfs_chunk *chunk = scriptfs_table_of(si, piece);

	if (!chunk)
		return;
	WRITE_ONCE(chunk->addr, NULL);
	WRITE_ONCE(chunk->piece, NULL);
}

/**
 * scriptfs_table_full - note that all of a chunk is initialised
 * @si:		the file
 * @piece:	a piece of it of SCRIPTFS_CHUNK_ORDER, with its mark at the end
 *
 * Context: The caller holds map_lock exclusively.
 */
void scriptfs_table_full(struct scriptfs_inode *si, const struct scriptfs_piece *piece)
{
	struct scriptfs_chunk *chunk = scriptfs_table_of(si, piece);

	if (!chunk)
		return;
	/* The bytes before the pointer to them. */
	smp_store_release(&chunk->addr, piece->addr);
}

/**
 * scriptfs_table_lower - note that not all of a chunk is initialised
 * @si:		the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @piece:	a piece of it of which the mark is about to be lowered
 *
 * Context: The caller holds inode_lock and map_lock exclusively.
 */
void scriptfs_table_lower(struct scriptfs_inode *si, const struct scriptfs_piece *piece)
{
	struct scriptfs_chunk *chunk = scriptfs_table_of(si, piece);

	if (chunk)
		WRITE_ONCE(chunk->addr, NULL);
}
