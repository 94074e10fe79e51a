// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks that stay cut because files have a little of them: when a whole one is wanted, what those
 * files have is moved, without anyone noticing, and the blocks are whole again.
 */
#include "util.h"

#include <time.h>

#define FILES	(MiB(16) / PAGE)

/* How long the background may take to get to work, in tenths of a second. */
#define PATIENCE	300

static void name_of(char *name, size_t len, unsigned int i)
{
	snprintf(name, len, "d%u/f%u", i % 16, i);
}

static size_t length_of(unsigned int i)
{
	return 1 + i * 37 % PAGE;
}

static bool stays(unsigned int i)
{
	u64 state = i + 1;

	return rnd(&state) % 64 == 0;
}

/* Fill the mount with files of up to a page, and remove most of them: all larges are cut. */
static void scatter(void)
{
	char name[32];
	unsigned int i;
	int fd;

	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		CHECK_OK(mkdir(name, 0755));
	}
	for (i = 0; i < FILES; i++) {
		name_of(name, sizeof(name), i);
		fd = xopen(name, O_RDWR | O_CREAT);
		write_file(fd, 0, length_of(i), i);
		close(fd);
	}
	CHECK_EQ(counter(NULL, "free"), 0);
	for (i = 0; i < FILES; i++) {
		name_of(name, sizeof(name), i);
		if (!stays(i))
			CHECK_OK(unlink(name));
	}
	CHECK_EQ(counter("large", "cut"), 8);
}

static void check_rest(void)
{
	char name[32];
	unsigned int i;
	int fd;

	for (i = 0; i < FILES; i++) {
		if (!stays(i))
			continue;
		name_of(name, sizeof(name), i);
		fd = xopen(name, O_RDONLY);
		CHECK_EQ(file_size(fd), length_of(i));
		CHECK_EQ(file_held(fd), PAGE);
		check_file(fd, 0, length_of(i), i);
		close(fd);
	}
}

/* Ask for whole larges until there is one, or @patience runs out. */
static bool want_large(unsigned int patience)
{
	const struct timespec tenth = { .tv_nsec = 100000000 };
	char *buf = xmalloc(MiB(2));
	bool found = false;

	for (; patience && !found; patience--) {
		int fd = xopen("big", O_RDWR | O_CREAT | O_TRUNC);

		fill(buf, MiB(2), 0, 77);
		pwrite_full(fd, buf, MiB(2), 0);
		check_file(fd, 0, MiB(2), 77);
		close(fd);
		CHECK_OK(unlink("big"));
		found = counter("large", "free");
		nanosleep(&tenth, NULL);
	}
	free(buf);
	return found;
}

static void joined(void)
{
	unsigned long long used;

	scatter();
	used = counter(NULL, "used");
	CHECK(want_large(PATIENCE));
	CHECK_EQ(counter(NULL, "used"), used);
	check_rest();
}

static void keep_reading(void *arg)
{
	(void)arg;
	for (;;)
		check_rest();
}

static void keep_writing(void *arg)
{
	char name[32];
	unsigned int i;
	int fd;

	(void)arg;
	for (;;)
		for (i = 0; i < FILES; i++) {
			if (!stays(i))
				continue;
			name_of(name, sizeof(name), i);
			fd = xopen(name, O_RDWR);
			write_file(fd, 0, length_of(i), i);
			close(fd);
		}
}

/* While others read those files, write to them, and open and close them. */
static void joined_beside_others(void)
{
	pid_t reader, writer;

	scatter();
	reader = start(keep_reading, NULL);
	writer = start(keep_writing, NULL);
	CHECK(want_large(PATIENCE));
	kill(reader, SIGKILL);
	finish_killed(reader, SIGKILL);
	kill(writer, SIGKILL);
	finish_killed(writer, SIGKILL);
	check_rest();
}

/* What is mapped stays where it is, so with a mapped page in each nothing can be joined. */
static void mapped_stay(void)
{
	unsigned char *page[FILES];
	unsigned int i, nr = 0;
	char name[32];
	int fd;

	scatter();
	for (i = 0; i < FILES; i++) {
		if (!stays(i))
			continue;
		name_of(name, sizeof(name), i);
		fd = xopen(name, O_RDWR);
		page[nr] = map_file(fd, PAGE);
		check_fill(page[nr], length_of(i), 0, i);
		close(fd);
		nr++;
	}
	CHECK(!want_large(10));
	CHECK_EQ(counter("large", "cut"), 8);
	for (i = 0, nr = 0; i < FILES; i++)
		if (stays(i))
			check_fill(page[nr++], length_of(i), 0, i);
	check_rest();
}

/* The mount goes while that may be at work. */
static void gone(void)
{
	scatter();
	want_large(1);
}

/* With io=page all pages have been in the page cache, so nothing is moved. */
static const struct test tests[] = {
	{ "joined", joined, "large=8,strict", T_SCRIPTFS | T_BLOCK },
	{ "joined_beside_others", joined_beside_others, "large=8,strict",
	  T_SCRIPTFS | T_BLOCK },
	{ "mapped_stay", mapped_stay, "large=8,strict", T_SCRIPTFS },
	{ "gone", gone, "large=8,strict", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
