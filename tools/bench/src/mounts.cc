// SPDX-License-Identifier: GPL-2.0-only
#include "mounts.h"

#include "error.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t poem_block = 32 << 10;
constexpr std::uint64_t novel_block = 64 << 10;
constexpr std::uint64_t medium_block = 512 << 10;
constexpr std::uint64_t large_block = 2 << 20;
constexpr unsigned mediums = 32;

std::uint64_t larges(const Room &room)
{
    return room.bytes / large_block + 16; // and some for files that are not full blocks
}

Fd open_dir(const std::string &path)
{
    return open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
}

// mkdtemp() in that directory. Throws Failed.
std::string own_dir(const std::string &below)
{
    std::string path = below + "/scriptfs-bench.XXXXXX";

    if (!mkdtemp(path.data()))
        throw Failed("a directory in " + below);
    return path;
}

class Mounted : public Place {
public:
    Mounted(const std::string &fs, const std::string &root, const Room &room)
        : Place(fs), path_(root + "/" + fs)
    {
        const std::string type = fs.substr(0, fs.find('-'));
        const std::string options = mount_options(fs, room);

        fs::create_directory(path_);
        if (mount(type.c_str(), path_.c_str(), type.c_str(), MS_NOSUID | MS_NODEV,
                  options.c_str())) {
            const int number = errno;
            rmdir(path_.c_str());
            throw Failed(fmt::format("mount -t {}{}{}{}", type, options.empty() ? "" : " -o ",
                                     options, number == ENODEV ? " (modprobe " + type + "?)" : ""),
                         number);
        }
        dir_ = open_dir(path_);
    }
    ~Mounted() override
    {
        dir_.shut();
        if (umount2(path_.c_str(), 0))
            fmt::print(stderr, "scriptfs-bench: umount {}: {}\n", path_, std::strerror(errno));
        rmdir(path_.c_str());
    }

private:
    std::string path_;
};

class Directory : public Place {
public:
    Directory(const std::string &path, std::string name)
        : Place(std::move(name)), path_(own_dir(path))
    {
        dir_ = open_dir(path_);
    }
    ~Directory() override
    {
        std::error_code error;
        fs::remove_all(path_, error);
        if (error)
            fmt::print(stderr, "scriptfs-bench: {} is left: {}\n", path_, error.message());
    }

private:
    std::string path_;
};

} // namespace

std::uint64_t reserve_size(const Room &room)
{
    return room.poems * (poem_block + novel_block) + mediums * medium_block +
           larges(room) * large_block;
}

std::string mount_options(std::string_view fs, const Room &room)
{
    const std::string reserve = fmt::format("poem={},novel={},medium={},large={},size=90%",
                                            room.poems, room.poems, mediums, larges(room));

    if (fs == "tmpfs")
        return "size=90%";
    if (fs == "tmpfs-huge")
        return "size=90%,huge=always";
    if (fs == "scriptfs")
        return "io=block," + reserve;
    if (fs == "scriptfs-page")
        return "io=page," + reserve;
    return "";
}

void Place::clear() const
{
    const std::string path = fmt::format("/proc/self/fd/{}/", dir());
    std::error_code error;

    for (const auto &entry : fs::directory_iterator(path, error))
        fs::remove_all(entry.path(), error);
}

Mounts::~Mounts()
{
    places_.clear();
    if (!root_.empty())
        rmdir(root_.c_str());
}

void Mounts::enter_namespace()
{
    if (unshare(CLONE_NEWNS) || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr))
        throw Failed("a mount namespace (only root may mount; allowed for others: directories "
                     "that are mounted already)");
    root_ = own_dir("/tmp");
}

// The last part of the path, unless another place is called that.
std::string Mounts::free_name(const std::string &path) const
{
    std::string name = fs::weakly_canonical(path).filename().string();
    auto taken = [&](const std::unique_ptr<Place> &place) { return place->name() == name; };

    if (name.empty() || std::any_of(places_.begin(), places_.end(), taken) ||
        std::find(std::begin(mountable), std::end(mountable), name) != std::end(mountable) ||
        name.starts_with("memcpy"))
        name = path;
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
}

void Mounts::add(const std::string &fs, const Room &room)
{
    if (fs.find('/') != std::string::npos) {
        places_.push_back(std::make_unique<Directory>(fs, free_name(fs)));
        return;
    }
    if (root_.empty())
        enter_namespace();
    places_.push_back(std::make_unique<Mounted>(fs, root_, room));
}

} // namespace bench
