// SPDX-License-Identifier: GPL-2.0-only
#include "cases.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace scriptfs::bench {

std::atomic<bool> stopped{false};

std::vector<std::uint64_t> permutation(std::uint64_t count, std::uint64_t seed)
{
    std::vector<std::uint64_t> order(count);
    std::mt19937_64 random(seed);

    std::iota(order.begin(), order.end(), std::uint64_t{0});
    for (std::uint64_t i = count; i > 1; i--)
        std::swap(order[i - 1], order[random() % i]);
    return order;
}

std::vector<Job> all_jobs(const Setup &setup)
{
    std::vector<Job> jobs;

    add_data_jobs(jobs, setup);
    add_name_jobs(jobs, setup);
    add_tree_jobs(jobs, setup);
    add_mmap_jobs(jobs, setup);
    add_thread_jobs(jobs, setup);
    return jobs;
}

} // namespace scriptfs::bench
