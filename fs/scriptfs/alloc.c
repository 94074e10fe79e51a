// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: which block a file gets where it has none.
 *
 * The class follows what is about to be written and how large the file is already. The block comes
 * from what the pools have idle, so that the reserve is used up before the system has to give
 * anything: one of the class that is wanted, or else of smaller classes, or else of larger ones.
 */
#include <linux/err.h>

#include "alloc.h"
#include "map.h"
#include "sb.h"

/* Is there no block in the aligned range of @class around @pos? */
static bool scriptfs_range_free(struct scriptfs_inode *si, loff_t pos, unsigned int class)
{
	u64 start = round_down((u64)pos, scriptfs_class_size(class));
	unsigned long unit = scriptfs_unit(start);
	unsigned long last = scriptfs_unit(start + scriptfs_class_size(class) - 1);

	return !xa_find(&si->map, &unit, last, XA_PRESENT);
}

/*
 * May the new block that covers @pos be of @class? A block begins where the data begins: memory
 * in front of the first byte written would only be zeroed and held for nothing.
 */
static bool scriptfs_class_wanted(struct inode *inode, loff_t pos, u64 want, unsigned int class)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	u64 start = round_down((u64)pos, scriptfs_class_size(class));

	if (class == SCRIPTFS_POEM)
		return true;
	if (scriptfs_unit(start) != scriptfs_unit(pos))
		return false;
	/* The caller has bytes to fill all of it. */
	if (start + scriptfs_class_size(class) <= pos + want)
		return true;
	/* The file grows on from here: at most double its memory, but never by a super. */
	return class <= SCRIPTFS_LARGE && start && scriptfs_block_find(si, start - 1) &&
	       scriptfs_class_size(class) <= (u64)inode->i_blocks << 9;
}

static unsigned int scriptfs_choose_class(struct inode *inode, loff_t pos, u64 want)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned int hint = si->class;
	unsigned int class;

	if (hint < SCRIPTFS_NR_CLASSES && scriptfs_range_free(si, pos, hint))
		return hint;

	for (class = SCRIPTFS_SUPER; class > SCRIPTFS_POEM; class--)
		if (scriptfs_class_wanted(inode, pos, want, class) &&
		    scriptfs_range_free(si, pos, class))
			break;
	return class;
}

/*
 * Get an idle block of @class, or of the nearest class that has one: smaller ones first, since they
 * fit wherever the wanted one did and waste nothing, then larger ones where the file has room
 * around @pos.
 */
static struct scriptfs_block *scriptfs_take_near(struct inode *inode, loff_t pos,
						 unsigned int class)
{
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	struct scriptfs_block *block;
	int c;

	for (c = class; c >= SCRIPTFS_POEM; c--) {
		block = scriptfs_pool_take(pools, c, false);
		if (block)
			return block;
	}
	for (c = class + 1; c < SCRIPTFS_NR_CLASSES; c++) {
		if (!scriptfs_range_free(scriptfs_inode(inode), pos, c))
			break;
		block = scriptfs_pool_take(pools, c, false);
		if (block)
			return block;
	}
	return NULL;
}

/*
 * May a block of @class be added as surplus? Not a super that nobody asked for by name: its chunks
 * do no more for the file than larges, of which the pool may have some idle.
 */
static bool scriptfs_may_add(struct scriptfs_inode *si, unsigned int class)
{
	return class != SCRIPTFS_SUPER || si->class == SCRIPTFS_SUPER;
}

/* Get a block of @class or less from the system, as far as that has memory at hand. */
static struct scriptfs_block *scriptfs_take_more(struct inode *inode, unsigned int class)
{
	struct scriptfs_pools *pools = scriptfs_pools(inode->i_sb);
	struct scriptfs_block *block;
	int c;

	for (c = class; c >= SCRIPTFS_POEM; c--) {
		if (!scriptfs_may_add(scriptfs_inode(inode), c))
			continue;
		block = scriptfs_pool_take(pools, c, true);
		if (block)
			return block;
	}
	return NULL;
}

static __always_inline struct scriptfs_block *
scriptfs_block_give(struct inode *inode, struct scriptfs_block *block, loff_t pos)
{
	int err = scriptfs_map_insert(inode, block, pos, GFP_KERNEL);

	if (err) {
		scriptfs_pool_put(scriptfs_pools(inode->i_sb), block, inode->i_ino);
		return ERR_PTR(err);
	}
	/* The last close need not look at a poem, which is as small as can be. */
	if (block->class != SCRIPTFS_POEM)
		scriptfs_inode(inode)->eof_trim = true;
	return block;
}

/**
 * scriptfs_block_get_idle - find the block that covers an offset, or give the file an idle one
 * @inode:	the file
 * @pos:	offset in bytes
 * @want:	how many bytes from @pos on the caller is about to fill
 * @class:	set to which class is wanted, for scriptfs_block_get_more()
 *
 * Context: The caller holds map_lock exclusively. May sleep.
 * Return: The block; NULL if the pools have none that fits; ERR_PTR(-ENOMEM).
 */
struct scriptfs_block *scriptfs_block_get_idle(struct inode *inode, loff_t pos, u64 want,
					       unsigned int *class)
{
	struct scriptfs_block *block = scriptfs_block_find(scriptfs_inode(inode), pos);

	if (block)
		return block;
	*class = scriptfs_choose_class(inode, pos, want);
	block = scriptfs_take_near(inode, pos, *class);
	return likely(block) ? scriptfs_block_give(inode, block, pos) : NULL;
}

/**
 * scriptfs_block_get_more - give a file a block that the pools have to get from the system
 * @inode:	the file
 * @pos:	offset in bytes, in a hole
 * @class:	the class that is wanted
 *
 * Context: The caller holds map_lock exclusively. May sleep, but does not reclaim memory.
 * Return: The block; ERR_PTR(-ENOSPC) if there is none; ERR_PTR(-ENOMEM).
 */
struct scriptfs_block *scriptfs_block_get_more(struct inode *inode, loff_t pos, unsigned int class)
{
	struct scriptfs_block *block = scriptfs_take_more(inode, class);

	return block ? scriptfs_block_give(inode, block, pos) : ERR_PTR(-ENOSPC);
}
