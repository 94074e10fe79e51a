// SPDX-License-Identifier: GPL-2.0-only
// The report's section on memory: what a tree of files holds, beside tmpfs.
#include "families.h"
#include "figures.h"
#include "html.h"
#include "parts.h"
#include "sections.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace scriptfs::bench::sections {
namespace {

using html::escape;

constexpr std::string_view base_fs = "tmpfs";

using Held = std::vector<const Result *>; // of one bed

// Each case once, as they came, with one of its results.
Held held_cases(const Held &all)
{
    Held cases;

    for (const Result *one : all)
        if (std::none_of(cases.begin(), cases.end(),
                         [one](const Result *other) { return other->name == one->name; }))
            cases.push_back(one);
    return cases;
}

// How many times as much as tmpfs.
std::optional<Bar> times_as_much(const Result *result, const Result *base)
{
    return result && base ? figures::times_as_fast(result->figure, base->figure, true)
                          : std::nullopt;
}

std::string held_bars(const Document &document, const Held &cases,
                      const std::vector<std::string> &columns)
{
    BarChart chart;

    chart.title = "Beside tmpfs";
    chart.axis = "times as much as tmpfs: shorter is better";
    chart.series = columns;
    for (const Result *like : cases) {
        BarRow row;
        row.name = like->name;
        for (const std::string &fs : columns)
            row.bars.push_back(
                times_as_much(document.find(*like, fs), document.find(*like, base_fs)));
        if (std::any_of(row.bars.begin(), row.bars.end(),
                        [](const auto &bar) { return bar.has_value(); }))
            chart.rows.push_back(std::move(row));
    }
    return chart.rows.empty()
               ? std::string()
               : key(columns) + figure(chart.title, bars_html(chart), "After the copy.");
}

std::string held_table(const Document &document, const Held &cases,
                       const std::vector<std::string> &columns)
{
    std::string head = "<tr><th>case, bytes for</th>";
    std::string rows;

    for (const std::string &fs : columns)
        head += fmt::format("<th{}>{}</th>", own(fs), escape(fs));
    for (const Result *like : cases) {
        rows += fmt::format("<tr><td>{}<small>{}</small></td>", escape(like->name),
                            like->per == "byte" ? "a byte of data" : words::per(like->per));
        for (const std::string &fs : columns) {
            const Result *const result = document.find(*like, fs);
            const auto bar = times_as_much(result, document.find(*like, base_fs));
            rows += result ? fmt::format("<td{}>{}{}</td>", own(fs),
                                         figures::number(result->figure.median),
                                         bar && fs != base_fs
                                             ? fmt::format("<small>{} {}</small>",
                                                           words::multiple(bar->value), base_fs)
                                             : "")
                           : "<td>–</td>";
        }
        rows += "</tr>\n";
    }
    return table("What was held after the copy. Beneath: how many times as much as tmpfs.",
                 head + "</tr>", rows);
}

} // namespace

std::string memory(const Document &document)
{
    std::map<std::pair<std::string, std::string>, Held> places; // bed, driver
    std::string out;

    for (const Result &result : document.results)
        if (is_memory(result))
            places[{result.bed, result.driver}].push_back(&result);
    for (const auto &[place, all] : places) {
        const Held cases = held_cases(all);
        std::vector<std::string> columns;
        for (const Result *one : all)
            columns.push_back(one->fs);
        columns = plotted_fs(std::move(columns));
        if (places.size() > 1)
            out += fmt::format("<h3>{}</h3>\n", escape(words::place(place.first, place.second)));
        out += held_bars(document, cases, columns) + held_table(document, cases, columns);
    }
    if (out.empty())
        return {};
    return "<h2 id=\"memory\">Memory held</h2>\n<p>Of a tree of files that was copied in: "
           "<b>-df</b> is what the file system says is used, <b>-held</b> all memory that the "
           "system has less since, with inodes, names and maps, and <b>-beside</b> what of that "
           "is not the files' pages, a file. Of scriptfs's reserve what is in use counts, with "
           "its share of what the mount took beside the blocks.</p>\n" +
           out;
}

} // namespace scriptfs::bench::sections
