// SPDX-License-Identifier: GPL-2.0-only
/*
 * Nothing is stranded: files of any size can have all the memory that df shows, through write(2)
 * and through mappings, whatever came and went before and whatever is mapped or held meanwhile; and
 * when all files are gone every block is whole again.
 *
 * A list of the files that there should be is the model of what is used. SCRIPTFS_SCALE=N in the
 * environment makes the random histories N times as long.
 */
#include "fallocate.h"
#include "outside.h"

/* Percent of what df said that must be had at least. */
#define PROMISED	98

#define MOST_FILES	20000U
#define MOST_HOLDS	16U
#define CALL		KiB(256)

/**
 * struct file - a file
 * @number:	its name, and the seed of its bytes
 * @size:	its size
 */
struct file {
	unsigned int	number;
	size_t		size;
};

/**
 * struct hold - the first page of a file, which may be gone
 * @number:	of the file; 0 if there is none
 * @map:	the page in a mapping, or NULL
 * @pipes:	otherwise the pipe that it is in
 */
struct hold {
	unsigned int	number;
	unsigned char	*map;
	int		pipes[2];
};

/**
 * struct stock - what there is on the mount
 * @before:	what df showed when there was none of the files
 * @files:	all files, in no order
 * @nr:		how many
 * @made:	how many were made so far
 * @pages:	how many pages of the scattered file have data
 * @holds:	what is mapped and held
 * @rng:	random numbers
 */
struct stock {
	unsigned long long	before;
	struct file		files[MOST_FILES];
	unsigned int		nr;
	unsigned int		made;
	unsigned int		pages;
	struct hold		holds[MOST_HOLDS];
	u64			rng;
};

static struct stock stock;

static unsigned int draw(unsigned int end)
{
	return rnd(&stock.rng) % end;
}

static int open_file(unsigned int number, int flags)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", number);
	return xopen(name, flags);
}

static void remove_file(unsigned int number)
{
	char name[16];

	snprintf(name, sizeof(name), "%u", number);
	CHECK_OK(unlink(name));
}

/* What the files that there should be hold, each of them the pages of its bytes. */
static unsigned long long used(void)
{
	unsigned long long sum = stock.pages * PAGE;
	unsigned int i;

	for (i = 0; i < stock.nr; i++)
		sum += TO_PAGES(stock.files[i].size);
	return sum;
}

/* All that is not in these files can be had, but for what is held of others. */
static void check_used(void)
{
	bool held = false;
	unsigned int i;

	for (i = 0; i < MOST_HOLDS; i++)
		held |= stock.holds[i].number != 0;
	if (held)
		CHECK_CMP(available(), <=, stock.before - used());
	else
		CHECK_EQ(available(), stock.before - used());
	check_balance(".");
}

/* Ways to get a file of @size bytes: each gives how many it got, fewer once there is no space. */
static size_t by_write(int fd, size_t size, unsigned int seed)
{
	static char buf[CALL];
	size_t at = 0, len;
	ssize_t done;

	for (; at < size; at += done) {
		len = size - at < CALL ? size - at : CALL;
		fill(buf, len, at, seed);
		done = pwrite(fd, buf, len, at);
		if (done < 0) {
			CHECK_ERR(done, ENOSPC);
			break;
		}
	}
	return at;
}

static size_t by_store(int fd, size_t size, unsigned int seed)
{
	unsigned char *map;
	size_t at, len;

	CHECK_OK(ftruncate(fd, size));
	map = map_file(fd, size);
	for (at = 0; at < size; at += len) {
		len = size - at < (size_t)PAGE ? size - at : (size_t)PAGE;
		if (!try_write(map + at, 1))
			break;
		fill(map + at, len, at, seed);
	}
	munmap(map, size);
	CHECK_OK(ftruncate(fd, at));
	return at;
}

/* Stores from the end to the beginning, so that the file does not grow. */
static size_t by_store_backwards(int fd, size_t size, unsigned int seed)
{
	size_t pages = TO_PAGES(size) / PAGE, at, len;
	unsigned char *map;

	CHECK_OK(ftruncate(fd, size));
	map = map_file(fd, size);
	while (pages) {
		at = (pages - 1) * PAGE;
		if (!try_write(map + at, 1))
			break;
		len = size - at < (size_t)PAGE ? size - at : (size_t)PAGE;
		fill(map + at, len, at, seed);
		pages--;
	}
	munmap(map, size);
	/* Without its beginning it is as good as nothing: get that much again. */
	if (!pages)
		return size;
	CHECK_OK(ftruncate(fd, 0));
	return by_write(fd, size, seed);
}

/* fallocate(2) is all or nothing. */
static size_t by_allocation(int fd, size_t size, unsigned int seed)
{
	if (fallocate(fd, 0, 0, size)) {
		CHECK_ERR(-1, ENOSPC);
		CHECK_CMP(available(), <, TO_PAGES(size));
	}
	return by_write(fd, size, seed);
}

typedef size_t (*way_to_get)(int fd, size_t size, unsigned int seed);

static const way_to_get ways[] = {
	by_write, by_store, by_write, by_store_backwards, by_allocation,
};

/* Ways to choose a size. */
static size_t one_page(void)
{
	return 1 + draw(PAGE);
}

static size_t two_mib(void)
{
	return MiB(2);
}

static size_t any_size(void)
{
	return 1 + draw(2U << draw(19));
}

static size_t (*const choices[])(void) = { one_page, two_mib, any_size, any_size };

/* Make files until there is no space: together they get what df showed. */
static void fill_up(const char *what, size_t (*choose)(void), way_to_get way)
{
	unsigned long long before = available(), got = 0;
	size_t want, size;
	int fd;

	do {
		struct file *f = &stock.files[stock.nr];

		CHECK_CMP(stock.nr, <, MOST_FILES);
		want = choose();
		f->number = ++stock.made;
		fd = open_file(f->number, O_RDWR | O_CREAT | O_EXCL);
		size = way ? way(fd, want, f->number) :
			     ways[draw(ARRAY_SIZE(ways))](fd, want, f->number);
		close(fd);
		f->size = size;
		got += TO_PAGES(size);
		if (size)
			stock.nr++;
		else
			remove_file(f->number);
	} while (size == want);
	if (got < before / 100 * PROMISED)
		fail("%s: df showed %llu bytes, files got %llu", what, before, got);
	CHECK_CMP(available(), <=, stock.before / 100 * (100 - PROMISED));
	check_used();
}

/* Is the file what it should be? Of a long one look at some pages. */
static void check_one(const struct file *f)
{
	int fd = open_file(f->number, O_RDONLY);
	size_t at;

	CHECK_EQ(file_size(fd), f->size);
	CHECK_EQ(file_held(fd), TO_PAGES(f->size));
	if (f->size <= (size_t)KiB(16)) {
		check_file(fd, 0, f->size, f->number);
	} else {
		at = draw(f->size - PAGE);
		check_file(fd, 0, PAGE, f->number);
		check_file(fd, at, PAGE, f->number);
		check_file(fd, f->size - PAGE, PAGE, f->number);
	}
	close(fd);
}

/* Remove so many of a hundred files, at random. */
static void remove_some(unsigned int percent)
{
	unsigned int i = 0;

	while (i < stock.nr) {
		if (draw(100) >= percent) {
			i++;
			continue;
		}
		check_one(&stock.files[i]);
		remove_file(stock.files[i].number);
		stock.files[i] = stock.files[--stock.nr];
	}
}

/* Take hold of the first page of a file, by a mapping or a pipe. */
static void hold_one(void)
{
	struct hold *h = &stock.holds[draw(MOST_HOLDS)];
	const struct file *f;
	int fd;

	if (h->number || !stock.nr)
		return;
	f = &stock.files[draw(stock.nr)];
	if (f->size < (size_t)PAGE)
		return;
	h->number = f->number;
	h->map = NULL;
	fd = open_file(f->number, O_RDWR);
	if (draw(2)) {
		h->map = map_file(fd, PAGE);
		CHECK(try_read(h->map, NULL));
	} else {
		make_pipe(h->pipes);
		splice_in(fd, 0, h->pipes[1], PAGE);
	}
	close(fd);
}

static void let_go(struct hold *h)
{
	if (!h->number)
		return;
	if (h->map) {
		check_fill(h->map, PAGE, 0, h->number);
		munmap(h->map, PAGE);
	} else {
		check_pipe(h->pipes[0], 0, PAGE, h->number);
		drop_pipe(h->pipes);
	}
	h->number = 0;
}

static void hold_some(unsigned int nr)
{
	while (nr--)
		hold_one();
}

static void let_go_of_all(void)
{
	unsigned int i;

	for (i = 0; i < MOST_HOLDS; i++)
		let_go(&stock.holds[i]);
}

/* On a slow kernel another file has half of the memory: there is half as much to do. */
static void begin(u64 seed)
{
	int fd;

	stock.rng = seed;
	check_settled(".");
	if (debug_kernel()) {
		fd = xopen("half", O_RDWR | O_CREAT | O_EXCL);
		CHECK_OK(fallocate(fd, 0, 0, available() / 2));
		close(fd);
	}
	stock.before = available();
	check_used();
}

static void end(void)
{
	let_go_of_all();
	remove_some(100);
	CHECK_EQ(available(), stock.before);
	check_used();
	if (debug_kernel())
		CHECK_OK(unlink("half"));
	check_settled(".");
}

/* What is left of the one-page files is all over the blocks, with gaps of a page or a few. */
static void through_write(void)
{
	begin(1);
	fill_up("one-page files", one_page, by_write);
	hold_some(8);
	remove_some(60);
	fill_up("large files in gaps of small ones", two_mib, by_write);
	hold_some(8);
	remove_some(40);
	fill_up("files of all sizes", any_size, by_write);
	remove_some(50);
	fill_up("one-page files in what is left", one_page, by_write);
	end();
}

static void through_stores(void)
{
	if (!io_block())
		skip("stores are no calls: it is the same as with io=block");
	begin(2);
	fill_up("one-page files", one_page, by_store);
	hold_some(8);
	remove_some(60);
	fill_up("large files in gaps of small ones", two_mib, by_store);
	hold_some(8);
	remove_some(40);
	fill_up("files of all sizes", any_size, by_store_backwards);
	remove_some(50);
	fill_up("one-page files in what is left", one_page, by_store);
	end();
}

/* One call that gets all there is, in the gaps that others left. */
static void through_allocation(void)
{
	struct file *f;
	int fd;

	begin(3);
	fill_up("one-page files", one_page, by_write);
	remove_some(50);
	f = &stock.files[stock.nr];
	f->number = ++stock.made;
	f->size = available() / 100 * PROMISED;
	fd = open_file(f->number, O_RDWR | O_CREAT | O_EXCL);
	CHECK_OK(fallocate(fd, 0, 0, f->size));
	CHECK_EQ(file_held(fd), TO_PAGES(f->size));
	CHECK_EQ(by_write(fd, f->size, f->number), f->size);
	close(fd);
	stock.nr++;
	check_used();
	end();
}

/* Any history. */
static void at_random(void)
{
	unsigned long round;
	unsigned int i;

	begin(4);
	for (round = 0; round < scaled(16); round++) {
		fill_up("a random history", choices[draw(ARRAY_SIZE(choices))], NULL);
		for (i = draw(8); i; i--)
			hold_one();
		for (i = draw(8); i; i--)
			let_go(&stock.holds[draw(MOST_HOLDS)]);
		remove_some(10 + draw(90));
		let_go(&stock.holds[draw(MOST_HOLDS)]);
		/* Nothing may be lost on the way, however slowly. */
		if (round % 8 == 7) {
			end();
			begin(rnd(&stock.rng));
		}
	}
	end();
}

/* One file that has every other page: what would take too many files elsewhere. */
static void scatter(int fd, unsigned int pages)
{
	for (; stock.pages < pages; stock.pages++)
		if (pwrite(fd, "x", 1, (off_t)stock.pages * 2 * PAGE) != 1)
			fail("page %u with %llu bytes available", stock.pages, available());
}

static void punch_some(int fd, unsigned int percent)
{
	unsigned int page, pages = stock.pages;

	for (page = 0; page < pages; page++) {
		if (draw(100) >= percent)
			continue;
		CHECK_OK(fallocate(fd, PUNCH, (off_t)page * 2 * PAGE, PAGE));
		stock.pages--;
	}
}

/* A super is cut for pages as all others are, and is whole again in the end. */
static void super(void)
{
	unsigned long there = memory_figure("MemAvailable") / 1024;
	int fd;

	if (there < 256 + 150)
		skip("one of 256 MiB needs 406 MiB of available memory, there are %lu", there);
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", "super=1,poem=40,strict"));
	CHECK_OK(chdir("m"));
	begin(5);
	fd = xopen("scattered", O_RDWR | O_CREAT);
	scatter(fd, scaled(60000) < 60000 ? scaled(60000) : 60000);
	check_used();
	fill_up("files beside pages", debug_kernel() ? two_mib : any_size, by_write);
	punch_some(fd, 50);
	remove_some(30);
	hold_some(16);
	fill_up("large files in gaps of pages", two_mib, NULL);
	remove_some(50);
	fill_up("files in any other way", debug_kernel() ? two_mib : any_size, NULL);
	CHECK_OK(ftruncate(fd, 0));
	stock.pages = 0;
	close(fd);
	CHECK_OK(unlink("scattered"));
	end();
	/* All in one again. */
	fd = xopen("f", O_RDWR | O_CREAT);
	CHECK_OK(fallocate(fd, 0, 0, MiB(256)));
	CHECK_EQ(counter("super", "used"), 1);
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
	CHECK_OK(chdir(".."));
	CHECK_OK(umount("m"));
}

#define POEMS	"poem=384,strict,size=12M"
#define LARGES	"large=6,strict,size=12M"
#define README	"large=6,poem=100,strict,size=15488K"
#define MIXED	"poem=64,novel=16,medium=6,large=3,strict,size=12M"
#define SURPLUS	"poem=64,large=2,size=14M"
#define NO_MORE	"poem=1,size=12M"

static const struct test tests[] = {
	{ "write_poems", through_write, POEMS, 0 },
	{ "store_poems", through_stores, POEMS, 0 },
	{ "random_poems", at_random, POEMS, 0 },
	{ "write_larges", through_write, LARGES, 0 },
	{ "store_larges", through_stores, LARGES, 0 },
	{ "random_larges", at_random, LARGES, 0 },
	{ "write_as_in_readme", through_write, README, 0 },
	{ "store_as_in_readme", through_stores, README, 0 },
	{ "random_as_in_readme", at_random, README, 0 },
	{ "write_mixed", through_write, MIXED, 0 },
	{ "store_mixed", through_stores, MIXED, 0 },
	{ "random_mixed", at_random, MIXED, 0 },
	{ "write_surplus", through_write, SURPLUS, 0 },
	{ "store_surplus", through_stores, SURPLUS, 0 },
	{ "random_surplus", at_random, SURPLUS, 0 },
	{ "write_surplus_only", through_write, NO_MORE, 0 },
	{ "store_surplus_only", through_stores, NO_MORE, 0 },
	{ "random_surplus_only", at_random, NO_MORE, 0 },
	{ "allocate_larges", through_allocation, LARGES, 0 },
	{ "allocate_mixed", through_allocation, MIXED, 0 },
	{ "allocate_surplus", through_allocation, SURPLUS, 0 },
	{ "super", super, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
