// SPDX-License-Identifier: GPL-2.0-only
// System calls on files, as thin as they get: the measured ones check what they must and no more.
#pragma once

#include "lib/error.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace scriptfs {

// A system call that said no, with its error number.
class Failed : public Error {
public:
    explicit Failed(const std::string &what, int number = errno)
        : Error("{}: {}", what, std::strerror(number)), number(number)
    {
    }
    int number;
};

class Fd {
public:
    Fd() = default;
    explicit Fd(int number) : number_(number) {}
    Fd(Fd &&other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Fd &operator=(Fd &&other) noexcept
    {
        std::swap(number_, other.number_);
        return *this;
    }
    Fd(const Fd &) = delete;
    Fd &operator=(const Fd &) = delete;
    ~Fd() { shut(); }

    [[nodiscard]] int get() const { return number_; }
    void shut()
    {
        if (number_ >= 0)
            close(std::exchange(number_, -1));
    }

private:
    int number_ = -1;
};

// The functions below throw Failed, which names the file.

inline Fd open_at(int dir, const std::string &name, int flags)
{
    const int number = openat(dir, name.c_str(), flags | O_CLOEXEC, 0644);

    if (number < 0)
        throw Failed(name);
    return Fd(number);
}

inline Fd create_at(int dir, const std::string &name)
{
    return open_at(dir, name, O_CREAT | O_EXCL | O_RDWR);
}

inline void unlink_at(int dir, const std::string &name, int flags = 0)
{
    if (unlinkat(dir, name.c_str(), flags))
        throw Failed("unlink " + name);
}

inline void rewind(const Fd &fd)
{
    if (lseek(fd.get(), 0, SEEK_SET))
        throw Failed("lseek");
}

// A call that moved less than it should is an error too.
inline void whole(ssize_t moved, size_t wanted, const char *what)
{
    if (moved < 0)
        throw Failed(what);
    if (static_cast<size_t>(moved) != wanted)
        throw Failed(what, ENOSPC);
}

} // namespace scriptfs
