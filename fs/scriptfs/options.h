/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: mount options.
 */
#ifndef _FS_SCRIPTFS_OPTIONS_H
#define _FS_SCRIPTFS_OPTIONS_H

#include "sb.h"

struct dentry;
struct fs_context;
struct fs_parameter;
struct seq_file;

/**
 * struct scriptfs_context - options on their way from fsconfig(2) or mount(2) to the mount
 * @opt:	what was asked for so far
 * @given:	which options were given, a bit each (param.h)
 * @nodes:	the last one was mpol= with nodes, of which more may follow
 */
struct scriptfs_context {
	struct scriptfs_options	opt;
	unsigned int		given;
	bool			nodes;
};

void scriptfs_default_options(struct scriptfs_options *opt);
int scriptfs_parse_param(struct fs_context *fc, struct fs_parameter *param);
int scriptfs_settle_options(struct fs_context *fc);
int scriptfs_change_options(struct fs_context *fc, struct scriptfs_sb *sbi);
int scriptfs_show_options(struct seq_file *seq, struct dentry *root);

#endif /* _FS_SCRIPTFS_OPTIONS_H */
