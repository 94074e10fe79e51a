// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the run helpers of mm/, for kernels that do not have them: part of the module there.
 *
 * The pages are in no memory cgroup, so the counters of their node are all there is to keep.
 */
#include <linux/mm.h>
#include <linux/page_run.h>
#include <linux/pagemap.h>
#include <linux/version.h>
#include <linux/vmstat.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 16, 0)
#define page_mapped(page)	folio_mapped(page_folio(page))
#endif

/* The member of struct page; parameters of that name do not mind. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define index			__folio_index
#endif

#include "../../../mm/page_run.c"
