// SPDX-License-Identifier: GPL-2.0-only
// Whole files of text, and files of the kernel that set something.
#pragma once

#include <string>
#include <string_view>

namespace scriptfs {

// Both throw Error, which names the file and says why.
// "-" is the standard input.
std::string read_text(const std::string &path);

// What stands behind "NAME:" in a file such as /proc/meminfo, the first time; "" if nothing does.
std::string field_of(const std::string &path, std::string_view name);

// A file of the kernel's, in /proc or /sys. Throws Error, with the hint.
void write_setting(const std::string &path, const std::string &value, std::string_view hint = {});

// Whoever reads it finds the old text or the new one, however this ends.
void write_text(const std::string &path, const std::string &text);

} // namespace scriptfs
