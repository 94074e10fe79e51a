// SPDX-License-Identifier: GPL-2.0-only
// The report's sections on how a cost grows, on latency and on scaling, and on what is missing.
#include "families.h"
#include "figures.h"
#include "html.h"
#include "sections.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace bench::sections {
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
    std::vector<Result> results;
    std::vector<const Result *> pointers;

    for (const auto &[fs, points] : trend.lines) {
        Result result;
        result.fs = fs;
        results.push_back(result);
    }
    pointers.reserve(results.size());
    for (const Result &result : results)
        pointers.push_back(&result);
    std::vector<std::string> names = ordered_fs(pointers);
    names.erase(std::remove_if(names.begin(), names.end(), is_limit), names.end());
    return names;
}

std::string key(const std::vector<std::string> &names)
{
    std::string out = "<ul class=\"key\">";

    for (const std::string &fs : names)
        out += fmt::format("<li><i style=\"background:var(--s{})\"></i>{}</li>", plots::colour(fs),
                           escape(fs));
    return out + "</ul>\n";
}

std::string count_name(double x)
{
    return x < 1000 ? fmt::format("{:.0f}", x) : figures::number(x);
}

// Ticks at points that were measured, the first and the last among them, and no two so close on the
// logarithmic axis that their words would touch.
std::vector<plots::Tick> ticks(const std::set<double> &x, std::string (*name)(double))
{
    constexpr double at_most = 7; // words that find room beside each other
    std::vector<plots::Tick> out;

    if (x.empty())
        return out;
    const double last = *x.rbegin();
    const double apart = std::log(last / *x.begin()) / at_most;
    for (const double at : x)
        if (at == last || out.empty() ||
            (std::log(at / out.back().at) >= apart && std::log(last / at) >= apart))
            out.push_back({at, name(at)});
    return out;
}

// The sizes of the five classes of block, as far as the plot goes.
std::vector<plots::Tick> class_marks(const std::set<double> &x)
{
    constexpr double kib = 1024;
    const std::array<plots::Tick, 5> classes{{{32 * kib, "poem"},
                                              {64 * kib, " novel"},
                                              {512 * kib, "medium"},
                                              {2048 * kib, "large"},
                                              {262144 * kib, "super"}}};
    std::vector<plots::Tick> out;

    for (const plots::Tick &one : classes)
        if (!x.empty() && one.at > *x.begin() && one.at < *x.rbegin())
            out.push_back(one);
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
    return fmt::format(
        "<figure><h4>{}</h4>{}<figcaption>{} <span class=\"muted\">Lower is better; {}.</span>"
        "</figcaption></figure>\n",
        escape(curve.title), plots::draw(chart, plots::Place::page),
        escape(figures::growth_sentence(curve.what, trend.unit, lines, name)),
        escape(words::place(place.first, place.second)));
}

} // namespace

std::string growth(const Document &document)
{
    std::set<std::string> all;
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
                all.insert(fs);
        }
    }
    if (figures.empty())
        return {};
    Trend names;
    for (const std::string &fs : all)
        names.lines[fs] = {};
    return "<h2 id=\"growth\">How cost grows</h2>\n<p>Both axes are logarithmic: a cost in "
           "proportion "
           "rises with slope 1, one that does not grow is flat. The dotted lines stand at the "
           "sizes of "
           "scriptfs's classes of block.</p>\n" +
           key(ordered(names)) + "<div class=\"grid\">\n" + figures + "</div>\n";
}

namespace {

// A fraction f as the number of nines it has, so that the tail can be seen: 0.9 is 1, 0.99 is 2.
double nines(double fraction)
{
    return -std::log10(1 - fraction);
}

plots::Line cdf_line(const Latency &latency)
{
    plots::Line line;

    line.fs = latency.fs;
    line.steps = true;
    // the last one, up to which all are, has as many nines as there are writes
    const double last = 1.0 / static_cast<double>(std::max<std::uint64_t>(latency.count, 2));
    for (const auto &[ns, fraction] : latency.cdf)
        line.points.push_back({ns, nines(std::min(fraction, 1 - last))});
    return line;
}

struct Extent {
    double low = 0;
    double high = 0;
    double nines = 0;
};

std::vector<plots::Tick> time_ticks(const Extent &extent)
{
    std::vector<plots::Tick> out;

    for (double at = 1; at <= 1e11; at *= 10)
        if (at >= extent.low / 1.01 && at <= extent.high * 1.01)
            out.push_back({at, figures::time(at)});
    return out;
}

std::vector<plots::Tick> nines_ticks(double most)
{
    std::vector<plots::Tick> out{{0, "0"}, {nines(0.5), "50 %"}};

    for (int i = 1; i <= std::ceil(most) && i < 9; i++)
        out.push_back(
            {static_cast<double>(i), i == 1   ? "90 %"
                                     : i == 2 ? "99 %"
                                              : fmt::format("99.{} %", std::string(i - 2, '9'))});
    return out;
}

std::string cdf_figure(const std::vector<const Latency *> &all, std::string_view load,
                       const Extent &extent)
{
    plots::LineChart chart;

    for (const Latency *latency : all)
        if (latency->load == load && !latency->cdf.empty())
            chart.lines.push_back(cdf_line(*latency));
    if (chart.lines.empty())
        return {};
    chart.title = load == "idle" ? "Idle" : "Under memory pressure";
    chart.x_axis = "a write took at most";
    chart.y_axis = "of the writes";
    chart.log_y = false;
    chart.y_from = 0;
    chart.x_from = extent.low;
    chart.x_to = extent.high;
    chart.x_ticks = time_ticks(extent);
    chart.y_ticks = nines_ticks(extent.nines);
    return fmt::format(
        "<figure><h4>{}</h4>{}<figcaption>Further left is better; each step up the axis "
        "is one nine more.</figcaption></figure>\n",
        escape(chart.title), plots::draw(chart, plots::Place::page));
}

std::string latency_table(const std::vector<const Latency *> &all)
{
    std::string rows;

    for (const Latency *one : all) {
        const auto idle = std::find_if(all.begin(), all.end(), [one](const Latency *other) {
            return other->fs == one->fs && other->load == "idle";
        });
        const bool against = one->load != "idle" && idle != all.end() && (*idle)->p999 > 0;
        rows += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td><td>{}</td>"
            "<td>{}</td><td>{}</td></tr>\n",
            escape(one->fs), escape(one->load), count_name(static_cast<double>(one->count)),
            figures::time(one->p50), figures::time(one->p99), figures::time(one->p999),
            against
                ? fmt::format("<small>{} idle</small>", words::multiple(one->p999 / (*idle)->p999))
                : "",
            figures::time(one->max), one->reclaim, one->compaction);
    }
    return "<div class=\"wide\"><table><caption>Times of single writes, and how often the writer "
           "entered "
           "direct reclaim and direct compaction</caption>\n<thead><tr><th>file "
           "system</th><th>load</th>"
           "<th>writes</th><th>median</th><th>p99</th><th>p99.9</th><th>max</th><th>reclaim</th>"
           "<th>compaction</th></tr></thead><tbody>\n" +
           rows + "</tbody></table></div>\n";
}

} // namespace

std::string latency(const Document &document)
{
    std::map<std::string, std::vector<const Latency *>> beds;
    std::string out;

    for (const Latency &one : document.latency)
        beds[one.bed].push_back(&one);
    for (auto &[bed, all] : beds) {
        Extent extent{1e12, 0, 0};
        Trend names;
        std::stable_sort(all.begin(), all.end(), [](const Latency *a, const Latency *b) {
            return a->load == "idle" && b->load != "idle";
        });
        for (const Latency *one : all) {
            names.lines[one->fs] = {};
            for (const plots::Point &point : cdf_line(*one).points) {
                extent.low = std::min(extent.low, point.x);
                extent.high = std::max(extent.high, point.x);
                extent.nines = std::max(extent.nines, point.y);
            }
        }
        const std::string idle = cdf_figure(all, "idle", extent);
        const std::string pressure = cdf_figure(all, "pressure", extent);
        if (beds.size() > 1)
            out += fmt::format("<h3>{}</h3>\n", escape(bed));
        out += fmt::format("<p>{}</p>\n", escape(words::bed_text(bed)));
        if (!idle.empty() || !pressure.empty())
            out += fmt::format("{}<div class=\"grid\">\n{}{}</div>\n", key(ordered(names)), idle,
                               pressure);
        out += latency_table(all);
    }
    if (out.empty())
        return {};
    return "<h2 id=\"latency\">Latency</h2>\n<p>Writes of fresh data at a fixed rate, first on an "
           "idle "
           "guest, then beside programs that take its memory and fill its page cache.</p>\n" +
           out;
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

std::string scaling(const Document &document)
{
    std::string figures;
    Trend names;

    for (const Curve &curve : scalings()) {
        const auto found = trends(document, [&curve](const std::string &name) {
            return static_cast<double>(scaling_number(curve, name));
        });
        for (const auto &[place, trend] : found) {
            plots::LineChart chart;
            for (const std::string &fs : ordered(trend)) {
                chart.lines.push_back({fs, trend.lines.at(fs)});
                names.lines[fs] = {};
            }
            chart.title = curve.title;
            chart.x_axis = curve.x_axis;
            chart.y_axis = fmt::format("{} {} of 4 KiB", trend.unit, words::per(trend.per));
            chart.log_y = false;
            chart.y_from = 0;
            chart.x_ticks = ticks(trend.x, count_name);
            figures +=
                fmt::format("<figure><h4>{}</h4>{}<figcaption>{} <span class=\"muted\">Flat and "
                            "low is better; {}.</span></figcaption></figure>\n",
                            escape(curve.title), plots::draw(chart, plots::Place::page),
                            escape(scaling_sentence(curve, trend)),
                            escape(words::place(place.first, place.second)));
        }
    }
    if (figures.empty())
        return {};
    return "<h2 id=\"scaling\">Scaling</h2>\n" + key(ordered(names)) + "<div class=\"grid\">\n" +
           figures + "</div>\n";
}

std::string missing(const Document &document)
{
    std::vector<std::string> out;
    const auto any = [&document](const auto &is) {
        return std::any_of(document.results.begin(), document.results.end(), is);
    };

    for (const std::string_view bed : {"uml", "tcg-icount", "kvm"})
        if (!any([bed](const Result &result) { return result.bed == bed; }))
            out.push_back(fmt::format("bed {}: {}", bed, words::bed_text(bed)));
    for (const Family &family : families())
        if (!any([&family](const Result &result) {
                return is_plain(result.name) && in_family(family, result.name);
            }))
            out.emplace_back(family.title);
    for (const Curve &curve : growths())
        if (!any([&curve](const Result &result) {
                return result.name.compare(0, curve.prefix.size(), curve.prefix) == 0;
            }))
            out.emplace_back(curve.title);
    for (const Curve &curve : scalings())
        if (!any([&curve](const Result &result) { return scaling_number(curve, result.name) > 0; }))
            out.emplace_back(curve.title);
    for (const std::string_view load : {"idle", "pressure"})
        if (std::none_of(document.latency.begin(), document.latency.end(),
                         [load](const Latency &latency) { return latency.load == load; }))
            out.emplace_back(load == "idle" ? "Latency of an idle guest"
                                            : "Latency under memory pressure");
    if (out.empty())
        return {};
    std::string items;
    for (const std::string &text : out)
        items += fmt::format("<li>{}</li>\n", escape(text));
    return "<h2 id=\"missing\">Not measured in this run</h2>\n<ul>\n" + items + "</ul>\n";
}

} // namespace bench::sections
