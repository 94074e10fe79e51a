/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: files that can be read and written without waiting.
 *
 * That a write without O_DIRECT can do that, too, is told by a mode of the open file since Linux
 * 6.0, and since 6.10 by a flag of its operations. Before, io_uring has workers do all of these.
 */
#ifndef _FS_SCRIPTFS_COMPAT_NOWAIT_H
#define _FS_SCRIPTFS_COMPAT_NOWAIT_H

#include <linux/fs.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 0, 0) || LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define SCRIPTFS_MODE_NOWAIT	FMODE_NOWAIT
#else
#define SCRIPTFS_MODE_NOWAIT	(FMODE_NOWAIT | FMODE_BUF_WASYNC)
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define SCRIPTFS_NOWAIT_OPERATION
#else
#define SCRIPTFS_NOWAIT_OPERATION	.fop_flags = FOP_BUFFER_WASYNC,
#endif

#endif /* _FS_SCRIPTFS_COMPAT_NOWAIT_H */
