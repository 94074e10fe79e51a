// SPDX-License-Identifier: GPL-2.0-only
/*
 * A FUSE server of one file, see fuse.h.
 */
#include "fuse.h"

#include <linux/fuse.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/uio.h>

#define USER_ID		1000
#define NODE_FILE	2

/* Larger than any request, as the kernel demands. */
#define REQUEST_ROOM	(FUSE_FILE_SIZE + KiB(8))

void become_user(void)
{
	char map[32];

	CHECK_OK(setgid(USER_ID));
	CHECK_OK(setuid(USER_ID));
	/* Otherwise /proc/self would belong to root. */
	CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
		skip("no user namespace: %s", strerror(errno));
	snprintf(map, sizeof(map), "0 %d 1", USER_ID);
	CHECK(write_text("/proc/self/setgroups", "deny"));
	CHECK(write_text("/proc/self/uid_map", map));
	CHECK(write_text("/proc/self/gid_map", map));
}

void fuse_mount(struct fuse *f, const char *dir)
{
	char options[96];

	f->dev = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (f->dev < 0)
		skip("no /dev/fuse: %s", strerror(errno));
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", f->dev);
	CHECK_OK(mount("test", dir, "fuse", MS_NOSUID | MS_NODEV, options));
	make_pipe(f->pipes);
}

/* Put a header into the pipe first, so that pages may follow. */
static void send_header(struct fuse *f, const struct fuse_in_header *in, int error, size_t len)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + len, .error = error, .unique = in->unique,
	};

	CHECK_EQ(write(f->pipes[1], &out, sizeof(out)), sizeof(out));
}

static void send_pipe(struct fuse *f, size_t len)
{
	len += sizeof(struct fuse_out_header);
	CHECK_EQ(splice(f->pipes[0], NULL, f->dev, NULL, len, SPLICE_F_MOVE), len);
}

static void answer(struct fuse *f, const struct fuse_in_header *in, int error, void *what,
		   size_t len)
{
	struct fuse_out_header out = {
		.len = sizeof(out) + len, .error = error, .unique = in->unique,
	};
	struct iovec iov[] = {
		{ .iov_base = &out, .iov_len = sizeof(out) },
		{ .iov_base = what, .iov_len = len },
	};

	CHECK_EQ(writev(f->dev, iov, len ? 2 : 1), out.len);
}

static struct fuse_attr attr_of(u64 node)
{
	bool file = node == NODE_FILE;

	return (struct fuse_attr){
		.ino = node, .size = file ? FUSE_FILE_SIZE : 0, .nlink = 1,
		.mode = file ? S_IFREG | 0644 : S_IFDIR | 0755, .blksize = PAGE,
	};
}

static void answer_lookup(struct fuse *f, const struct fuse_in_header *in, const char *name)
{
	struct fuse_entry_out entry = {
		.nodeid = NODE_FILE, .entry_valid = 1000, .attr_valid = 1000,
		.attr = attr_of(NODE_FILE),
	};

	if (strcmp(name, "f"))
		answer(f, in, -ENOENT, NULL, 0);
	else
		answer(f, in, 0, &entry, sizeof(entry));
}

static void answer_read(struct fuse *f, const struct fuse_in_header *in,
			const struct fuse_read_in *read)
{
	size_t len = read->offset >= FUSE_FILE_SIZE ? 0 : FUSE_FILE_SIZE - read->offset;

	if (len > read->size)
		len = read->size;
	send_header(f, in, 0, len);
	if (len)
		f->supply(f->arg, f->pipes[1], read->offset, len);
	if (f->sent)
		f->sent(f->arg);
	send_pipe(f, len);
	f->reads++;
}

static void answer_one(struct fuse *f, const struct fuse_in_header *in)
{
	struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION, .minor = FUSE_KERNEL_MINOR_VERSION,
		.max_readahead = FUSE_FILE_SIZE, .max_write = FUSE_FILE_SIZE,
	};
	struct fuse_attr_out attr = { .attr_valid = 1000, .attr = attr_of(in->nodeid) };
	struct fuse_open_out open = { .fh = 1 };

	switch (in->opcode) {
	case FUSE_INIT:
		answer(f, in, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		answer_lookup(f, in, (const char *)(in + 1));
		break;
	case FUSE_GETATTR:
		answer(f, in, 0, &attr, sizeof(attr));
		break;
	case FUSE_OPEN:
		answer(f, in, 0, &open, sizeof(open));
		break;
	case FUSE_READ:
		answer_read(f, in, (const struct fuse_read_in *)(in + 1));
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		answer(f, in, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		answer(f, in, -EOPNOTSUPP, NULL, 0);
	}
}

void fuse_serve(struct fuse *f, pid_t client)
{
	struct fuse_in_header *in = xmalloc(REQUEST_ROOM);
	ssize_t got;

	for (;;) {
		struct pollfd fd = { .fd = f->dev, .events = POLLIN };

		if (CHECK_OK(poll(&fd, 1, 100)) == 0) {
			siginfo_t info = { 0 };

			if (waitid(P_PID, client, &info, WEXITED | WNOHANG | WNOWAIT) ||
			    info.si_pid)
				break;
			continue;
		}
		got = read(f->dev, in, REQUEST_ROOM);
		if (got < 0 && errno == ENODEV)
			break;
		if (got < 0 && (errno == EINTR || errno == ENOENT || errno == EAGAIN))
			continue;
		CHECK_CMP(got, >=, (ssize_t)sizeof(*in));
		answer_one(f, in);
	}
	free(in);
}
