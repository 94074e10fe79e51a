// SPDX-License-Identifier: GPL-2.0-only
#include "hogs.h"

#include "lib/error.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <functional>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace scriptfs::bench {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t stretch = std::size_t{1} << 20;

// A cheap sequence that looks random (xorshift64).
std::uint64_t next_random(std::uint64_t &state)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// Fills memory with what zram makes about a third of: a third of it is noise.
void fill(unsigned char *data, std::size_t length, std::uint64_t &state)
{
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= length; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = at % page < page / 3 ? next_random(state) : at;
        std::memcpy(data + at, &word, sizeof(word));
    }
}

[[noreturn]] void use_memory(std::uint64_t bytes)
{
    void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED)
        _exit(1);
    auto *data = static_cast<unsigned char *>(memory);
    std::uint64_t state = 88172645463325252;
    for (std::uint64_t at = 0; at + page <= bytes; at += page)
        fill(data + at, page, state);
    // Each page is dirty each time, so it has to be swapped out again.
    for (;;) {
        for (std::uint64_t at = 0; at + page <= bytes; at += page)
            data[at]++;
    }
}

[[noreturn]] void use_cache(int fd, std::uint64_t bytes)
{
    static std::array<unsigned char, stretch> data;
    std::uint64_t state = 88172645463325252;
    fill(data.data(), data.size(), state);
    for (;;) {
        for (std::uint64_t at = 0; at + stretch <= bytes; at += stretch) {
            if (pwrite(fd, data.data(), stretch, static_cast<off_t>(at)) < 0)
                _exit(1);
        }
        for (std::uint64_t at = 0; at + stretch <= bytes; at += stretch) {
            if (pread(fd, data.data(), stretch, static_cast<off_t>(at)) < 0)
                _exit(1);
        }
    }
}

// In the child: what the measuring process has set up for itself is not for this one.
void become_a_hog(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    setpriority(PRIO_PROCESS, 0, 0);
    const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, "1000", 4) != 4)
        _exit(1);
    close(fd);
}

pid_t start(const std::function<void()> &work)
{
    const pid_t parent = getpid();
    const pid_t child = fork();
    if (child < 0)
        throw Error("cannot start a hog: {}", std::strerror(errno));
    if (child == 0) {
        become_a_hog(parent);
        work();
        _exit(1);
    }
    return child;
}

} // namespace

Hogs::Hogs(const Pressure &pressure) : cache_file_(pressure.cache_file)
{
    int fd = -1;
    if (!cache_file_.empty()) {
        fd = open(cache_file_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
            throw Error("{}: {}", cache_file_, std::strerror(errno));
        children_.push_back(start([&] { use_cache(fd, pressure.cache); }));
        close(fd);
    }
    children_.push_back(start([&] { use_memory(pressure.memory); }));
}

Hogs::~Hogs()
{
    for (const pid_t child : children_)
        kill(child, SIGKILL);
    for (const pid_t child : children_)
        waitpid(child, nullptr, 0);
    if (!cache_file_.empty())
        unlink(cache_file_.c_str());
}

void Hogs::check()
{
    for (const pid_t child : children_) {
        siginfo_t info{};
        if (waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid == 0)
            continue;
        throw Error("a hog has ended ({} {}): is the swap too small, or the file system of the "
                    "page-cache hog full? See dmesg.",
                    info.si_code == CLD_EXITED ? "exit code" : "signal", info.si_status);
    }
}

} // namespace scriptfs::bench
