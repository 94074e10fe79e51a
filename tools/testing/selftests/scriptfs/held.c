// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that are held from outside when the file gives them up, though the block they are in stays
 * with the file: it is cut or punched in the middle. From then on they are no longer the file's.
 * The holder sees what was in them, whatever the file gets there; what it still writes to them does
 * not show in the file. What was not given up is shared as before.
 */
#include "fallocate.h"
#include "outside.h"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#define HELD_PAGES	4
#define HELD		(HELD_PAGES * PAGE)
#define LATE		0x42
#define POOL		"poem=24,novel=8,medium=8,large=4,size=48M"

/**
 * struct hold - a file of two blocks, and a hold on four pages of the second
 * @fd:		the file
 * @map:	all of it mapped
 * @block:	the size of a block
 * @size:	the size of the file
 * @at:		where the held pages begin
 * @cut:	the first byte that the file gives up: in the second of them
 * @fds:	the pipe or the connection that they are in
 * @pin:	or what has looked them up
 */
struct hold {
	int		fd;
	unsigned char	*map;
	size_t		block;
	size_t		size;
	off_t		at;
	off_t		cut;
	int		fds[2];
	struct pin	pin;
};

/**
 * struct holder - a way to hold pages
 * @hold:	take hold of them
 * @look:	read what is in them, and let go
 */
struct holder {
	void	(*hold)(struct hold *h);
	void	(*look)(struct hold *h, void *buf);
};

static void hold_by_splice(struct hold *h)
{
	make_pipe(h->fds);
	splice_in(h->fd, h->at, h->fds[1], HELD);
}

static void hold_by_vmsplice(struct hold *h)
{
	struct iovec iov = { .iov_base = h->map + h->at, .iov_len = HELD };

	make_pipe(h->fds);
	CHECK_EQ(vmsplice(h->fds[1], &iov, 1, 0), HELD);
}

static void hold_by_tee(struct hold *h)
{
	int one[2];

	make_pipe(one);
	make_pipe(h->fds);
	splice_in(h->fd, h->at, one[1], HELD);
	CHECK_EQ(tee(one[0], h->fds[1], HELD, 0), HELD);
	drop_pipe(one);
}

static void hold_by_socket(struct hold *h)
{
	socket_pair(h->fds);
	send_pages(h->fds[0], h->fd, h->at, HELD);
}

/* All of it has arrived when this returns. */
static void hold_by_tcp(struct hold *h)
{
	unsigned int tries;
	int there = 0;

	tcp_pair(h->fds);
	send_pages(h->fds[0], h->fd, h->at, HELD);
	for (tries = 0; there < HELD; tries++) {
		CHECK_CMP(tries, <, 20000);
		usleep(1000);
		CHECK_OK(ioctl(h->fds[1], FIONREAD, &there));
	}
}

static void look_into_pipe(struct hold *h, void *buf)
{
	read_pipe(h->fds[0], buf, HELD);
	drop_pipe(h->fds);
}

static void look_into_socket(struct hold *h, void *buf)
{
	read_pipe(h->fds[1], buf, HELD);
	drop_pipe(h->fds);
}

static void hold_by_pin(struct hold *h)
{
	pin_to_read(&h->pin, h->map + h->at, HELD);
}

static void look_by_pin(struct hold *h, void *buf)
{
	pin_read(&h->pin, buf);
}

/* Ways to give up what follows @cut, at least as far as pages are held. */
static void give_up_end(struct hold *h)
{
	CHECK_OK(ftruncate(h->fd, h->cut));
	CHECK_OK(ftruncate(h->fd, h->size));
}

static void give_up_middle(struct hold *h)
{
	CHECK_OK(fallocate(h->fd, PUNCH, h->cut, h->at + HELD + PAGE - h->cut));
}

static void (*const ways[])(struct hold *h) = { give_up_end, give_up_middle };

/*
 * Where the whole pages behind the cut begin. A page that was cut in its middle stays the file's:
 * what its holder sees of its end is up to the file.
 */
static size_t whole_page_behind(const struct hold *h)
{
	return (h->cut - h->at + PAGE - 1) / PAGE * PAGE;
}

/* Ways for the file to get something else there. */
static void get_nothing(struct hold *h)
{
	size_t behind = whole_page_behind(h);

	check_zero(h->fd, h->at + behind, HELD - behind);
}

static void get_written(struct hold *h)
{
	write_file(h->fd, h->cut, h->at + HELD - h->cut, 2);
}

static void get_stored(struct hold *h)
{
	fill(h->map + h->cut, h->at + HELD - h->cut, h->cut, 2);
}

/* First a fault that only reads, then a write in place. */
static void get_read_and_written(struct hold *h)
{
	size_t behind = whole_page_behind(h);

	check_bytes(h->map + h->at + behind, HELD - behind, 0);
	get_written(h);
}

static void (*const gets[])(struct hold *h) = {
	get_nothing, get_written, get_stored, get_read_and_written,
};

/* Where the pages are held, the file must have @want, read or mapped. */
static void check_hold(const struct hold *h, const unsigned char *want)
{
	unsigned char *buf = xmalloc(HELD);
	size_t i;

	pread_full(h->fd, buf, HELD, h->at);
	for (i = 0; i < HELD; i++)
		if (buf[i] != want[i])
			fail("the file has %#x at byte %zu of the held pages, cut at %lld, not %#x",
			     buf[i], i, (long long)(h->cut - h->at), want[i]);
	if (memcmp(h->map + h->at, want, HELD))
		fail("the mapping differs from the file");
	check_file(h->fd, 0, h->at, 1);
	free(buf);
}

static void want_of(const struct hold *h, unsigned int get, unsigned char *want)
{
	size_t kept = h->cut - h->at;

	fill(want, kept, h->at, 1);
	memset(want + kept, 0, HELD - kept);
	if (gets[get] != get_nothing)
		fill(want + kept, HELD - kept, h->cut, 2);
}

static void make_hold(struct hold *h, size_t block, off_t cut)
{
	*h = (struct hold){ .block = block, .size = 2 * block };
	h->at = h->block + h->block / 2 - PAGE;
	h->cut = h->at + cut;
	h->fd = xopen("m/f", O_RDWR | O_CREAT | O_EXCL);
	/* Pages of a huge page are held together, see huge.c. */
	h->map = map_pages(h->fd, h->size, PROT_READ | PROT_WRITE);
	write_file(h->fd, 0, h->size, 1);
}

static void drop_hold(struct hold *h)
{
	munmap(h->map, h->size);
	close(h->fd);
	CHECK_OK(unlink("m/f"));
	check_settled("m");
}

static void seen_by(const struct holder *by, size_t block, off_t cut, unsigned int way,
		    unsigned int get)
{
	unsigned char *want = xmalloc(HELD), *got = xmalloc(HELD);
	struct hold h;
	size_t behind;

	make_hold(&h, block, cut);
	by->hold(&h);
	ways[way](&h);
	gets[get](&h);
	want_of(&h, get, want);
	check_hold(&h, want);
	check_balance("m");

	by->look(&h, got);
	check_fill(got, cut, h.at, 1);
	behind = whole_page_behind(&h);
	check_fill(got + behind, HELD - behind, h.at + behind, 1);
	check_hold(&h, want);
	drop_hold(&h);
	free(got);
	free(want);
}

/* Each class, cut in the middle of a block, at the start of a page and within one. */
static void with_each_class(void (*run)(const struct holder *by, size_t block, off_t cut,
					unsigned int way, unsigned int get),
			    const struct holder *by)
{
	static const off_t cuts[] = { PAGE, PAGE + 100 };
	unsigned int class, cut, way, get, nr = 0;
	char options[128];

	CHECK_OK(mkdir("m", 0700));
	for (class = 0; class <= SCRIPTFS_LARGE; class++) {
		snprintf(options, sizeof(options), POOL ",class=%s", class_names[class]);
		CHECK_OK(mount_fs("m", options));
		for (cut = 0; cut < ARRAY_SIZE(cuts); cut++)
			for (way = 0; way < ARRAY_SIZE(ways); way++)
				for (get = 0; get < ARRAY_SIZE(gets); get++)
					/* On a slow kernel a fifth, others in each class. */
					if (!debug_kernel() || nr++ % 5 == 0)
						run(by, class_sizes[class], cuts[cut], way, get);
		CHECK_OK(umount("m"));
	}
}

static void spliced(void)
{
	with_each_class(seen_by, &(struct holder){ hold_by_splice, look_into_pipe });
}

static void vmspliced(void)
{
	with_each_class(seen_by, &(struct holder){ hold_by_vmsplice, look_into_pipe });
}

static void teed(void)
{
	with_each_class(seen_by, &(struct holder){ hold_by_tee, look_into_pipe });
}

static void sent(void)
{
	with_each_class(seen_by, &(struct holder){ hold_by_socket, look_into_socket });
}

static void sent_by_tcp(void)
{
	with_each_class(seen_by, &(struct holder){ hold_by_tcp, look_into_socket });
}

static void pinned(void)
{
	with_each_class(seen_by, &(struct holder){ hold_by_pin, look_by_pin });
}

/* A write to pages looked up earlier shows in the file where it kept the page, nowhere else. */
static void written_by_pin(size_t block, off_t cut, unsigned int way, unsigned int get, bool early)
{
	unsigned char *want = xmalloc(HELD), *late = xmalloc(HELD);
	struct hold h;
	size_t behind;

	memset(late, LATE, HELD);
	make_hold(&h, block, cut);
	pin_to_write(&h.pin, h.map + h.at, HELD);
	ways[way](&h);
	if (early)
		pin_write(&h.pin, late);
	gets[get](&h);
	if (!early)
		pin_write(&h.pin, late);

	want_of(&h, get, want);
	memset(want, LATE, PAGE);
	/* A page given up only in part has whatever was written to it last. */
	behind = whole_page_behind(&h);
	pread_full(h.fd, want + PAGE, behind - PAGE, h.at + PAGE);
	check_hold(&h, want);

	/* And where those pages were, the file goes on as if nothing had happened. */
	write_file(h.fd, h.at, HELD, 3);
	check_fill(h.map + h.at, HELD, h.at, 3);
	fill(h.map + h.at, HELD, h.at, 4);
	check_file(h.fd, h.at, HELD, 4);
	drop_hold(&h);
	free(late);
	free(want);
}

static void written_late_by(const struct holder *by, size_t block, off_t cut, unsigned int way,
			    unsigned int get)
{
	(void)by;
	written_by_pin(block, cut, way, get, false);
}

static void written_late(void)
{
	with_each_class(written_late_by, NULL);
}

/* The pages are written to before they are the file's again, if they ever are. */
static void written_before_by(const struct holder *by, size_t block, off_t cut, unsigned int way,
			      unsigned int get)
{
	(void)by;
	if (gets[get] != get_nothing)
		written_by_pin(block, cut, way, get, true);
}

static void written_before(void)
{
	with_each_class(written_before_by, NULL);
}

/* Nothing is copied on the way: the receiver has the sender's pages mapped. */
static void mapped_by_tcp_in(size_t block, unsigned int way, unsigned int get)
{
	struct tcp_zerocopy_receive receive = { .length = HELD };
	socklen_t len = sizeof(receive);
	unsigned char *got, *want = xmalloc(HELD);
	struct hold h;
	size_t have;

	make_hold(&h, block, 0);
	hold_by_tcp(&h);
	ways[way](&h);
	got = mmap(NULL, HELD, PROT_READ, MAP_SHARED, h.fds[1], 0);
	if (got == MAP_FAILED)
		skip("no TCP_ZEROCOPY_RECEIVE: %s", strerror(errno));
	receive.address = (unsigned long)got;
	CHECK_OK(getsockopt(h.fds[1], IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &receive, &len));
	have = receive.length;
	CHECK_CMP(have, >, 0);
	check_fill(got, have, h.at, 1);

	gets[get](&h);
	want_of(&h, get, want);
	check_hold(&h, want);
	check_fill(got, have, h.at, 1);
	/* The file goes away first, and its blocks go to another one. */
	munmap(h.map, h.size);
	close(h.fd);
	CHECK_OK(unlink("m/f"));
	h.fd = xopen("m/g", O_RDWR | O_CREAT);
	write_file(h.fd, 0, MiB(6), 5);
	check_fill(got, have, h.at, 1);
	check_file(h.fd, 0, MiB(6), 5);
	munmap(got, HELD);
	close(h.fd);
	CHECK_OK(unlink("m/g"));
	drop_pipe(h.fds);
	check_settled("m");
	free(want);
}

static void mapped_by_tcp_by(const struct holder *by, size_t block, off_t cut, unsigned int way,
			     unsigned int get)
{
	(void)by;
	if (cut == PAGE)
		mapped_by_tcp_in(block, way, get);
}

static void mapped_by_tcp(void)
{
	with_each_class(mapped_by_tcp_by, NULL);
}

/* With nothing idle in place of held pages, a write may fail, but no bytes change. */
static void nothing_to_take(void)
{
	int fd = xopen("f", O_RDWR | O_CREAT), pipes[2];
	unsigned char *map = map_file(fd, KiB(64)), *buf = xmalloc(KiB(32));
	ssize_t done;

	make_pipe(pipes);
	write_file(fd, 0, KiB(64), 1);
	CHECK_EQ(counter(NULL, "free"), 0);
	splice_in(fd, KiB(32), pipes[1], KiB(32));
	CHECK_OK(ftruncate(fd, KiB(32) + PAGE));
	CHECK_OK(ftruncate(fd, KiB(64)));
	check_zero(fd, KiB(32) + PAGE, KiB(28));
	fill(buf, KiB(28), KiB(36), 2);
	done = pwrite(fd, buf, KiB(28), KiB(36));
	if (done < 0)
		CHECK_ERR(done, ENOSPC);
	read_pipe(pipes[0], buf, KiB(32));
	check_fill(buf, KiB(32), KiB(32), 1);
	/* The pages are not held any longer. */
	write_file(fd, KiB(36), KiB(28), 3);
	check_fill(map + KiB(36), KiB(28), KiB(36), 3);
	check_file(fd, KiB(36), KiB(28), 3);
	check_file(fd, 0, KiB(36), 1);
	drop_pipe(pipes);
	munmap(map, KiB(64));
	free(buf);
}

static const struct test tests[] = {
	{ "spliced", spliced, NULL, T_NO_MOUNT },
	{ "vmspliced", vmspliced, NULL, T_NO_MOUNT },
	{ "teed", teed, NULL, T_NO_MOUNT },
	{ "sent", sent, NULL, T_NO_MOUNT },
	{ "sent_by_tcp", sent_by_tcp, NULL, T_NO_MOUNT },
	{ "pinned", pinned, NULL, T_NO_MOUNT },
	{ "written_late", written_late, NULL, T_NO_MOUNT },
	{ "written_before", written_before, NULL, T_NO_MOUNT },
	{ "mapped_by_tcp", mapped_by_tcp, NULL, T_NO_MOUNT },
	{ "nothing_to_take", nothing_to_take, "poem=2,strict", T_SCRIPTFS },
};

/* What was received is freed on another processor when that has so much more to do. */
#define DEFERRED	"/proc/sys/net/core/skb_defer_max"

static char deferred[16];

static void defer_again(void)
{
	write_text(DEFERRED, deferred);
}

/* Newer kernels defer it; here a page must be free once it was read. */
int main(void)
{
	if (read_text(DEFERRED, deferred, sizeof(deferred))) {
		atexit(defer_again);
		write_text(DEFERRED, "0");
	}
	return run_tests(tests, ARRAY_SIZE(tests));
}
