// SPDX-License-Identifier: GPL-2.0-only
#include "lib/grid.h"
#include "lib/mounts.h"
#include "lib/program.h"
#include "lib/sizes.h"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace scriptfs {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Sizes, AreReadAndNamed)
{
    EXPECT_EQ(parse_size("65536", "x"), 65536U);
    EXPECT_EQ(parse_size("64K", "x"), 65536U);
    EXPECT_EQ(parse_size("2G", "x"), 2ULL << 30);
    EXPECT_EQ(size_name(4096), "4K");
    EXPECT_EQ(size_name(8 << 20), "8M");
    EXPECT_EQ(size_name(1 << 30), "1G");
    for (const char *wrong : {"", "0", "M", "-1M", "1T", "1MM", "99999999999G"})
        EXPECT_THAT([&] { parse_size(wrong, "--size"); },
                    ThrowsMessage<Error>(HasSubstr("--size: ")))
            << wrong;
}

TEST(Mounts, KnowWhatTheyCanMount)
{
    EXPECT_EQ(refusal_of("tmpfs-huge"), "");
    EXPECT_EQ(refusal_of("./tmpfs2"), "");
    EXPECT_THAT(refusal_of("tmpfs2"),
                HasSubstr("allowed: ramfs, tmpfs, tmpfs-huge, scriptfs-page"));
}

TEST(Mounts, RefuseADirectoryThatIsNone)
{
    Mounts mounts;

    EXPECT_THROW(mounts.add("/nowhere/at/all", {}), Error);
    EXPECT_TRUE(mounts.places().empty());
}

TEST(Reserves, HoldWhatTheFilesNeed)
{
    EXPECT_EQ(reserve_for(64 * mib, 1100).options(), "poem=1100,novel=1100,medium=32,large=48");
    EXPECT_GT(reserve_for(64 * mib, 1100).bytes(), 64 * mib);
    EXPECT_EQ(strict_reserve_for(6).options(), "strict,poem=20,novel=70,medium=10,large=5");
}

TEST(Figures, HaveThreeDigits)
{
    EXPECT_EQ(figure(0.416), "0.42");
    EXPECT_EQ(figure(12.34), "12.3");
    EXPECT_EQ(figure(123456), "123456");
    EXPECT_EQ(figure(131072000), "131M");
}

TEST(Programs, AreGivenWhatTheyNeed)
{
    const Output output = run_program({.arguments = {"sh", "-c", "cat; pwd; echo $A >&2"},
                                       .input = "in\n",
                                       .more = {"A=b"},
                                       .directory = "/"});

    EXPECT_EQ(output.out, "in\n/\n");
    EXPECT_EQ(output.err, "b\n");
    EXPECT_GT(output.time, 0);
}

TEST(Programs, SayWhyTheyFailed)
{
    EXPECT_THAT(
        [] {
            run_program({.arguments = {"sh", "-c", "echo no >&2; exit 1"}});
        },
        ThrowsMessage<Error>(HasSubstr("no\n")));
    EXPECT_THAT([] { run_program({.arguments = {"/nowhere"}}); },
                ThrowsMessage<Error>(HasSubstr("No such file")));
}

} // namespace
} // namespace scriptfs
