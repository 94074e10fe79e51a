// SPDX-License-Identifier: GPL-2.0-only
// Results as text that fits a terminal of 100 columns.
#pragma once

#include "results.h"

#include <string>
#include <vector>

namespace bench {

inline constexpr std::size_t table_width = 100;

// Three digits that count: 0.42, 12.3, 1234, 12.3M.
std::string figure(double value);

// Lines of cells, the first column aligned left and the others right, two spaces between. When the
// columns do not fit `width` the table goes on below with the remaining ones, and the first again.
std::string grid(const std::vector<std::vector<std::string>> &rows, std::size_t width);

// The locks of N writers and readers, and the classes in which they met.
std::string lock_tables(const std::vector<Locks> &all);

// Everything: for each bed and driver the medians with the ratio to ramfs, for instructions what is
// beyond the copy, for times the spread, the latencies, and the locks. Explains itself below.
std::string tables(const Document &document);

} // namespace bench
