// SPDX-License-Identifier: GPL-2.0-only
// How much memory a file system holds: what it says itself, and what is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace scriptfs::bench {

// Pages that nobody has, in bytes: the free ones of all zones and those that processors keep at
// hand, which MemFree does not count. From the text of /proc/zoneinfo; nothing if it has none.
std::optional<std::uint64_t> free_bytes(const std::string &zoneinfo);

// What a file system has taken from the system as a whole and hands out itself: scriptfs's reserve
// and surplus. In bytes.
struct Pool {
    std::uint64_t all = 0;
    std::uint64_t idle = 0; // no file has it
};

// How memory stands at a moment.
struct Moment {
    std::optional<std::uint64_t> free; // of the system; nothing where the kernel does not tell
    Pool pool;
    std::optional<std::uint64_t> used; // as df shows it; ramfs does not tell
};

// Of the file system that this directory is in; only what is of the system if it is -1.
Moment moment(int dir);

// What mounting took beside the pool, for each of the pool's bytes: mostly the descriptors of its
// blocks. 0 without a pool.
double descriptors_a_byte(const Moment &before, const Moment &mounted);

// What was taken between two moments, in bytes. `all` is whatever the system has less of: pages of
// files, inodes, names, maps. What a file takes from the pool counts as gone, and what is idle in
// the pool as free; of the descriptors, which are there from the mount on, those of the part of
// the pool that was there before and is used now count.
struct Held {
    std::optional<std::int64_t> used;
    std::optional<std::int64_t> all;
};

Held held(const Moment &before, const Moment &after, double descriptors);

} // namespace scriptfs::bench
