// SPDX-License-Identifier: GPL-2.0-only
// scriptfs-bench kbench: has the module kbench run its cases, inside the kernel. Prints lines for
// `collect`, and
//   info unsupported FS CASE                        the file system does not have that call
//   failed DRIVER ROUND FS CASE REASON              the first failure ends it
#include "commands.h"
#include "families.h"
#include "lib/mounts.h"
#include "lib/sizes.h"
#include "lib/text.h"
#include "machine.h"
#include "results.h"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>

#include <fnmatch.h>
#include <sys/mman.h>

namespace scriptfs::bench {
namespace {

constexpr const char *control_file = "/sys/kernel/debug/kbench";
constexpr const char *parameter_folder = "/sys/module/kbench/parameters/";

struct KbenchOptions {
    std::vector<std::string> fs;
    std::vector<std::string> cases;
    std::vector<std::string> drivers;
    unsigned rounds = 5;
    unsigned passes = 2;
    std::string file_size;
    std::string suffix;
};

bool matches_any(const std::string &name, std::initializer_list<const char *> globs)
{
    return std::any_of(globs.begin(), globs.end(),
                       [&](const char *glob) { return !fnmatch(glob, name.c_str(), 0); });
}

// Whether the file system has what the case is about, and the driver does it.
bool applies(const std::string &driver, const std::string &fs, const std::string &name)
{
    const bool data = matches_any(name, {"new-*", "over-*", "read-*", "rnd*", "poems-*-create",
                                         "poems-*-read", "many-*-create", "many-*-read"});

    if (driver != "kernel" && !data && !name.starts_with("append-"))
        return false;
    if (is_limit(fs))
        return data;
    if (fs == "tmpfs-huge" && matches_any(name, {"grow-files-*0000", "many-*"}))
        return false; // 2 MiB each: memory running out is all it would show
    return fs == "scriptfs" || !name.starts_with("grow-pool-");
}

// The reserve of a mount for this case alone, if it wants something that the others do not.
std::optional<Reserve> own_reserve(const std::string &name)
{
    constexpr std::uint64_t few = 64;
    constexpr std::uint64_t many = 20'100; // and a few more than the module's KBENCH_MANY

    if (name == "fallocate-1G")
        return reserve_for(1024 * mib, few);
    if (matches_any(name, {"grow-size-*-512M", "grow-size-*-2G"}))
        return reserve_for(parse_size(name.substr(name.rfind('-') + 1), name), few);
    if (matches_any(name, {"grow-files-*0000"}))
        return Reserve{{std::stoull(name.substr(name.rfind('-') + 1)) + 100}};
    if (name.starts_with("many-"))
        return Reserve{{many}};
    if (name.starts_with("grow-blocks-"))
        return Reserve{{4100}, "class=poem"};
    return {};
}

// A count so large that nothing disturbs it needs no other to compare with, and if it takes minutes
// no pass that warms up; a time does. Of many passes the cheapest parts would also be those in
// which no inode's memory happened to be freed.
unsigned passes_of(const std::string &bed, const std::string &name, unsigned usual)
{
    const bool count = bed == "tcg-icount";

    if (count && matches_any(name, {"grow-files-*00000"}))
        return 0;
    if (count && matches_any(name, {"grow-files-*0000", "*-512M", "*-[12]G"}))
        return 1;
    return name.ends_with("-1000000") ? 1 : usual;
}

// Memory of this process that calls are made from and to: always at the same address, page-aligned
// and touched, so that no fault is measured.
std::string user_memory()
{
    constexpr std::size_t size = 16 << 20; // the largest call
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the same each time
    void *const address = reinterpret_cast<void *>(0x10000000000);
    static void *const memory =
        mmap(address, size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_POPULATE, -1, 0);

    if (memory == MAP_FAILED)
        throw Failed("memory for calls");
    return fmt::format(" user={}", memory);
}

// Has the module do it. The answer is "PER VALUE". Throws Failed.
std::string ask(const std::string &driver, const std::string &target, const std::string &name)
{
    const std::string question =
        fmt::format("{} {}{}", target, name, driver == "kernel" ? "" : user_memory());
    const Fd control = open_at(AT_FDCWD, control_file, O_RDWR);
    std::string answer(512, '\0');

    whole(write(control.get(), question.data(), question.size()), question.size(), name.c_str());
    const ssize_t size = read(control.get(), answer.data(), answer.size());
    if (size < 0)
        throw Failed(control_file);
    answer.resize(static_cast<std::size_t>(size));
    return answer.substr(0, answer.find('\n'));
}

// One measurement; place is null for a copy.
void measure(const KbenchOptions &options, const std::string &bed, const std::string &driver,
             unsigned round, const std::string &fs, const Place *place, const std::string &name)
{
    const auto reserve = fs.starts_with("scriptfs") ? own_reserve(name) : std::nullopt;
    Mounts own;

    if (reserve)
        place = &own.add(fs, *reserve);
    // each file of tmpfs-huge takes 2 MiB
    write_setting(std::string(parameter_folder) + "files", fs == "tmpfs-huge" ? "100" : "1000");
    write_setting(std::string(parameter_folder) + "passes",
                  std::to_string(passes_of(bed, name, options.passes)));
    try {
        const std::string answer = ask(driver, place ? place->path() : fs, name);
        const auto space = answer.find(' ');
        fmt::print("sample {} {} {} {} {}{} {} {}{}\n", bed, driver, round, fs, name,
                   options.suffix, answer.substr(0, space), unit_of(bed), answer.substr(space));
    } catch (const Failed &error) {
        if (error.number != EOPNOTSUPP) {
            fmt::print("failed {} {} {} {} {}\n", driver, round, fs, name, error.what());
            throw CLI::RuntimeError(1);
        }
        fmt::print("info unsupported {} {}\n", fs, name);
    }
    std::fflush(stdout);
}

void run_kbench(const KbenchOptions &options)
{
    // Twice the large files and all small ones, so that the pool is measured as it is meant to be
    // used, and not the page allocator behind it.
    const Reserve reserve = reserve_for(2 * parse_size(options.file_size, "--file-size"), 2200);
    const std::string bed = detect_bed();
    std::vector<const Place *> places; // null: a copy
    Mounts mounts;

    for (const std::string &fs : options.fs)
        places.push_back(is_limit(fs) ? nullptr : &mounts.add(fs, reserve));
    for (unsigned round = 1; round <= options.rounds; round++)
        for (const std::string &name : options.cases) {
            fmt::print("step round {} of {}: {}\n", round, options.rounds, name);
            std::fflush(stdout);
            for (const std::string &driver : options.drivers)
                for (std::size_t i = 0; i < places.size(); i++) {
                    // another one begins each round
                    const std::size_t which = (i + round - 1) % places.size();
                    if (applies(driver, options.fs[which], name))
                        measure(options, bed, driver, round, options.fs[which], places[which],
                                name);
                }
        }
    for (const auto &place : mounts.places())
        if (!std::filesystem::is_empty(place->path()))
            throw Error("{}: files are left behind", place->name());
}

} // namespace

void add_kbench(CLI::App &app)
{
    auto options = std::make_shared<KbenchOptions>();
    CLI::App *command = app.add_subcommand(
        "kbench", "Have the module kbench, which is loaded, run its cases; print lines for "
                  "`collect`");

    command->add_option("--fs", options->fs, "memcpy, memcpy-nt, and what `run` can mount")
        ->delimiter(',')
        ->required();
    command->add_option("--case", options->cases, "Names of cases")->delimiter(',')->required();
    command->add_option("--driver", options->drivers, "kernel, kernel-user: whose memory")
        ->delimiter(',')
        ->required();
    command->add_option("--rounds", options->rounds, "How often")->capture_default_str();
    command->add_option("--passes", options->passes, "Of each round, after one that warms up")
        ->capture_default_str();
    command->add_option("--suffix", options->suffix,
                        "Behind the names of the cases in what is printed: where else they differ");
    command->add_option("--file-size", options->file_size, "The module's file_size")->required();
    command->callback([options] { run_kbench(*options); });
}

} // namespace scriptfs::bench
