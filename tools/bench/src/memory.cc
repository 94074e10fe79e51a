// SPDX-License-Identifier: GPL-2.0-only
#include "memory.h"

#include "lib/error.h"
#include "lib/text.h"

#include <cerrno>
#include <cstring>
#include <string>

#include <sys/mman.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace scriptfs::bench {
namespace {

enum class Plain { movsb, movsq, library };

// copy_from_user() of v5.10 chooses by the same two flags.
Plain find_plain()
{
#ifdef __x86_64__
    const std::string flags = field_of("/proc/cpuinfo", "flags") + " ";

    if (flags.find(" erms ") != std::string::npos)
        return Plain::movsb;
    if (flags.find(" rep_good ") != std::string::npos)
        return Plain::movsq;
#endif
    return Plain::library;
}

Plain plain()
{
    static const Plain found = find_plain();
    return found;
}

void copy_plain(char *to, const char *from, std::size_t size)
{
#ifdef __x86_64__
    if (plain() == Plain::movsb) {
        asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
        return;
    }
    if (plain() == Plain::movsq) {
        std::size_t words = size / 8;
        asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
        size %= 8;
        asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
        return;
    }
#endif
    std::memcpy(to, from, size);
    asm volatile("" : : : "memory"); // nobody reads what was copied: keep it all the same
}

void copy_non_temporal(char *to, const char *from, std::size_t size)
{
#ifdef __x86_64__
    constexpr std::size_t unit = 8;
    constexpr std::size_t line = 8 * unit;
    auto store = [&](std::size_t at) {
        long long word = 0;
        std::memcpy(&word, from + at, unit);
        _mm_stream_si64(reinterpret_cast<long long *>(to + at), word);
    };
    auto advance = [&](std::size_t by) {
        to += by;
        from += by;
        size -= by;
    };

    while (size >= line) {
#pragma GCC unroll 8
        for (std::size_t at = 0; at < line; at += unit)
            store(at);
        advance(line);
    }
    while (size >= unit) {
        store(0);
        advance(unit);
    }
    if (size >= sizeof(int)) {
        int word = 0;
        std::memcpy(&word, from, sizeof(word));
        _mm_stream_si32(reinterpret_cast<int *>(to), word);
    }
    _mm_sfence();
#else
    copy_plain(to, from, size);
#endif
}

} // namespace

Memory::Memory(std::size_t size) : size_(size)
{
    constexpr std::size_t huge = 2 << 20;

    void *start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        throw Error("no {} bytes of memory: {}", size, std::strerror(errno));
    start_ = static_cast<char *>(start);
    if (size >= huge)
        madvise(start, size, MADV_HUGEPAGE); // best effort
    std::memset(start_, 'x', size);
}

Memory::~Memory()
{
    munmap(start_, size_);
}

bool has_copy(Copy kind)
{
#ifdef __x86_64__
    (void)kind;
    return true;
#else
    return kind == Copy::plain;
#endif
}

std::string_view plain_copy_name()
{
    switch (plain()) {
    case Plain::movsb:
        return "rep movsb";
    case Plain::movsq:
        return "rep movsq";
    case Plain::library:
        break;
    }
    return "memcpy()";
}

void copy(Copy kind, char *to, const char *from, std::size_t size)
{
    if (kind == Copy::plain)
        copy_plain(to, from, size);
    else
        copy_non_temporal(to, from, size);
}

} // namespace scriptfs::bench
