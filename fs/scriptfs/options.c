// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mount options: what a user may ask for, what he gets when he does not ask, and how a
 * mount shows what it got.
 *
 * Whoever reads an error here sits before a mount command that failed. So every refusal is
 * one line that names the option, the value and what is allowed. It goes to the fs_context, and
 * to the kernel log where whoever types may mount: options are parsed before anybody asks for that.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/fs_context.h>
#include <linux/fs_parser.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/seq_file.h>
#include <linux/string.h>

#include "compat.h"
#include "scriptfs.h"

/* Far above every memory there is, and five such reserves still add up in a u64. */
#define MAX_BYTES		BIT_ULL(60)

/* A cap that no block fits under is a typing error. */
#define MIN_BYTES		SCRIPTFS_UNIT_SIZE

#define DEFAULT_MODE		0755

/* How much of a value a message repeats. */
#define SHOWN_LENGTH		64

/* The classes come first: their numbers are the numbers of their options. */
enum {
	OPT_SIZE = SCRIPTFS_NR_CLASSES,
	OPT_NR_INODES,
	OPT_MODE,
	OPT_UID,
	OPT_GID,
	OPT_IO,
	OPT_CLASS,
	OPT_COPY,
	OPT_STRICT,
};

#define GIVEN_ANY_CLASS		(BIT(SCRIPTFS_NR_CLASSES) - 1)

static const unsigned long default_reserve[SCRIPTFS_NR_CLASSES] = {
	[SCRIPTFS_POEM]		= 1000,
	[SCRIPTFS_NOVEL]	= 128,
	[SCRIPTFS_MEDIUM]	= 32,
	[SCRIPTFS_LARGE]	= 16,
	[SCRIPTFS_SUPER]	= 0,
};

/**
 * scriptfs_report - tell whoever mounts why it failed
 * @log: log of the fs_context
 * @fmt: one line without its end
 *
 * A message for the reader of an fsopen(2) file descriptor does not reach the kernel log by
 * itself, and one of mount(2) reaches nothing else. Anybody can call mount(2), in a user namespace
 * of his own, and the kernel log is not his to fill.
 */
void scriptfs_report(struct p_log *log, const char *fmt, ...)
{
	struct va_format vaf;
	va_list args;

	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	if (log->log)
		error_plog(log, "%pV", &vaf);
	/* Who asks in vain has not tried anything that an audit should hear of. */
	if (ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN))
		pr_err("%pV\n", &vaf);
	va_end(args);
}

/* Quotes what was typed, without the control characters that would forge log lines. */
static int bad_value(struct p_log *log, const struct fs_parameter *param, const char *allowed)
{
	const char *value = param->string;

	if (param->type == fs_value_is_flag)
		value = "(none)";
	else if (param->type != fs_value_is_string)
		value = "(not text)";
	else if (!*value)
		value = "(empty)";
	scriptfs_report(log, "%s: %*pE: allowed is %s", param->key,
			(int)strnlen(value, SHOWN_LENGTH), value, allowed);
	return -EINVAL;
}

/* Reads the digits at *@text and moves on behind them. */
static bool parse_digits(const char **text, unsigned int base, u64 *number)
{
	const char *c = *text;
	u64 n = 0;

	for (; isdigit(*c) && *c - '0' < base; c++) {
		if (check_mul_overflow(n, (u64)base, &n) ||
		    check_add_overflow(n, (u64)(*c - '0'), &n))
			return false;
	}
	if (c == *text)
		return false;
	*text = c;
	*number = n;
	return true;
}

/* Reads a number that is all there is. */
static bool parse_number(const struct fs_parameter *param, unsigned int base, u64 max, u64 *number)
{
	const char *text = param->string;

	return param->type == fs_value_is_string && parse_digits(&text, base, number) &&
	       !*text && *number <= max;
}

/*
 * Reads "N", "NK" to "NT" or "N%" (of memory). Without a unit *@plain is set and *@value is
 * the number itself, otherwise *@value is in bytes.
 */
static bool parse_amount(const struct fs_parameter *param, u64 *value, bool *plain)
{
	static const char units[] = "KMGT";
	const char *text, *unit;
	u64 n;

	if (param->type != fs_value_is_string)
		return false;
	text = param->string;
	if (!parse_digits(&text, 10, &n))
		return false;

	*plain = !*text;
	if (*plain) {
		*value = n;
		return true;
	}
	if (text[1])
		return false;
	if (*text == '%') {
		if (n > 100)
			return false;
		*value = ((u64)totalram_pages() << PAGE_SHIFT) * n / 100;
		return true;
	}
	unit = strchr(units, toupper(*text));
	return unit && !check_mul_overflow(n, 1024ULL << (10 * (unit - units)), value);
}

static int param_is_reserve(struct p_log *log, const struct fs_parameter_spec *spec,
			    struct fs_parameter *param, struct fs_parse_result *result)
{
	unsigned int shift = scriptfs_class_shifts[spec->opt];
	u64 value;
	bool plain;

	if (!parse_amount(param, &value, &plain))
		return bad_value(log, param, spec->data);
	if (!plain)
		value = (value >> shift) + !!(value & (scriptfs_class_size(spec->opt) - 1));
	if (value > MAX_BYTES >> shift)
		return bad_value(log, param, spec->data);
	result->uint_64 = value;
	return 0;
}

static int param_is_size(struct p_log *log, const struct fs_parameter_spec *spec,
			 struct fs_parameter *param, struct fs_parse_result *result)
{
	u64 value;
	bool plain;

	if (!parse_amount(param, &value, &plain) || value < MIN_BYTES || value > MAX_BYTES)
		return bad_value(log, param, spec->data);
	result->uint_64 = round_up(value, PAGE_SIZE);
	return 0;
}

static int param_is_count(struct p_log *log, const struct fs_parameter_spec *spec,
			  struct fs_parameter *param, struct fs_parse_result *result)
{
	if (!parse_number(param, 10, S64_MAX, &result->uint_64))
		return bad_value(log, param, spec->data);
	return 0;
}

static int param_is_mode(struct p_log *log, const struct fs_parameter_spec *spec,
			 struct fs_parameter *param, struct fs_parse_result *result)
{
	if (!parse_number(param, 8, S_IALLUGO, &result->uint_64))
		return bad_value(log, param, spec->data);
	return 0;
}

static int param_is_uid(struct p_log *log, const struct fs_parameter_spec *spec,
			struct fs_parameter *param, struct fs_parse_result *result)
{
	if (!parse_number(param, 10, U32_MAX, &result->uint_64) ||
	    !uid_valid(make_kuid(current_user_ns(), result->uint_64)))
		return bad_value(log, param, spec->data);
	return 0;
}

static int param_is_gid(struct p_log *log, const struct fs_parameter_spec *spec,
			struct fs_parameter *param, struct fs_parse_result *result)
{
	if (!parse_number(param, 10, U32_MAX, &result->uint_64) ||
	    !gid_valid(make_kgid(current_user_ns(), result->uint_64)))
		return bad_value(log, param, spec->data);
	return 0;
}

static int param_is_io(struct p_log *log, const struct fs_parameter_spec *spec,
		       struct fs_parameter *param, struct fs_parse_result *result)
{
	static const char *const paths[] = { "block", "page" };
	int path = -EINVAL;

	if (param->type == fs_value_is_string)
		path = match_string(paths, SCRIPTFS_PAGE_PATH ? 2 : 1, param->string);
	if (path < 0)
		return bad_value(log, param, spec->data);
	result->boolean = path;
	return 0;
}

static int param_is_class(struct p_log *log, const struct fs_parameter_spec *spec,
			  struct fs_parameter *param, struct fs_parse_result *result)
{
	int class = -EINVAL;

	if (param->type == fs_value_is_string && !strcmp(param->string, "none"))
		class = SCRIPTFS_NR_CLASSES;
	else if (param->type == fs_value_is_string)
		class = match_string(scriptfs_class_names, SCRIPTFS_NR_CLASSES, param->string);
	if (class < 0)
		return bad_value(log, param, spec->data);
	result->uint_32 = class;
	return 0;
}

static const char *const copy_names[] = {
	[SCRIPTFS_COPY_AUTO]	= "auto",
	[SCRIPTFS_COPY_CACHED]	= "cached",
	[SCRIPTFS_COPY_BYPASS]	= "bypass",
};

static int param_is_copy(struct p_log *log, const struct fs_parameter_spec *spec,
			 struct fs_parameter *param, struct fs_parse_result *result)
{
	int copy = -EINVAL;

	if (param->type == fs_value_is_string)
		copy = match_string(copy_names, ARRAY_SIZE(copy_names), param->string);
	if (copy < 0)
		return bad_value(log, param, spec->data);
	result->uint_32 = copy;
	return 0;
}

static int param_is_flag(struct p_log *log, const struct fs_parameter_spec *spec,
			 struct fs_parameter *param, struct fs_parse_result *result)
{
	if (param->type != fs_value_is_flag)
		return bad_value(log, param, spec->data);
	return 0;
}

#define RESERVE_ALLOWED "a number of blocks, or memory as a number with K, M, G, T or % (up to 100%), up to 1 EiB"
#define IO_ALLOWED (SCRIPTFS_PAGE_PATH ? "block or page" : "block, this kernel cannot do page")

const struct fs_parameter_spec scriptfs_parameters[] = {
	__fsparam(param_is_reserve, "poem", SCRIPTFS_POEM, 0, RESERVE_ALLOWED),
	__fsparam(param_is_reserve, "novel", SCRIPTFS_NOVEL, 0, RESERVE_ALLOWED),
	__fsparam(param_is_reserve, "medium", SCRIPTFS_MEDIUM, 0, RESERVE_ALLOWED),
	__fsparam(param_is_reserve, "large", SCRIPTFS_LARGE, 0, RESERVE_ALLOWED),
	__fsparam(param_is_reserve, "super", SCRIPTFS_SUPER, 0, RESERVE_ALLOWED),
	__fsparam(param_is_size, "size", OPT_SIZE, 0,
		  "bytes, or a number with K, M, G, T or % (up to 100%), from 32K up to 1 EiB"),
	__fsparam(param_is_count, "nr_inodes", OPT_NR_INODES, 0, "a number, 0 for no limit"),
	__fsparam(param_is_mode, "mode", OPT_MODE, 0, "an octal number up to 7777"),
	__fsparam(param_is_uid, "uid", OPT_UID, 0, "the number of a user"),
	__fsparam(param_is_gid, "gid", OPT_GID, 0, "the number of a group"),
	__fsparam(param_is_io, "io", OPT_IO, 0, IO_ALLOWED),
	__fsparam(param_is_class, "class", OPT_CLASS, 0,
		  "poem, novel, medium, large, super or none"),
	__fsparam(param_is_copy, "copy", OPT_COPY, 0, "auto, cached or bypass"),
	__fsparam(param_is_flag, "strict", OPT_STRICT, fs_param_neg_with_no, "no value"),
	{}
};

/**
 * scriptfs_default_options - options of a mount that asks for nothing
 * @opt: where to put them; the reserve and the size are up to scriptfs_settle_options()
 */
void scriptfs_default_options(struct scriptfs_options *opt)
{
	opt->class = SCRIPTFS_NR_CLASSES;
	opt->mode = DEFAULT_MODE;
	opt->uid = GLOBAL_ROOT_UID;
	opt->gid = GLOBAL_ROOT_GID;
}

/* Taken as the VFS would take it, which would complain in its own way. */
static int parse_source(struct fs_context *fc, struct fs_parameter *param)
{
	if (param->type != fs_value_is_string || fc->source)
		return bad_value(&fc->log, param, "any text, once");
	fc->source = param->string;
	param->string = NULL;
	return 0;
}

/**
 * scriptfs_parse_param - take one option
 * @fc: context of the mount
 * @param: the option
 *
 * Return: 0, or -EINVAL with a report.
 */
int scriptfs_parse_param(struct fs_context *fc, struct fs_parameter *param)
{
	struct scriptfs_context *ctx = fc->fs_private;
	struct scriptfs_options *opt = &ctx->opt;
	struct fs_parse_result result;
	int which = fs_parse(fc, scriptfs_parameters, param, &result);

	if (which == -ENOPARAM && !strcmp(param->key, "source"))
		return parse_source(fc, param);
	if (which == -ENOPARAM) {
		scriptfs_report(&fc->log,
				"%*pE: unknown option: allowed is poem=, novel=, medium=, large=, super=, size=, nr_inodes=, mode=, uid=, gid=, io=, class=, copy=, strict or nostrict",
				(int)strnlen(param->key, SHOWN_LENGTH), param->key);
		return -EINVAL;
	}
	if (which < 0)
		return which;

	switch (which) {
	case OPT_SIZE:
		opt->size = result.uint_64;
		break;
	case OPT_NR_INODES:
		opt->nr_inodes = result.uint_64;
		break;
	case OPT_MODE:
		opt->mode = result.uint_64;
		break;
	case OPT_UID:
		opt->uid = make_kuid(current_user_ns(), result.uint_64);
		break;
	case OPT_GID:
		opt->gid = make_kgid(current_user_ns(), result.uint_64);
		break;
	case OPT_IO:
		opt->io_page = result.boolean;
		break;
	case OPT_CLASS:
		opt->class = result.uint_32;
		break;
	case OPT_COPY:
		opt->copy = result.uint_32;
		break;
	case OPT_STRICT:
		opt->strict = !result.negated;
		break;
	default:
		opt->reserve[which] = result.uint_64;
		break;
	}
	ctx->given |= BIT(which);
	return 0;
}

/*
 * Nobody asked for this reserve, so it must not be what makes a small machine or a small
 * size= fail.
 */
static void reserve_by_default(struct scriptfs_options *opt, u64 limit)
{
	unsigned int class;
	u64 bytes;

	memcpy(opt->reserve, default_reserve, sizeof(default_reserve));
	bytes = scriptfs_class_bytes(opt->reserve);
	if (bytes <= limit)
		return;
	for (class = 0; class < SCRIPTFS_NR_CLASSES; class++)
		opt->reserve[class] = opt->reserve[class] * (limit >> 10) / (bytes >> 10);
}

static int check_size(struct fs_context *fc, u64 size, u64 reserve)
{
	if (size >= reserve)
		return 0;
	scriptfs_report(&fc->log,
			"size: %lluK: allowed is not less than the reserve, which is %lluK",
			size >> 10, reserve >> 10);
	return -EINVAL;
}

/**
 * scriptfs_settle_options - complete the options of a new mount and check them
 * @fc: context of the mount
 *
 * Return: 0, or -EINVAL with a report.
 */
int scriptfs_settle_options(struct fs_context *fc)
{
	struct scriptfs_context *ctx = fc->fs_private;
	struct scriptfs_options *opt = &ctx->opt;
	u64 memory = (u64)totalram_pages() << PAGE_SHIFT;
	bool sized = ctx->given & BIT(OPT_SIZE);
	u64 reserve;

	if (!(ctx->given & GIVEN_ANY_CLASS))
		reserve_by_default(opt, sized ? min(memory / 8, opt->size) : memory / 8);

	reserve = scriptfs_class_bytes(opt->reserve);
	if (!sized)
		opt->size = max(round_down(memory / 2, PAGE_SIZE), reserve);
	/* Inodes and names are memory beside that, and cannot be reclaimed either. */
	if (!(ctx->given & BIT(OPT_NR_INODES)))
		opt->nr_inodes = totalram_pages() / 2;
	return check_size(fc, opt->size, reserve);
}

/*
 * An administrator who remounts with the options of the mount repeats its reserves, so the
 * same figure is fine.
 */
static int check_reserve(struct fs_context *fc, const struct scriptfs_context *ctx,
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
 * @fc: context with the options to change
 * @sbi: the mount
 *
 * Either all options change or none. The mode and owner of the root directory have long
 * been chmod's and chown's business and are left alone.
 *
 * Return: 0, or -EINVAL with a report.
 */
int scriptfs_change_options(struct fs_context *fc, struct scriptfs_sb *sbi)
{
	const struct scriptfs_context *ctx = fc->fs_private;
	const struct scriptfs_options *new = &ctx->opt;
	struct scriptfs_options *opt = &sbi->opt;
	u64 held = atomic64_read(&sbi->pools.held);
	u64 inodes = atomic64_read(&sbi->inodes);
	int err;

	err = check_reserve(fc, ctx, opt);
	if (err)
		return err;
	if (ctx->given & BIT(OPT_SIZE)) {
		err = check_size(fc, new->size, scriptfs_class_bytes(opt->reserve));
		if (err)
			return err;
		if (new->size < held) {
			scriptfs_report(&fc->log,
					"size: %lluK: allowed is not less than the mount holds now, which is %lluK",
					new->size >> 10, held >> 10);
			return -EINVAL;
		}
	}
	if (ctx->given & BIT(OPT_NR_INODES) && new->nr_inodes && new->nr_inodes < inodes) {
		scriptfs_report(&fc->log,
				"nr_inodes: %llu: allowed is 0 or not less than there are now, which is %llu",
				new->nr_inodes, inodes);
		return -EINVAL;
	}

	/*
	 * Writers look at these without a lock: who is past its check may still go by the
	 * old value.
	 */
	if (ctx->given & BIT(OPT_SIZE))
		WRITE_ONCE(opt->size, new->size);
	if (ctx->given & BIT(OPT_NR_INODES))
		WRITE_ONCE(opt->nr_inodes, new->nr_inodes);
	if (ctx->given & BIT(OPT_STRICT))
		WRITE_ONCE(opt->strict, new->strict);
	scriptfs_pools_limit(&sbi->pools, opt->size, opt->strict);
	if (ctx->given & BIT(OPT_IO)) {
		WRITE_ONCE(opt->io_page, new->io_page);
		assign_bit(SCRIPTFS_SPECIAL_PAGE, &sbi->pools.flags, new->io_page);
	}
	if (ctx->given & BIT(OPT_CLASS))
		WRITE_ONCE(opt->class, new->class);
	if (ctx->given & BIT(OPT_COPY))
		WRITE_ONCE(opt->copy, new->copy);
	return 0;
}

/**
 * scriptfs_show_options - the options of a mount, for /proc/mounts
 * @seq: where to write them
 * @root: root of the mount
 *
 * Everything that was settled by looking at the machine is shown, so that the same line
 * makes the same mount again.
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
	if (opt->mode != DEFAULT_MODE)
		seq_printf(seq, ",mode=%03o", opt->mode);
	if (!uid_eq(opt->uid, GLOBAL_ROOT_UID))
		seq_printf(seq, ",uid=%u", from_kuid_munged(&init_user_ns, opt->uid));
	if (!gid_eq(opt->gid, GLOBAL_ROOT_GID))
		seq_printf(seq, ",gid=%u", from_kgid_munged(&init_user_ns, opt->gid));
	seq_printf(seq, ",io=%s", opt->io_page ? "page" : "block");
	if (opt->class < SCRIPTFS_NR_CLASSES)
		seq_printf(seq, ",class=%s", scriptfs_class_names[opt->class]);
	if (opt->copy != SCRIPTFS_COPY_AUTO)
		seq_printf(seq, ",copy=%s", copy_names[opt->copy]);
	return 0;
}
