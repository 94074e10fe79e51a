// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads and writes by io_uring, see uring.h.
 */
#include "uring.h"

#include <sys/syscall.h>
#include <sys/uio.h>

static unsigned int *word(const struct uring *u, unsigned int offset)
{
	return (unsigned int *)(u->sq + offset);
}

void uring_end(struct uring *u)
{
	munmap(u->sqe, PAGE);
	munmap(u->sq, PAGE);
	close(u->fd);
}

bool uring_begin(struct uring *u, void *buf, size_t len)
{
	struct iovec iov = { .iov_base = buf, .iov_len = len };

	*u = (struct uring){ .buf = buf, .len = len };
	u->fd = syscall(SYS_io_uring_setup, 1, &u->p);
	if (u->fd < 0 || !(u->p.features & IORING_FEAT_SINGLE_MMAP))
		skip("no io_uring: %s", strerror(errno));
	u->sq = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u->fd,
		     IORING_OFF_SQ_RING);
	CHECK(u->sq != MAP_FAILED);
	u->sqe = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u->fd,
		      IORING_OFF_SQES);
	CHECK((void *)u->sqe != MAP_FAILED);
	if (!syscall(SYS_io_uring_register, u->fd, IORING_REGISTER_BUFFERS, &iov, 1))
		return true;
	CHECK_EQ(errno, EOPNOTSUPP);
	uring_end(u);
	return false;
}

static ssize_t uring_do(struct uring *u, int op, int fd, size_t len, off_t offset)
{
	unsigned int *tail = word(u, u->p.sq_off.tail), *head = word(u, u->p.cq_off.head);
	struct io_uring_cqe *cqe;

	CHECK_CMP(len, <=, u->len);
	*u->sqe = (struct io_uring_sqe){
		.opcode = op, .fd = fd, .off = offset, .addr = (unsigned long)u->buf, .len = len,
	};
	word(u, u->p.sq_off.array)[*tail & *word(u, u->p.sq_off.ring_mask)] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	while (syscall(SYS_io_uring_enter, u->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		CHECK_EQ(errno, EINTR);
	CHECK_CMP(__atomic_load_n(word(u, u->p.cq_off.tail), __ATOMIC_ACQUIRE), !=, *head);
	cqe = (struct io_uring_cqe *)(u->sq + u->p.cq_off.cqes);
	cqe += *head & *word(u, u->p.cq_off.ring_mask);
	len = cqe->res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return (int)len;
}

ssize_t uring_read(struct uring *u, int fd, size_t len, off_t offset)
{
	return uring_do(u, IORING_OP_READ_FIXED, fd, len, offset);
}

ssize_t uring_write(struct uring *u, int fd, size_t len, off_t offset)
{
	return uring_do(u, IORING_OP_WRITE_FIXED, fd, len, offset);
}
