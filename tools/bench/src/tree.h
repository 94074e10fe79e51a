// SPDX-License-Identifier: GPL-2.0-only
// Trees of files to be copied: which directories and files there are, and how large they are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace scriptfs::bench {

struct Tree {
    struct File {
        std::string path;
        std::uint64_t size;
    };
    std::vector<std::string> dirs; // each behind the one that it is in
    std::vector<File> files;       // those of a directory side by side

    [[nodiscard]] std::uint64_t bytes() const;
    // The least that a file system of pages can hold them in, in bytes.
    [[nodiscard]] std::uint64_t paged_bytes() const;
};

// Up to this part of all, from 0 to 1, they are no larger than that.
struct Quantile {
    double part;
    double value;
};

// What is measured of a tree is beside these in tree.cc.
std::span<const Quantile> source_sizes();  // bytes of its files
std::span<const Quantile> source_counts(); // files in its directories, those in them not counted
inline constexpr double source_files_a_dir = 14.94;
inline constexpr double source_mean_size = 13680;

// The value there, by geometric interpolation.
double value_at(std::span<const Quantile> quantiles, double part);

// As many files as that, with sizes, directories and depths as in the kernel's source. The set of
// sizes depends on the number alone; the seed says which file has which, and what is in what.
Tree source_tree(std::uint64_t files, std::uint64_t seed);

// Files of the same size, in directories of a thousand.
Tree even_tree(std::uint64_t files, std::uint64_t size);

} // namespace scriptfs::bench
