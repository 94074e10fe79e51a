// SPDX-License-Identifier: GPL-2.0-only
/* kbench: how cost grows with the size of a file, with files, with blocks and with the pool. */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/mount.h>

#include "kbench.h"

/* This many random calls tell what one costs, however large the file is. */
#define RANDOM_CALLS	8192

/* The smallest block of scriptfs. */
#define BLOCK_SIZE_MIN	SZ_32K

static int new_prepare(struct kbench_run *run)
{
	u64 call = min_t(u64, run->arg, KBENCH_FILL_SIZE);

	return kbench_plan(run, run->arg, call, div64_u64(run->arg, call));
}

static int random_prepare(struct kbench_run *run, u64 size)
{
	return kbench_plan(run, size, SZ_4K, min_t(u64, size / SZ_4K, RANDOM_CALLS)) ?:
	       kbench_data_prepare(run);
}

static int over_prepare(struct kbench_run *run)
{
	return random_prepare(run, run->arg);
}

static int blocks_prepare(struct kbench_run *run)
{
	return random_prepare(run, run->arg * BLOCK_SIZE_MIN);
}

static int unlink_prepare(struct kbench_run *run)
{
	run->size = run->arg;
	run->units = 1;
	return kbench_meter_init(&run->meter, 1);
}

static int files_prepare(struct kbench_run *run)
{
	return run->arg > INT_MAX ? -EINVAL : kbench_names_prepare(run, run->arg, SZ_1K);
}

/* Only scriptfs has a pool. */
static int mount_prepare(struct kbench_run *run)
{
	if (strcmp(run->dir.mnt->mnt_sb->s_type->name, "scriptfs"))
		return -EOPNOTSUPP;
	run->scale = SZ_1G;
	run->units = run->arg;
	return kbench_meter_init(&run->meter, 1);
}

static int mount_pass(struct kbench_run *run)
{
	struct file_system_type *type = run->dir.mnt->mnt_sb->s_type;
	struct vfsmount *mnt;
	char options[64];

	snprintf(options, sizeof(options), "poem=0,novel=0,medium=0,large=%lluM",
		 run->arg / SZ_1M);
	kbench_begin(&run->meter);
	/* a mount for the kernel itself is gone after the last put, not some time later */
	mnt = vfs_kern_mount(type, SB_KERNMOUNT, type->name, options);
	kbench_end(&run->meter);
	if (IS_ERR(mnt))
		return PTR_ERR(mnt);
	mntput(mnt);
	return 0;
}

/* A new file and an unlink of one, random calls, files of 1 KiB, a mount. */
const struct kbench_case kbench_grow_cases[] = {
	{ "grow-size-new-#", "page", KBENCH_NEW, new_prepare, kbench_data_new, NULL },
	{ "grow-size-over4K-#", "call", KBENCH_RNDOVER, over_prepare, kbench_data_again,
	  kbench_data_finish },
	{ "grow-size-unlink-#", "file", 0, unlink_prepare, kbench_data_unlink, NULL },
	{ "grow-blocks-read4K-#", "call", KBENCH_RNDREAD, blocks_prepare, kbench_data_again,
	  kbench_data_finish },
	{ "grow-files-create-#", "file", 0, files_prepare, kbench_names_create,
	  kbench_names_finish },
	{ "grow-files-unlink-#", "file", 0, files_prepare, kbench_names_unlink,
	  kbench_names_finish },
	{ "grow-pool-mount-#", "GiB", 0, mount_prepare, mount_pass, NULL },
	{}
};
