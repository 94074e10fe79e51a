// SPDX-License-Identifier: GPL-2.0-only
// scriptfs-bench: what file systems in memory cost, measured so that others can check it.
//
// Exit codes: 0, 1 when a check that was asked for failed, 2 when something was wrong with the
// command line, a file or the machine.
#include "commands.h"
#include "lib/error.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <cstdio>
#include <exception>

namespace {

using namespace scriptfs::bench;

constexpr void (*commands[])(CLI::App &) = {
    add_run,   add_fio,   add_collect, add_compare, add_report, add_latency,
    add_locks, add_calls, add_kbench,  add_now,     add_hog,
};

} // namespace

int main(int argc, char **argv)
{
    CLI::App app{"Measures file systems in memory: scriptfs, ramfs, tmpfs, or any directory.",
                 "scriptfs-bench"};
    app.require_subcommand(1);
    try {
        for (auto *add : commands)
            add(app);
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        const int code = app.exit(error);
        return code <= 1 ? code : 2;
    } catch (const std::exception &error) {
        fmt::print(stderr, "scriptfs-bench: {}\n", error.what());
        return 2;
    }
    return 0;
}
