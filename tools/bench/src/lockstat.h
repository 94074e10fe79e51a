// SPDX-License-Identifier: GPL-2.0-only
// How often locks are taken, as a kernel built with CONFIG_LOCK_STAT counts it.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace scriptfs::bench {

// One class of locks: all that are initialised at the same place of the source. Of a lock that can
// be shared, readers and writers are counted apart (the name ends in -R or -W).
struct LockClass {
    std::string name;
    std::uint64_t contended = 0; // times that somebody had to wait
    std::uint64_t bounced = 0;   // times that it was last taken on another processor
    std::uint64_t taken = 0;
};

// The classes in /proc/lock_stat, most contended first. Throws Error, naming the line, when that is
// not what it looks like.
std::vector<LockClass> read_lock_stat(std::istream &in);

// Counts the whole machine between start() and stop().
class LockStat {
public:
    // Throws Error when this kernel, or this user, cannot count.
    LockStat();
    ~LockStat();
    LockStat(const LockStat &) = delete;
    LockStat &operator=(const LockStat &) = delete;

    void start(); // from nought
    std::vector<LockClass> stop();
};

} // namespace scriptfs::bench
