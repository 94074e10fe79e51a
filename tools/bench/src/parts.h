// SPDX-License-Identifier: GPL-2.0-only
// Pieces of HTML that several sections of the report are made of. Texts are escaped here, what is
// called html is taken as it is.
#pragma once

#include "bars.h"
#include "plots.h"

#include <cmath>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace scriptfs::bench::sections {

// Each once, in the order of the columns, without the limits: what has a colour in plots.
std::vector<std::string> plotted_fs(std::vector<std::string> names);

// A heading, drawings, and what is said beneath.
std::string figure(std::string_view title, std::string_view drawings_html,
                   std::string_view caption_html);

// A table that scrolls where it is too wide for the page; head and body are rows.
std::string table(std::string_view caption, std::string_view head_html, std::string_view body_html);

// " class=\"own\"" for the columns of scriptfs.
std::string_view own(std::string_view fs);

// A count: "7", "1 000".
std::string count_name(double x);

// Ticks at points that were measured, in ascending order: the first and the last among them, and no
// two so close on a logarithmic axis that their words would touch.
template <typename Values>
std::vector<plots::Tick> ticks(const Values &x, std::string (*name)(double))
{
    constexpr double at_most = 7; // words that find room beside each other
    std::vector<plots::Tick> out;

    if (x.empty())
        return out;
    const double last = *std::prev(x.end());
    const double apart = std::log(last / *x.begin()) / at_most;
    for (const double at : x)
        if (at == last || out.empty() ||
            (std::log(at / out.back().at) >= apart && std::log(last / at) >= apart))
            out.push_back({at, name(at)});
    return out;
}

} // namespace scriptfs::bench::sections
