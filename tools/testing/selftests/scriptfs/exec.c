// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs in files: a task that maps a file to run it gets the instructions that are in the file
 * now, and none that the memory held when it was run before, as part of this file or of another.
 *
 * Some processors have instruction caches that do not see stores. The kernel brings them up to date
 * when a page is mapped executable, unless a flag of the page says that this was done: the flag
 * must be gone once the page has other bytes. Emulators have no such caches, so the tests look at
 * the flag, too.
 */
#include "fallocate.h"
#include "frame.h"

#include <stdint.h>

#define CODE_LEN	8

/* Make a function that returns @value, which has 16 bits. */
static void make_code(unsigned char *code, unsigned int value)
{
#if defined(__x86_64__)
	static const unsigned char plain[CODE_LEN] = { 0xb8, 0, 0, 0, 0, 0xc3, 0x90, 0x90 };

	memcpy(code, plain, CODE_LEN);
	memcpy(code + 1, &value, 2);
#elif defined(__aarch64__)
	uint32_t plain[2] = { 0x52800000 | value << 5, 0xd65f03c0 };

	memcpy(code, plain, CODE_LEN);
#else
	(void)code;
	(void)value;
	skip("no instructions for this machine");
#endif
}

typedef unsigned int function(void);

static void *map_code(int fd, int prot, int flags)
{
	void *p = mmap(NULL, PAGE, prot, flags, fd, 0);

	CHECK(p != MAP_FAILED);
	return p;
}

/* Run the function in a file; gives what it returns. */
static unsigned int run(int fd, int flags)
{
	function *code = map_code(fd, PROT_READ | PROT_EXEC, flags);
	unsigned int ret = code();

	munmap(code, PAGE);
	return ret;
}

/* Ways to put a function into a file. */
enum way { BY_WRITE, BY_COPY, BY_PIPE, BY_STORE, NR_WAYS };

static void put(int fd, enum way way, unsigned int value)
{
	unsigned char code[CODE_LEN], *p;
	off_t at = 0, from = 0;
	int other, pipes[2];

	make_code(code, value);
	switch (way) {
	case BY_COPY:
		other = xopen("other", O_RDWR | O_CREAT);
		pwrite_full(other, code, CODE_LEN, 0);
		CHECK_EQ(copy_file_range(other, &from, fd, &at, CODE_LEN, 0), CODE_LEN);
		close(other);
		CHECK_OK(unlink("other"));
		break;
	case BY_PIPE:
		CHECK_OK(pipe(pipes));
		CHECK_EQ(write(pipes[1], code, CODE_LEN), CODE_LEN);
		CHECK_EQ(splice(pipes[0], NULL, fd, &at, CODE_LEN, 0), CODE_LEN);
		close(pipes[0]);
		close(pipes[1]);
		break;
	case BY_STORE:
		CHECK_OK(ftruncate(fd, CODE_LEN));
		p = map_code(fd, PROT_READ | PROT_WRITE, MAP_SHARED);
		memcpy(p, code, CODE_LEN);
		/* After a store this is up to the program. */
		__builtin___clear_cache((char *)p, (char *)p + CODE_LEN);
		munmap(p, PAGE);
		break;
	default:
		pwrite_full(fd, code, CODE_LEN, 0);
	}
}

/* Every file gets the same block, and is mapped at the same address. */
static void block_of_another_file(void)
{
	unsigned int i;

	for (i = 1; i <= scaled(400); i++) {
		int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);

		put(fd, i % NR_WAYS, i);
		CHECK_EQ(run(fd, i & 8 ? MAP_SHARED : MAP_PRIVATE), i);
		close(fd);
		CHECK_OK(unlink("f"));
	}
}

static void written_again(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *p = NULL;
	unsigned int i;

	for (i = 1; i <= scaled(400); i++) {
		put(fd, i / 4 % NR_WAYS, i);
		CHECK_EQ(run(fd, i & 16 ? MAP_SHARED : MAP_PRIVATE), i);
		/* Now and then there is another mapping meanwhile. */
		if (i % 32 == 0)
			p = map_code(fd, PROT_READ, MAP_SHARED);
		if (i % 32 == 20 && p)
			munmap(p, PAGE);
		if (i % 64 == 0)
			CHECK_OK(ftruncate(fd, 0));
	}
}

/* Is the flag set on the first page of a file? */
static bool flag_is_set(int fd, unsigned long *pfn)
{
	unsigned char *p = map_code(fd, PROT_READ, MAP_SHARED);
	unsigned long page = frame_at(p);

	munmap(p, PAGE);
	if (pfn)
		*pfn = page;
	return frame_flag(page, FRAME_ARCH);
}

/* Run what is in the file, so that the flag is set. */
static void set_flag(int fd, unsigned int value)
{
	put(fd, BY_WRITE, value);
	CHECK_EQ(run(fd, MAP_SHARED), value);
	if (!flag_is_set(fd, NULL))
		skip("this machine needs no such flag");
}

static void flag(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	enum way way;

	for (way = BY_WRITE; way <= BY_PIPE; way++) {
		set_flag(fd, 1);
		put(fd, way, 2);
		if (flag_is_set(fd, NULL))
			fail("the page is still marked after a write, way %d", way);
		CHECK_EQ(run(fd, MAP_SHARED), 2);
	}
	set_flag(fd, 3);
	must_change(fd, PUNCH, 0, 4);
	CHECK(!flag_is_set(fd, NULL));
	set_flag(fd, 4);
	must_change(fd, ZERO, 0, CODE_LEN);
	CHECK(!flag_is_set(fd, NULL));
	set_flag(fd, 5);
	CHECK_OK(ftruncate(fd, 4));
	CHECK_OK(ftruncate(fd, CODE_LEN));
	CHECK(!flag_is_set(fd, NULL));
}

/* Another file gets the only block, with other bytes: zeroes where nothing was written yet. */
static void flag_of_another_file(void)
{
	static const enum way ways[] = { BY_WRITE, BY_PIPE, BY_STORE, NR_WAYS };
	unsigned int i;
	unsigned long pfn, old;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);

		set_flag(fd, 6);
		flag_is_set(fd, &old);
		close(fd);
		CHECK_OK(unlink("f"));
		fd = xopen("g", O_RDWR | O_CREAT | O_EXCL);
		if (ways[i] == NR_WAYS)
			CHECK_OK(ftruncate(fd, PAGE));
		else
			put(fd, ways[i], 7);
		if (flag_is_set(fd, &pfn))
			fail("the flag is still set in the other file, way %u", i);
		CHECK_EQ(pfn, old);
		close(fd);
		CHECK_OK(unlink("g"));
	}
}

static const struct test tests[] = {
	{ "block_of_another_file", block_of_another_file, "poem=2,strict", 0 },
	{ "written_again", written_again, "poem=2,strict", 0 },
	{ "flag", flag, "poem=2,strict", T_SCRIPTFS },
	{ "flag_of_another_file", flag_of_another_file, "poem=1,strict", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
