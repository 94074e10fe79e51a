// SPDX-License-Identifier: GPL-2.0-only
// What memory counts as held.
#include "held.h"
#include "lib/files.h"

#include <gtest/gtest.h>

namespace scriptfs::bench {
namespace {

constexpr std::uint64_t mib = 1 << 20;

TEST(FreeMemory, IsThatOfAllZonesAndProcessors)
{
    // as v5.10 prints it, shortened
    const std::string text = "Node 0, zone      DMA\n"
                             "  per-node stats\n"
                             "      nr_inactive_anon 4711\n"
                             "  pages free     100\n"
                             "        min      16\n"
                             "        protection: (0, 2963, 2963, 2963)\n"
                             "      nr_free_pages 100\n"
                             "  pagesets\n"
                             "    cpu: 0\n"
                             "              count: 3\n"
                             "              high:  378\n"
                             "              batch: 63\n"
                             "  vm stats threshold: 12\n"
                             "    cpu: 1\n"
                             "              count: 40\n"
                             "              high:  0\n"
                             "  node_unreclaimable:  0\n"
                             "Node 0, zone    DMA32\n"
                             "  pages free     2000\n"
                             "  pagesets\n"
                             "    cpu: 0\n"
                             "              count: 500\n"
                             "Node 0, zone   Normal\n"
                             "  pages free     0\n"
                             "        protection: (0, 0, 0, 0)\n";

    EXPECT_EQ(free_bytes(text), (100U + 3 + 40 + 2000 + 500) * 4096);
    EXPECT_FALSE(free_bytes(""));
}

TEST(FreeMemory, IsToldHere)
{
    const Fd dir = open_at(AT_FDCWD, testing::TempDir(), O_RDONLY | O_DIRECTORY);
    const Moment now = moment(dir.get());

    EXPECT_EQ(now.pool.all, 0U); // no scriptfs
    EXPECT_TRUE(now.used);
    EXPECT_FALSE(moment(-1).used);
    if (now.free) {
        EXPECT_GT(*now.free, mib);
    }
}

TEST(Held, IsWhatTheSystemHasLess)
{
    const Held of = held({500 * mib, {}, 7 * mib}, {480 * mib, {}, 25 * mib}, 0.5);

    EXPECT_EQ(of.used, 18 * mib);
    EXPECT_EQ(of.all, 20 * mib); // without a pool there are no descriptors
    const Held none = held({{}, {}, {}}, {500 * mib, {}, {}}, 0);
    EXPECT_FALSE(none.used);
    EXPECT_FALSE(none.all);
}

TEST(Held, OfAReserveIsWhatIsUsed)
{
    // 30 MiB of a reserve of 100, and 2 MiB of inodes and the like
    EXPECT_EQ(
        held({500 * mib, {100 * mib, 100 * mib}, {}}, {498 * mib, {100 * mib, 70 * mib}, {}}, 0)
            .all,
        32 * mib);
    // and of its descriptors, which take a tenth
    EXPECT_EQ(
        held({500 * mib, {100 * mib, 100 * mib}, {}}, {498 * mib, {100 * mib, 70 * mib}, {}}, 0.1)
            .all,
        35 * mib);
    // all of the reserve, and 20 of 50 MiB of surplus, whose descriptors the system lacks anyway
    EXPECT_EQ(
        held({500 * mib, {100 * mib, 100 * mib}, {}}, {445 * mib, {150 * mib, 30 * mib}, {}}, 0.1)
            .all,
        135 * mib);
}

TEST(Held, DescriptorsAreWhatAMountTakesBesideItsPool)
{
    EXPECT_DOUBLE_EQ(
        descriptors_a_byte({500 * mib, {}, {}}, {398 * mib, {100 * mib, 100 * mib}, {}}), 0.02);
    EXPECT_DOUBLE_EQ(descriptors_a_byte({500 * mib, {}, {}}, {499 * mib, {}, {}}), 0);
    // other work of the machine
    EXPECT_DOUBLE_EQ(
        descriptors_a_byte({500 * mib, {}, {}}, {450 * mib, {100 * mib, 100 * mib}, {}}), 0);
}

} // namespace
} // namespace scriptfs::bench
