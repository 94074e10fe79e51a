// SPDX-License-Identifier: GPL-2.0-only
// Reading and writing by system calls: new-S, over-S, read-S, rndover-S, rndread-S, unlink-big,
// append-100, copyrange-1M, fallocate-1G.
#include "cases.h"
#include "lib/clock.h"
#include "lib/files.h"
#include "lib/sizes.h"

#include <sys/stat.h>

namespace scriptfs::bench {
namespace {

constexpr std::uint64_t call_sizes[] = {4 << 10, 16 << 10, 64 << 10, 1 << 20, 8 << 20};
constexpr std::uint64_t record = 100;
constexpr std::uint64_t records = 20'000;
constexpr std::uint64_t timed_calls = 8192; // of which each has its own time, every round
constexpr std::uint64_t gib = 1 << 30;
constexpr std::uint64_t range = 1 << 20;

// One way through a file.
struct Pass {
    const char *name;
    bool write;
    bool random;
};

constexpr Pass passes[] = {{"new", true, false},
                           {"over", true, false},
                           {"read", false, false},
                           {"rndover", true, true},
                           {"rndread", false, true}};

std::string case_name(const Pass &pass, std::uint64_t size)
{
    return std::string(pass.name) + "-" + size_name(size);
}

// Calls of `size` bytes on a file; sequential ones use its position.
class Caller {
public:
    Caller(const Fd &fd, const Memory &buffer, const Pass &pass)
        : fd_(fd.get()), buffer_(buffer.at(0)), size_(buffer.size()), pass_(pass)
    {
    }

    void operator()(std::uint64_t index) const
    {
        const auto offset = static_cast<off_t>(index * size_);
        if (pass_.random)
            whole(pass_.write ? pwrite(fd_, buffer_, size_, offset)
                              : pread(fd_, buffer_, size_, offset),
                  size_, pass_.name);
        else
            whole(pass_.write ? write(fd_, buffer_, size_) : read(fd_, buffer_, size_), size_,
                  pass_.name);
    }

private:
    int fd_;
    char *buffer_;
    std::size_t size_;
    const Pass &pass_;
};

// The same without a file: between a buffer and the memory.
class Copier {
public:
    Copier(const Stage &stage, const Memory &buffer, const Pass &pass)
        : kind_(stage.limit), memory_(*stage.memory), buffer_(buffer), write_(pass.write)
    {
    }

    void operator()(std::uint64_t index) const
    {
        char *there = memory_.at(index * buffer_.size());
        copy(kind_, write_ ? there : buffer_.at(0), write_ ? buffer_.at(0) : there, buffer_.size());
    }

private:
    Copy kind_;
    const Memory &memory_;
    const Memory &buffer_;
    bool write_;
};

std::vector<std::uint64_t> order_of(const Pass &pass, std::uint64_t calls, std::uint64_t seed)
{
    return pass.random ? permutation(calls, seed) : std::vector<std::uint64_t>();
}

// All calls of a pass, each index once.
template <typename Call>
std::int64_t time_of(const Call &call, std::uint64_t calls, const std::vector<std::uint64_t> &order)
{
    return taken([&] {
        if (order.empty())
            for (std::uint64_t i = 0; i < calls; i++)
                call(i);
        else
            for (const std::uint64_t i : order)
                call(i);
    });
}

template <typename Call>
std::vector<std::uint32_t> times_of(const Call &call, std::uint64_t calls,
                                    const std::vector<std::uint64_t> &order)
{
    std::vector<std::uint32_t> times(calls);
    std::int64_t last = now();

    for (std::uint64_t i = 0; i < calls; i++) {
        call(order.empty() ? i : order[i]);
        const std::int64_t next = now();
        times[i] = static_cast<std::uint32_t>(std::min<std::int64_t>(next - last, UINT32_MAX));
        last = next;
    }
    return times;
}

// Does the pass, and tells the stage if it is one of those that were asked for.
template <typename Call>
void do_pass(Stage &stage, const Pass &pass, const Call &call, std::uint64_t call_size)
{
    const std::string name = case_name(pass, call_size);
    const std::uint64_t calls = stage.setup.size / call_size;
    const auto order = order_of(pass, calls, stage.seed);

    look();
    const std::int64_t time = time_of(call, calls, order);
    stage.record(name, time, call_size == small_call ? calls : stage.setup.size / page_size);
}

void data(Stage &stage, std::uint64_t call_size)
{
    const Memory buffer(call_size);
    const Fd fd = create_at(stage.dir, "data");

    for (const Pass &pass : passes) {
        // without the first there is no file
        if (&pass != passes && !stage.wants(case_name(pass, call_size)))
            continue;
        if (!pass.random)
            rewind(fd);
        do_pass(stage, pass, Caller(fd, buffer, pass), call_size);
    }
    unlink_at(stage.dir, "data");
}

// The 4K cases once more, on a smaller file, with a look at the clock after each call.
void single_calls(Stage &stage)
{
    const Memory buffer(small_call);
    const std::uint64_t calls = std::min(timed_calls, stage.setup.size / small_call);
    const Fd fd = create_at(stage.dir, "single");

    for (const Pass &pass : passes) {
        look();
        if (!pass.random)
            rewind(fd);
        stage.record_calls(
            case_name(pass, small_call),
            times_of(Caller(fd, buffer, pass), calls, order_of(pass, calls, stage.seed)));
    }
    unlink_at(stage.dir, "single");
}

void unlink_big(Stage &stage)
{
    fill(create_at(stage.dir, "big"), stage.setup.size);
    look();
    const std::int64_t time = taken([&] { unlink_at(stage.dir, "big"); });
    stage.record("unlink-big", time, stage.setup.size / page_size);
}

void append(Stage &stage)
{
    const Memory buffer(record);
    const std::string name = "append-100";

    auto all = [&](auto &&work) {
        const Fd fd = open_at(stage.dir, "log", O_CREAT | O_EXCL | O_WRONLY | O_APPEND);
        work([&](std::uint64_t) {
            whole(write(fd.get(), buffer.at(0), record), record, "append-100");
        });
        unlink_at(stage.dir, "log");
        look();
    };
    all([&](const auto &call) { stage.record(name, time_of(call, records, {}), records); });
    all([&](const auto &call) { stage.record_calls(name, times_of(call, timed_calls, {})); });
}

void append_limit(Stage &stage)
{
    const Memory buffer(record);
    const std::uint64_t places = stage.memory->size() / record;
    const std::int64_t time = taken([&] {
        for (std::uint64_t i = 0; i < records; i++)
            copy(stage.limit, stage.memory->at(i % places * record), buffer.at(0), record);
    });

    stage.record("append-100", time, records);
}

// From one half of the size to the other, so that both files together are no larger than others.
void copy_range(Stage &stage)
{
    const std::uint64_t calls = stage.setup.size / 2 / range;
    const Fd from = create_at(stage.dir, "from");
    const Fd to = create_at(stage.dir, "to");

    fill(from, calls * range);
    rewind(from);
    look();
    const auto first = copy_file_range(from.get(), nullptr, to.get(), nullptr, range, 0);
    if (first < 0) {
        stage.skip("copyrange-1M", std::strerror(errno));
    } else {
        if (ftruncate(to.get(), 0))
            throw Failed("truncate");
        rewind(from);
        rewind(to);
        // The kernel may do less at a time than it was asked for.
        const std::int64_t time = taken([&] {
            for (std::uint64_t left = calls * range; left > 0;) {
                const ssize_t done = copy_file_range(from.get(), nullptr, to.get(), nullptr,
                                                     std::min(left, range), 0);
                if (done <= 0)
                    throw Failed("copyrange-1M", done ? errno : ENODATA);
                left -= static_cast<std::uint64_t>(done);
            }
        });
        stage.record("copyrange-1M", time, calls * range / page_size);
    }
    unlink_at(stage.dir, "from");
    unlink_at(stage.dir, "to");
}

void copy_range_limit(Stage &stage)
{
    const std::uint64_t half = stage.setup.size / 2;
    const std::int64_t time = taken([&] {
        for (std::uint64_t at = 0; at + range <= half; at += range)
            copy(stage.limit, stage.memory->at(half + at), stage.memory->at(at), range);
    });

    stage.record("copyrange-1M", time, half / range * range / page_size);
}

void allocate(Stage &stage)
{
    const Fd fd = create_at(stage.dir, "allocated");
    int code = 0;

    const std::int64_t time = taken([&] { code = fallocate(fd.get(), 0, 0, gib); });
    const int number = errno;
    unlink_at(stage.dir, "allocated");
    if (!code)
        stage.record("fallocate-1G", time, 1);
    else if (number == EOPNOTSUPP || number == ENOSPC)
        stage.skip("fallocate-1G", std::strerror(number));
    else
        throw Failed("fallocate", number);
}

} // namespace

std::vector<Case> data_cases(std::uint64_t call_size)
{
    std::vector<Case> cases;

    for (const Pass &pass : passes)
        cases.push_back({case_name(pass, call_size), call_size == small_call ? "call" : "page"});
    return cases;
}

void data_limit(Stage &stage, std::uint64_t call_size)
{
    const Memory buffer(call_size);

    for (const Pass &pass : passes)
        if (stage.wants(case_name(pass, call_size)))
            do_pass(stage, pass, Copier(stage, buffer, pass), call_size);
}

void fill(const Fd &fd, std::uint64_t size)
{
    const Memory buffer(range);

    for (std::uint64_t done = 0; done < size; done += range)
        whole(write(fd.get(), buffer.at(0), range), range, "write");
}

void add_data_jobs(std::vector<Job> &jobs, const Setup &setup)
{
    Job single = {{}, timed_calls * small_call, single_calls, {}};

    for (const std::uint64_t size : call_sizes) {
        Job job = {data_cases(size), setup.size, [size](Stage &stage) { data(stage, size); },
                   [size](Stage &stage) { data_limit(stage, size); }};
        if (size == small_call)
            single.cases = job.cases;
        jobs.push_back(job);
    }
    jobs.push_back(single);
    jobs.push_back({{{"unlink-big", "page"}}, setup.size, unlink_big, {}});
    jobs.push_back({{{"append-100", "call"}}, records * record, append, append_limit});
    jobs.push_back({{{"copyrange-1M", "page"}}, setup.size, copy_range, copy_range_limit});
    jobs.push_back({{{"fallocate-1G", "call"}}, gib, allocate, {}});
}

} // namespace scriptfs::bench
