// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace scriptfs::bench {
namespace {

constexpr double same = 0.10; // both spreads below: equal figures are equal
constexpr double wild = 0.50; // a spread above: no figure at all
constexpr int few = 3;

double of_sorted(const std::vector<double> &values, double fraction)
{
    const double place = fraction * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const auto above = std::min(below + 1, values.size() - 1);

    return std::lerp(values[below], values[above], place - static_cast<double>(below));
}

} // namespace

double percentile(std::vector<double> values, double fraction)
{
    if (values.empty())
        throw std::invalid_argument("percentile of no values");
    if (!(fraction >= 0 && fraction <= 1))
        throw std::invalid_argument("percentile: the fraction is not between 0 and 1");
    std::sort(values.begin(), values.end());
    return of_sorted(values, fraction);
}

Summary summarize(const std::vector<double> &values)
{
    if (values.empty())
        throw std::invalid_argument("summary of no values");
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    return {.median = of_sorted(sorted, 0.5),
            .min = sorted.front(),
            .max = sorted.back(),
            .q1 = of_sorted(sorted, 0.25),
            .q3 = of_sorted(sorted, 0.75),
            .runs = static_cast<int>(sorted.size())};
}

bool meaningful(const Summary &a, const Summary &b)
{
    if (a.median <= 0 || b.median <= 0 || a.runs < few || b.runs < few)
        return false;
    if (a.spread() > wild || b.spread() > wild)
        return false;
    const bool overlap = a.q1 <= b.q3 && b.q1 <= a.q3;
    return !overlap || (a.spread() <= same && b.spread() <= same);
}

} // namespace scriptfs::bench
