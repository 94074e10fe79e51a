// SPDX-License-Identifier: GPL-2.0-only
#include "plots.h"

#include "html.h"
#include "lib/program.h"
#include "palette.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

namespace scriptfs::bench::plots {
namespace {

std::string rgb(std::string_view colour)
{
    return fmt::format("rgb '{}'", colour);
}

std::string head(const LineChart &chart, const Palette &palette)
{
    return fmt::format("set encoding utf8\n"
                       "set terminal svg size {},{} noenhanced font 'sans-serif,12' background {}\n"
                       "set border 0\nset tics scale 0\nunset key\n"
                       "set xtics textcolor {}\nset ytics textcolor {}\n"
                       "set style line 100 lc {} lw 1 dt solid\n"
                       "set xlabel textcolor {}\nset ylabel textcolor {}\n",
                       chart.width, chart.height, rgb(palette.paper), rgb(palette.ink),
                       rgb(palette.ink), rgb(palette.grid), rgb(palette.muted), rgb(palette.muted));
}

// A tick's text is a format to gnuplot.
std::string as_format(const std::string &text)
{
    std::string out;

    for (const char c : in_quotes(text))
        out += c == '%' ? std::string("%%") : std::string(1, c);
    return out;
}

std::string tick_list(const std::vector<Tick> &ticks)
{
    std::vector<std::string> parts;

    parts.reserve(ticks.size());
    for (const Tick &tick : ticks)
        parts.push_back(fmt::format("\"{}\" {:.9g}", as_format(tick.text), tick.at));
    return fmt::format("({})", fmt::join(parts, ", "));
}

// Named data blocks of a script, and the plot command's parts that use them.
class Blocks {
public:
    // Nothing happens if there is no data.
    void add(const std::string &data, const std::string &use)
    {
        if (data.empty())
            return;
        ++count_;
        data_ += fmt::format("$d{} << EOD\n{}EOD\n", count_, data);
        uses_.push_back(fmt::format("$d{} {}", count_, use));
    }

    [[nodiscard]] std::string script() const
    {
        if (uses_.empty())
            return "set yrange [0:1]\nplot NaN notitle\n";
        return fmt::format("{}plot {}\n", data_, fmt::join(uses_, ", \\\n "));
    }

private:
    std::string data_;
    std::vector<std::string> uses_;
    int count_ = 0;
};

// From the first to the last point and a little more: by itself gnuplot goes on to powers of 10
// when the scale is logarithmic.
std::pair<double, double> log_range(const LineChart &chart)
{
    double low = std::numeric_limits<double>::infinity();
    double high = 0;

    for (const Line &line : chart.lines)
        for (const Point &point : line.points)
            if (point.x > 0) {
                low = std::min(low, point.x);
                high = std::max(high, point.x);
            }
    if (high == 0)
        return {1, 10};
    const double margin = std::max(std::pow(high / low, 0.03), 1.02);
    return {low / margin, high * margin};
}

bool at_least_one(const LineChart &chart)
{
    for (const Line &line : chart.lines)
        for (const Point &point : line.points)
            if (point.y > 0 && point.y < 1)
                return false;
    return true;
}

std::string line_script(const LineChart &chart, const Palette &palette)
{
    constexpr std::array shapes{7, 5, 9, 13, 11, 6, 4, 8};
    Blocks blocks;

    for (const Line &line : chart.lines) {
        std::string data;
        for (const Point &point : line.points)
            if ((point.x > 0 || !chart.log_x) && (point.y > 0 || !chart.log_y))
                data += fmt::format("{:.9g} {:.9g}\n", point.x, point.y);
        const std::size_t which = colour(line.fs);
        const std::string paint = rgb(palette.series.at(which));
        blocks.add(data, line.steps
                             ? fmt::format("using 1:2 with steps lw 2 lc {} notitle", paint)
                             : fmt::format("using 1:2 with linespoints lw 2 pt {} ps 0.7 lc {} "
                                           "notitle",
                                           shapes.at(which % shapes.size()), paint));
    }
    std::string script = head(chart, palette);
    script +=
        fmt::format("set xlabel \"{}\"\nset ylabel \"{}\"\nset grid x y ls 100\n"
                    "set rmargin 3\nset tmargin 1.6\nset offsets graph 0.02, graph 0.02, 0, 0\n",
                    in_quotes(chart.x_axis), in_quotes(chart.y_axis));
    if (chart.log_x)
        script += "set logscale x\n";
    if (chart.log_y)
        script += "set logscale y\n";
    // 10 k, 1 M instead of 10000, 1e+06; but 0.1 would be 100 m.
    if (chart.log_y && at_least_one(chart))
        script += "set format y \"%.0s %c\"\n";
    if (chart.y_from)
        script += chart.y_reach
                      ? fmt::format("set yrange [{:.9g}:{:.9g}<*]\n", *chart.y_from, *chart.y_reach)
                      : fmt::format("set yrange [{:.9g}:*]\n", *chart.y_from);
    if (chart.log_x) {
        const auto [low, high] = log_range(chart);
        script += fmt::format("set xrange [{:.9g}:{:.9g}]\nset offsets 0,0,0,0\n",
                              chart.x_from.value_or(low), chart.x_to.value_or(high));
    }
    if (!chart.x_ticks.empty())
        script += fmt::format("set xtics {}\n", tick_list(chart.x_ticks));
    if (!chart.y_ticks.empty())
        script += fmt::format("set ytics {}\n", tick_list(chart.y_ticks));
    for (const Tick &mark : chart.marks)
        script += fmt::format(
            "set arrow from first {0:.9g},graph 0 to first {0:.9g},graph 1 nohead dt (2,3) "
            "lc {1}\nset label \"{2}\" at first {0:.9g},graph 1.035 center font ',10' "
            "textcolor {1}\n",
            mark.at, rgb(palette.muted), in_quotes(mark.text));
    return script + blocks.script();
}

std::string base64(std::string_view text)
{
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;

    for (std::size_t i = 0; i < text.size(); i += 3) {
        std::uint32_t bits = 0;
        for (std::size_t j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0);
        for (int shift = 18; shift >= 0; shift -= 6)
            out += digits[bits >> shift & 63];
    }
    const std::size_t missing = (3 - text.size() % 3) % 3;
    return out.replace(out.size() - missing, missing, missing, '=');
}

// An SVG as the address of an image.
std::string image(const LineChart &chart, const Palette &palette)
{
    const Program gnuplot{.arguments = {"gnuplot"}, .input = line_script(chart, palette)};
    return "data:image/svg+xml;base64," + base64(run_program(gnuplot).out);
}

} // namespace

std::string in_quotes(std::string_view text)
{
    std::string out;

    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        if (c == '`')
            out += '\'';
        else if (c == '\n')
            out += ' ';
        else
            out += c;
    }
    return out;
}

std::string draw(const LineChart &chart)
{
    return fmt::format(
        "<picture><source media=\"screen and (prefers-color-scheme:dark)\" srcset=\"{}\">"
        "<img src=\"{}\" width=\"{}\" height=\"{}\" alt=\"{}\"></picture>",
        image(chart, dark), image(chart, light), chart.width, chart.height,
        html::escape(chart.title));
}

} // namespace scriptfs::bench::plots
