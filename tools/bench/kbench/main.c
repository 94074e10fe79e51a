// SPDX-License-Identifier: GPL-2.0-only
/*
 * kbench: measure calls into a file system from inside the kernel.
 *
 * A write of "TARGET CASE" to the file kbench in debugfs runs that case; a read from the same open
 * file then returns "PER VALUE": the nanoseconds per call, page, file or op. TARGET is a directory,
 * or "memcpy" or "memcpy-nt" for the copy alone. "TARGET CASE user=ADDRESS" makes the calls from
 * and to the buffer at that address in the writing process, which must be as large as a call.
 * A write fails with the errno of what failed, or with EINVAL if there is no such case or it cannot
 * be run with such a number; whatever it has made is removed then, too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/rcupdate.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "compat/vfs.h"
#include "kbench.h"

unsigned long kbench_file_size = SZ_64M;
module_param_named(file_size, kbench_file_size, ulong, 0644);
MODULE_PARM_DESC(file_size, "bytes of the large file, a power of two");

unsigned int kbench_files = 1000;
module_param_named(files, kbench_files, uint, 0644);
MODULE_PARM_DESC(files, "how many small files");

static unsigned int passes = 5;
module_param(passes, uint, 0644);
MODULE_PARM_DESC(passes, "how many passes follow the one that warms up; each part counts as in its cheapest pass; 0: only that one, and it counts");

static unsigned int pause;
module_param(pause, uint, 0644);
MODULE_PARM_DESC(pause, "ms to sleep before each pass: time for other programs to fill the caches");

static struct dentry *control;

/* A command on its way to the thread that runs it. */
struct kbench_job {
	struct kbench_run	run;
	struct mm_struct	*mm;
	struct completion	done;
	u64			ns;
	int			err;
};

/* Does @name match @pattern? The number in place of # goes to *@arg. */
static bool name_matches(const char *pattern, const char *name, u64 *arg)
{
	char *end;

	for (; *pattern; pattern++) {
		if (*pattern == '#') {
			*arg = memparse(name, &end);
			if (end == name || !*arg)
				return false;
			name = end;
		} else if (*pattern != *name++) {
			return false;
		}
	}
	return !*name;
}

static const struct kbench_case *find_case(const struct kbench_case *list, const char *name,
					   u64 *arg)
{
	for (; list->name; list++)
		if (name_matches(list->name, name, arg))
			return list;
	return NULL;
}

static int run_passes(struct kbench_run *run)
{
	const struct kbench_case *test = run->test;
	int err, end;
	unsigned int i;

	err = test->prepare(run);
	if (!err && !run->units)
		err = -EINVAL;
	/* the first pass only warms up caches, pools and per-CPU lists, unless it is alone */
	for (i = 0; i <= passes && !err; i++) {
		if (i == 1)
			kbench_meter_reset(&run->meter);
		/* wait until what the last pass freed is really free */
		rcu_barrier();
		if (pause)
			msleep(pause);
		run->meter.at = 0;
		err = test->pass(run);
	}
	end = test->finish ? test->finish(run) : 0;
	return err ?: end;
}

/*
 * A kernel thread has no user whose limits, signals or memory cgroup could matter, and it may put
 * the last reference to a file.
 */
static int kbench_thread(void *arg)
{
	struct kbench_job *job = arg;

	if (job->mm)
		kthread_use_mm(job->mm);
	job->err = run_passes(&job->run);
	if (job->mm)
		kthread_unuse_mm(job->mm);
	/* this module may be gone before the thread is */
	kthread_complete_and_exit(&job->done, 0);
}

static int run_job(struct kbench_job *job)
{
	struct kbench_run *run = &job->run;
	size_t size = clamp_t(u64, run->arg, KBENCH_FILL_SIZE, KBENCH_CALL_MAX);
	struct task_struct *thread;

	run->buf = kvmalloc(size, GFP_KERNEL);
	if (!run->buf)
		return -ENOMEM;
	memset(run->buf, 'x', size);
	init_completion(&job->done);
	thread = kthread_run(kbench_thread, job, "kbench");
	if (IS_ERR(thread))
		job->err = PTR_ERR(thread);
	else
		wait_for_completion(&job->done);
	job->ns = kbench_meter_sum(&run->meter);
	vfree(run->meter.least);
	kvfree(run->buf);
	return job->err;
}

/* Parse "TARGET CASE [user=ADDRESS]" and run it. */
static int run_command(struct kbench_job *job, char *command)
{
	char *target = strsep(&command, " "), *name = strsep(&command, " ");
	struct kbench_run *run = &job->run;
	bool limit = *target != '/';
	unsigned long address = 0;
	int err;

	if (!name || (command && sscanf(command, "user=%lx", &address) != 1))
		return -EINVAL;
	if (limit && strcmp(target, "memcpy") && strcmp(target, "memcpy-nt"))
		return -EINVAL;
	run->streaming = !strcmp(target, "memcpy-nt");
	if (limit)
		run->test = find_case(kbench_limit_cases, name, &run->arg);
	else
		run->test = find_case(kbench_data_cases, name, &run->arg) ?:
			    find_case(kbench_name_cases, name, &run->arg) ?:
			    find_case(kbench_grow_cases, name, &run->arg);
	if (!run->test)
		return -EINVAL;
	if (limit)
		return run_job(job);

	run->user = (char __user *)address;
	job->mm = run->user ? current->mm : NULL;
	err = kern_path(target, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &run->dir);
	if (err)
		return err;
	err = run_job(job);
	path_put(&run->dir);
	return err;
}

static const char *unit_name(const struct kbench_run *run)
{
	if (run->test->per)
		return run->test->per;
	return run->arg > PAGE_SIZE ? "page" : "call";
}

static ssize_t control_write(struct file *file, const char __user *from, size_t len, loff_t *pos)
{
	struct kbench_job *job;
	u64 thousandths;
	char *command;
	u32 rest;
	int err;

	command = simple_transaction_get(file, from, len);
	if (IS_ERR(command))
		return PTR_ERR(command);
	job = kzalloc(sizeof(*job), GFP_KERNEL);
	if (!job)
		return -ENOMEM;
	err = run_command(job, strim(command));
	if (!err) {
		thousandths = mul_u64_u64_div_u64(job->ns, 1000 * (job->run.scale ?: 1),
						  job->run.units);
		thousandths = div_u64_rem(thousandths, 1000, &rest);
		simple_transaction_set(file, scnprintf(command, SIMPLE_TRANSACTION_LIMIT,
						       "%s %llu.%03u\n", unit_name(&job->run),
						       thousandths, rest));
	}
	kfree(job);
	return err ?: len;
}

static const struct file_operations control_operations = {
	.owner		= THIS_MODULE,
	.write		= control_write,
	.read		= simple_transaction_read,
	.release	= simple_transaction_release,
};

static int __init kbench_init(void)
{
	kbench_clock_init();
	control = debugfs_create_file("kbench", 0600, NULL, NULL, &control_operations);
	return PTR_ERR_OR_ZERO(control);
}

static void __exit kbench_exit(void)
{
	debugfs_remove(control);
}

module_init(kbench_init);
module_exit(kbench_exit);
MODULE_DESCRIPTION("Measure calls into a file system from inside the kernel");
MODULE_LICENSE("GPL");
