// SPDX-License-Identifier: GPL-2.0-only
#include "compare.h"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace scriptfs::bench {
namespace {

using testing::HasSubstr;

Result result(const std::string &name, const std::vector<double> &values,
              const std::string &unit = "instructions")
{
    return {name, "scriptfs", "page", "uml", "kernel", unit, summarize(values), {}};
}

Document document(std::vector<Result> results)
{
    Document all;

    all.results = std::move(results);
    return all;
}

TEST(Changes, CountBeyondTheTolerance)
{
    const Document before = document({result("a", {100}), result("b", {100}), result("c", {100})});
    const Document after = document({result("a", {102}), result("b", {103}), result("c", {50})});
    const auto found = changes(before, after, 0.02);

    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].before->name, "c");
    EXPECT_EQ(found[0].verdict, Verdict::better);
    EXPECT_EQ(found[1].before->name, "b");
    EXPECT_EQ(found[1].verdict, Verdict::worse);
    EXPECT_EQ(found[2].verdict, Verdict::unchanged);
}

TEST(Changes, OfTimesCountOutsideTheSpread)
{
    const Document before =
        document({result("a", {80, 100, 120}, "ns"), result("b", {99, 100, 101}, "ns")});
    const Document after =
        document({result("a", {90, 115, 130}, "ns"), result("b", {114, 115, 116}, "ns")});
    const auto found = changes(before, after, 0.02);

    EXPECT_EQ(found[0].verdict, Verdict::unchanged);
    EXPECT_EQ(found[1].verdict, Verdict::worse);
}

TEST(Changes, NameWhatIsGoneOrAdded)
{
    const auto before = document({result("a", {1}), result("b", {1})});
    const auto after = document({result("b", {1}), result("c", {1})});
    const auto found = changes(before, after, 0.02);

    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].verdict, Verdict::unchanged);
    EXPECT_EQ(found[1].verdict, Verdict::gone);
    EXPECT_EQ(found[2].verdict, Verdict::added);
    const std::string text = changes_text(found, 0.02);
    EXPECT_THAT(text, HasSubstr("gone"));
    EXPECT_THAT(text, HasSubstr("0 worse, 0 better, 1 unchanged"));
}

TEST(Changes, FromNothingAreTheLargest)
{
    const Document before = document({result("a", {100}), result("b", {0}), result("c", {0})});
    const Document after = document({result("a", {200}), result("b", {1}), result("c", {0})});
    const auto found = changes(before, after, 0.02);

    EXPECT_EQ(found[0].before->name, "b");
    EXPECT_EQ(found[0].verdict, Verdict::worse);
    EXPECT_EQ(found[1].before->name, "a");
    EXPECT_EQ(found[2].verdict, Verdict::unchanged);
}

TEST(Changes, KeepBedsAndDriversApart)
{
    Result other = result("a", {500});
    other.driver = "kernel-user";
    const auto found = changes(document({result("a", {1}), other}), document({other}), 0.02);

    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[0].verdict, Verdict::unchanged);
    EXPECT_EQ(found[1].verdict, Verdict::gone);
}

} // namespace
} // namespace scriptfs::bench
