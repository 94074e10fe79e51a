// SPDX-License-Identifier: GPL-2.0-only
/* kbench: cases of many files. */
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/kernel.h>
#include <linux/namei.h>
#include <linux/sched.h>
#include <linux/stat.h>
#include <linux/vmalloc.h>

#include "compat/vfs.h"
#include "kbench.h"

struct name {
	char text[16];
};

typedef int (*name_fn)(struct kbench_run *run, const char *name);

/* Call @fn with every name, timed or not. Stops at the first error. */
static int each_name(struct kbench_run *run, name_fn fn, bool timed)
{
	const struct name *names = run->data;
	unsigned int i, end;
	int err = 0;

	for (i = 0; i < run->files && !err; cond_resched()) {
		end = min(i + KBENCH_SEGMENT_FILES, run->files);
		if (timed)
			kbench_begin(&run->meter);
		for (; i < end && !err; i++)
			err = fn(run, names[i].text);
		if (timed)
			kbench_end(&run->meter);
	}
	return err;
}

/**
 * kbench_names_prepare - names for files of the same size
 * @run: the command; files, call, units and meter are set
 * @files: how many
 * @size: bytes of each, 0 for a directory entry alone
 *
 * The names are made here because printing one costs as much as a small call.
 *
 * Return: 0, -EINVAL for too large a size, -ENOMEM.
 */
int kbench_names_prepare(struct kbench_run *run, unsigned int files, u64 size)
{
	struct name *names;
	unsigned int i;

	if (size > KBENCH_CALL_MAX)
		return -EINVAL;
	names = vmalloc(array_size(files, sizeof(*names)));
	if (!names)
		return -ENOMEM;
	for (i = 0; i < files; i++)
		snprintf(names[i].text, sizeof(names[i].text), "%u", i);
	run->data = names;
	run->files = files;
	run->call = size;
	run->units = files;
	return kbench_meter_init(&run->meter, DIV_ROUND_UP(files, KBENCH_SEGMENT_FILES));
}

static int unlink_if_there(struct kbench_run *run, const char *name)
{
	int err = kbench_unlink(run, name);

	return err == -ENOENT ? 0 : err;
}

/**
 * kbench_names_finish - remove whatever was made before an error, and the names
 * @run: a command, prepared or not
 *
 * Return: 0 or a negative errno.
 */
int kbench_names_finish(struct kbench_run *run)
{
	int err = run->data ? each_name(run, unlink_if_there, false) : 0;

	vfree(run->data);
	return err;
}

/* Create, write and close; an empty one is only created. */
static int poem_create(struct kbench_run *run, const char *name)
{
	struct file *file = kbench_open(run, name, O_WRONLY | O_CREAT | O_EXCL);
	int err = 0;

	if (IS_ERR(file))
		return PTR_ERR(file);
	if (run->call)
		err = kbench_call(run, file, true, 0, run->call);
	kbench_close(file);
	return err;
}

static int poem_read(struct kbench_run *run, const char *name)
{
	struct file *file = kbench_open(run, name, O_RDONLY);
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	err = kbench_call(run, file, false, 0, run->call);
	kbench_close(file);
	return err;
}

/**
 * kbench_names_create - pass: create, write and close each
 * @run: a prepared command
 *
 * Return: 0 or a negative errno.
 */
int kbench_names_create(struct kbench_run *run)
{
	return each_name(run, poem_create, true) ?: each_name(run, kbench_unlink, false);
}

/**
 * kbench_names_unlink - pass: unlink each
 * @run: a prepared command
 *
 * Return: 0 or a negative errno.
 */
int kbench_names_unlink(struct kbench_run *run)
{
	return each_name(run, poem_create, false) ?: each_name(run, kbench_unlink, true);
}

static int stat_name(struct kbench_run *run, const char *name)
{
	struct path path = { .mnt = run->dir.mnt };
	struct kstat stat;
	int err;

	path.dentry = lookup_one_len_unlocked(name, run->dir.dentry, strlen(name));
	if (IS_ERR(path.dentry))
		return PTR_ERR(path.dentry);
	err = vfs_getattr(&path, &stat, STATX_BASIC_STATS, AT_STATX_SYNC_AS_STAT);
	dput(path.dentry);
	return err;
}

static int names_read(struct kbench_run *run)
{
	return each_name(run, poem_read, true);
}

static int names_stat(struct kbench_run *run)
{
	return each_name(run, stat_name, true);
}

static int rmdir_if_there(struct kbench_run *run, const char *name)
{
	int err = kbench_rmdir(run, name);

	return err == -ENOENT ? 0 : err;
}

static int mkdir_finish(struct kbench_run *run)
{
	int err = run->data ? each_name(run, rmdir_if_there, false) : 0;

	vfree(run->data);
	return err;
}

static int names_mkdir(struct kbench_run *run)
{
	return each_name(run, kbench_mkdir, true) ?: each_name(run, kbench_rmdir, false);
}

struct entries {
	struct dir_context	ctx;
	unsigned int		seen;
};

static KBENCH_ENTRY count_entry(struct dir_context *ctx, const char *name, int len, loff_t pos,
				u64 ino, unsigned int type)
{
	container_of(ctx, struct entries, ctx)->seen++;
	return KBENCH_NEXT;
}

/* Read until a call finds nothing more; besides our names there are "." and "..". */
static int names_readdir(struct kbench_run *run)
{
	struct entries entries = { .ctx.actor = count_entry };
	unsigned int before;
	struct file *file;
	int err;

	file = dentry_open(&run->dir, O_RDONLY | O_DIRECTORY, current_cred());
	if (IS_ERR(file))
		return PTR_ERR(file);
	kbench_begin(&run->meter);
	do {
		before = entries.seen;
		err = iterate_dir(file, &entries.ctx);
	} while (!err && entries.seen != before);
	kbench_end(&run->meter);
	kbench_close(file);
	return err ?: entries.seen == run->files + 2 ? 0 : -EIO;
}

static int poems_prepare(struct kbench_run *run)
{
	return kbench_names_prepare(run, kbench_files, run->arg);
}

static int poems_there(struct kbench_run *run)
{
	return poems_prepare(run) ?: each_name(run, poem_create, false);
}

static int many_prepare(struct kbench_run *run)
{
	return kbench_names_prepare(run, KBENCH_MANY, run->arg);
}

static int many_there(struct kbench_run *run)
{
	return many_prepare(run) ?: each_name(run, poem_create, false);
}

/* The storm cases have no number in their name, so their files are empty. */
const struct kbench_case kbench_name_cases[] = {
	{ "poems-#-create", "file", 0, poems_prepare, kbench_names_create, kbench_names_finish },
	{ "poems-#-read", "file", 0, poems_there, names_read, kbench_names_finish },
	{ "poems-#-unlink", "file", 0, poems_prepare, kbench_names_unlink, kbench_names_finish },
	{ "many-#-create", "file", 0, many_prepare, kbench_names_create, kbench_names_finish },
	{ "many-#-read", "file", 0, many_there, names_read, kbench_names_finish },
	{ "many-#-unlink", "file", 0, many_prepare, kbench_names_unlink, kbench_names_finish },
	{ "storm-creat", "op", 0, poems_prepare, kbench_names_create, kbench_names_finish },
	{ "storm-mkdir", "op", 0, poems_prepare, names_mkdir, mkdir_finish },
	{ "storm-stat", "op", 0, poems_there, names_stat, kbench_names_finish },
	{ "storm-readdir", "op", 0, poems_there, names_readdir, kbench_names_finish },
	{}
};
