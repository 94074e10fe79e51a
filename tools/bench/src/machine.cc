// SPDX-License-Identifier: GPL-2.0-only
#include "machine.h"

#include "error.h"
#include "results.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include <sched.h>

namespace bench {
namespace {

const std::vector<int> &usable()
{
    static const std::vector<int> list = [] {
        std::vector<int> found;
        cpu_set_t set;
        CPU_ZERO(&set);
        if (!sched_getaffinity(0, sizeof(set), &set))
            for (int i = 0; i < CPU_SETSIZE; i++)
                if (CPU_ISSET(i, &set))
                    found.push_back(i);
        return found;
    }();
    return list;
}

} // namespace

std::string detect_bed()
{
    std::string bed;

    if (const char *given = std::getenv("GUEST_BED"))
        bed = given;
    if (bed.empty()) {
        std::ifstream file("/proc/cmdline");
        std::string word;
        while (file >> word)
            if (word.starts_with("guest.bed="))
                bed = word.substr(word.find('=') + 1);
    }
    if (bed.empty())
        return "host";
    check_one_of(beds, bed, "GUEST_BED or guest.bed=");
    return bed;
}

std::string unit_of(const std::string &bed)
{
    return bed == "tcg-icount" ? "instructions" : "ns";
}

std::uint64_t available_memory()
{
    std::ifstream file("/proc/meminfo");
    std::string line;

    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string name;
        std::uint64_t kib = 0;
        if (words >> name >> kib && name == "MemAvailable:")
            return kib * 1024;
    }
    throw Error("/proc/meminfo: no MemAvailable");
}

unsigned processors()
{
    return usable().empty() ? 1 : static_cast<unsigned>(usable().size());
}

void pin(unsigned index)
{
    cpu_set_t set;

    if (usable().empty())
        return;
    CPU_ZERO(&set);
    CPU_SET(usable()[index % usable().size()], &set);
    sched_setaffinity(0, sizeof(set), &set);
}

std::uint64_t parse_size(const std::string &text, const std::string &where)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string suffix(end, text.data() + text.size());
    unsigned shift = 0;

    if (suffix == "K")
        shift = 10;
    else if (suffix == "M")
        shift = 20;
    else if (suffix == "G")
        shift = 30;
    if (error != std::errc() || (shift == 0 && !suffix.empty()) || value == 0 ||
        value > (std::uint64_t{1} << 50 >> shift))
        throw Error("{}: \"{}\" is not allowed; allowed: a size such as 65536, 64K, 256M, 2G",
                    where, text);
    return value << shift;
}

std::string size_name(std::uint64_t bytes)
{
    if (bytes % (1U << 30) == 0)
        return fmt::format("{}G", bytes >> 30);
    if (bytes % (1U << 20) == 0)
        return fmt::format("{}M", bytes >> 20);
    return fmt::format("{}K", bytes >> 10);
}

} // namespace bench
