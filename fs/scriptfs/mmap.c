// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: pages of a file's blocks in the page cache, for mmap, splice and whoever else asks.
 *
 * A page enters the page cache when someone wants it there (it is published) and leaves it when the
 * file is truncated or evicted (it is withdrawn). Its bytes lie in the block all the time, so
 * nothing is ever dirty, written back or lost with it. page.c has what only the page cache asks
 * for.
 */
#include <linux/mm.h>
#include <linux/page_run.h>
#include <linux/pagemap.h>

#include "compat.h"
#include "scriptfs.h"

/* A fault publishes what it finds initialised around it, at most so many pages: one XArray leaf. */
#define SCRIPTFS_AROUND_PAGES	64UL

/*
 * Publish the page at @index and its initialised neighbours in the same chunk, so that the next
 * faults find them and map many at a time. Only the page itself may need zeroing.
 */
static int scriptfs_publish_around(struct inode *inode, pgoff_t index)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t pos = (loff_t)index << PAGE_SHIFT;
	struct scriptfs_block *block;
	struct scriptfs_chunk *chunk;
	u32 offset, from, to;
	int done;

	if (index >= scriptfs_page_limit(si))
		return -ENODATA;
	block = scriptfs_block_get(inode, pos, PAGE_SIZE, false);
	if (IS_ERR(block))
		return PTR_ERR(block);
	chunk = scriptfs_chunk_at(block, pos, &offset);
	scriptfs_mark_raise(chunk, offset + PAGE_SIZE);

	from = round_down(offset, SCRIPTFS_AROUND_PAGES * PAGE_SIZE);
	to = from + SCRIPTFS_AROUND_PAGES * PAGE_SIZE;
	to = min_t(u32, to, round_down(chunk->mark, PAGE_SIZE));
	to = min_t(u64, to, ((u64)(scriptfs_page_limit(si) - index) << PAGE_SHIFT) + offset);

	chunk->published = true;
	index -= (offset - from) >> PAGE_SHIFT;
	while (from < to) {
		struct page *page = scriptfs_chunk_page(chunk, from);
		unsigned int i, nr = 0;

		while (from + nr * PAGE_SIZE < to && !page[nr].mapping)
			nr++;
		for (i = 0; i < nr; i++)
			scriptfs_page_ready(page + i);
		done = 1;
		if (nr)
			done = page_cache_insert_run(inode->i_mapping, page, index, nr, GFP_KERNEL);
		if (done < 0)
			return done;
		from += done * PAGE_SIZE;
		index += done;
	}
	return 0;
}

static vm_fault_t scriptfs_fault(struct vm_fault *vmf)
{
	struct inode *inode = file_inode(vmf->vma->vm_file);
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct page *page;
	int err;

	while (!(page = find_lock_page(inode->i_mapping, vmf->pgoff))) {
		down_write(&si->map_lock);
		err = scriptfs_publish_around(inode, vmf->pgoff);
		up_write(&si->map_lock);
		if (err)
			return vmf_error(err);
	}

	/* Truncate needs the page lock to withdraw the page, so what is in the file now stays. */
	if (vmf->pgoff >= DIV_ROUND_UP_ULL(i_size_read(inode), PAGE_SIZE)) {
		unlock_page(page);
		put_page(page);
		return VM_FAULT_SIGBUS;
	}
	vmf->page = page;
	return VM_FAULT_LOCKED;
}

static const struct vm_operations_struct scriptfs_vm_ops = {
	.fault		= scriptfs_fault,
	.map_pages	= filemap_map_pages,
	.page_mkwrite	= filemap_page_mkwrite,
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

/**
 * scriptfs_block_to_write - find the block that covers an offset, or get one at any price
 * @inode:	the file
 * @pos:	offset in bytes
 * @want:	how many bytes from @pos on the caller is about to write
 *
 * As scriptfs_block_get(), but where pages in the page cache are what keeps the file from getting
 * a block, it is withdrawn. Whoever maps it faults the pages in again.
 *
 * Context: The caller holds inode_lock and map_lock exclusively; map_lock may be dropped meanwhile.
 * Return: The block; ERR_PTR(-ENOSPC) or ERR_PTR(-ENOMEM).
 */
struct scriptfs_block *scriptfs_block_to_write(struct inode *inode, loff_t pos, u64 want)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *block = scriptfs_block_get(inode, pos, want, true);

	if (block == ERR_PTR(-EBUSY)) {
		/* Page locks are not waited for under map_lock. */
		up_write(&si->map_lock);
		unmap_mapping_range(inode->i_mapping, 0, 0, 0);
		truncate_inode_pages(inode->i_mapping, 0);
		down_write(&si->map_lock);
		block = scriptfs_block_get(inode, pos, want, true);
	}
	return block == ERR_PTR(-EBUSY) ? ERR_PTR(-ENOSPC) : block;
}

/**
 * scriptfs_withdraw_all - take all pages of a file out of the page cache
 * @inode:	a file that is being evicted, so nobody maps it and nobody can publish
 *
 * Context: May sleep.
 */
void scriptfs_withdraw_all(struct inode *inode)
{
	if (inode->i_mapping->nrpages)
		page_cache_remove_run(inode->i_mapping, 0, ULONG_MAX);
}

#if !SCRIPTFS_PAGE_ROAD
const struct address_space_operations scriptfs_aops = {
	.set_page_dirty	= noop_set_page_dirty,
};
#endif
