// SPDX-License-Identifier: GPL-2.0-only
// The subcommands. Each lives in a file of its own name; a new one is declared here and listed in
// main.cc.
#pragma once

namespace CLI {
class App;
}

namespace bench {

void add_collect(CLI::App &app);
void add_compare(CLI::App &app);
void add_run(CLI::App &app);
void add_latency(CLI::App &app);
void add_locks(CLI::App &app);
void add_report(CLI::App &app);

} // namespace bench
