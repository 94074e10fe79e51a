// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: file handles, for name_to_handle_at(2), fanotify and NFS servers.
 *
 * A handle is an inode's number, of which none is used twice in a mount, and its generation, a
 * random number. So it names the inode for as long as that lives, whatever becomes of its names,
 * and none in the next mount there; and who has a handle cannot guess those of other inodes.
 *
 * An inode is in the VFS's hash only from when the first handle of it is made, so that files of
 * which none ever is made are not created and removed slower for it. The VFS takes it from the
 * hash when it is evicted; a lookup that finds it meanwhile waits for that, and then finds nothing.
 */
#include <linux/dcache.h>
#include <linux/exportfs.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/random.h>
#include <linux/spinlock.h>

#include "export.h"
#include "sb.h"

/* FILEID_INO64_GEN of newer kernels: the number's upper half, its lower half, the generation. */
#define SCRIPTFS_HANDLE_TYPE		0x81

enum {
	SCRIPTFS_HANDLE_UPPER,
	SCRIPTFS_HANDLE_LOWER,
	SCRIPTFS_HANDLE_GENERATION,
	SCRIPTFS_HANDLE_WORDS,
};

/* Makes one of those who make the first handle of an inode enter it in the hash. */
static DEFINE_SPINLOCK(scriptfs_hash_lock);

/*
 * i_generation, 0 in a new inode, says that it is in the hash. The hash itself does not: an entry
 * looks entered before those see it who look without a lock.
 */
static void scriptfs_hash(struct inode *inode)
{
	/* Pairs with the release below: who makes a handle knows that it can be found. */
	if (smp_load_acquire(&inode->i_generation))
		return;
	spin_lock(&scriptfs_hash_lock);
	if (!inode->i_generation) {
		insert_inode_hash(inode);
		/* Pairs with the acquire above. */
		smp_store_release(&inode->i_generation, get_random_u32() ?: 1);
	}
	spin_unlock(&scriptfs_hash_lock);
}

/* The parent is not needed: all dentries of an inode that has a name are connected to the root. */
static int scriptfs_encode_handle(struct inode *inode, u32 *handle, int *words,
				  struct inode *parent)
{
	int room = *words;

	*words = SCRIPTFS_HANDLE_WORDS;
	if (room < SCRIPTFS_HANDLE_WORDS)
		return FILEID_INVALID;
	scriptfs_hash(inode);
	handle[SCRIPTFS_HANDLE_UPPER] = upper_32_bits(inode->i_ino);
	handle[SCRIPTFS_HANDLE_LOWER] = lower_32_bits(inode->i_ino);
	handle[SCRIPTFS_HANDLE_GENERATION] = inode->i_generation;
	return SCRIPTFS_HANDLE_TYPE;
}

/*
 * A file without a name that somebody has open is found, too. When it came from O_TMPFILE and got
 * names later, one of these is preferred.
 */
static struct dentry *scriptfs_find_dentry(struct super_block *sb, struct fid *fid, int words,
					   int type)
{
	struct dentry *dentry = NULL;
	struct inode *inode;

	if (type != SCRIPTFS_HANDLE_TYPE || words < SCRIPTFS_HANDLE_WORDS)
		return NULL;
	inode = ilookup(sb, (u64)fid->raw[SCRIPTFS_HANDLE_UPPER] << 32 |
			    fid->raw[SCRIPTFS_HANDLE_LOWER]);
	if (!inode)
		return NULL;
	if (fid->raw[SCRIPTFS_HANDLE_GENERATION] == inode->i_generation)
		dentry = d_find_alias(inode) ?: d_find_any_alias(inode);
	iput(inode);
	return dentry;
}

/*
 * No get_parent, which is about directories that are not connected to the root: here they always
 * are, by the one dentry that they were made with.
 */
static const struct export_operations scriptfs_export_operations = {
	.encode_fh	= scriptfs_encode_handle,
	.fh_to_dentry	= scriptfs_find_dentry,
};

/**
 * scriptfs_export_init - let handles be made of a mount's files
 * @sb:		the mount
 */
void scriptfs_export_init(struct super_block *sb)
{
	sb->s_export_op = &scriptfs_export_operations;
}
