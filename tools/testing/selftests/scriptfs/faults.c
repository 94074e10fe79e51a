// SPDX-License-Identifier: GPL-2.0-only
/*
 * Allocations that fail. Each operation is done with its first allocation failing, then with its
 * second, and so on until it makes no more of them: every time it must either work or return ENOMEM
 * or ENOSPC, and undo whatever it had done by then. Copies from and to user space fail in the same
 * way, with EFAULT.
 */
#include "util.h"

#include <dirent.h>
#include <linux/falloc.h>
#include <sys/statfs.h>

#define DEBUGFS		"/sys/kernel/debug"

/* More faults than most operations here can have; of the largest only the first are tried. */
#define MOST		400

static int fail_nth;

static bool set_knob(const char *what, const char *knob, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), DEBUGFS "/%s/%s", what, knob);
	return write_text(path, value);
}

/* Let allocations that can wait fail as well, and small ones, without a word in the log. */
static void prepare(void)
{
	if (access(DEBUGFS "/failslab", F_OK))
		mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	fail_nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0 || !set_knob("failslab", "ignore-gfp-wait", "N") ||
	    !set_knob("fail_page_alloc", "ignore-gfp-wait", "N") ||
	    !set_knob("fail_page_alloc", "ignore-gfp-highmem", "N") ||
	    !set_knob("fail_page_alloc", "min-order", "0"))
		skip("no fault injection in this kernel");
	set_knob("failslab", "verbose", "0");
	set_knob("fail_page_alloc", "verbose", "0");
	set_knob("fail_usercopy", "verbose", "0");
}

static void arm(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	CHECK_EQ(pwrite(fail_nth, text, len, 0), len);
}

/*
 * Whether a fault has happened since arm(). The read that asks for it copies to user space, too,
 * and may be what fails; then there was none before.
 */
static bool disarm(void)
{
	char text[16] = "";
	bool asked = pread(fail_nth, text, sizeof(text) - 1, 0) > 0;

	if (!asked)
		CHECK_EQ(errno, EFAULT);
	if (pwrite(fail_nth, "0", 1, 0) < 0)
		CHECK_EQ(errno, EFAULT);
	return asked && atoi(text) == 0;
}

static bool may_be(int err)
{
	return err == ENOMEM || err == ENOSPC || err == EFAULT;
}

struct job {
	const char	*name;
	int		(*before)(void);	/* prepares the job; gives the file for fd */
	int		(*run)(void);		/* what may fail, with -1 and errno */
	void		(*after)(bool done);	/* checks the outcome and cleans up */
};

static int fd;

/* A long write page by page allocates often and is slow on a debug kernel: leave out some there. */
static unsigned int next_fault(unsigned int nth)
{
	return nth < 40 || !debug_kernel() ? nth + 1 : nth + 9;
}

/* Run a job with every fault in turn; gives how many there were. */
static unsigned int check_job(const struct job *job)
{
	unsigned int nth, faults = 0, failed = 0;
	bool reached = true;

	for (nth = 1; reached && nth <= MOST; nth = next_fault(nth)) {
		int ret, err;

		fd = job->before ? job->before() : -1;
		/* Without idle surplus a write has to ask the system. */
		if (counter(NULL, "surplus"))
			write_text("/proc/sys/vm/drop_caches", "2");
		arm(nth);
		ret = job->run();
		err = errno;
		reached = disarm();
		faults += reached;
		errno = err;
		if (ret == -1 && !may_be(err))
			fail("%s, fault %u", job->name, nth);
		if (ret == -1 && !reached)
			fail("%s failed without a fault", job->name);
		failed += ret == -1;
		if (job->after)
			job->after(ret != -1);
		if (fd >= 0)
			close(fd);
		check_balance(".");
	}
	note("%s: %u faults, %u of them made it fail", job->name, faults, failed);
	return faults;
}

static void check_absent(const char *name, bool done)
{
	if (done)
		CHECK_OK(remove(name));
	else
		CHECK_ERR(access(name, F_OK), ENOENT);
}

static int new_file(void)
{
	return xopen("f", O_RDWR | O_CREAT | O_TRUNC);
}

static int full_file(void)
{
	int file = new_file();

	write_file(file, 0, KiB(200), 1);
	return file;
}

static int run_create(void)
{
	int new = open("new", O_CREAT | O_EXCL | O_WRONLY, 0600);

	if (new >= 0)
		close(new);
	return new;
}

static int run_mkdir(void)
{
	return mkdir("new", 0700);
}

static int run_mknod(void)
{
	return mknod("new", S_IFIFO | 0600, 0);
}

static int run_symlink(void)
{
	char target[1000];

	memset(target, 'x', sizeof(target) - 1);
	target[sizeof(target) - 1] = '\0';
	return symlink(target, "new");
}

static int run_link(void)
{
	return link("f", "new");
}

static void after_new(bool done)
{
	check_absent("new", done);
}

static int run_rename(void)
{
	return rename("f", "new");
}

static void after_rename(bool done)
{
	check_absent("new", done);
	if (!done)
		CHECK_OK(access("f", F_OK));
}

static int run_unlink(void)
{
	return unlink("f");
}

static void after_unlink(bool done)
{
	CHECK_EQ(access("f", F_OK), done ? -1 : 0);
}

static int run_readdir(void)
{
	DIR *dir = opendir(".");

	if (!dir)
		return -1;
	errno = 0;
	while (readdir(dir))
		;
	closedir(dir);
	return errno ? -1 : 0;
}

static int run_statfs(void)
{
	struct statfs fs;

	return statfs(".", &fs);
}

static char *buf;
static ssize_t moved;

static int run_write_poem(void)
{
	return moved = write(fd, buf, KiB(20));
}

static int run_write_large(void)
{
	return moved = write(fd, buf, MiB(3));
}

static int run_overwrite(void)
{
	return moved = pwrite(fd, buf, KiB(150), 0);
}

static int run_read(void)
{
	return moved = pread(fd, buf + MiB(3), KiB(200), 0);
}

/* What the call says it wrote is there, and nothing else. */
static void after_write(bool done)
{
	off_t size = done ? moved : 0;

	CHECK_EQ(file_size(fd), size);
	check_file(fd, 0, size, 2);
	CHECK_OK(ftruncate(fd, MiB(4)));
	check_zero(fd, size, MiB(4) - size);
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(file_held(fd), 0);
}

static void after_overwrite(bool done)
{
	off_t size = done ? moved : 0;

	CHECK_EQ(file_size(fd), KiB(200));
	check_file(fd, 0, size, 2);
	check_file(fd, size, KiB(200) - size, 1);
}

static void after_read(bool done)
{
	if (done)
		check_fill(buf + MiB(3), moved, 0, 1);
	check_file(fd, 0, KiB(200), 1);
}

static int run_cut(void)
{
	return ftruncate(fd, KiB(50) + 1);
}

static void after_cut(bool done)
{
	CHECK_EQ(file_size(fd), done ? KiB(50) + 1 : KiB(200));
	check_file(fd, 0, KiB(50) + 1, 1);
	CHECK_OK(ftruncate(fd, KiB(200)));
	if (done)
		check_zero(fd, KiB(50) + 1, KiB(150) - 1);
}

static int run_grow(void)
{
	return ftruncate(fd, MiB(7));
}

static void after_grow(bool done)
{
	CHECK_EQ(file_size(fd), done ? MiB(7) : KiB(200));
	check_file(fd, 0, KiB(200), 1);
}

static int run_punch(void)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, KiB(48), KiB(101));
}

static void after_punch(bool done)
{
	CHECK_EQ(file_size(fd), KiB(200));
	check_file(fd, 0, KiB(48), 1);
	if (done)
		check_zero(fd, KiB(48), KiB(101));
	check_file(fd, KiB(149), KiB(51), 1);
}

/* A file that loses the end of its last block when it is closed. */
static int growing_file(void)
{
	int file = new_file();
	off_t at;

	for (at = 0; at < MiB(1) + KiB(4); at += KiB(4))
		write_file(file, at, KiB(4), 1);
	return file;
}

static int run_close(void)
{
	int ret = close(fd);

	fd = -1;
	return ret;
}

static void after_close(bool done)
{
	int file = xopen("f", O_RDWR);

	CHECK(done);
	check_file(file, 0, MiB(1) + KiB(4), 1);
	CHECK_EQ(file_size(file), MiB(1) + KiB(4));
	CHECK_EQ(file_held(file), MiB(1) + KiB(4));
	close(file);
}

static unsigned char *map;

static int mapped_file(void)
{
	int file = full_file();

	CHECK_OK(ftruncate(file, MiB(1)));
	map = mmap(NULL, MiB(1), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	CHECK(map != MAP_FAILED);
	return file;
}

static int run_faults(void)
{
	off_t at;

	/* Over what is there and into the hole; SIGBUS is a valid outcome, too. */
	for (at = 0; at < MiB(1); at += KiB(100)) {
		try_read(map + at, NULL);
		try_write(map + at + PAGE, 1);
	}
	return 0;
}

static void after_faults(bool done)
{
	off_t at;

	CHECK(done);
	for (at = 0; at < MiB(1); at += KiB(100)) {
		unsigned char byte = 0;

		CHECK(try_read(map + at + PAGE, &byte));
		if (at >= KiB(200))
			CHECK_CMP(byte, <=, 1);
	}
	check_file(fd, 0, PAGE, 1);
	check_zero(fd, KiB(208), KiB(90));
	munmap(map, MiB(1));
}

static int pipes[2];

static int piped_file(void)
{
	CHECK_OK(pipe(pipes));
	return full_file();
}

static int run_splice(void)
{
	loff_t at = 0;

	moved = splice(fd, &at, pipes[1], NULL, KiB(60), 0);
	return moved;
}

static void after_splice(bool done)
{
	if (done && moved) {
		CHECK_EQ(read(pipes[0], buf + MiB(3), moved), moved);
		check_fill(buf + MiB(3), moved, 0, 1);
	}
	close(pipes[0]);
	close(pipes[1]);
	check_file(fd, 0, KiB(200), 1);
}

static const struct job name_jobs[] = {
	{ "create", NULL, run_create, after_new },
	{ "mkdir", NULL, run_mkdir, after_new },
	{ "mknod", NULL, run_mknod, after_new },
	{ "symlink", NULL, run_symlink, after_new },
	{ "link", new_file, run_link, after_new },
	{ "rename", new_file, run_rename, after_rename },
	{ "unlink", full_file, run_unlink, after_unlink },
	{ "readdir", NULL, run_readdir, NULL },
	{ "statfs", NULL, run_statfs, NULL },
};

static const struct job data_jobs[] = {
	{ "write_poem", new_file, run_write_poem, after_write },
	{ "write_large", new_file, run_write_large, after_write },
	{ "overwrite", full_file, run_overwrite, after_overwrite },
	{ "read", full_file, run_read, after_read },
	{ "cut", full_file, run_cut, after_cut },
	{ "grow", full_file, run_grow, after_grow },
	{ "punch", full_file, run_punch, after_punch },
	{ "close", growing_file, run_close, after_close },
	{ "faults", mapped_file, run_faults, after_faults },
	{ "splice", piped_file, run_splice, after_splice },
};

static void check_jobs(const struct job *jobs, unsigned int nr)
{
	unsigned int i, faults = 0;

	prepare();
	buf = xmalloc(MiB(4));
	fill(buf, MiB(4), 0, 2);
	/* The program's own page faults are not what is tested. */
	mlockall(MCL_CURRENT);
	for (i = 0; i < nr; i++)
		faults += check_job(&jobs[i]);
	CHECK_CMP(faults, >, 2 * nr);
}

static void names(void)
{
	check_jobs(name_jobs, ARRAY_SIZE(name_jobs));
}

static void data(void)
{
	check_jobs(data_jobs, ARRAY_SIZE(data_jobs));
}

/* Mount again and again, each time with a later allocation failing, until all succeed. */
static unsigned int mount_with_faults(const char *options, unsigned long flags)
{
	/* Some 250 mounts take a debug kernel minutes: try only every fifth fault there. */
	unsigned int step = debug_kernel() ? 5 : 1;
	unsigned int nth, faults = 0, failed = 0;
	bool reached = true;

	for (nth = 1; reached && nth <= MOST; nth += step) {
		int ret, err;

		arm(nth);
		ret = mount_raw("m", options, flags);
		err = errno;
		reached = disarm();
		faults += reached;
		errno = err;
		if (ret && !may_be(err))
			fail("mount -o %s, fault %u", options, nth);
		if (ret && !reached)
			fail("mount -o %s without a fault", options);
		failed += !!ret;
		if (flags & MS_REMOUNT) {
			check_balance("m");
			continue;
		}
		if (ret == 0) {
			check_settled("m");
			check_balance("m");
			CHECK_OK(umount("m"));
		}
		CHECK_EQ(nr_sysfs_mounts(), 0);
	}
	note("mount -o %s: %u faults, %u of them made it fail", options, faults, failed);
	return failed;
}

/* A mount that fails gives everything back, whichever allocation failed. */
static void mounts(void)
{
	unsigned long before;

	prepare();
	CHECK_OK(mkdir("m", 0700));
	before = free_memory();
	CHECK_CMP(mount_with_faults("poem=3,novel=2,medium=2,large=2", 0), >, 3);
	CHECK_CMP(mount_with_faults(debug_kernel() ? "poem=150,large=2,strict" :
						     "poem=2000,large=30,strict", 0), >, 3);
	check_free_memory(before, 8192);
	CHECK_OK(mount_raw("m", "poem=4,size=4M", 0));
	CHECK_CMP(mount_with_faults("size=5M,strict,nr_inodes=100", MS_REMOUNT), >, 0);
	CHECK_OK(umount("m"));
}

static u64 rng = 7;

/* Random operations with random faults, which may also hit what the kernel does besides. */
static void strewn(void)
{
	unsigned long i, failed = 0;

	prepare();
	buf = xmalloc(MiB(4));
	for (i = 0; i < scaled(1500); i++) {
		off_t at = rnd(&rng) % MiB(2);
		size_t len = rnd(&rng) % KiB(200);
		int ret = 0, file;
		char name[16];

		snprintf(name, sizeof(name), "f%llu", rnd(&rng) % 4);
		fill(buf, len, at, 1);
		arm(1 + rnd(&rng) % 20);
		file = open(name, O_RDWR | O_CREAT | (rnd(&rng) % 8 ? 0 : O_TRUNC), 0600);
		if (file < 0) {
			ret = -1;
		} else {
			switch (rnd(&rng) % 6) {
			case 0:
				ret = ftruncate(file, at);
				break;
			case 1:
				ret = unlink(name);
				break;
			case 2:
				ret = pread(file, buf, len, at);
				break;
			default:
				ret = pwrite(file, buf, len, at);
			}
		}
		failed += disarm();
		if (ret < 0 && !may_be(errno) && errno != ENOENT)
			fail("round %lu", i);
		if (file >= 0)
			close(file);
		if (i % 50 == 0)
			check_balance(".");
	}
	CHECK_CMP(failed, >, i / 20);
	for (i = 0; i < 4; i++) {
		char name[16];
		off_t size, at;
		int file;

		snprintf(name, sizeof(name), "f%lu", i);
		file = xopen(name, O_RDWR | O_CREAT);
		size = file_size(file);
		pread_full(file, buf, size, 0);
		for (at = 0; at < size; at++) {
			unsigned char want;

			fill(&want, 1, at, 1);
			if (buf[at] && buf[at] != (char)want)
				fail("%s: byte %lld is %#x, neither 0 nor %#x", name,
				     (long long)at, buf[at], want);
		}
		close(file);
	}
}

#define STRICT_POOL	"poem=64,novel=32,medium=8,large=4,strict"
#define SURPLUS_POOL	"poem=2,size=32M"

static const struct test tests[] = {
	{ "names", names, STRICT_POOL, T_SCRIPTFS },
	{ "data", data, STRICT_POOL, T_SCRIPTFS },
	{ "data_surplus", data, SURPLUS_POOL, T_SCRIPTFS },
	{ "mounts", mounts, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "strewn", strewn, STRICT_POOL, T_SCRIPTFS },
	{ "strewn_surplus", strewn, SURPLUS_POOL, T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
