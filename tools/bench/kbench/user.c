// SPDX-License-Identifier: GPL-2.0-only
/*
 * user TARGET CASE: have kbench run a case with the calls from and to memory of this process.
 *
 * Prints the answer, "PER VALUE". Exits with 1 and a reason if the case fails. The buffer is always
 * at the same address, page-aligned, and touched, so that no page fault is measured.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CONTROL "/sys/kernel/debug/kbench"
#define ADDRESS ((void *)0x10000000000)
#define SIZE (16 << 20)		/* the largest call */

static int fail(const char *what)
{
	fprintf(stderr, "user: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	char text[512];
	ssize_t len;
	void *buf;
	int fd;

	if (argc != 3) {
		fprintf(stderr, "usage: user TARGET CASE\n");
		return 2;
	}
	buf = mmap(ADDRESS, SIZE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (buf == MAP_FAILED)
		return fail("mmap");
	memset(buf, 'x', SIZE);

	fd = open(CONTROL, O_RDWR);
	if (fd < 0)
		return fail(CONTROL);
	len = snprintf(text, sizeof(text), "%s %s user=%p", argv[1], argv[2], buf);
	if (write(fd, text, len) != len)
		return fail(text);
	len = read(fd, text, sizeof(text));
	if (len < 0)
		return fail("read");
	return fwrite(text, len, 1, stdout) == 1 ? 0 : fail("output");
}
