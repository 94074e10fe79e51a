// SPDX-License-Identifier: GPL-2.0-only
/*
 * What else is done with a mapping than to load and store: it is locked, advised on and executed,
 * and the kernel takes its pages by reference.
 */
#include "uring.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/uio.h>

static void locked(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map, vec[64];
	unsigned int i;

	write_file(fd, 0, KiB(256), 1);
	map = map_file(fd, KiB(256));
	CHECK_OK(mlock(map, KiB(256)));
	CHECK_OK(mincore(map, KiB(256), vec));
	for (i = 0; i < sizeof(vec); i++)
		CHECK_EQ(vec[i] & 1, 1);
	check_fill(map, KiB(256), 0, 1);
	/* Truncate works on locked pages too. */
	CHECK_OK(ftruncate(fd, KiB(128)));
	check_fill(map, KiB(128), 0, 1);
	CHECK(!try_read(map + KiB(128), NULL));
	CHECK_OK(munlock(map, KiB(128)));
	CHECK_OK(mlock(map, KiB(64)));
	munmap(map, KiB(256));
}

static void advised(void)
{
	static const int advice[] = {
		MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_NORMAL,
		MADV_DONTFORK, MADV_DOFORK, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_COLD,
		MADV_PAGEOUT, MADV_REMOVE,
	};
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;
	unsigned int i;

	write_file(fd, 0, MiB(2), 1);
	map = mmap(NULL, MiB(2), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
	CHECK(map != MAP_FAILED);
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		bool hole = madvise(map, MiB(2), advice[i]) == 0 && advice[i] == MADV_REMOVE;

		/* Advice loses nothing, except for MADV_REMOVE where it can punch a hole. */
		if (hole)
			check_bytes(map, MiB(2), 0);
		else
			check_fill(map, MiB(2), 0, 1);
	}
	munmap(map, MiB(2));
}

#define PROBE	"--as-copied-program"
#define PROBED	42

static void executed(void)
{
	int from = xopen("/proc/self/exe", O_RDONLY);
	int to = CHECK_OK(open("prog", O_WRONLY | O_CREAT, 0700));
	char *buf = xmalloc(KiB(64));
	ssize_t got;
	int status;
	pid_t pid;

	while ((got = read(from, buf, KiB(64))) > 0)
		CHECK_EQ(write(to, buf, got), got);
	close(to);
	close(from);
	fflush(stdout);
	pid = CHECK_OK(fork());
	if (pid == 0) {
		execl("./prog", "prog", PROBE, NULL);
		_exit(1);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), PROBED);
	free(buf);
}

/* GUP: the kernel takes references to the pages of the mapping. */
static void kernel_takes_pages(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	char *buf = xmalloc(KiB(256));
	struct iovec mine = { buf, KiB(256) }, mapped;
	unsigned char *map;

	write_file(fd, 0, KiB(256), 1);
	map = map_file(fd, KiB(256));
	mapped = (struct iovec){ map, KiB(256) };
	CHECK_EQ(process_vm_readv(getpid(), &mine, 1, &mapped, 1, 0), KiB(256));
	check_fill(buf, KiB(256), 0, 1);
	fill(buf, KiB(256), 0, 2);
	CHECK_EQ(process_vm_writev(getpid(), &mine, 1, &mapped, 1, 0), KiB(256));
	check_file(fd, 0, KiB(256), 2);
	munmap(map, KiB(256));
	free(buf);
}

static void wake_waiter(void *arg)
{
	unsigned int *word = arg;

	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	while (syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0)
		if (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 2)
			break;
}

/* A futex in a shared mapping is identified by its page's inode and offset. */
static void futex_in_file(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned int *word, *other;
	pid_t pid;

	CHECK_OK(ftruncate(fd, KiB(64)));
	word = (unsigned int *)(map_file(fd, KiB(64)) + KiB(36));
	other = (unsigned int *)(map_file(fd, KiB(64)) + KiB(36));
	pid = start(wake_waiter, other);
	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0)
		syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
	__atomic_store_n(word, 2, __ATOMIC_SEQ_CST);
	finish(pid);
}

/* Pages of a mapping can be pinned for as long as their user likes, here io_uring. */
static void pinned(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), other = xopen("g", O_RDWR | O_CREAT);
	unsigned char *map;
	struct uring u;

	write_file(fd, 0, KiB(64), 1);
	write_file(other, 0, KiB(64), 2);
	map = map_file(fd, KiB(64));
	if (!uring_begin(&u, map, KiB(64)))
		skip("io_uring refuses all files but tmpfs's here");
	CHECK_EQ(uring_read(&u, other, KiB(64), 0), KiB(64));
	check_file(fd, 0, KiB(64), 2);
	munmap(map, KiB(64));
	CHECK_OK(unlink("f"));
	close(fd);
	/* The file is gone, its pages are not. */
	CHECK_OK(ftruncate(other, 0));
	CHECK_EQ(uring_write(&u, other, KiB(64), 0), KiB(64));
	check_file(other, 0, KiB(64), 2);
	uring_end(&u);
	close(other);
	CHECK_OK(unlink("g"));
	check_settled(".");
}

static const struct test tests[] = {
	{ "locked", locked, ANY_POOL, 0 },
	{ "advised", advised, ANY_POOL, 0 },
	{ "executed", executed, ANY_POOL, 0 },
	{ "kernel_takes_pages", kernel_takes_pages, ANY_POOL, 0 },
	{ "futex_in_file", futex_in_file, ANY_POOL, 0 },
	{ "pinned", pinned, ANY_POOL, 0 },
};

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], PROBE) == 0)
		return PROBED;
	return run_tests(tests, ARRAY_SIZE(tests));
}
