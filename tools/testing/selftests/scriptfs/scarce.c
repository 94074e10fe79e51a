// SPDX-License-Identifier: GPL-2.0-only
/*
 * A system with little memory left, see scarce.h.
 */
#include "scarce.h"

#define HUGE_PAGES	"/proc/sys/vm/nr_hugepages"
#define BOOST_FACTOR	"/proc/sys/vm/watermark_boost_factor"

/* Sum up all lines that begin with @key; some keys have a line for each zone. */
static unsigned long vmstat_sum(const char *text, const char *key)
{
	unsigned long sum = 0;
	const char *line;

	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, strlen(key)) == 0)
			sum += strtoul(line + strcspn(line, " "), NULL, 10);
	}
	return sum;
}

struct want want_now(void)
{
	static char text[32768];

	CHECK(read_text("/proc/vmstat", text, sizeof(text)));
	return (struct want){
		.compactions = vmstat_sum(text, "compact_stall "),
		.reclaims = vmstat_sum(text, "allocstall_"),
		.kills = vmstat_sum(text, "oom_kill "),
	};
}

static unsigned long number_in(const char *path)
{
	char text[64];

	CHECK(read_text(path, text, sizeof(text)));
	return strtoul(text, NULL, 10);
}

static void set_number(const char *path, unsigned long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", number);
	CHECK(write_text(path, text));
}

/*
 * kswapd starts at the low mark of a zone. After memory was fragmented the marks are higher for a
 * while, which min_free_kbytes does not tell.
 */
static unsigned long low_marks(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	unsigned long sum = 0, pages;
	char line[256];

	CHECK(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " low %lu", &pages) == 1)
			sum += pages;
	fclose(file);
	return sum * (sysconf(_SC_PAGESIZE) / 1024);
}

long spare_memory(void)
{
	return (long)memory_figure("MemFree") - (long)low_marks();
}

struct scarce {
	void	(*run)(void *arg);
	void	*arg;
};

/* If the system has to kill a process, it should be this one, not the one that runs the tests. */
static void run_scarce(void *arg)
{
	struct scarce *s = arg;

	CHECK(write_text("/proc/self/oom_score_adj", "1000"));
	s->run(s->arg);
}

void with_scarce_memory(unsigned long kib, void (*run)(void *arg), void *arg)
{
	unsigned long before, boost, huge = memory_figure("Hugepagesize"), tries;
	size_t hog_len = 0;
	void *hog = NULL;
	long over;
	pid_t pid;
	int status;

	if (access(HUGE_PAGES, W_OK))
		skip("no huge pages");
	before = number_in(HUGE_PAGES);
	free_memory();
	/* Where memory gets fragmented the marks rise, and what was to spare no longer is. */
	boost = number_in(BOOST_FACTOR);
	set_number(BOOST_FACTOR, 0);
	/* Not all at once, because the system itself needs some memory to manage them. */
	for (tries = 0; tries < 3; tries++) {
		over = spare_memory() - kib;
		if (over > (long)huge)
			set_number(HUGE_PAGES, number_in(HUGE_PAGES) + over / huge);
	}
	/* Where memory is fragmented, take the rest ourselves, and do not get killed for it. */
	over = spare_memory() - kib;
	if (over > (long)huge) {
		CHECK(write_text("/proc/self/oom_score_adj", "-1000"));
		hog = mmap(NULL, over * 1024, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		CHECK(hog != MAP_FAILED);
		hog_len = over * 1024;
	}
	set_number(BOOST_FACTOR, boost);
	pid = start(run_scarce, &(struct scarce){ run, arg });
	while (waitpid(pid, &status, 0) != pid)
		;
	if (hog_len)
		munmap(hog, hog_len);
	set_number(HUGE_PAGES, before);
	if (WIFSIGNALED(status))
		fail("with little memory: killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));
}

unsigned long huge_pages_to_be_had(unsigned long nr)
{
	unsigned long before = number_in(HUGE_PAGES), had, tries;

	for (tries = 0; tries < 3; tries++)
		set_number(HUGE_PAGES, before + nr);
	had = number_in(HUGE_PAGES) - before;
	set_number(HUGE_PAGES, before);
	return had;
}

/* A RAM disk that was never written to reads as zeroes, and has no memory of its own for them. */
int fill_cache(unsigned long kib)
{
	char *buf = xmalloc(MiB(1));
	int fd = open("/dev/ram0", O_RDONLY | O_CLOEXEC);

	if (fd < 0 && system("modprobe brd rd_nr=1 rd_size=4194304") == 0)
		fd = open("/dev/ram0", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		skip("no RAM disk");
	for (; kib >= 1024; kib -= 1024)
		CHECK_EQ(read(fd, buf, MiB(1)), MiB(1));
	free(buf);
	return fd;
}
