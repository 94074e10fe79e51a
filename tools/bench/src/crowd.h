// SPDX-License-Identifier: GPL-2.0-only
// N threads at once, as the cases of scaling have them.
#pragma once

#include <fmt/format.h>

#include <string>

namespace scriptfs::bench {

struct Crowd {
    unsigned threads;
    bool write;
    bool one; // file for all of them

    // What the case is called; families.h knows these names.
    [[nodiscard]] std::string name() const
    {
        return fmt::format("{}-{}-{}", write ? "writers" : "readers", threads, one ? "one" : "own");
    }
};

} // namespace scriptfs::bench
