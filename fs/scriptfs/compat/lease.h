/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: leases, which moved to a header of their own.
 */
#ifndef _FS_SCRIPTFS_COMPAT_LEASE_H
#define _FS_SCRIPTFS_COMPAT_LEASE_H

#include <linux/fs.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#include <linux/filelock.h>
#endif

#endif /* _FS_SCRIPTFS_COMPAT_LEASE_H */
