// SPDX-License-Identifier: GPL-2.0-only
// A tree of files copied, read and removed: tree-* is one such as the kernel's source, tree1K-* one
// of as many files of 1 KiB. Times are for a file, the directories included; -df, -held and -beside
// are the memory that the copy holds.
#include "cases.h"
#include "held.h"
#include "lib/clock.h"
#include "lib/files.h"
#include "lib/sizes.h"
#include "tree.h"

#include <fmt/format.h>

#include <algorithm>

#include <sys/stat.h>

namespace scriptfs::bench {
namespace {

constexpr std::uint64_t tree_seed = 1;
constexpr std::uint64_t chunk = 128 << 10; // what cp writes at a time
constexpr std::uint64_t most_bytes = 64 * mib;
constexpr std::uint64_t most_huge = 200; // where a file takes at least 2 MiB
constexpr std::uint64_t even_size = 1 << 10;

struct Kind {
    const char *name;
    Tree (*make)(std::uint64_t files);
};

constexpr Kind kinds[] = {
    {"tree", [](std::uint64_t files) { return source_tree(files, tree_seed); }},
    {"tree1K", [](std::uint64_t files) { return even_tree(files, even_size); }},
};

std::uint64_t files_of(const Setup &setup)
{
    return setup.files
               ? setup.files
               : static_cast<std::uint64_t>(static_cast<double>(std::min(setup.size, most_bytes)) /
                                            source_mean_size);
}

void copy_tree(int dir, const Tree &tree, const Memory &buffer)
{
    for (const std::string &path : tree.dirs)
        if (mkdirat(dir, path.c_str(), 0755))
            throw Failed("mkdir " + path);
    for (const Tree::File &file : tree.files) {
        const Fd fd = open_at(dir, file.path, O_CREAT | O_EXCL | O_WRONLY);
        for (std::uint64_t done = 0; done < file.size;) {
            const std::size_t size = std::min(file.size - done, chunk);
            whole(write(fd.get(), buffer.at(0), size), size, "tree-copy");
            done += size;
        }
    }
}

// As programs do that do not ask for the size first: until nothing is left.
void read_tree(int dir, const Tree &tree, const Memory &buffer)
{
    for (const Tree::File &file : tree.files) {
        const Fd fd = open_at(dir, file.path, O_RDONLY);
        std::uint64_t done = 0;
        for (ssize_t size = 1; size > 0; done += static_cast<std::uint64_t>(size)) {
            size = read(fd.get(), buffer.at(0), chunk);
            if (size < 0)
                throw Failed(file.path);
        }
        if (done != file.size)
            throw Error("{}: {} bytes of {}", file.path, done, file.size);
    }
}

void remove_tree(int dir, const Tree &tree)
{
    for (const Tree::File &file : tree.files)
        unlink_at(dir, file.path);
    for (std::size_t i = tree.dirs.size(); i > 0; i--)
        unlink_at(dir, tree.dirs[i - 1], AT_REMOVEDIR);
}

void record_held(Stage &stage, const std::string &name, const Tree &tree, const Held &held)
{
    const auto record = [&stage, &name](const char *which, const std::optional<std::int64_t> &bytes,
                                        std::uint64_t units, const char *reason) {
        if (bytes && *bytes > 0)
            stage.record(name + which, *bytes, units);
        else
            stage.skip(name + which, bytes ? "other work of the machine hides it" : reason);
    };
    std::optional<std::int64_t> beside;

    if (held.all)
        beside = *held.all - static_cast<std::int64_t>(tree.paged_bytes());
    record("-df", held.used, tree.bytes(), "statfs does not tell");
    record("-held", held.all, tree.bytes(), "the kernel does not tell");
    record("-beside", beside, tree.files.size(), "the kernel does not tell");
}

void tree_job(Stage &stage, const Kind &kind)
{
    const std::uint64_t files = files_of(stage.setup);
    const std::string name = kind.name;
    const Tree tree = kind.make(stage.fs == "tmpfs-huge" ? std::min(files, most_huge) : files);
    const std::uint64_t count = tree.files.size();
    const Memory buffer(chunk);

    look();
    const Moment before = moment(stage.dir);
    stage.record(name + "-copy", taken([&] { copy_tree(stage.dir, tree, buffer); }), count);
    look();
    record_held(stage, name, tree, held(before, moment(stage.dir), stage.descriptors));
    stage.record(name + "-read", taken([&] { read_tree(stage.dir, tree, buffer); }), count);
    look();
    stage.record(name + "-remove", taken([&] { remove_tree(stage.dir, tree); }), count);
}

void tree_limit(Stage &stage, const Kind &kind)
{
    constexpr std::size_t word = 4; // of copies that are not temporal
    const Tree tree = kind.make(files_of(stage.setup));
    const Memory buffer(chunk);

    for (const bool write : {true, false}) {
        std::uint64_t at = 0;
        const std::int64_t time = taken([&] {
            for (const Tree::File &file : tree.files)
                for (std::uint64_t done = 0; done < file.size;) {
                    const std::size_t size = std::min(file.size - done, chunk);
                    if (at + chunk > stage.memory->size())
                        at = 0;
                    char *there = stage.memory->at(at);
                    copy(stage.limit, write ? there : buffer.at(0), write ? buffer.at(0) : there,
                         (size + word - 1) / word * word);
                    done += size;
                    at += (size + page_size - 1) / page_size * page_size;
                }
        });
        stage.record(fmt::format("{}-{}", kind.name, write ? "copy" : "read"), time,
                     tree.files.size());
    }
}

// Blocks for each file by its size, so that a mount has it all in its reserve.
Reserve reserve_of(const Tree &tree)
{
    Reserve reserve;
    auto &[poems, novels, mediums, larges, supers] = reserve.blocks;

    for (const Tree::File &file : tree.files) {
        const auto blocks = [&file](std::size_t which) {
            return (file.size + classes[which].block - 1) / classes[which].block;
        };
        if (file.size <= classes[0].block)
            poems++;
        else if (file.size <= classes[2].block)
            novels += blocks(1);
        else
            mediums += blocks(2);
    }
    return reserve;
}

} // namespace

void add_tree_jobs(std::vector<Job> &jobs, const Setup &setup)
{
    for (const Kind &kind : kinds) {
        const std::string name = kind.name;
        const Tree tree = kind.make(files_of(setup));
        Job job{{{name + "-copy", "file"},
                 {name + "-read", "file"},
                 {name + "-remove", "file"},
                 {name + "-df", "byte", "bench", "bytes"},
                 {name + "-held", "byte", "bench", "bytes"},
                 {name + "-beside", "file", "bench", "bytes"}},
                std::max(tree.paged_bytes(), most_huge * (2 * mib + page_size)),
                [&kind](Stage &stage) { tree_job(stage, kind); },
                [&kind](Stage &stage) { tree_limit(stage, kind); }};
        job.reserve = reserve_of(tree);
        jobs.push_back(std::move(job));
    }
}

} // namespace scriptfs::bench
