// SPDX-License-Identifier: GPL-2.0-only
#include "lockstat.h"

#include "lib/error.h"
#include "lib/text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace scriptfs::bench {

namespace {

constexpr const char *stat_file = "/proc/lock_stat";
constexpr std::string_view hint = "only root may, in a kernel with CONFIG_LOCK_STAT";
constexpr const char *control = "/proc/sys/kernel/lock_stat";

} // namespace

std::vector<LockClass> read_lock_stat(std::istream &in)
{
    std::vector<LockClass> classes;
    std::string line;

    while (std::getline(in, line)) {
        // A class has a colon after its name and a dozen stat_file; what lies between are the
        // places that waited for it.
        const auto colon = line.rfind(": ");
        const auto begin = line.find_first_not_of(' ');
        if (line.starts_with("lock_stat version") || line.find("class name") != std::string::npos ||
            colon == std::string::npos || line.find("[<") != std::string::npos)
            continue;
        std::istringstream rest(line.substr(colon + 1));
        LockClass one;
        double ignored = 0;
        std::uint64_t contention_bounces = 0;
        one.name = line.substr(begin, colon - begin);
        rest >> contention_bounces >> one.contended;
        for (int i = 0; i < 4; i++)
            rest >> ignored; // how long was waited
        rest >> one.bounced >> one.taken;
        if (!rest)
            throw Error("{}: \"{}\" is not a name, a colon and twelve stat_file", stat_file, line);
        classes.push_back(std::move(one));
    }
    std::stable_sort(classes.begin(), classes.end(), [](const LockClass &a, const LockClass &b) {
        return a.contended > b.contended;
    });
    return classes;
}

LockStat::LockStat()
{
    write_setting(control, "0", hint);
    write_setting(stat_file, "0", hint);
}

void LockStat::start()
{
    write_setting(control, "1", hint);
}

LockStat::~LockStat()
{
    std::ofstream(control) << "0";
}

std::vector<LockClass> LockStat::stop()
{
    write_setting(control, "0", hint);
    std::ifstream in(stat_file);
    if (!in)
        throw Error("{}: {}", stat_file, std::strerror(errno));
    return read_lock_stat(in);
}

} // namespace scriptfs::bench
