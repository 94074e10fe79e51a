// SPDX-License-Identifier: GPL-2.0-only
/*
 * POSIX access control lists: whom they let in, what they do with the mode and the umask, what new
 * files inherit.
 */
#include "util.h"

#include <grp.h>
#include <linux/limits.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#define ACCESS	"system.posix_acl_access"
#define DEFAULT	"system.posix_acl_default"

#define VERSION	2
#define NOBODY	0xffffffff

/* What an entry is about. */
enum tag {
	USER_OBJ	= 0x01,
	USER		= 0x02,
	GROUP_OBJ	= 0x04,
	GROUP		= 0x08,
	MASK		= 0x10,
	OTHER		= 0x20,
};

struct entry {
	unsigned short	tag;
	unsigned short	perm;
	unsigned int	id;
};

struct list {
	unsigned int	version;
	struct entry	entries[8];
};

#define LIST_SIZE(nr)	(sizeof(int) + (nr) * sizeof(struct entry))

static int set_list(const char *path, const char *which, const struct entry *entries,
		    unsigned int nr)
{
	struct list list = { .version = VERSION };

	memcpy(list.entries, entries, nr * sizeof(*entries));
	return setxattr(path, which, &list, LIST_SIZE(nr), 0);
}

#define SET_LIST(path, which, ...) ({					\
	const struct entry entries_[] = { __VA_ARGS__ };		\
	set_list(path, which, entries_, ARRAY_SIZE(entries_));		\
})

static struct list list_of(const char *path, const char *which, unsigned int *nr)
{
	struct list list;
	ssize_t size = CHECK_OK(getxattr(path, which, &list, sizeof(list)));

	CHECK_EQ(list.version, VERSION);
	*nr = (size - sizeof(int)) / sizeof(struct entry);
	return list;
}

/* The permission that a list has for a tag. */
static int perm_of(const char *path, const char *which, unsigned short tag)
{
	unsigned int nr, i;
	struct list list = list_of(path, which, &nr);

	for (i = 0; i < nr; i++)
		if (list.entries[i].tag == tag)
			return list.entries[i].perm;
	return -1;
}

#define MODE(path)	(stat_of(path).st_mode & 07777)

static void become(unsigned int uid, unsigned int gid)
{
	CHECK_OK(setgroups(0, NULL));
	CHECK_OK(setresgid(gid, gid, gid));
	CHECK_OK(setresuid(uid, uid, uid));
}

static void as_named_user(void *unused)
{
	(void)unused;
	become(1000, 1);
	CHECK_OK(close(xopen("f", O_RDWR)));
	CHECK_ERR(SET_LIST("f", ACCESS, { USER_OBJ, 7, NOBODY }, { GROUP_OBJ, 7, NOBODY },
			   { OTHER, 7, NOBODY }), EPERM);
}

static void as_masked_user(void *unused)
{
	(void)unused;
	become(1000, 1);
	CHECK_OK(close(xopen("f", O_RDONLY)));
	CHECK_ERR(open("f", O_RDWR), EACCES);
}

static void as_named_group(void *unused)
{
	(void)unused;
	become(1001, 2000);
	CHECK_OK(close(xopen("f", O_RDONLY)));
	CHECK_ERR(open("f", O_WRONLY), EACCES);
}

static void as_anybody(void *unused)
{
	(void)unused;
	become(1002, 2002);
	CHECK_ERR(open("f", O_RDONLY), EACCES);
	CHECK_EQ(getxattr("f", ACCESS, NULL, 0), LIST_SIZE(6));
}

static void who_is_let_in(void)
{
	CHECK_OK(chmod(".", 0755));
	touch("f");
	CHECK_OK(chmod("f", 0600));
	CHECK_ERR(getxattr("f", ACCESS, NULL, 0), ENODATA);
	CHECK_OK(SET_LIST("f", ACCESS, { USER_OBJ, 6, NOBODY }, { USER, 6, 1000 },
			  { GROUP_OBJ, 0, NOBODY }, { GROUP, 4, 2000 }, { MASK, 6, NOBODY },
			  { OTHER, 0, NOBODY }));
	finish(start(as_named_user, NULL));
	finish(start(as_named_group, NULL));
	finish(start(as_anybody, NULL));

	/* The mode shows the mask in the place of the group, and chmod(2) sets it. */
	CHECK_EQ(MODE("f"), 0660);
	CHECK_OK(chmod("f", 0640));
	CHECK_EQ(perm_of("f", ACCESS, MASK), 4);
	CHECK_EQ(perm_of("f", ACCESS, USER), 6);
	CHECK_EQ(perm_of("f", ACCESS, GROUP_OBJ), 0);
	finish(start(as_masked_user, NULL));
	CHECK_OK(removexattr("f", ACCESS));
	CHECK_ERR(getxattr("f", ACCESS, NULL, 0), ENODATA);
	CHECK_EQ(MODE("f"), 0640);
}

/* A list that says what a mode can say becomes the mode. */
static void the_same_as_a_mode(void)
{
	touch("f");
	CHECK_OK(SET_LIST("f", ACCESS, { USER_OBJ, 7, NOBODY }, { GROUP_OBJ, 5, NOBODY },
			  { OTHER, 1, NOBODY }));
	CHECK_EQ(MODE("f"), 0751);
	CHECK_ERR(getxattr("f", ACCESS, NULL, 0), ENODATA);
	CHECK_EQ(listxattr("f", NULL, 0), 0);
}

static void refused(void)
{
	struct list list = { .version = 1 };

	touch("f");
	CHECK_OK(mkdir("d", 0700));
	CHECK_OK(symlink("f", "l"));
	CHECK_ERR(setxattr("f", ACCESS, &list, LIST_SIZE(0), 0), EOPNOTSUPP);
	CHECK_ERR(setxattr("f", ACCESS, "x", 1, 0), EINVAL);
	CHECK_ERR(SET_LIST("f", ACCESS, { USER_OBJ, 7, NOBODY }, { OTHER, 7, NOBODY }), EINVAL);
	CHECK_ERR(SET_LIST("f", ACCESS, { USER_OBJ, 7, NOBODY }, { USER, 7, 5 },
			   { GROUP_OBJ, 7, NOBODY }, { OTHER, 7, NOBODY }), EINVAL);
	CHECK_ERR(SET_LIST("f", DEFAULT, { USER_OBJ, 7, NOBODY }, { GROUP_OBJ, 5, NOBODY },
			   { OTHER, 1, NOBODY }), EACCES);
	CHECK_EQ(listxattr("f", NULL, 0), 0);
	CHECK_ERR(lgetxattr("l", ACCESS, NULL, 0), EOPNOTSUPP);
}

static void inherited(void)
{
	umask(077);
	CHECK_OK(mkdir("d", 0755));
	CHECK_EQ(MODE("d"), 0700);
	CHECK_OK(SET_LIST("d", DEFAULT, { USER_OBJ, 7, NOBODY }, { USER, 6, 1000 },
			  { GROUP_OBJ, 5, NOBODY }, { MASK, 7, NOBODY }, { OTHER, 5, NOBODY }));
	CHECK_EQ(MODE("d"), 0700);
	CHECK_ERR(getxattr("d", ACCESS, NULL, 0), ENODATA);

	/* The umask does not count, but what open(2) asks for does. */
	CHECK_OK(close(CHECK_OK(open("d/f", O_CREAT | O_WRONLY, 0664))));
	CHECK_EQ(MODE("d/f"), 0664);
	CHECK_EQ(perm_of("d/f", ACCESS, USER), 6);
	CHECK_EQ(perm_of("d/f", ACCESS, MASK), 6);
	CHECK_EQ(perm_of("d/f", ACCESS, GROUP_OBJ), 5);
	CHECK_ERR(getxattr("d/f", DEFAULT, NULL, 0), ENODATA);
	CHECK_OK(mknod("d/p", S_IFIFO | 0666, 0));
	CHECK_EQ(perm_of("d/p", ACCESS, USER), 6);
	CHECK_OK(symlink("f", "d/l"));
	CHECK_EQ(llistxattr("d/l", NULL, 0), 0);
	CHECK_OK(mkdir("d/sub", 0777));
	CHECK_EQ(MODE("d/sub"), 0775);
	CHECK_EQ(perm_of("d/sub", DEFAULT, USER), 6);
	CHECK_EQ(perm_of("d/sub", ACCESS, USER), 6);
	CHECK_OK(close(CHECK_OK(open("d/sub/f", O_CREAT | O_WRONLY, 0600))));
	CHECK_EQ(perm_of("d/sub/f", ACCESS, MASK), 0);

	CHECK_OK(removexattr("d", DEFAULT));
	CHECK_OK(close(CHECK_OK(open("d/g", O_CREAT | O_WRONLY, 0664))));
	CHECK_EQ(MODE("d/g"), 0600);
	CHECK_EQ(listxattr("d/g", NULL, 0), 0);
}

static void listed(void)
{
	char names[200];

	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(SET_LIST("d", ACCESS, { USER_OBJ, 7, NOBODY }, { USER, 7, 9 },
			  { GROUP_OBJ, 5, NOBODY }, { MASK, 7, NOBODY }, { OTHER, 5, NOBODY }));
	CHECK_EQ(listxattr("d", names, sizeof(names)), sizeof(ACCESS));
	CHECK(!strcmp(names, ACCESS));
	CHECK_OK(SET_LIST("d", DEFAULT, { USER_OBJ, 7, NOBODY }, { GROUP_OBJ, 5, NOBODY },
			  { OTHER, 5, NOBODY }));
	CHECK_EQ(listxattr("d", names, sizeof(names)), sizeof(ACCESS) + sizeof(DEFAULT));
	CHECK_ERR(listxattr("d", names, sizeof(ACCESS) + 1), ERANGE);
	CHECK_OK(setxattr("d", "user.a", "x", 1, 0));
	CHECK_EQ(listxattr("d", names, sizeof(names)),
		 sizeof(ACCESS) + sizeof(DEFAULT) + sizeof("user.a"));
}

/* What can be set can be listed. */
static void listed_with_others(void)
{
	char name[XATTR_NAME_MAX + 1], *names;
	unsigned int len;

	CHECK_OK(mkdir("d", 0700));
	for (len = XATTR_NAME_MAX; len > 10; len--) {
		unsigned int nr = 0;

		memset(name, 'n', len);
		name[len] = '\0';
		do
			name[snprintf(name, len, "user.%u", nr++)] = 'n';
		while (!setxattr("d", name, "x", 1, 0));
		CHECK_EQ(errno, ENOSPC);
	}
	CHECK_OK(SET_LIST("d", ACCESS, { USER_OBJ, 7, NOBODY }, { USER, 7, 1000 },
			  { GROUP_OBJ, 7, NOBODY }, { MASK, 7, NOBODY }, { OTHER, 0, NOBODY }));
	CHECK_OK(SET_LIST("d", DEFAULT, { USER_OBJ, 7, NOBODY }, { GROUP_OBJ, 7, NOBODY },
			  { OTHER, 0, NOBODY }));
	names = xmalloc(XATTR_LIST_MAX);
	CHECK_CMP(listxattr("d", names, XATTR_LIST_MAX), >, XATTR_LIST_MAX - 20);
	free(names);
}

static void in_another_group(void *unused)
{
	(void)unused;
	become(1000, 1);
	CHECK_OK(SET_LIST("f", ACCESS, { USER_OBJ, 7, NOBODY }, { USER, 7, 9 },
			  { GROUP_OBJ, 7, NOBODY }, { MASK, 7, NOBODY }, { OTHER, 5, NOBODY }));
}

/* As by chmod(2), who is not in the group of a file cannot have it run with that. */
static void setgid_goes(void)
{
	CHECK_OK(chmod(".", 0755));
	touch("f");
	CHECK_OK(chown("f", 1000, 3000));
	CHECK_OK(chmod("f", 02755));
	finish(start(in_another_group, NULL));
	CHECK_EQ(MODE("f"), 0775);
}

static unsigned long free_inodes(void)
{
	struct statfs fs;

	CHECK_OK(statfs(".", &fs));
	return fs.f_ffree;
}

/* Many named users in a list: its memory is limited as that of inodes is, and comes back. */
static void long_lists(void)
{
	const unsigned int named = 2000, nr = named + 4;
	struct entry *list = xmalloc(nr * sizeof(*list));
	unsigned long before = free_inodes(), i;
	char *value = xmalloc(LIST_SIZE(nr)), name[32];
	unsigned int version = VERSION;

	list[0] = (struct entry){ USER_OBJ, 7, NOBODY };
	for (i = 0; i < named; i++)
		list[1 + i] = (struct entry){ USER, 7, 1000 + i };
	list[named + 1] = (struct entry){ GROUP_OBJ, 5, NOBODY };
	list[named + 2] = (struct entry){ MASK, 7, NOBODY };
	list[named + 3] = (struct entry){ OTHER, 5, NOBODY };
	memcpy(value, &version, sizeof(version));
	memcpy(value + sizeof(version), list, nr * sizeof(*list));

	CHECK_OK(mkdir("d", 0755));
	CHECK_OK(setxattr("d", ACCESS, value, LIST_SIZE(nr), 0));
	CHECK_CMP(free_inodes(), <, before - 10);
	CHECK_OK(setxattr("d", ACCESS, value, LIST_SIZE(nr), 0));
	CHECK_OK(chmod("d", 0700));
	CHECK_OK(setxattr("d", DEFAULT, value, LIST_SIZE(nr), 0));
	/* What is made there inherits it, until there is no room. */
	for (i = 0;; i++) {
		snprintf(name, sizeof(name), "d/%lu", i);
		if (mkdir(name, 0755))
			break;
		CHECK_CMP(i, <, before / 10);
	}
	CHECK_EQ(errno, ENOSPC);
	CHECK_CMP(i, >, 0);
	touch("small");
	CHECK_ERR(setxattr("small", ACCESS, value, LIST_SIZE(nr), 0), ENOSPC);
	CHECK_ERR(getxattr("small", ACCESS, NULL, 0), ENODATA);
	remove_all(".");
	CHECK_EQ(free_inodes(), before);
}

static const struct test tests[] = {
	{ "who_is_let_in", who_is_let_in, ANY_POOL, 0 },
	{ "the_same_as_a_mode", the_same_as_a_mode, ANY_POOL, T_SCRIPTFS },
	{ "refused", refused, ANY_POOL, 0 },
	{ "inherited", inherited, ANY_POOL, T_SCRIPTFS },
	{ "listed", listed, ANY_POOL, T_SCRIPTFS },
	{ "listed_with_others", listed_with_others, ANY_POOL, T_SCRIPTFS },
	{ "long_lists", long_lists, ANY_POOL ",nr_inodes=200", T_SCRIPTFS },
	{ "setgid_goes", setgid_goes, ANY_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
