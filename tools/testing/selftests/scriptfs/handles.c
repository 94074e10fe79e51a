// SPDX-License-Identifier: GPL-2.0-only
/*
 * File handles: they find a file for as long as it lives, whatever becomes of its names, and never
 * another one.
 */
#include "util.h"

#include <sys/fanotify.h>
#include <sys/statfs.h>

struct handle {
	struct file_handle	head;
	unsigned char		bytes[MAX_HANDLE_SZ];
};

static void handle_at(int dir, const char *path, int flags, struct handle *h)
{
	int mount_id;

	memset(h, 0, sizeof(*h));
	h->head.handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(dir, path, &h->head, &mount_id, flags))
		fail("handle of '%s'", path);
}

static void handle_of(const char *path, struct handle *h)
{
	handle_at(AT_FDCWD, path, 0, h);
}

/* O_PATH opens whatever it is. */
static int open_handle(struct handle *h, int flags)
{
	int root = xopen(".", O_RDONLY | O_DIRECTORY), fd, err;

	fd = open_by_handle_at(root, &h->head, flags);
	err = errno;
	close(root);
	errno = err;
	return fd;
}

static ino_t inode_of(int fd)
{
	struct stat st;

	CHECK_OK(fstat(fd, &st));
	return st.st_ino;
}

static void check_finds(struct handle *h, ino_t ino)
{
	int fd = CHECK_OK(open_handle(h, O_PATH));

	CHECK_EQ(inode_of(fd), ino);
	close(fd);
}

static void check_same(const struct handle *a, const struct handle *b)
{
	CHECK(memcmp(a, b, sizeof(*a)) == 0);
}

static void of_all_types(void)
{
	static const char *const names[] = { "file", "dir", "link", "fifo", "device", "." };
	struct handle h[ARRAY_SIZE(names)], again;
	unsigned int i, j;
	struct stat st;

	touch("file");
	CHECK_OK(mkdir("dir", 0700));
	CHECK_OK(symlink("file", "link"));
	CHECK_OK(mkfifo("fifo", 0600));
	CHECK_OK(mknod("device", S_IFCHR | 0600, 0x103));
	for (i = 0; i < ARRAY_SIZE(names); i++)
		handle_of(names[i], &h[i]);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		CHECK_OK(lstat(names[i], &st));
		check_finds(&h[i], st.st_ino);
		handle_of(names[i], &again);
		check_same(&h[i], &again);
		for (j = 0; j < i; j++)
			CHECK(memcmp(&h[i], &h[j], sizeof(h[i])));
	}
	CHECK_ERR(open_handle(&h[2], O_RDONLY), ELOOP);
}

/* What the caller has too little room for. */
static void room(void)
{
	struct handle h = { .head.handle_bytes = 0 }, full;
	int mount_id;

	touch("f");
	handle_of("f", &full);
	CHECK_ERR(name_to_handle_at(AT_FDCWD, "f", &h.head, &mount_id, 0), EOVERFLOW);
	CHECK_EQ(h.head.handle_bytes, full.head.handle_bytes);
	h.head.handle_bytes--;
	CHECK_ERR(name_to_handle_at(AT_FDCWD, "f", &h.head, &mount_id, 0), EOVERFLOW);
	CHECK_EQ(h.head.handle_bytes, full.head.handle_bytes);
	CHECK_OK(name_to_handle_at(AT_FDCWD, "f", &h.head, &mount_id, 0));
	check_same(&h, &full);
}

static void renamed(void)
{
	struct handle h, again;
	int fd;

	CHECK_OK(mkdir("d", 0700));
	fd = xopen("f", O_RDWR | O_CREAT);
	write_file(fd, 0, 100000, 1);
	close(fd);
	handle_of("f", &h);
	CHECK_OK(rename("f", "d/g"));
	handle_of("d/g", &again);
	check_same(&h, &again);
	CHECK_OK(link("d/g", "second"));
	handle_of("second", &again);
	check_same(&h, &again);
	CHECK_OK(unlink("d/g"));
	touch("over");
	CHECK_OK(rename("second", "over"));

	/* It is a file like any other. */
	fd = CHECK_OK(open_handle(&h, O_RDWR));
	check_file(fd, 0, 100000, 1);
	write_file(fd, 50000, 100000, 2);
	close(fd);
	fd = xopen("over", O_RDONLY);
	check_file(fd, 0, 50000, 1);
	check_file(fd, 50000, 100000, 2);
	close(fd);
	CHECK_OK(truncate("over", 0));
}

/* A file lives as long as it has a name or somebody has it open. */
static void stale(void)
{
	struct handle h;
	int fd, other;

	touch("f");
	handle_of("f", &h);
	CHECK_OK(unlink("f"));
	CHECK_ERR(open_handle(&h, O_RDONLY), ESTALE);
	touch("f");
	CHECK_ERR(open_handle(&h, O_RDONLY), ESTALE);

	handle_of("f", &h);
	fd = CHECK_OK(open_handle(&h, O_RDWR));
	CHECK_OK(unlink("f"));
	write_file(fd, 0, 5000, 1);
	other = CHECK_OK(open_handle(&h, O_RDONLY));
	close(fd);
	check_file(other, 0, 5000, 1);
	close(other);
	CHECK_ERR(open_handle(&h, O_RDONLY), ESTALE);

	touch("f");
	handle_of("f", &h);
	touch("g");
	CHECK_OK(rename("g", "f"));
	CHECK_ERR(open_handle(&h, O_RDONLY), ESTALE);
}

static void directories(void)
{
	struct handle top, deep;
	struct stat st;
	int fd, up;

	CHECK_OK(mkdir("a", 0700));
	CHECK_OK(mkdir("a/b", 0700));
	CHECK_OK(mkdir("a/b/c", 0700));
	handle_of("a", &top);
	handle_of("a/b/c", &deep);
	CHECK_OK(mkdir("new", 0700));
	CHECK_OK(rename("a/b", "new/b"));

	fd = CHECK_OK(open_handle(&deep, O_RDONLY | O_DIRECTORY));
	up = CHECK_OK(openat(fd, "..", O_RDONLY | O_DIRECTORY));
	CHECK_EQ(inode_of(up), stat_of("new/b").st_ino);
	close(up);
	up = CHECK_OK(openat(fd, "../../..", O_RDONLY | O_DIRECTORY));
	CHECK_EQ(inode_of(up), stat_of(".").st_ino);
	close(up);
	close(CHECK_OK(openat(fd, "f", O_WRONLY | O_CREAT, 0600)));
	CHECK_OK(stat("new/b/c/f", &st));
	CHECK_OK(unlinkat(fd, "f", 0));
	CHECK_OK(rmdir("new/b/c"));
	CHECK_ERR(openat(fd, "f", O_WRONLY | O_CREAT, 0600), ENOENT);
	close(fd);
	CHECK_ERR(open_handle(&deep, O_RDONLY), ESTALE);
	check_finds(&top, stat_of("a").st_ino);
	CHECK_OK(rmdir("a"));
	CHECK_ERR(open_handle(&top, O_PATH), ESTALE);
}

/* A file that gets its first name after its first handle. */
static void unnamed(void)
{
	char link[64], path[512];
	struct handle h;
	int fd, other;

	fd = CHECK_OK(open(".", O_TMPFILE | O_RDWR, 0600));
	handle_at(fd, "", AT_EMPTY_PATH, &h);
	write_file(fd, 0, 5000, 1);
	other = CHECK_OK(open_handle(&h, O_RDWR));
	check_file(other, 0, 5000, 1);
	close(other);

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	CHECK_OK(linkat(AT_FDCWD, link, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	other = CHECK_OK(open_handle(&h, O_RDWR));
	snprintf(link, sizeof(link), "/proc/self/fd/%d", other);
	memset(path, 0, sizeof(path));
	CHECK_OK(readlink(link, path, sizeof(path) - 1));
	if (strcmp(path + strlen(path) - 6, "/named"))
		fail("found as %s", path);
	close(fd);
	close(other);
	check_finds(&h, stat_of("named").st_ino);
	CHECK_OK(unlink("named"));
	CHECK_ERR(open_handle(&h, O_RDONLY), ESTALE);

	fd = CHECK_OK(open(".", O_TMPFILE | O_RDWR, 0600));
	handle_at(fd, "", AT_EMPTY_PATH, &h);
	close(fd);
	CHECK_ERR(open_handle(&h, O_RDONLY), ESTALE);
}

/* Numbers begin anew with each mount, so files of the next one have the same. */
static void another_mount(void)
{
	struct handle first, second;
	ino_t ino;
	int root;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_raw("m", "poem=4", 0));
	touch("m/f");
	ino = stat_of("m/f").st_ino;
	handle_of("m/f", &first);
	CHECK_OK(umount("m"));
	CHECK_OK(mount_raw("m", "poem=4", 0));
	touch("m/f");
	CHECK_EQ(stat_of("m/f").st_ino, ino);
	root = xopen("m", O_RDONLY);
	CHECK_ERR(open_by_handle_at(root, &first.head, O_RDONLY), ESTALE);
	handle_of("m/f", &second);
	CHECK_EQ(first.head.handle_bytes, second.head.handle_bytes);
	CHECK(memcmp(&first, &second, sizeof(first)));
	CHECK_ERR(open_by_handle_at(root, &first.head, O_RDONLY), ESTALE);
	close(CHECK_OK(open_by_handle_at(root, &second.head, O_RDONLY)));
	close(root);
	CHECK_OK(umount("m"));
}

static void forged(void)
{
	struct handle good, bad, other;
	unsigned int number;
	unsigned int i, bit;
	u64 rng = 1;

	touch("f");
	handle_of("f", &good);
	for (i = 0; i < good.head.handle_bytes; i++) {
		for (bit = 0; bit < 8; bit++) {
			bad = good;
			bad.bytes[i] ^= 1 << bit;
			CHECK_ERR(open_handle(&bad, O_PATH), ESTALE);
		}
	}
	/* Not what is there, even if the kernel looks at it in another way. */
	for (i = 1; i < good.head.handle_bytes; i++) {
		bad = good;
		bad.head.handle_bytes = i;
		CHECK_ERR(open_handle(&bad, O_PATH), ESTALE);
	}
	if (on_scriptfs()) {
		bad = good;
		bad.head.handle_type = 1;
		CHECK_ERR(open_handle(&bad, O_PATH), ESTALE);
	}
	for (i = 0; i < scaled(1000); i++) {
		bad = good;
		fill(bad.bytes, sizeof(bad.bytes), 0, rnd(&rng));
		CHECK_ERR(open_handle(&bad, O_PATH), ESTALE);
	}
	/* Nor can it be made of that of another file, whose number is no secret. */
	touch("g");
	handle_of("g", &other);
	if (on_scriptfs()) {
		number = stat_of("f").st_ino;
		memcpy(other.bytes + 4, &number, sizeof(number));
		CHECK_ERR(open_handle(&other, O_PATH), ESTALE);
		memcpy(other.bytes + 8, good.bytes + 8, 4);
		check_same(&other, &good);
	}
	check_finds(&good, stat_of("f").st_ino);
}

/* What fanotify(7) says is what name_to_handle_at(2) says, of a file that is going away, too. */
static void reported(void)
{
	int fan = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_NONBLOCK, 0);
	union {
		struct fanotify_event_metadata	event;
		char				bytes[4096];
	} buf;
	struct fanotify_event_info_fid *fid;
	struct file_handle *reported;
	struct handle h;

	if (fan < 0)
		skip("no fanotify with file handles");
	touch("f");
	CHECK_OK(fanotify_mark(fan, FAN_MARK_ADD, FAN_DELETE_SELF, AT_FDCWD, "f"));
	handle_of("f", &h);
	CHECK_OK(unlink("f"));
	CHECK_CMP(read(fan, &buf, sizeof(buf)), >, (ssize_t)sizeof(buf.event));
	CHECK(buf.event.mask & FAN_DELETE_SELF);
	fid = (void *)(buf.bytes + buf.event.metadata_len);
	reported = (void *)fid->handle;
	CHECK_EQ(reported->handle_bytes, h.head.handle_bytes);
	CHECK_EQ(reported->handle_type, h.head.handle_type);
	CHECK(memcmp(reported->f_handle, h.head.f_handle, h.head.handle_bytes) == 0);
	close(fan);
}

struct shared {
	struct handle	h;
	unsigned int	round;
	unsigned int	ready;
	bool		end;
};

/* Make the first handle of a file at the same time as others, and open it at once. */
static void first_handles(void *arg)
{
	struct shared *shared = arg;
	unsigned int round = 0;
	struct handle h;
	struct stat st;

	while (!__atomic_load_n(&shared->end, __ATOMIC_ACQUIRE)) {
		if (__atomic_load_n(&shared->round, __ATOMIC_ACQUIRE) == round) {
			usleep(0);
			continue;
		}
		round = shared->round;
		CHECK_OK(stat("f", &st));
		handle_of("f", &h);
		check_finds(&h, st.st_ino);
		__atomic_fetch_add(&shared->ready, 1, __ATOMIC_RELEASE);
	}
}

/* Open what is removed meanwhile: it is that file, or stale. */
static void last_opens(void *arg)
{
	struct shared *shared = arg;
	unsigned long found = 0, missed = 0;

	while (!__atomic_load_n(&shared->end, __ATOMIC_ACQUIRE)) {
		struct handle h = shared->h;
		int fd = open_handle(&h, O_RDONLY);

		if (fd < 0 && errno != ESTALE)
			fail("open by handle");
		*(fd < 0 ? &missed : &found) += 1;
		if (fd >= 0)
			close(fd);
	}
	note("%lu found, %lu stale", found, missed);
}

/* In one go: of a handle that is half another one, the length and the type are right. */
static void publish_handle(struct shared *shared, const char *path)
{
	struct handle h;

	handle_of(path, &h);
	shared->h = h;
}

static void at_the_same_time(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t makers[3], opener;
	unsigned int i, j;

	CHECK(shared != MAP_FAILED);
	touch("f");
	publish_handle(shared, "f");
	for (i = 0; i < ARRAY_SIZE(makers); i++)
		makers[i] = start(first_handles, shared);
	opener = start(last_opens, shared);
	for (i = 0; i < scaled(debug_kernel() ? 200 : 1000); i++) {
		__atomic_store_n(&shared->ready, 0, __ATOMIC_RELAXED);
		__atomic_fetch_add(&shared->round, 1, __ATOMIC_RELEASE);
		while (__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE) < ARRAY_SIZE(makers))
			usleep(0);
		publish_handle(shared, "f");
		CHECK_OK(unlink("f"));
		touch("f");
		for (j = 0; j < 3; j++) {
			touch("g");
			publish_handle(shared, "g");
			CHECK_OK(unlink("g"));
		}
	}
	__atomic_store_n(&shared->end, true, __ATOMIC_RELEASE);
	for (i = 0; i < ARRAY_SIZE(makers); i++)
		finish(makers[i]);
	finish(opener);
}

static const struct test tests[] = {
	{ "of_all_types", of_all_types, ANY_POOL, 0 },
	{ "room", room, ANY_POOL, 0 },
	{ "renamed", renamed, ANY_POOL, 0 },
	{ "stale", stale, ANY_POOL, 0 },
	{ "directories", directories, ANY_POOL, 0 },
	{ "unnamed", unnamed, ANY_POOL, 0 },
	{ "another_mount", another_mount, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "forged", forged, ANY_POOL, 0 },
	{ "reported", reported, ANY_POOL, 0 },
	{ "at_the_same_time", at_the_same_time, ANY_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
