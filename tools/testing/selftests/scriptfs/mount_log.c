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

/* Set one option of "key=value,key,..."; cuts up the string. */
static int set_option(int fs, char *option)
{
	char *value = strchr(option, '=');

	if (!value)
		return fsconfig(fs, FSCONFIG_SET_FLAG, option, NULL, 0);
	*value++ = '\0';
	return fsconfig(fs, FSCONFIG_SET_STRING, option, value, 0);
}

int try_fsopen(const char *options, char *log)
{
	int fs = CHECK_OK(fsopen("scriptfs", FSOPEN_CLOEXEC)), mnt = -1, ret = 0, err;
	char copy[1024], *rest = copy, *option;

	snprintf(copy, sizeof(copy), "%s", options);
	while (ret == 0 && (option = strsep(&rest, ",")))
		if (*option)
			ret = set_option(fs, option);
	if (ret == 0)
		ret = fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (ret == 0)
		mnt = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	err = errno;
	read_log(fs, log);
	close(fs);
	errno = err;
	return mnt;
}
