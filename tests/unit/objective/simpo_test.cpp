// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/simpo.hpp"

#include <cmath>

#include "unit/objective/one_row.hpp"

namespace po = dynamicpo;

TEMPLATE_TEST_CASE("simpo of one row, by hand, without reading the reference", "", float, double) {
  // Beta 2, margins 2 * 1 - 0.5 and 2 * 2 - 0.5, mean 2.5.
  const test_support::table<TestType> policy{{-1}, {-2, -3}};
  const test_support::table<TestType> reference{{test_support::nan_of<TestType>},
                                                {test_support::nan_of<TestType>, test_support::nan_of<TestType>}};
  const auto found =
      test_support::evaluate(po::vanilla(po::objective::simpo(0.5), 2.0), policy.view(), reference.view());
  const double sigma = 1 / (1 + std::exp(2.5));
  REQUIRE(found.result.rows == 1);
  REQUIRE(std::abs(static_cast<double>(found.result.loss) - std::log1p(std::exp(-2.5))) <= 1e-8);
  REQUIRE(std::abs(static_cast<double>(found.gradient.chosen[0]) + 2 * sigma) <= 1e-8);
  REQUIRE(std::abs(static_cast<double>(found.gradient.rejected[1]) - sigma) <= 1e-8);
}

TEST_CASE("simpo's gradient is that of its loss") { objective_test::require_gradients(po::objective::simpo(0.8)); }

TEST_CASE("simpo over length-normalised scores: gradients with respect to the undivided sums") {
  const std::vector<std::int32_t> chosen_length{4}, lengths{5, 2};
  const auto pipeline = po::vanilla(po::objective::simpo(0.5), 2.0);
  const auto evaluated = [&](const std::vector<double>& at) {
    const test_support::table<double> row{{at[0]}, {at[1], at[2]}};
    return test_support::evaluate(pipeline, row.view().with_lengths(chosen_length, lengths), po::reference_free);
  };
  const std::vector<double> sums{-4, -10, -6};  // -1, -2 and -3 a token
  const auto found = evaluated(sums);
  REQUIRE(std::abs(found.result.loss - std::log1p(std::exp(-2.5))) <= 1e-15);
  const std::vector<double> gradient{found.gradient.chosen[0], found.gradient.rejected[0], found.gradient.rejected[1]};
  REQUIRE(std::abs(gradient[1] * 5 - gradient[2] * 2) <= 1e-15);
  const auto loss = [&](const std::vector<double>& at) { return static_cast<double>(evaluated(at).result.loss); };
  REQUIRE(test_support::gradient_error(loss, sums, gradient) <= test_support::gradient_tolerance);
}
