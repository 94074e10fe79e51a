// SPDX-License-Identifier: GPL-2.0-only
#include "words.h"

#include <fmt/format.h>

namespace scriptfs::bench::words {

std::string unit(std::string_view unit)
{
    return unit == "ns" ? "nanoseconds" : std::string(unit);
}

std::string per(std::string_view per)
{
    if (per == "page")
        return "a page of 4 KiB";
    return fmt::format("{} {}", per == "op" ? "an" : "a", per == "op" ? "operation" : per);
}

std::string better(std::string_view unit)
{
    return unit == "ns" ? "times as fast as ramfs: longer is better"
                        : "ramfs's instructions, divided by these: longer is better";
}

std::string place(std::string_view bed, std::string_view driver)
{
    const std::string_view where = bed == "uml"          ? "Native, user-mode Linux"
                                   : bed == "tcg-icount" ? "Instructions, x86_64 guest"
                                   : bed == "tcg"        ? "Emulated x86_64 guest"
                                   : bed == "kvm"        ? "Native, x86_64 guest under KVM"
                                   : bed == "host"       ? "This machine itself"
                                                         : bed;
    const std::string_view what = driver == "kernel"        ? "calls inside the kernel"
                                  : driver == "kernel-user" ? "calls inside the kernel, user memory"
                                  : driver == "bench"       ? "system calls"
                                                            : driver;
    return fmt::format("{}: {}", where, what);
}

std::string bed_text(std::string_view bed)
{
    if (bed == "uml")
        return "The kernel runs as a process of the host (bed uml): real time of a real processor, "
               "one CPU, disturbed by whatever else the machine does.";
    if (bed == "tcg-icount")
        return "The guest's clock counts instructions (bed tcg-icount): figures are instructions, "
               "not time, and the same on every machine.";
    if (bed == "tcg")
        return "An interpreted guest (bed tcg): its nanoseconds are those of an emulated processor "
               "and say nothing about speed.";
    if (bed == "kvm")
        return "A guest on the real processor (bed kvm).";
    if (bed == "host")
        return "Directories of the machine that measured (bed host).";
    return {};
}

std::string driver_text(std::string_view driver)
{
    if (driver == "kernel")
        return "The driver calls the file system inside the kernel, with kernel memory (driver "
               "kernel): no system call is in the figures.";
    if (driver == "kernel-user")
        return "The driver calls inside the kernel, as a system call does, with memory of a "
               "process (driver kernel-user).";
    if (driver == "bench")
        return "scriptfs-bench makes system calls as any program does (driver bench).";
    if (driver == "fio")
        return "fio makes the calls; its own work is in the figures (driver fio).";
    if (driver == "dd")
        return "dd makes the calls; its own work is in the figures (driver dd).";
    return {};
}

std::string multiple(double value)
{
    if (value >= 99.5)
        return fmt::format("{:.0f}×", value);
    if (value >= 9.95)
        return fmt::format("{:.1f}×", value);
    if (value >= 0.095)
        return fmt::format("{:.2f}×", value);
    return fmt::format("{:.2g}×", value);
}

std::string percent(double part)
{
    const double value = part * 100;

    if (value >= 9.95)
        return fmt::format("{:.0f} %", value);
    return value < 0.05 ? "0 %" : fmt::format("{:.1f} %", value);
}

} // namespace scriptfs::bench::words
