/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the map of a file, from its offsets to its pieces.
 *
 * The map is a red-black tree through the pieces themselves, so it takes no memory of its own and
 * nothing that changes it can fail.
 *
 * Who may look at it:
 *
 *	map_lock held		nothing changes
 *	inode_lock held, or	pieces stay as they are, but a page fault may add some: one that is
 *	a reader (change.h)	found is right, one that is not found may have been missed. That
 *				there is none is certain if ->map_seq has not changed meanwhile
 */
#ifndef _FS_SCRIPTFS_MAP_H
#define _FS_SCRIPTFS_MAP_H

#include "inode.h"
#include "piece.h"
#include "table.h"

struct scriptfs_piece *scriptfs_piece_next(const struct scriptfs_inode *si, pgoff_t index);
struct scriptfs_piece *scriptfs_piece_missed(const struct scriptfs_inode *si, pgoff_t index);
struct scriptfs_piece *scriptfs_hole_at(const struct scriptfs_inode *si, loff_t pos, size_t *len);
size_t scriptfs_sound_run(struct scriptfs_inode *si, loff_t pos, size_t len);
void scriptfs_map_insert(struct inode *inode, struct scriptfs_piece *piece, pgoff_t index);
void scriptfs_map_replace(struct scriptfs_inode *si, struct scriptfs_piece *old,
			  struct scriptfs_piece *new);
void scriptfs_piece_settled(struct scriptfs_inode *si, struct scriptfs_piece *piece);
struct scriptfs_piece *scriptfs_map_cut(struct scriptfs_inode *si, pgoff_t index);
void scriptfs_map_punch(struct inode *inode, pgoff_t first, pgoff_t end);
struct scriptfs_piece *scriptfs_map_skip(struct inode *inode, struct scriptfs_piece *piece,
					 pgoff_t index);
void scriptfs_map_withdraw(struct inode *inode, pgoff_t first, pgoff_t end);
void scriptfs_map_end(struct inode *inode, pgoff_t end);
void scriptfs_map_truncate(struct inode *inode, loff_t size);
void scriptfs_map_release(struct inode *inode);
void scriptfs_map_clear(struct scriptfs_inode *si, loff_t start, loff_t end, bool keep);
void scriptfs_clear_range(struct inode *inode, loff_t start, loff_t end, bool keep);
void scriptfs_zero_tail(struct inode *inode, loff_t pos);
void scriptfs_mark_raise(struct scriptfs_piece *piece, u32 mark);
void scriptfs_trim_later(struct scriptfs_inode *si, struct scriptfs_piece *piece);

/* The piece after another one in the file, or NULL. The caller holds map_lock. */
static inline struct scriptfs_piece *scriptfs_piece_after(const struct scriptfs_piece *piece)
{
	return rb_entry_safe(rb_next(&piece->node), struct scriptfs_piece, node);
}

/* Page of the file behind the last one of a piece. */
static inline pgoff_t scriptfs_piece_limit(const struct scriptfs_piece *piece)
{
	return piece->index + scriptfs_piece_pages(piece);
}

/* Has the piece pages that hold nothing, and are not to be kept for the file? */
static inline bool scriptfs_piece_slack(const struct scriptfs_piece *piece)
{
	return !piece->kept && PAGE_ALIGN(piece->mark) < scriptfs_piece_size(piece);
}

/* Are there such pages between what the piece holds and an offset in it, in bytes? */
static inline bool scriptfs_piece_gap(const struct scriptfs_piece *piece, u32 offset)
{
	return offset >= PAGE_ALIGN(piece->mark) + PAGE_SIZE && !piece->kept;
}

/* The piece that has a page of the file, or NULL, also if one was just added and is missed. */
static __always_inline struct scriptfs_piece *scriptfs_map_look(const struct scriptfs_inode *si,
								pgoff_t index)
{
	struct scriptfs_piece *piece = scriptfs_table_find(si, index);
	struct rb_node *node = READ_ONCE(si->map.rb_node);

	if (piece)
		return piece;
	while (node) {
		piece = rb_entry(node, struct scriptfs_piece, node);
		/* For a page in front of the piece the difference is very large. */
		if (likely(!((index - piece->index) >> piece->order)))
			return piece;
		node = index < piece->index ? READ_ONCE(node->rb_left) : READ_ONCE(node->rb_right);
	}
	return NULL;
}

/**
 * scriptfs_piece_find - the piece that covers an offset
 * @si:		the file
 * @pos:	offset in bytes
 *
 * Context: The caller holds inode_lock (shared will do) or map_lock, so that the piece stays in
 * the file and as large as it is, or is a reader without a lock.
 * Return: The piece, or NULL where there is a hole.
 */
static inline struct scriptfs_piece *scriptfs_piece_find(const struct scriptfs_inode *si,
							 loff_t pos)
{
	struct scriptfs_piece *piece = scriptfs_map_look(si, pos >> PAGE_SHIFT);

	/* There is nothing to miss in an empty map. */
	if (likely(piece) || RB_EMPTY_ROOT(&si->map))
		return piece;
	return scriptfs_piece_missed(si, pos >> PAGE_SHIFT);
}

/**
 * scriptfs_piece_again - the piece that covers an offset, which most likely is that of last time
 * @si:		the file
 * @pos:	offset in bytes
 *
 * Context: The caller holds inode_lock exclusively.
 * Return: As scriptfs_piece_find().
 */
static inline struct scriptfs_piece *scriptfs_piece_again(struct scriptfs_inode *si, loff_t pos)
{
	struct scriptfs_piece *piece = si->last;

	if (!piece || ((pgoff_t)(pos >> PAGE_SHIFT) - piece->index) >> piece->order) {
		piece = scriptfs_piece_find(si, pos);
		si->last = piece;
	}
	return piece;
}

/**
 * scriptfs_data_at - where bytes of a file are
 * @si:		the file
 * @pos:	offset in bytes
 * @len:	how many bytes are wanted, at least 1; cut to those that lie together, which may be
 *		fewer than do
 *
 * A hole is found and measured with one look at the map. Between two of them, a page fault could
 * put a piece there.
 *
 * Context: As for scriptfs_piece_find().
 * Return: Their memory, or NULL where they are zeroes.
 */
static __always_inline void *scriptfs_data_at(const struct scriptfs_inode *si, loff_t pos,
					      size_t *len)
{
	struct scriptfs_chunk *chunk = scriptfs_table_look(si, pos >> PAGE_SHIFT);
	struct scriptfs_piece *piece;
	u32 offset, mark;

	if (chunk) {
		void *addr = READ_ONCE(chunk->addr);

		offset = pos & (SCRIPTFS_CHUNK_SIZE - 1);
		if (likely(addr)) {
			*len = min_t(size_t, *len, SCRIPTFS_CHUNK_SIZE - offset);
			return addr + offset;
		}
	}
	piece = scriptfs_map_look(si, pos >> PAGE_SHIFT);
	if (unlikely(!piece)) {
		piece = scriptfs_hole_at(si, pos, len);
		if (!piece)
			return NULL;
	}
	offset = pos - scriptfs_piece_start(piece);
	mark = scriptfs_mark_get(piece);
	if (likely(offset < mark)) {
		*len = min_t(size_t, *len, mark - offset);
		return piece->addr + offset;
	}
	*len = min_t(size_t, *len, scriptfs_piece_size(piece) - offset);
	return NULL;
}

#endif /* _FS_SCRIPTFS_MAP_H */
