// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mount on a machine that has been running for a while: most memory is page cache, and what is
 * free or can be reclaimed lies between pages in use. The reserve gets its large blocks by reclaim
 * and compaction, or the mount gives up; either way nothing is lost and nobody killed. How long it
 * takes is counted in rounds of compaction and reclaim, as time says little of the mount.
 */
#include "mount_log.h"
#include "scarce.h"

#include <signal.h>
#include <sys/statfs.h>

#define COMPACT_LOCKED	"/proc/sys/vm/compact_unevictable_allowed"

/* How much memory the system has to spare in these cases. */
#define SPARE		MiB(640)

/* What a mount may still begin after it was killed: the attempts at one block. */
#define ROUNDS_AFTER_KILL	64

static unsigned long rounds(void)
{
	struct want want = want_now();

	return want.compactions + want.reclaims;
}

static unsigned char *small_pages(size_t len)
{
	unsigned char *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				  -1, 0);

	CHECK(map != MAP_FAILED);
	madvise(map, len, MADV_NOHUGEPAGE);
	return map;
}

/* Anonymous memory between the pages of the page cache. */
#define BETWEEN		MiB(160)

/* So much is read at once, and goes to single pages as nothing is read ahead. */
#define READ_LEN	(4 * PAGE)

static unsigned char *between;

/*
 * Fill all memory with pages of the page cache, read in random order, and anonymous pages in
 * between, then free every other one of these. Any 2 MiB have some page in use.
 */
static int crowd(void)
{
	unsigned long i, nr = MiB(1024) / READ_LEN;
	int fd = fill_cache(0);
	char buf[READ_LEN];
	size_t at;

	between = small_pages(BETWEEN);
	CHECK_OK(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM));
	/* An odd factor makes this a permutation. */
	for (i = 0; i < nr; i++) {
		CHECK_EQ(pread(fd, buf, READ_LEN, i * 40503 % nr * READ_LEN), READ_LEN);
		if (i < BETWEEN / PAGE)
			between[i * PAGE] = 1;
	}
	for (at = 0; at < BETWEEN; at += 2 * PAGE)
		CHECK_OK(madvise(between + at, PAGE, MADV_DONTNEED));
	note("%lu KiB free, %lu available, %lu cached", memory_figure("MemFree"),
	     memory_figure("MemAvailable"), memory_figure("Cached") + memory_figure("Buffers"));
	return fd;
}

static void uncrowd(void)
{
	munmap(between, BETWEEN);
}

static void check_size(unsigned long mib)
{
	struct statfs st;

	CHECK_OK(statfs("m", &st));
	CHECK_CMP(st.f_bavail * st.f_bsize, >=, MiB(mib));
	CHECK_EQ(counter_of("m", "large", "free"), mib / 2);
}

/* Returns 0 or an errno, and no process was killed for it. */
static int mount_counted(const char *options)
{
	struct want before = want_now(), now;
	int err = mount_fs("m", options) ? errno : 0;

	now = want_now();
	note("%s: %s, %lu compactions, %lu reclaims", options, err ? strerror(err) : "mounted",
	     now.compactions - before.compactions, now.reclaims - before.reclaims);
	CHECK_EQ(now.kills, before.kills);
	return err;
}

/* Options for this part of what is available, in whole large blocks; more than is free as it is. */
static unsigned long part_of_available(char *options, size_t len, const char *class,
				       unsigned int percent)
{
	unsigned long mib = memory_figure("MemAvailable") / 1024 * percent / 100 / 2 * 2;

	snprintf(options, len, "%s=%luM,strict", class, mib);
	return mib;
}

/*
 * What a debug kernel keeps about pages and objects is between them, and cannot be moved. How much
 * there is in whole blocks is then for the system to say.
 */
static bool gave_up(int err, unsigned long blocks)
{
	unsigned long had;

	if (err != ENOMEM || !debug_kernel())
		return false;
	had = huge_pages_to_be_had(blocks);
	note("the system finds %lu of %lu huge pages", had, blocks);
	return had < blocks;
}

static void mount_crowded(void *arg)
{
	char options[64];
	unsigned long mib;
	int fd = crowd(), err;

	(void)arg;
	mib = part_of_available(options, sizeof(options), "large", debug_kernel() ? 45 : 60);
	CHECK_CMP(mib, >, memory_figure("MemFree") / 1024);
	err = mount_counted(options);
	if (gave_up(err, mib / 2))
		return;
	CHECK_EQ(err, 0);
	check_size(mib);
	close(fd);
	fd = xopen("m/f", O_RDWR | O_CREAT);
	write_file(fd, 0, MiB(mib), 1);
	close(fd);
	CHECK_OK(umount("m"));
}

static void page_cache(void)
{
	CHECK_OK(mkdir("m", 0700));
	with_scarce_memory(SPARE / 1024, mount_crowded, NULL);
}

static void mount_large(void *arg)
{
	CHECK_OK(mount_fs("m", arg));
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = {};

	CHECK_OK(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT));
	return info.si_pid == pid;
}

/* Kill a mount once it has begun @nr rounds; true if it was still under way. */
static bool kill_mount(char *options, unsigned long nr)
{
	unsigned long before = memory_figure("MemAvailable"), begin = rounds(), killed;
	pid_t pid = start(mount_large, options);
	bool stopped;
	int status;

	while (rounds() < begin + nr && !has_ended(pid))
		usleep(1000);
	killed = rounds();
	kill(pid, SIGKILL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		fail("a mount of %s failed", options);
	note("killed after %lu rounds, then %lu more", killed - begin, rounds() - killed);
	CHECK_CMP(rounds(), <=, killed + ROUNDS_AFTER_KILL);
	stopped = umount("m") != 0;
	CHECK_CMP(memory_figure("MemAvailable") + KiB(16), >=, before);
	return stopped;
}

static void kill_crowded(void *arg)
{
	unsigned int i, stopped = 0;
	char options[64];

	(void)arg;
	for (i = 0; i < 3; i++) {
		int fd = crowd();

		part_of_available(options, sizeof(options), "large", 70);
		stopped += kill_mount(options, 1 << 3 * i);
		close(fd);
		uncrowd();
	}
	note("%u of %u were stopped", stopped, i);
	CHECK_CMP(stopped, >, 0);
}

static void killed(void)
{
	unsigned long before = free_memory();

	CHECK_OK(mkdir("m", 0700));
	with_scarce_memory(SPARE / 1024, kill_crowded, NULL);
	check_free_memory(before, 16 * 1024);
}

/* Most memory is free, but hardly 2 MiB in one piece: between are pages that cannot be moved. */
static void pin(void)
{
	size_t len = SPARE / 4 * 3, every = 64 * PAGE, at;
	unsigned char *map = small_pages(len);

	for (at = 0; at < len; at += PAGE)
		map[at] = 1;
	for (at = 0; at < len; at += every) {
		CHECK_OK(mlock(map + at, PAGE));
		CHECK_OK(madvise(map + at + PAGE, every - PAGE, MADV_DONTNEED));
	}
}

static void mount_pinned(void *arg)
{
	char options[64], line[LOG_LEN];
	int kernel_log;

	(void)arg;
	pin();
	part_of_available(options, sizeof(options), "large", 80);
	/* Long before it gives up. */
	CHECK(kill_mount(options, 100));

	kernel_log = open_kernel_log();
	CHECK_EQ(mount_counted(options), ENOMEM);
	if (kernel_log >= 0) {
		CHECK_CMP(our_lines(kernel_log, line), >, 1);
		if (!strstr(line, "were missing"))
			fail("last line in the log: %s", line);
		close(kernel_log);
	}

	/* Small blocks fit in between. */
	part_of_available(options, sizeof(options), "poem", 60);
	CHECK_EQ(mount_counted(options), 0);
	CHECK_OK(umount("m"));
}

static void with_pinned(void *arg)
{
	with_scarce_memory(SPARE / 1024, mount_pinned, arg);
}

static void in_pieces(void)
{
	unsigned long before = free_memory();
	pid_t pid;
	int status;

	if (!write_text(COMPACT_LOCKED, "0"))
		skip("locked memory cannot be kept in place");
	CHECK_OK(mkdir("m", 0700));
	pid = start(with_pinned, NULL);
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK(write_text(COMPACT_LOCKED, "1"));
	if (!WIFEXITED(status))
		fail("killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
	check_free_memory(before, 16 * 1024);
}

/*
 * The first case leaves raised marks and a kswapd that has given up, which would have the next
 * program run out of memory too early. The page cache of the others gets kswapd to work again.
 */
static const struct test tests[] = {
	{ "in_pieces", in_pieces, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "page_cache", page_cache, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "killed", killed, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
