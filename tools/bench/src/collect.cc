// SPDX-License-Identifier: GPL-2.0-only
// collect: from the lines that drivers print to results.json and a table.
#include "commands.h"
#include "error.h"
#include "samples.h"
#include "table.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>

namespace bench {
namespace {

struct Options {
    std::vector<std::string> files;
    std::string json;
    bool quiet = false;
};

std::string read_all(const std::string &name)
{
    std::ostringstream text;

    if (name == "-")
        text << std::cin.rdbuf();
    else if (!(text << std::ifstream(name).rdbuf()))
        throw Error("{}: cannot be read, or is empty", name);
    return text.str();
}

// Put what another run measured beside what is there. Throws Error when that has it already.
void add_document(Document &all, const Document &other, const std::string &name)
{
    for (const Result &result : other.results)
        if (all.find(result, result.fs))
            throw Error(
                "{}: {} on {} (bed {}, driver {}) is not allowed; allowed: what no other file "
                "has",
                name, result.name, result.fs, result.bed, result.driver);
    if (all.kernel.empty())
        all.kernel = other.kernel;
    else if (all.kernel != other.kernel)
        all.kernel = mixed;
    all.rounds = std::max(all.rounds, other.rounds);
    all.results.insert(all.results.end(), other.results.begin(), other.results.end());
    all.latency.insert(all.latency.end(), other.latency.begin(), other.latency.end());
}

void collect(const Options &options)
{
    Samples samples;
    Document document;

    for (const std::string &name : options.files) {
        const std::string text = read_all(name);
        if (text.starts_with('{')) {
            add_document(document, parse_document(text, name), name);
        } else {
            std::istringstream lines(text);
            samples.read(lines, name);
        }
    }
    const Document sampled = samples.document();
    if (!sampled.results.empty() || !sampled.latency.empty())
        add_document(document, sampled, "the sample lines");
    if (document.results.empty() && document.latency.empty())
        throw Error("{}: no sample and no latency line, no result", fmt::join(options.files, ", "));
    describe(document);
    if (!options.json.empty())
        write_document(document, options.json);
    if (!options.quiet)
        fmt::print("{}", tables(document));
}

} // namespace

void add_collect(CLI::App &app)
{
    auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand(
        "collect", "Make statistics of the sample lines that drivers print; print a table");

    command
        ->add_option(
            "FILE", options->files,
            "What drivers said, a console, or results.json of another run; - is the standard input")
        ->required();
    command->add_option("--json", options->json, "Write results.json there");
    command->add_flag("-q,--quiet", options->quiet, "No table");
    command->callback([options] { collect(*options); });
}

} // namespace bench
