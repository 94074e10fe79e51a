// SPDX-License-Identifier: GPL-2.0-only
// Files in memory maps, one word of each page: mmap-write-first, -second, mmap-read-first, -second.
//
// First is the first time that anybody maps the page: of a file that has only a size when it is
// written, of one that write(2) filled when it is read. Second is another map of the same file,
// when the page is there and only this map does not know it yet. A name with -faults has the page
// faults of the same pass.
//
// mmap-rndread-4K and mmap-rndover-4K copy whole pages in random order, through a new map of a file
// that write(2) filled; mmap-unlink removes a file after all of its pages were mapped.
#include "cases.h"
#include "lib/clock.h"
#include "lib/files.h"

#include <cstring>

#include <sys/mman.h>
#include <sys/resource.h>

namespace scriptfs::bench {
namespace {

class Map {
public:
    Map(const Fd &fd, std::uint64_t size) : size_(size)
    {
        void *start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
        if (start == MAP_FAILED)
            throw Failed("mmap");
        start_ = static_cast<char *>(start);
    }
    Map(const Map &) = delete;
    Map &operator=(const Map &) = delete;
    ~Map() { munmap(start_, size_); }

    void touch(bool write) const
    {
        volatile char *const word = start_;
        for (std::uint64_t at = 0; at < size_; at += page_size) {
            if (write)
                word[at] = 'x';
            else
                (void)word[at];
        }
    }

    void copy_pages(bool write, const Memory &buffer, const std::vector<std::uint64_t> &order) const
    {
        for (const std::uint64_t page : order) {
            char *const there = start_ + page * page_size;
            std::memcpy(write ? there : buffer.at(0), write ? buffer.at(0) : there, page_size);
            // Not to be left out because nobody reads what was copied.
            asm volatile("" ::: "memory");
        }
    }

private:
    char *start_;
    std::uint64_t size_;
};

std::uint64_t faults()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_minflt);
}

std::string pass_name(bool write, const char *which)
{
    return std::string(write ? "mmap-write-" : "mmap-read-") + which;
}

void make_file(Stage &stage, const Fd &fd, bool filled)
{
    if (filled)
        fill(fd, stage.setup.size);
    else if (ftruncate(fd.get(), static_cast<off_t>(stage.setup.size)))
        throw Failed("truncate");
}

void touched(Stage &stage, bool write)
{
    const std::uint64_t size = stage.setup.size;
    const Fd fd = create_at(stage.dir, "map");

    make_file(stage, fd, !write);
    for (const char *which : {"first", "second"}) {
        look();
        const std::string name = pass_name(write, which);
        const Map map(fd, size);
        const std::uint64_t before = faults();
        const std::int64_t time = taken([&] { map.touch(write); });
        const std::uint64_t taken = faults() - before;
        stage.record(name, time, size / page_size);
        stage.record(name + "-faults", static_cast<std::int64_t>(taken), size / page_size);
    }
    unlink_at(stage.dir, "map");
}

void copied(Stage &stage, bool write)
{
    const std::uint64_t pages = stage.setup.size / page_size;
    const auto order = permutation(pages, stage.seed);
    const Fd fd = create_at(stage.dir, "map");
    const Memory buffer(page_size);

    make_file(stage, fd, true);
    look();
    const Map map(fd, stage.setup.size);
    const std::int64_t time = taken([&] { map.copy_pages(write, buffer, order); });
    stage.record(write ? "mmap-rndover-4K" : "mmap-rndread-4K", time, pages);
    unlink_at(stage.dir, "map");
}

void removed(Stage &stage)
{
    {
        const Fd fd = create_at(stage.dir, "map");
        make_file(stage, fd, true);
        const Map map(fd, stage.setup.size);
        map.touch(true);
    }
    look();
    const std::int64_t time = taken([&] { unlink_at(stage.dir, "map"); });
    stage.record("mmap-unlink", time, stage.setup.size / page_size);
}

} // namespace

void add_mmap_jobs(std::vector<Job> &jobs, const Setup &setup)
{
    for (const bool write : {true, false}) {
        std::vector<Case> cases;
        for (const char *which : {"first", "second"}) {
            const std::string name = pass_name(write, which);
            cases.push_back({name, "page"});
            cases.push_back({name + "-faults", "page", "bench", "faults"});
        }
        jobs.push_back({cases, setup.size, [write](Stage &stage) { touched(stage, write); }, {}});
    }
    for (const bool write : {false, true})
        jobs.push_back({{{write ? "mmap-rndover-4K" : "mmap-rndread-4K", "page"}},
                        setup.size,
                        [write](Stage &stage) { copied(stage, write); },
                        {}});
    jobs.push_back({{{"mmap-unlink", "page"}}, setup.size, removed, {}});
}

} // namespace scriptfs::bench
