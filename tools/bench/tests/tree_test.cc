// SPDX-License-Identifier: GPL-2.0-only
// The trees that are copied: the same from the same seed, and such as the kernel's source.
#include "tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace scriptfs::bench {
namespace {

std::vector<std::uint64_t> sizes_of(const Tree &tree)
{
    std::vector<std::uint64_t> sizes;

    for (const Tree::File &file : tree.files)
        sizes.push_back(file.size);
    std::sort(sizes.begin(), sizes.end());
    return sizes;
}

std::string dir_of(const std::string &path)
{
    return path.substr(0, path.rfind('/'));
}

bool same(const Tree &a, const Tree &b)
{
    return a.dirs == b.dirs &&
           std::equal(a.files.begin(), a.files.end(), b.files.begin(), b.files.end(),
                      [](const Tree::File &one, const Tree::File &other) {
                          return one.path == other.path && one.size == other.size;
                      });
}

TEST(SourceTree, FollowsItsSeed)
{
    const Tree tree = source_tree(3000, 1);
    const Tree other = source_tree(3000, 2);

    EXPECT_TRUE(same(tree, source_tree(3000, 1)));
    EXPECT_FALSE(same(tree, other));
    EXPECT_EQ(sizes_of(tree), sizes_of(other)); // only where they lie differs
    EXPECT_EQ(tree.dirs.size(), 202U);
    // what was measured before can be compared with what is now
    EXPECT_EQ(tree.files[0].path, "tree/file000000.c");
    EXPECT_NEAR(static_cast<double>(tree.bytes()), 40012545, 100);
}

TEST(SourceTree, HasParentsBeforeWhatIsInThem)
{
    const Tree tree = source_tree(5000, 7);
    std::set<std::string> known;

    for (const std::string &dir : tree.dirs) {
        EXPECT_TRUE(known.empty() ? dir == "tree" : known.contains(dir_of(dir))) << dir;
        EXPECT_TRUE(known.insert(dir).second) << dir;
    }
    for (const Tree::File &file : tree.files) {
        EXPECT_TRUE(known.contains(dir_of(file.path))) << file.path;
        EXPECT_TRUE(known.insert(file.path).second) << file.path;
    }
}

// As `find` counts them in the kernel's source: 70645 files, of 13680 bytes on average, that take
// 1.174 times as much in pages.
TEST(SourceTree, IsAsLargeAsTheSource)
{
    for (const std::uint64_t files : {4900, 20000, 70645}) {
        const Tree tree = source_tree(files, 1);
        const auto bytes = static_cast<double>(tree.bytes());

        EXPECT_EQ(tree.files.size(), files);
        EXPECT_NEAR(bytes / static_cast<double>(files) / source_mean_size, 1, 0.02) << files;
        EXPECT_NEAR(static_cast<double>(tree.paged_bytes()) / bytes, 1.174, 0.01) << files;
    }
}

TEST(SourceTree, HasItsQuantiles)
{
    const Tree tree = source_tree(10000, 3);
    const auto sizes = sizes_of(tree);
    std::map<std::string, std::uint64_t> in_dir;
    std::vector<std::uint64_t> counts;
    std::map<std::ptrdiff_t, std::uint64_t> depths;

    for (const Quantile &quantile : source_sizes()) {
        if (quantile.part == 0 || quantile.part > 0.999)
            continue;
        const auto at = static_cast<std::size_t>(quantile.part * 10000);
        EXPECT_NEAR(static_cast<double>(sizes[at]) / quantile.value, 1, 0.1) << quantile.part;
    }
    for (const std::string &dir : tree.dirs) {
        in_dir[dir] = 0;
        depths[std::count(dir.begin(), dir.end(), '/')]++;
    }
    for (const Tree::File &file : tree.files)
        in_dir[dir_of(file.path)]++;
    for (const auto &[dir, count] : in_dir)
        counts.push_back(count);
    std::sort(counts.begin(), counts.end());
    EXPECT_NEAR(10000.0 / static_cast<double>(tree.dirs.size()), source_files_a_dir, 0.1);
    EXPECT_NEAR(static_cast<double>(counts[counts.size() / 2]), 6, 1);
    EXPECT_NEAR(static_cast<double>(counts[counts.size() * 9 / 10]), 32, 4);
    EXPECT_GT(counts.back(), 300U);
    // a third of the directories are at depth 3, and some as deep as 9
    EXPECT_NEAR(static_cast<double>(depths[3]) / static_cast<double>(tree.dirs.size()), 0.31, 0.02);
    EXPECT_EQ(depths.rbegin()->first, 9);
}

TEST(SourceTree, MayBeSmall)
{
    for (const std::uint64_t files : {1, 2, 7, 20, 100}) {
        const Tree tree = source_tree(files, 1);

        EXPECT_EQ(tree.files.size(), files);
        EXPECT_EQ(tree.dirs.front(), "tree");
    }
}

TEST(SourceTree, TakesWhatIsBetweenTwoQuantiles)
{
    const std::vector<Quantile> quantiles{{0, 0}, {0.5, 9}, {1, 99}};

    EXPECT_NEAR(value_at(quantiles, 0), 0, 1e-9);
    EXPECT_NEAR(value_at(quantiles, 0.5), 9, 1e-9);
    EXPECT_NEAR(value_at(quantiles, 1), 99, 1e-9);
    EXPECT_NEAR(value_at(quantiles, 0.75), std::sqrt(1000) - 1, 1e-9); // 1 more: 10 to 100
}

TEST(EvenTree, IsOfOneSize)
{
    const Tree tree = even_tree(2500, 1024);

    EXPECT_EQ(tree.dirs.size(), 4U);
    EXPECT_EQ(tree.files.size(), 2500U);
    EXPECT_EQ(tree.bytes(), 2500U * 1024);
    EXPECT_EQ(tree.paged_bytes(), 2500U * 4096);
}

} // namespace
} // namespace scriptfs::bench
