// SPDX-License-Identifier: GPL-2.0-only
/*
 * scriptfs: splice(2) and sendfile(2) from regular files, without a copy.
 *
 * A pipe gets the file's own pages, by way of the page cache. Where the file has a hole it gets the
 * kernel's page of zeroes as often as it takes: to read a hole takes no memory.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>

#include "compat/aops.h"
#include "compat/splice.h"
#include "inode.h"
#include "publish.h"
#include "read.h"
#include "splice.h"

static bool scriptfs_pipe_full(const struct pipe_inode_info *pipe)
{
	return pipe_full(pipe->head, pipe->tail, pipe->max_usage);
}

/* How many bytes fit, if all of them are in whole pages. */
static size_t scriptfs_pipe_room(const struct pipe_inode_info *pipe)
{
	unsigned int used = pipe_occupancy(pipe->head, pipe->tail);

	return (size_t)(pipe->max_usage - min(used, pipe->max_usage)) << PAGE_SHIFT;
}

/* Put up to @len zeroes into a pipe, for those at @pos. Returns how many, or an error. */
static ssize_t scriptfs_splice_hole(struct pipe_inode_info *pipe, loff_t pos, size_t len)
{
	size_t done = 0;
	ssize_t ret = 0;

	while (done < len && !scriptfs_pipe_full(pipe)) {
		struct pipe_buffer buf = {
			.page	= ZERO_PAGE(0),
			.len	= min(len - done, PAGE_SIZE - offset_in_page(pos + done)),
			.ops	= &nosteal_pipe_buf_ops,
		};

		get_page(buf.page);
		ret = add_to_pipe(pipe, &buf);
		if (ret < 0)
			break;
		done += ret;
	}
	return done ? done : ret;
}

/* Put up to @len bytes of the file's own pages into a pipe. Returns how many, or an error. */
static ssize_t scriptfs_splice_data(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe,
				    size_t len, unsigned int flags)
{
	if (!SCRIPTFS_SUPPLY_PAGE)
		scriptfs_publish_range(file_inode(in), *ppos, len);
	return filemap_splice_read(in, ppos, pipe, len, flags);
}

/**
 * scriptfs_splice_read - put a part of a file into a pipe
 * @in:		the file
 * @ppos:	where it begins; moved to where it ends
 * @pipe:	the pipe
 * @len:	how many bytes
 * @flags:	SPLICE_F_*
 *
 * Context: The caller holds the lock of the pipe. Takes map_lock. May sleep.
 * Return: How many bytes, fewer when the pipe is full; 0 at the end of the file; or an error.
 */
ssize_t scriptfs_splice_read(struct file *in, loff_t *ppos, struct pipe_inode_info *pipe,
			     size_t len, unsigned int flags)
{
	struct inode *inode = file_inode(in);
	size_t done = 0, part;
	ssize_t ret = 0;
	bool hole, gone;

	len = min(len, scriptfs_pipe_room(pipe));
	while (done < len && !scriptfs_pipe_full(pipe)) {
		part = scriptfs_extent_at(inode, *ppos, len - done, &hole);
		if (!part || hole)
			file_accessed(in);
		if (!part)
			break;
		if (hole) {
			ret = scriptfs_splice_hole(pipe, *ppos, part);
			*ppos += max_t(ssize_t, ret, 0);
		} else {
			ret = scriptfs_splice_data(in, ppos, pipe, part, flags);
		}
		/* It was cut off meanwhile, or punched, which may have left no memory for it. */
		gone = ret == -ENODATA || ret == -ENOSPC;
		if (gone)
			ret = 0;
		else if (ret <= 0)
			break;
		done += ret;
		if ((!gone && ret < (ssize_t)part) || fatal_signal_pending(current))
			break;
		cond_resched();
	}
	return done ? done : ret;
}
