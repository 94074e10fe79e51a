// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extended attributes: who may do what, what is refused, what they count.
 */
#include "fallocate.h"

#include <limits.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define LARGEST	65536

/* What the names of access control lists take in a list of names. */
#define LISTS	(sizeof("system.posix_acl_access") + sizeof("system.posix_acl_default"))

static char buf[LARGEST + 1];

static const struct vfs_cap_data cap = {
	.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
	.data[0].permitted = 1 << CAP_NET_RAW,
};

static void set(const char *path, const char *name, const char *value)
{
	CHECK_OK(lsetxattr(path, name, value, strlen(value), 0));
}

static void check_xattr(const char *path, const char *name, const char *value)
{
	ssize_t size = CHECK_OK(lgetxattr(path, name, buf, sizeof(buf)));

	CHECK_EQ(size, strlen(value));
	CHECK(memcmp(buf, value, size) == 0);
}

static bool is_listed(const char *path, const char *name)
{
	ssize_t size = CHECK_OK(llistxattr(path, buf, LARGEST)), at;
	bool found = false;

	CHECK_EQ(llistxattr(path, NULL, 0), size);
	for (at = 0; at < size; at += strlen(buf + at) + 1) {
		if (strcmp(buf + at, name))
			continue;
		CHECK(!found);
		found = true;
	}
	CHECK_EQ(at, size);
	return found;
}

static void basics_of(const char *path)
{
	struct stat before = stat_of(path), after;

	CHECK_ERR(lgetxattr(path, "user.a", buf, 10), ENODATA);
	CHECK_ERR(lremovexattr(path, "user.a"), ENODATA);
	CHECK_ERR(lsetxattr(path, "user.a", "x", 1, XATTR_REPLACE), ENODATA);
	CHECK(!is_listed(path, "user.a"));
	usleep(20000);
	CHECK_OK(lsetxattr(path, "user.a", "value", 5, XATTR_CREATE));
	after = stat_of(path);
	CHECK(memcmp(&before.st_ctim, &after.st_ctim, sizeof(after.st_ctim)));
	CHECK(!memcmp(&before.st_mtim, &after.st_mtim, sizeof(after.st_mtim)));
	check_xattr(path, "user.a", "value");
	CHECK_ERR(lsetxattr(path, "user.a", "x", 1, XATTR_CREATE), EEXIST);
	CHECK_OK(lsetxattr(path, "user.a", "longer than it was", 18, XATTR_REPLACE));
	check_xattr(path, "user.a", "longer than it was");
	set(path, "user.a", "short");
	check_xattr(path, "user.a", "short");
	CHECK_EQ(lgetxattr(path, "user.a", NULL, 0), 5);
	CHECK_ERR(lgetxattr(path, "user.a", buf, 4), ERANGE);
	set(path, "user.a", "");
	CHECK_EQ(lgetxattr(path, "user.a", buf, 4), 0);
	CHECK_EQ(lgetxattr(path, "user.a", NULL, 0), 0);
	set(path, "trusted.t", "1");
	set(path, "security.s", "2");
	set(path, "user.A", "another name");
	check_xattr(path, "trusted.t", "1");
	check_xattr(path, "security.s", "2");
	check_xattr(path, "user.a", "");
	CHECK(is_listed(path, "user.a"));
	CHECK(is_listed(path, "user.A"));
	CHECK(is_listed(path, "trusted.t"));
	CHECK(is_listed(path, "security.s"));
	CHECK_ERR(llistxattr(path, buf, 5), ERANGE);
	CHECK_OK(lremovexattr(path, "user.a"));
	CHECK_ERR(lgetxattr(path, "user.a", buf, 10), ENODATA);
	CHECK(!is_listed(path, "user.a"));
	CHECK(is_listed(path, "user.A"));
}

static void basics(void)
{
	int fd;

	touch("f");
	CHECK_OK(mkdir("d", 0700));
	basics_of("f");
	basics_of("d");
	basics_of(".");

	/* They are the inode's, whatever its names. */
	CHECK_OK(link("f", "g"));
	set("g", "user.g", "by another name");
	CHECK_OK(rename("f", "d/f"));
	check_xattr("d/f", "user.g", "by another name");
	fd = xopen("g", O_RDWR);
	CHECK_OK(unlink("g"));
	CHECK_OK(unlink("d/f"));
	CHECK_EQ(fgetxattr(fd, "user.g", buf, sizeof(buf)), 15);
	CHECK_OK(fsetxattr(fd, "user.h", "x", 1, 0));
	CHECK_EQ(flistxattr(fd, buf, sizeof(buf)), sizeof("user.A") + sizeof("trusted.t") +
		 sizeof("security.s") + sizeof("user.g") + sizeof("user.h"));
}

static void refused(void)
{
	char name[XATTR_NAME_MAX + 2] = "user.";

	touch("f");
	CHECK_OK(symlink("f", "l"));
	CHECK_OK(mknod("p", S_IFIFO | 0600, 0));
	CHECK_ERR(lsetxattr("f", "foo.bar", "x", 1, 0), EOPNOTSUPP);
	CHECK_ERR(lgetxattr("f", "foo.bar", buf, 10), EOPNOTSUPP);
	CHECK_ERR(lsetxattr("f", "user.", "x", 1, 0), EINVAL);
	CHECK_ERR(lsetxattr("f", "", "x", 1, 0), ERANGE);
	CHECK_ERR(lsetxattr("f", "user.a", "x", 1, 1 << 5), EINVAL);
	CHECK_ERR(lsetxattr("f", "user.a", buf, LARGEST + 1, 0), E2BIG);
	memset(name + 5, 'n', sizeof(name) - 6);
	CHECK_ERR(lsetxattr("f", name, "x", 1, 0), ERANGE);
	name[XATTR_NAME_MAX] = '\0';
	CHECK_OK(lsetxattr("f", name, "x", 1, 0));
	check_xattr("f", name, "x");

	/* Users have no attributes but of files and directories. */
	CHECK_ERR(lsetxattr("l", "user.a", "x", 1, 0), EPERM);
	CHECK_ERR(lsetxattr("p", "user.a", "x", 1, 0), EPERM);
	set("l", "trusted.a", "of the link");
	set("p", "trusted.a", "of the pipe");
	check_xattr("l", "trusted.a", "of the link");
	CHECK(is_listed("l", "trusted.a"));
	CHECK(is_listed("p", "trusted.a"));
	CHECK_ERR(getxattr("l", "trusted.a", buf, 10), ENODATA);
}

static void as_other(void *unused)
{
	(void)unused;
	CHECK_OK(setresgid(2000, 2000, 2000));
	CHECK_OK(setresuid(1000, 1000, 1000));
	CHECK(is_listed("readable", "user.a"));
	CHECK(!is_listed("readable", "trusted.a"));
	CHECK_ERR(lgetxattr("readable", "trusted.a", buf, 10), ENODATA);
	CHECK_ERR(lsetxattr("readable", "trusted.a", "x", 1, 0), EPERM);
	check_xattr("readable", "user.a", "x");
	CHECK_ERR(lsetxattr("readable", "user.a", "y", 1, 0), EACCES);
	CHECK_ERR(lremovexattr("readable", "user.a"), EACCES);
	CHECK_ERR(lgetxattr("secret", "user.a", buf, 10), EACCES);
	CHECK_ERR(lsetxattr("mine", "security.capability", &cap, sizeof(cap), 0), EPERM);
	CHECK_OK(lsetxattr("mine", "user.a", "y", 1, 0));
	CHECK_ERR(lsetxattr("sticky", "user.a", "y", 1, 0), EPERM);
}

static void permissions(void)
{
	CHECK_OK(chmod(".", 0755));
	touch("readable");
	touch("secret");
	touch("mine");
	CHECK_OK(mkdir("sticky", 01777));
	CHECK_OK(chmod("sticky", 01777));
	CHECK_OK(chmod("readable", 0644));
	CHECK_OK(chmod("secret", 0600));
	CHECK_OK(chown("mine", 1000, 2000));
	set("readable", "user.a", "x");
	set("readable", "trusted.a", "x");
	set("secret", "user.a", "x");
	finish(start(as_other, NULL));
}

static unsigned long free_inodes(void)
{
	struct statfs fs;

	CHECK_OK(statfs(".", &fs));
	return fs.f_ffree;
}

/* Each KiB beside an inode counts like another one, and all of it comes back. */
static void counted(void)
{
	unsigned long before = free_inodes(), nr;
	char name[32];

	touch("f");
	set("f", "user.small", "some bytes");
	set("f", "user.other", "more bytes");
	CHECK_EQ(free_inodes(), before - 1);
	memset(buf, 'v', LARGEST);
	CHECK_OK(lsetxattr("f", "user.big", buf, 3 * 1024, 0));
	CHECK_EQ(free_inodes(), before - 4);
	for (nr = 0; free_inodes(); nr++) {
		snprintf(name, sizeof(name), "user.%lu", nr);
		CHECK_CMP(nr, <, before);
		CHECK_OK(lsetxattr("f", name, buf, 900, 0));
	}
	/* What does not fit leaves all as it was, and what gets smaller always fits. */
	CHECK_ERR(lsetxattr("f", "user.more", buf, 2000, 0), ENOSPC);
	CHECK_ERR(lsetxattr("f", "user.big", buf, 5 * 1024, 0), ENOSPC);
	CHECK_EQ(lgetxattr("f", "user.big", NULL, 0), 3 * 1024);
	CHECK_ERR(lgetxattr("f", "user.more", NULL, 0), ENODATA);
	CHECK_ERR(open("g", O_CREAT | O_WRONLY, 0600), ENOSPC);
	CHECK_OK(lsetxattr("f", "user.big", buf, 1024, 0));
	CHECK_CMP(free_inodes(), >=, 2);
	touch("g");
	CHECK_OK(unlink("g"));
	CHECK_OK(unlink("f"));
	CHECK_EQ(free_inodes(), before);

	/* The target of a symbolic link is memory of that kind, too. */
	buf[4000] = '\0';
	CHECK_OK(symlink(buf, "l"));
	CHECK_EQ(free_inodes(), before - 4);
	for (nr = 0; free_inodes() >= 4; nr++) {
		snprintf(name, sizeof(name), "%lu", nr);
		CHECK_OK(symlink(buf, name));
	}
	CHECK_ERR(symlink(buf, "more"), ENOSPC);
	CHECK_ERR(lstat("more", &(struct stat){ 0 }), ENOENT);
	for (; nr; nr--) {
		snprintf(name, sizeof(name), "%lu", nr - 1);
		CHECK_OK(unlink(name));
	}
	CHECK_OK(unlink("l"));
	CHECK_EQ(free_inodes(), before);
}

static void *fail_on(void *arg)
{
	static char value[LARGEST];
	bool *stop = arg;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED))
		if (!lsetxattr("f", "user.big", value, LARGEST, 0) || errno != ENOSPC)
			fail("64 KiB do not fit in");
	return NULL;
}

/* Who asks for more than there is takes nothing from those who do not, not for a moment. */
static void counted_once(void)
{
	unsigned long i, before = free_inodes() - 1;
	bool stop = false;
	pthread_t thread;

	touch("f");
	CHECK_EQ(pthread_create(&thread, NULL, fail_on, &stop), 0);
	for (i = 0; i < scaled(4000); i++) {
		CHECK_EQ(free_inodes(), before);
		touch("g");
		CHECK_OK(unlink("g"));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
}

/* As many names as listxattr(2) can tell, and values of the largest size. */
static void many(void)
{
	unsigned long nr, before = free_inodes();
	char name[XATTR_NAME_MAX + 1];

	touch("f");
	memset(name, 'n', sizeof(name));
	for (nr = 0;; nr++) {
		int digits = snprintf(name, sizeof(name), "user.%lu", nr);

		/* A long name */
		name[digits] = 'n';
		name[XATTR_NAME_MAX] = '\0';
		if (lsetxattr("f", name, "x", 1, 0))
			break;
		CHECK_CMP(nr, <, LARGEST / XATTR_NAME_MAX);
	}
	CHECK_EQ(errno, ENOSPC);
	CHECK_EQ(nr, (LARGEST - LISTS) / (XATTR_NAME_MAX + 1));
	CHECK_EQ(llistxattr("f", buf, LARGEST), nr * (XATTR_NAME_MAX + 1));
	/* There is no room for a name, but for a value. */
	strcpy(name, buf);
	memset(buf, 'v', LARGEST);
	CHECK_OK(lsetxattr("f", name, buf, LARGEST, 0));
	CHECK_EQ(lgetxattr("f", name, buf, LARGEST), LARGEST);
	check_bytes(buf, LARGEST, 'v');
	CHECK_OK(unlink("f"));
	CHECK_EQ(free_inodes(), before);
}

#define MODELLED	24

/* Any order of changes, against a model. */
static void at_random(void)
{
	size_t sizes[MODELLED], at;
	bool there[MODELLED] = { false };
	char name[32];
	u64 rng = 7;
	unsigned long i;
	unsigned int which;

	touch("f");
	for (i = 0; i < scaled(4000); i++) {
		which = rnd(&rng) % MODELLED;
		snprintf(name, sizeof(name), "user.%u", which * 7919 % 1000);
		if (there[which]) {
			CHECK_EQ(lgetxattr("f", name, buf, LARGEST), sizes[which]);
			for (at = 0; at < sizes[which]; at++)
				CHECK_EQ((unsigned char)buf[at], (sizes[which] + at) & 0xff);
		} else {
			CHECK_ERR(lgetxattr("f", name, buf, LARGEST), ENODATA);
		}
		if (rnd(&rng) % 3 == 0) {
			CHECK_EQ(lremovexattr("f", name), there[which] ? 0 : -1);
			there[which] = false;
			continue;
		}
		sizes[which] = rnd(&rng) % (1U << rnd(&rng) % 14);
		for (at = 0; at < sizes[which]; at++)
			buf[at] = sizes[which] + at;
		CHECK_OK(lsetxattr("f", name, buf, sizes[which],
				   there[which] ? XATTR_REPLACE : XATTR_CREATE));
		there[which] = true;
	}
}

static void read_them(void *unused)
{
	static char names[256];
	unsigned long i;
	ssize_t size, at;

	(void)unused;
	for (i = 0; i < scaled(20000); i++) {
		size = CHECK_OK(lgetxattr("f", "user.a", buf, LARGEST));
		for (at = 1; at < size; at++)
			CHECK_EQ(buf[at], buf[0]);
		CHECK_CMP(CHECK_OK(llistxattr("f", names, sizeof(names))), >=, sizeof("user.a"));
	}
}

/* A value is seen as it was set, whole. */
static void beside_readers(void)
{
	static char value[4096];
	unsigned long i;
	pid_t readers[2];

	touch("f");
	set("f", "user.a", "xx");
	readers[0] = start(read_them, NULL);
	readers[1] = start(read_them, NULL);
	for (i = 0; i < scaled(20000); i++) {
		memset(value, 'a' + i % 26, sizeof(value));
		CHECK_OK(lsetxattr("f", "user.a", value, 1 + i * 37 % sizeof(value), 0));
		if (i % 2)
			set("f", "user.b", "x");
		else
			lremovexattr("f", "user.b");
	}
	finish(readers[0]);
	finish(readers[1]);
}

/* What changes a program takes its capabilities away. */
static void capabilities(void)
{
	const char *name = "security.capability";
	int fd = xopen("f", O_RDWR | O_CREAT), in = xopen("in", O_RDWR | O_CREAT);
	unsigned int way;

	write_file(fd, 0, KiB(8), 1);
	write_file(in, 0, KiB(8), 1);
	for (way = 0; way < 6; way++) {
		loff_t from = 0, to = 0;

		CHECK_OK(fsetxattr(fd, name, &cap, sizeof(cap), 0));
		CHECK_EQ(fgetxattr(fd, name, buf, LARGEST), sizeof(cap));
		switch (way) {
		case 0:
			pwrite_full(fd, "x", 1, 0);
			break;
		case 1:
			CHECK_OK(ftruncate(fd, 100));
			break;
		case 2:
			CHECK_OK(fchown(fd, 1, 1));
			break;
		case 3:
			CHECK_OK(fallocate(fd, PUNCH, 0, PAGE));
			break;
		case 4:
			CHECK_CMP(copy_file_range(in, &from, fd, &to, PAGE, 0), >, 0);
			break;
		default:
			pwrite_full(fd, "y", 1, 5);
			break;
		}
		CHECK_ERR(fgetxattr(fd, name, buf, LARGEST), ENODATA);
	}
	/* Reading does not. */
	CHECK_OK(fsetxattr(fd, name, &cap, sizeof(cap), 0));
	pread_full(fd, buf, 1, 0);
	CHECK_OK(fgetxattr(fd, name, buf, LARGEST));
}

static const struct test tests[] = {
	{ "basics", basics, ANY_POOL, T_SCRIPTFS },
	{ "refused", refused, ANY_POOL, T_SCRIPTFS },
	{ "permissions", permissions, ANY_POOL, T_SCRIPTFS },
	{ "counted", counted, ANY_POOL ",nr_inodes=50", T_SCRIPTFS },
	{ "counted_once", counted_once, ANY_POOL ",nr_inodes=50", T_SCRIPTFS },
	{ "many", many, ANY_POOL, T_SCRIPTFS },
	{ "at_random", at_random, ANY_POOL, T_SCRIPTFS },
	{ "beside_readers", beside_readers, ANY_POOL, T_SCRIPTFS },
	{ "capabilities", capabilities, ANY_POOL, T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
