// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace scriptfs {

// What the user has to know: what was wrong and what is allowed. main() prints it and ends with 2.
class Error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;

    template <typename... Args>
    explicit Error(fmt::format_string<Args...> format, Args &&...args)
        : std::runtime_error(fmt::format(format, std::forward<Args>(args)...))
    {
    }
};

} // namespace scriptfs
