// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: flags of files and directories, as chattr(1) sets them, and class hints.
 *
 * The VFS keeps to S_IMMUTABLE, S_APPEND and S_NOATIME nearly everywhere. What it leaves to file
 * systems is an immutable file that was open for writing before: see scriptfs_write_iter(),
 * scriptfs_setattr() and scriptfs_file_mmap().
 *
 * The class hint is XFS's extent size hint: the size of a class's blocks, with FS_XFLAG_EXTSIZE for
 * a file, and with FS_XFLAG_EXTSZINHERIT for a directory, where it is for what is made there.
 */
#include <linux/fs.h>

#include "compat/time.h"
#include "fileattr.h"
#include "inode.h"
#include "sb.h"

/* Needs what is declared in fileattr.h. */
#include "compat/ioctl.h"

#define SCRIPTFS_FLAGS		(FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL | FS_NOATIME_FL)
#define SCRIPTFS_HINTS		(FS_XFLAG_EXTSIZE | FS_XFLAG_EXTSZINHERIT)
#define SCRIPTFS_XFLAGS		(FS_XFLAG_IMMUTABLE | FS_XFLAG_APPEND | FS_XFLAG_NODUMP | \
				 FS_XFLAG_NOATIME | SCRIPTFS_HINTS)

/**
 * scriptfs_fileattr_get - what flags and which class hint a file has
 * @dentry:	the file or directory
 * @fa:		filled in
 *
 * Return: 0.
 */
int scriptfs_fileattr_get(struct dentry *dentry, struct file_kattr *fa)
{
	struct inode *inode = d_inode(dentry);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned int flags = READ_ONCE(inode->i_flags), class = READ_ONCE(si->class);
	bool hint = class < SCRIPTFS_NR_CLASSES;
	u32 xflags = 0;

	if (flags & S_IMMUTABLE)
		xflags |= FS_XFLAG_IMMUTABLE;
	if (flags & S_APPEND)
		xflags |= FS_XFLAG_APPEND;
	if (flags & S_NOATIME)
		xflags |= FS_XFLAG_NOATIME;
	if (READ_ONCE(si->nodump))
		xflags |= FS_XFLAG_NODUMP;
	if (hint)
		xflags |= S_ISDIR(inode->i_mode) ? FS_XFLAG_EXTSZINHERIT : FS_XFLAG_EXTSIZE;
	fileattr_fill_xflags(fa, xflags);
	fa->fsx_extsize = hint ? scriptfs_class_size(class) : 0;
	return 0;
}

/* The class with blocks of this size, SCRIPTFS_NR_CLASSES for none. */
static unsigned int scriptfs_class_of(u64 size)
{
	unsigned int class = 0;

	while (class < SCRIPTFS_NR_CLASSES && scriptfs_class_size(class) != size)
		class++;
	return class;
}

/* Has the mount blocks of that size or larger, or may it get one? */
static bool scriptfs_class_possible(const struct scriptfs_sb *sbi, unsigned int class)
{
	const struct scriptfs_options *opt = &sbi->opt;
	unsigned int from;

	for (from = class; from < SCRIPTFS_NR_CLASSES; from++)
		if (opt->reserve[from])
			return true;
	return !READ_ONCE(opt->strict) && READ_ONCE(opt->size) >=
	       scriptfs_class_bytes(opt->reserve) + scriptfs_class_size(class);
}

static int scriptfs_fileattr_class(struct inode *inode, const struct file_kattr *fa,
				   unsigned int *class)
{
	*class = SCRIPTFS_NR_CLASSES;
	if (!(fa->fsx_xflags & SCRIPTFS_HINTS))
		return 0;
	*class = scriptfs_class_of(fa->fsx_extsize);
	if (*class == SCRIPTFS_NR_CLASSES)
		return -EINVAL;
	/* One that is there stays whatever became of the mount's options. */
	return *class == scriptfs_inode(inode)->class ||
	       scriptfs_class_possible(scriptfs_sb(inode->i_sb), *class) ? 0 : -EINVAL;
}

static unsigned int scriptfs_inode_flags(u32 xflags)
{
	unsigned int flags = 0;

	if (xflags & FS_XFLAG_IMMUTABLE)
		flags |= S_IMMUTABLE;
	if (xflags & FS_XFLAG_APPEND)
		flags |= S_APPEND;
	if (xflags & FS_XFLAG_NOATIME)
		flags |= S_NOATIME;
	return flags;
}

/**
 * scriptfs_fileattr_set - set flags and class hint of a file
 * @idmap:	not looked at: the caller made sure that this may be set, and by whom
 * @dentry:	the file or directory
 * @fa:		what to set
 *
 * The hint is about memory that the file gets from here on.
 *
 * Context: The caller holds inode_lock exclusively. Takes map_lock.
 * Return: 0; -EOPNOTSUPP for what is not known here; -EINVAL for a hint that is no class's or that
 * the mount can never follow.
 */
int scriptfs_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry, struct file_kattr *fa)
{
	struct inode *inode = d_inode(dentry);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned int class;
	int err;

	if ((fa->flags_valid && fa->flags & ~SCRIPTFS_FLAGS) ||
	    fa->fsx_xflags & ~SCRIPTFS_XFLAGS || fa->fsx_projid)
		return -EOPNOTSUPP;
	err = scriptfs_fileattr_class(inode, fa, &class);
	if (err)
		return err;

	/* Without S_NOSEC the next write looks whether it may be: see scriptfs_write_allowed(). */
	inode_set_flags(inode, scriptfs_inode_flags(fa->fsx_xflags),
			S_IMMUTABLE | S_APPEND | S_NOATIME | S_NOSEC);
	WRITE_ONCE(si->nodump, fa->fsx_xflags & FS_XFLAG_NODUMP);
	down_write(&si->map_lock);
	WRITE_ONCE(si->class, class);
	up_write(&si->map_lock);
	inode_set_ctime_current(inode);
	return 0;
}

/**
 * scriptfs_fileattr_inherit - let a new inode have what its directory hands on
 * @inode:	the new inode, which nobody else has yet
 * @dir:	the directory, NULL for none
 *
 * As on tmpfs, all get the flags that do not forbid anything.
 */
void scriptfs_fileattr_inherit(struct inode *inode, const struct inode *dir)
{
	const struct scriptfs_inode *from = container_of(dir, struct scriptfs_inode, vfs_inode);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	unsigned int class;

	if (!dir)
		return;
	inode->i_flags |= READ_ONCE(dir->i_flags) & S_NOATIME;
	si->nodump = READ_ONCE(from->nodump);
	class = READ_ONCE(from->class);
	if (class < SCRIPTFS_NR_CLASSES && (S_ISREG(inode->i_mode) || S_ISDIR(inode->i_mode)))
		si->class = class;
}
