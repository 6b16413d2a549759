// SPDX-License-Identifier: MIT
// Over 1000 seeds the chi-square p-values of each sampler are uniform themselves: draws that follow q too well would
// fail as draws that do not follow it.
#include <algorithm>
#include <boost/math/special_functions/gamma.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

#include "dynamicpo/exec/seq.hpp"
#include "dynamicpo/sample/in_batch.hpp"
#include "dynamicpo/sample/log_uniform.hpp"
#include "dynamicpo/sample/mixed.hpp"
#include "dynamicpo/sample/negatives.hpp"
#include "dynamicpo/sample/popularity.hpp"
#include "dynamicpo/sample/uniform.hpp"
#include "support/catch.hpp"

namespace {

namespace po = dynamicpo;
namespace sample = dynamicpo::sample;
using sample::item;

constexpr po::index rows = 40, slots = 25;

/// The probability that Pearson's chi-square is as large as for these draws, given that they follow q.
template <class Sampler>
double p_value(const Sampler& from, std::span<const item> positives, std::uint64_t seed) {
  std::vector<std::int64_t> offsets;
  std::vector<item> lists, items(rows * slots);
  for (po::index row = 0; row <= rows; ++row) {
    offsets.push_back(row * static_cast<std::int64_t>(positives.size()));
    if (row < rows) { lists.insert(lists.end(), positives.begin(), positives.end()); }
  }
  sample::draw_negatives(po::exec::seq, from, rows, {offsets, lists}, {.seed = seed}, true, {.items = items});
  double left = 0, chi_square = 0;
  int cells = 0;
  const auto is_positive = [&](item each) { return std::binary_search(positives.begin(), positives.end(), each); };
  for (po::index c = 0; c < from.candidates(); ++c) {
    if (!is_positive(from.item_of(c))) { left += from.probability(c); }
  }
  for (po::index c = 0; c < from.candidates(); ++c) {
    const double q = is_positive(from.item_of(c)) ? 0.0 : from.probability(c) / left;
    const auto seen = static_cast<double>(std::count(items.begin(), items.end(), from.item_of(c)));
    if (!(q > 0)) {
      REQUIRE(seen == 0);
      continue;
    }
    const double mean = q * static_cast<double>(items.size());
    REQUIRE(mean > 5);  // or chi-square is none
    chi_square += (seen - mean) * (seen - mean) / mean;
    ++cells;
  }
  return boost::math::gamma_q(0.5 * (cells - 1), 0.5 * chi_square);
}

/// The greatest distance of the p-values' distribution from the uniform one, times the root of how many there are:
/// above 1.95 in one of a thousand cases (Kolmogorov).
template <class Sampler>
double distance_from_uniform(const Sampler& from, std::span<const item> positives) {
  constexpr std::size_t seeds = 1000;
  std::vector<double> p;
  for (std::size_t seed = 0; seed < seeds; ++seed) { p.push_back(p_value(from, positives, seed)); }
  std::sort(p.begin(), p.end());
  double distance = 0;
  for (std::size_t i = 0; i < seeds; ++i) {
    const double below = static_cast<double>(i) / seeds, above = static_cast<double>(i + 1) / seeds;
    distance = std::max({distance, p[i] - below, above - p[i]});
  }
  return distance * std::sqrt(static_cast<double>(seeds));
}

template <class Sampler>
void require_uniform_p_values(const Sampler& from) {
  for (const std::vector<item>& positives : {std::vector<item>{}, std::vector<item>{1, 4, 5, 17}}) {
    CAPTURE(positives.size());
    const double distance = distance_from_uniform(from, positives);
    REQUIRE(distance <= 1.95);
  }
}

std::vector<double> falling_counts() {
  std::vector<double> counts;
  for (int i = 0; i < 30; ++i) { counts.push_back(100.0 / (4 + i)); }
  return counts;
}

}  // namespace

TEST_CASE("p-values of uniform draws are uniform", "[slow]") { require_uniform_p_values(sample::uniform(30)); }

TEST_CASE("p-values of log-uniform draws are uniform", "[slow]") { require_uniform_p_values(sample::log_uniform(30)); }

TEST_CASE("p-values of draws by popularity are uniform", "[slow]") {
  const std::vector<double> counts = falling_counts();
  require_uniform_p_values(sample::popularity(std::span<const double>(counts), 0.75));
}

TEST_CASE("p-values of draws from the batch are uniform", "[slow]") {
  std::vector<item> chosen;
  for (item i = 0; i < 20; ++i) { chosen.insert(chosen.end(), static_cast<std::size_t>(1 + i % 3), i); }
  require_uniform_p_values(sample::in_batch(chosen));
}

TEST_CASE("p-values of mixed draws are uniform", "[slow]") {
  const std::vector<double> counts = falling_counts();
  require_uniform_p_values(
      sample::mixed(0.4, sample::uniform(30), sample::popularity(std::span<const double>(counts), 0.75)));
}

TEST_CASE("p-values tell draws that do not follow q", "[slow]") {
  struct skewed {
    sample::uniform all{30};
    po::index candidates() const { return all.candidates(); }
    po::index draw(sample::philox_engine& words) const {
      const po::index drawn = all.draw(words);
      return drawn == 0 && words.uniform() < 0.2 ? 1 : drawn;
    }
    double probability(po::index c) const { return all.probability(c); }
    item item_of(po::index c) const { return all.item_of(c); }
  };
  REQUIRE(distance_from_uniform(skewed{}, {}) > 1.95);
}
