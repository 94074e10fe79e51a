// SPDX-License-Identifier: GPL-2.0-only
// Results as text that fits a terminal of 100 columns.
#pragma once

#include "results.h"

#include <string>
#include <vector>

namespace scriptfs::bench {

// The locks of N writers and readers, and the classes in which they met.
std::string lock_tables(const std::vector<Locks> &all);

// Everything: for each bed and driver the medians with the ratio to ramfs, for instructions what is
// beyond the copy, for times the spread, the latencies, and the locks. Explains itself below.
std::string tables(const Document &document);

} // namespace scriptfs::bench
