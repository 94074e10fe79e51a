// SPDX-License-Identifier: GPL-2.0-only
#include "figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

namespace scriptfs::bench::figures {
namespace {

constexpr std::string_view thin_space = "\u2009";

std::string grouped(const std::string &digits)
{
    std::string out;

    for (std::size_t i = 0; i < digits.size(); i++) {
        if (i > 0 && (digits.size() - i) % 3 == 0)
            out += thin_space;
        out += digits[i];
    }
    return out;
}

// At most three digits and the largest of the units that leaves at least 1.
template <std::size_t n>
std::string scaled(double value, double step, const std::array<std::string_view, n> &units)
{
    std::size_t unit = 0;

    while (value >= step && unit + 1 < units.size()) {
        value /= step;
        unit++;
    }
    return value == std::round(value) ? fmt::format("{:.0f} {}", value, units.at(unit))
                                      : fmt::format("{:.3g} {}", value, units.at(unit));
}

} // namespace

std::string number(double value)
{
    const double size = std::abs(value);

    if (size >= 999.5) {
        // Five digits are enough for anything here.
        const double unit = std::pow(10, std::max(0.0, std::floor(std::log10(size)) - 4));
        const std::string digits = fmt::format("{:.0f}", std::round(size / unit) * unit);
        return fmt::format("{}{}", value < 0 ? "-" : "", grouped(digits));
    }
    return size >= 99.95  ? fmt::format("{:.0f}", value)
           : size >= 9.95 ? fmt::format("{:.1f}", value)
                          : fmt::format("{:.2f}", value);
}

std::string bytes(double value)
{
    return scaled(value, 1024,
                  std::array<std::string_view, 5>{"bytes", "KiB", "MiB", "GiB", "TiB"});
}

std::string time(double nanoseconds)
{
    return scaled(nanoseconds, 1000, std::array<std::string_view, 4>{"ns", "µs", "ms", "s"});
}

std::optional<double> last_number(std::string_view name)
{
    const auto dash = name.rfind('-');
    if (dash == std::string_view::npos)
        return {};
    std::string_view text = name.substr(dash + 1);
    double factor = 1;
    if (!text.empty()) {
        constexpr std::string_view units = "KMG";
        const auto unit = units.find(text.back());
        if (unit != std::string_view::npos) {
            factor = std::pow(1024.0, static_cast<double>(unit + 1));
            text.remove_suffix(1);
        }
    }
    long long value = 0;
    const char *const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || text.front() == '-')
        return {};
    return static_cast<double>(value) * factor;
}

std::optional<Bar> times_as_fast(const Summary &base, const Summary &other, bool exact)
{
    if (base.median <= 0 || other.median <= 0)
        return {};
    Bar bar;
    bar.value = base.median / other.median;
    bar.low = other.q3 > 0 ? base.q1 / other.q3 : bar.value;
    bar.high = other.q1 > 0 ? base.q3 / other.q1 : bar.value;
    bar.sure = exact || meaningful(base, other);
    return bar;
}

std::optional<double> slope(const std::vector<plots::Point> &points)
{
    double n = 0;
    double sum_x = 0;
    double sum_y = 0;
    double sum_xx = 0;
    double sum_xy = 0;

    for (const plots::Point &point : points) {
        if (point.x <= 0 || point.y <= 0)
            continue;
        const double x = std::log(point.x);
        const double y = std::log(point.y);
        n += 1;
        sum_x += x;
        sum_y += y;
        sum_xx += x * x;
        sum_xy += x * y;
    }
    const double divisor = n * sum_xx - sum_x * sum_x;
    if (n < 2 || divisor < 1e-9)
        return {};
    return (n * sum_xy - sum_x * sum_y) / divisor;
}

std::string growth_words(double slope)
{
    if (std::abs(slope) < 0.03)
        return "does not grow";
    if (slope < 0)
        return fmt::format("falls as the power {:.2f}", slope);
    if (std::abs(slope - 1) < 0.05)
        return "grows in proportion";
    return fmt::format("grows as the power {:.2f}", slope);
}

std::string growth_sentence(std::string_view what, std::string_view unit, std::vector<Growth> lines,
                            std::string (*name)(double))
{
    std::vector<std::string> parts;

    std::stable_partition(lines.begin(), lines.end(),
                          [](const Growth &line) { return line.fs == "scriptfs"; });
    for (const Growth &line : lines) {
        const auto power = slope(line.points);
        if (!power)
            continue;
        const plots::Point &first = line.points.front();
        const plots::Point &last = line.points.back();
        parts.push_back(fmt::format("{} {} {} at {} and {} at {} (slope {:.2f}, it {})", line.fs,
                                    number(first.y), unit, name(first.x), number(last.y),
                                    name(last.x), std::abs(*power) < 0.005 ? 0.0 : *power,
                                    growth_words(*power)));
    }
    if (parts.empty())
        return {};
    return fmt::format("{} costs {}.", what, fmt::join(parts, "; "));
}

} // namespace scriptfs::bench::figures
