// SPDX-License-Identifier: GPL-2.0-only
// scriptfs-bench fio: what fio and dd measure, programs that others know and trust.
//
// fio tells its run time in whole milliseconds, which is far too coarse here, so it has the clock
// read right before and after each job (`scriptfs-bench now`). Each job of fio, and dd, comes in
// two lengths: the difference is what the bytes between them cost, free of what it takes to start
// and to end. Their own cost of a call is in it.
#include "commands.h"
#include "lib/clock.h"
#include "lib/program.h"
#include "lib/sizes.h"
#include "lib/text.h"
#include "machine.h"
#include "run.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <map>
#include <memory>

namespace scriptfs::bench {
namespace {

constexpr std::uint64_t tool_calls[] = {4 << 10, 64 << 10, 1 << 20};
constexpr std::uint64_t short_length = 4 * mib;

// How much is written or read.
struct Lengths {
    std::uint64_t more; // in the longer run of two
    std::uint64_t big;  // in the longest, which is the size of the file
};

// Counts of instructions are exact after little; a real clock is disturbed by whatever else the
// machine does.
Lengths lengths_of(const Setup &setup, const std::string &bed)
{
    const std::uint64_t more = bed == "tcg-icount" ? setup.size / 8 : setup.size / 4 * 3;
    return {short_length + more, short_length + setup.size};
}

struct Figure {
    std::int64_t time;
    std::uint64_t bytes;
};

// No figure where a real clock was so disturbed that the longer run took less time.
void record_difference(Stage &stage, const std::string &name, const Figure &less,
                       const Figure &more)
{
    if (more.bytes <= less.bytes)
        throw Error("{} on {}: both lengths are {} bytes", name, stage.fs, more.bytes);
    if (more.time > less.time)
        stage.record(name, more.time - less.time, (more.bytes - less.bytes) / page_size);
}

// Keeps what a program said, if somebody wants it.
void keep(const std::string &logs, const std::string &tool, const Stage &stage,
          const std::string &ending, const std::string &text)
{
    if (logs.empty())
        return;
    std::filesystem::create_directories(logs + "/" + tool);
    write_text(fmt::format("{}/{}/{}-{}.{}", logs, tool, stage.fs, stage.seed, ending), text);
}

void run_dd(Stage &stage, const std::string &logs, std::uint64_t big)
{
    const std::string file = stage.path + "/data";
    std::vector<Figure> writes;
    std::vector<Figure> reads;
    std::string said;

    const auto dd = [&](const std::string &from, const std::string &to, std::uint64_t size) {
        look();
        const Output output =
            run_program({.arguments = {"/usr/bin/dd", "if=" + from, "of=" + to, "bs=1M",
                                       fmt::format("count={}", size / mib)}});
        said += output.err;
        return Figure{output.time, size};
    };
    for (const std::uint64_t size : {short_length, big}) {
        writes.push_back(dd("/dev/zero", file, size));
        reads.push_back(dd(file, "/dev/null", size));
        unlink_at(stage.dir, "data");
    }
    keep(logs, "dd", stage, "txt", said);
    record_difference(stage, "dd-new-1M", writes[0], writes[1]);
    record_difference(stage, "dd-read-1M", reads[0], reads[1]);
}

void dd_limit(Stage &stage)
{
    const Memory buffer(mib);

    for (const bool write : {true, false}) {
        const std::int64_t time = taken([&] {
            for (std::uint64_t at = 0; at < stage.memory->size(); at += mib)
                copy(stage.limit, write ? stage.memory->at(at) : buffer.at(0),
                     write ? buffer.at(0) : stage.memory->at(at), mib);
        });
        stage.record(write ? "dd-new-1M" : "dd-read-1M", time, stage.memory->size() / page_size);
    }
}

// A stamp that `scriptfs-bench now` left.
std::int64_t stamp(const std::string &path)
{
    const std::string text = read_text(path);
    char *end = nullptr;
    const std::int64_t time = std::strtoll(text.c_str(), &end, 10);

    if (end == text.c_str())
        throw Error("{}: no time in it, but: {}", path, text);
    return time;
}

// Name of a job -> what it did.
std::map<std::string, Figure> read_report(const std::string &text, const std::string &stamps)
{
    std::map<std::string, Figure> figures;

    try {
        const nlohmann::json report = nlohmann::json::parse(text);
        for (const auto &job : report.at("jobs")) {
            const std::string name = job.at("jobname");
            const std::uint64_t bytes = job.at("read").at("io_bytes").get<std::uint64_t>() +
                                        job.at("write").at("io_bytes").get<std::uint64_t>();
            if (const int error = job.at("error"); error || !bytes)
                throw Error("fio's job {}: error {}, {} bytes", name, error, bytes);
            const std::string file = fmt::format("{}/{}", stamps, name);
            figures[name] = {stamp(file + ".postrun.txt") - stamp(file + ".prerun.txt"), bytes};
        }
    } catch (const nlohmann::json::exception &error) {
        throw Error("fio's report: {}", error.what());
    }
    return figures;
}

// The file that fio reads and writes over. It has been read: when a page is accessed for the second
// time, tmpfs activates it, and that is no part of any job.
void make_data(Stage &stage, std::uint64_t size)
{
    const Memory buffer(mib);
    const Fd fd = create_at(stage.dir, "data");

    fill(fd, size);
    rewind(fd);
    for (std::uint64_t done = 0; done < size; done += mib)
        whole(read(fd.get(), buffer.at(0), mib), mib, "read");
}

void run_fio(Stage &stage, const std::string &jobs, const std::string &logs, const Lengths &lengths)
{
    const OwnDir stamps("/tmp");
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    const std::string folder = std::filesystem::absolute(jobs);
    Program fio{.arguments = {"fio", "--eta=never", "--output-format=json"},
                .more = {"DIR=" + stage.path, "STAMP=" + self + " now",
                         "SHORT=" + size_name(short_length), "LONG=" + size_name(lengths.more),
                         "BIG=" + size_name(lengths.big)},
                .directory = stamps.path()};

    for (const char *name : {"new", "over", "read", "rndover", "rndread"})
        fio.arguments.push_back(fmt::format("{}/{}.fio", folder, name));
    make_data(stage, lengths.big);
    look();
    const std::string said = run_program(fio).out;
    unlink_at(stage.dir, "data");
    // Before it begins, fio writes a note about each prerun and postrun.
    const std::string report = said.substr(std::min(said.find("{\n"), said.size()));
    keep(logs, "fio", stage, "json", report);
    const auto figures = read_report(report, stamps.path());
    for (const std::uint64_t size : tool_calls)
        for (const Case &one : data_cases(size)) {
            const auto less = figures.find(one.name + "-short");
            const auto more = figures.find(one.name + "-long");
            if (less == figures.end() || more == figures.end())
                throw Error("fio reports no job {}-short or -long", one.name);
            record_difference(stage, one.name, less->second, more->second);
        }
}

std::vector<Job> fio_jobs(const Setup &setup, const std::string &bed, const std::string &folder,
                          const std::string &logs)
{
    const Lengths lengths = lengths_of(setup, bed);
    std::vector<Job> jobs = all_jobs(setup);
    Job fio = {{},
               2 * lengths.big,
               [folder, logs, lengths](Stage &stage) { run_fio(stage, folder, logs, lengths); },
               [](Stage &stage) {
                   for (const std::uint64_t size : tool_calls)
                       data_limit(stage, size);
               }};

    for (const std::uint64_t size : tool_calls)
        for (Case one : data_cases(size)) {
            one.driver = "fio";
            fio.cases.push_back(std::move(one));
        }
    // What fio does not do: whole files, by our own calls.
    std::erase_if(jobs, [](const Job &job) {
        return job.cases.front().name != "unlink-big" &&
               job.cases.front().name != "poems-32K-create";
    });
    jobs.insert(jobs.begin(),
                {{{"dd-new-1M", "page", "dd"}, {"dd-read-1M", "page", "dd"}},
                 lengths.big,
                 [logs, big = lengths.big](Stage &stage) { run_dd(stage, logs, big); },
                 dd_limit});
    jobs.insert(jobs.begin(), std::move(fio));
    return jobs;
}

// A figure that is missing, or that too few rounds gave, is an error.
void check_complete(const Document &document, unsigned rounds)
{
    for (const Result &result : document.results) {
        const unsigned wanted = is_exact(result) ? rounds : rounds / 2 + 1;
        if (static_cast<unsigned>(result.figure.runs) < wanted)
            throw Error("{} on {}: only {} of {} rounds gave a figure", result.name, result.fs,
                        result.figure.runs, rounds);
    }
}

void print_version(const std::string &name)
{
    const std::string said = run_program({.arguments = {name, "--version"}}).out;
    fmt::print("info {} {}\n", std::filesystem::path(name).filename().string(),
               said.substr(0, said.find('\n')));
}

} // namespace

void add_fio(CLI::App &app)
{
    struct Folders {
        std::string jobs;
        std::string logs;
    };
    auto options = std::make_shared<RunOptions>();
    auto folders = std::make_shared<Folders>();
    CLI::App *command = app.add_subcommand(
        "fio", "Measure file systems by fio and dd, in interleaved rounds; print a table");

    options->programs = true;
    options->emulated_size = 64 * mib;
    options->jobs = [folders](const Setup &setup, const std::string &bed) {
        return fio_jobs(setup, bed, folders->jobs, folders->logs);
    };
    add_run_options(*command, *options);
    command->add_option("--jobs", folders->jobs, "Where fio's job files are: tools/bench/fio")
        ->required()
        ->check(CLI::ExistingDirectory);
    command->add_option("--logs", folders->logs, "Keep fio's reports and what dd said there");
    command->callback([options] {
        print_version("fio");
        print_version("/usr/bin/dd");
        check_complete(run_cases(*options).document, options->rounds);
    });
}

void add_now(CLI::App &app)
{
    app.add_subcommand("now", "Print the clock, in nanoseconds: a stamp for fio's exec_prerun")
        ->callback([] { fmt::print("{}\n", now()); });
}

} // namespace scriptfs::bench
