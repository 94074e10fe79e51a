// SPDX-License-Identifier: GPL-2.0-only
/*
 * Any request can get the room that df shows, even while pages of the file are held, and even where
 * the only idle blocks are larger than the gap between what the file has: they are cut.
 */
#include "fallocate.h"
#include "outside.h"

#include <pthread.h>
#include <sys/sendfile.h>

/* Use up the small blocks: what is idle afterwards is in larges. */
static void fill_small_blocks(void)
{
	int fd = xopen("small", O_RDWR | O_CREAT);
	off_t at;

	for (at = 0; counter("poem", "free") || counter("novel", "free"); at += KiB(32))
		write_file(fd, at, KiB(32), 7);
	/* The last of them may have been a little too large. */
	close(fd);
	CHECK_EQ(counter("large", "free"), counter("large", "reserve"));
}

/* A store into a mapping gets its page as any write does, whatever is idle: to the last page. */
static void by_fault(void)
{
	unsigned long long idle, pages, good = 0;
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;
	size_t at;

	fill_small_blocks();
	idle = available();
	pages = idle / PAGE;
	CHECK_CMP(idle, >=, MiB(4));
	CHECK_OK(ftruncate(fd, 3 * idle));
	map = map_file(fd, 3 * idle);
	/* Far from each other, from the end, then all the others in between. */
	for (at = 3 * idle - PAGE; at < 3 * idle && good < pages / 2; at -= 5 * PAGE)
		good += try_write(map + at, 5);
	CHECK_EQ(good, pages / 2);
	CHECK_EQ(available(), idle - good * PAGE);
	CHECK_EQ(file_held(fd), good * PAGE);
	for (at = 0; try_write(map + at, 3); at += PAGE)
		;
	CHECK_EQ(available(), 0);
	CHECK_EQ(file_held(fd), idle);
	CHECK_CMP(at, >=, idle - good * PAGE);
	CHECK_EQ(counter(NULL, "surplus"), 0);
	/* All of them are the file's, and what was not stored to is zero. */
	check_bytes(map + PAGE, 1, 3);
	check_bytes(map + 3 * idle - PAGE, 1, 5);
	check_bytes(map + 3 * idle - PAGE + 1, PAGE - 1, 0);
	munmap(map, 3 * idle);
	check_file(xopen("small", O_RDONLY), 0, KiB(32), 7);
	close(fd);
	CHECK_OK(unlink("f"));
	CHECK_EQ(available(), idle);
}

/* A mapping, too, takes from the reserve as long as there is any. */
static void by_fault_first(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;
	size_t at;

	write_file(fd, 0, KiB(20), 1);
	CHECK_OK(ftruncate(fd, MiB(4)));
	map = map_file(fd, MiB(4));
	for (at = KiB(64); counter(NULL, "free"); at += PAGE) {
		CHECK(try_write(map + at, 7));
		CHECK_EQ(counter(NULL, "surplus"), 0);
	}
	CHECK(try_write(map + MiB(3), 7));
	CHECK_CMP(counter(NULL, "surplus"), >, 0);
	CHECK_EQ(*(map + KiB(64)), 7);
	munmap(map, MiB(4));
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

/* A page of the file is held, but written to all the same, and the file grows around it. */
static void beside_held_by(const struct holder *h)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	write_file(fd, 0, KiB(48) + 100, 1);
	CHECK_OK(ftruncate(fd, MiB(2)));
	h->hold(fd, 2 * PAGE);
	write_file(fd, KiB(64), KiB(100), 1);
	CHECK_CMP(file_held(fd), >=, KiB(52) + KiB(100));
	CHECK_CMP(file_held(fd), <=, 2 * (KiB(52) + KiB(100)));
	check_file(fd, 0, KiB(48) + 100, 1);
	check_zero(fd, KiB(48) + 100, KiB(16) - 100);
	check_file(fd, KiB(64), KiB(100), 1);
	check_zero(fd, KiB(164), MiB(2) - KiB(164));

	/* All of it can be written and seen in a mapping; the page still belongs to the file. */
	map = map_file(fd, MiB(2));
	check_fill(map, KiB(48), 0, 1);
	write_file(fd, 3 * PAGE, MiB(2) - 3 * PAGE, 2);
	CHECK_EQ(file_held(fd), MiB(2));
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
static void beside_replaced(void)
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
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	write_file(fd, 0, MiB(2), 1);
	hold_in_pipe(fd, 2 * PAGE);
	CHECK_OK(ftruncate(fd, PAGE));
	/* There is no memory to replace the page in the pipe, but for all others there is. */
	CHECK_ERR(fallocate(fd, 0, 0, MiB(2)), ENOSPC);
	CHECK_EQ(file_size(fd), PAGE);
	CHECK_EQ(file_held(fd), PAGE);
	CHECK_OK(fallocate(fd, 0, 0, MiB(2) - 2 * PAGE));
	see_in_pipe(2 * PAGE, 1);
	CHECK_OK(fallocate(fd, 0, 0, MiB(2)));
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
	CHECK_EQ(file_held(fd), MiB(2));
	check_file(fd, PAGE, MiB(2) - PAGE, 1);
	close(fd);
	CHECK_OK(unlink("f"));
	check_settled(".");
}

#define HEAD	KiB(64)

/*
 * A log: others map its head and read it, or have it in a pipe or an unread socket, while lines are
 * appended to it until df shows nothing.
 */
static void append_beside_held(void)
{
	int fd = xopen("log", O_RDWR | O_CREAT | O_APPEND), unread[2];
	unsigned long long left, lines = 0;
	struct looker l = { .len = HEAD };
	unsigned char *buf = xmalloc(HEAD);
	pthread_t thread;

	write_file(fd, 0, HEAD, 1);
	left = available();
	l.map = map_file(fd, HEAD);
	CHECK_EQ(pthread_create(&thread, NULL, look, &l), 0);
	make_pipe(pipes);
	splice_in(fd, 0, pipes[1], HEAD);
	socket_pair(unread);
	send_pages(unread[0], fd, 0, HEAD);
	for (;; lines++) {
		char line[1000];

		fill(line, sizeof(line), HEAD + lines * sizeof(line), 1);
		if (write(fd, line, sizeof(line)) != sizeof(line))
			break;
	}
	/* The last line may have been cut short. */
	CHECK_EQ(available(), 0);
	CHECK_ERR(write(fd, buf, HEAD), ENOSPC);
	CHECK_CMP(file_size(fd), >=, HEAD + left / 100 * 98);
	check_file(fd, 0, HEAD + lines * 1000, 1);
	check_pipe(pipes[0], 0, HEAD, 1);
	read_pipe(unread[1], buf, HEAD);
	check_fill(buf, HEAD, 0, 1);
	__atomic_store_n(&l.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	munmap(l.map, HEAD);
	drop_pipe(pipes);
	drop_pipe(unread);
	free(buf);
	close(fd);
	CHECK_OK(unlink("log"));
	check_settled(".");
}

static const struct test tests[] = {
	{ "by_fault", by_fault, "poem=9,novel=3,large=3,strict", T_SCRIPTFS },
	{ "by_fault_of_large_file", by_fault, "poem=32,large=16,strict", T_SCRIPTFS },
	{ "append_beside_held", append_beside_held, "poem=2,large=3,size=6208K", 0 },
	{ "append_beside_held_strict", append_beside_held, "poem=2,large=3,strict,size=6208K", 0 },
	{ "append_beside_held_poems", append_beside_held, "poem=64,strict,size=2M", 0 },
	{ "by_fault_first", by_fault_first, "poem=1,large=1,size=64M", T_SCRIPTFS },
	{ "beside_held", beside_held, "poem=3,large=1,strict", T_SCRIPTFS },
	{ "beside_replaced", beside_replaced, "poem=2,large=1,strict", T_SCRIPTFS },
	{ "within_one_file", within_one_file, "poem=1,large=1,strict", T_SCRIPTFS },
	{ "promised", promised, "large=1,strict", T_SCRIPTFS },
	{ "promised_elsewhere", promised_elsewhere, "poem=4,large=1,strict", T_SCRIPTFS },
	{ "again_and_again", again_and_again, "poem=64,large=1,strict", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
