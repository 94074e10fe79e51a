// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the scriptfs selftests see of a mount's pools, see util.h.
 */
#include "util.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

const char *const class_names[SCRIPTFS_NR_CLASSES] = {
	"poem", "novel", "medium", "large", "super",
};

const unsigned long class_sizes[SCRIPTFS_NR_CLASSES] = {
	KiB(32), KiB(64), KiB(512), MiB(2), MiB(256),
};

static void counter_path(char *out, size_t len, const char *path, const char *class,
			 const char *name)
{
	struct stat st;

	CHECK_OK(stat(path, &st));
	snprintf(out, len, "/sys/fs/scriptfs/%u:%u/%s%s%s", major(st.st_dev), minor(st.st_dev),
		 class ? class : "", class ? "/" : "", name);
}

bool have_counter(const char *path, const char *class, const char *name)
{
	char file[128];

	counter_path(file, sizeof(file), path, class, name);
	return access(file, R_OK) == 0;
}

unsigned long long counter_of(const char *path, const char *class, const char *name)
{
	unsigned long long value;
	char file[128], text[64];
	char *end;

	counter_path(file, sizeof(file), path, class, name);
	if (!read_text(file, text, sizeof(text)))
		fail("%s cannot be read", file);
	value = strtoull(text, &end, 10);
	if (end == text || strcmp(end, "\n"))
		fail("%s holds '%s'", file, text);
	return value;
}

/* With no file left: is every block whole and idle again, no page in quarantine, none retired? */
static bool settled(const char *path, char *why, size_t len)
{
	unsigned long long used, quarantine, retired;
	unsigned int class;

	/* First of all: to read it looks for pages that nobody holds any longer. */
	quarantine = counter_of(path, NULL, "quarantine");
	used = counter_of(path, NULL, "used");
	retired = counter_of(path, NULL, "retired");
	snprintf(why, len, "bytes: used %llu quarantine %llu retired %llu", used, quarantine,
		 retired);
	if (used || quarantine || retired)
		return false;
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		const char *name = class_names[class];
		unsigned long long reserve = counter_of(path, name, "reserve");
		unsigned long long surplus = counter_of(path, name, "surplus");
		unsigned long long free = counter_of(path, name, "free");
		unsigned long long cut = counter_of(path, name, "cut");

		used = counter_of(path, name, "used");
		snprintf(why, len,
			 "%s: reserve %llu surplus %llu, but free %llu used %llu cut %llu", name,
			 reserve, surplus, free, used, cut);
		if (used || cut || free != reserve + surplus)
			return false;
	}
	return true;
}

/*
 * A processor keeps a reference to pages that it has unlocked (munlock(2)) until a few dozen of
 * them have come together. On the newest kernels nothing else may end that: have all of them unlock
 * as many.
 */
static void flush_unlocked(void)
{
	cpu_set_t all, one;
	unsigned int cpu;
	void *map;

	CHECK_OK(sched_getaffinity(0, sizeof(all), &all));
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		CHECK_OK(sched_setaffinity(0, sizeof(one), &one));
		map = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
		if (map != MAP_FAILED)
			munmap(map, 64 * PAGE);
	}
	CHECK_OK(sched_setaffinity(0, sizeof(all), &all));
}

/* A file that a dying process had open may take a moment to go. */
bool settles(const char *path, char *why, size_t len)
{
	unsigned int tries;

	for (tries = 0; tries < 100; tries++) {
		if (settled(path, why, len))
			return true;
		if (tries == 20)
			flush_unlocked();
		usleep(50000);
	}
	return false;
}

void check_settled(const char *path)
{
	char why[256];

	if (on_scriptfs() && !settles(path, why, sizeof(why)))
		fail("%s", why);
}

enum { RESERVE, SURPLUS, FREE, USED, CUT, FIGURES };

/* The blocks of all classes, added up in bytes: each is idle, in use or cut. */
static void add_up_blocks(const char *path, unsigned long long *sum)
{
	static const char *const names[FIGURES] = { "reserve", "surplus", "free", "used", "cut" };
	unsigned int class, i;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		unsigned long long blocks[FIGURES];

		CHECK_EQ(counter_of(path, class_names[class], "block_size"), class_sizes[class]);
		for (i = 0; i < FIGURES; i++) {
			blocks[i] = counter_of(path, class_names[class], names[i]);
			sum[i] += blocks[i] * class_sizes[class];
		}
		CHECK_EQ(blocks[RESERVE] + blocks[SURPLUS],
			 blocks[FREE] + blocks[USED] + blocks[CUT]);
	}
}

/* At any time when nothing is being written: no block and no page is in two places or in none. */
void check_balance(const char *path)
{
	unsigned long long sum[FIGURES] = { 0 }, quarantine, was, free, lost, used;

	if (!on_scriptfs())
		return;
	/* To read a figure frees pages that nobody holds any longer, but not all at once. */
	quarantine = counter_of(path, NULL, "quarantine");
	do {
		was = quarantine;
		quarantine = counter_of(path, NULL, "quarantine");
	} while (quarantine != was);
	free = counter_of(path, NULL, "free");
	used = counter_of(path, NULL, "used");
	lost = quarantine + counter_of(path, NULL, "retired");
	add_up_blocks(path, sum);
	CHECK_EQ(sum[RESERVE], counter_of(path, NULL, "reserve"));
	CHECK_EQ(sum[SURPLUS], counter_of(path, NULL, "surplus"));
	CHECK_EQ(sum[RESERVE] + sum[SURPLUS], free + used + lost);
	/* A whole block is idle as a whole, or all of it is not; a cut one may be both. */
	CHECK_CMP(sum[FREE], <=, free);
	CHECK_CMP(sum[USED], <=, used + lost);
	CHECK_CMP(sum[RESERVE] + sum[SURPLUS], <=, counter_of(path, NULL, "size"));
}
