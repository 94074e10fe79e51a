// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace scriptfs::bench {
namespace {

TEST(Percentile, TakesTheValueOrGoesBetweenTwo)
{
    EXPECT_DOUBLE_EQ(percentile({3, 1, 2}, 0.5), 2);
    EXPECT_DOUBLE_EQ(percentile({4, 1, 3, 2}, 0.5), 2.5);
    EXPECT_DOUBLE_EQ(percentile({4, 1, 3, 2}, 0), 1);
    EXPECT_DOUBLE_EQ(percentile({4, 1, 3, 2}, 1), 4);
    EXPECT_DOUBLE_EQ(percentile({7}, 0.999), 7);
}

TEST(Percentile, RefusesWhatIsNone)
{
    EXPECT_THROW(percentile({}, 0.5), std::invalid_argument);
    EXPECT_THROW(percentile({1}, -0.1), std::invalid_argument);
    EXPECT_THROW(percentile({1}, 1.1), std::invalid_argument);
}

TEST(Summarize, KeepsTheOutlierOutOfTheSpread)
{
    const Summary all = summarize({10, 11, 9, 1000, 10});

    EXPECT_DOUBLE_EQ(all.median, 10);
    EXPECT_DOUBLE_EQ(all.min, 9);
    EXPECT_DOUBLE_EQ(all.max, 1000);
    EXPECT_DOUBLE_EQ(all.spread(), 0.1);
    EXPECT_EQ(all.runs, 5);
    EXPECT_THROW(summarize({}), std::invalid_argument);
}

TEST(Meaningful, WantsTheMiddleHalvesApart)
{
    const Summary slow = summarize({100, 120, 140});
    const Summary fast = summarize({50, 60, 70});

    EXPECT_TRUE(meaningful(slow, fast));
    EXPECT_FALSE(meaningful(slow, summarize({90, 115, 135})));
}

TEST(Meaningful, SaysAboutTheSameOfSteadyFigures)
{
    EXPECT_TRUE(meaningful(summarize({99, 100, 101}), summarize({100, 101, 102})));
}

TEST(Meaningful, RefusesWildFewAndZero)
{
    const Summary steady = summarize({10, 10, 10});

    EXPECT_FALSE(meaningful(summarize({100, 500, 1000}), steady));
    EXPECT_FALSE(meaningful(summarize({100}), steady));
    EXPECT_FALSE(meaningful(summarize({100, 101}), steady));
    EXPECT_FALSE(meaningful(summarize({0, 0, 0}), steady));
}

} // namespace
} // namespace scriptfs::bench
