// SPDX-License-Identifier: MIT
#include "selection_bench/bench.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <utility>

#include "selection_bench/dumps.hpp"
#include "selection_bench/synthetic.hpp"
#include "selection_bench/training.hpp"
#include "study/data.hpp"
#include "study/job_queue.hpp"
#include "toy_llm/ranking.hpp"

namespace selection_bench {
namespace {

namespace cs = collapse_study;

cs::data_source toy_data(const bench_options& options) {
  return cs::data_source::synthetic({.evaluation_rows = static_cast<std::uint32_t>(options.evaluation_rows)});
}

std::vector<bench_data> all_data(const bench_options& options, cs::starting_points& starts,
                                 std::vector<bench_data> more) {
  std::vector<bench_data> all;
  if (options.synthetic) {
    std::uint64_t stream = options.seed << 8;
    for (const scenario& each : scenarios()) {
      labelled_rows rows = make_rows(each, options.rows, stream++);
      all.push_back({.id = each.id,
                     .title = each.title,
                     .meaning = each.meaning,
                     .labelled = true,
                     .scores = std::move(rows.scores),
                     .truth = std::move(rows.boundary)});
    }
  }
  if (options.dumps) {
    options.progress("scores of the toy LLM");
    const std::size_t epochs[]{1, 3};
    auto dumps = dump_training(starts.of(options.seed), options.seed, options.rows, options.negatives, epochs);
    std::move(dumps.begin(), dumps.end(), std::back_inserter(all));
  }
  std::move(more.begin(), more.end(), std::back_inserter(all));
  return all;
}

data_result judge(bench_data data, const std::vector<std::unique_ptr<strategy>>& ready, const bench_options& options) {
  data = prepare(std::move(data), options.seed);
  std::vector<quality> figures;
  std::vector<strategy*> all;
  for (const auto& each : ready) {
    all.push_back(each.get());
    figures.push_back(each ? measure(*each, data) : quality{});
  }
  time_by_turns(all, data, options.rounds, figures);

  const auto rows = static_cast<double>(data.scores.rows());
  data_result result{.boundary = std::accumulate(data.truth.begin(), data.truth.end(), 0.0) / rows,
                     .negatives = static_cast<double>(data.truth.size()) / rows};
  for (std::size_t row = 0; row < data.scores.rows(); ++row) {
    result.violated += std::ranges::max(data.scores.rejected_of(row)) >= data.scores.chosen[row] ? 1 : 0;
  }
  result.violated /= rows;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    result.figures.push_back(ready[i] ? std::optional{figures[i]} : std::nullopt);
  }
  data.permuted = {};
  data.order.clear();
  result.data = std::move(data);
  return result;
}

// All trainings of a strategy, by rate and seed.
using grid = std::vector<std::vector<training_result>>;

double mean_development(const std::vector<training_result>& seeds) {
  double sum = 0;
  for (const training_result& each : seeds) sum += each.development;
  return sum / static_cast<double>(seeds.size());
}

trained summarise(const std::vector<training_result>& seeds, double rate, bool chosen) {
  trained result{.rate = rate, .chosen_rate = chosen};
  for (const training_result& each : seeds) {
    result.hit_ratio.push_back(each.evaluation);
    result.selected += each.selected / static_cast<double>(seeds.size());
  }
  result.summary = cs::summarise(result.hit_ratio);
  result.half_width = half_width(result.summary, .95);
  return result;
}

class end_to_end {
 public:
  end_to_end(const bench_options& options, cs::starting_points& starts, const std::vector<std::string>& absent)
      : options_{options}, starts_{starts}, absent_{absent}, trainings_(strategies().size()) {}

  void run(bench_results& results) {
    results.supervised.resize(options_.seeds);
    results.end_to_end.resize(strategies().size());
    std::vector<cs::job> jobs;
    for (std::size_t seed = 0; seed < options_.seeds; ++seed) {
      jobs.push_back({1000, [this, seed, &results] {
                        toy_llm::language_model<float> model = starts_.of(options_.seed + seed).supervised();
                        results.supervised[seed] =
                            toy_llm::rank(model, starts_.of(options_.seed + seed).data().evaluation).hit_ratio;
                      }});
    }
    for_each(false, [&](std::size_t which) {
      trainings_[which].assign(options_.rates.size(), std::vector<training_result>(options_.seeds));
      for (std::size_t rate = 0; rate < options_.rates.size(); ++rate) {
        add_jobs(jobs, which, rate, options_.rates[rate]);
      }
    });
    run_jobs(std::move(jobs));
    for_each(false, [&](std::size_t which) {
      const auto best = std::ranges::max_element(trainings_[which], {}, mean_development);
      const auto rate = options_.rates[static_cast<std::size_t>(best - trainings_[which].begin())];
      results.end_to_end[which] = summarise(*best, rate, true);
    });
    if (options_.train_external) run_external(results);
    const trained& boundary = *results.end_to_end[0];
    const std::vector<double> ours = boundary.hit_ratio;
    for (auto& each : results.end_to_end) {
      if (each) each->against_boundary = cs::compare(each->hit_ratio, ours);
    }
  }

 private:
  template <class Use>
  void for_each(bool external, Use use) const {
    for (std::size_t which = 0; which < strategies().size(); ++which) {
      if (absent_[which].empty() && strategies()[which].external == external) use(which);
    }
  }

  // At the boundary's rate: they are its definition, and slow.
  void run_external(bench_results& results) {
    const double rate = results.end_to_end[0]->rate;
    std::vector<cs::job> jobs;
    for_each(true, [&](std::size_t which) {
      trainings_[which].assign(1, std::vector<training_result>(options_.seeds));
      add_jobs(jobs, which, 0, rate);
    });
    run_jobs(std::move(jobs));
    for_each(true,
             [&](std::size_t which) { results.end_to_end[which] = summarise(trainings_[which][0], rate, false); });
  }

  // One a seed, each with a strategy, or process, of its own; those of later strategies are slower.
  void add_jobs(std::vector<cs::job>& jobs, std::size_t which, std::size_t place, double rate) {
    for (std::size_t seed = 0; seed < options_.seeds; ++seed) {
      jobs.push_back({static_cast<double>(1 + which), [this, which, place, rate, seed] {
                        const auto made = make_strategy(strategies()[which].id, options_.strategies);
                        trainings_[which][place][seed] = train_at(*made.ready, rate, seed);
                      }});
    }
  }

  training_result train_at(strategy& of, double rate, std::size_t seed) {
    return train(starts_.of(options_.seed + seed), of,
                 {.negatives = options_.negatives, .learning_rate = rate, .seed = options_.seed + seed});
  }

  void run_jobs(std::vector<cs::job> jobs) const {
    if (jobs.empty()) return;
    cs::run_jobs(std::move(jobs), options_.threads, [this](double share) {
      options_.progress(fmt::format("training the toy LLM, {:.0f} %", 100 * share));
    });
  }

  const bench_options& options_;
  cs::starting_points& starts_;
  const std::vector<std::string>& absent_;
  std::vector<grid> trainings_;
};

}  // namespace

bench_results run_bench(const bench_options& options, std::vector<bench_data> more) {
  bench_results results{.options = options};
  cs::starting_points starts{toy_data(options), {}};
  {
    std::vector<std::unique_ptr<strategy>> ready;
    for (const strategy_info& each : strategies()) {
      auto made = make_strategy(each.id, options.strategies);
      if (made.ready && each.external) results.peer = made.ready->peer();
      ready.push_back(std::move(made.ready));
      results.absent.push_back(std::move(made.absent));
    }
    for (bench_data& each : all_data(options, starts, std::move(more))) {
      options.progress(each.title);
      results.data.push_back(judge(std::move(each), ready, options));
    }
  }
  if (options.seeds > 0) end_to_end{options, starts, results.absent}.run(results);
  return results;
}

double half_width(const cs::sample_summary& of, double confidence) {
  if (of.count < 2) return std::numeric_limits<double>::quiet_NaN();
  const auto freedom = static_cast<double>(of.count - 1);
  // Bisection for the t that leaves 1 - confidence outside.
  double low = 0, high = 1e4;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (cs::two_sided_p(middle, freedom) > 1 - confidence ? low : high) = middle;
  }
  return high * of.standard_error;
}

std::vector<std::size_t> frontier(const std::vector<std::optional<cost_and_quality>>& points) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (points[i]) order.push_back(i);
  }
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return points[a]->nanoseconds != points[b]->nanoseconds ? points[a]->nanoseconds < points[b]->nanoseconds
                                                            : points[a]->quality > points[b]->quality;
  });
  std::vector<std::size_t> best;
  for (const std::size_t i : order) {
    if (best.empty() || points[i]->quality > points[best.back()]->quality) best.push_back(i);
  }
  return best;
}

}  // namespace selection_bench
