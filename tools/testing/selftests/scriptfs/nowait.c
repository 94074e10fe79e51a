// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads and writes that are not to wait (RWF_NOWAIT, io_uring): they are done at once, or end with
 * EAGAIN, and nothing is lost either way.
 */
#include "outside.h"
#include "uring.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/utsname.h>

static ssize_t read_now(int fd, void *buf, size_t len, off_t offset)
{
	struct iovec iov = { buf, len };

	return preadv2(fd, &iov, 1, offset, RWF_NOWAIT);
}

/* At the position of the file with an @offset of -1. */
static ssize_t write_now(int fd, const void *buf, size_t len, off_t offset)
{
	struct iovec iov = { (void *)buf, len };

	return pwritev2(fd, &iov, 1, offset, RWF_NOWAIT);
}

/* How often this thread has gone to sleep. */
static long sleeps(void)
{
	struct rusage usage;

	CHECK_OK(getrusage(RUSAGE_THREAD, &usage));
	return usage.ru_nvcsw;
}

static void idle_file(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	char *buf = xmalloc(MiB(4)), *got = xmalloc(MiB(4));
	static const size_t sizes[] = { 1, 100, PAGE, KiB(32), KiB(33), MiB(4) };
	long before;
	unsigned int i;

	fill(buf, MiB(4), 0, 1);
	memset(got, 0, MiB(4));
	before = sleeps();
	CHECK_EQ(read_now(fd, got, 100, 0), 0);
	/* A new file grows, is written over, and grows beyond a hole. */
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		CHECK_EQ(write_now(fd, buf, sizes[i], 0), sizes[i]);
		CHECK_EQ(write_now(fd, buf, sizes[i], 0), sizes[i]);
		CHECK_EQ(read_now(fd, got, sizes[i], 0), sizes[i]);
		check_fill(got, sizes[i], 0, 1);
	}
	CHECK_EQ(write_now(fd, "end", 3, MiB(5) + 7), 3);
	CHECK_EQ(write_now(fd, "end", 3, MiB(6) + 7), 3);
	CHECK_EQ(read_now(fd, got, MiB(4), MiB(3)), MiB(3) + 10);
	CHECK_EQ(sleeps(), before);
	check_fill(got, MiB(1), MiB(3), 1);
	check_bytes((unsigned char *)got + MiB(1), MiB(1) + 7, 0);
	check_zero(fd, MiB(5) + 10, MiB(1) - 3);
	CHECK_EQ(file_size(fd), MiB(6) + 10);
	free(got);
	free(buf);
}

/**
 * struct writer - a thread that writes all of a file again and again, one byte at a time in turn
 * @fd:		the file
 * @stop:	set to end it
 */
struct writer {
	int		fd;
	bool		stop;
};

#define WRITTEN	MiB(16)

static void *write_on(void *arg)
{
	struct writer *w = arg;
	char *buf = xmalloc(WRITTEN);
	unsigned int n;

	for (n = 0; !__atomic_load_n(&w->stop, __ATOMIC_RELAXED); n++) {
		memset(buf, 'a' + n % 26, WRITTEN);
		pwrite_full(w->fd, buf, WRITTEN, 0);
	}
	free(buf);
	return NULL;
}

static pthread_t write_begin(struct writer *w)
{
	pthread_t thread;

	CHECK_OK(ftruncate(w->fd, WRITTEN));
	CHECK_EQ(pthread_create(&thread, NULL, write_on, w), 0);
	return thread;
}

static void write_end(struct writer *w, pthread_t thread)
{
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

/* While a task writes, others are told to come again, and what they do get is right. */
static void beside_writer(void)
{
	struct writer w = { .fd = xopen("f", O_RDWR | O_CREAT) };
	unsigned long reads = 0, writes = 0, no_reads = 0, no_writes = 0, n;
	char *buf = xmalloc(KiB(256));
	pthread_t thread;
	long before;

	memset(buf, 0, KiB(256));
	thread = write_begin(&w);
	before = sleeps();
	for (n = 0; !reads || !writes || !no_reads || !no_writes; n++) {
		size_t len = n % 2 ? KiB(256) : KiB(4);
		ssize_t done = read_now(w.fd, buf, len, MiB(3) + 5);

		if (done < 0) {
			CHECK_EQ(errno, EAGAIN);
			no_reads++;
		} else {
			CHECK_EQ(done, len);
			check_bytes((unsigned char *)buf, len, buf[0]);
			reads++;
		}
		done = write_now(w.fd, &n, sizeof(n), WRITTEN + writes * sizeof(n));
		if (done < 0) {
			CHECK_EQ(errno, EAGAIN);
			no_writes++;
		} else {
			CHECK_EQ(done, sizeof(n));
			writes++;
		}
	}
	CHECK_EQ(sleeps(), before);
	write_end(&w, thread);
	CHECK_EQ(file_size(w.fd), WRITTEN + writes * sizeof(n));
	note("%lu reads and %lu writes at once, %lu and %lu not", reads, writes, no_reads,
	     no_writes);
	free(buf);
}

#define APPENDERS	3

/* How a record of an appended file begins; up to its length, bytes with the value of nr follow. */
struct record {
	unsigned int	who, nr, len;
};

struct appender {
	pthread_t	thread;
	unsigned int	who, nr;
	unsigned long	again;
};

#define RECORD_MAX	KiB(40)

static void *append(void *arg)
{
	int fd = xopen("f", O_WRONLY | O_APPEND);
	struct appender *a = arg;
	unsigned char *buf = xmalloc(RECORD_MAX);
	u64 state = a->who;
	unsigned int n;

	for (n = 0; n < a->nr; n++) {
		struct record *r = (struct record *)buf;
		size_t len = sizeof(*r) + rnd(&state) % (n % 8 ? 200 : RECORD_MAX - sizeof(*r));
		ssize_t done;

		memset(buf, n, len);
		*r = (struct record){ a->who, n, len };
		done = write_now(fd, buf, len, -1);
		if (done < 0) {
			CHECK_EQ(errno, EAGAIN);
			a->again++;
			done = write(fd, buf, len);
		}
		CHECK_EQ(done, len);
	}
	close(fd);
	free(buf);
	return NULL;
}

/* Each record is in the file once, whole, and in the order in which its task wrote it. */
static void check_records(int fd, unsigned int nr)
{
	unsigned char *buf = xmalloc(RECORD_MAX);
	unsigned int next[APPENDERS] = { 0 }, i;
	off_t at, size = file_size(fd);
	struct record r;

	for (at = 0; at < size; at += r.len) {
		pread_full(fd, &r, sizeof(r), at);
		CHECK_CMP(r.who, <, APPENDERS);
		CHECK_EQ(r.nr, next[r.who]++);
		CHECK_CMP(r.len, <=, RECORD_MAX);
		pread_full(fd, buf, r.len, at);
		check_bytes(buf + sizeof(r), r.len - sizeof(r), r.nr);
	}
	for (i = 0; i < APPENDERS; i++)
		CHECK_EQ(next[i], nr);
	free(buf);
}

static void appended(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	struct appender a[APPENDERS];
	unsigned int i, nr = scaled(1500);
	unsigned long again = 0;

	for (i = 0; i < APPENDERS; i++) {
		a[i] = (struct appender){ .who = i, .nr = nr };
		CHECK_EQ(pthread_create(&a[i].thread, NULL, append, &a[i]), 0);
	}
	for (i = 0; i < APPENDERS; i++) {
		pthread_join(a[i].thread, NULL);
		again += a[i].again;
	}
	check_records(fd, nr);
	note("%u records, %lu at the second attempt", nr * APPENDERS, again);
}

/* Idle memory is used up, and no other is taken. */
static void no_memory(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), log;
	char *buf = xmalloc(KiB(128));

	fill(buf, KiB(128), 0, 1);
	/* Not a part of it, and nothing of that part stays. */
	CHECK_ERR(write_now(fd, buf, KiB(128), 0), EAGAIN);
	CHECK_EQ(file_size(fd), 0);
	CHECK_OK(ftruncate(fd, KiB(128)));
	check_zero(fd, 0, KiB(128));
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(write_now(fd, buf, KiB(64), 0), KiB(64));
	/* The first half is there already: what was written over counts. */
	fill(buf, KiB(128), 0, 2);
	CHECK_EQ(write_now(fd, buf, KiB(128), 0), KiB(64));
	CHECK_EQ(file_size(fd), KiB(64));
	check_file(fd, 0, KiB(64), 2);
	fill(buf, KiB(128), 0, 1);
	CHECK_EQ(write_now(fd, buf, KiB(128), 0), KiB(64));
	CHECK_ERR(write_now(fd, buf, KiB(64), KiB(64)), EAGAIN);
	CHECK_ERR(pwrite(fd, buf, KiB(64), KiB(64)), ENOSPC);
	CHECK_EQ(file_size(fd), KiB(64));
	check_file(fd, 0, KiB(64), 1);
	/* What needs none goes on. */
	CHECK_EQ(write_now(fd, buf + 1, KiB(64) - 1, 1), KiB(64) - 1);
	check_file(fd, 0, KiB(64), 1);
	CHECK_OK(ftruncate(fd, 0));

	/* What is appended is not torn. */
	log = xopen("f", O_WRONLY | O_APPEND);
	CHECK_ERR(write_now(log, buf, KiB(128), -1), EAGAIN);
	CHECK_EQ(file_size(fd), 0);
	CHECK_EQ(write_now(log, buf, 100, -1), 100);
	CHECK_OK(ftruncate(fd, KiB(128)));
	check_file(fd, 0, 100, 1);
	check_zero(fd, 100, KiB(128) - 100);
	close(log);
	free(buf);
}

static void no_surplus(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	char *buf = xmalloc(KiB(64));

	fill(buf, KiB(64), 0, 1);
	CHECK_EQ(write_now(fd, buf, KiB(64), 0), KiB(64));
	fill(buf, KiB(64), KiB(64), 1);
	CHECK_ERR(write_now(fd, buf, KiB(64), KiB(64)), EAGAIN);
	CHECK_EQ(counter(NULL, "surplus"), 0);
	CHECK_EQ(pwrite(fd, buf, KiB(64), KiB(64)), KiB(64));
	CHECK_CMP(counter(NULL, "surplus"), >, 0);
	CHECK_EQ(write_now(fd, buf, KiB(64), KiB(64)), KiB(64));
	check_file(fd, 0, KiB(128), 1);
}

struct stalled {
	struct stall	stall;
	int		fd;
	bool		writes;
	ssize_t		done;
};

static void *wait_for_own_memory(void *arg)
{
	struct stalled *s = arg;

	if (s->writes)
		s->done = write_now(s->fd, s->stall.mem, s->stall.len, 0);
	else
		s->done = read_now(s->fd, s->stall.mem, s->stall.len, 0);
	return NULL;
}

/* Memory of the caller that is missing is not the file's affair: it keeps nobody else from it. */
static void own_memory(void)
{
	struct stalled s = { .fd = xopen("f", O_RDWR | O_CREAT) };
	char *buf = xmalloc(KiB(64)), byte;
	pthread_t thread;
	unsigned int i;

	fill(buf, KiB(64), 0, 1);
	for (i = 0; i < 2; i++) {
		s.writes = i;
		pwrite_full(s.fd, buf, KiB(64), 0);
		stall_begin(&s.stall, KiB(64));
		CHECK_EQ(pthread_create(&thread, NULL, wait_for_own_memory, &s), 0);
		CHECK(stall_reached(&s.stall, 20000));
		CHECK_EQ(read_now(s.fd, &byte, 1, 1000), 1);
		CHECK_EQ(write_now(s.fd, &byte, 1, 1000), 1);
		fill(buf, KiB(64), 0, 1 + i);
		stall_give(&s.stall, buf);
		pthread_join(thread, NULL);
		CHECK_EQ(s.done, KiB(64));
		check_fill(s.stall.mem, KiB(64), 0, 1 + i);
		check_file(s.fd, 0, KiB(64), 1 + i);
		stall_end(&s.stall);
	}
	free(buf);
}

/* To take such a mode away is left to a task that may wait. */
static void set_uid(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, 100, 1);
	CHECK_OK(fchmod(fd, 04755));
	CHECK_ERR(write_now(fd, "x", 1, 0), EAGAIN);
	check_file(fd, 0, 100, 1);
	CHECK_EQ(stat_of("f").st_mode & 07777, 04755);
	CHECK_OK(fchmod(fd, 0755));
	CHECK_EQ(write_now(fd, "x", 1, 0), 1);
}

/* Page by page there is more to wait for: it is not offered, and not done if it once was. */
static void page_by_page(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), before;
	char byte = 'x';

	CHECK_ERR(write_now(fd, &byte, 1, 0), EOPNOTSUPP);
	CHECK_ERR(read_now(fd, &byte, 1, 0), EOPNOTSUPP);
	CHECK_OK(mount(NULL, ".", NULL, MS_REMOUNT, "io=block"));
	before = xopen("f", O_RDWR);
	CHECK_EQ(write_now(before, &byte, 1, 0), 1);
	CHECK_EQ(read_now(before, &byte, 1, 0), 1);
	CHECK_OK(mount(NULL, ".", NULL, MS_REMOUNT, "io=page"));
	CHECK_ERR(write_now(before, &byte, 1, 0), EAGAIN);
	CHECK_ERR(read_now(before, &byte, 1, 0), EAGAIN);
	CHECK_EQ(pwrite(before, &byte, 1, 0), 1);
}

/* How many threads this process has, those that work for io_uring among them. */
static unsigned int threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	unsigned int nr = 0;

	CHECK(dir);
	while (readdir(dir))
		nr++;
	closedir(dir);
	return nr;
}

static bool writes_have_workers(void)
{
	struct utsname uts;

	CHECK_OK(uname(&uts));
	return strtoul(uts.release, NULL, 10) < 6;
}

/* io_uring does it itself: no worker comes into being. Page by page one does. */
static void no_worker(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), direct = xopen("f", O_RDWR | O_DIRECT);
	char *buf = xmalloc(KiB(256));
	unsigned int before;
	struct uring u;

	fill(buf, KiB(256), 0, 1);
	CHECK(uring_begin(&u, buf, KiB(256)));
	before = threads();
	CHECK_EQ(uring_write(&u, direct, KiB(256), 0), KiB(256));
	CHECK_EQ(uring_write(&u, direct, KiB(256), 0), KiB(256));
	if (!writes_have_workers())
		CHECK_EQ(uring_write(&u, fd, KiB(256), 0), KiB(256));
	memset(buf, 0, KiB(256));
	CHECK_EQ(uring_read(&u, fd, KiB(256), 0), KiB(256));
	check_fill(buf, KiB(256), 0, 1);
	CHECK_EQ(uring_read(&u, direct, 1000, 1), 1000);
	check_fill(buf, 1000, 1, 1);
	if (io_block())
		CHECK_EQ(threads(), before);
	else
		CHECK_CMP(threads(), >, before);
	CHECK_EQ(uring_write(&u, fd, 1000, 1), 1000);
	check_file(fd, 0, KiB(256), 1);
	uring_end(&u);
	close(direct);
	free(buf);
}

/* Beside a task that writes, a worker has to wait in its place, and the request is done as well. */
static void worker_waits(void)
{
	struct writer w = { .fd = xopen("f", O_RDWR | O_CREAT) };
	int direct = xopen("f", O_RDWR | O_DIRECT);
	unsigned long n, nr = scaled(1000);
	char *buf = xmalloc(KiB(64));
	pthread_t thread;
	struct uring u;

	CHECK(uring_begin(&u, buf, KiB(64)));
	thread = write_begin(&w);
	for (n = 0; n < nr; n++) {
		size_t len = 1 + n * 67 % KiB(64);

		memset(buf, n, len);
		CHECK_EQ(uring_write(&u, direct, len, WRITTEN), len);
		CHECK_EQ(uring_read(&u, direct, len, MiB(7) + 3), len);
		if (io_block())
			check_bytes((unsigned char *)buf, len, buf[0]);
		CHECK_EQ(uring_read(&u, direct, len, WRITTEN), len);
		check_bytes((unsigned char *)buf, len, n);
	}
	write_end(&w, thread);
	uring_end(&u);
	close(direct);
	free(buf);
}

static const struct test tests[] = {
	{ "idle_file", idle_file, ANY_POOL, T_SCRIPTFS | T_BLOCK },
	{ "beside_writer", beside_writer, ANY_POOL, T_SCRIPTFS | T_BLOCK },
	{ "appended", appended, "large=32,strict,size=64M", T_SCRIPTFS | T_BLOCK },
	{ "no_memory", no_memory, "poem=2,strict", T_SCRIPTFS | T_BLOCK },
	{ "no_surplus", no_surplus, "poem=2,size=1M", T_SCRIPTFS | T_BLOCK },
	{ "own_memory", own_memory, ANY_POOL, T_SCRIPTFS | T_BLOCK },
	{ "set_uid", set_uid, ANY_POOL, T_SCRIPTFS | T_BLOCK },
	{ "page_by_page", page_by_page, ANY_POOL ",io=page", T_SCRIPTFS },
	{ "no_worker", no_worker, ANY_POOL, T_SCRIPTFS },
	{ "worker_waits", worker_waits, ANY_POOL, T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
