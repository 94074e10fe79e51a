// SPDX-License-Identifier: GPL-2.0-only
// What `run` is made of: orders, sizes, estimates, copies, the table, and a run on a directory.
#include "cases.h"
#include "lib/error.h"
#include "lib/grid.h"
#include "lib/mounts.h"
#include "progress.h"
#include "runner.h"
#include "table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <sstream>

#include <gmock/gmock.h>

namespace scriptfs::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t second = 1'000'000'000;

TEST(Permutation, HasEveryIndexOnceAndFollowsItsSeed)
{
    auto order = permutation(1000, 1);

    EXPECT_EQ(order, permutation(1000, 1));
    EXPECT_NE(order, permutation(1000, 2));
    EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
    std::sort(order.begin(), order.end());
    for (std::uint64_t i = 0; i < order.size(); i++)
        EXPECT_EQ(order[i], i);
    EXPECT_TRUE(permutation(0, 1).empty());
}

TEST(Estimates, TakeUnknownStepsForAverageOnes)
{
    Estimate estimate(2, 3);

    EXPECT_EQ(estimate.left(), -1);
    estimate.done(0, 0, second);
    EXPECT_EQ(estimate.left(), 5 * second);
    estimate.done(1, 0, 3 * second);
    EXPECT_EQ(estimate.left(), 8 * second);
    EXPECT_EQ(duration(8 * second), "8 s");
    EXPECT_EQ(duration(125 * second), "2 min 5 s");
    EXPECT_EQ(duration(3780 * second), "1 h 3 min");
}

TEST(Copies, MoveEveryByte)
{
    const Memory from(1 << 20);
    const Memory to(1 << 20);

    for (const std::size_t size : {4, 100, 1000, 4096, 65536, 1 << 20})
        for (const Copy kind : {Copy::plain, Copy::non_temporal}) {
            for (std::size_t i = 0; i < size; i++)
                *from.at(i) = static_cast<char>(i * 7 + size);
            copy(kind, to.at(0), from.at(0), size);
            EXPECT_TRUE(std::equal(from.at(0), from.at(size), to.at(0))) << size;
        }
}

TEST(Cases, HaveKnownUnits)
{
    std::set<std::string> names;

    for (const Job &job : all_jobs({8 << 20, 2}))
        for (const Case &one : job.cases) {
            names.insert(one.name);
            EXPECT_NO_THROW(check_one_of(pers, one.per, one.name));
            EXPECT_NO_THROW(check_one_of(units, one.unit.empty() ? "ns" : one.unit, one.name));
        }
    EXPECT_EQ(names.size(), 80U);
}

// Every case that a directory allows, once: results for all, and nothing is left behind.
TEST(Run, MeasuresADirectoryAndLeavesItEmpty)
{
    std::string dir = testing::TempDir() + "/bench-test.XXXXXX";
    ASSERT_TRUE(mkdtemp(dir.data()));
    Plan plan;
    plan.setup = {8 << 20, 1};
    plan.bed = "host";
    plan.rounds = 1;
    plan.wants = [](const std::string &name) { return name.find("-1G") == std::string::npos; };
    plan.jobs = all_jobs(plan.setup);
    std::erase_if(plan.jobs, [&](const Job &job) { return !plan.wants(job.cases.front().name); });
    Outcome outcome;
    {
        Mounts mounts;
        mounts.add(dir, {});
        outcome = run_plan(plan, mounts);
    }
    EXPECT_TRUE(std::filesystem::is_empty(dir));
    std::filesystem::remove(dir);

    const std::string fs = std::filesystem::path(dir).filename();
    Result like;
    like.bed = "host";
    like.driver = "bench";
    like.unit = "ns";
    for (const Job &job : plan.jobs)
        for (const Case &one : job.cases) {
            like.name = one.name;
            like.unit = one.unit.empty() ? "ns" : one.unit;
            const Result *result = outcome.document.find(like, fs);
            ASSERT_TRUE(result || outcome.skipped.contains({one.name, fs})) << one.name;
            if (result) {
                EXPECT_GT(result->figure.median, 0) << one.name;
            }
        }
    like.name = "new-4K";
    like.unit = "ns";
    EXPECT_TRUE(outcome.document.find(like, "memcpy"));
    EXPECT_TRUE(outcome.document.find(like, fs)->p999);
}

// A signal in the second round: the first one was handed over, and nothing is left behind.
TEST(Run, KeepsTheRoundsBeforeASignal)
{
    const OwnDir dir(testing::TempDir());
    Plan plan;
    int handed_over = 0;
    plan.setup = {8 << 20, 1};
    plan.bed = "host";
    plan.rounds = 5;
    plan.programs = true;
    plan.wants = [](const std::string &name) { return name == "new-8M"; };
    plan.jobs = all_jobs(plan.setup);
    std::erase_if(plan.jobs, [&](const Job &job) { return !plan.wants(job.cases.front().name); });
    plan.after_round = [&](const Document &document) {
        handed_over++;
        EXPECT_EQ(document.results.front().figure.runs, 1);
        stopped = true;
    };
    {
        Mounts mounts;
        mounts.add(dir.path(), {});
        EXPECT_THROW(run_plan(plan, mounts), Stopped);
    }
    stopped = false;
    EXPECT_EQ(handed_over, 1);
    EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(Table, NeedsNoRepetitionOfInstructions)
{
    Document document;

    for (const char *unit : {"ns", "instructions"}) {
        document.results = {
            {"new-4K", "ramfs", "call", "uml", "kernel", unit, summarize({100}), {}},
            {"new-4K", "scriptfs", "call", "uml", "kernel", unit, summarize({40}), {}}};
        EXPECT_THAT(tables(document), HasSubstr(*unit == 'n' ? "40.0    ~" : "40.0 0.40"));
    }
}

TEST(Table, ComparesMemoryWithTmpfs)
{
    Document document;

    for (const auto &[fs, bytes] : {std::pair{"ramfs", 1.2}, {"tmpfs", 1.25}, {"scriptfs", 3.0}})
        document.results.push_back(
            {"tree-held", fs, "byte", "tcg", "bench", "bytes", summarize({bytes}), {}});
    const std::string text = tables(document);

    EXPECT_THAT(text, HasSubstr("ratio to tmpfs: below 1 is less"));
    EXPECT_THAT(text, HasSubstr("1.20 0.96   1.25  3.00 2.40"));
    EXPECT_THAT(text, Not(HasSubstr("INSTRUCTIONS")));
}

TEST(Table, TellsFaultsFromWhatTheyCost)
{
    Document document;
    document.kernel = "5.10";
    for (const auto &[fs, faults] : {std::pair{"ramfs", 1.0}, std::pair{"scriptfs", 0.25}})
        document.results.push_back({"mmap-write-first-faults",
                                    fs,
                                    "page",
                                    "tcg",
                                    "bench",
                                    "faults",
                                    summarize({faults}),
                                    {}});
    const std::string text = tables(document);

    EXPECT_THAT(text, HasSubstr("page faults; ratio to ramfs: below 1 is less"));
    EXPECT_THAT(text, HasSubstr("0.25 0.25"));
    EXPECT_THAT(text, Not(HasSubstr("INSTRUCTIONS")));
}

TEST(Table, FitsAndWithholdsWhatMeansNothing)
{
    Document document;
    document.kernel = "5.10";
    for (const char *fs : {"memcpy", "memcpy-nt", "ramfs", "tmpfs", "tmpfs-huge", "scriptfs-page",
                           "scriptfs", "some-other-directory", "nvme"})
        document.results.push_back({"mmap-write-second",
                                    fs,
                                    "page",
                                    "host",
                                    "bench",
                                    "ns",
                                    summarize({100000, 200000, 300000}),
                                    {}});
    const std::string text = tables(document);
    std::istringstream lines(text);

    for (std::string line; std::getline(lines, line);)
        EXPECT_LE(line.size(), table_width) << line;
    EXPECT_THAT(text, HasSubstr("~"));
    EXPECT_THAT(text, HasSubstr("nvme"));
}

} // namespace
} // namespace scriptfs::bench
