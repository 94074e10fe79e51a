// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flags of files as chattr(1) sets them, and class hints, which are XFS's extent size hints.
 */
#include "fallocate.h"

#include <linux/fs.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#define ALL_FLAGS	(FS_IMMUTABLE_FL | FS_APPEND_FL | FS_NODUMP_FL | FS_NOATIME_FL)

static const struct {
	unsigned int flag, xflag, attribute;
} pairs[] = {
	{ FS_IMMUTABLE_FL, FS_XFLAG_IMMUTABLE, STATX_ATTR_IMMUTABLE },
	{ FS_APPEND_FL, FS_XFLAG_APPEND, STATX_ATTR_APPEND },
	{ FS_NODUMP_FL, FS_XFLAG_NODUMP, STATX_ATTR_NODUMP },
	{ FS_NOATIME_FL, FS_XFLAG_NOATIME, 0 },
};

static unsigned int flags_of(int fd)
{
	unsigned int flags;

	CHECK_OK(ioctl(fd, FS_IOC_GETFLAGS, &flags));
	return flags;
}

static int set_flags(int fd, unsigned int flags)
{
	return ioctl(fd, FS_IOC_SETFLAGS, &flags);
}

static struct fsxattr fsx_of(int fd)
{
	struct fsxattr fsx;

	CHECK_OK(ioctl(fd, FS_IOC_FSGETXATTR, &fsx));
	return fsx;
}

static int set_fsx(int fd, unsigned int xflags, unsigned int extsize)
{
	struct fsxattr fsx = { .fsx_xflags = xflags, .fsx_extsize = extsize };

	return ioctl(fd, FS_IOC_FSSETXATTR, &fsx);
}

static unsigned long long attributes_of(int fd)
{
	const unsigned int known = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_NODUMP;
	struct statx st;

	CHECK_OK(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &st));
	CHECK_EQ(st.stx_attributes_mask & known, known);
	return st.stx_attributes & known;
}

static void both_ways(int fd)
{
	unsigned int i;

	CHECK_EQ(flags_of(fd), 0);
	CHECK_EQ(fsx_of(fd).fsx_xflags, 0);
	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		CHECK_OK(set_flags(fd, pairs[i].flag));
		CHECK_EQ(flags_of(fd), pairs[i].flag);
		CHECK_EQ(fsx_of(fd).fsx_xflags, pairs[i].xflag);
		CHECK_OK(set_fsx(fd, 0, 0));
		CHECK_EQ(flags_of(fd), 0);
		CHECK_OK(set_fsx(fd, pairs[i].xflag, 0));
		CHECK_EQ(flags_of(fd), pairs[i].flag);
		CHECK_EQ(attributes_of(fd), pairs[i].attribute);
		CHECK_OK(set_flags(fd, 0));
		CHECK_EQ(fsx_of(fd).fsx_xflags, 0);
	}
	CHECK_OK(set_flags(fd, ALL_FLAGS));
	CHECK_EQ(flags_of(fd), ALL_FLAGS);
	CHECK_EQ(attributes_of(fd), STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND | STATX_ATTR_NODUMP);

	/* What is not known is refused, and changes nothing. */
	CHECK_ERR(set_flags(fd, FS_COMPR_FL), EOPNOTSUPP);
	CHECK_ERR(set_flags(fd, FS_NOCOW_FL | FS_NODUMP_FL), EOPNOTSUPP);
	CHECK_ERR(set_flags(fd, FS_SYNC_FL), EOPNOTSUPP);
	CHECK_ERR(set_fsx(fd, FS_XFLAG_REALTIME, 0), EOPNOTSUPP);
	CHECK_ERR(set_fsx(fd, FS_XFLAG_PROJINHERIT, 0), EOPNOTSUPP);
	CHECK_ERR(ioctl(fd, FS_IOC_FSSETXATTR, &(struct fsxattr){ .fsx_projid = 7 }), EOPNOTSUPP);
	CHECK_ERR(ioctl(fd, FS_IOC_SETFLAGS, NULL), EFAULT);
	CHECK_ERR(ioctl(fd, FS_IOC_GETFLAGS, NULL), EFAULT);
	CHECK_ERR(ioctl(fd, FS_IOC_FSSETXATTR, NULL), EFAULT);
	CHECK_ERR(ioctl(fd, FS_IOC_FSGETXATTR, NULL), EFAULT);
	CHECK_ERR(ioctl(fd, FS_IOC_GETVERSION, &(long){ 0 }), ENOTTY);
	CHECK_EQ(flags_of(fd), ALL_FLAGS);
	CHECK_OK(set_flags(fd, 0));
}

static void set_and_get(void)
{
	struct stat before, after;
	int fd;

	touch("f");
	CHECK_OK(mkdir("d", 0700));
	/* To have it open for reading is enough. */
	fd = xopen("f", O_RDONLY);
	both_ways(fd);
	both_ways(xopen("d", O_RDONLY | O_DIRECTORY));
	both_ways(xopen(".", O_RDONLY | O_DIRECTORY));
	CHECK_ERR(ioctl(xopen("f", O_PATH), FS_IOC_GETFLAGS, &(long){ 0 }), EBADF);

	before = stat_of("f");
	usleep(20000);
	CHECK_OK(set_flags(fd, FS_NODUMP_FL));
	after = stat_of("f");
	CHECK(memcmp(&before.st_ctim, &after.st_ctim, sizeof(after.st_ctim)));
	CHECK(!memcmp(&before.st_mtim, &after.st_mtim, sizeof(after.st_mtim)));

	CHECK_OK(mount(NULL, ".", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	CHECK_ERR(set_flags(fd, 0), EROFS);
	CHECK_EQ(flags_of(fd), FS_NODUMP_FL);
	CHECK_OK(mount(NULL, ".", NULL, MS_REMOUNT, NULL));
	CHECK_OK(set_flags(fd, 0));
}

/* A descriptor that was open for writing before is as good as none. */
static void check_immutable(int fd)
{
	int from = xopen("from", O_RDONLY);
	unsigned char *map;
	unsigned int i;

	CHECK_ERR(pwrite(fd, "x", 1, 0), EPERM);
	CHECK_ERR(pwrite(fd, "x", 1, KiB(100)), EPERM);
	CHECK_ERR(ftruncate(fd, 1), EPERM);
	CHECK_ERR(ftruncate(fd, KiB(200)), EPERM);
	CHECK_ERR(ftruncate(fd, KiB(64)), EPERM);
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		CHECK_ERR(fallocate(fd, modes[i], 0, KiB(8)), EPERM);
	CHECK_ERR(syscall(SYS_copy_file_range, from, NULL, fd, NULL, KiB(4), 0), EPERM);
	CHECK_ERR(fchmod(fd, 0777), EPERM);
	CHECK_ERR(fchown(fd, 1, 1), EPERM);
	CHECK_ERR(futimens(fd, NULL), EPERM);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHECK_EQ(errno, EPERM);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHECK_EQ(errno, EPERM);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(map != MAP_FAILED);
	check_fill(map, PAGE, 0, 1);
	*map = 'x';
	munmap(map, PAGE);
	close(from);
}

static void immutable(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), from = xopen("from", O_RDWR | O_CREAT), read;

	write_file(fd, 0, KiB(64), 1);
	write_file(from, 0, KiB(4), 2);
	/* So that the file system knows that a write need not take anything away. */
	write_file(fd, 0, KiB(64), 1);
	CHECK_OK(set_flags(fd, FS_IMMUTABLE_FL));
	check_immutable(fd);
	CHECK_ERR(open("f", O_WRONLY), EPERM);
	CHECK_ERR(open("f", O_RDONLY | O_TRUNC), EPERM);
	CHECK_ERR(truncate("f", 0), EPERM);
	CHECK_ERR(unlink("f"), EPERM);
	CHECK_ERR(rename("f", "g"), EPERM);
	CHECK_ERR(rename("from", "f"), EPERM);
	CHECK_ERR(link("f", "g"), EPERM);
	read = xopen("f", O_RDONLY);
	check_file(read, 0, KiB(64), 1);
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, read, 0) != MAP_FAILED);
	CHECK_EQ(file_size(fd), KiB(64));

	CHECK_OK(set_flags(read, 0));
	write_file(fd, 0, KiB(64), 3);
	check_file(fd, 0, KiB(64), 3);
	CHECK_OK(unlink("f"));
}

struct changer {
	int	fd, from;
	bool	stop;
};

static void *change_on(void *arg)
{
	struct changer *c = arg;
	unsigned int i;
	loff_t at;

	for (i = 0; !__atomic_load_n(&c->stop, __ATOMIC_RELAXED); i++) {
		at = 0;
		if (i & 1)
			fallocate(c->fd, PUNCH, KiB(32), KiB(32));
		else
			syscall(SYS_copy_file_range, c->from, &at, c->fd, &at, KiB(4), 0);
	}
	return NULL;
}

/* Whoever was at it when the file became immutable leaves no way to write to it. */
static void immutable_meanwhile(void)
{
	struct changer c = { .fd = xopen("f", O_RDWR | O_CREAT) };
	unsigned char *before = xmalloc(KiB(64)), *after = xmalloc(KiB(64));
	pthread_t thread;
	unsigned int i;

	c.from = xopen("from", O_RDWR | O_CREAT);
	write_file(c.fd, 0, KiB(64), 1);
	write_file(c.from, 0, KiB(4), 1);
	CHECK_EQ(pthread_create(&thread, NULL, change_on, &c), 0);
	for (i = 0; i < scaled(2000); i++) {
		CHECK_OK(set_flags(c.fd, FS_IMMUTABLE_FL));
		pread_full(c.fd, before, KiB(64), 0);
		if (i % 8 == 0)
			usleep(100);
		CHECK_ERR(pwrite(c.fd, "x", 1, 0), EPERM);
		pread_full(c.fd, after, KiB(64), 0);
		CHECK(!memcmp(before, after, KiB(64)));
		CHECK_OK(set_flags(c.fd, 0));
		write_file(c.fd, 0, KiB(64), 1);
	}
	__atomic_store_n(&c.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	free(before);
	free(after);
}

static void immutable_directory(void)
{
	int dir;

	CHECK_OK(mkdir("d", 0700));
	touch("d/f");
	touch("g");
	dir = xopen("d", O_RDONLY | O_DIRECTORY);
	CHECK_OK(set_flags(dir, FS_IMMUTABLE_FL));
	CHECK_ERR(open("d/new", O_CREAT | O_WRONLY, 0600), EPERM);
	CHECK_ERR(open("d", O_TMPFILE | O_WRONLY, 0600), EPERM);
	CHECK_ERR(mkdir("d/new", 0700), EPERM);
	CHECK_ERR(symlink("x", "d/new"), EPERM);
	CHECK_ERR(mknod("d/new", S_IFIFO | 0600, 0), EPERM);
	CHECK_ERR(unlink("d/f"), EPERM);
	CHECK_ERR(link("g", "d/new"), EPERM);
	CHECK_ERR(rename("d/f", "f"), EPERM);
	CHECK_ERR(rename("g", "d/g"), EPERM);
	CHECK_ERR(rmdir("d"), EPERM);
	/* The files in it are not. */
	pwrite_full(xopen("d/f", O_WRONLY), "x", 1, 0);

	CHECK_OK(set_flags(dir, FS_APPEND_FL));
	touch("d/new");
	CHECK_ERR(unlink("d/new"), EPERM);
	CHECK_ERR(rename("d/new", "new"), EPERM);
	CHECK_OK(set_flags(dir, 0));
}

static void append_only(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), log;
	unsigned int i;

	write_file(fd, 0, KiB(64), 1);
	CHECK_OK(set_flags(fd, FS_APPEND_FL));
	CHECK_ERR(open("f", O_WRONLY), EPERM);
	CHECK_ERR(open("f", O_WRONLY | O_APPEND | O_TRUNC), EPERM);
	CHECK_ERR(truncate("f", 0), EPERM);
	CHECK_ERR(ftruncate(fd, 0), EPERM);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		if (modes[i] & ~KEEP)
			CHECK_ERR(fallocate(fd, modes[i], 0, KiB(8)), EPERM);
		else
			CHECK_OK(fallocate(fd, modes[i], 0, KiB(8)));
	}
	CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	CHECK_EQ(errno, EACCES);
	CHECK_ERR(unlink("f"), EPERM);
	CHECK_ERR(rename("f", "g"), EPERM);
	CHECK_ERR(link("f", "g"), EPERM);
	CHECK_ERR(chmod("f", 0777), EPERM);
	log = xopen("f", O_RDWR | O_APPEND);
	CHECK_ERR(fcntl(log, F_SETFL, 0), EPERM);
	CHECK_EQ(pwrite(log, "end", 3, 0), 3);
	CHECK_EQ(file_size(fd), KiB(64) + 3);
	check_file(fd, 0, KiB(64), 1);
	CHECK_OK(set_flags(fd, 0));
	CHECK_OK(unlink("f"));
}

static void no_atime(void)
{
	static const struct timespec old[2] = { { 1000, 0 }, { 2000, 0 } };
	int fd = xopen("f", O_RDWR | O_CREAT);
	char byte;

	write_file(fd, 0, 100, 1);
	CHECK_OK(set_flags(fd, FS_NOATIME_FL));
	CHECK_OK(futimens(fd, old));
	pread_full(fd, &byte, 1, 0);
	CHECK_EQ(stat_of("f").st_atim.tv_sec, 1000);
	CHECK_OK(set_flags(fd, 0));
	pread_full(fd, &byte, 1, 0);
	CHECK_CMP(stat_of("f").st_atim.tv_sec, >, 1000);
}

static void as_other(void *arg)
{
	int mine, theirs;

	(void)arg;
	CHECK_OK(setresgid(2000, 2000, 2000));
	CHECK_OK(setresuid(1000, 1000, 1000));
	mine = xopen("mine", O_RDONLY);
	theirs = xopen("theirs", O_RDONLY);
	CHECK_EQ(flags_of(theirs), FS_NODUMP_FL);
	CHECK_ERR(set_flags(theirs, 0), EPERM);
	CHECK_ERR(set_fsx(theirs, 0, 0), EPERM);
	CHECK_ERR(set_flags(mine, FS_IMMUTABLE_FL), EPERM);
	CHECK_ERR(set_flags(mine, FS_APPEND_FL | FS_NODUMP_FL), EPERM);
	CHECK_ERR(set_fsx(mine, FS_XFLAG_IMMUTABLE, 0), EPERM);
	CHECK_EQ(flags_of(mine), 0);
	CHECK_OK(set_flags(mine, FS_NODUMP_FL | FS_NOATIME_FL));
	CHECK_OK(set_fsx(mine, FS_XFLAG_EXTSIZE, KiB(64)));
	CHECK_EQ(flags_of(mine), 0);
	CHECK_EQ(fsx_of(mine).fsx_extsize, KiB(64));
	mine = xopen("locked", O_RDONLY);
	CHECK_ERR(set_flags(mine, 0), EPERM);
	CHECK_OK(set_flags(mine, FS_IMMUTABLE_FL | FS_NODUMP_FL));
}

static void other_users(void)
{
	int fd;

	CHECK_OK(chmod(".", 0777));
	touch("theirs");
	CHECK_OK(chmod("theirs", 0666));
	CHECK_OK(set_flags(xopen("theirs", O_RDONLY), FS_NODUMP_FL));
	touch("mine");
	CHECK_OK(chown("mine", 1000, 2000));
	touch("locked");
	CHECK_OK(chown("locked", 1000, 2000));
	fd = xopen("locked", O_RDONLY);
	CHECK_OK(set_flags(fd, FS_IMMUTABLE_FL));
	finish(start(as_other, NULL));
	CHECK_EQ(flags_of(fd), FS_IMMUTABLE_FL | FS_NODUMP_FL);
	CHECK_OK(set_flags(fd, 0));
}

static void inherited(void)
{
	int dir, fd;

	CHECK_OK(mkdir("d", 0700));
	touch("d/before");
	dir = xopen("d", O_RDONLY | O_DIRECTORY);
	CHECK_OK(set_fsx(dir, FS_XFLAG_NODUMP | FS_XFLAG_NOATIME | FS_XFLAG_EXTSZINHERIT, MiB(2)));
	CHECK_EQ(fsx_of(dir).fsx_extsize, MiB(2));
	CHECK_EQ(fsx_of(xopen("d/before", O_RDONLY)).fsx_xflags, 0);

	fd = xopen("d/f", O_RDWR | O_CREAT);
	CHECK_EQ(fsx_of(fd).fsx_xflags, FS_XFLAG_NODUMP | FS_XFLAG_NOATIME | FS_XFLAG_EXTSIZE);
	CHECK_EQ(fsx_of(fd).fsx_extsize, MiB(2));
	pwrite_full(fd, "x", 1, 0);
	CHECK_EQ(file_held(fd), MiB(2));
	fd = xopen("d", O_TMPFILE | O_RDWR);
	CHECK_EQ(fsx_of(fd).fsx_extsize, MiB(2));
	CHECK_OK(mkdir("d/s", 0700));
	fd = xopen("d/s", O_RDONLY | O_DIRECTORY);
	CHECK_EQ(fsx_of(fd).fsx_xflags, FS_XFLAG_NODUMP | FS_XFLAG_NOATIME |
		 FS_XFLAG_EXTSZINHERIT);
	CHECK_EQ(fsx_of(fd).fsx_extsize, MiB(2));
	CHECK_OK(symlink("x", "d/l"));
	CHECK_OK(mkfifo("d/p", 0600));

	/* What forbids something is not handed on, and what was is the file's own. */
	CHECK_OK(set_flags(dir, FS_APPEND_FL));
	CHECK_EQ(fsx_of(dir).fsx_extsize, MiB(2));
	fd = xopen("d/g", O_RDWR | O_CREAT);
	CHECK_EQ(fsx_of(fd).fsx_xflags, FS_XFLAG_EXTSIZE);
	CHECK_OK(set_flags(dir, 0));
	CHECK_OK(set_fsx(dir, 0, 0));
	CHECK_EQ(fsx_of(xopen("d/f", O_RDONLY)).fsx_extsize, MiB(2));
	fd = xopen("d/h", O_RDWR | O_CREAT);
	CHECK_EQ(fsx_of(fd).fsx_xflags, 0);
}

static void class_hint(void)
{
	int fd, dir = xopen(".", O_RDONLY | O_DIRECTORY);
	unsigned int class;

	for (class = 0; class < SCRIPTFS_SUPER; class++) {
		fd = xopen("f", O_RDWR | O_CREAT);
		CHECK_OK(set_fsx(fd, FS_XFLAG_EXTSIZE, class_sizes[class]));
		CHECK_EQ(fsx_of(fd).fsx_xflags, FS_XFLAG_EXTSIZE);
		CHECK_EQ(fsx_of(fd).fsx_extsize, class_sizes[class]);
		/* Other flags leave it alone. */
		CHECK_OK(set_flags(fd, FS_NODUMP_FL));
		CHECK_EQ(fsx_of(fd).fsx_extsize, class_sizes[class]);
		pwrite_full(fd, "x", 1, 0);
		CHECK_EQ(file_held(fd), class_sizes[class]);
		close(fd);
		CHECK_EQ(held_by("f"), class_sizes[class]);
		fd = xopen("f", O_RDWR);
		CHECK_EQ(fsx_of(fd).fsx_extsize, class_sizes[class]);
		/* Taken back, it is about what comes. */
		CHECK_OK(set_fsx(fd, 0, class_sizes[class]));
		CHECK_EQ(fsx_of(fd).fsx_xflags, 0);
		CHECK_EQ(fsx_of(fd).fsx_extsize, 0);
		pwrite_full(fd, "x", 1, MiB(4));
		CHECK_EQ(file_held(fd), class_sizes[class] + PAGE);
		close(fd);
		CHECK_OK(unlink("f"));
		check_settled(".");
	}
	fd = xopen("f", O_RDWR | O_CREAT);
	CHECK_ERR(set_fsx(fd, FS_XFLAG_EXTSIZE, 12345), EINVAL);
	CHECK_ERR(set_fsx(dir, FS_XFLAG_EXTSZINHERIT, 12345), EINVAL);
	CHECK_OK(set_fsx(fd, FS_XFLAG_EXTSIZE, KiB(64)));
	CHECK_ERR(set_fsx(fd, FS_XFLAG_EXTSIZE, PAGE), EINVAL);
	CHECK_ERR(set_fsx(fd, FS_XFLAG_EXTSIZE, KiB(64) + 1), EINVAL);
	CHECK_ERR(set_fsx(fd, FS_XFLAG_EXTSIZE, -1U), EINVAL);
	CHECK_ERR(set_fsx(fd, FS_XFLAG_EXTSZINHERIT, KiB(64)), EINVAL);
	CHECK_ERR(set_fsx(dir, FS_XFLAG_EXTSIZE, KiB(64)), EINVAL);
	CHECK_EQ(fsx_of(fd).fsx_extsize, KiB(64));
	/* With blocks of neither this size nor a larger one, and no surplus, there will be none. */
	CHECK_ERR(set_fsx(fd, FS_XFLAG_EXTSIZE, MiB(256)), EINVAL);
	CHECK_ERR(set_fsx(dir, FS_XFLAG_EXTSZINHERIT, MiB(256)), EINVAL);
	CHECK_EQ(fsx_of(dir).fsx_xflags, 0);
	/* A hint of no bytes is none. */
	CHECK_OK(set_fsx(fd, FS_XFLAG_EXTSIZE, 0));
	CHECK_EQ(fsx_of(fd).fsx_xflags, 0);
}

/* The option of the mount is what its files begin with; a directory's hint comes before it. */
static void class_of_mount(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), dir;

	CHECK_EQ(fsx_of(fd).fsx_xflags, FS_XFLAG_EXTSIZE);
	CHECK_EQ(fsx_of(fd).fsx_extsize, KiB(512));
	CHECK_OK(set_fsx(fd, 0, 0));
	pwrite_full(fd, "x", 1, 0);
	CHECK_EQ(file_held(fd), PAGE);
	CHECK_OK(mkdir("d", 0700));
	dir = xopen("d", O_RDONLY | O_DIRECTORY);
	CHECK_EQ(fsx_of(dir).fsx_xflags, 0);
	CHECK_OK(set_fsx(dir, FS_XFLAG_EXTSZINHERIT, KiB(32)));
	fd = xopen("d/f", O_RDWR | O_CREAT);
	CHECK_EQ(fsx_of(fd).fsx_extsize, KiB(32));
	pwrite_full(fd, "x", 1, 0);
	CHECK_EQ(file_held(fd), KiB(32));
}

static const struct test tests[] = {
	{ "set_and_get", set_and_get, ANY_POOL, T_SCRIPTFS },
	{ "immutable", immutable, ANY_POOL, T_SCRIPTFS },
	{ "immutable_meanwhile", immutable_meanwhile, ANY_POOL, T_SCRIPTFS },
	{ "immutable_directory", immutable_directory, ANY_POOL, T_SCRIPTFS },
	{ "append_only", append_only, ANY_POOL, T_SCRIPTFS },
	{ "no_atime", no_atime, ANY_POOL, T_SCRIPTFS },
	{ "other_users", other_users, ANY_POOL, T_SCRIPTFS },
	{ "inherited", inherited, ANY_POOL, T_SCRIPTFS },
	{ "class_hint", class_hint, "poem=4,novel=4,medium=4,large=4,strict", T_SCRIPTFS },
	{ "class_of_mount", class_of_mount, ANY_POOL ",class=medium", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
