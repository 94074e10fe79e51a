// SPDX-License-Identifier: GPL-2.0-only
#include "table.h"

#include "families.h"
#include "lib/grid.h"

#include <fmt/format.h>

#include <algorithm>

namespace scriptfs::bench {
namespace {

constexpr std::string_view limit_fs = "memcpy";

// What one table shows: one driver on one bed.
struct Group {
    std::string bed;
    std::string driver;
    std::string unit;
    std::vector<const Result *> cases; // one result of each, whichever came first
    std::vector<std::string> columns;  // file systems
    std::string base;                  // of ratios: ramfs (memory: tmpfs), else the first there is
    bool doubtful = false;             // a ratio was withheld

    [[nodiscard]] bool holds(const Result &result) const
    {
        return result.bed == bed && result.driver == driver && result.unit == unit;
    }
};

std::vector<Group> groups(const Document &document)
{
    std::vector<Group> all;

    for (const Result &result : document.results) {
        auto group = std::find_if(all.begin(), all.end(),
                                  [&](const Group &other) { return other.holds(result); });
        if (group == all.end())
            group =
                all.insert(all.end(), {result.bed, result.driver, result.unit, {}, {}, "", false});
        if (std::none_of(group->cases.begin(), group->cases.end(),
                         [&](const Result *other) { return other->name == result.name; }))
            group->cases.push_back(&result);
        group->columns.push_back(result.fs);
    }
    for (Group &group : all) {
        group.columns = ordered_fs(std::move(group.columns));
        auto base = std::find_if_not(group.columns.begin(), group.columns.end(), is_limit);
        // memory: beside what has a limit as scriptfs has, and is told by df
        const auto tmpfs = std::find(group.columns.begin(), group.columns.end(), "tmpfs");
        if (is_memory(*group.cases.front()) && tmpfs != group.columns.end())
            base = tmpfs;
        if (base != group.columns.end())
            group.base = *base;
    }
    return all;
}

Row head(const Group &group)
{
    Row row = {""};
    row.insert(row.end(), group.columns.begin(), group.columns.end());
    return row;
}

std::string label(const Result &result)
{
    return result.name + " " + result.per;
}

std::string cell(const Result &result, const Result *base, Group &group)
{
    std::string text = figure(result.figure.median);

    if (is_limit(result.fs) || result.fs == group.base)
        return text;
    if (!base)
        return text + "     ";
    const bool exact = is_exact(result) && base->figure.median > 0;
    if (!exact && !meaningful(result.figure, base->figure)) {
        group.doubtful = true;
        return text + "    ~";
    }
    const double ratio = result.figure.median / base->figure.median;
    return text + fmt::format(" {:>4.{}f}", ratio, ratio >= 99.95 ? 0 : ratio >= 9.995 ? 1 : 2);
}

std::string medians(const Document &document, Group &group)
{
    std::vector<Row> rows = {head(group)};

    for (const Result *like : group.cases) {
        const Result *base = document.find(*like, group.base);
        Row row = {label(*like)};
        for (const std::string &fs : group.columns) {
            const Result *result = document.find(*like, fs);
            row.push_back(result ? cell(*result, base, group) : "-");
        }
        rows.push_back(row);
    }
    return grid(rows, table_width);
}

std::string beyond_the_copy(const Document &document, const Group &group)
{
    std::vector<Row> rows = {head(group)};

    std::erase_if(rows[0], is_limit);
    for (const Result *like : group.cases) {
        const Result *limit = document.find(*like, limit_fs);
        if (!limit)
            continue;
        Row row = {label(*like)};
        for (const std::string &fs : group.columns) {
            if (is_limit(fs))
                continue;
            const Result *result = document.find(*like, fs);
            row.push_back(result ? figure(result->figure.median - limit->figure.median) : "-");
        }
        rows.push_back(row);
    }
    return rows.size() > 1 && rows[0].size() > 1
               ? "\nbeyond the copy: the figure less memcpy's\n" + grid(rows, table_width)
               : "";
}

std::string spreads(const Document &document, const Group &group)
{
    std::vector<Row> rows = {head(group)};

    for (const Result *like : group.cases) {
        Row row = {label(*like)};
        for (const std::string &fs : group.columns) {
            const Result *result = document.find(*like, fs);
            row.push_back(result && result->figure.runs > 1
                              ? fmt::format("{:.0f}", 100 * result->figure.spread())
                              : "-");
        }
        rows.push_back(row);
    }
    return "\nspread: how far apart the middle half of the rounds lies, % of the median\n" +
           grid(rows, table_width);
}

// Without the columns that have no figure in any row but the head.
void drop_empty_columns(std::vector<Row> &rows)
{
    for (std::size_t i = rows[0].size() - 1; i > 0; i--)
        if (std::all_of(rows.begin() + 1, rows.end(),
                        [i](const Row &row) { return row[i] == "-"; }))
            for (Row &row : rows)
                row.erase(row.begin() + static_cast<std::ptrdiff_t>(i));
}

std::string slowest(const Document &document, const Group &group)
{
    std::vector<Row> rows = {head(group)};

    for (const Result *like : group.cases) {
        Row row = {label(*like)};
        bool any = false;
        for (const std::string &fs : group.columns) {
            const Result *result = document.find(*like, fs);
            row.push_back(result && result->p999 ? figure(*result->p999) : "-");
            any = any || (result && result->p999);
        }
        if (any)
            rows.push_back(row);
    }
    drop_empty_columns(rows);
    return rows.size() > 1
               ? "\np99.9 of single calls, " + group.unit + "\n" + grid(rows, table_width)
               : "";
}

std::string latencies(const Document &document)
{
    std::vector<Row> rows = {
        {"", "bed", "writes", "p50", "p99", "p99.9", "max", "reclaim", "compaction"}};

    for (const Latency &one : document.latency)
        rows.push_back({one.fs + " " + one.load, one.bed, std::to_string(one.count),
                        figure(one.p50), figure(one.p99), figure(one.p999), figure(one.max),
                        std::to_string(one.reclaim), std::to_string(one.compaction)});
    return "\nlatency of single writes, ns\n" + grid(rows, table_width);
}

std::string lock_cell(const LockCount &count)
{
    return fmt::format("{:.0f} / {:.0f} / {:.0f}", count.taken, count.bounced, count.contended);
}

} // namespace

std::string lock_tables(const std::vector<Locks> &all)
{
    std::vector<std::string> columns;
    std::vector<std::string> names;
    std::vector<Row> sums = {{""}};
    std::vector<Row> classes = {{"", "file system", "lock class", "locks"}};

    for (const Locks &one : all) {
        columns.push_back(one.fs);
        names.push_back(one.name);
    }
    columns = ordered_fs(std::move(columns));
    sums[0].insert(sums[0].end(), columns.begin(), columns.end());
    for (const std::string &name : ordered_scalings(names)) {
        Row row = {name};
        for (const std::string &fs : columns) {
            const auto one = std::find_if(all.begin(), all.end(), [&](const Locks &other) {
                return other.fs == fs && other.name == name;
            });
            row.push_back(one == all.end() ? "-" : lock_cell(one->sum));
            if (one == all.end())
                continue;
            for (const auto &[lock, count] : one->classes)
                if (is_shared(count))
                    classes.push_back({name, fs, lock, lock_cell(count)});
        }
        sums.push_back(row);
    }
    std::string text =
        "\nlocks for 1000 calls of 4 KiB: taken / had last been taken on another processor / "
        "waited for\n" +
        grid(sums, table_width);
    if (classes.size() > 1)
        text += "\nthose that came from another processor or were waited for, by their classes\n" +
                grid(classes, table_width);
    return text;
}

std::string tables(const Document &document)
{
    std::string text = fmt::format("Linux {}, {}, processors: {}, rounds: {}\n", document.kernel,
                                   document.cpu, document.cores, document.rounds);
    bool doubtful = false;

    for (Group &group : groups(document)) {
        const bool time = group.unit == "ns";
        if (group.unit == "bytes")
            text += fmt::format("\nbed {}, driver {}: memory held, bytes: by df, and all that the "
                                "system has less;\nratio to {}: below 1 is less\n",
                                group.bed, group.driver, group.base);
        else if (group.unit == "faults")
            text += fmt::format("\nbed {}, driver {}: page faults; ratio to {}: below 1 is less\n",
                                group.bed, group.driver, group.base.empty() ? "ramfs" : group.base);
        else
            text +=
                fmt::format("\nbed {}, driver {}: medians, {}{}; ratio to {}: below 1 is cheaper\n",
                            group.bed, group.driver, time ? "ns" : "INSTRUCTIONS, not time",
                            group.bed == "tcg" && time ? " of an EMULATED processor" : "",
                            group.base.empty() ? "ramfs" : group.base);
        text += medians(document, group);
        text += time ? spreads(document, group) : beyond_the_copy(document, group);
        text += slowest(document, group);
        doubtful = doubtful || group.doubtful;
    }
    if (!document.latency.empty())
        text += latencies(document);
    if (!document.locks.empty())
        text += lock_tables(document.locks);
    if (doubtful)
        text += "\n~ no ratio: the rounds differ too much, or are too few, to tell the two apart\n";
    return text;
}

} // namespace scriptfs::bench
