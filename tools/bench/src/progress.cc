// SPDX-License-Identifier: GPL-2.0-only
#include "progress.h"

#include <fmt/core.h>

#include <cstdio>

#include <unistd.h>

namespace scriptfs::bench {

void Estimate::done(std::size_t step, unsigned round, std::int64_t time)
{
    times_[step] = time;
    rounds_done_[step] = round + 1;
}

std::int64_t Estimate::left() const
{
    std::int64_t sum = 0;
    std::int64_t known = 0;

    for (const std::int64_t time : times_)
        if (time >= 0) {
            sum += time;
            known++;
        }
    if (!known)
        return -1;
    std::int64_t left = 0;
    for (std::size_t i = 0; i < times_.size(); i++)
        left += (times_[i] >= 0 ? times_[i] : sum / known) * (rounds_ - rounds_done_[i]);
    return left;
}

std::string duration(std::int64_t ns)
{
    const std::int64_t seconds = (ns + 500'000'000) / 1'000'000'000;

    if (seconds < 60)
        return fmt::format("{} s", seconds);
    if (seconds < 3600)
        return fmt::format("{} min {} s", seconds / 60, seconds % 60);
    return fmt::format("{} h {} min", seconds / 3600, seconds % 3600 / 60);
}

Progress::Progress() : terminal_(isatty(STDERR_FILENO)) {}

Progress::~Progress()
{
    if (terminal_)
        fmt::print(stderr, "\r\033[K");
}

void Progress::show(const std::string &text) const
{
    if (!terminal_)
        return;
    fmt::print(stderr, "\r{:.99}\033[K", text);
    std::fflush(stderr);
}

} // namespace scriptfs::bench
