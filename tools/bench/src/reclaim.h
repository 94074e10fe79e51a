// SPDX-License-Identifier: GPL-2.0-only
// What the kernel did about memory: of its own accord, and in one task that wanted some.
#pragma once

#include <cstdint>
#include <string>

#include <sys/types.h>

namespace scriptfs::bench {

// Figures of the whole machine, as /proc/vmstat has them, since it was booted.
struct Vmstat {
    std::uint64_t stalls = 0;      // allocations that had to reclaim memory themselves
    std::uint64_t compactions = 0; // allocations that had to move pages out of the way
    std::uint64_t swapped_out = 0; // pages

    Vmstat operator-(const Vmstat &before) const;
};

// Throws Error when the kernel does not tell.
Vmstat read_vmstat();

// What a task did itself to get memory.
struct Reclaim {
    std::uint64_t reclaim = 0;    // entered direct reclaim
    std::uint64_t compaction = 0; // entered direct compaction
    std::string first;            // the functions it was in at the first of these, innermost first
};

// Counts that for one task, by the tracepoints of the functions that are entered, in an instance of
// tracefs of its own.
class ReclaimTrace {
public:
    // Throws Error when there is no tracefs, or no right to use it.
    explicit ReclaimTrace(pid_t task);
    ~ReclaimTrace();
    ReclaimTrace(const ReclaimTrace &) = delete;
    ReclaimTrace &operator=(const ReclaimTrace &) = delete;

    void start();
    // What happened since start(). Throws Error when there was more than the trace can hold.
    Reclaim stop();

private:
    void set(const std::string &file, const std::string &value);

    std::string dir_;
};

} // namespace scriptfs::bench
