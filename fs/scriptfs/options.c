// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: mount options: what may be asked for, what the defaults are, and how a mount shows what
 * it got.
 *
 * Errors are read by the user of a mount command that failed. So every refusal is one line that
 * names the option, the value and what is allowed. It goes to the fs_context, and to the kernel log
 * if the user may mount: options are parsed before that is checked.
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

#include "options.h"
#include "surplus.h"

/* Far more memory than any machine has, and five such reserves still add up in a u64. */
#define SCRIPTFS_MAX_BYTES		BIT_ULL(60)

/* A limit that leaves no room for any block is a typing error. */
#define SCRIPTFS_MIN_BYTES		SCRIPTFS_POEM_SIZE

#define SCRIPTFS_DEFAULT_MODE		0755

/* How much of a value a message repeats. */
#define SCRIPTFS_SHOWN_LENGTH		64

/* The classes come first: their numbers are the numbers of their options. */
enum {
	SCRIPTFS_OPT_SIZE = SCRIPTFS_NR_CLASSES,
	SCRIPTFS_OPT_NR_INODES,
	SCRIPTFS_OPT_MODE,
	SCRIPTFS_OPT_UID,
	SCRIPTFS_OPT_GID,
	SCRIPTFS_OPT_IO,
	SCRIPTFS_OPT_CLASS,
	SCRIPTFS_OPT_COPY,
	SCRIPTFS_OPT_STRICT,
	SCRIPTFS_OPT_NR,
};

#define SCRIPTFS_GIVEN_CLASSES		(BIT(SCRIPTFS_NR_CLASSES) - 1)

static const unsigned long scriptfs_default_reserve[SCRIPTFS_NR_CLASSES] = {
	[SCRIPTFS_POEM]		= 1000,
	[SCRIPTFS_NOVEL]	= 128,
	[SCRIPTFS_MEDIUM]	= 32,
	[SCRIPTFS_LARGE]	= 16,
	[SCRIPTFS_SUPER]	= 0,
};

/**
 * scriptfs_report - say why a mount failed
 * @log:	log of the fs_context
 * @fmt:	one line without its end
 *
 * A message for the reader of an fsopen(2) file descriptor does not reach the kernel log by itself,
 * and one of mount(2) reaches nothing else. Any user can call mount(2), in a user namespace of its
 * own, and must not be able to fill the kernel log.
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
	/* A user without the capability has tried nothing that audit should hear of. */
	if (ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN))
		pr_err("%pV\n", &vaf);
	va_end(args);
}

/* Quote what was typed, without the control characters that would forge log lines. */
static int scriptfs_bad_value(struct p_log *log, const struct fs_parameter *param,
			      const char *allowed)
{
	const char *value = param->string;

	if (param->type == fs_value_is_flag)
		value = "(none)";
	else if (param->type != fs_value_is_string)
		value = "(not text)";
	else if (!*value)
		value = "(empty)";
	scriptfs_report(log, "%s: %*pE: allowed is %s", param->key,
			(int)strnlen(value, SCRIPTFS_SHOWN_LENGTH), value, allowed);
	return -EINVAL;
}

/* Read the digits at *@text and move on behind them. */
static bool scriptfs_parse_digits(const char **text, unsigned int base, u64 *number)
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

/*
 * Read "N", "NK" to "NT" or "N%" (of memory). Without a unit *@plain is set and *@value is the
 * number itself, otherwise *@value is in bytes.
 */
static bool scriptfs_parse_amount(const struct fs_parameter *param, u64 *value, bool *plain)
{
	static const char units[] = "KMGT";
	const char *text, *unit;
	u64 n;

	if (param->type != fs_value_is_string)
		return false;
	text = param->string;
	if (!scriptfs_parse_digits(&text, 10, &n))
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

/**
 * struct scriptfs_option - what may be given as an option's value
 * @parse:	reads it; returns whether it is allowed
 * @allowed:	what is, for the message
 * @names:	of the choices
 * @nr:		how many choices there are
 * @base:	of a number
 * @max:	largest number
 */
struct scriptfs_option {
	bool			(*parse)(const struct scriptfs_option *option,
					 const struct fs_parameter *param, u64 *value);
	const char		*allowed;
	const char *const	*names;
	unsigned int		nr;
	unsigned int		base;
	u64			max;
};

static const struct scriptfs_option scriptfs_option[SCRIPTFS_OPT_NR];

static bool scriptfs_parse_reserve(const struct scriptfs_option *option,
				   const struct fs_parameter *param, u64 *value)
{
	unsigned int class = option - scriptfs_option;
	unsigned int shift = scriptfs_class_shifts[class];
	bool plain;

	if (!scriptfs_parse_amount(param, value, &plain))
		return false;
	if (!plain)
		*value = (*value >> shift) + !!(*value & (scriptfs_class_size(class) - 1));
	return *value <= SCRIPTFS_MAX_BYTES >> shift;
}

static bool scriptfs_parse_size(const struct scriptfs_option *option,
				const struct fs_parameter *param, u64 *value)
{
	bool plain;

	if (!scriptfs_parse_amount(param, value, &plain) || *value < SCRIPTFS_MIN_BYTES ||
	    *value > SCRIPTFS_MAX_BYTES)
		return false;
	*value = round_up(*value, PAGE_SIZE);
	return true;
}

static bool scriptfs_parse_number(const struct scriptfs_option *option,
				  const struct fs_parameter *param, u64 *value)
{
	const char *text = param->string;

	return param->type == fs_value_is_string &&
	       scriptfs_parse_digits(&text, option->base, value) && !*text && *value <= option->max;
}

static bool scriptfs_parse_uid(const struct scriptfs_option *option,
			       const struct fs_parameter *param, u64 *value)
{
	return scriptfs_parse_number(option, param, value) &&
	       uid_valid(make_kuid(current_user_ns(), *value));
}

static bool scriptfs_parse_gid(const struct scriptfs_option *option,
			       const struct fs_parameter *param, u64 *value)
{
	return scriptfs_parse_number(option, param, value) &&
	       gid_valid(make_kgid(current_user_ns(), *value));
}

static bool scriptfs_parse_choice(const struct scriptfs_option *option,
				  const struct fs_parameter *param, u64 *value)
{
	int choice = -EINVAL;

	if (param->type == fs_value_is_string)
		choice = match_string(option->names, option->nr, param->string);
	*value = choice;
	return choice >= 0;
}

static bool scriptfs_parse_class(const struct scriptfs_option *option,
				 const struct fs_parameter *param, u64 *value)
{
	if (scriptfs_parse_choice(option, param, value))
		return true;
	*value = SCRIPTFS_NR_CLASSES;
	return param->type == fs_value_is_string && !strcmp(param->string, "none");
}

static bool scriptfs_parse_flag(const struct scriptfs_option *option,
				const struct fs_parameter *param, u64 *value)
{
	return param->type == fs_value_is_flag;
}

static const char *const scriptfs_io_names[] = { "block", "page" };

static const char *const scriptfs_copy_names[] = {
	[SCRIPTFS_COPY_AUTO]	= "auto",
	[SCRIPTFS_COPY_CACHED]	= "cached",
	[SCRIPTFS_COPY_BYPASS]	= "bypass",
};

#define SCRIPTFS_RESERVE_ALLOWED \
	"a number of blocks, or memory as a number with K, M, G, T or % (up to 100%), up to 1 EiB"

static const struct scriptfs_option scriptfs_option[SCRIPTFS_OPT_NR] = {
	[SCRIPTFS_POEM ... SCRIPTFS_SUPER] = { scriptfs_parse_reserve, SCRIPTFS_RESERVE_ALLOWED },
	[SCRIPTFS_OPT_SIZE]	= { scriptfs_parse_size,
		"bytes, or a number with K, M, G, T or % (up to 100%), from 32K up to 1 EiB" },
	[SCRIPTFS_OPT_NR_INODES] = { scriptfs_parse_number, "a number, 0 for no limit",
				     .base = 10, .max = S64_MAX },
	[SCRIPTFS_OPT_MODE]	= { scriptfs_parse_number, "an octal number up to 7777",
				    .base = 8, .max = S_IALLUGO },
	[SCRIPTFS_OPT_UID]	= { scriptfs_parse_uid, "the number of a user",
				    .base = 10, .max = U32_MAX },
	[SCRIPTFS_OPT_GID]	= { scriptfs_parse_gid, "the number of a group",
				    .base = 10, .max = U32_MAX },
	[SCRIPTFS_OPT_IO]	= { scriptfs_parse_choice,
		"block or page", scriptfs_io_names, ARRAY_SIZE(scriptfs_io_names) },
	[SCRIPTFS_OPT_CLASS]	= { scriptfs_parse_class,
		"poem, novel, medium, large, super or none",
		scriptfs_class_names, SCRIPTFS_NR_CLASSES },
	[SCRIPTFS_OPT_COPY]	= { scriptfs_parse_choice, "auto, cached or bypass",
		scriptfs_copy_names, ARRAY_SIZE(scriptfs_copy_names) },
	[SCRIPTFS_OPT_STRICT]	= { scriptfs_parse_flag, "no value" },
};

static int scriptfs_param_type(struct p_log *log, const struct fs_parameter_spec *spec,
			       struct fs_parameter *param, struct fs_parse_result *result)
{
	const struct scriptfs_option *option = &scriptfs_option[spec->opt];

	if (!option->parse(option, param, &result->uint_64))
		return scriptfs_bad_value(log, param, option->allowed);
	return 0;
}

const struct fs_parameter_spec scriptfs_parameters[] = {
	__fsparam(scriptfs_param_type, "poem", SCRIPTFS_POEM, 0, NULL),
	__fsparam(scriptfs_param_type, "novel", SCRIPTFS_NOVEL, 0, NULL),
	__fsparam(scriptfs_param_type, "medium", SCRIPTFS_MEDIUM, 0, NULL),
	__fsparam(scriptfs_param_type, "large", SCRIPTFS_LARGE, 0, NULL),
	__fsparam(scriptfs_param_type, "super", SCRIPTFS_SUPER, 0, NULL),
	__fsparam(scriptfs_param_type, "size", SCRIPTFS_OPT_SIZE, 0, NULL),
	__fsparam(scriptfs_param_type, "nr_inodes", SCRIPTFS_OPT_NR_INODES, 0, NULL),
	__fsparam(scriptfs_param_type, "mode", SCRIPTFS_OPT_MODE, 0, NULL),
	__fsparam(scriptfs_param_type, "uid", SCRIPTFS_OPT_UID, 0, NULL),
	__fsparam(scriptfs_param_type, "gid", SCRIPTFS_OPT_GID, 0, NULL),
	__fsparam(scriptfs_param_type, "io", SCRIPTFS_OPT_IO, 0, NULL),
	__fsparam(scriptfs_param_type, "class", SCRIPTFS_OPT_CLASS, 0, NULL),
	__fsparam(scriptfs_param_type, "copy", SCRIPTFS_OPT_COPY, 0, NULL),
	__fsparam(scriptfs_param_type, "strict", SCRIPTFS_OPT_STRICT, fs_param_neg_with_no, NULL),
	{}
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
	struct scriptfs_options *opt = &ctx->opt;
	struct fs_parse_result result;
	int which = fs_parse(fc, scriptfs_parameters, param, &result);

	if (which == -ENOPARAM && !strcmp(param->key, "source"))
		return scriptfs_parse_source(fc, param);
	if (which == -ENOPARAM) {
		scriptfs_report(&fc->log,
				"%*pE: unknown option: allowed is poem=, novel=, medium=, large=, super=, size=, nr_inodes=, mode=, uid=, gid=, io=, class=, copy=, strict or nostrict",
				(int)strnlen(param->key, SCRIPTFS_SHOWN_LENGTH), param->key);
		return -EINVAL;
	}
	if (which < 0)
		return which;

	switch (which) {
	case SCRIPTFS_OPT_SIZE:
		opt->size = result.uint_64;
		break;
	case SCRIPTFS_OPT_NR_INODES:
		opt->nr_inodes = result.uint_64;
		break;
	case SCRIPTFS_OPT_MODE:
		opt->mode = result.uint_64;
		break;
	case SCRIPTFS_OPT_UID:
		opt->uid = make_kuid(current_user_ns(), result.uint_64);
		break;
	case SCRIPTFS_OPT_GID:
		opt->gid = make_kgid(current_user_ns(), result.uint_64);
		break;
	case SCRIPTFS_OPT_IO:
		opt->io_page = result.uint_64;
		break;
	case SCRIPTFS_OPT_CLASS:
		opt->class = result.uint_64;
		break;
	case SCRIPTFS_OPT_COPY:
		opt->copy = result.uint_64;
		break;
	case SCRIPTFS_OPT_STRICT:
		opt->strict = !result.negated;
		break;
	default:
		opt->reserve[which] = result.uint_64;
		break;
	}
	ctx->given |= BIT(which);
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

static int scriptfs_check_size(struct fs_context *fc, u64 size, u64 reserve)
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
 * @fc:		context of the mount
 *
 * Return: 0 or -EINVAL with a report.
 */
int scriptfs_settle_options(struct fs_context *fc)
{
	struct scriptfs_context *ctx = fc->fs_private;
	struct scriptfs_options *opt = &ctx->opt;
	u64 memory = (u64)totalram_pages() << PAGE_SHIFT;
	bool sized = ctx->given & BIT(SCRIPTFS_OPT_SIZE);
	u64 reserve;

	if (!(ctx->given & SCRIPTFS_GIVEN_CLASSES))
		scriptfs_reserve_by_default(opt, sized ? min(memory / 8, opt->size) : memory / 8);

	reserve = scriptfs_class_bytes(opt->reserve);
	if (!sized)
		opt->size = max(round_down(memory / 2, PAGE_SIZE), reserve);
	/* Inodes and names are memory beyond that, and cannot be reclaimed either. */
	if (!(ctx->given & BIT(SCRIPTFS_OPT_NR_INODES)))
		opt->nr_inodes = totalram_pages() / 2;
	return scriptfs_check_size(fc, opt->size, reserve);
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
	if (ctx->given & BIT(SCRIPTFS_OPT_SIZE)) {
		err = scriptfs_check_size(fc, new->size, scriptfs_class_bytes(opt->reserve));
		if (err)
			return err;
		if (new->size < held) {
			scriptfs_report(&fc->log,
					"size: %lluK: allowed is not less than the mount holds now, which is %lluK",
					new->size >> 10, held >> 10);
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
	if (ctx->given & BIT(SCRIPTFS_OPT_SIZE))
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
