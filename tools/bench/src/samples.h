// SPDX-License-Identifier: GPL-2.0-only
// What drivers print, one line each:
//   info NAME TEXT...
//   sample BED DRIVER ROUND FS CASE PER UNIT VALUE
//   latency BED FS LOAD UNIT {JSON object with the rest}
//   lock BED FS CASE {JSON object with the rest}
#pragma once

#include "results.h"

#include <istream>
#include <map>
#include <string>

namespace scriptfs::bench {

// Gathers lines of any number of files.
class Samples {
public:
    // Reads to the end. Lines that are nothing of ours are ignored, and so is what printk() puts
    // before a line. Throws Error, naming file and line, for a line of ours that makes no sense.
    void read(std::istream &in, const std::string &name);

    // One measurement, a figure of result.unit; only what names the result is looked at.
    void add(const Result &result, int round, double value);

    // The statistics of what was read, in the order in which cases and file systems first came.
    [[nodiscard]] Document document() const;

    [[nodiscard]] const std::string &info(const std::string &name) const;

private:
    void sample(const std::string &rest, const std::string &where);
    void latency(const std::string &rest, const std::string &where);
    void lock(const std::string &rest, const std::string &where);

    struct Series {
        Result result;
        std::vector<double> values;
    };
    std::vector<Series> series_;
    std::map<std::string, std::size_t> places_; // in series_
    std::vector<Latency> latency_;
    std::vector<Locks> locks_;
    std::map<std::string, std::string> info_;
    int rounds_ = 0;
};

} // namespace scriptfs::bench
