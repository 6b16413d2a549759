// SPDX-License-Identifier: MIT
// docs/contract.md, the lines about the beta of a batch.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/message_of.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;
using po::beta::batch_gap;
using po::beta::gap_state;
using flags = std::vector<std::uint8_t>;

constexpr batch_gap filtering{.base = 0.1, .keep = 0.8};

/// Normal(mean, 1), two of each call of Box and Muller.
std::vector<double> normal(std::uint64_t seed, std::size_t count, double mean) {
  po::sample::philox_engine random{seed};
  std::vector<double> made;
  while (made.size() < count) {
    const double radius = std::sqrt(-2 * std::log(1 - random.uniform())),
                 angle = 2 * std::numbers::pi * random.uniform();
    made.push_back(mean + radius * std::cos(angle));
    made.push_back(mean + radius * std::sin(angle));
  }
  made.resize(count);
  return made;
}

po::index ones(const flags& kept) { return std::count(kept.begin(), kept.end(), 1); }

bool sound(const gap_state& state) {
  return std::isfinite(state.mean) && state.variance >= 0 && std::isfinite(state.variance) && state.weight > 0 &&
         state.weight <= 1;
}

}  // namespace

TEST_CASE("batch gap: policy == reference (step 0): no gap varies, beta is base, the share of rows is kept") {
  const auto scores = random_batch<float>(1, 64, 5);
  std::vector<double> gaps(64);
  po::row_gaps(po::exec::seq, scores.policy.view(), scores.policy.view(), gaps);
  REQUIRE(gaps == std::vector<double>(64, 0.0));
  gap_state state;
  flags kept(64);
  const auto first = filtering.update(state, gaps, kept);
  REQUIRE(first.beta.base == 0.1);
  REQUIRE(state == gap_state{.mean = 0, .variance = 0, .weight = state.weight, .batches = 1});
  REQUIRE((first.kept_rows == 51 && ones(kept) == 51));
  // The same for equal gaps of any size, which no sum of them rounds.
  gap_state other;
  REQUIRE(filtering.update(other, std::vector<double>(7, 0.1), std::span(kept).first(7)).beta.base == 0.1);
  REQUIRE((other.mean == 0.1 && other.variance == 0));
  // And training goes on.
  filtering.update(state, normal(2, 64, 0), kept);
  REQUIRE((sound(state) && state.variance > 0));
  REQUIRE(ones(kept) == 51);
}

TEST_CASE("batch gap: gaps around 5 from the first batch on: mean and window are theirs at once") {
  gap_state state;
  flags kept(640);
  const auto gaps = normal(3, 640, 5);
  const auto found = filtering.update(state, gaps, kept);
  REQUIRE(std::abs(state.mean - 5) < 0.15);
  REQUIRE(std::abs(std::sqrt(state.variance) - 1) < 0.1);
  REQUIRE((found.kept_rows == 512 && ones(kept) == 512));
  REQUIRE(std::abs(found.beta.base - 0.1) < 0.01);
  double kept_far = 0, left_far = 0;
  for (std::size_t row = 0; row < gaps.size(); ++row) {
    (kept[row] != 0 ? kept_far : left_far) += std::abs(gaps[row] - state.mean);
  }
  REQUIRE(left_far / 128 > 1.5 * kept_far / 512);
}

TEST_CASE("batch gap: gaps that jump far outside the window: rows are still drawn, by rank of weight") {
  gap_state state;
  flags kept(32);
  for (std::uint64_t step = 0; step < 50; ++step) { filtering.update(state, normal(step, 32, 0), kept); }
  for (const double jump : {1e3, 1e30, -1e100}) {
    const auto found = filtering.update(state, normal(99, 32, jump), kept);
    REQUIRE((found.kept_rows == 25 && ones(kept) == 25));
    REQUIRE(sound(state));
  }
}

TEST_CASE("batch gap: batches of one row: the row is kept, the window opens over batches") {
  gap_state state;
  flags kept(1);
  const auto gaps = normal(4, 400, 2);
  for (std::size_t step = 0; step < gaps.size(); ++step) {
    const auto found = filtering.update(state, std::vector<double>{gaps[step]}, kept);
    REQUIRE((found.usable_rows == 1 && found.kept_rows == 1 && kept[0] == 1));
    REQUIRE(sound(state));
    REQUIRE((step > 0 || (state.variance == 0 && state.mean == gaps[0] && found.beta.base == 0.1)));
  }
  REQUIRE((state.variance > 0.2 && state.variance < 5));
}

TEST_CASE("batch gap: max(1, floor(keep n)) rows are kept, whatever keep n rounds to") {
  const auto kept_of = [](double keep, std::size_t rows) {
    gap_state state;
    flags kept(rows);
    const auto found = batch_gap{.keep = keep}.update(state, normal(5, rows, 0), kept);
    REQUIRE(ones(kept) == found.kept_rows);
    return found.kept_rows;
  };
  for (std::size_t percent = 1; percent <= 100; ++percent) {
    for (std::size_t rows = 1; rows <= 100; ++rows) {
      CAPTURE(percent, rows);
      const auto exact = static_cast<po::index>(percent * rows / 100);
      REQUIRE(kept_of(static_cast<double>(percent) / 100, rows) == std::max<po::index>(1, exact));
    }
  }
  REQUIRE(kept_of(1e-300, 9) == 1);
}

TEST_CASE("batch gap: NaN and infinite gaps take no part and are left to the loss") {
  const auto plain = normal(6, 10, 1);
  auto mixed = plain;
  mixed.insert(mixed.end(), {nan_of<double>, infinity_of<double>, -infinity_of<double>});
  gap_state state, other;
  flags kept(10), with_bad(13);
  const auto found = filtering.update(state, plain, kept);
  const auto same = filtering.update(other, mixed, with_bad);
  REQUIRE(other == state);
  REQUIRE(same_bits(same.beta.base, found.beta.base));
  REQUIRE((same.usable_rows == 10 && same.kept_rows == 8));
  REQUIRE(flags(with_bad.begin(), with_bad.begin() + 10) == kept);
  REQUIRE(flags(with_bad.begin() + 10, with_bad.end()) == flags{1, 1, 1});

  // So that a bad row is counted as ever, filtered batch or not.
  auto scores = random_batch<double>(7, 20, 3);
  scores.policy.rejected[4] = nan_of<double>;
  std::vector<double> gaps(20);
  REQUIRE(po::row_gaps(po::exec::seq, scores.policy.view(), scores.reference.view(), gaps).invalid_rows == 1);
  flags rows(20), mask(60);
  const auto now = filtering.update(state, gaps, rows);
  REQUIRE((now.usable_rows == 19 && now.kept_rows == 15));
  const auto result = evaluate(po::pipeline{po::select::all{}, now.beta, po::objective::dmpo},
                               po::keep_rows(scores.policy.view(), rows, mask), scores.reference.view());
  REQUIRE((result.result.rows == 15 && result.result.empty_rows == 4 && result.result.invalid_rows == 1));
  REQUIRE(result.result.first_invalid.row == 1);
}

TEST_CASE("batch gap: no rows, or none usable: beta is base, the state stays") {
  gap_state state;
  batch_gap{}.update(state, std::vector<double>{3});
  const gap_state before = state;
  flags kept(2, 0);
  for (const auto& gaps : {std::vector<double>{}, std::vector<double>{nan_of<double>, infinity_of<double>}}) {
    for (gap_state each : {gap_state{}, before}) {
      const gap_state untouched = each;
      const auto found = filtering.update(each, gaps, std::span(kept).first(gaps.size()));
      REQUIRE(found.beta.base == 0.1);
      REQUIRE((found.usable_rows == 0 && found.kept_rows == 0 && std::isnan(found.mean_gap)));
      REQUIRE(each == untouched);
    }
  }
  REQUIRE(kept == flags{1, 1});
}

TEST_CASE("batch gap: beta stays in base [least, most], above 0 in float, whatever the gap") {
  const gap_state before{.mean = 0, .variance = 1, .weight = 1, .batches = 99};
  const auto beta_at = [&](double gap, batch_gap rule) {
    gap_state state = before;
    return rule.update(state, std::vector<double>{gap}).beta.base;
  };
  // 1 + alpha 0.9 gap is 0 at -1.85.
  REQUIRE(std::abs(beta_at(-1.8, {.base = 0.1}) - 0.1 * (1 - 0.6 * 0.9 * 1.8)) <= 1e-15);
  for (const double gap : {-1.85, -2.0, -100.0, -1e30, -std::numeric_limits<double>::max()}) {
    REQUIRE(beta_at(gap, {.base = 0.1}) == 0.1 * 0.01);
    REQUIRE(beta_at(gap, {.base = 3, .least = 0.5}) == 1.5);
  }
  for (const double gap : {1e3, 1e30, std::numeric_limits<double>::max()}) {
    REQUIRE(beta_at(gap, {.base = 0.1}) == 0.1 * 100);
    REQUIRE(beta_at(gap, {.base = 3, .most = 2}) == 6);
  }
  REQUIRE(beta_at(-5, {.base = 0.1, .alpha = 0}) == 0.1);
}

TEST_CASE("batch gap: gaps as large as they get leave a state that goes on") {
  constexpr double most = std::numeric_limits<double>::max();
  gap_state state;
  flags kept(4);
  for (int step = 0; step < 3; ++step) {
    const auto found = filtering.update(state, std::vector<double>{most, -most, most, most}, kept);
    REQUIRE(sound(state));
    REQUIRE(std::isfinite(found.beta.base));
    REQUIRE(ones(kept) == 3);
  }
  for (int step = 0; step < 40; ++step) {
    filtering.update(state, std::vector<double>(4, most), kept);
    REQUIRE(sound(state));
  }
  // Differences whose squares underflow are none.
  gap_state tiny;
  REQUIRE(filtering.update(tiny, std::vector<double>{0, 1e-200, 5e-324, 0}, kept).kept_rows == 3);
  REQUIRE((tiny.variance == 0 && ones(kept) == 3));
}

TEST_CASE("batch gap: parameters, states and sizes that are not as said throw before anything is written") {
  const std::vector<double> gaps{1, 2, 3};
  const auto refuses = [&](const batch_gap& rule, gap_state state, const std::string& what) {
    CAPTURE(what);
    flags kept(3, 9);
    const gap_state before = state;
    const std::string text = message_of([&] { rule.update(state, gaps, kept); });
    REQUIRE(text.rfind("dynamicpo::beta::batch_gap: " + what + " is ", 0) == 0);
    REQUIRE(text.find(", expected ") != std::string::npos);
    REQUIRE(kept == flags(3, 9));
    REQUIRE((same_bits(state.mean, before.mean) && same_bits(state.variance, before.variance) &&
             same_bits(state.weight, before.weight) && state.batches == before.batches));
  };
  constexpr double nan = nan_of<double>, infinity = infinity_of<double>;
  for (const double bad : {0.0, -1.0, nan, infinity, 1e308, 5e-324}) { refuses({.base = bad}, {}, "base"); }
  for (const double bad : {-0.1, nan, infinity}) { refuses({.alpha = bad}, {}, "alpha"); }
  for (const double bad : {-0.1, 1.0, nan}) { refuses({.momentum = bad}, {}, "momentum"); }
  for (const double bad : {0.0, -1.0, 1.01, nan}) { refuses({.keep = bad}, {}, "keep"); }
  for (const double bad : {0.0, -1.0, 1.01, nan}) { refuses({.least = bad}, {}, "least"); }
  for (const double bad : {0.99, nan, infinity}) { refuses({.most = bad}, {}, "most"); }
  for (const double bad : {nan, infinity, 1e300}) { refuses({}, {.mean = bad}, "state.mean"); }
  for (const double bad : {-1.0, nan, infinity, 1e300}) { refuses({}, {.variance = bad}, "state.variance"); }
  for (const double bad : {-0.1, 1.1, nan}) { refuses({}, {.weight = bad}, "state.weight"); }
  refuses({}, {.batches = -1}, "state.batches");
  refuses({}, {.batches = std::numeric_limits<std::int64_t>::max()}, "state.batches");

  gap_state state;
  flags two(2, 9);
  REQUIRE_THROWS_WITH(filtering.update(state, gaps, two), "dynamicpo::beta::batch_gap: kept is [2], gaps is [3]");
  REQUIRE_THROWS_WITH(batch_gap{}.update(state, gaps, two), "dynamicpo::beta::batch_gap: kept is [2], gaps is [3]");
  REQUIRE_THROWS_WITH(filtering.update(state, gaps), "dynamicpo::beta::batch_gap: kept is [0], gaps is [3]");
  std::vector<double> shared{1, 2, 3};
  REQUIRE_THROWS_WITH(filtering.update(state, shared, {reinterpret_cast<std::uint8_t*>(shared.data()) + 5, 3}),
                      "dynamicpo::beta::batch_gap: kept overlaps gaps");
  REQUIRE((state == gap_state{} && two == flags{9, 9} && shared == gaps));
}
