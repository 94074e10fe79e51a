// SPDX-License-Identifier: GPL-2.0-only
// What the commands that measure in rounds have in common.
#pragma once

#include "runner.h"

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace scriptfs::bench {

struct RunOptions {
    std::vector<std::string> fs = {"ramfs", "tmpfs", "tmpfs-huge", "scriptfs"};
    std::vector<std::string> cases;
    unsigned rounds = 5;
    std::string size;
    std::uint64_t files = 0; // of a tree, if given
    std::string json;
    std::string bed;
    bool samples = false;

    // Of the command, not of its user: what there is to measure on that bed, and how.
    std::function<std::vector<Job>(const Setup &setup, const std::string &bed)> jobs =
        [](const Setup &setup, const std::string &) { return all_jobs(setup); };
    std::uint64_t emulated_size = 32 << 20; // if no size is given and the processor is emulated
    bool programs = false;                  // see Plan
};

void add_run_options(CLI::App &command, RunOptions &options);

// Does it, and prints what came out. Throws CLI::RuntimeError after a signal.
Outcome run_cases(const RunOptions &options);

} // namespace scriptfs::bench
