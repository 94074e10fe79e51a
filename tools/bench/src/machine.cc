// SPDX-License-Identifier: GPL-2.0-only
#include "machine.h"

#include "lib/error.h"
#include "lib/text.h"
#include "results.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <vector>

#include <sched.h>

namespace scriptfs::bench {
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
    const std::string kib = field_of("/proc/meminfo", "MemAvailable");

    if (kib.empty())
        throw Error("/proc/meminfo: no MemAvailable");
    return std::stoull(kib) * 1024;
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

} // namespace scriptfs::bench
