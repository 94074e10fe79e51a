// SPDX-License-Identifier: GPL-2.0-only
/*
 * Other users of files in the kernel: asynchronous reads and writes, loop devices, overlayfs, swap,
 * and the flags that some calls take.
 */
#include "util.h"

#include <linux/aio_abi.h>
#include <linux/io_uring.h>
#include <linux/loop.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define PIECE	KiB(100)
#define PIECES	20

/* Each piece by a request of its own, all in flight at once. */
static void asynchronous(void)
{
	struct iocb iocbs[PIECES] = { 0 }, *list[PIECES];
	struct io_event events[PIECES];
	int f = xopen("f", O_RDWR | O_CREAT), round, i;
	char *buf = xmalloc(PIECES * PIECE);
	aio_context_t context = 0;

	if (syscall(SYS_io_setup, PIECES, &context))
		skip("no AIO");
	for (round = 0; round < 2; round++) {
		if (round == 0)
			fill(buf, PIECES * PIECE, 0, 1);
		else
			memset(buf, 0, PIECES * PIECE);
		for (i = 0; i < PIECES; i++) {
			iocbs[i].aio_fildes = f;
			iocbs[i].aio_lio_opcode = round ? IOCB_CMD_PREAD : IOCB_CMD_PWRITE;
			iocbs[i].aio_buf = (unsigned long)(buf + i * PIECE);
			iocbs[i].aio_nbytes = PIECE;
			iocbs[i].aio_offset = i * PIECE;
			list[PIECES - 1 - i] = &iocbs[i];
		}
		CHECK_EQ(syscall(SYS_io_submit, context, PIECES, list), PIECES);
		CHECK_EQ(syscall(SYS_io_getevents, context, PIECES, PIECES, events, NULL), PIECES);
		for (i = 0; i < PIECES; i++)
			CHECK_EQ(events[i].res, PIECE);
	}
	check_fill(buf, PIECES * PIECE, 0, 1);
	check_file(f, 0, PIECES * PIECE, 1);
	syscall(SYS_io_destroy, context);
	free(buf);
}

struct ring {
	int			fd;
	unsigned char		*sq, *cq;
	struct io_uring_sqe	*sqes;
	struct io_uring_params	params;
};

static unsigned int *ring_word(unsigned char *ring, unsigned int offset)
{
	return (unsigned int *)(ring + offset);
}

static void open_ring(struct ring *r)
{
	size_t sq, cq;

	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, PIECES, &r->params);
	if (r->fd < 0)
		skip("no io_uring");
	sq = r->params.sq_off.array + r->params.sq_entries * sizeof(unsigned int);
	cq = r->params.cq_off.cqes + r->params.cq_entries * sizeof(struct io_uring_cqe);
	r->sq = mmap(NULL, sq, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, cq, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, r->params.sq_entries * sizeof(*r->sqes), PROT_READ | PROT_WRITE,
		       MAP_SHARED, r->fd, IORING_OFF_SQES);
	CHECK(r->sq != MAP_FAILED && r->cq != MAP_FAILED && r->sqes != MAP_FAILED);
}

static void ring_pieces(struct ring *r, int f, char *buf, int op)
{
	unsigned int *tail = ring_word(r->sq, r->params.sq_off.tail);
	unsigned int *head = ring_word(r->cq, r->params.cq_off.head);
	struct io_uring_cqe *cqes = (void *)(r->cq + r->params.cq_off.cqes);
	unsigned int i, mask = *ring_word(r->sq, r->params.sq_off.ring_mask);

	for (i = 0; i < PIECES; i++) {
		unsigned int slot = (*tail + i) & mask;

		memset(&r->sqes[slot], 0, sizeof(r->sqes[slot]));
		r->sqes[slot].opcode = op;
		r->sqes[slot].fd = f;
		r->sqes[slot].addr = (unsigned long)(buf + i * PIECE);
		r->sqes[slot].len = PIECE;
		r->sqes[slot].off = i * PIECE;
		ring_word(r->sq, r->params.sq_off.array)[slot] = slot;
	}
	__atomic_store_n(tail, *tail + PIECES, __ATOMIC_RELEASE);
	CHECK_EQ(syscall(SYS_io_uring_enter, r->fd, PIECES, PIECES, IORING_ENTER_GETEVENTS,
			 NULL, 0), PIECES);
	mask = *ring_word(r->cq, r->params.cq_off.ring_mask);
	for (i = 0; i < PIECES; i++)
		CHECK_EQ(cqes[(*head + i) & mask].res, PIECE);
	__atomic_store_n(head, *head + PIECES, __ATOMIC_RELEASE);
}

static void io_uring(void)
{
	int f = xopen("f", O_RDWR | O_CREAT);
	char *buf = xmalloc(PIECES * PIECE);
	struct ring r;

	open_ring(&r);
	fill(buf, PIECES * PIECE, 0, 1);
	ring_pieces(&r, f, buf, IORING_OP_WRITE);
	check_file(f, 0, PIECES * PIECE, 1);
	memset(buf, 0, PIECES * PIECE);
	ring_pieces(&r, f, buf, IORING_OP_READ);
	check_fill(buf, PIECES * PIECE, 0, 1);
	close(r.fd);
	free(buf);
}

/* Whether or not a flag means something here, it must not make data wrong. */
static void flags(void)
{
	int f = xopen("f", O_RDWR | O_CREAT), direct;
	char *buf = xmalloc(KiB(64));
	struct iovec iov = { buf, KiB(64) };
	void *aligned;
	ssize_t done;

	fill(buf, KiB(64), 0, 1);
	CHECK_EQ(pwritev2(f, &iov, 1, 0, RWF_SYNC), KiB(64));
	CHECK_EQ(pwritev2(f, &iov, 1, 0, RWF_DSYNC | RWF_HIPRI), KiB(64));
	done = pwritev2(f, &iov, 1, 0, RWF_NOWAIT);
	if (on_scriptfs() && io_block())
		CHECK_EQ(done, KiB(64));
	CHECK(done == KiB(64) || errno == EOPNOTSUPP || errno == EAGAIN || errno == EINVAL);
	fill(buf, KiB(64), KiB(64), 1);
	CHECK_EQ(pwritev2(f, &iov, 1, 0, RWF_APPEND), KiB(64));
	check_file(f, 0, KiB(128), 1);
	CHECK_EQ(file_size(f), KiB(128));
	done = preadv2(f, &iov, 1, 0, RWF_NOWAIT);
	if (done < 0)
		CHECK(errno == EOPNOTSUPP || errno == EAGAIN);
	else
		check_fill(buf, done, 0, 1);
	CHECK_ERR(preadv2(f, &iov, 1, 0, 1 << 20), EOPNOTSUPP);

	direct = open("f", O_RDWR | O_DIRECT);
	if (direct < 0) {
		CHECK(!on_scriptfs());
		CHECK_EQ(errno, EINVAL);
	} else {
		CHECK_EQ(posix_memalign(&aligned, PAGE, KiB(64)), 0);
		CHECK_EQ(pread(direct, aligned, KiB(64), 0), KiB(64));
		check_fill(aligned, KiB(64), 0, 1);
	}

	/* fallocate(2) may be missing; what it does must be right. */
	if (fallocate(f, 0, 0, MiB(1)) == 0) {
		CHECK_EQ(file_size(f), MiB(1));
		check_zero(f, KiB(128), MiB(1) - KiB(128));
	} else {
		CHECK_EQ(errno, EOPNOTSUPP);
		CHECK_EQ(file_size(f), KiB(128));
	}
	check_file(f, 0, KiB(128), 1);
	free(buf);
}

/* A disk made of a file. */
static void loop_device(void)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int f = xopen("f", O_RDWR | O_CREAT), disk;
	char name[32], *buf = xmalloc(MiB(4));
	long nr;

	if (control < 0)
		skip("no loop devices");
	CHECK_OK(ftruncate(f, MiB(4)));
	write_file(f, 0, MiB(1), 1);
	nr = CHECK_OK(ioctl(control, LOOP_CTL_GET_FREE));
	snprintf(name, sizeof(name), "/dev/loop%ld", nr);
	disk = open(name, O_RDWR | O_CLOEXEC);
	if (disk < 0)
		skip("no %s", name);
	CHECK_OK(ioctl(disk, LOOP_SET_FD, f));
	pread_full(disk, buf, MiB(4), 0);
	check_fill(buf, MiB(1), 0, 1);
	check_bytes(buf + MiB(1), MiB(3), 0);
	fill(buf, MiB(2), MiB(1), 2);
	pwrite_full(disk, buf, MiB(2), MiB(1));
	CHECK_OK(fsync(disk));
	check_file(f, 0, MiB(1), 1);
	check_file(f, MiB(1), MiB(2), 2);
	check_zero(f, MiB(3), MiB(1));
	/* Once its own cache is dropped, the disk shows what was written to the file. */
	write_file(f, MiB(3), KiB(64), 3);
	CHECK_OK(ioctl(disk, BLKFLSBUF));
	pread_full(disk, buf, KiB(64), MiB(3));
	check_fill(buf, KiB(64), MiB(3), 3);
	CHECK_OK(ioctl(disk, LOOP_CLR_FD));
	close(disk);
	free(buf);
}

static void overlay_lower(void)
{
	int f;

	CHECK_OK(mkdir("lower", 0755));
	CHECK_OK(mkdir("top", 0755));
	CHECK_OK(mkdir("all", 0755));
	CHECK_OK(mkdir("lower/d", 0755));
	f = xopen("lower/d/f", O_RDWR | O_CREAT);
	write_file(f, 0, KiB(300), 1);
	close(f);
	CHECK_OK(mount("tmpfs", "top", "tmpfs", 0, NULL));
	CHECK_OK(mkdir("top/upper", 0755));
	CHECK_OK(mkdir("top/work", 0755));
	if (mount("overlay", "all", "overlay", 0,
		  "lowerdir=lower,upperdir=top/upper,workdir=top/work")) {
		int err = errno;

		umount("top");
		errno = err;
		CHECK_EQ(errno, ENODEV);
		skip("no overlayfs");
	}
	f = xopen("all/d/f", O_RDONLY);
	check_file(f, 0, KiB(300), 1);
	close(f);
	/* Copied up, by splice. */
	f = xopen("all/d/f", O_RDWR);
	write_file(f, KiB(100), KiB(100), 2);
	check_file(f, 0, KiB(100), 1);
	check_file(f, KiB(100), KiB(100), 2);
	check_file(f, KiB(200), KiB(100), 1);
	close(f);
	f = xopen("lower/d/f", O_RDONLY);
	check_file(f, 0, KiB(300), 1);
	close(f);
	CHECK_OK(umount("all"));
	CHECK_OK(umount("top"));
}

/* A file in memory is no place to swap memory to; trying it is harmless. */
static void swap_file(void)
{
	int f = xopen("f", O_RDWR | O_CREAT);
	unsigned int header[3] = { 1, 255, 0 };

	CHECK_OK(ftruncate(f, MiB(1)));
	write_file(f, PAGE, MiB(1) - PAGE, 1);
	pwrite_full(f, header, sizeof(header), 1024);
	pwrite_full(f, "SWAPSPACE2", 10, PAGE - 10);
	CHECK_ERR(swapon("f", 0), EINVAL);
	check_file(f, PAGE, MiB(1) - PAGE, 1);
	write_file(f, 0, MiB(1), 2);
	check_file(f, 0, MiB(1), 2);
}

/* What the kernel knows by its own file systems only is refused, and does nothing. */
static void not_for_others(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = xopen("f", O_RDWR | O_CREAT), uffd;
	unsigned char *map;

	write_file(fd, 0, MiB(1), 1);
	CHECK_ERR(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), EINVAL);
	CHECK_ERR(fcntl(fd, F_GET_SEALS), EINVAL);
	map = map_file(fd, MiB(1));
	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd >= 0) {
		CHECK_OK(ioctl(uffd, UFFDIO_API, &api));
		range.range.start = (unsigned long)map;
		range.range.len = MiB(1);
		CHECK_ERR(ioctl(uffd, UFFDIO_REGISTER, &range), EINVAL);
		close(uffd);
	}
	check_fill(map, MiB(1), 0, 1);
	CHECK(try_write(map, 5));
}

static const struct test tests[] = {
	{ "asynchronous", asynchronous, ANY_POOL, 0 },
	{ "io_uring", io_uring, ANY_POOL, 0 },
	{ "flags", flags, ANY_POOL, 0 },
	{ "loop_device", loop_device, ANY_POOL, 0 },
	{ "not_for_others", not_for_others, ANY_POOL, T_SCRIPTFS },
	{ "overlay_lower", overlay_lower, ANY_POOL, 0 },
	{ "swap_file", swap_file, ANY_POOL, 0 },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
