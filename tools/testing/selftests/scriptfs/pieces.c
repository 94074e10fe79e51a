// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a file holds: once it is closed, the pages where its bytes are and no other, however it was
 * written, and its holes are told in pages. A file of a byte takes a page, whatever the classes.
 */
#include "fallocate.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <sys/ioctl.h>

static const size_t sizes[] = {
	1, 6, 4095, 4096, 4097, 8192, 12289, KiB(32) - 1, KiB(32), KiB(32) + 1, 100000, KiB(512),
	KiB(512) + 1, MiB(2) - 1, MiB(2), MiB(2) + 1, MiB(2) + KiB(614), MiB(5) + 12345,
};

/* The file is closed: it has the pages of its @len bytes, and nothing else is missing. */
static void check_held(const char *name, size_t len, unsigned long long before)
{
	if (held_by(name) != (unsigned long long)TO_PAGES(len))
		fail("%s: %zu bytes hold %llu", name, len, held_by(name));
	CHECK_EQ(before - available(), TO_PAGES(len));
}

/* Write @len bytes in calls of @part, upwards or downwards. */
static void write_by(int fd, size_t len, size_t part, bool down)
{
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = part < len - at ? part : len - at;
		write_file(fd, down ? len - at - n : at, n, 1);
	}
}

static void check_written(size_t len, size_t part, bool down)
{
	unsigned long long before = available();
	int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);

	write_by(fd, len, part, down);
	check_balance(".");
	close(fd);
	check_held("f", len, before);
	fd = xopen("f", O_RDONLY);
	check_file(fd, 0, len, 1);
	close(fd);
	check_held("f", len, before);
	CHECK_OK(unlink("f"));
	CHECK_EQ(available(), before);
}

static void at_once(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		check_written(sizes[i], sizes[i], false);
}

/* A call costs more than what it writes: no file of too many of them. */
#define MOST_CALLS	1100

static void in_parts(void)
{
	static const size_t parts[] = { 100, 1000, PAGE, 5000, KiB(32), KiB(128), MiB(1) };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		for (j = 0; j < ARRAY_SIZE(sizes); j++)
			if (sizes[j] <= MOST_CALLS * parts[i])
				check_written(sizes[j], parts[i], false);
}

static void backwards(void)
{
	static const size_t parts[] = { 1000, PAGE, 5000, KiB(32), KiB(100) };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		for (j = 0; j < ARRAY_SIZE(sizes); j++)
			if (sizes[j] <= MOST_CALLS * parts[i])
				check_written(sizes[j], parts[i], true);
}

/* By stores into a mapping, page after page. */
static void stored(void)
{
	unsigned long long before = available();
	unsigned char *map;
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
		CHECK_OK(ftruncate(fd, sizes[i]));
		map = map_file(fd, sizes[i]);
		fill(map, sizes[i], 0, 1);
		munmap(map, sizes[i]);
		close(fd);
		check_held("f", sizes[i], before);
		fd = xopen("f", O_RDONLY);
		check_file(fd, 0, sizes[i], 1);
		close(fd);
		CHECK_OK(unlink("f"));
	}
}

/* A file that is opened, appended to and closed over and over is as dense as any. */
static void reopened(void)
{
	static const size_t steps[] = { 1, 700, 5000, KiB(33), KiB(500) };
	unsigned long long before = available();
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		touch("f");
		for (len = 0; len < 60 * steps[i] && len < MiB(4); len += steps[i]) {
			int fd = xopen("f", O_RDWR);

			write_file(fd, len, steps[i], 1);
			close(fd);
			check_held("f", len + steps[i], before);
		}
		CHECK_OK(unlink("f"));
	}
}

/* As most programs replace a file. */
static void rewritten(void)
{
	unsigned long long before = available();
	unsigned long i;
	u64 rng = 1;

	for (i = 0; i < scaled(200); i++) {
		size_t len = 1 + rnd(&rng) % (rnd(&rng) % 4 ? KiB(20) : MiB(1));
		int fd = xopen("f", O_RDWR | O_CREAT | O_TRUNC);

		write_by(fd, len, PAGE / 2 + rnd(&rng) % KiB(64), false);
		close(fd);
		check_held("f", len, before);
	}
}

/* A byte here and there takes a page each, wherever it is. */
static void byte_a_gigabyte(void)
{
	unsigned long long before = available();
	int fd = xopen("f", O_RDWR | O_CREAT);
	off_t i;

	for (i = 0; i < 20; i++)
		pwrite_full(fd, "x", 1, i << 30);
	for (i = 0; i < 20; i++)
		pwrite_full(fd, "y", 1, (40 - i) << 30);
	close(fd);
	CHECK_EQ(held_by("f"), 40 * PAGE);
	CHECK_EQ(before - available(), 40 * PAGE);
	fd = xopen("f", O_RDWR);
	CHECK_EQ(lseek(fd, 1, SEEK_HOLE), PAGE);
	CHECK_EQ(lseek(fd, PAGE, SEEK_DATA), 1 << 30);
	CHECK_OK(ftruncate(fd, (10LL << 30) + 1));
	CHECK_EQ(file_held(fd), 11 * PAGE);
	close(fd);
}

/* Who only looks at a hole through a mapping takes the pages that he looks at, at most. */
static void look_at_hole(void)
{
	unsigned long long before = available();
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map, byte;
	size_t at;

	CHECK_OK(ftruncate(fd, MiB(1024)));
	map = mmap(NULL, MiB(1024), PROT_READ, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	for (at = MiB(1) / 2; at < MiB(1024); at += MiB(1)) {
		CHECK(try_read(map + at, &byte));
		CHECK_EQ(byte, 0);
	}
	CHECK_CMP(file_held(fd), <=, 1024 * PAGE);
	CHECK_CMP(before - available(), <=, 1024 * PAGE);
	munmap(map, MiB(1024));
	close(fd);
	CHECK_CMP(held_by("f"), <=, 1024 * PAGE);
	CHECK_OK(unlink("f"));
	CHECK_EQ(available(), before);
}

#define MOST_PAGES	2048U

/**
 * struct sparse - a file and which of its pages have data
 * @fd:		the file
 * @pages:	how many pages it is long
 * @data:	one for each that was written
 */
struct sparse {
	int		fd;
	unsigned int	pages;
	bool		data[MOST_PAGES];
};

static void write_pages(struct sparse *s, unsigned int first, unsigned int nr)
{
	write_file(s->fd, first * PAGE, nr * PAGE, 1);
	memset(s->data + first, true, nr);
}

/* An extent is data from its first page to its last, and no page is left out. */
static void check_extents(const struct sparse *s)
{
	static struct {
		struct fiemap		head;
		struct fiemap_extent	extents[MOST_PAGES];
	} map;
	static bool seen[MOST_PAGES];
	unsigned int i;
	u64 page, end;

	memset(&map, 0, sizeof(map));
	map.head.fm_length = s->pages * PAGE;
	map.head.fm_extent_count = MOST_PAGES;
	if (ioctl(s->fd, FS_IOC_FIEMAP, &map.head)) {
		CHECK_ERR(-1, EOPNOTSUPP);
		return;
	}
	memset(seen, 0, sizeof(seen));
	for (i = 0; i < map.head.fm_mapped_extents; i++) {
		page = map.extents[i].fe_logical / PAGE;
		end = page + map.extents[i].fe_length / PAGE;
		CHECK_CMP(end, <=, s->pages);
		memset(seen + page, true, end - page);
	}
	CHECK(memcmp(seen, s->data, s->pages) == 0);
}

/* The file is closed by everyone else: each of its pages is told as what it is. */
static void check_sparse(struct sparse *s)
{
	unsigned int page, nr = 0, next;

	close(s->fd);
	s->fd = xopen("f", O_RDWR);
	for (page = 0; page < s->pages; page++) {
		off_t at = page * PAGE, data, hole;

		for (next = page; next < s->pages && s->data[next] == s->data[page]; next++)
			;
		data = lseek(s->fd, at, SEEK_DATA);
		hole = lseek(s->fd, at, SEEK_HOLE);
		if (s->data[page]) {
			nr++;
			CHECK_EQ(data, at);
			CHECK_EQ(hole, next * PAGE);
			check_file(s->fd, at, PAGE, 1);
		} else {
			CHECK_EQ(data, next < s->pages ? next * PAGE : -1);
			CHECK_EQ(hole, at);
			check_zero(s->fd, at, PAGE);
		}
	}
	CHECK_EQ(file_held(s->fd), nr * PAGE);
	check_extents(s);
}

static struct sparse *new_sparse(unsigned int pages)
{
	static struct sparse s;

	memset(&s, 0, sizeof(s));
	s.pages = pages;
	s.fd = xopen("f", O_RDWR | O_CREAT | O_TRUNC);
	CHECK_OK(ftruncate(s.fd, pages * PAGE));
	return &s;
}

/* As cp(1) and tar(1) copy a sparse file: upwards, and over the holes. */
static void copied_with_holes(void)
{
	static const unsigned int longest[] = { 1, 2, 5, 40, 700 };
	unsigned int i, page, run;
	struct sparse *s;
	u64 rng = 5;

	for (i = 0; i < ARRAY_SIZE(longest); i++) {
		s = new_sparse(MOST_PAGES);
		for (page = rnd(&rng) % 3; page < s->pages; page += run) {
			run = 1 + rnd(&rng) % longest[i];
			if (run > s->pages - page)
				run = s->pages - page;
			write_pages(s, page, run);
			page += run;
			run = 1 + rnd(&rng) % longest[i];
		}
		check_sparse(s);
		close(s->fd);
	}
}

/* Some programs write where they like. */
static void written_anywhere(void)
{
	unsigned int i, round, most;
	struct sparse *s;
	u64 rng = 6;

	for (round = 0; round < 4; round++) {
		s = new_sparse(MOST_PAGES);
		most = round % 2 ? 1 : 40;
		for (i = 0; i < 150; i++) {
			unsigned int page = rnd(&rng) % MOST_PAGES;
			unsigned int nr = 1 + rnd(&rng) % most;

			write_pages(s, page, nr < MOST_PAGES - page ? nr : MOST_PAGES - page);
			/* Now and then the file is closed in between. */
			if (round / 2 && i % 50 == 49)
				check_sparse(s);
		}
		check_sparse(s);
		close(s->fd);
	}
}

/* Holes are made and filled in all sizes. */
static void written_and_punched(void)
{
	unsigned long i, nr = scaled(600);
	struct sparse *s = new_sparse(512);
	u64 rng = 7;

	for (i = 0; i < nr; i++) {
		unsigned int page = rnd(&rng) % s->pages, most = rnd(&rng) % 2 ? 3 : 100;
		unsigned int len = 1 + rnd(&rng) % most;

		if (len > s->pages - page)
			len = s->pages - page;
		if (rnd(&rng) % 2) {
			write_pages(s, page, len);
		} else {
			must_change(s->fd, PUNCH, page * PAGE, len * PAGE);
			memset(s->data + page, false, len);
			/* A hole is one at once, closed or not. */
			CHECK_EQ(lseek(s->fd, page * PAGE, SEEK_HOLE), page * PAGE);
		}
		if (i % 100 == 99)
			check_sparse(s);
	}
	check_sparse(s);
	close(s->fd);
}

/* Stores far from each other: each takes its page. */
static void stored_far_apart(void)
{
	struct sparse *s = new_sparse(MOST_PAGES);
	unsigned char *map = map_file(s->fd, s->pages * PAGE);
	unsigned int page;

	for (page = MOST_PAGES - 2; page < MOST_PAGES; page -= 7) {
		fill(map + page * PAGE, PAGE, page * PAGE, 1);
		s->data[page] = true;
	}
	munmap(map, s->pages * PAGE);
	check_sparse(s);
	close(s->fd);
}

/* A file without a name holds what others do, gives back what it gives up, and in the end all. */
static void unlinked(void)
{
	unsigned long long before = available();
	int fd = xopen("f", O_RDWR | O_CREAT);

	CHECK_OK(unlink("f"));
	write_file(fd, 0, 6, 1);
	CHECK_EQ(file_held(fd), PAGE);
	CHECK_EQ(before - available(), PAGE);
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(available(), before);
	write_file(fd, 0, MiB(3), 1);
	must_change(fd, PUNCH, PAGE, MiB(3) - 2 * PAGE);
	CHECK_CMP(file_held(fd), >=, 2 * PAGE);
	CHECK_EQ(before - available(), file_held(fd));
	check_file(fd, 0, PAGE, 1);
	check_zero(fd, PAGE, MiB(3) - 2 * PAGE);
	check_file(fd, MiB(3) - PAGE, PAGE, 1);
	CHECK_OK(ftruncate(fd, PAGE));
	CHECK_EQ(before - available(), PAGE);
	close(fd);
	CHECK_EQ(available(), before);
	check_settled(".");
}

#define SMALL_FILES	5000

/* Many small files are dense: those of a few bytes take a page each, of the small blocks. */
static void small_files(void)
{
	unsigned long long before = available();
	unsigned int i;
	char name[16];
	int fd;

	for (i = 0; i < SMALL_FILES; i++) {
		snprintf(name, sizeof(name), "%u", i);
		fd = xopen(name, O_RDWR | O_CREAT | O_EXCL);
		write_file(fd, 0, 6, i);
		close(fd);
		if (i % 500 == 0)
			CHECK_EQ(before - available(), (i + 1) * PAGE);
	}
	CHECK_EQ(before - available(), SMALL_FILES * PAGE);
	if (on_scriptfs()) {
		CHECK_EQ(counter(NULL, "used"), SMALL_FILES * PAGE);
		CHECK_EQ(counter("large", "free"), counter("large", "reserve"));
		/* Each processor may have a few that it has begun with. */
		CHECK_CMP(counter("poem", "free"), >=, 1000 - SMALL_FILES * PAGE / KiB(32) - 20);
	}
	for (i = 0; i < SMALL_FILES; i++) {
		snprintf(name, sizeof(name), "%u", i);
		fd = xopen(name, O_RDONLY);
		check_file(fd, 0, 6, i);
		close(fd);
		CHECK_EQ(held_by(name), PAGE);
		/* Every other one, so that what is left keeps each block cut. */
		if (i % 2)
			CHECK_OK(unlink(name));
	}
	CHECK_EQ(before - available(), SMALL_FILES / 2 * PAGE);
	check_balance(".");
}

#define POOL		"poem=64,novel=32,medium=8,large=12,size=64M"
#define ONLY_LARGES	"large=10,strict,size=20M"
#define ONLY_POEMS	"poem=400,strict,size=12800K"

static const struct test tests[] = {
	{ "at_once", at_once, POOL, 0 },
	{ "at_once_of_larges", at_once, ONLY_LARGES, 0 },
	{ "at_once_of_poems", at_once, ONLY_POEMS, 0 },
	{ "in_parts", in_parts, POOL, 0 },
	{ "in_parts_of_larges", in_parts, ONLY_LARGES, 0 },
	{ "backwards", backwards, POOL, 0 },
	{ "stored", stored, POOL, 0 },
	{ "stored_in_larges", stored, ONLY_LARGES, 0 },
	{ "reopened", reopened, ONLY_LARGES, 0 },
	{ "rewritten", rewritten, POOL, 0 },
	{ "byte_a_gigabyte", byte_a_gigabyte, POOL, 0 },
	{ "look_at_hole", look_at_hole, ONLY_LARGES, 0 },
	{ "copied_with_holes", copied_with_holes, POOL, 0 },
	{ "copied_with_holes_to_larges", copied_with_holes, ONLY_LARGES, 0 },
	{ "written_anywhere", written_anywhere, ONLY_LARGES, 0 },
	{ "written_and_punched", written_and_punched, POOL, 0 },
	{ "stored_far_apart", stored_far_apart, ONLY_LARGES, 0 },
	{ "unlinked", unlinked, ONLY_LARGES, 0 },
	{ "small_files", small_files, "large=50%,poem=1000,strict", 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
