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
 * faster is measured once, when the module is loaded.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ktime.h>
#include <linux/uio.h>
#include <linux/vmalloc.h>

#include "nocache.h"
#include "sb.h"

#define SCRIPTFS_TRIAL_CALLS	(SCRIPTFS_BYPASS_FILE / SCRIPTFS_BYPASS_CALL)

static bool scriptfs_bypass_pays __ro_after_init;

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
 *
 * For copies of SCRIPTFS_BYPASS_CALL bytes and more; shorter ones never should.
 *
 * Return: Whether it should.
 */
bool scriptfs_should_bypass(struct inode *inode, loff_t end)
{
	switch (READ_ONCE(scriptfs_sb(inode->i_sb)->opt.copy)) {
	case SCRIPTFS_COPY_CACHED:
		return false;
	case SCRIPTFS_COPY_BYPASS:
		return true;
	default:
		return scriptfs_bypass_pays &&
		       max(end, i_size_read(inode)) >= SCRIPTFS_BYPASS_FILE;
	}
}

/* Copy one call's bytes; returns nanoseconds. */
static u32 __init scriptfs_nocache_trial(u8 *to, const u8 *from, bool past)
{
	u64 begin = ktime_get_ns();

	if (past)
		scriptfs_copy_past(to, from, SCRIPTFS_BYPASS_CALL);
	else
		memcpy(to, from, SCRIPTFS_BYPASS_CALL);
	return min_t(u64, ktime_get_ns() - begin, U32_MAX);
}

/*
 * Fill @area one way and then the other, and count for how many of its calls the second way was
 * faster: an interrupt or another task may disturb some of them, but not most.
 */
static unsigned int __init scriptfs_nocache_wins(u8 *area, const u8 *from)
{
	static u32 plain[SCRIPTFS_TRIAL_CALLS] __initdata;
	unsigned int i, wins = 0;

	for (i = 0; i < SCRIPTFS_TRIAL_CALLS; i++)
		plain[i] = scriptfs_nocache_trial(area + i * SCRIPTFS_BYPASS_CALL, from, false);
	for (i = 0; i < SCRIPTFS_TRIAL_CALLS; i++)
		wins += plain[i] > scriptfs_nocache_trial(area + i * SCRIPTFS_BYPASS_CALL, from,
							  true);
	return wins;
}

/**
 * scriptfs_nocache_init - find out whether copies past the cache pay on this machine
 *
 * Context: Process context, once, takes some milliseconds.
 */
void __init scriptfs_nocache_init(void)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY;
	u8 *area = __vmalloc(SCRIPTFS_BYPASS_FILE, gfp);
	u8 *from = __vmalloc(SCRIPTFS_BYPASS_CALL, gfp);
	unsigned int wins;

	if (IS_ENABLED(CONFIG_X86_64) && area && from) {
		/* Or else what is measured first would pay for all faults and TLB misses. */
		memset(area, 0, SCRIPTFS_BYPASS_FILE);
		memset(from, 0, SCRIPTFS_BYPASS_CALL);
		wins = scriptfs_nocache_wins(area, from);
		scriptfs_bypass_pays = wins > SCRIPTFS_TRIAL_CALLS / 2;
		pr_info("past the cache %u of %u long copies were faster\n", wins,
			(unsigned int)SCRIPTFS_TRIAL_CALLS);
	}
	vfree(area);
	vfree(from);
}
