// SPDX-License-Identifier: GPL-2.0-only
/*
 * renameat2(2): two names that are exchanged, and a name that leaves a whiteout.
 */
#include "util.h"

#include <dirent.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#define CHECK_NLINK(path, nr)	CHECK_EQ(stat_of(path).st_nlink, nr)

static int rename2(const char *from, const char *to, unsigned int flags)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

static void age(const char *path)
{
	static const struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };

	CHECK_OK(utimensat(AT_FDCWD, path, old, AT_SYMLINK_NOFOLLOW));
}

static long modified(const char *path)
{
	return stat_of(path).st_mtim.tv_sec;
}

static unsigned long free_names(void)
{
	struct statfs fs;

	CHECK_OK(statfs(".", &fs));
	return fs.f_ffree;
}

/* How many entries of that name readdir(3) shows. */
static unsigned int listed(const char *name)
{
	unsigned int nr = 0;
	struct dirent *entry;
	DIR *dir = opendir(".");

	CHECK(dir);
	while ((entry = readdir(dir)))
		nr += !strcmp(entry->d_name, name);
	closedir(dir);
	return nr;
}

/* A directory takes its ".." along. */
static void kinds(void)
{
	unsigned long long file, dir;

	touch("f");
	CHECK_OK(link("f", "other"));
	CHECK_OK(mkdir("a", 0700));
	CHECK_OK(mkdir("a/full", 0700));
	touch("a/full/x");
	CHECK_OK(symlink("nowhere", "l"));
	file = stat_of("f").st_ino;
	dir = stat_of("a/full").st_ino;
	CHECK_NLINK(".", 3);
	CHECK_NLINK("a", 3);

	CHECK_OK(rename2("f", "a/full", RENAME_EXCHANGE));
	CHECK_EQ(stat_of("a/full").st_ino, file);
	CHECK_EQ(stat_of("f").st_ino, dir);
	CHECK_EQ(stat_of("f/..").st_ino, stat_of(".").st_ino);
	CHECK_OK(access("f/x", F_OK));
	CHECK_NLINK("a/full", 2);
	CHECK_NLINK(".", 4);
	CHECK_NLINK("a", 2);
	CHECK_OK(rename2("a/full", "f", RENAME_EXCHANGE));
	CHECK_EQ(stat_of("a/full/..").st_ino, stat_of("a").st_ino);
	CHECK_NLINK(".", 3);
	CHECK_NLINK("a", 3);

	CHECK_OK(mkdir("b", 0700));
	CHECK_OK(mkdir("b/empty", 0700));
	CHECK_OK(rename2("a/full", "b/empty", RENAME_EXCHANGE));
	CHECK_EQ(stat_of("b/empty").st_ino, dir);
	CHECK_NLINK("a", 3);
	CHECK_NLINK("b", 3);
	CHECK_OK(rename2("b", "a", RENAME_EXCHANGE));
	CHECK_EQ(stat_of("a/empty").st_ino, dir);

	CHECK_OK(rename2("a/empty/x", "l", RENAME_EXCHANGE));
	CHECK(S_ISREG(stat_of("l").st_mode));
	CHECK(S_ISLNK(stat_of("a/empty/x").st_mode));
	CHECK_OK(rename2("f", "other", RENAME_EXCHANGE));
	CHECK_EQ(stat_of("f").st_ino, file);
	CHECK_NLINK("f", 2);
	CHECK_OK(rename2("f", "f", RENAME_EXCHANGE));
	remove_all(".");
	CHECK_NLINK(".", 2);
	if (on_scriptfs())
		check_settled(".");
}

static void refused(void)
{
	touch("f");
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(mkdir("d/e", 0700));
	CHECK_ERR(rename2("f", "x", RENAME_EXCHANGE), ENOENT);
	CHECK_ERR(rename2("x", "f", RENAME_EXCHANGE), ENOENT);
	CHECK_ERR(rename2("d", "d/e", RENAME_EXCHANGE), EINVAL);
	/* Only without this flag is it refused as a directory that is not empty. */
	CHECK_ERR(rename2("d/e", "d", RENAME_EXCHANGE), EINVAL);
	CHECK_ERR(rename2("f", "d/e", RENAME_NOREPLACE | RENAME_EXCHANGE), EINVAL);
	CHECK_ERR(rename2("f", "d/e", RENAME_WHITEOUT | RENAME_EXCHANGE), EINVAL);
	CHECK(S_ISREG(stat_of("f").st_mode));
	CHECK(S_ISDIR(stat_of("d/e").st_mode));
}

static void times(void)
{
	struct stat before, after;

	CHECK_OK(mkdir("a", 0700));
	CHECK_OK(mkdir("b", 0700));
	touch("a/x");
	touch("b/y");
	age("a");
	age("b");
	age("a/x");
	age("b/y");
	before = stat_of("b/y");
	usleep(20000);
	CHECK_OK(rename2("a/x", "b/y", RENAME_EXCHANGE));
	CHECK_CMP(modified("a"), >, 1000);
	CHECK_CMP(modified("b"), >, 1000);
	CHECK_EQ(modified("a/x"), 1000);
	CHECK_EQ(modified("b/y"), 1000);
	after = stat_of("a/x");
	CHECK(memcmp(&before.st_ctim, &after.st_ctim, sizeof(after.st_ctim)));
}

/* What has moved leaves a device 0:0, which is counted as what it is. */
static void whiteout(void)
{
	unsigned long free;
	unsigned long long ino;

	touch("f");
	touch("g");
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(mkdir("full", 0700));
	touch("full/x");
	ino = stat_of("f").st_ino;
	free = free_names();
	CHECK_OK(rename2("f", "full/f", RENAME_WHITEOUT));
	CHECK_EQ(stat_of("full/f").st_ino, ino);
	CHECK(S_ISCHR(stat_of("f").st_mode));
	CHECK_EQ(stat_of("f").st_rdev, makedev(0, 0));
	CHECK_EQ(listed("f"), 1);
	CHECK_EQ(free_names(), free - 1);
	CHECK_OK(unlink("f"));
	CHECK_ERR(access("f", F_OK), ENOENT);
	CHECK_EQ(listed("f"), 0);
	CHECK_OK(rename2("full/f", "full/h", RENAME_WHITEOUT));
	CHECK_OK(rename("full/h", "full/f"));
	CHECK_EQ(stat_of("full/f").st_ino, ino);

	/* Nothing is left where the rename fails. */
	CHECK_ERR(rename2("d", "full", RENAME_WHITEOUT), ENOTEMPTY);
	CHECK_ERR(rename2("g", "full/f", RENAME_WHITEOUT | RENAME_NOREPLACE), EEXIST);
	CHECK(S_ISDIR(stat_of("d").st_mode));
	CHECK(S_ISREG(stat_of("g").st_mode));
	CHECK_OK(rename2("g", "full/f", RENAME_WHITEOUT));
	CHECK_OK(rename2("d", "full/d", RENAME_WHITEOUT));
	CHECK_OK(unlink("g"));
	CHECK_OK(unlink("d"));
	CHECK_NLINK(".", 3);
	CHECK_NLINK("full", 3);
	CHECK_EQ(free_names(), free + 1);
}

static void no_room_for_a_whiteout(void)
{
	unsigned int i;
	char name[16];

	for (i = 0; free_names(); i++) {
		snprintf(name, sizeof(name), "%u", i);
		touch(name);
	}
	CHECK_ERR(rename2("0", "new", RENAME_WHITEOUT), ENOSPC);
	CHECK_OK(access("0", F_OK));
	CHECK_ERR(access("new", F_OK), ENOENT);
	CHECK_OK(rename2("0", "1", RENAME_EXCHANGE));
	CHECK_OK(rename("0", "new"));
	CHECK_EQ(free_names(), 0);
}

#define NAMES	6

/* Somebody looks up names all the time that are always there. */
static void look(void *unused)
{
	char name[16];
	u64 rng = 1;
	unsigned long i;

	(void)unused;
	for (i = 0; i < scaled(20000); i++) {
		snprintf(name, sizeof(name), "d%u/n", (unsigned int)(rnd(&rng) % NAMES));
		CHECK_OK(access(name, F_OK));
	}
}

static void beside_lookups(void)
{
	bool seen[NAMES] = { false };
	char a[16], b[16];
	unsigned int i, found = 0;
	pid_t pid;
	u64 rng = 2;

	for (i = 0; i < NAMES; i++) {
		snprintf(a, sizeof(a), "d%u", i);
		CHECK_OK(mkdir(a, 0700));
		snprintf(a, sizeof(a), "d%u/n", i);
		CHECK_OK(mkdir(a, 0700));
		snprintf(a, sizeof(a), "d%u/n/%u", i, i);
		touch(a);
	}
	pid = start(look, NULL);
	for (i = 0; i < scaled(20000); i++) {
		snprintf(a, sizeof(a), "d%u/n", (unsigned int)(rnd(&rng) % NAMES));
		snprintf(b, sizeof(b), "d%u/n", (unsigned int)(rnd(&rng) % NAMES));
		CHECK_OK(rename2(a, b, RENAME_EXCHANGE));
	}
	finish(pid);
	/* All are still there, each in one place. */
	for (i = 0; i < NAMES * NAMES; i++) {
		snprintf(a, sizeof(a), "d%u/n/%u", i / NAMES, i % NAMES);
		if (access(a, F_OK))
			continue;
		CHECK(!seen[i % NAMES]);
		seen[i % NAMES] = true;
		found++;
	}
	CHECK_EQ(found, NAMES);
}

static const struct test tests[] = {
	{ "kinds", kinds, ANY_POOL, 0 },
	{ "refused", refused, ANY_POOL, 0 },
	{ "times", times, ANY_POOL, 0 },
	{ "whiteout", whiteout, ANY_POOL, 0 },
	{ "no_room_for_a_whiteout", no_room_for_a_whiteout, ANY_POOL ",nr_inodes=10", 0 },
	{ "beside_lookups", beside_lookups, ANY_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
