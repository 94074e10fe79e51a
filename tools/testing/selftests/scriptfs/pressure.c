// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory in quarantine because a page of it is held: once the page is released and the memory is
 * needed, the system gets it back; until then it costs other tasks nothing, and what is idle beside
 * it can be allocated.
 */
#include "outside.h"
#include "scarce.h"

#include <sched.h>
#include <sys/statfs.h>

#define TRACING	"/sys/kernel/tracing/"

/* Enough pipes to hold many pages. */
#define MAX_PIPES	40
#define PIPE_PAGES	(PIPE_ROOM / PAGE)

struct holders {
	int		pipes[MAX_PIPES][2];
	unsigned int	nr;
};

/* Write @nr files of @size, one block each; hold a page of each, and remove the files. */
static void hold_files(struct holders *h, const char *dir, unsigned int nr, size_t size)
{
	char name[64];
	unsigned int i;

	snprintf(name, sizeof(name), "%s/held", dir);
	*h = (struct holders){ 0 };
	for (i = 0; i < nr; i++) {
		int fd = xopen(name, O_RDWR | O_CREAT | O_EXCL);

		if (i % PIPE_PAGES == 0) {
			CHECK_CMP(h->nr, <, MAX_PIPES);
			make_pipe(h->pipes[h->nr++]);
		}
		write_file(fd, 0, size, i);
		splice_in(fd, 0, h->pipes[h->nr - 1][1], PAGE);
		close(fd);
		CHECK_OK(unlink(name));
	}
}

static void let_go(struct holders *h)
{
	while (h->nr)
		drop_pipe(h->pipes[--h->nr]);
}

static void need_memory(void *arg)
{
	size_t size = *(size_t *)arg;
	char *mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t at;

	CHECK(mem != MAP_FAILED);
	for (at = 0; at < size; at += PAGE)
		mem[at] = 1;
}

/* Files removed, pipes closed: nothing holds the memory, nothing has read the counters since. */
static void need_what_was_held(void *arg)
{
	size_t size = MiB(300);
	struct want before = want_now(), now;
	struct holders h;

	(void)arg;
	hold_files(&h, "m", 130, MiB(2));
	let_go(&h);
	note("%ld KiB to spare", spare_memory());
	finish(start(need_memory, &size));
	now = want_now();
	CHECK_EQ(now.kills, before.kills);
}

static void given_back(void)
{
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", "poem=8,class=large,size=1G"));
	with_scarce_memory(MiB(400) / 1024, need_what_was_held, NULL);
	check_settled("m");
	CHECK_OK(umount("m"));
}

/* What is still held stays, and the rest goes: as many blocks, none of them looked at before. */
static void need_more_than_held(void *arg)
{
	size_t size = MiB(200);
	struct want before = want_now(), now;
	struct holders some, others;

	(void)arg;
	hold_files(&some, "m", 64, MiB(2));
	hold_files(&others, "m", 64, MiB(2));
	let_go(&others);
	finish(start(need_memory, &size));
	now = want_now();
	CHECK_EQ(now.kills, before.kills);
	check_pipe(some.pipes[0][0], 0, PAGE, 0);
	check_pipe(some.pipes[0][0], 0, PAGE, 1);
	let_go(&some);
}

static void given_back_in_part(void)
{
	CHECK_OK(mkdir("m", 0700));
	CHECK_OK(mount_fs("m", "poem=8,class=large,size=1G"));
	with_scarce_memory(MiB(400) / 1024, need_more_than_held, NULL);
	check_settled("m");
	CHECK_OK(umount("m"));
}

static bool trace_knob(const char *knob, const char *value)
{
	char path[96];

	snprintf(path, sizeof(path), TRACING "%s", knob);
	return write_text(path, value);
}

/* Count calls of the module's functions: a measure of work that no other load disturbs. */
static void count_begin(void)
{
	if (!trace_knob("current_tracer", "nop") ||
	    !trace_knob("set_ftrace_filter", ":mod:scriptfs") ||
	    !trace_knob("buffer_size_kb", "64") || !trace_knob("current_tracer", "function"))
		skip("no function tracer");
	CHECK(trace_knob("trace", "\n"));
	CHECK(trace_knob("tracing_on", "1"));
}

static unsigned long count_end(void)
{
	unsigned long count = 0;
	char path[96], text[1024];
	const char *at;
	int cpu;

	CHECK(trace_knob("tracing_on", "0"));
	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_CONF); cpu++) {
		snprintf(path, sizeof(path), TRACING "per_cpu/cpu%d/stats", cpu);
		if (!read_text(path, text, sizeof(text)))
			continue;
		at = strstr(text, "entries: ");
		count += at ? strtoul(at + 9, NULL, 10) : 0;
		at = strstr(text, "overrun: ");
		count += at ? strtoul(at + 9, NULL, 10) : 0;
	}
	trace_knob("current_tracer", "nop");
	trace_knob("set_ftrace_filter", "\n");
	trace_knob("tracing_on", "1");
	return count;
}

#define HELD	1500
#define CALLS	60

/* Blocks beyond the reserve: with none idle, the pool may look at those in quarantine. */
static void take_blocks(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);
	unsigned int i;

	for (i = 0; i < CALLS; i++)
		CHECK_EQ(pwrite(fd, "x", 1, KiB(32) * i), 1);
	close(fd);
	CHECK_OK(unlink("f"));
}

static void ask_for_space(void)
{
	struct statfs st;
	unsigned int i;

	for (i = 0; i < CALLS; i++)
		CHECK_OK(statfs(".", &st));
}

static void give_blocks_held(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL), pipes[2];
	unsigned int i;

	make_pipe(pipes);
	for (i = 0; i < CALLS; i++) {
		CHECK_EQ(pwrite(fd, "x", 1, KiB(32) * i), 1);
		splice_in(fd, KiB(32) * i, pipes[1], 1);
	}
	close(fd);
	CHECK_OK(unlink("f"));
	drop_pipe(pipes);
}

/* fallocate(2) is all or nothing, and there is not enough. */
static void ask_for_too_much(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_EXCL);

	CHECK_ERR(fallocate(fd, 0, 0, MiB(9)), ENOSPC);
	close(fd);
	CHECK_OK(unlink("f"));
}

static unsigned long work_of(void (*work)(void))
{
	count_begin();
	work();
	return count_end();
}

/* Many held blocks must not make every call of other tasks look at all of them. */
static void cheap_beside_held(void)
{
	static const struct {
		const char	*name;
		void		(*run)(void);
	} works[] = {
		{ "take blocks", take_blocks },
		{ "statfs", ask_for_space },
		{ "give blocks that are held", give_blocks_held },
	};
	unsigned long without[ARRAY_SIZE(works)], with[ARRAY_SIZE(works)];
	struct holders h;
	unsigned int i;
	int fd;

	/* Use up the reserve. */
	fd = xopen("reserve", O_RDWR | O_CREAT);
	write_file(fd, 0, KiB(32) * 8, 1);
	for (i = 0; i < ARRAY_SIZE(works); i++) {
		works[i].run();
		without[i] = work_of(works[i].run);
	}
	hold_files(&h, ".", scaled(HELD), KiB(32));
	for (i = 0; i < ARRAY_SIZE(works); i++)
		with[i] = work_of(works[i].run);
	let_go(&h);
	for (i = 0; i < ARRAY_SIZE(works); i++)
		note("%s: %lu functions called for %u, beside %lu held blocks %lu", works[i].name,
		     without[i], CALLS, scaled(HELD), with[i]);
	/* It is all right to look at all of them once in a while. */
	for (i = 0; i < ARRAY_SIZE(works); i++)
		CHECK_CMP(with[i], <, 6 * without[i] + 4 * scaled(HELD));
}

/* Pages wait in quarantine while others come and go; in the end they can be allocated again. */
static void all_come_back(void)
{
	struct holders h;
	unsigned int round;
	size_t all;
	int fd;

	for (round = 0; round < 3; round++) {
		hold_files(&h, ".", 200, KiB(32));
		fd = xopen("f", O_RDWR | O_CREAT);
		all = write_all(fd, KiB(32), 1);
		CHECK_CMP(all, >=, KiB(32) * 56);
		CHECK_CMP(all, <=, KiB(32) * 256 - 200 * PAGE);
		CHECK_OK(ftruncate(fd, 0));
		let_go(&h);
		all = write_all(fd, KiB(32), 2);
		CHECK_CMP(all, >=, KiB(32) * 250);
		check_file(fd, 0, all, 2);
		close(fd);
		CHECK_OK(unlink("f"));
	}
}

/* A single held page must not make a hopeless request try again and again. */
static void cheap_when_hopeless(void)
{
	unsigned long without, with;
	struct holders h;

	without = work_of(ask_for_too_much);
	hold_files(&h, ".", 1, KiB(32));
	with = work_of(ask_for_too_much);
	note("%lu functions called, beside a held block %lu", without, with);
	CHECK_CMP(with, <=, 2 * without);
	let_go(&h);
}

/* The file has all the small blocks, its pages are being read, and a larger block is idle. */
static void room_is_found(void)
{
	struct looker l = { .len = KiB(64) };
	unsigned int round, failed = 0;
	pthread_t thread;
	int fd;

	fd = xopen("f", O_RDWR | O_CREAT);
	l.map = map_file(fd, MiB(1));
	CHECK_EQ(pthread_create(&thread, NULL, look, &l), 0);
	for (round = 0; round < 200; round++) {
		char byte = round | 1;

		CHECK_OK(ftruncate(fd, 0));
		write_file(fd, 0, KiB(64), round);
		/* By now the thread is reading them. */
		usleep(500);
		if (pwrite(fd, &byte, 1, KiB(64)) != 1) {
			CHECK_EQ(errno, ENOSPC);
			failed++;
			continue;
		}
		check_file(fd, 0, KiB(64), round);
		check_fill(l.map, KiB(64), 0, round);
		CHECK_EQ(*(l.map + KiB(64)), (unsigned char)byte);
	}
	__atomic_store_n(&l.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	if (failed)
		fail("%u of %u writes found no space", failed, round);
	munmap(l.map, MiB(1));
}

static const struct test tests[] = {
	{ "room_is_found", room_is_found, "poem=2,large=1,strict", T_SCRIPTFS },
	{ "room_is_found_in_medium", room_is_found, "poem=2,medium=1,strict", T_SCRIPTFS },
	{ "all_come_back", all_come_back, "poem=256,strict", T_SCRIPTFS },
	{ "cheap_beside_held", cheap_beside_held, "poem=8,class=poem,size=256M", T_SCRIPTFS },
	{ "cheap_when_hopeless", cheap_when_hopeless, "poem=256,strict", T_SCRIPTFS },
	{ "given_back", given_back, NULL, T_SCRIPTFS | T_NO_MOUNT },
	{ "given_back_in_part", given_back_in_part, NULL, T_SCRIPTFS | T_NO_MOUNT },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
