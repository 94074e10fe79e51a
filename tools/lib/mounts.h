// SPDX-License-Identifier: GPL-2.0-only
// The file systems that are compared, each a directory to work in.
#pragma once

#include "lib/classes.h"
#include "lib/files.h"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace scriptfs {

// A file system that can be mounted by name.
struct FileSystem {
    std::string_view name;
    std::string_view type;
    std::string_view options;
};

// In the order in which they are shown.
inline constexpr std::array<FileSystem, 5> file_systems{{
    {"ramfs", "ramfs", ""},
    {"tmpfs", "tmpfs", "size=90%"},
    {"tmpfs-huge", "tmpfs", "size=90%,huge=always"},
    {"scriptfs-page", "scriptfs", "io=page,size=90%"},
    {"scriptfs", "scriptfs", "io=block,size=90%"},
}};

// Why that is neither one of these nor a directory with a slash in its name; "" if it is.
std::string refusal_of(const std::string &fs);

// A new directory, which is removed with all that is in it. Throws Failed.
class OwnDir {
public:
    explicit OwnDir(const std::string &below);
    ~OwnDir();
    OwnDir(const OwnDir &) = delete;
    OwnDir &operator=(const OwnDir &) = delete;

    [[nodiscard]] const std::string &path() const { return path_; }

private:
    std::string path_;
};

// One file system: mounted by us, or a directory of the user's, in which we work in one of our own.
// The destructor unmounts, and removes what is left and every directory that we made.
class Place {
public:
    virtual ~Place() = default;
    Place(const Place &) = delete;
    Place &operator=(const Place &) = delete;

    [[nodiscard]] int dir() const { return dir_.get(); }
    [[nodiscard]] const std::string &path() const { return path_; }
    [[nodiscard]] const std::string &name() const { return name_; }

    // Remove every file in there, after a job that did not end well.
    void clear() const;

protected:
    Place(std::string name, std::string path) : name_(std::move(name)), path_(std::move(path)) {}
    std::string name_;
    std::string path_;
    Fd dir_;
};

// Makes places. Mounts go below a directory below /tmp, in a mount namespace of our own: nobody
// else sees them, and they are gone with this process, however it ends.
class Mounts {
public:
    // fs is one of file_systems, or a directory if it has a slash in it. Throws Error when it can
    // be neither mounted nor written to, saying why.
    const Place &add(const std::string &fs, const Reserve &reserve);

    [[nodiscard]] const std::vector<std::unique_ptr<Place>> &places() const { return places_; }

private:
    [[nodiscard]] std::string free_name(const std::string &path) const;

    std::unique_ptr<OwnDir> root_;
    std::vector<std::unique_ptr<Place>> places_; // unmounted before that is removed
};

} // namespace scriptfs
