// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/popularity.hpp"

#include <cmath>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "support/catch.hpp"
#include "unit/sample/draws.hpp"

namespace po = dynamicpo;
namespace sample = dynamicpo::sample;

TEST_CASE("popularity draws by a power of the counts") {
  const std::vector<std::int64_t> counts{100, 0, 10, 1, 1000};
  const std::span<const std::int64_t> view(counts);
  for (const double alpha : {0.0, 0.75, 1.0, -0.5}) {
    const sample::popularity sampler(view, alpha);
    STATIC_REQUIRE(sample::sampler<sample::popularity>);
    REQUIRE(sampler.probability(1) == 0);
    REQUIRE(std::abs(test_support::total_probability(sampler) - 1) <= 1e-14);
    REQUIRE(std::abs(sampler.probability(4) / sampler.probability(2) - std::pow(100.0, alpha)) <=
            1e-12 * std::pow(100.0, alpha));
    REQUIRE(std::abs(test_support::deviation_of(sampler, 100000)) <= 4);
  }
}

TEST_CASE("a view of popularity, over copies of its table too, draws what it draws") {
  const std::vector<double> counts{5, 0, 1, 30, 2};
  const sample::popularity from{std::span<const double>(counts)};
  const std::vector<std::uint64_t> slots(from.table().slots().begin(), from.table().slots().end());
  const std::vector<double> probabilities(from.table().probabilities().begin(), from.table().probabilities().end());
  STATIC_REQUIRE(sample::sampler<sample::popularity_view>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<sample::popularity_view>);
  for (const sample::popularity_view& view : {from.view(), from.view_at(slots.data(), probabilities.data())}) {
    REQUIRE(view.candidates() == 5);
    sample::philox_engine words{6}, same_words{6};
    for (int i = 0; i < 1000; ++i) { REQUIRE(view.draw(words) == from.draw(same_words)); }
    for (po::index i = 0; i < 5; ++i) { REQUIRE(view.probability(i) == from.probability(i)); }
    REQUIRE(view.item_of(3) == 3);
    REQUIRE(view.candidate_of(4) == 4);
    REQUIRE(view.candidate_of(5) == -1);
  }
}

TEST_CASE("popularity refuses what is no count, and no interaction at all") {
  const std::vector<double> none{0, 0}, negative{1, -2}, infinite{1, INFINITY};
  for (const auto* bad : {&none, &negative, &infinite}) {
    REQUIRE_THROWS_AS(sample::popularity(std::span<const double>(*bad)), std::invalid_argument);
  }
  const std::vector<double> fine{1, 2};
  REQUIRE_THROWS_AS(sample::popularity(std::span<const double>(fine), NAN), std::invalid_argument);
  const std::vector<double> far_apart{1e9, 1};
  REQUIRE_THROWS_WITH(sample::popularity(std::span<const double>(far_apart), -100),
                      Catch::Contains("alpha is -100") && Catch::Contains("too low for item 1"));
}
