// SPDX-License-Identifier: GPL-2.0-only
// scriptfs-bench calls: what single calls cost at least, for comparing two kernels.
#include "commands.h"
#include "lib/clock.h"
#include "lib/files.h"
#include "lib/sizes.h"
#include "memory.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <memory>

namespace scriptfs::bench {
namespace {

constexpr int repetitions = 30;
constexpr std::uint64_t bytes = 1 << 20; // of a repetition, which ends before the next timer tick
constexpr std::array what{"new", "over", "read"};

// New, over and read in turn, many times; prints the least of each. A timer tick, a kworker or a
// refill of the page allocator adds to a repetition and never takes away, so the least of many
// short ones is what the calls themselves cost, and is the same in every run.
void least_of_calls(const std::string &dir, std::uint64_t size)
{
    const Memory buffer(size);
    const Fd folder = open_at(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY);
    std::array<std::int64_t, what.size()> least{};

    least.fill(std::numeric_limits<std::int64_t>::max());
    for (int i = 0; i < repetitions; i++) {
        const Fd fd = create_at(folder.get(), "calls");
        for (std::size_t pass = 0; pass < what.size(); pass++) {
            rewind(fd);
            const std::int64_t time = taken([&] {
                for (std::uint64_t done = 0; done < bytes; done += size)
                    whole(pass < 2 ? write(fd.get(), buffer.at(0), size)
                                   : read(fd.get(), buffer.at(0), size),
                          size, what.at(pass));
            });
            least.at(pass) = std::min(least.at(pass), time);
        }
        unlink_at(folder.get(), "calls");
    }
    for (std::size_t pass = 0; pass < what.size(); pass++)
        fmt::print("cost {} {}-{} {:.2f}\n", std::filesystem::path(dir).filename().string(),
                   what.at(pass), size_name(size),
                   static_cast<double>(least.at(pass)) * static_cast<double>(size) / bytes);
}

} // namespace

void add_calls(CLI::App &app)
{
    auto dirs = std::make_shared<std::vector<std::string>>();
    CLI::App *command = app.add_subcommand(
        "calls", "Print what calls of 4 KiB and 1 MiB cost at least: cost DIR CASE VALUE");

    command->add_option("DIR", *dirs, "Where to make them")
        ->required()
        ->check(CLI::ExistingDirectory);
    command->callback([dirs] {
        for (const std::string &dir : *dirs)
            for (const std::uint64_t size : {std::uint64_t{4096}, bytes})
                least_of_calls(dir, size);
    });
}

} // namespace scriptfs::bench
