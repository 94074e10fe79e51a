// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: what the page cache asks of a mapping that has its own pages, and writing page by page
 * (io=page) on top of it.
 */
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/page_run.h>
#include <linux/pagemap.h>

#include "alloc.h"
#include "aops.h"
#include "compat/aops.h"
#include "compat/folio.h"
#include "compat/page.h"
#include "map.h"
#include "publish.h"

/*
 * Make the page at @offset of @piece ready to be seen. One that write_begin is about to fill
 * from end to end need not be zeroed first: it stays locked and not uptodate until write_end.
 */
static void scriptfs_page_init(struct scriptfs_piece *piece, u32 offset, struct page *page,
			       bool fill)
{
	scriptfs_page_ready(page);
	if (fill && offset >= piece->mark) {
		scriptfs_mark_raise(piece, offset);
		ClearPageUptodate(page);
		return;
	}
	scriptfs_mark_raise(piece, offset + PAGE_SIZE);
}

/*
 * Publish the locked @page of a piece. A page to be filled counts as initialised only once it is in
 * the page cache, where its lock keeps everyone off.
 */
static int scriptfs_page_insert(struct address_space *mapping, struct scriptfs_piece *piece,
				u32 offset, struct page *page, pgoff_t index, gfp_t gfp)
{
	bool fill = READ_ONCE(mapping->host->i_private) == current;
	int ret;

	scriptfs_page_init(piece, offset, page, fill);
	piece->published = true;
	ret = page_cache_insert_run(mapping, page, index, 1, gfp);
	if (ret < 0)
		return ret;
	if (offset + PAGE_SIZE > piece->mark)
		scriptfs_mark_set(piece, offset + PAGE_SIZE);
	return 0;
}

/* Answer a page cache miss if that is possible at once, otherwise with ERR_PTR(-EBUSY). */
static struct page *scriptfs_supply_once(struct address_space *mapping, pgoff_t index, gfp_t gfp)
{
	struct inode *inode = mapping->host;
	struct scriptfs_inode *si = scriptfs_inode(inode);
	struct scriptfs_piece *piece;
	struct page *page;
	u32 offset;
	int err;

	down_write(&si->map_lock);
	if (index >= scriptfs_page_limit(si)) {
		page = ERR_PTR(-ENODATA);
		goto out;
	}
	piece = scriptfs_piece_get(inode, (loff_t)index << PAGE_SHIFT, PAGE_SIZE);
	if (IS_ERR(piece)) {
		page = ERR_CAST(piece);
		goto out;
	}
	if (piece->united) {
		err = scriptfs_publish_united(inode, piece, index);
		if (err != -EAGAIN) {
			page = ERR_PTR(err ?: -EEXIST);
			goto out;
		}
	}
	offset = (index - piece->index) << PAGE_SHIFT;
	page = scriptfs_piece_page(piece, offset);
	if (PageHWPoison(page)) {
		page = ERR_PTR(-EIO);
		goto out;
	}

	get_page(page);
	if (!trylock_page(page)) {
		/* It is in the page cache already, or a task that found it there is not done. */
		up_write(&si->map_lock);
		folio_wait_locked(page_folio(page));
		put_page(page);
		return ERR_PTR(-EEXIST);
	}
	err = page->mapping ? -EEXIST :
			      scriptfs_page_insert(mapping, piece, offset, page, index, gfp);
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
 * ->supply_page: answer a page cache miss with the page of the file's own piece. See
 * Documentation/filesystems/vfs.rst for what is returned.
 */
static struct page *scriptfs_supply_page(struct address_space *mapping, pgoff_t index, gfp_t gfp)
{
	unsigned int tries = 0;
	struct page *page;
	int err = 0;

	do {
		page = scriptfs_supply_once(mapping, index, gfp);
	} while (page == ERR_PTR(-EBUSY) && !(err = scriptfs_publish_wait(&tries, -EBUSY)));
	if (err == -EHWPOISON)
		err = -EIO;
	return err ? ERR_PTR(err) : page;
}

/*
 * Without a lock: a fault that still sees the old values can at most publish the page that was just
 * written, or one behind the end of the file, where it cannot be mapped.
 */
static void scriptfs_fill_end(struct scriptfs_inode *si)
{
	WRITE_ONCE(si->publish_limit, 0);
	WRITE_ONCE(si->vfs_inode.i_private, NULL);
}

/* A write has failed that got a page behind the end of the file, or may have. */
static void scriptfs_fill_failed(struct scriptfs_inode *si)
{
	down_write(&si->map_lock);
	si->trim = SCRIPTFS_TRIM_ALL;
	up_write(&si->map_lock);
}

/* The page at @index of a file that has memory there: locked, and published if it was not. */
static struct page *scriptfs_page_get(struct address_space *mapping, pgoff_t index)
{
	struct page *page;

	do {
		page = find_lock_page(mapping, index);
		if (!page)
			page = scriptfs_supply_page(mapping, index, GFP_KERNEL);
	} while (page == ERR_PTR(-EEXIST));
	return page;
}

/* ->write_begin: have the page ready that @len bytes at @pos are copied to. */
static int scriptfs_page_begin(struct address_space *mapping, loff_t pos, unsigned int len,
			       struct page **pagep)
{
	struct inode *inode = mapping->host;
	struct scriptfs_inode *si = scriptfs_inode(inode);
	pgoff_t index = pos >> PAGE_SHIFT;
	struct scriptfs_piece *piece;
	int err = 0;

	/* Have memory for the page first: behind the end of the file only the limit admits it. */
	down_write(&si->map_lock);
	piece = scriptfs_piece_get(inode, pos, len);
	/* Under inode_lock, and for write(2) readers were told to keep away. */
	if (!IS_ERR(piece) && raw_read_seqcount(&si->change_seq) & 1 &&
	    scriptfs_piece_gap(piece, (index - piece->index) << PAGE_SHIFT))
		piece = scriptfs_map_skip(inode, piece, index);
	if (IS_ERR(piece)) {
		err = PTR_ERR(piece);
	} else if (PageHWPoison(scriptfs_piece_page(piece, (index - piece->index) << PAGE_SHIFT))) {
		err = -EIO;
	} else {
		WRITE_ONCE(si->publish_limit, index + 1);
		WRITE_ONCE(inode->i_private, len == PAGE_SIZE ? current : NULL);
	}
	up_write(&si->map_lock);
	if (err)
		return err;

	*pagep = scriptfs_page_get(mapping, index);
	if (!IS_ERR(*pagep))
		return 0;
	scriptfs_fill_end(si);
	scriptfs_fill_failed(si);
	return PTR_ERR(*pagep);
}

/* ->write_end: @copied of these bytes were. */
static unsigned int scriptfs_page_end(struct address_space *mapping, loff_t pos, unsigned int len,
				      unsigned int copied, struct page *page)
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
	if (unlikely(copied < len))
		scriptfs_fill_failed(scriptfs_inode(inode));
	return copied;
}

/*
 * ->read_folio: the page cache has allocated a page, put it where the file's own was missing, and
 * wants it filled. Take it out again, publish the file's own, and have the caller look again.
 *
 * Until then the other one is locked, and so of no use to anyone. Most readers publish ahead what
 * they are about to ask for; this is for uprobes, and for a page that was withdrawn in between.
 *
 * read_cache_page() of older kernels does not look again, but takes what it had filled: give that
 * the bytes that the file has now.
 */
static int scriptfs_page_missed(struct address_space *mapping, pgoff_t index, struct page *page)
{
	struct page *own = NULL;
	int err;

	/* Readahead has no reference but the page cache's. */
	get_page(page);
	scriptfs_page_drop(mapping, page);
	unlock_page(page);
	do {
		err = scriptfs_publish(mapping->host, index, false);
		/* Another task may have missed it, too, or the file's own page was withdrawn. */
	} while (!err && !(own = find_lock_page(mapping, index)) && !fatal_signal_pending(current));
	if (own) {
		copy_highpage(page, own);
		unlock_page(own);
		put_page(own);
		/* The bytes before the flag. */
		smp_wmb();
		set_bit(PG_uptodate, scriptfs_page_flags(page));
	}
	put_page(page);
	if (err == -EHWPOISON)
		err = -EIO;
	return err ? err : AOP_TRUNCATED_PAGE;
}

const struct address_space_operations scriptfs_aops = {
	.read_folio	= scriptfs_read_folio,
	.write_begin	= scriptfs_write_begin,
	.write_end	= scriptfs_write_end,
	SCRIPTFS_SUPPLY_OPERATION(scriptfs_supply_page)
	.direct_IO	= noop_direct_IO,	/* never called, but O_DIRECT wants it */
	.dirty_folio	= noop_dirty_folio,
	.error_remove_folio = generic_error_remove_folio,
};
