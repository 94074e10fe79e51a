// SPDX-License-Identifier: GPL-2.0-only
// The report's section on latency: distributions, idle and under memory pressure, and the table.
#include "figures.h"
#include "html.h"
#include "parts.h"
#include "sections.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace scriptfs::bench::sections {
namespace {

using html::escape;

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
    return figure(chart.title, plots::draw(chart),
                  "Further left is better; each step up the axis is one nine more.");
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
    return table(
        "Times of single writes, and how often the writer entered direct reclaim and direct "
        "compaction",
        "<tr><th>file system</th><th>load</th><th>writes</th><th>median</th><th>p99</th>"
        "<th>p99.9</th><th>max</th><th>reclaim</th><th>compaction</th></tr>",
        rows);
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
        std::vector<std::string> names;
        std::stable_sort(all.begin(), all.end(), [](const Latency *a, const Latency *b) {
            return a->load == "idle" && b->load != "idle";
        });
        for (const Latency *one : all) {
            names.push_back(one->fs);
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
        out += fmt::format("<p>{}{}</p>\n", escape(words::bed_text(bed)),
                           bed == "tcg-icount" ? " A nanosecond stands for one of them." : "");
        if (!idle.empty() || !pressure.empty())
            out += fmt::format("{}<div class=\"grid\">\n{}{}</div>\n",
                               key(plotted_fs(std::move(names))), idle, pressure);
        out += latency_table(all);
    }
    if (out.empty())
        return {};
    return "<h2 id=\"latency\">Latency</h2>\n<p>Writes of fresh data at a fixed rate, first on an "
           "idle guest, then beside programs that take its memory and fill its page cache.</p>\n" +
           out;
}

} // namespace scriptfs::bench::sections
