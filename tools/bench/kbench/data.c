// SPDX-License-Identifier: GPL-2.0-only
/* kbench: cases of one large file. */
#include <linux/err.h>
#include <linux/falloc.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "kbench.h"

#define DATA "kbench-data"
#define SOURCE "kbench-source"

/* Writes or reads where the plan says. */
static int data_call(struct kbench_run *run, struct file *file, u64 i)
{
	return kbench_call(run, file, kbench_is_write(run->test->what),
			   kbench_call_position(run, i), run->call);
}

/* The position does not matter: the file was opened to append. */
static int append_call(struct kbench_run *run, struct file *file, u64 i)
{
	return kbench_call(run, file, true, 0, run->arg);
}

static int copy_call(struct kbench_run *run, struct file *file, u64 i)
{
	loff_t pos = i * run->call, end = pos + run->call;
	ssize_t ret;

	for (; pos < end; pos += ret) {
		ret = vfs_copy_file_range(run->file, pos, file, pos, end - pos, 0);
		if (ret <= 0)
			return ret ?: -EIO;
	}
	return 0;
}

/* All calls of a pass, one segment after the other. */
static __always_inline int each_call(struct kbench_run *run, struct file *file,
				     int (*call)(struct kbench_run *, struct file *, u64))
{
	unsigned int in_segment = kbench_segment_calls(run);
	u64 i, end;
	int err = 0;

	for (i = 0; i < run->calls && !err; cond_resched()) {
		end = min(i + in_segment, run->calls);
		kbench_begin(&run->meter);
		for (; i < end && !err; i++)
			err = call(run, file, i);
		kbench_end(&run->meter);
	}
	return err;
}

/**
 * kbench_data_new - pass: write a new file
 * @run: a planned command
 *
 * Return: 0 or a negative errno.
 */
int kbench_data_new(struct kbench_run *run)
{
	int err, append = run->test->what == KBENCH_APPEND ? O_APPEND : 0;
	struct file *file = kbench_open(run, DATA, O_RDWR | O_CREAT | O_EXCL | append);

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (append)
		err = each_call(run, file, append_call);
	else if (run->test->what == KBENCH_COPY_RANGE)
		err = each_call(run, file, copy_call);
	else
		err = each_call(run, file, data_call);
	return kbench_close_unlink(run, file, DATA) ?: err;
}

/**
 * kbench_data_prepare - make the file that the passes work on
 * @run: a planned command
 *
 * Return: 0 or a negative errno.
 */
int kbench_data_prepare(struct kbench_run *run)
{
	struct file *file = kbench_open(run, SOURCE, O_RDWR | O_CREAT | O_EXCL);

	if (IS_ERR(file))
		return PTR_ERR(file);
	run->file = file;
	return kbench_fill(run, file, run->size);
}

/**
 * kbench_data_again - pass: write or read the file that was prepared
 * @run: a prepared command
 *
 * Return: 0 or a negative errno.
 */
int kbench_data_again(struct kbench_run *run)
{
	return each_call(run, run->file, data_call);
}

/**
 * kbench_data_finish - remove the file that was prepared
 * @run: a command, prepared or not
 *
 * Return: 0 or a negative errno.
 */
int kbench_data_finish(struct kbench_run *run)
{
	return run->file ? kbench_close_unlink(run, run->file, SOURCE) : 0;
}

/**
 * kbench_data_unlink - pass: unlink a file of kbench_run.size
 * @run: the command, with room for one segment
 *
 * Return: 0 or a negative errno.
 */
int kbench_data_unlink(struct kbench_run *run)
{
	struct file *file = kbench_open(run, DATA, O_RDWR | O_CREAT | O_EXCL);
	int err, gone;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = kbench_fill(run, file, run->size);
	kbench_close(file);
	kbench_begin(&run->meter);
	gone = kbench_unlink(run, DATA);
	kbench_end(&run->meter);
	return err ?: gone;
}

static int again_prepare(struct kbench_run *run)
{
	return kbench_plan_calls(run) ?: kbench_data_prepare(run);
}

/* As many records as fill a few blocks of the smaller classes. */
static int append_prepare(struct kbench_run *run)
{
	if (run->arg > PAGE_SIZE)
		return -EINVAL;
	run->call = run->arg;
	run->calls = SZ_2M / PAGE_SIZE * 32;
	run->units = run->calls;
	return kbench_meter_init(&run->meter,
				 DIV_ROUND_UP(run->calls, kbench_segment_calls(run)));
}

static int unlink_prepare(struct kbench_run *run)
{
	run->size = kbench_file_size;
	run->units = run->size >> PAGE_SHIFT;
	return kbench_meter_init(&run->meter, 1);
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
	{ "new-#", NULL, KBENCH_NEW, kbench_plan_calls, kbench_data_new, NULL },
	{ "over-#", NULL, KBENCH_OVER, again_prepare, kbench_data_again, kbench_data_finish },
	{ "read-#", NULL, KBENCH_READ, again_prepare, kbench_data_again, kbench_data_finish },
	{ "rndover-#", NULL, KBENCH_RNDOVER, again_prepare, kbench_data_again, kbench_data_finish },
	{ "rndread-#", NULL, KBENCH_RNDREAD, again_prepare, kbench_data_again, kbench_data_finish },
	{ "copyrange-#", NULL, KBENCH_COPY_RANGE, again_prepare, kbench_data_new,
	  kbench_data_finish },
	{ "append-#", "call", KBENCH_APPEND, append_prepare, kbench_data_new, NULL },
	{ "unlink-big", "page", 0, unlink_prepare, kbench_data_unlink, NULL },
	{ "fallocate-#", "call", 0, fallocate_prepare, fallocate, NULL },
	{}
};
