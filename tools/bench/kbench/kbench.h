/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kbench: what calls into a file system cost, measured from inside the kernel.
 *
 * main.c takes a command and finds the case, meter.c keeps the time, file.c opens, calls and
 * unlinks, data.c, names.c and grow.c have the cases, and limit.c measures the copy alone, which no
 * file system can beat.
 */
#ifndef _KBENCH_H
#define _KBENCH_H

#include <linux/fs.h>
#include <linux/path.h>
#include <linux/sizes.h>
#include <linux/types.h>

/* Set by the module parameters of the same names. */
extern unsigned long kbench_file_size;
extern unsigned int kbench_files;

/**
 * struct kbench_meter - the time of one case, in segments
 * @least:	the lowest cost of each segment in any pass, in ns
 * @size:	how many segments fit into @least
 * @at:		the next segment
 * @used:	how many segments a pass has
 * @begin:	when the current segment began
 *
 * A timer tick, a kworker or a refill of the page allocator's lists adds to the cost of a segment
 * and never lowers it. So each segment counts as in its cheapest pass; what the case itself does
 * only now and then (take the next block, say) happens at the same place in all passes and counts.
 */
struct kbench_meter {
	u64		*least;
	unsigned int	size;
	unsigned int	at;
	unsigned int	used;
	u64		begin;
};

struct kbench_case;

/* Cases write a file this much at a time where they do not measure that. */
#define KBENCH_FILL_SIZE	SZ_1M

/* The largest call. */
#define KBENCH_CALL_MAX		SZ_16M

/* A segment of a data case moves this much, or is one call. */
#define KBENCH_SEGMENT_SIZE	SZ_2M

/* How many files the cases many-* have: more than lie in the caches side by side. */
#define KBENCH_MANY		20000U

/* A segment of a case of many files handles this many, in less than a timer tick. */
#define KBENCH_SEGMENT_FILES	20U

/**
 * struct kbench_run - one command
 * @dir:	directory that the files are made in
 * @streaming:	limits: store around the cache
 * @arg:	the number in the name of the case
 * @user:	buffer of the calling process to use instead of @buf, if not NULL
 * @test:	the case
 * @meter:	its time
 * @units:	what the time is divided by
 * @scale:	what the time is first multiplied by, if not 0
 * @buf:	what calls write from and read into
 * @size:	bytes of the file of a data case, a power of two
 * @call:	bytes of each of its calls, a power of two
 * @calls:	how many calls
 * @files:	how many small files
 * @file:	the file that prepare leaves to the passes
 * @data:	private to the case
 */
struct kbench_run {
	struct path			dir;
	bool				streaming;
	u64				arg;
	char __user			*user;
	const struct kbench_case	*test;
	struct kbench_meter		meter;
	u64				units;
	u64				scale;
	void				*buf;
	u64				size;
	u64				call;
	u64				calls;
	unsigned int			files;
	struct file			*file;
	void				*data;
};

/**
 * struct kbench_case - something that is measured
 * @name:	as the user types it, with # for a number such as 1000, 64K or 1G
 * @per:	what one unit is: call, page, file, op; NULL: call up to 4K, page above
 * @what:	private to the case, so that cases can share functions
 * @prepare:	called once before the passes; sets kbench_run.units
 * @pass:	the measured part, called several times
 * @finish:	undoes @prepare; called even if @prepare or @pass failed; may be NULL
 *
 * All return 0 or a negative errno.
 */
struct kbench_case {
	const char	*name;
	const char	*per;
	int		what;
	int		(*prepare)(struct kbench_run *run);
	int		(*pass)(struct kbench_run *run);
	int		(*finish)(struct kbench_run *run);
};

/* What a data case or a limit does. */
enum kbench_what {
	KBENCH_NEW,
	KBENCH_OVER,
	KBENCH_READ,
	KBENCH_RNDOVER,
	KBENCH_RNDREAD,
	KBENCH_FILES_NEW,
	KBENCH_FILES_READ,
	KBENCH_APPEND,
	KBENCH_COPY_RANGE,
};

static inline bool kbench_is_write(int what)
{
	return what != KBENCH_READ && what != KBENCH_RNDREAD && what != KBENCH_FILES_READ;
}

static inline bool kbench_is_random(int what)
{
	return what == KBENCH_RNDOVER || what == KBENCH_RNDREAD;
}

extern const struct kbench_case kbench_data_cases[];
extern const struct kbench_case kbench_name_cases[];
extern const struct kbench_case kbench_grow_cases[];
extern const struct kbench_case kbench_limit_cases[];

void kbench_clock_init(void);
int kbench_meter_init(struct kbench_meter *meter, unsigned int segments);
void kbench_begin(struct kbench_meter *meter);
void kbench_end(struct kbench_meter *meter);
void kbench_meter_reset(struct kbench_meter *meter);
u64 kbench_meter_sum(const struct kbench_meter *meter);
u64 kbench_permute(u64 i, unsigned int bits);

int kbench_plan(struct kbench_run *run, u64 size, u64 call, u64 calls);
int kbench_plan_calls(struct kbench_run *run);
unsigned int kbench_segment_calls(const struct kbench_run *run);
loff_t kbench_call_position(const struct kbench_run *run, u64 i);

struct file *kbench_open(struct kbench_run *run, const char *name, int flags);
void kbench_close(struct file *file);
int kbench_unlink(struct kbench_run *run, const char *name);
int kbench_rmdir(struct kbench_run *run, const char *name);
int kbench_mkdir(struct kbench_run *run, const char *name);
int kbench_close_unlink(struct kbench_run *run, struct file *file, const char *name);
int kbench_call(struct kbench_run *run, struct file *file, bool write, loff_t pos, size_t len);
int kbench_fill(struct kbench_run *run, struct file *file, u64 size);

int kbench_data_new(struct kbench_run *run);
int kbench_data_prepare(struct kbench_run *run);
int kbench_data_again(struct kbench_run *run);
int kbench_data_finish(struct kbench_run *run);
int kbench_data_unlink(struct kbench_run *run);
int kbench_names_prepare(struct kbench_run *run, unsigned int files, u64 size);
int kbench_names_create(struct kbench_run *run);
int kbench_names_unlink(struct kbench_run *run);
int kbench_names_finish(struct kbench_run *run);

#endif
