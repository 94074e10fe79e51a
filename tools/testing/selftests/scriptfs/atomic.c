// SPDX-License-Identifier: GPL-2.0-only
/*
 * A real-time task cuts a file that other tasks on the same processor read. A change waits for
 * readers that hold no lock, and would wait for ever if one of them slept meanwhile: for want of a
 * page for a pipe, say. The tests read into every kind of destination. What arrives there must be
 * the file's, and no other file may get a block that is still being read.
 */
#include "outside.h"
#include "uring.h"

#include <sched.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#define FILE_SIZE	KiB(128)
#define SEED		1

/* Reads of up to this length take no lock. */
#define MOST		KiB(32)

#define RT_LIMIT	"/proc/sys/kernel/sched_rt_runtime_us"

/**
 * struct shared - what the threads share
 * @fd:		the file
 * @stop:	tells the threads to end
 * @cuts:	how often the file was cut
 * @reads:	how many reads found something in it
 * @read:	reads the file
 */
struct shared {
	int		fd;
	bool		stop;
	unsigned long	cuts;
	unsigned long	reads;
	ssize_t		(*read)(struct shared *s, unsigned char *buf, size_t len, off_t at);
};

static ssize_t by_read(struct shared *s, unsigned char *buf, size_t len, off_t at)
{
	return pread(s->fd, buf, len, at);
}

/* Take @len bytes, which must be there already, out of a pipe or a socket. */
static ssize_t take(int from, unsigned char *buf, ssize_t len)
{
	if (len > 0)
		read_pipe(from, buf, len);
	return len;
}

static ssize_t by_splice(struct shared *s, unsigned char *buf, size_t len, off_t at)
{
	static __thread int pipes[2];

	if (!pipes[1])
		make_pipe(pipes);
	return take(pipes[0], buf, splice(s->fd, &at, pipes[1], NULL, len, 0));
}

static ssize_t by_sendfile(struct shared *s, unsigned char *buf, size_t len, off_t at)
{
	static __thread int pair[2];

	if (!pair[1])
		socket_pair(pair);
	return take(pair[1], buf, sendfile(pair[0], s->fd, &at, len));
}

static ssize_t by_copy(struct shared *s, unsigned char *buf, size_t len, off_t at)
{
	static __thread int other;
	ssize_t got;
	loff_t to = 0;

	if (!other)
		other = xopen(".", O_TMPFILE | O_RDWR);
	CHECK_OK(ftruncate(other, 0));
	got = copy_file_range(s->fd, &at, other, &to, len, 0);
	if (got > 0)
		pread_full(other, buf, got, 0);
	return got;
}

static ssize_t by_uring(struct shared *s, unsigned char *buf, size_t len, off_t at)
{
	static __thread struct uring ring;

	if (!ring.fd)
		CHECK(uring_begin(&ring, xmalloc(MOST), MOST));
	len = uring_read(&ring, s->fd, len, at);
	if ((ssize_t)len > 0)
		memcpy(buf, ring.buf, len);
	return len;
}

/* Into memory that is not there yet, so that its page faults want to sleep. */
static ssize_t by_fault(struct shared *s, unsigned char *buf, size_t len, off_t at)
{
	unsigned char *fresh = mmap(NULL, MOST, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ssize_t got;

	CHECK(fresh != MAP_FAILED);
	got = pread(s->fd, fresh, len, at);
	if (got > 0)
		memcpy(buf, fresh, got);
	munmap(fresh, MOST);
	return got;
}

/* In pieces: the copy may stop at any of them. */
static ssize_t by_segments(struct shared *s, unsigned char *buf, size_t len, off_t at)
{
	struct iovec iov[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){ buf + i * (len / 64), len / 64 };
	return preadv(s->fd, iov, ARRAY_SIZE(iov), at);
}

static void *reader(void *arg)
{
	struct shared *s = arg;
	unsigned char *buf = xmalloc(MOST), *want = xmalloc(MOST);
	u64 rng = (unsigned long)&rng;

	run_on(0);
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		off_t at = rnd(&rng) % FILE_SIZE;
		ssize_t got = CHECK_OK(s->read(s, buf, 64 + rnd(&rng) % (MOST - 64), at)), i;

		if (got < 0)
			fail("read at %lld: %s", (long long)at, strerror(-got));
		fill(want, got, at, SEED);
		for (i = 0; i < got; i++)
			if (buf[i] && buf[i] != want[i])
				fail("byte %lld is %#x: not the file's", (long long)at + i, buf[i]);
		if (got > 0)
			__atomic_add_fetch(&s->reads, 1, __ATOMIC_RELAXED);
	}
	free(buf);
	free(want);
	return NULL;
}

/* Cuts the file and gives its blocks to another file, which holds POISON. */
static void *cutter(void *arg)
{
	struct sched_param param = { .sched_priority = 10 };
	unsigned char *data = xmalloc(FILE_SIZE), *poison = xmalloc(FILE_SIZE);
	struct shared *s = arg;
	u64 rng = 1;
	int other = xopen(".", O_TMPFILE | O_RDWR);

	run_on(0);
	fill(data, FILE_SIZE, 0, SEED);
	memset(poison, POISON, FILE_SIZE);
	CHECK_OK(sched_setscheduler(0, SCHED_FIFO, &param));
	while (!__atomic_load_n(&s->stop, __ATOMIC_RELAXED)) {
		off_t size = rnd(&rng) % 2 ? 0 : rnd(&rng) % FILE_SIZE;

		CHECK_OK(ftruncate(s->fd, size));
		pwrite_full(other, poison, FILE_SIZE, 0);
		CHECK_OK(ftruncate(other, 0));
		pwrite_full(s->fd, data + size, FILE_SIZE - size, size);
		__atomic_add_fetch(&s->cuts, 1, __ATOMIC_RELAXED);
		/* Let the readers begin, and come back in the middle of a read. */
		usleep(50 + rnd(&rng) % 1000);
	}
	close(other);
	free(data);
	free(poison);
	return NULL;
}

/* Cutter and readers must both make progress. The watcher runs on the other processor. */
static void watch(struct shared *s, unsigned long enough)
{
	unsigned long cuts = 0, reads = 0, still = 0;

	while (cuts < enough || reads < enough) {
		unsigned long now_cuts, now_reads;

		usleep(100000);
		now_cuts = __atomic_load_n(&s->cuts, __ATOMIC_RELAXED);
		now_reads = __atomic_load_n(&s->reads, __ATOMIC_RELAXED);
		still = now_cuts == cuts || now_reads == reads ? still + 1 : 0;
		if (still > 200)
			fail("no progress: %lu cuts, %lu reads", now_cuts, now_reads);
		cuts = now_cuts;
		reads = now_reads;
	}
	note("%lu cuts, %lu reads", cuts, reads);
}

static void run_race(void *arg)
{
	struct shared *s = arg;
	pthread_t threads[3];
	unsigned int i;

	run_on(1);
	s->fd = xopen("f", O_RDWR | O_CREAT);
	CHECK_EQ(pthread_create(&threads[0], NULL, reader, s), 0);
	CHECK_EQ(pthread_create(&threads[1], NULL, reader, s), 0);
	CHECK_EQ(pthread_create(&threads[2], NULL, cutter, s), 0);
	watch(s, scaled(600));
	__atomic_store_n(&s->stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	close(s->fd);
	CHECK_OK(unlink("f"));
}

/* Let real-time tasks have a whole processor, as on a machine that is set up for them. */
static void race(ssize_t (*read)(struct shared *s, unsigned char *buf, size_t len, off_t at))
{
	struct shared s = { .read = read };
	char limit[32];
	int status;
	pid_t pid;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("only one processor");
	CHECK(read_text(RT_LIMIT, limit, sizeof(limit)));
	CHECK(write_text(RT_LIMIT, "-1"));
	run_on(1);
	pid = start(run_race, &s);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(write_text(RT_LIMIT, limit));
	if (!WIFEXITED(status))
		fail("killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
}

static void reads(void)
{
	race(by_read);
}

static void splices(void)
{
	race(by_splice);
}

static void sendfiles(void)
{
	race(by_sendfile);
}

static void copies(void)
{
	race(by_copy);
}

static void registered_buffers(void)
{
	race(by_uring);
}

static void fresh_memory(void)
{
	race(by_fault);
}

static void many_segments(void)
{
	race(by_segments);
}

#define POOL	"poem=32,novel=2,strict"

static const struct test tests[] = {
	{ "reads", reads, POOL, 0 },
	{ "many_segments", many_segments, POOL, 0 },
	{ "fresh_memory", fresh_memory, POOL, 0 },
	{ "splices", splices, POOL, 0 },
	{ "sendfiles", sendfiles, POOL, 0 },
	{ "copies", copies, POOL, 0 },
	{ "registered_buffers", registered_buffers, POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
