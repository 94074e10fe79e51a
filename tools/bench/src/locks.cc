// SPDX-License-Identifier: GPL-2.0-only
// scriptfs-bench locks: which locks the calls of N threads take, wait for, and take from another
// processor, on a kernel that counts it (CONFIG_LOCK_STAT).
//
// Times say little about scaling where processors are emulated. What counts there as anywhere else:
// a lock that was last taken on another processor is a cache line that had to come from there, even
// if nobody waited; and a lock that nobody else takes costs the same with any number of threads.
// Atomic counters outside of locks are not seen.
#include "commands.h"
#include "crowd.h"
#include "lib/error.h"
#include "lib/files.h"
#include "lib/mounts.h"
#include "lockstat.h"
#include "machine.h"
#include "results.h"
#include "table.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <barrier>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>

namespace scriptfs::bench {

namespace {

constexpr std::size_t call = 4096;
constexpr std::uint64_t calls_a_file = (std::size_t{1} << 20) / call;

// Classes that are neither shared nor taken as often as this for 1000 calls hardly matter.
constexpr double often_taken = 500;

struct LocksOptions {
    std::vector<std::string> filesystems{"ramfs", "tmpfs", "scriptfs"};
    std::vector<unsigned> threads{1, 2};
    std::uint64_t calls = 16384;
};

// What one thread does, with what it needs: a directory of its own, or a file that it shares.
class Worker {
public:
    Worker(const std::string &dir, const Crowd &crowd, const LocksOptions &options, unsigned index)
        : crowd_(crowd), calls_(options.calls), index_(index), dir_(dir), data_(call, 'x')
    {
        if (!crowd.one) {
            dir_ = fmt::format("{}/{}", dir, index);
            if (mkdir(dir_.c_str(), 0700))
                throw Failed(dir_);
        }
        open_file();
        // A reader finds everything there.
        const std::uint64_t calls = crowd.one ? shared_calls() : calls_a_file;
        for (std::uint64_t i = 0; !crowd.write && i < calls; i++)
            transfer(true, i);
    }
    ~Worker()
    {
        fd_.shut();
        unlink(file().c_str());
        if (!crowd_.one)
            rmdir(dir_.c_str());
    }
    Worker(const Worker &) = delete;
    Worker &operator=(const Worker &) = delete;

    void run()
    {
        for (std::uint64_t i = 0; i < calls_; i++) {
            if (crowd_.one) {
                transfer(crowd_.write, (index_ * calls_ + i) % shared_calls());
                continue;
            }
            // Files of 1 MiB, one after the other.
            if (crowd_.write && i > 0 && i % calls_a_file == 0) {
                fd_.shut();
                unlink_at(AT_FDCWD, file());
                open_file();
            }
            transfer(crowd_.write, i % calls_a_file);
        }
    }

private:
    [[nodiscard]] std::string file() const { return dir_ + "/file"; }

    // Fresh bytes for each writer; readers share the first part of that.
    [[nodiscard]] std::uint64_t shared_calls() const
    {
        return crowd_.write ? calls_ * crowd_.threads : calls_;
    }

    void open_file() { fd_ = open_at(AT_FDCWD, file(), O_RDWR | O_CREAT); }

    void transfer(bool write, std::uint64_t number)
    {
        const auto offset = static_cast<off_t>(number * call);
        const ssize_t done = write ? pwrite(fd_.get(), data_.data(), call, offset)
                                   : pread(fd_.get(), data_.data(), call, offset);
        if (done != static_cast<ssize_t>(call))
            throw Failed(file(), done < 0 ? errno : ENOSPC);
    }

    Crowd crowd_;
    std::uint64_t calls_;
    unsigned index_;
    std::string dir_;
    std::vector<char> data_;
    Fd fd_;
};

// All threads exist before the counting begins and until after it ends.
std::vector<LockClass> count(std::vector<std::unique_ptr<Worker>> &workers)
{
    const auto threads = static_cast<std::ptrdiff_t>(workers.size());
    std::barrier begin(threads + 1);
    std::barrier end(threads + 1);
    std::vector<std::exception_ptr> errors(workers.size());
    LockStat stat; // before there are threads that wait to begin: it may have to say no
    std::vector<std::jthread> all;

    for (unsigned i = 0; i < workers.size(); i++)
        all.emplace_back([&, i] {
            pin(i);
            begin.arrive_and_wait();
            try {
                workers[i]->run();
            } catch (...) {
                errors[i] = std::current_exception();
            }
            end.arrive_and_wait();
        });
    stat.start();
    begin.arrive_and_wait();
    end.arrive_and_wait();
    auto classes = stat.stop();
    for (const std::exception_ptr &error : errors)
        if (error)
            std::rethrow_exception(error);
    return classes;
}

Locks measure(const std::string &fs, const Crowd &crowd, const LocksOptions &options)
{
    Locks locks;
    const std::uint64_t calls = options.calls * crowd.threads;
    Mounts mounts;
    const Place &place =
        mounts.add(fs, strict_reserve_for(4 * crowd.threads + calls / calls_a_file));
    std::vector<std::unique_ptr<Worker>> workers;

    locks.fs = fs;
    locks.name = crowd.name();
    locks.processors = static_cast<int>(processors());
    locks.calls = calls;
    for (unsigned i = 0; i < crowd.threads; i++)
        workers.push_back(std::make_unique<Worker>(place.path(), crowd, options, i));
    for (const LockClass &one : count(workers)) {
        auto thousand = [&](std::uint64_t n) {
            return 1000 * static_cast<double>(n) / static_cast<double>(calls);
        };
        const LockCount cost{thousand(one.taken), thousand(one.bounced), thousand(one.contended)};
        locks.sum.taken += cost.taken;
        locks.sum.bounced += cost.bounced;
        locks.sum.contended += cost.contended;
        if (is_shared(cost) || cost.taken >= often_taken)
            locks.classes.emplace_back(one.name, cost);
    }
    return locks;
}

void run_locks(const LocksOptions &options)
{
    const std::string bed = detect_bed();
    std::vector<Locks> all;

    for (const unsigned threads : options.threads)
        if (threads < 1 || threads > processors())
            throw Error("--threads {}: allowed is 1 to {}, a processor each", threads,
                        processors());
    for (const unsigned threads : options.threads)
        for (const bool write : {true, false})
            for (const bool one : {false, true})
                for (const std::string &fs : options.filesystems) {
                    const Crowd crowd{threads, write, one};
                    fmt::print("step {} on {}\n", crowd.name(), fs);
                    std::fflush(stdout);
                    all.push_back(measure(fs, crowd, options));
                    all.back().bed = bed;
                    fmt::print("lock {} {} {} {}\n", bed, fs, crowd.name(), locks_json(all.back()));
                }
    fmt::print("{}", lock_tables(all));
}

} // namespace

void add_locks(CLI::App &app)
{
    auto options = std::make_shared<LocksOptions>();
    CLI::App *command = app.add_subcommand(
        "locks", "Count the locks that N writers and readers take (root, CONFIG_LOCK_STAT)");

    add_fs_option(*command, options->filesystems);
    command->add_option("--threads", options->threads, "How many threads, one number or several")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--calls", options->calls, "Calls of each thread, of 4 KiB")
        ->check(CLI::Range(256, 1 << 20))
        ->capture_default_str();
    command->callback([options] { run_locks(*options); });
}

} // namespace scriptfs::bench
