// SPDX-License-Identifier: GPL-2.0-only
// collect: from the lines that drivers print to results.json and a table.
#include "commands.h"
#include "error.h"
#include "samples.h"
#include "table.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <fstream>
#include <iostream>
#include <memory>

namespace bench {
namespace {

struct Options {
    std::vector<std::string> files;
    std::string json;
    bool quiet = false;
};

void collect(const Options &options)
{
    Samples samples;

    for (const std::string &name : options.files) {
        if (name == "-") {
            samples.read(std::cin, "standard input");
            continue;
        }
        std::ifstream file(name);
        if (!file)
            throw Error("{}: cannot be read", name);
        samples.read(file, name);
    }
    const Document document = samples.document();
    if (document.results.empty() && document.latency.empty())
        throw Error("{}: no sample and no latency line", fmt::join(options.files, ", "));
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
        ->add_option("FILE", options->files,
                     "What drivers said, or a console; - is the standard input")
        ->required();
    command->add_option("--json", options->json, "Write results.json there");
    command->add_flag("-q,--quiet", options->quiet, "No table");
    command->callback([options] { collect(*options); });
}

} // namespace bench
