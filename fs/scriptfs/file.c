// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: reading, writing and resizing regular files.
 *
 * The block road (io=block) copies as much as lies in one chunk of a block with one call and never
 * looks at the page cache. The page road (io=page, and every reader that wants pages rather than
 * bytes, such as splice) is the generic one, whose pages mmap.c supplies from the same blocks.
 *
 * All of it runs under inode_lock, shared to read, so a read sees a write whole or not at all.
 */
#include <linux/backing-dev.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compat.h"
#include "scriptfs.h"

/*
 * Copy from the user while map_lock is held: a fault on the source could want the same map_lock, so
 * none is taken. What is not there comes up short.
 */
static size_t scriptfs_copy_nofault(void *to, size_t len, struct iov_iter *from)
{
	size_t copied;

	pagefault_disable();
	copied = copy_from_iter(to, len, from);
	pagefault_enable();
	return copied;
}

/* Fault in what the next copy needs; the first byte is enough to get on. */
static int scriptfs_fault_in(struct iov_iter *from, size_t len)
{
	if (iov_iter_fault_in_readable(from, len) && iov_iter_fault_in_readable(from, 1))
		return -EFAULT;
	return 0;
}

/*
 * Write at or above the initialised mark, into a block that may have to be found first. map_lock
 * keeps page faults away meanwhile: one could zero what is being copied, or show stale bytes.
 */
static ssize_t scriptfs_write_fresh(struct inode *inode, loff_t pos, struct iov_iter *from)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	size_t count = iov_iter_count(from);
	struct scriptfs_block *block;
	struct scriptfs_chunk *chunk;
	size_t len, copied;
	u32 offset;

	down_write(&si->map_lock);
	block = scriptfs_block_to_write(inode, pos, count);
	if (IS_ERR(block)) {
		up_write(&si->map_lock);
		return PTR_ERR(block);
	}
	chunk = scriptfs_chunk_at(block, pos, &offset);
	len = min_t(size_t, count, scriptfs_chunk_size(block) - offset);

	scriptfs_mark_raise(chunk, offset);
	copied = scriptfs_copy_nofault(chunk->addr + offset, len, from);
	if (offset + copied > chunk->mark)
		scriptfs_mark_set(chunk, offset + copied);
	up_write(&si->map_lock);

	return copied ? copied : scriptfs_fault_in(from, len);
}

/*
 * Write up to one chunk at @pos. Returns how many bytes, which may be none when only the source had
 * to be faulted in, or an error.
 */
static ssize_t scriptfs_write_run(struct inode *inode, loff_t pos, struct iov_iter *from)
{
	struct scriptfs_block *block = scriptfs_block_find(scriptfs_inode(inode), pos);
	struct scriptfs_chunk *chunk;
	size_t len, copied;
	u32 offset;

	if (block) {
		chunk = scriptfs_chunk_at(block, pos, &offset);
		len = min_t(size_t, iov_iter_count(from), scriptfs_chunk_size(block) - offset);
		/* Below the mark there is nothing to hide, so faults may come as they like. */
		if (offset + len <= scriptfs_mark_get(chunk)) {
			copied = copy_from_iter(chunk->addr + offset, len, from);
			return copied ? copied : -EFAULT;
		}
	}
	return scriptfs_write_fresh(inode, pos, from);
}

static ssize_t scriptfs_write_blocks(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t pos = iocb->ki_pos;
	ssize_t written, ret;

	ret = file_remove_privs(iocb->ki_filp);
	if (!ret)
		ret = file_update_time(iocb->ki_filp);
	while (ret >= 0 && iov_iter_count(from)) {
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		ret = scriptfs_write_run(inode, pos, from);
		if (ret > 0)
			pos += ret;
		cond_resched();
	}

	written = pos - iocb->ki_pos;
	if (written && pos > i_size_read(inode))
		i_size_write(inode, pos);
	iocb->ki_pos = pos;
	return written ? written : ret;
}

static ssize_t scriptfs_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t size;
	ssize_t ret;

	inode_lock(inode);
	ret = generic_write_checks(iocb, from);
	if (ret <= 0)
		goto out;

	size = i_size_read(inode);
	if (iocb->ki_pos > size)
		scriptfs_zero_tail(inode, size);

	if (scriptfs_sb(inode->i_sb)->opt.io_page)
		ret = __generic_file_write_iter(iocb, from);
	else
		ret = scriptfs_write_blocks(iocb, from);
out:
	inode_unlock(inode);
	return ret;
}

/* Read up to one chunk, hole or stretch above a mark at @pos, at most @len bytes. */
static size_t scriptfs_read_run(struct scriptfs_inode *si, loff_t pos, size_t len,
				struct iov_iter *to)
{
	struct scriptfs_block *block = scriptfs_block_find(si, pos);
	struct scriptfs_chunk *chunk;
	u32 offset, mark;

	if (!block)
		return iov_iter_zero(min_t(u64, len, scriptfs_hole_end(si, pos) - pos), to);

	chunk = scriptfs_chunk_at(block, pos, &offset);
	mark = scriptfs_mark_get(chunk);
	if (offset < mark)
		return copy_to_iter(chunk->addr + offset, min_t(size_t, len, mark - offset), to);
	return iov_iter_zero(min_t(size_t, len, scriptfs_chunk_size(block) - offset), to);
}

static ssize_t scriptfs_read_blocks(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t size = i_size_read(inode);
	loff_t pos = iocb->ki_pos;
	ssize_t read, ret = 0;

	while (iov_iter_count(to) && pos < size) {
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		ret = scriptfs_read_run(scriptfs_inode(inode), pos,
					min_t(u64, iov_iter_count(to), size - pos), to);
		if (!ret) {
			ret = -EFAULT;
			break;
		}
		pos += ret;
		cond_resched();
	}

	read = pos - iocb->ki_pos;
	iocb->ki_pos = pos;
	file_accessed(iocb->ki_filp);
	return read ? read : ret;
}

/*
 * Read through the page cache. Only what lies in blocks goes there: a page for a hole would have to
 * be given memory first.
 */
static ssize_t scriptfs_read_pages(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t size = i_size_read(inode);
	loff_t start = iocb->ki_pos;
	ssize_t ret = 0;

	while (iov_iter_count(to) && iocb->ki_pos < size) {
		size_t count = iov_iter_count(to);
		size_t len = min_t(u64, count, size - iocb->ki_pos);
		struct scriptfs_block *block = scriptfs_block_find(si, iocb->ki_pos);

		if (block) {
			len = min_t(u64, len, scriptfs_block_end(block) - iocb->ki_pos);
			iov_iter_truncate(to, len);
			ret = generic_file_read_iter(iocb, to);
			iov_iter_reexpand(to, count - max_t(ssize_t, ret, 0));
		} else {
			len = min_t(u64, len, scriptfs_hole_end(si, iocb->ki_pos) - iocb->ki_pos);
			ret = iov_iter_zero(len, to);
			iocb->ki_pos += ret;
			if (!ret)
				ret = -EFAULT;
		}
		if (ret < (ssize_t)len)
			break;
	}
	return iocb->ki_pos > start ? iocb->ki_pos - start : ret;
}

static ssize_t scriptfs_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t ret;

	inode_lock_shared(inode);
	/* A pipe takes the pages themselves, so splice and sendfile copy nothing. */
	if (SCRIPTFS_PAGE_ROAD &&
	    (scriptfs_sb(inode->i_sb)->opt.io_page || iov_iter_is_pipe(to)))
		ret = scriptfs_read_pages(iocb, to);
	else
		ret = scriptfs_read_blocks(iocb, to);
	inode_unlock_shared(inode);
	return ret;
}

/*
 * Find the next data or hole at or after @pos. What lies above a chunk's mark reads as zeroes
 * like a hole, but is memory that the file holds, so it counts as data.
 */
static loff_t scriptfs_seek_block(struct inode *inode, loff_t pos, int whence)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t size = i_size_read(inode);
	struct scriptfs_block *block;

	if (pos < 0 || pos >= size)
		return -ENXIO;

	block = scriptfs_block_find(si, pos);
	if (whence == SEEK_DATA) {
		if (!block)
			pos = scriptfs_hole_end(si, pos);
		return pos < size ? pos : -ENXIO;
	}
	while (block && pos < size) {
		pos = min_t(u64, scriptfs_block_end(block), size);
		block = scriptfs_block_find(si, pos);
	}
	return pos;
}

static loff_t scriptfs_llseek(struct file *file, loff_t offset, int whence)
{
	struct inode *inode = file_inode(file);

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek(file, offset, whence);

	inode_lock_shared(inode);
	offset = scriptfs_seek_block(inode, offset, whence);
	if (offset >= 0)
		offset = vfs_setpos(file, offset, inode->i_sb->s_maxbytes);
	inode_unlock_shared(inode);
	return offset;
}

static int scriptfs_release(struct inode *inode, struct file *file)
{
	/* The write count goes down only after this: one means that we are the last writer. */
	if ((file->f_mode & FMODE_WRITE) && atomic_read(&inode->i_writecount) == 1)
		scriptfs_map_fit(inode);
	return 0;
}

static void scriptfs_resize(struct inode *inode, loff_t size)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t old = i_size_read(inode);

	if (size >= old) {
		scriptfs_zero_tail(inode, old);
		i_size_write(inode, size);
		return;
	}

	/* Under map_lock, so that no page behind the new end can be published from here on. */
	down_write(&si->map_lock);
	i_size_write(inode, size);
	up_write(&si->map_lock);
	truncate_pagecache(inode, size);
	scriptfs_map_truncate(inode, size);
}

static int scriptfs_setattr(struct dentry *dentry, struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	int err = setattr_prepare(dentry, attr);

	if (err)
		return err;
	if (attr->ia_valid & ATTR_SIZE) {
		scriptfs_resize(inode, attr->ia_size);
		inode->i_mtime = current_time(inode);
		inode->i_ctime = inode->i_mtime;
	}
	setattr_copy(inode, attr);
	mark_inode_dirty(inode);
	return 0;
}

const struct file_operations scriptfs_file_operations = {
	.llseek		= scriptfs_llseek,
	.read_iter	= scriptfs_read_iter,
	.write_iter	= scriptfs_write_iter,
	.mmap		= scriptfs_file_mmap,
	.release	= scriptfs_release,
	.fsync		= noop_fsync,
	.splice_read	= generic_file_splice_read,
	.splice_write	= iter_file_splice_write,
};

const struct inode_operations scriptfs_file_inode_operations = {
	.setattr	= scriptfs_setattr,
};
