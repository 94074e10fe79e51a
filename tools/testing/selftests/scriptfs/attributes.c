// SPDX-License-Identifier: GPL-2.0-only
/*
 * What files and the file system report and permit: times, permissions, the root directory,
 * statfs(2).
 */
#include "util.h"

#include <limits.h>
#include <sys/vfs.h>

static const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };

static void age(const char *path)
{
	CHECK_OK(utimensat(AT_FDCWD, path, old, AT_SYMLINK_NOFOLLOW));
}

#define CHECK_TOUCHED(path)	CHECK_CMP(stat_of(path).st_mtim.tv_sec, >, 1000)
#define CHECK_UNTOUCHED(path)	CHECK_EQ(stat_of(path).st_mtim.tv_sec, 1000)

static void times(void)
{
	struct timespec set[2] = { { 5, 123456789 }, { -77, 1 } };
	struct stat before, after;
	int fd;

	CHECK_OK(mkdir("d", 0700));
	touch("d/f");
	fd = xopen("d/f", O_RDWR);
	age("d");
	age("d/f");
	CHECK_EQ(stat_of("d/f").st_atim.tv_sec, 1000);
	CHECK_CMP(stat_of("d/f").st_ctim.tv_sec, >, 1000);

	pwrite_full(fd, "x", 1, 0);
	CHECK_TOUCHED("d/f");
	CHECK_UNTOUCHED("d");
	age("d/f");
	CHECK_OK(ftruncate(fd, 100));
	CHECK_TOUCHED("d/f");
	age("d/f");
	CHECK_OK(ftruncate(fd, 0));
	CHECK_TOUCHED("d/f");
	age("d/f");
	close(xopen("d/f", O_WRONLY | O_TRUNC));
	CHECK_TOUCHED("d/f");
	age("d/f");
	pwrite_full(fd, "x", 1, 0);
	pread_full(fd, &(char){ 0 }, 1, 0);
	CHECK_CMP(stat_of("d/f").st_atim.tv_sec, >, 1000);

	age("d/f");
	age("d");
	before = stat_of("d/f");
	usleep(20000);
	CHECK_OK(chmod("d/f", 0640));
	CHECK_UNTOUCHED("d/f");
	after = stat_of("d/f");
	CHECK(memcmp(&before.st_ctim, &after.st_ctim, sizeof(after.st_ctim)));

	touch("d/g");
	CHECK_TOUCHED("d");
	age("d");
	CHECK_OK(link("d/f", "d/h"));
	CHECK_TOUCHED("d");
	age("d");
	CHECK_OK(unlink("d/h"));
	CHECK_TOUCHED("d");
	age("d");
	CHECK_OK(mkdir("d/s", 0700));
	CHECK_TOUCHED("d");
	age("d");
	CHECK_OK(symlink("x", "d/l"));
	CHECK_TOUCHED("d");
	age("d");
	age(".");
	CHECK_OK(rename("d/g", "g"));
	CHECK_TOUCHED("d");
	CHECK_TOUCHED(".");
	age("d");
	CHECK_OK(rmdir("d/s"));
	CHECK_TOUCHED("d");
	CHECK_UNTOUCHED("d/f");

	CHECK_OK(utimensat(AT_FDCWD, "d/f", set, 0));
	CHECK_EQ(stat_of("d/f").st_atim.tv_sec, 5);
	CHECK_EQ(stat_of("d/f").st_atim.tv_nsec, 123456789);
	CHECK_EQ(stat_of("d/f").st_mtim.tv_sec, -77);
	CHECK_EQ(stat_of("d/f").st_mtim.tv_nsec, 1);
}

/* When a file was made does not change, whatever comes later. */
static void birth(void)
{
	struct statx before, after;

	touch("f");
	CHECK_OK(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS | STATX_BTIME, &before));
	CHECK(before.stx_mask & STATX_BTIME);
	CHECK_EQ(before.stx_btime.tv_sec, before.stx_mtime.tv_sec);
	CHECK_EQ(before.stx_btime.tv_nsec, before.stx_mtime.tv_nsec);
	usleep(20000);
	age("f");
	CHECK_OK(chmod("f", 0600));
	CHECK_OK(rename("f", "g"));
	pwrite_full(xopen("g", O_RDWR), "x", 1, 0);
	CHECK_OK(statx(AT_FDCWD, "g", 0, STATX_BTIME, &after));
	CHECK_EQ(before.stx_btime.tv_sec, after.stx_btime.tv_sec);
	CHECK_EQ(before.stx_btime.tv_nsec, after.stx_btime.tv_nsec);
	CHECK_OK(symlink("g", "l"));
	CHECK_OK(statx(AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, STATX_BTIME, &after));
	CHECK(after.stx_mask & STATX_BTIME);
	CHECK_OK(statx(AT_FDCWD, ".", 0, STATX_BTIME, &after));
	CHECK(after.stx_mask & STATX_BTIME);
}

static void become_other(void)
{
	CHECK_OK(setresgid(2000, 2000, 2000));
	CHECK_OK(setresuid(1000, 1000, 1000));
}

static void as_other(void *arg)
{
	int fd;

	(void)arg;
	become_other();
	CHECK_ERR(open("secret", O_RDONLY), EACCES);
	CHECK_ERR(open("readable", O_WRONLY), EACCES);
	CHECK_OK(open("readable", O_RDONLY));
	CHECK_ERR(open("closed/f", O_RDONLY), EACCES);
	CHECK_ERR(open("new", O_CREAT | O_WRONLY, 0600), EACCES);
	CHECK_ERR(unlink("readable"), EACCES);
	CHECK_ERR(chmod("readable", 0777), EPERM);
	CHECK_ERR(chown("readable", 1000, -1), EPERM);
	CHECK_ERR(truncate("readable", 0), EACCES);

	/* In a sticky directory users can remove only files of their own. */
	CHECK_ERR(unlink("sticky/theirs"), EPERM);
	CHECK_ERR(rename("sticky/theirs", "sticky/x"), EPERM);
	CHECK_OK(close(CHECK_OK(open("sticky/mine", O_CREAT | O_WRONLY, 0600))));
	CHECK_EQ(stat_of("sticky/mine").st_uid, 1000);
	CHECK_EQ(stat_of("sticky/mine").st_gid, 2000);
	CHECK_OK(unlink("sticky/mine"));

	/* setgid: new files take the directory's group, new directories the bit as well. */
	CHECK_OK(close(CHECK_OK(open("shared/f", O_CREAT | O_WRONLY, 0600))));
	CHECK_EQ(stat_of("shared/f").st_gid, 3000);
	CHECK_OK(mkdir("shared/d", 0700));
	CHECK_EQ(stat_of("shared/d").st_gid, 3000);
	CHECK_EQ(stat_of("shared/d").st_mode & 07777, 02700);

	/* An unprivileged write clears setuid and setgid. */
	fd = xopen("program", O_WRONLY);
	pwrite_full(fd, "x", 1, 0);
	CHECK_EQ(stat_of("program").st_mode & 07777, 0777);
}

static void permissions(void)
{
	CHECK_OK(chmod(".", 0755));
	touch("secret");
	touch("readable");
	CHECK_OK(chmod("readable", 0644));
	CHECK_OK(mkdir("closed", 0700));
	touch("closed/f");
	CHECK_OK(mkdir("sticky", 01777));
	CHECK_EQ(stat_of("sticky").st_mode & 07777, 01777);
	touch("sticky/theirs");
	CHECK_OK(mkdir("shared", 0777));
	CHECK_OK(chown("shared", 0, 3000));
	CHECK_OK(chmod("shared", 02777));
	touch("program");
	CHECK_OK(chmod("program", 06777));
	finish(start(as_other, NULL));
	CHECK_OK(chmod("program", 06777));
	CHECK_OK(chown("program", 1000, 2000));
	CHECK_EQ(stat_of("program").st_mode & 07777, 0777);
	CHECK_EQ(stat_of("program").st_uid, 1000);
}

static void root_directory(void)
{
	struct stat st = stat_of(".");

	CHECK(S_ISDIR(st.st_mode));
	CHECK_EQ(st.st_mode & 07777, 01751);
	CHECK_EQ(st.st_uid, 1234);
	CHECK_EQ(st.st_gid, 5678);
	CHECK_EQ(st.st_nlink, 2);
}

static void figures(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	struct statfs before, after;

	CHECK_OK(statfs(".", &before));
	if (on_scriptfs()) {
		CHECK_EQ(before.f_type, SCRIPTFS_MAGIC);
		CHECK_EQ(before.f_blocks * before.f_bsize, counter(NULL, "size"));
		CHECK_EQ(before.f_bfree, before.f_blocks);
	}
	CHECK_EQ(before.f_namelen, NAME_MAX);
	CHECK_CMP(before.f_bavail, <=, before.f_bfree);
	CHECK_CMP(before.f_bavail, >, 0);
	write_file(fd, 0, MiB(1) + 5, 1);
	CHECK_OK(statfs(".", &after));
	if (strcmp(test_fs, "ramfs"))
		CHECK_EQ((before.f_bfree - after.f_bfree) * after.f_bsize, file_held(fd));
	CHECK_EQ(after.f_blocks, before.f_blocks);
	CHECK_OK(ftruncate(fd, 0));
	CHECK_OK(statfs(".", &after));
	CHECK_EQ(after.f_bfree, before.f_bfree);
	CHECK_OK(fstatfs(fd, &after));
	CHECK_EQ(after.f_bfree, before.f_bfree);
	CHECK_OK(fsync(xopen(".", O_RDONLY)));
}

/* With and without a limit: what df -i shows, and what monitoring divides by. */
static void inode_figures(void)
{
	struct statfs all, less;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_raw("m", "poem=4,nr_inodes=10", 0));
	touch("m/a");
	CHECK_OK(link("m/a", "m/b"));
	CHECK_OK(statfs("m", &all));
	CHECK_EQ(all.f_files, 10);
	CHECK_EQ(all.f_ffree, 7);

	CHECK_OK(mount_raw("m", "nr_inodes=0", MS_REMOUNT));
	CHECK_OK(statfs("m", &all));
	CHECK_EQ(all.f_files - all.f_ffree, 3);
	/* Each takes memory, some hundred bytes up to a page of it. */
	CHECK_CMP(all.f_ffree, >, 0);
	CHECK_CMP(all.f_ffree, <, memory_figure("MemTotal") * 1024ULL / 128);
	CHECK_OK(unlink("m/a"));
	CHECK_OK(statfs("m", &less));
	CHECK_EQ(less.f_files - less.f_ffree, 2);
	CHECK_OK(umount("m"));
}

static const struct test tests[] = {
	{ "times", times, ANY_POOL, 0 },
	{ "birth", birth, ANY_POOL, T_SCRIPTFS },
	{ "permissions", permissions, ANY_POOL, 0 },
	{ "root_directory", root_directory, ANY_POOL ",mode=1751,uid=1234,gid=5678", 0 },
	{ "figures", figures, ANY_POOL, 0 },
	{ "inode_figures", inode_figures, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
