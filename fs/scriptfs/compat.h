/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: all that differs from kernel to kernel.
 */
#ifndef _FS_SCRIPTFS_COMPAT_H
#define _FS_SCRIPTFS_COMPAT_H

#include <linux/kconfig.h>

/*
 * Out of a kernel tree nothing checks what Kconfig depends on: the module would compile, and then
 * fail file by file or copy by copy.
 */
#ifndef CONFIG_MMU
#error "scriptfs needs a kernel with CONFIG_MMU: files are mapped by page faults"
#endif
#ifndef CONFIG_64BIT
#error "scriptfs needs a 64-bit kernel: it has all its memory mapped for good"
#endif
#ifndef CONFIG_XARRAY_MULTI
#error "scriptfs needs a kernel with CONFIG_XARRAY_MULTI (CONFIG_TRANSPARENT_HUGEPAGE selects it)"
#endif
#ifdef CONFIG_HARDENED_USERCOPY_PAGESPAN
#error "scriptfs needs a kernel without CONFIG_HARDENED_USERCOPY_PAGESPAN: it copies across pages"
#endif
#if !defined(CONFIG_X86_64) && !defined(CONFIG_ARM64)
#error "scriptfs is tested on x86_64 and arm64 only: see its Kconfig"
#endif

#include <linux/pagemap.h>
#include <linux/uio.h>

#if PAGE_SHIFT > 15
#error "scriptfs needs pages of at most 32 KiB, the size of its smallest block"
#endif

/*
 * A kernel with the run helpers also has ->supply_page. Without it the page cache would put pages
 * of its own into a file that is read or written page by page, so there is the block path only.
 */
#define SCRIPTFS_PAGE_PATH	IS_ENABLED(CONFIG_PAGE_CACHE_RUN)

#if !SCRIPTFS_PAGE_PATH
static inline void mapping_set_supply_page(struct address_space *mapping)
{
}
#endif

/*
 * May a copy to or from @iter sleep although page faults are disabled? A pipe allocates the pages
 * that it copies to. All other kinds are memory that exists: user memory, the kernel's, pages.
 */
static inline bool scriptfs_iter_sleeps(const struct iov_iter *iter)
{
	return iov_iter_is_pipe(iter);
}

#endif /* _FS_SCRIPTFS_COMPAT_H */
