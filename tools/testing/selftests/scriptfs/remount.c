// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /proc/mounts shows of a mount, which must be valid options, and what remount and fspick(2)
 * change.
 */
#include "mount_log.h"

#include <sys/statvfs.h>

/* Get what /proc shows for the mount on @dir, a plain path below the working directory. */
static void shown_options(const char *dir, char *options, size_t len)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "r");
	char *line = NULL, *cwd = getcwd(NULL, 0), path[512];
	size_t room = 0;

	CHECK(mounts && cwd);
	snprintf(path, sizeof(path), " %s/%s ", cwd, dir);
	*options = '\0';
	while (getline(&line, &room, mounts) > 0) {
		char *super;

		if (!strstr(line, path))
			continue;
		super = strrchr(line, ' ');
		CHECK(super);
		snprintf(options, len, "%s", super + 1);
		options[strcspn(options, "\n")] = '\0';
	}
	fclose(mounts);
	free(line);
	free(cwd);
	if (!*options)
		fail("%s is not mounted", dir);
}

static void fed_back(void)
{
	static const char *const lines[] = {
		"", "size=20M", "poem=10", "poem=33K,large=5M", "medium=2,strict", "large=1%",
		"poem=1,size=77M", "poem=4,nr_inodes=99", "poem=4,mode=1777", "poem=4,mode=0",
		"poem=4,uid=7,gid=8", "poem=4,io=page", "poem=4,io=block", "poem=4,class=large",
		"poem=4,class=poem,strict", "poem=4,copy=auto", "poem=4,copy=cached",
		"poem=4,copy=bypass,io=page", "poem=4,nr_inodes=40k", "poem=4,nr_blocks=8k",
		"poem=4,inode64,noswap,huge=always,mpol=bind:0,0", "ro,poem=4",
		"poem=4,novel=3,medium=2,large=1,size=33%,strict,nr_inodes=5,mode=700",
	};
	char first[512], second[512];
	unsigned int i;

	CHECK_OK(mkdir("m", 0700));
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (mount_raw("m", lines[i], 0))
			fail("-o %s", lines[i]);
		shown_options("m", first, sizeof(first));
		CHECK_OK(umount("m"));
		/* "rw" and what follows it before our options come from the VFS. */
		if (mount_raw("m", first, 0))
			fail("-o %s, as shown for -o %s", first, lines[i]);
		shown_options("m", second, sizeof(second));
		if (strcmp(first, second))
			fail("-o %s: '%s', then '%s'", lines[i], first, second);
		/* A remount with the same options changes nothing. */
		if (mount_raw("m", first, MS_REMOUNT))
			fail("remount -o %s", first);
		shown_options("m", second, sizeof(second));
		if (strcmp(first, second))
			fail("-o %s: '%s', after remount '%s'", lines[i], first, second);
		CHECK_OK(umount("m"));
	}
}

/* io= may change under open files. */
static void change_path(int fd)
{
	CHECK_OK(mount_raw("m", "io=page", MS_REMOUNT));
	check_file(fd, 0, MiB(6), 1);
	write_file(fd, MiB(1) + 5, MiB(1), 2);
	CHECK_OK(mount_raw("m", "io=block", MS_REMOUNT));
	check_file(fd, 0, MiB(1) + 5, 1);
	check_file(fd, MiB(1) + 5, MiB(1), 2);
	write_file(fd, 0, MiB(3), 3);
	CHECK_OK(mount_raw("m", "io=page", MS_REMOUNT));
	check_file(fd, 0, MiB(3), 3);
	check_file(fd, MiB(3), MiB(3), 1);
}

static void remounted(void)
{
	int kernel_log = open_kernel_log();
	char shown[512], before[512], line[LOG_LEN];
	off_t at;
	int fd;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_raw("m", "poem=8,size=4M,nr_inodes=10", 0));
	fd = xopen("m/f", O_RDWR | O_CREAT);
	write_file(fd, 0, MiB(3), 1);
	CHECK_OK(link("m/f", "m/another"));
	shown_options("m", before, sizeof(before));

	/* A remount that is impossible says so and changes nothing. */
	our_lines(kernel_log, line);
	CHECK_ERR(mount_raw("m", "poem=9", MS_REMOUNT), EINVAL);
	CHECK_EQ(our_lines(kernel_log, line), 1);
	CHECK(strstr(line, "poem"));
	CHECK_ERR(mount_raw("m", "large=1,strict,nr_inodes=77", MS_REMOUNT), EINVAL);
	CHECK_ERR(mount_raw("m", "size=2M", MS_REMOUNT), EINVAL);
	CHECK_ERR(mount_raw("m", "nr_blocks=512", MS_REMOUNT), EINVAL);
	CHECK_ERR(mount_raw("m", "size=100K", MS_REMOUNT), EINVAL);
	CHECK_ERR(mount_raw("m", "size=5M,nr_inodes=2", MS_REMOUNT), EINVAL);
	CHECK_ERR(mount_raw("m", "banana", MS_REMOUNT), EINVAL);
	CHECK_ERR(mount_raw("m", "size=banana", MS_REMOUNT), EINVAL);
	shown_options("m", shown, sizeof(shown));
	if (strcmp(before, shown))
		fail("'%s' became '%s'", before, shown);
	check_balance("m");

	/* These are possible. */
	CHECK_OK(mount_raw("m", "poem=8", MS_REMOUNT));
	CHECK_OK(mount_raw("m", "size=8M", MS_REMOUNT));
	CHECK_EQ(counter_of("m", NULL, "size"), MiB(8));
	write_file(fd, MiB(3), MiB(3), 1);
	CHECK_OK(mount_raw("m", "strict", MS_REMOUNT));
	/* There are no more pages than this. */
	for (at = MiB(100); pwrite(fd, "x", 1, at) == 1; at += MiB(2))
		CHECK_CMP(at, <, MiB(100) + MiB(8) / PAGE * MiB(2));
	CHECK_EQ(errno, ENOSPC);
	CHECK_OK(mount_raw("m", "nostrict", MS_REMOUNT));
	pwrite_full(fd, "x", 1, at);
	CHECK_OK(mount_raw("m", "nr_inodes=3", MS_REMOUNT));
	CHECK_OK(unlink("m/another"));
	CHECK_OK(mkdir("m/d", 0700));
	CHECK_ERR(mkdir("m/e", 0700), ENOSPC);
	CHECK_OK(mount_raw("m", "nr_inodes=0,uid=5,gid=6,mode=123", MS_REMOUNT));
	CHECK_OK(mkdir("m/e", 0700));
	CHECK_OK(mount_raw("m", "class=medium", MS_REMOUNT));
	shown_options("m", shown, sizeof(shown));
	CHECK(strstr(shown, "class=medium"));
	CHECK(!strstr(shown, "copy="));

	/* copy= may change under open files; copy=auto is not shown. */
	CHECK_OK(mount_raw("m", "copy=bypass", MS_REMOUNT));
	shown_options("m", shown, sizeof(shown));
	CHECK(strstr(shown, ",copy=bypass"));
	write_file(fd, 77, MiB(3), 4);
	CHECK_ERR(mount_raw("m", "copy=never", MS_REMOUNT), EINVAL);
	CHECK_ERR(mount_raw("m", "copy=cached,poem=9", MS_REMOUNT), EINVAL);
	shown_options("m", shown, sizeof(shown));
	CHECK(strstr(shown, ",copy=bypass"));
	CHECK_OK(mount_raw("m", "copy=cached", MS_REMOUNT));
	shown_options("m", shown, sizeof(shown));
	CHECK(strstr(shown, ",copy=cached"));
	check_file(fd, 77, MiB(3), 4);
	CHECK_OK(mount_raw("m", "copy=auto", MS_REMOUNT));
	shown_options("m", shown, sizeof(shown));
	CHECK(!strstr(shown, "copy="));
	write_file(fd, 0, MiB(6), 1);

	CHECK_OK(ftruncate(fd, MiB(6)));
	change_path(fd);
	close(fd);

	CHECK_OK(mount_raw("m", NULL, MS_REMOUNT | MS_RDONLY));
	CHECK_ERR(open("m/f", O_RDWR), EROFS);
	CHECK_ERR(unlink("m/f"), EROFS);
	CHECK_OK(mount_raw("m", NULL, MS_REMOUNT));
	CHECK_OK(unlink("m/f"));
	check_settled("m");
	CHECK_OK(umount("m"));
}

/* As fstab has it, with the flags that mount(8) makes of its words. */
static void read_only(void)
{
	const unsigned long flags = MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME;
	const unsigned long seen = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME;
	struct statvfs figures;
	char shown[512];
	int fd;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_raw("m", "poem=8,size=4M", flags));
	CHECK_OK(statvfs("m", &figures));
	CHECK_EQ(figures.f_flag & seen, seen);
	shown_options("m", shown, sizeof(shown));
	CHECK(strncmp(shown, "ro,", 3) == 0);
	CHECK_ERR(open("m/f", O_RDWR | O_CREAT, 0600), EROFS);
	CHECK_ERR(mkdir("m/d", 0700), EROFS);
	CHECK_EQ(counter_of("m", "poem", "reserve"), 8);

	CHECK_OK(mount_raw("m", NULL, MS_REMOUNT));
	fd = xopen("m/f", O_RDWR | O_CREAT);
	write_file(fd, 0, 100000, 1);
	CHECK_ERR(mount_raw("m", NULL, MS_REMOUNT | MS_RDONLY), EBUSY);
	CHECK_ERR(mount_raw("m", "size=8M", MS_REMOUNT | MS_RDONLY), EBUSY);
	CHECK_EQ(counter_of("m", NULL, "size"), MiB(4));
	write_file(fd, 0, 100000, 2);
	close(fd);
	CHECK_ERR(mount_raw("m", "poem=9", MS_REMOUNT | MS_RDONLY), EINVAL);
	fd = xopen("m/f", O_RDWR);
	close(fd);
	CHECK_OK(mount_raw("m", "size=8M,nr_inodes=1k", MS_REMOUNT | MS_RDONLY));
	CHECK_EQ(counter_of("m", NULL, "size"), MiB(8));
	fd = xopen("m/f", O_RDONLY);
	check_file(fd, 0, 100000, 2);
	close(fd);
	CHECK_ERR(truncate("m/f", 0), EROFS);
	CHECK_ERR(chmod("m/f", 0), EROFS);
	CHECK_OK(umount("m"));
}

static void reconfigured(void)
{
	char log[LOG_LEN];
	int fs;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_raw("m", "poem=8,size=4M", 0));
	fs = CHECK_OK(fspick(AT_FDCWD, "m", FSPICK_CLOEXEC));
	CHECK_OK(fsconfig(fs, FSCONFIG_SET_STRING, "size", "8M", 0));
	CHECK_OK(fsconfig(fs, FSCONFIG_SET_FLAG, "strict", NULL, 0));
	CHECK_OK(fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0));
	CHECK_EQ(counter_of("m", NULL, "size"), MiB(8));
	close(fs);
	fs = CHECK_OK(fspick(AT_FDCWD, "m", FSPICK_CLOEXEC));
	CHECK_OK(fsconfig(fs, FSCONFIG_SET_STRING, "poem", "16", 0));
	CHECK_ERR(fsconfig(fs, FSCONFIG_CMD_RECONFIGURE, NULL, NULL, 0), EINVAL);
	read_log(fs, log);
	CHECK(strncmp(log, "e scriptfs: poem: 16: ", 22) == 0);
	close(fs);
	CHECK_EQ(counter_of("m", "poem", "reserve"), 8);
	CHECK_OK(umount("m"));
}

static const struct test tests[] = {
	{ "fed_back", fed_back, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "remounted", remounted, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "read_only", read_only, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "reconfigured", reconfigured, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
