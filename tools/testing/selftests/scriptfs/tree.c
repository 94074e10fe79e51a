// SPDX-License-Identifier: GPL-2.0-only
/*
 * A tree of source files holds as much memory as on tmpfs, in whatever way it gets there and
 * whatever is done to it then. The sizes of the files are distributed as those of the kernel's
 * source are.
 */
#include "util.h"

#include <sys/statfs.h>

/* In percent: the most that a tree may hold in comparison with tmpfs. */
#define MOST		103

#define FILES_EACH	40

/* So many of a thousand files are not longer than that. */
static const struct {
	unsigned int	of_thousand;
	size_t		size;
} quantiles[] = {
	{ 0, 0 }, { 5, 40 }, { 50, 350 }, { 100, 700 }, { 250, 1800 }, { 500, 4700 },
	{ 750, 12000 }, { 900, 29000 }, { 950, 48000 }, { 990, 130000 }, { 999, 500000 },
	{ 1000, 1500000 },
};

static size_t draw_size(u64 *rng)
{
	unsigned int draw = rnd(rng) % 1000, i;
	size_t low, high;

	for (i = 1; quantiles[i].of_thousand <= draw; i++)
		;
	low = quantiles[i - 1].size;
	high = quantiles[i].size;
	return low + rnd(rng) % (high - low + 1);
}

static void write_by(int fd, size_t size, size_t part, u64 seed)
{
	size_t at, len;

	for (at = 0; at < size; at += len) {
		len = part < size - at ? part : size - at;
		write_file(fd, at, len, seed);
	}
}

/* Ways to make a file. */
static void by_cp(const char *name, size_t size, u64 seed)
{
	int fd = xopen(name, O_WRONLY | O_CREAT | O_TRUNC);

	write_by(fd, size, KiB(128), seed);
	close(fd);
}

static void by_tar(const char *name, size_t size, u64 seed)
{
	int fd = xopen(name, O_WRONLY | O_CREAT | O_TRUNC);

	write_by(fd, size, KiB(10), seed);
	close(fd);
}

/* To another name, which the file gets rid of in the end. */
static void by_rsync(const char *name, size_t size, u64 seed)
{
	char temporary[64];
	int fd;

	snprintf(temporary, sizeof(temporary), "%s.tmp", name);
	fd = xopen(temporary, O_WRONLY | O_CREAT | O_EXCL);
	write_by(fd, size, KiB(256), seed);
	close(fd);
	CHECK_OK(rename(temporary, name));
}

/* In small parts that end at no page. */
static void by_stdio(const char *name, size_t size, u64 seed)
{
	int fd = xopen(name, O_WRONLY | O_CREAT | O_TRUNC);

	write_by(fd, size < (size_t)KiB(64) ? size : (size_t)KiB(64), 777, seed);
	if (size > (size_t)KiB(64))
		write_file(fd, KiB(64), size - KiB(64), seed);
	close(fd);
}

/* A linker stores into a mapping of a file that has its length before. */
static void by_linker(const char *name, size_t size, u64 seed)
{
	int fd = xopen(name, O_RDWR | O_CREAT | O_TRUNC);
	unsigned char *map;

	CHECK_OK(ftruncate(fd, size));
	if (size) {
		map = map_file(fd, size);
		fill(map, size, 0, seed);
		munmap(map, size);
	}
	close(fd);
}

typedef void (*way_to_make)(const char *name, size_t size, u64 seed);

static const struct {
	const char	*name;
	way_to_make	make;
} ways[] = {
	{ "cp", by_cp }, { "tar", by_tar }, { "rsync", by_rsync }, { "stdio", by_stdio },
	{ "linker", by_linker },
};

static void name_of(char *name, size_t len, const char *dir, unsigned int i)
{
	snprintf(name, len, "%s/%u/%u", dir, i / FILES_EACH, i % FILES_EACH);
}

static void make_tree(const char *dir, unsigned int nr, way_to_make make, u64 seed)
{
	char name[48];
	unsigned int i;
	u64 rng = seed;

	for (i = 0; i < nr; i++) {
		if (i % FILES_EACH == 0) {
			snprintf(name, sizeof(name), "%s/%u", dir, i / FILES_EACH);
			CHECK_OK(mkdir(name, 0700));
		}
		name_of(name, sizeof(name), dir, i);
		make(name, draw_size(&rng), i);
	}
}

/* Days of work: files are replaced, appended to, cut short and removed. */
static void change_tree(const char *dir, unsigned int nr, u64 seed)
{
	u64 rng = seed;
	unsigned int i;
	char name[48];
	int fd;

	for (i = 0; i < nr; i++) {
		unsigned int job = rnd(&rng) % 8;
		size_t size = draw_size(&rng);
		off_t end;

		name_of(name, sizeof(name), dir, i);
		switch (job) {
		case 0:
		case 1:
			ways[rnd(&rng) % ARRAY_SIZE(ways)].make(name, size, i);
			break;
		case 2:
			CHECK_OK(unlink(name));
			break;
		case 3:
			fd = xopen(name, O_RDWR);
			end = file_size(fd);
			write_file(fd, end, size / 4, i);
			close(fd);
			break;
		case 4:
			end = stat_of(name).st_size;
			CHECK_OK(truncate(name, end / 2));
			break;
		default:
			break;
		}
	}
}

static void check_tree(const char *dir, unsigned int nr)
{
	char name[48];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		off_t size;
		int fd;

		name_of(name, sizeof(name), dir, i);
		fd = open(name, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			CHECK_ERR(fd, ENOENT);
			continue;
		}
		size = file_size(fd);
		check_file(fd, 0, size, i);
		CHECK_EQ(file_held(fd), TO_PAGES(size));
		close(fd);
	}
}

static unsigned long long used(const char *dir)
{
	struct statfs st;

	CHECK_OK(statfs(dir, &st));
	return (unsigned long long)(st.f_blocks - st.f_bfree) * st.f_bsize;
}

static void compare(const char *what)
{
	unsigned long long there = used("tmpfs"), here = used("m");

	note("%s: %llu KiB, %llu on tmpfs", what, here / 1024, there / 1024);
	CHECK_CMP(there, >, 0);
	CHECK_CMP(here, <=, there * MOST / 100);
}

static void compare_trees(const char *options, unsigned int nr)
{
	unsigned int way;

	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mkdir("tmpfs", 0700));
	CHECK_OK(mount_fs("m", options));
	CHECK_OK(mount("scriptfs-test", "tmpfs", "tmpfs", 0, "size=256M"));
	for (way = 0; way < ARRAY_SIZE(ways); way++) {
		make_tree("m", nr, ways[way].make, way);
		make_tree("tmpfs", nr, ways[way].make, way);
		compare(ways[way].name);
		check_tree("m", nr);
		change_tree("m", nr, way + 10);
		change_tree("tmpfs", nr, way + 10);
		compare("changed");
		check_tree("m", nr);
		remove_all("m");
		remove_all("tmpfs");
		check_settled("m");
	}
	CHECK_OK(umount("m"));
	CHECK_OK(umount("tmpfs"));
}

/* 1000 files are 14 MiB. */
#define FILES	scaled(1000)

static void of_larges(void)
{
	compare_trees("large=20,strict,size=40M", FILES < 1000 ? FILES : 1000);
}

static void of_poems(void)
{
	compare_trees("poem=1280,strict,size=40M", FILES < 1000 ? FILES : 1000);
}

static void of_mixed(void)
{
	compare_trees("poem=128,novel=64,medium=16,large=12,strict,size=40M",
		      FILES < 1000 ? FILES : 1000);
}

static void of_surplus(void)
{
	compare_trees("poem=64,large=2,size=160M", FILES < 4000 ? FILES : 4000);
}

static const struct test tests[] = {
	{ "of_larges", of_larges, NULL, T_NO_MOUNT },
	{ "of_poems", of_poems, NULL, T_NO_MOUNT },
	{ "of_mixed", of_mixed, NULL, T_NO_MOUNT },
	{ "of_surplus", of_surplus, NULL, T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
