// SPDX-License-Identifier: GPL-2.0-only
/*
 * A mount whose user and group IDs are mapped: what is made through it belongs to the mapped
 * owner, and what is there is shown so. Kernels before 5.12 have none.
 */
#include "util.h"

#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/xattr.h>

/* Below, ID 0 and those behind it are 0...; through the mount they are OFFSET... */
#define OFFSET	10000
#define RANGE	"0 10000 1000"

static void check_owner(const char *path, unsigned int id)
{
	struct stat st = stat_of(path);

	if (st.st_uid != id || st.st_gid != id)
		fail("%s is of %u and %u, expected %u", path, st.st_uid, st.st_gid, id);
}

static void wait_for_ever(void *unused)
{
	(void)unused;
	CHECK_OK(unshare(CLONE_NEWUSER));
	raise(SIGSTOP);
}

/* A user namespace that has the mapping. */
static int mapped_namespace(void)
{
	char path[64];
	int status, fd;
	pid_t pid = start(wait_for_ever, NULL);

	CHECK_OK(waitpid(pid, &status, WUNTRACED));
	if (!WIFSTOPPED(status))
		skip("no user namespaces");
	snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	CHECK(write_text(path, RANGE));
	snprintf(path, sizeof(path), "/proc/%d/gid_map", pid);
	CHECK(write_text(path, RANGE));
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = xopen(path, O_RDONLY);
	CHECK_OK(kill(pid, SIGKILL));
	CHECK_OK(waitpid(pid, &status, 0));
	return fd;
}

/* Show the directory "below" mapped in "m". */
static void map_mount(void)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	unsigned int major, minor;
	struct utsname system;
	int tree;

	CHECK_OK(uname(&system));
	if (sscanf(system.release, "%u.%u", &major, &minor) != 2)
		fail("what version is %s?", system.release);
	if (major < 5 || (major == 5 && minor < 12))
		skip("Linux %s has no ID-mapped mounts", system.release);
	CHECK_OK(mkdir("below", 0777));
	CHECK_OK(chmod("below", 0777));
	CHECK_OK(mkdir("m", 0777));
	attr.userns_fd = mapped_namespace();
	tree = CHECK_OK(syscall(SYS_open_tree, AT_FDCWD, "below",
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
	CHECK_OK(syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)));
	CHECK_OK(syscall(SYS_move_mount, tree, "", AT_FDCWD, "m", MOVE_MOUNT_F_EMPTY_PATH));
	close(tree);
	close(attr.userns_fd);
}

static void shown(void)
{
	map_mount();
	touch("below/f");
	CHECK_OK(chown("below/f", 5, 5));
	check_owner("m/f", OFFSET + 5);
	/* Who has no ID there is nobody. */
	CHECK_OK(chown("below/f", 5000, 5000));
	check_owner("m/f", 65534);
	CHECK_OK(umount("m"));
}

static void as_mapped_user(void *unused)
{
	int fd;

	(void)unused;
	CHECK_OK(setresgid(OFFSET + 7, OFFSET + 7, OFFSET + 7));
	CHECK_OK(setresuid(OFFSET + 7, OFFSET + 7, OFFSET + 7));
	touch("m/f");
	check_owner("m/f", OFFSET + 7);
	check_owner("below/f", 7);
	CHECK_OK(mkdir("m/d", 0700));
	CHECK_OK(symlink("f", "m/l"));
	CHECK_OK(mknod("m/p", S_IFIFO | 0600, 0));
	check_owner("below/d", 7);
	check_owner("below/l", 7);
	check_owner("below/p", 7);
	fd = CHECK_OK(open("m", O_TMPFILE | O_RDWR, 0600));
	close(fd);
	CHECK_OK(rename("m/f", "m/d/f"));
	CHECK_OK(chmod("m/d/f", 0640));
	CHECK_OK(setxattr("m/d/f", "user.a", "x", 1, 0));
	CHECK_OK(chmod("m/d", 0755));
	CHECK_ERR(chmod("below/d/f", 0600), EPERM);
	CHECK_ERR(open("below/d/f", O_RDWR), EACCES);
}

static void made(void)
{
	map_mount();
	CHECK_OK(chmod(".", 0755));
	finish(start(as_mapped_user, NULL));
	CHECK_EQ(stat_of("below/d/f").st_mode & 07777, 0640);
	CHECK_OK(chown("m/d/f", OFFSET + 9, OFFSET + 9));
	check_owner("below/d/f", 9);
	/* An owner that has no ID below cannot be stored. */
	CHECK_ERR(chown("m/d/f", 9, 9), EOVERFLOW);
	CHECK_OK(umount("m"));
}

static const struct test tests[] = {
	{ "shown", shown, ANY_POOL, T_SCRIPTFS },
	{ "made", made, ANY_POOL, T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
