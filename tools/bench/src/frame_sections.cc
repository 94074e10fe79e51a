// SPDX-License-Identifier: GPL-2.0-only
// What stands around the report's figures: what was measured, and what was not.
#include "families.h"
#include "html.h"
#include "sections.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace scriptfs::bench::sections {

using html::escape;

std::string introduction(const Document &document, const std::vector<std::string> &notes)
{
    std::set<std::string> beds;
    std::set<std::string> drivers;
    int fewest = 0;
    int most = 0;

    for (const Result &result : document.results) {
        beds.insert(result.bed);
        drivers.insert(result.driver);
        fewest = fewest == 0 ? result.figure.runs : std::min(fewest, result.figure.runs);
        most = std::max(most, result.figure.runs);
    }
    for (const Latency &latency : document.latency)
        beds.insert(latency.bed);
    for (const Locks &locks : document.locks)
        beds.insert(locks.bed);
    std::string out =
        "<h1>scriptfs measured</h1>\n<p>What files in memory cost on scriptfs, beside ramfs, tmpfs "
        "and the limit: the copy alone (memcpy of the same sizes over the same kind of "
        "memory).</p>\n"
        "<dl class=\"facts\">\n";
    const auto fact = [&out](std::string_view name, const std::string &text) {
        if (!text.empty())
            out += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, escape(text));
    };
    fact("Kernel", document.kernel);
    fact("Machine", document.cpu.empty() || document.cores == 0
                        ? document.cpu
                        : fmt::format("{}, {} processor{}", document.cpu, document.cores,
                                      document.cores == 1 ? "" : "s"));
    fact("Beds", fmt::format("{}", fmt::join(beds, ", ")));
    fact("Drivers", fmt::format("{}", fmt::join(drivers, ", ")));
    if (most > 0)
        fact("Rounds", fewest == most ? fmt::format("{}, interleaved", most)
                                      : fmt::format("{} to {}, interleaved", fewest, most));
    for (const std::string &note : notes)
        fact("Note", note);
    return out + "</dl>\n";
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
    if (!any(is_memory))
        out.emplace_back("Memory held");
    for (const Curve &curve : growths())
        if (!any([&curve](const Result &result) {
                return result.name.compare(0, curve.prefix.size(), curve.prefix) == 0;
            }))
            out.emplace_back(curve.title);
    for (const Curve &curve : scalings())
        if (!any([&curve](const Result &result) { return scaling_number(curve, result.name) > 0; }))
            out.push_back(fmt::format("{}: the time of a call", curve.title));
    for (const Curve &curve : scalings())
        if (std::none_of(
                document.locks.begin(), document.locks.end(),
                [&curve](const Locks &locks) { return scaling_number(curve, locks.name) > 0; }))
            out.push_back(fmt::format("{}: the locks", curve.title));
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

} // namespace scriptfs::bench::sections
