// SPDX-License-Identifier: GPL-2.0-only
/*
 * No user can make others wait for something that only that user can end. A user who may only read
 * a file reads it into memory that is never supplied, or writes from such memory to a file that it
 * owns; other processes that write, cut or remove the file must get on, and so must a real-time
 * task while the file system works through something large.
 */
#include "fallocate.h"
#include "outside.h"

#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <time.h>

/* In seconds; nothing here takes so long, on any machine. */
#define HANGS_AFTER	20

#define FILE_SIZE	MiB(1)

/* The size of a segment; much_memory() has up to half a gigabyte of them for one call. */
#define PIECE		MiB(1)

/* Does @pid soon end by itself? The caller must not have done what would let it go on. */
static bool ends(pid_t pid, int *status)
{
	unsigned int tries;

	for (tries = 0; tries < HANGS_AFTER * 100; tries++) {
		if (CHECK_OK(waitpid(pid, status, WNOHANG)) == pid)
			return true;
		usleep(10000);
	}
	return false;
}

/**
 * struct reader - a user who reads into memory that is never supplied
 * @name:	name of the way it reads, for messages
 * @read:	read "f", opened as @fd
 * @fd:		the file
 * @stall:	the memory
 * @ready:	a pipe that tells when it waits
 */
struct reader {
	const char	*name;
	void		(*read)(struct reader *r);
	int		fd;
	struct stall	stall;
	int		ready[2];
};

static void read_long(struct reader *r)
{
	pread(r->fd, r->stall.mem, r->stall.len, 0);
}

static void read_short(struct reader *r)
{
	pread(r->fd, r->stall.mem, KiB(8), 100);
}

static void read_hole(struct reader *r)
{
	pread(r->fd, r->stall.mem, r->stall.len, FILE_SIZE);
}

/* There is memory for the first bytes. */
static void read_parts(struct reader *r)
{
	char *room = xmalloc(KiB(64));
	struct iovec iov[] = {
		{ .iov_base = room, .iov_len = KiB(64) },
		{ .iov_base = r->stall.mem, .iov_len = r->stall.len },
	};

	preadv(r->fd, iov, 2, 50);
}

static void *wait_for_fault(void *arg)
{
	struct reader *r = arg;

	if (stall_reached(&r->stall, HANGS_AFTER * 1000))
		CHECK_EQ(write(r->ready[1], "", 1), 1);
	return NULL;
}

static void run_reader(void *arg)
{
	struct reader *r = arg;
	pthread_t thread;

	CHECK_OK(setgid(1000));
	CHECK_OK(setuid(1000));
	stall_begin(&r->stall, KiB(256));
	CHECK_EQ(pthread_create(&thread, NULL, wait_for_fault, r), 0);
	r->fd = xopen("f", O_RDONLY);
	r->read(r);
	/* The memory was never supplied. */
	fail("a call on missing memory has returned");
}

/* All that others may do to a file while it is being read. */
static void use_file(void *arg)
{
	int fd = xopen("f", O_RDWR);
	struct stat st;

	(void)arg;
	CHECK_OK(fstat(fd, &st));
	write_file(fd, 0, KiB(100), 2);
	check_file(fd, 0, KiB(100), 2);
	write_file(fd, FILE_SIZE + KiB(512), KiB(100), 2);
	CHECK_OK(ftruncate(fd, FILE_SIZE / 2));
	CHECK_OK(fallocate(fd, PUNCH, 0, KiB(64)));
	CHECK_OK(fchmod(fd, 0644));
	close(xopen("f", O_WRONLY | O_TRUNC));
	write_file(fd, 0, KiB(300), 3);
	CHECK_OK(link("f", "g"));
	CHECK_OK(rename("g", "h"));
	CHECK_OK(unlink("h"));
	close(fd);
	CHECK_OK(unlink("f"));
	check_balance(".");
}

static void make_file(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);

	CHECK_OK(chmod(".", 0777));
	CHECK_OK(fchmod(fd, 0644));
	write_file(fd, 0, FILE_SIZE, 1);
	CHECK_OK(ftruncate(fd, FILE_SIZE + MiB(1)));
	close(fd);
}

static void others_beside(struct reader *r)
{
	pid_t reader, user;
	bool done;
	int status;
	char byte;

	make_file();
	CHECK_OK(pipe2(r->ready, O_CLOEXEC));
	reader = start(run_reader, r);
	close(r->ready[1]);
	if (read(r->ready[0], &byte, 1) != 1)
		finish(reader);
	user = start(use_file, NULL);
	done = ends(user, &status);
	/* The missing memory goes with the process that had it. */
	kill(reader, SIGKILL);
	if (!ends(reader, &(int){ 0 }))
		fail("%s: the reader cannot be killed", r->name);
	if (!done) {
		ends(user, &status);
		fail("%s: others waited until the reader was killed", r->name);
	}
	CHECK_EQ(status, 0);
	close(r->ready[0]);
	check_settled(".");
}

static void reader_of_much(void)
{
	others_beside(&(struct reader){ .name = "long read", .read = read_long });
}

static void reader_of_little(void)
{
	others_beside(&(struct reader){ .name = "short read", .read = read_short });
}

static void reader_of_hole(void)
{
	others_beside(&(struct reader){ .name = "read of a hole", .read = read_hole });
}

static void reader_of_parts(void)
{
	others_beside(&(struct reader){ .name = "read in parts", .read = read_parts });
}

/* Into a pipe that is never emptied. */
static void splice_to_full_pipe(struct reader *r)
{
	loff_t at = 0;
	int pipes[2];

	CHECK_OK(pipe2(pipes, O_CLOEXEC));
	while (splice(r->fd, &at, pipes[1], NULL, KiB(64), SPLICE_F_NONBLOCK) > 0)
		;
	CHECK_EQ(write(r->ready[1], "", 1), 1);
	for (;;) {
		at = 0;
		splice(r->fd, &at, pipes[1], NULL, KiB(64), 0);
	}
}

static void reader_by_splice(void)
{
	others_beside(&(struct reader){ .name = "splice", .read = splice_to_full_pipe });
}

static void send_to_full_socket(struct reader *r)
{
	off_t at = 0;
	int pair[2];

	socket_pair(pair);
	CHECK_OK(fcntl(pair[0], F_SETFL, O_NONBLOCK));
	while (sendfile(pair[0], r->fd, &at, KiB(64)) > 0)
		at = 0;
	CHECK_OK(fcntl(pair[0], F_SETFL, 0));
	CHECK_EQ(write(r->ready[1], "", 1), 1);
	for (;;) {
		at = 0;
		sendfile(pair[0], r->fd, &at, KiB(64));
	}
}

static void reader_by_sendfile(void)
{
	others_beside(&(struct reader){ .name = "sendfile", .read = send_to_full_socket });
}

/* A write from missing memory must not block readers; that others can write goes beyond that. */
static void write_from_nothing(struct reader *r)
{
	char *there = xmalloc(KiB(40));
	struct iovec iov[] = {
		{ .iov_base = there, .iov_len = KiB(40) },
		{ .iov_base = r->stall.mem, .iov_len = r->stall.len },
	};

	close(r->fd);
	r->fd = xopen("f", O_WRONLY);
	pwritev(r->fd, iov, 2, 0);
}

static void write_end_from_nothing(struct reader *r)
{
	close(r->fd);
	r->fd = xopen("f", O_WRONLY);
	pwrite(r->fd, r->stall.mem, r->stall.len, FILE_SIZE + KiB(100));
}

static void only_read(void *arg)
{
	int fd = xopen("f", O_RDONLY), other = xopen("other", O_RDWR | O_CREAT);
	unsigned char *buf = xmalloc(FILE_SIZE), byte;
	unsigned char *map = mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	loff_t at = KiB(512);
	int pipes[2];

	(void)arg;
	pread_full(fd, buf, FILE_SIZE, 0);
	check_fill(buf + KiB(512), FILE_SIZE - KiB(512), KiB(512), 1);
	pread_full(fd, buf, KiB(16), KiB(600));
	check_fill(buf, KiB(16), KiB(600), 1);
	CHECK(try_read(map + KiB(700), &byte));
	make_pipe(pipes);
	CHECK_CMP(splice(fd, &at, pipes[1], NULL, KiB(64), 0), >, 0);
	/* On tmpfs, this waits for writers. */
	if (on_scriptfs())
		CHECK_EQ(lseek(fd, 0, SEEK_DATA), 0);
	write_file(other, 0, MiB(1), 1);
	check_file(other, 0, MiB(1), 1);
	stat_of("f");
	free(buf);
}

static void beside_writer(struct reader *r, void (*run)(void *arg))
{
	pid_t writer, user;
	int status;
	char byte;
	bool done;

	make_file();
	CHECK_OK(chmod("f", 0666));
	CHECK_OK(pipe2(r->ready, O_CLOEXEC));
	writer = start(run_reader, r);
	close(r->ready[1]);
	if (read(r->ready[0], &byte, 1) != 1)
		finish(writer);
	user = start(run, NULL);
	done = ends(user, &status);
	kill(writer, SIGKILL);
	if (!ends(writer, &(int){ 0 }))
		fail("%s: the writer cannot be killed", r->name);
	if (!done) {
		ends(user, &status);
		fail("%s: others waited until the writer was killed", r->name);
	}
	CHECK_EQ(status, 0);
	close(r->ready[0]);
}

static void readers_beside_writer(void)
{
	beside_writer(&(struct reader){ .name = "write", .read = write_from_nothing }, only_read);
}

static void readers_beside_growing(void)
{
	beside_writer(&(struct reader){ .name = "write", .read = write_end_from_nothing },
		      only_read);
}

static void all_beside_writer(void)
{
	beside_writer(&(struct reader){ .name = "write", .read = write_from_nothing }, use_file);
}

static void all_beside_growing(void)
{
	beside_writer(&(struct reader){ .name = "write", .read = write_end_from_nothing },
		      use_file);
}

/**
 * struct ticker - a real-time task that wants the processor a thousand times a second
 * @stop:	set to end it
 * @worst:	the longest that it had to wait for it, in nanoseconds
 */
struct ticker {
	bool	stop;
	long	worst;
};

static long nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000L + now.tv_nsec;
}

static void *tick(void *arg)
{
	struct sched_param param = { .sched_priority = 50 };
	struct ticker *t = arg;

	run_on(0);
	CHECK_OK(sched_setscheduler(0, SCHED_FIFO, &param));
	while (!__atomic_load_n(&t->stop, __ATOMIC_RELAXED)) {
		long late = nanoseconds();

		usleep(1000);
		late = nanoseconds() - late - 1000000;
		if (late > t->worst)
			t->worst = late;
	}
	return NULL;
}

static long switches(void)
{
	struct rusage usage;

	CHECK_OK(getrusage(RUSAGE_THREAD, &usage));
	return usage.ru_nivcsw;
}

/* Long work must let others run; how often is not specified. */
static void let_run(const char *name, void (*work)(int fd, size_t size), int fd, size_t size)
{
	struct ticker t = { 0 };
	long began, before, took;
	pthread_t thread;

	run_on(0);
	CHECK_EQ(pthread_create(&thread, NULL, tick, &t), 0);
	usleep(5000);
	t.worst = 0;
	before = switches();
	began = nanoseconds();
	work(fd, size);
	took = nanoseconds() - began;
	before = switches() - before;
	__atomic_store_n(&t.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	note("%s: %ld us, let others run %ld times, kept a real-time task waiting for %ld us", name,
	     took / 1000, before, t.worst / 1000);
	if (took > 200000000)
		CHECK_CMP(before, >=, 4);
}

/* The same memory many times over. */
static const struct iovec *much_memory(size_t size)
{
	static struct iovec iov[512];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(iov); i++)
		iov[i] = (struct iovec){
			.iov_base = i ? iov[0].iov_base : memset(xmalloc(PIECE), 1, PIECE),
			.iov_len = PIECE,
		};
	CHECK_CMP(size / PIECE, <=, ARRAY_SIZE(iov));
	return iov;
}

static void read_all(int fd, size_t size)
{
	CHECK_EQ(preadv(fd, much_memory(size), size / PIECE, 0), size);
}

static void write_all_of_it(int fd, size_t size)
{
	CHECK_EQ(pwritev(fd, much_memory(size), size / PIECE, 0), size);
}

static void allocate_all(int fd, size_t size)
{
	CHECK_OK(fallocate(fd, 0, 0, size));
}

static void zero_all(int fd, size_t size)
{
	change(fd, ZERO, 0, size);
}

static void punch_all(int fd, size_t size)
{
	CHECK_OK(fallocate(fd, PUNCH, 0, size));
}

static void seek_all(int fd, size_t size)
{
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), size);
}

static void cut_all(int fd, size_t size)
{
	(void)size;
	CHECK_OK(ftruncate(fd, 0));
}

static void close_all(int fd, size_t size)
{
	(void)size;
	CHECK_OK(close(fd));
}

/* Blocks that are far from each other: each has a path of its own through the block map. */
static void sparse_file(void)
{
	int fd = xopen(".", O_TMPFILE | O_RDWR);
	loff_t n, nr = scaled(8000);

	for (n = 0; n < nr; n++)
		CHECK_EQ(pwrite(fd, "x", 1, n << 48), 1);
	let_run("last close of a sparse file", close_all, fd, 0);
}

/* A file of as many pieces as it has pages: each came when those beside it were not there. */
static int pages_alone(size_t size)
{
	int fd = xopen(".", O_TMPFILE | O_RDWR);
	loff_t at;

	CHECK_OK(ftruncate(fd, size));
	for (at = 0; at < (loff_t)size; at += 2 * PAGE)
		CHECK_EQ(pwrite(fd, "x", 1, at), 1);
	for (at = PAGE; at < (loff_t)size; at += 2 * PAGE)
		CHECK_EQ(pwrite(fd, "x", 1, at), 1);
	return fd;
}

static void file_of_pages(void)
{
	size_t size = debug_kernel() ? MiB(16) : MiB(64);
	int fd = pages_alone(size);

	let_run("read of single pages", read_all, fd, size);
	let_run("write of single pages", write_all_of_it, fd, size);
	let_run("seek in single pages", seek_all, fd, size);
	let_run("zero single pages", zero_all, fd, size);
	let_run("punch of single pages", punch_all, fd, size);
	let_run("last close", close_all, fd, size);
	fd = pages_alone(size);
	let_run("cut of single pages", cut_all, fd, size);
	close(fd);
	fd = pages_alone(size);
	let_run("last close of single pages", close_all, fd, size);
	check_settled(".");
}

static void realtime_task(void)
{
	size_t size = debug_kernel() ? MiB(64) : MiB(256);
	int fd = xopen(".", O_TMPFILE | O_RDWR);

	CHECK_OK(ftruncate(fd, MiB(512)));
	let_run("read of a hole", read_all, fd, MiB(512));
	CHECK_OK(ftruncate(fd, size));
	let_run("allocate", allocate_all, fd, size);
	let_run("read of unwritten blocks", read_all, fd, size);
	let_run("write", write_all_of_it, fd, size);
	let_run("read", read_all, fd, size);
	let_run("seek", seek_all, fd, size);
	let_run("zero", zero_all, fd, size);
	let_run("punch", punch_all, fd, size);
	let_run("allocate", allocate_all, fd, size);
	let_run("cut", cut_all, fd, size);
	CHECK_OK(ftruncate(fd, size));
	let_run("allocate", allocate_all, fd, size);
	let_run("last close", close_all, fd, size);
}

#define MANY_POEMS	"poem=8300,class=poem,size=260M,copy=cached"

static const struct test tests[] = {
	{ "reader_of_much", reader_of_much, ANY_POOL, 0 },
	{ "reader_of_little", reader_of_little, ANY_POOL, 0 },
	{ "reader_of_hole", reader_of_hole, ANY_POOL, 0 },
	{ "reader_of_parts", reader_of_parts, ANY_POOL, 0 },
	{ "reader_by_splice", reader_by_splice, ANY_POOL, 0 },
	{ "reader_by_sendfile", reader_by_sendfile, ANY_POOL, 0 },
	{ "readers_beside_writer", readers_beside_writer, ANY_POOL, 0 },
	{ "readers_beside_growing", readers_beside_growing, ANY_POOL, 0 },
	{ "all_beside_writer", all_beside_writer, ANY_POOL, T_BLOCK },
	{ "all_beside_growing", all_beside_growing, ANY_POOL, T_BLOCK },
	{ "realtime_task", realtime_task, MANY_POEMS, 0 },
	{ "sparse_file", sparse_file, MANY_POEMS, 0 },
	{ "file_of_pages", file_of_pages, "large=36,strict,size=72M", 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
