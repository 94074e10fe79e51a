// SPDX-License-Identifier: GPL-2.0-only
// run: measure file systems from user space.
#include "run.h"

#include "commands.h"
#include "held.h"
#include "lib/error.h"
#include "lib/mounts.h"
#include "lib/sizes.h"
#include "machine.h"
#include "table.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include <fnmatch.h>

namespace scriptfs::bench {
namespace {

constexpr std::uint64_t size_unit = 8 * mib; // of the longest call
constexpr std::uint64_t default_size = 256 * mib;

bool matches(const std::vector<std::string> &globs, const std::string &name)
{
    return globs.empty() || std::any_of(globs.begin(), globs.end(), [&](const std::string &glob) {
               return !fnmatch(glob.c_str(), name.c_str(), 0);
           });
}

bool wanted(const Job &job, const std::vector<std::string> &globs)
{
    return std::any_of(job.cases.begin(), job.cases.end(),
                       [&](const Case &one) { return matches(globs, one.name); });
}

// The names of all cases, each once, by the line of the job that has them.
std::string list_cases(const std::vector<Job> &jobs)
{
    std::vector<std::string> seen;
    std::string text;

    for (const Job &job : jobs) {
        std::string line;
        for (const Case &one : job.cases) {
            if (std::find(seen.begin(), seen.end(), one.name) != seen.end())
                continue;
            seen.push_back(one.name);
            line += (line.empty() ? "" : " ") + one.name;
        }
        if (!line.empty())
            text += line + "\n";
    }
    return text;
}

void check_globs(const std::vector<std::string> &globs, const std::vector<Job> &jobs)
{
    for (const std::string &glob : globs)
        if (std::none_of(jobs.begin(), jobs.end(),
                         [&](const Job &job) { return wanted(job, {glob}); }))
            throw Error("--case: no case matches \"{}\"; allowed: patterns for\n{}", glob,
                        list_cases(jobs));
}

// What the jobs need of each scriptfs, and of the machine.
struct Need {
    Reserve reserve;
    std::uint64_t memory;
};

Need need_of(const std::vector<Job> &jobs, const RunOptions &options, std::uint64_t size)
{
    std::uint64_t most = 0;
    std::uint64_t small_files = 100;

    for (const Job &job : jobs) {
        most = std::max(most, job.room);
        if (job.cases.front().name.starts_with("poems"))
            small_files = 1100;
    }
    Reserve reserve = reserve_for(std::max(2 * size, most), small_files);
    for (const Job &job : jobs)
        for (std::size_t i = 0; i < classes.size(); i++)
            reserve.blocks.at(i) =
                std::max(reserve.blocks.at(i), job.reserve.blocks.at(i) / 10 * 11);
    const auto reserves = std::count_if(options.fs.begin(), options.fs.end(),
                                        [](const auto &fs) { return fs.starts_with("scriptfs"); });
    return {reserve, size + most + static_cast<std::uint64_t>(reserves) * reserve.bytes()};
}

// Chooses the jobs, and a size that this machine has the memory for. Appends to `notes` what has to
// be left out.
Plan make_plan(const RunOptions &options, Need &need, std::vector<std::string> &notes)
{
    const std::uint64_t room = available_memory() / 10 * 9;
    Plan plan;

    plan.bed = options.bed.empty() ? detect_bed() : options.bed;
    check_one_of(beds, plan.bed, "--bed");
    plan.rounds = options.rounds;
    plan.programs = options.programs;
    plan.samples = options.samples;
    plan.setup.processors = processors();
    plan.setup.files = options.files;
    plan.wants = [globs = options.cases](const std::string &name) { return matches(globs, name); };

    std::uint64_t size = plan.bed.starts_with("tcg") ? options.emulated_size : default_size;
    if (!options.size.empty()) {
        size = parse_size(options.size, "--size");
        if (size % size_unit)
            throw Error("--size: {} is not allowed; allowed: multiples of 8M", options.size);
    }
    for (bool whole = true;;) {
        plan.setup.size = size;
        plan.jobs = options.jobs(plan.setup, plan.bed);
        check_globs(options.cases, plan.jobs);
        std::erase_if(plan.jobs, [&](const Job &job) {
            return !wanted(job, options.cases) ||
                   (!whole && job.cases.front().name == "fallocate-1G");
        });
        need = need_of(plan.jobs, options, size);
        if (need.memory <= room)
            break;
        if (whole && wanted({{{"fallocate-1G", "call"}}, 0, {}, {}}, options.cases)) {
            whole = false;
            notes.push_back(
                fmt::format("fallocate-1G: {} MiB of memory are not free", need.memory / mib));
        } else if (options.size.empty() && size > size_unit) {
            size /= 2;
        } else {
            throw Error("{} MiB of memory are free, {} are needed; allowed: a smaller --size, "
                        "fewer --fs, fewer --case",
                        room / mib, need.memory / mib);
        }
    }
    return plan;
}

void mount_all(Mounts &mounts, const RunOptions &options, const Reserve &reserve, Plan &plan,
               std::vector<std::string> &notes)
{
    for (const std::string &fs : options.fs) {
        try {
            const Moment before = moment(-1);
            const Place &place = mounts.add(fs, reserve);
            plan.descriptors[place.name()] = descriptors_a_byte(before, moment(place.dir()));
        } catch (const Error &error) {
            notes.push_back(fmt::format("{}: {}", fs, error.what()));
        }
    }
    if (mounts.places().empty())
        throw Error("no file system to measure:\n  {}", fmt::join(notes, "\n  "));
}

// A line for each reason: the cases and file systems that it is about.
void note_skipped(const Outcome &outcome, std::vector<std::string> &notes)
{
    std::map<std::string, std::pair<std::set<std::string>, std::set<std::string>>> reasons;

    for (const auto &[key, reason] : outcome.skipped) {
        reasons[reason].first.insert(key.first);
        reasons[reason].second.insert(key.second);
    }
    for (const auto &[reason, about] : reasons)
        notes.push_back(fmt::format("{} on {}: {}", fmt::join(about.first, ", "),
                                    fmt::join(about.second, ", "), reason));
}

void catch_signals()
{
    struct sigaction action = {};

    action.sa_handler = [](int) { stopped = true; };
    action.sa_flags = SA_RESTART;
    for (const int number : {SIGINT, SIGTERM, SIGHUP})
        sigaction(number, &action, nullptr);
}

} // namespace

Outcome run_cases(const RunOptions &options)
{
    std::vector<std::string> notes;
    Need need{};

    Plan plan = make_plan(options, need, notes);
    if (plan.jobs.empty())
        throw Error("nothing is left to measure: {}", fmt::join(notes, "; "));
    catch_signals();
    if (!options.json.empty())
        plan.after_round = [&options](const Document &document) {
            write_document(document, options.json);
        };
    if (options.samples) {
        Document machine;
        describe(machine);
        fmt::print("info kernel {}\n", machine.kernel);
    }

    Outcome outcome;
    try {
        Mounts mounts;
        mount_all(mounts, options, need.reserve, plan, notes);
        outcome = run_plan(plan, mounts);
    } catch (const Stopped &) {
        fmt::print(stderr, "scriptfs-bench: stopped; everything is unmounted and removed{}{}\n",
                   options.json.empty() ? "" : "; what is finished of its rounds is in ",
                   options.json);
        throw CLI::RuntimeError(130);
    }
    note_skipped(outcome, notes);
    if (!options.samples)
        fmt::print("{}", tables(outcome.document));
    fmt::print("Files of {} MiB; plain copies by {}.\n", plan.setup.size / mib, plain_copy_name());
    for (const std::string &note : notes)
        fmt::print("not measured: {}\n", note);
    return outcome;
}

void add_fs_option(CLI::App &command, std::vector<std::string> &names)
{
    command
        .add_option("--fs", names,
                    "What to measure: ramfs, tmpfs, tmpfs-huge, scriptfs, scriptfs-page, which are "
                    "mounted for this program only (as root), or directories")
        ->delimiter(',')
        ->check([](const std::string &name) { return refusal_of(name); })
        ->capture_default_str();
}

void add_run_options(CLI::App &command, RunOptions &options)
{
    add_fs_option(command, options.fs);
    command.add_option("--case", options.cases, "Which cases: patterns; all if not given")
        ->delimiter(',');
    command.add_option("--rounds", options.rounds, "How often each is measured")
        ->check(CLI::Range(1U, 10000U))
        ->capture_default_str();
    command.add_option("--size", options.size,
                       fmt::format("Size of the large files, a multiple of 8M; {} if not given, {} "
                                   "on an emulated processor, less if memory is short",
                                   size_name(default_size), size_name(options.emulated_size)));
    command
        .add_option("--files", options.files,
                    "How many files a tree has; if not given, as many as hold --size, or 64M")
        ->check(CLI::Range(1U, 10'000'000U));
    command.add_option("--json", options.json,
                       "Write results.json there, with what is finished after each round");
    command.add_option("--bed", options.bed,
                       "What is said about where this ran, if it is not found out");
    command.add_flag("--samples", options.samples,
                     "Print every measurement as a line for `collect`, and no table");
}

void add_run(CLI::App &app)
{
    auto options = std::make_shared<RunOptions>();
    auto list = std::make_shared<bool>(false);
    CLI::App *command = app.add_subcommand("run", "Measure file systems by system calls, in "
                                                  "interleaved rounds after one that does not "
                                                  "count; print a table");

    add_run_options(*command, *options);
    command->add_flag("--list", *list, "Only print the names of all cases");
    command->callback([options, list] {
        if (*list)
            fmt::print("{}", list_cases(all_jobs({size_unit, 1})));
        else
            run_cases(*options);
    });
}

} // namespace scriptfs::bench
