/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: from files to pipes.
 */
#ifndef _FS_SCRIPTFS_COMPAT_SPLICE_H
#define _FS_SCRIPTFS_COMPAT_SPLICE_H

#include <linux/fs.h>
#include <linux/pipe_fs_i.h>
#include <linux/splice.h>
#include <linux/version.h>

/* Reads to the pipe by ->read_iter(). */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define filemap_splice_read(in, ppos, pipe, len, flags)	\
	generic_file_splice_read(in, ppos, pipe, len, flags)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define splice_copy_file_range(in, pos_in, out, pos_out, len)	\
	generic_copy_file_range(in, pos_in, out, pos_out, len, 0)
#endif

#endif /* _FS_SCRIPTFS_COMPAT_SPLICE_H */
