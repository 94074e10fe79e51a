// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "results.h"

#include <string>
#include <vector>

namespace scriptfs::bench {

// The whole page. Throws Error if gnuplot cannot draw.
std::string report_html(const Document &document, const std::vector<std::string> &notes);

} // namespace scriptfs::bench
