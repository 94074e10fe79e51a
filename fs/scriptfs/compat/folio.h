/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: the operations of a mapping, as the kernel calls them.
 *
 * Those on pages became operations on folios, each at its own time; here a folio is always one
 * page. This is a part of aops.c, which has the functions that do the work.
 */
#ifndef _FS_SCRIPTFS_COMPAT_FOLIO_H
#define _FS_SCRIPTFS_COMPAT_FOLIO_H

#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/version.h>

static int scriptfs_page_begin(struct address_space *mapping, loff_t pos, unsigned int len,
			       struct page **pagep);
static unsigned int scriptfs_page_end(struct address_space *mapping, loff_t pos, unsigned int len,
				      unsigned int copied, struct page *page);
static int scriptfs_page_missed(struct address_space *mapping, pgoff_t index, struct page *page);

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 18, 0)
#define dirty_folio		set_page_dirty
#define noop_dirty_folio	noop_set_page_dirty
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define error_remove_folio		error_remove_page
#define generic_error_remove_folio	generic_error_remove_page
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)

#define read_folio		readpage
static int scriptfs_read_folio(struct file *file, struct page *page)
{
	return scriptfs_page_missed(page->mapping, page->index, page);
}

#else

static int scriptfs_read_folio(struct file *file, struct folio *folio)
{
	return scriptfs_page_missed(folio->mapping, folio->index, folio_page(folio, 0));
}

#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)

static int scriptfs_write_begin(struct file *file, struct address_space *mapping, loff_t pos,
				unsigned int len,
#if LINUX_VERSION_CODE < KERNEL_VERSION(5, 19, 0)
				unsigned int flags,
#endif
				struct page **pagep, void **fsdata)
{
	return scriptfs_page_begin(mapping, pos, len, pagep);
}

static int scriptfs_write_end(struct file *file, struct address_space *mapping, loff_t pos,
			      unsigned int len, unsigned int copied, struct page *page,
			      void *fsdata)
{
	return scriptfs_page_end(mapping, pos, len, copied, page);
}

#else

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define SCRIPTFS_WRITER		struct file *file
#else
#define SCRIPTFS_WRITER		const struct kiocb *iocb
#endif

static int scriptfs_write_begin(SCRIPTFS_WRITER, struct address_space *mapping, loff_t pos,
				unsigned int len, struct folio **foliop, void **fsdata)
{
	struct page *page;
	int err = scriptfs_page_begin(mapping, pos, len, &page);

	if (!err)
		*foliop = page_folio(page);
	return err;
}

static int scriptfs_write_end(SCRIPTFS_WRITER, struct address_space *mapping, loff_t pos,
			      unsigned int len, unsigned int copied, struct folio *folio,
			      void *fsdata)
{
	return scriptfs_page_end(mapping, pos, len, copied, folio_page(folio, 0));
}

#endif

#endif /* _FS_SCRIPTFS_COMPAT_FOLIO_H */
