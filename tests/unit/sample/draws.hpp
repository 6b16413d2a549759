// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "dynamicpo/sample/concept.hpp"

namespace test_support {

/// How many standard deviations Pearson's chi-square of `seen` against `expected` lies above its mean: the cube root of
/// chi-square / df is nearly normal (Wilson and Hilferty, 1931). Candidates without probability must not be seen.
inline double chi_square_deviation(const std::vector<double>& seen, const std::vector<double>& expected) {
  double total = 0, chi_square = 0;
  int cells = 0;
  for (const double count : seen) { total += count; }
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (!(expected[i] > 0)) {
      if (seen[i] > 0) { return INFINITY; }
      continue;
    }
    const double mean = total * expected[i];
    chi_square += (seen[i] - mean) * (seen[i] - mean) / mean;
    ++cells;
  }
  const double df = cells - 1, spread = 2.0 / (9.0 * df);
  return (std::cbrt(chi_square / df) - (1.0 - spread)) / std::sqrt(spread);
}

/// Draws by a sampler against the probabilities it states.
template <class Sampler>
double deviation_of(const Sampler& sampler, int draws) {
  std::vector<double> seen(static_cast<std::size_t>(sampler.candidates())), expected;
  for (dynamicpo::index c = 0; c < sampler.candidates(); ++c) { expected.push_back(sampler.probability(c)); }
  for (int i = 0; i < draws; ++i) {
    auto words = dynamicpo::sample::slot_stream(7, 1, i).words(0);
    seen[static_cast<std::size_t>(sampler.draw(words))] += 1;
  }
  return chi_square_deviation(seen, expected);
}

template <class Sampler>
double total_probability(const Sampler& sampler) {
  double total = 0;
  for (dynamicpo::index c = 0; c < sampler.candidates(); ++c) { total += sampler.probability(c); }
  return total;
}

}  // namespace test_support
