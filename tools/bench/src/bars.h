// SPDX-License-Identifier: GPL-2.0-only
// Bar charts as HTML; their style is in html.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace scriptfs::bench {

// One bar of a row. Values are multiples of what the row is compared with.
struct Bar {
    double value = 0;
    double low = 0; // the worst and the best that the spread allows
    double high = 0;
    bool sure = true; // an unsure one is hatched and gets no figure
};

struct BarRow {
    std::string name;
    std::vector<std::optional<Bar>> bars; // one for each series of the chart
    std::optional<double> limit;          // memcpy, a full line
    std::optional<double> limit_nt;       // memcpy-nt, a dashed line
};

struct BarChart {
    std::string title;
    std::string axis; // what the values are, and which direction is better
    std::vector<std::string> series;
    std::vector<BarRow> rows;
};

// What the colours are; `more_html` is further <li>.
std::string key(const std::vector<std::string> &series, std::string_view more_html = {});

// Of a page that has html::style().
std::string bars_html(const BarChart &chart);

// The same as a picture of its own, an SVG that needs no other file: with a key.
std::string bars_svg(const BarChart &chart);

} // namespace scriptfs::bench
