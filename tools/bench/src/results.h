// SPDX-License-Identifier: GPL-2.0-only
// results.json: what was measured. Schema 2 is written; schema 1, as `make run` writes it, is read
// too.
#pragma once

#include "stats.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

// What may stand in a result.
inline constexpr std::string_view beds[] = {"uml", "tcg-icount", "tcg", "kvm", "host"};
inline constexpr std::string_view drivers[] = {"kernel", "kernel-user", "bench", "fio", "dd"};
inline constexpr std::string_view units[] = {"ns", "instructions"};
inline constexpr std::string_view pers[] = {"call", "page", "file", "op", "GiB"};
// Stands for the bed or the unit of a whole document whose results differ.
inline constexpr std::string_view mixed = "mixed";

// Throws Error, which begins with `where` and tells what is allowed, if value is none of those.
void check_one_of(std::span<const std::string_view> allowed, std::string_view value,
                  std::string_view where);

// One case on one file system, or its limit (the file systems memcpy and memcpy-nt).
struct Result {
    std::string name; // "case" in the file: new-4K, poems-32K-create, ...
    std::string fs;
    std::string per;
    std::string bed;
    std::string driver;
    std::string unit;
    Summary figure;             // units a `per`
    std::optional<double> p999; // of single calls, where they were timed one by one
};

// A count of instructions, which needs no repetition to be believed.
inline bool is_exact(const Result &result)
{
    return result.unit == "instructions";
}

// A distribution of the times of single writes, in nanoseconds.
struct Latency {
    std::string bed;
    std::string fs;
    std::string load; // idle or pressure
    std::string unit = "ns";
    std::uint64_t count = 0;
    double p50 = 0;
    double p99 = 0;
    double p999 = 0;
    double max = 0;
    std::uint64_t reclaim = 0;                  // how often the writer entered direct reclaim
    std::uint64_t compaction = 0;               // and direct compaction
    std::vector<std::pair<double, double>> cdf; // nanoseconds, fraction of the writes up to that
};

struct Document {
    std::string kernel;
    std::string bed;
    std::string unit;
    int rounds = 0;
    std::string cpu;
    int cores = 0;
    std::vector<Result> results;
    std::vector<Latency> latency;

    // The result of that case on that file system; null if there is none.
    [[nodiscard]] const Result *find(const Result &like, std::string_view fs) const;
};

// Fill in kernel (if still empty), cpu and cores from the machine that this runs on, and bed and
// unit from the results.
void describe(Document &document);

// Throws Error: it names the file, the place in it, what is there and what is allowed.
Document read_document(const std::string &path);
Document parse_document(const std::string &text, const std::string &name);

// The JSON text of one latency object, as it stands in the file and in `latency` lines; parse
// throws Error beginning with `where`.
std::string latency_json(const Latency &latency);
Latency parse_latency(const std::string &text, const std::string &where);

// Throws Error when the file cannot be written.
void write_document(const Document &document, const std::string &path);
std::string document_json(const Document &document);

} // namespace bench
