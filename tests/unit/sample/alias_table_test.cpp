// SPDX-License-Identifier: MIT
#include "dynamicpo/sample/alias_table.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "support/catch.hpp"
#include "unit/sample/draws.hpp"

namespace sample = dynamicpo::sample;

namespace {

std::vector<double> drawn(const sample::alias_table& table, int draws) {
  std::vector<double> seen(static_cast<std::size_t>(table.size()));
  for (int i = 0; i < draws; ++i) {
    auto words = sample::slot_stream(11, 0, i).words(3);
    seen[static_cast<std::size_t>(table.draw(words))] += 1;
  }
  return seen;
}

}  // namespace

TEST_CASE("alias_table draws by weight") {
  sample::philox_engine random{5};
  for (const std::size_t size : {std::size_t{2}, std::size_t{7}, std::size_t{300}}) {
    std::vector<double> weights(size);
    double total = 0;
    for (double& weight : weights) {
      weight = random.below(5) == 0 ? 0 : std::exp(4 * random.uniform());
      total += weight;
    }
    weights[0] += 1;
    total += 1;
    const sample::alias_table table(weights);
    std::vector<double> expected;
    for (std::size_t i = 0; i < size; ++i) {
      expected.push_back(weights[i] / total);
      REQUIRE(std::abs(table.probability(static_cast<dynamicpo::index>(i)) - expected[i]) <= 1e-14);
    }
    REQUIRE(std::abs(test_support::chi_square_deviation(drawn(table, 200000), expected)) <= 4);
  }
}

TEST_CASE("alias_table: zeros are never drawn, one huge weight is, sums do not overflow") {
  const std::vector<double> zeros{0, 0, 3, 0, 0};
  REQUIRE(drawn(sample::alias_table(zeros), 10000)[2] == 10000);
  const double most = std::numeric_limits<double>::max();
  const std::vector<double> huge{most, most, 0, most / 2};
  const sample::alias_table table(huge);
  REQUIRE(std::abs(table.probability(0) - 0.4) <= 1e-15);
  REQUIRE(std::abs(test_support::chi_square_deviation(drawn(table, 50000), {0.4, 0.4, 0, 0.2})) <= 4);
  const std::vector<double> apart{1e-300, 1e300};
  REQUIRE(drawn(sample::alias_table(apart), 10000)[1] == 10000);
}

TEST_CASE("alias_table refuses weights that are no weights") {
  for (const std::vector<double>& bad : {std::vector<double>{}, {0, 0}, {1, -1}, {1, NAN}, {INFINITY, 1}}) {
    REQUIRE_THROWS_AS(sample::alias_table(bad), std::invalid_argument);
  }
}
