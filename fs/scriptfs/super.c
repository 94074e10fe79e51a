// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the file system as the VFS sees it: module, mount, superblock.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/dcache.h>
#include <linux/fs_context.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/statfs.h>

#include "compact.h"
#include "compat/names.h"
#include "compat/xattr.h"
#include "export.h"
#include "inode.h"
#include "namei.h"
#include "nocache.h"
#include "options.h"
#include "param.h"
#include "poison.h"
#include "reserve.h"
#include "super.h"
#include "surplus.h"
#include "sysfs.h"
#include "unite.h"
#include "xattr.h"

static void scriptfs_put_super(struct super_block *sb)
{
	scriptfs_sysfs_remove(scriptfs_sb(sb));
}

/* Without nr_inodes=, memory limits how many more there can be; each has a name, too. */
static u64 scriptfs_inodes_left(u64 limit, u64 inodes)
{
	if (limit)
		return limit - min(inodes, limit);
	return ((u64)si_mem_available() << PAGE_SHIFT) /
	       (sizeof(struct scriptfs_inode) + sizeof(struct dentry));
}

/*
 * Blocks in use count as taken and the rest of what the mount may grow to as free, whether or not
 * the system has that much left. Available is only what a write could really get now.
 */
static int scriptfs_statfs(struct dentry *dentry, struct kstatfs *buf)
{
	struct super_block *sb = dentry->d_sb;
	struct scriptfs_sb *sbi = scriptfs_sb(sb);
	u64 limit = READ_ONCE(sbi->opt.nr_inodes), inodes = atomic64_read(&sbi->inodes);
	struct scriptfs_stats stats;
	u64 held, total, growth;

	scriptfs_pools_stats(&sbi->pools, &stats);
	held = stats.reserve + stats.surplus;
	total = READ_ONCE(sbi->pools.strict) ? held : max(READ_ONCE(sbi->pools.size), held);
	growth = min(total - held, scriptfs_growth(&sbi->pools));

	buf->f_type = sb->s_magic;
	buf->f_bsize = PAGE_SIZE;
	buf->f_blocks = total >> PAGE_SHIFT;
	buf->f_bfree = (total - held + stats.idle) >> PAGE_SHIFT;
	buf->f_bavail = (growth + stats.idle) >> PAGE_SHIFT;
	buf->f_ffree = scriptfs_inodes_left(limit, inodes);
	/* Never 0: many a program divides by it. */
	buf->f_files = limit ?: inodes + buf->f_ffree;
	buf->f_fsid = u64_to_fsid(huge_encode_dev(sb->s_dev));
	buf->f_namelen = NAME_MAX;
	return 0;
}

static const struct super_operations scriptfs_super_operations = {
	.alloc_inode	= scriptfs_alloc_inode,
	.free_inode	= scriptfs_free_inode,
	.drop_inode	= inode_just_drop,
	.evict_inode	= scriptfs_evict_inode,
	.put_super	= scriptfs_put_super,
	.statfs		= scriptfs_statfs,
	.show_options	= scriptfs_show_options,
};

static int scriptfs_fill_super(struct super_block *sb, struct fs_context *fc)
{
	struct scriptfs_sb *sbi = scriptfs_sb(sb);
	struct inode *root;
	int err;

	sbi->sb = sb;
	/* The end of any block has to be an offset, too. */
	sb->s_maxbytes = round_down(MAX_LFS_FILESIZE, scriptfs_class_size(SCRIPTFS_SUPER));
	sb->s_blocksize = PAGE_SIZE;
	sb->s_blocksize_bits = PAGE_SHIFT;
	sb->s_magic = SCRIPTFS_MAGIC;
	sb->s_time_gran = 1;
	sb->s_max_links = INT_MAX;	/* keeps i_nlink from coming round to 0 */
	sb->s_op = &scriptfs_super_operations;
	sb->s_xattr = SCRIPTFS_XATTR_LIST(scriptfs_xattr_handlers);
	/* What has no capabilities is marked so, for write(2) not to look for them each time. */
	sb->s_flags |= SB_NOSEC | SB_POSIXACL;
	scriptfs_export_init(sb);

	root = scriptfs_new_inode(&nop_mnt_idmap, sb, NULL, NULL, S_IFDIR | sbi->opt.mode, 0);
	if (IS_ERR(root))
		return PTR_ERR(root);
	root->i_uid = sbi->opt.uid;
	root->i_gid = sbi->opt.gid;

	/* First: once there is a root, a failed mount goes through put_super. */
	err = scriptfs_sysfs_add(sbi);
	if (err) {
		iput(root);
		return err;
	}
	sb->s_root = d_make_root(root);
	if (!sb->s_root) {
		scriptfs_sysfs_remove(sbi);
		return -ENOMEM;
	}
	return 0;
}

static void scriptfs_free_sb(struct scriptfs_sb *sbi)
{
	if (!sbi)
		return;
	scriptfs_pools_free(&sbi->pools);
	kfree(sbi);
}

static void scriptfs_kill_sb(struct super_block *sb)
{
	struct scriptfs_sb *sbi = scriptfs_sb(sb);

	/* It holds inodes for a moment, which the superblock cannot go without. */
	if (sbi)
		cancel_delayed_work_sync(&sbi->compact);
	kill_anon_super(sb);
	scriptfs_free_sb(sbi);
}

/*
 * The pools are filled before there is a superblock. A large reserve takes seconds, and all that
 * time sync(2) and whatever else visits each superblock would wait for s_umount.
 */
static int scriptfs_get_tree(struct fs_context *fc)
{
	struct scriptfs_context *ctx = fc->fs_private;
	unsigned long missing;
	struct scriptfs_sb *sbi;
	int err;

	scriptfs_nocache_try();
	err = scriptfs_settle_options(fc);
	if (err)
		return err;

	sbi = kzalloc(sizeof(*sbi), GFP_KERNEL);
	if (!sbi)
		return -ENOMEM;
	sbi->opt = ctx->opt;
	INIT_DELAYED_WORK(&sbi->compact, scriptfs_compact);
	if (sbi->opt.io_page)
		set_bit(SCRIPTFS_SPECIAL_PAGE, &sbi->pools.flags);
	if (SCRIPTFS_HUGE && has_transparent_hugepage())
		scriptfs_unite_learn(SCRIPTFS_GFP_INSIST);
	err = scriptfs_pools_fill(&sbi->pools, sbi->opt.reserve, sbi->opt.size, sbi->opt.strict,
				  &missing);
	if (err) {
		if (err == -ENOMEM)
			scriptfs_report(&fc->log,
					"reserve: %lluK: allowed is what memory has room for, %luK were missing",
					scriptfs_class_bytes(sbi->opt.reserve) >> 10,
					DIV_ROUND_UP(missing, 1024));
		kfree(sbi);
		return err;
	}
	fc->s_fs_info = sbi;
	err = get_tree_nodev(fc, scriptfs_fill_super);
	if (!err)
		scriptfs_say_moot(&fc->log, ctx->given);
	return err;
}

static int scriptfs_reconfigure(struct fs_context *fc)
{
	struct scriptfs_context *ctx = fc->fs_private;
	int err = scriptfs_change_options(fc, scriptfs_sb(fc->root->d_sb));

	if (!err)
		scriptfs_say_moot(&fc->log, ctx->given);
	return err;
}

/* s_fs_info is still here only if no superblock took it over. */
static void scriptfs_free_fc(struct fs_context *fc)
{
	scriptfs_free_sb(fc->s_fs_info);
	kfree(fc->fs_private);
}

static const struct fs_context_operations scriptfs_context_operations = {
	.free		= scriptfs_free_fc,
	.parse_param	= scriptfs_parse_param,
	.get_tree	= scriptfs_get_tree,
	.reconfigure	= scriptfs_reconfigure,
};

static int scriptfs_init_fs_context(struct fs_context *fc)
{
	struct scriptfs_context *ctx = kzalloc(sizeof(*ctx), GFP_KERNEL);

	if (!ctx)
		return -ENOMEM;
	scriptfs_default_options(&ctx->opt);
	fc->fs_private = ctx;
	fc->ops = &scriptfs_context_operations;
	return 0;
}

/* No FS_USERNS_MOUNT: a mount takes memory from the whole system at once and keeps it. */
struct file_system_type scriptfs_fs_type = {
	.owner			= THIS_MODULE,
	.name			= "scriptfs",
	.init_fs_context	= scriptfs_init_fs_context,
	.parameters		= scriptfs_parameters,
	.kill_sb		= scriptfs_kill_sb,
	.fs_flags		= FS_ALLOW_IDMAP,
};

static int __init scriptfs_init(void)
{
	int err;

	err = scriptfs_inode_cache_init();
	if (err)
		return err;
	scriptfs_nocache_try();
	err = scriptfs_sysfs_init();
	if (err)
		goto exit_cache;
	scriptfs_poison_init();
	err = register_filesystem(&scriptfs_fs_type);
	if (err)
		goto exit_poison;
	return 0;

exit_poison:
	scriptfs_poison_exit();
	scriptfs_sysfs_exit();
exit_cache:
	scriptfs_inode_cache_exit();
	return err;
}

static void __exit scriptfs_exit(void)
{
	unregister_filesystem(&scriptfs_fs_type);
	scriptfs_poison_exit();
	scriptfs_sysfs_exit();
	scriptfs_inode_cache_exit();
}

module_init(scriptfs_init);
module_exit(scriptfs_exit);

MODULE_ALIAS_FS("scriptfs");
MODULE_DESCRIPTION("RAM file system with preallocated memory");
MODULE_LICENSE("GPL");
#ifdef SCRIPTFS_VERSION
MODULE_VERSION(SCRIPTFS_VERSION);
#endif
