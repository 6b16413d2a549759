// SPDX-License-Identifier: MIT
#include "dynamicpo/metrics/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
namespace metrics = dynamicpo::metrics;
using metrics::ties;

TEST_CASE("standing: ranks by hand, ties counted three ways") {
  const metrics::standing alone{2, 0};
  for (const ties rule : {ties::mean, ties::best, ties::worst}) {
    REQUIRE((alone.hit(2, rule) == 0 && alone.hit(3, rule) == 1));
    REQUIRE(alone.reciprocal_rank(rule) == 1.0 / 3);
    REQUIRE((alone.discounted_gain(2, rule) == 0 && alone.discounted_gain(5, rule) == 0.5));
  }
  const metrics::standing tied{1, 2};  // rank 2, 3 or 4
  REQUIRE((tied.hit(2, ties::best) == 1 && tied.hit(3, ties::worst) == 0));
  REQUIRE(std::abs(tied.hit(3) - 2.0 / 3) <= 1e-15);
  REQUIRE(std::abs(tied.reciprocal_rank() - (1.0 / 2 + 1.0 / 3 + 1.0 / 4) / 3) <= 1e-15);
  REQUIRE(std::abs(tied.discounted_gain(3) - (1 / std::log2(3.0) + 0.5) / 3) <= 1e-15);
}

TEST_CASE("standing: the mean over all orders of the ties is what shuffling gives") {
  // All orders of the tied: place of the chosen among level + 1 is uniform.
  po::sample::philox_engine random{3};
  const metrics::standing tied{3, 4};
  double hits = 0, gains = 0, reciprocals = 0;
  constexpr int shuffles = 200000;
  for (int i = 0; i < shuffles; ++i) {
    const double rank = 4 + random.below(5);
    hits += rank <= 5 ? 1 : 0;
    gains += rank <= 5 ? 1 / std::log2(1 + rank) : 0;
    reciprocals += 1 / rank;
  }
  REQUIRE(std::abs(tied.hit(5) - hits / shuffles) <= 0.006);
  REQUIRE(std::abs(tied.discounted_gain(5) - gains / shuffles) <= 0.003);
  REQUIRE(std::abs(tied.reciprocal_rank() - reciprocals / shuffles) <= 0.001);
}

TEST_CASE("rank_chosen: means over rows that rank, others counted apart") {
  constexpr double nan = test_support::nan_of<double>, inf = test_support::infinity_of<double>;
  const test_support::table<double> scores{
      {-1, -5, -5, nan, -2, -3},
      {-2, -3,                                                                         // first
       -1, -9,                                                                         // second
       -inf, -6, /* first, one absent */ -1, -1, /* invalid */ nan, -3, -inf, -inf}};  // empty
  const auto found = metrics::rank_chosen(scores.view(), 1);
  REQUIRE((found.rows == 3 && found.invalid_rows == 2 && found.empty_rows == 1));
  REQUIRE(std::abs(found.hit_ratio - 2.0 / 3) <= 1e-15);
  REQUIRE(std::abs(found.reciprocal_rank - 2.5 / 3) <= 1e-15);
  REQUIRE(std::abs(metrics::rank_chosen(scores.view(), 2).ndcg - (2 + 1 / std::log2(3.0)) / 3) <= 1e-15);
  const test_support::table<double> nothing{{}, {}};
  REQUIRE(std::isnan(metrics::rank_chosen(nothing.view(), 5).hit_ratio));
  REQUIRE_THROWS_AS(metrics::rank_chosen(scores.view(), 0), std::invalid_argument);
}

TEST_CASE("rank_chosen: masks and lengths are the view's") {
  const test_support::table<float> scores{{-6}, {-4, -9}};
  const std::vector<std::uint8_t> mask{0, 1};
  REQUIRE(metrics::rank_chosen(scores.view(), 1).hit_ratio == 0);
  REQUIRE(metrics::rank_chosen(scores.view().with_mask(mask), 1).hit_ratio == 1);
  const std::vector<std::int32_t> chosen{3}, rejected{1, 2};  // -2 against -4, -4.5
  REQUIRE(metrics::rank_chosen(scores.view().with_lengths(chosen, rejected), 1).hit_ratio == 1);
}

TEST_CASE("rank_chosen agrees with sorting") {
  for (const bool ragged : {false, true}) {
    const auto batch = test_support::random_batch<double>(8, 300, 12, ragged);
    const auto policy = batch.policy.view();
    double hits = 0, rows = 0;
    for (po::index row = 0; row < policy.rows(); ++row) {
      std::vector<double> all{policy.chosen(row)};
      for (po::index k = 0; k < policy.negatives(row); ++k) { all.push_back(policy.rejected(row, k)); }
      if (all.size() == 1) { continue; }
      std::sort(all.rbegin(), all.rend());
      hits += std::find(all.begin(), all.end(), policy.chosen(row)) - all.begin() < 3 ? 1 : 0;
      rows += 1;
    }
    REQUIRE(std::abs(metrics::rank_chosen(policy, 3).hit_ratio - hits / rows) <= 1e-12);
  }
}
