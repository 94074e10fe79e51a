/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: mount options.
 */
#ifndef _FS_SCRIPTFS_OPTIONS_H
#define _FS_SCRIPTFS_OPTIONS_H

#include <linux/fs_parser.h>
#include <linux/scriptfs.h>
#include <linux/types.h>
#include <linux/uidgid.h>

struct fs_context;
struct p_log;
struct scriptfs_sb;
struct seq_file;

/**
 * enum scriptfs_copy - how large copies into files are made
 * @SCRIPTFS_COPY_AUTO:		past the cache where that pays
 * @SCRIPTFS_COPY_CACHED:	always through the cache
 * @SCRIPTFS_COPY_BYPASS:	past the cache, whatever the size of the file
 */
enum scriptfs_copy {
	SCRIPTFS_COPY_AUTO,
	SCRIPTFS_COPY_CACHED,
	SCRIPTFS_COPY_BYPASS,
};

/**
 * struct scriptfs_options - what the mount was asked for
 * @reserve:	blocks to preallocate, per class
 * @size:	most bytes that reserve and surplus may come to together
 * @nr_inodes:	most inodes and further names of them, 0 for no limit
 * @strict:	no surplus: what does not fit into the reserve is ENOSPC
 * @io_page:	read(2) and write(2) go page by page through the page cache
 * @class:	class that new files ask for, SCRIPTFS_NR_CLASSES for none
 * @copy:	see enum scriptfs_copy
 * @mode:	of the root directory
 * @uid:	of the root directory
 * @gid:	of the root directory
 */
struct scriptfs_options {
	unsigned long		reserve[SCRIPTFS_NR_CLASSES];
	u64			size;
	u64			nr_inodes;
	bool			strict;
	bool			io_page;
	u8			class;
	u8			copy;
	umode_t			mode;
	kuid_t			uid;
	kgid_t			gid;
};

/**
 * struct scriptfs_context - options on their way from fsconfig(2) or mount(2) to the mount
 * @opt:	what was asked for so far
 * @given:	which options were named, a bit each (options.c)
 */
struct scriptfs_context {
	struct scriptfs_options	opt;
	unsigned int		given;
};

extern const struct fs_parameter_spec scriptfs_parameters[];
void scriptfs_default_options(struct scriptfs_options *opt);
int scriptfs_parse_param(struct fs_context *fc, struct fs_parameter *param);
int scriptfs_settle_options(struct fs_context *fc);
int scriptfs_change_options(struct fs_context *fc, struct scriptfs_sb *sbi);
int scriptfs_show_options(struct seq_file *seq, struct dentry *root);
__printf(2, 3) void scriptfs_report(struct p_log *log, const char *fmt, ...);

#endif /* _FS_SCRIPTFS_OPTIONS_H */
