// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: reading regular files.
 *
 * A long read holds inode_lock shared, a short one to plain memory takes no lock (change.h).
 *
 * No destination is faulted in under the lock: a reader whose memory never comes would keep all
 * writers out. After a destination was faulted in, a long read goes on with what the file has by
 * then.
 */
#include <linux/fs.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "change.h"
#include "compat/aops.h"
#include "compat/iter.h"
#include "compat/time.h"
#include "faultin.h"
#include "map.h"
#include "publish.h"
#include "read.h"
#include "sb.h"

/* The longest read without a lock: preemption is off as long as its copy takes. */
#define SCRIPTFS_READ_UNLOCKED	SZ_32K

/* How much of a destination that is not in memory is faulted in at once. */
#define SCRIPTFS_FAULT_IN	(SCRIPTFS_CHUNK_SIZE / 4)

/* Seconds an access time may be old: an hour less than the day of relatime. */
#define SCRIPTFS_ATIME_AGE	(23 * 60 * 60)

/* Read what lies together at @pos, at most @len bytes. */
static __always_inline size_t scriptfs_read_run(struct scriptfs_inode *si, loff_t pos, size_t len,
						struct iov_iter *to)
{
	void *data = scriptfs_data_at(si, pos, &len);

	return likely(data) ? copy_to_iter(data, len, to) : iov_iter_zero(len, to);
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
	unsigned int seq;
	size_t len, done;
	loff_t size;

	if (!scriptfs_reader_enter(si, &seq))
		return -EAGAIN;
	/* A write raises the size only when all of it is there, so look at it only now. */
	size = i_size_read(inode);
	len = pos < size ? min_t(u64, iov_iter_count(to), size - pos) : 0;
	done = scriptfs_read_nofault(si, pos, len, to);
	if (likely(scriptfs_reader_exit(si, seq) && done == len))
		return done;
	iov_iter_revert(to, done);
	return -EAGAIN;
}

/*
 * Read under the lock as far as the destination need not be faulted in; *@fault is set if it has to
 * be for the rest. Returns how many bytes, 0 at the end of the file, or -EAGAIN when @nowait and
 * the file is being changed.
 */
static ssize_t scriptfs_read_locked(struct inode *inode, loff_t pos, struct iov_iter *to,
				    bool nowait, bool *fault)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	bool suspect = test_bit(SCRIPTFS_POOLS_SUSPECT, &scriptfs_pools(inode->i_sb)->flags);
	loff_t start = pos, size;
	ssize_t ret = 0;

	*fault = false;
	if (!nowait)
		inode_lock_shared(inode);
	else if (!inode_trylock_shared(inode))
		return -EAGAIN;
	size = i_size_read(inode);
	pagefault_disable();
	while (iov_iter_count(to) && pos < size) {
		size_t len = min_t(u64, iov_iter_count(to), size - pos);

		if (unlikely(suspect))
			len = scriptfs_sound_run(si, pos, len);
		if (!len) {
			ret = -EIO;
			break;
		}
		ret = scriptfs_read_run(si, pos, len, to);
		if (!ret) {
			*fault = true;
			break;
		}
		pos += ret;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	pagefault_enable();
	inode_unlock_shared(inode);
	return pos > start ? pos - start : ret;
}

/* The same for no more than @len bytes. */
static ssize_t scriptfs_read_part(struct inode *inode, loff_t pos, struct iov_iter *to, size_t len,
				  bool nowait, bool *fault)
{
	size_t rest = iov_iter_count(to);
	ssize_t ret;

	iov_iter_truncate(to, len);
	rest -= iov_iter_count(to);
	ret = scriptfs_read_locked(inode, pos, to, nowait, fault);
	/* It ended where the memory that was faulted in ends: more of it may have to be. */
	*fault |= rest && !iov_iter_count(to);
	iov_iter_reexpand(to, iov_iter_count(to) + rest);
	return ret;
}

/*
 * Read with pauses in which the destination is faulted in. A read of up to SCRIPTFS_FAULT_IN bytes
 * that has to stop for that starts again: nobody has seen what it got.
 *
 * With @nowait it does not wait for the file. For the destination it does, as on any file system:
 * how long that takes is up to the caller, who can have it in memory.
 */
static ssize_t scriptfs_read_long(struct inode *inode, loff_t pos, struct iov_iter *to, bool nowait)
{
	unsigned int stuck = 0;
	bool restart = user_backed_iter(to) && iov_iter_count(to) <= SCRIPTFS_FAULT_IN;
	loff_t start = pos, rest;
	bool fault;
	ssize_t ret;

	ret = scriptfs_read_locked(inode, pos, to, nowait, &fault);
	for (;;) {
		if (ret > 0)
			pos += ret;
		if (!fault || pos >= i_size_read(inode))
			break;
		/* The memory is there, and still cannot be copied to. */
		stuck = ret > 0 ? 0 : stuck + 1;
		if (stuck > SCRIPTFS_FAULT_TRIES) {
			ret = -EFAULT;
			break;
		}
		if (restart && pos > start) {
			iov_iter_revert(to, pos - start);
			pos = start;
		}
		restart = false;
		/* Memory that there is nothing for is not touched. */
		rest = clamp_t(loff_t, i_size_read(inode) - pos, 1,
			       scriptfs_fault_in_len(SCRIPTFS_FAULT_IN, stuck));
		ret = scriptfs_fault_in(to, min_t(size_t, iov_iter_count(to), rest));
		if (ret < 0)
			break;
		ret = scriptfs_read_part(inode, pos, to, ret, nowait, &fault);
	}
	return pos > start ? pos - start : ret;
}

static __always_inline bool scriptfs_atime_stays(const struct inode *inode)
{
	struct timespec64 atime, mtime, ctime;

	/* Without a lock, as in the VFS: if this sees half of a time, the next read is right. */
	data_race(({
		atime = inode_get_atime(inode);
		mtime = inode_get_mtime(inode);
		ctime = inode_get_ctime(inode);
		0;
	}));
	return timespec64_compare(&atime, &mtime) > 0 && timespec64_compare(&atime, &ctime) > 0 &&
	       ktime_get_real_seconds() < atime.tv_sec + SCRIPTFS_ATIME_AGE;
}

/*
 * file_accessed() for many short reads: with relatime an access time that is later than the last
 * change and less than a day old stays as it is, which is so for nearly all reads.
 */
static void scriptfs_accessed(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (file->f_path.mnt->mnt_flags & MNT_RELATIME && scriptfs_atime_stays(inode))
		return;
	file_accessed(file);
}

/* Inlined for short reads. */
static __always_inline ssize_t scriptfs_read_pieces(struct kiocb *iocb, struct iov_iter *to,
						    bool unlocked)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t ret = -EAGAIN;

	if (unlocked)
		ret = scriptfs_read_unlocked(inode, iocb->ki_pos, to);
	if (ret == -EAGAIN)
		ret = scriptfs_read_long(inode, iocb->ki_pos, to, iocb->ki_flags & IOCB_NOWAIT);
	if (ret > 0)
		iocb->ki_pos += ret;
	scriptfs_accessed(iocb->ki_filp);
	return ret;
}

static noinline ssize_t scriptfs_read_waiting(struct kiocb *iocb, struct iov_iter *to)
{
	return scriptfs_read_pieces(iocb, to, false);
}

/**
 * scriptfs_extent_at - what is at an offset of a file
 * @inode:	the file
 * @pos:	the offset, in bytes
 * @max:	how many bytes to look at
 * @hole:	set to whether they read as zeroes; otherwise they lie in initialised pages
 *
 * Context: Takes map_lock shared.
 * Return: For how many bytes that is so, at least 1; 0 at the end of the file.
 */
size_t scriptfs_extent_at(struct inode *inode, loff_t pos, size_t max, bool *hole)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	size_t len = SCRIPTFS_CHUNK_SIZE;
	struct scriptfs_piece *piece;
	loff_t size;

	down_read(&si->map_lock);
	piece = scriptfs_hole_at(si, pos, &len);
	*hole = true;
	if (piece) {
		loff_t written = scriptfs_piece_start(piece) + PAGE_ALIGN(piece->mark);

		*hole = pos >= written;
		len = (*hole ? scriptfs_piece_end(piece) : written) - pos;
	}
	up_read(&si->map_lock);
	size = i_size_read(inode);
	return pos < size ? min_t(u64, min(len, max), size - pos) : 0;
}

/*
 * Read through the page cache, as other file systems do: without inode_lock, and each page by
 * itself. Only what was written goes there: a page for a hole would have to be given memory first,
 * as happens if a hole is punched there meanwhile, and one above the mark would have to be cleared,
 * and kept at the last close.
 */
static ssize_t scriptfs_read_pages(struct kiocb *iocb, struct iov_iter *to)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t start = iocb->ki_pos;
	ssize_t ret = 0;

	/* The page cache has the file's own pages: there is no way around it. */
	iocb->ki_flags &= ~IOCB_DIRECT;
	while (iov_iter_count(to) && iocb->ki_pos < i_size_read(inode)) {
		size_t count = iov_iter_count(to);
		bool hole;
		size_t len = scriptfs_extent_at(inode, iocb->ki_pos, count, &hole);

		if (!len)
			break;
		if (!hole) {
			if (!SCRIPTFS_SUPPLY_PAGE)
				scriptfs_publish_range(inode, iocb->ki_pos, len);
			iov_iter_truncate(to, len);
			ret = generic_file_read_iter(iocb, to);
			iov_iter_reexpand(to, count - max_t(ssize_t, ret, 0));
		} else {
			ret = iov_iter_zero(len, to);
			iocb->ki_pos += ret;
			if (!ret)
				ret = -EFAULT;
		}
		/* It was truncated meanwhile. */
		if (ret == -ENODATA)
			ret = 0;
		if (ret < (ssize_t)len || fatal_signal_pending(current))
			break;
		cond_resched();
	}
	/* A hole has just been punched. To read it takes no memory, but a page of zeroes does. */
	if (ret == -ENOSPC && iocb->ki_pos == start)
		return scriptfs_read_waiting(iocb, to);
	scriptfs_accessed(iocb->ki_filp);
	return iocb->ki_pos > start ? iocb->ki_pos - start : ret;
}

/* Reads that are more than a copy of a few bytes to plain memory. */
static noinline ssize_t scriptfs_read_special(struct kiocb *iocb, struct iov_iter *to)
{
	bool pages = test_bit(SCRIPTFS_SPECIAL_PAGE,
			      &scriptfs_pools(file_inode(iocb->ki_filp)->i_sb)->flags);

	/* Pages have locks of their own to wait for: files of such a mount do not offer it. */
	if (pages && iocb->ki_flags & IOCB_NOWAIT)
		return -EAGAIN;
	/* A pipe takes the pages themselves, so splice(2) and sendfile(2) copy nothing. */
	if (pages || scriptfs_iter_is_pipe(to))
		return scriptfs_read_pages(iocb, to);
	return scriptfs_read_waiting(iocb, to);
}

/**
 * scriptfs_read_iter - read from a file
 * @iocb:	the file and where
 * @to:		where to
 *
 * Context: Takes inode_lock shared, or none.
 * Return: How many bytes were read, 0 at the end of the file, or an error; -EAGAIN if it would have
 * to wait for the file, and is not to.
 */
ssize_t scriptfs_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	if (unlikely(scriptfs_pools(file_inode(iocb->ki_filp)->i_sb)->flags ||
		     scriptfs_iter_is_pipe(to)))
		return scriptfs_read_special(iocb, to);
	return scriptfs_read_pieces(iocb, to, iov_iter_count(to) <= SCRIPTFS_READ_UNLOCKED);
}

/*
 * Find the next data or hole at or after @pos. What lies above a piece's mark reads as zeroes like
 * a hole, but is memory that the file holds, so it counts as data.
 */
static loff_t scriptfs_seek_piece(struct inode *inode, loff_t pos, int whence)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t size = i_size_read(inode);
	struct scriptfs_piece *piece;

	if (pos < 0 || pos >= size)
		return -ENXIO;

	while (pos < size) {
		piece = scriptfs_piece_next(si, pos >> PAGE_SHIFT);
		if (whence == SEEK_DATA) {
			if (!piece)
				return -ENXIO;
			pos = max(pos, scriptfs_piece_start(piece));
			return pos < size ? pos : -ENXIO;
		}
		if (!piece || scriptfs_piece_start(piece) > pos)
			return pos;
		pos = min(scriptfs_piece_end(piece), size);
		cond_resched();
	}
	return size;
}

/**
 * scriptfs_llseek - move a file's position
 * @file:	the file
 * @offset:	where to, as @whence says
 * @whence:	SEEK_SET and the like; SEEK_DATA and SEEK_HOLE see the holes between pieces
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
	offset = scriptfs_seek_piece(inode, offset, whence);
	if (offset >= 0)
		offset = vfs_setpos(file, offset, inode->i_sb->s_maxbytes);
	inode_unlock_shared(inode);
	return offset;
}
