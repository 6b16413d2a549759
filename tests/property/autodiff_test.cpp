// SPDX-License-Identifier: MIT
// The library over an autodiff scalar: the derivatives of its loss are the gradient that it writes.
#include <algorithm>
#include <cmath>
#include <vector>

#include "support/catch.hpp"
#include "support/jet.hpp"
#include "support/rows.hpp"

namespace {

using namespace test_support;

constexpr int negatives = 5;
using jet = ceres::Jet<double, 1 + negatives>;

std::vector<jet> constants(const std::vector<double>& values) { return {values.begin(), values.end()}; }

template <class Pipeline>
void check(const char* name, const Pipeline& pipeline, po::index width) {
  CAPTURE(name, width);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const batch<double> row = random_batch<double>(seed, 1, width);
    const auto closed = evaluate(pipeline, row.policy.view(), row.reference.view());

    table<jet> policy{constants(row.policy.chosen), constants(row.policy.rejected)};
    const table<jet> reference{constants(row.reference.chosen), constants(row.reference.rejected)};
    policy.chosen[0].v[0] = 1;
    for (std::size_t k = 0; k < policy.rejected.size(); ++k) { policy.rejected[k].v[static_cast<int>(k) + 1] = 1; }
    const jet loss = po::loss(po::exec::seq, pipeline, policy.view(), reference.view()).loss;

    REQUIRE(std::abs(loss.a - closed.row_loss[0]) <= 1e-14 * std::max(1.0, loss.a));
    REQUIRE(std::abs(loss.v[0] - closed.gradient.chosen[0]) <= 1e-12 * std::max(1.0, std::abs(loss.v[0])));
    for (std::size_t k = 0; k < policy.rejected.size(); ++k) {
      const double slope = loss.v[static_cast<int>(k) + 1];
      REQUIRE(std::abs(slope - closed.gradient.rejected[k]) <= 1e-12 * std::max(1.0, std::abs(slope)));
    }
  }
}

}  // namespace

TEST_CASE("the derivative of the loss by autodiff is the closed-form gradient") {
  for_each_objective([](const char* name, const auto& objective) {
    check(name, po::vanilla(objective, 0.8), negatives);
    check(name, po::dynamic(objective, {.base = 0.8, .gamma = 2.0}), negatives);
    check(name, po::pipeline{po::select::threshold{-3}, po::beta::dual_margin{.gamma = 2.0}, objective}, negatives);
  });
  check("dpo", po::vanilla(po::objective::dpo, 0.8), 1);
  check("dpo", po::dynamic(po::objective::dpo, {.base = 0.8, .gamma = 2.0}), 1);
}
