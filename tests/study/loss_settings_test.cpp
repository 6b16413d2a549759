// SPDX-License-Identifier: MIT
#include "study/loss_settings.hpp"

#include <stdexcept>
#include <vector>

#include "study/run.hpp"
#include "support/catch.hpp"

namespace cs = collapse_study;

TEST_CASE("loss settings: only what differs from the default is written, and it is read back") {
  REQUIRE(cs::to_json(cs::loss_settings{}) == cs::json::object());
  REQUIRE(cs::spelled({}).empty());
  REQUIRE(cs::spelled({.beta = .3, .clusters = 4}) == "/beta=0.3/clusters=4");
  REQUIRE(cs::spelled({.selects_by = toy_llm::selection_score::log_ratio}) == "/selects_by=log-ratio");
  REQUIRE(cs::spelled({.average_log_prob = false}) == "/average_log_prob=false");
  const std::vector<cs::loss_settings> all{{},
                                           {.beta = .1, .alpha = 0, .gamma = 12},
                                           {.clusters = 2, .selects_by = toy_llm::selection_score::log_ratio},
                                           {.average_log_prob = false, .mean_margin = true},
                                           {.step = toy_llm::step_rule::unit_gradient},
                                           {.step = toy_llm::step_rule::fixed_length}};
  for (const cs::loss_settings& one : all) {
    REQUIRE(cs::loss_settings_from(cs::json::parse(cs::to_json(one).dump())) == one);
  }
}

TEST_CASE("loss settings: what is none is refused") {
  REQUIRE_THROWS_WITH(cs::loss_settings_from({{"gama", 2}}), "settings: unknown field in {\"gama\":2}");
  REQUIRE_THROWS_WITH(cs::loss_settings_from({{"step", "sgd"}}),
                      "settings: expected one of adamw, unit-gradient, fixed-length, found \"sgd\"");
}

TEST_CASE("loss settings: they are part of a run's key, and decide how MPPO is ranked") {
  cs::arm arm{cs::objective_kind::mppo, cs::variant::dynamic, 19, .008, 3, {}};
  REQUIRE(cs::key({arm, 1}) == "mppo/dynamic/K=19/rate=0.008/epochs=3/seed=1");
  REQUIRE(cs::ranked_as(arm) == cs::objective_kind::mppo);
  arm.loss = {.gamma = 2, .average_log_prob = false};
  REQUIRE(cs::key({arm, 1}) == "mppo/dynamic/gamma=2.0/average_log_prob=false/K=19/rate=0.008/epochs=3/seed=1");
  REQUIRE(cs::ranked_as(arm) == cs::objective_kind::dmpo);
  arm.objective = cs::objective_kind::sdpo;
  REQUIRE(cs::ranked_as(arm) == cs::objective_kind::sdpo);
}
