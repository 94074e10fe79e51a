// SPDX-License-Identifier: GPL-2.0-only
/*
 * Space: how much there is, what happens when there is none left, and that all of it comes back.
 */
#include "util.h"

#include <sys/statfs.h>
#include <sys/uio.h>

/* 16 poems, 512 KiB, and not a byte more. */
static void strict_full(void)
{
	unsigned int round;
	char *buf = xmalloc(KiB(700));
	struct iovec iov[] = { { buf, KiB(300) }, { buf + KiB(300), KiB(400) } };
	int fd;

	for (round = 0; round < 3; round++) {
		fd = xopen("f", O_RDWR | O_CREAT);
		fill(buf, KiB(700), 0, round);
		if (round == 1)
			CHECK_EQ(writev(fd, iov, 2), KiB(512));
		else
			CHECK_EQ(write(fd, buf, KiB(700)), KiB(512));
		CHECK_ERR(write(fd, buf, 1), ENOSPC);
		CHECK_ERR(write(fd, buf, KiB(700)), ENOSPC);
		CHECK_EQ(file_size(fd), KiB(512));
		CHECK_EQ(file_held(fd), KiB(512));
		CHECK_EQ(counter(NULL, "free"), 0);
		CHECK_EQ(counter(NULL, "used"), KiB(512));
		CHECK_EQ(counter("poem", "used") + counter("poem", "cut"), 16);
		CHECK_EQ(counter(NULL, "surplus"), 0);
		check_file(fd, 0, KiB(512), round);
		/* What is there can be rewritten, and the file extended without memory. */
		write_file(fd, 0, KiB(512), round + 10);
		CHECK_OK(ftruncate(fd, MiB(5)));
		check_file(fd, 0, KiB(512), round + 10);
		CHECK_ERR(pwrite(fd, "x", 1, MiB(2)), ENOSPC);
		CHECK_EQ(file_size(fd), MiB(5));
		/* A write that reaches from memory into a hole stops where the memory ends. */
		fill(buf, KiB(700), 0, round + 20);
		CHECK_EQ(pwrite(fd, buf, KiB(700), 0), KiB(512));
		CHECK_OK(ftruncate(fd, KiB(100)));
		CHECK_EQ(file_held(fd), KiB(100));
		CHECK_EQ(counter(NULL, "used"), KiB(100));
		CHECK_EQ(pwrite(fd, buf + KiB(100), KiB(600), KiB(100)), KiB(412));
		check_file(fd, 0, KiB(512), round + 20);
		close(fd);
		CHECK_OK(unlink("f"));
		check_settled(".");
	}
	free(buf);
}

/* A page for each, and as many as there are pages. */
static void small_files(void)
{
	const unsigned int pages = KiB(512) / PAGE;
	unsigned int i, round;
	char name[16];
	int fd;

	for (round = 0; round < 2; round++) {
		for (i = 0; i <= pages; i++) {
			snprintf(name, sizeof(name), "f%u", i);
			fd = xopen(name, O_RDWR | O_CREAT);
			if (i < pages)
				write_file(fd, 0, 1 + i % 40 * 100, i);
			else
				CHECK_ERR(write(fd, "x", 1), ENOSPC);
			close(fd);
		}
		/* The empty file took a name, not a page. */
		CHECK_OK(unlink("f3"));
		snprintf(name, sizeof(name), "f%u", pages);
		fd = xopen(name, O_RDWR);
		write_file(fd, 0, 100, pages);
		CHECK_ERR(pwrite(fd, "x", 1, KiB(32)), ENOSPC);
		close(fd);
		CHECK_OK(truncate("f5", 0));
		CHECK_EQ(counter(NULL, "free"), PAGE);
		for (i = 0; i <= pages; i++) {
			snprintf(name, sizeof(name), "f%u", i);
			if (i == 3)
				continue;
			fd = xopen(name, O_RDONLY);
			check_file(fd, 0, file_size(fd), i);
			close(fd);
			CHECK_OK(unlink(name));
		}
		check_settled(".");
	}
}

static void open_truncates(void)
{
	unsigned int round;
	int fd;

	for (round = 0; round < 5; round++) {
		fd = xopen("f", O_RDWR | O_CREAT | O_TRUNC);
		CHECK_EQ(write_all(fd, KiB(100), round), KiB(512));
		check_file(fd, 0, KiB(512), round);
		close(fd);
	}
}

/* Beyond the reserve up to size=, and no further. */
static void surplus_to_size(void)
{
	unsigned long long surplus;
	unsigned int round;
	size_t total;
	int fd;

	for (round = 0; round < 3; round++) {
		fd = xopen("f", O_RDWR | O_CREAT);
		total = write_all(fd, round == 1 ? KiB(16) : KiB(500), round);
		check_balance(".");
		CHECK_EQ(total, MiB(3));
		CHECK_EQ(counter(NULL, "surplus"), MiB(3) - KiB(128));
		check_file(fd, 0, total, round);
		close(fd);
		CHECK_OK(unlink("f"));
		check_settled(".");
	}
	/* The system may take back idle surplus, but not the reserve. */
	surplus = counter(NULL, "surplus");
	CHECK(write_text("/proc/sys/vm/drop_caches", "2"));
	CHECK_CMP(counter(NULL, "surplus"), <=, surplus);
	CHECK_EQ(counter(NULL, "surplus"), 0);
	CHECK_EQ(counter("poem", "free"), 4);
	fd = xopen("f", O_RDWR | O_CREAT);
	write_file(fd, 0, MiB(1), 1);
	CHECK(write_text("/proc/sys/vm/drop_caches", "2"));
	CHECK_CMP(counter(NULL, "used"), >=, MiB(1));
	check_file(fd, 0, MiB(1), 1);
	check_balance(".");
}

static void fault_without_space(void)
{
	unsigned int round, page, good;
	unsigned char *map;
	int fd;

	for (round = 0; round < 2; round++) {
		fd = xopen("f", O_RDWR | O_CREAT);
		CHECK_OK(ftruncate(fd, MiB(1)));
		map = mmap(NULL, MiB(1), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		CHECK(map != MAP_FAILED);
		for (good = page = 0; page < 256; page++)
			good += try_write(map + page * PAGE, page);
		CHECK_EQ(good, KiB(512) / PAGE);
		CHECK_EQ(counter(NULL, "free"), 0);
		CHECK_EQ(pread(fd, &(char){ 0 }, 1, MiB(1) - 1), 1);
		for (page = 0; page < good; page++)
			CHECK_EQ(map[page * PAGE], page % 256);
		/* Once there is space again, the same place can be touched. */
		CHECK(!try_write(map + KiB(900), 1));
		CHECK_OK(ftruncate(fd, KiB(32)));
		CHECK_OK(ftruncate(fd, MiB(1)));
		CHECK(try_write(map + KiB(900), 1));
		check_zero(fd, KiB(900) + 1, KiB(100));
		munmap(map, MiB(1));
		close(fd);
		CHECK_OK(unlink("f"));
		check_settled(".");
	}
}

/* Blocks of a class that are not idle: in files as a whole, or cut. */
static unsigned long long busy(const char *class)
{
	return counter(class, "used") + counter(class, "cut");
}

static void thousand_poems(void)
{
	unsigned int i;
	char name[16];
	int fd;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		fd = xopen(name, O_RDWR | O_CREAT);
		write_file(fd, 0, KiB(32), i);
		close(fd);
	}
	CHECK_EQ(busy("poem"), 1000);
	/* One call takes a whole one. */
	if (io_block())
		CHECK_EQ(counter("poem", "cut"), 0);
	CHECK_EQ(counter(NULL, "free"), 0);
	fd = xopen("more", O_RDWR | O_CREAT);
	CHECK_ERR(write(fd, "x", 1), ENOSPC);
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "p%u", i);
		if (i % 50 == 0) {
			int old = xopen(name, O_RDONLY);

			check_file(old, 0, KiB(32), i);
			close(old);
		}
		CHECK_OK(unlink(name));
		if (i % 100 == 0)
			CHECK_EQ(counter(NULL, "free"), (i + 1) * KiB(32));
		if (i % 100 == 0 && io_block())
			CHECK_EQ(counter("poem", "free"), i + 1);
	}
	CHECK_EQ(counter("poem", "free"), 1000);
}

static void fill_up(void *arg)
{
	char name[16];
	int fd;

	snprintf(name, sizeof(name), "f%lu", (unsigned long)arg);
	fd = xopen(name, O_RDWR | O_CREAT);
	write_all(fd, KiB(20) * ((unsigned long)arg + 1), (unsigned long)arg);
}

/* Several processes write until nothing is left: all of it was handed out, each page once. */
static void contended(void)
{
	unsigned long i, round;
	pid_t pids[4];
	char name[16];

	for (round = 0; round < scaled(4); round++) {
		unsigned long long held = 0;

		for (i = 0; i < ARRAY_SIZE(pids); i++)
			pids[i] = start(fill_up, (void *)i);
		for (i = 0; i < ARRAY_SIZE(pids); i++)
			finish(pids[i]);
		for (i = 0; i < ARRAY_SIZE(pids); i++) {
			int fd;

			snprintf(name, sizeof(name), "f%lu", i);
			fd = xopen(name, O_RDONLY);
			check_file(fd, 0, file_size(fd), i);
			held += file_held(fd);
			close(fd);
		}
		CHECK_EQ(held, counter(NULL, "used"));
		CHECK_EQ(counter(NULL, "free"), 0);
		check_balance(".");
		for (i = 0; i < ARRAY_SIZE(pids); i++) {
			snprintf(name, sizeof(name), "f%lu", i);
			CHECK_OK(unlink(name));
		}
		check_settled(".");
	}
}

/* So many files, each of one piece, take all there is. */
#define FILES	512
#define POEM	KiB(32)

static size_t piece;

static void file_name(char *name, size_t len, unsigned int i)
{
	snprintf(name, len, "p%u", i % FILES);
}

static void make_file(unsigned int i)
{
	static char buf[POEM];
	char name[16];
	int fd;

	file_name(name, sizeof(name), i);
	fd = xopen(name, O_WRONLY | O_CREAT | O_EXCL);
	pwrite_full(fd, buf, piece, 0);
	close(fd);
}

static void remove_file(unsigned int i)
{
	char name[16];

	file_name(name, sizeof(name), i);
	CHECK_OK(unlink(name));
}

static void check_free(unsigned int files)
{
	CHECK_EQ(counter(NULL, "free"), files * piece);
	CHECK_EQ(counter(NULL, "used"), (FILES - files) * piece);
	if (piece == POEM && io_block())
		CHECK_EQ(counter("poem", "free"), files);
}

/* What was freed on one processor can be used on another, to the last page. */
static void other_cpu(void)
{
	static const unsigned int many[] = { 1, 2, 3, 5, 15, 16, 17, 31, 33, 100, FILES };
	unsigned int i, j, oldest = 0;
	int more;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("only one processor");
	more = xopen("more", O_WRONLY | O_CREAT);
	for (i = 0; i < FILES; i++)
		make_file(i);
	for (i = 0; i < scaled(20) * ARRAY_SIZE(many); i++) {
		unsigned int nr = many[i % ARRAY_SIZE(many)];

		CHECK_ERR(pwrite(more, "x", 1, 0), ENOSPC);
		run_on(i % 2);
		for (j = 0; j < nr; j++)
			remove_file(oldest + j);
		check_free(nr);
		run_on(!(i % 2));
		for (j = 0; j < nr; j++)
			make_file(oldest + j);
		check_free(0);
		check_balance(".");
		oldest += nr;
	}
	close(more);
}

static void poems_on_other_cpu(void)
{
	piece = POEM;
	other_cpu();
}

static void pages_on_other_cpu(void)
{
	piece = PAGE;
	other_cpu();
}

static void free_then_take(void *arg)
{
	unsigned long who = (unsigned long)arg, i;

	/* Two stay on their processors, the others go where there is time for them. */
	if (who < 2)
		run_on(who);
	for (i = 0; i < scaled(3000); i++) {
		remove_file(who);
		make_file(who);
	}
}

/* A process that gave back a piece can get one, however many others do so on a full mount. */
static void one_each(void)
{
	pid_t pids[5];
	unsigned long i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip("only one processor");
	for (i = 0; i < FILES; i++)
		make_file(i);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(free_then_take, (void *)i);
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		finish(pids[i]);
	CHECK_EQ(counter(NULL, "free"), 0);
	check_balance(".");
}

static void poem_each(void)
{
	piece = POEM;
	one_each();
}

static void page_each(void)
{
	piece = PAGE;
	one_each();
}

static void sysfs_tree(void)
{
	static const char *const of_class[] = { "reserve", "free", "used", "surplus", "cut" };
	static const char *const of_mount[] = {
		"size", "reserve", "free", "used", "surplus", "quarantine", "retired",
	};
	unsigned int class, i;
	char text[512];
	struct stat st;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		CHECK(have_counter(".", class_names[class], "block_size"));
		for (i = 0; i < ARRAY_SIZE(of_class); i++)
			CHECK(have_counter(".", class_names[class], of_class[i]));
		/* Pages wait or are out of service, not blocks. */
		CHECK(!have_counter(".", class_names[class], "quarantine"));
		CHECK(!have_counter(".", class_names[class], "retired"));
	}
	for (i = 0; i < ARRAY_SIZE(of_mount); i++)
		CHECK(have_counter(".", NULL, of_mount[i]));
	CHECK_EQ(counter(NULL, "size"), MiB(48));
	CHECK(read_text("/sys/fs/scriptfs/features", text, sizeof(text)));
	CHECK(strstr(text, "io_block\n"));
	CHECK(strstr(text, "io_page\n"));
	CHECK_OK(stat("/sys/fs/scriptfs/features", &st));
	CHECK_EQ(st.st_mode & 0777, 0444);
	CHECK(!write_text("/sys/fs/scriptfs/features", "x"));
}

/* statfs is what df shows: it must add up while files come and go. */
static void statfs_follows(void)
{
	struct statfs fs;
	int fd = xopen("f", O_RDWR | O_CREAT);

	CHECK_OK(statfs(".", &fs));
	CHECK_EQ(fs.f_blocks * fs.f_bsize, KiB(512));
	CHECK_EQ(fs.f_bfree * fs.f_bsize, KiB(512));
	write_file(fd, 0, KiB(100), 1);
	CHECK_OK(statfs(".", &fs));
	CHECK_EQ(fs.f_bfree * fs.f_bsize, KiB(512) - file_held(fd));
	CHECK_EQ(fs.f_bavail, fs.f_bfree);
	close(fd);
	CHECK_OK(statfs(".", &fs));
	CHECK_EQ(fs.f_bfree * fs.f_bsize, KiB(512) - KiB(100));
	CHECK_EQ(fs.f_bavail, fs.f_bfree);
	fd = xopen("f", O_RDWR);
	write_file(fd, KiB(100), KiB(412), 1);
	CHECK_OK(statfs(".", &fs));
	CHECK_EQ(fs.f_bfree, 0);
	CHECK_EQ(fs.f_bavail, 0);
}

#define POEMS_16	"poem=16,strict"

static const struct test tests[] = {
	{ "strict_full", strict_full, POEMS_16, T_SCRIPTFS },
	{ "small_files", small_files, POEMS_16, T_SCRIPTFS },
	{ "open_truncates", open_truncates, POEMS_16, T_SCRIPTFS },
	{ "surplus_to_size", surplus_to_size, "poem=4,size=3M", T_SCRIPTFS },
	{ "fault_without_space", fault_without_space, POEMS_16, T_SCRIPTFS },
	{ "thousand_poems", thousand_poems, "poem=1000,strict", T_SCRIPTFS },
	{ "contended", contended, "poem=40,novel=20,medium=6,large=2,strict", T_SCRIPTFS },
	{ "poems_on_other_cpu", poems_on_other_cpu, "poem=512,strict", T_SCRIPTFS },
	{ "pages_on_other_cpu", pages_on_other_cpu, "poem=64,strict", T_SCRIPTFS },
	{ "pages_of_large_on_other_cpu", pages_on_other_cpu, "large=1,strict", T_SCRIPTFS },
	{ "poem_each", poem_each, "poem=512,strict", T_SCRIPTFS },
	{ "page_each", page_each, "poem=64,strict", T_SCRIPTFS },
	{ "sysfs_tree", sysfs_tree, ANY_POOL, T_SCRIPTFS },
	{ "statfs_follows", statfs_follows, POEMS_16, T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
