/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * exact: a file, its model, and the random operations that go to both.
 */
#ifndef SCRIPTFS_SELFTEST_EXACT_H
#define SCRIPTFS_SELFTEST_EXACT_H

#include "fallocate.h"

#define PAGES		2048
#define LONGEST		MiB(8)

enum {
	OP_WRITE	= 1 << 0,
	OP_SEQUENTIAL	= 1 << 1,	/* many calls of one odd size */
	OP_STORE	= 1 << 2,
	OP_LOOK		= 1 << 3,	/* read faults */
	OP_TRUNCATE	= 1 << 4,
	OP_ALLOCATE	= 1 << 5,
	OP_ZERO		= 1 << 6,
	OP_PUNCH	= 1 << 7,
	OP_SPLICE	= 1 << 8,
	OP_SEND		= 1 << 9,
	OP_COPY		= 1 << 10,
	OP_BAD		= 1 << 11,	/* writes from memory that is not there */
	OP_READ		= 1 << 12,
	LAX		= 1 << 20,	/* a class hint: the file may hold more */
};

struct exact {
	u64		rng;
	unsigned int	ops;
	int		fd;
	int		source;
	size_t		size;
	off_t		prealloc;
	unsigned long long before;
	bool		has[PAGES];
	unsigned char	image[LONGEST];
	unsigned char	buf[LONGEST];
	unsigned char	source_image[LONGEST];
	bool		source_has[PAGES];
	unsigned char	*bad;
	char		history[65536];
	size_t		told;
};

#define OPERATIONS	13

extern struct exact x;
extern void (*const operations[OPERATIONS])(void);

/* Note an operation, for whoever has to find out what went wrong. */
void __printf(1, 2) tell(const char *fmt, ...);

#define WRONG(...) do {							\
	char *line_, *rest_ = x.history;				\
	while ((line_ = strsep(&rest_, "\n")))				\
		note("%s", line_);					\
	fail(__VA_ARGS__);						\
} while (0)

unsigned int draw(unsigned int end);
void have(size_t at, size_t len);
void written(size_t at, size_t len);
void touch_map(int fd, bool store);

#endif /* SCRIPTFS_SELFTEST_EXACT_H */
