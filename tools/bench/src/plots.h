// SPDX-License-Identifier: GPL-2.0-only
// Plots as SVG, drawn by gnuplot. Colours are names of the palette in html.h and no more, so a plot
// follows the page's light or dark.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scriptfs::bench::plots {

// The colour of a file system: a number N of the palette's --sN.
int colour(std::string_view fs);

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
    bool key = false; // name the series in the plot itself
};

struct Point {
    double x = 0;
    double y = 0;
};

struct Line {
    std::string fs;
    std::vector<Point> points;
    bool steps = false; // no points, the value holds until the next one
};

struct Tick {
    double at = 0;
    std::string text;
};

struct LineChart {
    std::string title;
    std::string x_axis;
    std::string y_axis;
    std::vector<Line> lines;
    std::vector<Tick> x_ticks; // gnuplot's own choice if empty
    std::vector<Tick> y_ticks;
    std::vector<Tick> marks; // vertical lines with a word at the top
    bool log_x = true;
    bool log_y = true;
    std::optional<double> y_from;
    std::optional<double> y_reach; // the axis goes at least that far, if y_from is given
    std::optional<double> x_from;
    std::optional<double> x_to;
    int width = 600; // pixels, if the page has that many to give
    int height = 340;
};

// Where the drawing goes: into the page, or into a file of its own that brings the palette with it.
enum class Place { page, file };

// The SVG element. Throws Error, saying why, if gnuplot cannot be run or refuses.
std::string draw(const BarChart &chart, Place place);
std::string draw(const LineChart &chart, Place place);

// gnuplot's output made fit for a page: its ids made different from those of any other plot (`id`),
// its colours replaced by the palette's names.
std::string adopt(std::string_view svg, std::string_view id, std::string_view title, Place place);

// A text as gnuplot takes it between double quotes, with nothing in it that gnuplot would
// interpret.
std::string in_quotes(std::string_view text);

} // namespace scriptfs::bench::plots
