// SPDX-License-Identifier: MIT
#include "study/study.hpp"

#include <chrono>
#include <fstream>
#include <mutex>
#include <utility>

#include "study/job_queue.hpp"

namespace collapse_study {

void complete(result_log& log, const std::vector<pending>& runs, const execution& how) {
  std::ofstream timings{how.folder / "timings.jsonl", std::ios::app};
  std::mutex mutex;
  std::vector<job> jobs;
  for (const pending& one : runs) {
    if (log.contains(one.run)) continue;
    jobs.push_back({one.cost, [&] {
                      const auto start = std::chrono::steady_clock::now();
                      log.append(one.record());
                      const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
                      const std::lock_guard lock{mutex};
                      timings << json{{"run", one.run}, {"seconds", spent.count()}} << std::endl;
                    }});
  }
  run_jobs(std::move(jobs), how.threads, how.progress);
}

std::vector<pending> pending_seeds(const std::vector<std::uint64_t>& seeds, starting_points& starts) {
  // Above the cost of any run: other runs wait for these.
  constexpr double first = 300;
  std::vector<pending> runs;
  for (const std::uint64_t seed : seeds) {
    runs.push_back({seed_key(seed), first, [&starts, seed] { return to_json(evaluate_seed(starts.of(seed), seed)); }});
  }
  return runs;
}

std::map<std::uint64_t, std::uint64_t> recorded_checksums(const result_log& log,
                                                          const std::vector<std::uint64_t>& seeds) {
  std::map<std::uint64_t, std::uint64_t> checksums;
  for (const std::uint64_t seed : seeds) {
    if (log.contains(seed_key(seed))) checksums[seed] = seed_result_from(log.at(seed_key(seed))).checksum;
  }
  return checksums;
}

toy_llm::preference_options training_options(const run& which, measurement what) {
  const loss_settings& loss = which.arm.loss;
  return {.objective = which.arm.objective,
          .variant = which.arm.variant,
          .negatives = which.arm.negatives,
          .learning_rate = which.arm.learning_rate,
          .epochs = which.arm.epochs,
          .beta = loss.beta,
          .alpha = loss.alpha,
          .gamma = loss.gamma,
          .average_log_prob = loss.average_log_prob,
          .mean_margin = loss.mean_margin,
          .clusters = loss.clusters,
          .selects_by = loss.selects_by,
          .step = loss.step,
          .measure_steps = what == measurement::steps,
          .seed = which.seed};
}

run_result execute(const run& which, const starting_point& start, measurement what) {
  toy_llm::language_model<float> policy = start.supervised();
  toy_llm::remembered_model reference = start.reference();
  auto training = toy_llm::train_preference(policy, reference, start.data(), training_options(which, what));
  return {which, std::move(training), evaluate(policy, start.data().evaluation)};
}

study_results run_study(const study_plan& plan, const execution& how) {
  result_log log{how.folder / "results.jsonl", plan.header()};
  starting_points starts{plan.source, recorded_checksums(log, plan.seeds)};
  std::vector<pending> work = pending_seeds(plan.seeds, starts);
  const std::vector<run> runs = plan.runs();
  for (const run& which : runs) {
    work.push_back(
        {key(which), cost(which.arm), [&starts, which] { return to_json(execute(which, starts.of(which.seed))); }});
  }
  complete(log, work, how);

  std::vector<std::string> order;
  for (const pending& one : work) order.push_back(one.run);
  log.finish(order);
  study_results results;
  for (const std::uint64_t seed : plan.seeds) results.seeds.push_back(seed_result_from(log.at(seed_key(seed))));
  for (const run& which : runs) results.runs.push_back(run_result_from(log.at(key(which))));
  return results;
}

}  // namespace collapse_study
