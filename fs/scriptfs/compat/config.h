/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: what a kernel must have, and what it may lack.
 *
 * The module is written to the newest interfaces of the kernel. What older ones have instead is in
 * the headers of this directory, one for each subject. Nothing else looks at the kernel's version.
 *
 * Stable releases take over interfaces of newer kernels. So what stands for one is a macro, which
 * does not collide with it, and an inline function has a name of scriptfs's.
 */
#ifndef _FS_SCRIPTFS_COMPAT_CONFIG_H
#define _FS_SCRIPTFS_COMPAT_CONFIG_H

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
#ifndef CONFIG_FS_POSIX_ACL
#error "scriptfs needs a kernel with CONFIG_FS_POSIX_ACL (CONFIG_TMPFS_POSIX_ACL selects it)"
#endif
#ifdef CONFIG_HARDENED_USERCOPY_PAGESPAN
#error "scriptfs needs a kernel without CONFIG_HARDENED_USERCOPY_PAGESPAN: it copies across pages"
#endif
#if !defined(CONFIG_X86_64) && !defined(CONFIG_ARM64)
#error "scriptfs is tested on x86_64 and arm64 only: see its Kconfig"
#endif

#include <asm/page.h>

#if PAGE_SHIFT > 15
#error "scriptfs needs pages of at most 32 KiB, the size of its smallest block"
#endif

#endif /* _FS_SCRIPTFS_COMPAT_CONFIG_H */
