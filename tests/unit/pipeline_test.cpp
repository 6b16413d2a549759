// SPDX-License-Identifier: MIT
#include "dynamicpo/pipeline.hpp"

#include <type_traits>

#include "dynamicpo/dynamicpo.hpp"
#include "support/catch.hpp"
#include "support/rows.hpp"

namespace po = dynamicpo;

TEST_CASE("vanilla is every negative at one beta, dynamic the boundary at the dual-margin beta") {
  constexpr auto vanilla = po::vanilla(po::objective::dmpo, 0.1);
  STATIC_REQUIRE(std::is_same_v<decltype(vanilla)::select_type, po::select::all>);
  STATIC_REQUIRE(std::is_same_v<decltype(vanilla)::beta_type, po::beta::fixed>);
  REQUIRE(vanilla.beta.base == 0.1);
  REQUIRE(po::vanilla(po::objective::dmpo).beta.base == 1.0);

  constexpr auto dynamic = po::dynamic(po::objective::sdpo);
  STATIC_REQUIRE(std::is_same_v<decltype(dynamic)::select_type, po::select::boundary>);
  STATIC_REQUIRE(std::is_same_v<decltype(dynamic)::beta_type, po::beta::dual_margin>);
  REQUIRE((dynamic.beta.base == 1.0 && dynamic.beta.alpha == 0.5 && dynamic.beta.gamma == 6.0));
  REQUIRE(po::dynamic(po::objective::ipo(0.5), {.gamma = 2}).objective.link.target == 1.0);
  REQUIRE(po::dynamic(po::objective::ipo(0.5), {.gamma = 2}).beta.gamma == 2.0);
}

TEST_CASE("pipelines are trivially copyable, whatever their parts") {
  STATIC_REQUIRE(std::is_trivially_copyable_v<decltype(po::dynamic(po::objective::mppo))>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<decltype(po::vanilla(po::objective::slic()))>);
  STATIC_REQUIRE(
      std::is_trivially_copyable_v<
          po::pipeline<po::select::random_k, po::beta::fixed, std::remove_const_t<decltype(po::objective::dpo)>>>);
}

TEMPLATE_TEST_CASE("the dynamic form is the objective over the boundary with its betas", "", float, double) {
  const auto batch = test_support::random_batch<TestType>(31, 50, 7);
  const auto by_name = test_support::evaluate(po::dynamic(po::objective::sdpo, {.base = 0.5}), batch.policy.view(),
                                              batch.reference.view());
  const po::pipeline parts{po::select::boundary{}, po::beta::dual_margin{.base = 0.5}, po::objective::sdpo};
  REQUIRE(test_support::same_bits(by_name, test_support::evaluate(parts, batch.policy.view(), batch.reference.view())));
}
