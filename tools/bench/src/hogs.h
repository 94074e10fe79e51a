// SPDX-License-Identifier: GPL-2.0-only
// Processes that use up the memory of the machine.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

namespace scriptfs::bench {

// What the hogs are to use.
struct Pressure {
    std::uint64_t memory = 0; // bytes of anonymous memory, all of it touched again and again
    std::string cache_file;   // is written over and read again and again; none if empty
    std::uint64_t cache = 0;  // its size in bytes
};

// They run as long as this lives; the file is removed with them. The kernel ends them, too, when
// the thread that made them dies, and they are the first that it kills when memory runs out.
class Hogs {
public:
    // Throws Error when a process or the file cannot be made.
    explicit Hogs(const Pressure &pressure);
    ~Hogs();
    Hogs(const Hogs &) = delete;
    Hogs &operator=(const Hogs &) = delete;

    // Throws Error when one has ended, which none does by itself: then there is less pressure than
    // was asked for.
    void check();

private:
    std::vector<pid_t> children_;
    std::string cache_file_;
};

} // namespace scriptfs::bench
