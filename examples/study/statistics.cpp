// SPDX-License-Identifier: MIT
#include "study/statistics.hpp"

#include <Eigen/Core>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <unsupported/Eigen/SpecialFunctions>
#include <vector>

namespace collapse_study {

sample_summary summarise(std::span<const double> values) {
  constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  const auto count = static_cast<double>(values.size());
  if (values.empty()) return {0, undefined, undefined, undefined};
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / count;
  if (values.size() == 1) return {1, mean, undefined, undefined};
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / (count - 1));
  return {values.size(), mean, deviation, deviation / std::sqrt(count)};
}

std::vector<sample_summary> summarise_within_seeds(std::span<const std::vector<double>> arms) {
  if (arms.empty()) return {};
  const std::size_t seeds = arms.front().size();
  std::vector<double> seed_mean(seeds);
  for (const auto& arm : arms) {
    for (std::size_t seed = 0; seed < seeds; ++seed) seed_mean[seed] += arm.at(seed) / static_cast<double>(arms.size());
  }
  const double shared = summarise(seed_mean).mean;
  const double correction = std::sqrt(static_cast<double>(arms.size()) / (static_cast<double>(arms.size()) - 1));
  std::vector<sample_summary> summaries;
  for (std::vector<double> arm : arms) {
    for (std::size_t seed = 0; seed < seeds; ++seed) arm[seed] -= seed_mean[seed] - shared;
    sample_summary summary = summarise(arm);
    summary.deviation *= correction;
    summary.standard_error *= correction;
    summaries.push_back(summary);
  }
  return summaries;
}

comparison compare(std::span<const double> a, std::span<const double> b) {
  if (a.size() != b.size()) {
    throw std::invalid_argument("collapse_study::compare: expected figures of the same seeds, found " +
                                std::to_string(a.size()) + " and " + std::to_string(b.size()));
  }
  std::vector<double> differences(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) differences[i] = a[i] - b[i];
  const sample_summary paired = summarise(differences);
  // Equal figures differ by nothing, however often they are drawn.
  const double t = paired.mean == 0 && paired.standard_error == 0 ? 0 : paired.mean / paired.standard_error;
  return {.count = paired.count,
          .difference = paired.mean,
          .standard_error = paired.standard_error,
          .pooled_error = std::hypot(summarise(a).standard_error, summarise(b).standard_error),
          .t = t,
          .p = two_sided_p(t, static_cast<double>(a.size()) - 1)};
}

double two_sided_p(double t, double freedom) {
  if (std::isnan(t) || freedom < 1) return std::numeric_limits<double>::quiet_NaN();
  if (std::isinf(t)) return 0;
  const auto one = [](double value) { return Eigen::Array<double, 1, 1>::Constant(value); };
  return Eigen::betainc(one(freedom / 2).eval(), one(.5).eval(), one(freedom / (freedom + t * t)).eval()).value();
}

}  // namespace collapse_study
