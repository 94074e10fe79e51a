// SPDX-License-Identifier: GPL-2.0-only
// Files in memory maps, one word of each page: mmap-write-first, -second, mmap-read-first, -second.
//
// First is the first time that anybody maps the page: of a file that has only a size when it is
// written, of one that write(2) filled when it is read. Second is another map of the same file,
// when the page is there and only this map does not know it yet.
#include "cases.h"
#include "lib/clock.h"
#include "lib/files.h"

#include <sys/mman.h>

namespace scriptfs::bench {
namespace {

class Map {
public:
    Map(const Fd &fd, std::uint64_t size) : size_(size)
    {
        void *start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
        if (start == MAP_FAILED)
            throw Failed("mmap");
        start_ = static_cast<volatile char *>(start);
    }
    Map(const Map &) = delete;
    Map &operator=(const Map &) = delete;
    ~Map() { munmap(const_cast<char *>(start_), size_); }

    void touch(bool write) const
    {
        for (std::uint64_t at = 0; at < size_; at += page_size) {
            if (write)
                start_[at] = 'x';
            else
                (void)start_[at];
        }
    }

private:
    volatile char *start_;
    std::uint64_t size_;
};

void map(Stage &stage, bool write)
{
    constexpr std::uint64_t piece = 1 << 20;
    const std::uint64_t size = stage.setup.size;
    const std::string name = write ? "mmap-write-" : "mmap-read-";
    const Fd fd = create_at(stage.dir, "map");

    if (write) {
        if (ftruncate(fd.get(), static_cast<off_t>(size)))
            throw Failed("truncate");
    } else {
        const Memory buffer(piece);
        for (std::uint64_t done = 0; done < size; done += piece)
            whole(::write(fd.get(), buffer.at(0), piece), piece, "mmap-read");
    }
    for (const char *which : {"first", "second"}) {
        look();
        const Map map(fd, size);
        const std::int64_t time = taken([&] { map.touch(write); });
        stage.record(name + which, time, size / page_size);
    }
    unlink_at(stage.dir, "map");
}

} // namespace

void add_mmap_jobs(std::vector<Job> &jobs, const Setup &setup)
{
    for (const bool write : {true, false}) {
        const std::string name = write ? "mmap-write-" : "mmap-read-";
        jobs.push_back({{{name + "first", "page"}, {name + "second", "page"}},
                        setup.size,
                        [write](Stage &stage) { map(stage, write); },
                        {}});
    }
}

} // namespace scriptfs::bench
