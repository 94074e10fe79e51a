// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: reading regular files.
 *
 * A read sees a write whole or not at all. A long one gets that by holding inode_lock shared. For
 * a short one the lock would cost as much as the copy: every reader of a file would write to the
 * same cache line twice. So it takes no lock, says in a variable of its processor which file it
 * looks at, and does the work again under the lock when it finds that somebody was changing the
 * file meanwhile (->changes). Whoever takes blocks away from a living file first makes ->changes
 * odd, which keeps new readers out, and then waits for those that are still looking.
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/percpu.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "compat.h"
#include "scriptfs.h"

/* The longest read without a lock: preemption is off as long as its copy takes. */
#define SCRIPTFS_READ_UNLOCKED	SCRIPTFS_UNIT_SIZE

/* Seconds an access time may be old: an hour less than the day of relatime. */
#define SCRIPTFS_ATIME_AGE	(23 * 60 * 60)

static DEFINE_PER_CPU(struct scriptfs_inode *, scriptfs_reading);

/**
 * scriptfs_readers_wait - wait until no reader without a lock looks at a file's blocks
 * @si:		a file between scriptfs_change_begin() and scriptfs_change_end()
 *
 * What readers may have found before can be given back afterwards.
 *
 * Context: Spins for as long as a copy of SCRIPTFS_READ_UNLOCKED bytes takes.
 */
void scriptfs_readers_wait(struct scriptfs_inode *si)
{
	int cpu;

	/* ->changes is odd before we look: pairs with the barrier in scriptfs_read_unlocked(). */
	smp_mb();
	for_each_possible_cpu(cpu)
		/* Nor give anything back before its copy is done: pairs with its release. */
		while (smp_load_acquire(per_cpu_ptr(&scriptfs_reading, cpu)) == si)
			cpu_relax();
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

/* Read @len bytes at @pos, or fewer where the destination has to be faulted in. */
static size_t scriptfs_read_nofault(struct scriptfs_inode *si, loff_t pos, size_t len,
				    struct iov_iter *to)
{
	size_t done = 0, copied = 1;

	pagefault_disable();
	for (; done < len && copied; done += copied)
		copied = scriptfs_read_run(si, pos + done, len - done, to);
	pagefault_enable();
	return done;
}

/*
 * Read at @pos without a lock. Returns how many bytes, 0 at the end of the file, or -EAGAIN with
 * nothing read when that is not possible just now.
 */
static ssize_t scriptfs_read_unlocked(struct inode *inode, loff_t pos, struct iov_iter *to)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_inode **reading;
	ssize_t ret = -EAGAIN;
	unsigned int seq;

	preempt_disable();
	reading = this_cpu_ptr(&scriptfs_reading);
	WRITE_ONCE(*reading, si);
	/* Say so before looking: pairs with the barrier in scriptfs_readers_wait(). */
	smp_mb();
	seq = raw_read_seqcount(&si->changes);
	if (!(seq & 1)) {
		/* A write raises the size only when all of it is there, so look at it only now. */
		loff_t size = i_size_read(inode);
		size_t len = pos < size ? min_t(u64, iov_iter_count(to), size - pos) : 0;
		size_t done = scriptfs_read_nofault(si, pos, len, to);

		if (done == len && !read_seqcount_retry(&si->changes, seq))
			ret = done;
		else
			iov_iter_revert(to, done);
	}
	/* Done with its blocks before they may go elsewhere. */
	smp_store_release(reading, NULL);
	preempt_enable();
	return ret;
}

static ssize_t scriptfs_read_locked(struct inode *inode, loff_t pos, struct iov_iter *to)
{
	loff_t start = pos, size;
	ssize_t ret = 0;

	inode_lock_shared(inode);
	size = i_size_read(inode);
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
	inode_unlock_shared(inode);
	return pos > start ? pos - start : ret;
}

/*
 * file_accessed() for many short reads: with relatime an access time that is later than the last
 * change and no day old stays as it is, and so it is for nearly all reads.
 */
static void scriptfs_accessed(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (file->f_path.mnt->mnt_flags & MNT_RELATIME &&
	    timespec64_compare(&inode->i_atime, &inode->i_mtime) > 0 &&
	    timespec64_compare(&inode->i_atime, &inode->i_ctime) > 0 &&
	    ktime_get_real_seconds() < inode->i_atime.tv_sec + SCRIPTFS_ATIME_AGE)
		return;
	file_accessed(file);
}

static ssize_t scriptfs_read_blocks(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t ret = -EAGAIN;

	if (iov_iter_count(to) <= SCRIPTFS_READ_UNLOCKED)
		ret = scriptfs_read_unlocked(inode, iocb->ki_pos, to);
	if (ret == -EAGAIN)
		ret = scriptfs_read_locked(inode, iocb->ki_pos, to);
	if (ret > 0)
		iocb->ki_pos += ret;
	scriptfs_accessed(iocb->ki_filp);
	return ret;
}

/*
 * Read through the page cache. Only what lies in blocks goes there: a page for a hole would have to
 * be given memory first.
 */
static ssize_t scriptfs_read_pages(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t start = iocb->ki_pos;
	loff_t size;
	ssize_t ret = 0;

	inode_lock_shared(inode);
	size = i_size_read(inode);
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
	inode_unlock_shared(inode);
	return iocb->ki_pos > start ? iocb->ki_pos - start : ret;
}

/**
 * scriptfs_read_iter - read from a file
 * @iocb:	the file and where
 * @to:		where to
 *
 * Context: Takes inode_lock shared, or none.
 * Return: How many bytes were read, 0 at the end of the file, or an error.
 */
ssize_t scriptfs_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	/* A pipe takes the pages themselves, so splice and sendfile copy nothing. */
	if (SCRIPTFS_PAGE_ROAD && (scriptfs_sb(file_inode(iocb->ki_filp)->i_sb)->opt.io_page ||
				   iov_iter_is_pipe(to)))
		return scriptfs_read_pages(iocb, to);
	return scriptfs_read_blocks(iocb, to);
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

/**
 * scriptfs_llseek - move a file's position
 * @file:	the file
 * @offset:	where to, as @whence says
 * @whence:	SEEK_SET and the like; SEEK_DATA and SEEK_HOLE see the holes between blocks
 *
 * Context: Takes inode_lock shared for data and holes.
 * Return: The new position, or an error.
 */
loff_t scriptfs_llseek(struct file *file, loff_t offset, int whence)
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
