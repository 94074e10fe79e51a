// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the pieces of a file, and their initialised marks.
 *
 * Pieces are added under map_lock alone, by writes and by page faults. They leave the file, or are
 * cut, only with inode_lock held as well and after scriptfs_readers_wait(), since others look at
 * the map without map_lock (map.h).
 */
#include <linux/delay.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/preempt.h>
#include <linux/sched.h>

#include "change.h"
#include "cut.h"
#include "huge.h"
#include "map.h"
#include "sb.h"
#include "unite.h"

/* How often to try to divide a united piece that somebody has a reference to. */
#define SCRIPTFS_DIVIDE_TRIES	8

/* How many pieces of a file are given back at once. */
#define SCRIPTFS_RELEASE_BATCH	64

/* Pieces that leave a file. */
struct scriptfs_batch {
	struct scriptfs_piece	*piece[SCRIPTFS_RELEASE_BATCH];
	unsigned int		nr;
};

static void scriptfs_batch_put(struct inode *inode, struct scriptfs_batch *batch)
{
	scriptfs_put_batch(scriptfs_pools(inode->i_sb), batch->piece, batch->nr,
			   scriptfs_inode(inode), inode->i_ino);
	batch->nr = 0;
}

static void scriptfs_batch_add(struct inode *inode, struct scriptfs_batch *batch,
			       struct scriptfs_piece *piece)
{
	batch->piece[batch->nr++] = piece;
	if (batch->nr == ARRAY_SIZE(batch->piece)) {
		scriptfs_batch_put(inode, batch);
		cond_resched();
	}
}

/**
 * scriptfs_piece_next - the piece that has a page of a file, or else the first one behind it
 * @si:		the file
 * @index:	which page
 *
 * Only the piece itself says which of the two it is: a page fault may put one there at any time.
 *
 * Context: As for scriptfs_piece_find().
 * Return: The piece, or NULL if there is none from that page on.
 */
struct scriptfs_piece *scriptfs_piece_next(const struct scriptfs_inode *si, pgoff_t index)
{
	struct scriptfs_piece *next;
	struct rb_node *node;
	unsigned int seq;

	do {
		seq = raw_read_seqcount_begin(&si->map_seq);
		next = NULL;
		node = READ_ONCE(si->map.rb_node);
		while (node) {
			struct scriptfs_piece *piece = rb_entry(node, struct scriptfs_piece, node);

			if (index >= scriptfs_piece_limit(piece)) {
				node = READ_ONCE(node->rb_right);
				continue;
			}
			next = piece;
			if (index >= piece->index)
				break;
			node = READ_ONCE(node->rb_left);
		}
	} while (read_seqcount_retry(&si->map_seq, seq));
	return next;
}

/**
 * scriptfs_piece_missed - look again for a piece that was not found
 * @si:		the file
 * @index:	page that it should have
 *
 * Context: As for scriptfs_piece_find().
 * Return: The piece, or NULL for sure.
 */
struct scriptfs_piece *scriptfs_piece_missed(const struct scriptfs_inode *si, pgoff_t index)
{
	struct scriptfs_piece *piece = scriptfs_piece_next(si, index);

	return piece && piece->index <= index ? piece : NULL;
}

/**
 * scriptfs_hole_at - measure a hole
 * @si:		the file
 * @pos:	offset in bytes where no piece was found
 * @len:	how many bytes are wanted; cut to those of the hole, and to 2 MiB
 *
 * Context: As for scriptfs_piece_find().
 * Return: NULL; or the piece that covers @pos after all, and @len as it was.
 */
struct scriptfs_piece *scriptfs_hole_at(const struct scriptfs_inode *si, loff_t pos, size_t *len)
{
	struct scriptfs_piece *next = scriptfs_piece_next(si, pos >> PAGE_SHIFT);

	if (next && scriptfs_piece_start(next) <= pos)
		return next;
	*len = min_t(size_t, *len, SCRIPTFS_CHUNK_SIZE);
	if (next)
		*len = min_t(u64, *len, scriptfs_piece_start(next) - pos);
	return NULL;
}

/**
 * scriptfs_sound_run - how much of a file can be read or written in one go without a bad page
 * @si:		the file
 * @pos:	offset in bytes
 * @len:	how many bytes are wanted
 *
 * Context: The caller holds inode_lock.
 * Return: How many, up to @len; 0 if the first page is bad.
 */
size_t scriptfs_sound_run(struct scriptfs_inode *si, loff_t pos, size_t len)
{
	struct scriptfs_piece *piece = scriptfs_hole_at(si, pos, &len);
	size_t done = 0;
	u32 offset;

	if (!piece)
		return len;
	/* Also above the mark: what is written there goes to the piece's own pages. */
	offset = pos - scriptfs_piece_start(piece);
	len = min_t(size_t, len, scriptfs_piece_size(piece) - offset);
	while (done < len && !PageHWPoison(scriptfs_piece_page(piece, offset + done)))
		done += PAGE_SIZE - offset_in_page(offset + done);
	return min(done, len);
}

/* Put a piece, complete but for its node, into the map. */
static void scriptfs_map_link(struct scriptfs_inode *si, struct scriptfs_piece *piece)
{
	struct rb_node **link = &si->map.rb_node, *parent = NULL, *nowhere;

	while (*link) {
		parent = *link;
		link = piece->index < rb_entry(parent, struct scriptfs_piece, node)->index ?
		       &parent->rb_left : &parent->rb_right;
	}
	/*
	 * Others may come to the piece by any of the stores that follow the barrier of the sequence
	 * count, not only by the first one, so all of it has to be in order before.
	 */
	rb_link_node(&piece->node, parent, &nowhere);
	/* Readers without a lock spin meanwhile. */
	preempt_disable();
	raw_write_seqcount_begin(&si->map_seq);
	WRITE_ONCE(*link, &piece->node);
	rb_insert_color(&piece->node, &si->map);
	raw_write_seqcount_end(&si->map_seq);
	preempt_enable();
}

/**
 * scriptfs_map_insert - give a piece to a file
 * @inode:	the file
 * @piece:	a piece from the pools
 * @index:	page of the file; the piece goes to the aligned place around it, where there is none
 *
 * Context: The caller holds map_lock exclusively.
 */
void scriptfs_map_insert(struct inode *inode, struct scriptfs_piece *piece, pgoff_t index)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	piece->index = round_down(index, (pgoff_t)scriptfs_piece_pages(piece));
	if (!piece->index)
		WRITE_ONCE(si->head_addr, piece->addr);
	if (unlikely(si->fallocate.running)) {
		piece->fresh = true;
		si->fallocate.nr_fresh++;
	}
	scriptfs_map_link(si, piece);
	inode_add_bytes(inode, scriptfs_piece_size(piece));
	if (piece->order == SCRIPTFS_CHUNK_ORDER)
		scriptfs_table_add(si, piece);
}

/**
 * scriptfs_piece_settled - a piece is no longer fresh, if it was
 * @si:		the file
 * @piece:	a piece of it
 *
 * Context: The caller holds map_lock exclusively.
 */
void scriptfs_piece_settled(struct scriptfs_inode *si, struct scriptfs_piece *piece)
{
	si->fallocate.nr_fresh -= piece->fresh;
	piece->fresh = false;
}

static void scriptfs_map_remove(struct inode *inode, struct scriptfs_piece *piece)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	if (!piece->index)
		WRITE_ONCE(si->head_addr, NULL);
	scriptfs_piece_settled(si, piece);
	scriptfs_table_drop(si, piece);
	rb_erase(&piece->node, &si->map);
	inode_sub_bytes(inode, scriptfs_piece_size(piece));
}

/**
 * scriptfs_map_replace - have another piece take the place of one in a file
 * @si:		the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @old:	a piece of it that has no page in the page cache, the caller's afterwards
 * @new:	a piece of the same size from the pools
 *
 * Context: The caller holds inode_lock and map_lock exclusively, and no reader looks at the file,
 * see scriptfs_readers_wait().
 */
void scriptfs_map_replace(struct scriptfs_inode *si, struct scriptfs_piece *old,
			  struct scriptfs_piece *new)
{
	new->index = old->index;
	if (!new->index)
		WRITE_ONCE(si->head_addr, new->addr);
	si->last = NULL;
	scriptfs_table_drop(si, old);
	rb_replace_node(&old->node, &new->node, &si->map);
}

/*
 * Divide a united piece, if nobody holds it. Those who look for a page may have it for a moment,
 * until they find that it has gone.
 */
static bool scriptfs_map_divide(struct scriptfs_piece *piece)
{
	unsigned int tries;

	for (tries = 0; tries < SCRIPTFS_DIVIDE_TRIES; tries++) {
		if (scriptfs_divide(piece))
			return true;
		usleep_range(50, 100);
	}
	return false;
}

/**
 * scriptfs_map_cut - have a piece begin at a page of a file, if one has it
 * @si:		the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @index:	which page
 *
 * The piece that has it is cut in two or more. One that is united, and held, stays as it is: who
 * holds it may store something in any of its pages.
 *
 * Context: As for scriptfs_map_punch().
 * Return: NULL, or the piece if it cannot be cut.
 */
struct scriptfs_piece *scriptfs_map_cut(struct scriptfs_inode *si, pgoff_t index)
{
	struct scriptfs_piece *piece = scriptfs_map_look(si, index), *upper;

	if (!piece || piece->index == index)
		return NULL;
	if (piece->united && !scriptfs_map_divide(piece))
		return piece;
	/* Then several of them may have some. */
	if (scriptfs_piece_slack(piece))
		si->trim = SCRIPTFS_TRIM_ALL;
	scriptfs_table_drop(si, piece);
	do {
		upper = scriptfs_piece_split(piece);
		si->fallocate.nr_fresh += upper->fresh;
		scriptfs_map_link(si, upper);
		if (index >= upper->index)
			piece = upper;
	} while (piece->index != index);
	return NULL;
}

/**
 * scriptfs_mark_raise - move the initialised mark of a piece up over zeroes
 * @piece:	the piece
 * @mark:	new mark, an offset in the piece in bytes
 *
 * Context: The caller holds map_lock exclusively.
 */
void scriptfs_mark_raise(struct scriptfs_piece *piece, u32 mark)
{
	if (mark <= piece->mark)
		return;
	memset(piece->addr + piece->mark, 0, mark - piece->mark);
	scriptfs_dcache_flush(piece, piece->mark, mark);
	scriptfs_mark_set(piece, mark);
}

/**
 * scriptfs_trim_later - have the last close look at a piece
 * @si:		the file
 * @piece:	a piece of it that may be larger than what it holds
 *
 * Context: The caller holds map_lock exclusively.
 */
void scriptfs_trim_later(struct scriptfs_inode *si, struct scriptfs_piece *piece)
{
	if (scriptfs_piece_after(piece))
		si->trim = SCRIPTFS_TRIM_ALL;
	else if (si->trim == SCRIPTFS_TRIM_NONE)
		si->trim = SCRIPTFS_TRIM_TAIL;
}

/*
 * Clear a part of a piece: at its end by lowering the mark, unless pages there may be mapped. With
 * @keep the file keeps the memory as if the zeroes had been written. That can be said of all that
 * is above the mark only.
 */
static void scriptfs_piece_clear(struct scriptfs_inode *si, struct scriptfs_piece *piece, u32 from,
				 u32 to, bool keep)
{
	u32 mark = piece->mark, size = scriptfs_piece_size(piece);

	if (from >= mark)
		return;
	if (to < mark || piece->published ||
	    (keep && !piece->kept && (to < size || PAGE_ALIGN(mark) < size))) {
		to = min(to, mark);
		memset(piece->addr + from, 0, to - from);
		scriptfs_dcache_flush(piece, from, to);
		return;
	}
	scriptfs_table_lower(si, piece);
	scriptfs_mark_set(piece, from);
	if (PAGE_ALIGN(from) == size)
		return;
	if (keep)
		piece->kept = true;
	else
		scriptfs_trim_later(si, piece);
}

/*
 * Clear what cannot be cut off of a piece that is held: from page @first of the file to @end, as
 * far as the piece has it.
 */
static void scriptfs_piece_blank(struct scriptfs_inode *si, struct scriptfs_piece *piece,
				 pgoff_t first, pgoff_t end)
{
	first = max(first, piece->index);
	end = min(end, scriptfs_piece_limit(piece));
	/* The last close tries again, if it is behind the end of the file. */
	si->trim = SCRIPTFS_TRIM_ALL;
	scriptfs_piece_clear(si, piece, (first - piece->index) << PAGE_SHIFT,
			     (end - piece->index) << PAGE_SHIFT, false);
}

/**
 * scriptfs_map_punch - take pages from a file and give them back
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @first:	the first of the pages
 * @end:	the one after the last, ULONG_MAX for all behind @first
 *
 * The pieces at both ends are cut where they are, and nothing is copied. Pages that are held from
 * outside leave the file like all others; the pools keep them until they are let go. A united piece
 * that is held cannot be cut: the file keeps the pages, and they are cleared.
 *
 * Context: The caller holds inode_lock and map_lock exclusively, none of the pages is in the page
 * cache, nor is any of a united piece that has some of them, and no reader looks at the file, see
 * scriptfs_readers_wait(). May sleep.
 */
void scriptfs_map_punch(struct inode *inode, pgoff_t first, pgoff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_batch batch = { .nr = 0 };
	struct scriptfs_piece *piece, *next;

	if (first >= end)
		return;
	piece = scriptfs_map_cut(si, first);
	if (unlikely(piece)) {
		scriptfs_piece_blank(si, piece, first, end);
		first = scriptfs_piece_limit(piece);
	}
	piece = first < end ? scriptfs_map_cut(si, end) : NULL;
	if (unlikely(piece)) {
		scriptfs_piece_blank(si, piece, first, end);
		end = piece->index;
	}
	si->last = NULL;
	for (piece = scriptfs_piece_next(si, first); piece && piece->index < end; piece = next) {
		next = scriptfs_piece_after(piece);
		scriptfs_map_remove(inode, piece);
		scriptfs_batch_add(inode, &batch, piece);
	}
	scriptfs_batch_put(inode, &batch);
}

/**
 * scriptfs_map_skip - leave a hole in front of what is about to be written
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @piece:	the piece of it that has the page, see scriptfs_piece_gap()
 * @index:	page that is about to be written
 *
 * The pages between the initialised mark and that page hold nothing, and were got because the file
 * might have grown on there. They go back.
 *
 * Context: The caller holds inode_lock and map_lock exclusively. Spins until no reader looks at the
 * file.
 * Return: The piece that has the page now.
 */
struct scriptfs_piece *scriptfs_map_skip(struct inode *inode, struct scriptfs_piece *piece,
					 pgoff_t index)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	scriptfs_readers_wait(si);
	scriptfs_map_punch(inode, piece->index + DIV_ROUND_UP(piece->mark, PAGE_SIZE), index);
	return scriptfs_map_look(si, index);
}

/**
 * scriptfs_map_withdraw - take united pieces of a file out of the page cache
 * @inode:	the file
 * @first:	page from which on
 * @end:	page up to which
 *
 * To be called before pages of that range are truncated there, as nothing else can cut a huge page.
 * Copies that private mappings have made stay mapped.
 *
 * Context: The caller holds map_lock exclusively. Sleeps; takes page locks and i_mmap_rwsem.
 */
void scriptfs_map_withdraw(struct inode *inode, pgoff_t first, pgoff_t end)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *piece;

	if (!si->huge)
		return;
	piece = scriptfs_piece_next(si, first);
	for (; piece && piece->index < end; piece = scriptfs_piece_after(piece)) {
		if (piece->united)
			scriptfs_huge_withdraw(inode->i_mapping, scriptfs_piece_page(piece, 0));
		cond_resched();
	}
}

/**
 * scriptfs_map_end - give back all pages of a file from one on
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @end:	the first that goes, behind the end of the file
 *
 * Nothing there can be published again, as i_size says so already. But a fault that read i_size
 * before, or a write_begin without a write, may have published pages there, even after the caller
 * had taken all of them out of the page cache. They cannot be mapped.
 *
 * Context: As for scriptfs_map_punch(), but for the page cache.
 */
void scriptfs_map_end(struct inode *inode, pgoff_t end)
{
	scriptfs_map_withdraw(inode, end, ULONG_MAX);
	if (unlikely(inode->i_mapping->nrpages))
		truncate_inode_pages(inode->i_mapping, (loff_t)end << PAGE_SHIFT);
	scriptfs_map_punch(inode, end, ULONG_MAX);
}

/**
 * scriptfs_map_truncate - give back what lies behind a file's new end
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @size:	its new size in bytes, smaller than before
 *
 * What is behind the end in its last page is cleared.
 *
 * Context: The caller holds inode_lock and map_lock exclusively, and no reader looks at the file.
 */
void scriptfs_map_truncate(struct inode *inode, loff_t size)
{
	scriptfs_map_end(inode, DIV_ROUND_UP_ULL(size, PAGE_SIZE));
	scriptfs_map_clear(scriptfs_inode(inode), size, round_up(size, PAGE_SIZE), true);
}

/* By a walk that visits a piece only after all below it, since nobody needs the map any more. */
static noinline void scriptfs_map_release_all(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_batch batch = { .nr = 0 };
	struct scriptfs_piece *piece, *next;

	rbtree_postorder_for_each_entry_safe(piece, next, &si->map, node)
		scriptfs_batch_add(inode, &batch, piece);
	scriptfs_batch_put(inode, &batch);
}

/**
 * scriptfs_map_release - give back all pieces of a file
 * @inode:	a file that is being evicted, with nothing left in the page cache
 *
 * Context: Nobody else has the inode any more, so no locks.
 */
void scriptfs_map_release(struct inode *inode)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct rb_node *root = si->map.rb_node;

	if (unlikely(si->table))
		scriptfs_table_free(si);
	if (!root)
		return;
	/* Most files have a single piece. */
	if (likely(!root->rb_left && !root->rb_right))
		scriptfs_put(scriptfs_pools(inode->i_sb),
			     rb_entry(root, struct scriptfs_piece, node), si, inode->i_ino);
	else
		scriptfs_map_release_all(inode);
	si->map = RB_ROOT;
}

/**
 * scriptfs_map_clear - make a range of a file read as zeroes
 * @si:		the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @start:	its first byte
 * @end:	the one after its last
 * @keep:	the file keeps the memory that it has there, as with a write of zeroes; otherwise
 *		what is above the marks then may go at the last close
 *
 * Holes stay holes, and pages that are mapped or held stay where they are.
 *
 * Context: The caller holds inode_lock and map_lock exclusively. May sleep.
 */
void scriptfs_map_clear(struct scriptfs_inode *si, loff_t start, loff_t end, bool keep)
{
	struct scriptfs_piece *piece;

	if (start >= end)
		return;
	piece = scriptfs_piece_next(si, start >> PAGE_SHIFT);
	for (; piece && scriptfs_piece_start(piece) < end; piece = scriptfs_piece_after(piece)) {
		loff_t first = scriptfs_piece_start(piece);

		scriptfs_piece_clear(si, piece, max(start - first, 0LL),
				     min_t(u64, end - first, scriptfs_piece_size(piece)), keep);
		cond_resched();
	}
}

/**
 * scriptfs_clear_range - scriptfs_map_clear() for callers without map_lock
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @start:	first byte
 * @end:	the one after the last
 * @keep:	see there
 *
 * Context: The caller holds inode_lock exclusively. Takes map_lock.
 */
void scriptfs_clear_range(struct inode *inode, loff_t start, loff_t end, bool keep)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	down_write(&si->map_lock);
	scriptfs_map_clear(si, start, end, keep);
	up_write(&si->map_lock);
}

/**
 * scriptfs_zero_tail - clear what lies behind an offset in its page
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @pos:	offset in bytes
 *
 * A shared mapping may have stored bytes behind the end of the file in its last page. They must
 * be gone before the file grows over them. If the file ends, or once ended, within a united piece,
 * because that was held when the file was cut there, they may be in any page of that chunk.
 *
 * Context: The caller holds inode_lock exclusively. Takes map_lock.
 */
void scriptfs_zero_tail(struct inode *inode, loff_t pos)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	if (unlikely(READ_ONCE(si->huge)))
		scriptfs_clear_range(inode, pos, round_up(pos, SCRIPTFS_CHUNK_SIZE), true);
	else if (offset_in_page(pos) && scriptfs_piece_find(si, pos))
		scriptfs_clear_range(inode, pos, round_up(pos, PAGE_SIZE), true);
}
