// SPDX-License-Identifier: GPL-2.0-only
#include "plots.h"

#include "html.h"
#include "lib/error.h"
#include "words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <regex>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ; // NOLINT(readability-redundant-declaration): not declared everywhere

namespace scriptfs::bench::plots {
namespace {

// Colours given to gnuplot are numbers that mean something to adopt() only: 0x0102NN.
constexpr int code_ink = 0;
constexpr int code_grid = 1;
constexpr int code_muted = 2;
constexpr int code_series = 16;
constexpr int series_colours = 8;

std::string rgb(int code)
{
    return fmt::format("rgb '#0102{:02x}'", code);
}

std::string rgb_of(std::string_view fs)
{
    return rgb(code_series + colour(fs));
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE *)>;

File scratch()
{
    File file(std::tmpfile(), &std::fclose);

    if (!file)
        throw Error("cannot make a temporary file: {}", std::strerror(errno));
    return file;
}

std::string contents(std::FILE *file)
{
    std::string text;
    std::array<char, 65536> part{};
    std::size_t length = 0;

    std::rewind(file);
    while ((length = std::fread(part.data(), 1, part.size(), file)) > 0)
        text.append(part.data(), length);
    return text;
}

// Run gnuplot on the script. All three of its streams are files, so none of them can block.
std::string gnuplot(const std::string &script)
{
    const File in = scratch();
    const File out = scratch();
    const File err = scratch();
    std::string name = "gnuplot";
    std::array<char *, 2> arguments{name.data(), nullptr};
    posix_spawn_file_actions_t actions;
    pid_t child = 0;
    int status = 0;

    std::fwrite(script.data(), 1, script.size(), in.get());
    std::rewind(in.get());
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fileno(in.get()), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(out.get()), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(err.get()), STDERR_FILENO);
    const int failed =
        posix_spawnp(&child, name.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0)
        throw Error("cannot run gnuplot (Debian's package gnuplot-nox): {}", std::strerror(failed));
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            throw Error("waiting for gnuplot: {}", std::strerror(errno));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw Error("gnuplot failed: {}", contents(err.get()));
    return contents(out.get());
}

std::string head(int width, int height, std::string_view id)
{
    return fmt::format(
        "set encoding utf8\n"
        "set terminal svg size {},{} dynamic noenhanced font 'sans-serif,12' name '{}'\n"
        "set border 0\nset tics scale 0\nunset key\n"
        "set xtics textcolor {}\nset ytics textcolor {}\n"
        "set style line 100 lc {} lw 1 dt solid\n"
        "set xlabel textcolor {}\nset ylabel textcolor {}\n",
        width, height, id, rgb(code_ink), rgb(code_ink), rgb(code_grid), rgb(code_muted),
        rgb(code_muted));
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

// An identifier that no other plot has.
std::string next_id()
{
    static int number = 0;

    return fmt::format("p{}", ++number);
}

constexpr double bar_height = 14; // pixels, all of these
constexpr double row_gap = 12;
constexpr double chart_width = 640;
constexpr double name_width = 128;
constexpr double top_margin = 8;
constexpr double bottom_margin = 50;
constexpr double key_height = 26;

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

// Where things of row i stand, in pixels from the top of the plot's area.
struct Rows {
    double bars = 0;

    [[nodiscard]] double pitch() const { return bars * bar_height + row_gap; }
    [[nodiscard]] double top(std::size_t row) const
    {
        return static_cast<double>(row) * pitch() + row_gap / 2;
    }
    [[nodiscard]] double bottom(std::size_t row) const { return top(row) + bars * bar_height; }
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

void add_series(Blocks &blocks, const BarChart &chart, std::size_t series, const Rows &place,
                double scale)
{
    std::string sure;
    std::string unsure;
    std::string spread;
    std::string words;
    std::string doubts;

    for (std::size_t i = 0; i < chart.rows.size(); i++) {
        const BarRow &row = chart.rows[i];
        const auto &bar = row.bars.at(series);
        if (!bar)
            continue;
        const bool cut = bar->value > scale;
        const double y = place.top(i) + static_cast<double>(series) * bar_height + 1;
        const double middle = y + bar_height / 2 - 1;
        const double word = word_place(row, *bar, scale);
        (bar->sure ? sure : unsure) +=
            fmt::format("{0:.6g} {1:.6g} 0 {0:.6g} {2:.6g} {3:.6g}\n", std::min(bar->value, scale),
                        middle, y, y + bar_height - 2);
        if (!bar->sure) {
            doubts += fmt::format("{:.6g} {:.6g} \"{}?\"\n", word, middle, cut ? "→ " : "");
            continue;
        }
        if (!cut && bar->high - bar->low > 0.02 * bar->value)
            spread += fmt::format("{:.6g} {:.6g} {:.6g} 0\n", bar->low, middle,
                                  std::min(bar->high, scale) - bar->low);
        words += fmt::format("{:.6g} {:.6g} \"{}{}\"\n", word, middle, cut ? "→ " : "",
                             words::multiple(bar->value));
    }
    const std::string paint = rgb_of(chart.series[series]);
    blocks.add(
        sure,
        fmt::format("using 1:2:3:4:5:6 with boxxyerror fs solid 1 noborder lc {} notitle", paint));
    blocks.add(unsure,
               fmt::format("using 1:2:3:4:5:6 with boxxyerror fs pattern 4 lc {} notitle", paint));
    blocks.add(spread,
               fmt::format("using 1:2:3:4 with vectors nohead lw 1 lc {} notitle", rgb(code_ink)));
    for (const auto &[text, ink] : {std::pair{words, code_ink}, std::pair{doubts, code_muted}})
        blocks.add(text,
                   fmt::format("using 1:2:3 with labels left offset 0.6,0 font ',10' textcolor {} "
                               "notitle",
                               rgb(ink)));
}

// A line through all bars of its row.
void add_limits(Blocks &blocks, const BarChart &chart, const Rows &place)
{
    std::string plain;
    std::string streaming;

    for (std::size_t i = 0; i < chart.rows.size(); i++) {
        const double top = place.top(i) - 2;
        const double length = place.bottom(i) + 2 - top;
        const BarRow &row = chart.rows[i];
        if (row.limit && *row.limit <= cut_at)
            plain += fmt::format("{:.6g} {:.6g} 0 {:.6g}\n", *row.limit, top, length);
        if (row.limit_nt && *row.limit_nt <= cut_at)
            streaming += fmt::format("{:.6g} {:.6g} 0 {:.6g}\n", *row.limit_nt, top, length);
    }
    blocks.add(plain,
               fmt::format("using 1:2:3:4 with vectors nohead lw 3 lc {} notitle", rgb(code_ink)));
    blocks.add(streaming,
               fmt::format("using 1:2:3:4 with vectors nohead lw 2 dt (3,2) lc {} notitle",
                           rgb(code_ink)));
}

// The series' names in a line above the bars: gnuplot's own key runs into them.
std::string key(const BarChart &chart, double height)
{
    constexpr double letter = 6.8; // about as wide as one of this font is
    const double y = 1 - 14 / height;
    double x = 14;
    std::string out;
    const auto word = [&](const std::string &text) {
        out += fmt::format("set label \"{}\" at screen {:.6g},{:.6g} left textcolor {}\n",
                           in_quotes(text), (x + 20) / chart_width, y, rgb(code_ink));
        x += 34 + letter * static_cast<double>(text.size());
    };
    const auto line = [&](std::string_view look) {
        out += fmt::format("set arrow from screen {0:.6g},{1:.6g} to screen {0:.6g},{2:.6g} nohead "
                           "{3} lc {4}\n",
                           (x + 12) / chart_width, y - 7 / height, y + 7 / height, look,
                           rgb(code_ink));
    };
    const auto any = [&chart](const auto &limit) {
        return std::any_of(chart.rows.begin(), chart.rows.end(), limit);
    };

    for (const std::string &fs : chart.series) {
        out += fmt::format("set object rectangle from screen {:.6g},{:.6g} to screen {:.6g},{:.6g} "
                           "fs solid 1 noborder fc {}\n",
                           x / chart_width, y - 5 / height, (x + 14) / chart_width, y + 5 / height,
                           rgb_of(fs));
        word(fs);
    }
    if (any([](const BarRow &row) { return row.limit.has_value(); })) {
        line("lw 3");
        word("memcpy, the limit");
    }
    if (any([](const BarRow &row) { return row.limit_nt.has_value(); })) {
        line("lw 2 dt (3,2)");
        word("memcpy, non-temporal");
    }
    return out;
}

std::string bar_script(const BarChart &chart, const std::string &id)
{
    const Rows place{static_cast<double>(chart.series.size())};
    const double scale = reach(chart);
    const double area = static_cast<double>(chart.rows.size()) * place.pitch();
    const double top = top_margin + (chart.key ? key_height : 0);
    const double height = area + top + bottom_margin;
    std::vector<Tick> names;
    Blocks blocks;

    for (std::size_t i = 0; i < chart.rows.size(); i++)
        names.push_back({(place.top(i) + place.bottom(i)) / 2, chart.rows[i].name});
    for (std::size_t i = 0; i < chart.series.size(); i++)
        add_series(blocks, chart, i, place, scale);
    add_limits(blocks, chart, place);

    std::string script =
        head(static_cast<int>(chart_width), static_cast<int>(std::lround(height)), id);
    script += fmt::format("set lmargin at screen {:.6g}\nset rmargin at screen {:.6g}\n"
                          "set tmargin at screen {:.6g}\nset bmargin at screen {:.6g}\n",
                          name_width / chart_width, 1 - 12 / chart_width, 1 - top / height,
                          bottom_margin / height);
    if (chart.key)
        script += key(chart, height);
    // A label for the axis, because no xlabel is drawn with a bottom margin given like this. Beyond
    // the scale there is room for the words behind the longest bar.
    script += fmt::format("set yrange [{:.6g}:0]\nset ytics {}\nset xrange [0:{:.6g}]\n"
                          "set label \"{}\" at screen {:.6g},{:.6g} center textcolor {}\nset grid "
                          "x ls 100\nset format x '%g×'\n"
                          "set arrow from 1,0 to 1,{:.6g} nohead lw 1 lc {}\n",
                          area, tick_list(names), scale * 1.16, in_quotes(chart.axis),
                          (name_width + chart_width) / 2 / chart_width, 9 / height, rgb(code_muted),
                          area, rgb(code_muted));
    return script + blocks.script();
}

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

std::string line_script(const LineChart &chart, const std::string &id)
{
    constexpr std::array shapes{7, 5, 9, 13, 11, 6, 4, 8};
    Blocks blocks;

    for (const Line &line : chart.lines) {
        std::string data;
        for (const Point &point : line.points)
            if ((point.x > 0 || !chart.log_x) && (point.y > 0 || !chart.log_y))
                data += fmt::format("{:.9g} {:.9g}\n", point.x, point.y);
        const auto which = static_cast<std::size_t>(colour(line.fs));
        blocks.add(data,
                   line.steps
                       ? fmt::format("using 1:2 with steps lw 2 lc {} notitle", rgb_of(line.fs))
                       : fmt::format("using 1:2 with linespoints lw 2 pt {} ps 0.7 lc {} "
                                     "notitle",
                                     shapes.at(which % shapes.size()), rgb_of(line.fs)));
    }
    std::string script = head(chart.width, chart.height, id);
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
            mark.at, rgb(code_muted), in_quotes(mark.text));
    return script + blocks.script();
}

std::string palette_name(int code)
{
    switch (code) {
    case code_grid:
        return "var(--grid)";
    case code_muted:
        return "var(--muted)";
    default:
        return code >= code_series ? fmt::format("var(--s{})", code - code_series) : "var(--ink)";
    }
}

} // namespace

int colour(std::string_view fs)
{
    constexpr std::array<std::string_view, 5> known{"ramfs", "tmpfs", "tmpfs-huge", "scriptfs",
                                                    "scriptfs-page"};
    const auto *const found = std::find(known.begin(), known.end(), fs);

    if (found != known.end())
        return static_cast<int>(found - known.begin());
    // a directory: the same colour in each plot
    unsigned sum = 0;
    for (const char c : fs)
        sum = sum * 31 + static_cast<unsigned char>(c);
    return static_cast<int>(known.size() + sum % (series_colours - known.size()));
}

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

std::string adopt(std::string_view svg, std::string_view id, std::string_view title, Place place)
{
    static const std::regex colours(R"(rgb\(\s*1,\s*2,\s*(\d+)\))");
    static const std::regex names(R"((id='|url\(#|xlink:href='#)(gp|textbox|greybox))");
    static const std::regex plain(R"((fill|stroke|color)=(["'])(black|gray)\2)");
    static const std::regex inner_titles(R"(<(title|desc)>[^<]*</\1>)");
    static const std::regex nothing(R"(<g [^>]*>\s*</g>\s*)");
    std::string text(svg.substr(std::min(svg.find("<svg"), svg.size())));
    std::string out;

    text = std::regex_replace(text, inner_titles, "");
    text = std::regex_replace(text, names, fmt::format("$1{}-$2", id));
    text = std::regex_replace(text, plain, "$1=$2var(--ink)$2");
    text = std::regex_replace(text, nothing, "");

    std::smatch match;
    auto from = text.cbegin();
    while (std::regex_search(from, text.cend(), match, colours)) {
        out.append(from, match[0].first);
        out += palette_name(std::stoi(match[1]));
        from = match[0].second;
    }
    out.append(from, text.cend());

    const auto inside = out.find('>');
    if (inside == std::string::npos)
        throw Error("gnuplot wrote no SVG");
    std::string intro = fmt::format("<title>{}</title>", html::escape(title));
    if (place == Place::file)
        intro += fmt::format("<style>{}</style><rect width=\"100%\" height=\"100%\" "
                             "fill=\"var(--paper)\"/>",
                             html::palette());
    out.insert(inside + 1, intro);
    out.insert(inside, " role=\"img\"");
    return out;
}

std::string draw(const BarChart &chart, Place place)
{
    const std::string id = next_id();

    return adopt(gnuplot(bar_script(chart, id)), id, chart.title, place);
}

std::string draw(const LineChart &chart, Place place)
{
    const std::string id = next_id();

    return adopt(gnuplot(line_script(chart, id)), id, chart.title, place);
}

} // namespace scriptfs::bench::plots
