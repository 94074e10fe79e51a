// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: extended attributes. They are memory of the kernel beside the pools, so nr_inodes=
 * limits them, see scriptfs_beside().
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/posix_acl.h>
#include <linux/rbtree.h>
#include <linux/rwsem.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <linux/xattr.h>

#include "compat/time.h"
#include "compat/xattr.h"
#include "inode.h"
#include "sb.h"
#include "xattr.h"

/* So many bytes beside an inode count like another one. What is less does not count. */
#define SCRIPTFS_BESIDE_UNIT	1024

/* Bytes of all names of an inode: with those of access control lists, as many as can be listed. */
#define SCRIPTFS_NAMES_MAX	(XATTR_LIST_MAX - sizeof(XATTR_NAME_POSIX_ACL_ACCESS) - \
				 sizeof(XATTR_NAME_POSIX_ACL_DEFAULT))

/**
 * struct scriptfs_xattr - an attribute
 * @node:	in scriptfs_xattrs.root
 * @value:	its value, behind @name
 * @size:	bytes of @value
 * @name:	its whole name, with the prefix
 */
struct scriptfs_xattr {
	struct rb_node		node;
	void			*value;
	size_t			size;
	char			name[];
};

/**
 * struct scriptfs_xattrs - the attributes of an inode, from the first one on until it goes
 * @lock:	guards all below; the VFS holds inode_lock to change something, but not to read
 * @root:	struct scriptfs_xattr by name
 * @names:	bytes of all names, each with its end
 */
struct scriptfs_xattrs {
	struct rw_semaphore	lock;
	struct rb_root		root;
	size_t			names;
};

static size_t scriptfs_xattr_bytes(const struct scriptfs_xattr *xattr)
{
	return xattr ? struct_size(xattr, name, strlen(xattr->name) + 1 + xattr->size) : 0;
}

static size_t scriptfs_xattr_name_size(const struct scriptfs_xattr *xattr)
{
	return xattr ? strlen(xattr->name) + 1 : 0;
}

static struct scriptfs_xattr *scriptfs_xattr_make(const char *prefix, const char *name,
						  const void *value, size_t size)
{
	size_t start = strlen(prefix), length = start + strlen(name) + 1;
	struct scriptfs_xattr *xattr;

	xattr = kvmalloc(struct_size(xattr, name, length + size), GFP_KERNEL_ACCOUNT);
	if (!xattr)
		return NULL;
	memcpy(xattr->name, prefix, start);
	memcpy(xattr->name + start, name, length - start);
	xattr->value = xattr->name + length;
	xattr->size = size;
	memcpy(xattr->value, value, size);
	return xattr;
}

/* The attributes of an inode, NULL if it never had one. */
static struct scriptfs_xattrs *scriptfs_xattrs(struct inode *inode)
{
	/* Pairs with scriptfs_xattrs_make(). */
	return smp_load_acquire(&scriptfs_inode(inode)->xattrs);
}

/* Nobody else does this for the inode at the same time: it is new, or inode_lock is held. */
static struct scriptfs_xattrs *scriptfs_xattrs_make(struct inode *inode)
{
	struct scriptfs_xattrs *xattrs = scriptfs_xattrs(inode);

	if (xattrs)
		return xattrs;
	xattrs = kzalloc(sizeof(*xattrs), GFP_KERNEL_ACCOUNT);
	if (!xattrs)
		return NULL;
	init_rwsem(&xattrs->lock);
	xattrs->root = RB_ROOT;
	/* Pairs with scriptfs_xattrs(). */
	smp_store_release(&scriptfs_inode(inode)->xattrs, xattrs);
	return xattrs;
}

/* Find an attribute; if there is none, *@link and *@parent are where one would be. */
static struct scriptfs_xattr *scriptfs_xattr_find(struct scriptfs_xattrs *xattrs, const char *name,
						  struct rb_node ***link, struct rb_node **parent)
{
	struct rb_node **at = &xattrs->root.rb_node;
	struct scriptfs_xattr *xattr;
	int order;

	*parent = NULL;
	while (*at) {
		xattr = rb_entry(*at, struct scriptfs_xattr, node);
		order = strcmp(name, xattr->name);
		if (!order)
			return xattr;
		*parent = *at;
		at = order < 0 ? &(*at)->rb_left : &(*at)->rb_right;
	}
	*link = at;
	return NULL;
}

static s64 scriptfs_beside_units(size_t bytes)
{
	return bytes / SCRIPTFS_BESIDE_UNIT;
}

/**
 * scriptfs_beside - count what an inode takes of the kernel's memory beside it
 * @inode:	the inode
 * @less:	bytes that are about to go
 * @more:	bytes that are about to come
 *
 * Extended attributes, access control lists, the target of a symbolic link: together, so that an
 * inode cannot have several times what does not count. Less is always possible.
 *
 * Context: The caller holds inode_lock exclusively, or nobody else knows the inode yet.
 *
 * Return: 0, or -ENOSPC if nr_inodes= has no room for that.
 */
int scriptfs_beside(struct inode *inode, size_t less, size_t more)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_sb *sbi = scriptfs_sb(inode->i_sb);
	size_t bytes = si->beside - less + more;
	s64 units = scriptfs_beside_units(bytes) - scriptfs_beside_units(si->beside);

	if (units > 0 && !scriptfs_inodes_take(sbi, units))
		return -ENOSPC;
	if (units < 0)
		scriptfs_inodes_give(sbi, -units);
	si->beside = bytes;
	return 0;
}

/*
 * Put @new, which may be NULL, in the place of the attribute of that name; *@old is what has to be
 * freed. Caller holds the lock.
 */
static int scriptfs_xattr_replace(struct inode *inode, struct scriptfs_xattrs *xattrs,
				  const char *name, struct scriptfs_xattr *new, int flags,
				  struct scriptfs_xattr **old)
{
	struct rb_node **link, *parent;
	struct scriptfs_xattr *there = scriptfs_xattr_find(xattrs, name, &link, &parent);
	size_t names;
	int err;

	*old = new;
	if (there && flags & XATTR_CREATE)
		return -EEXIST;
	if (!there && (flags & XATTR_REPLACE || !new))
		return -ENODATA;
	names = xattrs->names - scriptfs_xattr_name_size(there) + scriptfs_xattr_name_size(new);
	if (names > SCRIPTFS_NAMES_MAX && new && !there)
		return -ENOSPC;
	err = scriptfs_beside(inode, scriptfs_xattr_bytes(there), scriptfs_xattr_bytes(new));
	if (err)
		return err;

	*old = there;
	xattrs->names = names;
	if (there && new) {
		rb_replace_node(&there->node, &new->node, &xattrs->root);
	} else if (there) {
		rb_erase(&there->node, &xattrs->root);
	} else {
		rb_link_node(&new->node, parent, link);
		rb_insert_color(&new->node, &xattrs->root);
	}
	return 0;
}

/* Set an attribute, or with @value NULL remove it. */
static int scriptfs_xattr_change(struct inode *inode, const char *prefix, const char *name,
				 const void *value, size_t size, int flags)
{
	struct scriptfs_xattrs *xattrs = value ? scriptfs_xattrs_make(inode) :
						 scriptfs_xattrs(inode);
	struct scriptfs_xattr *new = NULL, *old;
	int err;

	if (!xattrs)
		return value ? -ENOMEM : -ENODATA;
	if (value) {
		new = scriptfs_xattr_make(prefix, name, value, size);
		if (!new)
			return -ENOMEM;
	}
	down_write(&xattrs->lock);
	err = scriptfs_xattr_replace(inode, xattrs, new ? new->name : name, new, flags, &old);
	up_write(&xattrs->lock);
	kvfree(old);
	return err;
}

static int scriptfs_xattr_get(const struct xattr_handler *handler, struct dentry *dentry,
			      struct inode *inode, const char *suffix, void *buffer, size_t size)
{
	struct scriptfs_xattrs *xattrs = scriptfs_xattrs(inode);
	struct rb_node **link, *parent;
	struct scriptfs_xattr *xattr;
	int ret = -ENODATA;

	if (!xattrs)
		return ret;
	down_read(&xattrs->lock);
	xattr = scriptfs_xattr_find(xattrs, xattr_full_name(handler, suffix), &link, &parent);
	if (xattr) {
		ret = xattr->size;
		if (buffer && size < xattr->size)
			ret = -ERANGE;
		else if (buffer)
			memcpy(buffer, xattr->value, xattr->size);
	}
	up_read(&xattrs->lock);
	return ret;
}

static int scriptfs_xattr_set(const struct xattr_handler *handler, struct mnt_idmap *idmap,
			      struct dentry *dentry, struct inode *inode, const char *suffix,
			      const void *value, size_t size, int flags)
{
	int err = scriptfs_xattr_change(inode, "", xattr_full_name(handler, suffix), value, size,
					flags);

	if (!err)
		inode_set_ctime_current(inode);
	return err;
}

static const struct xattr_handler scriptfs_user_xattr_handler = {
	.prefix	= XATTR_USER_PREFIX,
	.get	= scriptfs_xattr_get,
	.set	= scriptfs_xattr_set,
};

static const struct xattr_handler scriptfs_trusted_xattr_handler = {
	.prefix	= XATTR_TRUSTED_PREFIX,
	.get	= scriptfs_xattr_get,
	.set	= scriptfs_xattr_set,
};

static const struct xattr_handler scriptfs_security_xattr_handler = {
	.prefix	= XATTR_SECURITY_PREFIX,
	.get	= scriptfs_xattr_get,
	.set	= scriptfs_xattr_set,
};

/* Who may do what with each of them is checked by the VFS. */
const struct xattr_handler *const scriptfs_xattr_handlers[] = {
	&scriptfs_user_xattr_handler,
	&scriptfs_trusted_xattr_handler,
	&scriptfs_security_xattr_handler,
	SCRIPTFS_ACL_HANDLERS
	NULL
};

/**
 * struct scriptfs_xattr_list - a list of names that is written
 * @at:		where the next name goes; NULL if only the length is asked for
 * @room:	bytes that are left there
 * @length:	bytes of all names so far
 */
struct scriptfs_xattr_list {
	char			*at;
	size_t			room;
	size_t			length;
};

static bool scriptfs_list_name(struct scriptfs_xattr_list *list, const char *name)
{
	size_t length = strlen(name) + 1;

	list->length += length;
	if (!list->at)
		return true;
	if (length > list->room)
		return false;
	memcpy(list->at, name, length);
	list->at += length;
	list->room -= length;
	return true;
}

static bool scriptfs_list_acl(struct scriptfs_xattr_list *list, struct inode *inode, int type,
			      const char *name)
{
	struct posix_acl *acl;

	if (!IS_POSIXACL(inode))
		return true;
	acl = get_cached_acl(inode, type);
	if (IS_ERR_OR_NULL(acl) || is_uncached_acl(acl))
		return true;
	posix_acl_release(acl);
	return scriptfs_list_name(list, name);
}

static bool scriptfs_list_xattrs(struct scriptfs_xattr_list *list, struct scriptfs_xattrs *xattrs)
{
	/* Nothing that audit should hear of: nobody is denied anything. */
	bool trusted = ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
	struct scriptfs_xattr *xattr;
	struct rb_node *node;

	for (node = rb_first(&xattrs->root); node; node = rb_next(node)) {
		xattr = rb_entry(node, struct scriptfs_xattr, node);
		if (!trusted && strstarts(xattr->name, XATTR_TRUSTED_PREFIX))
			continue;
		if (!scriptfs_list_name(list, xattr->name))
			return false;
	}
	return true;
}

/**
 * scriptfs_listxattr - the names of an inode's extended attributes, each with its end
 * @dentry:	of the inode
 * @names:	where to write them, NULL to ask for the length only
 * @size:	bytes there
 *
 * Context: Process context, sleeps.
 *
 * Return: How many bytes it is; -ERANGE if there is no room for that.
 */
ssize_t scriptfs_listxattr(struct dentry *dentry, char *names, size_t size)
{
	struct inode *inode = d_inode(dentry);
	struct scriptfs_xattrs *xattrs = scriptfs_xattrs(inode);
	struct scriptfs_xattr_list list = { .at = names, .room = size };
	bool whole;

	whole = scriptfs_list_acl(&list, inode, ACL_TYPE_ACCESS, XATTR_NAME_POSIX_ACL_ACCESS) &&
		scriptfs_list_acl(&list, inode, ACL_TYPE_DEFAULT, XATTR_NAME_POSIX_ACL_DEFAULT);
	if (whole && xattrs) {
		down_read(&xattrs->lock);
		whole = scriptfs_list_xattrs(&list, xattrs);
		up_read(&xattrs->lock);
	}
	return whole ? list.length : -ERANGE;
}

static int scriptfs_init_xattrs(struct inode *inode, const struct xattr *xattr, void *unused)
{
	int err = 0;

	for (; !err && xattr->name; xattr++)
		err = scriptfs_xattr_change(inode, XATTR_SECURITY_PREFIX, xattr->name, xattr->value,
					    xattr->value_len, 0);
	return err;
}

/**
 * scriptfs_init_security - give a new inode the label that the security module wants for it
 * @inode:	the inode, which nobody else knows yet
 * @dir:	directory it will be in
 * @name:	its name there, NULL if it gets none
 *
 * Context: Process context, sleeps.
 *
 * Return: 0, -ENOSPC when nr_inodes= is reached, -ENOMEM, or what the security module says.
 */
int scriptfs_init_security(struct inode *inode, struct inode *dir, const struct qstr *name)
{
	int err = security_inode_init_security(inode, dir, name, scriptfs_init_xattrs, NULL);

	return err == -EOPNOTSUPP ? 0 : err;
}

static void scriptfs_xattrs_free(struct inode *inode)
{
	struct scriptfs_xattrs *xattrs = scriptfs_inode(inode)->xattrs;
	struct scriptfs_xattr *xattr, *next;

	if (!xattrs)
		return;
	rbtree_postorder_for_each_entry_safe(xattr, next, &xattrs->root, node)
		kvfree(xattr);
	kfree(xattrs);
}

/**
 * scriptfs_beside_free - what is beside an inode goes with it
 * @inode:	the inode, which nobody else has any more
 */
void scriptfs_beside_free(struct inode *inode)
{
	s64 units = scriptfs_beside_units(scriptfs_inode(inode)->beside);

	if (units)
		scriptfs_inodes_give(scriptfs_sb(inode->i_sb), units);
	scriptfs_xattrs_free(inode);
}
