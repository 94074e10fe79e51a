// SPDX-License-Identifier: GPL-2.0-only
// The subcommands. Each lives in a file of its own name; a new one is declared here and listed in
// main.cc.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace scriptfs::bench {

void add_calls(CLI::App &app);
void add_collect(CLI::App &app);
void add_compare(CLI::App &app);
void add_fio(CLI::App &app);
void add_hog(CLI::App &app);
void add_kbench(CLI::App &app);
void add_latency(CLI::App &app);
void add_locks(CLI::App &app);
void add_now(CLI::App &app); // in fio.cc
void add_report(CLI::App &app);
void add_run(CLI::App &app);

// --fs: which file systems or directories. Others are refused before anything is measured.
void add_fs_option(CLI::App &command, std::vector<std::string> &names); // in run.cc

} // namespace scriptfs::bench
