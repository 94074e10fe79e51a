// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: joining cut blocks by moving what files have of them.
 *
 * A block stays cut for as long as one piece of it is in use. Whoever wants a whole medium or large
 * and finds none makes do with smaller pieces, and has this done in the background: cut blocks of
 * which files have little are cleared, so that there will be whole ones for those who come next.
 *
 * A piece can be moved if no page of it is or was in the page cache, where it may be mapped or
 * held, and if its file is not being written to or read from at the moment: nobody waits for this.
 * It goes to a piece of another cut block, so no block is cut for it.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "change.h"
#include "compact.h"
#include "cut.h"
#include "magazine.h"
#include "map.h"
#include "sb.h"

/* How many blocks of a class are cleared at once: more than that is not sure to be wanted. */
#define SCRIPTFS_COMPACT_BLOCKS	8

/* How often to look for one: each time some blocks are looked through. */
#define SCRIPTFS_COMPACT_LOOKS	32

/*
 * The file that has the next used piece of a block, to be put by iput(). NULL if that file is about
 * to go, and with *@piece NULL if there is no such piece.
 */
static struct inode *scriptfs_next_file(struct scriptfs_pools *pools,
					struct scriptfs_piece *block, unsigned int *slot,
					struct scriptfs_piece **piece)
{
	struct inode *inode = NULL;
	struct scriptfs_inode *si;

	/* A file is freed a grace period after its last piece at the earliest. */
	rcu_read_lock();
	si = (struct scriptfs_inode *)scriptfs_cut_used(pools, block, slot, piece);
	if (si)
		inode = igrab(&si->vfs_inode);
	rcu_read_unlock();
	return inode;
}

/* May the piece be moved? It may have been freed, and taken by another file, since it was found. */
static bool scriptfs_piece_movable(struct scriptfs_inode *si, const struct scriptfs_piece *piece)
{
	return piece->owner == si && !piece->published &&
	       scriptfs_piece_find(si, scriptfs_piece_start(piece)) == piece;
}

/*
 * Move what a file has in a piece to another one. The piece is idle then and joins @idle. Returns
 * false if that is not possible.
 */
static bool scriptfs_piece_move(struct inode *inode, struct scriptfs_piece *piece,
				struct list_head *idle)
{
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *to;

	if (!scriptfs_piece_movable(si, piece) ||
	    test_bit(SCRIPTFS_POOLS_SUSPECT, &pools->flags))
		return false;
	to = scriptfs_take_listed(pools, piece->order, si);
	if (!to)
		return false;
	memcpy(to->addr, piece->addr, piece->mark);
	to->mark = piece->mark;
	to->kept = piece->kept;
	scriptfs_map_replace(si, piece, to);
	WRITE_ONCE(piece->owner, SCRIPTFS_IDLE);
	list_add(&piece->link, idle);
	return true;
}

/* The same with the locks of the file, if they are free. */
static bool scriptfs_file_move(struct inode *inode, struct scriptfs_piece *piece,
			       struct list_head *idle)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	bool moved;

	if (!inode_trylock(inode))
		return false;
	scriptfs_change_begin(si);
	scriptfs_readers_wait(si);
	down_write(&si->map_lock);
	moved = scriptfs_piece_move(inode, piece, idle);
	up_write(&si->map_lock);
	scriptfs_change_end(si);
	inode_unlock(inode);
	return moved;
}

/* Clear one block of a pool. Returns whether it is whole now. */
static bool scriptfs_clear_block(struct scriptfs_pool *pool)
{
	struct scriptfs_pools *pools = pool->pools;
	struct scriptfs_piece *block, *piece;
	unsigned int slot = 0;
	bool moved = true;
	LIST_HEAD(idle);

	block = scriptfs_cut_clear(pool, &idle);
	if (!block)
		return false;
	while (moved && slot < BIT(pool->order)) {
		struct inode *inode = scriptfs_next_file(pools, block, &slot, &piece);

		if (!piece)
			break;
		moved = inode && scriptfs_file_move(inode, piece, &idle);
		iput(inode);
		cond_resched();
	}
	scriptfs_cut_cleared(pools, &idle);
	return moved;
}

/**
 * scriptfs_compact - join cut blocks of the classes of which whole ones were wanted
 * @work:	the mount's
 *
 * Context: Process context, takes inode_lock and map_lock of files if they are free.
 */
void scriptfs_compact(struct work_struct *work)
{
	struct scriptfs_sb *sbi = container_of(to_delayed_work(work), struct scriptfs_sb, compact);
	unsigned int class, nr, looks;

	/* Nothing is copied out of memory that may be bad. */
	if (test_bit(SCRIPTFS_POOLS_SUSPECT, &sbi->pools.flags))
		return;
	for (class = SCRIPTFS_MEDIUM; class <= SCRIPTFS_LARGE; class++) {
		struct scriptfs_pool *pool = &sbi->pools.pool[class];

		if (!test_and_clear_bit(class, &sbi->wanted))
			continue;
		scriptfs_magazines_drain_small(&sbi->pools);
		looks = SCRIPTFS_COMPACT_LOOKS;
		for (nr = 0; nr < SCRIPTFS_COMPACT_BLOCKS && looks; looks--) {
			nr += scriptfs_clear_block(pool);
			cond_resched();
		}
	}
}
