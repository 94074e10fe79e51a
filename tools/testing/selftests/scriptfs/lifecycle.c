// SPDX-License-Identifier: GPL-2.0-only
/*
 * Coming and going: mounts, many at once, lazily unmounted, or stopped half-way by a signal, and
 * the module itself. Whatever goes, the system gets its memory back.
 */
#include "util.h"

#include <dirent.h>
#include <ftw.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

static void wait_until_gone(void)
{
	unsigned int tries;

	for (tries = 0; nr_sysfs_mounts() && tries < 100; tries++)
		usleep(20000);
	CHECK_EQ(nr_sysfs_mounts(), 0);
}

static void busy(void)
{
	unsigned char *map;
	int fd;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", ANY_POOL));
	fd = xopen("m/f", O_RDWR | O_CREAT);
	CHECK_ERR(umount("m"), EBUSY);
	write_file(fd, 0, MiB(1), 1);
	map = mmap(NULL, MiB(1), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	close(fd);
	CHECK_ERR(umount("m"), EBUSY);
	check_fill(map, MiB(1), 0, 1);
	munmap(map, MiB(1));
	CHECK_OK(chdir("m"));
	CHECK_ERR(umount("../m"), EBUSY);
	CHECK_OK(chdir(".."));
	CHECK_OK(umount("m"));
	CHECK_EQ(access("m/f", F_OK), -1);
}

static void lazy(void)
{
	unsigned char *map;
	int fd, dir;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", ANY_POOL));
	CHECK_OK(mkdir("m/d", 0700));
	fd = xopen("m/d/f", O_RDWR | O_CREAT);
	dir = xopen("m/d", O_RDONLY | O_DIRECTORY);
	write_file(fd, 0, MiB(1), 1);
	map = mmap(NULL, MiB(2), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	CHECK_OK(umount2("m", MNT_DETACH));
	CHECK_ERR(access("m/d", F_OK), ENOENT);

	/* Out of sight, it works as before. */
	write_file(fd, MiB(1), MiB(1), 1);
	check_fill(map, MiB(2), 0, 1);
	fill(map + 5, 100, 5, 1);
	close(CHECK_OK(openat(dir, "g", O_CREAT | O_WRONLY, 0600)));
	CHECK_OK(unlinkat(dir, "g", 0));
	CHECK_OK(unlinkat(dir, "f", 0));
	check_file(fd, 0, MiB(2), 1);
	close(dir);
	close(fd);
	check_fill(map, MiB(2), 0, 1);
	if (on_scriptfs())
		CHECK_EQ(nr_sysfs_mounts(), 1);
	/* And a new mount in its place has nothing to do with it. */
	CHECK_OK(mount_fs("m", ANY_POOL));
	fd = xopen("m/f", O_RDWR | O_CREAT);
	write_file(fd, 0, MiB(3), 2);
	check_fill(map, MiB(2), 0, 1);
	munmap(map, MiB(2));
	check_file(fd, 0, MiB(3), 2);
	close(fd);
	CHECK_OK(umount("m"));
	wait_until_gone();
}

static void read_only(void)
{
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_raw("m", NULL, MS_RDONLY));
	CHECK_ERR(open("m/f", O_CREAT | O_WRONLY, 0600), EROFS);
	CHECK_ERR(mkdir("m/d", 0700), EROFS);
	CHECK_OK(umount("m"));
}

/* One file system in two places. */
static void bound(void)
{
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mkdir("n", 0700));
	CHECK_OK(mount_fs("m", ANY_POOL));
	CHECK_OK(mount("m", "n", NULL, MS_BIND, NULL));
	write_file(xopen("m/f", O_WRONLY | O_CREAT), 0, KiB(100), 1);
	check_file(xopen("n/f", O_RDONLY), 0, KiB(100), 1);
	if (on_scriptfs()) {
		CHECK_EQ(nr_sysfs_mounts(), 1);
		CHECK_EQ(counter_of("m", NULL, "used"), counter_of("n", NULL, "used"));
	}
	CHECK_ERR(umount("m"), EBUSY);
	CHECK_OK(umount2("m", MNT_DETACH));
	check_file(xopen("n/f", O_RDONLY), 0, KiB(100), 1);
	CHECK_OK(umount2("n", MNT_DETACH));
}

#define MANY	12

static void many_at_once(void)
{
	char dir[16], file[24], options[64];
	unsigned int i;
	int fds[MANY];

	for (i = 0; i < MANY; i++) {
		snprintf(dir, sizeof(dir), "m%u", i);
		snprintf(file, sizeof(file), "%s/f", dir);
		snprintf(options, sizeof(options), "poem=%u,size=%uM", i + 1, i + 2);
		CHECK_OK(mkdir(dir, 0700));
		CHECK_OK(mount_fs(dir, options));
		fds[i] = xopen(file, O_RDWR | O_CREAT);
		write_file(fds[i], 0, KiB(100) * i, i);
	}
	if (on_scriptfs())
		CHECK_EQ(nr_sysfs_mounts(), MANY);
	for (i = 0; i < MANY; i++) {
		snprintf(dir, sizeof(dir), "m%u", i);
		check_file(fds[i], 0, KiB(100) * i, i);
		if (on_scriptfs()) {
			CHECK_EQ(counter_of(dir, "poem", "reserve"), i + 1);
			CHECK_EQ(counter_of(dir, NULL, "used"), file_held(fds[i]));
		}
		check_balance(dir);
		close(fds[i]);
	}
	/* Unmount with the files still there. */
	for (i = 0; i < MANY; i++) {
		snprintf(dir, sizeof(dir), "m%u", i);
		CHECK_OK(umount(dir));
	}
}

static void mount_and_use(void *arg)
{
	char dir[16], file[24];
	unsigned long who = (unsigned long)arg, i;
	int fd;

	snprintf(dir, sizeof(dir), "c%lu", who);
	snprintf(file, sizeof(file), "%s/f", dir);
	CHECK_OK(mkdir(dir, 0700));
	for (i = 0; i < scaled(30); i++) {
		CHECK_OK(mount_fs(dir, "poem=16,medium=1,large=1,size=8M"));
		fd = xopen(file, O_RDWR | O_CREAT);
		write_file(fd, 0, KiB(700), who + i);
		check_file(fd, 0, KiB(700), who + i);
		close(fd);
		if (i % 2)
			CHECK_OK(unlink(file));
		check_balance(dir);
		CHECK_OK(umount(dir));
	}
}

static void concurrent(void)
{
	unsigned long i;
	pid_t pids[5];

	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(mount_and_use, (void *)i);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		finish(pids[i]);
}

/* The memory is taken from mount to umount, neither before nor after. */
static void memory_taken(void)
{
	unsigned long before, during;
	int fd;

	CHECK_OK(mkdir("m", 0700));
	before = free_memory();
	CHECK_OK(mount_fs("m", "large=24,medium=32,poem=256"));
	during = free_memory();
	CHECK_CMP(during + 72 * 1024 - 4096, <=, before);
	fd = xopen("m/f", O_RDWR | O_CREAT);
	write_file(fd, 0, MiB(40), 1);
	/* Writing inside the reserve takes no more memory. */
	check_free_memory(during, 4096);
	close(fd);
	CHECK_OK(umount("m"));
	check_free_memory(before, 4096);
}

static void mount_large(void *arg)
{
	mount_fs("m", arg);
}

static long elapsed(const struct timespec *since)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - since->tv_sec) * 1000000L + (now.tv_nsec - since->tv_nsec) / 1000;
}

/* Kill a mount while it preallocates: nothing stays behind. */
static void killed_mount(void)
{
	unsigned long before = free_memory(), half = memory_figure("MemAvailable") / 1024 / 2;
	unsigned int i, stopped = 0;
	struct timespec begin;
	char options[128];
	long whole;

	snprintf(options, sizeof(options), "poem=%luM,medium=%luM,large=%luM,size=90%%",
		 half / 3, half / 3, half / 3);
	CHECK_OK(mkdir("m", 0700));
	clock_gettime(CLOCK_MONOTONIC, &begin);
	CHECK_OK(mount_fs("m", options));
	whole = elapsed(&begin);
	CHECK_OK(umount("m"));
	for (i = 0; i < 20; i++) {
		pid_t pid = start(mount_large, options);
		int status;

		usleep(whole * i / 20);
		kill(pid, SIGKILL);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		if (umount("m"))
			stopped++;
		wait_until_gone();
	}
	note("a mount of %lu MiB takes %ld us, %u of 20 were stopped", half, whole, stopped);
	CHECK_CMP(stopped, >, 0);
	check_free_memory(before, 8192);
	CHECK_OK(mount_fs("m", options));
	CHECK_OK(umount("m"));
}

static char module_path[512];

static int is_module(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	if (type != FTW_F || strcmp(path + ftw->base, "scriptfs.ko"))
		return 0;
	snprintf(module_path, sizeof(module_path), "%s", path);
	return 1;
}

static void find_module(void)
{
	struct utsname uts;
	char dir[300];

	CHECK_OK(uname(&uts));
	snprintf(dir, sizeof(dir), "/lib/modules/%s", uts.release);
	nftw(dir, is_module, 16, FTW_PHYS);
	if (!*module_path)
		skip("no scriptfs.ko in %s", dir);
	if (access("/sys/module/scriptfs/refcnt", F_OK))
		skip("scriptfs is built in");
}

static int load(void)
{
	int fd = xopen(module_path, O_RDONLY), ret;

	ret = syscall(SYS_finit_module, fd, "", 0);
	close(fd);
	return ret;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "scriptfs", O_NONBLOCK);
}

static bool module_in_use(void)
{
	return unload() == -1 && (errno == EWOULDBLOCK || errno == EBUSY);
}

static void module_held(void)
{
	int fd;

	find_module();
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", ANY_POOL));
	CHECK(module_in_use());
	fd = xopen("m/f", O_RDWR | O_CREAT);
	write_file(fd, 0, MiB(1), 1);
	CHECK_OK(umount2("m", MNT_DETACH));
	CHECK(module_in_use());
	check_file(fd, 0, MiB(1), 1);
	close(fd);
	wait_until_gone();
	CHECK_OK(unload());
	CHECK_EQ(access("/sys/fs/scriptfs", F_OK), -1);
	CHECK_OK(load());
	CHECK_EQ(access("/sys/fs/scriptfs", F_OK), 0);
}

/* Unload the module while a pipe still holds a page of one of its files. */
static void module_gone_page_stays(void)
{
	int pipes[2], fd;
	char buf[PAGE];
	loff_t at = 0;

	find_module();
	CHECK_OK(pipe(pipes));
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", ANY_POOL));
	fd = xopen("m/f", O_RDWR | O_CREAT);
	write_file(fd, 0, KiB(64), 1);
	CHECK_EQ(splice(fd, &at, pipes[1], NULL, PAGE, 0), PAGE);
	close(fd);
	CHECK_OK(unlink("m/f"));
	CHECK_OK(umount("m"));
	CHECK_OK(unload());
	CHECK_EQ(read(pipes[0], buf, PAGE), PAGE);
	check_fill(buf, PAGE, 0, 1);
	CHECK_OK(load());
}

static const char *const leak_figures[] = { "Slab", "SUnreclaim", "Percpu", "PageTables" };

/* In seconds: on a machine so busy that a thousand rounds take longer, fewer will do. */
#define ROUNDS_TIME	80

static void thousand_rounds(void)
{
	unsigned long before[ARRAY_SIZE(leak_figures)], free = 0, rounds = scaled(1000), i;
	struct timespec begin;
	unsigned int j;
	int fd;

	find_module();
	clock_gettime(CLOCK_MONOTONIC, &begin);
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(unload());
	/* Otherwise most of the time would go into waiting for grace periods. */
	write_text("/sys/kernel/rcu_expedited", "1");
	for (i = 0; i < rounds; i++) {
		if (i >= rounds / 5 && elapsed(&begin) > ROUNDS_TIME * 1000000L)
			break;
		if (i == rounds / 10) {
			free = free_memory();
			for (j = 0; j < ARRAY_SIZE(leak_figures); j++)
				before[j] = memory_figure(leak_figures[j]);
		}
		CHECK_OK(load());
		CHECK_OK(mount_fs("m", "poem=4,novel=2,medium=1"));
		fd = xopen("m/f", O_RDWR | O_CREAT);
		write_file(fd, 0, KiB(100), i);
		if (i % 2) {
			unsigned char *map = mmap(NULL, KiB(64), PROT_READ, MAP_SHARED, fd, 0);

			CHECK(map != MAP_FAILED);
			check_fill(map, KiB(64), 0, i);
			munmap(map, KiB(64));
		}
		close(fd);
		if (i % 3 == 0)
			CHECK_OK(unlink("m/f"));
		CHECK_OK(umount("m"));
		CHECK_OK(unload());
	}
	write_text("/sys/kernel/rcu_expedited", "0");
	rounds = i;
	note("%lu rounds: %ld KiB less free memory than after a tenth of them", rounds,
	     (long)free - (long)free_memory());
	/* A page lost in each round would be 4 MiB in a thousand. */
	check_free_memory(free, rounds * 2);
	for (j = 0; j < ARRAY_SIZE(leak_figures); j++) {
		unsigned long now = memory_figure(leak_figures[j]);

		note("%s: %lu KiB, then %lu", leak_figures[j], before[j], now);
		if (!debug_kernel())
			CHECK_CMP(now, <=, before[j] + rounds * 2);
	}
	CHECK_OK(load());
}

static const struct test tests[] = {
	{ "busy", busy, NULL, T_NO_MOUNT },
	{ "lazy", lazy, NULL, T_NO_MOUNT },
	{ "read_only", read_only, NULL, T_NO_MOUNT },
	{ "bound", bound, NULL, T_NO_MOUNT },
	{ "many_at_once", many_at_once, NULL, T_NO_MOUNT },
	{ "concurrent", concurrent, NULL, T_NO_MOUNT },
	{ "memory_taken", memory_taken, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "killed_mount", killed_mount, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "module_held", module_held, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "module_gone_page_stays", module_gone_page_stays, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "thousand_rounds", thousand_rounds, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
