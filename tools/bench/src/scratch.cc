// SPDX-License-Identifier: GPL-2.0-only
#include "scratch.h"

#include "error.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <sys/mount.h>
#include <unistd.h>

namespace bench {

namespace {

bool is_mountable(const std::string &fs)
{
    return fs == "ramfs" || fs == "tmpfs" || fs == "scriptfs";
}

std::string mount_data(const std::string &fs, std::uint64_t files)
{
    if (fs == "tmpfs")
        return fmt::format("size={}M", files + 64);
    if (fs != "scriptfs")
        return {};
    // Such a file takes 2 poems, 7 novels and a medium; a few more while it grows and is fitted.
    // Half of the larger files are not in those.
    files += 4;
    return fmt::format("strict,poem={},novel={},medium={},large={}", 2 * files, 7 * files, files,
                       files / 2);
}

} // namespace

Scratch::Scratch(const std::string &fs, std::uint64_t files) : mounted_(is_mountable(fs))
{
    dir_ = (mounted_ ? std::filesystem::temp_directory_path() : std::filesystem::path(fs)) /
           "scriptfs-bench-XXXXXX";
    if (!mkdtemp(dir_.data()))
        throw Error("{}: {}", dir_, std::strerror(errno));
    const std::string data = mount_data(fs, files);
    if (!mounted_ || mount(fs.c_str(), dir_.c_str(), fs.c_str(), 0, data.c_str()) == 0)
        return;
    const int error = errno;
    rmdir(dir_.c_str());
    throw Error("cannot mount {} with \"{}\": {}", fs, data, std::strerror(error));
}

Scratch::~Scratch()
{
    if (mounted_)
        umount(dir_.c_str());
    rmdir(dir_.c_str());
}

void add_scratch_option(CLI::App &command, std::vector<std::string> &filesystems)
{
    const auto refusal = [](const std::string &fs) -> std::string {
        if (is_mountable(fs) || std::filesystem::is_directory(fs))
            return {};
        return fmt::format("\"{}\" is not allowed; allowed: ramfs, tmpfs, scriptfs, or a directory",
                           fs);
    };

    command.add_option("--fs", filesystems, "ramfs, tmpfs, scriptfs, or directories")
        ->delimiter(',')
        ->check(refusal)
        ->capture_default_str();
}

} // namespace bench
