// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/compose.hpp"

#include <cmath>
#include <type_traits>

#include "unit/objective/one_row.hpp"

namespace po = dynamicpo;

namespace {

/// Stages of strangers: tripled log-ratios, a sum with falling weights, an exponential.
struct tripled {
  static constexpr bool needs_reference = true, can_underflow = false;
  template <class T>
  T utility(const T&, const T& ratio) const {
    return T(3) * ratio;
  }
  template <class T>
  T slope(const T&) const {
    return T(3);
  }
  double target() const { return 0.25; }
};

struct weighted_sum {
  static constexpr po::index max_negatives = 3;
  template <class T>
  T reduce(std::span<T> margins) const {
    T z(0), weight(1);
    for (T& margin : margins) {
      z += weight * margin;
      margin = weight;
      weight = weight / T(2);
    }
    return z;
  }
};

struct exponential {
  template <class T>
  T value(const T& z) const {
    return std::exp(-z);
  }
  template <class T>
  T derivative(const T& z) const {
    return -std::exp(-z);
  }
};

struct no_link {
  po::margin::log_ratio margin;
  po::aggregate::mean aggregate;
};

}  // namespace

TEMPLATE_TEST_CASE("whatever has the three stages is an objective", "", float, double) {
  STATIC_REQUIRE(po::objective_for<std::remove_const_t<decltype(po::objective::sdpo)>, TestType>);
  using of_strangers = po::objective::composed<tripled, weighted_sum, exponential>;
  STATIC_REQUIRE(po::objective_for<of_strangers, TestType>);
  STATIC_REQUIRE_FALSE(po::objective_for<no_link, TestType>);
  STATIC_REQUIRE_FALSE(po::objective_for<po::objective::composed<weighted_sum, weighted_sum, exponential>, TestType>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<of_strangers>);
}

TEST_CASE("one chain rule differentiates every combination of stages") {
  const auto check = [](const auto& margin) {
    objective_test::require_gradients(
        po::objective::composed{margin, po::aggregate::soft_minimum{}, po::link::smoothed_logistic{}});
    objective_test::require_gradients(po::objective::composed{margin, po::aggregate::mean{}, po::link::squared{}});
    objective_test::require_gradients(po::objective::composed{margin, weighted_sum{}, exponential{}});
  };
  check(po::margin::log_ratio{});
  check(po::margin::score_difference{.target_margin = 0.5});
  check(po::margin::probability{});
  check(tripled{});
}

TEST_CASE("an objective of strangers, by hand, within its own max_negatives") {
  const auto pipeline = po::vanilla(po::objective::composed{tripled{}, weighted_sum{}, exponential{}});
  // Margins 3, 6, 9, each less 0.25, with weights 1, 1/2, 1/4.
  const double z = 2.75 + 5.75 / 2 + 8.75 / 4;
  REQUIRE(std::abs(objective_test::answer_of<double>(pipeline, 0, {-1, -2, -3}).result.loss - std::exp(-z)) <= 1e-15);
  REQUIRE_THROWS_AS(objective_test::answer_of<double>(pipeline, 0, {-1, -2, -3, -4}), std::invalid_argument);
}
