// SPDX-License-Identifier: GPL-2.0-only
// N threads at once, each on a processor of its own: writers-N-own, writers-N-one, readers-N-own,
// readers-N-one. Together they write fresh bytes or read, 4 KiB a call, in ascending order: each a
// file of its own, or each its own part of one file. The figure is the time of a call as its thread
// sees it, so it stays the same where threads do not slow each other.
#include "cases.h"
#include "crowd.h"
#include "lib/clock.h"
#include "lib/files.h"
#include "machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <barrier>
#include <exception>
#include <thread>

namespace scriptfs::bench {
namespace {

constexpr unsigned counts[] = {1, 2, 4};

// Runs work(index) in that many threads, which begin together; nanoseconds until the last is done.
template <typename Work>
std::int64_t together(unsigned threads, const Work &work)
{
    std::vector<std::int64_t> begins(threads);
    std::vector<std::int64_t> ends(threads);
    std::vector<std::exception_ptr> errors(threads);
    std::barrier start(threads);
    std::vector<std::jthread> all;

    for (unsigned i = 0; i < threads; i++)
        all.emplace_back([&, i] {
            pin(i);
            start.arrive_and_wait();
            begins[i] = now();
            try {
                work(i);
            } catch (...) {
                errors[i] = std::current_exception();
            }
            ends[i] = now();
        });
    all.clear();
    for (const std::exception_ptr &error : errors)
        if (error)
            std::rethrow_exception(error);
    return *std::max_element(ends.begin(), ends.end()) -
           *std::min_element(begins.begin(), begins.end());
}

std::uint64_t calls_of_each(const Stage &stage, const Crowd &crowd)
{
    return stage.setup.size / small_call / crowd.threads;
}

// As the work of one thread is its share, time / share is what a call of it took.
void measure(Stage &stage, const Crowd &crowd, const std::vector<Fd> &files, bool write)
{
    const std::uint64_t calls = calls_of_each(stage, crowd);
    const Memory memory(small_call * crowd.threads);

    const std::int64_t time = together(crowd.threads, [&](unsigned index) {
        const int fd = files[crowd.one ? 0 : index].get();
        const std::uint64_t first = crowd.one ? index * calls : 0;
        char *buffer = memory.at(index * small_call);
        for (std::uint64_t i = first; i < first + calls; i++) {
            const auto offset = static_cast<off_t>(i * small_call);
            whole(write ? pwrite(fd, buffer, small_call, offset)
                        : pread(fd, buffer, small_call, offset),
                  small_call, "call");
        }
    });
    if (write == crowd.write)
        stage.record(crowd.name(), time, calls);
}

void run_crowd(Stage &stage, const Crowd &crowd)
{
    std::vector<Fd> files;

    if (crowd.threads > stage.setup.processors) {
        stage.skip(crowd.name(), fmt::format("only {} processors", stage.setup.processors));
        return;
    }
    for (unsigned i = 0; i < (crowd.one ? 1 : crowd.threads); i++)
        files.push_back(create_at(stage.dir, fmt::format("file-{}", i)));
    look();
    measure(stage, crowd, files, true);
    if (!crowd.write) {
        look();
        measure(stage, crowd, files, false);
    }
    for (unsigned i = 0; i < files.size(); i++)
        unlink_at(stage.dir, fmt::format("file-{}", i));
}

void crowd_limit(Stage &stage, const Crowd &crowd)
{
    const std::uint64_t calls = calls_of_each(stage, crowd);
    const Memory buffers(small_call * crowd.threads);

    if (crowd.threads > stage.setup.processors)
        return;
    const std::int64_t time = together(crowd.threads, [&](unsigned index) {
        char *buffer = buffers.at(index * small_call);
        for (std::uint64_t i = 0; i < calls; i++) {
            char *there = stage.memory->at((index * calls + i) * small_call);
            copy(stage.limit, crowd.write ? there : buffer, crowd.write ? buffer : there,
                 small_call);
        }
    });
    stage.record(crowd.name(), time, calls);
}

} // namespace

void add_thread_jobs(std::vector<Job> &jobs, const Setup &setup)
{
    for (const bool write : {true, false})
        for (const unsigned threads : counts)
            for (const bool one : {false, true}) {
                const Crowd crowd{threads, write, one};
                jobs.push_back({{{crowd.name(), "call"}},
                                setup.size,
                                [crowd](Stage &stage) { run_crowd(stage, crowd); },
                                [crowd](Stage &stage) { crowd_limit(stage, crowd); }});
            }
}

} // namespace scriptfs::bench
