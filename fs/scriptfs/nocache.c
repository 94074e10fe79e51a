// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: copies that go past the processor's caches.
 *
 * A plain store to memory that is not in the cache first reads it, and then evicts something from
 * the cache that was of more use. Non-temporal stores do neither, but what they write has to come
 * from memory when it is read next. So they pay for long copies into files larger than the caches,
 * and cost dearly anywhere else. Measured with calls of 64 KiB, non-temporal against plain stores,
 * on a processor with 2 MiB of its own and a part of a much larger cache:
 *
 *	256 KiB 0.5, 2 MiB 0.6, 8 MiB 0.95, 16 MiB 1.2, 64 MiB 1.5, 256 MiB 1.7 times as fast
 *
 * and with calls of 4 KiB 0.3 to 1.2 times. They begin to pay at SCRIPTFS_BYPASS_CALL and
 * SCRIPTFS_BYPASS_FILE. Not every processor is like that, an emulated one least of all, so which is
 * faster is measured once, with the very copies that writes make. What a plain copy is differs
 * between kernels, and one from a process's memory is not made as one from the kernel's: on a
 * processor without FSRM, 6.12 has a string instruction for the former and a loop of words for the
 * latter.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include "compat/iter.h"
#include "nocache.h"
#include "sb.h"

#define SCRIPTFS_TRIAL_CALLS	(SCRIPTFS_BYPASS_FILE / SCRIPTFS_BYPASS_CALL)

/* Whose memory a copy is from, each with a decision of its own. */
enum scriptfs_source {
	SCRIPTFS_FROM_KERNEL,
	SCRIPTFS_FROM_USER,
	SCRIPTFS_SOURCES,
};

static bool scriptfs_bypass_pays[SCRIPTFS_SOURCES] __read_mostly;

#ifdef CONFIG_X86_64	/* user-mode Linux included */

#define SCRIPTFS_LINE		64

/* Copy whole lines to where a line begins. */
static void scriptfs_copy_lines(u8 *to, const u8 *from, size_t len)
{
	u64 a, b, c, d;

	for (; len; len -= SCRIPTFS_LINE, to += SCRIPTFS_LINE, from += SCRIPTFS_LINE)
		asm volatile("movq    (%5), %0\n\t"
			     "movq   8(%5), %1\n\t"
			     "movq  16(%5), %2\n\t"
			     "movq  24(%5), %3\n\t"
			     "movnti %0,   (%4)\n\t"
			     "movnti %1,  8(%4)\n\t"
			     "movnti %2, 16(%4)\n\t"
			     "movnti %3, 24(%4)\n\t"
			     "movq  32(%5), %0\n\t"
			     "movq  40(%5), %1\n\t"
			     "movq  48(%5), %2\n\t"
			     "movq  56(%5), %3\n\t"
			     "movnti %0, 32(%4)\n\t"
			     "movnti %1, 40(%4)\n\t"
			     "movnti %2, 48(%4)\n\t"
			     "movnti %3, 56(%4)"
			     : "=&r" (a), "=&r" (b), "=&r" (c), "=&r" (d)
			     : "r" (to), "r" (from)
			     : "memory");
	/* Non-temporal stores are not ordered before later ones, such as the initialised mark. */
	asm volatile("sfence" : : : "memory");
}

static void scriptfs_copy_past(u8 *to, const u8 *from, size_t len)
{
	size_t head = min_t(size_t, len, -(unsigned long)to & (SCRIPTFS_LINE - 1));
	size_t lines = round_down(len - head, SCRIPTFS_LINE);

	memcpy(to, from, head);
	scriptfs_copy_lines(to + head, from + head, lines);
	memcpy(to + head + lines, from + head + lines, len - head - lines);
}

#else

static void scriptfs_copy_past(u8 *to, const u8 *from, size_t len)
{
	memcpy(to, from, len);
}

#endif

/**
 * scriptfs_copy_past_cache - copy_from_iter() past the cache
 * @to:		where to
 * @len:	how many bytes
 * @from:	where from
 *
 * Return: How many bytes were copied.
 */
size_t scriptfs_copy_past_cache(void *to, size_t len, struct iov_iter *from)
{
	size_t done = 0;

	if (!iov_iter_is_kvec(from))
		return copy_from_iter_nocache(to, len, from);

	while (done < len && iov_iter_count(from)) {
		size_t part = min(len - done, iov_iter_single_seg_count(from));

		scriptfs_copy_past(to + done, from->kvec->iov_base + from->iov_offset, part);
		iov_iter_advance(from, part);
		done += part;
	}
	return done;
}

/**
 * scriptfs_should_bypass - should a long copy into a file go past the cache?
 * @inode:	the file
 * @end:	its size after the copy, if that makes it larger
 * @from:	where from
 *
 * For copies of SCRIPTFS_BYPASS_CALL bytes and more; shorter ones never should.
 *
 * Return: Whether it should.
 */
bool scriptfs_should_bypass(struct inode *inode, loff_t end, const struct iov_iter *from)
{
	enum scriptfs_source source;

	switch (READ_ONCE(scriptfs_sb(inode->i_sb)->opt.copy)) {
	case SCRIPTFS_COPY_CACHED:
		return false;
	case SCRIPTFS_COPY_BYPASS:
		return true;
	default:
		source = user_backed_iter(from) ? SCRIPTFS_FROM_USER : SCRIPTFS_FROM_KERNEL;
		return READ_ONCE(scriptfs_bypass_pays[source]) &&
		       max(end, i_size_read(inode)) >= SCRIPTFS_BYPASS_FILE;
	}
}

/*
 * What one trial takes. It copies from @user, a process's memory, or if that is NULL from @from.
 * That and @to begin with a page, as what most long writes copy from and to does.
 */
struct scriptfs_trial {
	u8		to[SCRIPTFS_BYPASS_FILE];
	u8		from[SCRIPTFS_BYPASS_CALL];
	u32		plain[SCRIPTFS_TRIAL_CALLS];
	void __user	*user;
};

/* Copy one call's bytes as a write does. Returns nanoseconds, 0 if they could not all be copied. */
static u32 scriptfs_trial_call(struct scriptfs_trial *trial, unsigned int i, bool past)
{
	const struct iovec user = { .iov_base = trial->user, .iov_len = SCRIPTFS_BYPASS_CALL };
	const struct kvec kernel = { .iov_base = trial->from, .iov_len = SCRIPTFS_BYPASS_CALL };
	u8 *to = trial->to + i * SCRIPTFS_BYPASS_CALL;
	struct iov_iter from;
	size_t copied;
	u64 begin, ns;

	cond_resched();
	if (trial->user)
		iov_iter_init(&from, WRITE, &user, 1, SCRIPTFS_BYPASS_CALL);
	else
		iov_iter_kvec(&from, WRITE, &kernel, 1, SCRIPTFS_BYPASS_CALL);
	begin = ktime_get_ns();
	if (past)
		copied = scriptfs_copy_past_cache(to, SCRIPTFS_BYPASS_CALL, &from);
	else
		copied = copy_from_iter(to, SCRIPTFS_BYPASS_CALL, &from);
	ns = ktime_get_ns() - begin;
	return copied == SCRIPTFS_BYPASS_CALL ? clamp_t(u64, ns, 1, U32_MAX) : 0;
}

/*
 * Fill the memory one way and then the other, and count for how many of its calls the second way
 * was faster: an interrupt or another task may disturb some of them, but not most.
 */
static unsigned int scriptfs_trial_wins(struct scriptfs_trial *trial)
{
	unsigned int i, wins = 0;
	u32 past;

	for (i = 0; i < SCRIPTFS_TRIAL_CALLS; i++)
		trial->plain[i] = scriptfs_trial_call(trial, i, false);
	for (i = 0; i < SCRIPTFS_TRIAL_CALLS; i++) {
		past = scriptfs_trial_call(trial, i, true);
		wins += past && past < trial->plain[i];
	}
	return wins;
}

/* Without the memory for it, plain copies are what remains. */
static void scriptfs_try(enum scriptfs_source source, void __user *user)
{
	struct scriptfs_trial *trial = __vmalloc(sizeof(*trial),
						 GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY);
	unsigned int wins;

	if (!trial)
		return;
	/* Or else what is measured first would pay for all faults and TLB misses. */
	memset(trial, 0, sizeof(*trial));
	trial->user = user;
	wins = scriptfs_trial_wins(trial);
	vfree(trial);
	WRITE_ONCE(scriptfs_bypass_pays[source], wins > SCRIPTFS_TRIAL_CALLS / 2);
	pr_info("past the cache %u of %u long copies from %s memory were faster\n", wins,
		(unsigned int)SCRIPTFS_TRIAL_CALLS, user ? "user" : "kernel");
}

/* The same from memory that the current process gets for a moment, all of it there at once. */
static void scriptfs_try_user(void)
{
	unsigned long user = vm_mmap(NULL, 0, SCRIPTFS_BYPASS_CALL, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, 0);

	if (IS_ERR_VALUE(user))
		return;
	scriptfs_try(SCRIPTFS_FROM_USER, (void __user *)user);
	vm_munmap(user, SCRIPTFS_BYPASS_CALL);
}

/**
 * scriptfs_nocache_try - find out whether copies past the cache pay on this machine
 *
 * Context: Process context. Takes some milliseconds, once for each kind of source: nothing is tried
 *	twice. Called when the module is loaded, and before each mount, since a kernel that has it
 *	built in loads it while there is no process yet. Copies from those are plain until then.
 */
void scriptfs_nocache_try(void)
{
	static DEFINE_MUTEX(lock);
	static bool tried[SCRIPTFS_SOURCES];

	if (!IS_ENABLED(CONFIG_X86_64))
		return;
	mutex_lock(&lock);
	if (!tried[SCRIPTFS_FROM_KERNEL]) {
		tried[SCRIPTFS_FROM_KERNEL] = true;
		scriptfs_try(SCRIPTFS_FROM_KERNEL, NULL);
	}
	/* User-mode Linux has but one way to copy from a process. */
	if (!IS_ENABLED(CONFIG_UML) && !tried[SCRIPTFS_FROM_USER] && current->mm) {
		tried[SCRIPTFS_FROM_USER] = true;
		scriptfs_try_user();
	}
	mutex_unlock(&lock);
}
