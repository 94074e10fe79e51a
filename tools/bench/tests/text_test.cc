// SPDX-License-Identifier: GPL-2.0-only
#include "error.h"
#include "text.h"

#include <gtest/gtest.h>

#include <filesystem>

#include <gmock/gmock.h>
#include <unistd.h>

namespace bench {
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

} // namespace
} // namespace bench
