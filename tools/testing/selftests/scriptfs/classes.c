// SPDX-License-Identifier: GPL-2.0-only
/*
 * Classes: which blocks files get, what they get instead, and what the last close exchanges.
 */
#include "util.h"

#include <sched.h>

static unsigned long long used_blocks(unsigned int class)
{
	return counter(class_names[class], "used");
}

/* The length that a call asks for decides the class. */
static void class_by_size(void)
{
	static const struct {
		size_t len;
		unsigned int class;
	} jobs[] = {
		{ 1, SCRIPTFS_POEM }, { KiB(32), SCRIPTFS_POEM }, { KiB(64), SCRIPTFS_NOVEL },
		{ KiB(512), SCRIPTFS_MEDIUM }, { MiB(2), SCRIPTFS_LARGE },
	};
	unsigned int i, class;
	int fd;

	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		fd = xopen("f", O_RDWR | O_CREAT);
		if (io_block()) {
			char *buf = xmalloc(jobs[i].len);

			fill(buf, jobs[i].len, 0, i);
			CHECK_EQ(write(fd, buf, jobs[i].len), jobs[i].len);
			free(buf);
			for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
				CHECK_EQ(used_blocks(class), class == jobs[i].class);
		} else {
			write_file(fd, 0, jobs[i].len, i);
		}
		CHECK_EQ(file_held(fd), counter(NULL, "used"));
		CHECK_EQ(file_held(fd), jobs[i].len < KiB(32) ? KiB(32) : jobs[i].len);
		check_balance(".");
		check_file(fd, 0, jobs[i].len, i);
		close(fd);
		CHECK_OK(unlink("f"));
		check_settled(".");
	}
}

/* Unaligned writes: no block leaves its aligned range, and the file takes what it needs. */
static void unaligned(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, KiB(32), KiB(32), 1);
	CHECK_EQ(used_blocks(SCRIPTFS_POEM), 1);
	CHECK_EQ(file_held(fd), KiB(32));
	write_file(fd, 0, KiB(32), 1);
	CHECK_EQ(file_held(fd), KiB(64));
	write_file(fd, KiB(64) + 5, MiB(1), 1);
	CHECK_CMP(file_held(fd), >=, KiB(64) + MiB(1));
	CHECK_CMP(file_held(fd), <=, KiB(64) + MiB(1) + KiB(512));
	check_file(fd, 0, KiB(64), 1);
	check_zero(fd, KiB(64), 5);
	check_file(fd, KiB(64) + 5, MiB(1), 1);
	CHECK_EQ(file_held(fd), counter(NULL, "used"));
	check_balance(".");
}

static void smaller_then_larger(void)
{
	int a = xopen("a", O_RDWR | O_CREAT), b = xopen("b", O_RDWR | O_CREAT), c;
	char *buf = xmalloc(MiB(2));

	/* The first file that wants a large block gets the only one. */
	fill(buf, MiB(2), 0, 1);
	CHECK_EQ(write(a, buf, MiB(2)), MiB(2));
	CHECK_EQ(used_blocks(SCRIPTFS_LARGE), 1);
	/* The second gets smaller blocks: 2 novels and 3 poems. */
	CHECK_EQ(write(b, buf, MiB(2)), KiB(224));
	CHECK_EQ(used_blocks(SCRIPTFS_NOVEL), 2);
	CHECK_EQ(used_blocks(SCRIPTFS_POEM), 3);
	CHECK_ERR(write(b, buf, 1), ENOSPC);
	check_file(a, 0, MiB(2), 1);
	check_file(b, 0, KiB(224), 1);
	CHECK_OK(ftruncate(b, KiB(32)));
	CHECK_OK(ftruncate(a, 0));
	CHECK_EQ(counter("large", "free"), 1);

	/* When no poem is left, a novel will do, and in the end the large block. */
	CHECK_OK(ftruncate(b, 0));
	for (c = 0; c < 3; c++)
		pwrite_full(b, "x", 1, c * KiB(256));
	CHECK_EQ(used_blocks(SCRIPTFS_POEM), 3);
	pwrite_full(b, "y", 1, KiB(128));
	CHECK_EQ(used_blocks(SCRIPTFS_NOVEL), 1);
	pwrite_full(a, "z", 1, 0);
	CHECK_EQ(used_blocks(SCRIPTFS_NOVEL), 2);
	c = xopen("c", O_RDWR | O_CREAT);
	pwrite_full(c, "w", 1, 5);
	CHECK_EQ(used_blocks(SCRIPTFS_LARGE), 1);
	CHECK_EQ(file_held(c), MiB(2));
	check_zero(c, 0, 5);
	/* Its block has room for much more. */
	write_file(c, 0, MiB(1), 4);
	check_file(c, 0, MiB(1), 4);
	CHECK_ERR(pwrite(a, "z", 1, MiB(4)), ENOSPC);
	check_balance(".");
	free(buf);
}

/* A pool of any one class can hold small files and large ones. */
static void one_class_only(void)
{
	unsigned int class;
	char options[64];
	int fd;

	CHECK_OK(mkdir("m", 0700));
	for (class = 0; class < SCRIPTFS_SUPER; class++) {
		snprintf(options, sizeof(options), "%s=3,strict", class_names[class]);
		CHECK_OK(mount_fs("m", options));
		CHECK_OK(chdir("m"));
		fd = xopen("f", O_RDWR | O_CREAT);
		CHECK_EQ(write_all(fd, KiB(100), class), 3 * class_sizes[class]);
		CHECK_EQ(counter(class_names[class], "used"), 3);
		check_file(fd, 0, 3 * class_sizes[class], class);
		CHECK_OK(ftruncate(fd, class_sizes[class] + 1));
		CHECK_EQ(counter(class_names[class], "used"), 2);
		CHECK_OK(ftruncate(fd, class_sizes[class]));
		CHECK_EQ(counter(class_names[class], "used"), 1);
		check_file(fd, 0, class_sizes[class], class);
		close(fd);
		fd = xopen("g", O_RDWR | O_CREAT);
		pwrite_full(fd, "x", 1, 12345678);
		CHECK_EQ(file_held(fd), class_sizes[class]);
		close(fd);
		CHECK_OK(unlink("f"));
		CHECK_OK(unlink("g"));
		check_settled(".");
		CHECK_OK(chdir(".."));
		CHECK_OK(umount("m"));
	}
}

static void class_hint(void)
{
	unsigned int class;
	char options[64];
	int fd;

	CHECK_OK(mkdir("m", 0700));
	for (class = 0; class < SCRIPTFS_SUPER; class++) {
		snprintf(options, sizeof(options), "%s,class=%s",
			 "poem=4,novel=4,medium=4,large=4,strict", class_names[class]);
		CHECK_OK(mount_fs("m", options));
		CHECK_OK(chdir("m"));
		fd = xopen("f", O_RDWR | O_CREAT);
		pwrite_full(fd, "x", 1, 0);
		CHECK_EQ(counter(class_names[class], "used"), 1);
		CHECK_EQ(file_held(fd), class_sizes[class]);
		close(fd);
		CHECK_OK(unlink("f"));
		check_settled(".");
		CHECK_OK(chdir(".."));
		CHECK_OK(umount("m"));
	}
}

/* A file that stopped growing does not keep a last block that is far too large for it. */
static void fit_at_close(void)
{
	unsigned long long held;
	int fd = xopen("f", O_RDWR | O_CREAT);
	size_t at;

	for (at = 0; at < MiB(1) + KiB(8); at += KiB(8))
		write_file(fd, at, KiB(8), 1);
	held = file_held(fd);
	CHECK_CMP(held, >=, MiB(1) + KiB(8));
	close(fd);
	fd = xopen("f", O_RDWR);
	CHECK_CMP(file_held(fd), <=, held);
	if (io_block())
		CHECK_CMP(file_held(fd), <=, MiB(1) + KiB(64));
	CHECK_EQ(file_held(fd), counter(NULL, "used"));
	check_file(fd, 0, MiB(1) + KiB(8), 1);
	CHECK_OK(ftruncate(fd, MiB(2)));
	check_zero(fd, MiB(1) + KiB(8), MiB(1) - KiB(8));
	check_balance(".");
}

/* What two processes that close a file at the same time share. */
struct closing {
	unsigned int	arrived;
	unsigned int	too_large;
};

/* Wait for the other process, for the @nr-th time. */
static void meet(struct closing *c, unsigned int nr)
{
	__atomic_add_fetch(&c->arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&c->arrived, __ATOMIC_SEQ_CST) < 2 * nr)
		sched_yield();
}

static void close_together(struct closing *c, unsigned int who)
{
	char name[32], *buf = xmalloc(KiB(512));
	unsigned int i, delay, nr = scaled(400);
	u64 rng = who;

	run_on(who);
	fill(buf, KiB(512), 0, 1);
	for (i = 0; i < nr; i++) {
		int fd;

		snprintf(name, sizeof(name), "f%u", i % 8);
		if (who == 0)
			touch(name);
		meet(c, 3 * i + 1);
		fd = xopen(name, O_WRONLY);
		if (who == 0) {
			/* A block far too large for what is left of the file. */
			pwrite_full(fd, buf, KiB(512), 0);
			CHECK_OK(ftruncate(fd, 1));
		}
		meet(c, 3 * i + 2);
		for (delay = rnd(&rng) % 4; delay; delay--)
			getppid();
		close(fd);
		meet(c, 3 * i + 3);
		if (who == 0) {
			c->too_large += stat_of(name).st_blocks * 512 > KiB(32);
			CHECK_OK(unlink(name));
		}
	}
	free(buf);
}

static void close_together_too(void *arg)
{
	close_together(arg, 1);
}

/* When two writers close at the same time, one is last and must fit the memory to the file. */
static void fit_at_two_closes(void)
{
	struct closing *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid;

	CHECK(c != MAP_FAILED);
	pid = start(close_together_too, c);
	close_together(c, 0);
	finish(pid);
	CHECK_EQ(c->too_large, 0);
}

static const struct test tests[] = {
	{ "class_by_size", class_by_size, "poem=9,novel=9,medium=9,large=9,strict", T_SCRIPTFS },
	{ "unaligned", unaligned, "poem=9,novel=9,medium=9,large=9,strict", T_SCRIPTFS },
	{ "smaller_then_larger", smaller_then_larger, "poem=3,novel=2,large=1,strict",
	  T_SCRIPTFS | T_BLOCK },
	{ "one_class_only", one_class_only, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "class_hint", class_hint, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "fit_at_close", fit_at_close, ANY_POOL, T_SCRIPTFS },
	{ "fit_at_two_closes", fit_at_two_closes, ANY_POOL, T_SCRIPTFS | T_BLOCK },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
