// SPDX-License-Identifier: GPL-2.0-only
// scriptfs-bench hog: another program that the machine has to do with. It touches more memory than
// the caches hold, again and again, until it is ended; whoever measures beside it finds little of
// its own in the caches that processors share.
#include "commands.h"
#include "lib/sizes.h"
#include "memory.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <memory>

#include <sys/prctl.h>
#include <unistd.h>

namespace scriptfs::bench {
namespace {

constexpr std::uint64_t line = 64;

// Several times the largest cache; where the machine does not tell, of a large one.
std::uint64_t more_than_caches()
{
    constexpr long large = 32 << 20;
    constexpr std::uint64_t times = 4;

    return times * static_cast<std::uint64_t>(std::max(
                       {large, sysconf(_SC_LEVEL3_CACHE_SIZE), sysconf(_SC_LEVEL4_CACHE_SIZE)}));
}

[[noreturn]] void touch(std::uint64_t bytes)
{
    const Memory memory(bytes);

    for (char value = 0;; value++)
        for (std::uint64_t at = 0; at < bytes; at += line)
            *const_cast<volatile char *>(memory.at(at)) = value;
}

} // namespace

void add_hog(CLI::App &app)
{
    auto size = std::make_shared<std::string>();
    CLI::App *command = app.add_subcommand(
        "hog", "Touch more memory than the caches hold, again and again, until ended");

    command->add_option("--memory", *size, "How much; four times the largest cache if not given");
    command->callback([size] {
        // Whoever started it may not be able to end it.
        const pid_t parent = getppid();
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() == parent)
            touch(size->empty() ? more_than_caches() : parse_size(*size, "--memory"));
    });
}

} // namespace scriptfs::bench
