// SPDX-License-Identifier: GPL-2.0-only
// A file system for files that grow to 1 MiB, or that are large from the beginning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace bench {

inline constexpr std::size_t scratch_file = std::size_t{1} << 20;

// A directory to write in: mounted for the occasion (ramfs, tmpfs, scriptfs), or below one that the
// user named. On scriptfs it has a reserve for that many files of 1 MiB that are written from their
// beginning in small pieces, or as many MiB of larger ones, and nothing beyond: what does not fit
// into it is ENOSPC. Gone with this, if it is empty.
class Scratch {
public:
    // Throws Error when it can be neither mounted nor made.
    Scratch(const std::string &fs, std::uint64_t files);
    ~Scratch();
    Scratch(const Scratch &) = delete;
    Scratch &operator=(const Scratch &) = delete;

    [[nodiscard]] const std::string &dir() const { return dir_; }

private:
    std::string dir_;
    bool mounted_;
};

// --fs: which of these, or which directories. Others are refused with the command line, before
// anything is measured.
void add_scratch_option(CLI::App &command, std::vector<std::string> &filesystems);

} // namespace bench
