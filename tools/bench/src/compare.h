// SPDX-License-Identifier: GPL-2.0-only
// What changed between two runs.
#pragma once

#include "results.h"

#include <string>
#include <vector>

namespace scriptfs::bench {

enum class Verdict { unchanged, better, worse, gone, added };

// One result that either run has.
struct Change {
    const Result *before; // null: added
    const Result *after;  // null: gone
    Verdict verdict;
    double ratio; // after / before, 1 where one is missing
};

// Every result of both, the largest change first, what is gone or added at the end. A change counts
// when it is more than `tolerance` (a fraction) and, for times, when the middle halves of the
// rounds do not overlap. The results must outlive what is returned.
std::vector<Change> changes(const Document &before, const Document &after, double tolerance);

// As text of 100 columns: what changed, then how many did not.
std::string changes_text(const std::vector<Change> &changes, double tolerance);

} // namespace scriptfs::bench
