// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: writing regular files.
 *
 * With io=block, as much as lies in one piece is copied with one call, and nothing looks at the
 * page cache. With io=page the generic functions write to pages that aops.c supplies from the same
 * pieces.
 *
 * A write is done under one hold of inode_lock, and so seen whole or not at all, unless it has to
 * stop: for a source that is not in memory, or for a piece that the system has to reclaim memory
 * for. There is no limit to how long either takes, so neither happens under the lock. The write
 * then goes on where it stopped, and in between others see the part that was done.
 *
 * A write that is not to wait (IOCB_NOWAIT) only tries each lock, and gets by with idle memory: it
 * ends with -EAGAIN, or with what was written, where others would wait for the file or for memory.
 * For its source it does wait, as on any file system.
 */
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "alloc.h"
#include "change.h"
#include "compat/time.h"
#include "faultin.h"
#include "map.h"
#include "nocache.h"
#include "prefetch.h"
#include "sb.h"
#include "wait.h"
#include "write.h"

/* How much of a source that is not in memory is faulted in at once. */
#define SCRIPTFS_FAULT_IN	SCRIPTFS_CHUNK_SIZE

/* Copy @len bytes of a file's new contents to @to, which is @pos in the file. */
static size_t scriptfs_copy(struct inode *inode, loff_t pos, void *to, size_t len,
			    struct iov_iter *from)
{
	if (unlikely(len >= SCRIPTFS_BYPASS_CALL) &&
	    scriptfs_should_bypass(inode, pos + iov_iter_count(from), from))
		return scriptfs_copy_past_cache(to, len, from);
	return copy_from_iter(to, len, from);
}

/* Copy to @offset of @piece, so that it ends above its mark, and raise that. */
static size_t scriptfs_fill_piece(struct inode *inode, struct scriptfs_piece *piece, u32 offset,
				  size_t len, loff_t pos, struct iov_iter *from)
{
	size_t copied;
	u32 end;

	/* The mark stays until there is something above it: a write that fails holds nothing. */
	if (unlikely(offset > piece->mark))
		memset(piece->addr + piece->mark, 0, offset - piece->mark);
	copied = scriptfs_copy(inode, pos, piece->addr + offset, len, from);
	scriptfs_dcache_flush(piece, min(piece->mark, offset), offset + copied);
	end = offset + copied;
	if (copied && end > piece->mark)
		scriptfs_mark_set(piece, end);
	if (unlikely(end == SCRIPTFS_CHUNK_SIZE))
		scriptfs_table_full(scriptfs_inode(inode), piece);
	/*
	 * A file that grows by short writes is most likely to be written on where this one ended.
	 * Prefetch that memory while the caller prepares its next bytes: if it is not in the cache,
	 * this makes writes of 4 KiB a sixth faster. But not after the first write of a piece, with
	 * which most small files end.
	 */
	if (offset && copied >= SCRIPTFS_PREFETCH && copied < SCRIPTFS_BYPASS_CALL &&
	    end + SCRIPTFS_PREFETCH <= scriptfs_piece_size(piece))
		scriptfs_prefetch(piece->addr + end, true);
	return copied;
}

static bool scriptfs_map_lock(struct scriptfs_inode *si, bool nowait)
{
	if (unlikely(nowait))
		return down_write_trylock(&si->map_lock);
	down_write(&si->map_lock);
	return true;
}

/*
 * Write at or above the initialised mark of @piece, or into a new one. map_lock keeps page faults
 * away meanwhile: one could zero what is being copied, or show stale bytes.
 */
static ssize_t scriptfs_write_fresh(struct inode *inode, struct scriptfs_piece *piece, loff_t pos,
				    struct iov_iter *from, bool nowait)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	size_t count = iov_iter_count(from), copied;
	u32 offset;

	if (!scriptfs_map_lock(si, nowait))
		return -EAGAIN;
	if (!piece)
		piece = unlikely(nowait) ? scriptfs_piece_get_idle(inode, pos, count) :
					   scriptfs_piece_get(inode, pos, count);
	if (IS_ERR(piece)) {
		up_write(&si->map_lock);
		return PTR_ERR(piece);
	}
	offset = pos - scriptfs_piece_start(piece);
	if (unlikely(scriptfs_piece_gap(piece, offset))) {
		piece = scriptfs_map_skip(inode, piece, pos >> PAGE_SHIFT);
		offset = pos - scriptfs_piece_start(piece);
	}
	count = min_t(size_t, count, scriptfs_piece_size(piece) - offset);
	copied = scriptfs_fill_piece(inode, piece, offset, count, pos, from);
	/* It was to be filled, and nobody may come to do the rest. */
	if (unlikely(copied < count))
		scriptfs_trim_later(si, piece);
	up_write(&si->map_lock);

	return copied ? copied : -EFAULT;
}

/* Inlined, which saves short writes 30 instructions. */
static __always_inline ssize_t scriptfs_write_here(struct inode *inode, loff_t pos,
						   struct iov_iter *from, bool nowait)
{
	struct scriptfs_piece *piece = scriptfs_piece_again(scriptfs_inode(inode), pos);
	size_t len, copied;
	u32 offset;

	if (piece) {
		offset = pos - scriptfs_piece_start(piece);
		len = min_t(size_t, iov_iter_count(from), scriptfs_piece_size(piece) - offset);
		/* Below the mark there is nothing to hide, so page faults may go on. */
		if (offset + len <= scriptfs_mark_get(piece)) {
			copied = scriptfs_copy(inode, pos, piece->addr + offset, len, from);
			scriptfs_dcache_flush(piece, offset, offset + copied);
			return copied ? copied : -EFAULT;
		}
	}
	return scriptfs_write_fresh(inode, piece, pos, from, nowait);
}

/**
 * scriptfs_write_run - write up to the end of a piece
 * @inode:	the file, between scriptfs_change_begin() and scriptfs_change_end()
 * @pos:	offset in bytes
 * @from:	what to write
 *
 * The size of the file stays what it is.
 *
 * Context: The caller holds inode_lock exclusively, and has page faults disabled where @from is
 * user memory. Takes map_lock.
 * Return: How many bytes; -EFAULT when the source has to be faulted in; -ENOSPC when there is no
 * piece.
 */
ssize_t scriptfs_write_run(struct inode *inode, loff_t pos, struct iov_iter *from)
{
	return scriptfs_write_here(inode, pos, from, false);
}

/*
 * file_update_time() for many short writes: most come within the tick of the one before and leave
 * the times as they are. Nothing is rounded, s_time_gran is 1.
 */
static int scriptfs_update_time(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct timespec64 now, mtime, ctime;

	ktime_get_coarse_real_ts64(&now);
	mtime = inode_get_mtime(inode);
	ctime = inode_get_ctime(inode);
	if (timespec64_equal(&mtime, &now) && timespec64_equal(&ctime, &now))
		return 0;
	return file_update_time(file);
}

/* scriptfs_clear_range(), unless map_lock would have to be waited for. */
static bool scriptfs_try_clear(struct inode *inode, loff_t start, loff_t end, bool keep)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);

	if (start >= end)
		return true;
	if (!down_write_trylock(&si->map_lock))
		return false;
	scriptfs_map_clear(si, start, end, keep);
	up_write(&si->map_lock);
	return true;
}

/* The same as scriptfs_zero_tail(). */
static bool scriptfs_try_zero_tail(struct inode *inode, loff_t pos)
{
	bool huge = READ_ONCE(scriptfs_inode(inode)->huge);

	return scriptfs_try_clear(inode, pos, round_up(pos, huge ? SCRIPTFS_CHUNK_SIZE : PAGE_SIZE),
				  true);
}

/*
 * May a write that stopped for its source start again, or one that is not to wait be tried by a
 * task that may? One that appends should, or another record could come into the middle of it; and
 * one that is not to wait, as hardly any program expects a short one. Nobody has seen what was
 * written behind the end of the file, but it must not be there when the file is made longer. Its
 * memory will most likely be used in a moment. What was written over cannot be taken back: it makes
 * no difference to io_uring, which has the same bytes written by a task that may wait, but for
 * others the write is a short one.
 */
static noinline bool scriptfs_may_restart(struct kiocb *iocb, const struct iov_iter *from,
					  size_t written)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t size = i_size_read(inode), start = max(size, iocb->ki_pos);
	loff_t end = iocb->ki_pos + written;

	if (!(iocb->ki_flags & (IOCB_APPEND | IOCB_NOWAIT)) ||
	    written + iov_iter_count(from) > SCRIPTFS_FAULT_IN)
		return false;
	if (iocb->ki_pos < size && is_sync_kiocb(iocb))
		return false;
	if (iocb->ki_flags & IOCB_NOWAIT)
		return scriptfs_try_clear(inode, start, end, false);
	scriptfs_clear_range(inode, start, end, false);
	return true;
}

/**
 * scriptfs_write_allowed - may a file that is open for writing be changed?
 * @file:	the file
 *
 * An immutable one is open for writing if it was before, and the VFS looks at it without a lock, or
 * not at all. Others lose what may not outlive a change, set-user-ID and capabilities, and get
 * S_NOSEC when there is nothing left to lose. So a file with S_NOSEC is not immutable: whatever may
 * give it one comes through here, and what makes it immutable takes S_NOSEC away.
 *
 * Context: The caller holds inode_lock exclusively.
 * Return: 0; -EPERM; what removing them failed with.
 */
int scriptfs_write_allowed(struct file *file)
{
	return IS_IMMUTABLE(file_inode(file)) ? -EPERM : file_remove_privs(file);
}

/* Write what can be written without a fault on the source. */
static __always_inline ssize_t scriptfs_write_pieces(struct kiocb *iocb, struct iov_iter *from,
						     bool nowait)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t pos = iocb->ki_pos;
	ssize_t written, ret;

	/* That changes the mode, and so what else there is about permissions. */
	if (nowait && is_sxid(inode->i_mode))
		return -EAGAIN;
	/* Nearly always there is nothing to remove: save the call. */
	ret = IS_NOSEC(inode) ? 0 : scriptfs_write_allowed(iocb->ki_filp);
	if (!ret)
		ret = scriptfs_update_time(iocb->ki_filp);
	if (ret)
		return ret;
	pagefault_disable();
	for (;;) {
		ret = scriptfs_write_here(inode, pos, from, nowait);
		if (ret < 0)
			break;
		pos += ret;
		if (!iov_iter_count(from))
			break;
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	pagefault_enable();

	written = pos - iocb->ki_pos;
	if (unlikely(ret < 0)) {
		if (!written)
			return ret;
		if ((ret == -EFAULT || ret == -EAGAIN) &&
		    scriptfs_may_restart(iocb, from, written)) {
			iov_iter_revert(from, written);
			return ret;
		}
	}
	if (pos > i_size_read(inode))
		scriptfs_size_write(inode, pos);
	iocb->ki_pos = pos;
	return written;
}

/* The same for mounts that have more to do, as the flags of their pools say. */
static noinline ssize_t scriptfs_write_special(struct kiocb *iocb, struct iov_iter *from,
					       bool nowait)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	unsigned long *flags = &scriptfs_pools(inode->i_sb)->flags;
	size_t count = iov_iter_count(from);
	ssize_t ret;

	if (IS_IMMUTABLE(inode))
		return -EPERM;
	/* Pages have locks of their own to wait for. */
	if (nowait && test_bit(SCRIPTFS_SPECIAL_PAGE, flags))
		return -EAGAIN;
	if (test_bit(SCRIPTFS_POOLS_SUSPECT, flags)) {
		size_t sound = 0, run;

		/* All that is sound is written under one hold of the lock, to be seen whole. */
		do {
			run = scriptfs_sound_run(scriptfs_inode(inode), iocb->ki_pos + sound,
						 count - sound);
			sound += run;
		} while (run && sound < count);
		if (!sound)
			return -EIO;
		iov_iter_truncate(from, sound);
		count -= sound;
	} else {
		count = 0;
	}
	if (test_bit(SCRIPTFS_SPECIAL_PAGE, flags)) {
		/* The page cache has the file's own pages: there is no way around it. */
		iocb->ki_flags &= ~IOCB_DIRECT;
		/* It faults in the source itself, and copes when it cannot. */
		pagefault_disable();
		ret = __generic_file_write_iter(iocb, from);
		pagefault_enable();
	} else {
		ret = scriptfs_write_pieces(iocb, from, nowait);
	}
	iov_iter_reexpand(from, iov_iter_count(from) + count);
	return ret;
}

/* generic_write_checks() that lets a write pass that is not to wait: before Linux 6.0 none may. */
static ssize_t scriptfs_write_checks(struct kiocb *iocb, struct iov_iter *from)
{
	ssize_t ret;

	iocb->ki_flags &= ~IOCB_NOWAIT;
	ret = generic_write_checks(iocb, from);
	iocb->ki_flags |= IOCB_NOWAIT;
	return ret;
}

/*
 * Returns how many bytes were written before the write had to stop, or why nothing was. Inlined for
 * short writes.
 */
static __always_inline ssize_t scriptfs_write_once(struct kiocb *iocb, struct iov_iter *from,
						   bool nowait)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t size;
	ssize_t ret;

	if (!nowait)
		inode_lock(inode);
	else if (!inode_trylock(inode))
		return -EAGAIN;
	ret = nowait ? scriptfs_write_checks(iocb, from) : generic_write_checks(iocb, from);
	if (ret <= 0)
		goto out;

	scriptfs_change_begin(scriptfs_inode(inode));
	size = i_size_read(inode);
	if (iocb->ki_pos > size) {
		if (!nowait) {
			scriptfs_zero_tail(inode, size);
		} else if (!scriptfs_try_zero_tail(inode, size)) {
			ret = -EAGAIN;
			goto out_change;
		}
	}

	if (unlikely(scriptfs_pools(inode->i_sb)->flags))
		ret = scriptfs_write_special(iocb, from, nowait);
	else
		ret = scriptfs_write_pieces(iocb, from, nowait);
out_change:
	scriptfs_change_end(scriptfs_inode(inode));
out:
	inode_unlock(inode);
	return ret;
}

/* The same, not inlined, for whatever is no short write. */
static noinline ssize_t scriptfs_write_other(struct kiocb *iocb, struct iov_iter *from)
{
	return scriptfs_write_once(iocb, from, iocb->ki_flags & IOCB_NOWAIT);
}

/*
 * Get without locks what the write stopped for, if it did; @stuck is how often that came to
 * nothing. Returns how many bytes to go on with, or an error.
 */
static ssize_t scriptfs_write_unblock(struct kiocb *iocb, struct iov_iter *from, int err,
				      struct scriptfs_wait *wait, unsigned int stuck)
{
	size_t most = scriptfs_fault_in_len(SCRIPTFS_FAULT_IN, stuck);
	struct inode *inode = file_inode(iocb->ki_filp);
	size_t count = iov_iter_count(from);

	if (fatal_signal_pending(current))
		return -EINTR;
	if (err == -EFAULT) {
		/* That may take for ever: let memory pressure have the surplus. */
		scriptfs_wait_end(inode, wait);
		return scriptfs_fault_in(from, min(count, most));
	}
	if (err)
		err = scriptfs_wait_for_memory(inode, wait, err,
					       min_t(size_t, count, SCRIPTFS_CHUNK_SIZE));
	return err ? err : count;
}

/* Write the rest of a write that stopped, bit by bit. @ret is what came of the first. */
static noinline ssize_t scriptfs_write_rest(struct kiocb *iocb, struct iov_iter *from, ssize_t ret)
{
	struct scriptfs_wait wait = {};
	unsigned int stuck = 0;
	ssize_t written = 0, part;
	size_t rest;

	for (;;) {
		if (ret > 0)
			written += ret;
		if (!iov_iter_count(from) || !ret)
			break;
		/* The memory is there, and still cannot be copied from. */
		stuck = ret == -EFAULT ? stuck + 1 : 0;
		if (stuck > SCRIPTFS_FAULT_TRIES)
			break;
		part = scriptfs_write_unblock(iocb, from, min_t(ssize_t, ret, 0), &wait, stuck);
		if (part < 0) {
			ret = part;
			break;
		}
		rest = iov_iter_count(from) - part;
		iov_iter_truncate(from, part);
		ret = scriptfs_write_other(iocb, from);
		iov_iter_reexpand(from, iov_iter_count(from) + rest);
	}
	scriptfs_wait_end(file_inode(iocb->ki_filp), &wait);
	return written ? written : ret;
}

/**
 * scriptfs_write_iter - write to a file
 * @iocb:	the file and where
 * @from:	what to write
 *
 * Context: Takes inode_lock and map_lock.
 * Return: How many bytes were written, or an error; -EAGAIN if it would have to wait for the file
 * or for memory, and is not to.
 */
ssize_t scriptfs_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	ssize_t ret = unlikely(iocb->ki_flags & IOCB_NOWAIT) ?
		      scriptfs_write_other(iocb, from) : scriptfs_write_once(iocb, from, false);

	if (likely(!iov_iter_count(from)))
		return ret;
	return scriptfs_write_rest(iocb, from, ret);
}
