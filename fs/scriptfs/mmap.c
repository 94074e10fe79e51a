// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: files mapped into memory.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>

#include "compat/huge.h"
#include "gather.h"
#include "mmap.h"
#include "publish.h"
#include "unite.h"

/* May a huge page be mapped around the address, and is there nobody who does not want any? */
static bool scriptfs_fault_fits(struct vm_fault *vmf)
{
	unsigned long start = round_down(vmf->address, SCRIPTFS_CHUNK_SIZE);
	struct vm_area_struct *vma = vmf->vma;

	return SCRIPTFS_HUGE && scriptfs_unite_works() && !(vma->vm_flags & VM_NOHUGEPAGE) &&
	       start >= vma->vm_start && start + SCRIPTFS_CHUNK_SIZE <= vma->vm_end &&
	       !(((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff) & (SCRIPTFS_CHUNK_PAGES - 1));
}

/*
 * Is nothing mapped there yet? Then it is the time for a huge page: what is mapped page by page
 * stays so.
 */
static bool scriptfs_fault_whole(struct vm_fault *vmf)
{
	return pmd_none(*vmf->pmd) && scriptfs_fault_fits(vmf);
}

static vm_fault_t scriptfs_fault(struct vm_fault *vmf)
{
	struct inode *inode = file_inode(vmf->vma->vm_file);
	bool whole = scriptfs_fault_whole(vmf);
	struct page *page;
	int err;

	for (;;) {
		page = find_lock_page(inode->i_mapping, vmf->pgoff);
		if (page && (!whole || PageCompound(page)))
			break;
		if (page) {
			unlock_page(page);
			put_page(page);
		}
		if (scriptfs_fault_fits(vmf) && scriptfs_gather(inode, vmf->pgoff))
			whole = true;
		err = scriptfs_publish(inode, vmf->pgoff, whole);
		if (err == -EHWPOISON)
			return VM_FAULT_HWPOISON;
		if (err)
			return vmf_error(err);
		/* It was tried. */
		whole = false;
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
 * Map what is there around the address. That fills in a page table, so leave it to the fault if a
 * huge page could take its place.
 */
static SCRIPTFS_MAP_PAGES scriptfs_map_pages(struct vm_fault *vmf, pgoff_t first, pgoff_t last)
{
	struct address_space *mapping = vmf->vma->vm_file->f_mapping;
	struct page *page;

	if (scriptfs_fault_whole(vmf)) {
		page = xa_load(&mapping->i_pages, vmf->pgoff);
		if (!page || !PageCompound(page))
			return SCRIPTFS_MAPPED_NOTHING;
	}
	return filemap_map_pages(vmf, first, last);
}

/*
 * No ->page_mkwrite: nothing is ever dirty, and pages of a mapping that wants to hear of writes may
 * not be pinned for long (RDMA, VFIO). Without it, mm updates the times itself on a write fault.
 */
static const struct vm_operations_struct scriptfs_vm_ops = {
	.fault		= scriptfs_fault,
	.map_pages	= scriptfs_map_pages,
};

/**
 * scriptfs_file_mmap - map a file
 * @file:	the file
 * @vma:	where it goes
 *
 * Return: 0; -EPERM if the file is immutable, and the mapping could be written to, as the file was
 * open for writing before.
 */
int scriptfs_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (IS_IMMUTABLE(file_inode(file)) && vma->vm_flags & VM_SHARED)
		return -EPERM;
	file_accessed(file);
	vma->vm_ops = &scriptfs_vm_ops;
	return 0;
}
