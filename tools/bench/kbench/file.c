// SPDX-License-Identifier: GPL-2.0-only
/* kbench: the calls into the file system that all cases are made of. */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/uio.h>

#include "compat/vfs.h"
#include "kbench.h"

/**
 * kbench_open - open or make a file in the directory of the command
 * @run: the command
 * @name: name of the file
 * @flags: as for open(2)
 *
 * Return: the file or an ERR_PTR().
 */
struct file *kbench_open(struct kbench_run *run, const char *name, int flags)
{
	return file_open_root(&run->dir, name, flags | O_LARGEFILE, 0644);
}

/**
 * kbench_close - close a file completely
 * @file: the file
 *
 * close(2) finishes its work on the way back to user space, and a kernel thread leaves it to a
 * kworker; neither would be measured, so this puts the last reference itself.
 */
void kbench_close(struct file *file)
{
	get_file(file);
	filp_close(file, NULL);
	__fput_sync(file);
}

static void end_change(struct kbench_run *run)
{
	inode_unlock(d_inode(run->dir.dentry));
	mnt_drop_write(run->dir.mnt);
}

/* Lock the directory of the command and look up a name that is to be added or removed. */
static struct dentry *begin_change(struct kbench_run *run, const char *name)
{
	struct dentry *dentry;
	int err;

	err = mnt_want_write(run->dir.mnt);
	if (err)
		return ERR_PTR(err);
	inode_lock_nested(d_inode(run->dir.dentry), I_MUTEX_PARENT);
	dentry = lookup_one_len(name, run->dir.dentry, strlen(name));
	if (IS_ERR(dentry))
		end_change(run);
	return dentry;
}

/* Keep the inode until the directory is unlocked. */
static int remove_name(struct kbench_run *run, const char *name, bool directory)
{
	struct inode *dir = d_inode(run->dir.dentry), *inode = NULL;
	struct dentry *dentry = begin_change(run, name);
	int err = -ENOENT;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (d_is_positive(dentry)) {
		inode = d_inode(dentry);
		ihold(inode);
		err = directory ? vfs_rmdir(&nop_mnt_idmap, dir, dentry) :
				  vfs_unlink(&nop_mnt_idmap, dir, dentry, NULL);
	}
	dput(dentry);
	end_change(run);
	iput(inode);
	return err;
}

/**
 * kbench_unlink - what unlink(2) does to a name in the directory of the command
 * @run: the command
 * @name: name of the file
 *
 * Return: 0 or a negative errno.
 */
int kbench_unlink(struct kbench_run *run, const char *name)
{
	return remove_name(run, name, false);
}

/**
 * kbench_rmdir - what rmdir(2) does to a name in the directory of the command
 * @run: the command
 * @name: name of the directory
 *
 * Return: 0 or a negative errno.
 */
int kbench_rmdir(struct kbench_run *run, const char *name)
{
	return remove_name(run, name, true);
}

/**
 * kbench_mkdir - what mkdir(2) does to a name in the directory of the command
 * @run: the command
 * @name: name of the directory
 *
 * Return: 0 or a negative errno.
 */
int kbench_mkdir(struct kbench_run *run, const char *name)
{
	struct dentry *dentry = begin_change(run, name);
	int err;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	err = vfs_mkdir(&nop_mnt_idmap, d_inode(run->dir.dentry), dentry, 0755);
	dput(dentry);
	end_change(run);
	return err;
}

/**
 * kbench_close_unlink - get rid of a file
 * @run: the command
 * @file: the open file
 * @name: its name
 *
 * Return: 0 or the errno of the unlink.
 */
int kbench_close_unlink(struct kbench_run *run, struct file *file, const char *name)
{
	kbench_close(file);
	return kbench_unlink(run, name);
}

static ssize_t kbench_user_call(struct kbench_run *run, struct file *file, bool write, loff_t *pos,
				size_t len)
{
	struct iovec iov = { .iov_base = run->user, .iov_len = len };
	struct iov_iter iter;
	ssize_t ret;

	iov_iter_init(&iter, write ? WRITE : READ, &iov, 1, len);
	if (!write)
		return vfs_iter_read(file, &iter, pos, 0);
	file_start_write(file);
	ret = vfs_iter_write(file, &iter, pos, 0);
	file_end_write(file);
	return ret;
}

/**
 * kbench_call - one write or read
 * @run: the command
 * @file: the file
 * @write: write or read
 * @pos: where
 * @len: how much
 *
 * Return: 0, a negative errno, or -EIO if it came up short.
 */
int kbench_call(struct kbench_run *run, struct file *file, bool write, loff_t pos, size_t len)
{
	ssize_t ret;

	if (run->user)
		ret = kbench_user_call(run, file, write, &pos, len);
	else if (write)
		ret = kernel_write(file, run->buf, len, &pos);
	else
		ret = kernel_read(file, run->buf, len, &pos);
	if (ret == len)
		return 0;
	return ret < 0 ? ret : -EIO;
}

/**
 * kbench_fill - write a file from its beginning
 * @run: the command
 * @file: the file
 * @size: how much
 *
 * Return: 0 or a negative errno.
 */
int kbench_fill(struct kbench_run *run, struct file *file, u64 size)
{
	loff_t pos = 0;
	ssize_t ret;

	while (pos < size) {
		ret = kernel_write(file, run->buf, min_t(u64, size - pos, KBENCH_FILL_SIZE), &pos);
		if (ret <= 0)
			return ret ?: -EIO;
		cond_resched();
	}
	return 0;
}
