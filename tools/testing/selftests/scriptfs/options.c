// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount options, by mount(2) and by fsopen(2): what each one does, what it refuses and with which
 * message; and random nonsense.
 */
#include "mount_log.h"

#include <sched.h>
#include <sys/vfs.h>

struct bad {
	const char	*options;
	const char	*name;	/* the option that must be named */
	const char	*value;	/* the value that must be shown */
};

static const struct bad bad[] = {
	{ "poem=banana", "poem", "banana" },
	{ "poem=-1", "poem", "-1" },
	{ "poem=", "poem", "" },
	{ "poem", "poem", "" },
	{ "poem=1X", "poem", "1X" },
	{ "poem=1KB", "poem", "1KB" },
	{ "poem=1KK", "poem", "1KK" },
	{ "poem=1.5M", "poem", "1.5M" },
	{ "poem=%", "poem", "%" },
	{ "poem=K", "poem", "K" },
	{ "poem=101%", "poem", "101%" },
	{ "poem=1%%", "poem", "1%%" },
	{ "poem=1 ", "poem", "1 " },
	{ "poem= 1", "poem", " 1" },
	{ "poem=+1", "poem", "+1" },
	{ "poem=0x10", "poem", "0x10" },
	{ "poem=1e3", "poem", "1e3" },
	{ "poem=18446744073709551615", "poem", "18446744073709551615" },
	{ "poem=18446744073709551616", "poem", "18446744073709551616" },
	{ "poem=99999999999999999999999999", "poem", "99999999999999999999999999" },
	{ "poem=16777216T", "poem", "16777216T" },
	{ "poem=36893488147419103232K", "poem", "36893488147419103232K" },
	{ "novel=a", "novel", "a" },
	{ "novel=9999999999999999999", "novel", "9999999999999999999" },
	{ "medium=1m1", "medium", "1m1" },
	{ "large=--2", "large", "--2" },
	{ "super=one", "super", "one" },
	{ "super=200%", "super", "200%" },
	{ "poem=1,novel=2,medium=x,large=4", "medium", "x" },
	{ "size=banana", "size", "banana" },
	{ "size=", "size", "" },
	{ "size", "size", "" },
	{ "size=-1", "size", "-1" },
	{ "size=0", "size", "0" },
	{ "size=100", "size", "100" },
	{ "size=101%", "size", "101%" },
	{ "size=1%K", "size", "1%K" },
	{ "size=18446744073709551616", "size", "18446744073709551616" },
	{ "size=99999999T", "size", "99999999T" },
	{ "poem=64,size=1M", "size", "1024K" },
	{ "large=2,novel=1,size=4M", "size", "4096K" },
	{ "nr_inodes=-1", "nr_inodes", "-1" },
	{ "nr_inodes=many", "nr_inodes", "many" },
	{ "nr_inodes=", "nr_inodes", "" },
	{ "nr_inodes=18446744073709551616", "nr_inodes", "18446744073709551616" },
	{ "nr_inodes=9999999T", "nr_inodes", "9999999T" },
	{ "nr_inodes=1kk", "nr_inodes", "1kk" },
	{ "nr_inodes=1x", "nr_inodes", "1x" },
	{ "nr_inodes=k", "nr_inodes", "k" },
	{ "nr_inodes=1%", "nr_inodes", "1%" },
	{ "nr_inodes=0x10", "nr_inodes", "0x10" },
	{ "nr_blocks=", "nr_blocks", "" },
	{ "nr_blocks", "nr_blocks", "" },
	{ "nr_blocks=0", "nr_blocks", "0" },
	{ "nr_blocks=7", "nr_blocks", "7" },
	{ "nr_blocks=-8", "nr_blocks", "-8" },
	{ "nr_blocks=10%", "nr_blocks", "10%" },
	{ "nr_blocks=1kB", "nr_blocks", "1kB" },
	{ "nr_blocks=257T", "nr_blocks", "257T" },
	{ "nr_blocks=18446744073709551616", "nr_blocks", "18446744073709551616" },
	{ "poem=64,nr_blocks=256", "nr_blocks", "1024K" },
	{ "poem=64,size=8M,nr_blocks=256", "nr_blocks", "1024K" },
	{ "nr_blocks=8k,size=1M,poem=64", "size", "1024K" },
	{ "inode64=1", "inode64", "1" },
	{ "inode32=yes", "inode32", "yes" },
	{ "noswap=0", "noswap", "0" },
	{ "huge", "huge", "" },
	{ "huge=", "huge", "" },
	{ "huge=force", "huge", "force" },
	{ "huge=Always", "huge", "Always" },
	{ "mpol", "mpol", "" },
	{ "mpol=", "mpol", "" },
	{ "mpol=spread", "mpol", "spread" },
	{ "mpol=interleaved", "mpol", "interleaved" },
	{ "mpol=bin:0", "mpol", "bin:0" },
	{ "mpol=bind", "mpol", "bind" },
	{ "mpol=bind:", "mpol", "bind:" },
	{ "mpol=prefer", "mpol", "prefer" },
	{ "mpol=local:0", "mpol", "local:0" },
	{ "mpol=default:0", "mpol", "default:0" },
	{ "mpol=interleave:", "mpol", "interleave:" },
	{ "mpol=interleave:99999", "mpol", "interleave:99999" },
	{ "mpol=interleave:a", "mpol", "interleave:a" },
	{ "mpol=bind=odd:0", "mpol", "bind=odd:0" },
	{ "mpol=bind=:0", "mpol", "bind=:0" },
	{ "mpol=bind:0,99999", "mpol", "99999" },
	{ "mpol=bind:0,0=1", "mpol", "0" },
	{ "mpol=bind:0,poem=x", "poem", "x" },
	{ "mpol=local,0", "0", "" },
	{ "mpol=prefer:0,0", "0", "" },
	{ "mpol=bind:0,poem=1,0", "0", "" },
	{ "quota", "quota", "" },
	{ "usrquota", "usrquota", "" },
	{ "grpquota", "grpquota", "" },
	{ "usrquota_inode_hardlimit=5", "usrquota_inode_hardlimit", "" },
	{ "mode=9", "mode", "9" },
	{ "mode=rwx", "mode", "rwx" },
	{ "mode=", "mode", "" },
	{ "mode=10000", "mode", "10000" },
	{ "mode=-1", "mode", "-1" },
	{ "uid=root", "uid", "root" },
	{ "uid=-1", "uid", "-1" },
	{ "uid=4294967295", "uid", "4294967295" },
	{ "uid=4294967296", "uid", "4294967296" },
	{ "gid=wheel", "gid", "wheel" },
	{ "gid=-2", "gid", "-2" },
	{ "gid=4294967295", "gid", "4294967295" },
	{ "io=direct", "io", "direct" },
	{ "io=", "io", "" },
	{ "io", "io", "" },
	{ "io=blocks", "io", "blocks" },
	{ "class=huge", "class", "huge" },
	{ "class=", "class", "" },
	{ "class=4", "class", "4" },
	{ "copy=fast", "copy", "fast" },
	{ "copy=", "copy", "" },
	{ "copy", "copy", "" },
	{ "copy=Auto", "copy", "Auto" },
	{ "copy=cached ", "copy", "cached " },
	{ "strict=1", "strict", "1" },
	{ "strict=banana", "strict", "banana" },
	{ "frobnicate", "frobnicate", "" },
	{ "frobnicate=7", "frobnicate", "" },
	{ "Poem=1", "Poem", "" },
	{ "poem =1", "poem ", "" },
};

static void check_message(const struct bad *b, const char *said)
{
	const char *at = strstr(said, b->name);

	if (!at)
		fail("%s: '%s' does not name the option", b->options, said);
	if (!strstr(at + strlen(b->name), b->value))
		fail("%s: '%s' does not show the value", b->options, said);
	if (!strstr(said, "allowed"))
		fail("%s: '%s' does not say what is allowed", b->options, said);
}

static void refused_by_mount(void)
{
	int kernel_log = open_kernel_log();
	char line[LOG_LEN];
	unsigned int i, nr;

	if (kernel_log < 0)
		skip("no /dev/kmsg");
	our_lines(kernel_log, line);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (mount_raw(".", bad[i].options, 0) == 0)
			fail("-o %s was mounted", bad[i].options);
		if (errno != EINVAL)
			fail("-o %s", bad[i].options);
		nr = our_lines(kernel_log, line);
		if (nr != 1)
			fail("-o %s: %u lines in the kernel log: %s", bad[i].options, nr, line);
		check_message(&bad[i], line);
	}
	CHECK_EQ(nr_sysfs_mounts(), 0);
}

static void refused_by_fsopen(void)
{
	char log[LOG_LEN];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (try_fsopen(bad[i].options, log) >= 0)
			fail("%s was mounted", bad[i].options);
		if (errno != EINVAL)
			fail("%s: log '%s'", bad[i].options, log);
		if (strncmp(log, "e scriptfs: ", 12) || strchr(log, '\n') != log + strlen(log) - 1)
			fail("%s: log '%s' is not a single line of an error", bad[i].options, log);
		check_message(&bad[i], log);
	}
	CHECK_EQ(nr_sysfs_mounts(), 0);
}

/* More than there is: ENOMEM at once, no task killed, and a message says how much was missing. */
static void no_memory(void)
{
	static const char *const too_much[] = {
		"poem=100%", "large=100%", "super=4000", "poem=1T", "novel=900000000", "super=100%",
		"poem=30%,novel=30%,medium=30%,large=30%", "large=4T,size=5T",
	};
	unsigned long before;
	char log[LOG_LEN], line[LOG_LEN];
	int kernel_log = open_kernel_log();
	unsigned int i;

	if (kernel_log < 0)
		skip("no /dev/kmsg");
	before = free_memory();
	for (i = 0; i < ARRAY_SIZE(too_much); i++) {
		our_lines(kernel_log, line);
		if (mount_raw(".", too_much[i], 0) == 0)
			fail("-o %s was mounted", too_much[i]);
		if (errno != ENOMEM)
			fail("-o %s", too_much[i]);
		CHECK_EQ(our_lines(kernel_log, line), 1);
		CHECK(strstr(line, "missing"));
		if (try_fsopen(too_much[i], log) >= 0)
			fail("%s was mounted", too_much[i]);
		if (errno != ENOMEM)
			fail("%s", too_much[i]);
		CHECK(strncmp(log, "e scriptfs: ", 12) == 0);
		CHECK(strstr(log, "missing"));
	}
	CHECK_EQ(nr_sysfs_mounts(), 0);
	check_free_memory(before, 8192);
}

struct good {
	const char		*options;
	unsigned long long	blocks[SCRIPTFS_NR_CLASSES];
};

static const struct good good[] = {
	{ "poem=7", { 7, 0, 0, 0, 0 } },
	{ "poem=1,novel=2,medium=3,large=4", { 1, 2, 3, 4, 0 } },
	{ "large=4,medium=3,novel=2,poem=1,size=64M", { 1, 2, 3, 4, 0 } },
	{ "poem=32K", { 1, 0, 0, 0, 0 } },
	{ "poem=33K", { 2, 0, 0, 0, 0 } },
	{ "poem=1M,novel=1M", { 32, 16, 0, 0, 0 } },
	{ "medium=1K,large=3M", { 0, 0, 1, 2, 0 } },
	{ "large=9M", { 0, 0, 0, 5, 0 } },
	{ "poem=0", { 0, 0, 0, 0, 0 } },
	{ "super=0", { 0, 0, 0, 0, 0 } },
	{ "large=0%", { 0, 0, 0, 0, 0 } },
	{ "poem=5,poem=6", { 6, 0, 0, 0, 0 } },
	{ "poem=64,size=2M", { 64, 0, 0, 0, 0 } },
	{ "poem=8,strict", { 8, 0, 0, 0, 0 } },
	{ "poem=3,copy=auto", { 3, 0, 0, 0, 0 } },
	{ "poem=3,copy=auto,copy=bypass", { 3, 0, 0, 0, 0 } },
	{ "copy=cached,poem=3", { 3, 0, 0, 0, 0 } },
	{ "poem=00000000000000000009", { 9, 0, 0, 0, 0 } },
	{ "poem=3,inode64,noswap", { 3, 0, 0, 0, 0 } },
	{ "poem=64,nr_blocks=512", { 64, 0, 0, 0, 0 } },
	{ "poem=64,size=1M,nr_blocks=512", { 64, 0, 0, 0, 0 } },
};

static void check_reserve(const char *dir, const struct good *g)
{
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		unsigned long long has = counter_of(dir, class_names[class], "reserve");

		if (has != g->blocks[class])
			fail("-o %s: %s=%llu", g->options, class_names[class], has);
		CHECK_EQ(counter_of(dir, class_names[class], "free"), g->blocks[class]);
		CHECK_EQ(counter_of(dir, class_names[class], "surplus"), 0);
		CHECK_EQ(counter_of(dir, class_names[class], "block_size"), class_sizes[class]);
	}
	check_balance(dir);
}

static void accepted(void)
{
	char log[LOG_LEN], path[64];
	unsigned int i;
	int mnt;

	CHECK_OK(mkdir("m", 0700));
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		if (mount_raw("m", good[i].options, 0))
			fail("-o %s", good[i].options);
		check_reserve("m", &good[i]);
		CHECK_OK(umount("m"));

		mnt = try_fsopen(good[i].options, log);
		if (mnt < 0)
			fail("%s: log '%s'", good[i].options, log);
		CHECK_EQ(strlen(log), 0);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", mnt);
		check_reserve(path, &good[i]);
		close(mnt);
		CHECK_EQ(nr_sysfs_mounts(), 0);
	}
}

static void percent(void)
{
	unsigned long long total = memory_figure("MemTotal") * 1024ULL, blocks;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_raw("m", "large=2%,poem=1%,size=10%", 0));
	blocks = counter_of("m", "large", "reserve");
	CHECK_CMP(blocks * MiB(2), >=, total / 50);
	CHECK_CMP(blocks * MiB(2), <, total / 50 + MiB(2));
	blocks = counter_of("m", "poem", "reserve");
	CHECK_CMP(blocks * KiB(32), >=, total / 100);
	CHECK_CMP(blocks * KiB(32), <, total / 100 + KiB(32));
	CHECK_CMP(counter_of("m", NULL, "size"), <=, total / 10 + PAGE);
	CHECK_CMP(counter_of("m", NULL, "size"), >=, total / 10 - PAGE);
	CHECK_OK(umount("m"));
}

static void defaults(void)
{
	static const unsigned int blocks[] = { 1000, 128, 32, 16, 0 };
	unsigned long long total = memory_figure("MemTotal") * 1024ULL, sum = 0;
	unsigned int class;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_raw("m", NULL, 0));
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		sum += blocks[class] * (unsigned long long)class_sizes[class];
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		unsigned long long has = counter_of("m", class_names[class], "reserve");

		if (sum <= total / 8)
			CHECK_EQ(has, blocks[class]);
		else
			CHECK_CMP(has, <=, blocks[class]);
	}
	CHECK_CMP(counter_of("m", NULL, "reserve"), <=, total / 8);
	CHECK_CMP(counter_of("m", NULL, "size"), <=, total / 2);
	CHECK_CMP(counter_of("m", NULL, "size"), >=, total / 2 - PAGE);
	CHECK_OK(umount("m"));

	/* An explicit small size= does not fail because of the default reserve. */
	CHECK_OK(mount_raw("m", "size=8M", 0));
	CHECK_EQ(counter_of("m", NULL, "size"), MiB(8));
	CHECK_CMP(counter_of("m", NULL, "reserve"), <=, MiB(8));
	CHECK_CMP(counter_of("m", NULL, "reserve"), >, 0);
	CHECK_OK(umount("m"));
}

/* Values of a type that no option has, and strings that try to look like something else. */
static void odd_values(void)
{
	static const char *const keys[] = {
		"poem", "size", "nr_inodes", "mode", "uid", "io", "class", "copy", "strict",
		"nostrict", "none", "nr_blocks", "huge", "mpol", "inode32", "noswap",
	};
	char log[LOG_LEN], line[LOG_LEN], longest[256];
	int kernel_log = open_kernel_log(), fs;
	unsigned int i;

	memset(longest, '9', 255);
	longest[255] = '\0';
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		fs = CHECK_OK(fsopen("scriptfs", 0));
		CHECK_ERR(fsconfig(fs, FSCONFIG_SET_BINARY, keys[i], "\0\1\2", 3), EINVAL);
		CHECK_ERR(fsconfig(fs, FSCONFIG_SET_PATH, keys[i], "/tmp", AT_FDCWD), EINVAL);
		CHECK_ERR(fsconfig(fs, FSCONFIG_SET_PATH_EMPTY, keys[i], "", 1), EINVAL);
		CHECK_ERR(fsconfig(fs, FSCONFIG_SET_FD, keys[i], NULL, 1), EINVAL);
		CHECK_ERR(fsconfig(fs, FSCONFIG_SET_STRING, keys[i], longest, 0), EINVAL);
		CHECK_ERR(fsconfig(fs, FSCONFIG_SET_STRING, longest, keys[i], 0), EINVAL);
		close(fs);
	}
	our_lines(kernel_log, line);
	fs = CHECK_OK(fsopen("scriptfs", 0));
	read_log(fs, log);
	CHECK_ERR(fsconfig(fs, FSCONFIG_SET_STRING, "poem", "1\n<0>scriptfs: all is lost", 0),
		  EINVAL);
	read_log(fs, log);
	CHECK(strchr(log, '\n') == log + strlen(log) - 1);
	CHECK_ERR(fsconfig(fs, FSCONFIG_SET_STRING, "a\nb", "1", 0), EINVAL);
	read_log(fs, log);
	CHECK(strchr(log, '\n') == log + strlen(log) - 1);
	close(fs);
	CHECK_CMP(our_lines(kernel_log, line), <=, 2);
	CHECK_EQ(nr_sysfs_mounts(), 0);
}

static void mount_in_user_namespace(void *arg)
{
	char log[LOG_LEN];

	(void)arg;
	CHECK_OK(setresuid(1000, 1000, 1000));
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		skip("no user namespaces");
	CHECK_ERR(mount_raw(".", "poem=1", 0), EPERM);
	CHECK_ERR(try_fsopen("poem=1", log), EPERM);
}

static void privileged(void)
{
	CHECK_OK(chmod(".", 0777));
	finish(start(mount_in_user_namespace, NULL));
}

/* Wrong in every situation, even where the VFS looks at the option itself. */
static const char *const always_bad[] = {
	"poem=banana", "size=0", "nr_inodes=-1", "mode=9", "uid=root", "io=", "class=4", "copy",
	"strict=1", "frobnicate", "frob=7", "source", "source=a,source=b", "nr_blocks=0",
	"huge=force", "mpol=bind", "mpol=bind:0,x", "usrquota",
};

/* A user who may not mount learns the reason from fsopen's log, but cannot fill the kernel log. */
static void complain_in_user_namespace(void *arg)
{
	char log[LOG_LEN];
	unsigned int i;

	(void)arg;
	CHECK_OK(setresuid(1000, 1000, 1000));
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		skip("no user namespaces");
	for (i = 0; i < ARRAY_SIZE(always_bad); i++) {
		CHECK_ERR(mount_raw(".", always_bad[i], 0), EINVAL);
		CHECK_ERR(mount_raw("m", always_bad[i], MS_REMOUNT), EINVAL);
		CHECK_ERR(try_fsopen(always_bad[i], log), EINVAL);
		if (strncmp(log, "e scriptfs: ", 12) || !strstr(log, "allowed"))
			fail("%s: log '%s'", always_bad[i], log);
	}
	CHECK_ERR(mount_raw(".", "huge=always", 0), EPERM);
}

static void quiet_for_users(void)
{
	int kernel_log = open_kernel_log();
	char line[LOG_LEN];
	unsigned int i;

	if (kernel_log < 0)
		skip("no /dev/kmsg");
	CHECK_OK(chmod(".", 0777));
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_raw("m", "poem=1,mode=0777", 0));
	our_lines(kernel_log, line);
	finish(start(complain_in_user_namespace, NULL));
	if (our_lines(kernel_log, line))
		fail("in the kernel log: %s", line);
	/* A user who may mount gets one line for each mistake. */
	for (i = 0; i < ARRAY_SIZE(always_bad); i++) {
		CHECK_ERR(mount_raw("m", always_bad[i], MS_REMOUNT), EINVAL);
		CHECK_EQ(our_lines(kernel_log, line), 1);
		if (!strstr(line, "allowed"))
			fail("%s: kernel log: %s", always_bad[i], line);
	}
	CHECK_OK(umount("m"));
}

static u64 rng = 1;

static const char *any(const char *const *of, unsigned int nr)
{
	return of[rnd(&rng) % nr];
}

/* Something between an option string and noise; it never reserves much. */
static void nonsense(char *out, size_t len)
{
	static const char *const keys[] = {
		"poem", "novel", "medium", "large", "super", "size", "strict", "nostrict",
		"nr_inodes", "mode", "uid", "gid", "io", "class", "copy", "", "=", "poe", "poems",
		"no", "ro", "POEM", "source", "none", "nr_blocks", "huge", "mpol", "inode32", "1",
	};
	static const char *const values[] = {
		"0", "1", "2", "7", "64", "100K", "1M", "3M", "4M", "64M", "1%", "0%", "3%", "-1",
		"", "banana", "100%", "101%", "1T", "16383P", "18446744073709551615", "4294967296",
		"18446744073709551616", "9223372036854775807", "1e9", "0x40", "07", "7777", "page",
		"block", "poem", "large", "super", "none", "auto", "bypass", " ", "%", "K",
		"\x01\x7f\xff", "1\n2", "always", "interleave", "bind:0", "local", "prefer:0",
	};
	unsigned int options = rnd(&rng) % 6, i;
	size_t have = 0;

	*out = '\0';
	for (i = 0; i < options; i++) {
		bool value = rnd(&rng) % 8;

		have += snprintf(out + have, len - have, "%s%s%s%s", i ? "," : "",
				 any(keys, ARRAY_SIZE(keys)), value ? "=" : "",
				 value ? any(values, ARRAY_SIZE(values)) : "");
		CHECK_CMP(have, <, len);
	}
	/* Now and then, corrupt a byte. */
	if (have && rnd(&rng) % 4 == 0)
		out[rnd(&rng) % have] = rnd(&rng);
}

static void fuzz(void)
{
	unsigned long i, mounted = 0, refused = 0, before;
	char options[512], log[LOG_LEN];
	int ret;

	CHECK_OK(mkdir("m", 0700));
	before = free_memory();
	for (i = 0; i < scaled(debug_kernel() ? 1000 : 2000); i++) {
		nonsense(options, sizeof(options));
		if (i % 2) {
			ret = mount_raw("m", options, 0);
			if (ret == 0) {
				/* Whatever was mounted must work; a remount of it may fail. */
				nonsense(options, sizeof(options));
				if (mount_raw("m", options, MS_REMOUNT) && errno != EINVAL)
					fail("remount -o '%s'", options);
				check_settled("m");
				CHECK_OK(umount("m"));
			}
		} else {
			ret = try_fsopen(options, log);
			if (ret >= 0)
				close(ret);
		}
		if (ret < 0 && errno != EINVAL && errno != ENOMEM)
			fail("-o '%s'", options);
		*(ret < 0 ? &refused : &mounted) += 1;
	}
	note("%lu mounted, %lu refused", mounted, refused);
	CHECK_CMP(mounted, >, i / 100);
	CHECK_CMP(refused, >, i / 100);
	CHECK_EQ(nr_sysfs_mounts(), 0);
	check_free_memory(before, 8192);
}

static const struct test tests[] = {
	{ "refused_by_mount", refused_by_mount, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "refused_by_fsopen", refused_by_fsopen, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "no_memory", no_memory, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "accepted", accepted, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "percent", percent, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "defaults", defaults, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "odd_values", odd_values, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "privileged", privileged, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "quiet_for_users", quiet_for_users, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "fuzz", fuzz, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
