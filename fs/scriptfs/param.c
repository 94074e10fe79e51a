// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: the values of mount options: what is allowed, and what is said of the rest.
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
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
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

/* Read "N" or "NK" to "NT" and move on behind it; *@plain is whether there is no unit. */
static bool scriptfs_parse_units(const char **text, u64 *value, bool *plain)
{
	static const char units[] = "KMGT";
	const char *unit;

	if (!scriptfs_parse_digits(text, 10, value))
		return false;
	unit = **text ? strchr(units, toupper(**text)) : NULL;
	*plain = !unit;
	if (*plain)
		return true;
	++*text;
	return !check_mul_overflow(*value, 1024ULL << (10 * (unit - units)), value);
}

/*
 * Read "N", "NK" to "NT" or "N%" (of memory). Without a unit *@plain is set and *@value is the
 * number itself, otherwise *@value is in bytes.
 */
static bool scriptfs_parse_amount(const struct fs_parameter *param, u64 *value, bool *plain)
{
	const char *text;

	if (param->type != fs_value_is_string)
		return false;
	text = param->string;
	if (!scriptfs_parse_units(&text, value, plain))
		return false;
	if (*plain && *text == '%' && *value <= 100) {
		*value = ((u64)totalram_pages() << PAGE_SHIFT) * *value / 100;
		*plain = false;
		text++;
	}
	return !*text;
}

/**
 * struct scriptfs_option - what may be given as an option's value
 * @parse:	reads it; returns whether it is allowed
 * @allowed:	what is, for the message
 * @moot:	why the option changes nothing, if that has to be said
 * @names:	of the choices
 * @nr:		how many choices there are
 * @base:	of a number
 * @max:	largest number
 */
struct scriptfs_option {
	bool			(*parse)(const struct scriptfs_option *option,
					 const struct fs_parameter *param, u64 *value);
	const char		*allowed;
	const char		*moot;
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

/* What is counted may have a unit as well. */
static bool scriptfs_parse_count(const struct scriptfs_option *option,
				 const struct fs_parameter *param, u64 *value)
{
	const char *text = param->string;
	bool plain;

	return param->type == fs_value_is_string && scriptfs_parse_units(&text, value, &plain) &&
	       !*text && *value <= option->max;
}

static bool scriptfs_parse_nr_blocks(const struct scriptfs_option *option,
				     const struct fs_parameter *param, u64 *value)
{
	if (!scriptfs_parse_count(option, param, value))
		return false;
	*value <<= PAGE_SHIFT;
	return *value >= SCRIPTFS_MIN_BYTES;
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

/* A policy of tmpfs's mpol=, and how many nodes it takes. */
struct scriptfs_mpol {
	const char	*name;
	unsigned int	least;
	unsigned int	most;
};

static const struct scriptfs_mpol scriptfs_mpols[] = {
	{ "default",	0, 0 },
	{ "local",	0, 0 },
	{ "prefer",	1, 1 },
	{ "bind",	1, MAX_NUMNODES },
	{ "interleave",	0, MAX_NUMNODES },
};

static bool scriptfs_parse_nodes(const char *text, unsigned int most)
{
	nodemask_t nodes;

	return !nodelist_parse(text, nodes) && !nodes_empty(nodes) &&
	       nodes_weight(nodes) <= most && nodes_subset(nodes, node_states[N_MEMORY]);
}

/* Read "POLICY[=static|=relative][:NODES]". *@value is whether more nodes may follow. */
static bool scriptfs_parse_mpol(const struct scriptfs_option *option,
				const struct fs_parameter *param, u64 *value)
{
	const struct scriptfs_mpol *mpol = scriptfs_mpols;
	const char *text = param->string;
	size_t length;

	if (param->type != fs_value_is_string)
		return false;
	length = strcspn(text, "=:");
	while (strlen(mpol->name) != length || memcmp(mpol->name, text, length)) {
		if (++mpol == scriptfs_mpols + ARRAY_SIZE(scriptfs_mpols))
			return false;
	}
	text += length;
	length = strcspn(text, ":");
	if (length && (length != 7 || memcmp(text, "=static", 7)) &&
	    (length != 9 || memcmp(text, "=relative", 9)))
		return false;
	text += length;

	*value = *text && mpol->most > 1;
	return *text ? scriptfs_parse_nodes(text + 1, mpol->most) : !mpol->least;
}

static const char *const scriptfs_io_names[] = { "block", "page" };

const char *const scriptfs_copy_names[] = {
	[SCRIPTFS_COPY_AUTO]	= "auto",
	[SCRIPTFS_COPY_CACHED]	= "cached",
	[SCRIPTFS_COPY_BYPASS]	= "bypass",
};

static const char *const scriptfs_huge_names[] = { "never", "always", "within_size", "advise" };

#define SCRIPTFS_RESERVE_ALLOWED \
	"a number of blocks, or memory as a number with K, M, G, T or % (up to 100%), up to 1 EiB"

static const struct scriptfs_option scriptfs_option[SCRIPTFS_OPT_NR] = {
	[SCRIPTFS_POEM ... SCRIPTFS_SUPER] = { scriptfs_parse_reserve, SCRIPTFS_RESERVE_ALLOWED },
	[SCRIPTFS_OPT_SIZE]	= { scriptfs_parse_size,
		"bytes, or a number with K, M, G, T or % (up to 100%), from 32K up to 1 EiB" },
	[SCRIPTFS_OPT_NR_BLOCKS] = { scriptfs_parse_nr_blocks,
		"pages, or a number of them with K, M, G or T, from 32K up to 1 EiB of memory",
		.max = SCRIPTFS_MAX_BYTES >> PAGE_SHIFT },
	[SCRIPTFS_OPT_NR_INODES] = { scriptfs_parse_count,
		"a number, also with K, M, G or T, or 0 for no limit", .max = S64_MAX },
	[SCRIPTFS_OPT_MODE]	= { scriptfs_parse_number, "an octal number up to 7777",
				    .base = 8, .max = S_IALLUGO },
	[SCRIPTFS_OPT_UID]	= { scriptfs_parse_uid, "the number of a user",
				    .base = 10, .max = U32_MAX },
	[SCRIPTFS_OPT_GID]	= { scriptfs_parse_gid, "the number of a group",
				    .base = 10, .max = U32_MAX },
	[SCRIPTFS_OPT_IO]	= { scriptfs_parse_choice,
		"block or page",
		.names = scriptfs_io_names, .nr = ARRAY_SIZE(scriptfs_io_names) },
	[SCRIPTFS_OPT_CLASS]	= { scriptfs_parse_class,
		"poem, novel, medium, large, super or none",
		.names = scriptfs_class_names, .nr = SCRIPTFS_NR_CLASSES },
	[SCRIPTFS_OPT_COPY]	= { scriptfs_parse_choice, "auto, cached or bypass",
		.names = scriptfs_copy_names, .nr = ARRAY_SIZE(scriptfs_copy_names) },
	[SCRIPTFS_OPT_STRICT]	= { scriptfs_parse_flag, "no value" },
	/* These stand in people's lines for tmpfs. What is so anyway needs no remark. */
	[SCRIPTFS_OPT_INODE64]	= { scriptfs_parse_flag, "no value" },
	[SCRIPTFS_OPT_INODE32]	= { scriptfs_parse_flag, "no value",
		"inode numbers have 64 bits and count up from 1" },
	[SCRIPTFS_OPT_NOSWAP]	= { scriptfs_parse_flag, "no value" },
	[SCRIPTFS_OPT_HUGE]	= { scriptfs_parse_choice,
		"never, always, within_size or advise",
		"large blocks, and only they, are mapped by huge pages",
		scriptfs_huge_names, ARRAY_SIZE(scriptfs_huge_names) },
	[SCRIPTFS_OPT_MPOL]	= { scriptfs_parse_mpol,
		"default, local, prefer:NODE, bind:NODES or interleave[:NODES], of nodes that have memory",
		"memory is taken by the policy of the task that mounts or writes, see numactl(8)" },
};

static int scriptfs_param_type(struct p_log *log, const struct fs_parameter_spec *spec,
			       struct fs_parameter *param, struct fs_parse_result *result)
{
	const struct scriptfs_option *option = &scriptfs_option[spec->opt];

	if (!option->parse(option, param, &result->uint_64))
		return scriptfs_bad_value(log, param, option->allowed);
	return 0;
}

/**
 * scriptfs_parse_more_nodes - take a node list that goes on behind a comma, as if it was an option
 * @log:	log of the fs_context
 * @param:	what came after an mpol= with nodes
 *
 * Return: 0 or -EINVAL with a report.
 */
int scriptfs_parse_more_nodes(struct p_log *log, const struct fs_parameter *param)
{
	if (param->type == fs_value_is_flag && scriptfs_parse_nodes(param->key, MAX_NUMNODES))
		return 0;
	scriptfs_report(log, "mpol: %*pE: allowed is %s",
			(int)strnlen(param->key, SCRIPTFS_SHOWN_LENGTH), param->key,
			scriptfs_option[SCRIPTFS_OPT_MPOL].allowed);
	return -EINVAL;
}

const struct fs_parameter_spec scriptfs_parameters[] = {
	__fsparam(scriptfs_param_type, "poem", SCRIPTFS_POEM, 0, NULL),
	__fsparam(scriptfs_param_type, "novel", SCRIPTFS_NOVEL, 0, NULL),
	__fsparam(scriptfs_param_type, "medium", SCRIPTFS_MEDIUM, 0, NULL),
	__fsparam(scriptfs_param_type, "large", SCRIPTFS_LARGE, 0, NULL),
	__fsparam(scriptfs_param_type, "super", SCRIPTFS_SUPER, 0, NULL),
	__fsparam(scriptfs_param_type, "size", SCRIPTFS_OPT_SIZE, 0, NULL),
	__fsparam(scriptfs_param_type, "nr_blocks", SCRIPTFS_OPT_NR_BLOCKS, 0, NULL),
	__fsparam(scriptfs_param_type, "nr_inodes", SCRIPTFS_OPT_NR_INODES, 0, NULL),
	__fsparam(scriptfs_param_type, "mode", SCRIPTFS_OPT_MODE, 0, NULL),
	__fsparam(scriptfs_param_type, "uid", SCRIPTFS_OPT_UID, 0, NULL),
	__fsparam(scriptfs_param_type, "gid", SCRIPTFS_OPT_GID, 0, NULL),
	__fsparam(scriptfs_param_type, "io", SCRIPTFS_OPT_IO, 0, NULL),
	__fsparam(scriptfs_param_type, "class", SCRIPTFS_OPT_CLASS, 0, NULL),
	__fsparam(scriptfs_param_type, "copy", SCRIPTFS_OPT_COPY, 0, NULL),
	__fsparam(scriptfs_param_type, "strict", SCRIPTFS_OPT_STRICT, fs_param_neg_with_no, NULL),
	__fsparam(scriptfs_param_type, "inode64", SCRIPTFS_OPT_INODE64, 0, NULL),
	__fsparam(scriptfs_param_type, "inode32", SCRIPTFS_OPT_INODE32, 0, NULL),
	__fsparam(scriptfs_param_type, "noswap", SCRIPTFS_OPT_NOSWAP, 0, NULL),
	__fsparam(scriptfs_param_type, "huge", SCRIPTFS_OPT_HUGE, 0, NULL),
	__fsparam(scriptfs_param_type, "mpol", SCRIPTFS_OPT_MPOL, 0, NULL),
	{}
};

/**
 * scriptfs_say_moot - say which options were understood and change nothing
 * @log:	log of the fs_context
 * @given:	a bit for each option of a mount or remount that succeeded
 */
void scriptfs_say_moot(struct p_log *log, unsigned int given)
{
	const struct fs_parameter_spec *spec;

	for (spec = scriptfs_parameters; spec->name; spec++) {
		const struct scriptfs_option *option = &scriptfs_option[spec->opt];
		const char *sign = option->parse == scriptfs_parse_flag ? "" : "=";

		if (!option->moot || !(given & BIT(spec->opt)))
			continue;
		if (log->log)
			info_plog(log, "%s%s changes nothing: %s", spec->name, sign, option->moot);
		pr_info("%s%s changes nothing: %s\n", spec->name, sign, option->moot);
	}
}
