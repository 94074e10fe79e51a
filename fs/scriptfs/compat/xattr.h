/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: how a file system's extended attributes are told to the VFS.
 */
#ifndef _FS_SCRIPTFS_COMPAT_XATTR_H
#define _FS_SCRIPTFS_COMPAT_XATTR_H

#include <linux/version.h>
#include <linux/xattr.h>

#include "idmap.h"

/* The VFS goes to ->set_acl() by itself now; before, by handlers that a file system had to list. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0) && IS_ENABLED(CONFIG_FS_POSIX_ACL)
#include <linux/posix_acl_xattr.h>

#define SCRIPTFS_ACL_HANDLERS	&posix_acl_access_xattr_handler, &posix_acl_default_xattr_handler,
#else
#define SCRIPTFS_ACL_HANDLERS
#endif

/* Nobody changes the list, but that is not always in its type. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define SCRIPTFS_XATTR_LIST(handlers)	((const struct xattr_handler **)(handlers))
#else
#define SCRIPTFS_XATTR_LIST(handlers)	(handlers)
#endif

#endif /* _FS_SCRIPTFS_COMPAT_XATTR_H */
