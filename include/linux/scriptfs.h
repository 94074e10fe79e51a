/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_SCRIPTFS_H
#define _LINUX_SCRIPTFS_H

#include <uapi/linux/scriptfs.h>

#endif /* _LINUX_SCRIPTFS_H */
