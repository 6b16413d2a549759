// SPDX-License-Identifier: MIT
#include "dynamicpo/objective/mppo.hpp"

#include <cmath>
#include <vector>

#include "unit/objective/one_row.hpp"

namespace po = dynamicpo;
using objective_test::answer_of;

TEMPLATE_TEST_CASE("mppo of one row, by hand, without reading the reference", "", float, double) {
  // (0.5 - 0.25) + (0.5 - 0.125), beta 2.
  const TestType log_half = std::log(TestType(0.5));
  const test_support::table<TestType> policy{{log_half}, {2 * log_half, 3 * log_half}};
  const test_support::table<TestType> reference{{test_support::nan_of<TestType>},
                                                {test_support::nan_of<TestType>, test_support::nan_of<TestType>}};
  const auto found = test_support::evaluate(po::vanilla(po::objective::mppo, 2.0), policy.view(), reference.view());
  const double sigma = 1 / (1 + std::exp(1.25));
  REQUIRE(found.result.rows == 1);
  REQUIRE(std::abs(static_cast<double>(found.result.loss) - std::log1p(std::exp(-1.25))) <= 1e-7);
  REQUIRE(std::abs(static_cast<double>(found.gradient.chosen[0]) + 4 * sigma * 0.5) <= 2e-7);
  REQUIRE(std::abs(static_cast<double>(found.gradient.rejected[0]) - 2 * sigma * 0.25) <= 2e-7);
  REQUIRE(std::abs(static_cast<double>(found.gradient.rejected[1]) - 2 * sigma * 0.125) <= 2e-7);
}

TEST_CASE("mppo's gradient is that of its loss") { objective_test::require_gradients(po::objective::mppo); }

TEST_CASE("mppo of whole sequences: log 2, no gradient, and counted where float has no probability left") {
  const auto deep = answer_of<double>(po::vanilla(po::objective::mppo), -27, {-27.5, -28, -29, -30});
  REQUIRE(std::abs(deep.result.loss - std::log(2.0)) <= 1e-11);
  REQUIRE(deep.gradient.chosen[0] < 0);
  REQUIRE(std::abs(deep.gradient.chosen[0]) <= 1e-11);
  REQUIRE(deep.result.underflow_rows == 0);

  const auto gone = answer_of<float>(po::vanilla(po::objective::mppo), -120, {-130, -110});
  REQUIRE(std::abs(static_cast<double>(gone.result.loss) - std::log(2.0)) <= 6e-8);
  REQUIRE(gone.gradient.chosen[0] == 0.0f);
  REQUIRE(gone.gradient.rejected[1] == 0.0f);
  REQUIRE(gone.result.underflow_rows == 1);
  REQUIRE(gone.result.rows == 1);
  REQUIRE(answer_of<float>(po::vanilla(po::objective::mppo), -120, {-130, -10}).result.underflow_rows == 0);
}

TEST_CASE("mppo counts a long row as underflown when all of it is, wherever the one that is not stands") {
  for (const std::size_t where : {std::size_t{0}, std::size_t{1}, std::size_t{47}, std::size_t{99}}) {
    std::vector<float> rejected(100, -130.0f);
    REQUIRE(answer_of<float>(po::vanilla(po::objective::mppo), -120, rejected).result.underflow_rows == 1);
    rejected[where] = -10;
    REQUIRE(answer_of<float>(po::vanilla(po::objective::mppo), -120, rejected).result.underflow_rows == 0);
  }
}

TEST_CASE("mppo by the average likelihood: gradients with respect to the undivided sums") {
  const std::vector<std::int32_t> chosen_length{40}, lengths{50, 25};
  const auto table_of = [](const std::vector<double>& at) {
    return test_support::table<double>{{at[0]}, {at[1], at[2]}};
  };
  const std::vector<double> sums{-120, -200, -30};
  const auto loss = [&](const std::vector<double>& at) {
    const auto row = table_of(at);
    return static_cast<double>(po::loss(po::exec::seq, po::vanilla(po::objective::mppo),
                                        row.view().with_lengths(chosen_length, lengths), po::reference_free)
                                   .loss);
  };
  const double z = 2 * std::exp(-3.0) - std::exp(-4.0) - std::exp(-1.2);
  REQUIRE(std::abs(loss(sums) - std::log1p(std::exp(-z))) <= 1e-14);
  const auto row = table_of(sums);
  const auto found = test_support::evaluate(po::vanilla(po::objective::mppo),
                                            row.view().with_lengths(chosen_length, lengths), po::reference_free);
  REQUIRE(found.result.underflow_rows == 0);
  const std::vector<double> gradient{found.gradient.chosen[0], found.gradient.rejected[0], found.gradient.rejected[1]};
  REQUIRE(gradient[0] < -1e-4);
  REQUIRE(test_support::gradient_error(loss, sums, gradient) <= test_support::gradient_tolerance);
}
