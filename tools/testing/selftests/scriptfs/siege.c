// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks are cut, joined and given back to the system while all that may look at them does: readers
 * without a lock, page faults, pipes that hold pages, and those who cut files short.
 */
#include "util.h"

#include <pthread.h>
#include <sched.h>
#include <sys/statfs.h>
#include <sys/uio.h>

#define FILES		48
#define SPAN		KiB(96)		/* size of each file */
#define JOBS		10

/* The first page of a file is written once and stays. */
struct siege {
	int		fd[FILES];
	unsigned char	*map[FILES];
	unsigned int	stop;
	unsigned int	jobs;
};

static struct siege siege;

static bool going(void)
{
	return !__atomic_load_n(&siege.stop, __ATOMIC_RELAXED);
}

static u64 seed_of_job(void)
{
	return __atomic_add_fetch(&siege.jobs, 1, __ATOMIC_RELAXED) * 7919;
}

/* The first half of the files is never mapped nor held, so that its pieces can be moved. */
static unsigned int any_file(u64 *rng)
{
	return rnd(rng) % FILES;
}

static unsigned int mapped_file(u64 *rng)
{
	return FILES / 2 + rnd(rng) % (FILES / 2);
}

static void check_span(const unsigned char *buf, size_t len, off_t offset, unsigned int file,
		       const char *who)
{
	static __thread unsigned char want[SPAN];
	size_t i;

	fill(want, len, offset, file);
	for (i = 0; i < len; i++)
		if (buf[i] != want[i] && (buf[i] || offset + (off_t)i < PAGE))
			fail("%s: file %u: byte at %lld is %#x, expected %#x", who, file,
			     (long long)offset + (long long)i, buf[i], want[i]);
}

/* Reads of up to 32 KiB take no lock, longer ones do. */
static void *reader(void *arg)
{
	unsigned char *buf = xmalloc(SPAN);
	u64 rng = seed_of_job();

	(void)arg;
	while (going()) {
		unsigned int file = any_file(&rng);
		off_t at = rnd(&rng) % 2 ? 0 : rnd(&rng) % SPAN;
		size_t len = 1 + rnd(&rng) % (rnd(&rng) % 4 ? KiB(32) : SPAN);
		ssize_t got = CHECK_OK(pread(siege.fd[file], buf, len, at));

		check_span(buf, got, at, file, "read");
	}
	free(buf);
	return NULL;
}

static void may_lack_space(ssize_t ret)
{
	if (ret < 0 && errno != ENOSPC)
		fail("write");
}

/* Writes, with gaps that leave holes, cuts them short, punches, closes. */
static void *writer(void *arg)
{
	unsigned char *buf = xmalloc(SPAN);
	u64 rng = seed_of_job();
	char name[16];

	(void)arg;
	while (going()) {
		unsigned int file = any_file(&rng);
		off_t at = PAGE + rnd(&rng) % (SPAN - PAGE - 1);
		size_t len = 1 + rnd(&rng) % (rnd(&rng) % 2 ? PAGE : SPAN);
		int fd;

		if (at + (off_t)len > SPAN)
			len = SPAN - at;
		switch (rnd(&rng) % 10) {
		case 0:
			CHECK_OK(ftruncate(siege.fd[file], at));
			break;
		case 1:
			CHECK_OK(ftruncate(siege.fd[file], SPAN));
			break;
		case 2:
		case 3:
			CHECK_OK(fallocate(siege.fd[file], FALLOC_FL_PUNCH_HOLE |
					   FALLOC_FL_KEEP_SIZE, at, len));
			break;
		case 4:
			may_lack_space(fallocate(siege.fd[file], FALLOC_FL_KEEP_SIZE, at, len));
			break;
		case 5:
			snprintf(name, sizeof(name), "f%u", file);
			fd = xopen(name, O_RDWR);
			fill(buf, len, at, file);
			may_lack_space(pwrite(fd, buf, len, at));
			close(fd);
			break;
		case 6:
			/* The page that stays, again. */
			fill(buf, PAGE, 0, file);
			pwrite_full(siege.fd[file], buf, PAGE, 0);
			break;
		default:
			fill(buf, len, at, file);
			may_lack_space(pwrite(siege.fd[file], buf, len, at));
		}
	}
	free(buf);
	return NULL;
}

static void *toucher(void *arg)
{
	u64 rng = seed_of_job();

	(void)arg;
	while (going()) {
		unsigned int file = mapped_file(&rng);
		off_t at = rnd(&rng) % SPAN;
		unsigned char byte;

		if (try_read(siege.map[file] + at, &byte))
			check_span(&byte, 1, at, file, "mapping");
		if (rnd(&rng) % 4 == 0) {
			fill(&byte, 1, at, file);
			try_write(siege.map[file] + at, byte);
		}
		if (rnd(&rng) % 16 == 0)
			CHECK_OK(madvise(siege.map[file], SPAN, MADV_DONTNEED));
	}
	return NULL;
}

/* Holds pages in a pipe, and looks at them only after a while. */
static void *holder(void *arg)
{
	unsigned char *buf = xmalloc(SPAN);
	u64 rng = seed_of_job();
	int pipes[2];

	(void)arg;
	CHECK_OK(pipe(pipes));
	while (going()) {
		unsigned int file = mapped_file(&rng);
		loff_t at = rnd(&rng) % SPAN, from = at;
		ssize_t got = splice(siege.fd[file], &at, pipes[1], NULL, KiB(32),
				     SPLICE_F_NONBLOCK);

		if (got <= 0)
			continue;
		usleep(rnd(&rng) % 3000);
		CHECK_EQ(read(pipes[0], buf, got), got);
		check_span(buf, got, from, file, "pipe");
	}
	close(pipes[0]);
	close(pipes[1]);
	free(buf);
	return NULL;
}

/* Small files come and go, their memory full of POISON: so there are cut blocks. */
static void *churner(void *arg)
{
	unsigned char *buf = xmalloc(KiB(64));
	u64 rng = seed_of_job();
	char name[16];
	int fd;

	(void)arg;
	memset(buf, POISON, KiB(64));
	while (going()) {
		snprintf(name, sizeof(name), "c%u", (unsigned int)(rnd(&rng) % 300));
		fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
		if (fd >= 0)
			may_lack_space(write(fd, buf,
					     1 + rnd(&rng) % KiB(rnd(&rng) % 8 ? 12 : 64)));
		close(fd);
		snprintf(name, sizeof(name), "c%u", (unsigned int)(rnd(&rng) % 300));
		unlink(name);
	}
	free(buf);
	return NULL;
}

/* Asks for whole blocks, which has cut ones joined, and frees what it got. */
static void *wanter(void *arg)
{
	unsigned char *buf = xmalloc(MiB(2));
	u64 rng = seed_of_job();
	int fd = xopen("wanter", O_RDWR | O_CREAT);

	(void)arg;
	memset(buf, POISON, MiB(2));
	while (going()) {
		may_lack_space(pwrite(fd, buf, rnd(&rng) % 2 ? MiB(2) : KiB(512), 0));
		if (rnd(&rng) % 2)
			usleep(rnd(&rng) % 1000);
		CHECK_OK(ftruncate(fd, 0));
		usleep(rnd(&rng) % 10000);
	}
	close(fd);
	free(buf);
	return NULL;
}

/* Looks at the figures, and has the system shrink all that can be. */
static void *looker(void *arg)
{
	u64 rng = seed_of_job();
	bool shrink = arg;

	while (going()) {
		struct statfs st;

		CHECK_OK(statfs(".", &st));
		counter("large", "cut");
		if (shrink)
			write_text("/proc/sys/vm/drop_caches", "2");
		usleep(rnd(&rng) % 20000);
	}
	return NULL;
}

static void set_up(void)
{
	unsigned char page[PAGE];
	unsigned int i;
	char name[16];

	poison();
	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%u", i);
		siege.fd[i] = xopen(name, O_RDWR | O_CREAT | O_EXCL);
		fill(page, PAGE, 0, i);
		pwrite_full(siege.fd[i], page, PAGE, 0);
		CHECK_OK(ftruncate(siege.fd[i], SPAN));
		siege.map[i] = i < FILES / 2 ? NULL : map_file(siege.fd[i], SPAN);
	}
}

static void lay_siege(bool shrink)
{
	void *(*const job[JOBS])(void *) = {
		reader, reader, writer, writer, toucher, holder, churner, churner, wanter, looker,
	};
	pthread_t thread[JOBS];
	unsigned int i;

	set_up();
	for (i = 0; i < JOBS; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, job[i], shrink ? &siege : NULL), 0);
	sleep(scaled(10));
	__atomic_store_n(&siege.stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < JOBS; i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < FILES; i++) {
		if (siege.map[i])
			munmap(siege.map[i], SPAN);
		close(siege.fd[i]);
	}
}

static void reserve(void)
{
	lay_siege(false);
}

static void surplus(void)
{
	lay_siege(true);
}

/*
 * While a block is being joined its idle pages are out of reach for a moment. Whoever comes then
 * waits for them, and is not told that there is no space.
 */
#define ROOM_FILES	3

static unsigned int nr_wrote, nr_failed;

/* Writes a poem and gives it back, again and again: there is always room for it. */
static void *room_writer(void *arg)
{
	static const unsigned char data[32 << 10] = { 1 };
	u64 rng = seed_of_job();
	char name[16];
	int fd;

	(void)arg;
	snprintf(name, sizeof(name), "w%u", (unsigned int)rng);
	fd = xopen(name, O_RDWR | O_CREAT);
	while (going()) {
		ssize_t done = pwrite(fd, data, sizeof(data), 0);

		if (done < 0 && errno != ENOSPC)
			fail("write");
		__atomic_add_fetch(done == sizeof(data) ? &nr_wrote : &nr_failed, 1,
				   __ATOMIC_RELAXED);
		CHECK_OK(ftruncate(fd, 0));
	}
	close(fd);
	return NULL;
}

/* Asks for a medium, gets a part of it, and stops after a page: the other bytes are missing. */
static void *room_wanter(void *arg)
{
	unsigned char *source = mmap(NULL, KiB(512), PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = xopen("wanter", O_RDWR | O_CREAT);

	(void)arg;
	CHECK(source != MAP_FAILED);
	memset(source, 1, PAGE);
	CHECK_OK(mprotect(source + PAGE, KiB(508), PROT_NONE));
	while (going()) {
		may_lack_space(pwrite(fd, source, KiB(512), 0));
		CHECK_OK(ftruncate(fd, 0));
		usleep(5000);
	}
	close(fd);
	return NULL;
}

static void room(void)
{
	pthread_t thread[ROOM_FILES + 1];
	unsigned int i;
	int fd;

	fd = xopen("rest", O_RDWR | O_CREAT);
	write_file(fd, 0, KiB(512) * 3, 1);
	close(fd);
	fd = xopen("stone", O_RDWR | O_CREAT);
	write_file(fd, 0, PAGE, 2);
	close(fd);
	CHECK_EQ(counter("medium", "cut"), 1);
	CHECK_EQ(counter("medium", "free"), 0);

	for (i = 0; i < ROOM_FILES; i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, room_writer, NULL), 0);
	CHECK_EQ(pthread_create(&thread[i], NULL, room_wanter, NULL), 0);
	sleep(scaled(10));
	__atomic_store_n(&siege.stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_join(thread[i], NULL);
	note("%u writes, %u without space", nr_wrote, nr_failed);
	CHECK_EQ(nr_failed, 0);
}

/* room wants a medium by one call, and with io=page each page is asked for by itself. */
static const struct test tests[] = {
	{ "room", room, "medium=4,strict", T_SCRIPTFS | T_BLOCK },
	{ "reserve", reserve, "medium=6,large=4,strict", T_SCRIPTFS },
	{ "surplus", surplus, "medium=2,large=1,size=16M", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
