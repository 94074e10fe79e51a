// SPDX-License-Identifier: GPL-2.0-only
#include "results.h"

#include "families.h"
#include "lib/error.h"
#include "lib/text.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <thread>

#include <sys/utsname.h>

namespace scriptfs::bench {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// A value of a JSON file that knows where it stands.
class Value {
public:
    Value(const json &value, std::string where) : value_(value), where_(std::move(where)) {}

    [[noreturn]] void wrong(std::string_view allowed) const
    {
        throw Error("{}: {} is not allowed; allowed: {}", where_, short_text(), allowed);
    }

    [[nodiscard]] std::optional<Value> find(const std::string &key) const
    {
        if (!value_.is_object())
            wrong("an object");
        const auto found = value_.find(key);
        if (found == value_.end())
            return std::nullopt;
        return Value(*found, where_ + (where_.ends_with(": ") ? "" : ".") + key);
    }

    [[nodiscard]] Value at(const std::string &key) const
    {
        if (auto place = find(key))
            return *place;
        throw Error("{}{}: the key is missing", where_ + (where_.ends_with(": ") ? "" : "."), key);
    }

    [[nodiscard]] std::vector<Value> items() const
    {
        if (!value_.is_array())
            wrong("a list");
        std::vector<Value> places;
        places.reserve(value_.size());
        for (const json &item : value_)
            places.emplace_back(item, fmt::format("{}[{}]", where_, places.size()));
        return places;
    }

    [[nodiscard]] std::string text() const
    {
        if (!value_.is_string() || value_.get_ref<const std::string &>().empty())
            wrong("a text that is not empty");
        return value_.get<std::string>();
    }

    [[nodiscard]] std::string text(std::span<const std::string_view> allowed) const
    {
        std::string value = text();
        check_one_of(allowed, value, where_);
        return value;
    }

    [[nodiscard]] double number() const
    {
        if (!value_.is_number() || !std::isfinite(value_.get<double>()) || value_.get<double>() < 0)
            wrong("a number of 0 or more");
        return value_.get<double>();
    }

    [[nodiscard]] std::uint64_t count() const
    {
        if (!value_.is_number_unsigned())
            wrong("a whole number of 0 or more");
        return value_.get<std::uint64_t>();
    }

    [[nodiscard]] int small_count() const
    {
        const std::uint64_t value = count();
        if (value > 1'000'000'000)
            wrong("a whole number up to 1000000000");
        return static_cast<int>(value);
    }

    [[nodiscard]] const std::string &where() const { return where_; }

private:
    [[nodiscard]] std::string short_text() const
    {
        std::string text = value_.dump(-1, ' ', false, json::error_handler_t::replace);
        return text.size() <= 60 ? text : text.substr(0, 57) + "...";
    }

    const json &value_;
    std::string where_;
};

json parse(const std::string &text, const std::string &name)
{
    try {
        return json::parse(text);
    } catch (const json::parse_error &error) {
        throw Error("{}: not JSON: {}", name, error.what());
    }
}

constexpr std::string_view document_beds[] = {"uml", "tcg-icount", "tcg", "kvm", "host", mixed};
constexpr std::string_view document_units[] = {"ns",     "instructions", "bytes",
                                               "faults", mixed,          only_locks};
constexpr std::string_view loads[] = {"idle", "pressure"};

// Schema 1 does not say what took the measurement.
std::string driver_of_schema_1(const std::string &name)
{
    if (name.starts_with("dd-"))
        return "dd";
    return name.starts_with("poems") || name.starts_with("unlink") ? "bench" : "fio";
}

Result result_from(const Value &place, const Document &document, std::uint64_t schema)
{
    Result result;

    result.name = place.at("case").text();
    result.fs = place.at("fs").text();
    result.per = place.at("per").text(pers);
    result.bed = schema == 1 ? document.bed : place.at("bed").text(beds);
    result.unit = schema == 1 ? document.unit : place.at("unit").text(units);
    result.driver =
        schema == 1 ? driver_of_schema_1(result.name) : place.at("driver").text(drivers);
    Summary &figure = result.figure;
    figure.median = place.at("median").number();
    figure.min = place.at("min").number();
    figure.max = place.at("max").number();
    figure.runs = place.at("runs").small_count();
    const auto q1 = place.find("q1");
    const auto q3 = place.find("q3");
    figure.q1 = q1 ? q1->number() : figure.min;
    figure.q3 = q3 ? q3->number() : figure.max;
    if (!(figure.min <= figure.q1 && figure.q1 <= figure.median && figure.median <= figure.q3 &&
          figure.q3 <= figure.max))
        place.wrong("min <= q1 <= median <= q3 <= max");
    if (figure.runs < 1)
        place.at("runs").wrong("at least 1");
    if (const auto p999 = place.find("p999"))
        result.p999 = p999->number();
    return result;
}

Latency latency_from(const Value &place)
{
    Latency latency;

    latency.bed = place.at("bed").text(beds);
    latency.fs = place.at("fs").text();
    latency.load = place.at("load").text(loads);
    latency.unit = place.at("unit").text(units);
    latency.count = place.at("count").count();
    latency.p50 = place.at("p50").number();
    latency.p99 = place.at("p99").number();
    latency.p999 = place.at("p999").number();
    latency.max = place.at("max").number();
    latency.reclaim = place.at("reclaim").count();
    latency.compaction = place.at("compaction").count();
    for (const Value &point : place.at("cdf").items()) {
        const auto pair = point.items();
        if (pair.size() != 2 || pair[1].number() > 1)
            point.wrong("[nanoseconds, fraction from 0 to 1]");
        latency.cdf.emplace_back(pair[0].number(), pair[1].number());
    }
    return latency;
}

LockCount lock_count_from(const Value &place)
{
    LockCount count;

    count.taken = place.at("taken").number();
    count.bounced = place.at("bounced").number();
    count.contended = place.at("contended").number();
    return count;
}

Locks locks_from(const Value &place)
{
    Locks locks;

    locks.bed = place.at("bed").text(beds);
    locks.fs = place.at("fs").text();
    locks.name = place.at("case").text();
    if (!is_scaling(locks.name))
        place.at("case").wrong("writers-N-own, writers-N-one, readers-N-own, readers-N-one");
    locks.processors = place.at("processors").small_count();
    locks.calls = place.at("calls").count();
    locks.sum = lock_count_from(place);
    for (const Value &one : place.at("classes").items())
        locks.classes.emplace_back(one.at("class").text(), lock_count_from(one));
    return locks;
}

// Four digits that count, and two after the point, are more than any measurement here is worth.
double rounded(double value)
{
    double unit = 100;

    while (value > 0 && value * unit < 1000 && unit < 1e6)
        unit *= 10;
    return std::round(value * unit) / unit;
}

ordered_json to_json(const Result &result)
{
    const Summary &figure = result.figure;
    ordered_json out = {{"case", result.name},
                        {"fs", result.fs},
                        {"per", result.per},
                        {"bed", result.bed},
                        {"driver", result.driver},
                        {"unit", result.unit},
                        {"median", rounded(figure.median)},
                        {"min", rounded(figure.min)},
                        {"q1", rounded(figure.q1)},
                        {"q3", rounded(figure.q3)},
                        {"max", rounded(figure.max)}};
    if (result.p999)
        out["p999"] = rounded(*result.p999);
    out["runs"] = figure.runs;
    return out;
}

ordered_json to_json(const Latency &latency)
{
    ordered_json out = {{"bed", latency.bed},
                        {"fs", latency.fs},
                        {"load", latency.load},
                        {"unit", latency.unit},
                        {"count", latency.count},
                        {"p50", rounded(latency.p50)},
                        {"p99", rounded(latency.p99)},
                        {"p999", rounded(latency.p999)},
                        {"max", rounded(latency.max)},
                        {"reclaim", latency.reclaim},
                        {"compaction", latency.compaction},
                        {"cdf", ordered_json::array()}};
    for (const auto &[ns, fraction] : latency.cdf)
        out["cdf"].push_back({ns, fraction});
    return out;
}

void add_json(ordered_json &out, const LockCount &count)
{
    out["taken"] = rounded(count.taken);
    out["bounced"] = rounded(count.bounced);
    out["contended"] = rounded(count.contended);
}

ordered_json to_json(const Locks &locks)
{
    ordered_json out = {{"bed", locks.bed},
                        {"fs", locks.fs},
                        {"case", locks.name},
                        {"processors", locks.processors},
                        {"calls", locks.calls}};
    add_json(out, locks.sum);
    out["classes"] = ordered_json::array();
    for (const auto &[name, count] : locks.classes) {
        ordered_json one = {{"class", name}};
        add_json(one, count);
        out["classes"].push_back(std::move(one));
    }
    return out;
}

// The value that all share, or "mixed".
void see(std::string &common, std::string_view next)
{
    if (common.empty())
        common = next;
    else if (common != next)
        common = mixed;
}

std::string cpu_name()
{
    const std::string name = field_of("/proc/cpuinfo", "model name");
    return name.empty() ? "unknown" : name;
}

} // namespace

void check_one_of(std::span<const std::string_view> allowed, std::string_view value,
                  std::string_view where)
{
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
        throw Error("{}: \"{}\" is not allowed; allowed: {}", where, value,
                    fmt::join(allowed, ", "));
}

const Result *Document::find(const Result &like, std::string_view fs) const
{
    const auto found = std::find_if(results.begin(), results.end(), [&](const Result &other) {
        return other.fs == fs && other.name == like.name && other.bed == like.bed &&
               other.driver == like.driver && other.unit == like.unit;
    });
    return found == results.end() ? nullptr : &*found;
}

void describe(Document &document)
{
    utsname system{};

    if (document.kernel.empty() && !uname(&system))
        document.kernel = system.release;
    if (document.cpu.empty()) {
        document.cpu = cpu_name();
        document.cores = static_cast<int>(std::thread::hardware_concurrency());
    }
    document.bed.clear();
    document.unit.clear();
    for (const Result &result : document.results) {
        see(document.bed, result.bed);
        see(document.unit, result.unit);
    }
    for (const Latency &latency : document.latency) {
        see(document.bed, latency.bed);
        see(document.unit, latency.unit);
    }
    for (const Locks &locks : document.locks)
        see(document.bed, locks.bed);
    if (document.unit.empty() && !document.locks.empty())
        document.unit = only_locks;
}

Document parse_document(const std::string &text, const std::string &name)
{
    const json root = parse(text, name);
    const Value top(root, name + ": ");
    const Value version = top.at("schema");
    const std::uint64_t schema = version.count();
    Document document;

    if (schema != 1 && schema != 2)
        version.wrong("1, 2");
    document.kernel = top.at("kernel").text();
    document.bed = top.at("bed").text(document_beds);
    document.unit = top.at("unit").text(document_units);
    document.rounds = top.at("rounds").small_count();
    if (schema == 2) {
        const Value host = top.at("host");
        document.cpu = host.at("cpu").text();
        document.cores = host.at("cores").small_count();
    }
    for (const Value &place : top.at("results").items())
        document.results.push_back(result_from(place, document, schema));
    if (const auto latency = top.find("latency"))
        for (const Value &place : latency->items())
            document.latency.push_back(latency_from(place));
    if (const auto locks = top.find("locks"))
        for (const Value &place : locks->items())
            document.locks.push_back(locks_from(place));
    return document;
}

Document read_document(const std::string &path)
{
    return parse_document(read_text(path), path);
}

std::string document_json(const Document &document)
{
    ordered_json root = {{"schema", 2},
                         {"kernel", document.kernel},
                         {"bed", document.bed},
                         {"unit", document.unit},
                         {"rounds", document.rounds},
                         {"host", {{"cpu", document.cpu}, {"cores", document.cores}}}};
    // A line for each result: `git diff` of a baseline shows what changed.
    std::string text = root.dump(1);
    auto list = [&text](const char *key, const auto &items) {
        text += fmt::format(",\n \"{}\": [", key);
        const char *comma = "\n  ";
        for (const auto &item : items) {
            text += comma + to_json(item).dump();
            comma = ",\n  ";
        }
        text += items.empty() ? "]" : "\n ]";
    };
    text.resize(text.rfind('\n'));
    list("results", document.results);
    list("latency", document.latency);
    if (!document.locks.empty())
        list("locks", document.locks);
    return text + "\n}\n";
}

void write_document(const Document &document, const std::string &path)
{
    write_text(path, document_json(document));
}

std::string latency_json(const Latency &latency)
{
    return to_json(latency).dump();
}

Latency parse_latency(const std::string &text, const std::string &where)
{
    const json root = parse(text, where);
    return latency_from(Value(root, where + ": "));
}

std::string locks_json(const Locks &locks)
{
    return to_json(locks).dump();
}

Locks parse_locks(const std::string &text, const std::string &where)
{
    const json root = parse(text, where);
    return locks_from(Value(root, where + ": "));
}

} // namespace scriptfs::bench
