// SPDX-License-Identifier: GPL-2.0-only
/*
 * The model of files that many processes change at the same time, see churn.h.
 */
#include "churn.h"

#define PAGE_WORDS	(PAGE / 8)

/* A word: the version, then the file, the page, and its place in the page. */
#define FILE_SHIFT	18
#define VERSION_SHIFT	20

static u64 word_of(unsigned int file, unsigned int page, unsigned int place, u64 version)
{
	return version << VERSION_SHIFT | (u64)file << FILE_SHIFT | page << 9 | place;
}

static unsigned int file_of(u64 word)
{
	return word >> FILE_SHIFT & 3;
}

static unsigned int page_of(u64 word)
{
	return word >> 9 & (CHURN_PAGES - 1);
}

struct churn *churn_new(void)
{
	struct churn *c = mmap(NULL, sizeof(*c), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_t attr;
	unsigned int i, j;

	CHECK(c != MAP_FAILED);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	for (i = 0; i < CHURN_FILES; i++) {
		c->files[i].number = i + 1;
		for (j = 0; j < CHURN_STRIPES; j++)
			pthread_mutex_init(&c->files[i].stripes[j], &attr);
	}
	return c;
}

void churn_name(const struct churn_file *f, char *name)
{
	sprintf(name, "%u", f->number);
}

/* From the first stripe to the last, so that no two processes wait for each other. */
void churn_lock(struct churn_file *f, unsigned int first, unsigned int nr)
{
	unsigned int stripe;

	for (stripe = first / STRIPE_PAGES; stripe <= (first + nr - 1) / STRIPE_PAGES; stripe++)
		pthread_mutex_lock(&f->stripes[stripe]);
}

void churn_unlock(struct churn_file *f, unsigned int first, unsigned int nr)
{
	unsigned int stripe;

	for (stripe = first / STRIPE_PAGES; stripe <= (first + nr - 1) / STRIPE_PAGES; stripe++)
		pthread_mutex_unlock(&f->stripes[stripe]);
}

/* Make @nr pages in @buf, each of a new version. */
void churn_write(struct churn *c, struct churn_file *f, unsigned int first, unsigned int nr,
		 void *buf)
{
	u64 *words = buf;
	unsigned int page, i;

	for (page = first; page < first + nr; page++) {
		u64 version = __atomic_add_fetch(&c->version, 1, __ATOMIC_RELAXED);

		for (i = 0; i < PAGE_WORDS; i++)
			*words++ = word_of(f->number, page, i, version);
	}
}

/* Note that the file now has what is in @buf. */
void churn_written(struct churn_file *f, unsigned int first, unsigned int nr, const void *buf)
{
	const u64 *words = buf;
	unsigned int i;

	for (i = 0; i < nr; i++)
		f->pages[first + i].version = words[i * PAGE_WORDS] >> VERSION_SHIFT;
}

/* Note that the pages now have what is in @buf, whether they are still the file's or not. */
void churn_written_late(const struct churn_hold *h, const void *buf)
{
	const u64 *words = buf;
	unsigned int i;

	for (i = 0; i < h->nr; i++, words += PAGE_WORDS) {
		struct churn_page *page = &h->file->pages[h->first + i];
		u64 version = words[0] >> VERSION_SHIFT;

		if (page->life == h->lives[i])
			page->version = version;
		else if (page->life - h->lives[i] <= CHURN_LIVES)
			page->last[h->lives[i] % CHURN_LIVES] = version;
	}
}

void churn_give_up(struct churn_file *f, unsigned int first, unsigned int nr)
{
	struct churn_page *page;

	for (page = f->pages + first; nr; nr--, page++) {
		page->last[page->life++ % CHURN_LIVES] = page->version;
		page->version = 0;
	}
}

/* From word @i on the page must be of one version, which lies between @low and @high. */
static void check_page(const struct churn_file *f, unsigned int page, const u64 *words,
		       unsigned int i, u64 low, u64 high, const char *whose)
{
	u64 version = words[i] >> VERSION_SHIFT;

	for (; i < PAGE_WORDS; i++)
		if (words[i] != (version ? word_of(f->number, page, i, version) : 0))
			fail("%s page %u of file %u: word %u is %u:%u:%llu, not %llu",
			     whose, page, f->number, i, file_of(words[i]), page_of(words[i]),
			     words[i] >> VERSION_SHIFT, version);
	if (version < low || version > high)
		fail("%s page %u of file %u: version %llu, not %llu to %llu; now in life %u",
		     whose, page, f->number, version, low, high, f->pages[page].life);
}

void churn_check(const struct churn_file *f, unsigned int first, unsigned int nr, const void *buf)
{
	const u64 *words = buf;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		u64 version = f->pages[first + i].version;

		check_page(f, first + i, words + i * PAGE_WORDS, 0, version, version,
			   "the file's");
	}
}

void churn_held(struct churn_hold *h, struct churn_file *f, unsigned int first, unsigned int nr)
{
	unsigned int i;

	CHECK_CMP(nr, <=, STRIPE_PAGES);
	h->file = f;
	h->first = first;
	h->nr = nr;
	for (i = 0; i < nr; i++) {
		h->lives[i] = f->pages[first + i].life;
		h->versions[i] = f->pages[first + i].version;
	}
}

void churn_check_held(const struct churn_hold *h, const void *buf, size_t early, const char *whose)
{
	const u64 *words = buf;
	unsigned int i;

	for (i = 0; i < h->nr; i++) {
		const struct churn_page *page = &h->file->pages[h->first + i];
		u64 high = page->version;

		if (page->life - h->lives[i] > CHURN_LIVES)
			high = ~0ULL;
		else if (page->life != h->lives[i])
			high = page->last[h->lives[i] % CHURN_LIVES];
		check_page(h->file, h->first + i, words + i * PAGE_WORDS, i ? 0 : early / 8,
			   h->versions[i], high, whose);
	}
}

void churn_check_words(const struct churn *c, const struct churn_file *f, const void *buf,
		       size_t len, off_t offset)
{
	u64 newest = __atomic_load_n(&c->version, __ATOMIC_RELAXED), word;
	const unsigned char *bytes = buf;

	/* Whole words only. */
	bytes += -offset & 7;
	for (; bytes + 8 <= (const unsigned char *)buf + len; bytes += 8) {
		off_t at = offset + (bytes - (const unsigned char *)buf);

		memcpy(&word, bytes, sizeof(word));
		if (word && (word >> VERSION_SHIFT > newest ||
			     word != word_of(f->number, at / PAGE, at % PAGE / 8,
					     word >> VERSION_SHIFT)))
			fail("word at %lld of file %u is %#llx: of file %u page %u place %llu",
			     (long long)at, f->number, word, file_of(word), page_of(word),
			     word & 511);
	}
}

void churn_check_pages(const struct churn *c, const void *buf, unsigned int nr)
{
	const u64 *words = buf;

	for (; nr; nr--, words += PAGE_WORDS) {
		unsigned int file, i;

		/* In a page that is being written the first words may still be zero. */
		for (i = 0; i < PAGE_WORDS && !words[i]; i++)
			;
		if (i == PAGE_WORDS)
			continue;
		file = file_of(words[i]);
		CHECK(file >= 1 && file <= CHURN_FILES);
		churn_check_words(c, &c->files[file - 1], words, PAGE,
				  (off_t)page_of(words[i]) * PAGE);
	}
}
