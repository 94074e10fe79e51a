// SPDX-License-Identifier: GPL-2.0-only
// Rounds: every job on every file system, and its limit, one after the other.
#pragma once

#include "cases.h"
#include "lib/mounts.h"
#include "results.h"

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace scriptfs::bench {

struct Plan {
    Setup setup;
    std::vector<Job> jobs;                              // those of which a case is wanted
    std::function<bool(const std::string &name)> wants; // is that case?
    std::string bed;
    unsigned rounds = 0;
    // Other programs do it: a round that warms up and a limit of non-temporal copies say nothing,
    // and what the last program left the kernel to do must not count.
    bool programs = false;
    std::map<std::string, double> descriptors;         // file system -> see Stage
    bool samples = false;                              // print a line for each measurement
    std::function<void(const Document &)> after_round; // has what was measured until then
};

struct Outcome {
    Document document;
    // Why a case was not measured on a file system: (case, file system) -> reason.
    std::map<std::pair<std::string, std::string>, std::string> skipped;
};

// A job whose case a file system has not (EOPNOTSUPP) or has no room for is skipped; any other
// error ends the run: Error, naming the case and the file system. Throws Stopped after a signal.
Outcome run_plan(const Plan &plan, const Mounts &mounts);

} // namespace scriptfs::bench
