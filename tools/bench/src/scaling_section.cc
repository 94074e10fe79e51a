// SPDX-License-Identifier: GPL-2.0-only
// The report's section on scaling: what a call takes beside others, and which locks they share.
#include "families.h"
#include "figures.h"
#include "html.h"
#include "parts.h"
#include "sections.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace scriptfs::bench::sections {
namespace {

using html::escape;

// The figures of a count, each with a plot of its own: they are orders of magnitude apart.
struct Aspect {
    double LockCount::*value;
    std::string_view axis;
    std::string_view column;
    double reach; // the axis goes that far at least, so that chance does not fill the plot
};

constexpr std::array<Aspect, 3> aspects{{
    {&LockCount::taken, "taken", "taken", 1000},
    {&LockCount::bounced, "taken from another processor", "from another", 100},
    {&LockCount::contended, "waited for", "waited for", 100},
}};

using LocksOf = std::vector<const Locks *>; // of one bed

const Locks *find(const LocksOf &all, std::string_view name, std::string_view fs)
{
    const auto found = std::find_if(all.begin(), all.end(), [name, fs](const Locks *one) {
        return one->name == name && one->fs == fs;
    });
    return found == all.end() ? nullptr : *found;
}

std::vector<std::string> file_systems(const LocksOf &all)
{
    std::vector<std::string> names;

    names.reserve(all.size());
    for (const Locks *one : all)
        names.push_back(one->fs);
    return plotted_fs(std::move(names));
}

// What the most at a time took, scriptfs first.
std::string sentence(const Curve &curve, const LocksOf &all, std::vector<std::string> names)
{
    const Locks *most = nullptr;
    std::vector<std::string> parts;

    for (const Locks *one : all)
        if (most == nullptr || scaling_number(curve, one->name) > scaling_number(curve, most->name))
            most = one;
    std::stable_partition(names.begin(), names.end(),
                          [](const std::string &fs) { return fs == "scriptfs"; });
    for (const std::string &fs : names)
        if (const Locks *one = find(all, most->name, fs))
            parts.push_back(fmt::format("{} {}, {} of them from another processor, {} waited for",
                                        fs, count_name(std::round(one->sum.taken)),
                                        count_name(std::round(one->sum.bounced)),
                                        count_name(std::round(one->sum.contended))));
    return fmt::format("Locks taken with {} {}: {}.", scaling_number(curve, most->name),
                       curve.x_axis, fmt::join(parts, "; "));
}

std::string locks_figure(const Curve &curve, const LocksOf &all)
{
    LocksOf mine;
    std::set<double> x;
    std::string drawings = "<div class=\"three\">\n";

    for (const Locks *one : all)
        if (const int number = scaling_number(curve, one->name)) {
            mine.push_back(one);
            x.insert(number);
        }
    if (mine.empty())
        return {};
    const std::vector<std::string> names = file_systems(mine);
    for (const Aspect &aspect : aspects) {
        plots::LineChart chart;
        for (const std::string &fs : names) {
            std::map<int, double> points;
            for (const Locks *one : mine)
                if (one->fs == fs)
                    points[scaling_number(curve, one->name)] = one->sum.*aspect.value;
            plots::Line line;
            line.fs = fs;
            for (const auto &[number, value] : points)
                line.points.push_back({static_cast<double>(number), value});
            chart.lines.push_back(std::move(line));
        }
        chart.title = fmt::format("{}: locks {}", curve.title, aspect.axis);
        chart.x_axis = curve.x_axis;
        chart.y_axis = aspect.axis;
        chart.log_y = false;
        chart.y_from = 0;
        chart.y_reach = aspect.reach;
        chart.x_ticks = ticks(x, count_name);
        chart.width = 380;
        chart.height = 250;
        drawings += plots::draw(chart);
    }
    return figure(curve.title, drawings + "</div>\n", escape(sentence(curve, mine, names)));
}

std::string locks_table(const LocksOf &all)
{
    const std::vector<std::string> columns = file_systems(all);
    std::vector<std::string> names;
    std::string head = "<tr><th rowspan=\"2\">case</th>";
    std::string rows;

    for (const std::string &fs : columns)
        head += fmt::format("<th colspan=\"{}\"{}>{}</th>", aspects.size(), own(fs), escape(fs));
    head += "</tr>\n<tr>";
    for (const std::string &fs : columns)
        for (const Aspect &aspect : aspects)
            head += fmt::format("<th{}>{}</th>", own(fs), aspect.column);
    head += "</tr>";
    for (const Locks *one : all)
        names.push_back(one->name);
    for (const std::string &name : ordered_scalings(names)) {
        rows += fmt::format("<tr><td>{}</td>", escape(name));
        for (const std::string &fs : columns)
            for (const Aspect &aspect : aspects) {
                const Locks *one = find(all, name, fs);
                rows += fmt::format(
                    "<td{}>{}</td>", own(fs),
                    one == nullptr ? "–" : count_name(std::round(one->sum.*aspect.value)));
            }
        rows += "</tr>\n";
    }
    return table("Locks for 1000 calls of 4 KiB, of all classes together: how often one was taken, "
                 "had last been taken on another processor, was waited for. The first differs "
                 "between runs only by what waiting itself takes; the others are chance as well.",
                 head, rows);
}

// The classes in which processors met.
std::string classes_table(const LocksOf &all)
{
    std::vector<std::string> names;
    std::string rows;

    for (const Locks *one : all)
        names.push_back(one->name);
    for (const std::string &name : ordered_scalings(names))
        for (const std::string &fs : file_systems(all)) {
            const Locks *const one = find(all, name, fs);
            if (one == nullptr)
                continue;
            for (const auto &[lock, count] : one->classes) {
                if (!is_shared(count))
                    continue;
                rows += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td>", escape(name),
                                    escape(fs), escape(lock));
                for (const Aspect &aspect : aspects)
                    rows += fmt::format("<td>{}</td>", count_name(std::round(count.*aspect.value)));
                rows += "</tr>\n";
            }
        }
    if (rows.empty())
        return {};
    std::string head = "<tr><th>case</th><th>file system</th><th>lock class</th>";
    for (const Aspect &aspect : aspects)
        head += fmt::format("<th>{}</th>", aspect.column);
    return "<details><summary>By classes of locks</summary>\n" +
           table("The classes that came from another processor at least 10 times in 1000 calls, or "
                 "were waited for at least once.",
                 head + "</tr>", rows) +
           "</details>\n";
}

std::string locks_of_bed(const std::string &bed, const LocksOf &all)
{
    std::set<int> processors;
    std::string figures;

    for (const Curve &curve : scalings())
        figures += locks_figure(curve, all);
    for (const Locks *one : all)
        processors.insert(one->processors);
    const std::string_view chance =
        bed == "tcg" ? " How often threads meet is chance: it depends on when the host lets the "
                       "guest's processors run. One run says little about writers of one file."
                     : "";
    return fmt::format(
        "<h3>Locks, for 1000 calls of 4 KiB</h3>\n<p>Counted by the kernel (lockstat) on bed {}, "
        "with {} processors; a thread each. A lock that had last been taken on another processor "
        "is a cache line that had to come from there, even if nobody waited. Lower is better; what "
        "does not rise with the number of threads is not shared.{}</p>\n{}<div class=\"rows\">\n"
        "{}</div>\n{}{}",
        escape(bed), fmt::join(processors, " and "), chance, key(file_systems(all)), figures,
        locks_table(all), classes_table(all));
}

std::string locks(const Document &document)
{
    std::map<std::string, LocksOf> beds;
    std::string out;

    for (const Locks &one : document.locks)
        beds[one.bed].push_back(&one);
    for (const auto &[bed, all] : beds)
        out += locks_of_bed(bed, all);
    return out;
}

} // namespace

std::string scaling(const Document &document)
{
    const std::string text = scaling_times(document) + locks(document);

    return text.empty() ? text : "<h2 id=\"scaling\">Scaling</h2>\n" + text;
}

} // namespace scriptfs::bench::sections
