// SPDX-License-Identifier: GPL-2.0-only
#include "bars.h"

#include "html.h"
#include "palette.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace scriptfs::bench {
namespace {

// Scales begin at 0. What is above this does not stretch them: the bar is cut, and says how long it
// is.
constexpr double cut_at = 12;

// How far the scale goes.
double reach(const BarChart &chart)
{
    double high = 1;
    bool cut = false;
    const auto stretch = [&high, &cut](double value) {
        if (value <= cut_at)
            high = std::max(high, value);
        else
            cut = true;
    };

    for (const BarRow &row : chart.rows) {
        for (const auto &bar : row.bars)
            if (bar)
                stretch(bar->sure && bar->value <= cut_at ? std::min(bar->high, cut_at)
                                                          : bar->value);
        stretch(row.limit.value_or(0));
        stretch(row.limit_nt.value_or(0));
    }
    // one that is cut is longer than all that are not
    return cut ? std::max(high * 1.15, 2.0) : high;
}

// A scale, and where things stand on it.
class Scale {
public:
    explicit Scale(const BarChart &chart) : end_(reach(chart)) {}

    [[nodiscard]] double end() const { return end_; }

    // In percent of the width. Beyond the scale there is room for the words behind the longest bar.
    [[nodiscard]] double at(double value) const { return 100 * value / (end_ * 1.16); }

    [[nodiscard]] double step() const
    {
        for (const double step : {0.25, 0.5, 1.0})
            if (end_ / step <= 6)
                return step;
        return 2;
    }

private:
    double end_;
};

// Where the words on a bar begin: behind it, and behind a limit's line that would run through them.
double word_place(const BarRow &row, const Bar &bar, double scale)
{
    const double width = 0.085 * scale;
    double place = std::max(bar.value, bar.sure ? bar.high : 0);

    for (int i = 0; i < 2; i++) // past one line there may be the other
        for (const auto &limit : {row.limit, row.limit_nt})
            if (limit && *limit > place - 0.01 * scale && *limit < place + width)
                place = *limit;
    return std::min(place, scale);
}

std::string bar_html(const BarRow &row, const Bar &bar, const std::string &fs, const Scale &scale)
{
    const bool cut = bar.value > scale.end();
    std::string out = fmt::format(
        "<div class=\"bar\" style=\"color:var(--s{})\"><i{} style=\"width:{:.2f}%\"></i>",
        colour(fs), bar.sure ? "" : " class=\"unsure\"",
        scale.at(std::min(bar.value, scale.end())));

    if (bar.sure && !cut && bar.high - bar.low > 0.02 * bar.value)
        out += fmt::format("<u style=\"left:{:.2f}%;width:{:.2f}%\"></u>", scale.at(bar.low),
                           scale.at(std::min(bar.high, scale.end()) - bar.low));
    return out + fmt::format("<b{} style=\"left:{:.2f}%\">{}{}</b></div>\n",
                             bar.sure ? "" : " class=\"unsure\"",
                             scale.at(word_place(row, bar, scale.end())), cut ? "→ " : "",
                             bar.sure ? words::multiple(bar.value) : "?");
}

// A line through all bars of its row.
std::string limit_html(std::optional<double> limit, std::string_view look, const Scale &scale)
{
    return limit && *limit <= cut_at
               ? fmt::format("<s class=\"{}\" style=\"left:{:.2f}%\"></s>", look, scale.at(*limit))
               : std::string();
}

} // namespace

std::string key(const std::vector<std::string> &series, std::string_view more_html)
{
    std::string out = "<ul class=\"key\">";

    for (const std::string &fs : series)
        out += fmt::format("<li><i style=\"background:var(--s{})\"></i>{}</li>", colour(fs),
                           html::escape(fs));
    return fmt::format("{}{}</ul>\n", out, more_html);
}

std::string bars_html(const BarChart &chart)
{
    const Scale scale(chart);
    std::string out = fmt::format("<div class=\"bars\" style=\"--one:{:.2f}%;--step:{:.2f}%\">\n",
                                  scale.at(1), scale.at(scale.step()));

    for (const BarRow &row : chart.rows) {
        out += fmt::format("<div class=\"name\">{}</div><div class=\"lane\">\n",
                           html::escape(row.name));
        for (std::size_t i = 0; i < row.bars.size(); i++)
            out += row.bars[i] ? bar_html(row, *row.bars[i], chart.series[i], scale)
                               : "<div class=\"bar\"></div>\n";
        out += limit_html(row.limit, "line", scale) + limit_html(row.limit_nt, "dashes", scale) +
               "</div>\n";
    }
    out += "<div class=\"axis\">";
    for (double at = 0; at <= scale.end(); at += scale.step())
        out += fmt::format("<span style=\"left:{:.2f}%\">{:g}×</span>", scale.at(at), at);
    return out +
           fmt::format("</div>\n<div class=\"what\">{}</div></div>\n", html::escape(chart.axis));
}

std::string bars_svg(const BarChart &chart)
{
    constexpr int width = 640;
    const auto any = [&chart](auto limit) {
        return std::any_of(chart.rows.begin(), chart.rows.end(),
                           [limit](const BarRow &row) { return (row.*limit).has_value(); });
    };
    std::string limits;

    if (any(&BarRow::limit))
        limits += "<li><i class=\"line\"></i>memcpy, the limit</li>";
    if (any(&BarRow::limit_nt))
        limits += "<li><i class=\"line dashes\"></i>memcpy, non-temporal</li>";
    // as style() has it: key, rows of bars, axis
    const std::size_t height = 30 + chart.rows.size() * (14 * chart.series.size() + 12) + 52;
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" "
        "height=\"{1}\" role=\"img\"><title>{2}</title><style>{3}{4}</style>"
        "<foreignObject width=\"{0}\" height=\"{1}\">\n<div xmlns=\"http://www.w3.org/1999/xhtml\" "
        "class=\"picture\">\n{5}{6}</div></foreignObject></svg>\n",
        width, height, html::escape(chart.title), palette_css(), html::bars_style(),
        key(chart.series, limits), bars_html(chart));
}

} // namespace scriptfs::bench
