// SPDX-License-Identifier: GPL-2.0-only
#include "histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace scriptfs::bench {

namespace {

// Each power of two is cut into 2^cut bins of the same width; below 2^cut a bin is a nanosecond.
constexpr int cut = 6;
constexpr int top = 40;
constexpr std::size_t bins = (top - cut + 1) << cut;

std::size_t bin_of(std::uint64_t ns)
{
    ns = std::min(ns, (std::uint64_t{1} << top) - 1);
    const int power = std::max(static_cast<int>(std::bit_width(ns)) - 1 - cut, 0);
    return (static_cast<std::size_t>(power) << cut) + (ns >> power);
}

// The largest that falls into it.
std::uint64_t end_of(std::size_t bin)
{
    const std::size_t power = std::max<std::size_t>(bin >> cut, 1) - 1;
    return ((bin - (power << cut) + 1) << power) - 1;
}

} // namespace

Histogram::Histogram() : bins_(bins) {}

void Histogram::add(std::uint64_t ns)
{
    bins_[bin_of(ns)]++;
    count_++;
    max_ = std::max(max_, ns);
}

double Histogram::quantile(double fraction) const
{
    const auto wanted =
        static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_)));
    std::uint64_t below = 0;
    for (std::size_t bin = 0; bin < bins; bin++) {
        below += bins_[bin];
        if (below > 0 && below >= wanted)
            return static_cast<double>(std::min(end_of(bin), max_));
    }
    return static_cast<double>(max_);
}

std::vector<std::pair<double, double>> Histogram::cdf(std::size_t points) const
{
    std::vector<std::pair<double, double>> all;
    if (count_ == 0 || points < 2)
        return all;
    // What is left above falls by the same factor from one point to the next, down to one of all.
    const auto total = static_cast<double>(count_);
    const double factor = std::pow(1 / total, 1 / static_cast<double>(points - 2));
    double left = 1 / factor;
    std::uint64_t below = 0;
    for (std::size_t bin = 0; bin < bins; bin++) {
        below += bins_[bin];
        const double fraction = static_cast<double>(below) / total;
        if (bins_[bin] == 0 || below == count_ || 1 - fraction > left * factor)
            continue;
        left = 1 - fraction;
        all.emplace_back(end_of(bin), fraction);
    }
    all.emplace_back(max_, 1);
    return all;
}

} // namespace scriptfs::bench
