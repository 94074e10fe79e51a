// SPDX-License-Identifier: GPL-2.0-only
// What this machine is and has.
#pragma once

#include <cstdint>
#include <string>

namespace scriptfs::bench {

// Where this runs: what GUEST_BED or guest.bed= on the kernel command line says, as the guest's
// init sets them, else "host". Throws Error when that is no bed.
std::string detect_bed();

// What the clock counts on that bed: "instructions" on tcg-icount, else "ns".
std::string unit_of(const std::string &bed);

// Memory that can be had without swapping, in bytes.
std::uint64_t available_memory();

// Processors that this process may use.
unsigned processors();

// Keep the calling thread on the index-th (modulo) processor of those that the process could use at
// its start, so that it does not wander while it is measured. Does nothing if that is not allowed.
void pin(unsigned index);

} // namespace scriptfs::bench
