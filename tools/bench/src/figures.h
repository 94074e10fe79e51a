// SPDX-License-Identifier: GPL-2.0-only
// Figures as people read them: numbers, sizes, ratios with their doubt, how a cost grows.
#pragma once

#include "bars.h"
#include "plots.h"
#include "results.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scriptfs::bench::figures {

// Three significant digits, thousands apart: 0.52, 17.3, 812, 5 228, 1 390 000 (by thin spaces).
std::string number(double value);

// 4 KiB, 2 GiB: a size in bytes, in the largest unit that leaves at least 1.
std::string bytes(double value);

// 1.5 µs, 20 ms: a time in nanoseconds.
std::string time(double nanoseconds);

// The number at the end of a case's name behind the last dash, with K, M and G as powers of 1024.
// Nothing if there is none: 4K is 4096, 1000 is 1000.
std::optional<double> last_number(std::string_view name);

// How many times as fast (or as cheap) as `base` the other one is, with what the spread allows.
// Sure if the two are exact, or else if meaningful() says so. Nothing if a median is 0.
std::optional<Bar> times_as_fast(const Summary &base, const Summary &other, bool exact);

// The exponent of growth: the slope of a straight line through the logarithms of the points, by
// least squares. 0 does not grow, 1 grows in proportion. Nothing with fewer than two different x or
// without points above 0.
std::optional<double> slope(const std::vector<plots::Point> &points);

// "does not grow", "grows in proportion", "grows as the power 0.5".
std::string growth_words(double slope);

// How one line of a plot grows.
struct Growth {
    std::string fs;
    std::vector<plots::Point> points; // in the order of x
};

// One sentence on all of them, scriptfs first: what each costs at both ends, and its slope. Lines
// of fewer than two points are left out; empty if none is left. `what` is what is paid for ("a page
// of a new file"), `unit` what with, `name` says an x in words.
std::string growth_sentence(std::string_view what, std::string_view unit, std::vector<Growth> lines,
                            std::string (*name)(double));

} // namespace scriptfs::bench::figures
