// SPDX-License-Identifier: GPL-2.0-only
// How long something took, counted in bins that are 1/64 of their value wide, whatever the value
// is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace scriptfs::bench {

// All memory is allocated when it is made, so that counting never waits for any.
class Histogram {
public:
    Histogram();

    // Counts one. More than about 18 minutes is counted as that.
    void add(std::uint64_t ns);

    [[nodiscard]] std::uint64_t count() const { return count_; }
    // The exact largest, 0 when nothing was counted.
    [[nodiscard]] std::uint64_t max() const { return max_; }

    // The time in nanoseconds that this fraction (0 to 1) of what was counted did not exceed: the
    // upper end of its bin, but not above max(). 0 when nothing was counted.
    [[nodiscard]] double quantile(double fraction) const;

    // The distribution as (nanoseconds, fraction up to that), at most `points` of them, and the
    // last is (max, 1). Denser where less is left above, so that the tail shows.
    [[nodiscard]] std::vector<std::pair<double, double>> cdf(std::size_t points) const;

private:
    std::vector<std::uint64_t> bins_;
    std::uint64_t count_ = 0;
    std::uint64_t max_ = 0;
};

} // namespace scriptfs::bench
