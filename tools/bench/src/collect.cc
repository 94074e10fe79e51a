// SPDX-License-Identifier: GPL-2.0-only
// collect: from the lines that drivers print to results.json and a table.
#include "commands.h"
#include "lib/error.h"
#include "lib/text.h"
#include "samples.h"
#include "table.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <set>
#include <sstream>

namespace scriptfs::bench {
namespace {

struct CollectOptions {
    std::vector<std::string> files;
    std::string json;
    bool quiet = false;
};

// What tells a measurement from all others, in words.
std::string identity(const Result &result)
{
    return fmt::format("{} on {} (bed {}, driver {}, unit {})", result.name, result.fs, result.bed,
                       result.driver, result.unit);
}

std::string identity(const Latency &latency)
{
    return fmt::format("latency on {}, {} (bed {})", latency.fs, latency.load, latency.bed);
}

std::string identity(const Locks &locks)
{
    return fmt::format("locks of {} on {} (bed {})", locks.name, locks.fs, locks.bed);
}

// Throws Error when two of them are the same.
template <typename Measurement>
void add(std::vector<Measurement> &all, const std::vector<Measurement> &others,
         const std::string &name)
{
    std::set<std::string> known;

    for (const Measurement &one : all)
        known.insert(identity(one));
    for (const Measurement &one : others)
        if (!known.insert(identity(one)).second)
            throw Error("{}: {} is not allowed; allowed: what was not read before", name,
                        identity(one));
    all.insert(all.end(), others.begin(), others.end());
}

// Put what another run measured beside what is there.
void add_document(Document &all, const Document &other, const std::string &name)
{
    if (all.kernel.empty())
        all.kernel = other.kernel;
    else if (all.kernel != other.kernel)
        all.kernel = mixed;
    if (all.cpu.empty()) {
        all.cpu = other.cpu;
        all.cores = other.cores;
    } else if (!other.cpu.empty() && (all.cpu != other.cpu || all.cores != other.cores)) {
        all.cpu = mixed;
        all.cores = 0;
    }
    all.rounds = std::max(all.rounds, other.rounds);
    add(all.results, other.results, name);
    add(all.latency, other.latency, name);
    add(all.locks, other.locks, name);
}

void collect(const CollectOptions &options)
{
    Samples samples;
    Document document;

    for (const std::string &name : options.files) {
        const std::string text = read_text(name);
        const auto first = text.find_first_not_of(" \t\r\n");
        if (first != std::string::npos && text[first] == '{') {
            add_document(document, parse_document(text, name), name);
        } else {
            std::istringstream lines(text);
            samples.read(lines, name);
        }
    }
    const Document sampled = samples.document();
    if (!sampled.empty())
        add_document(document, sampled, "the drivers' lines");
    if (document.empty())
        throw Error("{}: no sample, latency or lock line, no result",
                    fmt::join(options.files, ", "));
    describe(document);
    if (!options.json.empty())
        write_document(document, options.json);
    if (!options.quiet)
        fmt::print("{}", tables(document));
}

} // namespace

void add_collect(CLI::App &app)
{
    auto options = std::make_shared<CollectOptions>();
    CLI::App *command = app.add_subcommand(
        "collect", "Make statistics of the lines that drivers print; print tables");

    command
        ->add_option(
            "FILE", options->files,
            "What drivers said, a console, or results.json of another run; - is the standard input")
        ->required();
    command->add_option("--json", options->json, "Write results.json there");
    command->add_flag("-q,--quiet", options->quiet, "No table");
    command->callback([options] { collect(*options); });
}

} // namespace scriptfs::bench
