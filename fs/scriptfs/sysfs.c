// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: /sys/fs/scriptfs, where the stats of the pools are read.
 *
 * A mount is one kobject; the directories of its classes are named attribute groups, which have no
 * life of their own. The kobject is part of the mount's structure, so that structure waits in
 * scriptfs_sysfs_remove() for its release. Somebody who has a file open by then is no trouble:
 * kernfs waits for a read that is going on, and fails all later ones.
 */
#include <linux/sysfs.h>

#include "compat.h"
#include "scriptfs.h"

enum scriptfs_figure {
	SCRIPTFS_FIGURE_BLOCK_SIZE,
	SCRIPTFS_FIGURE_SIZE,
	SCRIPTFS_FIGURE_RESERVE,
	SCRIPTFS_FIGURE_FREE,
	SCRIPTFS_FIGURE_USED,
	SCRIPTFS_FIGURE_SURPLUS,
	SCRIPTFS_FIGURE_QUARANTINE,
	SCRIPTFS_FIGURE_RETIRED,
};

/**
 * struct scriptfs_attr - one file
 * @attr:	its name and mode
 * @class:	which pool, SCRIPTFS_NR_CLASSES for all of them together
 * @figure:	what it shows
 */
struct scriptfs_attr {
	struct attribute	attr;
	u8			class;
	u8			figure;
};

#define SCRIPTFS_ATTR(_name, _class, _figure) {			\
	.attr = { .name = __stringify(_name), .mode = 0444 },	\
	.class = (_class),					\
	.figure = SCRIPTFS_FIGURE_##_figure,			\
}

static struct kobject *scriptfs_root;

/* A figure of one pool, in blocks. */
static unsigned long scriptfs_pool_figure(struct scriptfs_sb *sbi, unsigned int class,
					  enum scriptfs_figure figure)
{
	struct scriptfs_stats stats;

	scriptfs_poison_flush();
	scriptfs_pool_settle(&sbi->pools.pool[class]);
	scriptfs_pool_stats(&sbi->pools.pool[class], &stats);
	switch (figure) {
	case SCRIPTFS_FIGURE_RESERVE:
		return stats.reserve;
	case SCRIPTFS_FIGURE_FREE:
		return stats.idle;
	case SCRIPTFS_FIGURE_USED:
		return stats.used;
	case SCRIPTFS_FIGURE_SURPLUS:
		return stats.surplus;
	case SCRIPTFS_FIGURE_QUARANTINE:
		return stats.quarantine;
	case SCRIPTFS_FIGURE_RETIRED:
		return stats.retired;
	default:
		return 0;
	}
}

static ssize_t scriptfs_attr_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct scriptfs_attr *sa = container_of(attr, struct scriptfs_attr, attr);
	struct scriptfs_sb *sbi = container_of(kobj, struct scriptfs_sb, kobj);
	unsigned int class;
	unsigned long bytes = 0;

	if (sa->figure == SCRIPTFS_FIGURE_BLOCK_SIZE)
		return sysfs_emit(buf, "%lu\n", scriptfs_class_size(sa->class));
	if (sa->figure == SCRIPTFS_FIGURE_SIZE)
		return sysfs_emit(buf, "%llu\n", READ_ONCE(sbi->pools.size));
	if (sa->class < SCRIPTFS_NR_CLASSES)
		return sysfs_emit(buf, "%lu\n", scriptfs_pool_figure(sbi, sa->class, sa->figure));

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		bytes += scriptfs_class_size(class) * scriptfs_pool_figure(sbi, class, sa->figure);
	return sysfs_emit(buf, "%lu\n", bytes);
}

static const struct sysfs_ops scriptfs_sysfs_ops = {
	.show	= scriptfs_attr_show,
};

static struct scriptfs_attr scriptfs_total_attr[] = {
	SCRIPTFS_ATTR(size, SCRIPTFS_NR_CLASSES, SIZE),
	SCRIPTFS_ATTR(reserve, SCRIPTFS_NR_CLASSES, RESERVE),
	SCRIPTFS_ATTR(free, SCRIPTFS_NR_CLASSES, FREE),
	SCRIPTFS_ATTR(used, SCRIPTFS_NR_CLASSES, USED),
	SCRIPTFS_ATTR(surplus, SCRIPTFS_NR_CLASSES, SURPLUS),
	SCRIPTFS_ATTR(quarantine, SCRIPTFS_NR_CLASSES, QUARANTINE),
	SCRIPTFS_ATTR(retired, SCRIPTFS_NR_CLASSES, RETIRED),
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

#define SCRIPTFS_CLASS_GROUP(_name, _class)				\
static struct scriptfs_attr scriptfs_##_name##_attr[] = {		\
	SCRIPTFS_ATTR(block_size, SCRIPTFS_##_class, BLOCK_SIZE),	\
	SCRIPTFS_ATTR(reserve, SCRIPTFS_##_class, RESERVE),		\
	SCRIPTFS_ATTR(free, SCRIPTFS_##_class, FREE),			\
	SCRIPTFS_ATTR(used, SCRIPTFS_##_class, USED),			\
	SCRIPTFS_ATTR(surplus, SCRIPTFS_##_class, SURPLUS),		\
	SCRIPTFS_ATTR(quarantine, SCRIPTFS_##_class, QUARANTINE),	\
	SCRIPTFS_ATTR(retired, SCRIPTFS_##_class, RETIRED),		\
};									\
static struct attribute *scriptfs_##_name##_attrs[] = {			\
	&scriptfs_##_name##_attr[0].attr,				\
	&scriptfs_##_name##_attr[1].attr,				\
	&scriptfs_##_name##_attr[2].attr,				\
	&scriptfs_##_name##_attr[3].attr,				\
	&scriptfs_##_name##_attr[4].attr,				\
	&scriptfs_##_name##_attr[5].attr,				\
	&scriptfs_##_name##_attr[6].attr,				\
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

/* What this module can do on this kernel, for programs that would have to try it out otherwise. */
static ssize_t features_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	if (SCRIPTFS_PAGE_PATH)
		return sysfs_emit(buf, "io_block\nio_page\nsupply_page\n");
	return sysfs_emit(buf, "io_block\n");
}

static struct kobj_attribute scriptfs_features = __ATTR_RO(features);

/**
 * scriptfs_sysfs_init - make /sys/fs/scriptfs
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
 * When this returns nobody reads the stats any more, and @sbi may be freed.
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
 * scriptfs_sysfs_add - make the directory of a mount, /sys/fs/scriptfs/MAJOR:MINOR
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
