// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: files mapped into memory.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "mmap.h"
#include "publish.h"

static vm_fault_t scriptfs_fault(struct vm_fault *vmf)
{
	struct inode *inode = file_inode(vmf->vma->vm_file);
	struct page *page;
	int err;

	while (!(page = find_lock_page(inode->i_mapping, vmf->pgoff))) {
		err = scriptfs_publish(inode, vmf->pgoff);
		if (err == -EHWPOISON)
			return VM_FAULT_HWPOISON;
		if (err)
			return vmf_error(err);
	}

	/* Truncate needs the page lock to withdraw the page: what is in the file now stays. */
	if (vmf->pgoff >= DIV_ROUND_UP_ULL(i_size_read(inode), PAGE_SIZE)) {
		unlock_page(page);
		put_page(page);
		return VM_FAULT_SIGBUS;
	}
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

/*
 * No ->page_mkwrite: nothing is ever dirty, and pages of a mapping that wants to hear of writes may
 * not be pinned for long (RDMA, VFIO). Without it, mm updates the times itself on a write fault.
 */
static const struct vm_operations_struct scriptfs_vm_ops = {
	.fault		= scriptfs_fault,
	.map_pages	= filemap_map_pages,
};

/**
 * scriptfs_file_mmap - map a file
 * @file:	the file
 * @vma:	where it goes
 *
 * Return: 0.
 */
int scriptfs_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	file_accessed(file);
	vma->vm_ops = &scriptfs_vm_ops;
	return 0;
}
