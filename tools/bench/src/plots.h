// SPDX-License-Identifier: GPL-2.0-only
// Plots of lines, drawn by gnuplot.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace scriptfs::bench::plots {

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

// A <picture> that has the plot in it, as an SVG for light and one for dark. Throws Error, saying
// why, if gnuplot cannot be run or refuses.
std::string draw(const LineChart &chart);

// A text as gnuplot takes it between double quotes, with nothing in it that gnuplot would
// interpret.
std::string in_quotes(std::string_view text);

} // namespace scriptfs::bench::plots
