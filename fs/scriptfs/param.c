// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the values of mount options: what is allowed, and what is said of the rest.
 *
 * Errors are read by the user of a mount command that failed. So every refusal is one line that
 * names the option, the value and what is allowed. It goes to the fs_context, and to the kernel log
 * if the user may mount: options are parsed before that is checked.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "param.h"

/* Far more memory than any machine has, and five such reserves still add up in a u64. */
#define SCRIPTFS_MAX_BYTES		BIT_ULL(60)

/* A limit that leaves no room for any block is a typing error. */
#define SCRIPTFS_MIN_BYTES		SCRIPTFS_POEM_SIZE

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

/**
 * scriptfs_bad_value - say that a value is not allowed
 * @log:	log of the fs_context
 * @param:	what was typed; control characters that would forge log lines are quoted
 * @allowed:	what is
 *
 * Return: -EINVAL.
 */
int scriptfs_bad_value(struct p_log *log, const struct fs_parameter *param, const char *allowed)
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

const char *const scriptfs_copy_names[] = {
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
