// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the life of inodes.
 */
#include <linux/fs.h>
#include <linux/mm.h>

#include "compat/slab.h"
#include "inode.h"
#include "map.h"
#include "publish.h"
#include "sb.h"
#include "xattr.h"

static struct kmem_cache *scriptfs_inode_cache;

static void scriptfs_init_once(void *object)
{
	struct scriptfs_inode *si = object;

	inode_init_once(&si->vfs_inode);
	init_rwsem(&si->map_lock);
	si->map = RB_ROOT;
	seqcount_init(&si->map_seq);
	si->fallocate.nr_fresh = 0;
	si->fallocate.running = false;
	atomic_set(&si->writers, 0);
	seqcount_init(&si->change_seq);
}

/**
 * scriptfs_inode_cache_init - set up what inodes are allocated from
 *
 * Return: 0 or -ENOMEM.
 */
int __init scriptfs_inode_cache_init(void)
{
	scriptfs_inode_cache = kmem_cache_create("scriptfs_inode", sizeof(struct scriptfs_inode), 0,
						 SLAB_ACCOUNT, scriptfs_init_once);
	return scriptfs_inode_cache ? 0 : -ENOMEM;
}

/**
 * scriptfs_inode_cache_exit - the opposite
 *
 * Context: Process context, sleeps. There is no mount any more.
 */
void scriptfs_inode_cache_exit(void)
{
	/* Inodes of the last mount may still wait for their grace period. */
	rcu_barrier();
	kmem_cache_destroy(scriptfs_inode_cache);
}

/**
 * scriptfs_alloc_inode - allocate an inode
 * @sb:		the mount
 *
 * Return: The inode or NULL.
 */
struct inode *scriptfs_alloc_inode(struct super_block *sb)
{
	struct scriptfs_inode *si = alloc_inode_sb(sb, scriptfs_inode_cache, GFP_KERNEL);

	if (!si)
		return NULL;
	si->table = NULL;
	si->publish_limit = 0;
	si->class = SCRIPTFS_NR_CLASSES;
	si->nodump = false;
	si->head_addr = NULL;
	si->last = NULL;
	si->prealloc_end = 0;
	si->trim = SCRIPTFS_TRIM_NONE;
	si->huge = false;
	si->xattrs = NULL;
	si->beside = 0;
	return &si->vfs_inode;
}

/**
 * scriptfs_free_inode - free an inode
 * @inode:	the inode
 *
 * Runs after a grace period: a path walk under RCU may have been reading the symlink's target.
 */
void scriptfs_free_inode(struct inode *inode)
{
	if (S_ISLNK(inode->i_mode))
		kfree(inode->i_link);
	kmem_cache_free(scriptfs_inode_cache, scriptfs_inode(inode));
}

/**
 * scriptfs_evict_inode - give back all that an inode has
 * @inode:	the inode, which nobody else has any more
 */
void scriptfs_evict_inode(struct inode *inode)
{
	bool regular = S_ISREG(inode->i_mode);

	if (regular)
		scriptfs_withdraw_all(inode);
	else
		truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (regular)
		scriptfs_map_release(inode);
	scriptfs_beside_free(inode);
	scriptfs_inodes_give(scriptfs_sb(inode->i_sb), 1);
}
