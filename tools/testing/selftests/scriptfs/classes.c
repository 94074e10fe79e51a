// SPDX-License-Identifier: GPL-2.0-only
/*
 * Classes: which blocks files get, what they get instead, and what the last close cuts off.
 */
#include "util.h"

#include <sched.h>

static unsigned long long used_blocks(unsigned int class)
{
	return counter(class_names[class], "used");
}

static unsigned long long cut_blocks(unsigned int class)
{
	return counter(class_names[class], "cut");
}

/* The length that a call asks for decides the class; what is less than a poem takes its pages. */
static void class_by_size(void)
{
	static const struct {
		size_t len;
		unsigned int class;
	} jobs[] = {
		{ 1, SCRIPTFS_POEM }, { KiB(4), SCRIPTFS_POEM }, { KiB(16), SCRIPTFS_POEM },
		{ KiB(32), SCRIPTFS_POEM }, { KiB(64), SCRIPTFS_NOVEL },
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
			for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
				bool whole = jobs[i].len >= KiB(32), it = class == jobs[i].class;

				CHECK_EQ(used_blocks(class), it && whole);
				CHECK_EQ(cut_blocks(class), it && !whole);
			}
		} else {
			write_file(fd, 0, jobs[i].len, i);
		}
		CHECK_EQ(file_held(fd), counter(NULL, "used"));
		CHECK_EQ(file_held(fd), TO_PAGES(jobs[i].len));
		check_balance(".");
		check_file(fd, 0, jobs[i].len, i);
		close(fd);
		CHECK_OK(unlink("f"));
		check_settled(".");
	}
}

/* Unaligned writes: nothing leaves its aligned range, and the file takes what it needs. */
static void unaligned(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, KiB(32), KiB(32), 1);
	if (io_block())
		CHECK_EQ(used_blocks(SCRIPTFS_POEM), 1);
	CHECK_EQ(file_held(fd), KiB(32));
	write_file(fd, 0, KiB(32), 1);
	CHECK_EQ(file_held(fd), KiB(64));
	write_file(fd, KiB(64) + 5, MiB(1), 1);
	CHECK_CMP(file_held(fd), >=, KiB(64) + MiB(1));
	CHECK_CMP(file_held(fd), <=, KiB(64) + MiB(1) + KiB(512));
	close(fd);
	fd = xopen("f", O_RDWR);
	CHECK_EQ(file_held(fd), KiB(64) + MiB(1) + PAGE);
	check_file(fd, 0, KiB(64), 1);
	check_zero(fd, KiB(64), 5);
	check_file(fd, KiB(64) + 5, MiB(1), 1);
	CHECK_EQ(file_held(fd), counter(NULL, "used"));
	check_balance(".");
}

static void smaller_then_larger(void)
{
	int a = xopen("a", O_RDWR | O_CREAT), b = xopen("b", O_RDWR | O_CREAT);
	char *buf = xmalloc(MiB(2));
	unsigned int page;

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
	/* A novel is cut in two where the file ends, and the rest of it is idle. */
	CHECK_OK(ftruncate(b, KiB(32)));
	CHECK_EQ(file_held(b), KiB(32));
	CHECK_EQ(cut_blocks(SCRIPTFS_NOVEL), 1);
	CHECK_EQ(counter("poem", "free"), 3);
	CHECK_OK(ftruncate(a, 0));
	CHECK_EQ(counter("large", "free"), 1);
	CHECK_OK(ftruncate(b, 0));
	CHECK_EQ(cut_blocks(SCRIPTFS_NOVEL), 0);

	/* Single pages: the poems are cut first, then the novels, and in the end the large. */
	for (page = 0; page < (3 * KiB(32) + 2 * KiB(64) + MiB(2)) / PAGE; page++) {
		pwrite_full(b, "x", 1, page * KiB(256));
		CHECK_EQ(file_held(b), (page + 1) * PAGE);
		CHECK_EQ(cut_blocks(SCRIPTFS_POEM), page < 24 ? page / 8 + 1 : 3);
		CHECK_EQ(cut_blocks(SCRIPTFS_NOVEL),
			 page < 24 ? 0 : page < 24 + 32 ? (page - 24) / 16 + 1 : 2);
		CHECK_EQ(cut_blocks(SCRIPTFS_LARGE), page >= 24 + 32);
	}
	CHECK_ERR(pwrite(a, "z", 1, MiB(4)), ENOSPC);
	CHECK_EQ(counter(NULL, "free"), 0);
	check_balance(".");
	/* The last page that goes makes a block whole. */
	while (page--) {
		CHECK_OK(ftruncate(b, page * KiB(256)));
		CHECK_EQ(counter("large", "free"), page <= 24 + 32);
	}
	check_settled(".");
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
		CHECK_EQ(used_blocks(class) + cut_blocks(class), 3);
		CHECK_EQ(counter(NULL, "free"), 0);
		check_file(fd, 0, 3 * class_sizes[class], class);
		CHECK_OK(ftruncate(fd, class_sizes[class] + 1));
		CHECK_EQ(file_held(fd), class_sizes[class] + PAGE);
		CHECK_OK(ftruncate(fd, class_sizes[class]));
		CHECK_EQ(file_held(fd), class_sizes[class]);
		CHECK_EQ(counter(NULL, "used"), class_sizes[class]);
		check_file(fd, 0, class_sizes[class], class);
		close(fd);
		fd = xopen("g", O_RDWR | O_CREAT);
		pwrite_full(fd, "x", 1, 12345678);
		CHECK_EQ(file_held(fd), PAGE);
		check_balance(".");
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
		/* What was asked for by name is kept whole. */
		CHECK_EQ(held_by("f"), class_sizes[class]);
		CHECK_EQ(counter(class_names[class], "used"), 1);
		CHECK_OK(unlink("f"));
		check_settled(".");
		CHECK_OK(chdir(".."));
		CHECK_OK(umount("m"));
	}
}

/* A file that stopped growing keeps the pages that it needs of its last block, and no more. */
static void fit_at_close(void)
{
	unsigned long long held;
	unsigned int class;
	int fd = xopen("f", O_RDWR | O_CREAT);
	size_t at;

	for (at = 0; at < MiB(1) + KiB(8); at += KiB(8))
		write_file(fd, at, KiB(8), 1);
	held = file_held(fd);
	CHECK_CMP(held, >=, MiB(1) + KiB(8));
	close(fd);
	fd = xopen("f", O_RDWR);
	CHECK_EQ(file_held(fd), MiB(1) + KiB(8));
	CHECK_EQ(file_held(fd), counter(NULL, "used"));
	check_file(fd, 0, MiB(1) + KiB(8), 1);
	CHECK_OK(ftruncate(fd, MiB(2)));
	check_zero(fd, MiB(1) + KiB(8), MiB(1) - KiB(8));
	check_balance(".");
	/* What was cut off is joined again when the rest comes back. */
	CHECK_OK(ftruncate(fd, 0));
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		CHECK_EQ(cut_blocks(class), 0);
}

/* What two processes that close a file at the same time share. */
struct closing {
	unsigned int	arrived;
	unsigned int	grown;
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
			/* It goes on growing, so it gets far more than it needs in the end. */
			pwrite_full(fd, buf, KiB(512), 0);
			pwrite_full(fd, buf, PAGE, KiB(512));
			c->grown += file_held(fd) > KiB(516);
		}
		meet(c, 3 * i + 2);
		for (delay = rnd(&rng) % 4; delay; delay--)
			getppid();
		close(fd);
		meet(c, 3 * i + 3);
		if (who == 0) {
			c->too_large += held_by(name) != KiB(516);
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
	/* With none, nothing was tested. */
	CHECK_CMP(c->grown, >, 0);
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
