// SPDX-License-Identifier: GPL-2.0-only
// The report's sections on how a cost grows, with what is worked on and with how many work at a
// time.
#include "families.h"
#include "figures.h"
#include "html.h"
#include "lib/classes.h"
#include "parts.h"
#include "sections.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace scriptfs::bench::sections {
namespace {

using html::escape;

struct Trend {
    std::string per;
    std::string unit;
    std::map<std::string, std::vector<plots::Point>> lines; // by file system
    std::set<double> x;
};

// The points of a curve, for each bed and driver that has some. `number` gives a case's x, 0 if the
// case is none of this curve's.
template <typename Number>
std::map<Place, Trend> trends(const Document &document, const Number &number)
{
    std::map<Place, Trend> found;

    for (const Result &result : document.results) {
        const double x = number(result.name);
        if (x <= 0)
            continue;
        Trend &trend = found[{result.bed, result.driver}];
        trend.per = result.per;
        trend.unit = result.unit;
        trend.x.insert(x);
        trend.lines[result.fs].push_back({x, result.figure.median});
    }
    for (auto &[place, trend] : found)
        for (auto &[fs, points] : trend.lines)
            std::sort(points.begin(), points.end(),
                      [](const plots::Point &a, const plots::Point &b) { return a.x < b.x; });
    return found;
}

// ramfs, tmpfs, ... in the order of the comparisons
std::vector<std::string> ordered(const Trend &trend)
{
    std::vector<std::string> names;

    names.reserve(trend.lines.size());
    for (const auto &[fs, points] : trend.lines)
        names.push_back(fs);
    return plotted_fs(std::move(names));
}

// The sizes of the five classes of block, as far as the plot goes.
std::vector<plots::Tick> class_marks(const std::set<double> &x)
{
    std::vector<plots::Tick> out;

    for (const Class &one : classes)
        if (const auto at = static_cast<double>(one.block);
            !x.empty() && at > *x.begin() && at < *x.rbegin())
            out.push_back({at, std::string(one.name)});
    // at this distance their words would run into each other
    if (out.size() > 1 && out[0].text == "poem") {
        out[0].text = "poem, novel";
        out[1].text = "";
    }
    return out;
}

std::string growth_figure(const Curve &curve, const Place &place, const Trend &trend)
{
    const auto name = curve.x == Curve::X::bytes ? figures::bytes : count_name;
    const bool by_file_size = curve.prefix.substr(0, 10) == "grow-size-";
    std::vector<figures::Growth> lines;
    plots::LineChart chart;

    for (const std::string &fs : ordered(trend)) {
        chart.lines.push_back({fs, trend.lines.at(fs)});
        lines.push_back({fs, trend.lines.at(fs)});
    }
    chart.title = curve.title;
    chart.x_axis = curve.x_axis;
    chart.y_axis = fmt::format("{} {}", trend.unit, words::per(trend.per));
    chart.x_ticks = ticks(trend.x, name);
    if (by_file_size)
        chart.marks = class_marks(trend.x);
    return figure(curve.title, plots::draw(chart),
                  fmt::format("{} <span class=\"muted\">Lower is better; {}.</span>",
                              escape(figures::growth_sentence(curve.what, trend.unit, lines, name)),
                              escape(words::place(place.first, place.second))));
}

} // namespace

std::string growth(const Document &document)
{
    std::vector<std::string> all;
    std::string figures;

    for (const Curve &curve : growths()) {
        const auto found = trends(document, [&curve](const std::string &name) {
            if (name.compare(0, curve.prefix.size(), curve.prefix) != 0)
                return 0.0;
            return figures::last_number(name).value_or(0);
        });
        for (const auto &[place, trend] : found) {
            figures += growth_figure(curve, place, trend);
            for (const auto &[fs, points] : trend.lines)
                all.push_back(fs);
        }
    }
    if (figures.empty())
        return {};
    return "<h2 id=\"growth\">How cost grows</h2>\n<p>Both axes are logarithmic: a cost in "
           "proportion rises with slope 1, one that does not grow is flat. The dotted lines stand "
           "at the sizes of scriptfs's classes of block.</p>\n" +
           key(plotted_fs(std::move(all))) + "<div class=\"grid\">\n" + figures + "</div>\n";
}

namespace {

// What n at a time cost, by what one costs.
std::string scaling_sentence(const Curve &curve, const Trend &trend)
{
    std::vector<std::string> names = ordered(trend);
    std::vector<std::string> parts;

    std::stable_partition(names.begin(), names.end(),
                          [](const std::string &fs) { return fs == "scriptfs"; });
    for (const std::string &fs : names) {
        const std::vector<plots::Point> &points = trend.lines.at(fs);
        if (points.size() < 2 || points.front().x != 1 || points.front().y <= 0)
            continue;
        parts.push_back(
            fmt::format("{} times on {}", figures::number(points.back().y / points.front().y), fs));
    }
    if (parts.empty())
        return {};
    return fmt::format("{} costs, of {:.0f} at a time, {} of what it costs alone.", curve.what,
                       *trend.x.rbegin(), fmt::join(parts, ", "));
}

} // namespace

std::string scaling_times(const Document &document)
{
    std::string figures;
    std::vector<std::string> all;

    for (const Curve &curve : scalings()) {
        const auto found = trends(document, [&curve](const std::string &name) {
            return static_cast<double>(scaling_number(curve, name));
        });
        for (const auto &[place, trend] : found) {
            plots::LineChart chart;
            for (const std::string &fs : ordered(trend)) {
                chart.lines.push_back({fs, trend.lines.at(fs)});
                all.push_back(fs);
            }
            chart.title = curve.title;
            chart.x_axis = curve.x_axis;
            chart.y_axis = fmt::format("{} {} of 4 KiB", trend.unit, words::per(trend.per));
            chart.log_y = false;
            chart.y_from = 0;
            chart.x_ticks = ticks(trend.x, count_name);
            figures +=
                figure(curve.title, plots::draw(chart),
                       fmt::format("{} <span class=\"muted\">Flat and low is better; {}.</span>",
                                   escape(scaling_sentence(curve, trend)),
                                   escape(words::place(place.first, place.second))));
        }
    }
    if (figures.empty())
        return {};
    return "<h3>Time of a call</h3>\n" + key(plotted_fs(std::move(all))) +
           "<div class=\"grid\">\n" + figures + "</div>\n";
}

} // namespace scriptfs::bench::sections
