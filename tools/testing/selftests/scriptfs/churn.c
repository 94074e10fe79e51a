// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way into the page cache and out of it, mixed at random by several processes on a few files,
 * with a model of what each of them must see (churn.h).
 *
 * SCRIPTFS_SOAK=SECONDS in the environment says how long all cases together run.
 */
#include "churn_work.h"
#include "fuse.h"
#include "scarce.h"

#include <linux/falloc.h>
#include <sys/uio.h>

#define WORKERS		3

/* In seconds: longer than any wait for a lock, even on a busy machine. */
#define STUCK_AFTER	90

static void close_view(struct view *v)
{
	if (!v->fd)
		return;
	munmap(v->map, CHURN_SIZE);
	close(v->fd);
	v->fd = 0;
}

void see(struct churn_file *f, struct view *v, int flags)
{
	char name[16];

	if (v->fd && v->epoch == f->epoch)
		return;
	close_view(v);
	churn_name(f, name);
	v->fd = xopen(name, flags);
	v->epoch = f->epoch;
	/* Huge pages are held and cut as a whole, unlike what the model knows (huge_broken.c). */
	v->map = map_pages(v->fd, CHURN_SIZE,
			   flags == O_RDONLY ? PROT_READ : PROT_READ | PROT_WRITE);
}

static struct place somewhere(struct worker *w)
{
	unsigned int file = rnd(&w->rng) % CHURN_FILES;
	struct place p = {
		.f = &w->c->files[file], .v = &w->views[file],
		.first = rnd(&w->rng) % CHURN_PAGES,
	};

	p.nr = 1 + rnd(&w->rng) % (STRIPE_PAGES - p.first % STRIPE_PAGES);
	if (rnd(&w->rng) % 2 && p.nr > 4)
		p.nr = 4;
	p.at = (off_t)p.first * PAGE;
	p.len = p.nr * PAGE;
	return p;
}

struct place lock_somewhere(struct worker *w)
{
	struct place p = somewhere(w);

	churn_lock(p.f, p.first, p.nr);
	see(p.f, p.v, O_RDWR);
	return p;
}

void unlock(const struct place *p)
{
	churn_unlock(p->f, p->first, p->nr);
}

/* Ways to write the worker's buffer to the file. */
static void write_by_call(struct worker *w, const struct place *p)
{
	pwrite_full(p->v->fd, w->buf, p->len, p->at);
}

static void write_by_store(struct worker *w, const struct place *p)
{
	memcpy(p->v->map + p->at, w->buf, p->len);
}

static void write_by_splice(struct worker *w, const struct place *p)
{
	struct iovec iov = { .iov_base = w->buf, .iov_len = p->len };
	loff_t at = p->at;

	CHECK_EQ(vmsplice(w->pipes[1], &iov, 1, 0), p->len);
	while (at < p->at + (off_t)p->len)
		CHECK_CMP(splice(w->pipes[0], NULL, p->v->fd, &at, p->at + p->len - at,
				 SPLICE_F_MOVE), >, 0);
}

static void write_by_uring(struct worker *w, const struct place *p)
{
	CHECK_EQ(uring_write(&w->ring, p->v->fd, p->len, p->at), p->len);
}

static void write_by_other(struct worker *w, const struct place *p)
{
	struct iovec here = { .iov_base = w->buf, .iov_len = p->len };
	struct iovec there = { .iov_base = p->v->map + p->at, .iov_len = p->len };

	CHECK_EQ(process_vm_writev(getpid(), &here, 1, &there, 1, 0), p->len);
}

static void do_write(struct worker *w)
{
	static void (*const ways[])(struct worker *w, const struct place *p) = {
		write_by_call, write_by_call, write_by_store, write_by_splice, write_by_uring,
		write_by_other,
	};
	struct place p = lock_somewhere(w);

	churn_write(w->c, p.f, p.first, p.nr, w->buf);
	ways[rnd(&w->rng) % ARRAY_SIZE(ways)](w, &p);
	churn_written(p.f, p.first, p.nr, w->buf);
	unlock(&p);
}

static void read_by_splice(struct worker *w, const struct place *p)
{
	splice_in(p->v->fd, p->at, w->pipes[1], p->len);
	read_pipe(w->pipes[0], w->buf, p->len);
}

static void read_by_copy(struct worker *w, const struct place *p)
{
	loff_t from = p->at, to = 0;

	CHECK_OK(ftruncate(w->scratch, 0));
	while (to < (loff_t)p->len)
		CHECK_CMP(copy_file_range(p->v->fd, &from, w->scratch, &to, p->len - to, 0), >,
			  0);
	pread_full(w->scratch, w->buf, p->len, 0);
}

/* However the file is read, it must match the model. */
static void do_check(struct worker *w)
{
	struct place p = lock_somewhere(w);

	switch (rnd(&w->rng) % 5) {
	case 0:
		read_by_splice(w, &p);
		break;
	case 1:
		read_by_copy(w, &p);
		break;
	case 2:
		CHECK_EQ(uring_read(&w->ring, p.v->fd, p.len, p.at), p.len);
		break;
	case 3:
		memcpy(w->buf, p.v->map + p.at, p.len);
		break;
	default:
		pread_full(p.v->fd, w->buf, p.len, p.at);
	}
	churn_check(p.f, p.first, p.nr, w->buf);
	unlock(&p);
}

/* Without a lock all that can be checked is that words are where they belong. */
static void do_look(struct worker *w)
{
	struct place p = somewhere(w);
	size_t i;
	ssize_t got;

	/* Take the view as it is, all the better if its file is gone. */
	if (!p.v->fd)
		return;
	if (rnd(&w->rng) % 2) {
		got = CHECK_OK(pread(p.v->fd, w->buf, p.len - 8 * (rnd(&w->rng) % 100), p.at));
		churn_check_words(w->c, p.f, w->buf, got, p.at);
		return;
	}
	if (rnd(&w->rng) % 4 == 0)
		CHECK_OK(madvise(p.v->map, CHURN_SIZE, MADV_DONTNEED));
	for (i = 0; i < p.len; i += 512) {
		unsigned char byte;
		u64 word;

		/* The page may go away at any time. */
		if (!try_read(p.v->map + p.at + i, &byte) ||
		    pread(p.v->fd, &word, 8, p.at + i) != 8)
			continue;
		churn_check_words(w->c, p.f, &word, 8, p.at + i);
	}
}

/* Cut off all pages from somewhere to the end. */
static void do_truncate(struct worker *w)
{
	struct place p = somewhere(w);

	if (rnd(&w->rng) % 4 == 0)
		p.first = 0;
	p.nr = CHURN_PAGES - p.first;
	churn_lock(p.f, p.first, p.nr);
	see(p.f, p.v, O_RDWR);
	CHECK_OK(ftruncate(p.v->fd, (off_t)p.first * PAGE));
	CHECK_OK(ftruncate(p.v->fd, CHURN_SIZE));
	churn_give_up(p.f, p.first, p.nr);
	unlock(&p);
}

static void do_punch(struct worker *w)
{
	struct place p = lock_somewhere(w);

	CHECK_OK(fallocate(p.v->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, p.at, p.len));
	churn_give_up(p.f, p.first, p.nr);
	unlock(&p);
}

static void do_allocate(struct worker *w)
{
	struct place p = lock_somewhere(w);

	CHECK_OK(fallocate(p.v->fd, 0, p.at, p.len));
	pread_full(p.v->fd, w->buf, p.len, p.at);
	churn_check(p.f, p.first, p.nr, w->buf);
	unlock(&p);
}

static void make_file(const char *name)
{
	int fd = xopen(name, O_RDWR | O_CREAT | O_EXCL);

	CHECK_OK(fchmod(fd, 0644));
	CHECK_OK(ftruncate(fd, CHURN_SIZE));
	close(fd);
}

/* Put another file in its place; some workers go on looking at the old one. */
static void do_replace(struct worker *w)
{
	struct place p = somewhere(w);
	char name[16], other[32];

	churn_name(p.f, name);
	churn_lock(p.f, 0, CHURN_PAGES);
	if (rnd(&w->rng) % 2) {
		CHECK_OK(unlink(name));
		make_file(name);
	} else {
		snprintf(other, sizeof(other), "new-%s", name);
		make_file(other);
		CHECK_OK(rename(other, name));
	}
	p.f->epoch++;
	churn_give_up(p.f, 0, CHURN_PAGES);
	churn_unlock(p.f, 0, CHURN_PAGES);
}

/* Take what was given up, and fill it with POISON, which no other file may show. */
static void do_poison(struct worker *w)
{
	int fd = xopen(".", O_TMPFILE | O_RDWR);
	unsigned int i, nr = 1 + rnd(&w->rng) % 16;

	memset(w->buf, POISON, ROOM);
	for (i = 0; i < nr; i++)
		pwrite_full(fd, w->buf, ROOM, i * ROOM);
	close(fd);
}

static void do_close(struct worker *w)
{
	close_view(&w->views[rnd(&w->rng) % CHURN_FILES]);
}

static void do_need_memory(struct worker *w)
{
	size_t at, len = MiB(8) + rnd(&w->rng) % MiB(8);
	char *mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct place p = somewhere(w);

	CHECK(mem != MAP_FAILED);
	for (at = 0; at < len; at += PAGE)
		mem[at] = 1;
	munmap(mem, len);
	if (p.v->fd)
		CHECK_EQ(posix_fadvise(p.v->fd, 0, 0, POSIX_FADV_DONTNEED), 0);
	write_text("/proc/sys/vm/compact_memory", "1");
}

/* Operations, and how often each is done in comparison with the others. */
static const struct {
	void		(*run)(struct worker *w);
	unsigned int	share;
} works[] = {
	{ do_write, 24 }, { do_check, 20 }, { do_look, 16 }, { do_truncate, 5 }, { do_punch, 8 },
	{ do_allocate, 2 }, { do_replace, 3 }, { do_hold, 16 }, { do_let_go, 14 },
	{ do_poison, 4 }, { do_close, 2 }, { do_need_memory, 1 },
};

static void work_once(struct worker *w)
{
	unsigned int i, shares = 0, draw;

	for (i = 0; i < ARRAY_SIZE(works); i++)
		shares += works[i].share;
	draw = rnd(&w->rng) % shares;
	for (i = 0; draw >= works[i].share; i++)
		draw -= works[i].share;
	works[i].run(w);
	__atomic_add_fetch(&w->c->done[i], 1, __ATOMIC_RELAXED);
}

static bool going(struct churn *c)
{
	return !__atomic_load_n(&c->stop, __ATOMIC_RELAXED);
}

static void run_worker(void *arg)
{
	struct worker w = { .c = arg, .rng = getpid() };

	w.buf = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(w.buf != MAP_FAILED);
	make_pipe(w.pipes);
	w.scratch = xopen(".", O_TMPFILE | O_RDWR);
	CHECK(uring_begin(&w.ring, w.buf, ROOM));
	while (going(w.c))
		work_once(&w);
	let_go_of_all(&w);
}

/**
 * struct mover - a FUSE server whose file consists of pages of the files
 * @w:		the worker that looks them up
 * @fuse:	the server that moves them
 */
struct mover {
	struct worker	w;
	struct fuse	fuse;
};

static void supply(void *arg, int to, off_t offset, size_t len)
{
	struct mover *m = arg;
	size_t done, piece;

	(void)offset;
	for (done = 0; done < len; done += piece) {
		struct place p = somewhere(&m->w);

		piece = p.len < len - done ? p.len : len - done;
		churn_lock(p.f, p.first, p.nr);
		see(p.f, p.v, O_RDONLY);
		splice_in(p.v->fd, p.at, to, piece);
		unlock(&p);
	}
}

static void read_moved(struct churn *c)
{
	unsigned char *buf = xmalloc(FUSE_FILE_SIZE);

	while (going(c)) {
		int fd = xopen("fuse/f", O_RDONLY);

		pread_full(fd, buf, FUSE_FILE_SIZE, 0);
		churn_check_pages(c, buf, FUSE_FILE_SIZE / PAGE);
		close(fd);
		__atomic_add_fetch(&c->done[ARRAY_SIZE(works)], 1, __ATOMIC_RELAXED);
	}
	free(buf);
}

static void run_mover(void *arg)
{
	struct mover m = { .w = { .c = arg, .rng = 1 }, .fuse = { .supply = supply } };
	pid_t pid;

	become_user();
	fuse_mount(&m.fuse, "fuse");
	fflush(stdout);
	pid = CHECK_OK(fork());
	if (!pid) {
		close(m.fuse.dev);
		read_moved(arg);
		fflush(stdout);
		_exit(0);
	}
	m.fuse.arg = &m;
	fuse_serve(&m.fuse, pid);
	finish(pid);
	CHECK_OK(umount("fuse"));
}

/* Let the processes run until time is up; if one of them ends earlier, the case fails. */
static void watch(struct churn *c, const pid_t *pids, unsigned int nr, unsigned int seconds)
{
	unsigned long last = 0, now, still = 0, tenth;
	unsigned int i;
	int status;

	for (tenth = 0; tenth < 10UL * seconds; tenth++) {
		usleep(100000);
		for (i = 0; i < nr; i++)
			if (waitpid(pids[i], &status, WNOHANG) == pids[i])
				fail("process %u of %u ended: status %#x", i, nr, status);
		for (now = i = 0; i < ARRAY_SIZE(c->done); i++)
			now += __atomic_load_n(&c->done[i], __ATOMIC_RELAXED);
		still = now == last ? still + 1 : 0;
		if (still > 10 * STUCK_AFTER)
			fail("no progress for %u seconds", STUCK_AFTER);
		last = now;
	}
	__atomic_store_n(&c->stop, 1, __ATOMIC_RELAXED);
	for (i = 0; i < nr; i++)
		finish(pids[i]);
	note("%lu operations: %lu writes, %lu checks, %lu looks, %lu held, %lu read by FUSE", last,
	     c->done[0], c->done[1], c->done[2], c->done[7], c->done[ARRAY_SIZE(works)]);
}

static unsigned int nr_cases;

static void churn(void *arg)
{
	const char *soak = getenv("SCRIPTFS_SOAK");
	struct churn *c = churn_new();
	unsigned char *buf = xmalloc(ROOM);
	pid_t pids[WORKERS + 1];
	unsigned int i, stripe;
	char name[16];

	(void)arg;
	CHECK_OK(chmod(".", 0777));
	chmod("/dev/fuse", 0666);
	CHECK_OK(mkdir("fuse", 0777));
	CHECK_OK(chown("fuse", 1000, 1000));
	for (i = 0; i < CHURN_FILES; i++) {
		churn_name(&c->files[i], name);
		make_file(name);
	}
	for (i = 0; i < WORKERS; i++)
		pids[i] = start(run_worker, c);
	pids[i++] = start(run_mover, c);
	watch(c, pids, i, soak && *soak ? strtoul(soak, NULL, 10) / nr_cases : 6);
	for (i = 0; i < CHURN_FILES; i++) {
		struct view v = { 0 };

		see(&c->files[i], &v, O_RDWR);
		for (stripe = 0; stripe < CHURN_STRIPES; stripe++) {
			pread_full(v.fd, buf, ROOM, stripe * ROOM);
			churn_check(&c->files[i], stripe * STRIPE_PAGES, STRIPE_PAGES, buf);
		}
		close_view(&v);
		churn_name(&c->files[i], name);
		CHECK_OK(unlink(name));
	}
	CHECK_OK(rmdir("fuse"));
	check_settled(".");
}

static void mixed(void)
{
	churn(NULL);
}

static void with_little_memory(void)
{
	with_scarce_memory(MiB(250) / 1024, churn, NULL);
}

static const struct test tests[] = {
	{ "mixed", mixed, "poem=64,novel=16,medium=8,large=4,size=300M", 0 },
	{ "poems", mixed, "poem=2000,class=poem,size=300M", 0 },
	{ "larges", mixed, "poem=16,large=24,class=large,size=300M", 0 },
	{ "with_little_memory", with_little_memory, "poem=16,novel=8,size=600M", 0 },
};

int main(void)
{
	nr_cases = ARRAY_SIZE(tests);
	return run_tests(tests, ARRAY_SIZE(tests));
}
