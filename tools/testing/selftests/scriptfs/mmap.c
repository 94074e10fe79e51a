// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings: they show the same bytes as read(2) and write(2), and end where the file does.
 */
#include "model.h"

#include <pthread.h>

static unsigned char *map_at(int fd, size_t len, int prot, int flags, off_t offset)
{
	void *map = mmap(NULL, len, prot, flags, fd, offset);

	if (map == MAP_FAILED)
		fail("mmap of %zu at %lld", len, (long long)offset);
	return map;
}

static unsigned char *map_shared(int fd, size_t len)
{
	return map_at(fd, len, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
}

static void same_bytes(void)
{
	static const off_t places[] = {
		0, PAGE - 3, KiB(32) - 3, KiB(64) - 3, KiB(512) - 3, MiB(2) - 3, MiB(3) - 6,
	};
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map, *again;
	unsigned int i;

	write_file(fd, 0, MiB(3), 1);
	map = map_shared(fd, MiB(3));
	again = map_at(fd, MiB(3), PROT_READ, MAP_SHARED, 0);
	check_fill(map, MiB(3), 0, 1);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		fill(map + places[i], 6, places[i], 2);
		check_file(fd, places[i], 6, 2);
		check_fill(again + places[i], 6, places[i], 2);
		write_file(fd, places[i], 6, 3);
		check_fill(map + places[i], 6, places[i], 3);
		check_fill(again + places[i], 6, places[i], 3);
	}
	munmap(map, MiB(3));
	close(fd);
	/* The second mapping alone keeps the file in use. */
	check_fill(again + places[4], 6, places[4], 3);
	CHECK_OK(unlink("f"));
	check_fill(again + places[5], 6, places[5], 3);
	munmap(again, MiB(3));
}

static void private_copies(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	write_file(fd, 0, KiB(200), 1);
	map = map_at(fd, KiB(200), PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	check_fill(map, KiB(200), 0, 1);
	/* A page that was not copied yet follows the file, a copied one does not. */
	fill(map + 5, 100, 5, 2);
	fill(map + KiB(100), 100, KiB(100), 2);
	check_file(fd, 0, KiB(200), 1);
	write_file(fd, 0, KiB(200), 3);
	check_fill(map + 5, 100, 5, 2);
	check_fill(map + 105, PAGE - 105, 105, 1);
	check_fill(map + PAGE, KiB(96), PAGE, 3);
	check_fill(map + KiB(100), 100, KiB(100), 2);
	CHECK_OK(madvise(map, KiB(200), MADV_DONTNEED));
	check_fill(map, KiB(200), 0, 3);
	munmap(map, KiB(200));
}

/* Where a mapping has read a hole as zeroes, it must show what is written there later. */
static void mapped_holes(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map, *private;

	CHECK_OK(ftruncate(fd, MiB(3)));
	map = map_shared(fd, MiB(3));
	private = map_at(fd, MiB(3), PROT_READ, MAP_PRIVATE, 0);
	check_bytes(map, MiB(3), 0);
	check_bytes(private, MiB(3), 0);
	write_file(fd, KiB(500), KiB(50), 1);
	check_fill(map + KiB(500), KiB(50), KiB(500), 1);
	check_fill(private + KiB(500), KiB(50), KiB(500), 1);
	check_bytes(map, KiB(500), 0);
	fill(map + MiB(2) + 10, 10, MiB(2) + 10, 2);
	check_file(fd, MiB(2) + 10, 10, 2);
	check_fill(private + MiB(2) + 10, 10, MiB(2) + 10, 2);
	check_zero(fd, MiB(2), 10);
	check_zero(fd, MiB(2) + 20, KiB(100));
	CHECK_EQ(file_size(fd), MiB(3));
	CHECK_CMP(file_held(fd), >, 0);
}

static void beyond_the_end(void)
{
	static const size_t sizes[] = {
		1, PAGE - 1, PAGE, PAGE + 1,
		KiB(32), KiB(32) + 1, KiB(64) - 1, KiB(600), MiB(2) + 5,
	};
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t pages = (sizes[i] + PAGE - 1) / PAGE * PAGE;
		unsigned char *map;

		CHECK_OK(ftruncate(fd, 0));
		write_file(fd, 0, sizes[i] + 3000, 1);
		CHECK_OK(ftruncate(fd, sizes[i]));
		map = map_shared(fd, pages + MiB(1));
		check_fill(map, sizes[i], 0, 1);
		/* The rest of the last page reads as zeroes; the page after it gives SIGBUS. */
		check_bytes(map + sizes[i], pages - sizes[i], 0);
		CHECK(!try_read(map + pages, NULL));
		CHECK(!try_write(map + pages, 1));
		CHECK(!try_read(map + pages + KiB(512), NULL));
		CHECK(!try_write(map + pages + MiB(1) - 1, 1));
		CHECK_EQ(file_size(fd), sizes[i]);
		/* Once the file has grown, that page can be accessed. */
		CHECK_OK(ftruncate(fd, pages + PAGE));
		CHECK(try_write(map + pages, 1));
		CHECK(try_read(map + pages + PAGE - 1, NULL));
		CHECK(!try_read(map + pages + PAGE, NULL));
		munmap(map, pages + MiB(1));
	}
	CHECK_OK(ftruncate(fd, 0));
	CHECK_EQ(file_held(fd), 0);
}

/*
 * What a mapping stores beyond the end of the file, in its last page, does not become part of the
 * file: once the file grows over it, it reads as zeroes.
 */
static void stored_behind_the_end(void)
{
	static const size_t sizes[] = { 1, 4000, KiB(32) - 100, KiB(64) + 5, KiB(600) + 1 };
	int fd = xopen("f", O_RDWR | O_CREAT), append = xopen("f", O_WRONLY | O_APPEND);
	unsigned int i, way;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size_t size = sizes[i], pages = (size + PAGE - 1) / PAGE * PAGE;

		for (way = 0; way < 4; way++) {
			unsigned char *map;

			CHECK_OK(ftruncate(fd, 0));
			write_file(fd, 0, size, 1);
			map = map_shared(fd, pages);
			memset(map + size, 0xee, pages - size);
			CHECK_EQ(file_size(fd), size);
			switch (way) {
			case 0:
				CHECK_OK(ftruncate(fd, MiB(1)));
				break;
			case 1:
				pwrite_full(fd, "x", 1, MiB(1));
				break;
			case 2:
				fill(map + size, 1, size, 1);
				pwrite_full(append, map + size, 1, 0);
				CHECK_OK(ftruncate(fd, MiB(1)));
				size++;
				break;
			default:
				munmap(map, pages);
				CHECK_OK(ftruncate(fd, MiB(1)));
				map = map_shared(fd, pages);
			}
			check_file(fd, 0, size, 1);
			check_zero(fd, size, MiB(1) - size);
			check_bytes(map + size, pages - size, 0);
			munmap(map, pages);
		}
	}
}

static void truncate_under(void)
{
	static const size_t cuts[] = {
		MiB(2) + 1, MiB(2), KiB(512) + 5, KiB(64), KiB(33), 4097, 1, 0,
	};
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map = map_shared(fd, MiB(3)), *private;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		size_t cut = cuts[i], pages = (cut + PAGE - 1) / PAGE * PAGE;

		write_file(fd, 0, MiB(3), i);
		check_fill(map, MiB(3), 0, i);
		private = map_at(fd, MiB(3), PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
		CHECK(try_write(private + MiB(3) - 1, 1));
		CHECK_OK(ftruncate(fd, cut));
		check_fill(map, cut, 0, i);
		check_bytes(map + cut, pages - cut, 0);
		CHECK(!try_read(map + pages, NULL));
		CHECK(!try_write(map + pages, 1));
		CHECK(!try_read(map + MiB(3) - 1, NULL));
		/* A private copy goes too. */
		CHECK(!try_read(private + MiB(3) - 1, NULL));
		CHECK_OK(ftruncate(fd, MiB(3)));
		check_bytes(map + cut, MiB(3) - cut, 0);
		check_fill(map, cut, 0, i);
		munmap(private, MiB(3));
	}
	munmap(map, MiB(3));
}

/* Whatever drops pages from the page cache, the bytes stay. */
static void dropped(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	CHECK_OK(ftruncate(fd, MiB(1)));
	map = map_shared(fd, MiB(1));
	fill(map, MiB(1), 0, 1);
	CHECK_OK(msync(map, MiB(1), MS_ASYNC));
	CHECK_OK(msync(map, MiB(1), MS_SYNC));
	CHECK_OK(msync(map, MiB(1), MS_SYNC | MS_INVALIDATE));
	CHECK_OK(madvise(map, MiB(1), MADV_DONTNEED));
	check_fill(map, KiB(512), 0, 1);
	munmap(map, MiB(1));
	CHECK_OK(fsync(fd));
	CHECK_EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	CHECK(write_text("/proc/sys/vm/drop_caches", "3"));
	CHECK_EQ(file_size(fd), MiB(1));
	check_file(fd, 0, MiB(1), 1);
	map = map_shared(fd, MiB(1));
	check_fill(map, MiB(1), 0, 1);
	CHECK(write_text("/proc/sys/vm/drop_caches", "3"));
	check_fill(map, MiB(1), 0, 1);
	fill(map, 10, 0, 2);
	check_file(fd, 0, 10, 2);
	munmap(map, MiB(1));
}

static void moved(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map, *old;

	write_file(fd, 0, MiB(1), 1);
	map = map_at(fd, KiB(64), PROT_READ | PROT_WRITE, MAP_SHARED, KiB(128));
	check_fill(map, KiB(64), KiB(128), 1);
	old = map_at(-1, MiB(1), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, 0);
	map = mremap(map, KiB(64), KiB(512), MREMAP_MAYMOVE | MREMAP_FIXED, old);
	CHECK(map == old);
	check_fill(map, KiB(512), KiB(128), 1);
	fill(map + KiB(500), 10, KiB(628), 2);
	check_file(fd, KiB(628), 10, 2);
	CHECK(mremap(map, KiB(512), PAGE, 0) == map);
	check_fill(map, PAGE, KiB(128), 1);
	munmap(map, PAGE);
}

static void child_of_mapping(void *arg)
{
	unsigned char **maps = arg;

	check_fill(maps[0], KiB(100), 0, 1);
	check_fill(maps[1], KiB(100), 0, 1);
	fill(maps[0], KiB(100), 0, 2);
	fill(maps[1], KiB(100), 0, 3);
	check_fill(maps[0], KiB(100), 0, 2);
}

static void forked(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *maps[2];

	write_file(fd, 0, KiB(100), 1);
	maps[0] = map_shared(fd, KiB(100));
	maps[1] = map_at(fd, KiB(100), PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	fill(maps[1], KiB(100), 0, 1);
	finish(start(child_of_mapping, maps));
	check_fill(maps[0], KiB(100), 0, 2);
	check_fill(maps[1], KiB(100), 0, 1);
	check_file(fd, 0, KiB(100), 2);
}

/* write(2) from a mapping of the same file that is not faulted in yet. */
static void write_from_own_mapping(void)
{
	static const struct {
		off_t from, to;
		size_t len;
	} jobs[] = {
		{ 0, KiB(64), 100 }, { 0, 0, PAGE }, { KiB(32), 0, KiB(32) },
		{ 100, KiB(40) + 3, KiB(33) }, { MiB(2), 0, MiB(2) }, { 7, MiB(2) + 99, MiB(1) },
		{ 0, MiB(5), MiB(2) }, { 0, MiB(4) - 10, 20 },
		{ MiB(4) - KiB(64), MiB(4), KiB(64) },
	};
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map, *copy = xmalloc(MiB(2));
	unsigned int i;
	ssize_t done;

	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		off_t from = jobs[i].from, to = jobs[i].to;
		size_t len = jobs[i].len;

		CHECK_OK(ftruncate(fd, 0));
		write_file(fd, 0, MiB(4), i);
		map = map_shared(fd, MiB(8));
		pwrite_full(fd, map + from, len, to);
		CHECK_EQ(file_size(fd), to + (off_t)len > MiB(4) ? to + (off_t)len : MiB(4));
		fill(copy, len, from, i);
		CHECK(memcmp(map + to, copy, len) == 0);
		munmap(map, MiB(8));

		/* And read(2) into such a mapping. */
		CHECK_OK(ftruncate(fd, 0));
		write_file(fd, 0, MiB(4), i);
		CHECK_OK(ftruncate(fd, MiB(8)));
		map = map_shared(fd, MiB(8));
		pread_full(fd, map + to, len, from);
		CHECK(memcmp(map + to, copy, len) == 0);
		munmap(map, MiB(8));
	}
	/* From a hole, and from beyond the end. */
	CHECK_OK(ftruncate(fd, 0));
	CHECK_OK(ftruncate(fd, MiB(1)));
	map = map_shared(fd, MiB(2));
	pwrite_full(fd, map + KiB(512), KiB(100), 0);
	check_zero(fd, 0, MiB(1));
	CHECK_ERR(pwrite(fd, map + MiB(1), 10, 0), EFAULT);
	/* It moves the end of file that its buffer crosses: how far it gets is not specified. */
	done = CHECK_OK(pwrite(fd, map + MiB(1) - 10, 20, MiB(1) - 5));
	CHECK_CMP(done, >=, 5);
	CHECK_CMP(done, <=, 20);
	CHECK_EQ(file_size(fd), MiB(1) - 5 + done);
	free(copy);
}

static void allowed(void)
{
	int ro, wo, fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	write_file(fd, 0, PAGE, 1);
	ro = xopen("f", O_RDONLY);
	wo = xopen("f", O_WRONLY);
	CHECK_ERR(mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, ro, 0), EACCES);
	CHECK_ERR(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, wo, 0), EACCES);
	CHECK_ERR(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 5), EINVAL);
	CHECK_ERR(mmap(NULL, 0, PROT_READ, MAP_SHARED, fd, 0), EINVAL);
	map = map_at(ro, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
	CHECK(try_write(map, 1));
	map = map_at(ro, PAGE, PROT_READ, MAP_SHARED, 0);
	CHECK_ERR(mprotect(map, PAGE, PROT_READ | PROT_WRITE), EACCES);
	check_file(fd, 0, PAGE, 1);
}

struct toucher {
	pthread_t	thread;
	unsigned char	*map;
	size_t		first;
	int		fd;
};

#define TOUCHERS	4
#define TOUCHED		MiB(2)

static void *touch_pages(void *arg)
{
	struct toucher *t = arg;
	size_t at;

	/* Each thread has bytes of its own in every page. */
	for (at = t->first * 16; at < TOUCHED; at += TOUCHERS * 16 * 16) {
		if (at / 1024 % 2)
			fill(t->map + at, 16, at, 1);
		else
			write_file(t->fd, at, 16, 1);
	}
	return NULL;
}

static void many_threads(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	struct toucher touchers[TOUCHERS];
	unsigned char *map;
	size_t i, at, round;

	for (round = 0; round < scaled(3); round++) {
		CHECK_OK(ftruncate(fd, 0));
		CHECK_OK(ftruncate(fd, TOUCHED));
		map = map_shared(fd, TOUCHED);
		for (i = 0; i < TOUCHERS; i++) {
			struct toucher *t = &touchers[i];

			*t = (struct toucher){ .map = map, .first = i, .fd = fd };
			CHECK_EQ(pthread_create(&t->thread, NULL, touch_pages, t), 0);
		}
		for (i = 0; i < TOUCHERS; i++)
			pthread_join(touchers[i].thread, NULL);
		for (at = 0; at < TOUCHED; at += TOUCHERS * 16 * 16) {
			check_fill(map + at, TOUCHERS * 16, at, 1);
			check_bytes(map + at + TOUCHERS * 16, TOUCHERS * 16 * 15, 0);
		}
		munmap(map, TOUCHED);
	}
}

static void unlinked(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;

	write_file(fd, 0, KiB(300), 1);
	map = map_shared(fd, KiB(300));
	close(fd);
	CHECK_OK(unlink("f"));
	check_fill(map, KiB(300), 0, 1);
	fill(map, KiB(300), 0, 2);
	check_fill(map, KiB(300), 0, 2);
	if (on_scriptfs())
		CHECK_CMP(counter(NULL, "used"), >=, KiB(300));
	munmap(map, KiB(300));
	check_settled(".");
}

/* A store changes the file's times when it has to fault, a load does not. */
static void times(void)
{
	static const struct timespec long_ago[2] = { { 1000, 0 }, { 1000, 0 } };
	int fd = xopen("f", O_RDWR | O_CREAT);
	unsigned char *map;
	struct stat st;

	write_file(fd, 0, KiB(64), 1);
	CHECK_OK(futimens(fd, long_ago));
	map = map_shared(fd, KiB(64));
	check_fill(map + KiB(32), PAGE, KiB(32), 1);
	CHECK_OK(fstat(fd, &st));
	CHECK_EQ(st.st_mtim.tv_sec, 1000);
	munmap(map, KiB(64));

	map = map_shared(fd, KiB(64));
	fill(map, 1, 0, 2);
	CHECK_OK(fstat(fd, &st));
	CHECK_CMP(st.st_mtim.tv_sec, >, 1000);
	CHECK_EQ(st.st_mtim.tv_sec, st.st_ctim.tv_sec);
	CHECK_EQ(st.st_mtim.tv_nsec, st.st_ctim.tv_nsec);
	munmap(map, KiB(64));
	close(fd);
	CHECK_OK(unlink("f"));
}

static void random_model(void)
{
	struct model m;

	model_open(&m, "f", MiB(5) + 12345, 4711);
	model_run(&m, MODEL_ALL, scaled(2000));
	model_close(&m);
	check_balance(".");
}

static const struct test tests[] = {
	{ "same_bytes", same_bytes, ANY_POOL, 0 },
	{ "private_copies", private_copies, ANY_POOL, 0 },
	{ "mapped_holes", mapped_holes, ANY_POOL, 0 },
	{ "beyond_the_end", beyond_the_end, ANY_POOL, 0 },
	{ "stored_behind_the_end", stored_behind_the_end, ANY_POOL, T_SCRIPTFS },
	{ "truncate_under", truncate_under, ANY_POOL, 0 },
	{ "dropped", dropped, ANY_POOL, 0 },
	{ "moved", moved, ANY_POOL, 0 },
	{ "forked", forked, ANY_POOL, 0 },
	{ "write_from_own_mapping", write_from_own_mapping, ANY_POOL, 0 },
	{ "allowed", allowed, ANY_POOL, 0 },
	{ "many_threads", many_threads, ANY_POOL, 0 },
	{ "unlinked", unlinked, ANY_POOL, 0 },
	{ "times", times, ANY_POOL, 0 },
	{ "random_model", random_model, ANY_POOL, 0 },
	{ "random_model_strict", random_model, "poem=192,novel=64,medium=24,large=4,strict", 0 },
	{ "random_model_poems", random_model, "poem=512,strict", 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
