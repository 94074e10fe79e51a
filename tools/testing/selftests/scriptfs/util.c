// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the scriptfs selftests share, see util.h.
 */
#include "util.h"

#include <dirent.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>

#include "../kselftest.h"

const char *test_fs = "scriptfs";

static char *skip_reason;	/* shared with the process of the case */
#define SKIP_REASON_LEN	256

static sig_atomic_t timed_out;

static double env_number(const char *name, double otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtod(text, NULL) : otherwise;
}

bool on_scriptfs(void)
{
	return strcmp(test_fs, "scriptfs") == 0;
}

bool io_block(void)
{
	const char *io = getenv("SCRIPTFS_IO");

	return !io || strcmp(io, "page") != 0;
}

bool debug_kernel(void)
{
	return access("/sys/kernel/debug/kmemleak", F_OK) == 0;
}

/* A kernel full of checks is many times slower: do less, unless SCRIPTFS_SCALE says how much. */
unsigned long scaled(unsigned long n)
{
	unsigned long much = n * env_number("SCRIPTFS_SCALE", debug_kernel() ? 0.25 : 1);

	return much ? much : 1;
}

void fail_at(const char *file, int line, const char *fmt, ...)
{
	int err = errno;
	va_list args;

	flockfile(stdout);
	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" (errno %d: %s)\n", err, strerror(err));
	fflush(stdout);
	_exit(KSFT_FAIL);
}

void skip(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(skip_reason, SKIP_REASON_LEN, fmt, args);
	va_end(args);
	_exit(KSFT_SKIP);
}

void note(const char *fmt, ...)
{
	va_list args;

	flockfile(stdout);
	printf("# ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	funlockfile(stdout);
}

/* Keep only those @options that the other file system knows. */
static void filter_options(char *out, size_t len, const char *options)
{
	static const char *const tmpfs_knows[] = {
		"size=", "nr_inodes=", "mode=", "uid=", "gid=",
	};
	char copy[512], *rest = copy, *option;
	unsigned int i;

	snprintf(copy, sizeof(copy), "%s", options);
	*out = '\0';
	while ((option = strsep(&rest, ","))) {
		for (i = 0; i < ARRAY_SIZE(tmpfs_knows); i++) {
			if (strncmp(option, tmpfs_knows[i], strlen(tmpfs_knows[i])))
				continue;
			if (strcmp(test_fs, "ramfs") == 0 && strncmp(option, "mode=", 5))
				continue;
			snprintf(out + strlen(out), len - strlen(out), "%s%s", *out ? "," : "",
				 option);
		}
	}
}

int mount_raw(const char *dir, const char *options, unsigned long flags)
{
	return mount("scriptfs-test", dir, test_fs, flags, options);
}

int mount_fs(const char *dir, const char *options)
{
	const char *io = getenv("SCRIPTFS_IO");
	char all[512];

	if (!on_scriptfs())
		filter_options(all, sizeof(all), options);
	else if (io && *io && !strstr(options, "io="))
		snprintf(all, sizeof(all), "%s%sio=%s", options, *options ? "," : "", io);
	else
		snprintf(all, sizeof(all), "%s", options);
	return mount_raw(dir, all, 0);
}

unsigned int nr_sysfs_mounts(void)
{
	DIR *dir = opendir("/sys/fs/scriptfs");
	struct dirent *entry;
	unsigned int nr = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)))
		nr += !!strchr(entry->d_name, ':');
	closedir(dir);
	return nr;
}

/* A figure of /proc/meminfo, in KiB. */
unsigned long memory_figure(const char *key)
{
	char text[8192], *line;

	CHECK(read_text("/proc/meminfo", text, sizeof(text)));
	line = strstr(text, key);
	if (!line || line[strlen(key)] != ':')
		fail("/proc/meminfo has no %s", key);
	return strtoul(line + strlen(key) + 1, NULL, 10);
}

/*
 * Free pages on the lists of the processors, in KiB, which are not counted as free. Newer kernels
 * let such a list grow to an eighth of a zone.
 */
static unsigned long listed_memory(void)
{
	FILE *file = fopen("/proc/zoneinfo", "r");
	unsigned long pages = 0, count;
	char line[256];

	if (!file)
		fail("no /proc/zoneinfo");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, " count: %lu", &count) == 1)
			pages += count;
	fclose(file);
	return pages * (PAGE / 1024);
}

/* Free memory of the system in KiB, once everything deferred has been freed. */
unsigned long free_memory(void)
{
	unsigned long now, best = 0;
	unsigned int tries;

	for (tries = 0; tries < 5; tries++) {
		write_text("/proc/sys/vm/drop_caches", "3");
		write_text("/proc/sys/vm/compact_memory", "1");
		now = memory_figure("MemFree") + listed_memory();
		if (now > best)
			best = now;
		usleep(20000);
	}
	return best;
}

/* All but @slack KiB must be free again; KASAN keeps what was freed for a while. */
void check_free_memory(unsigned long before, unsigned long slack)
{
	if (debug_kernel())
		slack += 128 * 1024;
	CHECK_CMP(free_memory() + slack, >=, before);
}

pid_t start(void (*run)(void *arg), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = CHECK_OK(fork());
	if (pid == 0) {
		run(arg);
		fflush(stdout);
		_exit(KSFT_PASS);
	}
	return pid;
}

void finish(pid_t pid)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		fail("helper process was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) == KSFT_SKIP)
		_exit(KSFT_SKIP);
	if (WEXITSTATUS(status))
		fail("helper process failed");
}

void finish_killed(pid_t pid, int sig)
{
	int status;

	CHECK_EQ(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != sig)
		fail("helper process was not killed by signal %d, status %#x", sig, status);
}

/* Bind the calling thread to @cpu. */
void run_on(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
}

static __thread sigjmp_buf bus_jump;
static __thread bool bus_expected;

static void on_bus(int sig)
{
	if (bus_expected)
		siglongjmp(bus_jump, 1);
	/* Unexpected: repeat the access that caused it, which then kills the process. */
	signal(sig, SIG_DFL);
}

/* One handler for all threads, for good: they could not take turns at setting it. */
static void catch_bus(void)
{
	struct sigaction act = { .sa_handler = on_bus };

	sigaction(SIGBUS, &act, NULL);
}

bool try_read(const void *addr, unsigned char *byte)
{
	unsigned char got;

	if (sigsetjmp(bus_jump, 1)) {
		bus_expected = false;
		return false;
	}
	bus_expected = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	got = __atomic_load_n((const unsigned char *)addr, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	bus_expected = false;
	if (byte)
		*byte = got;
	return true;
}

bool try_write(void *addr, unsigned char byte)
{
	if (sigsetjmp(bus_jump, 1)) {
		bus_expected = false;
		return false;
	}
	bus_expected = true;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n((unsigned char *)addr, byte, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	bus_expected = false;
	return true;
}

static void on_alarm(int sig)
{
	(void)sig;
	__atomic_store_n(&timed_out, 1, __ATOMIC_RELAXED);
}

/* Wait for the case's process, but not forever: false when time is up. */
static bool wait_until(pid_t pid, int *status, unsigned int seconds)
{
	struct sigaction act = { .sa_handler = on_alarm };
	bool done;

	__atomic_store_n(&timed_out, 0, __ATOMIC_RELAXED);
	sigaction(SIGALRM, &act, NULL);
	alarm(seconds);
	while (!(done = waitpid(pid, status, 0) == pid) &&
	       !__atomic_load_n(&timed_out, __ATOMIC_RELAXED))
		;
	alarm(0);
	return done;
}

/* Get the status of the case's process. If it cannot even be killed, the program ends. */
static int wait_for_case(pid_t pid, const char *name)
{
	int status;

	if (!wait_until(pid, &status, env_number("SCRIPTFS_TIMEOUT", 200))) {
		note("%s hangs", name);
		kill(-pid, SIGKILL);
		if (!wait_until(pid, &status, 20))
			ksft_exit_fail_msg("%s cannot be killed\n", name);
		status = KSFT_FAIL << 8;
	}
	/* Helpers that a failed case left behind have become our children. */
	kill(-pid, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return status;
}

/* What a failed case had mounted itself would be in the way of the next one. */
static void unmount_below(const char *dir)
{
	char text[8192], place[256], *line;
	size_t len = strlen(dir);

	if (!read_text("/proc/self/mounts", text, sizeof(text)))
		return;
	for (line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (sscanf(line, "%*s %255s", place) == 1 && !strncmp(place, dir, len) &&
		    place[len] == '/' && umount2(place, MNT_DETACH) == 0)
			note("had to unmount %s by force", place);
	}
}

static bool clean_up(const struct test *test, const char *dir, unsigned int before, bool passed)
{
	char why[256];

	if (!(test->flags & T_NO_MOUNT)) {
		remove_all(dir);
		if (on_scriptfs() && !settles(dir, why, sizeof(why))) {
			note("not everything came back: %s", why);
			passed = false;
		}
		if (umount(dir)) {
			note("umount: %s", strerror(errno));
			passed = false;
		}
	}
	if (nr_sysfs_mounts() != before) {
		note("%u mounts in sysfs, %u before", nr_sysfs_mounts(), before);
		passed = false;
	}
	unmount_below(dir);
	while (umount2(dir, MNT_DETACH) == 0)
		note("had to unmount %s by force", dir);
	remove_all(dir);
	return passed;
}

static void run_test(const struct test *test, const char *dir)
{
	unsigned int before = nr_sysfs_mounts();
	bool passed, skipped;
	int status;
	pid_t pid;

	if ((test->flags & T_SCRIPTFS) && !on_scriptfs()) {
		ksft_test_result_skip("%s: only on scriptfs\n", test->name);
		return;
	}
	if ((test->flags & T_BLOCK) && (!on_scriptfs() || !io_block())) {
		ksft_test_result_skip("%s: only with io=block\n", test->name);
		return;
	}
	if (!(test->flags & T_NO_MOUNT) && mount_fs(dir, test->options)) {
		ksft_print_msg("mount -o %s: %s\n", test->options, strerror(errno));
		ksft_test_result_fail("%s\n", test->name);
		return;
	}

	pid = fork();
	if (pid < 0)
		ksft_exit_fail_msg("fork: %s\n", strerror(errno));
	if (pid == 0) {
		setpgid(0, 0);
		catch_bus();
		CHECK_OK(chdir(dir));
		test->run();
		fflush(stdout);
		_exit(KSFT_PASS);
	}
	setpgid(pid, pid);
	status = wait_for_case(pid, test->name);
	if (WIFSIGNALED(status))
		note("%s was killed by signal %d", test->name, WTERMSIG(status));

	skipped = WIFEXITED(status) && WEXITSTATUS(status) == KSFT_SKIP;
	passed = WIFEXITED(status) && WEXITSTATUS(status) == KSFT_PASS;
	passed = clean_up(test, dir, before, passed || skipped);
	if (passed && skipped)
		ksft_test_result_skip("%s: %s\n", test->name, skip_reason);
	else
		ksft_test_result(passed, "%s\n", test->name);
}

int run_tests(const struct test *tests, unsigned int nr)
{
	char dir[] = "/tmp/scriptfs-test-XXXXXX";
	const char *fs = getenv("SCRIPTFS_TEST_FS");
	unsigned int i;

	if (fs && *fs)
		test_fs = fs;
	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(0);
	ksft_print_header();
	if (geteuid())
		ksft_exit_skip("needs root\n");
	/* A mount namespace of our own, so that all mounts go away when we exit. */
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		ksft_exit_skip("no mount namespace: %s\n", strerror(errno));
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	mkdir("/tmp", 01777);
	if (!mkdtemp(dir))
		ksft_exit_fail_msg("%s: %s\n", dir, strerror(errno));
	if (mount_fs(dir, "") == 0) {
		umount(dir);
	} else if (errno == ENODEV) {
		rmdir(dir);
		ksft_exit_skip("this kernel has no %s\n", test_fs);
	}
	skip_reason = mmap(NULL, SKIP_REASON_LEN, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (skip_reason == MAP_FAILED)
		ksft_exit_fail_msg("mmap: %s\n", strerror(errno));

	ksft_set_plan(nr);
	for (i = 0; i < nr; i++)
		run_test(&tests[i], dir);
	rmdir(dir);
	if (ksft_cnt.ksft_xskip == nr)
		exit(KSFT_SKIP);
	return ksft_cnt.ksft_fail ? ksft_exit_fail() : ksft_exit_pass();
}
