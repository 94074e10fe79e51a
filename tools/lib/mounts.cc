// SPDX-License-Identifier: GPL-2.0-only
#include "lib/mounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <sched.h>
#include <sys/mount.h>

namespace scriptfs {
namespace {

const FileSystem *find_file_system(std::string_view name)
{
    const auto *const found =
        std::find_if(file_systems.begin(), file_systems.end(),
                     [name](const FileSystem &one) { return one.name == name; });
    return found == file_systems.end() ? nullptr : found;
}

Fd open_dir(const std::string &path)
{
    return open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
}

class Mounted : public Place {
public:
    Mounted(const FileSystem &fs, const std::string &root, const Reserve &reserve)
        : Place(std::string(fs.name), fmt::format("{}/{}", root, fs.name))
    {
        const std::string type(fs.type);
        std::string options(fs.options);

        if (const std::string more = reserve.options(); type == "scriptfs" && !more.empty())
            options += "," + more;
        std::filesystem::create_directory(path_);
        if (mount(type.c_str(), path_.c_str(), type.c_str(), MS_NOSUID | MS_NODEV,
                  options.c_str())) {
            const int number = errno;
            throw Failed(fmt::format("mount -t {} -o '{}'{}", type, options,
                                     number == ENODEV ? " (modprobe " + type + "?)" : ""),
                         number);
        }
        dir_ = open_dir(path_);
    }
    ~Mounted() override
    {
        dir_.shut();
        if (umount2(path_.c_str(), 0))
            fmt::print(stderr, "umount {}: {}\n", path_, std::strerror(errno));
    }
};

class Directory : public Place {
public:
    Directory(const std::string &path, std::string name) : Place(std::move(name), ""), own_(path)
    {
        path_ = own_.path();
        dir_ = open_dir(path_);
    }

private:
    OwnDir own_;
};

void enter_namespace()
{
    static bool entered = false;

    if (entered)
        return;
    if (unshare(CLONE_NEWNS) || mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr))
        throw Failed("a mount namespace (only root may mount; allowed for others: directories "
                     "that are mounted already)");
    entered = true;
}

} // namespace

std::string refusal_of(const std::string &fs)
{
    std::vector<std::string_view> names;

    if (find_file_system(fs) || fs.find('/') != std::string::npos)
        return {};
    names.reserve(file_systems.size());
    for (const FileSystem &one : file_systems)
        names.push_back(one.name);
    return fmt::format("\"{}\" is not allowed; allowed: {}, or a directory (with a slash: ./{})",
                       fs, fmt::join(names, ", "), fs);
}

OwnDir::OwnDir(const std::string &below) : path_(below + "/scriptfs-XXXXXX")
{
    if (!mkdtemp(path_.data()))
        throw Failed("a directory in " + below);
}

OwnDir::~OwnDir()
{
    std::error_code error;

    std::filesystem::remove_all(path_, error);
    if (error)
        fmt::print(stderr, "{} is left: {}\n", path_, error.message());
}

void Place::clear() const
{
    std::error_code error;

    for (const auto &entry : std::filesystem::directory_iterator(path_, error))
        std::filesystem::remove_all(entry.path(), error);
}

// The last part of the path, unless another place is called that.
std::string Mounts::free_name(const std::string &path) const
{
    std::string name = std::filesystem::weakly_canonical(path).filename().string();
    auto taken = [&](const std::unique_ptr<Place> &place) { return place->name() == name; };

    if (name.empty() || std::any_of(places_.begin(), places_.end(), taken) ||
        find_file_system(name) || name.starts_with("memcpy"))
        name = path;
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
}

const Place &Mounts::add(const std::string &fs, const Reserve &reserve)
{
    if (const FileSystem *known = find_file_system(fs)) {
        enter_namespace();
        if (!root_)
            root_ = std::make_unique<OwnDir>("/tmp");
        places_.push_back(std::make_unique<Mounted>(*known, root_->path(), reserve));
    } else {
        places_.push_back(std::make_unique<Directory>(fs, free_name(fs)));
    }
    return *places_.back();
}

} // namespace scriptfs
