// SPDX-License-Identifier: GPL-2.0-only
// compare: what changed between two results.json.
#include "compare.h"

#include "commands.h"
#include "lib/error.h"
#include "lib/grid.h"
#include "table.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

namespace scriptfs::bench {
namespace {

struct CompareOptions {
    std::string before;
    std::string after;
    double tolerance = 2; // percent
    std::string bed;
    std::vector<std::string> fs;
    bool check = false;
};

Change judge(const Result &before, const Result &after, double tolerance)
{
    const Summary &a = before.figure;
    const Summary &b = after.figure;
    double ratio = 1;

    if (a.median != b.median)
        ratio = a.median > 0 ? b.median / a.median : std::numeric_limits<double>::infinity();
    const bool overlap = before.unit == "ns" && a.q1 <= b.q3 && b.q1 <= a.q3;
    Verdict verdict = Verdict::unchanged;
    // Some room for how a median of 2.00 is written down: 2 % of 50 is 1, not 0.99999.
    if (std::abs(ratio - 1) > tolerance + 1e-9 && !overlap)
        verdict = ratio > 1 ? Verdict::worse : Verdict::better;
    return {&before, &after, verdict, ratio};
}

// How far from 1, the same for half and for double.
double size_of(const Change &change)
{
    if (!change.before || !change.after)
        return -1;
    return change.ratio > 0 ? std::abs(std::log(change.ratio))
                            : std::numeric_limits<double>::infinity();
}

const char *word(const Change &change)
{
    switch (change.verdict) {
    case Verdict::better:
        return "better";
    case Verdict::worse:
        return "WORSE";
    case Verdict::gone:
        return "gone";
    case Verdict::added:
        return "added";
    case Verdict::unchanged:
        break;
    }
    return "";
}

std::string percent(double ratio)
{
    if (std::isinf(ratio))
        return "from 0";
    return ratio >= 10 ? fmt::format("x {:.0f}", ratio)
                       : fmt::format("{:+.1f} %", 100 * (ratio - 1));
}

void keep_only(Document &document, const CompareOptions &options)
{
    std::erase_if(document.results, [&](const Result &result) {
        return (!options.bed.empty() && result.bed != options.bed) ||
               (!options.fs.empty() &&
                std::find(options.fs.begin(), options.fs.end(), result.fs) == options.fs.end());
    });
}

void compare(const CompareOptions &options)
{
    if (!options.bed.empty())
        check_one_of(beds, options.bed, "--bed");
    Document before = read_document(options.before);
    Document after = read_document(options.after);
    keep_only(before, options);
    keep_only(after, options);
    if (before.results.empty())
        throw Error("{}: no result is left to compare; allowed: a --bed and --fs that it has",
                    options.before);

    const double tolerance = options.tolerance / 100;
    const auto found = changes(before, after, tolerance);
    fmt::print("{}", changes_text(found, tolerance));
    const bool failed = std::any_of(found.begin(), found.end(), [](const Change &change) {
        return change.verdict == Verdict::worse || change.verdict == Verdict::gone;
    });
    if (options.check && failed)
        throw CLI::RuntimeError(1);
}

} // namespace

std::vector<Change> changes(const Document &before, const Document &after, double tolerance)
{
    std::vector<Change> all;

    for (const Result &result : before.results) {
        const Result *now = after.find(result, result.fs);
        all.push_back(now ? judge(result, *now, tolerance)
                          : Change{&result, nullptr, Verdict::gone, 1});
    }
    for (const Result &result : after.results)
        if (!before.find(result, result.fs))
            all.push_back({nullptr, &result, Verdict::added, 1});
    std::stable_sort(all.begin(), all.end(),
                     [](const Change &a, const Change &b) { return size_of(a) > size_of(b); });
    return all;
}

std::string changes_text(const std::vector<Change> &changes, double tolerance)
{
    std::vector<std::vector<std::string>> rows = {
        {"", "file system", "bed", "driver", "before", "after", "change", ""}};
    std::size_t count[5] = {};

    for (const Change &change : changes) {
        count[static_cast<std::size_t>(change.verdict)]++;
        if (change.verdict == Verdict::unchanged)
            continue;
        const Result &result = change.before ? *change.before : *change.after;
        rows.push_back({result.name + " " + result.per, result.fs, result.bed, result.driver,
                        change.before ? figure(change.before->figure.median) : "-",
                        change.after ? figure(change.after->figure.median) : "-",
                        change.before && change.after ? percent(change.ratio) : "", word(change)});
    }
    auto of = [&](Verdict verdict) { return count[static_cast<std::size_t>(verdict)]; };
    std::string text = rows.size() > 1 ? grid(rows, table_width) : "";
    text += fmt::format("{} worse, {} better, {} unchanged (within {:.4g} % or within the spread), "
                        "{} gone, {} added\n",
                        of(Verdict::worse), of(Verdict::better), of(Verdict::unchanged),
                        100 * tolerance, of(Verdict::gone), of(Verdict::added));
    return text;
}

void add_compare(CLI::App &app)
{
    auto options = std::make_shared<CompareOptions>();
    CLI::App *command = app.add_subcommand("compare", "Show what changed between two results.json");

    command->add_option("OLD", options->before, "results.json of before")->required();
    command->add_option("NEW", options->after, "results.json of now")->required();
    command
        ->add_option("--tolerance", options->tolerance,
                     "A smaller change does not count, in percent")
        ->check(CLI::Range(0.0, 1000.0))
        ->capture_default_str();
    command->add_option("--bed", options->bed, "Only results of this bed");
    command->add_option("--fs", options->fs, "Only results of these file systems")->delimiter(',');
    command->add_flag("--check", options->check,
                      "End with 1 when something got worse or is not there any more");
    command->callback([options] { compare(*options); });
}

} // namespace scriptfs::bench
