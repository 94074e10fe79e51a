/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scriptfs: shrinkers, which are allocated since Linux 6.7. Before, they were part of what they
 * shrink, and had neither a pointer to that nor, until 6.0, a name.
 */
#ifndef _FS_SCRIPTFS_COMPAT_SHRINKER_H
#define _FS_SCRIPTFS_COMPAT_SHRINKER_H

#include <linux/shrinker.h>
#include <linux/slab.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)

struct scriptfs_shrinker {
	struct shrinker	shrinker;
	void		*private_data;
};

static inline void *scriptfs_shrinker_data(struct shrinker *shrinker)
{
	return container_of(shrinker, struct scriptfs_shrinker, shrinker)->private_data;
}

static inline struct shrinker *scriptfs_shrinker_alloc(void *data)
{
	struct scriptfs_shrinker *s = kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return NULL;
	s->private_data = data;
	return &s->shrinker;
}

static inline void scriptfs_shrinker_free(struct shrinker *shrinker)
{
	if (!shrinker)
		return;
	unregister_shrinker(shrinker);
	kfree(container_of(shrinker, struct scriptfs_shrinker, shrinker));
}

/* It cannot fail any more. Before it was registered, unregistering does nothing. */
static inline int scriptfs_shrinker_start(struct shrinker *shrinker)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 0, 0)
	return register_shrinker(shrinker);
#else
	return register_shrinker(shrinker, "scriptfs");
#endif
}

#define shrinker_free(shrinker)		scriptfs_shrinker_free(shrinker)

#else

static inline void *scriptfs_shrinker_data(struct shrinker *shrinker)
{
	return shrinker->private_data;
}

static inline struct shrinker *scriptfs_shrinker_alloc(void *data)
{
	struct shrinker *shrinker = shrinker_alloc(0, "scriptfs");

	if (shrinker)
		shrinker->private_data = data;
	return shrinker;
}

static inline int scriptfs_shrinker_start(struct shrinker *shrinker)
{
	shrinker_register(shrinker);
	return 0;
}

#endif

#endif /* _FS_SCRIPTFS_COMPAT_SHRINKER_H */
