// SPDX-License-Identifier: GPL-2.0-only
/* kbench: the time of a case, and where its calls go. */
#include <linux/delay.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/vmalloc.h>

#include "kbench.h"

#ifdef CONFIG_UML
/* User-mode Linux's clock advances in steps of 256 ns: read the processor's counter instead. */
#define CALIBRATION_MS		50
#define CALIBRATION_TRIES	1000

static u64 counter_begin, clock_begin, counter_ran, clock_ran;

static u64 counter(void)
{
	u32 low, high;

	asm volatile("lfence; rdtsc" : "=a" (low), "=d" (high) : : "memory");
	return (u64)high << 32 | low;
}

/* Read both at the same moment: of many tries, take the one that was interrupted least. */
static void read_both(u64 *count, u64 *ns)
{
	u64 begin, now, gap, least = U64_MAX;
	unsigned int i;

	for (i = 0; i < CALIBRATION_TRIES; i++) {
		begin = counter();
		now = ktime_get_ns();
		gap = counter() - begin;
		if (gap < least) {
			least = gap;
			*count = begin + gap / 2;
			*ns = now;
		}
	}
}

/**
 * kbench_clock_init - find out how fast the clock is
 */
void kbench_clock_init(void)
{
	u64 count, ns;

	read_both(&counter_begin, &clock_begin);
	msleep(CALIBRATION_MS);
	read_both(&count, &ns);
	counter_ran = count - counter_begin;
	clock_ran = ns - clock_begin;
}

static u64 clock(void)
{
	return mul_u64_u64_div_u64(counter() - counter_begin, clock_ran, counter_ran);
}
#else
void kbench_clock_init(void)
{
}

static u64 clock(void)
{
	return ktime_get_ns();
}
#endif

/**
 * kbench_meter_init - allocate the segments
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
	meter->begin = clock();
}

/**
 * kbench_end - a segment ends
 * @meter: meter of the run
 */
void kbench_end(struct kbench_meter *meter)
{
	u64 cost = clock() - meter->begin;

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
 * Return: its cost in ns.
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
 * kbench_plan - how a case cuts its file into calls
 * @run: the command; size, call, calls, units and meter are set
 * @size: bytes of the file
 * @call: bytes of a call
 * @calls: how many calls
 *
 * Return: 0, -EINVAL if a file cannot be cut like that, -ENOMEM.
 */
int kbench_plan(struct kbench_run *run, u64 size, u64 call, u64 calls)
{
	if (!is_power_of_2(size) || !is_power_of_2(call) || call > KBENCH_CALL_MAX || call > size)
		return -EINVAL;
	run->size = size;
	run->call = call;
	run->calls = calls;
	run->units = call > PAGE_SIZE ? call * calls >> PAGE_SHIFT : calls;
	return kbench_meter_init(&run->meter, DIV_ROUND_UP(calls, kbench_segment_calls(run)));
}

/**
 * kbench_plan_calls - plan a case of one large file: as many calls of kbench_run.arg as fill it
 * @run: the command
 *
 * Return: as kbench_plan().
 */
int kbench_plan_calls(struct kbench_run *run)
{
	return kbench_plan(run, kbench_file_size, run->arg, div64_u64(kbench_file_size, run->arg));
}

/**
 * kbench_segment_calls - calls of a data case that are timed together
 * @run: a planned command
 *
 * Return: how many of kbench_run.calls; there may be fewer in the last segment.
 */
unsigned int kbench_segment_calls(const struct kbench_run *run)
{
	return run->call < KBENCH_SEGMENT_SIZE ? KBENCH_SEGMENT_SIZE / run->call : 1;
}

/**
 * kbench_call_position - where a call of a data case goes
 * @run: a planned command
 * @i: number of the call
 *
 * Return: the offset in the file.
 */
loff_t kbench_call_position(const struct kbench_run *run, u64 i)
{
	if (kbench_is_random(run->test->what))
		i = kbench_permute(i, ilog2(run->size) - ilog2(run->call));
	return i * run->call;
}
