// SPDX-License-Identifier: GPL-2.0-only
#include "lib/sizes.h"

#include "lib/error.h"

#include <charconv>

namespace scriptfs {

std::uint64_t parse_size(const std::string &text, const std::string &where)
{
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const std::string suffix(end, text.data() + text.size());
    unsigned shift = 0;

    if (suffix == "K")
        shift = 10;
    else if (suffix == "M")
        shift = 20;
    else if (suffix == "G")
        shift = 30;
    if (error != std::errc() || (shift == 0 && !suffix.empty()) || value == 0 ||
        value > (std::uint64_t{1} << 50 >> shift))
        throw Error("{}: \"{}\" is not allowed; allowed: a size such as 65536, 64K, 256M, 2G",
                    where, text);
    return value << shift;
}

std::string size_name(std::uint64_t bytes)
{
    if (bytes % (1U << 30) == 0)
        return fmt::format("{}G", bytes >> 30);
    if (bytes % (1U << 20) == 0)
        return fmt::format("{}M", bytes >> 20);
    return fmt::format("{}K", bytes >> 10);
}

} // namespace scriptfs
