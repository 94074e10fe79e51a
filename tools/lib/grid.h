// SPDX-License-Identifier: GPL-2.0-only
// Text tables that fit a terminal.
#pragma once

#include <string>
#include <vector>

namespace scriptfs {

inline constexpr std::size_t table_width = 100;

using Row = std::vector<std::string>;

// Three digits that count: 0.42, 12.3, 1234, 12.3M.
std::string figure(double value);

// Lines of cells, the first column aligned left and the others right, two spaces between. When the
// columns do not fit `width`, the table goes on below with the remaining ones and the first again.
std::string grid(const std::vector<Row> &rows, std::size_t width);

} // namespace scriptfs
