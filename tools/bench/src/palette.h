// SPDX-License-Identifier: GPL-2.0-only
// The colours of the report: CSS has them by names, gnuplot is given them.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace scriptfs::bench {

struct Palette {
    std::string_view paper;
    std::string_view ink;
    std::string_view muted;
    std::string_view grid;
    std::string_view panel;
    std::array<std::string_view, 8> series;
};

// Series in Okabe and Ito's colours, which people with any kind of colour vision tell apart: ramfs,
// tmpfs, tmpfs-huge, scriptfs, scriptfs-page, and three for what else there is.
inline constexpr Palette light{
    "#fff",
    "#1b1b1f",
    "#5c5f66",
    "#dadce0",
    "#f6f7f9",
    {"#8b9098", "#e69f00", "#c4649a", "#0072b2", "#4aa8dc", "#009e73", "#d55e00", "#7a5195"}};
inline constexpr Palette dark{
    "#16181c",
    "#e8e9ec",
    "#a2a6ae",
    "#3a3e46",
    "#1e2127",
    {"#8f949c", "#f0b429", "#e08bbd", "#3fa2e6", "#9bd3f5", "#27c497", "#f08040", "#b794d6"}};

// The colour of a file system: an index of series. A directory has the same one in each plot.
std::size_t colour(std::string_view fs);

// Both as CSS custom properties (--ink, --paper, --grid, --muted, --panel, --s0 ...), as the reader
// likes it; on paper the light one.
std::string palette_css();

} // namespace scriptfs::bench
