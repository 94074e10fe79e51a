// SPDX-License-Identifier: GPL-2.0-only
// The report's comparisons: bars, and the tables beneath.
#include "families.h"
#include "figures.h"
#include "html.h"
#include "parts.h"
#include "sections.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace scriptfs::bench::sections {
namespace {

using html::escape;

std::vector<const Result *> results_of(const Document &document, const Place &place)
{
    std::vector<const Result *> found;

    for (const Result &result : document.results)
        if (result.bed == place.first && result.driver == place.second && is_plain(result.name) &&
            is_cost(result))
            found.push_back(&result);
    return found;
}

// By size, and by name where there is none; the file keeps the order of what is equal.
std::vector<std::string> names_of(const std::vector<const Result *> &results, const Family &family)
{
    std::vector<std::string> names;

    for (const Result *result : results)
        if (in_family(family, result->name) &&
            std::find(names.begin(), names.end(), result->name) == names.end())
            names.push_back(result->name);
    if (family.prefix == "poems-")
        return names;
    std::stable_sort(names.begin(), names.end(), [](const std::string &a, const std::string &b) {
        return figures::last_number(a).value_or(0) < figures::last_number(b).value_or(0);
    });
    return names;
}

const Result *find(const std::vector<const Result *> &results, std::string_view name,
                   std::string_view fs)
{
    for (const Result *result : results)
        if (result->name == name && result->fs == fs)
            return result;
    return nullptr;
}

std::optional<double> sure_limit(const Result *base, const Result *limit)
{
    if (base == nullptr || limit == nullptr)
        return {};
    const auto bar = figures::times_as_fast(base->figure, limit->figure, is_exact(*base));
    return bar && bar->sure ? std::optional(bar->value) : std::nullopt;
}

BarRow bar_row(const std::vector<const Result *> &results, const std::vector<std::string> &shown,
               const std::string &name)
{
    const Result *const base = find(results, name, "ramfs");
    BarRow row;

    row.name = name;
    for (const std::string &fs : shown) {
        const Result *const other = find(results, name, fs);
        row.bars.push_back(
            base != nullptr && other != nullptr
                ? figures::times_as_fast(base->figure, other->figure, is_exact(*base))
                : std::nullopt);
        if (row.bars.back() && fs == "ramfs")
            row.bars.back()->sure = true; // it is what it is compared with
    }
    row.limit = sure_limit(base, find(results, name, "memcpy"));
    row.limit_nt = sure_limit(base, find(results, name, "memcpy-nt"));
    return row;
}

// Bars need something to be compared with.
bool has_bars(const BarRow &row)
{
    return std::count_if(row.bars.begin(), row.bars.end(),
                         [](const auto &bar) { return bar.has_value(); }) > 1;
}

std::vector<std::string> file_systems(const std::vector<const Result *> &results)
{
    std::vector<std::string> all;

    all.reserve(results.size());
    for (const Result *result : results)
        all.push_back(result->fs);
    return all;
}

// What the plots have beside the colours.
constexpr std::string_view more_keys =
    "<li><i class=\"line\"></i>memcpy, the limit of plain copying</li>"
    "<li><i class=\"line dashes\"></i>memcpy-nt, non-temporal stores</li>"
    "<li><i class=\"hatch\"></i>not sure: too few rounds, or too different, for a ratio</li>";

// The head of a table of cases.
std::string head(const std::vector<std::string> &columns)
{
    std::string out = "<tr><th>case, a unit of</th>";

    for (const std::string &fs : columns)
        out += fmt::format("<th{}>{}</th>", own(fs), escape(fs));
    return out + "</tr>";
}

// The first cell of one of its rows.
std::string row_name(const std::string &name, const Result &like)
{
    return fmt::format("<td>{}<small>{}</small></td>", escape(name), escape(words::per(like.per)));
}

std::string bars(const std::vector<const Result *> &results, const Family &family,
                 const std::vector<std::string> &shown)
{
    BarChart chart;

    chart.title = family.title;
    for (const std::string &name : names_of(results, family)) {
        BarRow row = bar_row(results, shown, name);
        if (has_bars(row))
            chart.rows.push_back(std::move(row));
    }
    if (chart.rows.empty())
        return {};
    // only what has a bar somewhere in this plot
    for (std::size_t i = shown.size(); i-- > 0;) {
        const bool any = std::any_of(chart.rows.begin(), chart.rows.end(),
                                     [i](const BarRow &row) { return row.bars[i].has_value(); });
        if (any)
            chart.series.insert(chart.series.begin(), shown[i]);
        else
            for (BarRow &row : chart.rows)
                row.bars.erase(row.bars.begin() + static_cast<std::ptrdiff_t>(i));
    }
    chart.axis = words::better(results.front()->unit);
    return figure(family.title, bars_html(chart), escape(family.text));
}

// What a byte rate means for a result: bytes a unit, or 0.
double bytes_of(const Result &result)
{
    constexpr double page = 4096;
    constexpr std::array<std::string_view, 5> moving{"new-", "over-", "rndover-", "read-",
                                                     "rndread-"};
    const bool moves =
        std::any_of(moving.begin(), moving.end(), [&result](std::string_view prefix) {
            return std::string_view(result.name).substr(0, prefix.size()) == prefix;
        });

    if (!moves || result.unit != "ns")
        return 0;
    return result.per == "page" ? page : figures::last_number(result.name).value_or(0);
}

std::string cell(const Result *result, const Result *base, const Result *copy)
{
    if (result == nullptr)
        return "<td>–</td>";
    const Summary &figure = result->figure;
    std::string out;
    bool doubt = false;

    for (const auto &[other, name] : {std::pair{base, "ramfs"}, std::pair{copy, "memcpy"}}) {
        if (other == nullptr || other == result)
            continue;
        const auto bar = figures::times_as_fast(other->figure, figure, is_exact(*other));
        if (bar && bar->sure)
            out += fmt::format("<small>{} {}</small>", words::multiple(bar->value), name);
        else
            doubt = true;
    }
    if (doubt)
        out += "<small>no ratio</small>";
    if (const double bytes = bytes_of(*result); bytes > 0)
        out += fmt::format("<small>{:.3g} GB/s</small>", bytes / figure.median);
    return fmt::format("<td class=\"{}{}\" title=\"{} to {}, {} runs\">{}<small>±{}</small>{}</td>",
                       result->fs == "scriptfs" ? "own" : "", doubt ? " unsure" : "",
                       figures::number(figure.min), figures::number(figure.max), figure.runs,
                       figures::number(figure.median), words::percent(figure.spread() / 2), out);
}

std::string medians(const std::vector<const Result *> &results)
{
    const std::vector<std::string> columns = ordered_fs(file_systems(results));
    std::string rows;

    for (const Family &family : families()) {
        const std::vector<std::string> names = names_of(results, family);
        if (names.empty())
            continue;
        rows += fmt::format("<tr class=\"family\"><th colspan=\"{}\">{}</th></tr>\n",
                            columns.size() + 1, escape(family.title));
        for (const std::string &name : names) {
            const auto any = std::find_if(results.begin(), results.end(),
                                          [&name](const Result *r) { return r->name == name; });
            rows += "<tr>" + row_name(name, **any);
            for (const std::string &fs : columns)
                rows += cell(find(results, name, fs),
                             is_limit(fs) ? nullptr : find(results, name, "ramfs"),
                             find(results, name, "memcpy"));
            rows += "</tr>\n";
        }
    }
    return table(
        fmt::format("Medians in {}, and half of the range in which the middle half of the runs "
                    "lies. Beneath: how many times as fast as ramfs and as memcpy of the same "
                    "size; no ratio where the spread makes it meaningless.",
                    words::unit(results.front()->unit)),
        head(columns), rows);
}

// Counts of instructions are exact, so the difference to the copy alone says what the rest costs.
std::string beyond(const std::vector<const Result *> &results)
{
    const std::vector<std::string> columns = plotted_fs(file_systems(results));
    std::string rows;

    for (const Family &family : families()) {
        for (const std::string &name : names_of(results, family)) {
            const Result *const copy = find(results, name, "memcpy");
            if (copy == nullptr)
                continue;
            rows += "<tr>" + row_name(name, *copy);
            for (const std::string &fs : columns) {
                const Result *const result = find(results, name, fs);
                rows +=
                    result == nullptr
                        ? "<td>–</td>"
                        : fmt::format("<td{}>{}</td>", own(fs),
                                      figures::number(result->figure.median - copy->figure.median));
            }
            rows += "</tr>\n";
        }
    }
    if (rows.empty())
        return {};
    return "<h3>Beyond the copy</h3>\n" +
           table("Instructions more than memcpy of the same size: what the file system itself "
                 "costs. Lower is better.",
                 head(columns), rows);
}

// What tells most to a reader who reads one only.
int rank(const Place &place)
{
    constexpr std::array<std::string_view, 5> by_bed{"host", "kvm", "uml", "tcg-icount", "tcg"};
    constexpr std::array<std::string_view, 5> by_driver{"kernel", "bench", "kernel-user", "fio",
                                                        "dd"};
    const auto bed = std::find(by_bed.begin(), by_bed.end(), place.first) - by_bed.begin();
    const auto driver =
        std::find(by_driver.begin(), by_driver.end(), place.second) - by_driver.begin();

    return static_cast<int>(bed * 10 + driver);
}

} // namespace

std::vector<Place> places(const Document &document)
{
    std::vector<Place> found;

    for (const Result &result : document.results) {
        const Place place{result.bed, result.driver};
        if (is_plain(result.name) && is_cost(result) &&
            std::find(found.begin(), found.end(), place) == found.end())
            found.push_back(place);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const Place &a, const Place &b) { return rank(a) < rank(b); });
    return found;
}

std::string comparison(const Document &document, const Place &place, const std::string &id)
{
    const std::vector<const Result *> results = results_of(document, place);
    if (results.empty())
        return {};
    const std::vector<std::string> shown = plotted_fs(file_systems(results));
    std::string plots;

    for (const Family &family : families())
        plots += bars(results, family, shown);
    std::string out =
        fmt::format("<h2 id=\"{}\">{}</h2>\n<p>{} {}</p>\n", id,
                    escape(words::place(place.first, place.second)),
                    escape(words::bed_text(place.first)), escape(words::driver_text(place.second)));
    if (!plots.empty())
        out += key(shown, more_keys) + "<div class=\"grid\">\n" + plots + "</div>\n";
    out += "<h3>Figures</h3>\n" + medians(results);
    if (results.front()->unit == "instructions")
        out += beyond(results);
    return out;
}

BarChart headline(const Document &document)
{
    constexpr std::array<std::pair<std::string_view, std::string_view>, 9> wanted{{
        {"new-4K", "write, new, 4 KiB"},
        {"new-64K", "write, new, 64 KiB"},
        {"new-1M", "write, new, 1 MiB"},
        {"over-1M", "write over, 1 MiB"},
        {"rndover-4K", "random write, 4 KiB"},
        {"read-1M", "read, 1 MiB"},
        {"poems-32K-create", "create small files"},
        {"poems-32K-unlink", "unlink small files"},
        {"unlink-big", "unlink a big file"},
    }};
    BarChart chart;

    for (const Place &place : places(document)) {
        const std::vector<const Result *> results = results_of(document, place);
        chart.series = plotted_fs(file_systems(results));
        // the other path of scriptfs is no rival
        chart.series.erase(std::remove(chart.series.begin(), chart.series.end(), "scriptfs-page"),
                           chart.series.end());
        chart.rows.clear();
        for (const auto &[name, text] : wanted) {
            BarRow row = bar_row(results, chart.series, std::string(name));
            row.name = text;
            if (has_bars(row))
                chart.rows.push_back(std::move(row));
        }
        if (chart.rows.size() < 4)
            continue;
        chart.title = "scriptfs compared with ramfs and tmpfs";
        chart.axis = fmt::format("{} ({})", words::better(results.front()->unit), place.first);
        return chart;
    }
    chart.rows.clear();
    return chart;
}

} // namespace scriptfs::bench::sections
