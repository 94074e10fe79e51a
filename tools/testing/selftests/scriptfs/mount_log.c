// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a mount left in the logs, see mount_log.h.
 */
#include "mount_log.h"

void read_log(int fs, char *log)
{
	size_t have = 0;
	ssize_t got;

	while (have < LOG_LEN - 1 && (got = read(fs, log + have, LOG_LEN - 1 - have)) > 0)
		have += got;
	log[have] = '\0';
}

int open_kernel_log(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

unsigned int our_lines(int kernel_log, char *line)
{
	unsigned int nr = 0;
	char record[LOG_LEN];
	ssize_t got;

	*line = '\0';
	while ((got = read(kernel_log, record, sizeof(record) - 1)) > 0) {
		char *text;

		record[got] = '\0';
		text = strchr(record, ';');
		if (!text || (strncmp(text + 1, "scriptfs: ", 10) &&
			      strncmp(text + 1, "VFS: ", 5)))
			continue;
		nr++;
		strcpy(line, text + 1);
	}
	return nr;
}
