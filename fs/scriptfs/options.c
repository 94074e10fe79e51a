// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: mount options: what may be asked for, what the defaults are, and how a mount shows what
 * it got.
 */
#include <linux/bits.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "options.h"
#include "param.h"
#include "surplus.h"

#define SCRIPTFS_DEFAULT_MODE		0755

#define SCRIPTFS_GIVEN_CLASSES		(BIT(SCRIPTFS_NR_CLASSES) - 1)

/* One limit, by the name that it was given last. */
#define SCRIPTFS_GIVEN_SIZE		(BIT(SCRIPTFS_OPT_SIZE) | BIT(SCRIPTFS_OPT_NR_BLOCKS))

static const unsigned long scriptfs_default_reserve[SCRIPTFS_NR_CLASSES] = {
	[SCRIPTFS_POEM]		= 1000,
	[SCRIPTFS_NOVEL]	= 128,
	[SCRIPTFS_MEDIUM]	= 32,
	[SCRIPTFS_LARGE]	= 16,
	[SCRIPTFS_SUPER]	= 0,
};

/**
 * scriptfs_default_options - options of a mount that asks for nothing
 * @opt:	where to put them; the reserve and the size are up to scriptfs_settle_options()
 */
void scriptfs_default_options(struct scriptfs_options *opt)
{
	opt->class = SCRIPTFS_NR_CLASSES;
	opt->mode = SCRIPTFS_DEFAULT_MODE;
	opt->uid = GLOBAL_ROOT_UID;
	opt->gid = GLOBAL_ROOT_GID;
}

/* As the VFS does it, but with a report like all others. */
static int scriptfs_parse_source(struct fs_context *fc, struct fs_parameter *param)
{
	if (param->type != fs_value_is_string || fc->source)
		return scriptfs_bad_value(&fc->log, param, "any text, once");
	fc->source = param->string;
	param->string = NULL;
	return 0;
}

static int scriptfs_unknown_option(struct fs_context *fc, const char *key)
{
	int length = strnlen(key, SCRIPTFS_SHOWN_LENGTH);

	if (!strcmp(key, "quota") || !strncmp(key, "usrquota", 8) || !strncmp(key, "grpquota", 8))
		scriptfs_report(&fc->log,
				"%*pE: no quotas: allowed is a limit for the whole mount, size= and nr_inodes=",
				length, key);
	else
		scriptfs_report(&fc->log,
				"%*pE: unknown option: allowed is poem=, novel=, medium=, large=, super=, size=, nr_blocks=, nr_inodes=, mode=, uid=, gid=, io=, class=, copy=, strict or nostrict; and inode64, inode32, noswap, huge= and mpol= as for tmpfs",
				length, key);
	return -EINVAL;
}

static void scriptfs_set_option(struct scriptfs_context *ctx, unsigned int which,
				const struct fs_parse_result *result)
{
	struct scriptfs_options *opt = &ctx->opt;

	switch (which) {
	case SCRIPTFS_POEM ... SCRIPTFS_SUPER:
		opt->reserve[which] = result->uint_64;
		break;
	case SCRIPTFS_OPT_SIZE:
	case SCRIPTFS_OPT_NR_BLOCKS:
		opt->size = result->uint_64;
		ctx->given &= ~SCRIPTFS_GIVEN_SIZE;
		break;
	case SCRIPTFS_OPT_NR_INODES:
		opt->nr_inodes = result->uint_64;
		break;
	case SCRIPTFS_OPT_MODE:
		opt->mode = result->uint_64;
		break;
	case SCRIPTFS_OPT_UID:
		opt->uid = make_kuid(current_user_ns(), result->uint_64);
		break;
	case SCRIPTFS_OPT_GID:
		opt->gid = make_kgid(current_user_ns(), result->uint_64);
		break;
	case SCRIPTFS_OPT_IO:
		opt->io_page = result->uint_64;
		break;
	case SCRIPTFS_OPT_CLASS:
		opt->class = result->uint_64;
		break;
	case SCRIPTFS_OPT_COPY:
		opt->copy = result->uint_64;
		break;
	case SCRIPTFS_OPT_STRICT:
		opt->strict = !result->negated;
		break;
	case SCRIPTFS_OPT_MPOL:
		ctx->nodes = result->uint_64;
		break;
	}
	ctx->given |= BIT(which);
}

/**
 * scriptfs_parse_param - take one option
 * @fc:		context of the mount
 * @param:	the option
 *
 * Return: 0 or -EINVAL with a report.
 */
int scriptfs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct scriptfs_context *ctx = fc->fs_private;
	struct fs_parse_result result;
	bool nodes = ctx->nodes;
	int which = fs_parse(fc, scriptfs_parameters, param, &result);

	/* mount(2) knows only one kind of comma. */
	if (which == -ENOPARAM && nodes && isdigit(*param->key))
		return scriptfs_parse_more_nodes(&fc->log, param);
	ctx->nodes = false;
	if (which == -ENOPARAM && !strcmp(param->key, "source"))
		return scriptfs_parse_source(fc, param);
	if (which == -ENOPARAM)
		return scriptfs_unknown_option(fc, param->key);
	if (which < 0)
		return which;
	scriptfs_set_option(ctx, which, &result);
	return 0;
}

/* Nobody asked for this reserve, so no mount may fail for it on a small machine or size=. */
static void scriptfs_reserve_by_default(struct scriptfs_options *opt, u64 limit)
{
	unsigned int class;
	u64 bytes;

	memcpy(opt->reserve, scriptfs_default_reserve, sizeof(scriptfs_default_reserve));
	bytes = scriptfs_class_bytes(opt->reserve);
	if (bytes <= limit)
		return;
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		opt->reserve[class] = opt->reserve[class] * (limit >> 10) / (bytes >> 10);
}

static const char *scriptfs_size_name(const struct scriptfs_context *ctx)
{
	return ctx->given & BIT(SCRIPTFS_OPT_NR_BLOCKS) ? "nr_blocks" : "size";
}

static int scriptfs_check_size(struct fs_context *fc, u64 reserve)
{
	const struct scriptfs_context *ctx = fc->fs_private;

	if (ctx->opt.size >= reserve)
		return 0;
	scriptfs_report(&fc->log,
			"%s: %lluK: allowed is not less than the reserve, which is %lluK",
			scriptfs_size_name(ctx), ctx->opt.size >> 10, reserve >> 10);
	return -EINVAL;
}

/**
 * scriptfs_settle_options - complete the options of a new mount and check them
 * @fc:		context of the mount
 *
 * Return: 0 or -EINVAL with a report.
 */
int scriptfs_settle_options(struct fs_context *fc)
{
	struct scriptfs_context *ctx = fc->fs_private;
	struct scriptfs_options *opt = &ctx->opt;
	u64 memory = (u64)totalram_pages() << PAGE_SHIFT;
	bool sized = ctx->given & SCRIPTFS_GIVEN_SIZE;
	u64 reserve;

	if (!(ctx->given & SCRIPTFS_GIVEN_CLASSES))
		scriptfs_reserve_by_default(opt, sized ? min(memory / 8, opt->size) : memory / 8);

	reserve = scriptfs_class_bytes(opt->reserve);
	if (!sized)
		opt->size = max(round_down(memory / 2, PAGE_SIZE), reserve);
	/* Inodes and names are memory beyond that, and cannot be reclaimed either. */
	if (!(ctx->given & BIT(SCRIPTFS_OPT_NR_INODES)))
		opt->nr_inodes = totalram_pages() / 2;
	return scriptfs_check_size(fc, reserve);
}

/* A remount with the options of the mount repeats its reserves, so the same numbers are fine. */
static int scriptfs_check_reserve(struct fs_context *fc, const struct scriptfs_context *ctx,
				  const struct scriptfs_options *old)
{
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++) {
		if (!(ctx->given & BIT(class)) || ctx->opt.reserve[class] == old->reserve[class])
			continue;
		scriptfs_report(&fc->log,
				"%s: %lu: allowed is %lu, a remount cannot change a reserve",
				scriptfs_class_names[class], ctx->opt.reserve[class],
				old->reserve[class]);
		return -EINVAL;
	}
	return 0;
}

/**
 * scriptfs_change_options - remount
 * @fc:		context with the options to change
 * @sbi:	the mount
 *
 * Either all options change or none. The mode and owner of the root directory are left alone: once
 * mounted, they are up to chmod(2) and chown(2).
 *
 * Return: 0 or -EINVAL with a report.
 */
int scriptfs_change_options(struct fs_context *fc, struct scriptfs_sb *sbi)
{
	const struct scriptfs_context *ctx = fc->fs_private;
	const struct scriptfs_options *new = &ctx->opt;
	struct scriptfs_options *opt = &sbi->opt;
	u64 held = atomic64_read(&sbi->pools.held);
	u64 inodes = atomic64_read(&sbi->inodes);
	int err;

	err = scriptfs_check_reserve(fc, ctx, opt);
	if (err)
		return err;
	if (ctx->given & SCRIPTFS_GIVEN_SIZE) {
		err = scriptfs_check_size(fc, scriptfs_class_bytes(opt->reserve));
		if (err)
			return err;
		if (new->size < held) {
			scriptfs_report(&fc->log,
					"%s: %lluK: allowed is not less than the mount holds now, which is %lluK",
					scriptfs_size_name(ctx), new->size >> 10, held >> 10);
			return -EINVAL;
		}
	}
	if (ctx->given & BIT(SCRIPTFS_OPT_NR_INODES) && new->nr_inodes && new->nr_inodes < inodes) {
		scriptfs_report(&fc->log,
				"nr_inodes: %llu: allowed is 0 or not less than there are now, which is %llu",
				new->nr_inodes, inodes);
		return -EINVAL;
	}

	/* Writes look at these without a lock: one that is past its check goes by the old value. */
	if (ctx->given & SCRIPTFS_GIVEN_SIZE)
		WRITE_ONCE(opt->size, new->size);
	if (ctx->given & BIT(SCRIPTFS_OPT_NR_INODES))
		WRITE_ONCE(opt->nr_inodes, new->nr_inodes);
	if (ctx->given & BIT(SCRIPTFS_OPT_STRICT))
		WRITE_ONCE(opt->strict, new->strict);
	scriptfs_pools_limit(&sbi->pools, opt->size, opt->strict);
	if (ctx->given & BIT(SCRIPTFS_OPT_IO)) {
		WRITE_ONCE(opt->io_page, new->io_page);
		assign_bit(SCRIPTFS_SPECIAL_PAGE, &sbi->pools.flags, new->io_page);
	}
	if (ctx->given & BIT(SCRIPTFS_OPT_CLASS))
		WRITE_ONCE(opt->class, new->class);
	if (ctx->given & BIT(SCRIPTFS_OPT_COPY))
		WRITE_ONCE(opt->copy, new->copy);
	return 0;
}

/**
 * scriptfs_show_options - the options of a mount, for /proc/mounts
 * @seq:	where to write them
 * @root:	root of the mount
 *
 * Defaults that depend on the machine are shown, so that the same line makes the same mount again.
 *
 * Return: 0.
 */
int scriptfs_show_options(struct seq_file *seq, struct dentry *root)
{
	const struct scriptfs_options *opt = &scriptfs_sb(root->d_sb)->opt;
	unsigned int class;

	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		seq_printf(seq, ",%s=%lu", scriptfs_class_names[class], opt->reserve[class]);
	seq_printf(seq, ",size=%lluK", opt->size >> 10);
	if (opt->strict)
		seq_puts(seq, ",strict");
	seq_printf(seq, ",nr_inodes=%llu", opt->nr_inodes);
	if (opt->mode != SCRIPTFS_DEFAULT_MODE)
		seq_printf(seq, ",mode=%03o", opt->mode);
	if (!uid_eq(opt->uid, GLOBAL_ROOT_UID))
		seq_printf(seq, ",uid=%u", from_kuid_munged(&init_user_ns, opt->uid));
	if (!gid_eq(opt->gid, GLOBAL_ROOT_GID))
		seq_printf(seq, ",gid=%u", from_kgid_munged(&init_user_ns, opt->gid));
	seq_printf(seq, ",io=%s", opt->io_page ? "page" : "block");
	if (opt->class < SCRIPTFS_NR_CLASSES)
		seq_printf(seq, ",class=%s", scriptfs_class_names[opt->class]);
	if (opt->copy != SCRIPTFS_COPY_AUTO)
		seq_printf(seq, ",copy=%s", scriptfs_copy_names[opt->copy]);
	return 0;
}
