// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages of changing files that a worker holds, and what it sees in them when it lets go.
 */
#include "churn_work.h"

#include <sys/uio.h>

void do_hold(struct worker *w)
{
	struct hold *h = &w->holds[rnd(&w->rng) % HOLDS];
	struct iovec iov;
	struct place p;
	int other[2];

	if (h->pages.file)
		return;
	p = lock_somewhere(w);
	/* As many as can be looked up at a time. */
	if (p.nr > 8) {
		p.nr = 8;
		p.len = p.nr * PAGE;
	}
	iov = (struct iovec){ .iov_base = p.v->map + p.at, .iov_len = p.len };
	h->kind = rnd(&w->rng) % KINDS;
	switch (h->kind) {
	case BY_SPLICE:
		make_pipe(h->fds);
		splice_in(p.v->fd, p.at, h->fds[1], p.len);
		break;
	case BY_VMSPLICE:
		make_pipe(h->fds);
		CHECK_EQ(vmsplice(h->fds[1], &iov, 1, rnd(&w->rng) % 2 ? SPLICE_F_GIFT : 0),
			 p.len);
		break;
	case BY_TEE:
		make_pipe(h->fds);
		make_pipe(other);
		splice_in(p.v->fd, p.at, other[1], p.len);
		CHECK_EQ(tee(other[0], h->fds[1], p.len, 0), p.len);
		drop_pipe(other);
		break;
	case BY_SOCKET:
		socket_pair(h->fds);
		send_pages(h->fds[0], p.v->fd, p.at, p.len);
		break;
	case BY_PIN_TO_READ:
		pin_to_read(&h->pin, iov.iov_base, p.len);
		break;
	default:
		pin_to_write(&h->pin, iov.iov_base, p.len);
	}
	churn_held(&h->pages, p.f, p.first, p.nr);
	unlock(&p);
}

/* A write to pages that the file still has is a write to the file. */
static void write_late(struct worker *w, struct hold *h)
{
	churn_write(w->c, h->pages.file, h->pages.first, h->pages.nr, w->buf);
	pin_write(&h->pin, w->buf);
	churn_written_late(&h->pages, w->buf);
}

static const char *const whose[] = {
	[BY_SPLICE] = "a spliced", [BY_VMSPLICE] = "a vmspliced", [BY_TEE] = "a teed",
	[BY_SOCKET] = "a sent", [BY_PIN_TO_READ] = "a pinned",
};

static void let_go(struct worker *w, struct hold *h)
{
	struct churn_file *f = h->pages.file;
	size_t len = h->pages.nr * PAGE;

	churn_lock(f, h->pages.first, h->pages.nr);
	see(f, &w->views[f->number - 1], O_RDWR);
	switch (h->kind) {
	case BY_SOCKET:
		read_pipe(h->fds[1], w->buf, len);
		break;
	case BY_PIN_TO_READ:
		pin_read(&h->pin, w->buf);
		break;
	case BY_PIN_TO_WRITE:
		write_late(w, h);
		break;
	default:
		read_pipe(h->fds[0], w->buf, len);
	}
	if (h->kind != BY_PIN_TO_WRITE)
		churn_check_held(&h->pages, w->buf,
				 h->kind == BY_PIN_TO_READ ? PIN_EARLY : 0, whose[h->kind]);
	if (h->kind < BY_PIN_TO_READ)
		drop_pipe(h->fds);
	/* And the file must match the model. */
	pread_full(w->views[f->number - 1].fd, w->buf, len, (off_t)h->pages.first * PAGE);
	churn_check(f, h->pages.first, h->pages.nr, w->buf);
	churn_unlock(f, h->pages.first, h->pages.nr);
	h->pages.file = NULL;
}

void do_let_go(struct worker *w)
{
	struct hold *h = &w->holds[rnd(&w->rng) % HOLDS];

	if (h->pages.file)
		let_go(w, h);
}

void let_go_of_all(struct worker *w)
{
	unsigned int i;

	for (i = 0; i < HOLDS; i++)
		if (w->holds[i].pages.file)
			let_go(w, &w->holds[i]);
}
