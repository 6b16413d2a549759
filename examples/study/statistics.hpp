// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace collapse_study {

/// A figure over seeds. NaN where it is not defined: the mean of nothing, the spread of one.
struct sample_summary {
  std::size_t count;
  double mean;
  double deviation;       ///< standard deviation, n - 1 in the denominator
  double standard_error;  ///< of the mean
};

sample_summary summarise(std::span<const double> values);

/// Summaries of arms that share seeds, arm by arm. What a seed adds to all arms alike is left out of their spread: it
/// is that of x - (seed's mean) + (mean of all), times sqrt(arms / (arms - 1)). Source: Cousineau 2005, Morey 2008.
std::vector<sample_summary> summarise_within_seeds(std::span<const std::vector<double>> arms);

/// a - b over the same seeds.
struct comparison {
  std::size_t count;      ///< seeds
  double difference;      ///< mean of a - b
  double standard_error;  ///< of it, from the differences of each seed
  double pooled_error;    ///< sqrt(se(a)^2 + se(b)^2), as if seeds were not shared
  double t;               ///< difference / standard_error
  double p;               ///< of the paired two-sided t test, count - 1 degrees of freedom; NaN for one seed

  /// Whether the sign of the difference is more than noise: p < .05.
  bool shows() const { return p < .05; }
};

/// Throws std::invalid_argument when the sizes differ.
comparison compare(std::span<const double> a, std::span<const double> b);

/// P(|T| >= |t|) of Student's distribution: I_x(freedom / 2, 1 / 2) with x = freedom / (freedom + t^2).
double two_sided_p(double t, double freedom);

}  // namespace collapse_study
