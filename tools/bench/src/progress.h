// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace scriptfs::bench {

// How long the rest takes, when the same steps are done `rounds` times, each about as long as in
// the round before.
class Estimate {
public:
    Estimate(std::size_t steps, unsigned rounds) : times_(steps, -1), rounds_(rounds) {}

    // That step of that round (from 0) took so many nanoseconds.
    void done(std::size_t step, unsigned round, std::int64_t time);

    // Nanoseconds; -1 while nothing is known. Steps not seen yet are taken for average ones.
    [[nodiscard]] std::int64_t left() const;

private:
    std::vector<std::int64_t> times_;
    std::vector<unsigned> rounds_done_ = std::vector<unsigned>(times_.size(), 0);
    unsigned rounds_;
};

// 8 s, 2 min 5 s, 1 h 3 min.
std::string duration(std::int64_t ns);

// One line on the terminal that says what is being done; silent where stderr is none.
class Progress {
public:
    Progress();
    ~Progress();
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    void show(const std::string &text) const;

private:
    bool terminal_;
};

} // namespace scriptfs::bench
