// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names: directories, links, renames, and the limit on the number of files.
 */
#include "util.h"

#include <dirent.h>
#include <limits.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define CHECK_NLINK(path, nr)	CHECK_EQ(stat_of(path).st_nlink, nr)

static void create(void)
{
	char name[NAME_MAX + 2];
	struct stat st;

	CHECK_OK(close(CHECK_OK(open("f", O_CREAT | O_EXCL | O_WRONLY, 0641))));
	st = stat_of("f");
	CHECK(S_ISREG(st.st_mode));
	CHECK_EQ(st.st_mode & 07777, 0641);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(st.st_size, 0);
	CHECK_EQ(st.st_blocks, 0);
	CHECK_EQ(st.st_uid, 0);
	CHECK_EQ(st.st_dev, stat_of(".").st_dev);
	CHECK(st.st_ino != stat_of(".").st_ino);
	CHECK_ERR(open("f", O_CREAT | O_EXCL | O_WRONLY, 0600), EEXIST);
	CHECK_ERR(open("f/g", O_CREAT | O_WRONLY, 0600), ENOTDIR);
	CHECK_ERR(open("none/g", O_CREAT | O_WRONLY, 0600), ENOENT);
	CHECK_ERR(open("none", O_RDONLY), ENOENT);
	CHECK_ERR(open(".", O_WRONLY), EISDIR);
	CHECK_ERR(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	CHECK_ERR(open(name, O_CREAT | O_WRONLY, 0600), ENAMETOOLONG);
	name[NAME_MAX] = '\0';
	touch(name);
	CHECK_OK(unlink(name));
	umask(027);
	CHECK_OK(close(CHECK_OK(open("g", O_CREAT | O_EXCL | O_WRONLY, 0666))));
	CHECK_EQ(stat_of("g").st_mode & 07777, 0640);
	CHECK_OK(mkdir("d", 0777));
	CHECK_EQ(stat_of("d").st_mode & 07777, 0750);
}

static void directories(void)
{
	CHECK_NLINK(".", 2);
	CHECK_OK(mkdir("a", 0700));
	CHECK_NLINK("a", 2);
	CHECK_NLINK(".", 3);
	CHECK_OK(mkdir("a/b", 0700));
	CHECK_OK(mkdir("a/c", 0700));
	CHECK_NLINK("a", 4);
	touch("a/f");
	CHECK_NLINK("a", 4);
	CHECK_ERR(mkdir("a", 0700), EEXIST);
	CHECK_ERR(mkdir("a/f", 0700), EEXIST);
	CHECK_ERR(mkdir("a/f/x", 0700), ENOTDIR);
	CHECK_ERR(rmdir("a"), ENOTEMPTY);
	CHECK_ERR(rmdir("a/f"), ENOTDIR);
	CHECK_ERR(rmdir("a/b/."), EINVAL);
	CHECK_ERR(rmdir("a/b/.."), ENOTEMPTY);
	CHECK_ERR(rmdir("none"), ENOENT);
	CHECK_ERR(unlink("a"), EISDIR);
	CHECK_OK(rmdir("a/b"));
	CHECK_NLINK("a", 3);
	CHECK_OK(chdir("a/c"));
	CHECK_OK(rmdir("../c"));
	/* A removed directory that is still the working directory. */
	CHECK_NLINK(".", 0);
	CHECK_ERR(open("f", O_CREAT | O_WRONLY, 0600), ENOENT);
	CHECK_ERR(mkdir("d", 0700), ENOENT);
	CHECK_OK(chdir("../.."));
	CHECK_NLINK("a", 2);
	CHECK_OK(unlink("a/f"));
	CHECK_OK(rmdir("a"));
	CHECK_NLINK(".", 2);
}

static void symlinks(void)
{
	static const size_t lens[] = {
		1, 2, 15, 31, 32, 47, 59, 60, 61, 63, 64, 100, 127, 128, 255, 1000,
		PATH_MAX - 2, PATH_MAX - 1,
	};
	char target[PATH_MAX + 1], got[PATH_MAX + 1];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		size_t len = lens[i];

		memset(target, 'a' + i, len);
		target[len] = '\0';
		CHECK_OK(symlink(target, "l"));
		CHECK(S_ISLNK(stat_of("l").st_mode));
		CHECK_EQ(stat_of("l").st_size, len);
		memset(got, '!', sizeof(got));
		CHECK_EQ(readlink("l", got, sizeof(got)), len);
		CHECK(memcmp(got, target, len) == 0);
		CHECK_EQ(got[len], '!');
		CHECK_EQ(readlink("l", got, 1), 1);
		CHECK_ERR(open("l", O_RDONLY), len > NAME_MAX ? ENAMETOOLONG : ENOENT);
		CHECK_OK(rename("l", "m"));
		CHECK_EQ(readlink("m", got, sizeof(got)), len);
		CHECK(memcmp(got, target, len) == 0);
		CHECK_OK(unlink("m"));
	}
	memset(target, 'x', PATH_MAX);
	target[PATH_MAX] = '\0';
	CHECK_ERR(symlink(target, "l"), ENAMETOOLONG);
	CHECK_ERR(symlink("", "l"), ENOENT);

	/* A symlink is followed even if its target is too long to be kept inside the inode. */
	touch("f");
	CHECK_OK(mkdir("d", 0700));
	memset(target, 0, sizeof(target));
	for (i = 0; i < 200; i++)
		strcat(target, "d/../");
	strcat(target, "f");
	CHECK_OK(symlink(target, "l"));
	write_file(xopen("l", O_WRONLY), 0, 10, 1);
	CHECK_EQ(stat_of("f").st_size, 10);
	CHECK_ERR(symlink("x", "l"), EEXIST);
	CHECK_ERR(readlink("f", got, 10), EINVAL);
	CHECK_OK(symlink("loop", "loop"));
	CHECK_ERR(open("loop", O_RDONLY), ELOOP);
	CHECK_ERR(open("l", O_RDONLY | O_NOFOLLOW), ELOOP);
	check_balance(".");
}

static void special_files(void)
{
	char byte = 0;
	int fd;

	CHECK_OK(mknod("fifo", S_IFIFO | 0600, 0));
	CHECK_OK(mknod("sock", S_IFSOCK | 0600, 0));
	CHECK_OK(mknod("null", S_IFCHR | 0600, makedev(1, 3)));
	CHECK_OK(mknod("disk", S_IFBLK | 0600, makedev(240, 77)));
	CHECK_OK(mknod("file", S_IFREG | 0600, 0));
	CHECK(S_ISFIFO(stat_of("fifo").st_mode));
	CHECK(S_ISSOCK(stat_of("sock").st_mode));
	CHECK(S_ISCHR(stat_of("null").st_mode));
	CHECK(S_ISBLK(stat_of("disk").st_mode));
	CHECK(S_ISREG(stat_of("file").st_mode));
	CHECK_EQ(stat_of("null").st_rdev, makedev(1, 3));
	CHECK_EQ(stat_of("disk").st_rdev, makedev(240, 77));
	fd = xopen("null", O_RDWR);
	CHECK_EQ(write(fd, "xyz", 3), 3);
	CHECK_EQ(read(fd, &byte, 1), 0);
	fd = xopen("fifo", O_RDWR);
	CHECK_EQ(write(fd, "x", 1), 1);
	CHECK_EQ(read(fd, &byte, 1), 1);
	CHECK_EQ(byte, 'x');
	CHECK_ERR(open("sock", O_RDONLY), ENXIO);
	CHECK_EQ(stat_of("fifo").st_size, 0);
	CHECK_OK(rename("null", "disk"));
	CHECK(S_ISCHR(stat_of("disk").st_mode));
}

static void links(void)
{
	int fd;

	touch("a");
	CHECK_OK(link("a", "b"));
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(link("a", "d/c"));
	CHECK_NLINK("b", 3);
	CHECK_EQ(stat_of("a").st_ino, stat_of("d/c").st_ino);
	fd = xopen("d/c", O_RDWR);
	write_file(fd, 0, KiB(100), 1);
	check_file(xopen("b", O_RDONLY), 0, KiB(100), 1);
	CHECK_ERR(link("a", "b"), EEXIST);
	CHECK_ERR(link("d", "e"), EPERM);
	CHECK_ERR(link("none", "e"), ENOENT);
	CHECK_OK(unlink("a"));
	CHECK_NLINK("b", 2);
	/* Two names of one file: rename does nothing. */
	CHECK_OK(rename("b", "d/c"));
	CHECK_NLINK("b", 2);
	CHECK_NLINK("d/c", 2);
	CHECK_OK(unlink("b"));
	CHECK_OK(unlink("d/c"));
	check_file(fd, 0, KiB(100), 1);
	CHECK_OK(symlink("nowhere", "s"));
	CHECK_OK(link("s", "t"));
	CHECK(S_ISLNK(stat_of("t").st_mode));
	CHECK_NLINK("s", 2);
}

static void renames(void)
{
	unsigned long long ino;
	int fd;

	touch("f");
	touch("g");
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(mkdir("e", 0700));
	CHECK_OK(mkdir("full", 0700));
	touch("full/x");

	ino = stat_of("f").st_ino;
	CHECK_OK(rename("f", "new"));
	CHECK_EQ(stat_of("new").st_ino, ino);
	CHECK_ERR(access("f", F_OK), ENOENT);
	CHECK_OK(rename("new", "g"));
	CHECK_EQ(stat_of("g").st_ino, ino);
	CHECK_ERR(rename("g", "d"), EISDIR);
	CHECK_ERR(rename("d", "g"), ENOTDIR);
	CHECK_ERR(rename("d", "full"), ENOTEMPTY);
	CHECK_ERR(rename("none", "g"), ENOENT);
	CHECK_ERR(rename("d", "d/sub"), EINVAL);
	CHECK_ERR(rename("g", "none/g"), ENOENT);
	CHECK_OK(rename("g", "g"));
	CHECK_NLINK(".", 5);

	/* Rename a directory over an empty one, and into another. */
	ino = stat_of("full").st_ino;
	CHECK_OK(rename("full", "d"));
	CHECK_EQ(stat_of("d").st_ino, ino);
	CHECK_NLINK(".", 4);
	CHECK_OK(rename("d", "e/d"));
	CHECK_NLINK(".", 3);
	CHECK_NLINK("e", 3);
	CHECK_EQ(stat_of("e/d/..").st_ino, stat_of("e").st_ino);
	CHECK_OK(rename("g", "e/d/g"));
	CHECK_OK(rename("e/d/x", "x"));
	CHECK_OK(rename("e/d/g", "x"));
	CHECK_OK(rename("e/d", "d"));
	CHECK_NLINK("e", 2);
	CHECK_NLINK(".", 4);

	/* A file that is renamed over gives its blocks back once it is no longer open. */
	fd = xopen("x", O_RDWR);
	write_file(fd, 0, KiB(300), 1);
	touch("y");
	CHECK_OK(rename("y", "x"));
	check_file(fd, 0, KiB(300), 1);
	close(fd);
	if (on_scriptfs())
		CHECK_EQ(counter(NULL, "used"), 0);
}

static int rename2(const char *from, const char *to, unsigned int flags)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void rename_flags(void)
{
	unsigned long long ino;

	touch("f");
	touch("g");
	CHECK_OK(mkdir("d", 0700));
	ino = stat_of("g").st_ino;
	CHECK_ERR(rename2("f", "g", RENAME_NOREPLACE), EEXIST);
	CHECK_ERR(rename2("f", "d", RENAME_NOREPLACE), EEXIST);
	CHECK_ERR(rename2("d", "f", RENAME_NOREPLACE), EEXIST);
	CHECK_EQ(stat_of("g").st_ino, ino);
	CHECK_OK(rename2("g", "h", RENAME_NOREPLACE));
	CHECK_EQ(stat_of("h").st_ino, ino);
	CHECK_OK(rename2("h", "d/h", RENAME_NOREPLACE));
	CHECK_OK(rename2("d", "e", RENAME_NOREPLACE));
	CHECK_EQ(stat_of("e/h").st_ino, ino);
	CHECK_ERR(rename2("f", "e/h", RENAME_NOREPLACE | RENAME_EXCHANGE), EINVAL);
	CHECK_ERR(rename2("f", "x", 1 << 20), EINVAL);
	CHECK_ERR(rename2("f", "x", RENAME_EXCHANGE), ENOENT);
	CHECK_ERR(rename2("x", "f", RENAME_EXCHANGE), ENOENT);
	CHECK_ERR(rename2("e", "e/h", RENAME_EXCHANGE), EINVAL);
	CHECK_ERR(rename2("f", "e/h", RENAME_WHITEOUT | RENAME_EXCHANGE), EINVAL);
	CHECK_EQ(stat_of("e/h").st_ino, ino);
}

#define ENTRIES	400

static void read_directory(void)
{
	unsigned char seen[ENTRIES] = { 0 };
	unsigned int i, victim, nr = 0;
	struct dirent *entry;
	char name[32];
	long where;
	DIR *dir;

	CHECK_OK(mkdir("d", 0700));
	for (i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "d/%u", i);
		if (i % 3)
			touch(name);
		else
			CHECK_OK(mkdir(name, 0700));
	}
	/* Entries are removed meanwhile: all that stay must be read, and none twice. */
	dir = opendir("d");
	CHECK(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		i = atoi(entry->d_name);
		CHECK_CMP(i, <, ENTRIES);
		CHECK_EQ(seen[i], 0);
		CHECK_EQ(entry->d_type, i % 3 ? DT_REG : DT_DIR);
		seen[i] = 1;
		nr++;
		victim = (i * 7 + 3) % ENTRIES;
		snprintf(name, sizeof(name), "d/%u", victim);
		if (victim % 2)
			remove(name);
	}
	for (i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "d/%u", i);
		if (access(name, F_OK) == 0 && !seen[i])
			fail("entry %u was not read", i);
	}
	CHECK_CMP(nr, >=, ENTRIES / 2);

	rewinddir(dir);
	CHECK(readdir(dir));
	CHECK(readdir(dir));
	CHECK(readdir(dir));
	where = telldir(dir);
	entry = readdir(dir);
	CHECK(entry);
	i = atoi(entry->d_name);
	CHECK(readdir(dir));
	seekdir(dir, where);
	entry = readdir(dir);
	CHECK(entry);
	CHECK_EQ(atoi(entry->d_name), i);
	closedir(dir);
}

static void open_unlinked(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	struct stat st;

	write_file(fd, 0, KiB(90), 1);
	CHECK_OK(unlink("f"));
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	check_file(fd, 0, KiB(90), 1);
	write_file(fd, KiB(90), KiB(90), 1);
	check_file(fd, 0, KiB(180), 1);
	CHECK_ERR(linkat(fd, "", AT_FDCWD, "g", AT_EMPTY_PATH), ENOENT);
	if (on_scriptfs())
		CHECK_CMP(counter(NULL, "used"), >=, KiB(180));
	close(fd);
	check_settled(".");
}

static void temporary_file(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);
	struct stat st;

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		skip("no O_TMPFILE");
	CHECK_CMP(fd, >=, 0);
	write_file(fd, 0, KiB(90), 1);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_nlink, 0);
	CHECK_OK(linkat(fd, "", AT_FDCWD, "f", AT_EMPTY_PATH));
	CHECK_NLINK("f", 1);
	close(fd);
	check_file(xopen("f", O_RDONLY), 0, KiB(90), 1);
	fd = CHECK_OK(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600));
	CHECK_ERR(linkat(fd, "", AT_FDCWD, "g", AT_EMPTY_PATH), ENOENT);
}

static void number_of_inodes(void)
{
	struct statfs fs;
	unsigned long nr = 0, free;
	char name[32];

	CHECK_OK(statfs(".", &fs));
	CHECK_EQ(fs.f_files, 20);
	CHECK(fs.f_ffree == 19 || fs.f_ffree == 20);
	free = fs.f_ffree;
	for (;;) {
		int fd;

		snprintf(name, sizeof(name), "f%lu", nr);
		fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (fd < 0)
			break;
		close(fd);
		nr++;
	}
	CHECK_EQ(errno, ENOSPC);
	CHECK_EQ(nr, free);
	CHECK_OK(statfs(".", &fs));
	CHECK_EQ(fs.f_ffree, 0);
	CHECK_ERR(mkdir("d", 0700), ENOSPC);
	CHECK_ERR(symlink("x", "l"), ENOSPC);
	CHECK_ERR(mknod("p", S_IFIFO | 0600, 0), ENOSPC);
	CHECK_NLINK(".", 2);
	CHECK_ERR(access("d", F_OK), ENOENT);
	CHECK_OK(unlink("f0"));
	CHECK_OK(mkdir("d", 0700));
	CHECK_ERR(mkdir("e", 0700), ENOSPC);
	CHECK_OK(rmdir("d"));
	CHECK_OK(symlink("x", "l"));
	CHECK_OK(unlink("l"));
	CHECK_OK(statfs(".", &fs));
	CHECK_EQ(fs.f_ffree, 1);
}

static unsigned long free_names(void)
{
	struct statfs fs;

	CHECK_OK(statfs(".", &fs));
	return fs.f_ffree;
}

/* Another name for a file counts as a file: it takes as much of the kernel's memory. */
static void number_of_names(void)
{
	unsigned long nr = 1, free = free_names();
	char name[32];
	int fd;

	touch("f");
	for (;; nr++) {
		snprintf(name, sizeof(name), "l%lu", nr);
		if (link("f", name))
			break;
		CHECK_CMP(nr, <, free);
	}
	CHECK_EQ(errno, ENOSPC);
	CHECK_EQ(nr, free);
	CHECK_NLINK("f", nr);
	CHECK_EQ(free_names(), 0);
	CHECK_ERR(open("g", O_CREAT | O_WRONLY, 0600), ENOSPC);
	CHECK_ERR(access(name, F_OK), ENOENT);

	/* Every way to remove a name makes room for another. */
	CHECK_OK(unlink("f"));
	CHECK_EQ(free_names(), 1);
	touch("g");
	CHECK_OK(rename("g", "l1"));
	CHECK_EQ(free_names(), 1);
	touch("g");
	CHECK_EQ(free_names(), 0);
	CHECK_OK(rename("g", "l1"));
	CHECK_EQ(free_names(), 1);
	CHECK_OK(rename("l2", "l3"));	/* two names of one file: nothing happens */
	CHECK_EQ(free_names(), 1);
	CHECK_OK(rename("l2", "m2"));
	CHECK_EQ(free_names(), 1);

	/* The first name counts as part of the file, even if it comes late. */
	fd = CHECK_OK(open(".", O_TMPFILE | O_RDWR, 0600));
	CHECK_EQ(free_names(), 0);
	CHECK_OK(linkat(fd, "", AT_FDCWD, "t", AT_EMPTY_PATH));
	CHECK_EQ(free_names(), 0);
	CHECK_ERR(link("t", "u"), ENOSPC);
	CHECK_OK(unlink("t"));
	CHECK_EQ(free_names(), 0);	/* it is still open */
	close(fd);
	CHECK_EQ(free_names(), 1);

	CHECK_OK(unlink("m2"));
	CHECK_OK(symlink("x", "s"));
	CHECK_OK(link("s", "t"));
	CHECK_EQ(free_names(), 0);
	CHECK_OK(rename("s", "l3"));
	CHECK_EQ(free_names(), 1);
	CHECK_OK(unlink("t"));
	CHECK_OK(unlink("l3"));
	CHECK_EQ(free_names(), 3);

	/* The links that make up a directory's link count do not count as names. */
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(mkdir("e", 0700));
	CHECK_OK(rename("d", "e"));
	CHECK_EQ(free_names(), 2);
	remove_all(".");
	CHECK_EQ(free_names(), free);
}

static void shuffle(void *arg)
{
	u64 rng = (unsigned long)arg;
	unsigned long i;
	char a[32], b[32];

	for (i = 0; i < scaled(1500); i++) {
		u64 r = rnd(&rng);

		snprintf(a, sizeof(a), "d%llu/%c", r / 16 % 3, (char)('a' + r / 64 % 5));
		snprintf(b, sizeof(b), "d%llu/%c", r / 1024 % 3, (char)('a' + r / 8192 % 5));
		errno = 0;
		switch (r % 8) {
		case 0:
			close(open(a, O_CREAT | O_WRONLY, 0600));
			break;
		case 1:
			mkdir(a, 0700);
			break;
		case 2:
			unlink(a);
			break;
		case 3:
			rmdir(a);
			break;
		case 4:
			link(a, b);
			break;
		case 5:
			symlink(b, a);
			break;
		default:
			rename(a, b);
		}
		switch (errno) {
		case 0:
		case ENOENT:
		case EEXIST:
		case ENOTDIR:
		case EISDIR:
		case ENOTEMPTY:
		case EPERM:
		case EBADF:
		case EINVAL:
		case ELOOP:
			break;
		default:
			fail("operation %llu on %s and %s", r % 8, a, b);
		}
	}
}

/* Several processes work on a few names; afterwards every count must match what is there. */
static void shuffled(void)
{
	pid_t pids[4];
	struct dirent *entry;
	unsigned long i, dirs, names = 0, free = free_names();
	char name[300];
	DIR *dir;

	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "d%lu", i);
		CHECK_OK(mkdir(name, 0700));
	}
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(shuffle, (void *)(i + 1));
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		finish(pids[i]);
	CHECK_NLINK(".", 5);
	for (i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "d%lu", i);
		dir = opendir(name);
		CHECK(dir);
		dirs = 0;
		while ((entry = readdir(dir))) {
			struct stat st;

			if (entry->d_name[0] == '.')
				continue;
			CHECK_OK(fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW));
			dirs += S_ISDIR(st.st_mode);
			names++;
		}
		closedir(dir);
		CHECK_NLINK(name, 2 + dirs);
	}
	CHECK_EQ(free_names(), free - 3 - names);
}

static const struct test tests[] = {
	{ "create", create, ANY_POOL, 0 },
	{ "directories", directories, ANY_POOL, 0 },
	{ "symlinks", symlinks, ANY_POOL, 0 },
	{ "special_files", special_files, ANY_POOL, 0 },
	{ "links", links, ANY_POOL, 0 },
	{ "renames", renames, ANY_POOL, 0 },
	{ "rename_flags", rename_flags, ANY_POOL, 0 },
	{ "read_directory", read_directory, ANY_POOL, 0 },
	{ "open_unlinked", open_unlinked, ANY_POOL, 0 },
	{ "temporary_file", temporary_file, ANY_POOL, 0 },
	{ "number_of_inodes", number_of_inodes, ANY_POOL ",nr_inodes=20", 0 },
	{ "number_of_names", number_of_names, ANY_POOL ",nr_inodes=8", 0 },
	{ "shuffled", shuffled, ANY_POOL ",nr_inodes=1000", 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
