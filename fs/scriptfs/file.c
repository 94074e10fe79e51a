// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: writing and resizing regular files.
 *
 * The block road (io=block) copies as much as lies in one chunk of a block with one call and never
 * looks at the page cache. The page road (io=page, and every reader that wants pages rather than
 * bytes, such as splice) is the generic one, whose pages mmap.c supplies from the same blocks.
 *
 * Whatever changes a file runs under inode_lock, between scriptfs_change_begin() and
 * scriptfs_change_end(), which is what readers go by (read.c).
 */
#include <linux/backing-dev.h>
#include <linux/pagemap.h>
#include <linux/prefetch.h>
#include <linux/sched/signal.h>
#include <linux/splice.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compat.h"
#include "scriptfs.h"

/* How much of what will be needed next is brought into the cache in advance. */
#define SCRIPTFS_PREFETCH	1024U

/* Copy @len bytes of a file's new contents to @to, which is @pos in the file. */
static size_t scriptfs_copy(struct inode *inode, loff_t pos, void *to, size_t len,
			    struct iov_iter *from)
{
	if (unlikely(len >= SCRIPTFS_BYPASS_CALL) &&
	    scriptfs_should_bypass(inode, pos + iov_iter_count(from)))
		return scriptfs_copy_past_cache(to, len, from);
	return copy_from_iter(to, len, from);
}

/* Fault in what the next copy needs; the first byte is enough to get on. */
static int scriptfs_fault_in(struct iov_iter *from, size_t len)
{
	if (iov_iter_fault_in_readable(from, len) && iov_iter_fault_in_readable(from, 1))
		return -EFAULT;
	return 0;
}

/* Only who owns the memory may prefetch to write: other processors lose the line. */
static __always_inline void scriptfs_prefetch_line(const u8 *line, bool to_write)
{
	if (to_write)
		prefetchw(line);
	else
		prefetch(line);
}

/*
 * Have the first lines of some memory come. Every other line is not enough. Where prefetching is
 * the compiler's own, it would take a function of nothing else for one without effect and drop the
 * call, were it not inlined before that.
 */
static __always_inline void scriptfs_prefetch(const u8 *line, bool to_write)
{
	const u8 *last = line + SCRIPTFS_PREFETCH;

	for (; line < last; line += 4 * L1_CACHE_BYTES) {
		scriptfs_prefetch_line(line, to_write);
		scriptfs_prefetch_line(line + L1_CACHE_BYTES, to_write);
		scriptfs_prefetch_line(line + 2 * L1_CACHE_BYTES, to_write);
		scriptfs_prefetch_line(line + 3 * L1_CACHE_BYTES, to_write);
	}
}

/*
 * Write at or above the initialised mark of @block, or into a block that has to be got first.
 * map_lock keeps page faults away meanwhile: one could zero what is being copied, or show stale
 * bytes.
 */
static ssize_t scriptfs_write_fresh(struct inode *inode, struct scriptfs_block *block, loff_t pos,
				    struct iov_iter *from)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	size_t count = iov_iter_count(from);
	struct scriptfs_chunk *chunk;
	size_t len, copied;
	u32 offset, end;

	down_write(&si->map_lock);
	if (!block)
		block = scriptfs_block_to_write(inode, pos, count);
	if (IS_ERR(block)) {
		up_write(&si->map_lock);
		return PTR_ERR(block);
	}
	chunk = scriptfs_chunk_at(block, pos, &offset);
	len = min_t(size_t, count, scriptfs_chunk_size(block) - offset);

	if (unlikely(offset > chunk->mark))
		scriptfs_mark_raise(chunk, offset);
	/*
	 * A fault on the source could want the same map_lock, so none is taken. What is not there
	 * comes up short.
	 */
	pagefault_disable();
	copied = scriptfs_copy(inode, pos, chunk->addr + offset, len, from);
	pagefault_enable();
	end = offset + copied;
	if (end > chunk->mark)
		scriptfs_mark_set(chunk, end);
	/*
	 * A file that grows by short writes will be written on where this one ended. Have that
	 * memory come while the caller gets his next bytes together: where it is not in the cache,
	 * writes of 4 KiB are a sixth faster for it. But where a block begins, most small files
	 * end as well.
	 */
	if (offset && copied >= SCRIPTFS_PREFETCH && copied < SCRIPTFS_BYPASS_CALL &&
	    end + SCRIPTFS_PREFETCH <= scriptfs_chunk_size(block))
		scriptfs_prefetch(chunk->addr + end, true);
	if (!copied)
		si->loose = true;
	up_write(&si->map_lock);

	return copied ? copied : scriptfs_fault_in(from, len);
}

/* Inlined, as the short writes that it is for are 30 instructions faster for it. */
static __always_inline ssize_t scriptfs_write_here(struct inode *inode, loff_t pos,
						   struct iov_iter *from)
{
	struct scriptfs_block *block = scriptfs_block_again(scriptfs_inode(inode), pos);
	struct scriptfs_chunk *chunk;
	size_t len, copied;
	u32 offset;

	if (block) {
		chunk = scriptfs_chunk_at(block, pos, &offset);
		len = min_t(size_t, iov_iter_count(from), scriptfs_chunk_size(block) - offset);
		/* Below the mark there is nothing to hide, so faults may come as they like. */
		if (offset + len <= scriptfs_mark_get(chunk)) {
			copied = scriptfs_copy(inode, pos, chunk->addr + offset, len, from);
			return copied ? copied : -EFAULT;
		}
	}
	return scriptfs_write_fresh(inode, block, pos, from);
}

/**
 * scriptfs_write_run - write up to one chunk
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @pos:	offset in bytes
 * @from:	what to write
 *
 * The size of the file stays what it is.
 *
 * Context: The caller holds inode_lock exclusively. Takes map_lock.
 * Return: How many bytes, which may be none when only the source had to be faulted in; -ENOSPC,
 * -ENOMEM, -EFAULT.
 */
ssize_t scriptfs_write_run(struct inode *inode, loff_t pos, struct iov_iter *from)
{
	return scriptfs_write_here(inode, pos, from);
}

/*
 * file_update_time() for many short writes: most come within the tick of the one before and leave
 * the times as they are. Nothing is rounded, s_time_gran is 1.
 */
static int scriptfs_update_time(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct timespec64 now;

	ktime_get_coarse_real_ts64(&now);
	if (timespec64_equal(&inode->i_mtime, &now) && timespec64_equal(&inode->i_ctime, &now))
		return 0;
	return file_update_time(file);
}

static ssize_t scriptfs_write_blocks(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t pos = iocb->ki_pos;
	ssize_t written, ret;

	ret = file_remove_privs(iocb->ki_filp);
	if (!ret)
		ret = scriptfs_update_time(iocb->ki_filp);
	while (ret >= 0) {
		ret = scriptfs_write_here(inode, pos, from);
		if (ret > 0)
			pos += ret;
		if (!iov_iter_count(from))
			break;
		if (fatal_signal_pending(current))
			ret = -EINTR;
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

	scriptfs_change_begin(scriptfs_inode(inode));
	size = i_size_read(inode);
	if (iocb->ki_pos > size)
		scriptfs_zero_tail(inode, size);

	if (scriptfs_sb(inode->i_sb)->opt.io_page)
		ret = __generic_file_write_iter(iocb, from);
	else
		ret = scriptfs_write_blocks(iocb, from);
	scriptfs_change_end(scriptfs_inode(inode));
out:
	inode_unlock(inode);
	return ret;
}

/*
 * Who opens a file to read begins with its first bytes, mostly. Have them come while he gets his
 * file descriptor: reading back small files is a tenth faster for it, and would otherwise be slower
 * than where they lie next to each other.
 */
static int scriptfs_open(struct inode *inode, struct file *file)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	const u8 *start = READ_ONCE(si->start);

	if (start && file->f_mode & FMODE_READ)
		scriptfs_prefetch(start, false);
	if (file->f_mode & FMODE_WRITE)
		atomic_inc(&si->writers);
	return 0;
}

static int scriptfs_release(struct inode *inode, struct file *file)
{
	/*
	 * Not by i_writecount, which goes down only after this: of two that close at the same time
	 * each would see the other. What the others wrote is seen here, as the count orders it.
	 */
	if ((file->f_mode & FMODE_WRITE) && atomic_dec_and_test(&scriptfs_inode(inode)->writers))
		scriptfs_map_fit(inode);
	return 0;
}

static void scriptfs_shrink(struct inode *inode, loff_t size)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	scriptfs_readers_wait(si);
	/* Under map_lock, so that no page behind the new end can be published from here on. */
	down_write(&si->map_lock);
	i_size_write(inode, size);
	si->kept_end = 0;
	up_write(&si->map_lock);
	truncate_pagecache(inode, size);
	scriptfs_map_truncate(inode, size);
}

/* Also takes what fallocate(2) allocated behind the end, when the size stays what it is. */
static void scriptfs_resize(struct inode *inode, loff_t size)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t old = i_size_read(inode);

	scriptfs_change_begin(si);
	if (size > old) {
		scriptfs_zero_tail(inode, old);
		i_size_write(inode, size);
	} else if (size < old || si->kept_end) {
		scriptfs_shrink(inode, size);
	}
	scriptfs_change_end(si);
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
	.open		= scriptfs_open,
	.release	= scriptfs_release,
	.fallocate	= scriptfs_fallocate,
	.copy_file_range = scriptfs_copy_file_range,
	.fsync		= noop_fsync,
	.splice_read	= generic_file_splice_read,
	.splice_write	= iter_file_splice_write,
};

const struct inode_operations scriptfs_file_inode_operations = {
	.setattr	= scriptfs_setattr,
};
