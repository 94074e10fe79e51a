// SPDX-License-Identifier: GPL-2.0-only
#include "palette.h"

#include <fmt/format.h>

#include <algorithm>

namespace scriptfs::bench {
namespace {

std::string properties(const Palette &palette)
{
    std::string text =
        fmt::format("--paper:{};--ink:{};--muted:{};--grid:{};--panel:{}", palette.paper,
                    palette.ink, palette.muted, palette.grid, palette.panel);

    for (std::size_t i = 0; i < palette.series.size(); i++)
        text += fmt::format(";--s{}:{}", i, palette.series.at(i));
    return text;
}

} // namespace

std::size_t colour(std::string_view fs)
{
    constexpr std::array<std::string_view, 5> known{"ramfs", "tmpfs", "tmpfs-huge", "scriptfs",
                                                    "scriptfs-page"};
    const auto *const found = std::find(known.begin(), known.end(), fs);
    std::size_t sum = 0;

    if (found != known.end())
        return static_cast<std::size_t>(found - known.begin());
    for (const char c : fs)
        sum = sum * 31 + static_cast<unsigned char>(c);
    return known.size() + sum % (light.series.size() - known.size());
}

std::string palette_css()
{
    return fmt::format(
        ":root{{{}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{}}}}}\n",
        properties(light), properties(dark));
}

} // namespace scriptfs::bench
