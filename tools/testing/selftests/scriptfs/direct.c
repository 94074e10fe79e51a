// SPDX-License-Identifier: GPL-2.0-only
/*
 * O_DIRECT is accepted, with any alignment, and such reads and writes see the same bytes as all
 * others: there is nothing in between that could be gone around.
 */
#include "outside.h"

#include <linux/aio_abi.h>
#include <linux/loop.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define SIZE	MiB(1)

static void opened(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_TRUNC | O_DIRECT), other;

	CHECK(fcntl(fd, F_GETFL) & O_DIRECT);
	write_file(fd, 0, KiB(100), 1);
	close(fd);
	fd = xopen("f", O_RDONLY | O_DIRECT);
	check_file(fd, 0, KiB(100), 1);
	CHECK_EQ(pread(fd, &(char){ 0 }, 1, KiB(100)), 0);
	close(fd);
	close(xopen(".", O_TMPFILE | O_RDWR | O_DIRECT));

	/* It can be set and taken back while the file is open. */
	fd = xopen("f", O_RDWR);
	other = xopen("f", O_RDWR | O_APPEND | O_DIRECT);
	CHECK_OK(fcntl(fd, F_SETFL, O_DIRECT));
	CHECK(fcntl(fd, F_GETFL) & O_DIRECT);
	check_file(fd, 0, KiB(100), 1);
	write_file(fd, 0, KiB(100), 2);
	CHECK_OK(fcntl(fd, F_SETFL, 0));
	CHECK(!(fcntl(fd, F_GETFL) & O_DIRECT));
	check_file(fd, 0, KiB(100), 2);
	CHECK_EQ(write(other, "end", 3), 3);
	CHECK_EQ(file_size(fd), KiB(100) + 3);
	close(other);
	close(fd);
}

/* Offsets, lengths and addresses as they come, against the same through a file without the flag. */
static void any_alignment(void)
{
	int direct = xopen("f", O_RDWR | O_CREAT | O_DIRECT), plain = xopen("f", O_RDWR);
	int model = xopen("model", O_RDWR | O_CREAT);
	char *buf = xmalloc(KiB(80)), *also = xmalloc(KiB(80));
	unsigned long n, nr = scaled(2000);
	u64 state = 1;

	for (n = 0; n < nr; n++) {
		size_t len = 1 + rnd(&state) % (rnd(&state) % 4 ? 600 : KiB(70));
		off_t offset = rnd(&state) % SIZE;
		char *at = buf + rnd(&state) % 64;
		ssize_t got;

		if (rnd(&state) % 2) {
			fill(at, len, n, n);
			pwrite_full(rnd(&state) % 3 ? direct : plain, at, len, offset);
			pwrite_full(model, at, len, offset);
			continue;
		}
		got = CHECK_OK(pread(direct, at, len, offset));
		CHECK_EQ(got, CHECK_OK(pread(model, also, len, offset)));
		CHECK(!memcmp(at, also, got));
	}
	CHECK_EQ(file_size(direct), file_size(model));
	free(also);
	free(buf);
}

static void same_as_mapped(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_DIRECT);
	struct iovec iov[2] = { { xmalloc(1000), 1000 }, { xmalloc(PAGE), PAGE } };
	unsigned char *map;

	CHECK_OK(ftruncate(fd, SIZE));
	map = map_file(fd, SIZE);
	check_bytes(map, SIZE, 0);
	write_file(fd, 0, SIZE, 1);
	check_fill(map, SIZE, 0, 1);
	memset(map + 5000, 'x', 100);
	CHECK_EQ(preadv(fd, iov, 2, 4200), 1000 + PAGE);
	check_bytes((unsigned char *)iov[0].iov_base + 800, 100, 'x');
	fill(iov[1].iov_base, PAGE, 7, 7);
	CHECK_EQ(pwritev(fd, iov + 1, 1, 12345), PAGE);
	check_fill(map + 12345, PAGE, 7, 7);
	munmap(map, SIZE);
	free(iov[0].iov_base);
	free(iov[1].iov_base);
}

/* Holes, and a write that comes to the end of the memory. */
static void little_room(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_DIRECT);
	char *buf = xmalloc(SIZE);
	ssize_t done;

	CHECK_OK(ftruncate(fd, SIZE));
	check_zero(fd, 0, SIZE);
	CHECK_EQ(file_held(fd), 0);
	fill(buf, SIZE, 0, 1);
	done = CHECK_OK(pwrite(fd, buf, SIZE, 0));
	CHECK_EQ(done, KiB(512));
	CHECK_ERR(pwrite(fd, buf, SIZE - done, done), ENOSPC);
	check_file(fd, 0, done, 1);
	check_zero(fd, done, SIZE - done);
	free(buf);
}

static void to_pipe(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_DIRECT), pair[2], pipes[2];
	char *buf = xmalloc(KiB(100));
	off_t offset = 100;

	write_file(fd, 0, KiB(200), 1);
	make_pipe(pipes);
	splice_in(fd, 10, pipes[1], KiB(90));
	check_pipe(pipes[0], 10, KiB(90), 1);
	drop_pipe(pipes);
	socket_pair(pair);
	CHECK_EQ(sendfile(pair[0], fd, &offset, KiB(100)), KiB(100));
	read_pipe(pair[1], buf, KiB(100));
	check_fill(buf, KiB(100), 100, 1);
	close(pair[0]);
	close(pair[1]);
	free(buf);
}

static void asynchronous(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT | O_DIRECT);
	struct iocb iocb = { .aio_fildes = fd, .aio_nbytes = KiB(300) + 1, .aio_offset = 3 };
	char *buf = xmalloc(KiB(300) + 1);
	struct iocb *list = &iocb;
	aio_context_t context = 0;
	struct io_event event;

	if (syscall(SYS_io_setup, 1, &context))
		skip("no AIO");
	iocb.aio_buf = (unsigned long)buf;
	for (iocb.aio_lio_opcode = IOCB_CMD_PWRITE;; iocb.aio_lio_opcode = IOCB_CMD_PREAD) {
		if (iocb.aio_lio_opcode == IOCB_CMD_PWRITE)
			fill(buf, KiB(300) + 1, 3, 1);
		else
			memset(buf, 0, KiB(300) + 1);
		CHECK_EQ(syscall(SYS_io_submit, context, 1, &list), 1);
		CHECK_EQ(syscall(SYS_io_getevents, context, 1, 1, &event, NULL), 1);
		CHECK_EQ(event.res, KiB(300) + 1);
		if (iocb.aio_lio_opcode == IOCB_CMD_PREAD)
			break;
	}
	check_fill(buf, KiB(300) + 1, 3, 1);
	check_file(fd, 3, KiB(300) + 1, 1);
	syscall(SYS_io_destroy, context);
	free(buf);
}

/* A disk made of a file, which reads and writes it with the flag set, from the kernel. */
static void loop_device(void)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int fd = xopen("f", O_RDWR | O_CREAT), disk;
	struct loop_info64 info;
	char name[32];

	if (control < 0)
		skip("no loop devices");
	CHECK_OK(ftruncate(fd, MiB(4)));
	write_file(fd, 0, MiB(1), 1);
	snprintf(name, sizeof(name), "/dev/loop%d", CHECK_OK(ioctl(control, LOOP_CTL_GET_FREE)));
	disk = open(name, O_RDWR | O_CLOEXEC);
	if (disk < 0)
		skip("no %s", name);
	CHECK_OK(ioctl(disk, LOOP_SET_FD, fd));
	CHECK_OK(ioctl(disk, LOOP_SET_DIRECT_IO, 1));
	CHECK_OK(ioctl(disk, LOOP_GET_STATUS64, &info));
	CHECK(info.lo_flags & LO_FLAGS_DIRECT_IO);
	check_file(disk, 0, MiB(1), 1);
	check_zero(disk, MiB(1), MiB(3));
	write_file(disk, MiB(1), MiB(2), 2);
	CHECK_OK(fsync(disk));
	check_file(fd, 0, MiB(1), 1);
	check_file(fd, MiB(1), MiB(2), 2);
	check_zero(fd, MiB(3), MiB(1));
	CHECK_OK(ioctl(disk, LOOP_CLR_FD));
	close(disk);
	close(control);
}

static const struct test tests[] = {
	{ "opened", opened, ANY_POOL, T_SCRIPTFS },
	{ "any_alignment", any_alignment, ANY_POOL, T_SCRIPTFS },
	{ "same_as_mapped", same_as_mapped, ANY_POOL, T_SCRIPTFS },
	{ "little_room", little_room, "medium=1,strict", T_SCRIPTFS },
	{ "to_pipe", to_pipe, ANY_POOL, T_SCRIPTFS },
	{ "asynchronous", asynchronous, ANY_POOL, T_SCRIPTFS },
	{ "loop_device", loop_device, ANY_POOL, T_SCRIPTFS },
};

int main(void)
{
	return run_tests(tests, ARRAY_SIZE(tests));
}
