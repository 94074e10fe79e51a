// SPDX-License-Identifier: GPL-2.0-only
// Statistics of a few rounds, and the rule for when two figures may be compared.
#pragma once

#include <vector>

namespace scriptfs::bench {

// What is kept of all measurements of one thing, in the unit of the measurements.
struct Summary {
    double median = 0;
    double min = 0;
    double max = 0;
    double q1 = 0; // a quarter of the runs are below
    double q3 = 0; // a quarter of the runs are above
    int runs = 0;

    // How far apart the middle half of the runs lies, as a part of the median.
    [[nodiscard]] double spread() const { return median > 0 ? (q3 - q1) / median : 0; }
};

// The value below which that fraction (0 to 1) of the values lies, interpolated between the two
// nearest. Throws std::invalid_argument when there are no values or the fraction is not one.
double percentile(std::vector<double> values, double fraction);

// Throws std::invalid_argument when there are no values.
Summary summarize(const std::vector<double> &values);

// Is the ratio of two times worth printing? Not when a median is 0; not of fewer than three runs
// each; not when either figure is spread over more than half of its median; and not when their
// middle halves overlap, unless both spreads are below a tenth, when "about the same" is a result.
bool meaningful(const Summary &a, const Summary &b);

} // namespace scriptfs::bench
