// SPDX-License-Identifier: GPL-2.0-only
// The parts of the report that decide something: what is said of a ratio and of growth, and
// escaping.
#include "bars.h"
#include "families.h"
#include "figures.h"
#include "html.h"
#include "palette.h"
#include "plots.h"
#include "sections.h"
#include "table.h"
#include "words.h"

#include <gtest/gtest.h>

#include <string>

#include <gmock/gmock.h>

namespace scriptfs::bench {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Html, EscapesWhatMeansSomething)
{
    EXPECT_EQ(html::escape("a<b & \"c\" 'd'>"), "a&lt;b &amp; &quot;c&quot; &#39;d&#39;&gt;");
    EXPECT_EQ(html::escape("/mnt/größe"), "/mnt/größe");
}

TEST(Html, APageNamesNoOtherFile)
{
    const std::string page = html::page("<t>", "<p>x</p>");

    EXPECT_NE(page.find("<title>&lt;t&gt;</title>"), std::string::npos);
    EXPECT_EQ(page.find("http"), std::string::npos);
    EXPECT_EQ(page.find("src="), std::string::npos);
}

TEST(Plots, QuotesForGnuplot)
{
    EXPECT_EQ(plots::in_quotes("a\"b\\c`d\ne"), "a\\\"b\\\\c'd e");
}

TEST(Palette, ADirectoryKeepsItsColour)
{
    EXPECT_EQ(colour("ramfs"), 0U);
    EXPECT_EQ(colour("scriptfs"), 3U);
    EXPECT_EQ(colour("/mnt/x"), colour("/mnt/x"));
    EXPECT_GE(colour("/mnt/x"), 5U);
    EXPECT_LE(colour("/mnt/x"), 7U);
}

TEST(Bars, AreAsLongAsTheirValues)
{
    BarChart chart{"", "times <", {"ramfs", "scriptfs"}, {{"new-4K", {}, 4.0, {}}}};
    chart.rows[0].bars = {Bar{1, 1, 1, true}, Bar{500, 400, 600, false}};
    const std::string text = bars_html(chart);

    // the scale ends at 1.15 times the longest that is not cut, and leaves room for words
    EXPECT_THAT(text, HasSubstr("--one:18.74%"));
    EXPECT_THAT(text,
                HasSubstr("var(--s0)\"><i style=\"width:18.74%\"></i><b style=\"left:18.74%\">"
                          "1.00×</b>"));
    EXPECT_THAT(text, HasSubstr("<i class=\"unsure\" style=\"width:86.21%\"></i>"));
    EXPECT_THAT(text, HasSubstr("→ ?"));
    EXPECT_THAT(text, HasSubstr("<s class=\"line\" style=\"left:74.96%\"></s>"));
    EXPECT_THAT(text, HasSubstr("times &lt;"));
    EXPECT_THAT(text, Not(HasSubstr("dashes")));
}

TEST(Figures, Numbers)
{
    EXPECT_EQ(figures::number(0.523), "0.52");
    EXPECT_EQ(figures::number(17.34), "17.3");
    EXPECT_EQ(figures::number(811.6), "812");
    EXPECT_EQ(figures::number(5228), "5\u2009228");
    EXPECT_EQ(figures::number(1234567), "1\u2009234\u2009600");
    EXPECT_EQ(figures::number(-5228), "-5\u2009228");
}

TEST(Figures, SizesAndTimes)
{
    EXPECT_EQ(figures::bytes(4096), "4 KiB");
    EXPECT_EQ(figures::bytes(2147483648.0), "2 GiB");
    EXPECT_EQ(figures::time(1500), "1.5 µs");
    EXPECT_EQ(figures::time(10), "10 ns");
}

TEST(Figures, LastNumberOfAName)
{
    EXPECT_EQ(figures::last_number("new-64K"), 65536);
    EXPECT_EQ(figures::last_number("grow-files-create-1000"), 1000);
    EXPECT_EQ(figures::last_number("grow-pool-mount-64M"), 67108864);
    EXPECT_FALSE(figures::last_number("unlink-big"));
    EXPECT_FALSE(figures::last_number("readers-4-own"));
    EXPECT_FALSE(figures::last_number("K"));
    EXPECT_FALSE(figures::last_number("new-"));
    EXPECT_FALSE(figures::last_number("new-K"));
}

TEST(Figures, ARatioWithItsDoubt)
{
    const Summary base{.median = 100, .min = 98, .max = 102, .q1 = 99, .q3 = 101, .runs = 5};
    const Summary fast{.median = 50, .min = 49, .max = 51, .q1 = 49.5, .q3 = 50.5, .runs = 5};
    const Summary wild{.median = 50, .min = 10, .max = 300, .q1 = 20, .q3 = 150, .runs = 5};
    const Summary none{.runs = 5};

    const auto sure = figures::times_as_fast(base, fast, false);
    ASSERT_TRUE(sure);
    EXPECT_TRUE(sure->sure);
    EXPECT_DOUBLE_EQ(sure->value, 2);
    EXPECT_DOUBLE_EQ(sure->low, 99 / 50.5);
    EXPECT_DOUBLE_EQ(sure->high, 101 / 49.5);
    const auto unsure = figures::times_as_fast(base, wild, false);
    ASSERT_TRUE(unsure);
    EXPECT_FALSE(unsure->sure);
    EXPECT_FALSE(figures::times_as_fast(base, none, false));
    // One count of instructions is as good as five.
    const auto exact = figures::times_as_fast(base, wild, true);
    ASSERT_TRUE(exact);
    EXPECT_TRUE(exact->sure);
}

TEST(Figures, Slope)
{
    EXPECT_NEAR(*figures::slope({{1, 5}, {10, 50}, {100, 500}}), 1, 1e-9);
    EXPECT_NEAR(*figures::slope({{4, 7}, {16, 7}}), 0, 1e-9);
    EXPECT_NEAR(*figures::slope({{1, 1}, {100, 10}}), 0.5, 1e-9);
    EXPECT_FALSE(figures::slope({{4, 7}}));
    EXPECT_FALSE(figures::slope({{4, 7}, {4, 9}}));
    EXPECT_FALSE(figures::slope({{4, 0}, {8, 0}}));
}

TEST(Figures, GrowthSentence)
{
    EXPECT_EQ(figures::growth_words(0.01), "does not grow");
    EXPECT_EQ(figures::growth_words(0.98), "grows in proportion");
    EXPECT_EQ(figures::growth_words(0.5), "grows as the power 0.50");
    EXPECT_EQ(figures::growth_sentence("A page", "ns",
                                       {{"ramfs", {{4096, 2}, {8192, 4}}},
                                        {"tmpfs", {{4096, 2}}},
                                        {"scriptfs", {{4096, 3}, {8192, 3}}}},
                                       figures::bytes),
              "A page costs scriptfs 3.00 ns at 4 KiB and 3.00 at 8 KiB (slope 0.00, it does "
              "not grow); ramfs 2.00 ns at 4 KiB and 4.00 at 8 KiB (slope 1.00, it grows in "
              "proportion).");
    EXPECT_EQ(figures::growth_sentence("A page", "ns", {}, figures::bytes), "");
}

TEST(Families, EveryCaseHasOne)
{
    EXPECT_EQ(scaling_number(scalings().front(), "writers-4-own"), 4);
    EXPECT_EQ(scaling_number(scalings().front(), "writers-4-one"), 0);
    EXPECT_EQ(scaling_number(scalings().front(), "writers--own"), 0);
    EXPECT_FALSE(is_plain("grow-size-new-4K"));
    EXPECT_FALSE(is_plain("readers-2-one"));
    EXPECT_TRUE(is_plain("read-4K"));
    EXPECT_TRUE(in_family(families().front(), "new-4K"));
    EXPECT_FALSE(in_family(families().front(), "rndover-4K"));
    EXPECT_TRUE(in_family(families().back(), "append-100"));
}

TEST(Families, OrderFileSystemsAndCases)
{
    EXPECT_EQ(ordered_fs({"/mnt/b", "scriptfs", "ramfs", "/mnt/a", "ramfs", "memcpy"}),
              (std::vector<std::string>{"memcpy", "ramfs", "scriptfs", "/mnt/b", "/mnt/a"}));
    EXPECT_EQ(ordered_scalings({"readers-1-one", "writers-16-own", "writers-2-own", "new-4K",
                                "writers-2-own", "writers-1-one"}),
              (std::vector<std::string>{"writers-2-own", "writers-16-own", "writers-1-one",
                                        "readers-1-one"}));
}

Document counted()
{
    Document document;

    for (const std::string fs : {"scriptfs", "ramfs"})
        for (const int threads : {4, 1, 2}) {
            Locks locks;
            locks.bed = "tcg";
            locks.fs = fs;
            locks.name = "writers-" + std::to_string(threads) + "-one";
            locks.processors = threads == 4 ? 4 : 2;
            locks.calls = 1000;
            locks.sum = {5000.0 + threads, 100.0 * threads, 0};
            locks.classes = {{"&a<b", {20, 10, 0}}, {"&alone", {1000, 9.9, 0.9}}};
            document.locks.push_back(locks);
        }
    return document;
}

TEST(Scaling, IsOfLocks)
{
    const std::string text = sections::scaling(counted());

    EXPECT_THAT(text, HasSubstr("<h2 id=\"scaling\">"));
    EXPECT_THAT(text, HasSubstr("with 2 and 4 processors"));
    EXPECT_THAT(text, HasSubstr("Locks taken with 4 writers at a time: scriptfs 5\u2009004, 400 of "
                                "them from another processor, 0 waited for; ramfs 5\u2009004"));
    EXPECT_THAT(text, HasSubstr("<tr><td>writers-2-one</td><td>5\u2009002</td><td>200</td>"));
    // in the order of the columns and of N, however they were read
    EXPECT_LT(text.find("ramfs</th>"), text.find("scriptfs</th>"));
    EXPECT_LT(text.find("<td>writers-2-one"), text.find("<td>writers-4-one"));
    // three plots for the one curve that there is
    EXPECT_THAT(text, HasSubstr("Writers of one file: locks waited for"));
    EXPECT_THAT(text, Not(HasSubstr("Readers of one file")));
    EXPECT_THAT(text, HasSubstr("<td>&amp;a&lt;b</td>"));
    EXPECT_THAT(text, Not(HasSubstr("&amp;alone")));
}

TEST(Scaling, IsNotThereWithoutFigures)
{
    EXPECT_EQ(sections::scaling({}), "");
    EXPECT_THAT(sections::missing({}), HasSubstr("Writers of one file: the locks"));
    EXPECT_THAT(sections::missing(counted()), Not(HasSubstr("Writers of one file: the locks")));
    EXPECT_THAT(sections::missing(counted()), HasSubstr("Readers of one file: the locks"));
}

TEST(Memory, IsBesideTmpfsAndInNoOtherPart)
{
    Document document;

    EXPECT_EQ(sections::memory(document), "");
    EXPECT_THAT(sections::missing(document), HasSubstr("<li>Memory held</li>"));
    for (const auto &[fs, bytes] : {std::pair{"ramfs", 1.2}, {"tmpfs", 1.25}, {"scriptfs", 3.0}})
        document.results.push_back(
            {"tree-held", fs, "byte", "tcg", "bench", "bytes", summarize({bytes}), {}});
    const std::string text = sections::memory(document);
    EXPECT_THAT(text, HasSubstr("<small>a byte of data</small>"));
    EXPECT_THAT(text, HasSubstr("<small>2.40× tmpfs</small>"));
    EXPECT_THAT(text, HasSubstr("<td class=\"own\">3.00"));
    EXPECT_THAT(sections::missing(document), Not(HasSubstr("Memory held")));
    EXPECT_TRUE(sections::places(document).empty());
}

TEST(Tables, OfLocks)
{
    const std::string text = lock_tables(counted().locks);

    EXPECT_THAT(text, HasSubstr("5002 / 200 / 0"));
    EXPECT_THAT(text, HasSubstr("&a<b"));
    EXPECT_THAT(text, Not(HasSubstr("&alone")));
}

} // namespace
} // namespace scriptfs::bench
