/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that many processes change at the same time, and what each process must find there. The
 * model lies in memory that the processes share.
 *
 * Each word of a file names its file, its page, its place in the page and the version of the page,
 * a number that no other page has. So a process that sees a word can tell by itself whether the
 * word is where it belongs. A file is divided into stripes, each with a lock: under that lock the
 * pages match the model to the byte.
 *
 * A page lives until the file gives it up: it is cut off, punched or goes with the file. Then
 * another life begins in its place, with zeroes. A process that still holds the page sees what it
 * was when its life ended, or what it was at any time in that life since the process got it, or
 * what another holder from the same life has written to it since.
 */
#ifndef SCRIPTFS_SELFTEST_CHURN_H
#define SCRIPTFS_SELFTEST_CHURN_H

#include "outside.h"

#define CHURN_FILES	3
#define CHURN_SIZE	MiB(2)
#define CHURN_PAGES	512U
#define CHURN_STRIPES	16U
#define STRIPE_PAGES	(CHURN_PAGES / CHURN_STRIPES)

/* How many lives of a page the model remembers. */
#define CHURN_LIVES	16U

/**
 * struct churn_page - a page of a file
 * @life:	the number of its current life
 * @version:	its version now, 0 if it is all zeroes
 * @last:	for each past life, the version when it ended, or what a holder has written since
 */
struct churn_page {
	unsigned int	life;
	u64		version;
	u64		last[CHURN_LIVES];
};

/**
 * struct churn_file - a file
 * @number:	its number, from 1 on
 * @epoch:	how often another file has replaced it
 * @stripes:	a lock for each stripe
 * @pages:	its pages
 */
struct churn_file {
	unsigned int		number;
	unsigned int		epoch;
	pthread_mutex_t		stripes[CHURN_STRIPES];
	struct churn_page	pages[CHURN_PAGES];
};

/**
 * struct churn - the model
 * @version:	the last version that a page got
 * @stop:	tells all processes to end
 * @done:	how many operations of each kind were done
 * @files:	the files
 */
struct churn {
	u64			version;
	unsigned int		stop;
	unsigned long		done[32];
	struct churn_file	files[CHURN_FILES];
};

/**
 * struct churn_hold - pages that a process holds
 * @file:	their file
 * @first:	the first of them
 * @nr:		how many
 * @lives:	the life each was in when the process got it
 * @versions:	and its version then
 */
struct churn_hold {
	struct churn_file	*file;
	unsigned int		first;
	unsigned int		nr;
	unsigned int		lives[STRIPE_PAGES];
	u64			versions[STRIPE_PAGES];
};

struct churn *churn_new(void);
void churn_name(const struct churn_file *f, char *name);

void churn_lock(struct churn_file *f, unsigned int first, unsigned int nr);
void churn_unlock(struct churn_file *f, unsigned int first, unsigned int nr);

/* With the lock held. */
void churn_write(struct churn *c, struct churn_file *f, unsigned int first, unsigned int nr,
		 void *buf);
void churn_written(struct churn_file *f, unsigned int first, unsigned int nr, const void *buf);
void churn_written_late(const struct churn_hold *h, const void *buf);
void churn_give_up(struct churn_file *f, unsigned int first, unsigned int nr);
void churn_check(const struct churn_file *f, unsigned int first, unsigned int nr,
		 const void *buf);
void churn_held(struct churn_hold *h, struct churn_file *f, unsigned int first, unsigned int nr);
/* The first @early bytes may be of any time since churn_held(). */
void churn_check_held(const struct churn_hold *h, const void *buf, size_t early, const char *whose);

/*
 * Without it: each word must be zero or of its place in that file; in churn_check_pages(), each
 * page may be any page of any file.
 */
void churn_check_words(const struct churn *c, const struct churn_file *f, const void *buf,
		       size_t len, off_t offset);
void churn_check_pages(const struct churn *c, const void *buf, unsigned int nr);

#endif /* SCRIPTFS_SELFTEST_CHURN_H */
