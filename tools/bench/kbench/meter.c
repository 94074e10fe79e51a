// SPDX-License-Identifier: GPL-2.0-only
/* kbench: the time of a case, and where its calls go. */
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/vmalloc.h>

#include "kbench.h"

/**
 * kbench_meter_init - make room
 * @meter: zeroed meter
 * @segments: how many segments a pass has at most
 *
 * Return: 0 or -ENOMEM.
 */
int kbench_meter_init(struct kbench_meter *meter, unsigned int segments)
{
	meter->least = vmalloc(array_size(segments, sizeof(*meter->least)));
	if (!meter->least)
		return -ENOMEM;
	meter->size = segments;
	kbench_meter_reset(meter);
	return 0;
}

/**
 * kbench_begin - a segment begins
 * @meter: meter of the run
 */
void kbench_begin(struct kbench_meter *meter)
{
	meter->begin = ktime_get_ns();
}

/**
 * kbench_end - a segment ends
 * @meter: meter of the run
 */
void kbench_end(struct kbench_meter *meter)
{
	u64 cost = ktime_get_ns() - meter->begin;

	if (WARN_ON_ONCE(meter->at == meter->size))
		return;
	meter->least[meter->at] = min(meter->least[meter->at], cost);
	meter->used = max(meter->used, ++meter->at);
}

/**
 * kbench_meter_reset - forget what was measured
 * @meter: meter of the run
 */
void kbench_meter_reset(struct kbench_meter *meter)
{
	memset(meter->least, 0xff, array_size(meter->size, sizeof(*meter->least)));
}

/**
 * kbench_meter_sum - what a pass costs
 * @meter: meter of the run
 *
 * Return: ns.
 */
u64 kbench_meter_sum(const struct kbench_meter *meter)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < meter->used; i++)
		sum += meter->least[i];
	return sum;
}

/**
 * kbench_permute - a number's place in an order that looks random and is always the same
 * @i: the number, below 1 << @bits
 * @bits: up to 32
 *
 * Each step maps the numbers one to one, so over all of them every place comes once.
 *
 * Return: the place, below 1 << @bits.
 */
u64 kbench_permute(u64 i, unsigned int bits)
{
	u64 mask = BIT_ULL(bits) - 1;

	i = (i * 0x9e3779b1 + 0x7f4a7c15) & mask;
	i ^= i >> ((bits + 1) / 2);
	i = (i * 0x85ebca6b) & mask;
	i ^= i >> ((bits + 1) / 2);
	return (i * 0xc2b2ae35) & mask;
}

/**
 * kbench_plan_calls - how a data case cuts its file into calls of kbench_run.arg bytes
 * @run: the command; calls, units and meter are set
 *
 * Return: 0, -EINVAL if the file cannot be cut so, -ENOMEM.
 */
int kbench_plan_calls(struct kbench_run *run)
{
	if (!is_power_of_2(run->arg) || run->arg > KBENCH_CALL_MAX || run->arg > kbench_file_size)
		return -EINVAL;
	run->calls = kbench_file_size / run->arg;
	run->units = run->arg > PAGE_SIZE ? kbench_file_size >> PAGE_SHIFT : run->calls;
	return kbench_meter_init(&run->meter, run->calls / kbench_segment_calls(run));
}

/**
 * kbench_segment_calls - calls of a data case that are timed together
 * @run: a planned command
 *
 * Return: a divisor of kbench_run.calls.
 */
unsigned int kbench_segment_calls(const struct kbench_run *run)
{
	u64 size = min_t(u64, KBENCH_SEGMENT_SIZE, kbench_file_size);

	return run->arg < size ? size / run->arg : 1;
}

/**
 * kbench_call_position - where a call of a data case goes
 * @run: a planned command
 * @i: number of the call
 *
 * Return: the byte in the file.
 */
loff_t kbench_call_position(const struct kbench_run *run, u64 i)
{
	if (kbench_is_random(run->test->what))
		i = kbench_permute(i, ilog2(run->calls));
	return i * run->arg;
}
