// SPDX-License-Identifier: GPL-2.0-only
#include "histogram.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using scriptfs::bench::Histogram;

TEST(Histogram, IsEmptyAtFirst)
{
    const Histogram histogram;

    EXPECT_EQ(histogram.count(), 0U);
    EXPECT_EQ(histogram.max(), 0U);
    EXPECT_EQ(histogram.quantile(0.5), 0);
    EXPECT_TRUE(histogram.cdf(200).empty());
}

TEST(Histogram, IsExactBelow128)
{
    Histogram histogram;

    for (std::uint64_t ns = 1; ns <= 100; ns++)
        histogram.add(ns);
    EXPECT_EQ(histogram.quantile(0.5), 50);
    EXPECT_EQ(histogram.quantile(0.99), 99);
    EXPECT_EQ(histogram.quantile(0.999), 100);
    EXPECT_EQ(histogram.quantile(0), 1);
}

// Never below what was counted, and above it by less than a 64th.
TEST(Histogram, IsNearEverywhere)
{
    for (std::uint64_t ns = 1; ns < std::uint64_t{1} << 39; ns = ns * 3 / 2 + 1) {
        Histogram histogram;

        histogram.add(ns);
        histogram.add(ns * 2);
        const double found = histogram.quantile(0.5);
        EXPECT_GE(found, static_cast<double>(ns));
        EXPECT_LE(found, static_cast<double>(ns) * (1 + 1.0 / 64));
        EXPECT_EQ(histogram.quantile(1), static_cast<double>(ns * 2));
    }
}

TEST(Histogram, KeepsTheLargestBeyondItsRange)
{
    Histogram histogram;

    histogram.add(UINT64_MAX);
    EXPECT_EQ(histogram.count(), 1U);
    EXPECT_EQ(histogram.max(), UINT64_MAX);
}

TEST(Histogram, DistributionIsShortAndKeepsTheTail)
{
    Histogram histogram;

    for (std::uint64_t ns = 0; ns < 100000; ns++)
        histogram.add(1000 + ns);
    histogram.add(5'000'000);
    const auto cdf = histogram.cdf(200);
    ASSERT_GT(cdf.size(), 30U);
    EXPECT_LE(cdf.size(), 200U);
    for (std::size_t i = 1; i < cdf.size(); i++) {
        EXPECT_LT(cdf[i - 1].first, cdf[i].first);
        EXPECT_LT(cdf[i - 1].second, cdf[i].second);
    }
    EXPECT_EQ(cdf.back().first, 5'000'000);
    EXPECT_EQ(cdf.back().second, 1);
    // What lies between the two is told from the largest one.
    EXPECT_LT(cdf[cdf.size() - 2].first, 110'000);
    EXPECT_GT(cdf[cdf.size() - 2].second, 0.9998);
}

} // namespace
