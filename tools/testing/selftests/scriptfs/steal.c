// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages in a pipe whose reader wants to keep them: a FUSE file system moves them into its own page
 * cache (SPLICE_F_MOVE), a virtio port sends them away as they are. At that moment the file that
 * they came from is cut, removed or written to. A page of a file in memory may be taken out of its
 * page cache if it is not in use there, but one of scriptfs never: its block would have a hole.
 * Whatever happens, what comes out has the bytes that went into the pipe.
 */
#include "fuse.h"

#include <sys/uio.h>

#define SEED		1
#define READS		600
#define LONGEST_WAIT	20000

/**
 * struct thief - moves pages of a file while a thread, the spoiler, changes the file
 * @fuse:	the file system that takes the pages
 * @fd:		the file that they come from
 * @map:	a mapping of it, or NULL
 * @tmpfile:	the file has no name
 * @gift:	pages come out of a mapping of the file, as a gift
 * @spoil:	what is done to the file while they are taken
 * @round:	how often that was asked for
 * @done:	how often it was done
 * @stop:	set to end the spoiler
 */
struct thief {
	struct fuse	fuse;
	int		fd;
	unsigned char	*map;
	bool		tmpfile;
	bool		gift;
	void		(*spoil)(struct thief *t);
	unsigned long	round;
	unsigned long	done;
	bool		stop;
};

/* Write something else to the blocks that have become idle. */
static void leave_poison(void)
{
	static char buf[FUSE_FILE_SIZE];
	int fd = xopen(".", O_TMPFILE | O_RDWR);

	memset(buf, POISON, sizeof(buf));
	pwrite_full(fd, buf, sizeof(buf), 0);
	close(fd);
}

static void *spoiler(void *arg)
{
	struct thief *t = arg;
	u64 rng = 1;

	while (!__atomic_load_n(&t->stop, __ATOMIC_RELAXED)) {
		unsigned long wait;

		if (__atomic_load_n(&t->round, __ATOMIC_ACQUIRE) == t->done)
			continue;
		/* At a random time while pages are moved. */
		for (wait = rnd(&rng) % LONGEST_WAIT; wait; wait--)
			__atomic_signal_fence(__ATOMIC_SEQ_CST);
		t->spoil(t);
		leave_poison();
		__atomic_store_n(&t->done, t->done + 1, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void wait_for_spoiler(struct thief *t)
{
	while (__atomic_load_n(&t->done, __ATOMIC_ACQUIRE) != t->round)
		;
}

static void new_file(struct thief *t)
{
	if (t->tmpfile)
		t->fd = xopen(".", O_TMPFILE | O_RDWR);
	else if (t->fd < 0)
		t->fd = xopen("f", O_RDWR | O_CREAT);
}

/* Put bytes of the file into a pipe. */
static void supply(void *arg, int to, off_t offset, size_t len)
{
	struct thief *t = arg;
	struct iovec iov = { .iov_len = len };

	/* Not before the last file is gone. */
	wait_for_spoiler(t);
	new_file(t);
	write_file(t->fd, 0, FUSE_FILE_SIZE, SEED);
	if (!t->gift) {
		splice_in(t->fd, offset, to, len);
		return;
	}
	t->map = map_file(t->fd, FUSE_FILE_SIZE);
	iov.iov_base = t->map + offset;
	CHECK_EQ(vmsplice(to, &iov, 1, SPLICE_F_GIFT), len);
}

static void sent(void *arg)
{
	struct thief *t = arg;

	__atomic_store_n(&t->round, t->round + 1, __ATOMIC_RELEASE);
}

/* Read all there is from a file system that may go away. */
static void client(void *arg)
{
	unsigned char *buf = xmalloc(FUSE_FILE_SIZE);
	unsigned long reads = *(unsigned long *)arg;

	for (; reads; reads--) {
		int fd = xopen("fuse/f", O_RDONLY);

		pread_full(fd, buf, FUSE_FILE_SIZE, 0);
		check_fill(buf, FUSE_FILE_SIZE, 0, SEED);
		close(fd);
	}
	free(buf);
}

static void run_user(void *arg)
{
	struct thief *t = arg;
	unsigned long reads = scaled(READS);
	pthread_t thread;
	pid_t pid;

	become_user();
	CHECK_OK(mkdir("fuse", 0700));
	fuse_mount(&t->fuse, "fuse");
	CHECK_EQ(fcntl(t->fuse.dev, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid) {
		/* If the server dies, reads must fail. */
		close(t->fuse.dev);
		client(&reads);
		fflush(stdout);
		_exit(0);
	}
	t->fuse.supply = supply;
	t->fuse.sent = sent;
	t->fuse.arg = t;
	CHECK_EQ(pthread_create(&thread, NULL, spoiler, t), 0);
	fuse_serve(&t->fuse, pid);
	wait_for_spoiler(t);
	__atomic_store_n(&t->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	finish(pid);
	CHECK_CMP(t->fuse.reads, >=, reads);
	CHECK_OK(umount("fuse"));
	close(t->fuse.dev);
	drop_pipe(t->fuse.pipes);
}

/* Run as an ordinary user, who may write to the file system and do nothing else. */
static void steal(struct thief *t)
{
	CHECK_OK(chmod(".", 0777));
	/* The mode it has on systems that set up their device nodes properly. */
	chmod("/dev/fuse", 0666);
	t->fd = -1;
	finish(start(run_user, t));
}

static void spoil_by_close(struct thief *t)
{
	if (t->map)
		munmap(t->map, FUSE_FILE_SIZE);
	close(t->fd);
}

static void from_removed(void)
{
	steal(&(struct thief){ .tmpfile = true, .spoil = spoil_by_close });
}

static void gifts_of_removed(void)
{
	steal(&(struct thief){ .tmpfile = true, .gift = true, .spoil = spoil_by_close });
}

static void spoil_by_rename(struct thief *t)
{
	int other = xopen("g", O_RDWR | O_CREAT | O_EXCL);

	CHECK_OK(rename("g", "f"));
	close(t->fd);
	t->fd = other;
}

static void from_replaced(void)
{
	steal(&(struct thief){ .spoil = spoil_by_rename });
}

static void spoil_by_truncate(struct thief *t)
{
	CHECK_OK(ftruncate(t->fd, t->done % 2 ? 0 : KiB(20)));
}

static void from_truncated(void)
{
	steal(&(struct thief){ .spoil = spoil_by_truncate });
}

static void spoil_by_punch(struct thief *t)
{
	CHECK_OK(fallocate(t->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			   t->done % 2 ? 0 : PAGE, KiB(64)));
}

static void from_punched(void)
{
	steal(&(struct thief){ .spoil = spoil_by_punch });
}

/* Write the same bytes, because a pipe may see what is written over those it has. */
static void spoil_by_write(struct thief *t)
{
	write_file(t->fd, 0, FUSE_FILE_SIZE, SEED);
}

static void from_rewritten(void)
{
	steal(&(struct thief){ .spoil = spoil_by_write });
}

/* The file must keep all its bytes. */
static void spoil_by_advice(struct thief *t)
{
	CHECK_EQ(posix_fadvise(t->fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	check_file(t->fd, 0, FUSE_FILE_SIZE, SEED);
}

static void from_kept(void)
{
	steal(&(struct thief){ .spoil = spoil_by_advice });
}

/* The test's output may go to a virtio port, which takes pages out of a pipe for good. */
static void to_virtio_port(void)
{
	struct thief t = { .spoil = spoil_by_close };
	unsigned long round;
	pthread_t thread;
	int pipes[2];
	char *buf = xmalloc(KiB(16));
	loff_t at;
	ssize_t got;

	memset(buf, '.', KiB(16));
	for (at = 0; at < KiB(16); at += PAGE) {
		memcpy(buf + at, "# sent by page ", 15);
		buf[at + PAGE - 1] = '\n';
	}
	make_pipe(pipes);
	CHECK_EQ(write(pipes[1], "#\n", 2), 2);
	fflush(stdout);
	got = splice(pipes[0], NULL, STDOUT_FILENO, NULL, 2, SPLICE_F_MOVE);
	if (got != 2 || !isatty(STDOUT_FILENO)) {
		char target[64] = "";

		CHECK_CMP(readlink("/proc/self/fd/1", target, sizeof(target) - 1), >, 0);
		if (got != 2 || !strstr(target, "vport"))
			skip("%s is not a virtio port", target);
	}
	CHECK_EQ(pthread_create(&thread, NULL, spoiler, &t), 0);
	for (round = 0; round < scaled(150); round++) {
		size_t left = KiB(16);

		t.fd = xopen(".", O_TMPFILE | O_RDWR);
		pwrite_full(t.fd, buf, KiB(16), 0);
		splice_in(t.fd, 0, pipes[1], KiB(16));
		sent(&t);
		for (; left; left -= got) {
			got = CHECK_OK(splice(pipes[0], NULL, STDOUT_FILENO, NULL, left,
					      SPLICE_F_MOVE));
			CHECK_CMP(got, >, 0);
		}
		wait_for_spoiler(&t);
	}
	__atomic_store_n(&t.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	drop_pipe(pipes);
	free(buf);
}

/*
 * A file is mapped, dirtied and cut while this drops its pages: code that looks for pages to drop
 * must find none of scriptfs.
 */
static void *forgetter(void *arg)
{
	struct thief *t = arg;

	while (!__atomic_load_n(&t->stop, __ATOMIC_RELAXED)) {
		CHECK_EQ(posix_fadvise(t->fd, 0, 0, POSIX_FADV_DONTNEED), 0);
		if (t->done++ % 256 == 0)
			write_text("/proc/sys/vm/drop_caches", "1");
	}
	return NULL;
}

static void dropped_caches(void)
{
	struct thief t = { .fd = xopen("f", O_RDWR | O_CREAT) };
	unsigned char *map = map_file(t.fd, FUSE_FILE_SIZE);
	unsigned long round;
	pthread_t thread;

	CHECK_EQ(pthread_create(&thread, NULL, forgetter, &t), 0);
	for (round = 0; round < scaled(1000); round++) {
		CHECK_OK(ftruncate(t.fd, FUSE_FILE_SIZE));
		fill(map, FUSE_FILE_SIZE, 0, round);
		CHECK_OK(madvise(map, FUSE_FILE_SIZE, MADV_DONTNEED));
		if (round % 16 == 0)
			check_fill(map, FUSE_FILE_SIZE, 0, round);
		if (round % 16 == 1)
			check_file(t.fd, 0, FUSE_FILE_SIZE, round);
		CHECK_OK(ftruncate(t.fd, round % 3 ? 0 : KiB(33)));
	}
	__atomic_store_n(&t.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	munmap(map, FUSE_FILE_SIZE);
}

static const struct test tests[] = {
	{ "dropped_caches", dropped_caches, ANY_POOL, 0 },
	{ "from_kept", from_kept, ANY_POOL, 0 },
	{ "from_rewritten", from_rewritten, ANY_POOL, 0 },
	{ "from_truncated", from_truncated, ANY_POOL, 0 },
	{ "from_punched", from_punched, ANY_POOL, 0 },
	{ "from_replaced", from_replaced, ANY_POOL, 0 },
	{ "from_removed", from_removed, SMALL_POOL, 0 },
	{ "gifts_of_removed", gifts_of_removed, SMALL_POOL, 0 },
	{ "to_virtio_port", to_virtio_port, SMALL_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
