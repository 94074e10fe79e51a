// SPDX-License-Identifier: GPL-2.0-only
// results.json: what was measured. Schema 2 is written; schema 1 is read too.
#pragma once

#include "stats.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace scriptfs::bench {

// What may stand in a result.
inline constexpr std::string_view beds[] = {"uml", "tcg-icount", "tcg", "kvm", "host"};
inline constexpr std::string_view drivers[] = {"kernel", "kernel-user", "bench", "fio", "dd"};
inline constexpr std::string_view units[] = {"ns", "instructions", "bytes", "faults"};
inline constexpr std::string_view pers[] = {"call", "page", "file", "op", "GiB", "byte"};
// Stands for the bed or the unit of a whole document whose results differ.
inline constexpr std::string_view mixed = "mixed";
// Stands for the unit of a document that has nothing but counts of locks.
inline constexpr std::string_view only_locks = "locks";

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

// How much memory is held, and not what something costs.
inline bool is_memory(const Result &result)
{
    return result.unit == "bytes";
}

// What something costs, and not how much memory is held or how many page faults there are.
inline bool is_cost(const Result &result)
{
    return !is_memory(result) && result.unit != "faults";
}

// A count, which needs no repetition to be believed.
inline bool is_exact(const Result &result)
{
    return result.unit == "instructions" || !is_cost(result);
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

// How often locks were taken, for 1000 calls.
struct LockCount {
    double taken = 0;
    double bounced = 0;   // had last been taken on another processor
    double contended = 0; // somebody had to wait
};

// Whether processors met there; what is below is chance.
inline bool is_shared(const LockCount &count)
{
    return count.contended >= 1 || count.bounced >= 10;
}

// The locks that N threads took, each of them on a processor of its own.
struct Locks {
    std::string bed;
    std::string fs;
    std::string name; // "case" in the file: writers-2-own, ...
    int processors = 0;
    std::uint64_t calls = 0;                                // of all threads together
    LockCount sum;                                          // of all classes
    std::vector<std::pair<std::string, LockCount>> classes; // those that matter
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
    std::vector<Locks> locks;

    // Nothing was measured.
    [[nodiscard]] bool empty() const { return results.empty() && latency.empty() && locks.empty(); }

    // The result of that case on that file system; null if there is none.
    [[nodiscard]] const Result *find(const Result &like, std::string_view fs) const;
};

// Fill in what is still empty of kernel, cpu and cores, from the machine that this runs on, and bed
// and unit from what was measured.
void describe(Document &document);

// Throws Error: it names the file, the place in it, what is there and what is allowed.
Document read_document(const std::string &path);
Document parse_document(const std::string &text, const std::string &name);

// The JSON text of one such object, as it stands in the file and in the lines of drivers; parse
// throws Error beginning with `where`.
std::string latency_json(const Latency &latency);
Latency parse_latency(const std::string &text, const std::string &where);
std::string locks_json(const Locks &locks);
Locks parse_locks(const std::string &text, const std::string &where);

// Throws Error when the file cannot be written.
void write_document(const Document &document, const std::string &path);
std::string document_json(const Document &document);

} // namespace scriptfs::bench
