// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount options that stand in people's lines for tmpfs, and lines that others make: they mean what
 * they mean there, or say that they change nothing.
 */
#include "mount_log.h"

#include <sys/vfs.h>

/* Limits in the spellings that stand in people's fstab for tmpfs. */
static void limits(void)
{
	static const struct {
		const char		*options;
		unsigned long long	inodes;
		unsigned long long	size;
	} lines[] = {
		{ "poem=4,nr_inodes=40k,size=8M", 40 << 10, MiB(8) },
		{ "poem=4,nr_inodes=1m,nr_blocks=2048", 1 << 20, MiB(8) },
		{ "poem=4,nr_inodes=800K,nr_blocks=4k", 800 << 10, MiB(16) },
		{ "poem=4,nr_inodes=2G,nr_blocks=1M,size=16m", 2ULL << 30, MiB(16) },
		{ "poem=4,nr_inodes=1t,size=16m,nr_blocks=2K", 1ULL << 40, MiB(8) },
	};
	struct statfs figures;
	unsigned int i;

	CHECK_OK(mkdir("m", 0700));
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (mount_raw("m", lines[i].options, 0))
			fail("-o %s", lines[i].options);
		CHECK_EQ(counter_of("m", NULL, "size"), lines[i].size);
		CHECK_OK(statfs("m", &figures));
		CHECK_EQ(figures.f_files, lines[i].inodes);
		CHECK_EQ(figures.f_ffree, lines[i].inodes - 1);
		CHECK_OK(umount("m"));
	}
}

/* Options of tmpfs that have nothing to do here are taken, with a line that says so. */
static void moot(void)
{
	static const char *const moot[] = {
		"huge=never", "huge=always", "huge=within_size", "huge=advise", "inode32",
		"mpol=default", "mpol=local", "mpol=interleave", "mpol=interleave:0",
		"mpol=bind:0", "mpol=bind:0,0", "mpol=bind=static:0,0-0,0", "mpol=prefer:0",
		"mpol=prefer=relative:0",
	};
	char log[LOG_LEN], line[LOG_LEN], options[64], expected[128];
	int kernel_log = open_kernel_log(), mnt;
	unsigned int i;

	if (kernel_log < 0)
		skip("no /dev/kmsg");
	CHECK_OK(mkdir("m", 0700));
	for (i = 0; i < ARRAY_SIZE(moot); i++) {
		snprintf(options, sizeof(options), "poem=1,%s", moot[i]);
		our_lines(kernel_log, line);
		if (mount_raw("m", options, 0))
			fail("-o %s", options);
		CHECK_EQ(our_lines(kernel_log, line), 1);
		snprintf(expected, sizeof(expected), "scriptfs: %.*s%s changes nothing: ",
			 (int)strcspn(moot[i], "="), moot[i], strchr(moot[i], '=') ? "=" : "");
		if (strncmp(line, expected, strlen(expected)))
			fail("-o %s: %s", moot[i], line);
		if (mount_raw("m", options, MS_REMOUNT))
			fail("remount -o %s", moot[i]);
		CHECK_EQ(our_lines(kernel_log, line), 1);
		CHECK_OK(umount("m"));

		mnt = CHECK_OK(try_fsopen(options, log));
		if (log[0] != 'i' || strncmp(log + 2, expected, strlen(expected)))
			fail("-o %s: log '%s'", moot[i], log);
		close(mnt);
	}
}

/* What containers and services mount with, as their programs hand it on. */
static void of_others(void)
{
	static const struct {
		const char	*options;
		unsigned long	flags;
		mode_t		mode;
		unsigned int	mib;
	} lines[] = {
		/* docker volume create --driver local --opt o=... */
		{ "large=4M,size=16M,mode=1777", 0, 01777, 16 },
		/* fstab: large=4M,strict,mode=1777,nosuid,nodev */
		{ "large=4M,strict,mode=1777", MS_NOSUID | MS_NODEV, 01777, 4 },
		/* fstab of tmpfs: defaults,noatime,size=16m,nr_inodes=40k,mode=0755,uid=7,gid=7 */
		{ "size=16m,nr_inodes=40k,mode=0755,uid=7,gid=7", MS_NOATIME, 0755, 16 },
		/* podman --mount type=tmpfs: */
		{ "size=16777216,mode=0700,inode64", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0700,
		  16 },
		{ "size=16384k,huge=within_size", MS_RELATIME, 0755, 16 },
	};
	struct statfs figures;
	unsigned int i;

	CHECK_OK(mkdir("m", 0700));
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (mount("scriptfs", "m", "scriptfs", lines[i].flags, lines[i].options))
			fail("-o %s", lines[i].options);
		CHECK_EQ(stat_of("m").st_mode & 07777, lines[i].mode);
		touch("m/f");
		CHECK_OK(statfs("m", &figures));
		CHECK_EQ(figures.f_blocks * figures.f_bsize, MiB(lines[i].mib));
		CHECK_OK(umount("m"));
	}
}

static const struct test tests[] = {
	{ "limits", limits, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "moot", moot, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "of_others", of_others, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
