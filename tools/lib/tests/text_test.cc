// SPDX-License-Identifier: GPL-2.0-only
#include "lib/error.h"
#include "lib/text.h"

#include <gtest/gtest.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <unistd.h>

namespace scriptfs {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(Text, IsWrittenAndReadWhole)
{
    const std::string path = testing::TempDir() + "text-" + std::to_string(getpid());

    for (const std::string &text : {std::string(), std::string("a\r\n\0b\n\n", 7)}) {
        write_text(path, text);
        EXPECT_EQ(read_text(path), text);
        EXPECT_FALSE(std::filesystem::exists(path + ".new"));
    }
    std::filesystem::remove(path);
}

TEST(Text, SaysWhyNot)
{
    EXPECT_THAT([] { read_text("/nowhere/x"); },
                ThrowsMessage<Error>(
                    AllOf(HasSubstr("/nowhere/x: cannot be read"), HasSubstr("No such file"))));
    EXPECT_THAT([] { read_text("/"); }, ThrowsMessage<Error>(HasSubstr("Is a directory")));
    EXPECT_THAT([] { write_text("/nowhere/x", "text"); },
                ThrowsMessage<Error>(
                    AllOf(HasSubstr("/nowhere/x: cannot be written"), HasSubstr("No such file"))));
}

TEST(Text, HasFields)
{
    const std::string path = testing::TempDir() + "fields-" + std::to_string(getpid());

    write_text(path, "Mem: 1\nMemFree:  12 kB\nflags\t\t: a b\nempty:\n");
    EXPECT_EQ(field_of(path, "MemFree"), " 12 kB");
    EXPECT_EQ(field_of(path, "Mem"), "1");
    EXPECT_EQ(field_of(path, "flags"), "a b");
    EXPECT_EQ(field_of(path, "empty"), "");
    EXPECT_EQ(field_of(path, "MemAvailable"), "");
    std::filesystem::remove(path);
}

} // namespace
} // namespace scriptfs
