// SPDX-License-Identifier: MIT
#include "dynamicpo/beta/batch_gap.hpp"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"
#include "unit/beta/gaps.hpp"

namespace po = dynamicpo;
using po::beta::batch_gap;
using po::beta::gap_state;
using flags = std::vector<std::uint8_t>;
using batches = std::vector<std::vector<double>>;
using beta_test::mean_of;
using beta_test::near;

namespace {

/// Batches of 1 to 7 gaps that drift upwards.
batches drifting(int count) {
  po::sample::philox_engine random{3};
  batches made(static_cast<std::size_t>(count));
  for (std::size_t t = 0; t < made.size(); ++t) {
    for (auto n = random.below(7); n < 7; ++n) {
      made[t].push_back(test_support::between(random, -3, 3) + 0.1 * static_cast<double>(t));
    }
  }
  return made;
}

/// f averaged over all gaps of batches 0 .. last, batch t with weight momentum^(last - t), its gaps alike.
template <class F>
double weighted(const batches& all, std::size_t last, double momentum, const F& f) {
  double sum = 0, weights = 0;
  for (std::size_t t = 0; t <= last; ++t) {
    const double weight = std::pow(momentum, static_cast<double>(last - t));
    for (const double gap : all[t]) { sum += weight * f(gap) / static_cast<double>(all[t].size()); }
    weights += weight;
  }
  return sum / weights;
}

}  // namespace

TEST_CASE("beta::batch_gap by hand") {
  const batch_gap rule{.base = 0.1, .alpha = 0.5, .momentum = 0.75};
  gap_state state;
  // The first batch is its own running mean.
  const auto first = rule.update(state, std::vector<double>{1, 3});
  REQUIRE(first.beta.base == 0.1);
  REQUIRE(first.mean_gap == 2);
  REQUIRE((first.usable_rows == 2 && first.kept_rows == 2));
  REQUIRE(state == gap_state{.mean = 2, .variance = 1, .weight = 0.25, .batches = 1});
  // Averages of 0 that move by a quarter: (0.75 * 0.5 + 0.25 * 9) / (1 - 0.75^2) = 6; 1 + 0.5 (9 - 6) = 2.5.
  const auto second = rule.update(state, std::vector<double>{9});
  REQUIRE(near(second.beta.base, 0.25));
  REQUIRE(near(state.mean, 6));
  // (0.75 * 0.25 * ((1 - 6)^2 + (3 - 6)^2) / 2 + 0.25 * (9 - 6)^2) / 0.4375
  REQUIRE(near(state.variance, (0.1875 * 17 + 0.25 * 9) / 0.4375));
  REQUIRE(near(state.weight, 0.4375));
  REQUIRE(state.batches == 2);
}

TEST_CASE("beta::batch_gap: running mean and variance are those of all gaps so far, older batches fading") {
  const batches all = drifting(80);
  for (const double momentum : {0.0, 0.5, 0.9, 0.99}) {
    const batch_gap rule{.base = 2, .alpha = 0.05, .momentum = momentum};
    gap_state state;
    for (std::size_t t = 0; t < all.size(); ++t) {
      CAPTURE(momentum, t);
      const auto found = rule.update(state, all[t]);
      const double mean = weighted(all, t, momentum, [](double gap) { return gap; });
      REQUIRE(near(state.mean, mean));
      REQUIRE(
          near(state.variance, weighted(all, t, momentum, [&](double gap) { return (gap - mean) * (gap - mean); })));
      REQUIRE(near(state.weight, 1 - std::pow(momentum, static_cast<double>(t + 1))));
      REQUIRE(near(found.mean_gap, mean_of(all[t])));
      REQUIRE(near(found.beta.base, 2 * (1 + 0.05 * (mean_of(all[t]) - mean))));
    }
    REQUIRE(state.batches == 80);
  }
}

TEST_CASE("beta::batch_gap: the state read back goes on to the bit, from its bytes and from 17 digits") {
  STATIC_REQUIRE(std::is_trivially_copyable_v<gap_state>);
  const batch_gap rule{.momentum = 0.9, .keep = 0.5, .seed = 5};
  const batches all = drifting(30);
  gap_state state;
  flags kept, again;
  for (const auto& gaps : all) {
    std::array<unsigned char, sizeof(gap_state)> bytes;
    std::memcpy(bytes.data(), &state, sizeof state);
    gap_state from_bytes;
    std::memcpy(&from_bytes, bytes.data(), sizeof from_bytes);
    const auto through_text = [](double x) {
      char text[32];
      std::snprintf(text, sizeof text, "%.17g", x);
      return std::strtod(text, nullptr);
    };
    gap_state from_text{through_text(state.mean), through_text(state.variance), through_text(state.weight),
                        std::stoll(std::to_string(state.batches))};
    kept.assign(gaps.size(), 9);
    const auto found = rule.update(state, gaps, kept);
    for (gap_state* each : {&from_bytes, &from_text}) {
      again.assign(gaps.size(), 9);
      REQUIRE(test_support::same_bits(rule.update(*each, gaps, again).beta.base, found.beta.base));
      REQUIRE(*each == state);
      REQUIRE(again == kept);
    }
  }
}

TEST_CASE("beta::batch_gap: the beta of a filtered batch is by the mean of the rows kept") {
  const batch_gap rule{.base = 0.5, .alpha = 0.25, .keep = 0.5, .seed = 11};
  gap_state state;
  for (const auto& gaps : drifting(40)) {
    flags kept(gaps.size());
    const auto found = rule.update(state, gaps, kept);
    std::vector<double> left;
    for (std::size_t row = 0; row < gaps.size(); ++row) {
      if (kept[row] != 0) { left.push_back(gaps[row]); }
    }
    REQUIRE(found.kept_rows == static_cast<po::index>(left.size()));
    REQUIRE(near(found.mean_gap, mean_of(left)));
    REQUIRE(near(found.beta.base, 0.5 * (1 + 0.25 * (mean_of(left) - state.mean))));
  }
}

TEST_CASE("beta::batch_gap filters by Gaussian weights without replacement: every pair of five as often as it should") {
  // M0 = 0 and variance 4 with the batch itself, whose mean is 0 and variance 4.
  const std::vector<double> gaps{-3, -1, 0, 1, 3};
  const gap_state before{.mean = 0, .variance = 4, .weight = 0.5, .batches = 0};
  const auto weight = [&](std::size_t i) { return std::exp(-gaps[i] * gaps[i] / 8); };
  double total = 0;
  for (std::size_t i = 0; i < 5; ++i) { total += weight(i); }

  constexpr int draws = 20000;
  const auto chi_square = [&](const auto& kept_at) {
    std::array<std::array<int, 5>, 5> seen{};
    for (int t = 0; t < draws; ++t) {
      const flags kept = kept_at(t);
      std::vector<std::size_t> pair;
      for (std::size_t i = 0; i < 5; ++i) {
        if (kept[i] != 0) { pair.push_back(i); }
      }
      REQUIRE(pair.size() == 2);
      ++seen[pair[0]][pair[1]];
    }
    double sum = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t j = i + 1; j < 5; ++j) {
        const double w = weight(i), v = weight(j);
        const double expected = draws * (w / total * v / (total - w) + v / total * w / (total - v));
        sum += (seen[i][j] - expected) * (seen[i][j] - expected) / expected;
      }
    }
    return sum;
  };
  const auto draw = [&](std::uint64_t seed, std::int64_t batch) {
    gap_state state = before;
    state.batches = batch;
    flags kept(5);
    batch_gap{.keep = 0.4, .seed = seed}.update(state, gaps, kept);
    REQUIRE(state.mean == 0);
    REQUIRE(near(state.variance, 4));
    return kept;
  };
  // The 0.001 and 0.999 quantiles of chi-square with 9 degrees of freedom.
  const double over_batches = chi_square([&](int t) { return draw(1, t); });
  REQUIRE((over_batches > 1.15 && over_batches < 27.88));
  const double over_seeds = chi_square([&](int t) { return draw(static_cast<std::uint64_t>(t), 7); });
  REQUIRE((over_seeds > 1.15 && over_seeds < 27.88));
}

TEST_CASE("beta::batch_gap draws by seed, batch and row alone") {
  const std::vector<double> gaps(100, 0.5);  // all weigh alike
  const auto drawn = [&](std::uint64_t seed, std::int64_t batch) {
    gap_state state{.mean = 0.5, .variance = 0, .weight = 0.5, .batches = batch};
    flags kept(100);
    batch_gap{.keep = 0.5, .seed = seed}.update(state, gaps, kept);
    return kept;
  };
  REQUIRE(drawn(1, 0) == drawn(1, 0));
  REQUIRE(drawn(1, 0) != drawn(2, 0));
  REQUIRE(drawn(1, 0) != drawn(1, 1));
  REQUIRE(drawn(1, 0) != drawn(1, std::int64_t{1} << 40));
  // Without any variance every row is as likely: 1000 of 2000 times, with a standard deviation of 22.
  std::vector<int> times(100);
  for (int batch = 0; batch < 2000; ++batch) {
    const flags kept = drawn(3, batch);
    for (std::size_t row = 0; row < 100; ++row) { times[row] += kept[row]; }
  }
  for (const int each : times) { REQUIRE(std::abs(each - 1000) < 5 * 22.4); }
}

TEST_CASE("beta::batch_gap gives dual-margin beta its base as well") {
  const auto scores = test_support::random_batch<double>(4, 12, 6);
  const auto policy = scores.policy.view(), reference = scores.reference.view();
  std::vector<double> gaps(12);
  po::row_gaps(po::exec::seq, policy, reference, gaps);
  gap_state state{.mean = mean_of(gaps) - 2, .variance = 1, .weight = 1, .batches = 50};
  const double base = batch_gap{.base = 0.5, .alpha = 0.5}.update(state, gaps).beta.base;
  REQUIRE(near(base, 0.5 * (1 + 0.5 * 1.8)));
  const auto one = test_support::evaluate(po::dynamic(po::objective::sdpo), policy, reference);
  const auto found = test_support::evaluate(po::dynamic(po::objective::sdpo, {.base = base}), policy, reference);
  for (std::size_t i = 0; i < one.beta.size(); ++i) { REQUIRE(near(found.beta[i], base * one.beta[i])); }
}
