// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: making one huge page of the pages of a piece, and dividing it again.
 *
 * A mapping by huge pages wants a compound page: one that is referenced, locked and found in the
 * page cache as a whole. The pages of the pools are single ones, as most of them are never mapped
 * and blocks are cut. So the pages of a whole large block, or of a chunk of a super, are united
 * when the first mapping can make use of it. They stay united when the file gives the block back,
 * so that the next one finds them so, until somebody needs less than the block.
 *
 * Both is done by turning references into none: a page whose only reference was the pool's, and
 * has none for a moment, cannot be got hold of by anyone. So pages that are held stay as they are.
 *
 * What the kernel notes down in the struct pages of a huge page, and where, differs from release to
 * release. What all have in common is that it is in the pages behind the first one, in the same way
 * for every huge page, but for pointers from one of its struct pages to another. So it is learned
 * from a huge page that the kernel made.
 */
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/page_ref.h>
#include <linux/pagemap.h>

#include "compat/huge.h"
#include "compat/page.h"
#include "unite.h"

#define SCRIPTFS_PAGE_WORDS	(sizeof(struct page) / sizeof(long))

/* The word with both counts. */
#define SCRIPTFS_COUNTS_WORD	(offsetof(struct page, _refcount) / sizeof(long))

/* The first page, those with facts about the whole, and one that stands for all others. */
#define SCRIPTFS_SHAPES		5

/* What the kernel may set and clear in the flags; the rest says where the page is. */
#define SCRIPTFS_ALL_FLAGS	(BIT(__NR_PAGEFLAGS) - 1)

static_assert(offsetof(struct page, _mapcount) / sizeof(long) == SCRIPTFS_COUNTS_WORD);

/**
 * struct scriptfs_shape - what is in the struct page of a huge page
 * @flags:	flags
 * @mapcount:	its own count of mappings
 * @word:	the words, but those of flags and counts
 * @near:	a bit for each word that is a pointer to one of the struct pages, an offset then
 */
struct scriptfs_shape {
	unsigned long	flags;
	int		mapcount;
	unsigned long	word[SCRIPTFS_PAGE_WORDS];
	unsigned int	near;
};

static DEFINE_MUTEX(scriptfs_learn_mutex);
static struct scriptfs_shape scriptfs_shapes[SCRIPTFS_SHAPES];
static bool scriptfs_learned;

/* A word of a page of the huge page @head, and whether it is a pointer into that. */
static bool scriptfs_word_near(struct page *head, struct page *page, unsigned int i,
			       unsigned long *word)
{
	*word = ((unsigned long *)page)[i];
	if (*word - (unsigned long)head >= SCRIPTFS_CHUNK_PAGES * sizeof(struct page))
		return false;
	*word -= (unsigned long)head;
	return true;
}

static void scriptfs_shape_learn(struct scriptfs_shape *shape, struct page *head,
				 struct page *page)
{
	unsigned int i;

	shape->flags = *scriptfs_page_flags(page) & SCRIPTFS_ALL_FLAGS;
	shape->mapcount = atomic_read(&page->_mapcount);
	shape->near = 0;
	for (i = 0; i < SCRIPTFS_PAGE_WORDS; i++)
		if (scriptfs_word_near(head, page, i, &shape->word[i]))
			shape->near |= BIT(i);
}

/* What is not the same in all other pages is left over from their last use. */
static void scriptfs_shape_compare(struct scriptfs_shape *shape, struct page *head,
				   struct page *page)
{
	unsigned long word;
	unsigned int i;

	for (i = 0; i < SCRIPTFS_PAGE_WORDS; i++) {
		bool near = scriptfs_word_near(head, page, i, &word);

		if (word == shape->word[i] && near == !!(shape->near & BIT(i)))
			continue;
		shape->word[i] = 0;
		shape->near &= ~BIT(i);
	}
}

/**
 * scriptfs_unite_learn - learn what a huge page looks like
 * @gfp:	how to allocate one
 *
 * If there is no memory for one just now, pages stay single until the next mount.
 *
 * Context: Process context, sleeps.
 */
void scriptfs_unite_learn(gfp_t gfp)
{
	struct scriptfs_shape *last = &scriptfs_shapes[SCRIPTFS_SHAPES - 1];
	struct page *page;
	unsigned int i;

	/* There, struct pages have pointers to something else of their own. */
	if (IS_ENABLED(CONFIG_KMSAN) || scriptfs_unite_works())
		return;
	page = scriptfs_huge_alloc(gfp, SCRIPTFS_CHUNK_ORDER);
	if (!page)
		return;
	mutex_lock(&scriptfs_learn_mutex);
	if (!scriptfs_learned) {
		for (i = 0; i < SCRIPTFS_SHAPES; i++)
			scriptfs_shape_learn(&scriptfs_shapes[i], page, page + i);
		for (; i < SCRIPTFS_CHUNK_PAGES; i++)
			scriptfs_shape_compare(last, page, page + i);
		/* What was learned before that it was: pairs with scriptfs_unite_works(). */
		smp_store_release(&scriptfs_learned, true);
	}
	mutex_unlock(&scriptfs_learn_mutex);
	put_page(page);
}

/**
 * scriptfs_unite_works - is it known what a huge page looks like?
 *
 * Return: Whether it is.
 */
bool scriptfs_unite_works(void)
{
	/* Then what was: pairs with scriptfs_unite_learn(). */
	return smp_load_acquire(&scriptfs_learned);
}

/*
 * Set the flags of a page. Atomically, because memory_failure() sets its own flag at any time. That
 * one stays, and so does the one that says that the error was reported.
 */
static void scriptfs_flags_set(struct page *page, unsigned long flags)
{
	unsigned long mask = SCRIPTFS_ALL_FLAGS & ~BIT(PG_checked);

#ifdef CONFIG_MEMORY_FAILURE
	mask &= ~BIT(PG_hwpoison);
#endif
	if ((*scriptfs_page_flags(page) & mask) != flags)
		set_mask_bits(scriptfs_page_flags(page), mask, flags);
}

/*
 * Fill in the struct page of a page without references, of the huge page @head. Others may look at
 * it meanwhile.
 */
static __always_inline void scriptfs_page_shape(struct page *page, unsigned int nr,
						struct page *head)
{
	const struct scriptfs_shape *shape = &scriptfs_shapes[nr];
	unsigned long *words = (unsigned long *)page;
	unsigned int i;

	scriptfs_flags_set(page, shape->flags);
	atomic_set(&page->_mapcount, shape->mapcount);
	for (i = 1; i < SCRIPTFS_PAGE_WORDS; i++) {
		unsigned long word = shape->word[i];

		if (i == SCRIPTFS_COUNTS_WORD)
			continue;
		if (shape->near & BIT(i))
			word += (unsigned long)head;
		WRITE_ONCE(words[i], word);
	}
}

/* The pages with facts about the whole. */
static void scriptfs_facts_shape(struct page *head)
{
	unsigned int i;

	for (i = 1; i < SCRIPTFS_SHAPES - 1; i++)
		scriptfs_page_shape(head + i, i, head);
}

/* That of a page that is none of a huge page any more. */
static void scriptfs_page_plain(struct page *page)
{
	unsigned long *words = (unsigned long *)page;
	unsigned int i;

	scriptfs_flags_set(page, 0);
	atomic_set(&page->_mapcount, -1);
	for (i = 1; i < SCRIPTFS_PAGE_WORDS; i++)
		if (i != SCRIPTFS_COUNTS_WORD)
			WRITE_ONCE(words[i], 0);
}

/* Take the pool's reference of a sound page that nobody else has. */
static bool scriptfs_page_freeze(struct page *page)
{
	if (page->mapping || PageHWPoison(page) || !page_ref_freeze(page, 1))
		return false;
	scriptfs_page_munlock(page, 1);
	return true;
}

/**
 * scriptfs_unite - make one huge page of the pages of a piece
 * @piece:	a piece of SCRIPTFS_CHUNK_ORDER that nobody else has, with no page in a page cache
 *
 * Context: Any; for a piece of a file, the caller holds map_lock exclusively.
 * Return: Whether they are one. Not if one of them is held, or bad.
 */
bool scriptfs_unite(struct scriptfs_piece *piece)
{
	struct page *page = scriptfs_piece_page(piece, 0);
	unsigned int i;

	if (!scriptfs_unite_works())
		return false;
	for (i = 0; i < SCRIPTFS_CHUNK_PAGES; i++) {
		if (scriptfs_page_freeze(page + i))
			continue;
		while (i--)
			page_ref_unfreeze(page + i, 1);
		return false;
	}
	scriptfs_facts_shape(page);
	for (i = SCRIPTFS_SHAPES - 1; i < SCRIPTFS_CHUNK_PAGES; i++)
		scriptfs_page_shape(page + i, SCRIPTFS_SHAPES - 1, page);
	/* The others before the first says what they are. */
	smp_wmb();
	scriptfs_flags_set(page, scriptfs_shapes[0].flags);
	page_ref_unfreeze(page, 1);
	piece->united = true;
	return true;
}

/**
 * scriptfs_divide - make the huge page of a piece single pages again
 * @piece:	a united piece that nobody else has
 *
 * Context: Any; for a piece of a file, the caller holds map_lock exclusively.
 * Return: Whether they are. Not if the huge page is in a page cache or held, maybe just for a
 * moment, by a lockless lookup.
 */
bool scriptfs_divide(struct scriptfs_piece *piece)
{
	struct page *page = scriptfs_piece_page(piece, 0);
	unsigned int i;

	if (!page_ref_freeze(page, 1))
		return false;
	scriptfs_page_munlock(page, SCRIPTFS_CHUNK_PAGES);
	scriptfs_flags_set(page, 0);
	/* The first one is no huge page before the others are no part of it. */
	smp_wmb();
	for (i = 1; i < SCRIPTFS_CHUNK_PAGES; i++)
		scriptfs_page_plain(page + i);
	/* And they are not before anyone can have them. */
	smp_wmb();
	for (i = 1; i < SCRIPTFS_CHUNK_PAGES; i++)
		set_page_count(page + i, 1);
	page_ref_unfreeze(page, 1);
	piece->united = false;
	return true;
}

/**
 * scriptfs_united_clean - clear what the last mappings left in a huge page
 * @piece:	a united piece of no file, without outside references
 */
void scriptfs_united_clean(struct scriptfs_piece *piece)
{
	scriptfs_facts_shape(scriptfs_piece_page(piece, 0));
}
