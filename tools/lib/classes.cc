// SPDX-License-Identifier: GPL-2.0-only
#include "lib/classes.h"

#include <fmt/format.h>

namespace scriptfs {

std::uint64_t Reserve::bytes() const
{
    std::uint64_t sum = 0;

    for (std::size_t i = 0; i < classes.size(); i++)
        sum += blocks[i] * classes[i].block;
    return sum;
}

std::string Reserve::options() const
{
    std::string text(more);

    for (std::size_t i = 0; i < classes.size(); i++)
        if (blocks[i])
            text += fmt::format("{}{}={}", text.empty() ? "" : ",", classes[i].name, blocks[i]);
    return text;
}

Reserve reserve_for(std::uint64_t bytes, std::uint64_t small_files)
{
    constexpr std::uint64_t mediums = 32;
    constexpr std::uint64_t large = 2 << 20;
    constexpr std::uint64_t partly_filled = 16; // large blocks at the ends of files

    return {{small_files, small_files, mediums, bytes / large + partly_filled}};
}

Reserve strict_reserve_for(std::uint64_t files)
{
    // Such a file takes 2 poems, 7 novels and a medium, and a few more while it grows and is
    // fitted. Half of the larger files are not in those.
    files += 4;
    return {{2 * files, 7 * files, files, files / 2}, "strict"};
}

} // namespace scriptfs
