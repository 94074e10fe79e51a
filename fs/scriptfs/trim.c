// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: making the memory of a file fit what it holds, when it is closed.
 *
 * A file that grows gets pieces that are larger than it needs yet, and a write that failed may have
 * left some behind its end. When the last writer has closed the file, the pages above the
 * initialised marks go back, cut off where they are. What was stored through a mapping is never
 * among them: a page is below the mark before it is published.
 *
 * Most small files were written by one call, with pieces that it filled. Then there is nothing to
 * look for, and si->trim says so.
 */
#include <linux/sched.h>

#include "change.h"
#include "map.h"
#include "trim.h"

/*
 * Page behind the last one that the file may keep: its size says so, or fallocate(2), or the class
 * hint, by which it has all of its last block.
 */
static pgoff_t scriptfs_memory_end(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	pgoff_t end = DIV_ROUND_UP_ULL(max(i_size_read(inode), si->prealloc_end), PAGE_SIZE);
	struct scriptfs_piece *tail = end ? scriptfs_map_look(si, end - 1) : NULL;

	if (!tail || !tail->kept)
		return end;
	if (si->class < SCRIPTFS_NR_CLASSES)
		end = round_up(end, 1UL << scriptfs_class_order(si->class));
	return max(end, scriptfs_piece_limit(tail));
}

/* Cut off what a piece does not need. Returns the next piece. */
static struct scriptfs_piece *scriptfs_piece_trim(struct inode *inode, struct scriptfs_piece *piece)
{
	pgoff_t end = scriptfs_piece_limit(piece);

	if (scriptfs_piece_slack(piece))
		scriptfs_map_punch(inode, piece->index + DIV_ROUND_UP(piece->mark, PAGE_SIZE), end);
	return scriptfs_piece_next(scriptfs_inode(inode), end);
}

static struct scriptfs_piece *scriptfs_trim_first(struct scriptfs_inode *si)
{
	struct rb_node *node = si->trim == SCRIPTFS_TRIM_ALL ? rb_first(&si->map) :
							       rb_last(&si->map);

	return rb_entry_safe(node, struct scriptfs_piece, node);
}

/**
 * scriptfs_eof_trim - give back what a file has and does not need
 * @inode:	a file that nobody has open for writing
 *
 * Context: Takes inode_lock and map_lock.
 */
void scriptfs_eof_trim(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *piece;
	pgoff_t end;

	inode_lock(inode);
	scriptfs_change_begin(si);
	scriptfs_readers_wait(si);
	down_write(&si->map_lock);
	end = scriptfs_memory_end(inode);
	scriptfs_map_end(inode, end);
	piece = scriptfs_trim_first(si);
	while (piece) {
		piece = scriptfs_piece_trim(inode, piece);
		cond_resched();
	}
	/* What could not be cut off, because it is held, is for the next close. */
	piece = scriptfs_piece_next(si, end);
	si->trim = piece ? SCRIPTFS_TRIM_ALL : SCRIPTFS_TRIM_NONE;
	up_write(&si->map_lock);
	scriptfs_change_end(si);
	inode_unlock(inode);
}
