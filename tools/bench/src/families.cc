// SPDX-License-Identifier: GPL-2.0-only
#include "families.h"

#include "lib/mounts.h"

#include <algorithm>
#include <charconv>
#include <map>

namespace scriptfs::bench {
namespace {

// The place of its column: limits, what can be mounted, directories.
std::size_t rank_of(const std::string &fs)
{
    std::size_t rank = 0;

    if (is_limit(fs))
        return fs == "memcpy" ? 0 : 1;
    while (rank < file_systems.size() && file_systems.at(rank).name != fs)
        rank++;
    return 2 + rank;
}

bool begins(std::string_view text, std::string_view prefix)
{
    return text.substr(0, prefix.size()) == prefix;
}

} // namespace

const std::vector<Family> &families()
{
    static const std::vector<Family> all{
        {"new-", "Sequential writing of a new file",
         "Each call extends the file; the size is that of a call."},
        {"over-", "Sequential writing over a file that is there", "The size is that of a call."},
        {"rndover-", "Random writing over a file that is there", "The size is that of a call."},
        {"read-", "Sequential reading", "The size is that of a call."},
        {"rndread-", "Random reading", "The size is that of a call."},
        {"poems-", "Small files",
         "A thousand of them: create, write and close; open, read and close; unlink."},
        {"many-", "Twenty thousand small files", "The same with more of them than caches hold."},
        {"tree", "Trees of files",
         "Copied as cp does it, read and removed, a file: one such as the kernel's source, and as "
         "many files of 1 KiB."},
        {"mmap-", "Memory mapping", "A page touched for the first and for the second time."},
        {"storm-", "Names", "Many directories and empty files made, looked up and listed."},
        {"", "And the rest",
         "Unlinking a big file, fallocate, appending records, copy_file_range, and what else there "
         "is."},
    };
    return all;
}

const std::vector<Curve> &growths()
{
    static const std::vector<Curve> all{
        {"grow-size-new-", "Writing a new file, by its size", "A page of a new file",
         "size of the file", Curve::X::bytes},
        {"grow-size-over4K-", "Writing 4 KiB over a file, by its size", "A call of 4 KiB",
         "size of the file", Curve::X::bytes},
        {"grow-size-unlink-", "Unlinking a file, by its size", "Unlinking a file",
         "size of the file", Curve::X::bytes},
        {"grow-files-create-", "Creating a small file, by how many there are", "Creating a file",
         "number of files", Curve::X::count},
        {"grow-files-unlink-", "Unlinking a small file, by how many there are", "Unlinking a file",
         "number of files", Curve::X::count},
        {"grow-blocks-read4K-", "Reading 4 KiB, by the number of the file's 32 KiB blocks",
         "Reading 4 KiB", "blocks in the file", Curve::X::count},
        {"grow-pool-mount-", "Mounting, by the size of the reserve",
         "Mounting, per GiB of reserve,", "reserve", Curve::X::bytes},
    };
    return all;
}

const std::vector<Curve> &scalings()
{
    static const std::vector<Curve> all{
        {"writers-own", "Writers, each its own file", "A call of a writer", "writers at a time",
         Curve::X::count},
        {"writers-one", "Writers of one file", "A call of a writer", "writers at a time",
         Curve::X::count},
        {"readers-own", "Readers, each its own file", "A call of a reader", "readers at a time",
         Curve::X::count},
        {"readers-one", "Readers of one file", "A call of a reader", "readers at a time",
         Curve::X::count},
    };
    return all;
}

int scaling_number(const Curve &curve, std::string_view name)
{
    const auto dash = curve.prefix.find('-');
    const std::string_view front = curve.prefix.substr(0, dash + 1);
    const std::string_view back = curve.prefix.substr(dash);
    int value = 0;

    if (!begins(name, front) || name.size() <= front.size() + back.size() ||
        name.substr(name.size() - back.size()) != back)
        return 0;
    const std::string_view digits =
        name.substr(front.size(), name.size() - front.size() - back.size());
    const char *const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    return error == std::errc() && stop == end && value > 0 ? value : 0;
}

std::vector<std::string> ordered_scalings(const std::vector<std::string> &names)
{
    std::vector<std::string> found;

    for (const Curve &curve : scalings()) {
        std::map<int, std::string> by_number;
        for (const std::string &name : names)
            if (const int number = scaling_number(curve, name))
                by_number[number] = name;
        for (const auto &[number, name] : by_number)
            found.push_back(name);
    }
    return found;
}

bool is_scaling(std::string_view name)
{
    return std::any_of(scalings().begin(), scalings().end(),
                       [name](const Curve &curve) { return scaling_number(curve, name) > 0; });
}

bool is_plain(std::string_view name)
{
    return !begins(name, "grow-") && !is_scaling(name);
}

bool in_family(const Family &family, std::string_view name)
{
    for (const Family &one : families())
        if (begins(name, one.prefix))
            return one.prefix == family.prefix;
    return false;
}

bool is_limit(std::string_view fs)
{
    return fs == "memcpy" || fs == "memcpy-nt";
}

std::vector<std::string> ordered_fs(std::vector<std::string> names)
{
    std::vector<std::string> found;

    for (std::string &name : names)
        if (std::find(found.begin(), found.end(), name) == found.end())
            found.push_back(std::move(name));
    std::stable_sort(found.begin(), found.end(), [](const std::string &a, const std::string &b) {
        return rank_of(a) < rank_of(b);
    });
    return found;
}

} // namespace scriptfs::bench
