// SPDX-License-Identifier: GPL-2.0-only
#include "lockstat.h"

#include "error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace bench {

namespace {

constexpr const char *figures = "/proc/lock_stat";
constexpr const char *control = "/proc/sys/kernel/lock_stat";

void write_to(const char *path, const char *text)
{
    std::ofstream file(path);

    file << text << std::flush;
    if (!file)
        throw Error("{}: cannot be written: only root may, in a kernel with CONFIG_LOCK_STAT",
                    path);
}

} // namespace

std::vector<LockClass> read_lock_stat(std::istream &in)
{
    std::vector<LockClass> classes;
    std::string line;

    while (std::getline(in, line)) {
        // A class has a colon after its name and a dozen figures; what lies between are the
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
            throw Error("{}: \"{}\" is not a name, a colon and twelve figures", figures, line);
        classes.push_back(std::move(one));
    }
    std::stable_sort(classes.begin(), classes.end(), [](const LockClass &a, const LockClass &b) {
        return a.contended > b.contended;
    });
    return classes;
}

LockStat::LockStat()
{
    write_to(control, "0");
    write_to(figures, "0");
}

void LockStat::start()
{
    write_to(control, "1");
}

LockStat::~LockStat()
{
    std::ofstream(control) << "0";
}

std::vector<LockClass> LockStat::stop()
{
    write_to(control, "0");
    std::ifstream in(figures);
    if (!in)
        throw Error("{}: {}", figures, std::strerror(errno));
    return read_lock_stat(in);
}

} // namespace bench
