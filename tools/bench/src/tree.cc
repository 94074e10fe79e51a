// SPDX-License-Identifier: GPL-2.0-only
#include "tree.h"

#include "cases.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

namespace scriptfs::bench {
namespace {

// The source of Linux 5.10.262, as its tarball has it: 70645 files of 966455098 bytes, half of
// them smaller than 3861, in 4728 directories. From `find -type f -printf '%s\n' | sort -n`.
constexpr std::array sizes{
    Quantile{0, 0},
    Quantile{0.001, 16},
    Quantile{0.005, 50},
    Quantile{0.01, 76},
    Quantile{0.02, 129},
    Quantile{0.05, 252},
    Quantile{0.1, 448},
    Quantile{0.15, 684},
    Quantile{0.2, 949},
    Quantile{0.25, 1273},
    Quantile{0.3, 1624},
    Quantile{0.35, 2042},
    Quantile{0.4, 2529},
    Quantile{0.45, 3137},
    Quantile{0.5, 3860},
    Quantile{0.55, 4759},
    Quantile{0.6, 5864},
    Quantile{0.65, 7216},
    Quantile{0.7, 8949},
    Quantile{0.75, 11330},
    Quantile{0.8, 14600},
    Quantile{0.85, 19524},
    Quantile{0.9, 28074},
    Quantile{0.925, 35054},
    Quantile{0.95, 46621},
    Quantile{0.96, 53927},
    Quantile{0.97, 64678},
    Quantile{0.98, 80522},
    Quantile{0.985, 94021},
    Quantile{0.99, 117617},
    Quantile{0.9925, 136996},
    Quantile{0.995, 169921},
    Quantile{0.996, 195761},
    Quantile{0.997, 233943},
    Quantile{0.998, 310003},
    Quantile{0.9985, 373541},
    Quantile{0.999, 538320},
    Quantile{0.9995, 1080952},
    Quantile{0.9998, 3177522},
    Quantile{0.9999, 5751106},
    Quantile{1, 14151728},
};

// How many files lie in each directory, subdirectories and what is in them not counted.
constexpr std::array counts{
    Quantile{0, 0},       Quantile{0.1, 1},      Quantile{0.2, 2},     Quantile{0.3, 3},
    Quantile{0.4, 4},     Quantile{0.5, 6},      Quantile{0.6, 8},     Quantile{0.7, 11},
    Quantile{0.8, 18},    Quantile{0.85, 23},    Quantile{0.9, 32},    Quantile{0.95, 53},
    Quantile{0.98, 99},   Quantile{0.99, 143},   Quantile{0.995, 194}, Quantile{0.998, 309},
    Quantile{0.999, 343}, Quantile{0.9995, 519}, Quantile{1, 2188},
};

// How many directories are at depth 1, 2, ... below the first one.
constexpr std::array<std::uint64_t, 9> depths{23, 581, 1462, 1285, 745, 248, 199, 130, 54};

constexpr std::uint64_t page = page_size;

// The middle of the i-th of `count` equal parts.
double middle(std::uint64_t i, std::uint64_t count)
{
    return (static_cast<double>(i) + 0.5) / static_cast<double>(count);
}

std::size_t depth_at(double part)
{
    std::uint64_t all = 0;
    std::uint64_t sum = 0;

    for (const std::uint64_t some : depths)
        all += some;
    for (std::size_t i = 0; i < depths.size(); i++) {
        sum += depths.at(i);
        if (part * static_cast<double>(all) < static_cast<double>(sum))
            return i + 1;
    }
    return depths.size();
}

// The first one, and `more` below it.
std::vector<std::string> directories(std::uint64_t more, std::mt19937_64 &random)
{
    std::vector<std::string> dirs{"tree"};
    std::vector<std::size_t> begins{0}; // of each depth

    for (std::uint64_t i = 0; i < more; i++) {
        if (depth_at(middle(i, more)) >= begins.size())
            begins.push_back(dirs.size()); // one deeper: the depths come in order
        const std::size_t from = begins.at(begins.size() - 2);
        const std::size_t parent = from + random() % (begins.back() - from);
        dirs.push_back(fmt::format("{}/dir{:04}", dirs.at(parent), i));
    }
    return dirs;
}

// How many of `files` lie in each of these directories: in proportion to what the quantiles say.
std::vector<std::uint64_t> shares(std::uint64_t files, std::uint64_t dirs, std::uint64_t seed)
{
    std::vector<double> sums;
    std::vector<std::uint64_t> out;
    double sum = 0;

    for (const std::uint64_t i : permutation(dirs, seed))
        sums.push_back(sum += value_at(counts, middle(i, dirs)));
    std::uint64_t before = 0;
    for (const double until : sums) {
        const auto end =
            static_cast<std::uint64_t>(std::llround(until / sum * static_cast<double>(files)));
        out.push_back(end - before);
        before = end;
    }
    return out;
}

} // namespace

std::uint64_t Tree::bytes() const
{
    std::uint64_t sum = 0;

    for (const File &file : files)
        sum += file.size;
    return sum;
}

std::uint64_t Tree::paged_bytes() const
{
    std::uint64_t sum = 0;

    for (const File &file : files)
        sum += (file.size + page - 1) / page * page;
    return sum;
}

std::span<const Quantile> source_sizes()
{
    return sizes;
}

std::span<const Quantile> source_counts()
{
    return counts;
}

double value_at(std::span<const Quantile> quantiles, double part)
{
    const auto *above =
        std::find_if(quantiles.data(), quantiles.data() + quantiles.size() - 1,
                     [part](const Quantile &quantile) { return part <= quantile.part; });
    if (above == quantiles.data())
        return above->value;
    const auto *const below = above - 1;
    const double way = (part - below->part) / (above->part - below->part);
    // + 1: the logarithm of a size of 0
    return std::exp((1 - way) * std::log1p(below->value) + way * std::log1p(above->value)) - 1;
}

Tree source_tree(std::uint64_t files, std::uint64_t seed)
{
    std::mt19937_64 random(seed);
    Tree tree;

    const auto dirs =
        static_cast<std::uint64_t>(std::llround(static_cast<double>(files) / source_files_a_dir));
    tree.dirs = directories(dirs, random);
    const auto share = shares(files, tree.dirs.size(), random());
    const auto order = permutation(files, random());
    tree.files.reserve(files);
    for (std::size_t dir = 0; dir < tree.dirs.size(); dir++)
        for (std::uint64_t i = 0; i < share[dir]; i++) {
            const std::size_t number = tree.files.size();
            const double size = value_at(sizes, middle(order[number], files));
            tree.files.push_back({fmt::format("{}/file{:06}.c", tree.dirs[dir], number),
                                  static_cast<std::uint64_t>(std::llround(size))});
        }
    return tree;
}

Tree even_tree(std::uint64_t files, std::uint64_t size)
{
    constexpr std::uint64_t in_a_dir = 1000;
    Tree tree{{"tree"}, {}};

    for (std::uint64_t i = 0; i < files; i++) {
        if (i % in_a_dir == 0)
            tree.dirs.push_back(fmt::format("tree/dir{:04}", i / in_a_dir));
        tree.files.push_back({fmt::format("{}/file{:06}.c", tree.dirs.back(), i), size});
    }
    return tree;
}

} // namespace scriptfs::bench
