// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page that a file gives up goes to no other file while a read of the first is still copying
 * from it. These are the ways to give up pages while the rest of the piece that they are in stays
 * with the file: punching, cutting, the last close, a failed fallocate(2).
 *
 * A read into very many tiny parts is so slow that the page can be given up, taken by another file
 * and written to on the other processor before the read is done. The read would then be repeated
 * under the lock and end up with the right bytes: so look at its destination all the while. With
 * io=page a read holds the page that it copies from, and no other file gets it until then.
 */
#include "fallocate.h"

#include <pthread.h>
#include <sys/uio.h>

#define POEM		KiB(32)
#define PARTS		1024
#define LEN		PAGE
#define DATA		'd'
#define UNREAD		'u'

/**
 * struct watch - a reader whose destination is watched
 * @f:		the file that it reads, open for writing; -1 when it is closed
 * @other:	the file that takes what the first gives up
 * @at:		where it reads, LEN bytes
 * @stays:	what it reads stays with the file
 * @buf:	where it reads to, UNREAD before
 * @begun:	how many reads have begun
 * @done:	how many are done
 * @stop:	tells the reader to end
 */
struct watch {
	int		f;
	int		other;
	off_t		at;
	bool		stays;
	unsigned char	*buf;
	unsigned long	begun;
	unsigned long	done;
	bool		stop;
};

/**
 * struct way - how a file gives up pages
 * @at:		what is read while it does so
 * @prepare:	make all of the file DATA
 * @give_up:	make the file give up pages
 * @held:	how many bytes of memory the file holds then
 * @stays:	what is read is not among them
 */
struct way {
	off_t			at;
	void			(*prepare)(struct watch *w);
	void			(*give_up)(struct watch *w);
	unsigned long long	held;
	bool			stays;
};

/*
 * With io=page a read holds its page, on a busy machine for longer than anyone waits for that: so
 * try again, for some seconds.
 */
static void write_patiently(int fd, const void *buf, size_t len, off_t at)
{
	unsigned int tries = io_block() ? 0 : 2000;

	while (len) {
		ssize_t done = pwrite(fd, buf, len, at);

		if (done > 0) {
			buf = (const char *)buf + done;
			len -= done;
			at += done;
			continue;
		}
		CHECK_ERR(done, ENOSPC);
		CHECK_CMP(tries--, >, 0);
		usleep(10000);
	}
}

static void *reader(void *arg)
{
	struct watch *w = arg;
	struct iovec iov[PARTS];
	int fd = xopen("f", O_RDONLY);
	unsigned int i;

	run_on(0);
	for (i = 0; i < PARTS; i++) {
		iov[i].iov_base = w->buf + i * (LEN / PARTS);
		iov[i].iov_len = LEN / PARTS;
	}
	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		ssize_t got;

		memset(w->buf, UNREAD, LEN);
		__atomic_add_fetch(&w->begun, 1, __ATOMIC_RELEASE);
		got = CHECK_OK(preadv(fd, iov, PARTS, w->at));
		if (got) {
			CHECK_EQ(got, LEN);
			/* What was given up reads as zeroes. */
			check_bytes(w->buf, LEN, w->buf[0] || w->stays ? DATA : 0);
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
			fail("the page was still read when another file had it");
	/* Even if the read was lucky, the page was given up too early. */
	if (in_time && !waited && !way->stays && io_block())
		fail("the file did not wait for a read that had begun before");
	/* Close it only now, because a close waits as well. */
	if (w->f >= 0)
		close(w->f);
	return in_time;
}

static void try_many(const struct way *way)
{
	struct watch w = { .buf = xmalloc(LEN), .at = way->at, .stays = way->stays };
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
		/* The pages were given up indeed. */
		CHECK_EQ(held_by("f"), way->held);
	}
	__atomic_store_n(&w.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	free(poison);
	free(w.buf);
}

static void write_data(struct watch *w, size_t len)
{
	static char data[POEM];

	memset(data, DATA, len);
	w->f = xopen("f", O_WRONLY);
	write_patiently(w->f, data, len, 0);
}

static void write_poem(struct watch *w)
{
	write_data(w, POEM);
}

static void write_page(struct watch *w)
{
	write_data(w, PAGE);
}

/* The only poem is cut for its first page or for one in its middle, and nothing else is idle. */
static void punch_first(struct watch *w)
{
	CHECK_OK(fallocate(w->f, PUNCH, 0, PAGE));
}

static void by_punch(void)
{
	static const struct way way = { 0, write_poem, punch_first, KiB(28), false };

	try_many(&way);
}

static void punch_fourth(struct watch *w)
{
	CHECK_OK(fallocate(w->f, PUNCH, 3 * PAGE, PAGE));
}

static void by_punch_inside(void)
{
	static const struct way way = { 3 * PAGE, write_poem, punch_fourth, KiB(28), false };

	try_many(&way);
}

/* What is read stays with the file, but not the end of its piece. */
static void by_punch_behind(void)
{
	static const struct way way = { 2 * PAGE, write_poem, punch_fourth, KiB(28), true };

	try_many(&way);
}

static void cut_last(struct watch *w)
{
	CHECK_OK(ftruncate(w->f, KiB(28)));
}

static void by_truncate(void)
{
	static const struct way way = { KiB(28), write_poem, cut_last, KiB(28), false };

	try_many(&way);
}

/* The file grows by a page, and gets more than that; the close cuts off what it did not need. */
static void write_and_grow(struct watch *w)
{
	char data[PAGE];

	write_data(w, KiB(16));
	memset(data, DATA, PAGE);
	write_patiently(w->f, data, PAGE, KiB(16));
	CHECK_EQ(file_held(w->f), KiB(32));
}

static void last_close(struct watch *w)
{
	CHECK_OK(close(w->f));
	w->f = -1;
}

static void by_close(void)
{
	static const struct way way = { KiB(16), write_and_grow, last_close, KiB(20), true };

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
	static const struct way way = { 0, write_page, fail_to_allocate, PAGE, false };

	try_many(&way);
}

static const struct test tests[] = {
	{ "by_punch", by_punch, "poem=1,strict", T_SCRIPTFS },
	{ "by_punch_inside", by_punch_inside, "poem=1,strict", T_SCRIPTFS },
	{ "by_punch_behind", by_punch_behind, "poem=1,strict", T_SCRIPTFS },
	{ "by_truncate", by_truncate, "poem=1,strict", T_SCRIPTFS },
	{ "by_close", by_close, "poem=1,strict", T_BLOCK },
	{ "by_undo", by_undo, "poem=3,strict", T_BLOCK },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
