// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: what the page cache asks of a mapping that supplies its own pages, and writing page by
 * page (io=page) on top of it. Kernels without ->supply_page have the block path only.
 */
#include <linux/mm.h>
#include <linux/page_run.h>
#include <linux/pagemap.h>

#include "alloc.h"
#include "aops.h"
#include "compat.h"
#include "map.h"
#include "move.h"
#include "publish.h"
#include "scatter.h"

#if SCRIPTFS_PAGE_PATH

/*
 * Make the page at @offset of @chunk ready to be seen. One that write_begin is about to fill
 * from end to end need not be zeroed first: it stays locked and not uptodate until write_end.
 */
static void scriptfs_page_init(struct scriptfs_chunk *chunk, u32 offset, struct page *page,
			       bool fill)
{
	scriptfs_page_ready(page);
	if (chunk->scattered)
		return;
	if (fill && offset >= chunk->mark) {
		scriptfs_mark_raise(chunk, offset);
		ClearPageUptodate(page);
		return;
	}
	scriptfs_mark_raise(chunk, offset + PAGE_SIZE);
}

/* The page of a block that is to be published. */
static struct page *scriptfs_page_at(struct inode *inode, struct scriptfs_block *block,
				     struct scriptfs_chunk *chunk, u32 offset)
{
	struct page *page;

	if (chunk->stray && !scriptfs_chunk_reclaim(inode, block, chunk, offset + PAGE_SIZE))
		page = scriptfs_scatter_page(inode, block, chunk, offset);
	else
		page = scriptfs_chunk_page(chunk, offset);
	return !IS_ERR(page) && PageHWPoison(page) ? ERR_PTR(-EIO) : page;
}

/*
 * Publish the locked @page of a block. A page to be filled counts as initialised only once it is in
 * the page cache, where its lock keeps everyone off.
 */
static int scriptfs_page_insert(struct address_space *mapping, struct scriptfs_chunk *chunk,
				u32 offset, struct page *page, pgoff_t index, gfp_t gfp)
{
	bool fill = READ_ONCE(scriptfs_inode(mapping->host)->fill_task) == current;
	int ret;

	scriptfs_page_init(chunk, offset, page, fill);
	chunk->published = true;
	ret = page_cache_insert_run(mapping, page, index, 1, gfp);
	if (ret < 0)
		return ret;
	if (!chunk->scattered && offset + PAGE_SIZE > chunk->mark)
		scriptfs_mark_set(chunk, offset + PAGE_SIZE);
	return 0;
}

/*
 * ->supply_page: answer a page cache miss with the page of the file's own block. See
 * Documentation/filesystems/vfs.rst for what is returned.
 */
static struct page *scriptfs_supply_page(struct address_space *mapping, pgoff_t index, gfp_t gfp)
{
	struct inode *inode = mapping->host;
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_block *block;
	struct scriptfs_chunk *chunk;
	struct page *page;
	u32 offset;
	int err;

	down_write(&si->map_lock);
	if (index >= scriptfs_page_limit(si)) {
		page = ERR_PTR(-ENODATA);
		goto out;
	}
	block = scriptfs_block_get(inode, (loff_t)index << PAGE_SHIFT, PAGE_SIZE);
	if (IS_ERR(block)) {
		page = ERR_CAST(block);
		goto out;
	}
	chunk = scriptfs_chunk_at(block, (loff_t)index << PAGE_SHIFT, &offset);
	page = scriptfs_page_at(inode, block, chunk, offset);
	if (IS_ERR(page))
		goto out;

	get_page(page);
	if (!trylock_page(page)) {
		/* It is in the page cache already, or a task that found it there is not done. */
		up_write(&si->map_lock);
		wait_on_page_locked(page);
		put_page(page);
		return ERR_PTR(-EEXIST);
	}
	err = page->mapping ? -EEXIST :
			      scriptfs_page_insert(mapping, chunk, offset, page, index, gfp);
	if (err) {
		unlock_page(page);
		put_page(page);
		page = ERR_PTR(err);
	}
out:
	up_write(&si->map_lock);
	return page;
}

/*
 * Without a lock: a fault that still sees the old values can at most publish the page that was just
 * written, or one behind the end of the file, where it cannot be mapped.
 */
static void scriptfs_fill_end(struct scriptfs_inode *si)
{
	WRITE_ONCE(si->publish_limit, 0);
	WRITE_ONCE(si->fill_task, NULL);
}

static int scriptfs_write_begin(struct file *file, struct address_space *mapping, loff_t pos,
				unsigned int len, unsigned int flags, struct page **pagep,
				void **fsdata)
{
	struct inode *inode = mapping->host;
	struct scriptfs_inode *si = scriptfs_inode(inode);
	pgoff_t index = pos >> PAGE_SHIFT;
	struct scriptfs_block *block;
	struct scriptfs_chunk *chunk;
	struct page *page = NULL;
	u32 offset;

	/* Find the page first, for a better error than the page cache has. */
	down_write(&si->map_lock);
	block = scriptfs_block_to_write(inode, pos, len);
	if (!IS_ERR(block)) {
		chunk = scriptfs_chunk_at(block, pos, &offset);
		page = scriptfs_page_at(inode, block, chunk, round_down(offset, PAGE_SIZE));
	}
	if (!IS_ERR(block) && !IS_ERR(page)) {
		WRITE_ONCE(si->publish_limit, index + 1);
		si->eof_trim = true;	/* in case the write fails */
		WRITE_ONCE(si->fill_task, len == PAGE_SIZE ? current : NULL);
	}
	up_write(&si->map_lock);
	if (IS_ERR(block))
		return PTR_ERR(block);
	if (IS_ERR(page))
		return PTR_ERR(page);

	*pagep = grab_cache_page_write_begin(mapping, index, flags);
	if (*pagep)
		return 0;
	scriptfs_fill_end(si);
	return -ENOMEM;
}

static int scriptfs_write_end(struct file *file, struct address_space *mapping, loff_t pos,
			      unsigned int len, unsigned int copied, struct page *page,
			      void *fsdata)
{
	struct inode *inode = mapping->host;

	if (!PageUptodate(page)) {
		zero_user_segment(page, copied, PAGE_SIZE);
		scriptfs_page_ready(page);
	}
	if (copied && pos + copied > i_size_read(inode))
		scriptfs_size_write(inode, pos + copied);
	unlock_page(page);
	put_page(page);
	scriptfs_fill_end(scriptfs_inode(inode));
	return copied;
}

/* Not reached, as unlocked pages are always uptodate; but uprobes wants it to be there. */
static int scriptfs_readpage(struct file *file, struct page *page)
{
	unlock_page(page);
	return -EIO;
}

#endif

const struct address_space_operations scriptfs_aops = {
#if SCRIPTFS_PAGE_PATH
	.readpage	= scriptfs_readpage,
	.write_begin	= scriptfs_write_begin,
	.write_end	= scriptfs_write_end,
	.supply_page	= scriptfs_supply_page,
#endif
	.set_page_dirty	= noop_set_page_dirty,
	.error_remove_page = generic_error_remove_page,
};
