// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: pages of a file's blocks in the page cache, for mmap, splice and whoever else asks.
 *
 * A page enters the page cache when someone wants it there (it is published) and leaves it when the
 * file is truncated or evicted (it is withdrawn). Its bytes lie in the block all the time, so
 * nothing is ever dirty, written back or lost with it. page.c has what only the page cache asks
 * for.
 *
 * A published page has two references at least, the pool's and the page cache's, and whoever else
 * uses it has a third. It leaves the page cache under its lock, or with its count frozen at those
 * two; so no third party can be in the middle of doing the same. Those who would:
 *
 *	remove_mapping()	for a page to be given away by a pipe (FUSE, virtio), for
 *				invalidate_inode_page() (drop_caches, fadvise, bad memory) and for
 *				reclaim. It locks the page and expects exactly the page cache's and
 *				the caller's reference. With the pool's there is always one more, so
 *				no page of a pool is ever stolen; and on the last step of an evict,
 *				when it would add up, the page is not in the page cache any more.
 *	memory_failure()	locks the page and calls ->error_remove_page.
 *	set_page_dirty_lock()	locks the page; there is nothing to be marked in ours, see
 *				page_cache_remove_run() for one that was not published yet.
 *	truncate_inode_pages()	and all around it lock the page.
 *	migration, compaction,	want pages that can be isolated from the LRU, where ours are not.
 *	khugepaged, mlock
 *	try_to_release_page()	wants PG_private, which ours do not have.
 */
#include <linux/mm.h>
#include <linux/page_run.h>
#include <linux/pagemap.h>

#include "alloc.h"
#include "change.h"
#include "compat.h"
#include "inode.h"
#include "map.h"
#include "move.h"
#include "scatter.h"
#include "wait.h"

/* A fault publishes what it finds initialised around it, at most so many pages: one XArray leaf. */
#define SCRIPTFS_AROUND_PAGES	64UL

/* Flags that somebody who held the page before may have left behind. */
#define SCRIPTFS_LEFT_FLAGS	(BIT(PG_dirty) | BIT(PG_referenced) | BIT(PG_active) | \
				 BIT(PG_workingset) | BIT(PG_error) | BIT(PG_checked))

/**
 * scriptfs_page_ready - say of a page that its bytes are what the file has there
 * @page:	a page of one of the file's blocks
 *
 * It is on no LRU list; saying that it is unevictable keeps the callers of mark_page_accessed() and
 * fadvise(2) from batching it for one, and from holding it until the batch is full.
 */
void scriptfs_page_ready(struct page *page)
{
	set_mask_bits(&page->flags, SCRIPTFS_LEFT_FLAGS, BIT(PG_uptodate) | BIT(PG_unevictable));
	/* What another file had in this page may still be in the instruction cache. */
	flush_dcache_page(page);
}

/* Is the page ready to be inserted, and no trouble if it is? */
static bool scriptfs_page_fit(struct page *page)
{
	return !page->mapping && !PageHWPoison(page);
}

/* Publish what is not yet published of some initialised pages in a row. */
static int scriptfs_publish_run(struct inode *inode, struct page *page, pgoff_t index,
				unsigned int nr)
{
	while (nr) {
		unsigned int fit = 0;
		int done = 1;

		while (fit < nr && scriptfs_page_fit(page + fit))
			scriptfs_page_ready(page + fit++);
		if (fit)
			done = page_cache_insert_run(inode->i_mapping, page, index, fit,
						     GFP_KERNEL);
		if (done < 0)
			return done;
		page += done;
		index += done;
		nr -= done;
	}
	return 0;
}

/* Publish the page at @offset of a scattered chunk. */
static int scriptfs_publish_scattered(struct inode *inode, struct scriptfs_block *block,
				      struct scriptfs_chunk *chunk, u32 offset, pgoff_t index)
{
	struct page *page = scriptfs_scatter_page(inode, block, chunk, offset);

	if (IS_ERR(page))
		return PTR_ERR(page);
	if (PageHWPoison(page))
		return -EHWPOISON;
	return scriptfs_publish_run(inode, page, index, 1);
}

/*
 * Publish the page at @index and its initialised neighbours in the same chunk, so that the next
 * faults find them and map many at a time. Only the page itself may need zeroing.
 */
static int scriptfs_publish_around(struct inode *inode, pgoff_t index, bool move)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t pos = (loff_t)index << PAGE_SHIFT;
	struct scriptfs_block *block;
	struct scriptfs_chunk *chunk;
	u32 offset, from, to;

	if (index >= scriptfs_page_limit(si))
		return -ENODATA;
	block = move ? scriptfs_block_to_write(inode, pos, PAGE_SIZE) :
		       scriptfs_block_get(inode, pos, PAGE_SIZE);
	if (IS_ERR(block))
		return PTR_ERR(block);
	chunk = scriptfs_chunk_at(block, pos, &offset);
	chunk->published = true;
	if (chunk->stray && !scriptfs_chunk_reclaim(inode, block, chunk, offset + PAGE_SIZE))
		return scriptfs_publish_scattered(inode, block, chunk, offset, index);
	if (PageHWPoison(scriptfs_chunk_page(chunk, offset)))
		return -EHWPOISON;
	scriptfs_mark_raise(chunk, offset + PAGE_SIZE);

	from = round_down(offset, SCRIPTFS_AROUND_PAGES * PAGE_SIZE);
	to = from + SCRIPTFS_AROUND_PAGES * PAGE_SIZE;
	to = min_t(u32, to, round_down(chunk->mark, PAGE_SIZE));
	to = min_t(u64, to, ((u64)(scriptfs_page_limit(si) - index) << PAGE_SHIFT) + offset);
	return scriptfs_publish_run(inode, scriptfs_chunk_page(chunk, from),
				    index - ((offset - from) >> PAGE_SHIFT),
				    (to - from) >> PAGE_SHIFT);
}

/*
 * The same with the locks. To get a block the file's others may have to be moved, which takes
 * inode_lock as well. That comes before mmap_lock, with which a fault begins, so it may only try.
 */
static int scriptfs_publish_locked(struct inode *inode, pgoff_t index)
{
	struct scriptfs_inode *si = scriptfs_inode(inode);
	loff_t pos = (loff_t)index << PAGE_SHIFT;
	bool move = !scriptfs_block_find(si, pos) && inode_trylock(inode);
	int err;

	if (move)
		scriptfs_change_begin(si);
	down_write(&si->map_lock);
	err = scriptfs_publish_around(inode, index, move);
	up_write(&si->map_lock);
	if (move) {
		scriptfs_change_end(si);
		inode_unlock(inode);
	}
	/* Whoever has the lock is in the way. */
	return err == -ENOSPC && !move && !scriptfs_block_find(si, pos) ? -EBUSY : err;
}

/* Publish the page at @index, waiting for memory if need be. */
static int scriptfs_publish(struct inode *inode, pgoff_t index)
{
	struct scriptfs_wait wait = {};
	int err;

	do {
		err = scriptfs_publish_locked(inode, index);
		if (!err)
			break;
		err = scriptfs_wait_for_block(inode, &wait, err, PAGE_SIZE);
	} while (!err);
	scriptfs_wait_end(inode, &wait);
	return err;
}

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
 * scriptfs_withdraw_all - take all pages of a file out of the page cache
 * @inode:	a file that is being evicted, so nobody maps it and nobody can publish
 *
 * Nobody else has the inode, but others may hold its pages. Where somebody does, the page is locked
 * to take it out; most are taken out without.
 *
 * Context: May sleep.
 */
void scriptfs_withdraw_all(struct inode *inode)
{
	if (!inode->i_mapping->nrpages)
		return;
	page_cache_remove_run(inode->i_mapping, 0, ULONG_MAX);
	if (inode->i_mapping->nrpages)
		truncate_inode_pages_final(inode->i_mapping);
}

#if !SCRIPTFS_PAGE_PATH
const struct address_space_operations scriptfs_aops = {
	.set_page_dirty		= noop_set_page_dirty,
	.error_remove_page	= generic_error_remove_page,
};
#endif
