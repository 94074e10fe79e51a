// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the attributes that every inode has: what stat(2) tells, what chmod(2), chown(2) and
 * utimensat(2) set, and access control lists. These are nowhere but in the VFS's cache of them,
 * which an inode keeps as long as it lives.
 */
#include <linux/fs.h>
#include <linux/fs_struct.h>
#include <linux/overflow.h>
#include <linux/posix_acl.h>
#include <linux/stat.h>

#include "attr.h"
#include "compat/idmap.h"
#include "compat/time.h"
#include "inode.h"
#include "xattr.h"

static void scriptfs_fill_flags(struct inode *inode, struct kstat *stat)
{
	unsigned int flags = READ_ONCE(inode->i_flags);

	if (flags & S_IMMUTABLE)
		stat->attributes |= STATX_ATTR_IMMUTABLE;
	if (flags & S_APPEND)
		stat->attributes |= STATX_ATTR_APPEND;
	if (READ_ONCE(scriptfs_inode(inode)->nodump))
		stat->attributes |= STATX_ATTR_NODUMP;
	stat->attributes_mask |= STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_NODUMP;
}

/**
 * scriptfs_getattr - ->getattr() of all inodes
 * @idmap:	of the mount it was reached by
 * @path:	the inode
 * @stat:	where to put what there is to tell
 * @request_mask: what was asked for
 * @query_flags: how up to date it has to be; it always is
 *
 * Return: 0.
 */
int scriptfs_getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat,
		     u32 request_mask, unsigned int query_flags)
{
	struct inode *inode = d_inode(path->dentry);

	generic_fillattr(idmap, request_mask, inode, stat);
	stat->btime = scriptfs_inode(inode)->btime;
	stat->result_mask |= STATX_BTIME;
	scriptfs_fill_flags(inode, stat);
	return 0;
}

/**
 * scriptfs_attr_copy - set the attributes of an inode that setattr_prepare() allowed
 * @idmap:	of the mount it was reached by
 * @dentry:	of the inode
 * @attr:	what to set
 *
 * A list of more than the owner, the group and others follows chmod(2).
 *
 * Context: Process context, sleeps. Caller holds inode_lock.
 *
 * Return: 0 or -ENOMEM.
 */
int scriptfs_attr_copy(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);

	setattr_copy(idmap, inode, attr);
	mark_inode_dirty(inode);
	return attr->ia_valid & ATTR_MODE ? posix_acl_chmod(idmap, dentry, inode->i_mode) : 0;
}

/**
 * scriptfs_setattr - ->setattr() of inodes that are no regular files
 * @idmap:	of the mount it was reached by
 * @dentry:	of the inode
 * @attr:	what to set
 *
 * Context: Process context, sleeps. Caller holds inode_lock.
 *
 * Return: 0, -ENOMEM, or why it is not allowed.
 */
int scriptfs_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	int err = setattr_prepare(idmap, dentry, attr);

	return err ? err : scriptfs_attr_copy(idmap, dentry, attr);
}

static size_t scriptfs_acl_bytes(const struct posix_acl *acl)
{
	return acl ? struct_size(acl, a_entries, acl->a_count) : 0;
}

/* What the list that the inode has takes. */
static size_t scriptfs_acl_there(struct inode *inode, int type)
{
	struct posix_acl *acl = get_cached_acl(inode, type);
	size_t bytes;

	if (IS_ERR_OR_NULL(acl) || is_uncached_acl(acl))
		return 0;
	bytes = scriptfs_acl_bytes(acl);
	posix_acl_release(acl);
	return bytes;
}

/* Have a list instead of the one that is there. */
static int scriptfs_acl_replace(struct inode *inode, int type, struct posix_acl *acl)
{
	int err = scriptfs_beside(inode, scriptfs_acl_there(inode, type), scriptfs_acl_bytes(acl));

	if (!err)
		set_cached_acl(inode, type, acl);
	return err;
}

/**
 * scriptfs_set_acl - ->set_acl() of all inodes but symbolic links
 * @idmap:	of the mount it was reached by
 * @dentry:	of the inode
 * @acl:	the list, NULL to remove it
 * @type:	ACL_TYPE_ACCESS, or ACL_TYPE_DEFAULT for what is made in a directory
 *
 * Context: Process context, sleeps. Caller holds inode_lock.
 *
 * Return: 0, -EACCES for a default list of what is no directory, -ENOSPC if nr_inodes= has no room
 * for a long list, or another error of the list.
 */
int scriptfs_set_acl(struct mnt_idmap *idmap, struct dentry *dentry, struct posix_acl *acl,
		     int type)
{
	struct inode *inode = scriptfs_acl_inode(dentry);
	umode_t mode = inode->i_mode;
	int err;

	if (type == ACL_TYPE_ACCESS) {
		err = posix_acl_update_mode(idmap, inode, &mode, &acl);
		if (err)
			return err;
	} else if (acl && !S_ISDIR(mode)) {
		return -EACCES;
	}
	err = scriptfs_acl_replace(inode, type, acl);
	if (err)
		return err;
	inode->i_mode = mode;
	inode_set_ctime_current(inode);
	return 0;
}

/**
 * scriptfs_init_acl - have a new inode's permissions as its directory, or the umask, wants them
 * @inode:	the inode, which nobody else knows yet
 * @dir:	directory it will be in, NULL for the root
 *
 * The VFS leaves the umask to a file system that has lists, as a default list replaces it.
 *
 * Context: Process context, sleeps.
 *
 * Return: 0, -ENOMEM, or -ENOSPC if nr_inodes= has no room for a long list.
 */
int scriptfs_init_acl(struct inode *inode, struct inode *dir)
{
	struct posix_acl *defaults, *acl;
	int err;

	cache_no_acl(inode);
	if (!dir || S_ISLNK(inode->i_mode))
		return 0;
	/* Nearly always: save the calls. A directory has a list or NULL, from when it is new on. */
	if (!READ_ONCE(dir->i_default_acl)) {
		inode->i_mode &= ~current_umask();
		return 0;
	}
	err = posix_acl_create(dir, &inode->i_mode, &defaults, &acl);
	if (err)
		return err;
	err = scriptfs_acl_replace(inode, ACL_TYPE_DEFAULT, defaults);
	if (!err)
		err = scriptfs_acl_replace(inode, ACL_TYPE_ACCESS, acl);
	posix_acl_release(defaults);
	posix_acl_release(acl);
	return err;
}
