// SPDX-License-Identifier: GPL-2.0-only
#include "held.h"

#include "cases.h"
#include "lib/error.h"
#include "lib/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

namespace scriptfs::bench {
namespace {

// scriptfs tells it in sysfs, by the number of the device that its files have.
Pool pool_of(int dir)
{
    struct stat status {};

    if (fstat(dir, &status))
        throw Failed("stat");
    const std::string folder =
        fmt::format("/sys/fs/scriptfs/{}:{}/", major(status.st_dev), minor(status.st_dev));
    if (!std::filesystem::exists(folder))
        return {};
    const auto figure = [&folder](const char *name) {
        return std::stoull(read_text(folder + name));
    };
    return {figure("reserve") + figure("surplus"), figure("free")};
}

std::int64_t less(std::uint64_t a, std::uint64_t b)
{
    return static_cast<std::int64_t>(a) - static_cast<std::int64_t>(b);
}

} // namespace

std::optional<std::uint64_t> free_bytes(const std::string &zoneinfo)
{
    std::istringstream words(zoneinfo);
    std::optional<std::uint64_t> pages;
    std::string word;
    std::uint64_t number = 0;

    // "pages free 123" once in each zone, "count: 123" for each of its processors
    while (words >> word) {
        if (word != "count:" && word != "pages")
            continue;
        if (word == "pages" && !(words >> word && word == "free"))
            continue;
        if (words >> number)
            pages = pages.value_or(0) + number;
        words.clear();
    }
    return pages ? std::optional(*pages * page_size) : std::nullopt;
}

Moment moment(int dir)
{
    Moment now;

    {
        // Processors add up what they count now and then only. A user who may not ask for it has
        // figures that are off by some pages.
        std::ofstream refresh("/proc/sys/vm/stat_refresh");
        refresh << "1" << std::flush;
    }
    std::ifstream file("/proc/zoneinfo");
    const std::string zones{std::istreambuf_iterator<char>(file), {}};
    now.free = free_bytes(zones);
    if (dir < 0)
        return now;
    now.pool = pool_of(dir);
    struct statvfs status {};
    if (fstatvfs(dir, &status))
        throw Failed("statfs");
    if (status.f_blocks)
        now.used = (status.f_blocks - status.f_bfree) * status.f_frsize;
    return now;
}

double descriptors_a_byte(const Moment &before, const Moment &mounted)
{
    if (!before.free || !mounted.free || !mounted.pool.all)
        return 0;
    const std::int64_t beside = less(*before.free, *mounted.free + mounted.pool.all);
    return static_cast<double>(std::max<std::int64_t>(beside, 0)) /
           static_cast<double>(mounted.pool.all);
}

Held held(const Moment &before, const Moment &after, double descriptors)
{
    Held out;

    if (before.used && after.used)
        out.used = less(*after.used, *before.used);
    if (!before.free || !after.free)
        return out;
    const std::int64_t grown = less(after.pool.all, before.pool.all);
    // No more than was idle before: the rest is surplus, whose descriptors the system has less too.
    const std::int64_t from_before =
        std::min(less(before.pool.idle, after.pool.idle) + grown, less(before.pool.idle, 0));
    out.all = less(*before.free + before.pool.idle, *after.free + after.pool.idle) +
              static_cast<std::int64_t>(
                  descriptors * static_cast<double>(std::max<std::int64_t>(from_before, 0)));
    return out;
}

} // namespace scriptfs::bench
