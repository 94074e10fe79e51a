// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges that are taken out of a file, and holes that are put in, by fallocate(2): what lies behind
 * them moves, whatever its pages are used for meanwhile.
 */
#include "fallocate.h"
#include "outside.h"

#include <limits.h>
#include <pthread.h>

#define OUT	FALLOC_FL_COLLAPSE_RANGE
#define IN	FALLOC_FL_INSERT_RANGE

/* Most bytes of a file. */
#define LARGEST	(LONG_MAX - MiB(256) + 1)

/* The pages of a file that begins with a number each, which is that of the page. */
static void write_numbers(int fd, unsigned int first, unsigned int nr)
{
	unsigned long page[PAGE / sizeof(long)] = { 0 };

	for (; nr; nr--, first++) {
		page[0] = first + 1;
		pwrite_full(fd, page, PAGE, (off_t)first * PAGE);
	}
}

static unsigned long number_at(int fd, unsigned int page)
{
	unsigned long number;

	pread_full(fd, &number, sizeof(number), (off_t)page * PAGE);
	return number;
}

/* Pages @to and so on of the file have the numbers of those that were @from and so on. */
static void check_numbers(int fd, unsigned int to, unsigned int from, unsigned int nr)
{
	for (; nr; nr--, to++, from++)
		CHECK_EQ(number_at(fd, to), from + 1);
}

/* Beyond the end of the second chunk */
#define PAGES	1100U

static void out_and_in(void)
{
	static const unsigned int lens[] = { 1, 2, 3, 8, 100, 512, 513 };
	static const unsigned int places[] = { 0, 1, 8, 511, 512 };
	unsigned int i, j;
	int fd;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		for (j = 0; j < ARRAY_SIZE(places); j++) {
			unsigned int at = places[j], len = lens[i];
			off_t size = (off_t)PAGE * PAGES + 100;

			fd = xopen("f", O_RDWR | O_CREAT);
			write_numbers(fd, 0, PAGES);
			pwrite_full(fd, "end", 3, size - 3);
			must_change(fd, OUT, (off_t)at * PAGE, (off_t)len * PAGE);
			size -= (off_t)len * PAGE;
			CHECK_EQ(file_size(fd), size);
			check_numbers(fd, 0, 0, at);
			check_numbers(fd, at, at + len, PAGES - at - len);

			CHECK_OK(fallocate(fd, IN, (off_t)at * PAGE, (off_t)len * PAGE));
			CHECK_EQ(file_size(fd), size + (off_t)len * PAGE);
			check_numbers(fd, 0, 0, at);
			check_zero(fd, (off_t)at * PAGE, (off_t)len * PAGE);
			check_numbers(fd, at + len, at + len, PAGES - at - len);
			CHECK_EQ(lseek(fd, (off_t)at * PAGE, SEEK_HOLE), (off_t)at * PAGE);
			CHECK_EQ(lseek(fd, (off_t)at * PAGE, SEEK_DATA),
				 (off_t)(at + len) * PAGE);
			close(fd);
			CHECK_OK(unlink("f"));
		}
	}
	check_settled(".");
}

/* In the end a file has memory for its bytes, and none for the holes. */
static void what_it_holds(void)
{
	unsigned int pages;
	int fd;

	for (pages = 1; pages < 1200; pages = pages * 3 / 2 + 1) {
		fd = xopen("f", O_RDWR | O_CREAT);
		write_file(fd, 0, MiB(5) + 1, 1);
		must_change(fd, IN, KiB(16), (off_t)pages * PAGE);
		close(fd);
		CHECK_EQ(held_by("f"), TO_PAGES(MiB(5) + 1));
		fd = xopen("f", O_RDWR);
		check_zero(fd, KiB(16), (off_t)pages * PAGE);
		CHECK_OK(fallocate(fd, OUT, 0, (off_t)(pages + 4) * PAGE));
		close(fd);
		CHECK_EQ(held_by("f"), TO_PAGES(MiB(5) + 1) - KiB(16));
		CHECK_OK(unlink("f"));
		check_settled(".");
	}
}

static void refused(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, KiB(64) + 1, 1);
	must_change(fd, OUT, 0, PAGE);
	CHECK_OK(fallocate(fd, IN, 0, PAGE));
	CHECK_ERR(fallocate(fd, OUT, 1, PAGE), EINVAL);
	CHECK_ERR(fallocate(fd, OUT, 0, 1), EINVAL);
	CHECK_ERR(fallocate(fd, IN, PAGE, PAGE / 2), EINVAL);
	CHECK_ERR(fallocate(fd, IN, 512, PAGE), EINVAL);
	/* What would be a truncate, or is behind the end. */
	CHECK_ERR(fallocate(fd, OUT, PAGE, KiB(64)), EINVAL);
	CHECK_ERR(fallocate(fd, OUT, MiB(1), PAGE), EINVAL);
	CHECK_ERR(fallocate(fd, IN, KiB(68), PAGE), EINVAL);
	/* Together with others: the kernel has had more than one errno for that. */
	CHECK(fallocate(fd, OUT | KEEP, 0, PAGE) && (errno == EINVAL || errno == EOPNOTSUPP));
	CHECK(fallocate(fd, IN | KEEP, 0, PAGE) && (errno == EINVAL || errno == EOPNOTSUPP));
	CHECK_ERR(fallocate(fd, IN, 0, LONG_MAX / PAGE * PAGE), EFBIG);
	CHECK_ERR(fallocate(fd, IN, PAGE, LARGEST - KiB(60)), EFBIG);
	CHECK_EQ(file_size(fd), KiB(64) + 1);
	check_zero(fd, 0, PAGE);
	check_file(fd, PAGE, KiB(60) + 1, 1);
	/* The largest hole. */
	CHECK_OK(fallocate(fd, IN, PAGE, LARGEST - KiB(68)));
	CHECK_OK(fallocate(fd, OUT, PAGE, LARGEST - KiB(68)));
	check_file(fd, PAGE, KiB(60) + 1, 1);
}

/* What is behind the end of the file goes along, and comes to light nowhere. */
static void behind_the_end(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	write_file(fd, 0, MiB(2) - 100, 1);
	CHECK_OK(fallocate(fd, KEEP, 0, MiB(3)));
	map = map_file(fd, MiB(2));
	CHECK(try_write(map + MiB(2) - 50, 'x'));
	must_change(fd, IN, KiB(8), KiB(12));
	CHECK_CMP(file_held(fd), >=, MiB(3));
	CHECK(try_write(map, 'y'));
	CHECK_OK(ftruncate(fd, MiB(4)));
	check_zero(fd, MiB(2) + KiB(12) - 100, MiB(1));
	CHECK_OK(fallocate(fd, OUT, KiB(8), KiB(12)));
	CHECK_EQ(file_size(fd), MiB(4) - KiB(12));
	check_file(fd, 1, MiB(2) - 101, 1);
	check_zero(fd, MiB(2) - 100, MiB(1));
	munmap(map, MiB(2));
}

/* Pages that are mapped, in a pipe, or pinned. */
static void held(void)
{
	unsigned char *map, *copy, bytes[PAGE];
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	struct pin p;

	write_file(fd, 0, MiB(4), 1);
	map = map_file(fd, MiB(4));
	copy = mmap(NULL, MiB(4), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(copy != MAP_FAILED);
	check_fill(map, MiB(4), 0, 1);
	memset(copy + MiB(1), 'p', PAGE);
	make_pipe(pipes);
	splice_in(fd, KiB(40), pipes[1], PAGE);
	pin_to_read(&p, map + KiB(600), PAGE);

	must_change(fd, IN, 0, KiB(4));
	check_bytes(map, KiB(4), 0);
	check_fill(map + KiB(4), MiB(4) - KiB(4), 0, 1);
	check_bytes(copy + MiB(1), PAGE, 'p');
	check_fill(copy + MiB(3), PAGE, MiB(3) - KiB(4), 1);
	/* What is held has the bytes that it had, and is not what is in the file now. */
	write_file(fd, KiB(40), KiB(8), 2);
	check_pipe(pipes[0], KiB(40), PAGE, 1);
	drop_pipe(pipes);
	pin_read(&p, bytes);
	check_fill(bytes, PAGE, KiB(600), 1);
	CHECK_OK(fallocate(fd, OUT, MiB(1), MiB(1)));
	check_fill(map + KiB(4), KiB(36), 0, 1);
	check_fill(map + KiB(40), KiB(8), KiB(40), 2);
	check_fill(map + MiB(1), MiB(2), MiB(2) - KiB(4), 1);
	CHECK(!try_read(map + MiB(3) + PAGE, NULL));
	munmap(map, MiB(4));
	munmap(copy, MiB(4));
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

#define BEGIN	64
#define WINDOW	600

struct adder {
	unsigned long	*words;		/* a mapping of the file */
	bool		stop;
	unsigned long	added;
};

static void *add_on(void *arg)
{
	struct adder *a = arg;
	u64 state = (unsigned long)pthread_self();

	while (!__atomic_load_n(&a->stop, __ATOMIC_RELAXED)) {
		unsigned long page = BEGIN + rnd(&state) % WINDOW;

		__atomic_fetch_add(&a->words[page * (PAGE / sizeof(long))], 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&a->added, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* A store through a mapping goes to the page that is there at that moment, and is not lost. */
static void beside_stores(void)
{
	unsigned int pages = BEGIN + WINDOW + BEGIN, i, j, len;
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned long sum = 0, lost = 0;
	struct adder a = { .stop = false };
	pthread_t thread[2];
	u64 state = 1;

	CHECK_OK(ftruncate(fd, (off_t)pages * PAGE));
	for (i = 0; i < pages; i++)
		pwrite_full(fd, &lost, sizeof(lost), (off_t)i * PAGE);
	a.words = (unsigned long *)map_file(fd, (size_t)(pages + BEGIN) * PAGE);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, add_on, &a), 0);
	for (i = 0; i < scaled(400); i++) {
		/* All that is stored to stays in the file. */
		len = 1 + rnd(&state) % (BEGIN / 2);
		j = rnd(&state) % (BEGIN / 2);
		must_change(fd, IN, (off_t)j * PAGE, (off_t)len * PAGE);
		if (i % 4 == 0)
			usleep(rnd(&state) % 1000);
		CHECK_OK(fallocate(fd, OUT, (off_t)j * PAGE, (off_t)len * PAGE));
	}
	__atomic_store_n(&a.stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_join(thread[i], NULL);
	for (i = 0; i < pages; i++)
		sum += number_at(fd, i);
	note("%lu stores", a.added);
	CHECK_EQ(sum, a.added);
	munmap(a.words, (size_t)(pages + BEGIN) * PAGE);
}

/* Held memory has to be copied, and there is none to copy it to: nothing changes. */
static void no_memory(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	size_t size = available();

	must_change(fd, 0, 0, size);
	write_file(fd, 0, size, 1);
	make_pipe(pipes);
	splice_in(fd, KiB(64), pipes[1], PAGE);
	CHECK_ERR(fallocate(fd, IN, PAGE, PAGE), ENOSPC);
	CHECK_EQ(file_size(fd), (off_t)size);
	check_file(fd, 0, size, 1);
	drop_pipe(pipes);
	CHECK_OK(fallocate(fd, IN, PAGE, PAGE));
	check_zero(fd, PAGE, PAGE);
	check_file(fd, 0, PAGE, 1);
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

#define SHIFT_POOL	"poem=64,novel=32,medium=8,large=8,size=64M"

static const struct test tests[] = {
	{ "out_and_in", out_and_in, SHIFT_POOL, 0 },
	{ "out_and_in_large", out_and_in, "large=8,size=64M,class=large", 0 },
	{ "what_it_holds", what_it_holds, SHIFT_POOL, 0 },
	{ "refused", refused, SHIFT_POOL, 0 },
	{ "behind_the_end", behind_the_end, SHIFT_POOL, 0 },
	{ "behind_the_end_large", behind_the_end, "large=8,size=64M,class=large", 0 },
	{ "held", held, SHIFT_POOL, 0 },
	{ "held_large", held, "large=8,size=64M,class=large", 0 },
	{ "beside_stores", beside_stores, SHIFT_POOL, 0 },
	{ "beside_stores_large", beside_stores, "large=8,size=64M,class=large", 0 },
	{ "no_memory", no_memory, "poem=32,large=1,strict", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
