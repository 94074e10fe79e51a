// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: /sys/fs/scriptfs, where the stats of the pools are read.
 *
 * A mount is one kobject; the directories of its classes are named attribute groups, which have no
 * lifetime of their own. The kobject is embedded in the mount's structure, so
 * scriptfs_sysfs_remove() waits for its release. A file that is open by then does no harm: kernfs
 * waits for a read in progress, and fails all later ones.
 */
#include <linux/sysfs.h>

#include "compat/aops.h"
#include "poison.h"
#include "quarantine.h"
#include "sb.h"
#include "surplus.h"
#include "sysfs.h"
#include "unite.h"

/**
 * struct scriptfs_attr - one file
 * @attr:	its name and mode
 * @show:	prints its content
 * @class:	which pool
 * @stat:	offset of a member of struct scriptfs_stats, or of a class's
 */
struct scriptfs_attr {
	struct attribute	attr;
	ssize_t			(*show)(struct scriptfs_pools *pools,
					const struct scriptfs_attr *sa, char *buf);
	u8			class;
	u8			stat;
};

#define SCRIPTFS_ATTR(_name, _show, ...) {			\
	.attr = { .name = __stringify(_name), .mode = 0444 },	\
	.show = (_show),					\
	__VA_ARGS__						\
}

#define SCRIPTFS_STAT(_member)		.stat = offsetof(struct scriptfs_stats, _member)
#define SCRIPTFS_CLASS_STAT(_member)	.stat = offsetof(struct scriptfs_class_stats, _member)

static struct kobject *scriptfs_root;

static ssize_t scriptfs_show_size(struct scriptfs_pools *pools, const struct scriptfs_attr *sa,
				  char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(pools->size));
}

static ssize_t scriptfs_show_block_size(struct scriptfs_pools *pools,
					const struct scriptfs_attr *sa, char *buf)
{
	return sysfs_emit(buf, "%lu\n", scriptfs_class_size(sa->class));
}

static ssize_t scriptfs_show_stat(const void *stats, const struct scriptfs_attr *sa, char *buf)
{
	return sysfs_emit(buf, "%lu\n", *(const unsigned long *)(stats + sa->stat));
}

/* Of one pool, in blocks. */
static ssize_t scriptfs_show_blocks(struct scriptfs_pools *pools, const struct scriptfs_attr *sa,
				    char *buf)
{
	struct scriptfs_class_stats stats;

	scriptfs_poison_flush();
	scriptfs_settle(pools);
	scriptfs_class_stats(pools, sa->class, &stats);
	return scriptfs_show_stat(&stats, sa, buf);
}

/* Of all pools, in bytes. */
static ssize_t scriptfs_show_bytes(struct scriptfs_pools *pools, const struct scriptfs_attr *sa,
				   char *buf)
{
	struct scriptfs_stats stats;

	scriptfs_poison_flush();
	scriptfs_pools_stats(pools, &stats);
	return scriptfs_show_stat(&stats, sa, buf);
}

static ssize_t scriptfs_attr_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	const struct scriptfs_attr *sa = container_of(attr, struct scriptfs_attr, attr);

	return sa->show(&container_of(kobj, struct scriptfs_sb, kobj)->pools, sa, buf);
}

static const struct sysfs_ops scriptfs_sysfs_ops = {
	.show	= scriptfs_attr_show,
};

static struct scriptfs_attr scriptfs_total_attr[] = {
	SCRIPTFS_ATTR(size, scriptfs_show_size),
	SCRIPTFS_ATTR(reserve, scriptfs_show_bytes, SCRIPTFS_STAT(reserve)),
	SCRIPTFS_ATTR(free, scriptfs_show_bytes, SCRIPTFS_STAT(idle)),
	SCRIPTFS_ATTR(used, scriptfs_show_bytes, SCRIPTFS_STAT(used)),
	SCRIPTFS_ATTR(surplus, scriptfs_show_bytes, SCRIPTFS_STAT(surplus)),
	SCRIPTFS_ATTR(quarantine, scriptfs_show_bytes, SCRIPTFS_STAT(quarantine)),
	SCRIPTFS_ATTR(retired, scriptfs_show_bytes, SCRIPTFS_STAT(retired)),
};

static struct attribute *scriptfs_total_attrs[] = {
	&scriptfs_total_attr[0].attr,
	&scriptfs_total_attr[1].attr,
	&scriptfs_total_attr[2].attr,
	&scriptfs_total_attr[3].attr,
	&scriptfs_total_attr[4].attr,
	&scriptfs_total_attr[5].attr,
	&scriptfs_total_attr[6].attr,
	NULL
};

static const struct attribute_group scriptfs_total_group = {
	.attrs	= scriptfs_total_attrs,
};

#define SCRIPTFS_CLASS_ATTR(_name, _class, _member)			\
	SCRIPTFS_ATTR(_name, scriptfs_show_blocks, SCRIPTFS_CLASS_STAT(_member),	\
		      .class = (_class))

#define SCRIPTFS_CLASS_GROUP(_name, _class)				\
static struct scriptfs_attr scriptfs_##_name##_attr[] = {		\
	SCRIPTFS_ATTR(block_size, scriptfs_show_block_size,		\
		      .class = SCRIPTFS_##_class),			\
	SCRIPTFS_CLASS_ATTR(reserve, SCRIPTFS_##_class, reserve),	\
	SCRIPTFS_CLASS_ATTR(free, SCRIPTFS_##_class, idle),		\
	SCRIPTFS_CLASS_ATTR(used, SCRIPTFS_##_class, used),		\
	SCRIPTFS_CLASS_ATTR(cut, SCRIPTFS_##_class, cut),		\
	SCRIPTFS_CLASS_ATTR(surplus, SCRIPTFS_##_class, surplus),	\
};									\
static struct attribute *scriptfs_##_name##_attrs[] = {			\
	&scriptfs_##_name##_attr[0].attr,				\
	&scriptfs_##_name##_attr[1].attr,				\
	&scriptfs_##_name##_attr[2].attr,				\
	&scriptfs_##_name##_attr[3].attr,				\
	&scriptfs_##_name##_attr[4].attr,				\
	&scriptfs_##_name##_attr[5].attr,				\
	NULL								\
};									\
static const struct attribute_group scriptfs_##_name##_group = {	\
	.name	= __stringify(_name),					\
	.attrs	= scriptfs_##_name##_attrs,				\
}

SCRIPTFS_CLASS_GROUP(poem, POEM);
SCRIPTFS_CLASS_GROUP(novel, NOVEL);
SCRIPTFS_CLASS_GROUP(medium, MEDIUM);
SCRIPTFS_CLASS_GROUP(large, LARGE);
SCRIPTFS_CLASS_GROUP(super, SUPER);

static const struct attribute_group *scriptfs_groups[] = {
	&scriptfs_total_group,
	&scriptfs_poem_group,
	&scriptfs_novel_group,
	&scriptfs_medium_group,
	&scriptfs_large_group,
	&scriptfs_super_group,
	NULL
};

static void scriptfs_kobj_release(struct kobject *kobj)
{
	complete(&container_of(kobj, struct scriptfs_sb, kobj)->kobj_gone);
}

static struct kobj_type scriptfs_ktype = {
	.release	= scriptfs_kobj_release,
	.sysfs_ops	= &scriptfs_sysfs_ops,
	.default_groups	= scriptfs_groups,
};

/* What this module can do on this kernel, for programs that would have to try otherwise. */
static ssize_t scriptfs_features_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "io_block\nio_page\n%s%s",
			  SCRIPTFS_SUPPLY_PAGE ? "supply_page\n" : "",
			  SCRIPTFS_HUGE && has_transparent_hugepage() ? "huge_mmap\n" : "");
}

static struct kobj_attribute scriptfs_features =
	__ATTR(features, 0444, scriptfs_features_show, NULL);

/**
 * scriptfs_sysfs_init - create /sys/fs/scriptfs
 *
 * Return: 0 or -ENOMEM.
 */
int scriptfs_sysfs_init(void)
{
	int err;

	scriptfs_root = kobject_create_and_add("scriptfs", fs_kobj);
	if (!scriptfs_root)
		return -ENOMEM;
	err = sysfs_create_file(scriptfs_root, &scriptfs_features.attr);
	if (err)
		kobject_put(scriptfs_root);
	return err;
}

/**
 * scriptfs_sysfs_exit - remove /sys/fs/scriptfs, with no mount left in it
 */
void scriptfs_sysfs_exit(void)
{
	sysfs_remove_file(scriptfs_root, &scriptfs_features.attr);
	kobject_put(scriptfs_root);
}

/**
 * scriptfs_sysfs_remove - remove the directory of a mount
 * @sbi:	the mount
 *
 * On return the stats are no longer read, and @sbi may be freed.
 *
 * Context: Process context, sleeps. Before the device number of the superblock is free again.
 */
void scriptfs_sysfs_remove(struct scriptfs_sb *sbi)
{
	kobject_del(&sbi->kobj);
	kobject_put(&sbi->kobj);
	wait_for_completion(&sbi->kobj_gone);
}

/**
 * scriptfs_sysfs_add - create the directory of a mount, /sys/fs/scriptfs/MAJOR:MINOR
 * @sbi:	a mount with its superblock and its pools set up
 *
 * Return: 0, or an error with nothing left to remove.
 */
int scriptfs_sysfs_add(struct scriptfs_sb *sbi)
{
	dev_t dev = sbi->sb->s_dev;
	int err;

	init_completion(&sbi->kobj_gone);
	err = kobject_init_and_add(&sbi->kobj, &scriptfs_ktype, scriptfs_root, "%u:%u",
				   MAJOR(dev), MINOR(dev));
	if (err) {
		kobject_put(&sbi->kobj);
		wait_for_completion(&sbi->kobj_gone);
	}
	return err;
}
