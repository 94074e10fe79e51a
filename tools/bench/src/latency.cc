// SPDX-License-Identifier: GPL-2.0-only
// scriptfs-bench latency: what single fresh writes take, on an idle machine and on one whose memory
// is used up.
//
// The writes are due at a fixed rate, whatever became of those before (an open loop): a write that
// takes long does not keep the next ones from being due, and none is left out. Each is timed twice:
//
//   service   from the call of write(2) to its return: what the file system does. This is what
//             p50, p99, p99.9, max and the distribution are of.
//   schedule  from the moment it was due to its return: also the waiting for a processor, which
//             costs the same on every file system, and for the writes before it.
//
// Under pressure one process touches more memory than there is, so that the machine swaps all the
// time, and another writes and reads a big file. A run in which the kernel did not have to reclaim
// and to swap is refused. The measuring process has all of its own memory locked.
#include "commands.h"
#include "histogram.h"
#include "hogs.h"
#include "lib/clock.h"
#include "lib/error.h"
#include "lib/files.h"
#include "lib/grid.h"
#include "lib/mounts.h"
#include "lib/sizes.h"
#include "machine.h"
#include "reclaim.h"
#include "results.h"
#include "table.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace scriptfs::bench {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::size_t file_size = mib;
constexpr std::size_t cdf_points = 200;

// How long the hogs may take until the machine swaps.
constexpr auto pressure_limit = std::chrono::seconds(120);

struct LatencyOptions {
    std::vector<std::string> filesystems{"ramfs", "tmpfs", "scriptfs"};
    std::string json;
    std::string cache_dir;
    std::int64_t rate = 1000;
    std::uint64_t writes = 10000;
    std::uint64_t size = 4096;
    std::uint64_t live = 64;
    std::uint64_t cache = 64;
    unsigned overcommit = 125;
};

void sleep_until(std::int64_t when)
{
    const timespec time{static_cast<time_t>(when / second), static_cast<long>(when % second)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr) == EINTR)
        ;
}

// Appends to files of 1 MiB, the oldest of which is removed when there is a new one.
class Writer {
public:
    Writer(std::string dir, const LatencyOptions &options)
        : dir_(std::move(dir)), files_(options.live), data_(options.size, 'x')
    {
        next_file();
        while (number_ <= files_)
            write_one();
    }
    ~Writer()
    {
        fd_.shut();
        for (std::uint64_t i = 0; i <= files_; i++)
            unlink(path(i).c_str());
    }
    Writer(const Writer &) = delete;
    Writer &operator=(const Writer &) = delete;

    // Returns how long write(2) took, in nanoseconds, and sets when it returned.
    std::uint64_t write_one(std::int64_t &returned)
    {
        if (length_ + data_.size() > file_size)
            next_file();
        const std::int64_t called = now();
        const ssize_t written = write(fd_.get(), data_.data(), data_.size());
        returned = now();
        if (written != static_cast<ssize_t>(data_.size()))
            throw Failed(path(number_), written < 0 ? errno : ENOSPC);
        length_ += data_.size();
        return static_cast<std::uint64_t>(returned - called);
    }

private:
    void write_one()
    {
        std::int64_t returned = 0;
        write_one(returned);
    }

    [[nodiscard]] std::string path(std::uint64_t number) const
    {
        return fmt::format("{}/{}", dir_, number % (files_ + 1));
    }

    void next_file()
    {
        fd_.shut();
        number_++;
        unlink(path(number_).c_str()); // the oldest one, if there is one already
        fd_ = create_at(AT_FDCWD, path(number_));
        length_ = 0;
    }

    std::string dir_;
    std::uint64_t files_;
    std::uint64_t number_ = 0;
    std::vector<char> data_;
    std::size_t length_ = 0;
    Fd fd_;
};

// What one run on one file system under one load came to.
struct Run {
    std::string fs;
    std::string load;
    Histogram service;
    Histogram schedule;
    Reclaim writer;
    Vmstat machine;
    std::uint64_t minor_faults = 0;
    std::uint64_t major_faults = 0;
};

// The process that measures must not itself be what waits for memory. Also after fork(), which
// makes its pages shared until they are written to.
void lock_memory()
{
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        throw Error("cannot lock memory: {}: run as root", std::strerror(errno));
}

void write_at_rate(Writer &writer, ReclaimTrace &trace, const LatencyOptions &options, Run &run)
{
    const std::int64_t interval = second / options.rate;
    const std::uint64_t warm_up = options.writes / 10;
    rusage before{};
    Vmstat machine;
    std::int64_t due = now() + interval;

    lock_memory();
    for (std::uint64_t i = 0; i < warm_up + options.writes; i++, due += interval) {
        std::int64_t returned = 0;

        if (i == warm_up) {
            getrusage(RUSAGE_SELF, &before);
            machine = read_vmstat();
            trace.start();
            due = now() + interval;
        }
        sleep_until(due);
        const std::uint64_t service = writer.write_one(returned);
        if (i < warm_up)
            continue;
        run.service.add(service);
        run.schedule.add(static_cast<std::uint64_t>(returned - due));
    }
    rusage after{};
    getrusage(RUSAGE_SELF, &after);
    run.machine = read_vmstat() - machine;
    run.writer = trace.stop();
    run.minor_faults = static_cast<std::uint64_t>(after.ru_minflt - before.ru_minflt);
    run.major_faults = static_cast<std::uint64_t>(after.ru_majflt - before.ru_majflt);
}

// Waits until allocations have to reclaim and pages are swapped out.
void wait_for_pressure(Hogs &hogs)
{
    const Vmstat before = read_vmstat();
    const auto limit = std::chrono::steady_clock::now() + pressure_limit;

    for (;;) {
        hogs.check();
        const Vmstat since = read_vmstat() - before;
        if (since.stalls >= 100 && since.swapped_out >= 1000)
            return;
        if (std::chrono::steady_clock::now() > limit)
            throw Error(
                "no memory pressure after {} s of hogs: {} direct reclaims, {} pages swapped "
                "out. Is there swap? Raise --overcommit.",
                pressure_limit.count(), since.stalls, since.swapped_out);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

std::vector<std::unique_ptr<Run>> measure(const std::string &fs, const LatencyOptions &options)
{
    std::vector<std::unique_ptr<Run>> runs;
    Mounts mounts;
    Writer writer(mounts.add(fs, strict_reserve_for(options.live)).path(), options);

    for (const char *load : {"idle", "pressure"}) {
        auto run = std::make_unique<Run>();
        ReclaimTrace trace(getpid()); // while there still is memory for its buffer
        std::optional<Hogs> hogs;

        run->fs = fs;
        run->load = load;
        if (run->load == "pressure") {
            Pressure pressure;
            pressure.memory = available_memory() / 100 * options.overcommit;
            if (!options.cache_dir.empty()) {
                pressure.cache_file = options.cache_dir + "/scriptfs-bench-cache";
                pressure.cache = options.cache * mib;
            }
            hogs.emplace(pressure);
            lock_memory();
            wait_for_pressure(*hogs);
        }
        fmt::print("step {}: {} writes, {}\n", fs, options.writes, load);
        std::fflush(stdout);
        write_at_rate(writer, trace, options, *run);
        if (hogs) {
            hogs->check();
            if (run->machine.stalls == 0 || run->machine.swapped_out == 0)
                throw Error("{}: no memory pressure while it was measured: {} direct reclaims, {} "
                            "pages swapped out. Take more writes, or raise --overcommit.",
                            fs, run->machine.stalls, run->machine.swapped_out);
        }
        runs.push_back(std::move(run));
    }
    return runs;
}

Latency result(const Run &run, const std::string &bed)
{
    Latency latency;

    latency.bed = bed;
    latency.fs = run.fs;
    latency.load = run.load;
    latency.count = run.service.count();
    latency.p50 = run.service.quantile(0.5);
    latency.p99 = run.service.quantile(0.99);
    latency.p999 = run.service.quantile(0.999);
    latency.max = static_cast<double>(run.service.max());
    latency.reclaim = run.writer.reclaim;
    latency.compaction = run.writer.compaction;
    latency.cdf = run.service.cdf(cdf_points);
    return latency;
}

void print_tables(const std::vector<std::unique_ptr<Run>> &runs, const LatencyOptions &options,
                  const std::string &bed)
{
    std::vector<std::vector<std::string>> times{
        {"us a write", "", "p50", "p99", "p99.9", "max", "x idle", "due p99.9", "due max"}};
    std::vector<std::vector<std::string>> causes{{"times", "", "reclaim", "compaction", "faults",
                                                  "all: reclaim", "compaction", "swapped out"}};
    double idle = 0;
    auto us = [](double ns) { return fmt::format("{:.1f}", ns / 1000); };

    for (const auto &run : runs) {
        const Latency service = result(*run, bed);
        if (run->load == "idle")
            idle = service.p999;
        times.push_back({run->fs, run->load, us(service.p50), us(service.p99), us(service.p999),
                         us(service.max), fmt::format("{:.2f}", service.p999 / idle),
                         us(run->schedule.quantile(0.999)),
                         us(static_cast<double>(run->schedule.max()))});
        causes.push_back({run->fs, run->load, std::to_string(run->writer.reclaim),
                          std::to_string(run->writer.compaction),
                          std::to_string(run->minor_faults + run->major_faults),
                          std::to_string(run->machine.stalls),
                          std::to_string(run->machine.compactions),
                          std::to_string(run->machine.swapped_out)});
    }
    fmt::print(
        "\n{} fresh writes of {} bytes, {} a second; p50 to max are of the call alone, \"due\" "
        "is\ncounted from the time at which it was due; \"x idle\" is of p99.9\n\n{}\n",
        options.writes, options.size, options.rate, grid(times, table_width));
    fmt::print("what the writer itself had to do for memory, and the whole machine\n\n{}\n",
               grid(causes, table_width));
    for (const auto &run : runs)
        if (!run->writer.first.empty())
            fmt::print("{}, {}: first in {}\n", run->fs, run->load, run->writer.first);
}

void run_latency(const LatencyOptions &options)
{
    const std::string bed = detect_bed();
    Document document;
    std::vector<std::unique_ptr<Run>> runs;

    // Ahead of what uses up the processor, but not a realtime task, which the page allocator lets
    // deeper into its own reserve.
    if (setpriority(PRIO_PROCESS, 0, -20) != 0)
        throw Error("cannot raise the priority: {}: run as root", std::strerror(errno));
    prctl(PR_SET_TIMERSLACK, 1);
    lock_memory();
    for (const std::string &fs : options.filesystems) {
        for (auto &run : measure(fs, options)) {
            document.latency.push_back(result(*run, bed));
            fmt::print("latency {} {} {} ns {}\n", bed, run->fs, run->load,
                       latency_json(document.latency.back()));
            runs.push_back(std::move(run));
        }
    }
    print_tables(runs, options, bed);
    if (options.json.empty())
        return;
    document.rounds = 1;
    describe(document);
    write_document(document, options.json);
}

} // namespace

void add_latency(CLI::App &app)
{
    auto options = std::make_shared<LatencyOptions>();
    CLI::App *command = app.add_subcommand(
        "latency", "Time fresh writes at a fixed rate, idle and under memory pressure (root only)");

    add_fs_option(*command, options->filesystems);
    command->add_option("--rate", options->rate, "Writes a second")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command->add_option("--writes", options->writes, "How many are timed, for each load")
        ->check(CLI::Range(1000, 100'000'000))
        ->capture_default_str();
    command->add_option("--size", options->size, "Bytes a write")
        ->check(CLI::Range(1, static_cast<int>(file_size)))
        ->capture_default_str();
    command->add_option("--live", options->live, "MiB of files that are kept, of 1 MiB each")
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
    command
        ->add_option("--overcommit", options->overcommit,
                     "Memory that is used up, in percent of what is available")
        ->check(CLI::Range(50, 1000))
        ->capture_default_str();
    command
        ->add_option("--cache-dir", options->cache_dir,
                     "Where the file of the page-cache hog is, on a disk's file system; without "
                     "it there is none")
        ->check(CLI::ExistingDirectory);
    command->add_option("--cache", options->cache, "MiB of that file")
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
    command->add_option("--json", options->json, "Write the results to this file");
    command->callback([options] { run_latency(*options); });
}

} // namespace scriptfs::bench
