// SPDX-License-Identifier: GPL-2.0-only
// Memory of our own, and the copies that are the limit of every read and write.
#pragma once

#include <cstddef>
#include <string_view>

namespace scriptfs::bench {

// Anonymous memory, page-aligned, filled with a byte so that no fault is left to be measured. Asks
// for huge pages, as the kernel reaches its memory through such.
class Memory {
public:
    // Throws Error when there is not as much.
    explicit Memory(std::size_t size);
    ~Memory();
    Memory(const Memory &) = delete;
    Memory &operator=(const Memory &) = delete;

    [[nodiscard]] char *at(std::size_t offset) const { return start_ + offset; }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    char *start_;
    std::size_t size_;
};

enum class Copy {
    plain, // what the kernel's own copy uses on this processor, by its erms and rep_good flags
    non_temporal, // stores that go past the cache (movnti)
};

// May this machine do that copy?
bool has_copy(Copy kind);

// What plain copies by: movsb, movsq or memcpy.
std::string_view plain_copy_name();

// Copy size bytes; a multiple of 4 where it is non-temporal.
void copy(Copy kind, char *to, const char *from, std::size_t size);

} // namespace scriptfs::bench
