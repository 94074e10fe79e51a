// SPDX-License-Identifier: GPL-2.0-only
// Running other programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace scriptfs {

struct Program {
    std::vector<std::string> arguments; // the first is the program, looked for in PATH
    std::string input = {};             // what it reads
    std::vector<std::string> more = {}; // environment beside ours: NAME=VALUE
    std::string directory = {};         // where it runs, if not here
};

struct Output {
    std::string out;
    std::string err;
    std::int64_t time; // nanoseconds from its start until it was seen to end
};

// Throws Error, with what the program said, unless it ends with 0.
Output run_program(const Program &program);

} // namespace scriptfs
