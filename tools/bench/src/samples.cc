// SPDX-License-Identifier: GPL-2.0-only
#include "samples.h"

#include "lib/error.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <sstream>

namespace scriptfs::bench {
namespace {

constexpr std::string_view sample_form =
    "sample BED DRIVER ROUND FS CASE PER UNIT VALUE with a VALUE of 0 or more";
constexpr std::string_view latency_form = "latency BED FS LOAD UNIT {JSON object}";
constexpr std::string_view lock_form = "lock BED FS CASE {JSON object}";

template <typename Number>
bool parse_number(const std::string &word, Number &value)
{
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc() && end == word.data() + word.size();
}

// A line without the end that a serial line has, and without "[   12.345678] name: " before it.
std::string_view bare(std::string_view line)
{
    while (line.ends_with('\r'))
        line.remove_suffix(1);
    if (!line.starts_with('['))
        return line;
    const auto stamp = line.find("] ");
    if (stamp == std::string_view::npos)
        return line;
    line.remove_prefix(stamp + 2);
    const auto colon = line.find(": ");
    if (colon != std::string_view::npos &&
        line.substr(0, colon).find(' ') == std::string_view::npos)
        line.remove_prefix(colon + 2);
    return line;
}

// A JSON object behind words that are its first members, with these names: the text of all of it.
std::string object(const std::string &rest, std::initializer_list<const char *> names,
                   std::string_view form, const std::string &where)
{
    std::istringstream words(rest);
    nlohmann::json first;
    std::string text;

    for (const char *name : names) {
        words >> text;
        first[name] = text;
    }
    std::getline(words, text);
    nlohmann::json whole = nlohmann::json::parse(text, nullptr, false);
    if (words.fail() || !whole.is_object())
        throw Error("{}: \"{} {}\" is not allowed; allowed: {}", where,
                    form.substr(0, form.find(' ')), rest, form);
    whole.update(first);
    return whole.dump();
}

} // namespace

void Samples::add(const Result &result, int round, double value)
{
    const std::string key = fmt::format("{} {} {} {} {} {}", result.bed, result.driver, result.name,
                                        result.fs, result.per, result.unit);
    const auto [place, fresh] = places_.try_emplace(key, series_.size());

    if (fresh)
        series_.push_back({result, {}});
    series_[place->second].values.push_back(value);
    rounds_ = std::max(rounds_, round);
}

void Samples::sample(const std::string &rest, const std::string &where)
{
    std::istringstream words(rest);
    std::string round;
    std::string value;
    std::string more;
    int number = 0;
    double figure = 0;
    Result result;

    words >> result.bed >> result.driver >> round >> result.fs >> result.name >> result.per >>
        result.unit >> value;
    if (words.fail() || words >> more || !parse_number(round, number) || number < 0 ||
        !parse_number(value, figure) || !std::isfinite(figure) || figure < 0)
        throw Error("{}: \"sample {}\" is not allowed; allowed: {}", where, rest, sample_form);
    check_one_of(beds, result.bed, where + ": BED");
    check_one_of(drivers, result.driver, where + ": DRIVER");
    check_one_of(pers, result.per, where + ": PER");
    check_one_of(units, result.unit, where + ": UNIT");
    add(result, number, figure);
}

void Samples::latency(const std::string &rest, const std::string &where)
{
    const std::string text = object(rest, {"bed", "fs", "load", "unit"}, latency_form, where);
    latency_.push_back(parse_latency(text, where));
}

void Samples::lock(const std::string &rest, const std::string &where)
{
    locks_.push_back(parse_locks(object(rest, {"bed", "fs", "case"}, lock_form, where), where));
}

void Samples::read(std::istream &in, const std::string &name)
{
    std::string raw;

    for (int number = 1; std::getline(in, raw); number++) {
        const std::string line(bare(raw));
        const auto space = line.find(' ');
        if (space == std::string::npos)
            continue;
        const std::string word = line.substr(0, space);
        const std::string rest = line.substr(space + 1);
        const std::string where = fmt::format("{}, line {}", name, number);
        if (word == "sample")
            sample(rest, where);
        else if (word == "latency")
            latency(rest, where);
        else if (word == "lock")
            lock(rest, where);
        else if (word == "info" && rest.find(' ') != std::string::npos)
            info_[rest.substr(0, rest.find(' '))] = rest.substr(rest.find(' ') + 1);
    }
}

const std::string &Samples::info(const std::string &name) const
{
    static const std::string none;
    const auto found = info_.find(name);

    return found == info_.end() ? none : found->second;
}

Document Samples::document() const
{
    Document document;

    for (const Series &series : series_) {
        document.results.push_back(series.result);
        document.results.back().figure = summarize(series.values);
    }
    document.latency = latency_;
    document.locks = locks_;
    document.rounds = rounds_;
    document.kernel = info("kernel");
    describe(document);
    return document;
}

} // namespace scriptfs::bench
