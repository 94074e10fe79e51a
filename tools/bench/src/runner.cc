// SPDX-License-Identifier: GPL-2.0-only
#include "runner.h"

#include "lib/clock.h"
#include "machine.h"
#include "progress.h"
#include "samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

namespace scriptfs::bench {
namespace {

// How long the kernel may take to finish what was left to it: freeing, a queue's work.
constexpr std::chrono::milliseconds settling(200);

using Key = std::pair<std::string, std::string>; // case, file system

// Who is measured: a file system, or a way of copying.
struct Target {
    std::string name;
    const Place *place; // null: the copy
    Copy copy;
};

// Takes what the jobs record, unless it is the warm-up.
class Recorder {
public:
    explicit Recorder(const Plan &plan) : plan_(plan)
    {
        for (const Job &job : plan.jobs)
            for (const Case &one : job.cases)
                cases_[one.name] = one;
    }

    void record(unsigned round, const std::string &fs, const std::string &name, double value)
    {
        if (!round || !plan_.wants(name))
            return;
        Result result;
        result.name = name;
        result.fs = fs;
        result.per = cases_.at(name).per;
        result.bed = plan_.bed;
        result.driver = cases_.at(name).driver;
        const std::string_view unit = cases_.at(name).unit;
        result.unit = unit.empty() ? unit_of(plan_.bed) : unit;
        samples_.add(result, static_cast<int>(round), value);
        if (plan_.samples) {
            fmt::print("sample {} {} {} {} {} {} {} {:.4f}\n", result.bed, result.driver, round, fs,
                       name, result.per, result.unit, value);
            std::fflush(stdout);
        }
    }

    void record_calls(unsigned round, const std::string &fs, const std::string &name,
                      const std::vector<std::uint32_t> &times)
    {
        if (!round)
            return;
        auto &all = calls_[{name, fs}];
        all.insert(all.end(), times.begin(), times.end());
    }

    [[nodiscard]] Document document() const
    {
        Document document = samples_.document();

        for (Result &result : document.results) {
            const auto calls = calls_.find({result.name, result.fs});
            if (calls != calls_.end())
                result.p999 = percentile({calls->second.begin(), calls->second.end()}, 0.999);
        }
        return document;
    }

    std::map<Key, std::string> skipped;

private:
    const Plan &plan_;
    Samples samples_;
    std::map<std::string, Case> cases_;
    std::map<Key, std::vector<std::uint32_t>> calls_;
};

class RoundStage : public Stage {
public:
    RoundStage(const Plan &plan, Recorder &recorder, unsigned round, const Target &target)
        : Stage(plan.setup, target.name, round), plan_(plan), recorder_(recorder), round_(round)
    {
        limit = target.copy;
        if (target.place) {
            dir = target.place->dir();
            path = target.place->path();
            const auto found = plan.descriptors.find(target.name);
            descriptors = found == plan.descriptors.end() ? 0 : found->second;
        }
    }

    void record(const std::string &name, std::int64_t sum, std::uint64_t units) override
    {
        recorder_.record(round_, fs, name, static_cast<double>(sum) / static_cast<double>(units));
    }
    void record_calls(const std::string &name, const std::vector<std::uint32_t> &times) override
    {
        recorder_.record_calls(round_, fs, name, times);
    }
    void skip(const std::string &name, const std::string &reason) override
    {
        if (plan_.wants(name))
            recorder_.skipped[{name, fs}] = reason;
    }
    [[nodiscard]] bool wants(const std::string &name) const override { return plan_.wants(name); }

private:
    const Plan &plan_;
    Recorder &recorder_;
    unsigned round_;
};

std::vector<Target> targets_of(const Plan &plan, const Mounts &mounts)
{
    std::vector<Target> targets = {{"memcpy", nullptr, Copy::plain}};

    if (!plan.programs && has_copy(Copy::non_temporal))
        targets.push_back({"memcpy-nt", nullptr, Copy::non_temporal});
    for (const auto &place : mounts.places())
        targets.push_back({place->name(), place.get(), Copy::plain});
    return targets;
}

// What the job is called: the first of its cases that was asked for.
const std::string &title_of(const Plan &plan, const Job &job)
{
    return std::find_if(job.cases.begin(), job.cases.end(),
                        [&](const Case &one) { return plan.wants(one.name); })
        ->name;
}

void run_job(const Plan &plan, const Job &job, const Target &target, RoundStage &stage)
{
    if (!target.place) {
        if (job.limit)
            job.limit(stage);
        return;
    }
    try {
        job.run(stage);
    } catch (const Error &error) {
        look(); // a signal can be why
        target.place->clear();
        const auto *failed = dynamic_cast<const Failed *>(&error);
        if (!failed || (failed->number != EOPNOTSUPP && failed->number != ENOSPC))
            throw Error("{} on {}: {}", title_of(plan, job), target.name, error.what());
        for (const Case &one : job.cases)
            if (plan.wants(one.name))
                stage.skip(one.name, error.what());
    }
}

} // namespace

Outcome run_plan(const Plan &plan, const Mounts &mounts)
{
    const std::vector<Target> targets = targets_of(plan, mounts);
    const Memory memory(plan.setup.size);
    Recorder recorder(plan);
    const unsigned first = plan.programs ? 1 : 0;
    Estimate estimate(plan.jobs.size() * targets.size(), plan.rounds + 1 - first);
    const Progress progress;

    pin(plan.setup.processors - 1);
    for (unsigned round = first; round <= plan.rounds; round++) {
        const std::string title =
            round ? fmt::format("round {} of {}", round, plan.rounds) : "warm-up";
        for (std::size_t j = 0; j < plan.jobs.size(); j++)
            for (std::size_t i = 0; i < targets.size(); i++) {
                // another one begins each time: nobody always follows the same one
                const std::size_t which = (i + j + round) % targets.size();
                const Target &target = targets[which];
                const Job &job = plan.jobs[j];
                const std::int64_t left = estimate.left();
                const std::string step =
                    fmt::format("{}: {} on {}", title, title_of(plan, job), target.name);
                progress.show(step + (left < 0 ? "" : ", " + duration(left) + " left"));
                if (plan.samples) {
                    fmt::print("step {}\n", step);
                    std::fflush(stdout);
                }
                look();
                if (plan.programs)
                    std::this_thread::sleep_for(settling);
                RoundStage stage(plan, recorder, round, target);
                stage.memory = &memory;
                const std::int64_t time = taken([&] { run_job(plan, job, target, stage); });
                estimate.done(j * targets.size() + which, round - first, time);
            }
        if (round && plan.after_round)
            plan.after_round(recorder.document());
    }
    return {recorder.document(), recorder.skipped};
}

} // namespace scriptfs::bench
