// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: copy_file_range(2), from piece to piece. No page is published for it, and holes of the
 * source take no memory in the copy.
 */
#include <linux/fs.h>
#include <linux/sched/signal.h>
#include <linux/uio.h>

#include "change.h"
#include "compat/splice.h"
#include "map.h"
#include "remap.h"
#include "sb.h"
#include "wait.h"
#include "write.h"

/* Copy at most @len bytes that lie together, or of a hole. Returns how many, or an error. */
static ssize_t scriptfs_copy_run(struct inode *in, loff_t pos_in, struct inode *out,
				 loff_t pos_out, size_t len)
{
	void *data = scriptfs_data_at(scriptfs_inode(in), pos_in, &len);
	struct kvec kvec = { .iov_base = data, .iov_len = len };
	struct iov_iter from;

	if (data) {
		iov_iter_kvec(&from, WRITE, &kvec, 1, len);
		return scriptfs_write_run(out, pos_out, &from);
	}
	scriptfs_clear_range(out, pos_out, pos_out + len, true);
	return len;
}

static ssize_t scriptfs_copy_runs(struct inode *in, loff_t pos_in, struct inode *out,
				  loff_t pos_out, size_t len)
{
	size_t done = 0;
	ssize_t ret = 0;

	while (done < len) {
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		ret = scriptfs_copy_run(in, pos_in + done, out, pos_out + done, len - done);
		if (ret < 0)
			break;
		done += ret;
		cond_resched();
	}
	if (done && pos_out + (loff_t)done > i_size_read(out))
		scriptfs_size_write(out, pos_out + done);
	return done ? done : ret;
}

/* Both files are locked. */
static ssize_t scriptfs_copy_locked(struct file *file_in, loff_t pos_in, struct file *file_out,
				    loff_t pos_out, size_t len)
{
	struct inode *in = file_inode(file_in), *out = file_inode(file_out);
	loff_t size = i_size_read(in);
	ssize_t ret;

	if (pos_in >= size)
		return 0;
	len = min_t(u64, len, size - pos_in);

	ret = scriptfs_write_allowed(file_out);
	if (!ret)
		ret = file_update_time(file_out);
	if (ret)
		return ret;

	scriptfs_change_begin(scriptfs_inode(out));
	size = i_size_read(out);
	if (pos_out > size)
		scriptfs_zero_tail(out, size);
	ret = scriptfs_copy_runs(in, pos_in, out, pos_out, len);
	scriptfs_change_end(scriptfs_inode(out));
	return ret;
}

/**
 * scriptfs_copy_file_range - copy_file_range(2)
 * @file_in:	where from
 * @pos_in:	offset in it
 * @file_out:	where to, of this or another mount
 * @pos_out:	offset in it
 * @len:	how many bytes; the VFS made sure that the copy may be that large
 * @flags:	none are known
 *
 * The VFS copies for mounts that have more to do than to copy. Within one file the two ranges do
 * not overlap: it sees to that, too.
 *
 * Context: Takes the inode_lock of both files, and map_lock.
 * Return: How many bytes were copied, or an error.
 */
ssize_t scriptfs_copy_file_range(struct file *file_in, loff_t pos_in, struct file *file_out,
				 loff_t pos_out, size_t len, unsigned int flags)
{
	struct inode *in = file_inode(file_in), *out = file_inode(file_out);
	struct scriptfs_sb *sbi = scriptfs_sb(out->i_sb);
	struct scriptfs_wait wait = {};
	ssize_t ret;

	if (scriptfs_pools(in->i_sb)->flags || sbi->pools.flags)
		return splice_copy_file_range(file_in, pos_in, file_out, pos_out, len);

	do {
		lock_two_nondirectories(in, out);
		ret = scriptfs_copy_locked(file_in, pos_in, file_out, pos_out, len);
		unlock_two_nondirectories(in, out);
		if (ret >= 0)
			break;
		ret = scriptfs_wait_for_memory(out, &wait, ret, min(len, SCRIPTFS_CHUNK_SIZE));
	} while (!ret);
	scriptfs_wait_end(out, &wait);
	if (ret > 0)
		file_accessed(file_in);
	return ret;
}
