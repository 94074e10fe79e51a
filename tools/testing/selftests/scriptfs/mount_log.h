/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a mount left in the kernel log and in the log of fsopen(2).
 */
#ifndef SCRIPTFS_SELFTEST_MOUNT_LOG_H
#define SCRIPTFS_SELFTEST_MOUNT_LOG_H

#include "util.h"

/* The size that @log and @line must have. */
#define LOG_LEN		4096

/* Read all that is left in the log of fsopen(2). */
void read_log(int fs, char *log);

/* Open the kernel log at its end; -1 if there is none. */
int open_kernel_log(void);

/* Count the new lines of scriptfs and of the VFS in the kernel log; @line gets the last one. */
unsigned int our_lines(int kernel_log, char *line);

/* Like mount(2), but by the new calls. Returns the detached mount, or -1 with errno and the log. */
int try_fsopen(const char *options, char *log);

#endif /* SCRIPTFS_SELFTEST_MOUNT_LOG_H */
