// SPDX-License-Identifier: GPL-2.0-only
// Whole files of text.
#pragma once

#include <string>

namespace bench {

// Both throw Error, which names the file and says why. "-" is the standard input.
std::string read_text(const std::string &path);
void write_text(const std::string &path, const std::string &text);

} // namespace bench
