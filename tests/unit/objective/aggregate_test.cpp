// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/aggregate.hpp"

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "dynamicpo/objective/compose.hpp"
#include "support/catch.hpp"
#include "support/gradient_check.hpp"

namespace po = dynamicpo;

namespace {

template <class T>
struct reduced {
  T z;
  std::vector<T> weights;
};
template <class T, class Aggregate>
reduced<T> reduce(const Aggregate& aggregate, std::vector<T> margins) {
  const T z = aggregate.reduce(std::span<T>(margins));
  return {z, margins};
}

}  // namespace

TEMPLATE_TEST_CASE("aggregates model aggregate_stage and say how many margins they take", "", float, double) {
  STATIC_REQUIRE(po::aggregate_stage<po::aggregate::single, TestType>);
  STATIC_REQUIRE(po::aggregate_stage<po::aggregate::mean, TestType>);
  STATIC_REQUIRE(po::aggregate_stage<po::aggregate::sum, TestType>);
  STATIC_REQUIRE(po::aggregate_stage<po::aggregate::soft_minimum, TestType>);
  STATIC_REQUIRE(po::aggregate::single::max_negatives == 1);
  STATIC_REQUIRE(po::aggregate::mean::max_negatives == po::aggregate::unlimited);
}

TEMPLATE_TEST_CASE("a lone margin is itself under every aggregate, exactly", "", float, double) {
  const auto check = [](const auto& aggregate) {
    for (const double margin : {-1e30, -7.3, 0.0, 0.1, 1e30}) {
      const auto found = reduce<TestType>(aggregate, {TestType(margin)});
      REQUIRE(found.z == TestType(margin));
      REQUIRE(found.weights == std::vector<TestType>{1});
    }
  };
  check(po::aggregate::single{});
  check(po::aggregate::mean{});
  check(po::aggregate::sum{});
  check(po::aggregate::soft_minimum{});
}

TEST_CASE("sum and mean add up in the accumulator's precision") {
  const std::vector<float> cancelling{1e8f, 1.0f, -1e8f, 3.0f};
  REQUIRE(reduce(po::aggregate::sum{}, cancelling).z == 4.0f);
  REQUIRE(reduce(po::aggregate::mean{}, cancelling).z == 1.0f);
  REQUIRE(reduce(po::aggregate::mean{}, cancelling).weights == std::vector<float>(4, 0.25f));
  REQUIRE(reduce(po::aggregate::sum{}, cancelling).weights == std::vector<float>(4, 1.0f));
}

TEMPLATE_TEST_CASE("soft_minimum: -logsumexp(-m), at most the least margin, weights that sum to 1", "", float, double) {
  const double tolerance = 8 * static_cast<double>(std::numeric_limits<TestType>::epsilon());
  const auto found = reduce<TestType>(po::aggregate::soft_minimum{}, {1, -2, TestType(0.5), 3});
  const double exact = -std::log(std::exp(-1.0) + std::exp(2.0) + std::exp(-0.5) + std::exp(-3.0));
  REQUIRE(std::abs(static_cast<double>(found.z) - exact) <= tolerance);
  REQUIRE(found.z <= TestType(-2));
  const double total = std::accumulate(found.weights.begin(), found.weights.end(), 0.0);
  REQUIRE(std::abs(total - 1) <= tolerance);
  // Equal margins share equally: -log(4 e^0).
  const auto equal = reduce<TestType>(po::aggregate::soft_minimum{}, {0, 0, 0, 0});
  REQUIRE(equal.weights == std::vector<TestType>(4, TestType(0.25)));
  REQUIRE(std::abs(static_cast<double>(equal.z) + std::log(4.0)) <= tolerance);
}

TEMPLATE_TEST_CASE("soft_minimum neither overflows nor loses the least margin", "", float, double) {
  const auto found = reduce<TestType>(po::aggregate::soft_minimum{}, {10000, -10000, TestType(1e30)});
  REQUIRE(found.z == TestType(-10000));
  REQUIRE(found.weights == std::vector<TestType>{0, 1, 0});
  const auto high = reduce<TestType>(po::aggregate::soft_minimum{}, {200, 300});
  REQUIRE(high.z == TestType(200));
  REQUIRE(high.weights[0] == TestType(1));
}

TEMPLATE_TEST_CASE("soft_minimum's shares are its weights by one factor, and its z the same", "", float, double) {
  const std::vector<TestType> margins{TestType(1.5), -30, TestType(0.25), -29, 100};
  const auto whole = reduce<TestType>(po::aggregate::soft_minimum{}, margins);
  std::vector<TestType> shares = margins;
  TestType share(0);
  REQUIRE(po::aggregate::soft_minimum{}.reduce_to_shares(std::span<TestType>(shares), share) == whole.z);
  REQUIRE(shares[1] == TestType(1));  // that of the least margin
  REQUIRE((share > TestType(0.5) && share < TestType(1)));
  for (std::size_t i = 0; i < margins.size(); ++i) {
    CAPTURE(i);
    REQUIRE(shares[i] * share == whole.weights[i]);
  }
}

TEST_CASE("reduce replaces margins by dz/dm") {
  const std::vector<double> margins{1.5, -0.5, 0.25, 4};
  const auto check = [&](const auto& aggregate) {
    const auto z = [&](const std::vector<double>& at) { return reduce(aggregate, at).z; };
    REQUIRE(test_support::gradient_error(z, margins, reduce(aggregate, margins).weights) <=
            test_support::gradient_tolerance);
  };
  check(po::aggregate::mean{});
  check(po::aggregate::sum{});
  check(po::aggregate::soft_minimum{});
}
