// SPDX-License-Identifier: GPL-2.0-only
// What the cases are called, in families that belong into one plot.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace scriptfs::bench {

struct Family {
    std::string_view prefix; // of the names of its cases
    std::string_view title;
    std::string_view text; // what is measured
};

// The families of plain cases in the order in which they are shown. The last one takes every case
// that none of the others does.
const std::vector<Family> &families();

// Cases whose cost is shown against something that grows.
struct Curve {
    std::string_view prefix; // what is left is the number
    std::string_view title;
    std::string_view what; // of a sentence: "A page of a new file"
    std::string_view x_axis;
    enum class X { bytes, count } x;
};

const std::vector<Curve> &growths();
const std::vector<Curve> &scalings(); // prefix and the number's end: writers-N-own has two parts

bool is_scaling(std::string_view name);
bool is_plain(std::string_view name); // neither of a growth nor of scaling
bool in_family(const Family &family, std::string_view name);

// N of writers-N-own; 0 if the name is none of that curve's.
int scaling_number(const Curve &curve, std::string_view name);

// Each of these cases of scaling once: by curve, then by N.
std::vector<std::string> ordered_scalings(const std::vector<std::string> &names);

// Each of these file systems once, in the order of the columns: the limits first, then ramfs,
// tmpfs, tmpfs-huge, scriptfs-page, scriptfs, and directories as they came.
std::vector<std::string> ordered_fs(std::vector<std::string> names);
bool is_limit(std::string_view fs);

} // namespace scriptfs::bench
