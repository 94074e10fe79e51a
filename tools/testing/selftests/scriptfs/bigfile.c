// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of many blocks of every class, up to several super blocks.
 */
#include "model.h"

#include <pthread.h>

/* Write pieces that end at no boundary, so that the next one meets a half-full block. */
static void write_oddly(int fd, off_t from, off_t to, size_t piece, u64 seed)
{
	for (; from < to; from += piece) {
		if ((off_t)piece > to - from)
			piece = to - from;
		write_file(fd, from, piece, seed);
	}
}

static void sequential(void)
{
	static const size_t pieces[] = { KiB(4), 50001, MiB(1), MiB(3) + 1 };
	int fd = xopen("f", O_RDWR | O_CREAT);
	off_t size = MiB(20) + 4321;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		write_oddly(fd, 0, size, pieces[i], i);
		CHECK_EQ(file_size(fd), size);
		check_file(fd, 0, size, i);
		CHECK_CMP(file_held(fd), >=, size);
		/* Overwriting takes no more memory. */
		if (on_scriptfs())
			CHECK_EQ(file_held(fd), counter(NULL, "used"));
		write_oddly(fd, MiB(1) + 1, MiB(9), MiB(1), i + 10);
		check_file(fd, 0, MiB(1) + 1, i);
		check_file(fd, MiB(1) + 1, MiB(8) - 1, i + 10);
		check_file(fd, MiB(9), size - MiB(9), i);
		CHECK_OK(ftruncate(fd, 0));
	}
}

/* More than the large blocks hold: all other classes supply the rest. */
static void every_class(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned long long sum = 0;
	unsigned int class;
	off_t size = 0;

	for (class = 0; class < SCRIPTFS_SUPER; class++)
		sum += counter(class_names[class], "reserve") * class_sizes[class];
	while (size < (long long)sum) {
		write_file(fd, size, KiB(32), 7);
		size += KiB(32);
	}
	for (class = 0; class < SCRIPTFS_SUPER; class++)
		CHECK_EQ(counter(class_names[class], "free"), 0);
	CHECK_EQ(file_held(fd), sum);
	CHECK_ERR(pwrite(fd, "x", 1, size), ENOSPC);
	CHECK_EQ(file_size(fd), size);
	check_file(fd, 0, size, 7);

	/* Shrink step by step: each page comes back as soon as its last byte is cut off. */
	while (size) {
		size -= size > KiB(992) ? KiB(992) : size;
		CHECK_OK(ftruncate(fd, size));
		CHECK_EQ(file_held(fd), size);
		CHECK_EQ(file_held(fd), counter(NULL, "used"));
		check_file(fd, size > PAGE ? size - PAGE : 0, size > PAGE ? PAGE : size, 7);
	}
	CHECK_EQ(file_held(fd), 0);
}

/* Write islands in every class, then fill the gaps between them. */
static void islands(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	off_t size = MiB(16), at;

	for (at = 0; at < size; at += KiB(160) + 5)
		write_file(fd, at, 5000, 1);
	for (at = 0; at < size; at += KiB(160) + 5) {
		check_file(fd, at, 5000, 1);
		if (at + KiB(160) + 5 < size)
			check_zero(fd, at + 5000, KiB(160) + 5 - 5000);
	}
	for (at = 0; at < size; at += KiB(160) + 5)
		write_file(fd, at + 5000, KiB(160) + 5 - 5000, 1);
	check_file(fd, 0, size, 1);
}

static void backwards(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	off_t at;

	for (at = MiB(12); at > 0; at -= KiB(96))
		write_file(fd, at - KiB(96), KiB(96), 2);
	check_file(fd, 0, MiB(12), 2);
}

static void many_files(void)
{
	unsigned long nr = scaled(300), i;
	char name[32];
	int fd;

	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "f%lu", i);
		fd = xopen(name, O_RDWR | O_CREAT);
		write_file(fd, 0, i * 97 % KiB(70), i);
		close(fd);
	}
	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "f%lu", i);
		fd = xopen(name, O_RDONLY);
		CHECK_EQ(file_size(fd), i * 97 % KiB(70));
		check_file(fd, 0, i * 97 % KiB(70), i);
		close(fd);
		/* Remove every other file, so that what follows meets gaps. */
		if (i % 2)
			CHECK_OK(unlink(name));
	}
	fd = xopen("big", O_RDWR | O_CREAT);
	write_file(fd, 0, MiB(6), 5);
	check_file(fd, 0, MiB(6), 5);
	for (i = 0; i < nr; i += 2) {
		int other;

		snprintf(name, sizeof(name), "f%lu", i);
		other = xopen(name, O_RDONLY);
		check_file(other, 0, i * 97 % KiB(70), i);
		close(other);
	}
	check_balance(".");
}

static void random_big(void)
{
	struct model m;

	model_open(&m, "f", MiB(24), 77);
	model_run(&m, MODEL_ALL, scaled(1200));
	model_close(&m);
}

static void *open_on(void *arg)
{
	bool *stop = arg;
	int fd;

	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		fd = open("f", O_RDONLY);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

/* A file grows past what was made for its size when it was opened, while others open it. */
static void opened_while_growing(void)
{
	pthread_t thread[2];
	bool stop = false;
	unsigned long i;
	off_t size;
	int fd;

	for (i = 0; i < ARRAY_SIZE(thread); i++)
		CHECK_EQ(pthread_create(&thread[i], NULL, open_on, &stop), 0);
	for (i = 0; i < scaled(200); i++) {
		fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
		for (size = 0; size < MiB(64); size += MiB(2)) {
			CHECK_OK(fallocate(fd, 0, size, MiB(2)));
			if (size % MiB(8) == 0)
				write_file(fd, size, KiB(4), 1);
			check_file(fd, size / MiB(16) * MiB(8), KiB(4), 1);
		}
		close(fd);
		CHECK_OK(unlink("f"));
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < ARRAY_SIZE(thread); i++)
		pthread_join(thread[i], NULL);
}

/* Mount with as many super blocks as memory allows, up to @most. */
static unsigned int mount_supers(unsigned int most)
{
	unsigned long there = memory_figure("MemAvailable") / 1024;
	unsigned int nr = there < 150 ? 0 : (there - 150) / 256;
	char options[64];

	if (nr > most)
		nr = most;
	if (!nr)
		skip("a super block needs 406 MiB of available memory, there are %lu", there);
	snprintf(options, sizeof(options), "super=%u,strict,class=super", nr);
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", options));
	CHECK_OK(chdir("m"));
	return nr;
}

static void unmount_supers(void)
{
	remove_all(".");
	check_settled(".");
	CHECK_OK(chdir(".."));
	CHECK_OK(umount("m"));
}

/* One file gets all super blocks and is written around the ends of chunks and blocks. */
static void supers(void)
{
	unsigned int nr = mount_supers(2), i;
	off_t size = nr * MiB(256), at;
	int fd = xopen("f", O_RDWR | O_CREAT);

	note("%u super blocks", nr);
	write_file(fd, 0, MiB(5), 1);
	CHECK_EQ(counter("super", "used"), 1);
	CHECK_EQ(file_held(fd), MiB(256));
	for (at = MiB(8); at <= size - MiB(4); at += MiB(28))
		write_file(fd, at - 3000, 6000, 1);
	write_file(fd, size - MiB(1), MiB(1), 1);
	CHECK_EQ(counter("super", "used"), nr);
	CHECK_EQ(file_size(fd), size);
	CHECK_ERR(pwrite(fd, "x", 1, size), ENOSPC);
	CHECK_EQ(pwrite(fd, "xx", 2, size - 1), 1);
	write_file(fd, size - 1, 1, 1);

	check_file(fd, 0, MiB(5), 1);
	for (at = MiB(8); at <= size - MiB(4); at += MiB(28)) {
		check_file(fd, at - 3000, 6000, 1);
		check_zero(fd, at + 3000, KiB(100));
	}
	check_file(fd, size - MiB(1), MiB(1), 1);

	/* Shrink into the first block and grow again: no old data shows. */
	CHECK_OK(ftruncate(fd, MiB(4) + 1));
	CHECK_EQ(file_held(fd), MiB(4) + PAGE);
	CHECK_EQ(counter("super", "cut"), 1);
	CHECK_EQ(counter("super", "free"), nr - 1);
	CHECK_OK(ftruncate(fd, size));
	check_file(fd, 0, MiB(4) + 1, 1);
	check_zero(fd, MiB(4) + 1, MiB(8));
	check_zero(fd, size - MiB(2), MiB(2));
	for (i = 0; i < nr; i++)
		write_file(fd, i * MiB(256) + MiB(100), MiB(3), 2);
	for (i = 0; i < nr; i++)
		check_file(fd, i * MiB(256) + MiB(100), MiB(3), 2);
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(counter("super", "free"), nr);
	close(fd);
	unmount_supers();
}

/* Fill a super block to the last byte, with calls that take no notice of where a chunk ends. */
static void super_full(void)
{
	off_t size;
	int fd;

	mount_supers(1);
	fd = xopen("f", O_RDWR | O_CREAT);
	for (size = 0; size < MiB(256); size += MiB(4))
		write_file(fd, size, MiB(4), 3);
	CHECK_ERR(pwrite(fd, "x", 1, size), ENOSPC);
	write_oddly(fd, MiB(2) - 5, MiB(10), 300007, 4);
	check_file(fd, 0, MiB(2) - 5, 3);
	check_file(fd, MiB(2) - 5, MiB(8) + 5, 4);
	check_file(fd, MiB(10), MiB(246), 3);
	close(fd);
	unmount_supers();
}

static void super_mapped(void)
{
	unsigned char *map;
	off_t at;
	int fd;

	mount_supers(1);
	fd = xopen("f", O_RDWR | O_CREAT);
	CHECK_OK(ftruncate(fd, MiB(200)));
	map = mmap(NULL, MiB(200), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	for (at = MiB(2); at < MiB(200); at += MiB(22)) {
		fill(map + at - 100, 200, at - 100, 5);
		check_file(fd, at - 100, 200, 5);
		write_file(fd, at + 5000, 5000, 5);
		check_fill(map + at + 5000, 5000, at + 5000, 5);
		check_bytes(map + at + 100, 4900, 0);
	}
	munmap(map, MiB(200));
	close(fd);
	unmount_supers();
}

#define MANY_LARGE	"poem=64,novel=32,medium=8,large=16,size=64M"
#define EVERY_CLASS	"poem=24,novel=20,medium=10,large=5,strict"

static const struct test tests[] = {
	{ "sequential", sequential, MANY_LARGE, 0 },
	{ "every_class", every_class, EVERY_CLASS, T_SCRIPTFS },
	{ "islands", islands, MANY_LARGE, 0 },
	{ "backwards", backwards, MANY_LARGE, 0 },
	{ "many_files", many_files, MANY_LARGE, 0 },
	{ "opened_while_growing", opened_while_growing, "large=100,strict", 0 },
	{ "random_big", random_big, MANY_LARGE, 0 },
	{ "supers", supers, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "super_full", super_full, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "super_mapped", super_mapped, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
