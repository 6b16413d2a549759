// SPDX-License-Identifier: MIT
#include "selection_bench/training.hpp"

#include <algorithm>
#include <utility>

#include "selection_bench/dumps.hpp"
#include "study/study.hpp"
#include "study/tiny_study.hpp"
#include "support/catch.hpp"
#include "toy_llm/ranking.hpp"

namespace cs = collapse_study;
namespace sb = selection_bench;

TEST_CASE("selection bench: training over everything or the boundary is the study's, to the bit") {
  const cs::starting_point start{study_test::tiny_data(), 1};
  for (const auto& [id, kind] :
       {std::pair{"all", cs::variant::vanilla}, std::pair{"boundary", cs::variant::selection_only}}) {
    INFO(id);
    const auto made = sb::make_strategy(id, {});
    const auto ours = sb::train(start, *made.ready, {.negatives = 5, .epochs = 4, .learning_rate = .015, .seed = 1});
    const auto theirs = cs::execute({{cs::objective_kind::dmpo, kind, 5, .015, 4}, 1}, start);
    REQUIRE(ours.evaluation == theirs.evaluation.hit_ratio);
    REQUIRE(ours.chosen_log_probability == theirs.evaluation.chosen_log_probability);
  }
}

TEST_CASE("selection bench: rows of which nothing is selected teach nothing") {
  const cs::starting_point start{study_test::tiny_data(), 1};
  // A margin of nothing: no score is both below the chosen item's and not below it.
  const auto none = sb::make_strategy("semi-hard", {.margin = 0});
  const auto trained = sb::train(start, *none.ready, {.negatives = 5, .epochs = 2, .seed = 1});
  REQUIRE(trained.selected == 0);
  toy_llm::language_model<float> model = start.supervised();
  REQUIRE(trained.chosen_log_probability == toy_llm::rank(model, start.data().evaluation).chosen_log_probability);
}

TEST_CASE("selection bench: scores dumped during training are those of the same rows, and change with it") {
  const cs::starting_point start{study_test::tiny_data(), 2};
  const std::size_t epochs[]{1, 2};
  const auto dumps = sb::dump_training(start, 2, 50, 5, epochs);
  REQUIRE(dumps.size() == 3);
  REQUIRE(dumps[0].id == "toy-0");
  REQUIRE(dumps[2].id == "toy-2");
  for (const auto& each : dumps) {
    REQUIRE(each.scores.rows() == 50);
    REQUIRE(each.scores.rejected.size() == 250);
  }
  REQUIRE(dumps[0].scores.rejected != dumps[1].scores.rejected);
  REQUIRE(dumps[1].scores.rejected != dumps[2].scores.rejected);
  // Before training they are the supervised model's.
  toy_llm::language_model<float> model = start.supervised();
  toy_llm::score_batch chosen;
  for (std::size_t row = 0; row < 50; ++row) {
    chosen.add_row(start.data().train[row].history);
    chosen.add(start.data().train[row].chosen);
  }
  const auto scores = model.log_prob(chosen, toy_llm::activations::discard);
  REQUIRE(std::equal(scores.begin(), scores.end(), dumps[0].scores.chosen.begin()));
}
