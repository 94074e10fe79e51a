// SPDX-License-Identifier: GPL-2.0-only
#include "reclaim.h"

#include "lib/error.h"
#include "lib/text.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

namespace scriptfs::bench {

namespace {

namespace fs = std::filesystem;

constexpr const char *reclaim_event = "mm_vmscan_direct_reclaim_begin";
constexpr const char *compaction_event = "mm_compaction_try_to_compact_pages";

std::string tracefs()
{
    for (const char *path : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"})
        if (fs::exists(fs::path(path) / "instances"))
            return path;
    throw Error("tracefs is not mounted, and only it tells what the writer did for memory: run as "
                "root, mount -t tracefs tracefs /sys/kernel/tracing");
}

} // namespace

Vmstat Vmstat::operator-(const Vmstat &before) const
{
    return {stalls - before.stalls, compactions - before.compactions,
            swapped_out - before.swapped_out};
}

Vmstat read_vmstat()
{
    std::ifstream file("/proc/vmstat");
    std::string name;
    std::uint64_t value = 0;
    Vmstat vmstat;

    while (file >> name >> value) {
        if (name.starts_with("allocstall"))
            vmstat.stalls += value;
        else if (name == "compact_stall")
            vmstat.compactions = value;
        else if (name == "pswpout")
            vmstat.swapped_out = value;
    }
    if (!file.eof())
        throw Error("/proc/vmstat: {}", std::strerror(errno));
    return vmstat;
}

ReclaimTrace::ReclaimTrace(pid_t task)
    : dir_(fmt::format("{}/instances/scriptfs-bench-{}", tracefs(), task))
{
    if (mkdir(dir_.c_str(), 0700) != 0)
        throw Error("{}: {}", dir_, std::strerror(errno));
    try {
        set("tracing_on", "0");
        set("buffer_size_kb", "4096");
        set("set_event_pid", std::to_string(task));
        set("options/stacktrace", "1");
        set(fmt::format("events/vmscan/{}/enable", reclaim_event), "1");
        set(fmt::format("events/compaction/{}/enable", compaction_event), "1");
    } catch (...) {
        rmdir(dir_.c_str());
        throw;
    }
}

ReclaimTrace::~ReclaimTrace()
{
    rmdir(dir_.c_str());
}

void ReclaimTrace::set(const std::string &file, const std::string &value)
{
    write_setting(dir_ + "/" + file, value, "is this kernel built with these tracepoints?");
}

void ReclaimTrace::start()
{
    set("trace", "");
    set("tracing_on", "1");
}

Reclaim ReclaimTrace::stop()
{
    Reclaim counted;
    std::string line;

    set("tracing_on", "0");
    std::ifstream trace(dir_ + "/trace");
    while (std::getline(trace, line)) {
        counted.reclaim += line.find(std::string(reclaim_event) + ":") != std::string::npos;
        counted.compaction += line.find(std::string(compaction_event) + ":") != std::string::npos;
        if (line.starts_with(" => ") && counted.reclaim + counted.compaction == 1)
            counted.first += (counted.first.empty() ? "" : " < ") + line.substr(4);
    }
    for (const auto &cpu : fs::directory_iterator(dir_ + "/per_cpu")) {
        std::ifstream stats(cpu.path() / "stats");
        while (std::getline(stats, line))
            if (line.starts_with("overrun: ") && line != "overrun: 0")
                throw Error("{}: the trace is full: take fewer writes", dir_);
    }
    return counted;
}

} // namespace scriptfs::bench
