/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * scriptfs: what the file system shares with user space.
 */
#ifndef _UAPI_LINUX_SCRIPTFS_H
#define _UAPI_LINUX_SCRIPTFS_H

/* statfs(2) f_type: "scrf" */
#define SCRIPTFS_MAGIC		0x73637266

/**
 * enum scriptfs_class - the five sizes a block of file memory can have
 * @SCRIPTFS_POEM:	32 KiB
 * @SCRIPTFS_NOVEL:	64 KiB, a small novel
 * @SCRIPTFS_MEDIUM:	512 KiB
 * @SCRIPTFS_LARGE:	2 MiB
 * @SCRIPTFS_SUPER:	256 MiB, made of 128 contiguous chunks of 2 MiB
 * @SCRIPTFS_NR_CLASSES: how many there are; as a hint it means "no class asked for"
 */
enum scriptfs_class {
	SCRIPTFS_POEM,
	SCRIPTFS_NOVEL,
	SCRIPTFS_MEDIUM,
	SCRIPTFS_LARGE,
	SCRIPTFS_SUPER,
	SCRIPTFS_NR_CLASSES,
};

#endif /* _UAPI_LINUX_SCRIPTFS_H */
