// SPDX-License-Identifier: GPL-2.0-only
// The parts of the report's page. Each returns HTML, empty if there is nothing to show.
#pragma once

#include "bars.h"
#include "results.h"

#include <string>
#include <utility>
#include <vector>

namespace scriptfs::bench::sections {

// What was measured where, and what the reader has to know. Notes are remarks of whoever measured.
std::string introduction(const Document &document, const std::vector<std::string> &notes);

// A bed and a driver, whose results may be compared with each other.
using Place = std::pair<std::string, std::string>;

// All places that have plain cases; those that tell most first.
std::vector<Place> places(const Document &document);

// Bars and the table of one of them.
std::string comparison(const Document &document, const Place &place, const std::string &id);

std::string memory(const Document &document);
std::string growth(const Document &document);
std::string latency(const Document &document);
std::string scaling(const Document &document);
std::string scaling_times(const Document &document); // a part of it

// What could have been measured and was not.
std::string missing(const Document &document);

// The one plot that says most: a few cases of the bed nearest to a real machine, all file systems.
// No rows if there are no such results.
BarChart headline(const Document &document);

} // namespace scriptfs::bench::sections
