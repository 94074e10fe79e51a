// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block that a file gives up goes to no other file while a read of the first is still copying
 * from it. These are the ways to give up a block while the file lives on; readers.c tries truncate
 * and holes.
 *
 * A read into very many tiny pieces is so slow that the block can be given up, taken by another
 * file and written to on the other processor before the read is done. The read would then be
 * repeated under the lock and end up with the right bytes: so look at its destination all the
 * while. With io=page a read holds the page that it copies from, and that is waited for as well.
 */
#include "util.h"

#include <pthread.h>
#include <sys/uio.h>

#define PIECES		1024
#define LEN		PAGE
#define DATA		'd'
#define UNREAD		'u'

/**
 * struct watch - a reader whose destination is watched
 * @f:		the file that it reads, open for writing; -1 when it is closed
 * @other:	the file that takes what the first gives up
 * @buf:	where it reads to, UNREAD before
 * @begun:	how many reads have begun
 * @done:	how many are done
 * @stop:	tells the reader to end
 */
struct watch {
	int		f;
	int		other;
	unsigned char	*buf;
	unsigned long	begun;
	unsigned long	done;
	bool		stop;
};

/**
 * struct way - how a file gives up a block
 * @prepare:	give the file LEN bytes of DATA in that block
 * @give_up:	make the file give up the block
 * @held:	how many bytes of memory the file holds then
 */
struct way {
	void			(*prepare)(struct watch *w);
	void			(*give_up)(struct watch *w);
	unsigned long long	held;
};

/*
 * With io=page a read holds its page, on a busy machine for longer than a write waits for that: so
 * try again, for some seconds.
 */
static void write_patiently(int fd, const void *buf, size_t len, off_t at)
{
	unsigned int tries = io_block() ? 0 : 20;

	while (pwrite(fd, buf, len, at) < 0) {
		CHECK_EQ(errno, ENOSPC);
		CHECK_CMP(tries--, >, 0);
	}
}

static void *reader(void *arg)
{
	struct watch *w = arg;
	struct iovec iov[PIECES];
	int fd = xopen("f", O_RDONLY);
	unsigned int i;

	run_on(0);
	for (i = 0; i < PIECES; i++) {
		iov[i].iov_base = w->buf + i * (LEN / PIECES);
		iov[i].iov_len = LEN / PIECES;
	}
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		ssize_t got;

		memset(w->buf, UNREAD, LEN);
		__atomic_add_fetch(&w->begun, 1, __ATOMIC_RELEASE);
		got = CHECK_OK(preadv(fd, iov, PIECES, 0));
		if (got) {
			CHECK_EQ(got, LEN);
			check_bytes(w->buf, LEN, DATA);
		}
		__atomic_add_fetch(&w->done, 1, __ATOMIC_RELEASE);
	}
	close(fd);
	return NULL;
}

/* Wait for a read that has only just begun to copy; gives its number. */
static unsigned long copying(struct watch *w)
{
	unsigned long was = __atomic_load_n(&w->begun, __ATOMIC_ACQUIRE), now;

	/* The read that is under way may be about to end. */
	do {
		now = __atomic_load_n(&w->begun, __ATOMIC_ACQUIRE);
	} while (now == was || __atomic_load_n(&w->buf[0], __ATOMIC_RELAXED) != DATA);
	return now;
}

/* Is that read still under way, with more to copy? */
static bool under_way(struct watch *w, unsigned long read)
{
	bool more = __atomic_load_n(&w->buf[LEN - 1], __ATOMIC_ACQUIRE) == UNREAD;

	/* The next read has more to copy, too, but it begins after this one is done. */
	return more && __atomic_load_n(&w->done, __ATOMIC_ACQUIRE) < read;
}

/* False if the read was over too early to say anything. */
static bool try_way(struct watch *w, const struct way *way, const char *poison)
{
	unsigned long read;
	bool in_time, waited;

	CHECK_OK(truncate("f", 0));
	CHECK_OK(ftruncate(w->other, 0));
	way->prepare(w);
	read = copying(w);
	in_time = under_way(w, read);
	way->give_up(w);
	waited = !under_way(w, read);
	write_patiently(w->other, poison, LEN, 0);
	while (__atomic_load_n(&w->done, __ATOMIC_ACQUIRE) < read)
		if (memchr(w->buf, POISON, LEN))
			fail("the block was still read when another file had it");
	/* Even if the read was lucky, the block was given up too early. */
	if (in_time && !waited)
		fail("the file did not wait for a read that had begun before");
	/* Close it only now, because a close waits as well. */
	if (w->f >= 0)
		close(w->f);
	return in_time;
}

static void try_many(const struct way *way)
{
	struct watch w = { .buf = xmalloc(LEN) };
	char *poison = xmalloc(LEN);
	pthread_t thread;
	unsigned long good = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("only one processor");
	memset(poison, POISON, LEN);
	close(xopen("f", O_WRONLY | O_CREAT));
	w.other = xopen("other", O_RDWR | O_CREAT);
	CHECK_EQ(pthread_create(&thread, NULL, reader, &w), 0);
	run_on(1);
	while (good < scaled(400)) {
		good += try_way(&w, way, poison);
		/* The block was given up indeed. */
		CHECK_EQ(stat_of("f").st_blocks * 512LL, way->held);
	}
	__atomic_store_n(&w.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	free(poison);
	free(w.buf);
}

static void write_data(struct watch *w)
{
	char data[LEN];

	memset(data, DATA, LEN);
	w->f = xopen("f", O_WRONLY);
	write_patiently(w->f, data, LEN, 0);
}

/* There is no second poem: the write gets a novel, and the data of the poem moves into it. */
static void write_behind(struct watch *w)
{
	write_patiently(w->f, "x", 1, KiB(32));
}

static void by_merge(void)
{
	static const struct way way = { write_data, write_behind, KiB(64) };

	try_many(&way);
}

/* While the other file has the poem, this one gets a medium. */
static void write_data_to_medium(struct watch *w)
{
	pwrite_full(w->other, "x", 1, 0);
	write_data(w);
	CHECK_OK(ftruncate(w->other, 0));
}

static void last_close(struct watch *w)
{
	CHECK_OK(close(w->f));
	w->f = -1;
}

static void by_fit(void)
{
	static const struct way way = { write_data_to_medium, last_close, KiB(32) };

	try_many(&way);
}

/*
 * What a failed fallocate(2) gives back holds nothing yet, so a reader would have to stop between
 * two instructions to see what others write there. But the test can see that the call waits for the
 * reader. The memory has no pages in the page cache either, so with io=page no read can be there.
 */
static void fail_to_allocate(struct watch *w)
{
	CHECK_ERR(fallocate(w->f, 0, KiB(32), MiB(1)), ENOSPC);
}

static void by_undo(void)
{
	static const struct way way = { write_data, fail_to_allocate, KiB(32) };

	try_many(&way);
}

static const struct test tests[] = {
	{ "by_merge", by_merge, "poem=1,novel=1,strict", T_SCRIPTFS },
	{ "by_fit", by_fit, "poem=1,medium=1,strict", T_BLOCK },
	{ "by_undo", by_undo, "poem=3,strict", T_BLOCK },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
