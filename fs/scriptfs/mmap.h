/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: files mapped into memory.
 */
#ifndef _FS_SCRIPTFS_MMAP_H
#define _FS_SCRIPTFS_MMAP_H

struct file;
struct vm_area_struct;

int scriptfs_file_mmap(struct file *file, struct vm_area_struct *vma);

#endif /* _FS_SCRIPTFS_MMAP_H */
