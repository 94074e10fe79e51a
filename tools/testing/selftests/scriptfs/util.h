/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the scriptfs selftests share.
 *
 * A program is a table of test cases. Each case runs in a process of its own, with its working
 * directory at the root of a mount made for it alone. Whatever the case did, even if it crashed,
 * the helper then removes the files, expects every pool counter to be back where it belongs, and
 * unmounts.
 *
 * Environment:
 *	SCRIPTFS_IO=block|page	which path read(2) and write(2) take unless a case says it
 *	SCRIPTFS_SCALE=N	do N times the usual work; may be a fraction
 *	SCRIPTFS_TIMEOUT=N	seconds after which a case has failed
 *	SCRIPTFS_TEST_FS=tmpfs|ramfs	run the cases that hold for any file system on that one,
 *				which proves that they expect what Linux does
 */
#ifndef SCRIPTFS_SELFTEST_UTIL_H
#define SCRIPTFS_SELFTEST_UTIL_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../../../include/uapi/linux/scriptfs.h"

typedef unsigned long long u64;

#define __printf(a, b)	__attribute__((__format__(__printf__, a, b)))
#define __noreturn	__attribute__((noreturn))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define KiB(n)	((n) * 1024LL)
#define MiB(n)	((n) * 1024LL * 1024)
#define PAGE		4096L
#define TO_PAGES(n)	(((n) + PAGE - 1) / PAGE * PAGE)

/* A byte that only poison() writes and fill() never does: wherever it turns up, it leaked. */
#define POISON		0xa5

/* A pool of every small class, with room for surplus: for cases that do not care. */
#define ANY_POOL	"poem=64,novel=32,medium=8,large=4,size=48M"

/* A pool that poison() fills up, so that every file gets poisoned blocks. */
#define SMALL_POOL	"poem=128,novel=16,medium=8,large=3,strict,size=16M"

/**
 * enum test_flags - what a case needs
 * @T_SCRIPTFS:	it checks what only scriptfs does: skipped on other file systems
 * @T_BLOCK:	it checks what only io=block promises: skipped with io=page
 * @T_NO_MOUNT:	it mounts by itself; it is started in an empty directory
 */
enum test_flags {
	T_SCRIPTFS	= 1,
	T_BLOCK		= 2,
	T_NO_MOUNT	= 4,
};

/**
 * struct test - a test case
 * @name:	its name in the KTAP output
 * @run:	returns if the case has passed, ends in fail() or skip() otherwise
 * @options:	mount options; another file system gets only those that tmpfs knows too
 * @flags:	see enum test_flags
 */
struct test {
	const char	*name;
	void		(*run)(void);
	const char	*options;
	unsigned int	flags;
};

int run_tests(const struct test *tests, unsigned int nr);

/* fail_at() and skip() end the case. */
void __printf(3, 4) __noreturn fail_at(const char *file, int line, const char *fmt, ...);
void __printf(1, 2) __noreturn skip(const char *fmt, ...);
void __printf(1, 2) note(const char *fmt, ...);

#define fail(...)	fail_at(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(cond) do {						\
	if (!(cond))							\
		fail("%s", #cond);					\
} while (0)

#define CHECK_CMP(a, op, b) do {					\
	long long a_ = (a), b_ = (b);					\
	if (!(a_ op b_))						\
		fail("%s %s %s: %lld and %lld", #a, #op, #b, a_, b_);	\
} while (0)

#define CHECK_EQ(a, b)	CHECK_CMP(a, ==, b)

/* The call must fail with this errno. */
#define CHECK_ERR(call, err) do {					\
	long long ret_ = (long long)(call);				\
	if (ret_ != -1)							\
		fail("%s: %lld, expected %s", #call, ret_, #err);	\
	if (errno != (err))						\
		fail("%s: expected %s", #call, #err);			\
} while (0)

/* The call must not fail; evaluates to what it returned. */
#define CHECK_OK(call) ({						\
	__auto_type ret_ = (call);					\
	if ((long long)ret_ == -1)					\
		fail("%s", #call);					\
	ret_;								\
})

/* What the case runs on. */
extern const char *test_fs;
bool on_scriptfs(void);
bool io_block(void);
bool debug_kernel(void);
unsigned long scaled(unsigned long n);

/* Mount with the default io= added and filtered for other file systems, or as given. */
int mount_fs(const char *dir, const char *options);
int mount_raw(const char *dir, const char *options, unsigned long flags);
unsigned int nr_sysfs_mounts(void);

/* Pool counters of the mount that holds @path; @class as in sysfs, NULL for the mount's totals. */
extern const char *const class_names[SCRIPTFS_NR_CLASSES];
extern const unsigned long class_sizes[SCRIPTFS_NR_CLASSES];
bool have_counter(const char *path, const char *class, const char *name);
unsigned long long counter_of(const char *path, const char *class, const char *name);
bool settles(const char *path, char *why, size_t len);
void check_settled(const char *path);
void check_balance(const char *path);

static inline unsigned long long counter(const char *class, const char *name)
{
	return counter_of(".", class, name);
}

/* Free memory of the system. */
unsigned long memory_figure(const char *key);
unsigned long free_memory(void);
void check_free_memory(unsigned long before, unsigned long slack);

/* Processes. */
pid_t start(void (*run)(void *arg), void *arg);
void finish(pid_t pid);
void finish_killed(pid_t pid, int sig);
void run_on(unsigned int cpu);

/* Touch a mapping: false if that raised SIGBUS. */
bool try_read(const void *addr, unsigned char *byte);
bool try_write(void *addr, unsigned char byte);

/* Files and bytes (files.c). */
u64 rnd(u64 *state);
void fill(void *buf, size_t len, u64 offset, u64 seed);
void check_fill(const void *buf, size_t len, u64 offset, u64 seed);
void check_bytes(const void *buf, size_t len, unsigned char byte);
void *xmalloc(size_t len);
int xopen(const char *path, int flags);
struct stat stat_of(const char *path);
void touch(const char *path);
off_t file_size(int fd);
unsigned long long file_held(int fd);
unsigned long long held_by(const char *path);
unsigned long long available(void);
void pwrite_full(int fd, const void *buf, size_t len, off_t offset);
void pread_full(int fd, void *buf, size_t len, off_t offset);
void write_file(int fd, off_t offset, size_t len, u64 seed);
void check_file(int fd, off_t offset, size_t len, u64 seed);
void check_zero(int fd, off_t offset, size_t len);
size_t write_all(int fd, size_t piece, u64 seed);
unsigned char *map_file(int fd, size_t len);
unsigned char *map_pages(int fd, size_t len, int prot);
void poison(void);
void remove_all(const char *dir);
size_t read_text(const char *path, char *buf, size_t len);
bool write_text(const char *path, const char *text);

#endif /* SCRIPTFS_SELFTEST_UTIL_H */
