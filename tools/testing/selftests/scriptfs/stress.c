// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once: processes that each have a file and an image of it in memory, threads on one
 * file, names that come and go, and all of that while space runs out.
 */
#include "model.h"

#include <pthread.h>
#include <sys/statfs.h>

static void own_file(void *arg)
{
	unsigned long who = (unsigned long)arg, i;
	struct model m;
	char name[16];

	snprintf(name, sizeof(name), "own%lu", who);
	for (i = 0; i < 3; i++) {
		model_open(&m, name, i == 2 ? KiB(70) : MiB(3), who * 100 + i);
		model_run(&m, MODEL_ALL, scaled(i == 2 ? 300 : 250));
		model_close(&m);
		CHECK_OK(unlink(name));
	}
}

/* Make, read, rename and remove poems. */
static void small_files(void *arg)
{
	unsigned long who = (unsigned long)arg, i;
	char name[32], other[32];
	u64 rng = who;
	int fd;

	for (i = 0; i < scaled(300); i++) {
		size_t len = rnd(&rng) % KiB(40);

		snprintf(name, sizeof(name), "s%lu-%llu", who, rnd(&rng) % 20);
		snprintf(other, sizeof(other), "s%lu-%llu", who, rnd(&rng) % 20);
		fd = xopen(name, O_RDWR | O_CREAT | O_TRUNC);
		write_file(fd, 0, len, i);
		close(fd);
		CHECK_OK(rename(name, other));
		fd = xopen(other, O_RDONLY);
		CHECK_EQ(file_size(fd), len);
		check_file(fd, 0, len, i);
		close(fd);
		if (rnd(&rng) % 2)
			CHECK_OK(unlink(other));
	}
}

/* The system asks for memory and drops what it can. */
static void squeeze(void *arg)
{
	unsigned long i;

	(void)arg;
	for (i = 0; i < scaled(20); i++) {
		struct statfs fs;

		write_text("/proc/sys/vm/drop_caches", i % 2 ? "3" : "2");
		CHECK_OK(statfs(".", &fs));
		CHECK_CMP(fs.f_bfree, <=, fs.f_blocks);
		usleep(20000);
	}
}

static void processes(void)
{
	void (*const jobs[])(void *) = { own_file, own_file, own_file, small_files, squeeze };
	pid_t pids[ARRAY_SIZE(jobs)];
	unsigned long i;

	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		pids[i] = start(jobs[i], (void *)(i + 1));
	for (i = 0; i < ARRAY_SIZE(jobs); i++)
		finish(pids[i]);
	check_balance(".");
}

/* Each thread has its own stripes in one file: reads and writes of others must not disturb them. */
#define STRIPE	3000
#define THREADS	4
#define SHARED	MiB(3)

struct striper {
	pthread_t	thread;
	unsigned int	who;
	unsigned char	*map;
	int		fd;
};

static void *stripes(void *arg)
{
	struct striper *s = arg;
	unsigned char *buf = xmalloc(STRIPE);
	u64 rng = s->who, seed = s->who;
	unsigned long i;
	off_t at;

	for (at = s->who * STRIPE; at + STRIPE <= SHARED; at += THREADS * STRIPE)
		write_file(s->fd, at, STRIPE, seed);
	for (i = 0; i < scaled(1500); i++) {
		at = (rnd(&rng) % (SHARED / (THREADS * STRIPE)) * THREADS + s->who) * STRIPE;
		switch (rnd(&rng) % 4) {
		case 0:
			pread_full(s->fd, buf, STRIPE, at);
			check_fill(buf, STRIPE, at, seed);
			break;
		case 1:
			check_fill(s->map + at, STRIPE, at, seed);
			break;
		case 2:
			/* Destroyed, and restored half by a mapping, half by write(2). */
			memset(buf, 0xee, STRIPE);
			pwrite_full(s->fd, buf, STRIPE, at);
			fill(s->map + at, STRIPE / 2, at, seed);
			write_file(s->fd, at + STRIPE / 2, STRIPE - STRIPE / 2, seed);
			break;
		default:
			write_file(s->fd, at, STRIPE, seed);
		}
	}
	for (at = s->who * STRIPE; at + STRIPE <= SHARED; at += THREADS * STRIPE)
		check_file(s->fd, at, STRIPE, seed);
	free(buf);
	return NULL;
}

static void threads(void)
{
	struct striper stripers[THREADS];
	unsigned char *map;
	unsigned int i;
	int fd = xopen("f", O_RDWR | O_CREAT);

	CHECK_OK(ftruncate(fd, SHARED));
	map = mmap(NULL, SHARED, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	for (i = 0; i < THREADS; i++) {
		stripers[i] = (struct striper){ .who = i, .map = map, .fd = fd };
		CHECK_EQ(pthread_create(&stripers[i].thread, NULL, stripes, &stripers[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(stripers[i].thread, NULL);
	munmap(map, SHARED);
}

/* Files compete for too little space: each write must get what it says it got. */
static void compete(void *arg)
{
	unsigned long who = (unsigned long)arg, i, refused = 0;
	char *buf = xmalloc(KiB(200));
	u64 rng = who;
	char name[16];

	snprintf(name, sizeof(name), "c%lu", who);
	for (i = 0; i < scaled(60); i++) {
		int fd = xopen(name, O_RDWR | O_CREAT | O_TRUNC);
		off_t size = 0;
		unsigned int j;

		for (j = 0; j < 8; j++) {
			size_t len = 1 + rnd(&rng) % KiB(200);
			ssize_t done;

			fill(buf, len, size, i);
			done = write(fd, buf, len);
			if (done < 0) {
				CHECK_ERR(done, ENOSPC);
				refused++;
				break;
			}
			size += done;
		}
		CHECK_EQ(file_size(fd), size);
		check_file(fd, 0, size, i);
		if (rnd(&rng) % 2) {
			unsigned char *map = mmap(NULL, KiB(64), PROT_READ | PROT_WRITE,
						  MAP_SHARED, fd, 0);

			CHECK(map != MAP_FAILED);
			CHECK_OK(ftruncate(fd, KiB(64)));
			try_write(map + rnd(&rng) % KiB(64), 1);
			munmap(map, KiB(64));
		}
		close(fd);
		if (rnd(&rng) % 3 == 0)
			CHECK_OK(unlink(name));
	}
	note("competitor %lu: refused %lu times", who, refused);
	free(buf);
}

static void competition(void)
{
	unsigned long i;
	pid_t pids[4];

	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(compete, (void *)(i + 1));
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		finish(pids[i]);
	check_balance(".");
}

/* Open, read, write and remove files by name, in processes that know nothing of each other. */
static void same_names(void *arg)
{
	u64 rng = (unsigned long)arg;
	unsigned char *buf = xmalloc(KiB(100)), *want = xmalloc(KiB(100));
	unsigned long i;

	for (i = 0; i < scaled(400); i++) {
		unsigned int which = rnd(&rng) % 3;
		off_t at = rnd(&rng) % KiB(300);
		size_t len = 1 + rnd(&rng) % KiB(100), j;
		char name[16];
		ssize_t done;
		int fd;

		snprintf(name, sizeof(name), "n%u", which);
		if (rnd(&rng) % 8 == 0) {
			unlink(name);
			continue;
		}
		fd = open(name, O_RDWR | O_CREAT | (rnd(&rng) % 8 ? 0 : O_TRUNC), 0600);
		CHECK_CMP(fd, >=, 0);
		fill(want, len, at, which);
		switch (rnd(&rng) % 4) {
		case 0:
			pwrite_full(fd, want, len, at);
			break;
		case 1:
			CHECK_OK(ftruncate(fd, at));
			break;
		default:
			done = CHECK_OK(pread(fd, buf, len, at));
			for (j = 0; j < (size_t)done; j++)
				if (buf[j] && buf[j] != want[j])
					fail("%s: byte %lld is %#x, neither 0 nor %#x", name,
					     (long long)at + j, buf[j], want[j]);
		}
		close(fd);
	}
	free(buf);
	free(want);
}

static void shared_names(void)
{
	unsigned long i;
	pid_t pids[4];

	for (i = 0; i < ARRAY_SIZE(pids); i++)
		pids[i] = start(same_names, (void *)(i + 1));
	for (i = 0; i < ARRAY_SIZE(pids); i++)
		finish(pids[i]);
	check_balance(".");
}

static const struct test tests[] = {
	{ "processes", processes, ANY_POOL, 0 },
	{ "processes_strict", processes, "poem=400,novel=64,medium=16,large=4,strict", 0 },
	{ "threads", threads, ANY_POOL, 0 },
	{ "competition", competition, "poem=10,novel=8,medium=1,strict,size=2M", 0 },
	{ "competition_surplus", competition, "poem=2,size=2M", 0 },
	{ "shared_names", shared_names, ANY_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
