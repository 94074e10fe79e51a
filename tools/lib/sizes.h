// SPDX-License-Identifier: GPL-2.0-only
// Sizes in bytes, as options and the names of cases have them.
#pragma once

#include <cstdint>
#include <string>

namespace scriptfs {

inline constexpr std::uint64_t mib = 1 << 20;

// Bytes from 4096, 64K, 256M, 2G. Throws Error, which begins with `where`, for anything else.
std::uint64_t parse_size(const std::string &text, const std::string &where);

// The way back, for multiples of 1 KiB: 4K, 64K, 1M, 1G.
std::string size_name(std::uint64_t bytes);

} // namespace scriptfs
