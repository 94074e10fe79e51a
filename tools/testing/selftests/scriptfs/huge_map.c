// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mappings by huge pages.
 */
#include "huge_map.h"

void need_huge_pages(void)
{
	char text[64];

	if (!read_text("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", text, sizeof(text)) ||
	    strtoll(text, NULL, 10) != HUGE)
		skip("no huge pages of 2 MiB");
}

size_t huge_mapped(const void *map)
{
	static const char key[] = "FilePmdMapped:";
	FILE *file = fopen("/proc/self/smaps", "r");
	unsigned long begin, end, kib = 0;
	bool found = false;
	char line[512];

	if (!file)
		fail("no /proc/self/smaps");
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			found = begin <= (unsigned long)map && (unsigned long)map < end;
		else if (found && strncmp(line, key, sizeof(key) - 1) == 0)
			kib += strtoul(line + sizeof(key) - 1, NULL, 10);
	}
	fclose(file);
	return KiB(kib);
}

unsigned char *make_mapped(const char *name, size_t len, u64 seed, int *fd)
{
	unsigned char *map;

	*fd = xopen(name, O_RDWR | O_CREAT);
	write_file(*fd, 0, len, seed);
	map = map_file(*fd, len);
	check_fill(map, len, 0, seed);
	CHECK_EQ(huge_mapped(map), len);
	return map;
}

/* A figure of /proc/meminfo, in bytes; 0 where the kernel has none of that name. */
static long long system_has(const char *key)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long long kib = 0;

	if (!file)
		fail("no /proc/meminfo");
	while (fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			kib = strtoll(line + strlen(key), NULL, 10);
	fclose(file);
	return KiB(kib);
}

void end_file(const char *name, int fd, unsigned char *map, size_t len)
{
	munmap(map, len);
	close(fd);
	CHECK_OK(unlink(name));
	check_settled(".");
	/* That has what each processor has counted. */
	CHECK(write_text("/proc/sys/vm/stat_refresh", "1"));
	CHECK_EQ(system_has("FileHugePages:"), 0);
	CHECK_EQ(system_has("FilePmdMapped:"), 0);
}

