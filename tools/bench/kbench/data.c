// SPDX-License-Identifier: GPL-2.0-only
/* kbench: cases of one large file. */
#include <linux/err.h>
#include <linux/falloc.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "kbench.h"

#define DATA "kbench-data"

/* All calls of a pass, a segment after the other. */
static int data_calls(struct kbench_run *run, struct file *file)
{
	unsigned int in_segment = kbench_segment_calls(run), n;
	bool write = kbench_is_write(run->test->what);
	u64 i = 0;
	int err = 0;

	while (i < run->calls) {
		kbench_begin(&run->meter);
		for (n = 0; n < in_segment && !err; n++, i++)
			err = kbench_call(run, file, write, kbench_call_position(run, i), run->arg);
		kbench_end(&run->meter);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

static int data_new(struct kbench_run *run)
{
	struct file *file = kbench_open(run, DATA, O_RDWR | O_CREAT | O_EXCL);
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = data_calls(run, file);
	return kbench_close_unlink(run, file, DATA) ?: err;
}

static int data_again(struct kbench_run *run)
{
	return data_calls(run, run->file);
}

/* A file for the passes to work on. */
static int data_prepare(struct kbench_run *run)
{
	int err = kbench_plan_calls(run);

	if (err)
		return err;
	run->file = kbench_open(run, DATA, O_RDWR | O_CREAT | O_EXCL);
	if (IS_ERR(run->file)) {
		err = PTR_ERR(run->file);
		run->file = NULL;
		return err;
	}
	return kbench_fill(run, run->file, kbench_file_size);
}

static int data_finish(struct kbench_run *run)
{
	return run->file ? kbench_close_unlink(run, run->file, DATA) : 0;
}

static int unlink_prepare(struct kbench_run *run)
{
	run->units = kbench_file_size >> PAGE_SHIFT;
	return kbench_meter_init(&run->meter, 1);
}

static int unlink_big(struct kbench_run *run)
{
	struct file *file = kbench_open(run, DATA, O_RDWR | O_CREAT | O_EXCL);
	int err, gone;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = kbench_fill(run, file, kbench_file_size);
	kbench_close(file);
	kbench_begin(&run->meter);
	gone = kbench_unlink(run, DATA);
	kbench_end(&run->meter);
	return err ?: gone;
}

static int fallocate_prepare(struct kbench_run *run)
{
	run->units = 1;
	return kbench_meter_init(&run->meter, 1);
}

static int fallocate(struct kbench_run *run)
{
	struct file *file = kbench_open(run, DATA, O_RDWR | O_CREAT | O_EXCL);
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	kbench_begin(&run->meter);
	err = vfs_fallocate(file, 0, 0, run->arg);
	kbench_end(&run->meter);
	return kbench_close_unlink(run, file, DATA) ?: err;
}

const struct kbench_case kbench_data_cases[] = {
	{ "new-#", NULL, KBENCH_NEW, kbench_plan_calls, data_new, NULL },
	{ "over-#", NULL, KBENCH_OVER, data_prepare, data_again, data_finish },
	{ "read-#", NULL, KBENCH_READ, data_prepare, data_again, data_finish },
	{ "rndover-#", NULL, KBENCH_RNDOVER, data_prepare, data_again, data_finish },
	{ "rndread-#", NULL, KBENCH_RNDREAD, data_prepare, data_again, data_finish },
	{ "unlink-big", "page", 0, unlink_prepare, unlink_big, NULL },
	{ "fallocate-#", "call", 0, fallocate_prepare, fallocate, NULL },
	{}
};
