// SPDX-License-Identifier: GPL-2.0-only
/*
 * overlayfs with its upper and work directory here: it finds all that it looks for, and what
 * needs whiteouts, opaque directories, redirects and copies of metadata works.
 */
#include "mount_log.h"

#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define OPTIONS		"lowerdir=lower,upperdir=upper,workdir=work"
#define ALL_OF_IT	OPTIONS ",index=on,xino=on,redirect_dir=on,metacopy=on"

/* What is below: a file of some size, two directories with a file each, two names of one file. */
static void make_lower(void)
{
	int fd;

	CHECK_OK(mkdir("lower", 0755));
	CHECK_OK(mkdir("upper", 0755));
	CHECK_OK(mkdir("work", 0755));
	CHECK_OK(mkdir("m", 0755));
	fd = xopen("lower/file", O_RDWR | O_CREAT);
	write_file(fd, 0, MiB(1), 1);
	CHECK_OK(fsetxattr(fd, "user.a", "value", 5, 0));
	close(fd);
	CHECK_OK(mkdir("lower/dir", 0755));
	touch("lower/dir/x");
	CHECK_OK(mkdir("lower/moved", 0755));
	touch("lower/moved/y");
	touch("lower/one");
	CHECK_OK(link("lower/one", "lower/two"));
	touch("lower/gone");
}

static void mount_overlay(const char *options)
{
	if (mount("overlay", "m", "overlay", 0, options)) {
		if (errno == ENODEV)
			skip("no overlayfs");
		fail("mount with %s", options);
	}
}

/* The kernel log says what an upper or lower directory lacks, and overlayfs does without it. */
static void nothing_lacks(void)
{
	int log = open_kernel_log();
	char record[LOG_LEN];
	ssize_t got;

	if (log < 0)
		skip("no kernel log");
	make_lower();
	/* xino= is about numbers of inodes of more than one file system. */
	CHECK_OK(mount("tmpfs", "lower", "tmpfs", 0, NULL));
	mount_overlay(ALL_OF_IT);
	while ((got = read(log, record, sizeof(record) - 1)) > 0) {
		record[got] = '\0';
		/* It says so, too, when something works. */
		if (strstr(record, ";overlayfs: ") && !strstr(record, " enabled "))
			fail("%s", strchr(record, ';') + 1);
	}
	CHECK_OK(umount("m"));
	CHECK_OK(umount("lower"));
}

static void whiteouts(void)
{
	make_lower();
	mount_overlay(OPTIONS);
	CHECK_OK(unlink("m/gone"));
	CHECK_ERR(access("m/gone", F_OK), ENOENT);
	CHECK(S_ISCHR(stat_of("upper/gone").st_mode));
	touch("m/gone");
	CHECK(S_ISREG(stat_of("upper/gone").st_mode));

	/* A directory that is made anew shows nothing of the one below. */
	CHECK_OK(unlink("m/dir/x"));
	CHECK_OK(rmdir("m/dir"));
	CHECK_OK(mkdir("m/dir", 0755));
	CHECK_ERR(access("m/dir/x", F_OK), ENOENT);
	touch("m/dir/z");
	CHECK_OK(umount("m"));
	mount_overlay(OPTIONS);
	CHECK_ERR(access("m/dir/x", F_OK), ENOENT);
	CHECK_OK(access("m/dir/z", F_OK));
	CHECK_OK(access("m/gone", F_OK));
	CHECK_OK(umount("m"));
}

static void copies(void)
{
	char value[8];
	int fd;

	make_lower();
	mount_overlay(ALL_OF_IT);
	/* Only what is said of the file goes up, then its bytes too. */
	CHECK_OK(chmod("m/file", 0600));
	CHECK_EQ(stat_of("m/file").st_size, MiB(1));
	CHECK_CMP(stat_of("upper/file").st_blocks, ==, 0);
	fd = xopen("m/file", O_RDWR);
	pwrite_full(fd, "x", 1, MiB(1));
	check_file(fd, 0, MiB(1), 1);
	CHECK_EQ(stat_of("upper/file").st_size, MiB(1) + 1);
	CHECK_EQ(fgetxattr(fd, "user.a", value, sizeof(value)), 5);
	close(fd);
	check_file(xopen("lower/file", O_RDONLY), 0, MiB(1), 1);

	/* A directory of below is moved by a note of where it was. */
	CHECK_OK(rename("m/moved", "m/elsewhere"));
	CHECK_OK(access("m/elsewhere/y", F_OK));
	CHECK_ERR(access("m/moved", F_OK), ENOENT);
	CHECK_ERR(access("upper/elsewhere/y", F_OK), ENOENT);
	CHECK_OK(umount("m"));
}

/* The index keeps the names of a file together when it is copied up. */
static void hard_links(void)
{
	int fd;

	make_lower();
	mount_overlay(OPTIONS ",index=on,xino=on");
	fd = xopen("m/one", O_RDWR);
	pwrite_full(fd, "x", 1, 0);
	close(fd);
	CHECK_EQ(stat_of("m/two").st_size, 1);
	CHECK_EQ(stat_of("m/one").st_ino, stat_of("m/two").st_ino);
	CHECK_EQ(stat_of("m/one").st_nlink, 2);
	CHECK_OK(unlink("m/one"));
	CHECK_EQ(stat_of("m/two").st_nlink, 1);
	CHECK_OK(umount("m"));
}

static const struct test tests[] = {
	{ "nothing_lacks", nothing_lacks, ANY_POOL, 0 },
	{ "whiteouts", whiteouts, ANY_POOL, 0 },
	{ "copies", copies, ANY_POOL, T_SCRIPTFS },
	{ "hard_links", hard_links, ANY_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
