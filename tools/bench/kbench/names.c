// SPDX-License-Identifier: GPL-2.0-only
/* kbench: cases of many files. */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "kbench.h"

struct name {
	char text[16];
};

typedef int (*name_fn)(struct kbench_run *run, const char *name);

/* Do it to every name; timed or not. Ends at the first error. */
static int each_name(struct kbench_run *run, name_fn fn, bool timed)
{
	const struct name *names = run->data;
	unsigned int i, end;
	int err = 0;

	for (i = 0; i < kbench_files && !err; cond_resched()) {
		end = min(i + KBENCH_SEGMENT_FILES, kbench_files);
		if (timed)
			kbench_begin(&run->meter);
		for (; i < end && !err; i++)
			err = fn(run, names[i].text);
		if (timed)
			kbench_end(&run->meter);
	}
	return err;
}

static int names_prepare(struct kbench_run *run)
{
	struct name *names;
	unsigned int i;

	if (run->arg > KBENCH_CALL_MAX)
		return -EINVAL;
	names = vmalloc(array_size(kbench_files, sizeof(*names)));
	if (!names)
		return -ENOMEM;
	for (i = 0; i < kbench_files; i++)
		snprintf(names[i].text, sizeof(names[i].text), "kbench-%u", i);
	run->data = names;
	run->units = kbench_files;
	return kbench_meter_init(&run->meter, DIV_ROUND_UP(kbench_files, KBENCH_SEGMENT_FILES));
}

static int unlink_if_there(struct kbench_run *run, const char *name)
{
	int err = kbench_unlink(run, name);

	return err == -ENOENT ? 0 : err;
}

/* Whatever was made before an error. */
static int names_finish(struct kbench_run *run)
{
	int err = run->data ? each_name(run, unlink_if_there, false) : 0;

	vfree(run->data);
	return err;
}

static int poem_create(struct kbench_run *run, const char *name)
{
	struct file *file = kbench_open(run, name, O_WRONLY | O_CREAT | O_EXCL);
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = kbench_call(run, file, true, 0, run->arg);
	kbench_close(file);
	return err;
}

static int poem_read(struct kbench_run *run, const char *name)
{
	struct file *file = kbench_open(run, name, O_RDONLY);
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = kbench_call(run, file, false, 0, run->arg);
	kbench_close(file);
	return err;
}

static int poems_create(struct kbench_run *run)
{
	return each_name(run, poem_create, true) ?: each_name(run, kbench_unlink, false);
}

static int poems_unlink(struct kbench_run *run)
{
	return each_name(run, poem_create, false) ?: each_name(run, kbench_unlink, true);
}

static int poems_there(struct kbench_run *run)
{
	return names_prepare(run) ?: each_name(run, poem_create, false);
}

static int poems_read(struct kbench_run *run)
{
	return each_name(run, poem_read, true);
}

const struct kbench_case kbench_name_cases[] = {
	{ "poems-#-create", "file", 0, names_prepare, poems_create, names_finish },
	{ "poems-#-read", "file", 0, poems_there, poems_read, names_finish },
	{ "poems-#-unlink", "file", 0, names_prepare, poems_unlink, names_finish },
	{}
};
