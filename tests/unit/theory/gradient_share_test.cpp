// SPDX-License-Identifier: MIT
#include "dynamicpo/theory/gradient_share.hpp"

#include <cmath>
#include <stdexcept>
#include <vector>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;
namespace theory = dynamicpo::theory;

TEST_CASE("weigh_margins: the loss and |dL/dm| of the library's own row") {
  const auto batch = test_support::random_batch<double>(17, 40, 7);
  const auto check = [&](const auto& objective) {
    const auto found = test_support::evaluate(po::vanilla(objective, 0.7), batch.policy.view(), po::reference_free);
    for (std::size_t row = 0; row < 40; ++row) {
      std::vector<double> margins;
      for (std::size_t k = 0; k < 7; ++k) {
        margins.push_back(0.7 * (batch.policy.chosen[row] - batch.policy.rejected[7 * row + k]));
      }
      const double loss = theory::weigh_margins(objective, std::span<double>(margins));
      REQUIRE(std::abs(loss - found.row_loss[row]) <= 1e-13 * (1 + loss));
      for (std::size_t k = 0; k < 7; ++k) {
        REQUIRE(std::abs(0.7 * margins[k] - std::abs(found.gradient.rejected[7 * row + k])) <= 1e-14);
      }
    }
  };
  check(po::objective::dmpo);
  check(po::objective::sdpo);
}

TEST_CASE("share_gradient adds up to 1, and is flat for DMPO, softmax for S-DPO") {
  std::vector<double> flat{-2, 20, 5}, soft{-2, 0, 5};
  theory::share_gradient(po::objective::dmpo, std::span<double>(flat));
  for (const double share : flat) { REQUIRE(std::abs(share - 1.0 / 3) <= 1e-15); }
  theory::share_gradient(po::objective::sdpo, std::span<double>(soft));
  const double total = std::exp(2.0) + 1 + std::exp(-5.0);
  REQUIRE(std::abs(soft[0] - std::exp(2.0) / total) <= 1e-15);
  REQUIRE(std::abs(soft[2] - std::exp(-5.0) / total) <= 1e-15);
  std::vector<double> weighted{900, 1000};  // saturated, and shares all the same
  const std::vector<double> beta{1, 3};
  theory::share_gradient(po::objective::dmpo, std::span<double>(weighted), std::span<const double>(beta));
  REQUIRE((weighted[0] == 0.25 && weighted[1] == 0.75));
}

TEST_CASE("gradient shares refuse rows without margins, and betas of another number") {
  std::vector<double> none, two{1, 2};
  const std::vector<double> one{1};
  REQUIRE_THROWS_AS(theory::weigh_margins(po::objective::dmpo, std::span<double>(none)), std::invalid_argument);
  REQUIRE_NOTHROW(theory::share_gradient(po::objective::dmpo, std::span<double>(none)));
  REQUIRE_THROWS_AS(theory::share_gradient(po::objective::dmpo, std::span<double>(two), std::span<const double>(one)),
                    std::invalid_argument);
}
