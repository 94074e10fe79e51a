// SPDX-License-Identifier: GPL-2.0-only
#include "lib/error.h"
#include "lockstat.h"

#include <gtest/gtest.h>

#include <sstream>

namespace {

TEST(LockStat, ReadsClassesMostContendedFirst)
{
    std::istringstream in(
        "lock_stat version 0.4\n"
        "-----------------------------------------------------------------\n"
        "                              class name    con-bounces    contentions   waittime-min\n"
        "-----------------------------------------------------------------\n"
        "\n"
        "                            &pool->lock:             1              2           0.12  "
        "         1.50           2.00           1.00             30           4000           0.05  "
        "         9.00         100.00           0.02\n"
        "                            -----------\n"
        "                            &pool->lock              2          [<00000000aaaaaaaa>] "
        "f+0x1\n"
        "\n"
        "          &sb->s_type->i_mutex_key#9-R:             5             77           0.12  "
        "         1.50           2.00           1.00              6              8           0.05  "
        "         9.00         100.00           0.02\n");
    const auto classes = scriptfs::bench::read_lock_stat(in);

    ASSERT_EQ(classes.size(), 2U);
    EXPECT_EQ(classes[0].name, "&sb->s_type->i_mutex_key#9-R");
    EXPECT_EQ(classes[0].contended, 77U);
    EXPECT_EQ(classes[0].bounced, 6U);
    EXPECT_EQ(classes[0].taken, 8U);
    EXPECT_EQ(classes[1].name, "&pool->lock");
    EXPECT_EQ(classes[1].contended, 2U);
    EXPECT_EQ(classes[1].bounced, 30U);
    EXPECT_EQ(classes[1].taken, 4000U);
}

TEST(LockStat, NamesALineThatItCannotRead)
{
    std::istringstream in("  &pool->lock:  1 2 three\n");

    EXPECT_THROW(scriptfs::bench::read_lock_stat(in), scriptfs::Error);
}

} // namespace
