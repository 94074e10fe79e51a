// SPDX-License-Identifier: GPL-2.0-only
// The classes of blocks that a scriptfs takes its files' memory from, and the reserve of a mount.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace scriptfs {

struct Class {
    std::string_view name;
    std::uint64_t block; // bytes
};

inline constexpr std::array<Class, 5> classes{{{"poem", 32 << 10},
                                               {"novel", 64 << 10},
                                               {"medium", 512 << 10},
                                               {"large", 2 << 20},
                                               {"super", 256 << 20}}};

// How many blocks of each class a mount allocates in advance.
struct Reserve {
    std::array<std::uint64_t, classes.size()> blocks{};
    std::string_view more = {}; // options beside

    [[nodiscard]] std::uint64_t bytes() const;
    [[nodiscard]] std::string options() const; // of mount(2): "poem=2,novel=1,..."
};

// For large files of so many bytes together, and that many files of up to 32 KiB and of up to 64
// KiB.
Reserve reserve_for(std::uint64_t bytes, std::uint64_t small_files);

// For files of 1 MiB that are written from their beginning in small pieces, or as many MiB of
// larger ones, and nothing beyond: what does not fit is ENOSPC.
Reserve strict_reserve_for(std::uint64_t files);

} // namespace scriptfs
