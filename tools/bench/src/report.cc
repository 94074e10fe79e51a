// SPDX-License-Identifier: GPL-2.0-only
// scriptfs-bench report: results.json as a page that people look at.
#include "report.h"

#include "bars.h"
#include "commands.h"
#include "html.h"
#include "lib/error.h"
#include "lib/text.h"
#include "sections.h"
#include "words.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <memory>

namespace scriptfs::bench {
namespace {

struct ReportOptions {
    std::string results;
    std::string html;
    std::string plot;
    std::vector<std::string> notes;
};

void run(const ReportOptions &options)
{
    if (options.html.empty() && options.plot.empty())
        throw Error("report: nothing to write; allowed are --html FILE and --plot FILE");
    const Document document = read_document(options.results);
    if (!options.html.empty())
        write_text(options.html, report_html(document, options.notes));
    if (!options.plot.empty()) {
        const BarChart chart = sections::headline(document);
        if (chart.rows.empty())
            throw Error(
                "{}: too few of the cases that --plot shows, on ramfs and another file system",
                options.results);
        write_text(options.plot, bars_svg(chart));
    }
}

} // namespace

std::string report_html(const Document &document, const std::vector<std::string> &notes)
{
    std::string body = sections::introduction(document, notes);
    std::string contents;
    std::string rest;
    int number = 0;

    const auto link = [&contents](const std::string &id, const std::string &text) {
        contents += fmt::format("<a href=\"#{}\">{}</a>\n", id, html::escape(text));
    };
    for (const sections::Place &place : sections::places(document)) {
        const std::string id = fmt::format("c{}", ++number);
        rest += sections::comparison(document, place, id);
        link(id, words::place(place.first, place.second));
    }
    for (const auto &[text, id, name] :
         {std::tuple{sections::memory(document), "memory", "Memory held"},
          std::tuple{sections::growth(document), "growth", "How cost grows"},
          std::tuple{sections::latency(document), "latency", "Latency"},
          std::tuple{sections::scaling(document), "scaling", "Scaling"},
          std::tuple{sections::missing(document), "missing", "Not measured"}}) {
        if (text.empty())
            continue;
        rest += text;
        link(id, name);
    }
    body += "<nav>" + contents + "</nav>\n";
    const BarChart chart = sections::headline(document);
    if (!chart.rows.empty())
        body += fmt::format(
            "<figure><h4>In short</h4>{}{}<figcaption>The thick line is memcpy: what is "
            "left of it is not the copy. Hatched: too few rounds, or too different, "
            "for a ratio.</figcaption></figure>\n",
            key(chart.series), bars_html(chart));
    return html::page("scriptfs measured", body + rest);
}

void add_report(CLI::App &app)
{
    auto options = std::make_shared<ReportOptions>();
    CLI::App *const command = app.add_subcommand(
        "report", "Write what was measured as a page or a plot (needs gnuplot).");

    command->add_option("results", options->results, "a results.json")->required();
    command->add_option("--html", options->html, "the page, one file that needs no other");
    command->add_option("--plot", options->plot, "an SVG with the one plot that says most");
    command->add_option("--note", options->notes, "a remark for the page's head; may be repeated")
        ->allow_extra_args(false);
    command->callback([options] { run(*options); });
}

} // namespace scriptfs::bench
