/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that many processes change at the same time, and what each of them must find there. The
 * model lies in memory that they share.
 *
 * Each word of a file says which it is: of which file, page and place in it, and which version of
 * the page it is of, a number that no other page has. So whoever sees a word knows whether it is
 * where it belongs, without asking anybody. A file is divided into stripes, each with a lock: with
 * it the pages are as the model has them, to the byte.
 *
 * A page lives until the file gives it up: it is cut off, punched or goes with the file. Then
 * another life begins in its place, of zeroes. Who holds the page from before sees what it was when
 * its life ended, or something that it was in its life since he has it, or what another holder of
 * the same life wrote to it since.
 */
#ifndef SCRIPTFS_SELFTEST_CHURN_H
#define SCRIPTFS_SELFTEST_CHURN_H

#include "outside.h"

#define CHURN_FILES	3
#define CHURN_SIZE	MiB(2)
#define CHURN_PAGES	512U
#define CHURN_STRIPES	16U
#define STRIPE_PAGES	(CHURN_PAGES / CHURN_STRIPES)

/* So many lives of a page are remembered. */
#define CHURN_LIVES	16U

/**
 * struct churn_page - a page of a file
 * @life:	which it lives
 * @version:	what it is now, 0 if zeroes
 * @last:	what it was when the life ended that has this number, or what a holder has
 *		written to it since
 */
struct churn_page {
	unsigned int	life;
	u64		version;
	u64		last[CHURN_LIVES];
};

/**
 * struct churn_file - a file
 * @number:	which, from 1 on
 * @epoch:	how often it was replaced by another
 * @stripes:	a lock for each part of it
 * @pages:	what is in it
 */
struct churn_file {
	unsigned int		number;
	unsigned int		epoch;
	pthread_mutex_t		stripes[CHURN_STRIPES];
	struct churn_page	pages[CHURN_PAGES];
};

/**
 * struct churn - all of them
 * @version:	the last that a page got
 * @stop:	enough
 * @done:	how often something was done, of each kind
 * @files:	the files
 */
struct churn {
	u64			version;
	unsigned int		stop;
	unsigned long		done[32];
	struct churn_file	files[CHURN_FILES];
};

/**
 * struct churn_hold - pages that somebody has
 * @file:	of which file
 * @first:	the first of them
 * @nr:		how many
 * @lives:	which life they were in when he got them
 * @versions:	and what they were
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

/* With the lock. */
void churn_write(struct churn *c, struct churn_file *f, unsigned int first, unsigned int nr,
		 void *buf);
void churn_written(struct churn_file *f, unsigned int first, unsigned int nr, const void *buf);
void churn_written_late(const struct churn_hold *h, const void *buf);
void churn_give_up(struct churn_file *f, unsigned int first, unsigned int nr);
void churn_check(const struct churn_file *f, unsigned int first, unsigned int nr,
		 const void *buf);
void churn_held(struct churn_hold *h, struct churn_file *f, unsigned int first, unsigned int nr);
void churn_check_held(const struct churn_hold *h, const void *buf, const char *whose);

/* Without it: any word of that place in that file, or zero; and of any place, page by page. */
void churn_check_words(const struct churn *c, const struct churn_file *f, const void *buf,
		       size_t len, off_t offset);
void churn_check_pages(const struct churn *c, const void *buf, unsigned int nr);

#endif /* SCRIPTFS_SELFTEST_CHURN_H */
