// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: opening, closing and resizing regular files.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/splice.h>

#include "attr.h"
#include "change.h"
#include "compat/huge.h"
#include "compat/idmap.h"
#include "compat/lease.h"
#include "compat/nowait.h"
#include "compat/time.h"
#include "fallocate.h"
#include "file.h"
#include "fileattr.h"
#include "map.h"
#include "mmap.h"
#include "prefetch.h"
#include "read.h"
#include "remap.h"
#include "sb.h"
#include "splice.h"
#include "table.h"
#include "trim.h"
#include "write.h"
#include "xattr.h"

/*
 * Most files that are opened to read are read from their first byte on. Prefetch that while the
 * file descriptor is set up: it makes reading back small files a tenth faster, which would
 * otherwise be slower than from file systems where they lie next to each other.
 */
static int scriptfs_open(struct inode *inode, struct file *file)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	const u8 *start = READ_ONCE(si->head_addr);

	if (start && file->f_mode & FMODE_READ)
		scriptfs_prefetch(start, false);
	if (unlikely(scriptfs_table_short(inode)))
		scriptfs_table_make(inode);
	if (file->f_mode & FMODE_WRITE)
		atomic_inc(&si->writers);
	if (!test_bit(SCRIPTFS_SPECIAL_PAGE, &scriptfs_pools(inode->i_sb)->flags))
		file->f_mode |= SCRIPTFS_MODE_NOWAIT;
	return 0;
}

static int scriptfs_release(struct inode *inode, struct file *file)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	/*
	 * Not by i_writecount, which goes down only after this: two tasks that close at the same
	 * time would each see the other. The count also orders what the others wrote before this.
	 */
	if ((file->f_mode & FMODE_WRITE) && !atomic_dec_and_test(&si->writers))
		return 0;
	/* Also for a reader: its page faults may have given the file more than it needs. */
	if (unlikely(READ_ONCE(si->trim)) && !atomic_read(&si->writers))
		scriptfs_eof_trim(inode);
	return 0;
}

static void scriptfs_shrink(struct inode *inode, loff_t size)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	scriptfs_readers_wait(si);
	/* Under map_lock, so that no page behind the new end can be published from here on. */
	down_write(&si->map_lock);
	scriptfs_size_write(inode, size);
	si->prealloc_end = 0;
	scriptfs_map_withdraw(inode, size >> PAGE_SHIFT, ULONG_MAX);
	truncate_pagecache(inode, size);
	scriptfs_map_truncate(inode, size);
	up_write(&si->map_lock);
}

/* With the size as it is, this gives back what fallocate(2) allocated behind the end. */
static void scriptfs_resize(struct inode *inode, loff_t size)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t old = i_size_read(inode);

	scriptfs_change_begin(si);
	if (size > old) {
		scriptfs_zero_tail(inode, old);
		scriptfs_size_write(inode, size);
	} else if (size < old || si->prealloc_end) {
		scriptfs_shrink(inode, size);
	}
	scriptfs_change_end(si);
}

static int scriptfs_file_setattr(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int err = setattr_prepare(idmap, dentry, attr);

	if (err)
		return err;
	if (attr->ia_valid & ATTR_SIZE) {
		/* It was open for writing before, or the VFS would not have come here. */
		if (IS_IMMUTABLE(inode))
			return -EPERM;
		scriptfs_resize(inode, attr->ia_size);
		inode_set_mtime_to_ts(inode, inode_set_ctime_current(inode));
	}
	return scriptfs_attr_copy(idmap, dentry, attr);
}

const struct file_operations scriptfs_file_operations = {
	.llseek		= scriptfs_llseek,
	.read_iter	= scriptfs_read_iter,
	.write_iter	= scriptfs_write_iter,
	.mmap		= scriptfs_file_mmap,
	.get_unmapped_area = thp_get_unmapped_area,
	.open		= scriptfs_open,
	.release	= scriptfs_release,
	.fallocate	= scriptfs_fallocate,
	.copy_file_range = scriptfs_copy_file_range,
	.fsync		= noop_fsync,
	.setlease	= generic_setlease,
	.splice_read	= scriptfs_splice_read,
	.splice_write	= iter_file_splice_write,
	SCRIPTFS_FILEATTR_IOCTL
	SCRIPTFS_NOWAIT_OPERATION
};

const struct inode_operations scriptfs_file_inode_operations = {
	.getattr	= scriptfs_getattr,
	.setattr	= scriptfs_file_setattr,
	.listxattr	= scriptfs_listxattr,
	.set_acl	= scriptfs_set_acl,
	SCRIPTFS_FILEATTR_OPERATIONS
};
