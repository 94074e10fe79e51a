// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: names, and the inodes made for them. A name is a dentry pinned in the dcache and
 * nothing else, which the helpers of fs/libfs.c know how to link, unlink and rename.
 */
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "aops.h"
#include "attr.h"
#include "compat/aops.h"
#include "compat/names.h"
#include "compat/time.h"
#include "file.h"
#include "fileattr.h"
#include "inode.h"
#include "namei.h"
#include "sb.h"
#include "xattr.h"

static const struct inode_operations scriptfs_dir_inode_operations;
static const struct inode_operations scriptfs_symlink_inode_operations;
static const struct inode_operations scriptfs_special_inode_operations;

/*
 * A file's first name is counted with it, each further one like another inode: a name pins a
 * dentry, which takes as much memory. Is this name counted, because the inode has another one?
 */
static bool scriptfs_further_name(const struct inode *inode)
{
	return !S_ISDIR(inode->i_mode) && inode->i_nlink > 1;
}

/**
 * scriptfs_new_inode - make an inode that has no name yet
 * @idmap:	of the mount it is made by
 * @sb:		the superblock
 * @dir:	directory it will be in, NULL for the root
 * @name:	its name there, NULL if it gets none
 * @mode:	type and permissions
 * @dev:	device number of a device node
 *
 * It is counted until scriptfs_evict_inode().
 *
 * Return: The inode, with i_nlink as its first name makes it; ERR_PTR(-ENOSPC) when nr_inodes= is
 * reached; ERR_PTR(-ENOMEM); ERR_PTR() of what the security module says.
 */
struct inode *scriptfs_new_inode(struct mnt_idmap *idmap, struct super_block *sb,
				 struct inode *dir, const struct qstr *name, umode_t mode,
				 dev_t dev)
{
	struct scriptfs_sb *sbi = scriptfs_sb(sb);
	struct inode *inode;
	int err;

	if (!scriptfs_inodes_take(sbi, 1))
		return ERR_PTR(-ENOSPC);
	inode = new_inode(sb);
	if (!inode) {
		scriptfs_inodes_give(sbi, 1);
		return ERR_PTR(-ENOMEM);
	}

	/* Not get_next_ino(): its 32 bits come round again while files of this mount live. */
	inode->i_ino = atomic64_inc_return(&sbi->next_ino);
	inode_init_owner(idmap, inode, dir, mode);
	simple_inode_init_ts(inode);
	scriptfs_inode(inode)->btime = inode_get_mtime(inode);

	switch (mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = &scriptfs_file_inode_operations;
		inode->i_fop = &scriptfs_file_operations;
		inode->i_mapping->a_ops = &scriptfs_aops;
		mapping_set_gfp_mask(inode->i_mapping, GFP_KERNEL);
		mapping_set_unevictable(inode->i_mapping);
		mapping_set_supply_page(inode->i_mapping);
		scriptfs_inode(inode)->class = READ_ONCE(sbi->opt.class);
		/* It has no capabilities, so its first write need not look for them. */
		inode_has_no_xattr(inode);
		break;
	case S_IFDIR:
		inode->i_op = &scriptfs_dir_inode_operations;
		inode->i_fop = &scriptfs_dir_operations;
		inc_nlink(inode);	/* for its own "." */
		break;
	case S_IFLNK:
		inode->i_op = &scriptfs_symlink_inode_operations;
		break;
	default:
		inode->i_op = &scriptfs_special_inode_operations;
		init_special_inode(inode, mode, dev);
		break;
	}
	scriptfs_fileattr_inherit(inode, dir);
	lockdep_annotate_inode_mutex_key(inode);

	err = scriptfs_init_acl(inode, dir);
	if (!err && dir)
		err = scriptfs_init_security(inode, dir, name);
	if (err) {
		iput(inode);
		return ERR_PTR(err);
	}
	return inode;
}

/* Give a new inode its first name, which is nowhere else than in its dentry. */
static void scriptfs_add_name(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	d_make_persistent(dentry, inode);
	inode_set_mtime_to_ts(dir, inode_set_ctime_current(dir));
}

static int scriptfs_mknod(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
			  umode_t mode, dev_t dev)
{
	struct inode *inode = scriptfs_new_inode(idmap, dir->i_sb, dir, &dentry->d_name, mode, dev);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	scriptfs_add_name(dir, dentry, inode);
	return 0;
}

static int scriptfs_create(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
			   umode_t mode)
{
	return scriptfs_mknod(idmap, dir, dentry, mode | S_IFREG, 0);
}

static SCRIPTFS_MKDIR_TYPE scriptfs_mkdir(struct mnt_idmap *idmap, struct inode *dir,
					  struct dentry *dentry, umode_t mode)
{
	int err = scriptfs_mknod(idmap, dir, dentry, mode | S_IFDIR, 0);

	if (!err)
		inc_nlink(dir);
	return SCRIPTFS_MKDIR_RESULT(err);
}

static int scriptfs_symlink(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry,
			    const char *target)
{
	size_t length = strlen(target);
	struct inode *inode;
	int err;

	if (length >= PATH_MAX)
		return -ENAMETOOLONG;
	inode = scriptfs_new_inode(idmap, dir->i_sb, dir, &dentry->d_name, S_IFLNK | 0777, 0);
	if (IS_ERR(inode))
		return PTR_ERR(inode);
	err = scriptfs_beside(inode, 0, length + 1);
	if (!err) {
		inode->i_link = kmemdup(target, length + 1, GFP_KERNEL_ACCOUNT);
		err = inode->i_link ? 0 : -ENOMEM;
	}
	if (err) {
		iput(inode);
		return err;
	}
	inode->i_size = length;
	scriptfs_add_name(dir, dentry, inode);
	return 0;
}

static int scriptfs_tmpfile(struct mnt_idmap *idmap, struct inode *dir, struct file *file,
			    umode_t mode)
{
	struct inode *inode = scriptfs_new_inode(idmap, dir->i_sb, dir, NULL, mode, 0);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	d_tmpfile(file, inode);
	return finish_open_simple(file, 0);
}

static int scriptfs_link(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry)
{
	/* The first name of a file from scriptfs_tmpfile() is counted with the file. */
	if (d_inode(old_dentry)->i_nlink && !scriptfs_inodes_take(scriptfs_sb(dir->i_sb), 1))
		return -ENOSPC;
	return simple_link(old_dentry, dir, dentry);
}

static int scriptfs_unlink(struct inode *dir, struct dentry *dentry)
{
	if (scriptfs_further_name(d_inode(dentry)))
		scriptfs_inodes_give(scriptfs_sb(dir->i_sb), 1);
	return simple_unlink(dir, dentry);
}

/* Each of two names gets the other's inode. */
static void scriptfs_exchange(struct inode *old_dir, struct dentry *old_dentry,
			      struct inode *new_dir, struct dentry *new_dentry)
{
	bool old_is_dir = d_is_dir(old_dentry);

	if (old_dir != new_dir && old_is_dir != d_is_dir(new_dentry)) {
		drop_nlink(old_is_dir ? old_dir : new_dir);
		inc_nlink(old_is_dir ? new_dir : old_dir);
	}
	inode_set_mtime_to_ts(old_dir, inode_set_ctime_current(old_dir));
	inode_set_mtime_to_ts(new_dir, inode_set_ctime_current(new_dir));
	inode_set_ctime_current(d_inode(old_dentry));
	inode_set_ctime_current(d_inode(new_dentry));
}

/*
 * Leave a whiteout, which overlayfs takes for a name that is gone, where a name moves away. It is
 * in the dcache beside the old name until that has moved: a lookup meanwhile finds one of both.
 */
static int scriptfs_leave_whiteout(struct mnt_idmap *idmap, struct inode *dir,
				   struct dentry *old_dentry)
{
	struct dentry *dentry = d_alloc(old_dentry->d_parent, &old_dentry->d_name);
	int err;

	if (!dentry)
		return -ENOMEM;
	err = scriptfs_mknod(idmap, dir, dentry, S_IFCHR | WHITEOUT_MODE, WHITEOUT_DEV);
	if (!err)
		d_rehash(dentry);
	dput(dentry);
	return err;
}

static int scriptfs_rename(struct mnt_idmap *idmap, struct inode *old_dir,
			   struct dentry *old_dentry, struct inode *new_dir,
			   struct dentry *new_dentry, unsigned int flags)
{
	bool further = d_really_is_positive(new_dentry) &&
		       scriptfs_further_name(d_inode(new_dentry));
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -EINVAL;
	if (flags & RENAME_EXCHANGE) {
		scriptfs_exchange(old_dir, old_dentry, new_dir, new_dentry);
		return 0;
	}
	/* The one reason for which simple_rename() fails: there is nothing to be undone then. */
	if (!simple_empty(new_dentry))
		return -ENOTEMPTY;
	if (flags & RENAME_WHITEOUT) {
		err = scriptfs_leave_whiteout(idmap, old_dir, old_dentry);
		if (err)
			return err;
	}
	err = simple_rename(idmap, old_dir, old_dentry, new_dir, new_dentry,
			    flags & RENAME_NOREPLACE);
	if (!err && further)
		scriptfs_inodes_give(scriptfs_sb(new_dir->i_sb), 1);
	return err;
}

static const struct inode_operations scriptfs_dir_inode_operations = {
	.create		= scriptfs_create,
	.lookup		= simple_lookup,
	.link		= scriptfs_link,
	.unlink		= scriptfs_unlink,
	.symlink	= scriptfs_symlink,
	.mkdir		= scriptfs_mkdir,
	.rmdir		= simple_rmdir,
	.mknod		= scriptfs_mknod,
	.rename		= scriptfs_rename,
	.tmpfile	= scriptfs_tmpfile,
	.getattr	= scriptfs_getattr,
	.setattr	= scriptfs_setattr,
	.listxattr	= scriptfs_listxattr,
	.set_acl	= scriptfs_set_acl,
	SCRIPTFS_FILEATTR_OPERATIONS
};

static const struct inode_operations scriptfs_symlink_inode_operations = {
	.get_link	= simple_get_link,
	.getattr	= scriptfs_getattr,
	.setattr	= scriptfs_setattr,
	.listxattr	= scriptfs_listxattr,
};

static const struct inode_operations scriptfs_special_inode_operations = {
	.getattr	= scriptfs_getattr,
	.setattr	= scriptfs_setattr,
	.listxattr	= scriptfs_listxattr,
	.set_acl	= scriptfs_set_acl,
};
