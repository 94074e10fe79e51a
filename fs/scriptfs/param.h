/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the values of mount options.
 */
#ifndef _FS_SCRIPTFS_PARAM_H
#define _FS_SCRIPTFS_PARAM_H

#include <linux/fs_context.h>
#include <linux/fs_parser.h>

#include "sb.h"

/* How much of a value a message repeats. */
#define SCRIPTFS_SHOWN_LENGTH		64

/* The classes come first: their numbers are the numbers of their options. */
enum {
	SCRIPTFS_OPT_SIZE = SCRIPTFS_NR_CLASSES,
	SCRIPTFS_OPT_NR_BLOCKS,
	SCRIPTFS_OPT_NR_INODES,
	SCRIPTFS_OPT_MODE,
	SCRIPTFS_OPT_UID,
	SCRIPTFS_OPT_GID,
	SCRIPTFS_OPT_IO,
	SCRIPTFS_OPT_CLASS,
	SCRIPTFS_OPT_COPY,
	SCRIPTFS_OPT_STRICT,
	SCRIPTFS_OPT_INODE64,
	SCRIPTFS_OPT_INODE32,
	SCRIPTFS_OPT_NOSWAP,
	SCRIPTFS_OPT_HUGE,
	SCRIPTFS_OPT_MPOL,
	SCRIPTFS_OPT_NR,
};

extern const struct fs_parameter_spec scriptfs_parameters[];
extern const char *const scriptfs_copy_names[];
__printf(2, 3) void scriptfs_report(struct p_log *log, const char *fmt, ...);
int scriptfs_bad_value(struct p_log *log, const struct fs_parameter *param, const char *allowed);
void scriptfs_say_moot(struct p_log *log, unsigned int given);
int scriptfs_parse_more_nodes(struct p_log *log, const struct fs_parameter *param);

#endif /* _FS_SCRIPTFS_PARAM_H */
