// SPDX-License-Identifier: GPL-2.0-only
// Many small files: poems-P-create, -read and -unlink, and storms of names.
#include "cases.h"
#include "lib/clock.h"
#include "lib/files.h"
#include "lib/sizes.h"

#include <fmt/format.h>

#include <dirent.h>
#include <sys/stat.h>

namespace scriptfs::bench {
namespace {

constexpr std::uint64_t poem_sizes[] = {1 << 10, 4 << 10, 32 << 10, 64 << 10};
constexpr std::uint64_t poems_most = 1000;
constexpr std::uint64_t poems_huge = 100; // where a poem takes 2 MiB
constexpr std::uint64_t storm_names = 5000;

std::string poem_case(std::uint64_t size, const char *what)
{
    return fmt::format("poems-{}-{}", size_name(size), what);
}

std::vector<std::string> names_of(const char *stem, std::uint64_t count)
{
    std::vector<std::string> names;

    names.reserve(count);
    for (std::uint64_t i = 0; i < count; i++)
        names.push_back(fmt::format("{}-{}", stem, i));
    return names;
}

// Does it to every name, and records what that took for each of them.
template <typename Work>
void for_all(Stage &stage, const std::string &name, const std::vector<std::string> &names,
             Work &&work)
{
    look();
    const std::int64_t time = taken([&] {
        for (const std::string &one : names)
            work(one);
    });
    stage.record(name, time, names.size());
}

void poems(Stage &stage, std::uint64_t size)
{
    const Memory buffer(size);
    const auto names = names_of("poem", stage.fs == "tmpfs-huge" ? poems_huge : poems_most);

    for_all(stage, poem_case(size, "create"), names, [&](const std::string &name) {
        const Fd fd = open_at(stage.dir, name, O_CREAT | O_EXCL | O_WRONLY);
        whole(write(fd.get(), buffer.at(0), size), size, "poem");
    });
    for_all(stage, poem_case(size, "read"), names, [&](const std::string &name) {
        const Fd fd = open_at(stage.dir, name, O_RDONLY);
        whole(read(fd.get(), buffer.at(0), size), size, "poem");
    });
    for_all(stage, poem_case(size, "unlink"), names,
            [&](const std::string &name) { unlink_at(stage.dir, name); });
}

void poems_limit(Stage &stage, std::uint64_t size)
{
    const Memory buffer(size);
    const std::uint64_t places = stage.memory->size() / size;

    for (const bool write : {true, false}) {
        const std::int64_t time = taken([&] {
            for (std::uint64_t i = 0; i < poems_most; i++) {
                char *there = stage.memory->at(i % places * size);
                copy(stage.limit, write ? there : buffer.at(0), write ? buffer.at(0) : there, size);
            }
        });
        stage.record(poem_case(size, write ? "create" : "read"), time, poems_most);
    }
}

void storm(Stage &stage)
{
    const auto names = names_of("name", storm_names);

    for_all(stage, "storm-mkdir", names, [&](const std::string &name) {
        if (mkdirat(stage.dir, name.c_str(), 0755))
            throw Failed("mkdir");
    });
    for (const std::string &name : names)
        unlink_at(stage.dir, name, AT_REMOVEDIR);

    for_all(stage, "storm-creat", names, [&](const std::string &name) {
        const Fd fd = open_at(stage.dir, name, O_CREAT | O_EXCL | O_WRONLY);
    });
    for_all(stage, "storm-stat", names, [&](const std::string &name) {
        struct stat status {};
        if (fstatat(stage.dir, name.c_str(), &status, AT_SYMLINK_NOFOLLOW))
            throw Failed("stat");
    });

    look();
    DIR *list = fdopendir(open(fmt::format("/proc/self/fd/{}", stage.dir).c_str(),
                               O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!list)
        throw Failed("opendir");
    std::uint64_t seen = 0;
    const std::int64_t time = taken([&] {
        while (readdir(list))
            seen++;
    });
    closedir(list);
    if (seen < storm_names)
        throw Error("readdir on {}: {} names of {}", stage.fs, seen, storm_names);
    stage.record("storm-readdir", time, seen);

    for (const std::string &name : names)
        unlink_at(stage.dir, name);
}

} // namespace

void add_name_jobs(std::vector<Job> &jobs, const Setup & /*setup*/)
{
    constexpr std::uint64_t most_of_a_poem = 64 << 10;

    for (const std::uint64_t size : poem_sizes)
        jobs.push_back({{{poem_case(size, "create"), "file"},
                         {poem_case(size, "read"), "file"},
                         {poem_case(size, "unlink"), "file"}},
                        poems_most * most_of_a_poem,
                        [size](Stage &stage) { poems(stage, size); },
                        [size](Stage &stage) { poems_limit(stage, size); }});
    jobs.push_back({{{"storm-mkdir", "op"},
                     {"storm-creat", "op"},
                     {"storm-stat", "op"},
                     {"storm-readdir", "op"}},
                    0,
                    storm,
                    {}});
}

} // namespace scriptfs::bench
