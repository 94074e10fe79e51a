// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page frames that a process has mapped, see frame.h.
 */
#include "frame.h"

#define PRESENT		63
#define PFN_MASK	((1ULL << 55) - 1)

static u64 word_at(const char *path, unsigned long index)
{
	int fd = open(path, O_RDONLY);
	u64 word;

	if (fd < 0)
		skip("no %s", path);
	CHECK_EQ(pread(fd, &word, sizeof(word), index * sizeof(word)), sizeof(word));
	close(fd);
	return word;
}

unsigned long frame_at(const void *addr)
{
	u64 entry;

	CHECK(try_read(addr, NULL));
	entry = word_at("/proc/self/pagemap", (unsigned long)addr / PAGE);
	CHECK(entry >> PRESENT);
	CHECK(entry & PFN_MASK);
	return entry & PFN_MASK;
}

bool frame_flag(unsigned long pfn, unsigned int flag)
{
	return word_at("/proc/kpageflags", pfn) >> flag & 1;
}
