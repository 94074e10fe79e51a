// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: faulting in the user's side of a copy, with no lock held.
 *
 * Copies run with page faults disabled, and stop where the user's memory is not present. How long
 * it takes to become so is up to its owner: it may be on a slow disk, or behind a userfaultfd that
 * is never answered.
 *
 * A copy that hits memory that is not present may stop earlier than it has to. So the next one must
 * be no longer than what these functions report as present: then it makes progress.
 */
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/uio.h>

#include "compat/iter.h"
#include "faultin.h"

/* Fault in a range to be read from. Returns how many bytes are present, from the first one on. */
static size_t scriptfs_fault_in_source(const char __user *addr, size_t len)
{
	size_t done = 0;

	while (done < len && !fault_in_readable(addr + done, 1))
		done += PAGE_SIZE - offset_in_page(addr + done);
	return min(done, len);
}

/* Is @addr where a stack has not grown to yet? mmap_lock is held. */
static bool scriptfs_below_stack(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	return vma && vma->vm_start > addr && vma->vm_flags & VM_GROWSDOWN;
}

/*
 * The same for a range to be written to, but without writing: what the copy does not reach in the
 * end has to stay as it is. Since Linux 6.5 only a fault of the task itself has a stack grow, and
 * fixup_user_fault() complains in the log that it does not.
 */
static size_t scriptfs_fault_in_target(char __user *addr, size_t len)
{
	struct mm_struct *mm = current->mm;
	bool unlocked = false;
	size_t done = 0;

	if (mmap_read_lock_killable(mm))
		return 0;
	while (done < len) {
		unsigned long target = (unsigned long)(addr + done);

		if (unlikely(scriptfs_below_stack(mm, target))) {
			mmap_read_unlock(mm);
			if (fault_in_readable(addr + done, 1) || mmap_read_lock_killable(mm))
				return done;
		}
		if (fixup_user_fault(mm, target, FAULT_FLAG_WRITE, &unlocked))
			break;
		done += PAGE_SIZE - offset_in_page(target);
	}
	mmap_read_unlock(mm);
	return min(done, len);
}

/**
 * scriptfs_fault_in - fault in user memory that a copy stopped at
 * @iter:	the user's side of the copy, from where it stopped on
 * @len:	how many bytes of it, at least 1
 *
 * Context: May sleep without limit, killably; the caller has no locks.
 * Return: How many bytes can be copied now; -EFAULT for none; -EINTR after a fatal signal.
 */
ssize_t scriptfs_fault_in(const struct iov_iter *iter, size_t len)
{
	size_t skip = iter->iov_offset, done = 0;
	const struct iovec *iov;
	struct iovec one;

	if (!user_backed_iter(iter))
		return -EFAULT;
	iov = scriptfs_iter_segments(iter, &one);
	for (; done < len; iov++, skip = 0) {
		size_t part = min(len - done, iov->iov_len - skip), got;
		char __user *addr = iov->iov_base + skip;

		got = iov_iter_rw(iter) == WRITE ? scriptfs_fault_in_source(addr, part) :
						   scriptfs_fault_in_target(addr, part);
		done += got;
		if (fatal_signal_pending(current))
			return -EINTR;
		if (got < part)
			break;
	}
	return done ? done : -EFAULT;
}
