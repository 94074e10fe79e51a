// SPDX-License-Identifier: GPL-2.0-only
#include "lib/error.h"
#include "samples.h"

#include <gtest/gtest.h>

#include <sstream>

#include <gmock/gmock.h>

namespace scriptfs::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

Document collected(const std::string &text)
{
    Samples samples;
    std::istringstream in(text);

    samples.read(in, "log");
    return samples.document();
}

TEST(Samples, AreGatheredOverRounds)
{
    const Document document = collected("info kernel 5.10.262 of a guest\n"
                                        "sample uml kernel 1 ramfs new-4K call ns 30\n"
                                        "sample uml kernel 2 ramfs new-4K call ns 10.5\n"
                                        "sample uml kernel 3 ramfs new-4K call ns 20\n"
                                        "sample uml kernel-user 1 ramfs new-4K call ns 1\n");

    EXPECT_EQ(document.kernel, "5.10.262 of a guest");
    EXPECT_EQ(document.rounds, 3);
    EXPECT_EQ(document.bed, "uml");
    EXPECT_EQ(document.unit, "ns");
    ASSERT_EQ(document.results.size(), 2U);
    EXPECT_DOUBLE_EQ(document.results[0].figure.median, 20);
    EXPECT_EQ(document.results[0].figure.runs, 3);
    EXPECT_EQ(document.results[1].driver, "kernel-user");
}

TEST(Samples, MayComeFromAConsole)
{
    const Document document =
        collected("Linux version 5.10\r\n"
                  "\r\n"
                  "[    1.234567] sample tcg-icount kernel 1 tmpfs read-1M page instructions 7\r\n"
                  "[    1.234568] kbench: sample uml kernel 1 tmpfs read-1M page ns 8\r\n"
                  "[    1.3] kbench: samples are ready\n"
                  "a sample of something\n");

    ASSERT_EQ(document.results.size(), 2U);
    EXPECT_DOUBLE_EQ(document.results[0].figure.median, 7);
    EXPECT_EQ(document.bed, "mixed");
    EXPECT_EQ(document.unit, "mixed");
}

TEST(Samples, MayBeOfMemory)
{
    const Document document = collected("sample tcg bench 1 tmpfs tree-held byte bytes 1.2704\n"
                                        "sample tcg bench 1 tmpfs tree-beside file bytes 1246.5\n");

    ASSERT_EQ(document.results.size(), 2U);
    EXPECT_TRUE(is_memory(document.results[0]));
    EXPECT_EQ(document.unit, "bytes");
    const Document back = parse_document(document_json(document), "x.json");
    EXPECT_EQ(back.unit, "bytes");
    EXPECT_EQ(back.results[0].per, "byte");
    EXPECT_DOUBLE_EQ(back.results[0].figure.median, 1.27);
    EXPECT_DOUBLE_EQ(back.results[1].figure.median, 1246.5);
}

TEST(Samples, BringLatencies)
{
    const Document document = collected(
        R"(latency tcg ramfs idle ns {"count": 2, "p50": 1, "p99": 2, "p999": 2, "max": 2,)"
        R"("reclaim": 0, "compaction": 3, "cdf": [[1, 0.5], [2, 1]]})");

    ASSERT_EQ(document.latency.size(), 1U);
    EXPECT_EQ(document.latency[0].fs, "ramfs");
    EXPECT_EQ(document.latency[0].compaction, 3U);
    EXPECT_EQ(document.latency[0].cdf.size(), 2U);
}

TEST(Samples, BringLocks)
{
    const Document document = collected(
        R"(lock tcg scriptfs readers-4-own {"processors": 4, "calls": 1000, "taken": 2020.5,)"
        R"("bounced": 2, "contended": 0, "classes": [{"class": "&a lock", "taken": 2000,)"
        R"("bounced": 0, "contended": 0}]})");

    ASSERT_EQ(document.locks.size(), 1U);
    EXPECT_EQ(document.locks[0].name, "readers-4-own");
    EXPECT_EQ(document.locks[0].processors, 4);
    EXPECT_EQ(document.locks[0].sum.taken, 2020.5);
    EXPECT_EQ(document.locks[0].classes.at(0).first, "&a lock");
    EXPECT_EQ(document.bed, "tcg");
    EXPECT_EQ(document.unit, "locks");
}

TEST(Samples, NameTheLineThatIsWrong)
{
    auto reading = [](const std::string &line) { return [line] { collected("x\n" + line); }; };

    EXPECT_THAT(reading("sample uml kernel 1 ramfs new-4K call ns fast"),
                ThrowsMessage<Error>(AllOf(HasSubstr("log, line 2"), HasSubstr("VALUE"))));
    EXPECT_THAT(reading("sample uml kernel 1 ramfs new-4K call ns"),
                ThrowsMessage<Error>(HasSubstr("log, line 2")));
    EXPECT_THAT(reading("sample uml kernel 1 ramfs new-4K call ns 1 2"),
                ThrowsMessage<Error>(HasSubstr("log, line 2")));
    EXPECT_THAT(reading("sample uml kernel 1 ramfs new-4K call ns -1"),
                ThrowsMessage<Error>(HasSubstr("0 or more")));
    EXPECT_THAT(reading("sample xen kernel 1 ramfs new-4K call ns 1"),
                ThrowsMessage<Error>(AllOf(HasSubstr("BED"), HasSubstr("tcg-icount"))));
    EXPECT_THAT(reading("sample uml kernel 1 ramfs new-4K acre ns 1"),
                ThrowsMessage<Error>(AllOf(HasSubstr("PER"), HasSubstr("GiB"))));
    EXPECT_THAT(reading("latency tcg ramfs idle ns nothing"),
                ThrowsMessage<Error>(HasSubstr("JSON object")));
    EXPECT_THAT(reading("latency tcg ramfs idle ns {\"count\": 1}"),
                ThrowsMessage<Error>(HasSubstr("p50: the key is missing")));
    EXPECT_THAT(reading("lock scriptfs writers-2-own 5 4 3 &lock"),
                ThrowsMessage<Error>(AllOf(HasSubstr("log, line 2"), HasSubstr("lock BED FS"))));
    EXPECT_THAT(reading("lock xen scriptfs writers-2-own {}"),
                ThrowsMessage<Error>(AllOf(HasSubstr("bed"), HasSubstr("tcg-icount"))));
    EXPECT_THAT(reading("lock tcg scriptfs new-4K {}"),
                ThrowsMessage<Error>(HasSubstr("readers-N-one")));
    EXPECT_THAT(reading("lock tcg scriptfs writers-2-own {}"),
                ThrowsMessage<Error>(HasSubstr("processors: the key is missing")));
}

} // namespace
} // namespace scriptfs::bench
