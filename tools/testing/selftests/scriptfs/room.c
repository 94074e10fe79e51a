// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any request can get the room that df shows, even while pages of the file are held: where the only
 * idle blocks are larger than the gap between the file's own blocks, those are moved into one, or
 * stay where they are with the larger block around them.
 */
#include "fallocate.h"
#include "outside.h"

#include <sys/sendfile.h>
#include <sys/statfs.h>

static unsigned long long room(void)
{
	struct statfs st;

	CHECK_OK(statfs(".", &st));
	return (unsigned long long)st.f_bavail * st.f_bsize;
}

/* Make a file of 2 MiB that has one poem, and map all of it. */
static int map_poem(unsigned char **map)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, KiB(20), 1);
	CHECK_OK(ftruncate(fd, MiB(2)));
	*map = map_file(fd, MiB(2));
	return fd;
}

/* A store into a mapping gets its block as any write does. */
static void by_fault(void)
{
	unsigned char *map, *at;
	int fd = map_poem(&map);

	at = map + KiB(64);
	check_fill(map, KiB(20), 0, 1);
	CHECK_EQ(room(), MiB(2));
	CHECK(try_write(at, 7));
	check_fill(map, KiB(20), 0, 1);
	check_zero(fd, KiB(20), KiB(44));
	CHECK_EQ(*at, 7);
	CHECK_EQ(file_held(fd), MiB(2));
	munmap(map, MiB(2));
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

/* A mapping, too, takes from the reserve as long as there is any. */
static void by_fault_first(void)
{
	unsigned char *map, *at;
	int fd = map_poem(&map);

	at = map + KiB(64);
	CHECK(try_write(at, 7));
	CHECK_EQ(counter(NULL, "surplus"), 0);
	CHECK_EQ(*at, 7);
	munmap(map, MiB(2));
	check_fill(map_file(fd, KiB(20)), KiB(20), 0, 1);
	close(fd);
	CHECK_OK(unlink("f"));
}

/**
 * struct holder - a way to hold a page of a file for as long as wanted
 * @name:	what it is
 * @hold:	get the page at an offset of the file
 * @see:	check that the page has fill() @seed in it, and release it
 */
struct holder {
	const char	*name;
	void		(*hold)(int fd, off_t at);
	void		(*see)(off_t at, unsigned int seed);
};

static int pipes[2];
static struct pin pin;

static void hold_in_pipe(int fd, off_t at)
{
	make_pipe(pipes);
	splice_in(fd, at, pipes[1], PAGE);
}

static void see_in_pipe(off_t at, unsigned int seed)
{
	check_pipe(pipes[0], at, PAGE, seed);
	drop_pipe(pipes);
}

static void hold_by_pin(int fd, off_t at)
{
	unsigned char *map = map_file(fd, MiB(2));

	pin_to_read(&pin, map + at, PAGE);
	munmap(map, MiB(2));
}

static void see_by_pin(off_t at, unsigned int seed)
{
	unsigned char *buf = xmalloc(PAGE);

	pin_read(&pin, buf);
	check_fill(buf + PIN_EARLY, PAGE - PIN_EARLY, at + PIN_EARLY, seed);
	free(buf);
}

static const struct holder holders[] = {
	{ "pipe", hold_in_pipe, see_in_pipe },
	{ "pin", hold_by_pin, see_by_pin },
};

/* The file has two poems, and a page of the first is held, but written to all the same. */
static void beside_held_by(const struct holder *h)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	write_file(fd, 0, KiB(48) + 100, 1);
	CHECK_OK(ftruncate(fd, MiB(2)));
	h->hold(fd, 2 * PAGE);
	write_file(fd, KiB(64), KiB(100), 1);
	CHECK_EQ(file_held(fd), MiB(2) + KiB(32));
	check_file(fd, 0, KiB(48) + 100, 1);
	check_zero(fd, KiB(48) + 100, KiB(16) - 100);
	check_file(fd, KiB(64), KiB(100), 1);
	check_zero(fd, KiB(164), MiB(2) - KiB(164));

	/* All of it can be written and seen in a mapping; the page still belongs to the file. */
	map = map_file(fd, MiB(2));
	check_fill(map, KiB(48), 0, 1);
	write_file(fd, 3 * PAGE, MiB(2) - 3 * PAGE, 2);
	check_fill(map + 3 * PAGE, MiB(2) - 3 * PAGE, 3 * PAGE, 2);
	fill(map + PAGE, 2 * PAGE, PAGE, 3);
	check_file(fd, 0, PAGE, 1);
	check_file(fd, PAGE, 2 * PAGE, 3);
	check_file(fd, 3 * PAGE, MiB(2) - 3 * PAGE, 2);
	/* Once the file gives it up, it no longer does. */
	CHECK_OK(fallocate(fd, PUNCH, 0, KiB(32)));
	write_file(fd, 0, KiB(32), 4);
	check_fill(map, KiB(32), 0, 4);
	h->see(2 * PAGE, 3);
	check_file(fd, 0, KiB(32), 4);
	munmap(map, MiB(2));
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

static void beside_held(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(holders); i++)
		beside_held_by(&holders[i]);
}

/* No page is held any longer, but one was, and another page took its place. */
static void beside_scattered(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);

	write_file(fd, 0, KiB(32), 1);
	hold_in_pipe(fd, 0);
	CHECK_OK(fallocate(fd, PUNCH, 0, PAGE));
	write_file(fd, 0, PAGE, 2);
	see_in_pipe(0, 1);
	write_file(fd, KiB(32), KiB(32), 3);
	check_file(fd, 0, PAGE, 2);
	check_file(fd, PAGE, KiB(32) - PAGE, 1);
	check_file(fd, KiB(32), KiB(32), 3);
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

/* A copy within one file itself holds the pages that it copies from. */
static void within_one_file(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), again;
	loff_t in = 0, out = KiB(32);
	off_t from = 0;

	write_file(fd, 0, KiB(16), 1);
	CHECK_EQ(copy_file_range(fd, &in, fd, &out, PAGE, 0), PAGE);
	check_file(fd, 0, KiB(16), 1);
	CHECK_OK(ftruncate(fd, 0));

	write_file(fd, 0, KiB(16), 1);
	again = xopen("f", O_RDWR);
	CHECK_EQ(lseek(again, KiB(64), SEEK_SET), KiB(64));
	CHECK_EQ(sendfile(again, fd, &from, KiB(16)), KiB(16));
	check_file(fd, 0, KiB(16), 1);
	close(again);
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

/* What fallocate(2) has promised is there, also in place of pages that are held. */
static void promised(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), err;
	unsigned char *map;

	write_file(fd, 0, MiB(2), 1);
	hold_in_pipe(fd, 2 * PAGE);
	CHECK_OK(ftruncate(fd, PAGE));
	/* There is no memory to replace the page in the pipe. */
	err = fallocate(fd, 0, 0, MiB(2)) ? errno : 0;
	if (!lends_pages()) {
		CHECK_EQ(err, 0);
	} else {
		CHECK_EQ(err, ENOSPC);
		CHECK_EQ(file_size(fd), PAGE);
		CHECK_OK(fallocate(fd, 0, 0, 2 * PAGE));
		see_in_pipe(2 * PAGE, 1);
		CHECK_OK(fallocate(fd, 0, 0, MiB(2)));
	}
	map = map_file(fd, MiB(2));
	CHECK(try_write(map + 2 * PAGE, 7));
	write_file(fd, PAGE, MiB(2) - PAGE, 2);
	munmap(map, MiB(2));
	close(fd);
	CHECK_OK(unlink("f"));
}

/* The same where there is memory to replace it. */
static void promised_elsewhere(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), other = xopen("g", O_RDWR | O_CREAT);

	write_file(fd, 0, MiB(2), 1);
	hold_in_pipe(fd, 2 * PAGE);
	CHECK_OK(ftruncate(fd, PAGE));
	CHECK_OK(fallocate(fd, 0, 0, MiB(2)));
	/* Other files may take all the rest meanwhile. */
	while (pwrite(other, "x", 1, file_size(other) + KiB(32)) == 1)
		;
	CHECK_EQ(errno, ENOSPC);
	write_file(fd, PAGE, MiB(2) - PAGE, 2);
	see_in_pipe(2 * PAGE, 1);
	check_file(fd, PAGE, MiB(2) - PAGE, 2);
	close(fd);
	close(other);
	CHECK_OK(unlink("f"));
	CHECK_OK(unlink("g"));
	check_settled(".");
}

/* Replace the first page of the file @nr times, each time with the old page held in a pipe. */
static void displace(int fd, int to, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		splice_in(fd, 0, to, PAGE);
		CHECK_OK(fallocate(fd, PUNCH, 0, PAGE));
		write_file(fd, 0, PAGE, i);
	}
}

/* The memory that replaced held pages comes back once those are released. */
static void again_and_again(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), many[10][2];
	unsigned int i;

	write_file(fd, 0, MiB(2), 1);
	for (i = 0; i < ARRAY_SIZE(many); i++) {
		make_pipe(many[i]);
		displace(fd, many[i][1], 30);
	}
	for (i = 0; i < ARRAY_SIZE(many); i++)
		drop_pipe(many[i]);
	for (i = 0; i < 10; i++) {
		make_pipe(pipes);
		displace(fd, pipes[1], 20);
		drop_pipe(pipes);
	}
	CHECK_CMP(file_held(fd), <=, MiB(2) + 10 * KiB(32));
	check_file(fd, PAGE, MiB(2) - PAGE, 1);
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

static const struct test tests[] = {
	{ "by_fault", by_fault, "poem=1,large=1,strict", T_SCRIPTFS },
	{ "by_fault_first", by_fault_first, "poem=1,large=1,size=64M", T_SCRIPTFS },
	{ "beside_held", beside_held, "poem=3,large=1,strict", T_SCRIPTFS | T_LENDS },
	{ "beside_scattered", beside_scattered, "poem=2,large=1,strict", T_SCRIPTFS },
	{ "within_one_file", within_one_file, "poem=1,large=1,strict", T_SCRIPTFS },
	{ "promised", promised, "large=1,strict", T_SCRIPTFS },
	{ "promised_elsewhere", promised_elsewhere, "poem=4,large=1,strict", T_SCRIPTFS },
	{ "again_and_again", again_and_again, "poem=400,large=1,strict", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
