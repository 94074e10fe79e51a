// SPDX-License-Identifier: GPL-2.0-only
// The file systems that are measured, each a directory to work in.
#pragma once

#include "files.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace bench {

// The file systems that can be mounted by name.
inline constexpr std::string_view mountable[] = {"ramfs", "tmpfs", "tmpfs-huge", "scriptfs-page",
                                                 "scriptfs"};

// What the reserve of a scriptfs has to hold.
struct Room {
    std::uint64_t bytes; // of large files
    unsigned poems;      // how many files of up to 32 KiB, and how many of up to 64 KiB
};

// The memory that a scriptfs takes for that, in bytes.
std::uint64_t reserve_size(const Room &room);

// The mount options for that file system; "" if it has none.
std::string mount_options(std::string_view fs, const Room &room);

// One file system: mounted by us, or a directory of the user's, in which we work in one of our own.
// The destructor unmounts, and removes what is left and every directory that we made.
class Place {
public:
    virtual ~Place() = default;

    [[nodiscard]] int dir() const { return dir_.get(); }
    [[nodiscard]] const std::string &name() const { return name_; }

    // Remove every file in there, after a job that did not end well.
    void clear() const;

protected:
    explicit Place(std::string name) : name_(std::move(name)) {}
    std::string name_;
    Fd dir_;
};

// Makes places. Mounts go below a directory below /tmp, in a mount namespace of our own: nobody
// else sees them, and they are gone with this process, however it ends.
class Mounts {
public:
    Mounts() = default;
    Mounts(const Mounts &) = delete;
    Mounts &operator=(const Mounts &) = delete;
    ~Mounts();

    // fs is one of mountable, or a directory if it has a slash in it. Throws Error when it can be
    // neither mounted nor written to, saying why.
    void add(const std::string &fs, const Room &room);

    [[nodiscard]] const std::vector<std::unique_ptr<Place>> &places() const { return places_; }

private:
    void enter_namespace();
    [[nodiscard]] std::string free_name(const std::string &path) const;

    std::string root_;
    std::vector<std::unique_ptr<Place>> places_;
};

} // namespace bench
