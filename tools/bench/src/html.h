// SPDX-License-Identifier: GPL-2.0-only
// What the report's page is written with: escaping, and its one style sheet.
#pragma once

#include <string>
#include <string_view>

namespace scriptfs::bench::html {

// The text with the five characters that mean something in HTML and SVG replaced.
std::string escape(std::string_view text);

// The style of what bars.h draws.
std::string_view bars_style();

// The whole document around a body.
std::string page(std::string_view title, std::string_view body);

} // namespace scriptfs::bench::html
