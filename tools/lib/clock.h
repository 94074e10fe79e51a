// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>

#include <time.h>

namespace scriptfs {

// Nanoseconds of CLOCK_MONOTONIC; in a guest with -icount shift=0 these are instructions.
inline std::int64_t now()
{
    timespec time{};

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1'000'000'000LL + time.tv_nsec;
}

// What the work took.
template <typename Work>
std::int64_t taken(Work &&work)
{
    const std::int64_t begin = now();
    work();
    return now() - begin;
}

} // namespace scriptfs
