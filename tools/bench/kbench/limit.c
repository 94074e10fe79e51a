// SPDX-License-Identifier: GPL-2.0-only
/*
 * kbench: the copy alone, in calls of the same sizes and in the same order, between the same buffer
 * and as much memory of the same kind as a file would have.
 */
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "kbench.h"

#define CHUNK_SIZE	SZ_2M
#define CHUNK_ORDER	get_order(CHUNK_SIZE)

struct memory {
	unsigned int	chunks;
	void		*chunk[];
};

/* Copy around the cache, eight words a round. Sizes are multiples of 64. */
static void copy_streaming(void *to, const void *from, size_t len)
{
	const void *end = from + len;

	asm volatile("1:\n\t"
		     "movq 0(%1), %%r8\n\t"
		     "movq 8(%1), %%r9\n\t"
		     "movq 16(%1), %%r10\n\t"
		     "movq 24(%1), %%r11\n\t"
		     "movnti %%r8, 0(%0)\n\t"
		     "movnti %%r9, 8(%0)\n\t"
		     "movnti %%r10, 16(%0)\n\t"
		     "movnti %%r11, 24(%0)\n\t"
		     "movq 32(%1), %%r8\n\t"
		     "movq 40(%1), %%r9\n\t"
		     "movq 48(%1), %%r10\n\t"
		     "movq 56(%1), %%r11\n\t"
		     "movnti %%r8, 32(%0)\n\t"
		     "movnti %%r9, 40(%0)\n\t"
		     "movnti %%r10, 48(%0)\n\t"
		     "movnti %%r11, 56(%0)\n\t"
		     "addq $64, %1\n\t"
		     "addq $64, %0\n\t"
		     "cmpq %2, %1\n\t"
		     "jb 1b\n\t"
		     "sfence"
		     : "+r" (to), "+r" (from)
		     : "r" (end)
		     : "r8", "r9", "r10", "r11", "memory", "cc");
}

/* One call, in one copy for each chunk that it touches. */
static void limit_call(struct kbench_run *run, bool write, u64 pos)
{
	struct memory *memory = run->data;
	void *buf = run->buf, *at;
	size_t left = run->call, len;

	for (; left; left -= len, pos += len, buf += len) {
		at = memory->chunk[pos / CHUNK_SIZE] + pos % CHUNK_SIZE;
		len = min_t(size_t, left, CHUNK_SIZE - pos % CHUNK_SIZE);
		if (run->streaming)
			copy_streaming(write ? at : buf, write ? buf : at, len);
		else
			memcpy(write ? at : buf, write ? buf : at, len);
	}
}

static int limit_pass(struct kbench_run *run)
{
	unsigned int in_segment = kbench_segment_calls(run);
	bool write = kbench_is_write(run->test->what);
	u64 i, end;

	for (i = 0; i < run->calls; cond_resched()) {
		end = min(i + in_segment, run->calls);
		kbench_begin(&run->meter);
		for (; i < end; i++)
			limit_call(run, write, kbench_call_position(run, i));
		kbench_end(&run->meter);
	}
	return 0;
}

static int memory_get(struct kbench_run *run, u64 size)
{
	unsigned int chunks = DIV_ROUND_UP(size, CHUNK_SIZE);
	struct memory *memory = kvzalloc(struct_size(memory, chunk, chunks), GFP_KERNEL);
	void *chunk;

	run->data = memory;
	if (!memory)
		return -ENOMEM;
	for (; memory->chunks < chunks; memory->chunks++) {
		chunk = (void *)__get_free_pages(GFP_KERNEL, CHUNK_ORDER);
		if (!chunk)
			return -ENOMEM;
		memset(chunk, 'm', CHUNK_SIZE);
		memory->chunk[memory->chunks] = chunk;
		cond_resched();
	}
	return 0;
}

static int limit_finish(struct kbench_run *run)
{
	struct memory *memory = run->data;

	while (memory && memory->chunks)
		free_pages((unsigned long)memory->chunk[--memory->chunks], CHUNK_ORDER);
	kvfree(memory);
	return 0;
}

static int limit_prepare(struct kbench_run *run)
{
	return kbench_plan_calls(run) ?: memory_get(run, kbench_file_size);
}

/* Files lie one after the other. */
static int limit_files(struct kbench_run *run, unsigned int files)
{
	if (!is_power_of_2(run->arg) || run->arg > KBENCH_CALL_MAX)
		return -EINVAL;
	run->call = run->arg;
	run->files = files;
	run->units = files;
	return kbench_meter_init(&run->meter, DIV_ROUND_UP(files, KBENCH_SEGMENT_FILES)) ?:
	       memory_get(run, run->arg * files);
}

static int limit_poems(struct kbench_run *run)
{
	return limit_files(run, kbench_files);
}

static int limit_many(struct kbench_run *run)
{
	return limit_files(run, KBENCH_MANY);
}

static int limit_files_pass(struct kbench_run *run)
{
	bool write = kbench_is_write(run->test->what);
	unsigned int i, end;

	for (i = 0; i < run->files; cond_resched()) {
		end = min(i + KBENCH_SEGMENT_FILES, run->files);
		kbench_begin(&run->meter);
		for (; i < end; i++)
			limit_call(run, write, i * run->arg);
		kbench_end(&run->meter);
	}
	return 0;
}

const struct kbench_case kbench_limit_cases[] = {
	{ "new-#", NULL, KBENCH_NEW, limit_prepare, limit_pass, limit_finish },
	{ "over-#", NULL, KBENCH_OVER, limit_prepare, limit_pass, limit_finish },
	{ "read-#", NULL, KBENCH_READ, limit_prepare, limit_pass, limit_finish },
	{ "rndover-#", NULL, KBENCH_RNDOVER, limit_prepare, limit_pass, limit_finish },
	{ "rndread-#", NULL, KBENCH_RNDREAD, limit_prepare, limit_pass, limit_finish },
	{ "poems-#-create", "file", KBENCH_FILES_NEW, limit_poems, limit_files_pass, limit_finish },
	{ "poems-#-read", "file", KBENCH_FILES_READ, limit_poems, limit_files_pass, limit_finish },
	{ "many-#-create", "file", KBENCH_FILES_NEW, limit_many, limit_files_pass, limit_finish },
	{ "many-#-read", "file", KBENCH_FILES_READ, limit_many, limit_files_pass, limit_finish },
	{}
};
