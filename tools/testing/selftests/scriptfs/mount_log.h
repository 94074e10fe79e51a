/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mounting left in the kernel log and in that of fsopen(2).
 */
#ifndef SCRIPTFS_SELFTEST_MOUNT_LOG_H
#define SCRIPTFS_SELFTEST_MOUNT_LOG_H

#include "util.h"

/* Room that @log and @line have. */
#define LOG_LEN		4096

/* Everything that fsopen's log has to say, and is left to be said. */
void read_log(int fs, char *log);

/* The kernel log from now on, -1 if there is none. */
int open_kernel_log(void);

/* Lines of ours and of the VFS in the kernel log since then; the last of them in @line. */
unsigned int our_lines(int kernel_log, char *line);

#endif /* SCRIPTFS_SELFTEST_MOUNT_LOG_H */
