// SPDX-License-Identifier: GPL-2.0-only
#include "lib/grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace scriptfs {

std::string figure(double value)
{
    const double size = std::abs(value);

    if (size >= 1e9)
        return fmt::format("{:.{}f}G", value / 1e9, size >= 1e11 ? 0 : 1);
    if (size >= 1e6)
        return fmt::format("{:.{}f}M", value / 1e6, size >= 1e8 ? 0 : 1);
    return fmt::format("{:.{}f}", value, size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

std::string grid(const std::vector<Row> &rows, std::size_t width)
{
    std::vector<std::size_t> widths;
    std::string text;

    for (const Row &row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); i++)
            widths[i] = std::max(widths[i], row[i].size());
    }
    for (std::size_t first = 1; first < widths.size();) {
        std::size_t end = first;
        std::size_t used = widths[0];
        while (end < widths.size() && (end == first || used + 2 + widths[end] <= width))
            used += 2 + widths[end++];
        if (first > 1)
            text += "\n";
        for (const Row &row : rows) {
            std::string line = fmt::format("{:<{}}", row[0], widths[0]);
            for (std::size_t i = first; i < end && i < row.size(); i++)
                line += fmt::format("  {:>{}}", row[i], widths[i]);
            text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
        }
        first = end;
    }
    return text;
}

} // namespace scriptfs
