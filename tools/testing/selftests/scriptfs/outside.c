// SPDX-License-Identifier: GPL-2.0-only
/*
 * Holders of pages and missing memory outside the file system, see outside.h.
 */
#include "outside.h"

#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>

void make_pipe(int *pipes)
{
	CHECK_OK(pipe2(pipes, O_CLOEXEC));
	CHECK_OK(fcntl(pipes[1], F_SETPIPE_SZ, PIPE_ROOM));
}

void drop_pipe(int *pipes)
{
	close(pipes[0]);
	close(pipes[1]);
}

/* Splice all of @len, which fits into the pipe. */
void splice_in(int fd, off_t offset, int to, size_t len)
{
	loff_t at = offset;
	ssize_t got;

	while (len) {
		got = CHECK_OK(splice(fd, &at, to, NULL, len, 0));
		CHECK_CMP(got, >, 0);
		len -= got;
	}
}

void read_pipe(int from, void *buf, size_t len)
{
	ssize_t got;

	for (; len; len -= got, buf = (char *)buf + got) {
		got = CHECK_OK(read(from, buf, len));
		CHECK_CMP(got, >, 0);
	}
}

void check_pipe(int from, off_t offset, size_t len, u64 seed)
{
	char *buf = xmalloc(len);

	read_pipe(from, buf, len);
	check_fill(buf, len, offset, seed);
	free(buf);
}

/* Any user who may handle page faults of the kernel can do this. */
void stall_begin(struct stall *s, size_t len)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	s->len = len;
	s->mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(s->mem != MAP_FAILED);
	s->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (s->uffd < 0)
		skip("no userfaultfd: %s", strerror(errno));
	CHECK_OK(ioctl(s->uffd, UFFDIO_API, &api));
	range.range.start = (unsigned long)s->mem;
	range.range.len = len;
	CHECK_OK(ioctl(s->uffd, UFFDIO_REGISTER, &range));
}

/* Does a task wait for the memory, within @ms? */
bool stall_reached(struct stall *s, unsigned int ms)
{
	struct pollfd fd = { .fd = s->uffd, .events = POLLIN };
	struct uffd_msg msg;

	return CHECK_OK(poll(&fd, 1, ms)) == 1 && read(s->uffd, &msg, sizeof(msg)) == sizeof(msg);
}

/* Supply all of the memory, with a copy of @bytes in it. */
void stall_give(struct stall *s, const void *bytes)
{
	struct uffdio_copy copy = {
		.dst = (unsigned long)s->mem, .src = (unsigned long)bytes, .len = s->len,
	};

	CHECK_OK(ioctl(s->uffd, UFFDIO_COPY, &copy));
}

void stall_end(struct stall *s)
{
	close(s->uffd);
	munmap(s->mem, s->len);
}

static void *pinner(void *arg)
{
	struct pin *p = arg;
	struct iovec here = { .iov_base = p->stall.mem, .iov_len = p->len };
	struct iovec there = { .iov_base = p->at, .iov_len = p->len };

	if (p->writes)
		p->done = process_vm_writev(getpid(), &here, 1, &there, 1, 0);
	else
		p->done = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
	return NULL;
}

static void pin_begin(struct pin *p, void *at, size_t len, bool writes)
{
	/* The kernel looks up this many pages at a time before it copies the first. */
	CHECK_CMP(len, <=, 16 * PAGE);
	*p = (struct pin){ .at = at, .len = len, .writes = writes };
	stall_begin(&p->stall, len);
	CHECK_EQ(pthread_create(&p->thread, NULL, pinner, p), 0);
	CHECK(stall_reached(&p->stall, 20000));
}

/* Look up the pages of @len bytes at @at, to write to them later. */
void pin_to_write(struct pin *p, void *at, size_t len)
{
	pin_begin(p, at, len, true);
}

/* Look up the pages of @len bytes at @at, to read from them later. */
void pin_to_read(struct pin *p, void *at, size_t len)
{
	pin_begin(p, at, len, false);
}

static void pin_end(struct pin *p, const void *bytes)
{
	stall_give(&p->stall, bytes);
	pthread_join(p->thread, NULL);
	CHECK_EQ(p->done, p->len);
}

/* Later: write @bytes to the pages. */
void pin_write(struct pin *p, const void *bytes)
{
	pin_end(p, bytes);
	stall_end(&p->stall);
}

/* Later: read from the pages into @buf. */
void pin_read(struct pin *p, void *buf)
{
	pin_end(p, buf);
	memcpy(buf, p->stall.mem, p->len);
	stall_end(&p->stall);
}

static void make_room(int *pair)
{
	int room = MiB(1);

	CHECK_OK(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)));
}

void tcp_pair(int *pair)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	socklen_t len = sizeof(name);
	int room = MiB(1), listener;

	name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0)
		skip("no TCP: %s", strerror(errno));
	CHECK_OK(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)));
	CHECK_OK(bind(listener, (struct sockaddr *)&name, len));
	CHECK_OK(listen(listener, 1));
	CHECK_OK(getsockname(listener, (struct sockaddr *)&name, &len));
	pair[0] = CHECK_OK(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	make_room(pair);
	CHECK_OK(connect(pair[0], (struct sockaddr *)&name, len));
	pair[1] = CHECK_OK(accept(listener, NULL, NULL));
	close(listener);
}

void socket_pair(int *pair)
{
	CHECK_OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	make_room(pair);
}

/* Send the pages themselves, not a copy. */
void send_pages(int to, int fd, off_t offset, size_t len)
{
	ssize_t got;

	for (; len; len -= got) {
		got = CHECK_OK(sendfile(to, fd, &offset, len));
		CHECK_CMP(got, >, 0);
	}
}

void *look(void *arg)
{
	struct looker *l = arg;
	size_t at;

	while (!__atomic_load_n(&l->stop, __ATOMIC_RELAXED))
		for (at = 0; at < l->len; at += PAGE)
			try_read(l->map + at, NULL);
	return NULL;
}
