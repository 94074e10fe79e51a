// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings of files in large blocks: they are mapped 2 MiB at a time, and all that is done with a
 * mapping is right and leaves nothing behind, whether it takes a huge page as a whole, parts of it,
 * or makes the kernel divide it.
 */
#include "huge_map.h"

#include <linux/futex.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* Since Linux 5.14, and 6.1. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif

static long faults(void)
{
	struct rusage usage;

	CHECK_OK(getrusage(RUSAGE_SELF, &usage));
	return usage.ru_minflt;
}

static void touched(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map, byte;
	size_t at;
	long before;

	need_huge_pages();
	write_file(fd, 0, MiB(8), 1);
	map = map_file(fd, MiB(8));
	CHECK_EQ((unsigned long)map % HUGE, 0);
	before = faults();
	for (at = 0; at < (size_t)MiB(8); at += PAGE)
		CHECK(try_read(map + at, &byte));
	CHECK_CMP(faults() - before, <=, 5);
	CHECK_EQ(huge_mapped(map), MiB(8));
	check_fill(map, MiB(8), 0, 1);
	/* A huge page is there for the next one. */
	munmap(map, MiB(8));
	map = map_file(fd, MiB(8));
	before = faults();
	for (at = 0; at < (size_t)MiB(8); at += PAGE)
		map[at] = at / PAGE;
	CHECK_CMP(faults() - before, <=, 5);
	for (at = 0; at < (size_t)MiB(8); at += PAGE) {
		unsigned char read;

		pread_full(fd, &read, 1, at);
		CHECK_EQ(read, (unsigned char)(at / PAGE));
	}
	/* And what write(2) writes is in it. */
	write_file(fd, 4321, MiB(5), 2);
	check_fill(map + 4321, MiB(5), 4321, 2);
	end_file("f", fd, map, MiB(8));
}

/* Memory that only the mapping has the file get: all of it is zeroes, whatever was there before. */
static void stored(void)
{
	unsigned char *map;
	size_t at;
	int fd;

	need_huge_pages();
	poison();
	fd = xopen("f", O_RDWR | O_CREAT);
	CHECK_OK(ftruncate(fd, MiB(8)));
	map = map_file(fd, MiB(8));
	for (at = 12345; at < (size_t)MiB(8); at += HUGE)
		map[at] = 1;
	CHECK_EQ(huge_mapped(map), MiB(8));
	for (at = 12345; at < (size_t)MiB(8); at += HUGE)
		map[at] = 0;
	check_bytes(map, MiB(8), 0);
	check_zero(fd, 0, MiB(8));
	end_file("f", fd, map, MiB(8));
}

/* A part of a huge page at the end of a file is no reason to map what is behind. */
static void at_the_end(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	need_huge_pages();
	write_file(fd, 0, MiB(3) + 100, 1);
	map = map_file(fd, MiB(8));
	check_fill(map, MiB(3) + 100, 0, 1);
	check_bytes(map + MiB(3) + 100, PAGE - 100, 0);
	CHECK_EQ(huge_mapped(map), HUGE);
	CHECK(!try_read(map + MiB(3) + PAGE, NULL));
	CHECK(!try_write(map + MiB(4), 1));
	/* It grows to be all in the file. */
	write_file(fd, MiB(3) + 100, MiB(1) - 100, 1);
	check_fill(map, MiB(4), 0, 1);
	end_file("f", fd, map, MiB(8));
}

static void in_parts(void)
{
	unsigned char *map, *moved;
	int fd;

	need_huge_pages();
	map = make_mapped("f", MiB(8), 1, &fd);
	/* Read only, and writable again. */
	CHECK_OK(mprotect(map + MiB(1), MiB(2), PROT_READ));
	check_fill(map, MiB(8), 0, 1);
	CHECK_OK(mprotect(map + MiB(1), MiB(2), PROT_READ | PROT_WRITE));
	fill(map + MiB(1), MiB(2), MiB(1), 2);
	check_file(fd, MiB(1), MiB(2), 2);
	check_file(fd, MiB(3), MiB(5), 1);
	/* A hole in the mapping. */
	CHECK_OK(munmap(map + MiB(4) + KiB(64), KiB(64)));
	check_fill(map + MiB(3), MiB(1) + KiB(64), MiB(3), 1);
	check_fill(map + MiB(4) + KiB(128), MiB(4) - KiB(128), MiB(4) + KiB(128), 1);
	/* Moved, to where it can be mapped as before and where it cannot. */
	moved = mremap(map + MiB(6), MiB(2), MiB(2), MREMAP_MAYMOVE | MREMAP_FIXED,
		       map + MiB(3) + KiB(64));
	CHECK(moved != MAP_FAILED);
	check_fill(moved, MiB(2), MiB(6), 1);
	fill(moved, MiB(2), MiB(6), 3);
	check_file(fd, MiB(6), MiB(2), 3);
	end_file("f", fd, map, MiB(8));
}

static void child_writes(void *arg)
{
	unsigned char *map = arg;

	check_fill(map, MiB(4), 0, 1);
	fill(map + MiB(1), MiB(2), MiB(1), 3);
	check_fill(map, MiB(1), 0, 1);
	check_fill(map + MiB(1), MiB(2), MiB(1), 3);
	check_fill(map + MiB(3), MiB(1), MiB(3), 1);
}

static void copied(void)
{
	unsigned char *map, *own;
	int fd;

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	own = mmap(NULL, MiB(4), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(own != MAP_FAILED);
	check_fill(own, MiB(4), 0, 1);
	finish(start(child_writes, own));
	check_fill(own, MiB(4), 0, 1);
	child_writes(own);
	check_fill(map, MiB(4), 0, 1);
	/* A copy of a page stays when the file is cut, as far as the file goes. */
	CHECK_OK(ftruncate(fd, MiB(2) + PAGE));
	check_fill(own + MiB(1), MiB(1) + PAGE, MiB(1), 3);
	CHECK(!try_read(own + MiB(3), NULL));
	CHECK_OK(ftruncate(fd, MiB(4)));
	check_bytes(own + MiB(3), MiB(1), 0);
	munmap(own, MiB(4));
	end_file("f", fd, map, MiB(4));
}

static void advised(void)
{
	static const int advice[] = {
		MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_DONTNEED, MADV_NORMAL,
		MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_COLD, MADV_PAGEOUT, MADV_FREE,
		MADV_MERGEABLE, MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_COLLAPSE,
	};
	unsigned char *map;
	unsigned int i;
	int fd;

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	for (i = 0; i < ARRAY_SIZE(advice); i++) {
		madvise(map, MiB(4), advice[i]);
		check_fill(map, MiB(4), 0, 1);
		madvise(map + KiB(512), MiB(2), advice[i]);
		check_fill(map, MiB(4), 0, 1);
	}
	CHECK_OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	check_fill(map, MiB(4), 0, 1);
	CHECK_OK(madvise(map + MiB(1), MiB(2), MADV_REMOVE));
	CHECK_EQ(file_held(fd), MiB(2));
	check_bytes(map + MiB(1), MiB(2), 0);
	check_fill(map, MiB(1), 0, 1);
	check_fill(map + MiB(3), MiB(1), MiB(3), 1);
	end_file("f", fd, map, MiB(4));
}

/* Who does not want huge pages gets none, and what he has can be cut page by page. */
static void unwanted(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	need_huge_pages();
	write_file(fd, 0, MiB(4), 1);
	map = map_pages(fd, MiB(4), PROT_READ | PROT_WRITE);
	check_fill(map, MiB(4), 0, 1);
	CHECK_EQ(huge_mapped(map), 0);
	fill(map, MiB(4), 0, 2);
	check_file(fd, 0, MiB(4), 2);
	end_file("f", fd, map, MiB(4));
}

static void locked(void)
{
	unsigned char *map, *vec = xmalloc(MiB(4) / PAGE);
	unsigned int i;
	int fd;

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	CHECK_OK(mlock(map, MiB(4)));
	CHECK_OK(mincore(map, MiB(4), vec));
	for (i = 0; i < MiB(4) / PAGE; i++)
		CHECK_EQ(vec[i] & 1, 1);
	CHECK_OK(munlock(map + MiB(1), MiB(2)));
	CHECK_OK(ftruncate(fd, MiB(1)));
	check_fill(map, MiB(1), 0, 1);
	CHECK(!try_read(map + MiB(1), NULL));
	CHECK_OK(ftruncate(fd, MiB(4)));
	check_bytes(map + MiB(1), MiB(3), 0);
	free(vec);
	end_file("f", fd, map, MiB(4));
}

static void wake_waiter(void *arg)
{
	unsigned int *word = arg;

	__atomic_store_n(word, 1, __ATOMIC_SEQ_CST);
	while (syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0) == 0)
		if (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 2)
			break;
}

static void futex_in_file(void)
{
	unsigned char *map, *other;
	unsigned int *word;
	pid_t pid;
	int fd;

	need_huge_pages();
	map = make_mapped("f", MiB(4), 1, &fd);
	other = map_file(fd, MiB(4));
	word = (unsigned int *)(map + MiB(3) + 64);
	*word = 0;
	pid = start(wake_waiter, other + MiB(3) + 64);
	while (__atomic_load_n(word, __ATOMIC_SEQ_CST) == 0)
		syscall(SYS_futex, word, FUTEX_WAIT, 0, NULL, NULL, 0);
	__atomic_store_n(word, 2, __ATOMIC_SEQ_CST);
	finish(pid);
	munmap(other, MiB(4));
	end_file("f", fd, map, MiB(4));
}

/* Blocks that were huge pages serve small files, and become huge pages again. */
static void used_again(void)
{
	unsigned char *map;
	char name[16];
	int fd, i, turn;

	need_huge_pages();
	for (turn = 0; turn < 3; turn++) {
		fd = xopen("f", O_RDWR | O_CREAT);
		CHECK_OK(fallocate(fd, 0, 0, MiB(16)));
		close(fd);
		map = make_mapped("f", MiB(16), turn, &fd);
		end_file("f", fd, map, MiB(16));
		for (i = 0; i < 64; i++) {
			snprintf(name, sizeof(name), "s%d", i);
			fd = xopen(name, O_RDWR | O_CREAT);
			write_file(fd, 0, KiB(12), i);
			map = map_file(fd, KiB(12));
			check_fill(map, KiB(12), 0, i);
			munmap(map, KiB(12));
			close(fd);
		}
		remove_all(".");
		check_settled(".");
	}
}

/* In supers it is the chunks that are mapped so. */
static void in_a_super(void)
{
	unsigned char *map;
	int fd;

	need_huge_pages();
	fd = xopen("f", O_RDWR | O_CREAT);
	write_file(fd, MiB(64), MiB(8), 1);
	map = mmap(NULL, MiB(8), PROT_READ | PROT_WRITE, MAP_SHARED, fd, MiB(64));
	CHECK(map != MAP_FAILED);
	check_fill(map, MiB(8), MiB(64), 1);
	CHECK_EQ(huge_mapped(map), MiB(8));
	CHECK_OK(ftruncate(fd, MiB(65)));
	check_fill(map, MiB(1), MiB(64), 1);
	CHECK(!try_read(map + MiB(1), NULL));
	end_file("f", fd, map, MiB(8));
}

/* 16 MiB of all classes. */
#define ALL_POOLS	"poem=16,novel=8,medium=6,large=6,strict"

/* A file that grew is in many pieces, and is brought together where it is mapped. */
static void gathered(void)
{
	unsigned char *map;
	loff_t at;
	int fd;

	need_huge_pages();
	poison();
	fd = xopen("f", O_RDWR | O_CREAT);
	for (at = 0; at < MiB(4) + KiB(64); at += KiB(64))
		write_file(fd, at, KiB(64), 1);
	map = map_file(fd, MiB(4) + KiB(64));
	check_fill(map, MiB(4) + KiB(64), 0, 1);
	CHECK_EQ(huge_mapped(map), MiB(4));
	check_file(fd, 0, MiB(4) + KiB(64), 1);
	end_file("f", fd, map, MiB(4) + KiB(64));

	/* So is one that grew by being stored to, for those who come next. */
	fd = xopen("f", O_RDWR | O_CREAT);
	CHECK_OK(ftruncate(fd, MiB(4)));
	map = map_file(fd, MiB(4));
	for (at = 0; at < MiB(4); at += PAGE)
		map[at + 5] = 5;
	munmap(map, MiB(4));
	map = map_file(fd, MiB(4));
	for (at = 0; at < MiB(4); at += PAGE) {
		check_bytes(map + at, 5, 0);
		CHECK_EQ(map[at + 5], 5);
		check_bytes(map + at + 6, PAGE - 6, 0);
	}
	CHECK_EQ(huge_mapped(map), MiB(4));
	end_file("f", fd, map, MiB(4));
}

/* Who touches a page here and there gets no more than before. */
static void touched_here_and_there(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;
	size_t at;

	need_huge_pages();
	CHECK_OK(ftruncate(fd, MiB(64)));
	map = map_file(fd, MiB(64));
	for (at = 0; at < (size_t)MiB(64); at += MiB(1))
		map[at] = 1;
	CHECK_EQ(file_held(fd), 64 * PAGE);
	end_file("f", fd, map, MiB(64));
}

static const struct test tests[] = {
	{ "touched", touched, LARGE_POOL, T_SCRIPTFS },
	{ "stored", stored, LARGE_POOL, T_SCRIPTFS },
	{ "at_the_end", at_the_end, LARGE_POOL, T_SCRIPTFS },
	{ "in_parts", in_parts, LARGE_POOL, T_SCRIPTFS },
	{ "copied", copied, LARGE_POOL, T_SCRIPTFS },
	{ "gathered", gathered, ALL_POOLS, T_SCRIPTFS },
	{ "touched_here_and_there", touched_here_and_there, ALL_POOLS, T_SCRIPTFS },
	{ "advised", advised, LARGE_POOL, T_SCRIPTFS },
	{ "unwanted", unwanted, LARGE_POOL, T_SCRIPTFS },
	{ "locked", locked, LARGE_POOL, T_SCRIPTFS },
	{ "futex_in_file", futex_in_file, LARGE_POOL, T_SCRIPTFS },
	{ "used_again", used_again, "large=8,strict,size=16M", T_SCRIPTFS },
	{ "in_a_super", in_a_super, "super=1,class=super,strict", T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
