/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Outside the file system: what holds its pages, and memory that makes it wait.
 */
#ifndef SCRIPTFS_SELFTEST_OUTSIDE_H
#define SCRIPTFS_SELFTEST_OUTSIDE_H

#include "util.h"

#include <pthread.h>

/* The capacity of a pipe of make_pipe(). */
#define PIPE_ROOM	KiB(256)

void make_pipe(int *pipes);
void drop_pipe(int *pipes);
void splice_in(int fd, off_t offset, int to, size_t len);
void read_pipe(int from, void *buf, size_t len);
void check_pipe(int from, off_t offset, size_t len, u64 seed);

/**
 * struct stall - memory that is missing, so that any task that touches it waits, the kernel too
 * @uffd:	userfaultfd that is told of it
 * @mem:	the memory
 * @len:	its length
 */
struct stall {
	int		uffd;
	unsigned char	*mem;
	size_t		len;
};

void stall_begin(struct stall *s, size_t len);
bool stall_reached(struct stall *s, unsigned int ms);
void stall_give(struct stall *s, const void *bytes);
void stall_end(struct stall *s);

/**
 * struct pin - a thread that has looked up the pages of a mapping and uses them later
 * @at:		the mapping
 * @len:	its length
 * @writes:	the thread writes there, otherwise it reads
 * @stall:	what keeps it waiting
 * @thread:	the thread
 * @done:	how many bytes it has copied
 *
 * It calls process_vm_writev() or process_vm_readv(), which copy once they have the pages.
 */
struct pin {
	void		*at;
	size_t		len;
	bool		writes;
	struct stall	stall;
	pthread_t	thread;
	ssize_t		done;
};

void pin_to_write(struct pin *p, void *at, size_t len);
void pin_to_read(struct pin *p, void *at, size_t len);
void pin_write(struct pin *p, const void *bytes);

/*
 * A copy on some processors loads so many bytes before it stores the first, so these are as they
 * were when the copy stalled.
 */
#define PIN_EARLY	64

void pin_read(struct pin *p, void *buf);

/* The two ends of a connection; what is sent stays unread in between. */
void tcp_pair(int *pair);
void socket_pair(int *pair);
void send_pages(int to, int fd, off_t offset, size_t len);

/**
 * struct looker - a thread that keeps reading a mapping
 * @map:	the mapping
 * @len:	its length
 * @stop:	set to end the thread
 */
struct looker {
	unsigned char	*map;
	size_t		len;
	bool		stop;
};

/* For pthread_create(), with a struct looker. */
void *look(void *arg);

#endif /* SCRIPTFS_SELFTEST_OUTSIDE_H */
