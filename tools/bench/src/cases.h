// SPDX-License-Identifier: GPL-2.0-only
// What `run` can measure. A job measures one case or a few that belong together; the list of all
// jobs is made by the functions at the end, one for each cases_*.cc.
#pragma once

#include "lib/classes.h"
#include "lib/files.h"
#include "memory.h"
#include "results.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace scriptfs::bench {

inline constexpr std::uint64_t page_size = 4096; // what is called a page in results, everywhere
inline constexpr std::uint64_t small_call = 4096;

// How much is done, the same for every file system and round.
struct Setup {
    std::uint64_t size = 0;  // bytes of the files that are read and written, a multiple of 8 MiB
    unsigned processors = 1; // more threads than that make no sense
    std::uint64_t files = 0; // of a tree; 0: as many as suit the size
};

// Set by signals; every job looks at it between the things it does.
extern std::atomic<bool> stopped;

// Thrown at the next look.
class Stopped : public std::exception {};

// Where a job works and whom it tells.
class Stage {
public:
    Stage(const Setup &setup, std::string fs, std::uint64_t seed)
        : setup(setup), fs(std::move(fs)), seed(seed)
    {
    }
    virtual ~Stage() = default;
    Stage(const Stage &) = delete;
    Stage &operator=(const Stage &) = delete;

    // That many units of the case took so much: nanoseconds, instructions, or what its unit is.
    virtual void record(const std::string &name, std::int64_t sum, std::uint64_t units) = 0;
    // The times of single calls of that case.
    virtual void record_calls(const std::string &name, const std::vector<std::uint32_t> &times) = 0;
    // There is no such case here.
    virtual void skip(const std::string &name, const std::string &reason) = 0;
    // Did the user ask for it? What prepares other cases is done anyway.
    [[nodiscard]] virtual bool wants(const std::string &name) const = 0;

    const Setup &setup;
    const std::string fs;
    const std::uint64_t seed; // another one each round, the same for all file systems
    int dir = -1;             // empty, and has to be empty again afterwards
    std::string path;         // of that directory, for other programs
    Copy limit = Copy::plain; // for jobs' limits, and the memory to copy into or from
    const Memory *memory = nullptr;
    double descriptors = 0; // that the mount took for each byte of its reserve
};

struct Case {
    std::string name;
    std::string_view per;
    std::string_view driver = "bench";
    std::string_view unit = {}; // of what is recorded, if not the time of the bed
};

struct Job {
    std::vector<Case> cases;
    std::uint64_t room; // bytes of files at once, at most
    std::function<void(Stage &)> run;
    std::function<void(Stage &)> limit; // the copying alone; empty if nothing is copied
    Reserve reserve = {};               // blocks that it needs of a scriptfs, beside large ones
};

// Throws Stopped if the user wants to leave.
inline void look()
{
    if (stopped.load(std::memory_order_relaxed))
        throw Stopped();
}

// What a pass over a file in calls of that size is called, and all of these passes: new-4K, ...
std::vector<Case> data_cases(std::uint64_t call_size);
// The copies of those of them that are wanted.
void data_limit(Stage &stage, std::uint64_t call_size);
// Writes so many bytes, a multiple of 1 MiB, at the file's position.
void fill(const Fd &fd, std::uint64_t size);

// 0 ... count - 1 in an order that only the seed determines.
std::vector<std::uint64_t> permutation(std::uint64_t count, std::uint64_t seed);

void add_data_jobs(std::vector<Job> &jobs, const Setup &setup);
void add_name_jobs(std::vector<Job> &jobs, const Setup &setup);
void add_mmap_jobs(std::vector<Job> &jobs, const Setup &setup);
void add_thread_jobs(std::vector<Job> &jobs, const Setup &setup);
void add_tree_jobs(std::vector<Job> &jobs, const Setup &setup);

std::vector<Job> all_jobs(const Setup &setup);

} // namespace scriptfs::bench
