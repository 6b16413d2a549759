// SPDX-License-Identifier: MIT
#include "study/plan.hpp"

#include <set>
#include <stdexcept>
#include <string>

#include "study/tuned.hpp"
#include "support/catch.hpp"

namespace cs = collapse_study;

namespace {

cs::study_plan plan_of(const cs::plan_options& options) {
  return cs::make_plan(cs::data_source::synthetic({}), options);
}

}  // namespace

TEST_CASE("plan: the default is every objective, variant and K, and DMPO at the aggressive rate too") {
  const auto plan = plan_of({.seeds = 3});
  REQUIRE(plan.seeds == std::vector<std::uint64_t>{0, 1, 2});
  REQUIRE(plan.negatives == std::vector<std::size_t>{1, 3, 5, 10, 15, 19});
  REQUIRE(plan.panels.size() == 4);
  REQUIRE(plan.panels[0].aggressive);
  REQUIRE(plan.panels[0].learning_rate == .015);
  for (std::size_t i = 1; i < 4; ++i) {
    REQUIRE(!plan.panels[i].aggressive);
    REQUIRE(plan.panels[i].learning_rate == cs::sweep_rate(plan.source, plan.panels[i].objective));
  }
  REQUIRE(plan.runs().size() == 4 * 4 * 6 * 3);
  std::set<std::string> keys;
  for (const cs::run& which : plan.runs()) keys.insert(cs::key(which));
  REQUIRE(keys.size() == plan.runs().size());
}

TEST_CASE("plan: equal studies have equal headers, different ones do not") {
  const std::string header = plan_of({.seeds = 3}).header().dump();
  REQUIRE(plan_of({.seeds = 3}).header().dump() == header);
  REQUIRE(plan_of({.seeds = 2}).header().dump() != header);
  REQUIRE(plan_of({.seeds = 3, .quick = true}).header().dump() != header);
  REQUIRE(plan_of({.seeds = 3, .objectives = {cs::objective_kind::sdpo}}).header().dump() != header);
  const auto smaller = cs::make_plan(cs::data_source::synthetic({.evaluation_rows = 100}), {.seeds = 3});
  REQUIRE(smaller.header().dump() != header);
}

TEST_CASE("plan: nothing to run is refused") {
  REQUIRE_THROWS_AS(plan_of({.seeds = 0}), std::invalid_argument);
  REQUIRE_THROWS_AS(plan_of({.objectives = {}}), std::invalid_argument);
}

TEST_CASE("plan: names are read back, and wrong ones answered with the right ones") {
  for (const auto objective : cs::objectives) REQUIRE(cs::parse_objective(cs::name(objective)) == objective);
  for (const auto kind : cs::variants) REQUIRE(cs::parse_variant(cs::name(kind)) == kind);
  REQUIRE_THROWS_WITH(cs::parse_variant("fast"),
                      "variant: expected one of vanilla, dynamic, selection-only, beta-only, found \"fast\"");
  const cs::run which{{cs::objective_kind::sdpo, cs::variant::beta_only, 19, 1.5e-2, 3}, 4};
  REQUIRE(cs::key(which) == "sdpo/beta-only/K=19/rate=0.015/epochs=3/seed=4");
}
