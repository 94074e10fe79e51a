// SPDX-License-Identifier: GPL-2.0-only
#include "lib/error.h"
#include "results.h"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace scriptfs::bench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

Document example()
{
    Document document;

    document.kernel = "5.10.262";
    document.bed = "uml";
    document.unit = "ns";
    document.rounds = 5;
    document.cpu = "Some processor";
    document.cores = 2;
    document.results.push_back(
        {"new-4K", "ramfs", "call", "uml", "kernel", "ns", summarize({1, 2, 3.25, 4, 9}), 12.5});
    document.results.push_back(
        {"unlink-big", "scriptfs", "page", "uml", "kernel", "ns", summarize({0.31234}), {}});
    document.latency.push_back({"kvm",
                                "scriptfs",
                                "pressure",
                                "ns",
                                1000,
                                900,
                                2000,
                                3000.5,
                                40000,
                                1,
                                2,
                                {{900, 0.5}, {40000, 1}}});
    document.locks.push_back({"tcg",
                              "scriptfs",
                              "writers-2-one",
                              2,
                              8192,
                              {6126.25, 697, 345},
                              {{"&pool->lock", {3.5, 1, 0}}}});
    return document;
}

TEST(Results, SurviveTheWayToJsonAndBack)
{
    const Document document = example();
    const Document back = parse_document(document_json(document), "x.json");

    EXPECT_EQ(back.kernel, document.kernel);
    EXPECT_EQ(back.bed, document.bed);
    EXPECT_EQ(back.unit, document.unit);
    EXPECT_EQ(back.rounds, document.rounds);
    EXPECT_EQ(back.cpu, document.cpu);
    EXPECT_EQ(back.cores, document.cores);
    ASSERT_EQ(back.results.size(), 2U);
    const Result &result = back.results[0];
    EXPECT_EQ(result.name, "new-4K");
    EXPECT_EQ(result.fs, "ramfs");
    EXPECT_EQ(result.per, "call");
    EXPECT_EQ(result.driver, "kernel");
    EXPECT_EQ(result.figure.median, 3.25);
    EXPECT_EQ(result.figure.q1, 2);
    EXPECT_EQ(result.figure.q3, 4);
    EXPECT_EQ(result.figure.max, 9);
    EXPECT_EQ(result.figure.runs, 5);
    EXPECT_EQ(result.p999, 12.5);
    EXPECT_FALSE(back.results[1].p999);
    EXPECT_EQ(back.results[1].figure.median, 0.3123);
    ASSERT_EQ(back.latency.size(), 1U);
    EXPECT_EQ(back.latency[0].cdf, document.latency[0].cdf);
    EXPECT_EQ(back.latency[0].compaction, 2U);
    ASSERT_EQ(back.locks.size(), 1U);
    const Locks &locks = back.locks[0];
    EXPECT_EQ(locks.bed, "tcg");
    EXPECT_EQ(locks.fs, "scriptfs");
    EXPECT_EQ(locks.name, "writers-2-one");
    EXPECT_EQ(locks.processors, 2);
    EXPECT_EQ(locks.calls, 8192U);
    EXPECT_EQ(locks.sum.taken, 6126.25);
    EXPECT_EQ(locks.sum.bounced, 697);
    EXPECT_EQ(locks.sum.contended, 345);
    ASSERT_EQ(locks.classes.size(), 1U);
    EXPECT_EQ(locks.classes[0].first, "&pool->lock");
    EXPECT_EQ(locks.classes[0].second.bounced, 1);
    EXPECT_EQ(document_json(back), document_json(parse_document(document_json(back), "y")));
}

TEST(Results, ReadSchemaOneAsMakeRunWritesIt)
{
    const Document document = parse_document(
        R"({"schema": 1, "kernel": "5.10", "bed": "tcg-icount", "unit": "instructions", "rounds": 5,
            "results": [{"case": "dd-new-1M", "fs": "ramfs", "per": "page", "median": 2,
                         "min": 1, "max": 3, "runs": 5},
                        {"case": "poems-create", "fs": "ramfs", "per": "file", "median": 2,
                         "min": 1, "max": 3, "runs": 5}]})",
        "x.json");

    EXPECT_EQ(document.results[0].driver, "dd");
    EXPECT_EQ(document.results[1].driver, "bench");
    EXPECT_EQ(document.results[0].bed, "tcg-icount");
    EXPECT_EQ(document.results[0].unit, "instructions");
    EXPECT_EQ(document.results[0].figure.q1, 1);
}

TEST(Results, ReadSchemaTwoOfBeforeThereWereLocks)
{
    Document document = example();
    document.locks.clear();
    const std::string text = document_json(document);

    EXPECT_EQ(text.find("locks"), std::string::npos);
    EXPECT_TRUE(parse_document(text, "x.json").locks.empty());
}

TEST(Results, DescribeADocumentOfLocksOnly)
{
    Document document = example();
    document.results.clear();
    document.latency.clear();
    describe(document);

    EXPECT_EQ(document.bed, "tcg");
    EXPECT_EQ(document.unit, "locks");
    EXPECT_EQ(document.cpu, "Some processor");
    EXPECT_EQ(parse_document(document_json(document), "x.json").unit, "locks");
}

TEST(Results, NameFileKeyAndWhatIsAllowed)
{
    const std::string good = document_json(example());
    auto broken = [&](const std::string &from, const std::string &to) {
        std::string text = good;
        text.replace(text.find(from), from.size(), to);
        return [text] { parse_document(text, "x.json"); };
    };

    EXPECT_THAT(broken("\"ns\",\"median\"", "\"s\",\"median\""),
                ThrowsMessage<Error>(AllOf(HasSubstr("x.json: results[0].unit"), HasSubstr("\"s\""),
                                           HasSubstr("ns, instructions"))));
    EXPECT_THAT(broken("\"schema\": 2", "\"schema\": 3"),
                ThrowsMessage<Error>(AllOf(HasSubstr("x.json: schema"), HasSubstr("1, 2"))));
    EXPECT_THAT(broken("\"fs\"", "\"sf\""),
                ThrowsMessage<Error>(HasSubstr("results[0].fs: the key is missing")));
    EXPECT_THAT(broken("\"median\":3.25", "\"median\":\"3\""),
                ThrowsMessage<Error>(AllOf(HasSubstr("results[0].median"), HasSubstr("a number"))));
    EXPECT_THAT(broken("\"median\":3.25", "\"median\":300"),
                ThrowsMessage<Error>(HasSubstr("min <= q1 <= median")));
    EXPECT_THAT(broken("\"pressure\"", "\"some\""),
                ThrowsMessage<Error>(HasSubstr("latency[0].load")));
    EXPECT_THAT(broken("writers-2-one", "writers-one"),
                ThrowsMessage<Error>(
                    AllOf(HasSubstr("locks[0].case"), HasSubstr("allowed: writers-N-own"))));
    EXPECT_THAT(broken("\"contended\":0", "\"contended\":-1"),
                ThrowsMessage<Error>(HasSubstr("locks[0].classes[0].contended")));
    EXPECT_THAT(broken("{", ""), ThrowsMessage<Error>(HasSubstr("x.json: not JSON")));
    EXPECT_THAT([] { read_document("/nowhere/x.json"); },
                ThrowsMessage<Error>(HasSubstr("/nowhere/x.json: cannot be read")));
}

} // namespace
} // namespace scriptfs::bench
